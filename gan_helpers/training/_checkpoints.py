"""A run of `GAN.fit` in a folder: killed at any moment, it goes on where it was, to the same weights bit for bit.

The same bits need the same machine: with another number of cores TensorFlow sums in another order.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import numbers
import os
import pathlib
import re
import time
import warnings
import zipfile

import keras
import numpy as np
import psutil
import tensorflow as tf

from gan_helpers.data import _count
from gan_helpers.training._fit import is_number

FILE = "checkpoint.keras"
RUN, FORMAT = "run.json", "gan_helpers.training 1"  # what this module adds to Keras' own file


class Checkpoints(keras.callbacks.Callback):
    """Keeps the run of a compiled `GAN` in `folder`, and takes up a run that is there, at once.

    The file `checkpoint.keras` holds all that the next step depends on: weights, their average, both optimizers, the
    random streams; and the history. It is an ordinary Keras model, too: `keras.models.load_model` opens it. It is
    written before the first step, at the end of an epoch when `every` seconds have passed since the last time, and at
    the end of training; each time under another name first, so that a whole one is there at any moment.

    `folder`: new, empty, or that of the same run. `settings`: what else makes the run what it is, such as
    `data=fingerprint(x)`; text, numbers, lists. `epochs`, `seconds`: how many the run has behind it; the seconds count
    from the first finished step, so compiling is free.

        gan.compile()
        run = training.Checkpoints("night", gan, data=training.fingerprint(x), seed=0)
        gan.fit(training.batches_from(x, 64, seed=0, step=gan.steps), steps_per_epoch=50,
                initial_epoch=run.epochs, epochs=1000, callbacks=[run])

    Raises `ValueError`, and changes nothing, when the folder holds another run, a damaged checkpoint or other
    people's files; `OSError` when the first checkpoint can't be written. A later one that can't be is a warning: the
    one before stays, training goes on, and tries again.
    """

    def __init__(self, folder, gan, every: float = 30.0, **settings):
        super().__init__()
        if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
            raise ValueError(f"folder must be the path of a folder, got {folder!r}.")
        if not (is_number(every) and every >= 0):
            raise ValueError(f"every must be a number of seconds, 0 or more, got {every!r}.")
        if not gan.compiled:
            raise ValueError("Compile the GAN before Checkpoints: the optimizers are part of a run.")
        self.path, self.every = pathlib.Path(folder) / FILE, every
        ours, theirs = (json.loads(json.dumps(part, default=float))     # float: NumPy's numbers
                        for part in ({**gan.get_config(), **gan.get_compile_config()}, settings))
        self.settings = {name: _unnamed(value, {}) for name, value in ours.items()} | theirs
        self.epochs, self.seconds, self.history, self.step = 0, 0.0, {}, None
        self.since = None  # up to when `seconds` has been counted
        self._take_up(gan)

    def _take_up(self, gan):
        folder = self.path.parent
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is a file; checkpoints need a folder. Name another.")
        files = {path.name for path in folder.iterdir()} if folder.exists() else set()
        parts = {name for name in files if re.fullmatch(r"checkpoint\.\d+\.part\.keras", name)}
        if FILE not in files:
            if others := sorted(name for name in files - parts if not name.startswith(".")):
                raise ValueError(f"The folder {folder} holds no run of training, but other files ({others[0]}"
                                 f"{', ...' if others[1:] else ''}). Nothing was changed. Name a new or empty folder.")
        else:
            run = _read(self.path)
            if differences := _differences(run["settings"], self.settings):
                raise ValueError(f"The folder {folder} holds another run: {'; '.join(differences)}. Nothing was "
                                 "changed. Name another folder, or give the same settings to go on with this run.")
            gan.load_weights(self.path)
            self.epochs, self.seconds, self.history, self.step = (
                run[key] for key in ("epochs", "seconds", "history", "step"))
        for name in parts:  # what a kill in the middle of a save has left behind
            if not psutil.pid_exists(int(name.split(".")[1])):
                (folder / name).unlink(missing_ok=True)

    def save(self):
        """Write the checkpoint; the one before is replaced only by a whole one. Raises `OSError`."""
        if self.since:
            now = time.monotonic()
            self.seconds, self.since = self.seconds + now - self.since, now
        run = {"format": FORMAT, "step": self.model.steps, "epochs": self.epochs, "seconds": self.seconds,
               "history": self.history, "settings": self.settings}
        part = self.path.with_name(f"checkpoint.{os.getpid()}.part.keras")
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            self.model.save(part)
            with zipfile.ZipFile(part, "a") as file:
                file.writestr(RUN, json.dumps(run))
            with open(part, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(part, self.path)
        except OSError as error:
            kept = "" if self.step is None else f" The checkpoint of step {self.step} is still there, whole."
            raise OSError(f"Can't save the run in the folder {part.parent}: {error.strerror or error}.{kept} "
                          "Make room on the disk, or make the folder writable.") from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        self.step, self.saved = run["step"], time.monotonic()

    def _try_to_save(self, otherwise: str):
        try:
            self.save()
        except OSError as error:
            self.saved = time.monotonic()
            warnings.warn(f"{error} {otherwise}", stacklevel=2)

    def on_train_begin(self, logs=None):
        self.since, self.saved = None, time.monotonic()
        self.model.history.history = {name: list(rows) for name, rows in self.history.items()}
        if self.step is None:
            self.save()

    def on_train_batch_end(self, batch, logs=None):
        self.since = self.since or time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self.model.history.epoch = list(range(epoch))

    def on_epoch_end(self, epoch, logs=None):
        self.epochs = epoch + 1
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        if time.monotonic() - self.saved >= self.every:
            self._try_to_save("Training goes on and will try again.")

    def on_train_end(self, logs=None):
        self.model.history.epoch = list(range(self.epochs))  # also when there was nothing left to do
        if self.step != self.model.steps:
            self._try_to_save("The trained model is only in memory.")


def batches_from(x, batch_size: int, seed: int, step: int = 0):
    """An endless `tf.data.Dataset` of full batches of `x`, shuffled anew in each pass, that begins with batch `step`.

    The order depends on `seed` and nothing else, and any step is reached at once. Raises `ValueError` for a seed that
    isn't a whole number, samples that aren't finite numbers, and fewer samples than a batch.
    """
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise ValueError(f"seed must be a whole number, got {seed!r}: the order of the batches follows from it.")
    if not np.isfinite(x).all():
        raise ValueError(f"Expected finite samples, got {np.count_nonzero(~np.isfinite(x))} NaN or infinite values.")
    n, per_pass = len(x), len(x) // _count(batch_size, "batch_size")
    if not per_pass:
        raise ValueError(f"batch_size is {batch_size}, but there are only {n} samples.")
    samples = tf.constant(x)

    def one_pass(number):
        keys = tf.random.stateless_uniform((n,), [seed, number], minval=None, maxval=None, dtype=tf.int64)
        order = tf.argsort(keys)[:per_pass * batch_size]
        return tf.data.Dataset.from_tensor_slices(tf.reshape(order, (per_pass, batch_size)))

    order = tf.data.Dataset.counter(step // per_pass).flat_map(one_pass).skip(step % per_pass)
    return order.map(lambda i: tf.gather(samples, i)).prefetch(tf.data.AUTOTUNE)


def fingerprint(x) -> dict:
    """Shape and SHA-256 of an array: the same data, the same fingerprint."""
    x = np.ascontiguousarray(x)
    return {"shape": list(x.shape), "dtype": x.dtype.name, "sha256": hashlib.sha256(x).hexdigest()}


def _read(path) -> dict:
    """What `Checkpoints.save` noted in the file, or a `ValueError` when it isn't a whole checkpoint."""
    try:
        with zipfile.ZipFile(path) as file:
            run = json.loads(file.read(RUN))
            if run["format"] != FORMAT or file.testzip():
                raise zipfile.BadZipFile("its checksums are wrong, or another version wrote it")
            return run
    except OSError:
        raise
    except Exception as error:  # a foreign file may break zipfile and json in many ways
        raise ValueError(f"{path} is no checkpoint of a run, or it is damaged ({error}). Nothing was changed. Name "
                         "another folder; to begin anew in this one, move the file away first.") from error


def _unnamed(value, names: dict):
    """A setting with its layers numbered instead of named: Keras counts on through a session, `dense`, `dense_1`."""
    if isinstance(value, dict):
        return {key: names.setdefault(part, len(names)) if key == "name" and len(value) > 1 else _unnamed(part, names)
                for key, part in value.items()}
    if isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str):  # how Keras points to a layer's output: ["dense", 0, 0]
            return [names.setdefault(value[0], len(names)), *value[1:]]
        return [_unnamed(part, names) for part in value]
    return value


def _differences(there: dict, here: dict) -> list[str]:
    """The first three settings in which two runs differ, in words."""
    there, here = _flat(there), _flat(here)
    return [f"{path[1:]} is {there.get(path, 'nothing')!r} there and {here.get(path, 'nothing')!r} here"
            for path in {**there, **here} if there.get(path, _flat) != here.get(path, _flat)][:3]


def _flat(value, path="") -> dict:
    """Each number or text deep within dictionaries and lists, by its path: `{".a.0": 1}`."""
    if not isinstance(value, (dict, list)):
        return {path: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    return {deep: leaf for key, part in parts for deep, leaf in _flat(part, f"{path}.{key}").items()}
