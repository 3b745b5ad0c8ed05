"""What does Keras' `fit` cost? Images a second of `GAN.fit` beside a bare loop over the same networks.

    make benchmark
    make benchmark ARGS="--rounds 20 --steps 200"

The bare loop is one `tf.function` a step, written out with `GradientTape` as in TensorFlow's DCGAN tutorial:
no Keras `fit`, no metrics, no check for NaN, no callbacks, none of this course's training code. Both sides
take the same networks, batches, losses and optimizers. They take turns within each round, so that a machine
that is busy with something else slows both; what counts is the ratio, the median over the rounds.
"""

import argparse
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


def keras_fit(x, average):
    """The same through `GAN.fit`, called as `training.train` calls it."""
    gan = training.GAN(models.dcgan_generator(), models.dcgan_discriminator(), average=0.99 if average else 0)
    gan.compile(adam(), adam(), steps_per_execution=training.EXECUTION_STEPS)
    batches = data.batches(x, training.BATCH_SIZE, seed=0)
    epoch = training.EPOCH_STEPS

    def train(steps):
        gan.fit(batches, epochs=steps // epoch, steps_per_epoch=epoch, verbose=0,
                callbacks=[training.StopAfter(3600)])

    return train


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=2 * training.EPOCH_STEPS, help="of a side, in a round")
    given = parser.parse_args()
    if given.rounds < 1 or given.steps < 1 or given.steps % training.EPOCH_STEPS:
        parser.error(f"--rounds must be 1 or more, --steps a multiple of {training.EPOCH_STEPS}.")
    x = data.load_images("digits")
    kinds = {"bare loop": bare_loop, "GAN.fit": keras_fit}
    sides = {(kind, average): make(x, average) for average in (True, False) for kind, make in kinds.items()}
    for train in sides.values():
        train(training.EPOCH_STEPS)  # compiles
    rates = {key: [] for key in sides}
    for turn in range(given.rounds):
        # Every other round in reverse order, so that no side always comes first.
        for key in list(sides)[:: 1 if turn % 2 else -1]:
            started = time.perf_counter()
            sides[key](given.steps)
            rates[key].append(given.steps * training.BATCH_SIZE / (time.perf_counter() - started))
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, {os.cpu_count()} cores; batches of "
          f"{training.BATCH_SIZE}; images a second, medians of {given.rounds} rounds of {given.steps} steps")
    print(f"{'':24}{'bare loop':>12}{'GAN.fit':>12}{'ratio':>9}")
    for average, name in ((True, "with G's average"), (False, "without it")):
        bare, fit = rates["bare loop", average], rates["GAN.fit", average]
        ratio = statistics.median(b / a for a, b in zip(bare, fit, strict=True))
        print(f"{name:24}{statistics.median(bare):12,.0f}{statistics.median(fit):12,.0f}{ratio:9.3f}")


if __name__ == "__main__":
    main()
