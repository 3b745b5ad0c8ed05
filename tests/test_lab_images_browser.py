"""`ImageLab` in JupyterLab and Chromium: it plays, pauses, obeys while it plays, and goes back."""

import re

import pytest
from playwright.sync_api import expect
from test_browser import axe_faults
from test_lab_browser import follows, line, opened, play, source, steps, stopped, waits

CELL = """import gan_helpers.quiet
import keras
from gan_helpers import data, models, training
from gan_helpers.lab import ImageLab
keras.utils.set_random_seed(0)
G, D = models.dcgan_generator(4, (8, 8, 1), 4), models.dcgan_discriminator((8, 8, 1), (4, 8))
gan = training.GAN(G, D, seed=0)
gan.compile()
ImageLab(gan, data.load_images("digits")[:, 10:18, 10:18]).run(25).widget()"""


@pytest.fixture(scope="module")
def page(chromium, lab):
    with opened(chromium, lab, CELL, "images.ipynb") as page:
        yield page


@pytest.fixture(autouse=True)
def calm(page):
    stopped(page)


def test_it_plays_in_the_same_picture_and_pauses(page):
    assert steps(page) == 25
    element = page.locator(".widget-vbox:has(> img) > img").first.element_handle()
    play(page).click()
    waits(page, r"^Step [1-9]\d\d")
    stopped(page)
    assert element.evaluate("e => e.isConnected") and steps(page) % 25 == 0


def test_a_learning_rate_acts_while_it_plays(page):
    play(page).click()
    follows(page, lambda: None, "Play")
    handle = page.locator(".widget-slider", has_text="D's learning rate").locator(".noUi-handle")
    handle.focus()
    page.keyboard.press("Home")
    waits(page, "D 0$")
    follows(page, lambda: None, "Play goes on")


def test_going_back_by_keyboard(page):
    for name, says in (("Keep", "Kept: step"), ("Go back", "Back at step")):
        page.get_by_role("button", name=name, exact=True).focus()
        page.keyboard.press("Space")
        expect(page.get_by_text(re.compile(says))).to_be_visible()
        if name == "Keep":
            kept = steps(page)
            play(page).click()
            waits(page, rf"^Step (?!{kept:,}\.)")
            stopped(page)
    expect(line(page)).to_contain_text(f"Step {kept:,}.")
    assert source(page)


def test_axe_finds_no_serious_fault(page):
    assert not axe_faults(page)
