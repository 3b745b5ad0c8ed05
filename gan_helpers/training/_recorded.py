"""Runs of `GAN.fit` that were recorded once, healthy and not, for reading curves without waiting for them."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import NamedTuple

import numpy as np

from gan_helpers import losses
from gan_helpers.data import _one_of

RECORDED = ("healthy", "mode collapse", "D wins", "G wins", "oscillation", "NaN")
# The same runs without their names, for diagnosing: chapter 10, exercise 10.1.
UNNAMED = {"A": "G wins", "B": "oscillation", "C": "healthy", "D": "NaN", "E": "mode collapse", "F": "D wins"}
LEVELS = 32  # greys of a sample in the file: as good to look at as 256, and half as large


class RecordedRun(NamedTuple):
    """A real training on the bundled digits, recorded by tools/record_runs.py.

    Curves `(k,)`, means over the ten steps that end with `steps`: both losses, D's mean logits, and the lengths of
    both gradients over all weights of a player. At `moments`, `(m,)` steps: `grids` `(m, 16, 28, 28, 1)`, what G makes
    of the same z, in [-1, 1]; `classes` `(m, 10)`, the share of each digit in 1,000 samples, by a classifier that is
    the same for all runs; `score`, `frechet`, `coverage` `(m,)`, as `evaluation.measured` has them, of 297 samples
    against the 297 held-out digits. `floor`: the same three for 297 real digits of the training set. `unsure`: G's and
    D's loss when D's logits are all 0. `settings`: all that made the run; empty for one without its name.
    """

    name: str
    settings: dict
    steps: np.ndarray
    g_loss: np.ndarray
    d_loss: np.ndarray
    real_logits: np.ndarray
    fake_logits: np.ndarray
    g_gradient: np.ndarray
    d_gradient: np.ndarray
    moments: np.ndarray
    grids: np.ndarray
    classes: np.ndarray
    score: np.ndarray
    frechet: np.ndarray
    coverage: np.ndarray
    floor: dict
    unsure: tuple[float, float]


def recorded_run(name: str) -> RecordedRun:
    """The recorded run of that name, one of `RECORDED`, or "A" to "F" for one of them without its name.

    Raises `ValueError` that lists the known names.
    """
    _one_of(name, (*RECORDED, *UNNAMED), "recorded run")
    file, known = _file(), UNNAMED.get(name, name)
    fields = {key.partition("/")[2]: value for key, value in file.items() if key.startswith(known + "/")}
    settings = json.loads(str(fields.pop("settings")))
    fields["grids"] = (fields["grids"] / np.float32(LEVELS - 1) * 2 - 1)[..., None]
    floor = dict(zip(("score", "frechet", "coverage"), file["floor"].tolist(), strict=True))
    nothing = np.zeros((1, 1), np.float32)
    unsure = tuple(float(loss) for loss in losses.of_logits(settings["loss"], nothing, nothing))
    return RecordedRun(name=name, settings={} if name in UNNAMED else settings, floor=floor, unsure=unsure, **fields)


@functools.cache
def _file() -> dict[str, np.ndarray]:
    with resources.files("gan_helpers").joinpath("assets/runs.npz").open("rb") as file:
        arrays = dict(np.load(file, allow_pickle=False))
    for array in arrays.values():
        array.flags.writeable = False  # every caller gets the same ones
    return arrays
