"""`make lab` as a learner meets it: every chapter in a real browser, every control and quiz option worked.

A chapter is opened and run once, and the tests below share it. Later chapters are covered as soon as their file is
in notebooks/. `pytest -s tests/test_browser.py` also prints what was worked in each chapter.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from gan_helpers import checks

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 900, "height": 800}

# A control that shows nothing until another one is set so: that one's label -> the option to choose first.
FIRST = {"D in play": "drawn"}
# Check boxes that rightly change nothing at some places of the other controls.
QUIET = {"D answers only once"}                             # before the script's second round
# What axe finds in parts that are not ours to mend: rule -> the beginning of the elements' HTML, and why.
NOT_OURS = {
    "aria-input-field-name": '<div class="noUi-handle',     # ipywidgets shows a slider's label, but doesn't tie it
    "image-alt": '<img src="data:image/png;base6',          # JupyterLab ignores the alt text of an output's metadata
}
# What the browser's console may show: the badge "Open in Colab" is on the web, where a test may not get to.
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


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


class Server:
    """The server of `make lab`, by the address that it prints."""

    def __init__(self, address, folder):
        self.address, self.folder = address, folder
        self.base, self.token = re.fullmatch(r"(http://[^/]+)/lab\S*\?token=(\w+)", address).groups()

    def ask(self, path, method="GET"):
        request = urllib.request.Request(f"{self.base}/api/{path}", method=method,
                                         headers={"Authorization": f"token {self.token}"})
        for left in reversed(range(5)):     # a busy server may answer with an error of its own
            try:
                return urllib.request.urlopen(request).read()
            except urllib.error.HTTPError as error:
                if not left or error.code < 500:
                    raise
                time.sleep(2)

    def kernel_is_ready(self):
        kernels = json.loads(self.ask("kernels"))
        return any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels)

    def stop_kernels(self):
        for kernel in json.loads(self.ask("kernels")):
            self.ask(f"kernels/{kernel['id']}", "DELETE")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """`make lab`, running; its files are a copy and its settings the default ones, so that nothing here changes."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    config = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    config["JUPYTERLAB_SETTINGS_DIR"] = str(folder / "settings")
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
        yield Server(found.group(), folder)
    finally:
        os.killpg(server.pid, 15)
        server.wait()
        log.close()


class Chapter:
    """A chapter in JupyterLab; `run` presses Run All Cells and waits for the last one."""

    def __init__(self, browser, lab, address):
        self.page, self.errors, self.worked = browser.new_page(viewport=WIDE), [], Counter()
        self.page.set_default_timeout(30_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and said.location["url"] != BADGE
                     and self.errors.append(f"{said.text} {said.location['url']}"))
        self.page.goto(address)
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
        for _ in range(240):    # what is run before the kernel is connected is lost
            if lab.kernel_is_ready():
                break
            self.page.wait_for_timeout(500)
        self.page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=120_000)

    def run(self, seconds=600):
        from playwright.sync_api import TimeoutError

        waits = "document.querySelector('.jp-Notebook').innerText.includes('[*]:')"
        idle = "document.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status == 'idle'"
        for _ in range(20):     # the menu acts on the notebook once that has the focus, a moment after it is drawn
            self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
            self.page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
            try:
                self.page.wait_for_function(waits, timeout=3000)
                break
            except TimeoutError:
                continue
        else:
            pytest.fail("Run All Cells starts nothing")
        try:
            self.page.wait_for_function(f"!{waits} && {idle}", timeout=1000 * seconds)
        except TimeoutError:
            left = self.page.locator(".jp-InputPrompt", has_text="[*]").count()
            pytest.fail(f"after {seconds} s, {left} of the cells in the page have not run")

    def close(self):
        self.page.close()


class LiveFigure:
    """A live figure in the page; `moves` works a control and checks what must follow.

    `said` counts how often the line of text changed: not at every move, since it rounds and may not tell of all.
    """

    def __init__(self, page, box):
        self.page, self.box = page, box
        self.image, self.line = box.locator("> img").element_handle(), box.locator("[role=status], [role=alert]")
        self.first_text, self.said, self.worked = self.text(), 0, 0

    def text(self):
        return self.line.inner_text()

    def moves(self, label, act, *with_these, times=1):
        """Act, up to so many times, until the picture changes."""
        from playwright.sync_api import TimeoutError

        source, said = self.image.get_attribute("src"), self.text()
        for left in reversed(range(times)):
            act(*with_these)
            try:
                self.page.wait_for_function("([image, source]) => image.src != source", arg=[self.image, source],
                                            timeout=1000 if left else 20_000)
                break
            except TimeoutError:
                assert left, f"{label}: the picture stays as it is. {self.box.inner_text()}"
        assert self.box.locator("> img").evaluate("(now, before) => now === before", self.image), \
            f"{label}: a new image element, so the picture flickers"
        self.said += self.text() != said
        self.worked += 1
        assert self.line.get_attribute("role") == "status", f"{label}: {self.text()}"

    def press(self, element, how, *keys):
        """Press a button or the like with the mouse, or these keys on it, by default the space bar."""
        if how == "mouse":
            return element.click()
        element.focus()
        for key in keys or ("Space",):
            self.page.keyboard.press(key)

    def slide(self, slider, how):
        """Take the handle to the far half of the track, or one step away from the nearer end."""
        handle = slider.locator(".noUi-handle")
        least, now, most = (float(handle.get_attribute(f"aria-value{name}")) for name in ("min", "now", "max"))
        if how == "keyboard":
            return self.press(handle, how, "ArrowLeft" if now == most else "ArrowRight")
        slider.evaluate("e => e.scrollIntoView({block: 'center'})")
        grip, track = handle.bounding_box(), slider.locator(".noUi-target").bounding_box()
        x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
        share = 0.7 if now <= (least + most) / 2 else 0.3
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        if handle.get_attribute("aria-orientation") == "vertical":
            self.page.mouse.move(x, track["y"] + track["height"] * (1 - share), steps=4)
        else:
            self.page.mouse.move(track["x"] + track["width"] * share, y, steps=4)
        self.page.mouse.up()

    def choose(self, select, how):
        """Each other option in turn with the mouse, the next one with the keyboard."""
        label = self.box.locator(f"label[for='{select.get_attribute('id')}']").inner_text()
        options, chosen = select.locator("option").all_inner_texts(), select.evaluate("e => e.selectedIndex")
        if how == "keyboard":   # the space bar opens the list: on a closed one, JupyterLab keeps the arrows to itself
            self.moves(label, self.press, select, how, "Space", "ArrowDown" if chosen == 0 else "ArrowUp", "Enter")
            return
        for option in [*options[:chosen], *options[chosen + 1:]]:
            self.moves(f"{label}: {option}", select.select_option, option)

    def play(self, button, how):
        """Play moves the picture by itself, from the first step on, and Pause stops it."""
        from playwright.sync_api import expect

        row = button.locator("..")
        self.press(row.locator(".noUi-handle"), "keyboard", "Home")
        expect(row.locator(".widget-readout")).to_have_text("0")
        self.moves("Play", self.press, button, how)
        expect(button).to_have_text("Pause")
        self.moves("the next step of Play", self.text)
        self.press(button, how)
        expect(button).to_have_text("Play")
        for _ in range(10):     # a busy kernel has steps left to draw
            shown = self.image.get_attribute("src")
            self.page.wait_for_timeout(1000)
            if self.image.get_attribute("src") == shown:
                return
        pytest.fail("Pause doesn't stop")

    def hold(self, button, how):
        """Hold to compare keeps what the line says until it is pressed again."""
        from playwright.sync_api import expect

        self.press(button, how)
        expect(self.line).to_contain_text("Held, in grey")
        self.press(button, how)
        expect(self.line).not_to_contain_text("Held, in grey")


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request, lab, chromium):
    """A chapter, run from the top, with all its cells in the page."""
    setting = lab.folder / "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    setting.parent.mkdir(parents=True, exist_ok=True)
    setting.write_text('{"windowingMode": "none"}')     # by default, cells out of sight are not drawn
    name = request.param
    opened = Chapter(chromium, lab, f"{lab.base}/lab/workspaces/{name}/tree/notebooks/{name}.ipynb?token={lab.token}")
    opened.name = name
    try:
        opened.run()
        yield opened
    finally:
        print(f"\n{name}:", ", ".join(f"{n} {what}" for what, n in sorted(opened.worked.items())))
        opened.close()
        lab.stop_kernels()
        setting.unlink()


def test_the_server_wants_its_token_and_opens_chapter_00(lab):
    assert "/lab/tree/notebooks/00_start_here.ipynb?token=" in lab.address
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{lab.base}/api/contents")


def test_chapter_00_with_the_default_settings_moves_the_picture(lab, chromium):
    chapter = Chapter(chromium, lab, lab.address)
    try:
        chapter.run()
        handle = chapter.page.locator(".noUi-handle").first
        for step in range(240):  # cells out of sight aren't drawn: scroll through the chapter to the slider
            chapter.page.evaluate("y => document.querySelector('.jp-NotebookPanel .jp-WindowedPanel-outer')"
                                  ".scrollTop = y", step % 12 * 400)
            chapter.page.wait_for_timeout(250)
            if handle.count():
                break
        handle.scroll_into_view_if_needed()
        figure = LiveFigure(chapter.page, chapter.page.locator(".widget-vbox:has(> img)").first)
        figure.moves("the first slider", figure.press, handle, "keyboard", "ArrowRight", times=3)
        assert not chapter.errors
    finally:
        chapter.close()
        lab.stop_kernels()


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_every_figure_follows_its_controls(chapter, how):
    from playwright.sync_api import expect

    boxes = chapter.page.locator(".jp-OutputArea-output .widget-vbox:has(> img)")
    stored = (ROOT / "notebooks" / f"{chapter.name}.ipynb").read_text(encoding="utf-8")
    assert boxes.count() == len(re.findall(r'"Live figure: ', stored))
    for figure in (LiveFigure(chapter.page, boxes.nth(index)) for index in range(boxes.count())):
        assert figure.first_text, "a live figure without its line of text"
        for label, option in FIRST.items():
            for row in figure.box.locator(".widget-dropdown").filter(has_text=label).all():
                if option in row.locator("option").all_inner_texts():
                    row.locator("select").select_option(option)
                    chapter.page.wait_for_timeout(1000)
        for slider in figure.box.locator(".widget-slider").all():
            label, value = slider.locator(".widget-label").inner_text(), slider.locator(".widget-readout")
            assert label and value.is_visible(), "a slider without a name or its value"
            before = value.inner_text()
            figure.moves(label, figure.slide, slider, how, times=1 if how == "mouse" else 8)
            assert value.inner_text() not in ("", before), label
            chapter.worked["sliders"] += 1
        for select in figure.box.locator("select").all():
            figure.choose(select, how)
            chapter.worked["drop-down lists"] += 1
        for box in figure.box.locator("input[type=checkbox]").all():
            label = box.locator("xpath=..").inner_text().strip()
            if label in QUIET:
                figure.press(box, how)
            else:
                figure.moves(label, figure.press, box, how)
            chapter.worked["check boxes"] += 1
        for button in figure.box.locator("button.widget-toggle-button").all():
            (figure.play if button.inner_text() == "Play" else figure.hold)(button, how)
            chapter.worked["buttons"] += 2
        for button in figure.box.locator("button.widget-button").all():     # Reset is the last one
            figure.moves(button.inner_text(), figure.press, button, how)
            chapter.worked["buttons"] += 1
            if button.inner_text() == "Reset":
                expect(figure.line).to_have_text(figure.first_text)
        assert figure.said or not figure.worked, "no control changed the line of text under the picture"
        chapter.worked["figures"] += 1


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_every_option_of_the_quiz_gets_its_reply(chapter, how):
    from playwright.sync_api import expect

    questions = chapter.page.locator(".gan-quiz .widget-radio")
    assert questions.count() == len(checks.questions(chapter.name[:2]))
    replies = chapter.page.locator(".gan-quiz .widget-radio + .widget-html")
    for index in range(questions.count()):
        options, said = questions.nth(index).locator("input"), replies.nth(index).locator("[role=status]")
        marks = []
        for letter, option in zip("abcdefgh", options.all(), strict=False):
            if how == "mouse":
                option.click()
            else:
                option.focus()
                chapter.page.keyboard.press("Space")
            expect(said).to_have_text(re.compile(rf"^[✓✗] {letter}\) \S"))
            expect(option).to_be_checked()
            assert how == "mouse" or option.evaluate("e => e === document.activeElement"), "the focus is lost"
            marks.append(said.inner_text()[0])
            chapter.worked["quiz options"] += 1
        assert marks.count("✓") == 1


def test_axe_finds_no_serious_fault(chapter):
    import axe_playwright_python

    chapter.page.evaluate(Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text())
    found = chapter.page.evaluate("axe.run({include: [['.jp-OutputArea-output']]}, {resultTypes: ['violations']})")
    faults = [f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]
              if rule["impact"] in ("serious", "critical")
              and not node["html"].startswith(NOT_OURS.get(rule["id"], ()))]
    assert not faults, "\n".join(faults)


def test_nothing_is_clipped_or_scrolls_sideways(chapter):
    for size in (NARROW, WIDE):
        chapter.page.set_viewport_size(size)
        too_wide = chapter.page.evaluate("""async () => {
            for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
            const bar = output => output.querySelector('.progress');   // tqdm's own, which doesn't wrap
            return [...document.querySelectorAll('.jp-Notebook .jp-OutputArea-output')].flatMap(output => {
                if (bar(output)) return [];
                const edge = output.getBoundingClientRect().right + 1;
                return [output, ...output.querySelectorAll('*:not([class*=noUi])')].filter(part =>
                    part.getBoundingClientRect().right > edge || part.clientWidth && part.scrollWidth >
                    part.clientWidth + 1 && getComputedStyle(part).overflowX != 'visible'
                ).map(part => part.outerHTML.slice(0, 200));
            });
        }""")
        assert not too_wide, f"at {size['width']} pixels: " + "\n".join(too_wide)


def test_neither_the_page_nor_the_kernel_reports_an_error(chapter):
    assert not chapter.errors
    notebook = json.loads((ROOT / "notebooks" / f"{chapter.name}.ipynb").read_text())
    cells = chapter.page.locator(".jp-Notebook .jp-Cell").all()
    assert len(cells) == len(notebook["cells"])
    for cell, source in zip(cells, notebook["cells"], strict=True):
        unwanted = ["vnd.jupyter.stderr"]
        if "raises-exception" not in source["metadata"].get("tags", []):
            unwanted.append("vnd.jupyter.error")
        for kind in unwanted:
            assert cell.locator(f"[data-mime-type='application/{kind}']").all_inner_texts() == []
