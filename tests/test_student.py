"""`make student`: copies of the chapters in which nobody can find an answer."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from check_notebooks import ROOT, RULES, tags
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

import notebooks as tool
from gan_helpers import checks

CHAPTERS = sorted(tool.NOTEBOOKS.glob(tool.CHAPTERS))
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


sys.path.append(str(ROOT / "tools"))
student = importlib.import_module("student")


@pytest.fixture
def make_student(capsys):
    def run(*arguments):
        """(exit status or last sentence, what else it said) of the command."""
        try:
            status = student.main(list(map(str, arguments)))
        except SystemExit as end:
            status = end.code
        return status or 0, capsys.readouterr().out
    return run


def shown(text):
    """A cell's output as `execute_result`, plain and as HTML."""
    return new_output("execute_result", {"text/plain": text, "text/html": f"<pre>{text}</pre>"}, execution_count=77)


def solved(path):
    """A chapter as a teacher leaves it: answers everywhere, each in another way."""
    notebook, cells = nbformat.read(path, as_version=4), []
    exercises = list(checks.exercises(path.name[:2]))
    for cell in notebook.cells:
        cells.append(cell)
        if "exercise" not in tags(cell):
            continue
        one, name = exercises.pop(0), cell.id
        cell.source = f'{one.solution}\n\ncheck("{one.id}", {", ".join(one.names)})\nsolution("{one.id}")'
        cell.outputs = [new_output("stream", text=one.solution), shown(one.solution)]
        cells += [
            new_code_cell(one.solution, id=f"{name}-again"),
            new_code_cell(f"{one.names[0]} = (lambda: )", id=f"{name}-unfinished"),
            new_code_cell(f"%time {one.names[0]} = print", id=f"{name}-magic"),
            new_code_cell(f'checks.solution("{one.id}")', id=f"{name}-asked", outputs=[shown(one.solution)]),
            new_code_cell(f'solution("{one.id}")', id=f"{name}-asked-again"),
            new_code_cell(f"%time print({one.names[0]})", id=f"{name}-used", outputs=[shown("9")]),
            new_code_cell("other = 1\n" + one.solution.replace(one.names[0], "other"), id=f"{name}-renamed"),
            new_code_cell("source(answer)", id=f"{name}-printed", outputs=[shown(one.solution)]),
            new_code_cell(f'check("{one.id}", mine)', id=f"{name}-checked", outputs=[shown("right")]),
            new_markdown_cell(f"```python\n{one.solution}\n```", id=f"{name}-told"),
            new_markdown_cell("A teacher's remark.", id=f"{name}-remark"),
        ]
    assert not exercises
    cells.insert(6, new_code_cell(f'solution("{path.name[:2]}.1")', id="early"))
    quiz = next(cell for cell in cells if cell.source.endswith(f'quiz("{path.name[:2]}")'))
    quiz.source, quiz.outputs = f'quiz("{path.name[:2]}", {{1: "b"}})', [shown("1. ✓ b) Yes.")]
    notebook.cells = cells
    notebook.metadata["widgets"] = {"state": "1. ✓ b) Yes."}
    return notebook


def telling_lines(path):
    """Lines of the solutions that stand nowhere in the chapter as it is."""
    chapter = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    lines = {line.strip() for one in checks.exercises(path.name[:2]) for line in one.solution.splitlines()}
    return {line for line in lines if len(line) > 15 and line not in chapter}


@each_chapter
def test_a_solved_chapter_becomes_one_without_answers(path, make_student, tmp_path):
    given, out = tmp_path / path.name, tmp_path / "new" / "student"
    nbformat.write(solved(path), given)
    before = given.read_bytes()
    assert make_student("--out", out, given) == (0, f"{out / path.name}\n")
    assert given.read_bytes() == before
    raw = (out / path.name).read_text(encoding="utf-8")
    copy, chapter = (nbformat.read(file, as_version=4) for file in (out / path.name, path))

    assert len(telling_lines(path)) >= 3
    everything = "\n".join(str(value) for cell in copy.cells for value in (
        cell.source, *(part for output in cell.get("outputs", []) for part in output.get("data", output).values())))
    for line in telling_lines(path):
        assert line not in everything
    assert "✓ b)" not in raw and '{1: "b"}' not in "".join(c.source for c in copy.cells if c.cell_type == "code")

    remarks = [cell for cell in copy.cells if cell.source == "A teacher's remark."]
    used, checked = ([cell for cell in copy.cells if cell.id.endswith(end)] for end in ("-used", "-checked"))
    assert len(remarks) == len(used) == len(checked) == len(checks.exercises(path.name[:2]))
    assert not any(cell.outputs for cell in checked)
    kept = [cell for cell in copy.cells if cell not in remarks + used + checked]
    assert [cell.id for cell in kept] == [cell.id for cell in chapter.cells]
    for now, then in zip(kept, chapter.cells, strict=True):
        assert now.source == then.source
        if "exercise" in tags(then):
            assert not now.outputs
        elif then.source != f'quiz("{path.name[:2]}")':
            shown = [re.sub(r"'execution_count': \d+", "", str(cell.get("outputs"))) for cell in (now, then)]
            assert shown[0] == shown[1]

    for cell in (one for one in copy.cells if one.cell_type == "code"):
        assert {output.execution_count for output in cell.outputs if "execution_count" in output} <= {
            cell.execution_count}
    copy.cells = kept
    run = [one for one in copy.cells if one.cell_type == "code" and "skip-execution" not in tags(one)]
    for count, cell in enumerate(run, 1):
        cell.execution_count = count
    complaints = [complaint for rule in RULES for complaint in rule(copy, path)]
    assert not complaints, "\n".join(complaints)


@each_chapter
def test_a_chapter_as_it_is_loses_only_what_its_checks_said(path, make_student, tmp_path):
    assert make_student("--out", tmp_path, path)[0] == 0
    copy, chapter = (nbformat.read(file, as_version=4) for file in (tmp_path / path.name, path))
    for cell in chapter.cells:
        if "exercise" in tags(cell):
            cell.outputs = []
    assert copy == chapter


def test_a_second_call_writes_the_same_bytes_and_nothing_is_left_beside(make_student, tmp_path):
    assert make_student("--out", tmp_path)[0] == 0
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert make_student("--out", tmp_path)[0] == 0
    assert first == {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert set(first) == {path.name for path in CHAPTERS}


def chapter_08(folder, change=lambda notebook: None):
    notebook = nbformat.read(next(path for path in CHAPTERS if path.name.startswith("08")), as_version=4)
    change(notebook)
    nbformat.write(notebook, folder / "08_tfgan.ipynb")
    return folder / "08_tfgan.ipynb"


def without_exercise(notebook):
    notebook.cells = [cell for cell in notebook.cells if "exercise" not in tags(cell)]


@pytest.mark.parametrize("name, content, said", [
    ("08_none.ipynb", None, "Can't read .*08_none.ipynb .No such file or directory.: name a chapter"),
    ("08_text.ipynb", "hello", "08_text.ipynb isn't a notebook: name a chapter"),
    ("letter.ipynb", '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
     "letter.ipynb isn't a chapter: its name must be like 08_tfgan.ipynb"),
    ("08_other.ipynb", '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
     "08_other.ipynb has no cell tagged `exercise` that defines discriminator_loss, for exercise 08.1: copy that"),
])
def test_a_file_that_cannot_be_used_gets_a_sentence_and_nothing_is_written(name, content, said, make_student, tmp_path):
    if content is not None:
        (tmp_path / name).write_text(content)
    sentence, printed = make_student("--out", tmp_path / "out", chapter_08(tmp_path), tmp_path / name)
    assert re.match(f"Nothing was written. .*{said}", sentence), sentence
    assert not printed and not (tmp_path / "out").exists()


def test_the_chapters_own_folder_is_refused(make_student, tmp_path):
    path = chapter_08(tmp_path)
    before = path.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path)
    for out in (tmp_path, tmp_path / "link"):
        sentence, _ = make_student("--out", out, path)
        assert "where the chapters themselves are: name another folder" in sentence
    assert path.read_bytes() == before


def solve(notebook):
    next(cell for cell in notebook.cells if "exercise" in tags(cell)).source = checks.exercises("08")[0].solution


def foreign(folder):
    (folder / "thesis.ipynb").write_text("{}")


@pytest.mark.parametrize("fill", [foreign, lambda folder: chapter_08(folder, solve)], ids=["foreign", "solved"])
def test_a_folder_with_somebodys_notebooks_is_refused(fill, make_student, tmp_path):
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir(), out.mkdir()
    fill(out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    sentence, _ = make_student("--out", out, chapter_08(source))
    assert "it may hold somebody's work. Move it away, or name another folder." in sentence
    assert before == {file.name: file.read_bytes() for file in out.iterdir()}


def test_a_copy_that_jupyterlab_has_saved_can_be_made_anew(make_student, tmp_path):
    assert make_student("--out", tmp_path, CHAPTERS[0])[0] == 0
    copy = nbformat.read(tmp_path / CHAPTERS[0].name, as_version=4)
    copy.metadata.language_info = {"name": "python", "version": "3.11.7"}
    nbformat.write(copy, tmp_path / CHAPTERS[0].name)
    assert make_student("--out", tmp_path, CHAPTERS[0])[0] == 0


def test_a_folder_that_cannot_be_written_gets_a_sentence(make_student, tmp_path):
    (tmp_path / "file").write_text("")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    for out in [tmp_path / "file", tmp_path / "file" / "below", *([closed] if os.getuid() else [Path("/proc/1/x")])]:
        sentence, _ = make_student("--out", out, CHAPTERS[0])
        assert re.match(r"Can't write to .* \(.+\): name another folder, as in `make student OUT", sentence), sentence


def test_an_interrupted_write_leaves_the_earlier_copy(tmp_path, monkeypatch):
    student.main(["--out", str(tmp_path), str(CHAPTERS[0])])
    before = (tmp_path / CHAPTERS[0].name).read_bytes()

    def full(notebook, part):
        Path(part).write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(student.nbformat, "write", full)
    with pytest.raises(SystemExit, match="No space left on device"):
        student.main(["--out", str(tmp_path), str(CHAPTERS[0])])
    assert [file.name for file in tmp_path.iterdir()] == [CHAPTERS[0].name]
    assert (tmp_path / CHAPTERS[0].name).read_bytes() == before


def test_as_a_command_it_ends_with_a_status_and_no_traceback(tmp_path):
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "student.py"), "--out", str(tmp_path), "none.ipynb"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and done.stderr.startswith("Nothing was written. Can't read none.ipynb")
    assert done.stderr.count("\n") == 1


def test_the_teachers_page_leads_to_the_projects_one_address():
    page = unquote((ROOT / "docs" / "teaching.md").read_text(encoding="utf-8"))
    where = tool.repository().removeprefix("https://github.com/")
    named = re.findall(r"(?:github\.com/|/github/|/gh/)([\w.-]+/[\w.-]+)", page)
    assert len(named) >= 5 and set(named) == {where}
    assert set(re.findall(r"/(?:tree|srv)/([\w.-]+)/(?:notebooks|\.venv)", page)) == {where.split("/")[1]}
    assert {path.name for path in CHAPTERS} >= set(re.findall(r"\d\d_\w+\.ipynb", page))
