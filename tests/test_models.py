"""`models`: shapes, ranges, parameter counts worked out by hand, and inputs that must be refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_helpers import models


@given(z_dim=st.integers(1, 16), height=st.integers(1, 5), width=st.integers(1, 5), colours=st.sampled_from([1, 3]))
@settings(max_examples=8, deadline=None)
def test_generator_and_discriminator_fit_together(z_dim, height, width, colours):
    shape = (4 * height, 4 * width, colours)
    generator = models.dcgan_generator(z_dim, shape, channels=8)
    discriminator = models.dcgan_discriminator(shape, channels=8)
    x = generator(np.random.default_rng(0).standard_normal((2, z_dim)).astype("float32"))
    assert x.shape == (2, *shape) and np.abs(x).max() <= 1
    assert discriminator(x).shape == (2, 1)


def test_parameter_counts_equal_those_worked_out_by_hand():
    generator, discriminator = models.dcgan_generator(), models.dcgan_discriminator()
    dense, up1, up2 = 64 * 7 * 7 * 64, 4 * 4 * 64 * 32, 4 * 4 * 32 * 1 + 1
    assert generator.count_params() == dense + 4 * 7 * 7 * 64 + up1 + 4 * 32 + up2
    down1, down2, head = 4 * 4 * 1 * 32 + 32, 4 * 4 * 32 * 64 + 64, 7 * 7 * 64 + 1
    trainable = sum(int(np.prod(w.shape)) for w in discriminator.trainable_weights)
    assert trainable == down1 + down2 + head


def test_the_discriminator_returns_logits_not_probabilities():
    """A dense unit without activation: its output is linear in its own bias, beyond [0, 1]."""
    discriminator = models.dcgan_discriminator()
    head = discriminator.layers[-1]
    before = np.asarray(discriminator(np.zeros((1, 28, 28, 1), "float32")))
    head.bias.assign(head.bias + 100)
    np.testing.assert_allclose(np.asarray(discriminator(np.zeros((1, 28, 28, 1), "float32"))) - before, 100, rtol=1e-5)


@pytest.mark.parametrize("hidden, units, count", [(0, 16, 3), (1, 4, 3 * 4 + 5), (2, 16, 3 * 16 + 17 * 16 + 17)])
def test_mlp_discriminator_parameter_counts(hidden, units, count):
    assert models.mlp_discriminator(2, hidden, units).count_params() == count


@pytest.mark.parametrize("call, message", [
    (lambda: models.dcgan_generator(0), "z_dim must be a whole number"),
    (lambda: models.dcgan_generator(64, (28, 28)), "height, width, channels"),
    (lambda: models.dcgan_generator(64, (30, 28, 1)), "multiples of 4"),
    (lambda: models.dcgan_discriminator((0, 28, 1)), "whole number"),
    (lambda: models.dcgan_discriminator(channels=-3), "channels must be"),
    (lambda: models.mlp_generator(2, 2, -1), "layers_ must be"),
    (lambda: models.mlp_generator(2, 2, 2, 0), "units must be"),
])
def test_bad_sizes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
