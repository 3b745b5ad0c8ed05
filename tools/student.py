"""Chapters to hand out, without answers: `python tools/student.py [--out FOLDER] [CHAPTER ...]`.

In a copy each exercise is its stub and its check again, and a quiz has no answers. What shows one is left out: calls
of `solution`, and after the heading "Exercises" cells that define an exercise's name or hold a line of its solution,
and what `check`, `hint` and `progress` printed. All else stays. The originals are only read.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import re
import sys
from pathlib import Path

import nbformat

from gan_helpers import checks
from notebooks import CHAPTERS, NOTEBOOKS, ROOT, normalise


def defined_and_called(cell) -> tuple[set[str], set[str]]:
    """The names that a cell defines, and those of the functions that it calls; unfinished code may define any word."""
    source = re.sub(r"^(\s*)%%?\w+ ?", r"\1", cell.source, flags=re.M)  # magics such as %%time
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return set(re.findall(r"\w+", source)), set(re.findall(r"(\w+)\s*\(", source))
    defined = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    defined |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    functions = [node.func for node in nodes if isinstance(node, ast.Call)]
    return defined, {getattr(function, "id", getattr(function, "attr", "")) for function in functions}


def telling_lines(exercise) -> set[str]:
    """The lines of a solution that give it away, under whatever name: too long to be chance, and not in the stub."""
    named = rf"^(?:{'|'.join(exercise.names)}) = "
    lines = {re.sub(named, "", line.strip()) for line in exercise.solution.splitlines()}
    return {line for line in lines if len(line) > 15} - {line.strip() for line in exercise.stub.splitlines()}


def all_text(cell) -> str:
    """A cell's source and whatever text its outputs hold."""
    said = [value for output in cell.get("outputs", [])
            for value in (*output.values(), *output.get("data", {}).values()) if isinstance(value, str)]
    return "\n".join([cell.source, *said])


def student_copy(notebook, path: Path):
    """A new notebook, in normal form; `path` tells its number. Raises `ValueError` where it is no chapter."""
    if path.name[:2] not in checks.chapters() or path.suffix != ".ipynb":
        raise ValueError(f"{path} isn't a chapter: its name must be like 08_tfgan.ipynb, with one of the numbers "
                         f"{', '.join(checks.chapters())}.")
    copy = nbformat.from_dict(notebook)
    todo, cells, exercising = list(checks.exercises(path.name[:2])), [], False
    answers = {name for exercise in todo for name in exercise.names}
    telling = set().union(*map(telling_lines, todo))
    for cell in copy.cells:
        is_code = cell.cell_type == "code"
        defined, called = defined_and_called(cell) if is_code else (set(), set())
        mine = [one for one in todo if "exercise" in cell.metadata.get("tags", []) and defined & set(one.names)]
        exercising |= bool(mine or not is_code and re.search(r"^## +Exercises", cell.source, re.M))
        if mine:
            todo.remove(mine[0])
            cell.source = f'{mine[0].stub.strip()}\n\ncheck("{mine[0].id}", {", ".join(mine[0].names)})'
        elif "solution" in called or exercising and (defined & answers or any(
                line in all_text(cell) for line in telling)):
            continue
        asked = f'quiz("{path.name[:2]}")'
        answered = is_code and "quiz" in called and cell.source.strip() != asked
        if answered:
            cell.source = asked
        if is_code and (mine or answered or exercising and called & {"check", "hint", "progress"}):
            cell.outputs = []
        cells.append(cell)
    if todo:
        raise ValueError(f"{path} has no cell tagged `exercise` that defines {' and '.join(todo[0].names)}, for "
                         f"exercise {todo[0].id}: copy that cell from the course's own chapter into it.")
    count = 0
    for cell in (cell for cell in cells if cell.cell_type == "code"):
        if "skip-execution" in cell.metadata.get("tags", []):  # a cell for readers alone, which no program runs
            cell.execution_count, cell.outputs = None, []
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    copy.cells = cells
    normalise(copy)
    return copy


def read(path: Path):
    try:
        return nbformat.read(path, as_version=4)
    except OSError as error:
        raise ValueError(f"Can't read {path} ({error.strerror}): name a chapter, as in notebooks/08_tfgan.ipynb."
                         ) from error
    except Exception as error:
        raise ValueError(f"{path} isn't a notebook: name a chapter, as in notebooks/08_tfgan.ipynb.") from error


def check_folder(out: Path, paths: list[Path]) -> None:
    """Raises `ValueError` if copies in `out` would overwrite anything but earlier, unchanged copies."""
    if out.resolve() in {path.resolve().parent for path in paths}:
        raise ValueError(f"The copies can't go to {out}, where the chapters themselves are: name another folder.")
    for old in sorted(out.glob("*.ipynb")):
        with contextlib.suppress(ValueError):
            found = read(old)
            again = student_copy(found, old)
            normalise(found)  # JupyterLab adds to the metadata when it saves
            if again == found:
                continue
        raise ValueError(f"{old} isn't a student's copy as this program writes it; it may hold somebody's work. "
                         "Move it away, or name another folder.")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", type=Path, help="notebooks; all of the course's unless named")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "student", help="a folder (build/student)")
    given = parser.parse_args(arguments)
    paths = given.chapters or sorted(NOTEBOOKS.glob(CHAPTERS))
    try:
        copies = {given.out / path.name: student_copy(read(path), path) for path in paths}
        check_folder(given.out, paths)
        given.out.mkdir(parents=True, exist_ok=True)
        for target, copy in copies.items():
            part = target.with_suffix(".part")
            try:
                nbformat.write(copy, part)
                os.replace(part, target)
            finally:
                part.unlink(missing_ok=True)
            print(target)
    except ValueError as error:
        sys.exit(f"Nothing was written. {error}")
    except OSError as error:
        sys.exit(f"Can't write to {given.out} ({error.strerror}): name another folder, as in `make student OUT=...`.")


if __name__ == "__main__":
    main()
