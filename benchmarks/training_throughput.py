"""What does Keras' `fit` cost? Images a second of `GAN.fit` beside a bare loop over the same networks.

    make benchmark
    make benchmark ARGS="--rounds 500"

The bare loop is one `tf.function` a step, written out with `GradientTape` as in TensorFlow's DCGAN tutorial:
no Keras `fit`, no metrics, no check for NaN, no callbacks, none of this course's training code. Both sides
take the same networks, batches, losses and optimizers. They take turns every ten steps, within one run of
`fit`, so that a machine that is busy with something else slows both alike; what counts is the ratio.
"""

import argparse
import math
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from gan_helpers import data, models, training


def adam():
    return keras.optimizers.Adam(1e-3, beta_1=0.5)


def cross_entropy(logits, label):
    labels = tf.fill(tf.shape(logits), label)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


def bare_loop(x, average):
    """A function that trains for a number of steps."""
    generator, discriminator = models.dcgan_generator(), models.dcgan_discriminator()
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

    iterator = iter(data.batches(x, training.BATCH_SIZE, seed=0))

    def train(steps):
        for _ in range(steps):
            step(next(iterator))

    return train


class TakeTurns(keras.callbacks.Callback):
    """After each group of steps of `fit`, as many of the bare loop. Notes the seconds of both, in turn.

    What `fit` does between two groups (callbacks, metrics, a new epoch) counts as `fit`'s.
    """

    def __init__(self, bare_train):
        super().__init__()
        self.bare_train, self.rounds = bare_train, []

    def on_train_begin(self, logs=None):
        self.since = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        middle = time.perf_counter()
        self.bare_train(training.EXECUTION_STEPS)
        end = time.perf_counter()
        self.rounds.append((middle - self.since, end - middle))
        self.since = time.perf_counter()


def measure(x, average, rounds):
    """Images a second, once a round: of `GAN.fit`, called as `training.train` calls it, and of the bare loop."""
    gan = training.GAN(models.dcgan_generator(), models.dcgan_discriminator(), average=0.99 if average else 0)
    gan.compile(adam(), adam(), steps_per_execution=training.EXECUTION_STEPS)
    turns = TakeTurns(bare_loop(x, average))
    warm_up = 2 * training.EPOCH_STEPS // training.EXECUTION_STEPS  # the first rounds compile
    epochs = math.ceil((warm_up + rounds) * training.EXECUTION_STEPS / training.EPOCH_STEPS)
    gan.fit(data.batches(x, training.BATCH_SIZE, seed=0), epochs=epochs, steps_per_epoch=training.EPOCH_STEPS,
            verbose=0, callbacks=[training.StopAfter(3600), turns])
    images = training.BATCH_SIZE * training.EXECUTION_STEPS
    return [(images / fit, images / bare) for fit, bare in turns.rounds[warm_up : warm_up + rounds]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=150)
    given = parser.parse_args()
    if given.rounds < 2:
        parser.error("--rounds must be 2 or more.")
    x = data.load_images("digits")
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, {os.cpu_count()} cores. Images a second in batches "
          f"of {training.BATCH_SIZE},\nmedians of {given.rounds} rounds; the ratio of a round: its median, "
          "and the middle half of the rounds.")
    print(f"{'':20}{'bare loop':>10}{'GAN.fit':>10}{'ratio':>8}{'middle half':>16}")
    for average, name in ((True, "with G's average"), (False, "without it")):
        rounds = measure(x, average, given.rounds)
        fit, bare = (statistics.median(side) for side in zip(*rounds, strict=True))
        low, middle, high = statistics.quantiles((fit / bare for fit, bare in rounds), n=4)
        print(f"{name:20}{bare:10,.0f}{fit:10,.0f}{middle:8.3f}{f'{low:.3f} to {high:.3f}':>16}", flush=True)


if __name__ == "__main__":
    main()
