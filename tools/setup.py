"""Make the virtual environment: `python tools/setup.py .venv`. A second call starts nothing and takes no time.

Written for any Python, so that an old one gets a sentence and not a syntax error.
"""
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NEEDED_GB = 4.0


def stop(message):
    sys.stderr.write(message + "\n")
    sys.exit(1)


def fingerprint():
    digest = hashlib.sha256(sys.version.encode())
    for name in ("requirements.txt", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def main(folder):
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        stop("This course needs Python 3.10, 3.11, 3.12 or 3.13, and %s is %d.%d: install one of those, or name it "
             "as in `make lab PYTHON=python3.12`." % ((sys.executable or "python",) + tuple(sys.version_info[:2])))
    stamp = os.path.join(folder, "installed")
    if os.path.exists(stamp) and open(stamp).read() == fingerprint():
        return
    free = shutil.disk_usage(ROOT).free / 1e9
    # What an earlier, interrupted set-up left counts as space we have.
    if free < NEEDED_GB and not os.path.exists(folder):
        stop("Set-up needs %.0f GB of free space in %s, and there are %.1f GB: free some, or move the folder to a "
             "larger disk." % (NEEDED_GB, ROOT, free))
    print("Setting up %s with Python %d.%d; this takes a few minutes the first time." % (
        (folder,) + tuple(sys.version_info[:2])))
    sys.stdout.flush()
    python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = [
        [sys.executable, "-m", "venv", "--clear", folder],
        # The lock is complete, so nothing is left to resolve. Old pips, such as Python 3.11's own, would try
        # to all the same, and refuse `etils[epath]` because the lock's line is `etils==...`.
        pip + ["--no-deps", "--require-hashes", "-r", os.path.join(ROOT, "requirements.txt")],
        pip + ["--no-deps", "--no-build-isolation", "--editable", ROOT],
        [python, "-m", "pip", "--disable-pip-version-check", "check"],
    ]
    for step in steps:
        if subprocess.call(step):
            stop("Set-up stopped at: %s\nIf that is about the network or the disk, mend it and run the same command "
                 "again." % " ".join(step))
    with open(stamp, "w") as file:
        file.write(fingerprint())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".venv")
