"""Every pair of losses against its formula in NumPy float64, and the gradient penalty against a linear D."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gan_helpers import losses
from gan_helpers.compat import tensorflow_gan as tfgan


def softplus(a):
    return np.logaddexp(0, a)


def log_loss_d(r, f):
    return softplus(-r).mean() + softplus(f).mean()


# name -> (generator's loss, discriminator's loss) of logits on real (r) and fake (f), from the papers
BY_HAND = {
    "modified": (lambda r, f: softplus(-f).mean(), log_loss_d),
    "minimax": (lambda r, f: -softplus(f).mean() - softplus(-1), log_loss_d),
    "least_squares": (lambda r, f: ((f - 1) ** 2).mean() / 2,
                      lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2),
    "wasserstein": (lambda r, f: -f.mean(), lambda r, f: f.mean() - r.mean()),
    "wasserstein_hinge": (lambda r, f: -f.mean(),
                          lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean()),
    "relativistic": (lambda r, f: softplus(-(f - r.mean())).mean() + softplus(r - f.mean()).mean(),
                     lambda r, f: softplus(-(r - f.mean())).mean() + softplus(f - r.mean()).mean()),
}


def gan_model(r, f, **fields):
    r, f = (tf.cast(a, tf.float32) for a in (r, f))
    logits = {"discriminator_real_outputs": r, "discriminator_gen_outputs": f}
    return tfgan.GANModel(**{**dict.fromkeys(tfgan.GANModel._fields), **logits, **fields})


@tf.function(reduce_retracing=True)
def both_losses(name, r, f):
    loss = losses.TABLE[name]
    return tfgan.gan_loss(gan_model(r, f), loss.generator, loss.discriminator, add_summaries=False)


LOGITS = hnp.arrays(np.float64, (7, 1), elements=st.floats(-20, 20, width=32))


@pytest.mark.parametrize("name", BY_HAND)
@given(r=LOGITS, f=LOGITS)
@settings(max_examples=20, deadline=None)
def test_each_pair_equals_its_formula(name, r, f):
    by_hand_g, by_hand_d = BY_HAND[name]
    got = both_losses(name, tf.constant(r, tf.float32), tf.constant(f, tf.float32))
    np.testing.assert_allclose(got.generator_loss, by_hand_g(r, f), rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(got.discriminator_loss, by_hand_d(r, f), rtol=2e-5, atol=2e-5)


def test_the_test_above_covers_the_table():
    assert set(losses.TABLE) == {*BY_HAND, "wasserstein_gp"}


def test_every_adversarial_loss_of_tfgan_is_in_the_table():
    ending = "_generator_loss"
    pairs = {name.removesuffix(ending) for name in dir(tfgan.losses) if name.endswith(ending)}
    assert pairs - {"acgan"} == set(BY_HAND)  # ACGAN's needs labels


def test_losses_at_a_discriminator_that_cannot_tell():
    zero = np.zeros((4, 1))
    loss = losses.get("modified")
    got = tfgan.gan_loss(gan_model(zero, zero), loss.generator, loss.discriminator, add_summaries=False)
    np.testing.assert_allclose(got.generator_loss, np.log(2), rtol=1e-6)
    np.testing.assert_allclose(got.discriminator_loss, 2 * np.log(2), rtol=1e-6)


def test_labels_are_not_smoothed_although_tfgan_does_so_by_default():
    """Smoothed, no D has a loss of 0; as the paper has it, a D that is sure and right has one."""
    sure = gan_model(np.full((4, 1), 30.0), np.full((4, 1), -30.0))
    for name in ("modified", "minimax"):
        assert losses.get(name).discriminator(sure, add_summaries=False) < 1e-6
    assert tfgan.losses.modified_discriminator_loss(sure, add_summaries=False) > 1


@pytest.mark.parametrize("weight", [10.0, 3.0])
def test_gradient_penalty_of_a_linear_discriminator(weight):
    """For D(x) = w.x the gradient is w everywhere, so the penalty is (|w| - 1)^2 wherever it is taken."""
    w = np.array([[3.0], [4.0]])
    rng = np.random.default_rng(0)
    x_real, x_fake = rng.standard_normal((2, 5, 2))

    @tf.function
    def total():
        d = lambda x, _=None: tf.matmul(tf.cast(x, tf.float32), tf.constant(w, tf.float32))  # noqa: E731
        with tf.compat.v1.variable_scope("d") as scope:
            pass
        model = gan_model(
            x_real @ w, x_fake @ w, real_data=tf.constant(x_real, tf.float32), discriminator_fn=d,
            generated_data=tf.constant(x_fake, tf.float32), generator_inputs=None, discriminator_scope=scope)
        loss = losses.get("wasserstein_gp")
        return tfgan.gan_loss(model, loss.generator, loss.discriminator, gradient_penalty_weight=weight,
                              add_summaries=False).discriminator_loss

    by_hand = (x_fake @ w).mean() - (x_real @ w).mean() + weight * (5 - 1) ** 2
    np.testing.assert_allclose(total(), by_hand, rtol=1e-5)


def test_unknown_loss_lists_the_known_ones():
    with pytest.raises(ValueError, match="Known: modified, minimax, .*Did you mean 'wasserstein'"):
        losses.get("waserstein")


@pytest.mark.parametrize("name", losses.TABLE)
def test_curves_are_tfgans_losses_pair_by_pair_and_their_slope(name):
    real, fake = np.array([[-1.0], [2.0]]), np.array([[-3.0, 0.5, 4.0]])
    rows = losses.curves(name, real, fake)
    by_hand = BY_HAND["wasserstein" if name == "wasserstein_gp" else name]
    h = 1e-5
    for i, r in enumerate(real[:, 0]):
        for j, f in enumerate(fake[0]):
            g, d = (loss(np.array([[r]]), np.array([[f]])) for loss in by_hand)
            above, below = (by_hand[0](np.array([[r]]), np.array([[f + step]])) for step in (h, -h))
            np.testing.assert_allclose([rows["g_loss"][i, j], rows["d_loss"][i, j]], [g, d], rtol=1e-5)
            np.testing.assert_allclose(rows["g_slope"][i, j], (above - below) / (2 * h), rtol=1e-3, atol=1e-5)
