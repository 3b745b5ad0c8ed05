"""`GAN`: TF-GAN's losses inside Keras' own `compile` and `fit`; `train`: the default recipe in one call."""

from __future__ import annotations

import math

import keras
import numpy as np

from gan_helpers import models
from gan_helpers.data import _count, check_images
from gan_helpers.training._callbacks import Progress, Samples, StepLimit, StopAfter, StopOnNaN, TrainingDiverged
from gan_helpers.training._checkpoints import Checkpoints, batches_from, fingerprint
from gan_helpers.training._gan import GAN

__all__ = ["GAN", "Checkpoints", "Progress", "Samples", "StepLimit", "StopAfter", "StopOnNaN", "TrainingDiverged",
           "batches_from", "fingerprint", "train"]

BATCH_SIZE = 64
SHIFT = 2  # pixels; without it D begins to know the 1,500 digits by heart within a minute
EPOCH_STEPS = 50  # what one row of `history` covers in `train`: a second or two on two cores
SAVE_SECONDS = 30.0  # between two checkpoints; one takes less than a tenth of a second
EXECUTION_STEPS = 10  # steps that `train` runs before it returns to Python, whose share is then too small to measure


def train(x, steps: int | None = None, seconds: float | None = None, seed: int = 0, *, loss: str = "modified",
          folder=None, progress: bool = True, callbacks=()) -> tuple[GAN, keras.callbacks.History]:
    """Train the default DCGAN on images `x` for `steps`, or `seconds` (60 if neither is given).

    `x`: `(n, height, width, channels)` float32 in [-1, 1], sides multiples of 4, n of 64 or more. The
    seconds count from the first finished step, so compiling is free. `callbacks` hear of steps in groups of
    up to 10, Keras' `steps_per_execution`. Returns the `GAN` and Keras' history, a row for every 50 steps.

    `folder`: keeps the run there (`Checkpoints`), twice a minute. The same call, made again after a kill at any moment,
    goes on from there: with `steps` to the same weights as if undisturbed, bit for bit on the same machine; with
    `seconds` for the seconds that are left, so to about as many steps. More `steps` or `seconds` lengthen a finished
    run.

    Raises `ValueError` for bad input, or a folder that isn't this run's, before any training.
    """
    x = check_images(x, least=BATCH_SIZE).astype(np.float32, copy=False)
    if steps is not None and seconds is not None:
        raise ValueError("Give steps or seconds, not both.")
    if steps is None:
        seconds = StopAfter(60.0 if seconds is None else seconds).seconds
    else:
        steps = _count(steps, "steps")
    keras.utils.set_random_seed(seed)
    shape = x.shape[1:]
    generator, discriminator = models.dcgan_generator(image_shape=shape), models.dcgan_discriminator(shape)
    gan = GAN(generator, discriminator, loss, shift=SHIFT, seed=seed)
    gan.compile()
    run = None
    if folder is not None:
        run = Checkpoints(folder, gan, SAVE_SECONDS, data=fingerprint(x), batch_size=BATCH_SIZE)
    first_epoch, spent, done = (run.epochs, run.seconds, gan.steps) if run else (0, 0.0, 0)
    if steps is not None and steps < done:
        raise ValueError(f"The run in {folder} has {done} steps behind it, more than the {steps} asked for. Ask for "
                         "more steps, or name another folder.")
    # A group must fit into `steps` and into an epoch without a rest, or Keras would train longer than asked.
    gan.steps_per_execution = math.gcd(steps or 0, done, EPOCH_STEPS, EXECUTION_STEPS)
    if steps is None:
        behind, epochs = spent, 10**6 if spent < seconds else 0
        ends = [StopAfter(seconds - spent)] if epochs else []
    else:
        behind, epochs, ends = done, math.ceil((steps - done) / EPOCH_STEPS), [StepLimit(steps)]
    bar = [Progress(steps, seconds, behind)] if progress else []
    history = gan.fit(
        batches_from(x, BATCH_SIZE, seed, done),
        initial_epoch=first_epoch,
        epochs=first_epoch + epochs,
        steps_per_epoch=min(EPOCH_STEPS, steps - done) or 1 if steps else EPOCH_STEPS,
        # The checkpoint comes after the caller's callbacks, which may draw random numbers too.
        callbacks=[*callbacks, *([run] if run else []), *ends, *bar],
        verbose=0,
    )
    return gan, history
