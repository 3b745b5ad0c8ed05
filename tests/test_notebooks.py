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

import check_notebooks
import nbformat
import pytest
from check_notebooks import ROOT, RULES, code, same_as_the_package
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebooks as tool
from gan_helpers import checks, data

CHAPTERS = sorted(tool.NOTEBOOKS.glob(tool.CHAPTERS))
# Chapters are written, and their outputs compared, on the lock's versions; Colab's environment only runs them.
where_chapters_are_written = pytest.mark.skipif(
    os.environ.get("NBVAL", "strict") == "lax", reason="ruff and strict nbval need the lock's versions")
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
    """In a kernel of its own, in whatever order these tests run; it leaves nothing behind for another chapter."""
    before = {one for one in os.listdir(path.parent) if not one.startswith(".")}
    said = nbval(path, os.environ.get("NBVAL", "strict"))
    assert not said, said
    assert {one for one in os.listdir(path.parent) if not one.startswith(".")} <= before


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@each_chapter
def test_a_chapter_keeps_the_rule(path, rule):
    complaints = list(check_notebooks.breaches(path, [rule]))
    assert not complaints, "\n".join(complaints)


@where_chapters_are_written
def test_the_command_says_that_all_is_well(capsys):
    assert check_notebooks.main([]) == 0
    assert capsys.readouterr().out == f"{len(CHAPTERS)} chapters keep all {len(RULES)} rules.\n"


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
    ("run_from_top", put("seed", metadata={"tags": ["skip-execution", "nbval-skip"]})),
    ("run_from_top", put("seed", execution_count=None, metadata={"tags": ["skip-execution"]})),
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
    ("described_images", swap("summary", "Look.", "![](../docs/demo.png)")),
    ("described_images", swap("summary", "Look.", '<img src="../docs/demo.png" alt="">')),
    ("described_images", put("imports", outputs=[new_output("display_data", {"image/png": "aGk="}, metadata={
        "image/png": {"alt": " "}})])),
    ("nothing_private", say(output_type="stream", text="saved in /home/anna/gan.keras")),
    ("nothing_private", say(output_type="display_data", data={"text/plain": "<Model at 0x7f3a2b1c>"})),
    ("nothing_private", swap("summary", "Look", "See http://files.school.internal/")),
    ("nothing_private", swap("seed", "keras", "G.fit(x, verbose=1); keras")),
    ("stable_numbers", say(output_type="stream", text="trained in 12.5 s")),
    ("stable_numbers", say(output_type="stream", text="a thousand at 2,248 images/s")),
    ("stable_numbers", say(output_type="stream", text="took 0:01:04")),
    ("stable_numbers", say(output_type="display_data", data={"text/plain": "0.69314718"})),
    ("stable_numbers", say(output_type="stream", text="TensorFlow 2.21.0")),
    ("stable_numbers", say(output_type="stream", text="needs 512 MB")),
    ("stable_numbers", say(output_type="stream", text="off by 2.2e-16")),
    ("nothing_private", say(output_type="error", ename="OSError", evalue="/home/anna/x", traceback=[])),
    ("stable_ids", put("summary", id="3f2a9b1c-1d2e-4f5a-9b1c-0123456789ab")),
    ("links_lead_somewhere", swap("summary", "Look.", "[see](01_nothing.ipynb)")),
    ("links_lead_somewhere", swap("summary", "Look.", "[see](#Nothing)")),
    ("links_lead_somewhere", swap("summary", "Look.", "[see]()")),
    ("links_lead_somewhere", swap("summary", "Look.", "[see](http://example.org/a)")),
    ("links_lead_somewhere", swap("summary", "Look.", "[see](https://TODO)")),
    ("links_lead_somewhere", swap("summary", "Look.", '<a href="files/x.pdf">see</a>')),
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


@pytest.mark.parametrize("said", ["1.5 GB or more", "TF-GAN 2.1.0", "0.6931 nats", "(1500, 28, 28, 1)",
                                  "D takes the 3s for 5s"])
def test_a_number_that_is_the_same_everywhere_is_no_breach(said):
    notebook = good()
    say(output_type="stream", text=said)(notebook)
    assert not list(check_notebooks.stable_numbers(notebook, PATH))


@pytest.mark.parametrize("link", ["[a](#Seeing)", "[a](06_data.ipynb)", "[a](../README.md)", "`[a](b)`",
                                  "[a](https://arxiv.org/abs/1406.2661)",
                                  "[a](https://example.com?x=1)", "$D[a](z)$", "```python\nx[0](1)\n```"])
def test_a_link_that_leads_somewhere_is_no_breach(link):
    notebook = good()
    swap("summary", "Look.", link)(notebook)
    assert not list(check_notebooks.links_lead_somewhere(notebook, PATH))


# A real chapter, broken on purpose: the rules, or nbval, must say where and why.


def exchange(first, second):
    """Two cells in the wrong order, the execution counts put right as by hand."""
    def mutate(notebook):
        i, j = (notebook.cells.index(cell(notebook, name)) for name in (first, second))
        notebook.cells[i], notebook.cells[j] = notebook.cells[j], notebook.cells[i]
        for count, one in enumerate(code(notebook), 1):
            one.execution_count = count
    return mutate


def store(name, old, new):
    """The stored text output of a cell says `new` instead of `old`."""
    def mutate(notebook):
        output = cell(notebook, name).outputs[0]
        place, key = (output, "text") if "text" in output else (output.data, "text/plain")
        assert old in place[key]
        place[key] = place[key].replace(old, new)
    return mutate


def add(where, **output):
    return lambda notebook: cell(notebook, where).outputs.append(new_output(**output))


def without_alt(name):
    return lambda notebook: [output.update(metadata={}) for output in cell(notebook, name).outputs]


STUB, SOLUTION = (getattr(checks.exercises("00")[1], part).strip() for part in ("stub", "solution"))
BREAKAGES = {  # what is broken: the change, who must notice, what must be said of it
    "a wrong number in the output": (store("live-numbers", "20%", "21%"), "nbval", "live-numbers"),
    "an exception": (swap("pick-digits", "range(10)", "range(11)"), "nbval", "IndexError"),
    "two cells exchanged": (exchange("load-digits", "first-digits"), "nbval", "NameError: name 'x'"),
    "an output that isn't the code's": (store("load-digits", "1500", "1797"), "nbval", "load-digits"),
    "a cell run twice": (put("pick-digits", execution_count=30), "rules", "not run from top to bottom"),
    "a stub that passes": (swap("exercise-00-2", STUB, SOLUTION), "rules", "differs from the stub of 00.2"),
    "an exercise without check": (swap("exercise-00-2", 'check("00.2", sigmoid)', ""), "rules", "isn't called"),
    "a picture without alt text": (without_alt("two-players"), "rules", "an image/png without alt text"),
    "stderr stored": (add("ready", output_type="stream", name="stderr", text="W00 oneDNN"), "rules", "normal form"),
    "a widget's state stored": (lambda notebook: notebook.metadata.update(widgets={"state": {}}), "rules", "metadata"),
    "another Setup cell": (swap("setup", "%pip", "!pip"), "rules", "the cell tagged setup isn't what"),
    "a time printed": (add("ready", output_type="stream", text="ready after 3.1 s"), "rules", "'3.1 s', a time"),
    "a link to nowhere": (swap("summary", "## Summary", "## Summary\n\n[old](00_intro.ipynb)"), "rules",
                          "'00_intro.ipynb' leads nowhere"),
    "no objectives": (swap("opening", "You will be able to", "This is about"), "rules", "lacks 'You will be able to'"),
    "no minutes": (swap("opening", "Minutes: ", "About "), "rules", "lacks 'Minutes"),
    "a cell too long": (swap("pick-digits", "list(first)", "first\n" * 30), "rules", "31 lines, more than 25"),
}


@where_chapters_are_written
@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_chapter_is_caught(name, tmp_path, capsys):
    mutate, who, said = BREAKAGES[name]
    path = tmp_path / PATH.name
    notebook = nbformat.read(PATH, as_version=4)
    nbformat.write(notebook, path)
    for other in CHAPTERS[1:2]:  # what the link onwards leads to
        (tmp_path / other.name).write_bytes(other.read_bytes())
    assert check_notebooks.main([str(path)]) == 0
    mutate(notebook)
    nbformat.write(notebook, path)
    if who == "nbval":
        report = nbval(path, "strict", "-p", "conftest")
    else:
        assert check_notebooks.main([str(path)]) == 1
        report = capsys.readouterr().out
    assert said in report, report
    if who == "nbval" or "›" in report:
        assert re.search(PATH.name + r" › .+ › [a-z0-9-]+", report), report


def test_a_file_that_is_no_chapter_is_named(tmp_path, capsys):
    (tmp_path / "00_broken.ipynb").write_text("{}")
    assert check_notebooks.main([str(tmp_path / "00_broken.ipynb"), str(PATH)]) == 1
    assert "00_broken.ipynb can't be checked" in capsys.readouterr().out


# tools/notebooks.py.


@pytest.fixture
def small(tmp_path):
    """Write a chapter with these code cells, and return its path."""
    def make(name, *sources):
        cells = [new_markdown_cell("# Small\n\n## The part", id="opening")]
        cells += [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
        nbformat.write(new_notebook(cells=cells), tmp_path / name)
        return tmp_path / name
    return make


def test_two_runs_write_the_same_bytes(small, capsys):
    noisy = "import sys, time\nprint('a'); time.sleep(0.1); print('b'); print(time.time(), file=sys.stderr)"
    paths = [small("01_a.ipynb", noisy, "import ipywidgets\nipywidgets.IntSlider()"), small("02_b.ipynb", "1 + 1")]
    written = []
    for at_once in ("1", "2"):
        assert tool.main([*map(str, paths), "--at-once", at_once]) == 0
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
    assert len(re.findall(r"^0\d_\w\.ipynb: \d+ s$", capsys.readouterr().out, re.M)) == 4
    stored = nbformat.read(paths[0], as_version=4)
    assert [output.text for output in stored.cells[1].outputs] == ["a\nb\n"]


def test_a_chapter_that_fails_is_named_and_stays_as_it_was(small, capsys):
    bad, good_one = small("01_bad.ipynb", "x = 1", "x / 0"), small("02_good.ipynb", "1 + 1")
    dead = small("03_dead.ipynb", "import os\nos._exit(1)")
    before = bad.read_bytes(), dead.read_bytes()
    none = bad.with_name("04_none.ipynb")
    assert tool.main([str(bad), str(good_one), str(dead), str(none)]) == 1
    said = capsys.readouterr().out
    assert "01_bad.ipynb failed and was not written" in said and "x / 0" in said and "ZeroDivisionError" in said
    assert "03_dead.ipynb was not written: its kernel died" in said and "04_none.ipynb can't be used" in said
    assert before == (bad.read_bytes(), dead.read_bytes()) and not list(bad.parent.glob("*.part"))
    assert code(nbformat.read(good_one, as_version=4))[0].execution_count == 1


def test_the_number_of_chapters_at_once_is_checked(capsys):
    with pytest.raises(SystemExit):
        tool.main(["--at-once", "0"])
    assert "--at-once must be 1 or more, got 0" in capsys.readouterr().err


def test_a_twin_may_lack_the_docstring_and_nothing_else():
    shown = ast.parse(inspect.getsource(data.to_unit_range))
    del shown.body[0].body[0]
    notebook = good()
    show(ast.unparse(shown))(notebook)
    assert not list(same_as_the_package(notebook, PATH))
    swap("seed", "127.5", "128.5")(notebook)
    assert [reason for _, reason in same_as_the_package(notebook, PATH)] == ["to_unit_range differs from the package"]


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
