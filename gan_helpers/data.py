"""Real samples to learn from: digit images, MNIST and Fashion-MNIST through TFDS, 2-D points, noise.

Images are `(n, height, width, channels)`, float32 in [-1, 1], the range of a generator's tanh.
TensorFlow and TFDS are imported only by the functions that need them.
"""

from __future__ import annotations

import difflib
import numbers
import os
from importlib import metadata

import numpy as np
from packaging.version import Version

IMAGE_SETS = ("digits", "mnist", "fashion_mnist")
SPLITS = ("train", "test", "all")
POINT_SETS = ("line", "two_gaussians", "ring", "blobs3", "ring8", "grid25", "moons", "spiral")
NOISE_PRIORS = ("normal", "uniform")
DIGITS_TRAIN = 1500  # of 1,797; the last 297 are the test split


def _allow_an_older_protobuf() -> None:
    """Let TFDS be imported on Colab, where tensorflow-metadata's messages are newer than protobuf itself.

    They were generated for 6.31, and protobuf 5 refuses them by that number alone. This is protobuf's own
    switch for it, read when TFDS is imported; MNIST then loads right, as the tests on Colab's versions show.
    """
    if Version(metadata.version("protobuf")) < Version("6.31.1"):
        os.environ.setdefault("TEMPORARILY_DISABLE_PROTOBUF_VERSION_CHECK", "true")


_allow_an_older_protobuf()


def load_images(name: str = "digits", split: str = "train", data_dir: str | None = None) -> np.ndarray:
    """Images of a named set, `(n, 28, 28, 1)` float32 in [-1, 1], in the order of the source.

    `digits` are scikit-learn's 1,797 handwritten digits (UCI Optical Recognition of Handwritten Digits),
    offline; 8x8 pixels, padded to 10x10 and resized bicubically. `mnist` and `fashion_mnist` come from
    TFDS, which downloads them once into `data_dir` (default: TFDS' own folder).

    `split` is "train", "test" or "all". Raises `ValueError` for an unknown name or split, and
    `RuntimeError` where TFDS can't download, read or write its copy.
    """
    return load_labelled(name, split, data_dir)[0]


def load_labelled(
    name: str = "digits", split: str = "train", data_dir: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The images of `load_images` and their classes, `(n,)` int64 in 0..9. Raises the same errors."""
    _one_of(name, IMAGE_SETS, "image set")
    _one_of(split, SPLITS, "split")
    if name == "digits":
        return _digits(split)
    return _from_tfds(name, split, data_dir)


def to_unit_range(x: np.ndarray) -> np.ndarray:
    """Pixels 0..255 (any integer type) as float32 in [-1, 1]: `x / 127.5 - 1`."""
    x = np.asarray(x)
    if not np.issubdtype(x.dtype, np.integer):
        raise ValueError(f"Expected integer pixels from 0 to 255, got {x.dtype}. Are they scaled already?")
    if x.size and (x.min() < 0 or x.max() > 255):
        raise ValueError(f"Expected pixels from 0 to 255, got {x.min()} to {x.max()}.")
    return x.astype(np.float32) / 127.5 - 1.0


def check_images(x, least: int = 1, what: str = "images") -> np.ndarray:
    """`x` as a NumPy array, or a `ValueError` that says how it isn't a batch of training images.

    Accepted: `(n, height, width, channels)` with n >= `least` and 1 or 3 channels, a floating type,
    every value finite and in [-1, 1].
    """
    wanted = f"{what} as (n, height, width, channels), float32 in [-1, 1]"
    try:
        x = np.asarray(x)
    except ValueError as error:  # images of different sizes in one list
        raise ValueError(f"Expected {wanted}, got something that isn't one array: {error}") from error
    if x.ndim != 4:
        hint = " Add the channel axis: x[..., None]." if x.ndim == 3 else ""
        raise ValueError(f"Expected {wanted}, got shape {x.shape}.{hint}")
    if x.shape[-1] not in (1, 3):
        hint = " Is it (n, channels, height, width)? Move the channels last." if x.shape[1] in (1, 3) else ""
        raise ValueError(f"Expected 1 or 3 channels in the last axis, got shape {x.shape}.{hint}")
    if 0 in x.shape[1:]:
        raise ValueError(f"Expected {wanted}, got empty images of shape {x.shape[1:]}.")
    if len(x) < least:
        raise ValueError(f"Expected at least {least} {what}, got {len(x)}.")
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(f"Expected {wanted}, got {x.dtype}. Use data.to_unit_range(x) for pixels 0..255.")
    if not np.isfinite(x).all():
        bad = np.count_nonzero(~np.isfinite(x))
        raise ValueError(f"Expected finite {what}, got {bad} NaN or infinite values.")
    low, high = float(x.min()), float(x.max())
    if low < -1.001 or high > 1.001:
        raise ValueError(f"Expected {what} in [-1, 1], got {low:.3g} to {high:.3g}. Rescale them, for "
                         "example x / 127.5 - 1 for pixels 0..255 or 2 * x - 1 for values in [0, 1].")
    return x


def batches(x, batch_size: int, seed: int | None = None):
    """An endless `tf.data.Dataset` of full batches of `x`, shuffled anew in each pass over the data.

    `x` is any array with the samples in its first axis; `batch_size` is from 1 to `len(x)`. The samples
    that don't fill the last batch of a pass are left out of that pass. One seed gives one order, after one
    `keras.utils.set_random_seed` (TensorFlow mixes both). Raises `ValueError` for samples that aren't numbers
    or aren't finite, and for a size that doesn't fit.
    """
    try:
        x = np.asarray(x)
    except ValueError as error:  # samples of different shapes in one list
        raise ValueError(f"Expected samples of one shape, got something that isn't one array: {error}") from error
    batch_size = _count(batch_size, "batch_size")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, numbers.Integral)):
        raise ValueError(f"seed must be a whole number or None, got {seed!r}.")
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(f"Expected at least one sample, got an array of shape {x.shape}.")
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise ValueError(f"Expected samples of numbers, got dtype {x.dtype}.")
    if not np.isfinite(x).all():
        raise ValueError(f"Expected finite samples, got {np.count_nonzero(~np.isfinite(x))} NaN or infinite values.")
    if batch_size > len(x):
        raise ValueError(f"batch_size is {batch_size}, but there are only {len(x)} samples. "
                         f"Choose a batch_size from 1 to {len(x)}.")
    import tensorflow as tf

    order = tf.data.Dataset.range(len(x)).shuffle(len(x), seed=seed, reshuffle_each_iteration=True)
    samples = tf.constant(x)
    # Shuffling indices and gathering whole batches is several times faster than shuffling images.
    one_pass = order.batch(batch_size, drop_remainder=True).map(lambda i: tf.gather(samples, i))
    return one_pass.repeat().prefetch(tf.data.AUTOTUNE)


def noise(n: int, z_dim: int, prior: str = "normal", seed: int | None = None) -> np.ndarray:
    """`(n, z_dim)` float32 draws of z: standard normal, or uniform on [-1, 1]."""
    n, z_dim = _count(n, "n"), _count(z_dim, "z_dim")
    _one_of(prior, NOISE_PRIORS, "noise prior")
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, z_dim)) if prior == "normal" else rng.uniform(-1, 1, (n, z_dim))
    return z.astype(np.float32)


def points(name: str, n: int, seed: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """`(n, 2)` float32 points of a named 2-D distribution, and `(n,)` ints: the mode each came from.

    All sets lie within about [-1.2, 1.2] on both axes. Sets without separate modes (line, ring, spiral)
    have the one mode 0. Raises `ValueError` for an unknown name or a size below 1.
    """
    _one_of(name, POINT_SETS, "point set")
    n = _count(n, "n")
    rng = np.random.default_rng(seed)
    jitter = rng.standard_normal((n, 2))
    if name in _CURVES:
        low, high, spread = _CURVES[name]
        mode = rng.integers(0, 2, n) if name == "moons" else np.zeros(n)
        return _points(_curve(name, rng.uniform(low, high, n), mode) + spread * jitter, mode)
    centres, spread = _centres(name)
    mode = rng.integers(0, len(centres), n)
    return _points(centres[mode] + spread * jitter, mode)


def skeleton(name: str) -> tuple[np.ndarray, np.ndarray, float]:
    """A point set without its jitter: `(m, 2)` float32 centres, `(m,)` ints: the mode of each, and the jitter.

    Of a set made of Gaussians these are the centres of its modes, 0 to m - 1; of a curve (line, ring, spiral,
    moons) 400 points along it, a constant distance apart. The jitter is the standard deviation, on each axis, of
    `points(name, ...)` about its centre or curve. Raises `ValueError` for an unknown name.
    """
    _one_of(name, POINT_SETS, "point set")
    if name not in _CURVES:
        centres, spread = _centres(name)
        return *_points(centres, np.arange(len(centres))), spread
    low, high, spread = _CURVES[name]
    modes = 2 if name == "moons" else 1
    pieces = []
    for mode in range(modes):
        t = np.linspace(low, high, 4001)
        lengths = np.hypot(*np.diff(_curve(name, t, np.full(len(t), mode)), axis=0).T)
        count = 400 // modes
        # Middles of equal pieces, so that the ring's last point isn't its first once more.
        middles = (np.arange(count) + 0.5) / count * lengths.sum()
        t = np.interp(middles, np.concatenate([[0], np.cumsum(lengths)]), t)
        pieces.append(_curve(name, t, np.full(count, mode)))
    return *_points(np.concatenate(pieces), np.repeat(np.arange(modes), 400 // modes)), spread


# The parameter of each curve is drawn evenly from the first number to the second; the third is the jitter.
_CURVES = {"line": (-1, 1, 0.02), "ring": (0, 2 * np.pi, 0.03), "spiral": (0.02, 1, 0.02), "moons": (0, np.pi, 0.04)}


def _curve(name: str, t: np.ndarray, mode: np.ndarray) -> np.ndarray:
    """The points `(n, 2)` of a curve at the parameters t `(n,)`, without jitter."""
    if name == "line":
        return np.stack([t, 0.5 * t], 1)
    if name == "ring":
        return np.stack([np.cos(t), np.sin(t)], 1)
    if name == "spiral":
        radius = np.sqrt(t)  # the square root spreads the points nearly evenly along the arm
        angle = 3 * np.pi * radius
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    upper = np.stack([np.cos(t) - 0.5, np.sin(t) - 0.25], 1)
    lower = np.stack([0.5 - np.cos(t), 0.25 - np.sin(t)], 1)
    return 0.75 * np.where(mode[:, None] == 0, upper, lower)


def _centres(name: str) -> tuple[np.ndarray, float]:
    """Mode centres and standard deviation of the sets made of Gaussians."""
    if name == "two_gaussians":
        return np.array([[-0.6, 0.0], [0.6, 0.0]]), 0.15
    if name == "grid25":
        side = np.linspace(-1, 1, 5)
        return np.stack(np.meshgrid(side, side), -1).reshape(-1, 2), 0.05
    count, spread = (3, 0.12) if name == "blobs3" else (8, 0.05)
    angle = 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angle), np.sin(angle)], 1), spread


def _points(x: np.ndarray, mode: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x.astype(np.float32), mode.astype(np.int64)


def _digits(split: str) -> tuple[np.ndarray, np.ndarray]:
    from PIL import Image
    from sklearn.datasets import load_digits

    bunch = load_digits()
    part = {"train": slice(0, DIGITS_TRAIN), "test": slice(DIGITS_TRAIN, None), "all": slice(None)}[split]
    small = np.pad(bunch.images[part] / 16.0, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    large = [np.asarray(Image.fromarray(image).resize((28, 28), Image.Resampling.BICUBIC)) for image in small]
    x = 2 * np.clip(np.stack(large), 0, 1) - 1  # bicubic curves overshoot [0, 1] a little
    return x[..., None].astype(np.float32), bunch.target[part].astype(np.int64)


def _from_tfds(name: str, split: str, data_dir: str | None) -> tuple[np.ndarray, np.ndarray]:
    """One split through `tfds.load`; every failure becomes an error that says what to do."""
    if not isinstance(data_dir, (str, os.PathLike, type(None))):
        raise ValueError(f"data_dir must be the path of a folder, got {data_dir!r}.")
    import tensorflow_datasets as tfds

    data_dir = None if data_dir is None else os.fspath(data_dir)
    folder = os.path.expanduser(data_dir or tfds.core.constants.DATA_DIR)
    place = f"the TFDS folder {folder}"
    try:
        builder = tfds.builder(name, data_dir=data_dir, try_gcs=False)
        cached = os.path.isdir(builder.data_path)
    except Exception as error:
        raise RuntimeError(f"TFDS can't open '{name}' in {place}. A copy there may be half written: delete "
                           f"{os.path.join(folder, name)} and load again, or use name='digits'. TFDS said: "
                           f"{_first_line(error)}") from error
    if not cached and not _writable(folder):
        raise RuntimeError(f"'{name}' must be downloaded, but {place} can't be written. Give a folder of "
                           "yours: data_dir='...'; or use name='digits', which needs no download.")
    try:
        if not cached:
            _connect(builder.URL)
        x, y = tfds.load(name, split="train+test" if split == "all" else split, data_dir=data_dir,
                         batch_size=-1, as_supervised=True, try_gcs=False)
        x, y = tfds.as_numpy((x, y))
    except Exception as error:
        if cached:
            raise RuntimeError(
                f"The copy of '{name}' in {builder.data_path} can't be read; it may be half written. Delete "
                f"that folder and load again, or use name='digits'. TFDS said: {_first_line(error)}") from error
        raise RuntimeError(
            f"'{name}' isn't in {place} and couldn't be downloaded. With a network connection, try again; "
            "without one, copy a TFDS folder from another machine and pass data_dir='...', or use "
            f"name='digits', which needs no download. What stopped it: {_first_line(error)}") from error
    return to_unit_range(x), y.astype(np.int64)


def _connect(url: str) -> None:
    """Raise an error at once where nobody answers at `url`; TFDS itself would try again for minutes."""
    import requests  # what TFDS downloads with: the same proxies and certificates

    requests.head(url, timeout=10)


def _writable(folder: str) -> bool:
    """Whether `folder`, or the nearest folder above it that exists, can be written."""
    while not os.path.exists(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return os.path.isdir(folder) and os.access(folder, os.W_OK)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _one_of(name, known, what: str) -> None:
    """Raise a `ValueError` that lists the `known` names unless `name` is one of them."""
    if isinstance(name, str) and name in known:
        return
    close = difflib.get_close_matches(str(name), known, n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"Unknown {what} {name!r}. Known: {', '.join(known)}.{guess}")


def _count(value, what: str) -> int:
    """`value` as an int of 1 or more, or a `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ValueError(f"{what} must be a whole number of 1 or more, got {value!r}.")
    return int(value)
