"""`make lab` as a newcomer meets it: JupyterLab in a real browser, chapter 00, its first slider."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set, and there is no Chromium on the PATH")
        pytest.skip("needs Chromium: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address that `make lab` prints, token included; its files are a copy, so that nothing here changes."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    config = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    log = open(folder / "log", "w+")
    # --old-file: without the set-up, which would make this environment anew if pyproject.toml has just changed.
    server = subprocess.Popen(
        ["make", "--old-file=setup", "lab", f"VENV={sys.prefix}",
         f"LAB=--no-browser --port=0 --ServerApp.root_dir={folder}"],
        cwd=ROOT, env={**os.environ, **config}, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        for _ in range(240):
            found = re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", (folder / "log").read_text())
            if found or server.poll() is not None:
                break
            time.sleep(0.5)
        assert found, (folder / "log").read_text()[-3000:]
        yield found.group()
    finally:
        os.killpg(server.pid, 15)
        server.wait()
        log.close()


def test_the_server_wants_its_token_and_opens_chapter_00(lab):
    assert "/lab/tree/notebooks/00_start_here.ipynb?token=" in lab
    port = re.search(r":(\d+)/", lab).group(1)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/contents")


def test_chapter_00_runs_and_its_slider_moves_the_picture(lab, chromium):
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(lab)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=120_000)
    time.sleep(3)  # the menus act on the notebook once it has the focus, a moment after it is drawn
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    handle = page.locator(".noUi-handle").first
    for step in range(240):  # cells out of sight aren't drawn: scroll through the chapter to the slider
        page.evaluate("y => document.querySelector('.jp-NotebookPanel .jp-WindowedPanel-outer').scrollTop = y",
                      step % 12 * 400)
        time.sleep(0.5)
        if handle.count():
            break
    handle.scroll_into_view_if_needed()
    picture = page.locator(".jp-OutputArea-output .widget-image, .jp-OutputArea-output img.widget-image").first
    line = page.locator(".jp-OutputArea-output [role=status]").first
    before, said = picture.get_attribute("src"), line.inner_text()
    handle.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    for _ in range(100):
        if picture.get_attribute("src") != before:
            break
        time.sleep(0.1)
    assert picture.get_attribute("src") != before and line.inner_text() != said
    red = page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']")
    assert red.count() == 0, red.all_inner_texts()
    assert not errors
