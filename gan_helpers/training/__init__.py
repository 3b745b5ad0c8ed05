"""`GAN`: TF-GAN's losses inside Keras' own `compile` and `fit`; `train`: the default recipe in one call."""

from __future__ import annotations

import math

import keras
import numpy as np

from gan_helpers import models
from gan_helpers.data import _count, batches, check_images
from gan_helpers.training._callbacks import Progress, Samples, StepLimit, StopAfter, StopOnNaN, TrainingDiverged
from gan_helpers.training._gan import GAN

__all__ = ["GAN", "Progress", "Samples", "StepLimit", "StopAfter", "StopOnNaN", "TrainingDiverged", "train"]

BATCH_SIZE = 64
SHIFT = 2  # pixels; without it D begins to know the 1,500 digits by heart within a minute
EPOCH_STEPS = 50  # what one row of `history` covers in `train`: a second or two on two cores
EXECUTION_STEPS = 10  # steps that `train` runs before it returns to Python, whose share is then too small to measure


def train(x, steps: int | None = None, seconds: float | None = None, seed: int = 0, *, loss: str = "modified",
          progress: bool = True, callbacks=()) -> tuple[GAN, keras.callbacks.History]:
    """Train the default DCGAN on images `x` for `steps`, or `seconds` (60 if neither is given).

    `x`: `(n, height, width, channels)` float32 in [-1, 1], sides multiples of 4, n of 64 or more. The
    seconds count from the first finished step, so compiling is free. `callbacks` hear of steps in groups of
    up to 10, Keras' `steps_per_execution`. Returns the `GAN` and Keras' history, a row for every 50 steps.
    Raises `ValueError` for bad input, before any training.
    """
    x = check_images(x, least=BATCH_SIZE).astype(np.float32, copy=False)
    if steps is not None and seconds is not None:
        raise ValueError("Give steps or seconds, not both.")
    if steps is None and seconds is None:
        seconds = 60.0
    stop = [] if seconds is None else [StopAfter(seconds)]
    steps = None if steps is None else _count(steps, "steps")
    keras.utils.set_random_seed(seed)
    shape = x.shape[1:]
    generator, discriminator = models.dcgan_generator(image_shape=shape), models.dcgan_discriminator(shape)
    gan = GAN(generator, discriminator, loss, shift=SHIFT, seed=seed)
    # A group must fit into `steps` and into an epoch without a rest, or Keras would train longer than asked.
    gan.compile(steps_per_execution=math.gcd(steps or 0, EPOCH_STEPS, EXECUTION_STEPS))
    bar = [Progress(steps, seconds)] if progress else []
    ends = StepLimit(steps) if steps else None
    history = gan.fit(
        batches(x, BATCH_SIZE, seed),
        epochs=10**6 if steps is None else math.ceil(steps / EPOCH_STEPS),
        steps_per_epoch=EPOCH_STEPS if steps is None else min(EPOCH_STEPS, steps),
        callbacks=[*callbacks, *stop, *bar, *([ends] if ends else [])],
        verbose=0,
    )
    return gan, history
