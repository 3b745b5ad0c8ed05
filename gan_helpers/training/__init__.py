"""`GAN`: TF-GAN's losses inside Keras' own `compile` and `fit`; `train`: the default recipe in one call."""

from __future__ import annotations

import math
from typing import NamedTuple

import keras
import numpy as np

from gan_helpers import models
from gan_helpers.data import _count, _one_of, check_images
from gan_helpers.training._callbacks import Progress, Samples, StepLimit, StopAfter, StopOnNaN, TrainingDiverged
from gan_helpers.training._checkpoints import Checkpoints, batches_from, fingerprint
from gan_helpers.training._gan import GAN
from gan_helpers.training._recorded import RECORDED, UNNAMED, RecordedRun, recorded_run
from gan_helpers.training._tensorboard import prepare_tensorboard, stop_tensorboard

__all__ = ["GAN", "Checkpoints", "PRESETS", "Preset", "Progress", "RECORDED", "RecordedRun", "Samples", "StepLimit",
           "StopAfter", "StopOnNaN", "TrainingDiverged", "UNNAMED", "batches_from", "fingerprint",
           "prepare_tensorboard", "recorded_run", "stop_tensorboard", "train"]

FEW = 5000  # images
EPOCH_STEPS = 50  # what one row of `history` covers in `train`: a second or two on two cores
SAVE_SECONDS = 30.0  # between two checkpoints; one takes less than a tenth of a second
EXECUTION_STEPS = 10  # steps that `train` runs before it returns to Python, whose share is then too small to measure


class Preset(NamedTuple):
    """How a GAN on images is trained: length of z, batch, Adam's learning rates and beta_1, shift, average, dropout.

    The defaults are among those that reached good samples soonest in the trials of benchmarks/quality_per_second.py.
    """

    z_dim: int = 6  # few: a G of many draws more of what lies between two kinds of digits, and is neither
    batch_size: int = 64
    g_lr: float = 2e-3
    d_lr: float = 5e-4  # as quick as G, D begins to know the images by heart
    beta_1: float = 0.5
    shift: int = 1  # pixels; against the same; 2 costs more time than it helps
    average: float = 0.999
    dropout: float = 0.3  # with fewer than `FEW` images, against the same; with more it makes no difference

    def build(self, image_shape=(28, 28, 1), loss: str = "modified", seed: int = 0, n: int = 0) -> GAN:
        """The course's DCGAN for n images of this shape, untrained and compiled; the seed is of all that is random."""
        keras.utils.set_random_seed(seed)
        generator = models.dcgan_generator(z_dim=self.z_dim, image_shape=image_shape)
        discriminator = models.dcgan_discriminator(image_shape, dropout=self.dropout if n < FEW else 0.0)
        gan = GAN(generator, discriminator, loss, shift=self.shift, average=self.average, seed=seed)
        gan.compile(*(keras.optimizers.Adam(lr, beta_1=self.beta_1) for lr in (self.g_lr, self.d_lr)))
        return gan


# "article": what articles on GANs often give, for ten passes over the data, with Adam's own beta_1.
PRESETS = {"course": Preset(),
           "article": Preset(z_dim=64, batch_size=32, g_lr=3e-4, d_lr=3e-4, beta_1=0.9, shift=0, average=0)}


def train(x, steps: int | None = None, seconds: float | None = None, seed: int = 0, *, loss: str = "modified",
          preset: str = "course", folder=None, progress: bool = True,
          callbacks=()) -> tuple[GAN, keras.callbacks.History]:
    """Train a DCGAN on images `x` for `steps`, or `seconds` (60 if neither is given), as a preset of `PRESETS` says.

    `x`: `(n, height, width, channels)` float32 in [-1, 1], sides multiples of 4, n of a batch or more. The
    seconds count from the first finished step, so compiling is free. `callbacks` hear of steps in groups of
    up to 10, Keras' `steps_per_execution`. Returns the `GAN` and Keras' history, a row for every 50 steps.

    `folder`: keeps the run there (`Checkpoints`), twice a minute. The same call, made again after a kill at any moment,
    goes on from there: with `steps` to the same weights as if undisturbed, bit for bit on the same machine; with
    `seconds` for the seconds that are left, so to about as many steps. More `steps` or `seconds` lengthen a finished
    run.

    Raises `ValueError` for bad input, or a folder that isn't this run's, before any training.
    """
    _one_of(preset, PRESETS, "preset")
    use = PRESETS[preset]
    x = check_images(x, least=use.batch_size).astype(np.float32, copy=False)
    if steps is not None and seconds is not None:
        raise ValueError("Give steps or seconds, not both.")
    if steps is None:
        seconds = StopAfter(60.0 if seconds is None else seconds).seconds
    else:
        steps = _count(steps, "steps")
    gan = use.build(x.shape[1:], loss, seed, len(x))
    run = None
    if folder is not None:
        run = Checkpoints(folder, gan, SAVE_SECONDS, data=fingerprint(x), batch_size=use.batch_size)
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
        batches_from(x, use.batch_size, seed, done),
        initial_epoch=first_epoch,
        epochs=first_epoch + epochs,
        steps_per_epoch=min(EPOCH_STEPS, steps - done) or 1 if steps else EPOCH_STEPS,
        # The checkpoint comes after the caller's callbacks, which may draw random numbers too.
        callbacks=[*callbacks, *([run] if run else []), *ends, *bar],
        verbose=0,
    )
    return gan, history
