"""Set-up: lock, environment.yml and pyproject agree; tools/setup.py and the Makefile do what they promise."""

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib import metadata
from pathlib import Path

import nbformat
import psutil
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
SERVED = [(3, 10), (3, 11), (3, 12), (3, 13)]
SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}


@pytest.fixture
def setup():
    spec = importlib.util.spec_from_file_location("course_setup", ROOT / "tools" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def project():
    return tomllib.loads(read("pyproject.toml"))["project"]


def needs(*extras):
    groups = [project()["dependencies"], *(project()["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(line) for group in groups for line in group]


# The lock.


def lock_entries():
    """(requirement, its hashes) of each entry; comments left out, continued lines joined."""
    lines = re.sub(r"^ *#.*\n", "", read("requirements.txt"), flags=re.M)
    for entry in lines.replace("\\\n", " ").splitlines():
        requirement, *hashes = entry.split(" --hash=")
        yield Requirement(requirement), [one.strip() for one in hashes]


def system(python, platform="linux"):
    """The environment that markers are evaluated in, for one Python on one system."""
    os_name, platform_system = SYSTEMS[platform]
    version = ".".join(map(str, python))
    return {"python_version": version, "python_full_version": version + ".0", "sys_platform": platform,
            "os_name": os_name, "platform_system": platform_system, "platform_machine": "x86_64",
            "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}


def locked(python, platform="linux"):
    """name -> version of what the lock installs there."""
    where = system(python, platform)
    here = [one for one, _ in lock_entries() if one.marker is None or one.marker.evaluate(where)]
    found = {canonicalize_name(one.name): next(iter(one.specifier)).version for one in here}
    assert len(found) == len(here), "one package twice"
    return found


def test_the_lock_has_hashes_and_no_address():
    entries = list(lock_entries())
    assert len(entries) > 100
    for requirement, hashes in entries:
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert requirement.url is None, requirement
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement
    rest = re.sub(r"--hash=sha256:\w+", "", read("requirements.txt"))
    assert "://" not in rest and "--" not in rest  # such as --index-url


@pytest.mark.parametrize("platform", SYSTEMS)
@pytest.mark.parametrize("python", SERVED, ids=str)
def test_the_lock_keeps_to_the_ranges_on_every_python(python, platform):
    found = locked(python, platform)
    for need in needs("lab", "test"):
        assert found[canonicalize_name(need.name)] in need.specifier, need


@pytest.mark.parametrize("python", SERVED, ids=str)
def test_the_lock_is_complete_on_every_python(python):
    """What each package asks for, by its own metadata, on that Python, is in the lock at a version it takes.

    What isn't installed here, such as backports for older Pythons, can't be asked.
    """
    found, todo, seen = locked(python), [("gan-helpers", "")], set()
    top = {("gan-helpers", ""): needs("lab", "test")}
    while todo:
        name, extra = key = todo.pop()
        if key in seen:
            continue
        seen.add(key)
        try:
            wanted = top.get(key) or map(Requirement, metadata.requires(name) or [])
        except metadata.PackageNotFoundError:
            continue
        for need in wanted:
            if need.marker and not need.marker.evaluate({**system(python), "extra": extra}):
                continue
            child = canonicalize_name(need.name)
            assert found[child] in need.specifier, f"{name} wants {need}"
            todo += [(child, ""), *((child, one) for one in need.extras)]
    assert len(seen) > 100


# environment.yml.


def environment():
    dependencies = yaml.safe_load(read("environment.yml"))["dependencies"]
    return [one for one in dependencies if isinstance(one, str)], dependencies[-1]["pip"]


def test_conda_and_binder_get_the_versions_of_the_lock():
    conda, pip = environment()
    assert pip.pop() == "--editable ."
    python = next(one for one in conda if one.startswith("python"))
    minor = re.fullmatch(r"python=(3)\.(\d+)", python).groups()
    pinned = dict(one.split("==") for one in pip)
    found = locked(tuple(map(int, minor)))
    assert set(map(canonicalize_name, pinned)) == {canonicalize_name(need.name) for need in needs("lab")}
    assert pinned == {name: found[canonicalize_name(name)] for name in pinned}
    assert set(conda) == {python, "pip"}


def test_every_dependency_says_why_it_is_there():
    dependencies = read("environment.yml").split("dependencies:")[1]
    entries = [line for line in dependencies.splitlines() if line.lstrip().startswith("- ")]
    without = [line for line in entries if not re.search(r"\S  # \w.{9,}", line) and line.strip() != "- pip:"]
    assert len(entries) > 20 and not without


# tools/setup.py: what it refuses.


def refusal(capsys, call, *arguments):
    with pytest.raises(SystemExit) as stopped:
        call(*arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 1 and "Traceback" not in said
    return said


def pythons():
    """Every other Python of this machine that can be found by its name: (command, version)."""
    places = os.environ.get("PATH", "").split(os.pathsep)
    places += [str(one) for one in (Path.home() / ".pyenv" / "versions").glob("*/bin")]
    for place in places:
        for name in ("python2.7", *(f"python3.{minor}" for minor in range(5, 20))):
            command = os.path.join(place, name)
            if os.access(command, os.X_OK) and "shims" not in command:
                yield command, tuple(map(int, name.removeprefix("python").split(".")))


@given(st.tuples(st.integers(2, 4), st.integers(0, 30)))
def test_only_the_served_pythons_are_accepted(version):
    spec = importlib.util.spec_from_file_location("course_setup", ROOT / "tools" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    said = []
    module.stop = said.append
    module.check_python(version)
    assert bool(said) == (version not in SERVED)
    if said:
        assert said[0].startswith("This course needs Python 3.10, 3.11, 3.12 or 3.13, and ")
        assert f" is {version[0]}.{version[1]}: install one of those" in said[0] and said[0].count(". ") == 0


def test_the_pyproject_names_the_same_pythons():
    assert project()["requires-python"] == ">=3.10,<3.14"


@pytest.mark.parametrize("command", [c for c, version in dict(pythons()).items() if version not in SERVED])
def test_a_real_python_that_does_not_fit_gets_one_sentence(command, tmp_path):
    command = [command, ROOT / "tools" / "setup.py", tmp_path / "env"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == "" and not list(tmp_path.iterdir())
    assert done.stderr.startswith("This course needs Python 3.10") and done.stderr.count("\n") == 1


def test_a_python_without_ensurepip_is_told_what_to_install(setup, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    said = refusal(capsys, setup.check_python)
    assert f"apt install python3.{sys.version_info[1]}-venv" in said


def test_a_full_disk_stops_it_before_anything_is_written(setup, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda place: type("usage", (), {"free": 1.2e9}))
    said = refusal(capsys, setup.main, str(tmp_path / "env"))
    assert f"needs 5.0 GB of free space in {tmp_path}, and there are 1.2 GB" in said
    assert not list(tmp_path.iterdir())


def test_an_unfinished_environment_counts_as_space(setup, monkeypatch, tmp_path):
    env = tmp_path / "env"
    env.mkdir()
    (env / "pyvenv.cfg").write_bytes(b"")
    with open(env / "large", "wb") as file:
        file.truncate(4 * 10**9)  # a file with a hole: the size without the disk
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda place: type("usage", (), {"free": 1.2e9}))
    setup.check_folder(str(env), str(env) + ".lock")


def test_an_unwritable_place_stops_it(setup, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(setup.os, "access", lambda place, mode: not str(place).startswith(str(tmp_path)))
    assert f"can't write into {tmp_path}" in refusal(capsys, setup.main, str(tmp_path / "env"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_environment_is_left_alone(setup, capsys, tmp_path):
    (tmp_path / "thesis.tex").write_text("chapter 1")
    assert "isn't a virtual environment" in refusal(capsys, setup.main, str(tmp_path))
    assert (tmp_path / "thesis.tex").read_text() == "chapter 1"
    assert "isn't a virtual environment" in refusal(capsys, setup.main, str(tmp_path / "thesis.tex"))


# tools/setup.py: what it makes, with the slow commands replaced by a list of them.


@pytest.fixture
def dry(setup, monkeypatch):
    """`setup`, whose commands are noted in `.commands`; the one with number `.fails` doesn't succeed."""
    setup.commands, setup.fails = [], None

    def call(command):
        setup.commands.append([str(part) for part in command])
        if "venv" in command:
            python = Path(setup.python_in(command[-1]))
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
            (python.parent.parent / "pyvenv.cfg").touch()
        if len(setup.commands) - 1 == setup.fails:
            raise KeyboardInterrupt
        return 0

    monkeypatch.setattr(setup.subprocess, "call", call)
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda place: type("usage", (), {"free": 9e9}))
    return setup


STEPS = ["venv", "build-tools.txt", "requirements.txt", "--editable", "check"]


def steps(commands):
    return [next(step for step in STEPS if any(part.endswith(step) for part in one)) for one in commands]


def test_a_second_call_starts_nothing(dry, tmp_path, capsys):
    env = str(tmp_path / "env")
    dry.main(env)
    assert steps(dry.commands) == STEPS
    for command in dry.commands[1:3]:
        assert {"--no-deps", "--require-hashes", "--no-build-isolation"} <= set(command)
    assert (tmp_path / "env" / "build-tools.txt").read_text().startswith("setuptools==")
    assert "takes" not in capsys.readouterr().err
    dry.main(env)
    assert len(dry.commands) == len(STEPS) and capsys.readouterr().out == ""


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_an_interrupted_set_up_is_repaired_by_the_next_call(dry, tmp_path, capsys, step):
    env, dry.fails = str(tmp_path / "env"), step
    assert "the same command starts it again" in refusal(capsys, dry.main, env)
    assert not dry.is_ready(env)
    dry.commands.clear()
    dry.fails = None
    dry.main(env)
    assert steps(dry.commands) == STEPS and dry.is_ready(env)


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_failed_step_is_named_and_leaves_nothing_ready(dry, tmp_path, capsys, monkeypatch, step):
    env = str(tmp_path / "env")
    dry.main(env)
    monkeypatch.setattr(dry, "fingerprint", lambda folder: "newer")
    monkeypatch.setattr(dry.subprocess, "call", lambda command: steps([command]) == [STEPS[step]])
    python = sys.executable if step == 0 else dry.python_in(env)
    assert f"stopped at `{python} " in refusal(capsys, dry.main, env)
    monkeypatch.undo()
    assert not dry.is_ready(env)


def test_a_lost_python_or_another_folder_means_a_new_environment(dry, tmp_path):
    env = tmp_path / "env"
    dry.main(str(env))
    env.rename(tmp_path / "moved")
    assert not dry.is_ready(str(tmp_path / "moved"))
    (tmp_path / "moved").rename(env)
    assert dry.is_ready(str(env))
    Path(dry.python_in(str(env))).unlink()
    assert not dry.is_ready(str(env))


def test_the_fingerprint_follows_what_matters_and_nothing_else(setup, monkeypatch, tmp_path):
    (tmp_path / "tools").mkdir()
    files = {name: read(name) for name in ("requirements.txt", "pyproject.toml", "tools/setup.py")}
    monkeypatch.setattr(setup, "ROOT", str(tmp_path))

    def of(**changed):
        for name, text in {**files, **changed}.items():
            (tmp_path / name).write_text(text)
        return setup.fingerprint("env")

    plain = of()
    assert of(**{"pyproject.toml": files["pyproject.toml"] + '\n[tool.other]\nkey = "value"\n'}) == plain
    for name, text in (("requirements.txt", files["requirements.txt"].replace("numpy==2", "numpy==1")),
                       ("pyproject.toml", files["pyproject.toml"].replace('"scipy', '"SciPy')),
                       ("tools/setup.py", files["tools/setup.py"] + "\n")):
        assert text != files[name] and of(**{name: text}) != plain, name
    of()
    assert setup.fingerprint("other") != plain
    monkeypatch.setattr(setup.sys, "version_info", (3, 99))
    assert setup.fingerprint("env") != plain


def test_two_calls_at_once_set_up_once(tmp_path):
    """Two real processes; the commands are replaced by ones that take a while and write what they do."""
    code = f"""
import importlib.util, os, sys, time
spec = importlib.util.spec_from_file_location("setup", {str(ROOT / "tools" / "setup.py")!r})
setup = importlib.util.module_from_spec(spec)
spec.loader.exec_module(setup)
def call(command):
    os.makedirs(os.path.dirname(setup.python_in("env")), exist_ok=True)
    open(setup.python_in("env"), "a").close()
    with open("log", "a") as log:
        log.write("step\\n")
    time.sleep(0.3)
    return 0
setup.subprocess.call = call
setup.NEEDED_GB = 0
setup.main("env")
"""
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
            for _ in range(2)]
    said = sorted(one.communicate(timeout=60)[0] for one in both)
    assert [one.returncode for one in both] == [0, 0]
    assert (tmp_path / "log").read_text() == "step\n" * len(STEPS)
    assert said[0].startswith("Another set-up") and said[1].startswith("Setting up")


# The Makefile and the README.


def make(*arguments):
    ours = ("MAKEFLAGS", "MAKELEVEL", "PYTHON", "VENV", "ARGS")
    environment = {key: value for key, value in os.environ.items() if key not in ours}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True)


def targets():
    return set(re.search(r"^\.PHONY: (.*)", read("Makefile"), re.M).group(1).split())


def test_a_python_that_is_not_there_gets_one_sentence(tmp_path):
    done = make("lab", "PYTHON=python3.99", f"VENV={tmp_path / 'env'}")
    said = [line for line in done.stderr.splitlines() if not line.startswith("make:")]
    assert done.returncode != 0 and len(said) == 1 and not (tmp_path / "env").exists()
    assert said[0].startswith("Can't run python3.99: install Python 3.10, 3.11, 3.12 or 3.13")


def listening(process):
    """Where a process and its children wait for connections."""
    family = [process, *process.children(recursive=True)]
    sockets = [one for member in family for one in member.net_connections("inet")]
    return {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN}


def test_make_lab_serves_chapter_00_to_this_machine_alone(tmp_path):
    """What `make lab` runs after set-up, without a browser: what it prints opens with its token only."""
    options = f"--no-browser --ServerApp.port=0 --ServerApp.root_dir={ROOT}"
    command = make("-n", "lab", f"VENV={sys.prefix}", f"LAB={options}").stdout.splitlines()[-1]
    # A home of its own, so that the result doesn't depend on the user's settings.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    environment["HOME"] = str(tmp_path)
    log = tmp_path / "log"
    with open(log, "w") as file:
        server = psutil.Popen(["sh", "-c", f"exec {command}"], env=environment, stdout=file, stderr=file)
    try:
        until = time.monotonic() + 60
        address = re.compile(r"http://127\.0\.0\.1:(\d+)(/lab/tree/\S+)\?token=(\w{20,})")
        while not (match := address.search(log.read_text())):
            assert server.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        port, page, token = match.groups()
        assert page == "/lab/tree/notebooks/00_start_here.ipynb"

        def ask(path, data=None, token=token):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data,
                                             {"Authorization": f"token {token}"} if token else {})
            return urllib.request.urlopen(request, timeout=30).read().decode()

        disabled = re.search(r'"disabledExtensions": \[(.*?)\]', ask(page)).group(1)
        assert "@jupyterlab/apputils-extension:announcements" in disabled, "JupyterLab asks about news"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask("/api/contents", token=None)
        ask("/api/kernels", b"{}")  # a kernel listens too, on sockets of its own
        until = time.monotonic() + 30
        while len(server.children(recursive=True)) < 1:
            assert time.monotonic() < until
            time.sleep(0.2)
        time.sleep(1)
        assert listening(server) == {"127.0.0.1"}
    finally:
        family = [server, *server.children(recursive=True)]
        for one in family:
            one.terminate()
        psutil.wait_procs(family, 10)


def test_make_lab_sends_each_message_to_the_page_at_once(monkeypatch):
    """With TCP_NODELAY, or a slider's picture waits up to 40 ms; measured by benchmarks/live_update.py."""
    from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
    from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
    from traitlets.config.loader import PyFileConfigLoader

    command = make("-n", "lab", f"VENV={sys.prefix}", "LAB=--show-config").stdout.splitlines()[-1]
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, cwd=ROOT).stdout
    assert ".kernel_websocket_connection_class = <class 'Prompt'>" in said

    config = PyFileConfigLoader("jupyter_server_config.py", str(ROOT / "tools" / "jupyter")).load_config()
    connection = config.ServerApp.kernel_websocket_connection_class
    done = []

    async def connects(self):
        done.append("connected")

    class Handler(KernelWebsocketHandler):
        def __init__(self):
            pass

        def set_nodelay(self, value):
            done.append(value)

    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", connects)
    asyncio.run(connection(websocket_handler=Handler()).connect())
    assert done == [True, "connected"]


def test_the_readme_names_real_commands_and_files():
    readme = read("README.md")
    assert {"lab", "demo", "test"} <= set(re.findall(r"`?\bmake ([a-z-]+)", readme)) <= targets()
    for command in targets():
        assert make("-n", command, f"PYTHON={sys.executable}").returncode == 0, command
    links = re.findall(r"\]\(([^)#\s]+)", readme) + re.findall(r'(?:src|href)="([^"]+)"', readme)
    assert links
    for link in set(links) - {"../../issues"}:  # GitHub's own page, wherever the repository is
        assert (ROOT / link).exists(), link
        ignored = subprocess.run(["git", "check-ignore", "--quiet", link], cwd=ROOT, capture_output=True)
        assert ignored.returncode != 0, f"git ignores {link}"


def test_the_readme_lists_exactly_the_chapters():
    def title(path):
        cells = nbformat.read(path, as_version=4).cells
        texts = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        return re.search(r"^# (.+)", texts, re.M).group(1)

    rows = re.findall(r"^\| \[(\d\d)\]\((notebooks/\S+?)\) \| (.+?) \|", read("README.md"), re.M)
    chapters = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    assert rows == [(path.name[:2], f"notebooks/{path.name}", title(path)) for path in chapters]


def test_colab_has_what_the_course_needs_at_versions_it_takes():
    """All but the two packages that installing may add; tools/test_colab.sh proves it with pip."""
    colab = dict(line.split("==") for line in read("tools/colab-versions.txt").split() if "==" in line)
    colab = {canonicalize_name(name): version for name, version in colab.items()}
    for need in needs():
        if need.name not in ("tensorflow-gan", "tensorflow-estimator"):
            assert colab[canonicalize_name(need.name)] in need.specifier, need


def test_the_licence_and_the_citation_agree_with_the_package():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == project()["version"] and citation["license"] == "Apache-2.0"
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert "Apache License" in read("LICENSE") and project()["license"] == {"text": "Apache-2.0"}


def own_files():
    """Every text file of the project; what tools write into the folder isn't ours."""
    for folder, folders, names in os.walk(ROOT):
        made = re.compile(r"\.(?!ci$)|__pycache__|build$|.*egg-info")
        folders[:] = [one for one in folders if not made.match(one)]
        for name in names:
            if Path(name).suffix in {".py", ".md", ".toml", ".txt", ".yml", ".cff", ".sh", ".ipynb", ""}:
                yield Path(folder, name)


def test_the_public_address_stands_in_one_place():
    """Chapters have it too, where tools/notebooks.py writes it and tests/test_notebooks.py compares, and so has the
    page for teachers, which tests/test_student.py compares."""
    owner = project()["urls"]["Repository"].removeprefix("https://github.com/")
    assert re.fullmatch(r"[\w-]+/[\w.-]+", owner)
    holders = {path.relative_to(ROOT) for path in own_files() if owner in path.read_text(encoding="utf-8")}
    assert {str(one) for one in holders if one.suffix != ".ipynb"} == {"pyproject.toml", "docs/teaching.md"}
