"""One-dimensional densities: each has `pdf`, `logpdf`, `cdf`, `sample`, the `interval` it lives on, its `breaks`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_erf = np.frompyfunc(math.erf, 1, 1)


def number(value, name: str, above: float = -math.inf) -> float:
    """`value` as a finite float larger than `above`, or a `ValueError` that says so."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found) or not found > above:
        limit = "" if above == -math.inf else f" above {above:g}"
        raise ValueError(f"{name} must be a finite number{limit}, got {value!r}.")
    return found


def numbers(values, name: str, least: int = 1) -> np.ndarray:
    """`values` as finite float64, `(k,)` with k of `least` or more, or a `ValueError`."""
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers, got {values!r}.") from None
    if found.ndim != 1 or len(found) < least:
        raise ValueError(f"{name} must be a row of {least} or more numbers, got the shape {found.shape}.")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} must be finite, got {np.count_nonzero(~np.isfinite(found))} NaN or infinite.")
    return found


def increasing(values, name: str, least: int = 2) -> np.ndarray:
    """`numbers` that grow from left to right."""
    found = numbers(values, name, least)
    if not (np.diff(found) > 0).all():
        raise ValueError(f"{name} must grow from left to right, got {found.tolist()}.")
    return found


def area(y, x) -> float:
    """The integral of `y` over the grid `x`, by trapezoids."""
    return float(np.dot((y[1:] + y[:-1]) / 2, np.diff(x)))


class Density:
    """What all densities share. `pdf(x)` has the shape of `x`, in units of 1 / x."""

    breaks: tuple[float, ...] = ()  # where the density jumps or has a corner

    def pdf(self, x) -> np.ndarray:
        return np.exp(self.logpdf(x))

    def logpdf(self, x) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(self.pdf(x))


@dataclass(frozen=True)
class Gaussian(Density):
    """The normal density with mean `mu` and standard deviation `sigma` above 0."""

    mu: float = 0.0
    sigma: float = 1.0

    def __post_init__(self):
        number(self.mu, "mu")
        number(self.sigma, "sigma", above=0)

    @property
    def interval(self):
        """Outside it lies less than 1e-18 of the mass."""
        return self.mu - 9 * self.sigma, self.mu + 9 * self.sigma

    def logpdf(self, x):
        t = (np.asarray(x, np.float64) - self.mu) / self.sigma
        return -0.5 * t * t - math.log(self.sigma * math.sqrt(2 * math.pi))

    def cdf(self, x):
        t = (np.asarray(x, np.float64) - self.mu) / (self.sigma * math.sqrt(2))
        return 0.5 * (1 + np.asarray(_erf(t), np.float64))

    def sample(self, n: int, seed=None):
        return np.random.default_rng(seed).normal(self.mu, self.sigma, n)


@dataclass(frozen=True)
class Uniform(Density):
    """The same density everywhere from `low` to `high`, 0 elsewhere."""

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self):
        number(self.high, "high", above=number(self.low, "low"))

    @property
    def interval(self):
        return self.low, self.high

    breaks = interval

    def pdf(self, x):
        x = np.asarray(x, np.float64)
        return np.where((self.low <= x) & (x <= self.high), 1 / (self.high - self.low), 0.0)

    def cdf(self, x):
        return np.clip((np.asarray(x, np.float64) - self.low) / (self.high - self.low), 0, 1)

    def sample(self, n: int, seed=None):
        return np.random.default_rng(seed).uniform(self.low, self.high, n)


class Mixture(Density):
    """A sum of densities `parts`, each with its weight of 0 or more; the weights are made to add up to 1."""

    def __init__(self, parts, weights=None):
        self.parts = tuple(parts)
        weights = numbers(np.ones(len(self.parts)) if weights is None else weights, "weights")
        if len(weights) != len(self.parts) or (weights < 0).any() or weights.sum() <= 0:
            raise ValueError(f"A mixture needs one weight of 0 or more for each of its {len(self.parts)} parts, one of "
                             f"them above 0; got {weights.tolist()}.")
        self.weights = weights / weights.sum()

    @property
    def interval(self):
        ends = np.array([part.interval for part in self.parts])
        return ends[:, 0].min(), ends[:, 1].max()

    @property
    def breaks(self):
        return tuple(sorted({place for part in self.parts for place in part.breaks}))

    def pdf(self, x):
        return sum(w * part.pdf(x) for w, part in zip(self.weights, self.parts, strict=True))

    def logpdf(self, x):
        with np.errstate(divide="ignore"):
            return np.logaddexp.reduce([np.log(w) + part.logpdf(x)
                                        for w, part in zip(self.weights, self.parts, strict=True)], axis=0)

    def cdf(self, x):
        return sum(w * part.cdf(x) for w, part in zip(self.weights, self.parts, strict=True))

    def sample(self, n: int, seed=None):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(self.parts), n, p=self.weights)
        drawn = np.stack([part.sample(n, rng) for part in self.parts])
        return drawn[chosen, np.arange(n)]


class Sketch(Density):
    """Straight lines through the control points (`x`, `heights`), 0 outside; scaled so that the area is 1.

    `x` grows from left to right; `heights` are 0 or more, one of them above 0.
    """

    def __init__(self, x, heights):
        self.x = increasing(x, "x")
        heights = numbers(heights, "heights", len(self.x))
        if len(heights) != len(self.x) or (heights < 0).any() or not (heights > 0).any():
            raise ValueError(f"A sketch needs one height of 0 or more for each of its {len(self.x)} points, and one "
                             f"above 0; got {heights.tolist()}.")
        self.heights = heights / area(heights, self.x)
        steps = 0.5 * (self.heights[1:] + self.heights[:-1]) * np.diff(self.x)
        self.below = np.concatenate([[0.0], np.cumsum(steps)])  # the mass left of each point

    @property
    def interval(self):
        return self.x[0], self.x[-1]

    @property
    def breaks(self):
        return tuple(self.x)

    def pdf(self, x):
        return np.interp(x, self.x, self.heights, left=0, right=0)

    def cdf(self, x):
        x = np.clip(x, self.x[0], self.x[-1])
        k = np.clip(np.searchsorted(self.x, x, side="right") - 1, 0, len(self.x) - 2)
        t = x - self.x[k]
        slope = np.diff(self.heights)[k] / np.diff(self.x)[k]
        return np.clip(self.below[k] + self.heights[k] * t + 0.5 * slope * t * t, 0, 1)

    def sample(self, n: int, seed=None):
        mass = np.random.default_rng(seed).uniform(0, 1, n)
        k = np.clip(np.searchsorted(self.below, mass, side="right") - 1, 0, len(self.x) - 2)
        a, slope, rest = self.heights[k], np.diff(self.heights)[k] / np.diff(self.x)[k], mass - self.below[k]
        # rest = a t + slope t^2 / 2, in the form that stays exact for a slope of 0
        root = np.sqrt(np.maximum(a * a + 2 * slope * rest, 0))
        return self.x[k] + np.divide(2 * rest, a + root, out=np.zeros(n), where=a + root > 0)


def grid(*densities, n: int = 2001) -> np.ndarray:
    """`n` places or a few more that cover all `densities`, growing; both sides of each jump and corner are in it."""
    if not densities or n < 2:
        raise ValueError("grid needs one density or more, and n of 2 or more.")
    ends = np.array([density.interval for density in densities])
    low, high = ends[:, 0].min(), ends[:, 1].max()
    breaks = np.array([place for density in densities for place in density.breaks])
    near = 1e-12 * max(1.0, abs(low), abs(high))
    return np.unique(np.concatenate([np.linspace(low, high, n), breaks - near, breaks, breaks + near]))
