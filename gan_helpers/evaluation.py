"""How good are the samples? TF-GAN's classifier metrics on a classifier of your own, and nearest neighbours.

Scores depend on the classifier, so compare only numbers that come from the same one. Every function takes
images `(n, height, width, channels)`, float32 in [-1, 1]; a `classifier` is a Keras model that returns
features `(n, k)` and logits `(n, classes)`, such as `train_classifier` makes.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_helpers.compat import tensorflow_gan as tfgan
from gan_helpers.data import _count, check_images


def train_classifier(x, labels, epochs: int = 8, seed: int = 0) -> keras.Model:
    """A small CNN, trained with cross-entropy: images -> (features `(n, 64)`, logits `(n, classes)`).

    `labels`: `(n,)` integers from 0, of two classes or more. The images are shifted a little as they are
    learned from, so that the classifier judges shapes, not exact places. Takes seconds on two cores for a few
    thousand images. Raises `ValueError` for images or labels that don't fit.
    """
    x, labels = check_images(x, least=2), np.asarray(labels)
    if labels.shape != (len(x),) or not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise ValueError(f"Expected one integer label from 0 for each of {len(x)} images, got shape "
                         f"{labels.shape}, {labels.dtype}.")
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


def classifier_score(classifier, x) -> float:
    """exp(E KL(p(y|x) || p(y))), from 1 to the number of classes; higher is better.

    The inception score's formula (Salimans et al. 2016, arXiv:1606.03498) on `classifier`.
    """
    logits = features_and_logits(classifier, x)[1]
    # In float32 a class that no image looks like gets the probability 0, and 0 log 0 is NaN.
    return float(tfgan.eval.classifier_score_from_logits(tf.constant(logits, tf.float64)))


def frechet_distance(classifier, x1, x2) -> float:
    """Fréchet distance between Gaussians fitted to the features of two sets; 0 or more, lower is closer.

    Heusel et al. 2017, arXiv:1706.08500, on `classifier`. It is biased upwards for small sets: compare with
    real against real at the same sizes.
    """
    pair = (tf.constant(features_and_logits(classifier, x, least=2)[0], tf.float64) for x in (x1, x2))
    return max(0.0, float(tfgan.eval.frechet_classifier_distance_from_activations(*pair)))


def kernel_distance(classifier, x1, x2) -> float:
    """Kernel distance between the features of two sets, without bias, so it may be just below 0.

    Binkowski et al. 2018, arXiv:1801.01401, on `classifier`.
    """
    pair = (features_and_logits(classifier, x, least=2)[0] for x in (x1, x2))
    # TF-GAN averages over blocks of 1,024 samples: in a fixed random order none is of one class only.
    mixed = (np.random.default_rng(0).permutation(features) for features in pair)
    distance = tfgan.eval.kernel_classifier_distance_from_activations
    return float(distance(*map(tf.constant, mixed), dtype=tf.float64))


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
