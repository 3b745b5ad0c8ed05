"""Damage of a known kind and strength, to see which number notices it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from gan_helpers.data import _one_of, check_images

DAMAGES = ("blur", "noise", "missing class", "duplicates", "memorised copies")


def damaged(x, damage: str, strength: float, *, others=None, where=None, seed: int = 0) -> np.ndarray:
    """A copy of images `x`, as many as before, with `damage`, one of `DAMAGES`; `strength` is 0 (none) to 1.

    - "blur": a Gaussian blur of 2 `strength` pixels;
    - "noise": normal noise of standard deviation `strength` on each pixel, cut to [-1, 1];
    - "missing class": of the images `where` is true, `(n,)` bools, the share `strength` gives way to `others`;
    - "duplicates": the share `strength` gives way to copies of the rest; at 1 all images are one;
    - "memorised copies": the share `strength` gives way to `others`, which are training images.

    One `seed` chooses one order, so that a stronger damage strikes what a weaker one has struck, and more. Raises
    `ValueError` for an unknown damage, a strength outside [0, 1], and `others` that are missing, too few or of
    another shape.
    """
    x = check_images(x)
    _one_of(damage, DAMAGES, "damage")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be a number from 0 to 1, got {strength!r}.")
    rng, n = np.random.default_rng(seed), len(x)
    if damage == "blur":
        return gaussian_filter(x, (0, 2 * strength, 2 * strength, 0))
    if damage == "noise":
        return np.clip(x + strength * rng.standard_normal(x.shape), -1, 1).astype(x.dtype)
    order = rng.permutation(n)
    if damage == "duplicates":
        kept = max(1, round((1 - strength) * n))
        return x[order[np.arange(n) % kept]][np.argsort(order)]
    if damage == "missing class":
        order = order[_mask(where, n)[order]]
    struck = order[: round(strength * len(order))]
    result = x.copy()
    result[struck] = _fitting(others, x, len(struck), damage)[: len(struck)]
    return result


def _mask(where, n: int) -> np.ndarray:
    where = np.asarray(where)
    if where.shape != (n,) or where.dtype != bool:
        raise ValueError(f'"missing class" needs where=..., {n} bools that are true for the images of that class, such '
                         f"as labels == 8; got {where.dtype} of shape {where.shape}.")
    return where


def _fitting(others, x, count: int, damage: str) -> np.ndarray:
    if others is None:
        raise ValueError(f'"{damage}" needs others=..., the images to put in place of those it takes away.')
    others = check_images(others, count, "others")
    if others.shape[1:] != x.shape[1:]:
        raise ValueError(f"Expected others of shape {x.shape[1:]}, like the images, got {others.shape[1:]}.")
    return others
