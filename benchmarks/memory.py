"""What memory does a chapter need? Each one runs in a fresh kernel, as for a learner who runs all its cells.

    .venv/bin/python benchmarks/memory.py
    .venv/bin/python benchmarks/memory.py notebooks/08_tfgan.ipynb

The table has the most memory that the kernel ever held (its peak resident set, told by the operating system), and the
seconds from its start to the last cell. The notebooks are only read.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
PEAK = """
import sys
if sys.platform == "win32":
    import psutil
    print(psutil.Process().memory_info().peak_wset)
else:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def measure(path: Path) -> tuple[float, float]:
    """(peak memory in MB, seconds) of a run of all cells."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell(PEAK))
    started = time.monotonic()
    client = NotebookClient(notebook, timeout=600, kernel_name="python3",
                            resources={"metadata": {"path": str(path.parent)}})
    client.execute(stderr=subprocess.DEVNULL, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    return int(notebook.cells[-1].outputs[0].text) / 1e6, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", type=Path, help="notebooks; all of the course's unless named")
    paths = parser.parse_args().chapters or sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if absent := [str(path) for path in paths if not path.is_file()]:
        parser.error(f"there is no {', '.join(absent)}: name notebooks such as {NOTEBOOKS / '08_tfgan.ipynb'}.")
    print(f"Python {sys.version.split()[0]} on {sys.platform}, {os.cpu_count()} cores")
    print(f"{'chapter':24}{'peak memory, MB':>16}{'seconds':>9}")
    for path in paths:
        peak, seconds = measure(path)
        print(f"{path.stem:24}{peak:16,.0f}{seconds:9.0f}", flush=True)


if __name__ == "__main__":
    main()
