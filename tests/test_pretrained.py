"""The generator that ships with the package: what it draws, how good it is, that it isn't a copier, how it is kept."""

import functools
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import train_generator  # tools/train_generator.py

from gan_helpers import data, evaluation, models

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def generator():
    return models.pretrained_generator()


@pytest.fixture(scope="module")
def x_fake(generator):
    return np.asarray(generator(data.noise(1200, 64, seed=123)))


@pytest.fixture(scope="module")
def dealt():
    """Images and labels: the 1,200 that it has learned from, and the 300 that it has never met."""
    x, labels = data.load_labelled("digits", "all")
    order = np.random.default_rng(0).permutation(1797)
    return (x[order[:1200]], labels[order[:1200]]), (x[order[1497:]], labels[order[1497:]])


@pytest.fixture(scope="module")
def classifier(dealt):
    (x, labels), test = dealt
    judge = evaluation.train_classifier(x, labels, epochs=12)
    assert evaluation.accuracy(judge, *test) > 0.93
    return judge


def test_images_of_the_promised_shape_and_range_the_same_bits_twice(generator, x_fake):
    assert x_fake.shape == (1200, 28, 28, 1) and x_fake.dtype == np.float32
    data.check_images(x_fake)
    assert x_fake.min() < -0.99 and x_fake.max() > 0.9
    again = np.asarray(models.pretrained_generator()(data.noise(1200, 64, seed=123)))
    np.testing.assert_array_equal(again, x_fake)
    assert {weight.dtype for weight in generator.weights} == {"float32"}


def test_all_ten_digits_are_there(classifier, x_fake):
    shares = evaluation.class_shares(classifier, x_fake)
    assert len(shares) == 10 and shares.min() >= 0.03


def test_its_distance_to_unseen_digits_is_near_that_of_real_ones(classifier, dealt, x_fake):
    (x_train, _), (x_test, _) = dealt
    frechet = [evaluation.frechet_distance(classifier, x_test, x_fake[i:i + 300]) for i in (0, 300, 600)]
    floor = [evaluation.frechet_distance(classifier, x_test, x_train[i:i + 300]) for i in (0, 300, 600)]
    assert np.mean(frechet) < 3.5 * np.mean(floor)
    untrained = np.asarray(models.dcgan_generator()(data.noise(300, 64, seed=0)))
    assert evaluation.frechet_distance(classifier, x_test, untrained) > 10 * np.mean(frechet)


def test_it_does_not_copy_its_training_images(dealt, x_fake):
    (x_train, _), (x_test, _) = dealt
    copies = evaluation.copying(x_train[:300], x_train, x_test)
    assert evaluation.copying(x_fake, x_train, x_test) < 0.6 < copies
    real, fake = (evaluation.nearest(x, x_train)[1] for x in (x_test, x_fake))
    assert fake.min() > 0.5 * real.min()


def test_nobody_sees_that_the_weights_are_rounded(generator, x_fake):
    """The exact ones were within half a unit in the last of float16's 11 digits: moved about there, no pixel moves."""
    rng, moved = np.random.default_rng(0), models.dcgan_generator()
    moved.set_weights([w + rng.uniform(-0.5, 0.5, w.shape).astype(np.float32) * np.spacing(w.astype(np.float16))
                       for w in generator.get_weights()])
    change = np.abs(np.asarray(moved(data.noise(1200, 64, seed=123))) - x_fake)
    assert 0 < change.max() < 3 / 255 and change.mean() < 0.1 / 255


def test_the_file_is_small_and_holds_float16():
    assert models.PRETRAINED.stat().st_size < 600_000
    with np.load(models.PRETRAINED) as file:
        assert {file[name].dtype for name in file.files} == {np.dtype(np.float16)}
        assert sum(file[name].size for name in file.files) == models.dcgan_generator().count_params()


def test_the_file_is_part_of_the_package():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["gan_helpers"]
    assert models.PRETRAINED in {path for pattern in patterns for path in (ROOT / "gan_helpers").glob(pattern)}


def damaged(tmp_path, how):
    path = shutil.copy(models.PRETRAINED, tmp_path / "digits_generator.npz")
    content = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "one byte":
        content[len(content) // 3] ^= 0xFF
        path.write_bytes(content)
    elif how == "text":
        path.write_text("version https://git-lfs.github.com/spec/v1")
    else:
        with np.load(path) as file:
            weights = [file[name] for name in file.files]
        weights[0] = weights[0][:, :-1] if how == "other shape" else np.full_like(weights[0], np.nan)
        np.savez(path, *weights)
    return path


@pytest.mark.parametrize("how", ["missing", "cut", "one byte", "text", "other shape", "not finite"])
def test_a_missing_or_damaged_file_is_a_clear_error(tmp_path, how):
    path = damaged(tmp_path, how)
    with pytest.raises(RuntimeError, match=r"digits_generator\.npz can't be read: .*Install the package again"):
        models.pretrained_generator(path)


def test_the_program_trains_chooses_and_stores(tmp_path, monkeypatch, capsys, classifier):
    """A hundred steps: far worse than what ships, and a file of the same kind."""
    monkeypatch.setattr(train_generator, "EVERY", 50)
    monkeypatch.setattr(train_generator, "SETS", 1)
    monkeypatch.setattr(evaluation, "train_classifier", lambda *data, **settings: classifier)
    monkeypatch.setattr(evaluation, "floor", functools.partial(evaluation.floor, rounds=2))
    out = tmp_path / "new" / "generator.npz"
    train_generator.main(["--steps", "100", "--out", str(out)])
    said = capsys.readouterr().out
    assert "step     50" in said and "step    100" in said and "the test:" in said
    looks = [float(line.split("frechet ")[1].split(",")[0]) for line in said.splitlines() if line.startswith("step")]
    assert f"kept step {50 + 50 * np.argmin(looks)}" in said
    x = np.asarray(models.pretrained_generator(out)(data.noise(8, 64, seed=0)))
    assert x.shape == (8, 28, 28, 1) and x.std() > 0.1
    with pytest.raises(SystemExit):
        train_generator.main(["--steps", "10"])
