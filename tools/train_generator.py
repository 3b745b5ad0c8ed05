"""Trains the generator that ships with the package: `python tools/train_generator.py [--steps N] [--out FILE]`.

`training.GAN` on 1,200 of scikit-learn's 1,797 digits, for 10,000 steps of 64 images, seed 0, the other settings below:
eight minutes on two cores that other work shared. Every 500 steps it looks: five sets of generated images against the
297 digits kept for choosing, by a classifier that has learned the same 1,200. The step with the smallest mean Fréchet
distance is stored, in float16, in `gan_helpers/assets/digits_generator.npz`. The last 300 digits take no part in any of
this: what the program says of them in the end is an honest test.

Another machine sums in another order, so it makes another generator, as good as this one; not the same bits.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from gan_helpers import data, evaluation, models, training

SEED, STEPS, EVERY, SETS = 0, 10_000, 500, 5
TRAIN, CHOOSE = 1200, 297  # of 1,797, in random order; the other 300 are for the test


def dealt():
    """The digits and their labels, shuffled, in three parts: for training, for choosing the step, for the test."""
    x, labels = data.load_labelled("digits", "all")
    order = np.random.default_rng(SEED).permutation(len(x))
    cuts = [TRAIN, TRAIN + CHOOSE]
    return list(zip(np.split(x[order], cuts), np.split(labels[order], cuts), strict=True))


class KeepBest(keras.callbacks.Callback):
    """Looks every `EVERY` steps and keeps the averaged weights with the smallest distance to `x_real`."""

    def __init__(self, classifier, x_real):
        super().__init__()
        self.classifier, self.x_real, self.least, self.step, self.weights = classifier, x_real, np.inf, None, None

    def on_epoch_end(self, epoch, logs=None):
        if self.model.steps % EVERY:
            return
        rows = [evaluation.measured(self.classifier, self.x_real, self.model.generate(len(self.x_real), seed=seed))
                for seed in range(SETS)]
        found = evaluation.Measured(*np.mean(rows, 0))
        best = found.frechet < self.least
        print(f"step {self.model.steps:6,}:", _told(found), "<- best so far" if best else "", flush=True)
        if best:
            self.least, self.step, self.weights = (
                found.frechet, self.model.steps, self.model.average_generator.get_weights())


def _told(numbers):
    return ", ".join(f"{name} {value:.2f}" for name, value in numbers._asdict().items())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help=f"a multiple of {EVERY} ({STEPS})")
    parser.add_argument("--out", type=Path, default=models.PRETRAINED, help="the file to write (the package's own)")
    given = parser.parse_args(arguments)
    if given.out.suffix != ".npz":
        parser.error(f"--out must end in .npz, as NumPy names such files, got {given.out}")
    if given.steps < EVERY:
        parser.error(f"--steps must be {EVERY} or more, so that there is something to choose from")
    (x_train, labels), (x_choose, _), (x_test, _) = dealt()
    classifier = evaluation.train_classifier(x_train, labels, epochs=12, seed=SEED)
    best = KeepBest(classifier, x_choose)
    keras.utils.set_random_seed(SEED)
    gan = training.GAN(models.dcgan_generator(), models.dcgan_discriminator(widths=(32, 64)), shift=2, average=0.99,
                       seed=SEED)
    gan.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)), steps_per_execution=10)
    gan.fit(training.batches_from(x_train, 64, SEED, 0), epochs=given.steps // 50, steps_per_epoch=50, verbose=0,
            callbacks=[best])

    exact = models.dcgan_generator()
    exact.set_weights(best.weights)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(given.out, *(weight.astype(np.float16) for weight in best.weights))
    stored, z = models.pretrained_generator(given.out), data.noise(1000, 64, seed=1)
    x_fake = np.asarray(stored(z))
    lost = np.abs(x_fake - np.asarray(exact(z))).max()
    print(f"kept step {best.step:,} in {given.out}, {given.out.stat().st_size / 1000:.0f} kB; float16 moves no pixel "
          f"by more than {lost:.4f}, where 2 is from black to white")
    if lost > 2 / 255:
        sys.exit("That is more than one of 256 greys: store float32 instead.")
    both = np.concatenate([x_choose, x_test])
    floor = evaluation.floor(lambda a, b: evaluation.measured(classifier, a, b), both, len(both) // 2)
    print("real on real:", _told(evaluation.Measured(*floor.mean(0))))
    print("the test:    ", _told(evaluation.measured(classifier, x_test, x_fake[: len(x_test)])),
          f"copying {evaluation.copying(x_fake, x_train, x_test):.2f}, least class",
          f"{evaluation.class_shares(classifier, x_fake).min():.3f}")


if __name__ == "__main__":
    main()
