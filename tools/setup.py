"""Make the virtual environment: `python tools/setup.py .venv`. A second call does nothing, at once.

Written for any Python, so that an old one gets a sentence and not a syntax error.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCK = os.path.join(ROOT, "requirements.txt")
NEEDED_GB = 5.0  # the environment is 3.1 GB; the rest is what pip downloads and unpacks


def say(message):
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def stop(message):
    sys.stderr.write(message + "\n")
    sys.exit(1)


def read(*path):
    with open(os.path.join(ROOT, *path), "rb") as file:
        return file.read()


def python_in(folder):
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def fingerprint(folder):
    """Changes with all that the environment depends on, and with nothing else."""
    parts = ["%s %d.%d" % ((sys.implementation.name,) + sys.version_info[:2]), ROOT, os.path.abspath(folder)]
    metadata = read("pyproject.toml").split(b"\n[tool.")[0]
    files = [read("requirements.txt"), metadata, read("tools", "setup.py")]
    return hashlib.sha256("\n".join(parts).encode() + b"\n".join(files)).hexdigest()


def is_ready(folder):
    stamp = os.path.join(folder, "installed")
    if not (os.path.exists(stamp) and os.path.exists(python_in(folder))):
        return False
    with open(stamp) as file:
        return file.read() == fingerprint(folder)


def size_gb(folder):
    files = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(file).st_size for file in files) / 1e9


def build_tools():
    """The lock's setuptools: it builds what has no wheel, so nothing from outside the lock runs."""
    return re.search(r"^setuptools==(?:.*\\\n)*.*\n", read("requirements.txt").decode(), re.M).group()


def wait_for_lock(path):
    """Hold `path` while this process lives, so that two set-ups of one folder come one after the other."""
    handle = open(path, "a")
    try:
        import fcntl
    except ImportError:  # Windows
        return handle
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another set-up of the same folder is at work; waiting for it.")
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        pass  # some network file systems have no locks
    return handle


def check_python(version=sys.version_info[:2]):
    name = sys.executable or "python"
    if not (3, 10) <= version <= (3, 13):
        stop("This course needs Python 3.10, 3.11, 3.12 or 3.13, and %s is %d.%d: install one of those, "
             "or name it as in `make lab PYTHON=python3.12`." % ((name,) + version))
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        stop("%s can't make a virtual environment, because its module ensurepip is missing: on Debian and "
             "Ubuntu `sudo apt install python%d.%d-venv` adds it." % ((name,) + version))


def check_folder(folder, lock):
    above = os.path.dirname(os.path.abspath(folder))
    for place in (ROOT, above):
        if not os.access(place, os.W_OK):
            stop("Set-up can't write into %s: make that folder writable, or move the course to one that "
                 "is." % place)
    foreign = os.path.isfile(folder) or (os.path.isdir(folder) and os.listdir(folder))
    if foreign and not os.path.exists(os.path.join(folder, "pyvenv.cfg")) and not os.path.exists(lock):
        stop("%s isn't a virtual environment, so set-up won't empty it: name another folder, as in "
             "`make lab VENV=.venv`." % folder)
    free = shutil.disk_usage(above).free / 1e9 + size_gb(folder)  # an earlier environment makes room
    if free < NEEDED_GB:
        stop("Set-up needs %.1f GB of free space in %s, and there are %.1f GB: free some, or move the "
             "course to a larger disk." % (NEEDED_GB, above, free))


def install(folder):
    me = sys.executable
    if os.path.abspath(sys.prefix) == os.path.abspath(folder):
        me = os.path.realpath(me)  # called from the environment that is to be made anew
    if os.path.exists(os.path.join(folder, "installed")):
        os.remove(os.path.join(folder, "installed"))
    first = os.path.join(folder, "build-tools.txt")
    pip = [python_in(folder), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # The lock is complete, so there is nothing to resolve. Old pips, such as Python 3.11's own, would try to
    # all the same, and refuse `etils[epath]` because the lock's line is `etils==...`.
    locked = pip + ["install", "--no-deps", "--require-hashes", "--no-build-isolation", "--use-pep517"]
    run([me, "-m", "venv", "--clear", folder])
    with open(first, "w") as file:
        file.write(build_tools())
    run(locked + ["--requirement", first])
    run(locked + ["--requirement", LOCK])
    run(pip + ["install", "--no-deps", "--no-build-isolation", "--editable", ROOT])
    run(pip + ["check"])
    with open(os.path.join(folder, "installed"), "w") as file:
        file.write(fingerprint(folder))


def run(command):
    if subprocess.call(command):
        stop("Set-up stopped at `%s`; its message is above. If that is about the network or the disk, mend "
             "it and run the same command again." % " ".join(command))


def main(folder):
    check_python()
    if is_ready(folder):
        return
    lock = folder.rstrip(os.sep) + ".lock"
    check_folder(folder, lock)
    with wait_for_lock(lock):
        if is_ready(folder):
            return
        say("Setting up %s with Python %d.%d, once: a download of 0.9 GB, then a few minutes." % (
            (folder,) + sys.version_info[:2]))
        try:
            install(folder)
        except KeyboardInterrupt:
            stop("\nSet-up was interrupted; the same command starts it again.")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".venv")
