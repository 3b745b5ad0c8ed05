"""How far apart are two densities? KL, Jensen-Shannon, total variation, Wasserstein-1, and C(G)."""

from __future__ import annotations

import numpy as np

from gan_helpers.theory._densities import area
from gan_helpers.theory._value import check_grid, integrate, on_grid


def _both(p, q, x):
    x = check_grid(x)
    return on_grid(p, x, "the first density"), on_grid(q, x, "the second density"), x


def kl(p, q, x) -> float:
    """KL(p || q) = E_x~p[log p(x) - log q(x)], in nats, 0 or more; inf where p has mass and q has none.

    Not symmetric: `kl(q, p, x)` is the other one.
    """
    p_x, q_x, x = _both(p, q, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [d.logpdf(x) if hasattr(d, "logpdf") else np.log(v) for d, v in ((p, p_x), (q, q_x))]
        ratio = logs[0] - logs[1]
    empty = np.isinf(ratio) & (p_x > 0)
    wide = np.diff(x) > 1e-9 * (x[-1] - x[0])
    if (empty[1:] & empty[:-1] & wide).any():
        return np.inf
    return integrate(np.where(empty, 0, p_x), ratio, x)  # a single place where q is 0 has no mass


def jensen_shannon(p, q, x) -> float:
    """JS(p, q) = KL(p || m)/2 + KL(q || m)/2 with m = (p + q)/2, in nats: from 0, the same, to log 2, no overlap."""
    p_x, q_x, x = _both(p, q, x)
    m = (p_x + q_x) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return (integrate(p_x, np.log(p_x / m), x) + integrate(q_x, np.log(q_x / m), x)) / 2


def generator_cost(p_data, p_g, x) -> float:
    """C(G) = max over D of V(D, G) = -log 4 + 2 JS(p_data, p_g), in nats: from -log 4 to 0.

    Goodfellow et al. 2014, theorem 1.
    """
    return -np.log(4) + 2 * jensen_shannon(p_data, p_g, x)


def total_variation(p, q, x) -> float:
    """Half the area between the two curves: from 0, the same, to 1, no overlap.

    1 - TV is the smallest sum of D's two error rates, real taken for fake and fake taken for real.
    """
    p_x, q_x, x = _both(p, q, x)
    return area(np.abs(p_x - q_x), x) / 2


def wasserstein_1(p, q, x) -> float:
    """W1(p, q): how far mass must be carried on average to turn p into q, in units of x.

    In one dimension it is the area between the two cumulative distributions. Exact ones (`.cdf`) are used where
    the density has them, sums of trapezoids where not.
    """
    p_x, q_x, x = _both(p, q, x)
    return area(np.abs(_cumulative(p, p_x, x) - _cumulative(q, q_x, x)), x)


def _cumulative(p, p_x, x):
    if hasattr(p, "cdf"):
        return p.cdf(x)
    return np.concatenate([[0.0], np.cumsum((p_x[1:] + p_x[:-1]) / 2 * np.diff(x))])
