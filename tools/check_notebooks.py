"""The rules of a chapter's anatomy that a machine can check: `python tools/check_notebooks.py [FILE ...]`.

Prints a line for each breach: the file, the cell under its heading, the reason. A rule is a function of a notebook
and its path that yields (cell or None, reason); of the path only the name and its neighbours count. What ruff
finds in the code of the chapters is reported too.
"""

from __future__ import annotations

import ast
import copy
import re
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat

import notebooks as tool  # tools/notebooks.py
from gan_helpers import checks

ROOT = Path(__file__).resolve().parent.parent


def tags(cell):
    return cell.metadata.get("tags", [])


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def headings(notebook):
    """(level, words) of each heading, outside fenced code."""
    told = "\n\n".join(re.sub(r"^```.*?^```", "", cell.source, flags=re.M | re.S) for cell in text(notebook))
    return [(len(level), words) for level, words in re.findall(r"^(#+) +(.+?) *$", told, re.M)]


def opening_and_order(notebook, path):
    """Badge, H1, objectives, minutes, Setup, imports; sections that end with Summary, Exercises, Quiz; link onwards."""
    badge, opening, *_, last = notebook.cells
    if "badge" not in tags(badge) or "next" not in tags(last):
        yield None, "the first cell must be tagged badge, the last one next"
    for wanted in (r"^# \S", r"You will be able to", r"Minutes: \d+", r"[Bb]uilds on"):
        if not re.search(wanted, opening.source, re.M):
            yield opening, f"the second cell lacks {wanted!r}"
    if [level for level, _ in headings(notebook)].count(1) != 1:
        yield None, "there must be one H1"
    if "setup" not in tags(code(notebook)[0]) or not re.match("import |from ", code(notebook)[1].source):
        yield code(notebook)[0], "the first code cell must be tagged setup, the second must import"
    sections = [words for level, words in headings(notebook) if level == 2]
    if sections[-3:] != ["Summary", "Exercises", "Quiz"] or len(sections) < 4:
        yield None, f"sections must end with Summary, Exercises, Quiz: {sections}"
    sources = "\n".join(cell.source for cell in code(notebook))
    if re.search(r"^(import|from) (keras|tensorflow)", sources, re.M) and "set_random_seed(" not in sources:
        yield None, "Keras is imported and keras.utils.set_random_seed isn't called"


def shared_cells(notebook, path):
    """The Setup cell, the badge and the link onwards are those that `make notebooks` writes."""
    for tag, source in tool.shared_sources(path).items():
        found = [cell for cell in notebook.cells if tag in tags(cell)]
        if [cell.source for cell in found] != [source]:
            yield (found or [None])[0], f"the cell tagged {tag} isn't what `make notebooks CHAPTERS=...` writes"


def stable_ids(notebook, path):
    """Cell ids are unique, readable names."""
    ids = [cell.get("id", "") for cell in notebook.cells]
    for cell in notebook.cells:
        name = cell.get("id", "")
        if ids.count(name) > 1:
            yield cell, f"its id {name!r} occurs twice"
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or re.match(r"[0-9a-f]{8}(-|$)", name):
            yield cell, f"its id {name!r} isn't a readable name"


def run_from_top(notebook, path):
    """Run once, from top to bottom, without an error that the cell doesn't announce.

    A cell for readers alone, tagged for nbclient and for nbval, isn't run at all.
    """
    count = 0
    for cell in code(notebook):
        left_out = {"skip-execution", "nbval-skip"} & set(tags(cell))
        if len(left_out) == 1:
            yield cell, f"is tagged {left_out.pop()} alone: nbclient wants skip-execution, nbval nbval-skip"
        count += not left_out
        if cell.execution_count != (None if left_out else count):
            yield cell, (f"execution count {cell.execution_count} instead of {None if left_out else count}: not run "
                         "from top to bottom")
        if any(o.output_type == "error" for o in cell.outputs) and "raises-exception" not in tags(cell):
            yield cell, "stores an error"


def small_cells(notebook, path):
    """No code cell above 25 lines, a median of 5 or fewer, as much text as code."""
    lines = [len(re.findall(r"^.*\S", cell.source, re.M)) for cell in code(notebook)]
    for cell, n in zip(code(notebook), lines, strict=True):
        if n > 25:
            yield cell, f"has {n} lines, more than 25"
    if statistics.median(lines) > 5:
        yield None, f"the median code cell has {statistics.median(lines)} lines, more than 5"
    if len(text(notebook)) < len(lines):
        yield None, f"{len(lines)} code cells, but only {len(text(notebook))} text cells"


def normal_form(notebook, path):
    """No stderr, widget state or view, times or other metadata; printed text in one piece; 1.5 MB at most."""
    normal = copy.deepcopy(notebook)
    tool.normalise(normal)
    if normal.metadata != notebook.metadata:
        yield None, f"stores metadata of the notebook that a run changes: {dict(notebook.metadata)}"
    for stored, wanted in zip(notebook.cells, normal.cells, strict=True):
        if stored != wanted:
            yield stored, "isn't in normal form (stderr, a widget's state or view, metadata, cut text)"
    if (size := len(nbformat.writes(notebook))) > 1.5e6:
        yield None, f"{size / 1e6:.1f} MB, larger than 1.5 MB"


def described_images(notebook, path):
    """Every stored image has alt text, and so has every image in the text."""
    for cell in code(notebook):
        for output in cell.outputs:
            for kind in output.get("data", {}):
                if kind.startswith("image/") and len(output.metadata.get(kind, {}).get("alt", "").strip()) < 15:
                    yield cell, f"an {kind} without alt text"
    for cell in text(notebook):
        if re.search(r"!\[\s*\]\(|<img(?![^>]*alt=[\"'][^\"']+)", cell.source):
            yield cell, "an image without alt text"


PRIVATE = {
    r"(?<![\w.:/~-])/(?:home|root|work|Users|tmp|var|mnt|opt|private)/": "a path of the machine that ran it",
    r"\b[A-Z]:\\\w": "a path of the machine that ran it",
    r"https?://(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|[\w.-]+\.(?:internal|local|lan|corp)\b)":
        "a private host",
    r"\bat 0x[0-9a-f]{6}": "an address in memory",
    r"plt\.show|filterwarnings|^!pip|verbose=1": "a habit that breaks a comparison or hides a fault",
}
MACHINE = {
    r"\b(?:\d+\.\d+ ?|\d+ )s\b": "a time",
    r"\b\d+(?:\.\d+)? ?(?:ms|µs|us|seconds|minutes|MB|GB|MiB|GiB|GHz)\b(?! or more)": "a time or a size",
    r"\b\d[\d.,]* ?(?:steps?|images?|it|batch(?:es)?|epochs?)/s\b": "a speed",
    r"\b\d+:\d\d:\d\d\b": "a time",
    r"\b\d+\.\d+\.\d+\b": "a version",
    r"\b\d(?:\.\d+)?e-1\d\b|(?<![\d.:/])-?\d+\.\d{5,}(?:e[+-]?\d+)?\b": "a number with more than four decimals",
}


def printed(cell, kinds=("text/plain", "text/html", "text/markdown", "text/latex")):
    """What the outputs of a cell say in text of these kinds."""
    for output in cell.outputs:
        yield output.get("text", "") + output.get("evalue", "") + "".join(output.get("traceback", ()))
        yield from (said for kind, said in output.get("data", {}).items() if kind in kinds)


def nothing_private(notebook, path):
    """No path or host of the machine that ran it, no address in memory, no habit that breaks a comparison."""
    for cell in notebook.cells:
        for said in [cell.source, *(printed(cell) if cell.cell_type == "code" else ())]:
            for pattern, reason in PRIVATE.items():
                yield from ((cell, f"{found!r}: {reason}") for found in re.findall(pattern, said, re.M))


def stable_numbers(notebook, path):
    """No output that nbval compares depends on the machine or on a version: rounded, or an inequality instead."""
    fixed = (ROOT / "pyproject.toml").read_text()  # TF-GAN's version, say, is the same everywhere
    for cell in code(notebook):
        for said in printed(cell, kinds=("text/plain", "text/markdown", "text/latex")):
            for pattern, kind in MACHINE.items():
                for found in re.findall(pattern, said):
                    if found not in fixed:
                        yield cell, (f"prints {found.strip()!r}, {kind}: other machines give another. Round it, or "
                                     "print an inequality that the cell asserts")


def links_lead_somewhere(notebook, path):
    """A link in the text leads to a file of the project, to a heading of the chapter, or to a public https address."""
    anchors = {re.sub(r"\s+", "-", re.sub("[`*$]", "", words).strip()) for _, words in headings(notebook)}
    for cell in text(notebook):
        source = re.sub(r"^```.*?^```|`[^`\n]*`|\$[^$]*\$", "", cell.source, flags=re.M | re.S)
        for target in re.findall(r"\]\(\s*<?([^)>\s]*)", source) + re.findall(r"(?:href|src)=[\"']([^\"']*)", source):
            where, _, anchor = target.partition("#")
            if where.startswith("https://"):
                broken = not re.match(r"https://[\w-]+(\.[\w-]+)+(/|\?|$)", where)
            elif where:
                broken = ":" in where or not (tool.NOTEBOOKS / where).is_file()
            else:
                broken = anchor not in anchors
            if broken:
                yield cell, f"the link to {target!r} leads nowhere"


def exercises_and_quiz(notebook, path):
    """Three or more exercises, each with its stub, its check, and its help named; a quiz."""
    chapter, cells = path.name[:2], code(notebook)
    told = "\n".join(cell.source for cell in text(notebook))
    mine = [i for i, cell in enumerate(cells) if "exercise" in tags(cell)]
    wanted = checks.exercises(chapter)
    if len(mine) != len(wanted) or len(mine) < 3:
        yield None, f"{len(mine)} cells are tagged exercise; the chapter has {len(wanted)} exercises"
    for i, exercise in zip(mine, wanted, strict=False):
        stub = "\n".join(line for line in cells[i].source.splitlines() if not line.startswith("check("))
        if stub.strip() != exercise.stub.strip():
            yield cells[i], f"differs from the stub of {exercise.id}"
        call = f'check("{exercise.id}", {", ".join(exercise.names)})'
        if call not in cells[i].source + "\n".join(cell.source for cell in cells[i + 1 : i + 2]):
            yield cells[i], f"{call} isn't called here or in the next cell"
        yield from ((cells[i], f"{f}({exercise.id!r}) isn't named") for f in ("hint", "solution")
                    if f'{f}("{exercise.id}")' not in told)
    if not any(cell.source.endswith(f'quiz("{chapter}")') for cell in cells):
        yield None, "no cell ends with the quiz"


def bare(tree):
    """A definition without docstrings and annotations, which don't change what it does."""
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        for name in ("annotation", "returns"):
            if hasattr(node, name) and not isinstance(node, ast.AnnAssign):
                setattr(node, name, None)
    return ast.dump(tree)


def definitions(source):
    return {n.name: bare(n) for n in ast.parse(source).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}


def same_as_the_package(notebook, path):
    """Definitions in cells tagged `twin` are those of the same name in the package."""
    twins = [cell for cell in code(notebook) if "twin" in tags(cell)]
    package = [definitions(p.read_text()) for p in sorted((ROOT / "gan_helpers").rglob("*.py"))] if twins else []
    for cell in twins:
        shown = definitions(cell.source)
        if not shown:
            yield cell, "is tagged twin and defines nothing"
        for name, definition in shown.items():
            known = [module[name] for module in package if name in module]
            if definition not in known:
                yield cell, f"{name} {'differs from' if known else 'is not in'} the package"


RULES = [opening_and_order, shared_cells, stable_ids, run_from_top, small_cells, normal_form, described_images,
         nothing_private, stable_numbers, links_lead_somewhere, exercises_and_quiz, same_as_the_package]


def breaches(path, rules=RULES):
    """One line for each breach of a rule in the chapter at `path`: file, heading, cell, reason."""
    notebook = nbformat.read(path, as_version=4)
    for rule in rules:
        for cell, reason in rule(notebook, path):
            place = "" if cell is None else f" › {tool.heading(notebook, cell)} › {cell.get('id', '?')}"
            yield f"{path.name}{place}: {reason}"


def main(names: list[str]) -> int:
    paths = [Path(name) for name in names] or sorted(tool.NOTEBOOKS.glob(tool.CHAPTERS))
    found = []
    for path in paths:
        try:
            found += breaches(path)
        except Exception as error:  # not a notebook, no H1, an answer cell that isn't Python: the reason, and on
            found.append(f"{path.name} can't be checked: {type(error).__name__}: {error}")
    ruff = subprocess.run([sys.executable, "-m", "ruff", "check", "--quiet", "--output-format=concise",
                           f"--config={ROOT / 'pyproject.toml'}", *paths], capture_output=True, text=True)
    found += (ruff.stdout + ruff.stderr).splitlines()
    print("\n".join(found) if found else f"{len(paths)} chapters keep all {len(RULES)} rules.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
