"""Noise in many dimensions: how long a normal z is, and two ways from one z to another."""

from __future__ import annotations

import math
import numbers

import numpy as np


def normal_length(dim: int) -> tuple[float, float]:
    """Mean and standard deviation of the length |z| of a standard normal z with `dim` entries.

    The chi distribution: the mean is sqrt(2) Γ((dim + 1) / 2) / Γ(dim / 2), and the mean square is `dim`. For large
    `dim` they are near sqrt(dim) and sqrt(1/2). Raises `ValueError` unless `dim` is a whole number of 1 or more.
    """
    if isinstance(dim, bool) or not isinstance(dim, numbers.Integral) or dim < 1:
        raise ValueError(f"dim must be a whole number of 1 or more, got {dim!r}.")
    if dim < 1000:
        mean = math.sqrt(2) * math.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))
        return mean, math.sqrt(dim - mean**2)
    # In higher dimensions that would be a small difference of large numbers; Stirling's series has it exactly.
    variance = 1 / 2 - 1 / (8 * dim) - 1 / (16 * dim**2) + 5 / (128 * dim**3)
    return math.sqrt(dim - variance), math.sqrt(variance)


def lerp(a, b, t) -> np.ndarray:
    """The straight path from `a` to `b`: (1 - t) a + t b, float64.

    `a`, `b`: vectors of one shape `(..., dim)`. `t`: from 0 to 1; of one number the result has the shape of `a`, of
    `(k,)` numbers it is `(k, ..., dim)`. Raises `ValueError` for other shapes, NaN, and t outside [0, 1].
    """
    a, b, t = _ends_and_times(a, b, t)
    return (1 - t) * a + t * b


def slerp(a, b, t) -> np.ndarray:
    """The path from `a` to `b` along an arc: [sin((1 - t) ω) a + sin(t ω) b] / sin(ω), float64; ω is their angle.

    Between vectors of one length it stays on their sphere, at a constant speed (Shoemake 1985,
    doi:10.1145/325165.325242; for noise: White 2016, arXiv:1609.04468); between others the length changes smoothly.
    Shapes and errors as in `lerp`. Raises `ValueError` also for a vector of zeros, which has no direction, and for
    opposite vectors, which every half circle joins.
    """
    a, b, t = _ends_and_times(a, b, t)
    lengths = [np.linalg.norm(end, axis=-1, keepdims=True) for end in (a, b)]
    if not all(length.all() for length in lengths):
        raise ValueError("A vector of zeros has no direction, so there is no arc to or from it. Use lerp, or other "
                         "vectors.")
    u, v = a / lengths[0], b / lengths[1]
    # Exact for small angles, where the arc cosine of u · v isn't.
    angle = 2 * np.arctan2(np.linalg.norm(u - v, axis=-1, keepdims=True), np.linalg.norm(u + v, axis=-1, keepdims=True))
    if (angle > np.pi - 1e-6).any():
        raise ValueError("The vectors are opposite to each other: every half circle joins them, and none is the "
                         "shortest. Go by way of a third vector.")
    near = angle < 1e-6  # the arc is then a straight line, and sin(ω) is 0 or nearly so
    whole = np.where(near, 1, np.sin(angle))
    return np.where(near, 1 - t, np.sin((1 - t) * angle) / whole) * a + np.where(near, t, np.sin(t * angle) / whole) * b


def _ends_and_times(a, b, t):
    """`a`, `b` in float64; `t` with as many axes of size 1 behind it as lay it along a new first axis."""
    try:
        a, b, t = (np.asarray(value, np.float64) for value in (a, b, t))
    except (TypeError, ValueError):
        raise ValueError(f"a, b and t must be numbers, got {a!r}, {b!r} and {t!r}.") from None
    if a.shape != b.shape or not a.ndim or not a.size:
        raise ValueError(f"a and b must be vectors of one shape (..., dim), got {a.shape} and {b.shape}.")
    for name, value in (("a", a), ("b", b)):
        if not np.isfinite(value).all():
            raise ValueError(f"{name} must be finite, got {np.count_nonzero(~np.isfinite(value))} NaN or infinite.")
    if t.ndim > 1 or not ((t >= 0) & (t <= 1)).all():
        got = f"shape {t.shape}" if t.ndim > 1 else f"{np.min(t):g} to {np.max(t):g}" if t.ndim else f"{t:g}"
        raise ValueError(f"t must be a number from 0 to 1, or a row of them, got {got}.")
    return a, b, t.reshape(t.shape + (1,) * a.ndim)
