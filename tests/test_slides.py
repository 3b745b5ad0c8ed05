"""`make slides`: a chapter on a projector, without a network, nothing cut off, no answer in view."""

import importlib
import re
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell

from gan_helpers import checks

pytest.importorskip("latex2mathml", reason="slides need latex2mathml, which this environment lacks")
if importlib.util.find_spec("sphinx_revealjs") is None:
    pytest.skip("slides need sphinx-revealjs, which this environment lacks", allow_module_level=True)

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))
slides = importlib.import_module("slides")

PATH = slides.chapter("08")
LONG = "long = [\n" + "    'one line of many, and a long one: " + 90 * "x" + "',\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The slides of chapter 08 as it is, and solved by a teacher who also added what is too tall and too wide."""
    folder = tmp_path_factory.mktemp("slides")
    notebook = nbformat.read(PATH, as_version=4)
    for cell in notebook.cells:
        if "exercise" in cell.metadata.get("tags", []):
            found = next(one for one in checks.exercises("08") if f'"{one.id}"' in cell.source)
            cell.source = f"{found.solution}\n\nsolution({found.id!r})"
    notebook.cells[5:5] = [
        new_markdown_cell("## Long\n\n" + "A paragraph of some length that is shown many times. " * 4 + "\n\n"
                          + "\n\n".join("Another one, for the next slide. " * 9 for _ in range(12)), id="long-text"),
        new_code_cell(LONG + 40 * "    1,\n" + "]", id="long-code"),
        new_markdown_cell("```python\n# no heading\n```", id="fenced")]
    nbformat.write(notebook, folder / "08_solved.ipynb")
    slides.main(["--out", str(folder), "08", str(folder / "08_solved.ipynb")])
    return folder / "08_tfgan.slides.html", folder / "08_solved.slides.html"


def test_nothing_comes_from_elsewhere(files):
    for file in files:
        page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        loaded = [tag.get("src") or tag.get("href") for tag in page.select("script[src], link, img, iframe")]
        assert len(page.select("img")) > 1 and {one[:22] for one in loaded} == {"data:image/png;base64,"}
        assert not re.search(r"@import|url\(['\"]?https?:|unpkg|cdnjs|require\(", "".join(
            tag.text for tag in page.select("style, script:not(:has(> *))") if "reveal.js 5" not in tag.text[:300]))


def test_headings_begin_slides_and_pictures_keep_their_descriptions(files):
    page = BeautifulSoup(files[0].read_text(encoding="utf-8"), "html.parser")
    notebook = nbformat.read(PATH, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    stacks = page.select(".slides > section")
    assert [stack.select_one("h1, h2").text for stack in stacks] == re.findall(r"^##? (.+)$", text, re.M)
    alts = [output.metadata["image/png"]["alt"] for cell in notebook.cells for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})]
    assert [image["alt"] for image in page.select("img")] == alts
    assert len(page.select("math")) >= 8 and "$$" not in page.select_one(".slides").text
    for hidden in ("Open in Colab", "google.colab", "Next chapter"):
        assert hidden not in page.select_one(".slides").text


def test_a_comment_in_code_is_no_heading(files):
    stacks = [BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").select(".slides > section")
              for file in files]
    assert len(stacks[1]) == len(stacks[0]) + 1


def test_no_solution_is_shown(files):
    shown = BeautifulSoup(files[1].read_text(encoding="utf-8"), "html.parser").select_one(".slides").text
    for exercise in checks.exercises("08"):
        assert exercise.stub.splitlines()[0] in shown
        told = exercise.solution.strip().splitlines()[-1].strip()
        assert told not in shown or told in "".join(c.source for c in nbformat.read(PATH, as_version=4).cells)


@pytest.mark.parametrize("given, said", [
    (["99"], r"No slides were made of this. There is no chapter 99: choose one of 00, .*, as in `make slides"),
    ([str(ROOT / "Makefile")], r"No slides were made of this. .*Makefile isn't a notebook: name a chapter, as in"),
    (["08_none.ipynb"], r"No slides were made of this. Can't read 08_none.ipynb .No such file"),
    (["--out", str(ROOT / "README.md"), "08"], r"Can't write to .*README.md .*: name another folder, as in `make sl"),
])
def test_what_cannot_be_used_gets_a_sentence(given, said):
    with pytest.raises(SystemExit, match=said):
        slides.main(given)


def test_the_setup_that_lacks_a_package_is_told_so(monkeypatch):
    monkeypatch.setattr(slides.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="Slides need sphinx_revealjs and latex2mathml, which .* lacks: `make slides`"):
        slides.main(["08"])


# The furthest points that anything on the slide reaches, and whether a line of code is cut off.
REACH = """() => {
  const all = [...Reveal.getCurrentSlide().querySelectorAll("*")];
  const boxes = all.map(one => one.getBoundingClientRect()).filter(box => box.width && box.height);
  return [Math.max(...boxes.map(box => box.bottom)), Math.max(...boxes.map(box => box.right)),
          all.some(one => one.matches("pre") && one.scrollWidth > one.clientWidth + 2),
          Reveal.getCurrentSlide().innerText]; }"""


def test_every_slide_fits_a_projector_without_a_network(files, chromium):
    for file in files:
        page = chromium.new_context(viewport={"width": 1280, "height": 720}, offline=True).new_page()
        asked, errors = [], []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        seen = []
        for number in range(page.evaluate("Reveal.getTotalSlides()")):
            bottom, right, cut, text = page.evaluate(REACH)
            assert bottom <= 720 and right <= 1280 and not cut, (file.name, number, bottom, right, cut, text)
            seen.append(text)
            page.keyboard.press("ArrowRight")
        assert page.evaluate("Reveal.isLastSlide()") and len(set(seen)) > 25
        assert all(one.startswith((file.as_uri(), "data:")) for one in asked) and not errors
        assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth)")


def test_the_folder_holds_whole_files_only(files, monkeypatch):
    assert {file.name for file in files[0].parent.iterdir()} == {file.name for file in files} | {"08_solved.ipynb"}
    before = files[0].read_bytes()

    def full(part, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(slides.os, "replace", full)
    with pytest.raises(SystemExit, match="No space left"):
        slides.main(["--out", str(files[0].parent), "08"])
    assert files[0].read_bytes() == before and len(list(files[0].parent.iterdir())) == 3
