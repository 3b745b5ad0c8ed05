"""Callbacks for `GAN.fit`: stop at NaN, after seconds or steps; keep samples; show the progress."""

from __future__ import annotations

import time

import keras
import numpy as np

from gan_helpers.training._fit import is_number


class TrainingDiverged(RuntimeError):
    """A loss or gradient became NaN or infinite. That step was not applied.

    `gan`: the model, with the weights of the last good step; `history`: Keras' history up to there.
    """


class StopOnNaN(keras.callbacks.Callback):
    """Stops `GAN.fit` with `TrainingDiverged`, which says which loss, at which step, and what to try."""

    def on_train_begin(self, logs=None):
        self.model.first_bad_step.assign([-1, -1])

    def on_train_batch_end(self, batch, logs=None):
        steps = keras.ops.convert_to_numpy(self.model.first_bad_step)
        if (steps < 0).all():
            return
        player = int(np.argmin(np.where(steps < 0, np.iinfo(np.int64).max, steps)))
        name, role = (("g_loss", "generator"), ("d_loss", "discriminator"))[player]
        error = TrainingDiverged(
            f"{name} (the {role}'s loss, or its gradient) became NaN or infinite at step {steps[player]}. "
            "That step was not applied; the model is the error's .gan. Look for NaN in the data "
            f"(data.check_images). Then try a ten times smaller learning rate, clipnorm=1.0 in the {role}'s optimizer, "
            "another loss.")
        error.gan, error.history = self.model, getattr(self.model, "history", None)
        raise error


class StopAfter(keras.callbacks.Callback):
    """Ends training when `seconds` have passed since its first step was done; compiling doesn't count."""

    def __init__(self, seconds: float):
        super().__init__()
        if not (is_number(seconds) and seconds > 0):
            raise ValueError(f"seconds must be a number above 0, got {seconds!r}.")
        self.seconds, self.started = seconds, None

    def on_train_begin(self, logs=None):
        self.started = None

    def on_train_batch_end(self, batch, logs=None):
        self.started = self.started or time.monotonic()
        if time.monotonic() - self.started >= self.seconds:
            self.model.stop_training = True


class StepLimit(keras.callbacks.Callback):
    """Ends training after exactly `steps`, also in the middle of an epoch."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps >= self.steps:
            self.model.stop_training = True


class Samples(keras.callbacks.Callback):
    """Keeps in `grids` what G makes of the same `z` `(n, z_dim)`: before training, and after each epoch."""

    def __init__(self, z):
        super().__init__()
        self.z, self.grids = z, []

    def on_train_begin(self, logs=None):
        if not self.grids:
            self.grids.append(np.asarray(self.model(self.z)))

    def on_epoch_end(self, epoch, logs=None):
        self.grids.append(np.asarray(self.model(self.z)))


class Progress(keras.callbacks.Callback):
    """A tqdm bar over the whole training: steps, or seconds if `seconds` is given, with the time left.

    `initial`: how many of them lie behind a run that is taken up again.
    """

    def __init__(self, steps: int | None = None, seconds: float | None = None, initial: float = 0):
        super().__init__()
        self.steps, self.seconds, self.initial, self.bar = steps, seconds, initial, None

    def on_train_begin(self, logs=None):
        from tqdm.auto import tqdm

        # Once a second: a kernel drops messages, also the one that ends a cell, when a slow reader has 1,000 waiting.
        # miniters=1: otherwise a thread of tqdm's redraws a slow bar, and widgets may be changed by the main one only.
        unit = {"unit": "step"} if self.seconds is None else {
            "unit": "s", "bar_format": "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s{postfix}"}
        self.bar = tqdm(total=self.steps if self.seconds is None else self.seconds, initial=self.initial,
                        desc="Training", mininterval=1.0, miniters=1, **unit)
        if hasattr(self.bar, "container"):  # in a notebook: the bar gives way, so that the numbers stay in the cell
            self.bar.container.layout.width = "100%"
            self.bar.container.layout.flex_flow = "row wrap"
            self.bar.container.children[1].layout.flex = "2"
        self.started, self.done = None, self.initial

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        self.started = self.started or now
        self.done += self.model.steps_per_execution
        target = self.done if self.seconds is None else min(self.initial + now - self.started, self.seconds)
        self.bar.update(target - self.bar.n)

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix({key: f"{logs[key]:.2f}" for key in ("g_loss", "d_loss")}, refresh=False)

    def on_train_end(self, logs=None):
        if self.bar is not None:
            self.bar.close()
