"""`python -m gan_helpers demo` as a person calls it: real beside generated digits, or one sentence."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan_helpers.__main__ import check_arguments


def demo(*arguments, **options):
    command = [sys.executable, "-m", "gan_helpers", "demo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def test_the_demo_writes_real_beside_generated_digits(tmp_path):
    done = demo("--seconds", 3, "--seed", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["demo.png"]
    steps = int(done.stdout.splitlines()[-1].split()[0])
    assert steps >= 10 and "Traceback" not in done.stderr
    with Image.open(tmp_path / "demo.png") as picture:
        assert picture.format == "PNG" and picture.size == (800, 440)
        pixels = np.asarray(picture.convert("L"), np.float64)
    real, fake = pixels[60:, :400], pixels[60:, 400:]
    # Both halves show images, not an empty axis, and not the same ones.
    assert real.std() > 30 and fake.std() > 30
    assert np.abs(real - fake).mean() > 10


def test_an_earlier_picture_stays_whole_when_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    """The training is replaced by a stand-in; what is tested is the writing."""
    from gan_helpers import __main__, plotting, training

    class Untrained:
        g_optimizer = type("optimizer", (), {"iterations": 0})

        def generate(self, n, seed):
            return np.zeros((n, 28, 28, 1), np.float32)

    class BrokenFigure(type(plotting.figure(1, 1))):
        def savefig(self, name, **options):
            with open(name, "wb") as file:
                file.write(b"half a picture")
            raise OSError("No space left on device")

    monkeypatch.setattr(training, "train", lambda *_, **__: (Untrained(), None))
    target = tmp_path / "demo.png"
    __main__.demo(str(target), 1, 0)
    earlier = target.read_bytes()
    assert earlier.startswith(b"\x89PNG")
    monkeypatch.setattr(plotting, "figure", lambda width, height: BrokenFigure(figsize=(width, height)))
    with pytest.raises(OSError, match="No space"):
        __main__.demo(str(target), 1, 0)
    assert target.read_bytes() == earlier and os.listdir(tmp_path) == ["demo.png"]


@pytest.mark.parametrize("arguments, message", [
    (["--output", "digits.jpg"], "ends in .png"),
    (["--output", "no/such/folder/demo.png"], "Can't write into the folder"),
    (["--output", "folder.png"], "is a folder"),
    (["--seconds", "0"], "--seconds must be a number above 0"),
    (["--seconds", "nan"], "--seconds must be a number above 0"),
    (["--seed", "-1"], "--seed must be a whole number"),
])
def test_bad_arguments_get_one_sentence_before_tensorflow_is_loaded(arguments, message, tmp_path):
    (tmp_path / "folder.png").mkdir()
    # A TensorFlow that can't be imported: were it tried, that would be the error.
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    done = demo(*arguments, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1 and done.stdout == ""
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["folder.png", "tensorflow.py"]


def test_an_unwritable_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    with pytest.raises(SystemExit, match="Can't write into the folder"):
        check_arguments(str(tmp_path / "demo.png"), 1, 0)


@given(st.floats(), st.integers())
def test_exactly_the_usable_numbers_pass(seconds, seed):
    usable = 0 < seconds < float("inf") and 0 <= seed <= 4294967295
    try:
        check_arguments("demo.png", seconds, seed)
    except SystemExit as stopped:
        assert not usable and str(stopped).startswith(("--seconds", "--seed"))
    else:
        assert usable
