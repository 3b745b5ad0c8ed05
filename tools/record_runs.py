"""Record the runs that chapter 10 reads: `python tools/record_runs.py`, by hand, ten minutes on two busy cores.

Each is a real training of the same two networks on the bundled digits, from the same seed, through `training.GAN`;
`RUNS` holds all that differs. Curves, samples and measurements go to gan_helpers/assets/runs.npz. Record them anew
when the networks or the losses change; tests/test_recorded.py then says whether each still is what its name says.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_helpers import data, evaluation, models, training
from gan_helpers.training._recorded import LEVELS

FILE = Path(__file__).resolve().parent.parent / "gan_helpers" / "assets" / "runs.npz"

# Loss and rates as in chapter 09. Without the average of G's weights: what is shown is G itself.
RECIPE = {"loss": "modified", "optimizer": "adam", "beta_1": 0.5, "g_rate": 1e-3, "d_rate": 1e-3,
          "rates_doubled_every": None, "d_stops_after": None, "shift": 2, "average": 0.0, "batch_size": 64, "seed": 0}
RUNS = {
    "healthy": {},
    "mode collapse": {"g_rate": 5e-3, "d_rate": 1e-4, "beta_1": 0.9},
    "D wins": {"loss": "minimax", "d_rate": 5e-3},
    "G wins": {"d_stops_after": 200},
    "oscillation": {"g_rate": 2e-3, "d_rate": 2e-3, "beta_1": 0.9},
    "NaN": {"optimizer": "sgd", "beta_1": None, "g_rate": 0.03, "d_rate": 0.03, "rates_doubled_every": 100},
}
STEPS, ROW = 1000, 10  # how long; how many steps a point of the curves is the mean of
MOMENTS = (0, 50, *range(100, STEPS + 1, 100))  # when samples are looked at
N = 297  # images on each side of a Fréchet distance: as many as there are held-out digits


class WithGradients(training.GAN):
    """A `GAN` that also logs how long each player's gradient is, over all its weights."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.g_gradient, self.d_gradient = (keras.metrics.Mean(name=f"{p}_gradient") for p in "gd")

    @property
    def metrics(self):
        return [*super().metrics, self.g_gradient, self.d_gradient]

    def _apply(self, good, optimizer, gradients, variables):
        norm = self.g_gradient if optimizer is self.g_optimizer else self.d_gradient
        norm.update_state(tf.linalg.global_norm(gradients))
        super()._apply(good, optimizer, gradients, variables)


class Recorder(keras.callbacks.Callback):
    """Keeps a row of curves for every epoch, also for one that ends in NaN, and what G makes at some moments."""

    def __init__(self, moments, look):
        super().__init__()
        self.moments, self.look, self.rows, self.seen = moments, look, [], []

    def on_train_begin(self, logs=None):
        self.seen.append((0, *self.look(self.model)))

    def on_train_batch_end(self, batch, logs=None):
        if (keras.ops.convert_to_numpy(self.model.first_bad_step) >= 0).any():  # GAN.fit stops before this epoch ends
            self.rows.append((self.model.steps + 1, logs))
            self.seen.append((self.model.steps, *self.look(self.model)))

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append((self.model.steps, dict(logs)))
        if self.model.steps in self.moments:
            self.seen.append((self.model.steps, *self.look(self.model)))


class Judge:
    """What is measured at one moment, with a classifier that stays the same for all runs."""

    def __init__(self):
        x, labels = data.load_labelled("digits")
        self.x_test = data.load_images("digits", "test")
        self.classifier = evaluation.train_classifier(x, labels, seed=0)
        self.floor = evaluation.measured(self.classifier, self.x_test, x[:N])

    def __call__(self, gan):
        """Sixteen samples in 32 greys, the share of each class in 1,000, and the numbers of `evaluation.measured`."""
        x = gan.generate(1000, seed=2)
        grid = np.round((x[:16, ..., 0] + 1) / 2 * (LEVELS - 1))
        measured = evaluation.measured(self.classifier, self.x_test, x[:N])
        return grid.astype(np.uint8), evaluation.class_shares(self.classifier, x), _three(measured)


def _three(measured):
    return measured.score, measured.frechet, measured.coverage


def record(settings, judge, steps=STEPS) -> dict[str, np.ndarray]:
    """Train once with these settings; returns the arrays of `training.RecordedRun` by name."""
    keras.utils.set_random_seed(settings["seed"])
    gan = WithGradients(models.dcgan_generator(), models.dcgan_discriminator(widths=(32, 64)), settings["loss"],
                        shift=settings["shift"], average=settings["average"], seed=settings["seed"])
    rates = [settings["g_rate"], settings["d_rate"]]
    if last := settings["d_stops_after"]:  # a schedule of D's rate that ends too early
        rates[1] = keras.optimizers.schedules.PiecewiseConstantDecay([last], [rates[1], 0.0])
    if every := settings["rates_doubled_every"]:  # a warm-up that never ends
        rates = [keras.optimizers.schedules.ExponentialDecay(rate, every, 2.0) for rate in rates]
    if settings["optimizer"] == "adam":
        gan.compile(*(keras.optimizers.Adam(rate, beta_1=settings["beta_1"]) for rate in rates))
    else:
        gan.compile(*(keras.optimizers.SGD(rate) for rate in rates))
    recorder = Recorder(MOMENTS, judge)
    batches = training.batches_from(data.load_images("digits"), settings["batch_size"], settings["seed"])
    try:
        gan.fit(batches, epochs=steps // ROW, steps_per_epoch=ROW, callbacks=[recorder], verbose=0)
    except training.TrainingDiverged:
        pass  # recorded as it was met
    at, rows = zip(*recorder.rows, strict=True)
    curves = {name: np.array([row[name] for row in rows], np.float32) for name in rows[0]}
    moments, grids, classes, numbers = zip(*recorder.seen, strict=True)
    score, frechet, coverage = np.array(numbers, np.float32).T
    return {"steps": np.array(at, np.int32), **curves, "moments": np.array(moments, np.int32),
            "grids": np.stack(grids), "classes": np.array(classes, np.float32), "score": score, "frechet": frechet,
            "coverage": coverage}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", choices=[*RUNS, []], help="runs to record anew; all, if none is given")
    names, judge, arrays = parser.parse_args().names or RUNS, Judge(), {}
    if len(names) < len(RUNS):
        arrays = dict(np.load(FILE))
        arrays = {key: value for key, value in arrays.items() if key.partition("/")[0] not in names}
    arrays["floor"] = np.array(_three(judge.floor), np.float32)
    for name in names:
        begun = time.monotonic()
        settings = {**RECIPE, **RUNS[name]}
        arrays |= {f"{name}/{key}": value for key, value in record(settings, judge).items()}
        arrays[f"{name}/settings"] = np.array(json.dumps(settings))
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
    np.savez_compressed(FILE, **dict(sorted(arrays.items())))
    print(f"{FILE.name}: {FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
