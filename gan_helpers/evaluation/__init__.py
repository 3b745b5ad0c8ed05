"""How good are the samples? TF-GAN's classifier metrics on a classifier of your own, and nearest neighbours.

Scores depend on the classifier, so compare only numbers that come from the same one, and from sets of one size.
Every function takes images `(n, height, width, channels)`, float32 in [-1, 1], and changes none of them; a
`classifier` is a Keras model that returns features `(n, k)` and logits `(n, classes)`, such as
`train_classifier` makes.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_helpers.compat import tensorflow_gan as tfgan
from gan_helpers.data import _count, check_images
from gan_helpers.evaluation import _neighbours
from gan_helpers.evaluation._damage import DAMAGES, damaged
from gan_helpers.evaluation._sampling import floor, standard_error

__all__ = ["DAMAGES", "Measured", "accuracy", "class_shares", "classifier_score", "copying", "damaged",
           "density_coverage", "features_and_logits", "floor", "frechet_distance", "kernel_distance", "measured",
           "nearest", "precision_recall", "standard_error", "train_classifier"]


def train_classifier(x, labels, epochs: int = 8, seed: int = 0) -> keras.Model:
    """A small CNN, trained with cross-entropy: images -> (features `(n, 64)`, logits `(n, classes)`).

    `labels`: `(n,)` integers from 0, of two classes or more. The images are shifted a little as they are
    learned from, so that the classifier judges shapes, not exact places. Takes seconds on two cores for a few
    thousand images. Raises `ValueError` for images or labels that don't fit.
    """
    x = check_images(x, least=2)
    labels = _class_labels(labels, len(x))
    if labels.min() == labels.max():
        raise ValueError(f"Expected labels of two classes or more, all are {labels.min()}.")
    epochs = _count(epochs, "epochs")
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(x.shape[1:])
    h = layers.RandomTranslation(0.08, 0.08, fill_mode="constant", fill_value=-1.0)(inputs)
    for channels in (16, 32):
        h = layers.Conv2D(channels, 5, strides=2, padding="same", activation="relu")(h)
    h = layers.Dropout(0.3)(layers.Flatten()(h))
    features = layers.Dense(64, activation="relu", name="features")(h)
    logits = layers.Dense(int(labels.max()) + 1, name="logits")(features)
    learner = keras.Model(inputs, logits)
    learner.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    learner.fit(x, labels, batch_size=64, epochs=epochs, verbose=0)
    return keras.Model(inputs, [features, logits], name="classifier")


def features_and_logits(classifier, x, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """What `classifier` makes of images `x`, at `least` so many: features `(n, k)`, logits `(n, classes)`."""
    x, wanted = check_images(x, least), tuple(classifier.input_shape)[1:]
    if any(side not in (None, given) for side, given in zip(wanted, x.shape[1:], strict=True)):
        raise ValueError(f"The classifier takes images of shape {wanted}, got {x.shape[1:]}.")
    parts = [classifier(x[i : i + 500], training=False) for i in range(0, len(x), 500)]
    return tuple(np.concatenate([keras.ops.convert_to_numpy(part[i]) for part in parts]) for i in (0, 1))


def accuracy(classifier, x, labels) -> float:
    """The share of images `x` whose class the classifier names rightly: judge the judge before you trust it.

    Raises `ValueError` for labels of classes that the classifier has never seen.
    """
    logits = features_and_logits(classifier, x)[1]
    labels = _class_labels(labels, len(logits))
    if labels.max() >= logits.shape[1]:
        raise ValueError(f"The classifier knows the classes 0 to {logits.shape[1] - 1}, the labels go up to "
                         f"{labels.max()}. Train it on all the classes that it is to judge.")
    return float((logits.argmax(1) == labels).mean())


def classifier_score(classifier, x) -> float:
    """exp(E KL(p(y|x) || p(y))), from 1 to the number of classes; higher is better.

    The inception score's formula (Salimans et al. 2016, arXiv:1606.03498) on `classifier`.
    """
    return _score(features_and_logits(classifier, x)[1])


def frechet_distance(classifier, x1, x2) -> float:
    """Fréchet distance between Gaussians fitted to the features of two sets; 0 or more, lower is closer.

    Heusel et al. 2017, arXiv:1706.08500, on `classifier`. It is biased upwards for small sets: compare with
    real against real at the same sizes. Raises `ValueError` where a set has no more images than the classifier has
    features: its covariance is then singular, and the distance mostly bias.
    """
    pair = [features_and_logits(classifier, x, least=2)[0] for x in (x1, x2)]
    if complaint := _singular(pair):
        raise ValueError(complaint)
    return _frechet(*pair)


def kernel_distance(classifier, x1, x2) -> float:
    """Kernel distance between the features of two sets, without bias, so it may be just below 0.

    Binkowski et al. 2018, arXiv:1801.01401, on `classifier`.
    """
    return _kernel(*(features_and_logits(classifier, x, least=2)[0] for x in (x1, x2)))


def precision_recall(classifier, x_real, x_fake, k: int = 3) -> tuple[float, float]:
    """Precision: the share of generated images near some real one. Recall: of real ones near some generated one.

    Near is within the distance, between features, from that image to its k-th nearest neighbour in its own set
    (Kynkäänniemi et al. 2019, arXiv:1904.06991, equations 1 and 2). Both are 0 to 1, higher is better; real against
    real is below 1. Raises `ValueError` for k images or fewer.
    """
    return _neighbours.precision_recall(*_features(classifier, x_real, x_fake), k)


def density_coverage(classifier, x_real, x_fake, k: int = 5) -> tuple[float, float]:
    """Density: how many real neighbourhoods hold a generated image. Coverage: how many of them hold any.

    A neighbourhood reaches from a real image to its k-th nearest other real one, between features (Naeem et al. 2020,
    arXiv:2002.09797). Density is a mean over the generated images, over k: 0 and up, and 1 for a perfect generator.
    Coverage is a share, 0 to 1; of equally many images a perfect generator reaches about 1 - 2^-k. Raises
    `ValueError` for k images or fewer.
    """
    return _neighbours.density_coverage(*_features(classifier, x_real, x_fake), k)


class Measured(NamedTuple):
    """The numbers of `measured`; the score is of the generated images alone."""

    score: float
    frechet: float
    kernel: float
    precision: float
    recall: float
    density: float
    coverage: float


def measured(classifier, x_real, x_fake) -> Measured:
    """All seven numbers of generated images against as many real ones, from one pass through the classifier.

    Raises `ValueError` for sets of different sizes, since every number depends on the size, and for fewer images
    than a Fréchet distance takes: more than the classifier has features.
    """
    (real, _), (fake, logits) = (features_and_logits(classifier, x) for x in (x_real, x_fake))
    if len(real) != len(fake):
        raise ValueError(f"Expected as many generated as real images, got {len(fake)} and {len(real)}: the numbers "
                         "depend on how many there are, and the floor too.")
    if complaint := _singular([real, fake]):
        raise ValueError(complaint)
    return Measured(_score(logits), _frechet(real, fake), _kernel(real, fake),
                    *_neighbours.precision_recall(real, fake), *_neighbours.density_coverage(real, fake))


def class_shares(classifier, x) -> np.ndarray:
    """The share of the images in each class, by the classifier's choice; `(classes,)`, sums to 1."""
    logits = features_and_logits(classifier, x)[1]
    return np.bincount(logits.argmax(1), minlength=logits.shape[1]) / len(logits)


def nearest(x, reference) -> tuple[np.ndarray, np.ndarray]:
    """For each image of `x` the nearest image of `reference`: index `(n,)` and Euclidean distance `(n,)`."""
    x, reference = check_images(x), check_images(reference)
    if x.shape[1:] != reference.shape[1:]:
        raise ValueError(f"Expected images of one shape, got {x.shape[1:]} and {reference.shape[1:]}.")
    a, b = (images.reshape(len(images), -1).astype(np.float64) for images in (x, reference))
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    index = squared.argmin(1)
    # Once more from the differences: the sum above can't tell 0 from a rounding error.
    return index, np.sqrt(((a - b[index]) ** 2).sum(1))


def copying(x_fake, x_train, x_held_out) -> float:
    """How often a generated image lies nearer to the training images than a held-out real one does: 0 to 1.

    1/2 for a perfect generator, 1 if all are copies; below 1/2 they lie further off than real images do. Pixels are
    compared, so a copy that is moved by a pixel counts as new, unless `x_train` holds the moved images too. A tie
    counts half: the Mann-Whitney statistic, as in Meehan et al. 2020, arXiv:2004.05675.
    """
    fake, held_out = (nearest(x, x_train)[1] for x in (x_fake, x_held_out))
    return float(np.mean(np.sign(held_out - fake[:, None])) / 2 + 0.5)


def _class_labels(labels, n: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (n,) or not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise ValueError(f"Expected one integer label from 0 for each of {n} images, got shape "
                         f"{labels.shape}, {labels.dtype}.")
    return labels


def _features(classifier, *sets):
    return [features_and_logits(classifier, x)[0] for x in sets]


def _score(logits) -> float:
    # In float32 a class that no image looks like gets the probability 0, and 0 log 0 is NaN.
    return float(tfgan.eval.classifier_score_from_logits(tf.constant(logits, tf.float64)))


@functools.cache
def _compiled(distance: str, k: int):
    """TF-GAN's `distance` of that name between k features, in float64, as a graph for any number of images.

    Called eagerly, each takes five to ten times as long, and a floor calls it dozens of times.
    """
    features = tf.TensorSpec((None, k), tf.float64)
    logger = tf.get_logger()
    was_disabled, logger.disabled = logger.disabled, True  # TF-GAN passes an argument that TensorFlow has deprecated
    try:
        return tf.function(getattr(tfgan.eval, distance)).get_concrete_function(features, features)
    finally:
        logger.disabled = was_disabled


def _frechet(real, fake) -> float:
    distance = _compiled("frechet_classifier_distance_from_activations", real.shape[1])
    return max(0.0, float(distance(*(tf.constant(features, tf.float64) for features in (real, fake)))))


def _singular(sets) -> str | None:
    """Why these features are too few for a covariance, or None.

    A feature that is 0 for every image makes a covariance singular too; it adds nothing to the distance, and no
    number of images would help.
    """
    n, k = min(map(len, sets)), sets[0].shape[1]
    return None if n > k else (f"{n} images are too few for a Fréchet distance between {k} features: their covariance "
                               f"is singular. Take more than {k} images of each kind, better ten times as many.")


def _kernel(real, fake) -> float:
    # TF-GAN averages over blocks of 1,024 samples: in a fixed random order none is of one class only.
    mixed = (np.random.default_rng(0).permutation(features) for features in (real, fake))
    distance = _compiled("kernel_classifier_distance_from_activations", real.shape[1])
    return float(distance(*(tf.constant(features, tf.float64) for features in mixed)))
