"""How near are the fake points to the real ones? Seven numbers for 2-D points, in NumPy, float64 inside.

`real` is `(n, 2)`, `fake` is `(m, 2)`; n and m may differ. `centres`, `mode` and `spread` are what
`data.skeleton` returns. Of finite samples no distance comes out at its ideal value, even for a perfect generator:
`floor` says what real points score against other real points, and a number means something only beside it.

Every function raises `ValueError` for points of another shape and for points that aren't finite.
"""

from __future__ import annotations

import numpy as np

from gan_helpers.data import _one_of

NAMES = ("modes", "quality", "js", "sliced_w1", "mmd", "precision", "recall")
NEAR = 3            # standard deviations: how far from its centre a point of high quality may lie
FAIR_SHARE = 1 / 5  # of a mode's fair share of the points: what a covered mode has at least
EDGE = 1.5          # the grid of `jensen_shannon` covers [-EDGE, EDGE]^2 ...
CELLS = 20          # ... with 20 x 20 cells of side 0.15
DIRECTIONS = 32
BANDWIDTHS = (0.4, 0.2, 0.1, 0.05)  # each half of the one before it, see `_kernel`
NEIGHBOURS = 3
ROWS = 64           # of one block of distances


def mode_count(mode) -> int:
    """How many modes there are to cover: modes are numbered from 0 to this number - 1."""
    return int(np.max(mode)) + 1


def modes_covered(x, centres, mode, spread: float) -> int:
    """How many modes the points x `(n, 2)` cover: 0 to `mode_count(mode)`.

    A point is of high quality if it lies within 3 `spread` of the nearest of the `centres`, and counts for that
    centre's mode. A mode is covered if it gets at least a fifth of its fair share, n / `mode_count(mode)`.

    VEEGAN (Srivastava et al. 2017, arXiv:1705.07761) and PacGAN (Lin et al. 2018, arXiv:1712.04086) count a mode
    as soon as one of 2,500 points hits it. That one point may be a stray on its way between two other modes, and
    the more points are drawn, the more modes such strays "cover". A share of n doesn't grow with n.
    """
    return _covered(*_nearest(_checked(x), _checked(centres, "centres")), mode, spread)


def quality(x, centres, spread: float) -> float:
    """The share of the points x `(n, 2)` within 3 `spread` of the nearest of the `centres`: 0 to 1.

    High-quality samples of VEEGAN (Srivastava et al. 2017, arXiv:1705.07761). Real points don't reach 1: of a 2-D
    Gaussian a share of exp(-9/2) = 0.011 lies further out, so they score 0.989.
    """
    return _quality(_nearest(_checked(x), _checked(centres, "centres"))[0], spread)


def jensen_shannon(real, fake) -> float:
    """The Jensen-Shannon divergence of two histograms, in nats: 0 (equal) to log 2 = 0.693 (no cell in common).

    JS(p, q) = KL(p || m) / 2 + KL(q || m) / 2 with m = (p + q) / 2 (Lin 1991, doi:10.1109/18.61115). The grid covers
    [-1.5, 1.5]^2 with 20 x 20 cells of side 0.15. What lies outside counts for the nearest cell of the rim, so no
    mass is lost.

    On the cells. Two samples of one distribution that fills B cells differ by about (B - 1) (1/n + 1/m) / 8: with
    cells of half the side this floor is two to three times as high at n = 500, and a lost mode of `ring8` or
    `grid25` stands out less. Cells of 0.25 are too coarse: they can't tell `grid25` from the same with blurred
    modes, since each mode sits where four cells meet. With 0.15, for 500 to 2,000 points, every fault that we tried
    (a lost mode, blurred modes, stray points, a shift by 0.1) shows in `ring8` at least 4 standard deviations above
    the floor.
    """
    return _jensen_shannon(_checked(real, "real points"), _checked(fake, "fake points"))


def sliced_wasserstein(real, fake) -> float:
    """The mean, over 32 evenly spaced directions, of the Wasserstein-1 distance of the projections: 0 and up.

    In one dimension it is exact: the integral of |F^-1(u) - G^-1(u)| over u in [0, 1], F and G the distribution
    functions of the samples; with n = m the mean difference of the sorted points. A shift by v scores |v| 2 / pi,
    the mean of |cos|. Sliced distances: Rabin et al. 2011, doi:10.1007/978-3-642-24785-9_37.
    """
    return _sliced_wasserstein(_checked(real, "real points"), _checked(fake, "fake points"))


def mmd(real, fake) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy: 0 in the mean for equal distributions.

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y), without the pairs of a point with itself (Gretton et al. 2012,
    Journal of Machine Learning Research 13, equation 3). From -1 / (n - 1) - 1 / (m - 1) to 2; for a
    perfect generator often slightly negative. Raises `ValueError` for fewer than two points on either side.

    k is the mean of four Gaussian kernels exp(-|x - y|^2 / (2 s^2)), s = 0.05, 0.1, 0.2, 0.4: from the width of a
    narrow mode to the distance between modes (a mixture as in Li et al. 2015, arXiv:1502.02761). One kernel as wide
    as the whole set, the usual choice, can't see whether the modes are too wide or too narrow.
    """
    return _of_pairs(_checked(real, "real points", 2), _checked(fake, "fake points", 2), k=1)[0]


def precision_recall(real, fake, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Precision: the share of fake points near some real one. Recall: of real points near some fake one. 0 to 1.

    Near is within the distance from that point to its k-th nearest neighbour among its own kind (Kynkäänniemi
    et al. 2019, arXiv:1904.06991, equations 1 and 2). `k` is 1 or more; raises `ValueError` for fewer than k + 1
    points on either side. Real against real is below 1 (about 0.95 for k = 3): compare with `floor`.
    """
    if k < 1:
        raise ValueError(f"k must be a whole number of 1 or more, got {k!r}.")
    return _of_pairs(_checked(real, "real points", k + 1), _checked(fake, "fake points", k + 1), k)[1:]


def measured(real, fake, skeleton=None, names=NAMES) -> dict[str, float]:
    """The numbers of this module that `names` asks for, in the order of `NAMES`, of four points or more of each kind.

    `skeleton` is what `data.skeleton` returns. Without it (the learner drew the points) there are no modes to
    count, and "modes" and "quality" are left out.
    """
    for name in names:
        _one_of(name, NAMES, "metric")
    real = _checked(real, "real points", NEIGHBOURS + 1)
    fake = _checked(fake, "fake points", NEIGHBOURS + 1)
    numbers = {}
    if skeleton is not None and {"modes", "quality"} & set(names):
        centres, mode, spread = skeleton
        squared, nearest = _nearest(fake, _checked(centres, "centres"))
        numbers["modes"] = float(_covered(squared, nearest, mode, spread))
        numbers["quality"] = _quality(squared, spread)
    if "js" in names:
        numbers["js"] = _jensen_shannon(real, fake)
    if "sliced_w1" in names:
        numbers["sliced_w1"] = _sliced_wasserstein(real, fake)
    if {"mmd", "precision", "recall"} & set(names):
        numbers["mmd"], numbers["precision"], numbers["recall"] = _of_pairs(real, fake, NEIGHBOURS)
    return {name: value for name, value in numbers.items() if name in names}


def floor(draw, n: int, skeleton=None, rounds: int = 5) -> dict[str, float]:
    """What a perfect generator scores: the numbers of `measured` for n real against n other real points.

    `draw(n, seed)` gives real points `(n, 2)`. The mean over `rounds` pairs of samples, of seeds 0 and 1, 2 and
    3, and so on.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be a whole number of 1 or more, got {rounds!r}.")
    pairs = [measured(draw(n, 2 * i), draw(n, 2 * i + 1), skeleton) for i in range(rounds)]
    return {name: float(np.mean([pair[name] for pair in pairs])) for name in pairs[0]}


def _checked(x, what: str = "points", least: int = 1) -> np.ndarray:
    """x as `(n, 2)` float64, or a `ValueError`."""
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or x.shape[1] != 2 or len(x) < least:
        raise ValueError(f"Expected {what} as (n, 2) with n of {least} or more, got shape {x.shape}.")
    bad = np.count_nonzero(~np.isfinite(x).all(1))
    if bad:
        hint = (" The run has diverged: reset it, and try a smaller learning rate or another loss."
                if what == "fake points" else "")
        raise ValueError(f"Expected finite {what}, but {bad} of {len(x)} have a NaN or infinite coordinate.{hint}")
    return x


def _blocks(x, y):
    """Squared distances of x to y, `ROWS` points of x at a time: which rows, and `(ROWS, m)` numbers to overwrite.

    All blocks share one piece of memory, which fits the processor's cache: several times as fast as new `(n, m)`
    matrices. The difference on each axis costs as much as a matrix product, and keeps near points' distances exact.
    """
    work, across = np.empty((2, min(ROWS, len(x)), len(y))), np.ascontiguousarray(y.T)
    for first in range(0, len(x), ROWS):
        rows = slice(first, first + ROWS)
        squared, other = work[:, :len(x[rows])]
        for axis, out in enumerate((squared, other)):
            np.subtract(x[rows, axis, None], across[axis], out=out)
            out *= out
        squared += other
        yield rows, squared


def _nearest(x, centres):
    """The squared distance of each point to its nearest centre, and which one that is."""
    nearest, least = np.empty(len(x), int), np.empty(len(x))
    for rows, squared in _blocks(x, centres):
        nearest[rows], least[rows] = squared.argmin(1), squared.min(1)
    return least, nearest


def _covered(squared, nearest, mode, spread) -> int:
    modes = mode_count(mode)
    good = squared <= (NEAR * spread) ** 2
    counts = np.bincount(np.asarray(mode)[nearest[good]], minlength=modes)
    return int(np.count_nonzero(counts >= FAIR_SHARE * len(squared) / modes))


def _quality(squared, spread) -> float:
    return float(np.mean(squared <= (NEAR * spread) ** 2))


def _histogram(x) -> np.ndarray:
    """The share of the points in each cell; outside the grid, of the nearest cell."""
    cell = np.clip(np.floor((x + EDGE) * (CELLS / (2 * EDGE))), 0, CELLS - 1).astype(int)
    return np.bincount(cell[:, 0] * CELLS + cell[:, 1], minlength=CELLS ** 2) / len(x)


def _jensen_shannon(real, fake) -> float:
    p, q = _histogram(real), _histogram(fake)
    middle = (p + q) / 2
    kl = [np.sum(h[h > 0] * np.log(h[h > 0] / middle[h > 0])) for h in (p, q)]
    return float(sum(kl)) / 2


def _sliced_wasserstein(real, fake) -> float:
    angle = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    directions = np.stack([np.cos(angle), np.sin(angle)])
    real_sorted, fake_sorted = np.sort(directions.T @ real.T), np.sort(directions.T @ fake.T)
    n, m = len(real), len(fake)
    # Both quantile functions are steps, at multiples of 1/n and of 1/m. In units of 1/(nm) these are integers.
    steps = np.union1d(np.arange(n) * m, np.arange(m) * n)
    widths = np.diff(steps, append=n * m) / (n * m)
    gaps = np.abs(real_sorted[:, steps // m] - fake_sorted[:, steps // n])
    return float(np.mean(gaps @ widths))


def _kernel(squared) -> float:
    """The sum of the mixture of Gaussian kernels over all pairs; overwrites the squared distances.

    Half the bandwidth is the fourth power of the kernel: squaring twice is much faster than a new exponential.
    """
    squared *= -0.5 / BANDWIDTHS[0] ** 2
    k = np.exp(squared, out=squared)
    total = k.sum()
    for _ in BANDWIDTHS[1:]:
        k *= k
        k *= k
        total += k.sum()
    return total / len(BANDWIDTHS)


def _within(x, k):
    """The squared distance of each point to its k-th nearest neighbour, and the sum of the kernel over all pairs."""
    radius, total = np.empty(len(x)), 0.0
    for rows, squared in _blocks(x, x):
        squared.partition(k, axis=1)
        radius[rows] = squared[:, k]  # at place 0: the point itself
        total += _kernel(squared)
    return radius, total


def _of_pairs(real, fake, k) -> tuple[float, float, float]:
    """MMD, precision and recall, which need the same distances."""
    n, m = len(real), len(fake)
    real_radius, real_real = _within(real, k)
    fake_radius, fake_fake = _within(fake, k)
    near_real, near_fake, real_fake = np.zeros(m, bool), np.zeros(n, bool), 0.0
    for rows, squared in _blocks(real, fake):
        near_real |= (squared <= real_radius[rows, None]).any(0)
        near_fake[rows] = (squared <= fake_radius).any(1)
        real_fake += _kernel(squared)
    squared_mmd = (real_real - n) / (n * (n - 1)) + (fake_fake - m) / (m * (m - 1)) - 2 * real_fake / (n * m)
    return float(squared_mmd), float(near_real.mean()), float(near_fake.mean())
