"""Do two networks, their samples and a shift fit together? A `ValueError` that names what doesn't, before training."""

from __future__ import annotations

import math
import numbers

import keras
import numpy as np
import tensorflow as tf


def check_networks(generator, discriminator) -> int:
    """The length of z, or a `ValueError` that names the shapes that don't fit."""
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        if not (isinstance(network, keras.Model) and network.built and hasattr(network, "input_shape")):
            raise ValueError(f"The {role} must be a Keras model that knows its input shape, got {network!r}. Begin a "
                             "Sequential with keras.Input(...).")
    z_shape, x_shape = tuple(generator.input_shape), tuple(generator.output_shape)
    if len(z_shape) != 2 or z_shape[1] is None:
        raise ValueError(f"The generator must take noise (n, z_dim); it takes {z_shape}.")
    if x_shape[1:] != tuple(discriminator.input_shape)[1:]:
        raise ValueError(f"The generator makes samples of shape {x_shape[1:]}, but the discriminator takes "
                         f"{tuple(discriminator.input_shape)[1:]}.")
    if tuple(discriminator.output_shape)[1:] != (1,):
        raise ValueError("The discriminator must return one logit a sample, (n, 1); it returns "
                         f"{tuple(discriminator.output_shape)}. Flatten, then Dense(1) without activation.")
    if _ends_in(discriminator, "sigmoid"):
        raise ValueError("The discriminator ends in a sigmoid; TF-GAN's losses take logits, which don't overflow. "
                         "Leave the last activation away.")
    return z_shape[1]


def check_samples(x, generator, discriminator, steps_per_epoch) -> None:
    """A `ValueError` unless the real samples `x`, a dataset of batches or an array, can be trained on."""
    shape = tuple(discriminator.input_shape)[1:]
    wanted = f"real samples (n, {', '.join(map(str, shape))}), float32"
    if isinstance(x, tf.data.Dataset):
        if x.cardinality() == tf.data.INFINITE_CARDINALITY and not steps_per_epoch:
            raise ValueError("This dataset is endless: say how many steps make an epoch, steps_per_epoch=..., for "
                             "example the number of samples divided by the batch size.")
        batch = next(iter(x.take(1)), None)
        if batch is None:
            raise ValueError(f"Expected {wanted}; this dataset is empty. Is the batch larger than the data, with "
                             "drop_remainder=True?")
        x = batch[0] if isinstance(batch, tuple) else batch
        if isinstance(x, dict):
            raise ValueError(f"Expected batches of {wanted}; this dataset gives dictionaries of {', '.join(x)}. Take "
                             "out the samples: dataset.map(lambda row: row[\"image\"]).")
    elif x is None:
        raise ValueError(f"Expected {wanted}, or a dataset of batches of them, got None.")
    elif not isinstance(x, np.ndarray):
        return  # a distributed dataset, a generator: what they hold can't be looked at without using it up
    got, dtype = tuple(x.shape), tf.as_dtype(x.dtype)
    if got[1:] != shape:
        hint = " Add the channel axis: x[..., None]." if (*got[1:], 1) == shape else ""
        hint = hint or (" Is it one sample, not a batch? Use dataset.batch(...)." if got == shape else "")
        raise ValueError(f"Expected batches of {wanted}, as the discriminator takes them, got {got}.{hint}")
    if 0 in got:
        raise ValueError(f"Expected {wanted}, n of 1 or more, got {got}.")
    if not dtype.is_floating:
        raise ValueError(f"Expected {wanted}, got {dtype.name}. Use data.to_unit_range(x) for pixels 0..255.")
    x = np.asarray(x, np.float32)
    if not np.isfinite(x).all():
        raise ValueError(f"Expected finite {wanted}, got {np.count_nonzero(~np.isfinite(x))} NaN or infinite values.")
    if _ends_in(generator, "tanh") and np.abs(x).max() > 1.001:
        raise ValueError(f"Expected {wanted} in [-1, 1], the range of the generator's tanh, got {x.min():.3g} to "
                         f"{x.max():.3g}. Rescale them, for example x / 127.5 - 1 for pixels 0..255.")


def check_shift(shift, discriminator) -> int:
    """`shift` as an int of 0 or more that leaves something of the image to see, or a `ValueError`."""
    if isinstance(shift, bool) or not isinstance(shift, numbers.Integral) or shift < 0:
        raise ValueError(f"shift must be a whole number of pixels, 0 or more, got {shift!r}.")
    if shift == 0:
        return 0
    sides = tuple(discriminator.input_shape)[1:3]
    if len(discriminator.input_shape) != 4:
        raise ValueError(f"shift moves images; this discriminator takes samples of shape {sides}. Use shift=0.")
    if shift >= min(sides):
        raise ValueError(f"shift must be smaller than the image's sides, {sides}; got {shift}.")
    return int(shift)


def _ends_in(network, activation: str) -> bool:
    """Whether the network's last layer applies this activation."""
    last = network.layers[-1] if getattr(network, "layers", None) else None
    return getattr(getattr(last, "activation", None), "__name__", None) == activation


def is_number(value) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
