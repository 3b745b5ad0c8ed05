"""The value function V(D, G), the discriminator that maximises it, and what the generator feels of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gan_helpers.theory._densities import area

LOSSES = ("saturating", "non-saturating")


def on_grid(p, x, name: str = "the density") -> np.ndarray:
    """A density's values on the grid `x`: from `.pdf`, a function, or given. `ValueError` unless they are one."""
    values = p.pdf(x) if hasattr(p, "pdf") else p(x) if callable(p) else p
    values = np.asarray(values, np.float64)
    if values.shape != x.shape:
        raise ValueError(f"{name} has {values.shape} values for a grid of {x.shape}.")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"{name} must be 0 or more everywhere; it has values from {values.min()} to {values.max()}.")
    total = area(values, x)
    if abs(total - 1) > 1e-3:
        raise ValueError(f"{name} must integrate to 1, and over this grid from {x[0]:g} to {x[-1]:g} it gives "
                         f"{total:.4g}. Does the grid cover it (theory.grid), and is it fine enough?")
    return values


def check_grid(x) -> np.ndarray:
    x = np.asarray(x, np.float64)
    if x.ndim != 1 or len(x) < 2 or not np.isfinite(x).all() or not (np.diff(x) > 0).all():
        raise ValueError("x must be a row of growing, finite numbers, such as theory.grid(p_data, p_g).")
    return x


def integrate(weights, logs, x, least: float = 0.0) -> float:
    """The integral of weights * logs. 0 * log 0 counts as 0; so does an infinite log whose weight is below `least`."""
    with np.errstate(invalid="ignore"):
        return area(np.where((weights > least) | ((weights > 0) & np.isfinite(logs)), weights * logs, 0.0), x)


def sigmoid(a) -> np.ndarray:
    """1 / (1 + e^-a), without overflow."""
    if isinstance(a, float):  # ten times as fast as an array of one number, for games of many steps
        small = math.exp(-abs(a))
        return (1 if a >= 0 else small) / (1 + small)
    a = np.asarray(a, np.float64)
    small = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, small) / (1 + small)


@dataclass(frozen=True)
class Discriminator:
    """D(x) = sigmoid of its logit, a function of x. It keeps the logit, so that nothing is lost where D rounds to 1."""

    logit: Callable

    def __call__(self, x) -> np.ndarray:
        return sigmoid(self.logit(x))


def _log_probabilities(d, x):
    """log D(x) and log(1 - D(x))."""
    if isinstance(d, Discriminator):
        a = np.asarray(d.logit(x), np.float64)
        return -np.logaddexp(0, -a), -np.logaddexp(0, a)
    d = np.asarray(d(x) if callable(d) else d, np.float64)
    if d.ndim == 0:
        d = np.full(np.shape(x), d)
    if d.shape != np.shape(x):
        raise ValueError(f"D has {d.shape} values for {np.shape(x)} places x.")
    if not ((d >= 0) & (d <= 1)).all():  # NaN fails it too
        worst = d[~((d >= 0) & (d <= 1))][0]
        raise ValueError(f"D(x) is the probability that x is real and lies between 0 and 1; got {worst:g}. Is it a "
                         "logit? Then use theory.sigmoid of it, or theory.Discriminator.")
    with np.errstate(divide="ignore"):
        return np.log(d), np.log1p(-d)


def value(d, p_data, p_g, x) -> float:
    """V(D, G) = E_x~p_data[log D(x)] + E_x~p_g[log(1 - D(x))], by trapezoids over the grid `x`, in nats.

    `d`: a function of x, its values on `x`, or one number; probabilities in [0, 1]. -inf if D is sure and wrong.
    Goodfellow et al. 2014 (arXiv:1406.2661), equation 1. Raises `ValueError` for what isn't a density or a
    probability.
    """
    x = check_grid(x)
    log_d, log_not_d = _log_probabilities(d, x)
    real, fake = on_grid(p_data, x, "p_data"), on_grid(p_g, x, "p_g")
    least = 1e-15 * max(real.max(), fake.max())  # below it a D of 1 may only be rounded to 1
    return integrate(real, log_d, x, least) + integrate(fake, log_not_d, x, least)


def value_by_samples(d, p_data, p_g, n: int, seed=None) -> tuple[float, float]:
    """V(D, G) as training sees it: the mean over `n` real and `n` generated samples, and its standard error.

    `d`: a function of x. The error is that of the sum of two independent means; it falls as 1 / sqrt(n).
    """
    if n < 2:
        raise ValueError(f"n must be 2 or more, or there is no standard error; got {n}.")
    rng = np.random.default_rng(seed)
    real = _log_probabilities(d, p_data.sample(n, rng))[0]
    fake = _log_probabilities(d, p_g.sample(n, rng))[1]
    with np.errstate(invalid="ignore"):
        return float(real.mean() + fake.mean()), float(np.sqrt((real.var(ddof=1) + fake.var(ddof=1)) / n))


def optimal_logit(p_data, p_g):
    """The logit of D*, log p_data(x) - log p_g(x), as a function of x; 0 where both densities are 0."""
    def logit(x):
        with np.errstate(invalid="ignore"):
            found = _log(p_data, x) - _log(p_g, x)
        return np.where(np.isnan(found), 0.0, found)
    return logit


def _log(p, x):
    with np.errstate(divide="ignore"):
        return p.logpdf(x) if hasattr(p, "logpdf") else np.log(p(x))


def optimal_discriminator(p_data, p_g):
    """D*(x) = p_data(x) / (p_data(x) + p_g(x)), the D with the largest V, as a function of x; 1/2 where both are 0.

    Goodfellow et al. 2014, proposition 1. Both densities as classes of `theory` or functions of x.
    """
    return Discriminator(optimal_logit(p_data, p_g))


def generator_slope(loss: str, logit) -> np.ndarray:
    """How strongly one sample feels D: the derivative of G's loss with respect to D's logit on it.

    "saturating", log(1 - D): -D, which vanishes where D is sure that the sample is fake.
    "non-saturating", -log D: -(1 - D), which is strongest there.
    """
    if loss not in LOSSES:
        raise ValueError(f"Unknown loss {loss!r}. Known: {', '.join(LOSSES)}.")
    return -sigmoid(logit) if loss == "saturating" else -sigmoid(-np.asarray(logit, np.float64))


def generator_gradient(loss: str, p_data, p_g, x, logit=None) -> float:
    """The derivative of G's expected loss when all its samples shift to the right, D held fixed.

    Raises `ValueError` where D's logit has no slope: D* of densities that jump, have corners, or don't overlap.

    `logit`: D's logit as a function of x or its values on `x`; left out, D is D*. By trapezoids over `x`.
    """
    x = check_grid(x)
    if logit is None and (getattr(p_data, "breaks", ()) or getattr(p_g, "breaks", ())):
        raise ValueError("D* has no slope where a density jumps or has a corner: its logit bends or is infinite. "
                         "Take smooth densities, such as theory.Gaussian, or give a logit.")
    logit = optimal_logit(p_data, p_g) if logit is None else logit
    a = np.asarray(logit(x) if callable(logit) else logit, np.float64)
    weight = on_grid(p_g, x, "p_g")
    if not np.isfinite(a[weight > 0]).all():
        raise ValueError("D is so sure about some generated samples that its logit is infinite there, without a slope. "
                         "Take densities that overlap, or another logit.")
    return integrate(weight, generator_slope(loss, a) * np.gradient(a, x, edge_order=2), x)
