"""`data` against the sources it reads, closed forms, and inputs that must be refused."""

import ast
import gzip
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.datasets import load_digits

from gan_helpers import data

PACKAGE = Path(data.__file__).parent


def test_importing_the_package_and_data_loads_no_tensorflow():
    code = "import gan_helpers, gan_helpers.data, sys; assert 'tensorflow' not in sys.modules, 'loaded'"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_digits_are_scikit_learns_1797_in_order():
    parts = [data.load_labelled("digits", split) for split in ("train", "test")]
    x, y = data.load_labelled("digits", "all")
    assert [len(part[0]) for part in parts] == [1500, 297] and x.shape == (1797, 28, 28, 1)
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), x)
    np.testing.assert_array_equal(y, load_digits().target)
    assert x.dtype == np.float32 and x.min() == -1 and x.max() == 1


def test_digits_keep_the_picture_of_the_source():
    """Averaged back to the 8x8 pixels of the source, each image is close to it (bicubic, so not equal)."""
    x = data.load_images("digits", "all")[..., 0]
    source = load_digits().images / 8 - 1
    centre = (np.arange(1, 9) + 0.5) * 2.8 - 0.5  # where the source's pixel centres lie in the large image
    at = np.rint(centre).astype(int)
    correlation = [np.corrcoef(a[np.ix_(at, at)].ravel(), b.ravel())[0, 1] for a, b in zip(x, source, strict=True)]
    assert min(correlation) > 0.95


def test_mnist_through_tfds_equals_the_files(tfds_folder, mnist_files):
    raw = gzip.decompress((mnist_files / "t10k-images-idx3-ubyte.gz").read_bytes())
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28, 1)
    raw = gzip.decompress((mnist_files / "t10k-labels-idx1-ubyte.gz").read_bytes())
    labels = np.frombuffer(raw, np.uint8, offset=8)
    x, y = data.load_labelled("mnist", "all", str(tfds_folder))
    assert x.shape == (10_000, 28, 28, 1) and x.dtype == np.float32
    back = np.rint((x + 1) * 127.5).astype(np.uint8)
    rows = sorted(zip(map(bytes, back), y.tolist(), strict=True))
    assert rows == sorted(zip(map(bytes, pixels), labels.tolist(), strict=True))
    assert len(data.load_images("mnist", "test", str(tfds_folder))) == 1000


def test_a_half_written_tfds_copy_is_named_and_left_alone(tfds_folder, tmp_path):
    shutil.copytree(tfds_folder / "mnist", tmp_path / "mnist")
    record = next((tmp_path / "mnist").rglob("*train*tfrecord*"))
    record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])
    before = sorted((p, p.stat().st_size) for p in tmp_path.rglob("*"))
    with pytest.raises(RuntimeError, match="half written. Delete that folder"):
        data.load_images("mnist", "train", str(tmp_path))
    assert sorted((p, p.stat().st_size) for p in tmp_path.rglob("*")) == before


def test_a_half_written_description_is_named_and_left_alone(tfds_folder, tmp_path):
    shutil.copytree(tfds_folder / "mnist", tmp_path / "mnist")
    info = next((tmp_path / "mnist").rglob("dataset_info.json"))
    info.write_text(info.read_text()[:100])
    with pytest.raises(RuntimeError, match=f"may be half written: delete {tmp_path / 'mnist'} and load again"):
        data.load_images("mnist", "train", tmp_path)
    assert len(info.read_text()) == 100


@pytest.mark.parametrize("folder", [5, ["a"], True])
def test_a_folder_that_is_no_path_is_refused(folder):
    with pytest.raises(ValueError, match="data_dir must be the path of a folder, got"):
        data.load_images("mnist", "train", folder)


def test_no_network_names_the_alternatives(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def offline(*args, **kwargs):
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr(data, "_connect", lambda url: None)  # the network went down a moment later
    monkeypatch.setattr(tfds.download.DownloadManager, "download_and_extract", offline)
    monkeypatch.setattr(tfds.download.DownloadManager, "download", offline)
    with pytest.raises(RuntimeError, match="couldn't be downloaded.*name='digits'"):
        data.load_images("mnist", "train", str(tmp_path))
    assert not list(tmp_path.rglob("*tfrecord*"))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_without_a_network_it_says_so_at_once(name, tmp_path, monkeypatch):
    """TFDS alone tries for minutes. The proxy is an address where nobody listens."""
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    started = time.monotonic()
    with pytest.raises(RuntimeError, match=f"'{name}' isn't in .* What stopped it: ProxyError"):
        data.load_images(name, "train", str(tmp_path))
    assert time.monotonic() - started < 20 and not list(tmp_path.iterdir())


def test_an_unwritable_folder_is_said_before_any_download(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RuntimeError, match="can't be written"):
        data.load_images("mnist", "train", str(tmp_path / "file" / "below"))


@pytest.mark.parametrize("call", [
    lambda: data.load_images("mnits"), lambda: data.load_images("digits", "valid"),
    lambda: data.points("ring9", 10), lambda: data.skeleton("ring9"), lambda: data.noise(3, 2, "gauss"),
    lambda: data.load_images(None)])
def test_unknown_names_list_the_known_ones(call):
    with pytest.raises(ValueError, match="Unknown .* Known: "):
        call()


def test_a_close_name_is_suggested():
    with pytest.raises(ValueError, match="Did you mean 'mnist'"):
        data.load_images("mnits")


@given(hnp.arrays(np.uint8, hnp.array_shapes(max_dims=4)))
def test_pixels_scale_to_the_unit_range_and_back(pixels):
    x = data.to_unit_range(pixels)
    assert x.dtype == np.float32 and x.min() >= -1 and x.max() <= 1
    np.testing.assert_array_equal(np.rint((x + 1) * 127.5).astype(np.uint8), pixels)


@given(hnp.arrays(np.float32, st.tuples(*[st.integers(1, 5)] * 3, st.sampled_from([1, 3])),
                  elements=st.floats(-1, 1, width=32)))
def test_good_images_pass_unchanged(x):
    np.testing.assert_array_equal(data.check_images(x), x)


GOOD = np.zeros((8, 28, 28, 1), np.float32)


@pytest.mark.parametrize("bad, message", [
    (GOOD[..., 0], "Add the channel axis"),
    (np.moveaxis(GOOD, -1, 1), "Move the channels last"),
    (GOOD[:0], "at least 1 images, got 0"),
    (GOOD[:, :0], "empty images"),
    (GOOD.astype(np.uint8), "to_unit_range"),
    (GOOD.astype(object), "got object"),
    (GOOD + np.nan, "NaN or infinite"),
    (GOOD + np.inf, "NaN or infinite"),
    (GOOD + 255, "Rescale"),
    ([np.zeros((2, 2)), np.zeros((3, 3))], "isn't one array"),
    ("digits", "got shape"),
    (None, "got shape"),
])
def test_bad_images_are_refused_with_the_reason(bad, message):
    with pytest.raises(ValueError, match=message):
        data.check_images(bad)


@given(n=st.integers(1, 40), size=st.integers(1, 40), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_batches_are_full_shuffled_and_repeatable(n, size, seed):
    x = np.arange(n)
    if size > n:
        with pytest.raises(ValueError, match=f"only {n} samples"):
            data.batches(x, size)
        return
    passes = n // size
    read = lambda: np.stack([b.numpy() for b in data.batches(x, size, seed).take(2 * passes)])  # noqa: E731
    first = read()
    assert first.shape == (2 * passes, size)
    for one_pass in np.split(first, 2):
        assert len(np.unique(one_pass)) == passes * size  # nothing twice within a pass
    np.testing.assert_array_equal(first, read())


def test_batches_differ_between_passes():
    """Mistake 9: a discriminator that sees the same batch for ever."""
    first, second = (b.numpy() for b in data.batches(np.arange(1000), 1000, seed=1).take(2))
    assert (first != second).mean() > 0.9


@pytest.mark.parametrize("size", [0, -1, 2.5, True, None, "8"])
def test_sizes_that_are_no_counts_are_refused(size):
    for call in (lambda: data.batches(GOOD, size), lambda: data.points("ring8", size), lambda: data.noise(4, size)):
        with pytest.raises(ValueError, match="whole number of 1 or more"):
            call()


def test_noise_has_the_moments_of_its_prior():
    normal, uniform = data.noise(50_000, 2, "normal", 0), data.noise(50_000, 2, "uniform", 0)
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
    assert abs(uniform).max() <= 1 and abs(uniform.std() - 1 / np.sqrt(3)) < 0.01


@pytest.mark.parametrize("name, modes", [("line", 1), ("two_gaussians", 2), ("ring", 1), ("blobs3", 3), ("ring8", 8),
                                         ("grid25", 25), ("moons", 2), ("spiral", 1)])
def test_point_sets_have_their_modes(name, modes):
    x, mode = data.points(name, 5000, seed=0)
    assert x.shape == (5000, 2) and x.dtype == np.float32 and np.abs(x).max() < 1.5
    shares = np.bincount(mode) / 5000
    assert len(shares) == modes and shares.min() > 0.5 / modes
    np.testing.assert_array_equal(x, data.points(name, 5000, seed=0)[0])


def test_ring8_centres_are_on_the_unit_circle():
    x, mode = data.points("ring8", 40_000, seed=3)
    centres = np.stack([x[mode == k].mean(0) for k in range(8)])
    angle = 2 * np.pi * np.arange(8) / 8
    np.testing.assert_allclose(centres, np.stack([np.cos(angle), np.sin(angle)], 1), atol=0.005)


@pytest.mark.parametrize("name", data.POINT_SETS)
def test_a_skeleton_is_the_set_without_its_jitter(name):
    """Seen from a curve, jitter is one normal number across it; seen from a centre, two."""
    x, mode = data.points(name, 20_000, seed=0)
    centres, modes, spread = data.skeleton(name)
    assert set(modes) == set(mode) and centres.dtype == np.float32 and len(modes) == len(centres)
    squares = ((x[:, None] - centres) ** 2).sum(2)
    axes = 1 if len(centres) == 400 else 2
    assert np.sqrt(squares.min(1).mean() / axes) == pytest.approx(spread, rel=0.03)
    assert (modes[squares.argmin(1)] == mode).mean() > 0.999
    if axes == 1:  # evenly along the curve, from end to end
        gaps = np.concatenate([np.hypot(*np.diff(centres[modes == k], axis=0).T) for k in set(modes)])
        assert gaps.max() == pytest.approx(gaps.min(), rel=0.01)


def test_skeletons_lie_on_the_curves_of_their_names():
    spreads = [data.skeleton(name)[2] for name in data.POINT_SETS]
    assert spreads == [0.02, 0.15, 0.03, 0.12, 0.05, 0.05, 0.04, 0.02]
    line, ring, moons, spiral = (data.skeleton(name)[0].astype(float) for name in ("line", "ring", "moons", "spiral"))
    np.testing.assert_allclose(line[:, 1], line[:, 0] / 2, atol=1e-6)
    np.testing.assert_allclose(np.hypot(*ring.T), 1, atol=1e-6)
    middle = np.repeat([[-0.375, -0.1875], [0.375, 0.1875]], 200, axis=0)
    np.testing.assert_allclose(np.hypot(*(moons - middle).T), 0.75, atol=1e-6)
    angle = np.unwrap(np.arctan2(*spiral.T[::-1]))
    np.testing.assert_allclose(np.hypot(*spiral.T), angle / (3 * np.pi), atol=1e-4)
    lengths = [np.hypot(*np.diff(x, axis=0).T).sum() for x in (line, ring, moons[:200])]
    np.testing.assert_allclose(lengths, [np.sqrt(5), 2 * np.pi, 0.75 * np.pi], rtol=0.01)


ORDER = ["theory", "quiet", "compat", "data", "models", "losses", "training", "evaluation", "plotting", "live", "lab",
         "checks", "doctor", "__main__"]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_modules_depend_only_on_modules_before_them(path):
    module = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if module == "__init__":
        return
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gan_helpers":
            parts = node.module.split(".")[1:]
            imported |= {parts[0]} if parts else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            imported |= {a.name.split(".")[1] for a in node.names if a.name.startswith("gan_helpers.")}
    late = [name for name in imported - {module} if ORDER.index(name) >= ORDER.index(module)]
    assert not late, f"{module} imports {late}, which come after it"


@pytest.mark.parametrize("x, message", [
    (GOOD + np.nan, "NaN or infinite"),
    (np.array([None, 1]), "samples of numbers, got dtype object"),
    (["a", "b"], "samples of numbers"),
    ([[1], [1, 2]], "samples of one shape"),
])
def test_samples_that_cannot_be_trained_on_make_no_batches(x, message):
    with pytest.raises(ValueError, match=message):
        data.batches(x, 1)
    with pytest.raises(ValueError, match="seed must be a whole number"):
        data.batches(GOOD, 1, seed="0")


@pytest.mark.parametrize("version, switch", [("5.29.6", "true"), ("6.31.1", None), ("6.32.0", None)])
def test_only_a_protobuf_that_is_too_old_is_told_not_to_ask(version, switch, monkeypatch):
    name = "TEMPORARILY_DISABLE_PROTOBUF_VERSION_CHECK"
    monkeypatch.setenv(name, "")  # so that monkeypatch puts back what was there
    monkeypatch.delenv(name)
    monkeypatch.setattr(data.metadata, "version", lambda package: version)
    data._allow_an_older_protobuf()
    assert os.environ.get(name) == switch
