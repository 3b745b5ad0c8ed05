"""Every chapter: it runs and prints what is stored (nbval), and it keeps the rules of its anatomy.

NBVAL=lax runs the chapters without comparing their outputs, for other versions than the lock's.
The mutations at the end prove that each rule, and nbval itself, can fail.
"""

import ast
import inspect
import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_rules import ROOT, RULES, code, same_as_the_package, tool

from gan_helpers import checks, data

CHAPTERS = sorted(tool.NOTEBOOKS.glob(tool.CHAPTERS))
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def nbval(path, mode, *options):
    """Run nbval on one notebook in a process of its own; returns what it printed, empty when all is well."""
    flag = {"strict": "--nbval", "lax": "--nbval-lax"}[mode]
    command = [sys.executable, "-m", "pytest", flag, "--nbval-cell-timeout=300", "-qp", "no:cacheprovider",
               f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}", *options, str(path)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=600)
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout[-12_000:] + done.stderr[-2_000:])  # without colours
    return "" if done.returncode == 0 else said or f"pytest ended with {done.returncode} and said nothing"


@each_chapter
def test_a_chapter_runs_and_prints_what_is_stored(path):
    said = nbval(path, os.environ.get("NBVAL", "strict"))
    assert not said, said


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@each_chapter
def test_a_chapter_keeps_the_rule(path, rule):
    complaints = list(rule(nbformat.read(path, as_version=4), path))
    assert not complaints, "\n".join(complaints)


def test_all_chapters_together_stay_small():
    assert sum(path.stat().st_size for path in CHAPTERS) < 15e6


@each_chapter
def test_a_chapter_is_stored_with_sorted_keys(path):
    assert path.read_text(encoding="utf-8") == nbformat.writes(nbformat.read(path, as_version=4)) + "\n"


# The mutations: a small notebook that keeps every rule, and one change for each way to break one.

PATH = tool.NOTEBOOKS / "00_start_here.ipynb"


def good():
    cells = [
        new_markdown_cell(id="badge", metadata={"tags": ["badge"]}),
        new_markdown_cell("# Title\n\nYou will be able to see. Minutes: 5. Builds on nothing.", id="opening"),
        new_code_cell(id="setup", metadata={"tags": ["setup"]}),
        new_code_cell("import keras", id="imports"),
        new_markdown_cell("## Seeing", id="seeing"),
        new_code_cell("keras.utils.set_random_seed(0)", id="seed"),
        new_markdown_cell("## Summary\n\nLook.", id="summary"),
        new_markdown_cell("## Exercises", id="exercises")]
    for exercise in checks.exercises("00"):
        name, call = exercise.id.replace(".", "-"), f'check("{exercise.id}", {exercise.answer})'
        cells += [
            new_markdown_cell(f'`hint("{exercise.id}")`, `solution("{exercise.id}")`', id=f"about-{name}"),
            new_code_cell(f"{exercise.stub}\n{call}", id=f"exercise-{name}", metadata={"tags": ["exercise"]})]
    cells += [new_markdown_cell("## Quiz", id="quiz-text"), new_code_cell('quiz("00")', id="quiz"),
              new_markdown_cell(id="next", metadata={"tags": ["next"]})]
    notebook = new_notebook(cells=cells)
    tool.prepare(notebook, PATH)
    for count, one in enumerate(code(notebook), 1):
        one.execution_count = count
    alt = {"image/png": {"alt": "A blue line falls."}}
    cell(notebook, "seed").outputs = [
        new_output("stream", text="ok\n"), new_output("display_data", {"image/png": "aGk="}, metadata=alt)]
    tool.normalise(notebook)
    return notebook


def cell(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def put(name, **changes):
    """A mutation that changes fields of one cell."""
    return lambda notebook: cell(notebook, name).update(changes)


def show(source):
    return put("seed", source=source, metadata={"tags": ["twin"]})


def swap(name, old, new):
    def mutate(notebook):
        assert old in cell(notebook, name).source
        cell(notebook, name).source = cell(notebook, name).source.replace(old, new)
    return mutate


def drop(name):
    return lambda notebook: notebook.cells.remove(cell(notebook, name))


def say(**output):
    return lambda notebook: cell(notebook, "seed").outputs.append(new_output(**output))


MUTATIONS = [
    ("opening_and_order", drop("badge")),
    ("opening_and_order", drop("next")),
    ("opening_and_order", drop("setup")),
    ("opening_and_order", drop("imports")),
    ("opening_and_order", drop("summary")),
    ("opening_and_order", swap("opening", "You will be able to", "We")),
    ("opening_and_order", swap("opening", "Minutes: 5", "Short")),
    ("opening_and_order", swap("opening", "Builds on", "After")),
    ("opening_and_order", swap("summary", "Look", "# Look")),
    ("opening_and_order", swap("seed", "set_random_seed", "clear_session")),
    ("shared_cells", swap("setup", "--quiet", "-q")),
    ("shared_cells", swap("badge", "00_", "01_")),
    ("shared_cells", put("next", source="")),
    ("shared_cells", drop("setup")),
    ("stable_ids", put("summary", id="opening")),
    ("stable_ids", put("summary", id="1f3a90bc")),
    ("run_from_top", put("seed", execution_count=9)),
    ("run_from_top", put("seed", execution_count=None)),
    ("run_from_top", say(output_type="error", ename="NameError", evalue="x", traceback=[])),
    ("small_cells", put("seed", source=26 * "x = 1\n")),
    ("small_cells", lambda notebook: [one.update(source=6 * "x = 1\n") for one in code(notebook)]),
    ("small_cells", lambda notebook: notebook.update(cells=code(notebook))),
    ("normal_form", say(output_type="stream", name="stderr", text="W0000 noise")),
    ("normal_form", say(output_type="display_data", data={tool.WIDGET_VIEW: {"model_id": "1"}})),
    ("normal_form", lambda notebook: notebook.metadata.update(widgets={"state": {}})),
    ("normal_form", put("summary", metadata={"execution": {"iopub.status.busy": "now"}})),
    ("normal_form", swap("summary", "Look", "Look" * 400_000)),
    ("described_images", say(output_type="display_data", data={"image/png": "aGk="})),
    ("described_images", put("imports", outputs=[new_output("display_data", {"image/png": "aGk="}, metadata={
        "image/png": {"alt": " "}})])),
    ("nothing_private", say(output_type="stream", text="saved in /home/anna/gan.keras")),
    ("nothing_private", say(output_type="display_data", data={"text/plain": "<Model at 0x7f3a2b1c>"})),
    ("nothing_private", swap("summary", "Look", "See http://files.school.internal/")),
    ("nothing_private", swap("seed", "keras", "G.fit(x, verbose=1); keras")),
    ("exercises_and_quiz", swap("exercise-00-2", "raise NotImplementedError", "return 1")),
    ("exercises_and_quiz", swap("exercise-00-2", "check(", "print(")),
    ("exercises_and_quiz", swap("about-00-1", "hint", "ask")),
    ("exercises_and_quiz", drop("exercise-00-3")),
    ("exercises_and_quiz", drop("quiz")),
    ("same_as_the_package", show("def noise(n):\n    return n")),
    ("same_as_the_package", show("def no_such_thing(n):\n    return n")),
    ("same_as_the_package", show("x = 1")),
]


@pytest.mark.parametrize("rule, mutate", MUTATIONS, ids=[f"{one[0]}-{i}" for i, one in enumerate(MUTATIONS)])
def test_a_rule_complains_of_what_it_is_for(rule, mutate):
    notebook, rule = good(), next(one for one in RULES if one.__name__ == rule)
    assert not list(rule(notebook, PATH))
    mutate(notebook)
    assert list(rule(notebook, PATH))


def test_every_rule_has_a_mutation():
    assert {name for name, _ in MUTATIONS} == {rule.__name__ for rule in RULES}


def test_a_twin_may_lack_the_docstring_and_nothing_else():
    shown = ast.parse(inspect.getsource(data.to_unit_range))
    del shown.body[0].body[0]
    notebook = good()
    show(ast.unparse(shown))(notebook)
    assert not list(same_as_the_package(notebook, PATH))
    swap("seed", "127.5", "128.5")(notebook)
    assert list(same_as_the_package(notebook, PATH)) == ["to_unit_range in seed differs from the package's"]


def test_nbval_finds_a_changed_output_and_passes_over_what_always_changes(tmp_path):
    path = tmp_path / "small.ipynb"
    always_changes = "import os, sys\nfrom IPython.display import HTML\nprint(os.getpid(), file=sys.stderr)\n"

    def stored(said, source=always_changes + "print(2 + 2)\nHTML(str(os.getpid()))"):
        outputs = [new_output("stream", text=said), new_output("execute_result", {
            "text/html": "1", "text/plain": "<IPython.core.display.HTML object>"}, execution_count=1)]
        nbformat.write(new_notebook(cells=[new_code_cell(source, execution_count=1, outputs=outputs)]), path)
        return path

    ours = ("-p", "conftest")  # the repository's conftest.py, which isn't in a folder above this one
    assert not nbval(stored("4\n"), "strict", *ours)
    said = nbval(stored("5\n"), "strict", *ours)
    assert "print(2 + 2)" in said and "mismatch 'stdout'" in said
    assert not nbval(stored("5\n"), "lax", *ours)
    assert "ZeroDivisionError" in nbval(stored("4\n", "1 / 0"), "lax", *ours)
