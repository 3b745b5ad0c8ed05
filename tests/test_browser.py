"""`make lab` as a learner meets it: every chapter in a real browser, every control and quiz option worked.

A chapter is opened and run once, and the tests below share it. Later chapters are covered as soon as their file is
in notebooks/. `pytest -s tests/test_browser.py` also prints what was worked in each chapter.
"""

import ast
import json
import re
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import axe_playwright_python
import pytest
from lab_page import ROOT, open_notebook, run_all_cells
from playwright.sync_api import TimeoutError, expect

from gan_helpers import checks

CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 900, "height": 800}

# A control that shows nothing until another one is set so: that one's label -> the option to choose first.
FIRST = {"D in play": "drawn"}
# A control that changes nothing before another slider is at its end: its label -> that slider's.
AT_THE_END = {"D answers only once": "script, half rounds", "y, your answer there": "step of the derivation"}
# What is tested here is the page, not how well G gets: a shorter training. Its asserts, of which nbval takes care,
# are left out of the copy.
SHORTER = {"05_lab": {
    "script.run(4000)": "script.run(1100)", "script.run(3000)": "script.run(100)", "own.run(8000)": "own.run(500)",
    "**plain)\nnine.run(2000)": "**plain)\nnine.run(200)",
    "nine.reset()\nnine.run(2000)": "nine.reset()\nnine.run(200)",
    "across.run(2000)": "across.run(200)", "both.run(2000)": "both.run(200)",
}, "09_training": {
    "epochs, steps = 30, 50": "epochs, steps = 4, 10", "train_classifier(x_real, labels)":
    "train_classifier(x_real, labels, epochs=1)", "room.run(300)": "room.run(50)", "room.run(200)": "room.run(100)",
    "steps=few": "steps=10",
}, "11_evaluation": {
    "train_labels, epochs=12)": "train_labels, epochs=1)", "rounds=50)": "rounds=3)",
    "evaluation.floor(numbers, pile, n=500)": "evaluation.floor(numbers, pile, n=100)",
    "numbers(x_real, damaged(kind, s))": "numbers(x_real[:100], damaged(kind, s)[:100])",
    "steps = range(-2, 3)": "steps = range(-1, 1)",
}, "13_when_training_fails": {"lab.run(steps)": "lab.run(steps // 10)"}}
# What axe finds in parts that are not ours to mend: rule -> the beginning of the elements' HTML, and why.
NOT_OURS = {
    "aria-input-field-name": '<div class="noUi-handle',     # ipywidgets shows a slider's label, but doesn't tie it
    "image-alt": '<img src="data:image/png;base6',          # JupyterLab ignores the alt text of an output's metadata
    "frame-title": '<iframe id="tensorboard-frame-',        # %tensorboard gives its frame no title
}
# What the browser's console may show: the badge "Open in Colab" is on the web, where a test may not get to.
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


class Chapter:
    """A chapter in JupyterLab, and what goes wrong in its page."""

    def __init__(self, browser, lab, address):
        self.page, self.errors, self.worked = browser.new_page(viewport=WIDE), [], Counter()
        self.page.set_default_timeout(30_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and said.location["url"] != BADGE
                     and self.errors.append(f"{said.text} {said.location['url']}"))
        open_notebook(self.page, lab, address)

    def run(self):
        run_all_cells(self.page)

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
        self.first_height = self.height()

    def text(self):
        return self.line.inner_text()

    def height(self):
        """Of the line of text, in pixels: were it another one, the controls below would jump."""
        return round(self.box.locator("> .widget-html").first.bounding_box()["height"])

    def moves(self, label, act, *with_these, times=1):
        """Act, up to so many times, until the picture changes."""
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
        self.is_well(label)

    def is_well(self, label):
        """The line of text is no message of an error, and no number in it is NaN."""
        assert self.line.get_attribute("role") == "status", f"{label}: {self.text()}"
        assert not re.search(r"\bnan\b", self.text(), re.IGNORECASE), f"{label}: {self.text()}"

    def goes_to(self, key, handle, label):
        """Home or End takes the slider to that end, and the picture or at least the line of text follows."""
        end = handle.get_attribute("aria-valuemin" if key == "Home" else "aria-valuemax")
        if float(handle.get_attribute("aria-valuenow")) == float(end):
            return
        before = [self.image.get_attribute("src"), self.text()]
        self.press(handle, "keyboard", key)
        for _ in range(200):
            if [self.image.get_attribute("src"), self.text()] != before:
                break
            self.page.wait_for_timeout(100)
        else:
            pytest.fail(f"{label}: at its end the picture stays as it was, and so does the line. {before[1]}")
        assert float(handle.get_attribute("aria-valuenow")) == float(end), label
        assert self.height() == self.first_height, f"{label}: the controls jump. {self.text()}"
        self.is_well(f"{label}, {key}")

    def show_all(self):
        """Set what hides a control (FIRST) so that it doesn't."""
        for label, option in FIRST.items():
            for row in self.box.locator(".widget-dropdown").filter(has_text=label).all():
                select = row.locator("select")
                if option in row.locator("option").all_inner_texts() and select.input_value() != option:
                    self.moves(f"{label}: {option}", select.select_option, option)

    def reaches_the_end(self, label):
        """Take the slider that hides a control (AT_THE_END) to where it doesn't."""
        if label in AT_THE_END:
            slider = self.box.locator(".widget-slider").filter(has_text=AT_THE_END[label])
            self.goes_to("End", slider.locator(".noUi-handle"), AT_THE_END[label])

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
        self.press(button, how)
        expect(self.line).to_contain_text("Held, in grey")
        self.press(button, how)
        expect(self.line).not_to_contain_text("Held, in grey")


def shorten(path, changes):
    """Train less in this copy of a chapter, and leave the asserts about it out."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for old, new in changes.items():
        changed = [cell for cell in code if old in "".join(cell["source"])]
        assert len(changed) == 1, f"{path.name} has no cell with {old!r} any more, or several"
        changed[0]["source"] = "".join(changed[0]["source"]).replace(old, new)
    for cell in (cell for cell in code if "assert " in "".join(cell["source"])):
        lines = "".join(cell["source"]).splitlines(keepends=True)
        for statement in reversed(ast.parse("".join(lines)).body):
            if isinstance(statement, ast.Assert):
                del lines[statement.lineno - 1:statement.end_lineno]
        cell["source"] = "".join(lines)
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request, chromium, lab):
    """A chapter, run from the top, with all its cells in the page."""
    name = request.param
    if name in SHORTER:
        shorten(lab.folder / "notebooks" / f"{name}.ipynb", SHORTER[name])
    with lab.all_cells_drawn():
        opened = Chapter(chromium, lab, lab.page(f"notebooks/{name}.ipynb"))
        opened.name = name
        try:
            opened.run()
            yield opened
        finally:
            print(f"\n{name}:", ", ".join(f"{n} {what}" for what, n in sorted(opened.worked.items())))
            opened.close()
            lab.stop_kernels()


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
        assert chapter.page.locator(".Toastify__toast").all_inner_texts() == [], "JupyterLab asks something"
    finally:
        chapter.close()
        lab.stop_kernels()


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_every_figure_follows_its_controls(chapter, how):
    boxes = chapter.page.locator(".jp-OutputArea-output .widget-vbox:has(> img)")
    stored = (ROOT / "notebooks" / f"{chapter.name}.ipynb").read_text(encoding="utf-8")
    assert boxes.count() == len(re.findall(r'"Live figure: ', stored))
    for figure in (LiveFigure(chapter.page, boxes.nth(index)) for index in range(boxes.count())):
        assert figure.first_text, "a live figure without its line of text"
        figure.show_all()
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
            figure.reaches_the_end(label)
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


def test_every_slider_goes_to_both_its_ends(chapter):
    """Each from the first picture on; those of one sketch stay at their lower ends, one after the other."""
    boxes = chapter.page.locator(".jp-OutputArea-output .widget-vbox:has(> img):has(.widget-slider)")
    for figure in (LiveFigure(chapter.page, boxes.nth(index)) for index in range(boxes.count())):
        reset = figure.box.locator("button.widget-button", has_text="Reset")
        for slider in figure.box.locator(".widget-slider").all():
            handle, label = slider.locator(".noUi-handle"), slider.locator(".widget-label").inner_text()
            figure.show_all()
            figure.reaches_the_end(label)
            first = handle.get_attribute("aria-valuenow")
            of_a_sketch = handle.get_attribute("aria-orientation") == "vertical"
            for key in ("End", "Home"):
                figure.goes_to(key, handle, label)
                shown = slider.locator(".widget-readout").inner_text()
                assert re.fullmatch(r"−?\d+(\.\d+)?", shown), f"{label} shows {shown}, no plain number"
            chapter.worked["ends of sliders"] += 2
            if handle.get_attribute("aria-valuenow") != first and not of_a_sketch:
                figure.moves("Reset", figure.press, reset, "mouse")


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_every_option_of_the_quiz_gets_its_reply(chapter, how):
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


def axe_faults(page):
    """What axe finds serious in the outputs of a page, our part of it."""
    page.evaluate(Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text())
    found = page.evaluate("axe.run({include: [['.jp-OutputArea-output']]}, {resultTypes: ['violations']})")
    return [f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]
            if rule["impact"] in ("serious", "critical")
            and not node["html"].startswith(NOT_OURS.get(rule["id"], ()))]


def test_axe_finds_no_serious_fault(chapter):
    faults = axe_faults(chapter.page)
    assert not faults, "\n".join(faults)


def test_nothing_is_clipped_or_scrolls_sideways(chapter):
    for size in (NARROW, WIDE):
        chapter.page.set_viewport_size(size)
        clipped = chapter.page.evaluate("""async () => {
            for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
            const bar = output => output.querySelector('.progress');   // tqdm's own, which doesn't wrap
            return [...document.querySelectorAll('.jp-Notebook .jp-OutputArea-output')].flatMap(output => {
                if (bar(output)) return [];
                const edge = output.getBoundingClientRect().right + 1;
                return [output, ...output.querySelectorAll('*:not([class*=noUi])')].filter(part =>
                    part.getBoundingClientRect().right > edge || part.clientWidth && part.scrollWidth >
                    part.clientWidth + 1 && getComputedStyle(part).overflowX != 'visible' ||
                    part.matches('.widget-label, .widget-readout') && part.scrollHeight > part.clientHeight + 8
                ).map(part => part.outerHTML.slice(0, 200));
            });
        }""")
        assert not clipped, f"at {size['width']} pixels: " + "\n".join(clipped)


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
