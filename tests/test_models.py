"""`models`: shapes, ranges, parameter counts worked out by hand, and inputs that must be refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_helpers import models


@given(z_dim=st.integers(1, 16), height=st.integers(1, 5), width=st.integers(1, 5),
       colours=st.sampled_from([1, 3]), channels=st.integers(1, 9))
@settings(max_examples=8, deadline=None)
def test_generator_and_discriminator_fit_together(z_dim, height, width, colours, channels):
    shape = (4 * height, 4 * width, colours)
    generator = models.dcgan_generator(z_dim, shape, channels)
    discriminator = models.dcgan_discriminator(shape, (channels, 2, 3))
    x = generator(np.random.default_rng(0).standard_normal((2, z_dim)).astype("float32"))
    assert x.shape == (2, *shape) and np.abs(x).max() <= 1
    assert discriminator(x).shape == (2, 1)


def test_parameter_counts_equal_those_worked_out_by_hand():
    generator, discriminator = models.dcgan_generator(), models.dcgan_discriminator()
    dense, up1, up2 = 64 * 7 * 7 * 64, 4 * 4 * 64 * 32, 4 * 4 * 32 * 1 + 1
    assert generator.count_params() == dense + 4 * 7 * 7 * 64 + up1 + 4 * 32 + up2
    down1, down2, down3 = 4 * 4 * 1 * 32 + 32, 4 * 4 * 32 * 64 + 64, 4 * 4 * 64 * 64 + 64
    head = 4 * 4 * 64 + 1       # 28, 14, 7, and 7 halves to 4
    trainable = sum(int(np.prod(w.shape)) for w in discriminator.trainable_weights)
    assert trainable == down1 + down2 + down3 + head


def test_the_discriminator_returns_logits_not_probabilities():
    """A dense unit without activation: its output is linear in its own bias, beyond [0, 1]."""
    discriminator = models.dcgan_discriminator()
    head = discriminator.layers[-1]
    before = np.asarray(discriminator(np.zeros((1, 28, 28, 1), "float32")))
    head.bias.assign(head.bias + 100)
    after = np.asarray(discriminator(np.zeros((1, 28, 28, 1), "float32")))
    np.testing.assert_allclose(after - before, 100, rtol=1e-5)


def test_the_discriminator_equals_its_layers_worked_out_in_numpy():
    """Two convolutions as explicit sums in float64; "same" puts one row of zeros on each side here."""
    discriminator = models.dcgan_discriminator((8, 12, 1), (3, 6))
    rng = np.random.default_rng(0)
    discriminator.set_weights([rng.normal(size=w.shape) for w in discriminator.get_weights()])
    k1, b1, k2, b2, k3, b3 = (w.astype(np.float64) for w in discriminator.get_weights())
    x = rng.uniform(-1, 1, (4, 8, 12, 1))

    def down(x, kernel, bias):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, (4, 4), axis=(1, 2))[:, ::2, ::2]
        y = np.einsum("nijckl,klco->nijo", patches, kernel) + bias
        return np.where(y > 0, y, 0.2 * y)

    wanted = down(down(x, k1, b1), k2, b2).reshape(4, -1) @ k3 + b3
    got = discriminator(x.astype(np.float32), training=False)
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=1e-4, atol=1e-3)


def test_the_discriminator_judges_each_image_alone():
    """Also while training: the other images of the batch don't change a logit (dropout switched off)."""
    discriminator = models.dcgan_discriminator(widths=(4, 8))
    for layer in discriminator.layers:
        if hasattr(layer, "rate"):
            layer.rate = 0
    x = np.random.default_rng(0).uniform(-1, 1, (5, 28, 28, 1)).astype("float32")
    together, alone = discriminator(x, training=True), discriminator(x[:1], training=True)
    np.testing.assert_allclose(np.asarray(together)[:1], np.asarray(alone), rtol=1e-4, atol=1e-5)


def test_under_mixed_precision_images_and_logits_are_float32():
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        generator, discriminator = models.dcgan_generator(2, (8, 8, 1)), models.dcgan_discriminator((8, 8, 1))
    finally:
        keras.config.set_dtype_policy(policy)
    x = generator(np.zeros((1, 2), "float32"))
    assert generator.layers[0].compute_dtype == "float16"
    assert x.dtype == discriminator(x).dtype == "float32"


@pytest.mark.parametrize("hidden, units, count", [
    (0, 16, 3), (1, 4, 3 * 4 + 5), (2, 16, 3 * 16 + 17 * 16 + 17)])
def test_mlp_discriminator_parameter_counts(hidden, units, count):
    assert models.mlp_discriminator(2, hidden, units).count_params() == count


@given(side=st.integers(-4, 40), where=st.integers(0, 1))
def test_sides_that_cannot_be_halved_twice_are_refused(side, where):
    shape = [28, 28, 1]
    shape[where] = side
    if side > 0 and side % 4 == 0:
        models.check_sizes(shape)
    else:
        with pytest.raises(ValueError, match="multiples of 4" if side > 0 else "whole number"):
            models.check_sizes(shape)


@pytest.mark.parametrize("call, message", [
    (lambda: models.dcgan_generator(0), "z_dim must be a whole number"),
    (lambda: models.dcgan_generator(64, (28, 28)), "height, width, channels"),
    (lambda: models.dcgan_generator(64, 28), "height, width, channels\\), got 28"),
    (lambda: models.dcgan_generator(64, (30, 28, 1)), "multiples of 4"),
    (lambda: models.dcgan_generator(64, (28.0, 28, 1)), "whole number"),
    (lambda: models.dcgan_generator(2.5), "z_dim must be a whole number of 1 or more, got 2.5"),
    (lambda: models.dcgan_discriminator((0, 28, 1)), "whole number"),
    (lambda: models.dcgan_discriminator(widths=(8, -3)), "each of widths must be"),
    (lambda: models.dcgan_discriminator(widths=32), "one for each layer, such as .*got 32"),
    (lambda: models.dcgan_discriminator(widths=()), "one for each layer"),
    (lambda: models.mlp_generator(2, 2, -1), "layers_ must be"),
    (lambda: models.mlp_generator(2, 2, 2, 0), "units must be"),
])
def test_bad_sizes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
