"""How good are the samples after so many seconds of training? The default recipe beside TensorFlow's DCGAN tutorial.

    .venv/bin/python benchmarks/quality_per_second.py                       # all of it, 24 minutes on a quiet machine
    .venv/bin/python benchmarks/quality_per_second.py recipe --seconds 60 --seed 1
    .venv/bin/python benchmarks/quality_per_second.py digits --seconds 60
    .venv/bin/python benchmarks/quality_per_second.py trial --set g_lr=2e-3 batch_size=128 --images 300000

On the 10,000 test images of MNIST, in the folder that MNIST_T10K names. One classifier, trained on these images, judges
all: the classifier score as a share of that of real images, and the Fréchet distance of 5,000 generated images from
5,000 real ones; its floor is that of the other 5,000 real ones. The seconds are those of training: what comes before
the first step is done (compiling), and the looking, are left out.

`tutorial` is TensorFlow's DCGAN tutorial, written anew: its networks, its batch of 256, its optimizer and its step.
`recipe` is `training.train`. The rows `without ...` and `with ...` are the recipe with one ingredient changed, of one
seed each: a difference smaller than that between the two seeds of the recipe says nothing. Without a name all of them
are trained, one after the other, a table is printed, and records/quality.json and records/quality.png are written;
`plot` draws the record again. `digits` is `training.train` on the bundled digits: shares of the ten classes, and what
it learned by heart. `trial` trains the recipe with other settings; it stops after so many images, so that a busy
machine doesn't matter, and adds a line to records/trials.jsonl.
"""

import argparse
import gzip
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_helpers import data, evaluation, models, plotting, training

RECORDS = Path(__file__).resolve().parent / "records"
MNIST = Path(os.environ.get("MNIST_T10K", Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist-t10k"))
MARKS = (5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300)  # seconds at which we look
N = 5000  # images in each set that is compared

RECIPE = {**training.PRESETS["course"]._asdict(), "dropout": 0.0, "loss": "modified", "noise": "normal",
          "channels": 64, "widths": [32, 64, 64], "networks": "course"}
OTHERWISE = {
    "without G's average": {"average": 0},
    "without the shift": {"shift": 0},
    "with two convolutions in D": {"widths": [32, 64]},
    "with z of 64 numbers": {"z_dim": 64},
    "with dropout of 0.3": {"dropout": 0.3},
    "with learning rates of 1e-4": {"g_lr": 1e-4, "d_lr": 1e-4},
    "with beta_1 of 0.9": {"beta_1": 0.9},
    "with batches of 256": {"batch_size": 256},
    "with the tutorial's networks": {"networks": "tutorial"},
}


def mnist():
    """`(10000, 28, 28, 1)` images in [-1, 1] and `(10000,)` labels."""
    read = lambda name: np.frombuffer(gzip.decompress((MNIST / name).read_bytes()), np.uint8)  # noqa: E731
    try:
        images, labels = read("t10k-images-idx3-ubyte.gz")[16:], read("t10k-labels-idx1-ubyte.gz")[8:]
    except OSError as error:
        raise SystemExit(f"{error}. Name the folder of MNIST's four test files with MNIST_T10K.") from error
    return data.to_unit_range(images.reshape(-1, 28, 28, 1)), labels.astype(np.int64)


class Judge:
    """The same classifier for all, and what it says of real images."""

    def __init__(self, x, labels):
        self.classifier = evaluation.train_classifier(x, labels)
        order = np.random.default_rng(0).permutation(len(x))
        self.real = x[order[:N]]
        self.floor = evaluation.frechet_distance(self.classifier, x[order[N:]], self.real)
        self.real_score = evaluation.classifier_score(self.classifier, self.real)

    def __call__(self, x):
        return {"frechet": evaluation.frechet_distance(self.classifier, x, self.real),
                "score": evaluation.classifier_score(self.classifier, x) / self.real_score,
                "least class": float(evaluation.class_shares(self.classifier, x).min())}


class Clock(keras.callbacks.Callback):
    """Counts the seconds of training from the end of the first step, and looks at the samples at each mark.

    `end` and `marks` are in `unit`, "seconds" or "images".
    """

    def __init__(self, judge, generate, batch_size, end, unit="seconds", marks=MARKS):
        super().__init__()
        self.judge, self.generate, self.batch_size, self.end, self.unit = judge, generate, batch_size, end, unit
        self.marks, self.rows, self.images, self.started = list(marks), [], 0, None

    def tick(self, steps=1) -> bool:
        """`steps` more are done; whether that is the end."""
        now = np.array([time.perf_counter(), time.process_time()])
        if self.started is None:
            self.started = now
            return False
        self.images += steps * self.batch_size
        seconds, cpu = (now - self.started).round(2).tolist()
        spent = seconds if self.unit == "seconds" else self.images
        over = spent >= self.end
        if over or (self.marks and spent >= self.marks[0]):
            self.marks = [mark for mark in self.marks if mark > spent]
            row = {"seconds": seconds, "cpu": cpu, "images": self.images, **self.judge(self.generate(N))}
            self.rows.append(row)
            print("   ", ", ".join(f"{name} {value:,.4g}" for name, value in row.items()), flush=True)
            self.started += np.array([time.perf_counter(), time.process_time()]) - now
        return over

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self.tick(self.model.steps_per_execution)


def tutorial_networks():
    """The networks of TensorFlow's DCGAN tutorial, for noise of 100 numbers."""
    def block(filters, strides):
        return [layers.Conv2DTranspose(filters, 5, strides=strides, padding="same", use_bias=False),
                layers.BatchNormalization(), layers.LeakyReLU()]

    generator = keras.Sequential([
        keras.Input((100,)), layers.Dense(7 * 7 * 256, use_bias=False), layers.BatchNormalization(),
        layers.LeakyReLU(), layers.Reshape((7, 7, 256)), *block(128, 1), *block(64, 2),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False, activation="tanh")])
    discriminator = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(64, 5, strides=2, padding="same"), layers.LeakyReLU(), layers.Dropout(0.3),
        layers.Conv2D(128, 5, strides=2, padding="same"), layers.LeakyReLU(), layers.Dropout(0.3),
        layers.Flatten(), layers.Dense(1)])
    return generator, discriminator


def tutorial(x, judge, seconds, seed):
    """Train as the tutorial does: batches of 256, Adam of 1e-4 with its default betas, one `tf.function` a step."""
    keras.utils.set_random_seed(seed)
    generator, discriminator = tutorial_networks()
    g_optimizer, d_optimizer = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def step(images):
        noise = tf.random.normal([256, 100])
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            generated = generator(noise, training=True)
            real, fake = discriminator(images, training=True), discriminator(generated, training=True)
            g_loss = cross_entropy(tf.ones_like(fake), fake)
            d_loss = cross_entropy(tf.ones_like(real), real) + cross_entropy(tf.zeros_like(fake), fake)
        g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, generator.trainable_variables),
                                        generator.trainable_variables, strict=True))
        d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, discriminator.trainable_variables),
                                        discriminator.trainable_variables, strict=True))

    def generate(n):
        noise = tf.random.stateless_normal((n, 100), [seed, 1])
        return np.concatenate([generator(part, training=False) for part in tf.split(noise, n // 500)])

    clock = Clock(judge, generate, 256, seconds)
    for images in data.batches(x, 256, seed=seed):
        step(images)
        if clock.tick():
            return clock.rows


def recipe(x, judge, end, seed, unit="seconds", marks=MARKS, **changes):
    """Train as `training.train` does, but for these `changes` of `RECIPE`."""
    if unknown := set(changes) - set(RECIPE):
        raise SystemExit(f"Unknown settings: {', '.join(unknown)}. There are {', '.join(RECIPE)}.")
    use = {**RECIPE, **changes}
    keras.utils.set_random_seed(seed)
    generator, discriminator = NETWORKS[use["networks"]](use)
    gan = training.GAN(generator, discriminator, use["loss"], shift=use["shift"], average=use["average"],
                       noise=use["noise"], seed=seed)
    gan.compile(*(keras.optimizers.Adam(use[lr], beta_1=use["beta_1"]) for lr in ("g_lr", "d_lr")),
                steps_per_execution=training.EXECUTION_STEPS)
    clock = Clock(judge, lambda n: gan.generate(n, seed=1), use["batch_size"], end, unit, marks)
    gan.fit(data.batches(x, use["batch_size"], seed=seed), epochs=10**6, steps_per_epoch=training.EPOCH_STEPS,
            verbose=0, callbacks=[clock])
    return clock.rows


NETWORKS = {
    "course": lambda use: (models.dcgan_generator(use["z_dim"], channels=use["channels"]),
                           models.dcgan_discriminator(widths=use["widths"], dropout=use["dropout"])),
    "tutorial": lambda use: tutorial_networks(),
}


def digits(seconds, seed):
    """Train on the bundled digits, and print shares of classes and distances beside their floors."""
    x, labels = data.load_labelled("digits")
    x_test = data.load_images("digits", "test")
    classifier, n = evaluation.train_classifier(x, labels), len(x_test)
    gan, _ = training.train(x, seconds=seconds, seed=seed, progress=False)
    shares = evaluation.class_shares(classifier, gan.generate(5000, seed=1))
    x_fake = gan.generate(n, seed=2)
    print(f"{gan.steps:,} steps in {seconds:g} seconds")
    print("share of each class, %:", " ".join(f"{100 * share:.1f}" for share in shares), f"(least {shares.min():.1%})")
    to_test = [evaluation.frechet_distance(classifier, images, x_test) for images in (x_fake, x[:n])]
    print(f"Fréchet distance from {n} held-out digits: {to_test[0]:.2f}; of as many training digits: {to_test[1]:.2f}")
    score = [evaluation.classifier_score(classifier, images) for images in (x_fake, x_test)]
    print(f"classifier score {score[0]:.2f}; of held-out digits {score[1]:.2f}")
    nearest = [np.median(evaluation.nearest(images, x)[1]) for images in (x_fake, x_test)]
    print(f"distance to the nearest training digit, median: {nearest[0]:.2f}; of held-out digits: {nearest[1]:.2f}")
    print(f"copying {evaluation.copying(x_fake, x, x_test):.2f} (1/2: as near as held-out digits; 1: copies)")


def value(text):
    """"lr=2e-3" -> ("lr", 0.002); what isn't a number stays text."""
    name, _, given = text.partition("=")
    try:
        return name, json.loads(given)
    except json.JSONDecodeError:
        return name, given


def curves(runs, judge_of):
    """Fréchet distance and score over the seconds of training, a line for each run."""
    fig = plotting.figure(11, 5.4)
    for axes, name, best in zip(fig.subplots(1, 2), ("frechet", "score"), (judge_of["floor"], 1), strict=True):
        for i, (run, rows) in enumerate(runs.items()):
            axes.plot([row["seconds"] for row in rows], [row[name] for row in rows], color=f"C{i}", label=run,
                      marker="os^vDPX*"[i % 8], linewidth=2.5 if run == "recipe" else 1.2, markersize=4)
        axes.axhline(best, color="grey", linestyle=":", label="real against real")
        axes.set(xlabel="seconds of training", xscale="log")
    fig.axes[0].set(yscale="log", ylabel="Fréchet distance, lower is better")
    fig.axes[1].set(ylabel="classifier score, share of that of real images")
    fig.legend(*fig.axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return fig


def table(runs, marks=(30, 60, 120, 180, 300)):
    print(f"\n{'':44}" + "".join(f"{f'{mark} s':>16}" for mark in marks) + "   (Fréchet distance / score)")
    for run, rows in runs.items():
        found = {mark: [row for row in rows if mark <= row["seconds"] < mark + 5] for mark in marks}
        cells = (f"{at[0]['frechet']:.1f} / {at[0]['score']:.3f}" if at else "" for at in found.values())
        print(f"{run:44}" + "".join(f"{cell:>16}" for cell in cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="?", choices=("tutorial", "recipe", "digits", "trial", "plot"))
    parser.add_argument("--seconds", type=float, help="how long; by default 300, 180, and 60 without an ingredient")
    parser.add_argument("--images", type=int, default=300_000, help="how long a trial is (default: 300000)")
    parser.add_argument("--set", nargs="*", default=[], type=value, metavar="NAME=VALUE", help=", ".join(RECIPE))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.run == "plot":
        record = json.loads((RECORDS / "quality.json").read_text())
        curves(record["runs"], record).savefig(RECORDS / "quality.png", dpi=100)
        return table(record["runs"])
    if given.run == "digits":
        return digits(given.seconds or 60, given.seed)
    x, labels = mnist()
    judge = Judge(x, labels)
    around = {"floor": judge.floor, "score of real images": judge.real_score, "seed": given.seed,
              "cores": os.cpu_count(), "tensorflow": tf.__version__, "keras": keras.__version__}
    print(", ".join(f"{name} {value}" for name, value in around.items()), flush=True)
    changes = dict(given.set)
    if given.run == "trial":
        marks = [given.images * i // 4 for i in (1, 2, 3)]
        rows = recipe(x, judge, given.images, given.seed, "images", marks, **changes)
        with open(RECORDS / "trials.jsonl", "a") as file:
            file.write(json.dumps({"settings": {**RECIPE, **changes}, "seed": given.seed, "rows": rows}) + "\n")
        return
    if given.run:
        train = {"tutorial": tutorial, "recipe": recipe}[given.run]
        train(x, judge, given.seconds or {"tutorial": 300, "recipe": 180}[given.run], given.seed, **changes)
        return
    runs = {}
    print("recipe", flush=True)
    runs["recipe"] = recipe(x, judge, given.seconds or 180, given.seed)
    print("recipe, another seed", flush=True)
    runs["recipe, another seed"] = recipe(x, judge, given.seconds or 180, given.seed + 1)
    print("tutorial", flush=True)
    runs["TensorFlow's DCGAN tutorial"] = tutorial(x, judge, given.seconds or 300, given.seed)
    for name, changes in OTHERWISE.items():
        print(name, flush=True)
        runs[f"recipe {name}"] = recipe(x, judge, given.seconds or 60, given.seed, **changes)
    table(runs)
    with open(RECORDS / "quality.json", "w") as file:
        json.dump({**around, "runs": runs}, file, indent=1)
    curves(runs, around).savefig(RECORDS / "quality.png", dpi=100)


if __name__ == "__main__":
    main()
