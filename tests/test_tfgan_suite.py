"""TF-GAN's own tests, from its wheel, with the patches: `run_tfgan_tests.py` runs them, here they are judged."""

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# What passes with stock TF-GAN where it still imports: TensorFlow 2.15.1, Python 3.11. Made there by
#   python tests/run_tfgan_tests.py --stock examples
STOCK_EXAMPLES = HERE / "tfgan_examples_stock.txt"
# These read `updates`, an attribute that the batch normalisation of Keras 3 doesn't have.
NEED_KERAS_2 = {f"python/contrib_utils_test.py::CreateTrainOpTest::{name}" for name in (
    "testEmptyUpdateOps", "testGlobalStepIsIncrementedByDefault", "testGlobalStepNotIncrementedWhenSetToNone",
    "testTrainOpInCollection", "testUseUpdateOps")}


def outcomes(part: str, legacy_keras: bool, *options: str) -> dict:
    """Test name -> "passed", "skipped", or what went wrong."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    env = {**own, "TF_USE_LEGACY_KERAS": str(int(legacy_keras))}
    done = subprocess.run([sys.executable, str(HERE / "run_tfgan_tests.py"), part, *options], capture_output=True,
                          text=True, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    print(f"TF-GAN's tests under {part}, {'tf_keras' if legacy_keras else 'Keras 3'}: "
          f"{dict(collections.Counter(s if s in ('passed', 'skipped') else 'failed' for s in found.values()))}")
    return found


def failures(found: dict) -> dict:
    return {name: said for name, said in found.items() if said not in ("passed", "skipped")}


@pytest.mark.parametrize("legacy_keras, passing, known", [(True, 463, set()), (False, 458, NEED_KERAS_2)],
                         ids=["tf_keras", "Keras 3"])
def test_tfgans_own_tests_pass(legacy_keras, passing, known):
    found = outcomes("python", legacy_keras)
    failed = failures(found)
    assert set(failed) == known, failed
    assert sum(said == "passed" for said in found.values()) == passing


def test_no_example_fails_that_passes_with_stock_tfgan():
    found = outcomes("examples", True, "--only", str(STOCK_EXAMPLES))
    passing = STOCK_EXAMPLES.read_text().splitlines()
    assert len(passing) == 171
    broken = {name: found.get(name, "not run") for name in passing if found.get(name) != "passed"}
    assert not broken, broken
