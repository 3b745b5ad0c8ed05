"""Chapters as slides that need no network: `python tools/slides.py [--out FOLDER] [CHAPTER ...]`, a number or a file.

One HTML file a chapter, with all that it needs inside: reveal.js, the pictures, and formulas as MathML, which browsers
draw themselves. A heading begins a slide; where a section is taller than the screen, the browser goes on on a further
slide below. Answers are left out as in `student.py`.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import sys
from pathlib import Path

import nbformat
from jinja2 import pass_context
from nbconvert import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from student import read, student_copy

from notebooks import BADGE_TAG, CHAPTERS, NEXT_TAG, NOTEBOOKS, ROOT, SETUP_TAG


class Renderer(IPythonRenderer):
    """Markdown whose formulas become MathML, and whose links to chapters lead to their slides."""

    def block_math(self, body):
        return self.inline_math(body, display="block")

    def link(self, text, url, title=None):
        return super().link(text, re.sub(r"^(\d\d_\w+)\.ipynb", r"\1.slides.html", url), title)

    def inline_math(self, body, display="inline"):
        from latex2mathml.converter import convert

        found = convert(body, display=display)  # it leaves no space between a function and its argument
        return re.sub(r"<mi>\w{2,}</mi>", r'<mrow>\g<0><mspace width="0.17em"/></mrow>', found)


class Slides(SlidesExporter):
    """nbconvert's slides, with this Markdown."""

    @pass_context
    def markdown2html(self, context, source):
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)
        return MarkdownWithMath(renderer=renderer).render(source)


def sections(cell) -> list:
    """A text cell cut before each heading, marked with what the heading begins; other cells as they are."""
    parts, in_code = [[]], False
    for line in cell.source.splitlines() if cell.cell_type == "markdown" else ():
        in_code ^= line.startswith("```")
        if parts[-1] and not in_code and re.match("#{1,3} ", line):
            parts.append([])
        parts[-1].append(line)
    sources = ["\n".join(part) for part in parts] if parts[-1] else [cell.source]
    cells = [nbformat.from_dict({**cell, "source": source, "id": f"{cell.id}{'-' * n}{n or ''}"})
             for n, source in enumerate(sources)]
    for one in cells:
        level = one.cell_type == "markdown" and re.match("(#{1,3}) ", one.source)
        kind = ("slide", "slide", "subslide")[len(level.group(1)) - 1] if level else "-"
        one.metadata = {"slideshow": {"slide_type": kind}}
    return cells


def slides(path: Path) -> str:
    """The HTML of a chapter's slides. Raises `ValueError` where `path` is no chapter."""
    notebook = student_copy(read(path), path)
    left_out = {SETUP_TAG, BADGE_TAG, NEXT_TAG}
    notebook.cells = [part for cell in notebook.cells if not left_out & set(cell.metadata.get("tags", []))
                      for part in sections(cell)]
    template = Path(__file__).with_suffix(".html.j2").read_text(encoding="utf-8")
    exporter = Slides(raw_template=template, reveal_url_prefix="reveal", exclude_input_prompt=True,
                      exclude_output_prompt=True)
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem}})
    folder = Path(importlib.util.find_spec("sphinx_revealjs").origin).parent / "_static" / "revealjs"

    def inside(tag):
        if tag["file"].startswith("dist/theme"):  # the template has a style of its own
            return ""
        kind = "script" if tag["file"].endswith(".js") else "style"
        return f"<{kind}>{(folder / tag['file']).read_text(encoding='utf-8')}</{kind}>"

    return re.sub(r'<(?:link|script)[^>]*(?:href|src)="reveal/(?P<file>[^"]+)"[^>]*>(?:</script>)?', inside, page)


def chapter(given: str) -> Path:
    """The file of a chapter that is named by its number, or by its file."""
    found = sorted(NOTEBOOKS.glob(f"{given}_*.ipynb")) if re.fullmatch(r"\d\d", given) else [Path(given)]
    if not found:
        known = ", ".join(path.name[:2] for path in sorted(NOTEBOOKS.glob(CHAPTERS)))
        raise ValueError(f"There is no chapter {given}: choose one of {known}, as in `make slides CHAPTER=08`.")
    return found[0]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="numbers or files; all of the course's unless named")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "slides", help="a folder (build/slides)")
    given = parser.parse_args(arguments)
    missing = [name for name in ("sphinx_revealjs", "latex2mathml") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"Slides need {' and '.join(missing)}, which {sys.executable} lacks: `make slides` installs it.")
    try:
        for path in [chapter(one) for one in given.chapters] or sorted(NOTEBOOKS.glob(CHAPTERS)):
            page = slides(path)
            given.out.mkdir(parents=True, exist_ok=True)
            target = given.out / f"{path.stem}.slides.html"
            part = target.with_suffix(".part")
            try:
                part.write_text(page, encoding="utf-8")
                os.replace(part, target)
            finally:
                part.unlink(missing_ok=True)
            print(target)
    except ValueError as error:
        sys.exit(f"No slides were made of this. {error}")
    except OSError as error:
        sys.exit(f"Can't write to {given.out} ({error.strerror}): name another folder, as in `make slides OUT=...`.")


if __name__ == "__main__":
    main()
