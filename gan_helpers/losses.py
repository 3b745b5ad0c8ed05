"""TF-GAN's adversarial losses by name: the pair of functions, the formula and the paper.

Each function takes a `tfgan.GANModel`; the discriminator's outputs in it are logits. In the formulas
d_r = D(x) and d_f = D(G(z)) are logits, s the logistic function, E a mean over the batch; both losses
are to be made smaller.

TF-GAN smooths the labels of real samples unless told otherwise: its log losses aim D at 0.875 instead of 1.
Here they are taken as the paper has them, without.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from gan_helpers.compat import tensorflow_gan as tfgan
from gan_helpers.data import _one_of


@dataclass(frozen=True)
class AdversarialLoss:
    """One row of the table. `gradient_penalty_weight` goes to `tfgan.gan_loss`; None means no penalty."""

    name: str
    generator: Callable
    discriminator: Callable
    generator_formula: str
    discriminator_formula: str
    reference: str
    gradient_penalty_weight: float | None = None


def _alone(loss: Callable) -> Callable:
    """`loss` as a function of the `GANModel` and nothing else.

    `tfgan.gan_loss` offers `reduction` and `add_summaries` to each loss; the relativistic ones can't take
    them and raise (TF-GAN 2.1.0).
    """
    return lambda gan_model: loss(gan_model)


_LOG_LOSS_D = r"-E[\log s(d_r)] - E[\log(1 - s(d_f))]"

TABLE = {
    loss.name: loss
    for loss in (
        AdversarialLoss(
            "modified",
            tfgan.losses.modified_generator_loss,
            functools.partial(tfgan.losses.modified_discriminator_loss, label_smoothing=0.0),
            r"-E[\log s(d_f)]",
            _LOG_LOSS_D,
            "Goodfellow et al. 2014, arXiv:1406.2661, section 3: the non-saturating loss",
        ),
        AdversarialLoss(
            "minimax",
            tfgan.losses.minimax_generator_loss,
            functools.partial(tfgan.losses.minimax_discriminator_loss, label_smoothing=0.0),
            r"E[\log(1 - s(d_f))] + \log s(1)",
            _LOG_LOSS_D,
            "Goodfellow et al. 2014, arXiv:1406.2661, equation 1: the saturating loss; the constant "
            "log s(1), -0.31, is TF-GAN's, and no gradient depends on it",
        ),
        AdversarialLoss(
            "least_squares",
            tfgan.losses.least_squares_generator_loss,
            tfgan.losses.least_squares_discriminator_loss,
            r"\frac{1}{2} E[(d_f - 1)^2]",
            r"\frac{1}{2} E[(d_r - 1)^2] + \frac{1}{2} E[d_f^2]",
            "Mao et al. 2017, arXiv:1611.04076",
        ),
        AdversarialLoss(
            "wasserstein",
            tfgan.losses.wasserstein_generator_loss,
            tfgan.losses.wasserstein_discriminator_loss,
            r"-E[d_f]",
            r"E[d_f] - E[d_r]",
            "Arjovsky, Chintala and Bottou 2017, arXiv:1701.07875; D must be kept Lipschitz",
        ),
        AdversarialLoss(
            "wasserstein_gp",
            tfgan.losses.wasserstein_generator_loss,
            tfgan.losses.wasserstein_discriminator_loss,
            r"-E[d_f]",
            r"E[d_f] - E[d_r] + 10\, E[(\|\nabla D(\hat x)\| - 1)^2]",
            "Gulrajani et al. 2017, arXiv:1704.00028; x-hat is mixed with a uniform number",
            gradient_penalty_weight=10.0,
        ),
        AdversarialLoss(
            "wasserstein_hinge",
            tfgan.losses.wasserstein_hinge_generator_loss,
            tfgan.losses.wasserstein_hinge_discriminator_loss,
            r"-E[d_f]",
            r"E[\max(0, 1 - d_r)] + E[\max(0, 1 + d_f)]",
            "Miyato et al. 2018, arXiv:1802.05957",
        ),
        AdversarialLoss(
            "relativistic",
            _alone(tfgan.losses.relativistic_generator_loss),
            _alone(tfgan.losses.relativistic_discriminator_loss),
            r"-E[\log s(d_f - E[d_r])] - E[\log(1 - s(d_r - E[d_f]))]",
            r"-E[\log s(d_r - E[d_f])] - E[\log(1 - s(d_f - E[d_r]))]",
            "Jolicoeur-Martineau 2018, arXiv:1807.00734: the relativistic average loss",
        ),
    )
}


def get(name: str) -> AdversarialLoss:
    """The loss called `name`. Raises `ValueError` that lists the known names."""
    _one_of(name, tuple(TABLE), "loss")
    return TABLE[name]


def of_logits(name: str, real_logits, fake_logits):
    """`(generator_loss, discriminator_loss)` of the loss `name` for D's logits on real and fake samples.

    Both are scalars, TF-GAN's own; a gradient penalty isn't part of them, since it needs D itself.
    """
    loss = get(name)
    nothing = dict.fromkeys(tfgan.GANModel._fields)
    gan_model = tfgan.GANModel(
        **{**nothing, "discriminator_real_outputs": real_logits, "discriminator_gen_outputs": fake_logits})
    return tfgan.gan_loss(gan_model, loss.generator, loss.discriminator, add_summaries=False)[:2]


def curves(name: str, real_logit, fake_logit) -> dict:
    """Both losses, and G's gradient, of batches with one logit each: arrays of the inputs' common shape.

    Keys: `g_loss`, `d_loss`, `g_slope` (the derivative of G's loss with respect to the fake logit).
    """
    real, fake = np.broadcast_arrays(np.float32(real_logit), np.float32(fake_logit))
    rows = _pair_by_pair(get(name).name)(real.ravel(), fake.ravel())
    return {key: value.numpy().reshape(real.shape) for key, value in rows.items()}


@functools.cache
def _pair_by_pair(name: str) -> Callable:
    """A compiled function of real and fake logits `(n,)`, each pair a batch of its own."""

    @tf.function(input_signature=[tf.TensorSpec([None])] * 2)
    def rows(real, fake):
        with tf.GradientTape() as tape:
            tape.watch(fake)
            g_loss, d_loss = tf.vectorized_map(lambda pair: of_logits(name, *pair), (real[:, None], fake[:, None]))
        return {"g_loss": g_loss, "d_loss": d_loss, "g_slope": tape.gradient(g_loss, fake)}

    return rows.get_concrete_function()  # called by itself, it can't be traced anew, nor warn of that
