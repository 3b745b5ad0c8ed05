"""How far to trust a number that comes from a finite sample: its floor and its standard error."""

from __future__ import annotations

import numpy as np

from gan_helpers.data import _count


def floor(metric, x, n: int, rounds: int = 20, seed: int = 0) -> np.ndarray:
    """What `metric(real, fake)` says of real against real: its values when two sets of `n` are dealt from `x`.

    Each of the `rounds` deals two sets of `n` samples anew that have none in common. `metric` returns a number, or
    several; the result is `(rounds,)` or `(rounds, numbers)`. Its mean is what a perfect generator scores, its
    standard deviation the chance in it. Raises `ValueError` for fewer than 2 n samples.
    """
    x, n, rounds = np.asarray(x), _count(n, "n"), _count(rounds, "rounds")
    if 2 * n > len(x):
        raise ValueError(f"Two sets of {n} need {2 * n} samples, got {len(x)}. Choose n of {len(x) // 2} or fewer.")
    rng = np.random.default_rng(seed)
    deals = (rng.permutation(len(x)) for _ in range(rounds))
    return np.array([metric(x[deal[:n]], x[deal[n : 2 * n]]) for deal in deals], np.float64)


def standard_error(metric, *sets, groups: int = 10, seed: int = 0):
    """The standard error of `metric(*sets)`, by leaving out one of `groups` parts of each set at a time.

    The jackknife: sqrt((g - 1) / g * sum of (value without part i - mean of these values)^2) for g groups (Efron and
    Tibshirani 1993, An Introduction to the Bootstrap, chapter 11). Unlike the bootstrap it draws no sample twice:
    copies would upset all that looks at neighbours. `metric` returns a number, or several; so does this. With 10
    groups it is itself right to a quarter or so. Raises `ValueError` for sets of fewer samples than groups.
    """
    sets, groups = [np.asarray(x) for x in sets], _count(groups, "groups")
    least = min((len(x) for x in sets), default=0)
    if not 2 <= groups <= least:
        raise ValueError(f"groups must be from 2 to the number of samples, {least}; got {groups}.")
    rng = np.random.default_rng(seed)
    parts = [rng.permutation(len(x)) % groups for x in sets]
    without = [metric(*(x[part != g] for x, part in zip(sets, parts, strict=True))) for g in range(groups)]
    error = np.sqrt((groups - 1) * np.var(np.array(without, np.float64), axis=0))
    return error if error.ndim else float(error)
