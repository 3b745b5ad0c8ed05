"""Execute chapters in fresh kernels and store them normalised: `python tools/notebooks.py [FILE ...]`.

Normalised means: nbformat 4.5, the Setup cell and the Colab badge from one address, no execution times,
no widget state, no stderr, sorted keys. A chapter that fails is named with its cell and is not written.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
SETUP_TAG, BADGE_TAG = "setup", "badge"


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


def prepare(notebook, path: Path) -> None:
    """Write what all chapters share, and drop what a run will make anew."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if SETUP_TAG in tags:
            cell.source = setup_source()
        if BADGE_TAG in tags:
            cell.source = badge_source(path)
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
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)
            if output.output_type == "error":  # the frames name files of the machine that ran it
                output.traceback = [f"{output.ename}: {output.evalue}"]


def execute(path: Path) -> None:
    """Run one chapter in a fresh kernel and write it back; the file changes only when all went well."""
    notebook = nbformat.read(path, as_version=4)
    prepare(notebook, path)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3",
                            resources={"metadata": {"path": str(path.parent)}}, record_timing=False)
    client.execute()
    normalise(notebook)
    nbformat.validate(notebook)
    part = path.with_suffix(".part")
    nbformat.write(notebook, part)
    os.replace(part, path)


def main(names: list[str]) -> int:
    paths = [Path(name) for name in names] or sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    failed = 0
    for path in paths:
        started = time.monotonic()
        try:
            execute(path)
            print(f"{path.name}: {time.monotonic() - started:.0f} s", flush=True)
        except CellExecutionError as error:
            failed += 1
            print(f"{path.name} failed and was not written:\n{error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
