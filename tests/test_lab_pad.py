"""The drawing pad of the 2-D lab: what it accepts, its text form, and its hand and keyboard in a real browser."""

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import ipywidgets as widgets
import nbformat.v4
import numpy as np
import pytest
import traitlets
from lab_page import open_notebook, run_all_cells

from gan_helpers.lab import _pad
from gan_helpers.lab._pad import Pad, points_input, read_points

INPUTS = pytest.mark.parametrize("make", [Pad, points_input])


@INPUTS
@pytest.mark.parametrize("points", [
    [], np.empty((0, 2)), [[0.5, -1.2]], [(0, 1), (1, 0)], np.full((2000, 2), 1.2, np.float32)])
def test_points_come_back_as_they_were_given(make, points):
    pad = make(points)
    array = pad.array()
    assert array.dtype == np.float32 and array.shape == (len(points), 2)
    np.testing.assert_array_equal(array, np.array(points, np.float32).reshape(-1, 2))
    assert json.loads(json.dumps(pad.points)) == pad.points


@INPUTS
@pytest.mark.parametrize("points, says", [
    ([[0, 0], [0.1, 1.3]], r"in \[-1.2, 1.2\] x \[-1.2, 1.2\]; 1 of 2 are not, .* points\[1\] = \[0.1, 1.3\].* scale"),
    ([[5, 0], [0, np.nan]], r"2 of 2 are not, such as points\[1\] = \[0, nan\]. Leave those out, or replace them"),
    ([[-np.inf, 0]], r"points\[0\] = \[-inf, 0\]"),
    ([0.1, 0.2], r"a list of \[x, y\], an array of shape \(n, 2\); got the shape \(2,\)"),
    (np.zeros((4, 3)), r"got the shape \(4, 3\)"),
    ([[0, 1], [1]], r"a list of \[x, y\]; got \[\[0, 1\], \[1\]\]"),
    ("drawn", "must be numbers, .* got 'drawn'"),
    (np.zeros((2001, 2)), r"at most 2,000 points, got 2,001; .*points\[:2000\]"),
])
def test_other_points_are_refused_and_the_present_ones_stay(make, points, says):
    with pytest.raises(traitlets.TraitError, match=says):
        make(points)
    pad = make([[0.5, 0.5]])
    with pytest.raises(traitlets.TraitError, match=says):
        pad.points = points
    assert pad.points == [[0.5, 0.5]]


@INPUTS
def test_the_lab_can_watch_the_points(make):
    pad, seen = make(), []
    pad.observe(lambda change: seen.append(change["new"]), names="points")
    pad.points = np.array([[0.25, 1]])
    assert seen == [[[0.25, 1.0]]]


@pytest.mark.parametrize("pad, text", [
    (Pad(), "Drawing pad: 0 points in [-1.2, 1.2] x [-1.2, 1.2]"),
    (Pad([[0, 0]]), "Drawing pad: 1 point in [-1.2, 1.2] x [-1.2, 1.2]"),
    (points_input(np.zeros((1500, 2))), "Points as text: 1,500 points in [-1.2, 1.2] x [-1.2, 1.2]"),
])
def test_readers_without_a_kernel_get_one_line(pad, text):
    from IPython.core.formatters import DisplayFormatter
    from IPython.core.interactiveshell import InteractiveShell

    assert repr(pad) == text
    if not hasattr(widgets.Widget, "_ipython_display_"):        # of ipywidgets 7, which hands over the repr too
        InteractiveShell.instance()
        assert DisplayFormatter().format(pad)[0]["text/plain"] == text


def test_both_sides_know_the_same_numbers():
    assert f"LIMIT = {_pad.LIMIT}, MOST = {_pad.MOST}," in Pad._esm
    assert not re.search(r"https?:|\bimport\b", Pad._esm), "the pad must work without a network"


def test_the_files_of_the_browser_are_part_of_the_package(tmp_path):
    root = Path(__file__).resolve().parents[1]
    shutil.copytree(root / "gan_helpers", tmp_path / "gan_helpers", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(root / name, tmp_path)
    subprocess.run([sys.executable, "-c", "import setuptools; setuptools.setup()", "-q", "build", "--build-lib", "out"],
                   cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert {"_pad.py", "pad.js", "pad.css"} <= {path.name for path in (tmp_path / "out/gan_helpers/lab").iterdir()}


def test_without_anywidget_the_text_box_works_and_the_pad_says_so():
    code = """if True:
        import sys
        sys.modules["anywidget"] = None
        from gan_helpers.lab import _pad
        assert _pad.points_input([[0, 1]]).array().tolist() == [[0, 1]]
        try:
            _pad.Pad()
        except ImportError as error:
            print(error)
    """
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120).stdout
    assert "pip install anywidget" in said and "points_input()" in said


@pytest.mark.parametrize("line, point", [
    ("0.5, -0.3", [0.5, -0.3]), ("0.5 -0.3", [0.5, -0.3]), ("\t1;1 ", [1, 1]), ("−1 ; .5", [-1, 0.5]),
    ("[1e-1, 1.2],", [0.1, 1.2]), ("(0,0)", [0, 0]),
])
def test_a_line_of_text_is_read(line, point):
    assert read_points(line) == ([point], [])


@pytest.mark.parametrize("line, why", [
    ("0.5", "1 number, not two"), ("1 0.5 1", "3 numbers, not two"), ("0.1, north", "not a number"),
    ("nan, 0", "not a number"), ("0, 1.3", "outside [-1.2, 1.2] x [-1.2, 1.2]"),
])
def test_a_wrong_line_is_named_and_the_good_ones_stay(line, why):
    text = f"0, 1\n\n{line}\n1, 0\n"
    assert read_points(text) == ([[0, 1], [1, 0]], [f"Line 3 is left out, {why}: {line!r}"])
    box = points_input()
    box.box.value = text
    assert box.points == [[0, 1], [1, 0]] and box.box.value == text
    assert "2 points." in box.message.value and why in html.unescape(box.message.value)
    box.box.value = "0, 1"
    assert "1 point." in box.message.value and "Line" not in box.message.value


def test_the_text_box_shows_what_python_sets_and_at_most_five_complaints():
    box = points_input()
    box.points = [[0.5, -1], [0, 1 / 3]]
    assert box.box.value == "0.5, -1.0\n0.0, 0.333333"
    assert read_points(box.box.value) == (box.points, [])
    box.box.value = "<b>\n" * 12
    assert box.points == [] and "<b>" not in box.message.value
    assert box.message.value.count("is left out") == 5 and "And 7 more lines" in box.message.value
    box.box.value = "0 0\n" * 2003
    assert len(box.points) == 2000 and "Line 2001 is left out, more than 2,000 points" in box.message.value


# A notebook with two views of a pad, what the kernel has of its points, and a button by which Python sets them.
CELL = """import json, ipywidgets
from gan_helpers.lab._pad import Pad
pad, kernel, sets = Pad(size=300), ipywidgets.Label("[]"), ipywidgets.Button(description="Set")
kernel.add_class("kernel")
pad.observe(lambda change: setattr(kernel, "value", json.dumps(pad.points)), names="points")
sets.on_click(lambda _: setattr(pad, "points", [[1, 1], [-1, -1], [1, -1]]))
display(ipywidgets.HBox([pad, pad]), sets, kernel)"""


@pytest.fixture(scope="module")
def page(chromium, lab):
    """The notebook of the pad, run in JupyterLab; the browser has a touch screen."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)], metadata=kernel)
    nbformat.write(notebook, lab.folder / "pad.ipynb")
    page = chromium.new_context(viewport={"width": 1280, "height": 800}, has_touch=True).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.errors.append(
        f"{said.text} {said.location['url']}"))
    open_notebook(page, lab, lab.page("pad.ipynb"))
    run_all_cells(page)
    page.wait_for_selector(".gan-pad canvas", timeout=120_000)
    yield page
    lab.stop_kernels()


# Whether the canvas has a point's blue near (x, y), and none near (x, 0.3).
DRAWN = """(canvas, [x, y]) => {
  const at = v => Math.round((v / 1.2 + 1) / 2 * canvas.clientWidth * devicePixelRatio);
  const blue = (x, y) => [...canvas.getContext('2d').getImageData(at(x) - 2, at(-y) - 2, 5, 5).data]
    .some((value, i, all) => i % 4 === 0 && value < 150 && all[i + 2] > 150);
  return blue(x, y) && !blue(x, 0.3);
}"""


class Hand:
    """What a learner does with the first view of the pad, in the units of the data."""

    def __init__(self, page):
        self.page, self.box = page, page.locator(".gan-pad").first
        self.canvas, self.line = self.box.locator("canvas"), self.box.locator("[role=status]")
        self.touches = page.context.new_cdp_session(page)

    def at(self, x, y):
        box = self.canvas.bounding_box()
        return box["x"] + (x / 1.2 + 1) / 2 * box["width"], box["y"] + (1 - y / 1.2) / 2 * box["height"]

    def drag(self, start, end, steps):
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=steps)
        self.page.mouse.up()

    def touch(self, *path):
        def send(kind, *points):
            points = [dict(zip("xy", self.at(*point), strict=True)) for point in points]
            self.touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        send("touchStart", path[0])
        for point in path[1:]:
            send("touchMove", point)
        send("touchEnd")

    def pen(self, *path):
        for kind, point in zip(["mousePressed", *["mouseMoved"] * len(path), "mouseReleased"],
                               [path[0], *path, path[-1]], strict=True):
            x, y = self.at(*point)
            self.touches.send("Input.dispatchMouseEvent", {
                "type": kind, "x": x, "y": y, "button": "left", "buttons": int(kind != "mouseReleased"),
                "clickCount": 1, "pointerType": "pen"})

    def keys(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def points(self, wanted=None):
        """What the kernel has, once that is what the pad says; or once it is as many as wanted."""
        self.page.wait_for_timeout(300)         # at most 5 times a second
        self.page.wait_for_function("""wanted => {
            const said = document.querySelector('.gan-pad [role=status]').textContent;
            const n = parseInt(said.replace(',', '')) || 0;
            const kernel = JSON.parse(document.querySelector('.kernel').textContent).length;
            return n === kernel && (wanted === null || n === wanted);
        }""", arg=wanted, timeout=20_000)
        return np.array(json.loads(self.page.locator(".kernel").inner_text())).reshape(-1, 2)

    def clear(self):
        self.box.get_by_role("button", name="Clear").click()
        assert len(self.points()) == 0


def test_a_learner_draws_by_mouse_touch_pen_and_keyboard(page):
    from playwright.sync_api import expect

    hand, other = Hand(page), page.locator(".gan-pad").nth(1)
    brush, undo = hand.box.get_by_label("Brush"), hand.box.get_by_role("button", name="Undo")
    expect(hand.line).to_contain_text("No points yet")

    # The mouse: one point every 0.02 of the path, fast or slow, near it.
    hand.drag((-1, 0.5), (1, 0.5), steps=2)
    line = hand.points()
    assert abs(len(line) - 101) <= 1
    assert 0.02 < line[:, 1].std() < 0.06 and abs(line[:, 1].mean() - 0.5) < 0.02
    assert abs(line[:, 0].min() + 1) < 0.2 and abs(line[:, 0].max() - 1) < 0.2
    hand.drag((-1, -0.5), (1, -0.5), steps=50)
    assert abs(len(hand.points()) - 202) <= 2
    hand.clear()
    undo.click()
    assert abs(len(hand.points()) - 202) <= 2, "Undo doesn't take Clear back"
    hand.clear()
    for name, n in [("One point", 1), ("Wide cloud", 24), ("Small cloud", 12)]:
        brush.select_option(name)
        page.mouse.click(*hand.at(0.5, -0.75))
        points = hand.points(n)
        assert np.abs(points - [0.5, -0.75]).max() < (0.005 if n == 1 else 0.6), name
        assert n > 1 or hand.canvas.evaluate(DRAWN, [0.5, -0.75]), "the point isn't drawn where it is"
        hand.clear()

    # A finger doesn't scroll the page; a pen draws as well.
    hand.touch((-1, 0), (0, 0), (0, -1))
    assert abs(len(hand.points()) - 101) <= 2
    hand.pen((-0.5, 1), (0.5, 1))
    assert abs(len(hand.points()) - 152) <= 3
    hand.clear()

    # The keyboard; JupyterLab doesn't take the keys for its own.
    undo.focus()
    hand.keys("Shift+Tab", "Shift+Tab")
    assert hand.canvas.evaluate("canvas => canvas === document.activeElement && canvas.matches(':focus-visible')")
    hand.keys(*["Shift+ArrowLeft"] * 20, *["Shift+ArrowUp"] * 20)
    expect(hand.line).to_contain_text("Cross at x = −1.20, y = 1.20.")
    hand.keys(*["Shift+ArrowRight"] * 6, "ArrowRight", *["ArrowDown"] * 4, "Space")
    expect(hand.line).to_have_text("12 points. Cross at x = 0.05, y = 1.00.")
    assert np.abs(hand.points(12).mean(0) - [0.05, 1]).max() < 0.06
    hand.keys("Shift+ArrowDown", "Enter")
    assert len(hand.points(24)) == 24
    hand.keys("Backspace")
    assert len(hand.points(12)) == 12
    hand.keys("Tab", "ArrowDown", "Tab", "Enter")
    expect(brush).to_have_value("Wide cloud")
    assert len(hand.points(0)) == 0

    # Python sets points: both views show them, and either can take that back.
    page.mouse.click(*hand.at(-0.5, 0))
    hand.points(24)
    page.get_by_role("button", name="Set").click()
    assert hand.points(3).tolist() == [[1, 1], [-1, -1], [1, -1]]
    pictures = "() => [...document.querySelectorAll('.gan-pad canvas')].map(canvas => canvas.toDataURL())"
    same = "() => { const [one, two] = (" + pictures + ")(); return one === two; }"
    before = page.evaluate(pictures)
    page.wait_for_function(same)
    other.get_by_role("button", name="Undo").click()
    hand.points(24)
    page.wait_for_function(same)
    assert page.evaluate(pictures)[0] != before[0]

    # It holds 2,000 points and says so.
    for y in np.linspace(-1, 1, 12):
        hand.drag((-1.1, y), (1.1, -y), steps=2)
    hand.points(2000)
    expect(hand.line).to_contain_text("2,000 points, as many as the pad holds.")
    undo.click()
    assert len(hand.points()) < 2000


def test_the_page_has_no_error_and_axe_no_serious_fault(page):
    import axe_playwright_python

    for part in page.locator(".gan-pad :is(canvas, select, button)").all():
        box = part.bounding_box()
        assert min(box["width"], box["height"]) >= 24
    page.evaluate(Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text())
    for theme in ("light", "dark"):
        if theme == "dark":
            for label in ("Settings", "Theme", "JupyterLab Dark"):
                kind = "MenuBar" if label == "Settings" else "Menu"
                page.locator(f".lm-{kind}-itemLabel", has_text=re.compile(f"^{label}$")).click()
            page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
            page.wait_for_timeout(500)
        found = page.evaluate("axe.run({include: [['.gan-pad']]}, {resultTypes: ['violations']})")
        faults = [f"{theme}: {rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]
                  if rule["impact"] in ("serious", "critical")]
        assert not faults, "\n".join(faults)
    assert not page.errors
