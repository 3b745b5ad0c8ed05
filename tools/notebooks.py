"""Execute chapters in fresh kernels and store them normalised: `python tools/notebooks.py [FILE ...]`.

Normalised means: nbformat 4.5, the Setup cell and the Colab badge from one address, a link to the next
chapter, no execution times, no widget state, no stderr, sorted keys: two runs write the same bytes.
A chapter that fails is named with its cell, and its file stays as it was.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
SETUP_TAG, BADGE_TAG, NEXT_TAG = "setup", "badge", "next"
CHAPTERS = "[0-9][0-9]_*.ipynb"


def repository() -> str:
    """The project's public address: the one place is `[project.urls]` in pyproject.toml."""
    return re.search(r'^Repository = "(https://\S+)"', (ROOT / "pyproject.toml").read_text(), re.M).group(1)


def setup_source() -> str:
    """The Setup cell, the same in every chapter."""
    return "\n".join([
        "# Setup: on Google Colab this installs the course's helper package; elsewhere it does nothing.",
        "import os, sys",
        'os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow is talkative',
        'if "google.colab" in sys.modules:',
        f'    %pip install --quiet "gan-helpers @ git+{repository()}"',
    ])


def badge_source(path: Path) -> str:
    """A link that opens the chapter in Colab."""
    where = repository().removeprefix("https://github.com/")
    return (f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
            f"(https://colab.research.google.com/github/{where}/blob/main/notebooks/{path.name})")


def title(path: Path) -> str:
    """A chapter's H1, without a number that it may begin with."""
    for cell in nbformat.read(path, as_version=4).cells:
        found = cell.cell_type == "markdown" and re.search(r"^# +(?:\d+[. ]+)?(.+?) *$", cell.source, re.M)
        if found:
            return found.group(1)
    raise ValueError(f"{path.name} has no H1: one text cell must hold a line that begins with '# '.")


def heading(notebook, cell) -> str:
    """The words of the last heading at or above a cell; how a reader finds it."""
    words = "the beginning"
    for one in notebook.cells:
        if one.cell_type == "markdown":
            words = ([words] + re.findall(r"^#+ +(.+?) *$", one.source, re.M))[-1]
        if one is cell:
            break
    return words


def next_source(path: Path) -> str:
    """A link to the chapter that follows in the same folder, or a closing sentence."""
    for other in sorted(path.parent.glob(CHAPTERS)):
        if other.name > path.name:
            return f"Next chapter: [{other.name[:2]} {title(other)}]({other.name})"
    return "This is the last chapter so far. Any exercises left open? Now is a good time to go back to them."


def shared_sources(path: Path) -> dict[str, str]:
    """Tag -> source of the cells that this program writes into the chapter at `path`."""
    return {SETUP_TAG: setup_source(), BADGE_TAG: badge_source(path), NEXT_TAG: next_source(path)}


def prepare(notebook, path: Path) -> None:
    """Write what all chapters share, and drop what a run will make anew."""
    shared = shared_sources(path)
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            cell.source = shared.get(tag, cell.source)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def normalise(notebook) -> None:
    """Keep of the outputs what readers and nbval need, and nothing that differs from run to run."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    })
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": sorted(tags)} if tags else {})
        if cell.cell_type != "code":
            continue
        cell.outputs = _joined(output for output in cell.outputs if output.get("name") != "stderr")
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)
            if output.output_type == "error":  # the frames name files of the machine that ran it
                output.traceback = [f"{output.ename}: {output.evalue}"]


def _joined(outputs) -> list:
    """Neighbouring pieces of printed text as one: where the kernel cuts them depends on the moment."""
    joined = []
    for output in outputs:
        if joined and output.output_type == "stream" == joined[-1].output_type:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _let_ctrl_c_stop(notebook) -> None:
    """nbclient's handler turns Ctrl-C into a dead kernel; without it, it is a KeyboardInterrupt again."""
    with contextlib.suppress(NotImplementedError):  # Windows, where nbclient sets no handler
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)


async def execute(path: Path) -> None:
    """Run one chapter in a fresh kernel and write it back; the file changes only when all went well."""
    notebook = nbformat.read(path, as_version=4)
    prepare(notebook, path)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", on_notebook_start=_let_ctrl_c_stop,
                            resources={"metadata": {"path": str(path.parent)}}, record_timing=False)
    # TensorFlow's native code writes to the kernel's own stderr, which is no part of a chapter.
    await client.async_execute(stderr=subprocess.DEVNULL, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    normalise(notebook)
    nbformat.validate(notebook)
    part = path.with_suffix(".part")
    try:
        nbformat.write(notebook, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _failure(path: Path, error: Exception) -> str:
    """What to tell of a chapter that wasn't written: its cell under its heading, where one is to blame."""
    if isinstance(error, DeadKernelError):
        return (f"{path.name} was not written: its kernel died. Is the memory full? Run it cell by cell in "
                "JupyterLab to find where.")
    if isinstance(error, (CellExecutionError, CellTimeoutError)):  # both name the cell's code
        return f"{path.name} failed and was not written:\n{error}"
    return f"{path.name} can't be used and was not written: {error}"


async def execute_all(paths: list[Path], at_once: int) -> int:
    """Run chapters, so many at once, and print a line on each; returns how many failed."""
    turn, failed = asyncio.Semaphore(at_once), []

    async def one(path):
        async with turn:
            started = time.monotonic()
            try:
                await execute(path)
            except Exception as error:  # whatever it is, the other chapters go on
                failed.append(path)
                print(_failure(path, error), flush=True)
            else:
                print(f"{path.name}: {time.monotonic() - started:.0f} s", flush=True)

    await asyncio.gather(*map(one, paths))
    return len(failed)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/notebooks.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="chapters; all, if none is given")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="how many run side by side (default: 2)")
    given = parser.parse_args(arguments)
    if given.at_once < 1:
        parser.error(f"--at-once must be 1 or more, got {given.at_once}")
    try:
        failed = asyncio.run(execute_all(given.files or sorted(NOTEBOOKS.glob(CHAPTERS)), given.at_once))
    except KeyboardInterrupt:
        print("Stopped. Chapters that aren't named above were not written.", flush=True)
        return 130
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
