"""Live figures and the lab in a page with Colab's versions: ipywidgets 7.7.1 in the classic notebook.

`make test-colab` runs these tests; COLAB_TWIN names the twin's environment. Colab's own page is like none that can be
installed, but its widgets and its kernel are these.
"""

import os
import re
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from lab_page import ROOT
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

TWIN = os.environ.get("COLAB_TWIN")
pytestmark = pytest.mark.skipif(not TWIN, reason="needs the Colab twin: make test-colab")
STEP = re.compile(r"Step ([\d,]+)")


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """The address of the twin's notebook server, and its folder."""
    folder = tmp_path_factory.mktemp("colab")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    twin = Path(TWIN).resolve() / "bin"
    server = subprocess.Popen(
        [twin / "jupyter-notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
         "--NotebookApp.token=", f"--notebook-dir={folder}"], cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={**os.environ, "PATH": f"{twin}:{os.environ['PATH']}"})
    address = f"http://127.0.0.1:{port}"
    try:
        for left in reversed(range(120)):
            try:
                urllib.request.urlopen(f"{address}/api")
                break
            except OSError:
                assert left and server.poll() is None, "the twin's notebook server doesn't start"
                time.sleep(0.5)
        yield address, folder
    finally:
        server.terminate()
        server.wait()


def run(chromium, notebooks, notebook, name):
    """The page of a notebook whose cells have all run, and the errors of its scripts."""
    address, folder = notebooks
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, folder / f"{name}.ipynb")
    page, errors = chromium.new_page(viewport={"width": 1280, "height": 1100}), []
    page.set_default_timeout(120_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/notebooks/{name}.ipynb")
    page.wait_for_function("() => window.Jupyter?.notebook?.kernel?.is_connected()")
    page.wait_for_timeout(1000)
    page.evaluate("Jupyter.notebook.execute_all_cells()")
    page.wait_for_function("() => Jupyter.notebook.get_cells().every(c => c.cell_type != 'code' || "
                           "(c.input_prompt_number && c.input_prompt_number != '*') || !c.get_text().trim())")
    return page, errors


def still(page, image):
    """The picture once nothing is on its way any more."""
    while True:
        before = image.get_attribute("src")
        page.wait_for_timeout(300)
        if image.get_attribute("src") == before:
            return before


def test_every_slider_of_chapter_03_moves_its_picture(chromium, notebooks):
    chapter = nbformat.read(ROOT / "notebooks" / "03_minimax.ipynb", 4)
    figures = sum("Live figure: " in str(cell.get("outputs")) for cell in chapter.cells)
    page, errors = run(chromium, notebooks, chapter, "03")
    boxes = page.locator(".output_area .widget-vbox:has(> .widget-image)")
    expect(boxes).to_have_count(figures)
    moved = 0
    for box in boxes.all():
        image = box.locator("> .widget-image").element_handle()
        for select in box.locator("select").all():      # the sketched D moves the picture where it plays
            if "drawn" in select.locator("option").all_inner_texts():
                select.select_option("drawn")
        for handle in box.locator(".ui-slider-handle:visible").all():
            before = still(page, image)
            for key in ("ArrowRight", "ArrowLeft", "ArrowUp"):      # one of them isn't beyond its end
                handle.press(key)
            page.wait_for_function("([image, before]) => image.src != before", arg=[image, before])
            moved += 1
        assert box.locator("[role=alert]").count() == 0
    assert moved >= 2 * figures and not errors


def test_the_lab_plays_follows_its_speed_and_pauses(chromium, notebooks):
    cell = new_code_cell("from gan_helpers.lab import Lab\nLab().widget()")
    page, errors = run(chromium, notebooks, new_notebook(cells=[cell]), "lab")
    line, play = page.locator("[role=status]", has_text=STEP).first, page.locator(".widget-play button")

    def step():
        return int(STEP.search(line.inner_text())[1].replace(",", ""))

    def waits_for(done):
        for left in reversed(range(600)):
            if done():
                return
            assert left, f"still at step {step()}"
            page.wait_for_timeout(100)

    play.nth(0).click()
    waits_for(lambda: step() >= 500)                    # a hundred steps a picture
    page.locator(".widget-dropdown", has_text="Speed").locator("select").select_option("1 step a picture")
    waits_for(lambda: step() % 100)
    slow = step()
    page.wait_for_timeout(1000)
    assert slow < step() < slow + 100
    play.nth(1).click()
    page.wait_for_timeout(1000)
    paused = step()
    page.wait_for_timeout(1500)
    assert step() == paused and not errors
