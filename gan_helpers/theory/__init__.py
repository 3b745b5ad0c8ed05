"""The mathematics of the game, exact and small: densities, V(D, G), divergences, two-player games, paths of noise.

    p_data, p_g = theory.Gaussian(0, 1), theory.Gaussian(2, 0.5)
    x = theory.grid(p_data, p_g)                            # covers both; every integral below runs over it
    d = theory.optimal_discriminator(p_data, p_g)
    theory.value(d, p_data, p_g, x)                         # V(D*, G)
    -np.log(4) + 2 * theory.jensen_shannon(p_data, p_g, x)  # the same number

NumPy only. Logs are natural, divergences in nats. A density is one of the classes here, a function of x, or its
values on the grid `x`; it must integrate to 1 there. Integrals are sums of trapezoids. On `theory.grid` that is exact
to about ten digits for smooth densities, and to about 1e-5 where one of them jumps or two of them cross (|p - q|);
more places, `grid(..., n=20_001)`, give more digits.
"""

from gan_helpers.theory._densities import Gaussian, Mixture, Sketch, Uniform, grid
from gan_helpers.theory._divergences import (
    generator_cost,
    jensen_shannon,
    kl,
    total_variation,
    wasserstein_1,
)
from gan_helpers.theory._games import Game, bilinear, dirac, growth, play, quadratic
from gan_helpers.theory._generator import PiecewiseLinear, PushForward
from gan_helpers.theory._latent import lerp, normal_length, slerp
from gan_helpers.theory._value import (
    Discriminator,
    generator_gradient,
    generator_slope,
    optimal_discriminator,
    optimal_logit,
    sigmoid,
    value,
    value_by_samples,
)

__all__ = [
    "Discriminator", "Game", "Gaussian", "Mixture", "PiecewiseLinear", "PushForward", "Sketch", "Uniform",
    "bilinear", "dirac", "generator_cost", "generator_gradient", "generator_slope", "grid", "growth", "jensen_shannon",
    "kl", "lerp", "normal_length", "optimal_discriminator", "optimal_logit", "play", "quadratic", "sigmoid", "slerp",
    "total_variation", "value", "value_by_samples", "wasserstein_1",
]
