"""The 2-D lab in JupyterLab and Chromium: it plays, pauses and obeys while it plays, by mouse and by keyboard."""

import contextlib
import functools
import json
import re

import nbformat
import pytest
from lab_page import open_notebook, run_all_cells
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect
from test_browser import axe_faults

# The panel, and a line with what the kernel's lab has for each of its controls after each change.
CELL = """import gan_helpers.quiet, json, ipywidgets
from gan_helpers.lab import Lab
lab = Lab(units=8)
panel, settings, change = lab.widget(), ipywidgets.Label(), lab.set
settings.add_class("settings")
def tell():
    now = {box.description: lab.settings[name] for name, box in panel._settings.items()}
    settings.value = json.dumps(now, default=lambda points: points.tolist())
def told(**changes):
    change(**changes)
    tell()
lab.set = told
tell()
display(settings, panel)"""


@contextlib.contextmanager
def opened(chromium, lab, code, file):
    """A page with one cell, which has run."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(new_notebook(cells=[new_code_cell(code)], metadata=kernel), lab.folder / file)
    page, errors = chromium.new_page(viewport={"width": 1280, "height": 1500}), []
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    open_notebook(page, lab, lab.page(file))
    run_all_cells(page)
    yield page
    page.close()
    lab.stop_kernels()
    assert not errors


@pytest.fixture(scope="module")
def page(chromium, lab):
    with opened(chromium, lab, CELL, "panel.ipynb") as page:
        yield page


@pytest.fixture(autouse=True)
def calm(page):
    """Whatever the test before left behind, nothing plays."""
    stopped(page)


def source(page):
    return page.locator(".widget-vbox:has(> img) > img").first.get_attribute("src")


def line(page):
    return page.locator(".widget-vbox:has(> img) [role=status]").first


def follows(page, act, label):
    """After the act there is another picture, or a message that says why not."""
    before = page.locator(".jp-OutputArea-output [role=alert]").all_inner_texts(), source(page)
    act()
    for _ in range(200):
        now = page.locator(".jp-OutputArea-output [role=alert]").all_inner_texts(), source(page)
        if now != before:
            return now[0]
        page.wait_for_timeout(100)
    pytest.fail(f"{label}: the picture stays as it is, without a word")


REFUSED = {"G's updates a step": "nobody would learn", "Real points": "Draw two points"}


def sets(page, act, label):
    """After the act the kernel's lab has another value for this control alone, or what is known to be refused is."""
    line, refused = page.locator(".settings"), page.get_by_text(REFUSED.get(label, "No other is refused."))
    before = json.loads(line.inner_text())
    act()
    for _ in range(200):
        now = json.loads(line.inner_text())
        if now != before:
            assert [name for name in now if now[name] != before[name]] == [label]
            return
        if refused.count():
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{label}: the lab's setting stays as it is, without a word")


def steps(page):
    return int(re.match(r"(?:Looking back\. )?Step ([\d,]+)", line(page).inner_text())[1].replace(",", ""))


def play(page):
    return page.locator(".jp-OutputArea-output button.widget-toggle-button").first


def waits(page, say):
    expect(line(page)).to_have_text(re.compile(say), timeout=60_000)


def stopped(page):
    """Pause, and wait for the pictures that are on their way."""
    if "mod-active" in play(page).get_attribute("class"):      # its name follows when the kernel has the time
        play(page).click()
    expect(play(page)).to_have_text("Play", timeout=20_000)
    for _ in range(20):
        shown = source(page)
        page.wait_for_timeout(500)
        if shown == source(page):
            return
    pytest.fail("Pause doesn't stop")


def test_it_plays_in_the_same_picture_and_pauses(page):
    element = page.locator(".widget-vbox:has(> img) > img").first.element_handle()
    play(page).click()
    waits(page, r"^Step [1-9][\d,]*\d\d")
    expect(play(page)).to_have_text("Pause", timeout=20_000)
    follows(page, lambda: None, "Play")
    stopped(page)
    assert element.evaluate("e => e.isConnected") and steps(page) % 100 == 0


def test_a_control_acts_while_it_plays(page):
    play(page).click()
    follows(page, lambda: None, "Play")
    page.get_by_label("Speed").select_option("1 step a picture")
    seen = []
    for _ in range(200):
        now = steps(page)
        if not seen or now != seen[-1]:
            seen.append(now)
        if len(seen) > 6:
            break
        page.wait_for_timeout(20)
    stopped(page)
    assert seen[-1] - seen[-4] < 100
    page.get_by_label("Speed").select_option("100 steps")


@pytest.mark.parametrize("name", ["Step", "D only", "G only", "New seed", "Reset"])
def test_every_button_acts(page, name):
    if name == "Reset":
        follows(page, page.get_by_role("button", name="Step", exact=True).click, "Step")
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    follows(page, lambda: page.keyboard.press("Space"), name)
    assert "nan" not in line(page).inner_text().lower()


def test_the_past_by_keyboard(page):
    page.get_by_role("button", name="Reset").first.click()
    waits(page, "^Step 0")
    play(page).click()
    waits(page, r"^Step ([3-9]|\d,?\d)\d\d")
    stopped(page)
    handle = page.locator(".widget-slider", has_text="Rewind").locator(".noUi-handle")
    handle.focus()
    follows(page, lambda: page.keyboard.press("Home"), "Rewind")
    expect(line(page)).to_contain_text("Looking back. Step 0")
    page.keyboard.press("End")
    waits(page, r"^Step ([3-9]|\d,?\d)\d\d")


def test_slow_motion_has_captions(page):
    page.get_by_label("Speed").select_option("slow motion: one update")
    play(page).click()
    expect(page.get_by_text(re.compile(r"^\d of 4\. \w+ has moved"))).to_be_visible(timeout=30_000)
    stopped(page)
    page.get_by_label("Speed").select_option("100 steps")


@pytest.mark.parametrize("tab", ["Data", "Networks", "Regularisers", "Learning", "View"])
def test_every_control_of_each_page_acts(page, tab):
    # Learning comes after Regularisers: its last loss has no labels to smooth.
    if tab == "View":       # something to see or not to see
        play(page).click()
        waits(page, r"^Step [1-9][\d,]*\d\d")
        stopped(page)
    page.get_by_role("tab", name=tab).click()
    panel = page.locator(".widget-tab-contents > .widget-vbox:not(.lm-mod-hidden)")
    for slider in panel.locator(".widget-slider").all():
        label, handle = slider.locator(".widget-label").inner_text(), slider.locator(".noUi-handle")
        handle.focus()
        sets(page, lambda: page.keyboard.press("End"), label)
        handle.focus()
        sets(page, lambda: page.keyboard.press("Home"), label)
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)     # compiled
        assert "nan" not in line(page).inner_text().lower(), label
        expect(slider.locator(".widget-readout")).not_to_be_empty()
    for box in panel.locator("input[type=checkbox]").all():
        label = box.locator("xpath=..").inner_text().strip()
        (follows if tab == "View" else sets)(page, box.click, label)
    for control in panel.locator(".widget-dropdown:has(.widget-label)").all():
        label, select = control.locator(".widget-label").inner_text(), control.locator("select")
        for option in select.locator("option").all_inner_texts():
            if option != select.input_value():
                (follows if tab == "View" else sets)(page, functools.partial(select.select_option, option), label)
    before = steps(page)
    page.get_by_role("button", name="Step", exact=True).click()
    waits(page, f"^Step {before + 1:,}[. ]")


def test_drawn_points_are_learned(page):
    page.get_by_role("tab", name="Data").click()
    canvas = page.locator(".gan-pad canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.get_by_role("button", name="Reset").first.click()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"], steps=10)
    page.mouse.up()
    expect(page.get_by_label("Real points", exact=True)).to_have_value("drawn by you")
    follows(page, page.get_by_role("button", name="Step", exact=True).click, "Step")


def test_axe_finds_no_serious_fault(page):
    assert not axe_faults(page)


def test_a_cell_says_nothing_on_stderr(page):
    assert not page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count()


AGAIN = """import gan_helpers.quiet, ipywidgets
from gan_helpers.lab import Lab
old, panel, said = globals().get("panel"), Lab(units=8).widget(), ipywidgets.Label("new")
said.add_class("settings")
def tell(*_):
    said.value = "the old one plays" if old._player.playing else "the old one stands still"
if old:
    old._player.observe(tell, names="playing")
    tell()
display(said, panel)"""


def test_a_cell_that_runs_again_stops_what_played_in_it(chromium, lab):
    with opened(chromium, lab, AGAIN, "again.ipynb") as page:
        play(page).click()
        waits(page, r"Step [1-9]00\.")
        run_all_cells(page)
        expect(page.locator(".settings")).to_have_text("the old one stands still", timeout=20_000)
        expect(line(page)).to_have_text(re.compile(r"Step 0\."))
