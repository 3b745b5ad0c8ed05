#!/usr/bin/env bash
# Build a twin of Google Colab (Python 3.13 and the versions in tools/colab-versions.txt), install this
# package as a learner would, prove that nothing that was there changed, and run the tests, at last in a page.
# With --find-python it only says which Python 3.13 it would take.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-colab

find_python() {
    local candidate
    for candidate in "${COLAB_PYTHON:-}" python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python; do
        if [ -n "$candidate" ] && "$candidate" -c 'import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, 13))' \
            2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "The Colab twin needs Python 3.13: install it, or name it as in COLAB_PYTHON=/path/to/python3.13." >&2
    return 1
}

if [ "${1:-}" = --find-python ]; then
    find_python
    exit
fi

# What the twin is made of: as long as that stays the same, it can be used again.
stamp=$({ sed '/^\[tool\./,$d' pyproject.toml; cat tools/colab-*.txt tools/test_colab.sh; pwd; } | sha256sum)
if [ "$(cat $venv/installed 2>/dev/null)" != "$stamp" ]; then
    python=$(find_python)
    echo "Setting up the Colab twin in $venv; this takes a few minutes the first time."
    rm -f $venv/installed
    "$python" -m venv --clear $venv
    pip="$venv/bin/python -m pip --disable-pip-version-check"
    $pip install --quiet -c tools/colab-versions.txt -r tools/colab-packages.txt
    $pip freeze --all --exclude gan-helpers | sort > $venv/before.txt
    # Not editable: a learner installs a copy. What an earlier build left here must not get into it.
    rm -rf build/lib build/bdist.*
    $pip install --quiet --no-build-isolation .
    $pip freeze --all --exclude gan-helpers | sort > $venv/after.txt
    added=$(comm -13 $venv/before.txt $venv/after.txt | cut -d= -f1 | tr '\n' ' ')
    changed=$(comm -23 $venv/before.txt $venv/after.txt)
    if [ "$added" != "tensorflow-estimator tensorflow-gan " ] || [ -n "$changed" ]; then
        echo "Installing on Colab must add tensorflow-estimator and tensorflow-gan and change nothing." >&2
        echo "Added: $added; changed or removed: $changed" >&2
        exit 1
    fi
    # The copy must work from anywhere; the tests below run on the files here.
    (cd / && TF_CPP_MIN_LOG_LEVEL=3 "$OLDPWD/$venv/bin/python" -c '
import gan_helpers.checks
from gan_helpers import models, training
training.recorded_run("healthy")  # the files that ship with it are there
models.pretrained_generator()')
    $pip uninstall --quiet --yes gan-helpers
    $pip install --quiet --no-deps --no-build-isolation --editable .
    echo "$stamp" > $venv/installed
fi
echo "Installing on the Colab twin added tensorflow-estimator, tensorflow-gan and this package, and changed nothing."
NBVAL=lax $venv/bin/python -m pytest -n auto --dist loadfile tests/test_compat.py tests/test_tfgan_suite.py \
    tests/test_notebooks.py tests/test_data.py tests/test_training.py tests/test_losses.py tests/test_live.py \
    tests/test_lab.py tests/test_lab_widget.py "$@"
# In a browser too, driven from the environment of `make test`.
if [ -x .venv/bin/python ]; then
    COLAB_TWIN=$venv .venv/bin/python -m pytest tests/test_colab_page.py
else
    echo "Not tested in a browser: that needs the environment of \`make test\`, which isn't in .venv." >&2
fi
