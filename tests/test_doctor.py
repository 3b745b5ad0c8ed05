"""`doctor`: each way in which a machine can be unfit is made, and what the person in front of it reads is checked."""

import http.server
import io
import json
import os
import re
import socket
import subprocess
import sys
import sysconfig
import threading
import time
import venv
from collections import namedtuple
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path

import pytest

from gan_helpers import doctor

PACKAGE = Path(doctor.__file__).parent
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}


def environment(folder, without=(), versions=None, metadata_of=None):
    """A real environment: this one's packages but some, others with another version or other metadata.

    The names are those of files in site-packages: tensorflow_gan. Returns the path of its Python.
    """
    changed = {name: f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
               for name, version in (versions or {}).items()} | (metadata_of or {})
    venv.EnvBuilder(symlinks=True).create(folder)
    python = folder / "bin" / "python"
    there = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    for path in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in os.scandir(path):
            name = entry.name.removeprefix("__editable__.").removeprefix("__editable___")
            stem = re.match(r"\w+?(?=-\d|_\d+_\d|\.|_finder|$)", name)
            stem = (stem.group() if stem else name).lower()
            distribution = entry.name.endswith((".dist-info", ".egg-info"))
            if stem not in without and not (distribution and stem in changed):
                os.symlink(entry.path, there / entry.name)
    for name, content in changed.items():
        info = there / f"{name}-0.dist-info"
        info.mkdir()
        (info / "METADATA").write_bytes(content)
    return python


def ask(python, *arguments, cwd="/", **variables):
    """Run the command; no traceback, whatever happens. A variable that is None is taken away."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER_", "PYTHON", "COLAB_"))}
    env |= NO_NETWORK | {"PYTHONIOENCODING": "utf-8"} | variables
    env = {key: str(value) for key, value in env.items() if value is not None}
    done = subprocess.run([python, "-m", "gan_helpers", "doctor", *arguments], capture_output=True, text=True,
                          cwd=cwd, env=env, timeout=60)
    assert "Traceback" not in done.stdout + done.stderr and done.stderr == ""
    return done


def both(python, *arguments, **given):
    """Exit status and rows as a program reads them; what a person reads must be the same rows."""
    data, text = ask(python, *arguments, "--json", **given), ask(python, *arguments, **given)
    read = json.loads(data.stdout)
    assert data.returncode == text.returncode == (0 if read["ready"] else 1)
    assert text.stdout.splitlines()[-1].startswith("This machine is ready." if read["ready"] else "This machine isn't")
    for row in read["rows"]:
        mark = {True: "✓", False: "✗", None: "–"}[row["ok"]]
        assert re.search(rf"^{mark} {re.escape(row['name'])} .*{re.escape(row['found'])}$", text.stdout, re.M)
        assert row["remedy"] in text.stdout
    return data.returncode, {row["name"]: row for row in read["rows"]}


def crosses(rows):
    return [name for name, row in rows.items() if row["ok"] is False]


def test_this_machine_is_ready_and_tensorflow_really_starts():
    done = ask(sys.executable)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "This machine is ready."
    assert re.search(r"^✓ import of TensorFlow .* works$", done.stdout, re.M) and "✗" not in done.stdout
    for name in [*doctor.NAMES.values(), "other packages", "memory", "disk", "cores"]:
        assert re.search(rf"^[✓–] {re.escape(name)}  ", done.stdout, re.M), name


@pytest.mark.parametrize("change, name, found, remedy", [
    ({"without": ["tensorflow_gan"]}, "TF-GAN", "not installed", '"tensorflow-gan==2.1.0"'),
    ({"versions": {"ipywidgets": "7.6.5"}}, "widgets (ipywidgets)", "7.6.5", '"ipywidgets>=7.7.1"'),
    ({"versions": {"setuptools": "82.0.0"}}, "setuptools", "82.0.0", '"setuptools>=68,<82"'),
    ({"versions": {"ipykernel": "7.0.1"}}, "kernel (ipykernel)", "7.0.1",
     '"ipykernel>=6.17,!=7.0.*,!=7.1.*,!=7.2.*,!=7.3.*"'),
    ({"metadata_of": {"scipy": b"Name: scipy\nVersion: \xff\xfe\n"}}, "scipy", "broken", '--no-deps "scipy>=1.11"'),
    ({"metadata_of": {"scipy": b""}}, "scipy", "broken: its version can't be read", '--force-reinstall'),
    ({"without": ["packaging"]}, "packaging", "not installed", '"packaging>=23"'),
    ({"without": ["packaging", "pip"]}, "packaging", "not installed", "`make lab`"),
    ({"metadata_of": {"gan_helpers": b"Name: gan-helpers\n"}}, "gan-helpers", "can't be read", "`make lab`"),
], ids=["no TF-GAN", "old ipywidgets", "setuptools 82", "ipykernel 7.0.1", "unreadable", "empty", "no packaging",
        "no packaging, no pip", "no list of what is needed"])
def test_what_does_not_fit_has_a_cross_and_a_remedy(change, name, found, remedy, tmp_path):
    python = environment(tmp_path / "env", **change)
    status, rows = both(python)
    assert (status, crosses(rows)) == (1, [name])
    assert found in rows[name]["found"] and remedy in rows[name]["remedy"]
    if "make" not in remedy:
        assert rows[name]["remedy"].startswith(f"Type `{python} -m pip install ")
    assert "import of TensorFlow" not in rows  # would only say the same again, after seconds


def test_without_a_network_the_machine_is_ready():
    status, rows = both(sys.executable, "--quick")
    assert (status, crosses(rows)) == (0, [])
    assert rows["network"]["ok"] is None and rows["network"]["found"] == "none: only MNIST and Fashion-MNIST need it"


def test_a_home_that_cannot_be_written_stops_jupyter_unless_it_is_told_of_another_place(tmp_path):
    (tmp_path / "file").write_text("no folder can be made in here, not even by root")
    home = tmp_path / "file" / "home"
    status, rows = both(sys.executable, "--quick", HOME=home)
    assert (status, crosses(rows)) == (1, ["Jupyter's folder"])
    assert str(home) in rows["Jupyter's folder"]["found"]
    assert rows["Jupyter's folder"]["remedy"].endswith("`HOME=/tmp/home make lab`.")
    assert rows["TFDS cache"]["ok"] is None and "set TFDS_DATA_DIR" in rows["TFDS cache"]["found"]
    assert ask(sys.executable, "--quick", HOME=home, JUPYTER_RUNTIME_DIR=tmp_path / "new").returncode == 0
    assert ask(sys.executable, "--quick", HOME=tmp_path / "new").returncode == 0  # the remedy


def test_without_psutil_and_requests_the_rest_is_said(tmp_path):
    _, rows = both(environment(tmp_path / "env", without=["psutil", "requests"]), "--quick")
    assert rows["memory"]["ok"] is None and "without psutil" in rows["memory"]["found"]
    assert rows["network"]["ok"] is None and rows["disk"]["ok"]
    assert set(crosses(rows)) <= {"psutil", "requests"}


def test_a_package_that_was_only_copied_is_explained(tmp_path):
    python = environment(tmp_path / "env", without=["gan_helpers", "psutil"])
    (tmp_path / "gan_helpers").symlink_to(PACKAGE)
    status, rows = both(python, cwd=tmp_path)
    assert (status, crosses(rows)) == (1, ["gan-helpers"])
    assert rows["gan-helpers"]["remedy"].startswith("Type `make lab` in the course's folder")


def test_an_environment_in_which_much_is_missing_is_to_be_made_anew_which_is_said_once(tmp_path):
    python = environment(tmp_path / "env", without=["tensorflow", "keras", "tensorflow_gan", "scipy"])
    done = ask(python)
    assert done.returncode == 1
    assert re.findall(r"^✗ (\S+)", done.stdout, re.M) == ["TensorFlow", "Keras", "TF-GAN", "scipy"]
    assert done.stdout.count("`make lab`") == 1 and "pip install" not in done.stdout


CRASHES = {
    "raise ModuleNotFoundError(\"No module named 'wrapt'\")": ("ModuleNotFoundError: No module named 'wrapt'", "make"),
    "import os; os.kill(os.getpid(), 9)": ("ended with status -9", "close other programs"),
    "import os; os.kill(os.getpid(), 4)": ("ended with status -4", "a processor with AVX"),
    "import sys; sys.exit(0)": ("ended with status 0", "make"),
    'raise ImportError("Traceback (most recent call last):\\nImportError: libx.so: no such file\\n\\nSee the web.")': (
        "ImportError: libx.so: no such file", "make"),
}


@pytest.mark.parametrize("code", CRASHES)
def test_an_import_of_tensorflow_that_fails_is_a_row(code, tmp_path):
    (tmp_path / "tensorflow.py").write_text(code)
    done = ask(sys.executable, "--json", PYTHONPATH=tmp_path)
    rows = {row["name"]: row for row in json.loads(done.stdout)["rows"]}
    assert (done.returncode, crosses(rows)) == (1, ["import of TensorFlow"])
    row, (found, remedy) = rows["import of TensorFlow"], CRASHES[code]
    assert row["found"] == found and remedy in row["remedy"] and "GPU" in rows


def test_an_import_that_hangs_is_ended(tmp_path, monkeypatch):
    (tmp_path / "tensorflow.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    begun = time.monotonic()
    row, *_ = doctor.imports(seconds=1)
    assert time.monotonic() - begun < 20
    assert row.ok is False and row.found == "no end after 1 s" and row.remedy.startswith("Ask once more")


def test_a_terminal_without_ticks_gets_words(tmp_path):
    broken = environment(tmp_path / "env", without=["tensorflow_gan"])
    done = ask(broken, PYTHONIOENCODING="ascii")
    assert re.search(r"^NO TF-GAN .*not installed$", done.stdout, re.M)
    assert re.search(r"^ok Python ", done.stdout, re.M) and re.search(r"^-- network ", done.stdout, re.M)
    assert done.stdout.isascii() and ask(broken, "--json").stdout.isascii()


def test_a_terminal_that_was_closed_gets_nothing():
    command = f"'{sys.executable}' -m gan_helpers doctor --quick"
    for rest in (" >/dev/full", " >&-", " | true"):
        done = subprocess.run(["sh", "-c", command + rest], capture_output=True, text=True,
                              env={**os.environ, **NO_NETWORK})
        assert (done.stdout, done.stderr) == ("", "")


def silent():
    """A server on this machine that takes a connection and says nothing for 30 s; returns its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def take():     # and close both: Python warns of a forgotten socket, in the middle of some other test
        with listener, listener.accept()[0]:
            time.sleep(30)

    threading.Thread(target=take, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_the_network_row_asks_once_and_not_for_long(monkeypatch):
    for name in [*NO_NETWORK, "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]:
        monkeypatch.delenv(name, raising=False)
    Handler = type("Handler", (http.server.BaseHTTPRequestHandler,), {
        "do_HEAD": lambda self: (self.send_response(200), self.end_headers()), "log_message": lambda *_: None})
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(doctor, "MNIST", f"http://127.0.0.1:{server.server_port}/")
    assert doctor.network() == [doctor.Row("network", True, "", "MNIST can be downloaded", required=False)]
    server.shutdown()
    server.server_close()
    monkeypatch.setattr(doctor, "MNIST", silent())
    begun = time.monotonic()
    assert doctor.network(seconds=0.5)[0].ok is None and time.monotonic() - begun < 2
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: time.sleep(30))  # a name look-up knows no time limit
    monkeypatch.setattr(doctor, "MNIST", "http://mnist.invalid/")
    begun = time.monotonic()
    assert doctor.network(seconds=0.5)[0].ok is None and time.monotonic() - begun < 2


Memory, Swap, Disk = (namedtuple(name, "total available free") for name in ("Memory", "Swap", "Disk"))


@pytest.mark.parametrize("free, swap, limit, ok", [
    (1.6, 0, None, True), (1.4, 0, None, False), (1.4, 0.2, None, True), (20, 8, "max", True), (20, 8, 2.0, True),
    (20, 8, 1.0, False),
])
def test_memory_counts_what_a_kernel_can_get(free, swap, limit, ok, monkeypatch, tmp_path):
    psutil = pytest.importorskip("psutil")
    size = lambda gb: int(gb * 2**30)  # noqa: E731
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(size(24), size(free), 0))
    monkeypatch.setattr(psutil, "swap_memory", lambda: Swap(0, 0, size(swap)))
    file = tmp_path / "memory.max"
    if limit:
        file.write_text(f"{limit if limit == 'max' else size(limit)}\n")
    monkeypatch.setattr(doctor, "CONTAINER_LIMITS", (str(tmp_path / "none"), str(file)))
    (row,) = doctor.memory()
    assert row.ok is ok and row.asks == "1.5 GB or more free"
    assert row.found == (f"{limit if limit == 2 else 24:.0f} GB in all" if ok else f"{min(limit or 24, free)} GB free")
    assert ok or "shut down the kernels" in row.remedy


def test_a_full_disk_is_named_and_a_folder_that_cannot_be_written_is_not_measured(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    monkeypatch.setattr(doctor, "_temporary_folder", lambda: str(tmp_path))
    sizes = {str(tmp_path): 0.4, str(tmp_path / "file"): 0}
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: Disk(0, 0, sizes.get(path, 9) * 2**30))
    (row,) = doctor.disk()
    assert row.ok is False and row.found == "0.4 GB free" and row.remedy.endswith(f"the folder {tmp_path}.")
    sizes[str(tmp_path)] = 0.6
    assert doctor.disk()[0].ok and doctor.disk()[0].found == "enough"


def test_no_temporary_folder_at_all_is_a_cross(monkeypatch):
    def nowhere():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(doctor.tempfile, "gettempdir", nowhere)
    row = doctor.folders()[1]
    assert row.ok is False and "TMPDIR" in row.remedy
    assert doctor.disk()  # no error


def test_informing_rows_say_what_they_mean_and_never_decide(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert doctor.cores()[0].ok is None and "every chapter runs" in doctor.cores()[0].found
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert [doctor.gpu(seen)[0].ok for seen in (None, 0, 1, 2)] == [None, None, True, True]
    assert "sees no GPU" in doctor.gpu(0)[0].found and doctor.gpu(1)[0].found == "1, and TensorFlow uses it"
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert doctor.cache()[0].ok is None and doctor.cache()[0].found.startswith("empty")
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)
    assert doctor.cache()[0].ok is None  # a download that was broken off
    (tmp_path / "mnist" / "3.0.1" / "dataset_info.json").write_text("{}")
    assert doctor.cache()[0].found == "MNIST"
    assert not any(row.required for look in (doctor.cores, doctor.gpu, doctor.cache, doctor.network) for row in look())


def test_what_nobody_thought_of_is_a_row(monkeypatch):
    def broken():
        raise OSError("odd\nand long")

    monkeypatch.setattr(doctor, "memory", broken)
    report = doctor.ready()
    assert report.ready and doctor.Row("broken", None, "", "can't be looked at: OSError: odd", "", False) in report.rows


@pytest.mark.parametrize("module, restart", [("ipykernel", "Kernel > Restart Kernel"),
                                             ("google.colab", "Runtime > Restart session")])
def test_in_a_notebook_the_remedy_is_one_for_notebooks(module, restart, monkeypatch):
    for name in ("ipykernel", "google.colab"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    assert doctor._pip("a<2").endswith(' -m pip install "a<2"`.') and doctor._anew().startswith("Type `make ")
    monkeypatch.setitem(sys.modules, module, sys)
    assert doctor._pip("a<2") == f'Run `%pip install "a<2"` in a cell, then choose {restart}.'
    assert ("Setup cell" in doctor._anew()) == (module == "google.colab")


@pytest.mark.parametrize("stamp, command", [(True, "`make clean lab`"), (False, "`make lab`")])
def test_an_environment_that_make_has_set_up_must_be_cleaned_first(stamp, command, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    if stamp:
        (tmp_path / "installed").write_text("")
    assert command in doctor._anew()


def test_the_text_is_the_same_on_every_machine_that_is_ready(monkeypatch):
    before = repr(doctor.ready())
    assert before.splitlines()[0] == "✓ Python                >=3.10, <3.14"
    assert before.splitlines()[-1] == "This machine is ready."
    for name in ("GPU", "network", "cores", "cache", "psutil", metadata.version("tensorflow")):
        assert name not in before
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.99")
    colab = {"tensorflow": "2.20.0", "tf-keras": "2.20.1", "keras": "3.13.2", "protobuf": "5.29.6",
             "tensorflow-gan": "2.1.0", "tensorflow-estimator": "2.15.0", "setuptools": "75.2.0",
             "ipywidgets": "7.7.1", "ipykernel": "6.17.1"}
    monkeypatch.setattr(doctor.metadata, "version", lambda name: colab.get(name, "9999"))
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda _: {0}, raising=False)
    monkeypatch.setattr(doctor, "network", lambda: [doctor.Row("network", True, "", "yes", required=False)])
    assert repr(doctor.ready()) == before
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.9.18")
    said = repr(doctor.ready()).splitlines()
    assert said[0].split() == ["✗", "Python", ">=3.10,", "<3.14", "3.9.18"] and "make lab PYTHON=" in said[1]


class Table(HTMLParser):
    """The cells of a table by row, and the tags that were opened."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, *attributes))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.tags[-1][0] in ("td", "th"):
            self.rows[-1][-1] += data.strip()


def test_the_table_holds_every_row_and_can_be_read_aloud(monkeypatch):
    monkeypatch.setattr(doctor, "network", lambda: [doctor.Row("network", False, "<2", "a & b", "Do <b>.")])
    report = doctor.ready()
    table = Table(report._repr_html_())
    assert len(table.rows) == len(report.rows) + 1 and {len(row) for row in table.rows} == {5}
    assert "" not in table.rows[0] and ["✗ no", "network", "<2", "a & b", "Do <b>."] in table.rows
    tags = [tag for tag, *_ in table.tags]
    assert tags.count("caption") == 1 and tags.count("b") == 0
    assert table.tags.count(("th", ("scope", "row"))) == len(report.rows)
    assert doctor.ready()._repr_html_() == report._repr_html_()


def test_the_cell_loads_no_tensorflow_and_asks_no_other_process():
    code = ("import sys, subprocess; subprocess.Popen = None; from gan_helpers import doctor; "
            "print(doctor.ready()); assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)")
    env = {**os.environ, **NO_NETWORK}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0 and done.stdout.endswith("This machine is ready.\n"), done.stderr


def test_say_needs_no_encoding(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    doctor._say("✓ \udcff")
    assert sys.stdout.getvalue() == "ok \\udcff\n"
