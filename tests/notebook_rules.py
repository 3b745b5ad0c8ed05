"""The rules of a chapter's anatomy that a machine can check, for `test_notebooks`.

A rule is a function of a notebook and its path that yields complaints; of the path only the name counts.
"""

import ast
import copy
import importlib.util
import re
import statistics
from pathlib import Path

import nbformat

from gan_helpers import checks

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("notebooks_tool", ROOT / "tools" / "notebooks.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def tags(cell):
    return cell.metadata.get("tags", [])


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def outputs(notebook):
    return [output for cell in code(notebook) for output in cell.outputs]


def opening_and_order(notebook, path):
    badge, opening, *_, last = notebook.cells
    if "badge" not in tags(badge) or "next" not in tags(last):
        yield "the first cell must be tagged badge, the last one next"
    for wanted in (r"^# \S", r"You will be able to", r"Minutes: \d+", r"[Bb]uilds on"):
        if not re.search(wanted, opening.source, re.M):
            yield f"the second cell lacks {wanted!r}"
    if len(re.findall(r"^# ", "\n".join(cell.source for cell in text(notebook)), re.M)) != 1:
        yield "there must be one H1"
    if "setup" not in tags(code(notebook)[0]) or not re.match("import |from ", code(notebook)[1].source):
        yield "the first code cell must be tagged setup, the second must import"
    sections = re.findall(r"^## +(.+?) *$", "\n".join(cell.source for cell in text(notebook)), re.M)
    if sections[-3:] != ["Summary", "Exercises", "Quiz"] or len(sections) < 4:
        yield f"sections must end with Summary, Exercises, Quiz: {sections}"
    sources = "\n".join(cell.source for cell in code(notebook))
    if re.search(r"^(import|from) (keras|tensorflow)", sources, re.M) and "set_random_seed(" not in sources:
        yield "Keras is imported and keras.utils.set_random_seed isn't called"


def shared_cells(notebook, path):
    for tag, source in tool.shared_sources(path).items():
        found = [cell.source for cell in notebook.cells if tag in tags(cell)]
        if found != [source]:
            yield f"the cell tagged {tag} isn't what `make notebooks CHAPTERS=...` writes: {found}"


def stable_ids(notebook, path):
    ids = [cell.get("id", "") for cell in notebook.cells]
    yield from (f"cell id {i!r} twice" for i in set(ids) if ids.count(i) > 1)
    yield from (f"cell id {i!r} isn't a readable name" for i in ids
                if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", i) or re.fullmatch(r"[0-9a-f]{8}", i))


def run_from_top(notebook, path):
    counts = [cell.execution_count for cell in code(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}"
    for cell in code(notebook):
        if any(o.output_type == "error" for o in cell.outputs) and "raises-exception" not in tags(cell):
            yield f"{cell.id} stores an error"


def small_cells(notebook, path):
    lines = {cell.id: len(re.findall(r"^.*\S", cell.source, re.M)) for cell in code(notebook)}
    yield from (f"{name} has {n} lines" for name, n in lines.items() if n > 25)
    if statistics.median(lines.values()) > 5:
        yield f"the median code cell has {statistics.median(lines.values())} lines"
    if len(text(notebook)) < len(code(notebook)):
        yield f"{len(code(notebook))} code cells, but only {len(text(notebook))} text cells"


def normal_form(notebook, path):
    """No stderr, widget state or view, times or other metadata; printed text in one piece."""
    normal = copy.deepcopy(notebook)
    tool.normalise(normal)
    if normal.metadata != notebook.metadata:
        yield f"notebook metadata {dict(notebook.metadata)}"
    for stored, wanted in zip(notebook.cells, normal.cells, strict=True):
        if stored != wanted:
            yield f"{stored.id} isn't in normal form"
    if len(nbformat.writes(notebook)) > 1.5e6:
        yield "larger than 1.5 MB"


def described_images(notebook, path):
    for output in outputs(notebook):
        for kind in output.get("data", {}):
            if kind.startswith("image/") and len(output.metadata.get(kind, {}).get("alt", "").strip()) < 15:
                yield f"an {kind} without alt text"


def nothing_private(notebook, path):
    """No path or host of the machine that ran it, no address in memory, no habit that breaks a comparison."""
    said = [cell.source for cell in notebook.cells]
    said += [o.get("text") or str({k: v for k, v in o.get("data", {}).items() if "image/" not in k})
             for o in outputs(notebook)]
    for wanted in (r"(?<![\w.:/~-])/(?:home|root|work|Users|tmp|var|mnt|opt|private)/", r"\b[A-Z]:\\\w",
                   r"https?://(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|[\w.-]+\.(?:internal|local|lan|corp)\b)",
                   r"\bat 0x[0-9a-f]{6}", r"plt\.show|filterwarnings|^!pip|verbose=1"):
        yield from (f"{found!r}" for one in said for found in re.findall(wanted, one, re.M))


def exercises_and_quiz(notebook, path):
    chapter, cells = path.name[:2], code(notebook)
    told = "\n".join(cell.source for cell in text(notebook))
    mine = [i for i, cell in enumerate(cells) if "exercise" in tags(cell)]
    wanted = checks.exercises(chapter)
    if len(mine) != len(wanted) or len(mine) < 3:
        yield f"{len(mine)} cells are tagged exercise; the chapter has {len(wanted)} exercises"
    for i, exercise in zip(mine, wanted, strict=False):
        stub = "\n".join(line for line in cells[i].source.splitlines() if not line.startswith("check("))
        if stub.strip() != exercise.stub.strip():
            yield f"{cells[i].id} differs from the stub of {exercise.id}"
        call = f'check("{exercise.id}", {", ".join(exercise.names)})'
        if call not in cells[i].source + "\n".join(cell.source for cell in cells[i + 1 : i + 2]):
            yield f"{call} isn't called in or after {cells[i].id}"
        yield from (f"{f}({exercise.id!r}) isn't named" for f in ("hint", "solution")
                    if f'{f}("{exercise.id}")' not in told)
    if not any(cell.source.endswith(f'quiz("{chapter}")') for cell in cells):
        yield "no cell ends with the quiz"


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
    package = [definitions(p.read_text()) for p in sorted((ROOT / "gan_helpers").rglob("*.py"))]
    for cell in code(notebook):
        shown = definitions(cell.source) if "twin" in tags(cell) else {}
        if "twin" in tags(cell) and not shown:
            yield f"{cell.id} is tagged twin and defines nothing"
        for name, definition in shown.items():
            twins = [module[name] for module in package if name in module]
            if definition not in twins:
                how = "differs from the package's" if twins else "isn't in the package"
                yield f"{name} in {cell.id} {how}"


RULES = [opening_and_order, shared_cells, stable_ids, run_from_top, small_cells, normal_form,
         described_images, nothing_private, exercises_and_quiz, same_as_the_package]
