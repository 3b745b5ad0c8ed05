"""A generator that can be bent by hand, and the exact density of what it makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_helpers.theory._densities import Density, increasing, numbers


class PiecewiseLinear:
    """G(z): straight lines through the points (`z`, `x`), the outer ones going on for ever. `z` grows."""

    def __init__(self, z, x):
        self.z = increasing(z, "z")
        self.x = numbers(x, "x", len(self.z))
        if len(self.x) != len(self.z):
            raise ValueError(f"G needs one x for each of its {len(self.z)} values of z, got {len(self.x)}.")
        self.slopes = np.diff(self.x) / np.diff(self.z)

    def __call__(self, z):
        z = np.asarray(z, np.float64)
        k = np.clip(np.searchsorted(self.z, z, side="right") - 1, 0, len(self.slopes) - 1)
        return self.x[k] + self.slopes[k] * (z - self.z[k])


@dataclass(frozen=True)
class PushForward(Density):
    """The density of G(z) for a `PiecewiseLinear` G and noise z ~ `p_z`.

    By the change of variables: each piece of G that reaches x adds p_z(z) / |slope| there. A steep piece spreads its
    noise thin, a flat one piles it up. Raises `ValueError` for a piece of slope 0: all of its noise lands on one
    point, which has no density.
    """

    g: PiecewiseLinear
    p_z: Density

    def __post_init__(self):
        flat = np.flatnonzero(np.abs(self.g.slopes) < 1e-9)
        if len(flat):
            z = self.g.z[flat[0]:flat[0] + 2]
            raise ValueError(f"G is flat from z = {z[0]:g} to {z[1]:g}: all noise in between lands on one point, which "
                             "has no density. Give it a slope, however small.")

    def _ends(self):
        """For each piece: its noise from `low` to `high`, the place and the z where it is anchored, its slope."""
        low = np.concatenate([[-np.inf], self.g.z[1:-1]])
        high = np.concatenate([self.g.z[1:-1], [np.inf]])
        return zip(low, high, self.g.x[:-1], self.g.z[:-1], self.g.slopes, strict=True)

    @property
    def interval(self):
        ends = [z for z in self.p_z.interval]
        inside = self.g.z[(self.g.z > ends[0]) & (self.g.z < ends[1])]
        reached = self.g(np.concatenate([ends, inside]))
        return float(reached.min()), float(reached.max())

    @property
    def breaks(self):
        low, high = self.p_z.interval
        inside = [z for z in (*self.g.z, *self.p_z.breaks) if low <= z <= high]
        return tuple(float(x) for x in self.g(inside))

    def pdf(self, x):
        x = np.asarray(x, np.float64)
        total = np.zeros(x.shape)
        for low, high, at, z0, slope in self._ends():
            z = z0 + (x - at) / slope
            total += np.where((low <= z) & (z < high), self.p_z.pdf(z), 0) / abs(slope)
        return total

    def cdf(self, x):
        x = np.asarray(x, np.float64)
        total = np.zeros(x.shape)
        for low, high, at, z0, slope in self._ends():
            z = np.clip(z0 + (x - at) / slope, low, high)
            below = self.p_z.cdf(z) - self.p_z.cdf(low) if slope > 0 else self.p_z.cdf(high) - self.p_z.cdf(z)
            total += below
        return total

    def sample(self, n: int, seed=None):
        return self.g(self.p_z.sample(n, seed))
