"""Is this machine ready for class? A row for each thing that a chapter needs, and what to do where it is missing.

    from gan_helpers import doctor

    doctor.ready()          # in a notebook: a table; as text, what every chapter needs and the verdict

`python -m gan_helpers doctor` also imports TensorFlow, in a process of its own. Whatever is missing or broken
becomes a row, never an error; so nothing but the standard library is imported without a way round it.
"""

from __future__ import annotations

import dataclasses
import glob
import html
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from importlib import metadata

# These have a row of their own. Every other package is shown only where it doesn't fit.
NAMES = {"Python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "tensorflow-gan": "TF-GAN",
         "ipywidgets": "widgets (ipywidgets)", "ipykernel": "kernel (ipykernel)"}
GB = 2**30
MEMORY_GB = 1.5  # the kernel of the largest chapter
DISK_GB = 0.5  # MNIST and Fashion-MNIST with their archives, checkpoints and logs
CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz"
IMAGE_SETS = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
IMPORT = """
from gan_helpers.compat import tensorflow_gan
import tensorflow
print("GPUs:", len(tensorflow.config.list_physical_devices("GPU")))
"""
# What an import that failed left behind, and what to do about it. 4 is an illegal instruction, 9 a kill.
NO_AVX = "TensorFlow needs a processor with AVX, which this one lacks: open the course in Google Colab."
IMPORT_REMEDIES = {
    "status -4": NO_AVX,
    "but these aren't available": NO_AVX,
    "status -9": "The system ended it, probably for want of memory: close other programs, and ask again.",
    "DLL load failed": "Install Microsoft's Visual C++ Redistributable (x64), restart the computer, and ask again.",
    "no end": "Ask once more, since the first import is the slowest; if that doesn't help, restart the computer.",
}
PLAIN = {"✓": "ok", "✗": "NO", "–": "--"}  # for a terminal that has no such characters


@dataclasses.dataclass(frozen=True)
class Row:
    """One thing: `ok` is True, False, or None where it is missing and that stops no chapter, or can't be told.

    `asks` reads the same on every machine, `found` is this machine's; `remedy` is one sentence. Rows that
    aren't `required` only inform, and are never False.
    """

    name: str
    ok: bool | None
    asks: str = ""
    found: str = ""
    remedy: str = ""
    required: bool = True

    @property
    def mark(self) -> str:
        return {True: "✓", False: "✗", None: "–"}[self.ok]


@dataclasses.dataclass(frozen=True)
class Report:
    """All rows. Its text form has the required ones, and of this machine only what doesn't fit."""

    rows: list[Row]

    @property
    def ready(self) -> bool:
        return all(row.ok is not False for row in self.rows)

    @property
    def verdict(self) -> str:
        return ("This machine is ready." if self.ready else
                "This machine isn't ready: do what stands with each ✗, and ask again.")

    def text(self, everything: bool = True) -> str:
        rows, lines, last = [row for row in self.rows if everything or row.required], [], ""
        names, asks = max(len(row.name) for row in rows), max(len(row.asks) for row in rows)
        for row in rows:
            found = row.found if everything or row.ok is not True else ""
            lines.append(f"{row.mark} {row.name:{names}}  {row.asks:{asks}}  {found}".rstrip())
            if row.remedy not in ("", last):  # one remedy for several rows is said once
                lines.append(f"    {row.remedy}")
                last = row.remedy
        return "\n".join([*lines, self.verdict])

    def __repr__(self) -> str:
        return self.text(everything=False)

    def _repr_html_(self) -> str:
        words = {True: "yes", False: "no", None: "optional"}
        titles = ("Ready?", "What", "Needed", "Here", "What to do")
        lines = [f"<table><caption>{self.verdict} The machine is the one on which this cell ran.</caption>",
                 "<tr>" + "".join(f'<th scope="col">{title}</th>' for title in titles) + "</tr>"]
        for row in self.rows:
            name, *cells = map(html.escape, (row.name, row.asks, row.found, row.remedy))
            lines.append(f'<tr><td>{row.mark} {words[row.ok]}</td><th scope="row">{name}</th>'
                         + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        return "\n".join([*lines, "</table>"])


def ready(imported: bool = False) -> Report:
    """Look at everything; TensorFlow is really imported, in another process, only where it is to be `imported`."""
    rows = _look(packages)
    for look in (imports if imported and all(row.ok for row in rows) else gpu,
                 memory, disk, folders, cores, cache, network):
        rows += _look(look)
    return Report(sorted(rows, key=lambda row: not row.required))


def main(as_json: bool = False, quick: bool = False) -> int:
    """What `python -m gan_helpers doctor` does; returns its exit status, 1 where a chapter couldn't run."""
    if not (as_json or quick):
        _say("Looking at this machine; the import of TensorFlow takes a few seconds ...")
    report = ready(imported=not quick)
    rows = [dataclasses.asdict(row) for row in report.rows]
    _say(json.dumps({"ready": report.ready, "rows": rows}, indent=1) if as_json else report.text())
    return 0 if report.ready else 1


def packages() -> list[Row]:
    """Python and the packages, compared with the ranges in this package's own metadata, the one place for them."""
    try:
        try:
            from packaging.requirements import Requirement
        except Exception:  # missing or broken: pip has a copy
            from pip._vendor.packaging.requirements import Requirement
        declared = metadata.metadata("gan-helpers")
        lines = [f"Python {declared['Requires-Python']}", *declared.get_all("Requires-Dist")]
        needs = [need for need in map(Requirement, lines) if not need.marker or need.marker.evaluate(
            {"extra": "lab" if need.name == "ipykernel" else ""})]
    except ImportError as error:  # PackageNotFoundError is one, too
        missing = "gan-helpers" if isinstance(error, metadata.PackageNotFoundError) else "packaging"
        return [Row(missing, False, found="not installed", remedy=_anew())]
    except Exception as error:
        return [Row("gan-helpers", False, found=f"can't be read: {_line(error)}", remedy=_anew())]
    rows = {need.name: _package(need) for need in needs}
    shown = [rows.pop(name) for name in NAMES if name in rows]
    shown += [row for row in rows.values() if not row.ok] or [Row("other packages", True, "each in its range", "fit")]
    if sum(not row.ok for row in shown) > 3:  # not a package is wrong but the whole environment
        return [row if row.ok else dataclasses.replace(row, remedy=_anew()) for row in shown]
    return shown


def _package(need) -> Row:
    wanted = sorted(map(str, need.specifier), key=lambda part: (part[0] != ">", part))
    remedy = _pip(need.name + ",".join(wanted))
    try:
        found = platform.python_version() if need.name == "Python" else metadata.version(need.name)
        ok = bool(re.match(r"\d", found)) and need.specifier.contains(found, prereleases=True)
    except metadata.PackageNotFoundError:
        ok, found = False, "not installed"
    except Exception:  # half an installation: no version, or one that isn't a number
        ok, found = False, "broken: its version can't be read"
        remedy = remedy.replace(" install ", " install --force-reinstall --no-deps ")
    if need.name == "Python":
        remedy = "Install Python 3.12, and type `make lab PYTHON=python3.12` in the course's folder."
    return Row(NAMES.get(need.name, need.name), ok, ", ".join(wanted), found, "" if ok else remedy)


def imports(seconds: float = 120.0) -> list[Row]:
    """TensorFlow and TF-GAN imported in a process of their own, which may crash or hang; then its GPUs."""
    name, asks, gpus, said = "import of TensorFlow", "works, TF-GAN too", None, ""
    try:
        child = subprocess.run([sys.executable, "-c", IMPORT], stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=seconds, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"})  # 3 hides crashes
        gpus, said = re.search(rb"^GPUs: (\d+)", child.stdout, re.M), child.stderr.decode("utf-8", "replace")
        # The last error is the one that explains; TensorFlow wraps its own in pages of advice.
        errors = re.findall(r"^[\w.]*(?:Error|Exception|Exit|Interrupt)\b.*", said, re.M)
        found = errors[-1] if errors and child.returncode > 0 else f"ended with status {child.returncode}"
    except subprocess.TimeoutExpired:
        found = f"no end after {seconds:.0f} s"
    if gpus and child.returncode == 0:
        return [Row(name, True, asks, "works"), *gpu(int(gpus[1]))]
    remedies = (remedy for sign, remedy in IMPORT_REMEDIES.items() if sign in f"{found}\n{said}")
    return [Row(name, False, asks, found[:300], next(remedies, _anew())), *gpu()]


def memory() -> list[Row]:
    """What a kernel can still get, swap included; in a container not more than its limit."""
    asks = f"{MEMORY_GB:g} GB or more free"
    try:
        import psutil

        total, free = psutil.virtual_memory().total, psutil.virtual_memory().available + psutil.swap_memory().free
    except Exception:  # missing, broken, or a system that it can't read
        return [Row("memory", None, asks, "can't be measured without psutil", _pip("psutil>=5.9"))]
    for path in CONTAINER_LIMITS:
        try:
            with open(path) as file:
                limit = int(file.read())
        except (OSError, ValueError):  # no such file, or "max"
            continue
        total, free = min(total, limit), min(free, limit)
    if free >= MEMORY_GB * GB:
        return [Row("memory", True, asks, f"{total / GB:.0f} GB in all")]
    return [Row("memory", False, asks, f"{free / GB:.1f} GB free", "Close other programs, and shut down the kernels "
                "of other notebooks; if that isn't enough, open the course in Google Colab.")]


def disk() -> list[Row]:
    """Room where chapters write: beside the notebooks, in Jupyter's folder, in the temporary folder."""
    places = [_existing(place) for place in (os.curdir, _jupyter_folder(), _temporary_folder()) if _writable(place)]
    asks = f"{DISK_GB:g} GB or more free"
    for free, place in sorted((shutil.disk_usage(place).free, place) for place in places)[:1]:
        if free < DISK_GB * GB:
            return [Row("disk", False, asks, f"{free / GB:.1f} GB free", "Delete what you don't need from the disk "
                        f"that holds the folder {place}.")]
    return [Row("disk", True, asks, "enough")]


def folders() -> list[Row]:
    """The two folders without which no kernel starts and no checkpoint is written."""
    rows = []
    for name, place, remedy in [
        ("Jupyter's folder", _jupyter_folder(), "Start the course with another home, as in `HOME=/tmp/home make lab`."),
        ("temporary folder", _temporary_folder(), "Set TMPDIR (on Windows TEMP) to a folder that you can write."),
    ]:
        ok = _writable(place)
        rows.append(Row(name, ok, "can be written", "yes" if ok else f"{place or 'none'} can't", "" if ok else remedy))
    return rows


def cores() -> list[Row]:
    """How many this process may use; one is enough, if slow."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = str(count) if count > 1 else "1: every chapter runs, but training takes longer"
    return [Row("cores", True if count > 1 else None, "", found, required=False)]


def gpu(seen: int | None = None) -> list[Row]:
    """How many TensorFlow has `seen`; where it wasn't asked, whether there is an NVIDIA driver."""
    found = f"{seen}, and TensorFlow uses {'it' if seen == 1 else 'them'}" if seen else "none, and none is needed"
    if not seen and (os.path.exists("/proc/driver/nvidia/version") or shutil.which("nvidia-smi")):
        found = "an NVIDIA driver is there; " + (
            "but TensorFlow sees no GPU, and none is needed" if seen == 0 else
            "whether TensorFlow uses it, `python -m gan_helpers doctor` says")
    return [Row("GPU", True if seen else None, "", found, required=False)]


def cache() -> list[Row]:
    """Which of the image sets that TFDS downloads are there."""
    folder = os.path.expanduser(os.environ.get("TFDS_DATA_DIR") or os.path.join("~", "tensorflow_datasets"))
    there = [title for name, title in IMAGE_SETS.items()
             if glob.glob(os.path.join(glob.escape(folder), name, "*", "dataset_info.json"))]
    found = " and ".join(there) or "empty: MNIST and Fashion-MNIST are downloaded when you ask for them"
    if not there and not _writable(folder):
        found = "can't be written: if you want MNIST, set TFDS_DATA_DIR to a folder that can"
    return [Row("TFDS cache", True if there else None, "", found, required=False)]


def network(seconds: float = 2.0) -> list[Row]:
    """Whether MNIST's server answers; asked in a thread, since nothing else bounds the look-up of a name."""
    answers = []

    def ask():
        try:
            import requests  # what TFDS downloads with: the same proxies and certificates

            answers.append(requests.head(MNIST, timeout=seconds).ok)
        except Exception:  # no requests, no network, a proxy that refuses
            answers.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    found = "MNIST can be downloaded" if any(answers) else "none: only MNIST and Fashion-MNIST need it"
    return [Row("network", True if any(answers) else None, "", found, required=False)]


def _look(look) -> list[Row]:
    """The rows of one function; what nobody thought of is a row too."""
    try:
        return look()
    except Exception as error:
        return [Row(look.__name__, None, found=f"can't be looked at: {_line(error)}", required=False)]


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _pip(need: str) -> str:
    """How to install `need` from where this runs, a notebook or a terminal."""
    if "ipykernel" in sys.modules or _on_colab():
        restart = "Runtime > Restart session" if _on_colab() else "Kernel > Restart Kernel"
        return f'Run `%pip install "{need}"` in a cell, then choose {restart}.'
    return f'Type `{shlex.quote(sys.executable or "python")} -m pip install "{need}"`.'


def _anew() -> str:
    """How to get an environment that is right as a whole; `make lab` alone keeps the one that it has set up."""
    if _on_colab():
        return "Run the chapter's Setup cell again, then choose Runtime > Restart session."
    make = "make clean lab" if os.path.exists(os.path.join(sys.prefix, "installed")) else "make lab"
    return f"Type `{make}` in the course's folder; from then on its Python is `.venv/bin/python`."


def _on_colab() -> bool:
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def _jupyter_folder() -> str:
    """Where Jupyter keeps the files by which it reaches its kernels."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        return jupyter_runtime_dir()
    except Exception:  # not installed, as the row of the kernel says
        return os.path.expanduser("~")


def _temporary_folder() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # there is none
        return ""


def _existing(folder: str) -> str:
    """`folder`, or the nearest one above it that exists."""
    folder = os.path.abspath(folder)
    while not os.path.exists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _writable(folder: str) -> bool:
    """Tried, not asked: permissions say nothing to root, nor about a disk that is mounted read-only."""
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)):
            return bool(folder)
    except OSError:
        return False


def _say(text: str) -> None:
    """Print on any terminal: words where it has no ✓, nothing where it was closed."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError):
        for mark, plain in PLAIN.items():
            text = text.replace(mark, plain)
        text = text.encode("ascii", "backslashreplace").decode()
    try:
        print(text, flush=True)
    except OSError:  # `doctor | head -1`; without this, Python complains once more as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
