"""Run TF-GAN's own tests from its wheel in processes of their own, and print the outcomes as JSON.

    python tests/run_tfgan_tests.py python             # everything under tensorflow_gan/python
    python tests/run_tfgan_tests.py examples           # everything under tensorflow_gan/examples
    python tests/run_tfgan_tests.py --only LIST ...    # the files of the tests named in LIST, one test a line
    python tests/run_tfgan_tests.py --stock examples   # without the patches (on TensorFlow 2.15): the baseline

The examples get a process for each file, since their programs define the same command-line flags; the rest
shares one process for each core. They are forked from one that has imported TensorFlow, the patches and what
the examples share; pytest's plugins stay out, since importing some of them takes longer than most of these tests.
"""

import argparse
import gc
import json
import multiprocessing
import os
import sys
import sysconfig
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
TFGAN = Path(sysconfig.get_paths()["purelib"]) / "tensorflow_gan"


class Outcomes:
    """A pytest plugin: test name -> "passed", "skipped" or the first line of what went wrong."""

    def __init__(self):
        self.found = {}

    def pytest_runtest_logreport(self, report):
        if report.failed or (report.when == "call" and report.passed) or report.skipped:
            said = report.outcome
            if report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                said = (crash.message if crash else str(report.longrepr)).splitlines()[0][:200]
            self.found[report.nodeid] = said

    def pytest_collectreport(self, report):
        if report.failed:
            self.found[report.nodeid] = str(report.longrepr).strip().splitlines()[-1][:200]


def run_files(paths: list[Path]) -> dict:
    """The outcomes of these test files, run one after the other in this process."""
    import pytest
    from absl import flags

    flags.FLAGS(["pytest"])
    outcomes = Outcomes()
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        code = pytest.main([*map(str, paths), "--noconftest", "-p", "no:cacheprovider", "-p", "no:unraisableexception",
                            "--import-mode=importlib", "--assert=plain", "-W", "ignore",
                            "-o", "python_files=*_test.py", "-c", os.devnull, "--rootdir", str(TFGAN)], [outcomes])
    if code not in (0, 1):
        outcomes.found[str(paths[0])] = f"pytest itself ended with {code!s}"
    return outcomes.found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=["python", "examples"])
    parser.add_argument("--stock", action="store_true", help="leave the patches away")
    parser.add_argument("--only", type=Path, help="a list of tests: run the files that hold them, and no other")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    if given.stock:
        import tensorflow_gan  # noqa: F401
    else:
        import gan_helpers.compat  # noqa: F401
    paths = sorted((TFGAN / given.part).rglob("*_test.py"))
    if not paths:
        sys.exit(f"TF-GAN's wheel has no tests under {given.part}.")
    if given.only:
        named = {line.partition("::")[0] for line in given.only.read_text().splitlines()}
        paths = [path for path in paths if path.relative_to(TFGAN).as_posix() in named]
    if given.part == "examples":
        import tensorflow_datasets  # noqa: F401
    import pytest  # noqa: F401
    gc.freeze()  # what is imported by now is no garbage: the forked processes need not look through it
    count = given.processes if given.part == "python" else len(paths)
    with multiprocessing.get_context("fork").Pool(given.processes, maxtasksperchild=1) as pool:
        found = pool.map(run_files, [paths[i::count] for i in range(count)], chunksize=1)
    json.dump({name: said for part in found for name, said in part.items()}, sys.stdout, indent=0, sort_keys=True)


if __name__ == "__main__":
    main()
