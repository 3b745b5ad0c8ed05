"""Generators and discriminators for small images and for 2-D points.

A generator maps noise `(n, z_dim)` to samples; images leave through tanh, so they lie in [-1, 1].
A discriminator maps samples to logits `(n, 1)`: positive means "looks real". It never ends in a sigmoid,
because TF-GAN's losses take logits, which don't overflow.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

from gan_helpers.data import _count

PRETRAINED = Path(__file__).with_name("assets") / "digits_generator.npz"


def dcgan_generator(z_dim: int = 64, image_shape: tuple[int, int, int] = (28, 28, 1), channels: int = 64):
    """A DCGAN generator: noise `(n, z_dim)` -> images `(n, *image_shape)` in [-1, 1].

    One dense layer to a quarter of the height and width, then two transposed convolutions that double
    both (Radford, Metz and Chintala 2016, arXiv:1511.06434). `channels` is the width of the first feature
    map. Raises `ValueError` when the image's sides can't be halved twice.
    """
    check_sizes(image_shape, z_dim=z_dim, channels=channels)
    height, width, colours = image_shape
    return keras.Sequential([
        keras.Input((z_dim,)),
        layers.Dense(height // 4 * (width // 4) * channels, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Reshape((height // 4, width // 4, channels)),
        layers.Conv2DTranspose((channels + 1) // 2, 4, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(colours, 4, strides=2, padding="same", dtype="float32"),
        layers.Activation("tanh", dtype="float32"),
    ], name="generator")


def dcgan_discriminator(image_shape: tuple[int, int, int] = (28, 28, 1), widths=(32, 64, 64), dropout: float = 0.3):
    """A DCGAN discriminator: images `(n, *image_shape)` -> logits `(n, 1)`, float32.

    For each of the `widths` a convolution of stride 2 with so many feature maps, and leaky ReLU; then one dense unit
    (Radford, Metz and Chintala 2016, arXiv:1511.06434). `dropout` is the share of the inputs of the dense unit that
    are set to 0 while training, in [0, 1). No batch normalisation here: it would let the images of a batch vote on
    each other. Raises `ValueError` for sizes that aren't whole numbers of 1 or more.
    """
    check_sizes(image_shape, widths=widths)
    network = keras.Sequential([keras.Input(image_shape)], name="discriminator")
    for width in widths:
        network.add(layers.Conv2D(width, 4, strides=2, padding="same"))
        network.add(layers.LeakyReLU(0.2))
    network.add(layers.Flatten())
    network.add(layers.Dropout(dropout))
    network.add(layers.Dense(1, dtype="float32"))
    return network


def pretrained_generator(path=PRETRAINED) -> keras.Model:
    """A `dcgan_generator` that draws digits: standard normal z `(n, 64)` -> images `(n, 28, 28, 1)` in [-1, 1].

    It comes with the package. `tools/train_generator.py` trained it on 1,200 of scikit-learn's 1,797 digits, the first
    of `numpy.random.default_rng(0).permutation(1797)`; the next 297 chose when to stop, and it has never met the last
    300. Its weights are stored in float16 and used in float32. The digits are the test set of Alpaydin and Kaynak's
    Optical Recognition of Handwritten Digits (1998, UCI Machine Learning Repository, doi:10.24432/C50P49), licence
    CC BY 4.0.

    Raises `RuntimeError` when the file is missing or damaged.
    """
    generator, path = dcgan_generator(), Path(path)
    shapes = [tuple(weight.shape) for weight in generator.weights]
    try:
        with np.load(path) as file:
            weights = [file[name].astype(np.float32) for name in file.files]
        if [weight.shape for weight in weights] != shapes or not all(np.isfinite(weight).all() for weight in weights):
            raise ValueError("its arrays aren't the weights of this generator")
    except Exception as error:  # zipfile, zlib and NumPy each have their own ways to say "damaged"
        raise RuntimeError(f"The trained generator in {path} can't be read: {error}. Install the package again, or "
                           "make a new one with tools/train_generator.py.") from error
    generator.set_weights(weights)
    return generator


def mlp_generator(z_dim: int = 2, output_dim: int = 2, layers_: int = 2, units: int = 16):
    """A generator for points: noise `(n, z_dim)` -> `(n, output_dim)`, `layers_` hidden ReLU layers."""
    return _mlp("generator", _count(z_dim, "z_dim"), _count(output_dim, "output_dim"), layers_, units)


def mlp_discriminator(input_dim: int = 2, layers_: int = 2, units: int = 16):
    """A discriminator for points: `(n, input_dim)` -> logits `(n, 1)`, `layers_` hidden ReLU layers."""
    return _mlp("discriminator", _count(input_dim, "input_dim"), 1, layers_, units)


def _mlp(name: str, inputs: int, outputs: int, hidden: int, units: int) -> keras.Sequential:
    hidden = 0 if hidden == 0 else _count(hidden, "layers_")
    stack = [layers.Dense(_count(units, "units"), activation="relu") for _ in range(hidden)]
    head = layers.Dense(outputs, dtype="float32")
    return keras.Sequential([keras.Input((inputs,)), *stack, head], name=name)


def check_sizes(image_shape, widths=(1,), **sizes) -> None:
    """`ValueError` unless `image_shape` is (height, width, channels) with sides that are multiples of 4.

    `widths` is a row of sizes, one or more, and `sizes` are single ones by name; like the three of the image, they must
    be whole and 1 or more.
    """
    if not isinstance(widths, (tuple, list)) or not widths:
        raise ValueError(f"widths must be a row of numbers, one for each layer, such as (32, 64), got {widths!r}.")
    for name, value in [*(("each of widths", width) for width in widths), *sizes.items()]:
        _count(value, name)
    if not isinstance(image_shape, (tuple, list)) or len(image_shape) != 3:
        raise ValueError(f"image_shape must be (height, width, channels), got {image_shape!r}.")
    height, width, _ = (_count(side, "each side of image_shape") for side in image_shape)
    if height % 4 or width % 4:
        raise ValueError(f"Height and width must be multiples of 4, got {height}x{width}: the generator "
                         "doubles them twice. Pad the images, for example to 28x28 or 32x32.")
