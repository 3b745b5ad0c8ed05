"""What does Keras' `fit` cost? Images a second of `GAN.fit` beside a bare loop over the same networks.

    make benchmark
    make benchmark ARGS="--rounds 500"
    make benchmark ARGS="--tutorial --rounds 20"

The bare loop is one `tf.function` a step, written out with `GradientTape` as in TensorFlow's DCGAN tutorial:
no Keras `fit`, no metrics, no check for NaN, no callbacks, none of this course's training code. All sides
take the same networks, batches, losses and optimizers. They take turns every few steps, within one run of
`fit`, so that a machine that is busy with something else slows all alike; what counts is the ratio.

`--tutorial` compares them on the networks of TensorFlow's DCGAN tutorial, in batches of 256, and with PyTorch's
eager mode too where it is installed (it isn't part of this project: `pip install torch`).
"""

import argparse
import math
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from quality_per_second import tutorial_networks  # beside this file
from torch_side import side

from gan_helpers import data, models, training

BATCH_SIZE = training.PRESETS["course"].batch_size


def adam():
    return keras.optimizers.Adam(1e-3, beta_1=0.5)


def cross_entropy(logits, label):
    labels = tf.fill(tf.shape(logits), label)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


def bare_loop(x, networks, average, batch_size):
    """A function that trains for a number of steps."""
    generator, discriminator = networks()
    g_optimizer, d_optimizer = adam(), adam()
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(discriminator.trainable_variables)
    mean = [tf.Variable(weight) for weight in generator.weights] if average else []

    @tf.function
    def step(x_real):
        z = tf.random.normal((tf.shape(x_real)[0], generator.input_shape[1]))
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            x_fake = generator(z, training=True)
            real_logits = discriminator(x_real, training=True)
            fake_logits = discriminator(x_fake, training=True)
            g_loss = cross_entropy(fake_logits, 1.0)
            d_loss = cross_entropy(real_logits, 1.0) + cross_entropy(fake_logits, 0.0)
        g_gradients = g_tape.gradient(g_loss, generator.trainable_variables)
        d_gradients = d_tape.gradient(d_loss, discriminator.trainable_variables)
        g_optimizer.apply(g_gradients, generator.trainable_variables)
        d_optimizer.apply(d_gradients, discriminator.trainable_variables)
        for old, weight in zip(mean, generator.weights if average else [], strict=True):
            old.assign(old + 0.01 * (weight - old))

    iterator = iter(data.batches(x, batch_size, seed=0))

    def train(steps):
        for _ in range(steps):
            step(next(iterator))

    return train


class TakeTurns(keras.callbacks.Callback):
    """After each group of steps of `fit`, as many of each other side. Notes the seconds of all, in turn.

    What `fit` does between two groups (callbacks, metrics, a new epoch) counts as `fit`'s.
    """

    def __init__(self, others):
        super().__init__()
        self.others, self.rounds = others, []

    def on_train_begin(self, logs=None):
        self.since = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        marks = [self.since, time.perf_counter()]
        for train in self.others:
            train(self.model.steps_per_execution)
            marks.append(time.perf_counter())
        self.rounds.append(np.diff(marks))
        self.since = time.perf_counter()


def measure(x, rounds, networks, others, average, batch_size, group):
    """Images a second, `(rounds, sides)`: `GAN.fit`, called as `training.train` calls it, then the others."""
    gan = training.GAN(*networks(), average=0.99 if average else 0)
    gan.compile(adam(), adam(), steps_per_execution=group)
    turns = TakeTurns(others)
    warm_up = 10 if group > 1 else 3  # the first rounds compile
    epochs = math.ceil((warm_up + rounds) * group / training.EPOCH_STEPS)
    gan.fit(data.batches(x, batch_size, seed=0), epochs=epochs, steps_per_epoch=training.EPOCH_STEPS,
            verbose=0, callbacks=[training.StopAfter(3600), turns])
    return batch_size * group / np.array(turns.rounds[warm_up : warm_up + rounds])


def compare(name, speeds, others):
    for i, other in enumerate(others, 1):
        low, middle, high = statistics.quantiles(speeds[:, 0] / speeds[:, i], n=4)
        fit, peer = np.median(speeds[:, [0, i]], axis=0)
        print(f"{name:20}{other:>14}{peer:10,.0f}{fit:10,.0f}{middle:8.3f}{f'{low:.3f} to {high:.3f}':>16}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--tutorial", action="store_true", help="TensorFlow's DCGAN tutorial's networks, and PyTorch")
    given = parser.parse_args()
    if given.rounds < 2:
        parser.error("--rounds must be 2 or more.")
    x = data.load_images("digits")
    batch_size = 256 if given.tutorial else BATCH_SIZE
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, {os.cpu_count()} cores. Images a second in batches "
          f"of {batch_size},\nmedians of {given.rounds} rounds; the ratio of a round: its median, "
          "and the middle half of the rounds.")
    print(f"{'':20}{'peer':>14}{'its speed':>10}{'GAN.fit':>10}{'ratio':>8}{'middle half':>16}")
    if given.tutorial:
        loops = {"bare loop": bare_loop(x, tutorial_networks, False, 256), "PyTorch eager": side("tutorial", 256)}
        loops = {name: loop for name, loop in loops.items() if loop is not None}
        speeds = measure(x, given.rounds, tutorial_networks, list(loops.values()), False, 256, 1)
        compare("tutorial's networks", speeds, loops)
        return
    networks = lambda: (models.dcgan_generator(), models.dcgan_discriminator())  # noqa: E731
    for average, name in ((True, "with G's average"), (False, "without it")):
        loop = bare_loop(x, networks, average, BATCH_SIZE)
        speeds = measure(x, given.rounds, networks, [loop], average, BATCH_SIZE, training.EXECUTION_STEPS)
        compare(name, speeds, ["bare loop"])


if __name__ == "__main__":
    main()
