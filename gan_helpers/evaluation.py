"""How good are the samples? TF-GAN's classifier metrics on a classifier of your own, and nearest neighbours.

Scores depend on the classifier, so compare only numbers that come from the same one. Every function takes
images `(n, height, width, channels)`, float32 in [-1, 1].
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

    `labels`: `(n,)` integers from 0. The images are shifted a little as they are learned from, so that the
    classifier judges shapes, not exact places. Takes seconds on two cores for a few thousand images.
    """
    x, labels = check_images(x, least=2), np.asarray(labels)
    if labels.shape != (len(x),) or not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise ValueError(f"Expected one integer label from 0 for each of {len(x)} images, got shape "
                         f"{labels.shape}, {labels.dtype}.")
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
    learner.fit(x, labels, batch_size=64, epochs=_count(epochs, "epochs"), verbose=0)
    return keras.Model(inputs, [features, logits], name="classifier")


def features_and_logits(classifier, x) -> tuple[np.ndarray, np.ndarray]:
    """What `classifier` makes of images `x`: features `(n, k)` and logits `(n, classes)`."""
    features, logits = classifier.predict(check_images(x), batch_size=500, verbose=0)
    return features, logits


def classifier_score(classifier, x) -> float:
    """exp(E KL(p(y|x) || p(y))), from 1 to the number of classes; higher is better.

    The inception score's formula (Salimans et al. 2016, arXiv:1606.03498) on `classifier`.
    """
    return float(tfgan.eval.classifier_score_from_logits(features_and_logits(classifier, x)[1]))


def frechet_distance(classifier, x1, x2) -> float:
    """Fréchet distance between Gaussians fitted to the features of two sets; 0 or more, lower is closer.

    Heusel et al. 2017, arXiv:1706.08500, on `classifier`. It is biased upwards for small sets: compare with
    real against real at the same sizes.
    """
    pair = [features_and_logits(classifier, check_images(x, least=2))[0] for x in (x1, x2)]
    return float(tfgan.eval.frechet_classifier_distance_from_activations(*pair))


def kernel_distance(classifier, x1, x2) -> float:
    """Kernel distance between the features of two sets, without bias, so it may be just below 0.

    Binkowski et al. 2018, arXiv:1801.01401, on `classifier`.
    """
    pair = [features_and_logits(classifier, check_images(x, least=2))[0] for x in (x1, x2)]
    # TF-GAN averages over blocks of 1,024 samples: in a fixed random order none is of one class only.
    mixed = [np.random.default_rng(0).permutation(features) for features in pair]
    return float(tfgan.eval.kernel_classifier_distance_from_activations(*map(tf.constant, mixed)))


def class_shares(classifier, x) -> np.ndarray:
    """The share of the images in each class, by the classifier's choice; `(classes,)`, sums to 1."""
    logits = features_and_logits(classifier, x)[1]
    return np.bincount(logits.argmax(1), minlength=logits.shape[1]) / len(logits)


def nearest(x, reference) -> tuple[np.ndarray, np.ndarray]:
    """For each image of `x` the nearest image of `reference`: index `(n,)` and Euclidean distance `(n,)`."""
    x, reference = check_images(x), check_images(reference)
    if x.shape[1:] != reference.shape[1:]:
        raise ValueError(f"Expected images of one shape, got {x.shape[1:]} and {reference.shape[1:]}.")
    a, b = x.reshape(len(x), -1).astype(np.float64), reference.reshape(len(reference), -1).astype(np.float64)
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    index = squared.argmin(1)
    return index, np.sqrt(np.maximum(squared[np.arange(len(a)), index], 0))
