"""What two sets of features have in common, by nearest neighbours: NumPy and SciPy, float64 inside.

`real` is `(n, k)` and `fake` is `(m, k)`. The ball of a point reaches to its k-th nearest neighbour in its own set.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from gan_helpers.data import _count

ROWS = 500  # of one block of distances, so that 10,000 images need 40 MB and not 800


def precision_recall(real, fake, k: int = 3) -> tuple[float, float]:
    """Precision: the share of `fake` inside some real ball. Recall: of `real` inside some fake ball. 0 to 1."""
    real, fake, k = _checked(real, fake, k)
    return float(_hits(real, fake, k).any(0).mean()), float(_hits(fake, real, k).any(0).mean())


def density_coverage(real, fake, k: int = 5) -> tuple[float, float]:
    """Density: how many real balls hold a fake, on average, over k. Coverage: the share of real balls with a fake."""
    real, fake, k = _checked(real, fake, k)
    inside = _hits(real, fake, k)
    return float(inside.sum() / (k * len(fake))), float(inside.any(1).mean())


def _checked(real, fake, k):
    real, fake, k = np.asarray(real, np.float64), np.asarray(fake, np.float64), _count(k, "k")
    if min(len(real), len(fake)) <= k:
        raise ValueError(f"A k-th nearest neighbour takes more than k = {k} samples on each side, got {len(real)} real "
                         f"and {len(fake)} generated. Take more samples, or a smaller k.")
    return real, fake, k


def _hits(centres, points, k) -> np.ndarray:
    """`(len(centres), len(points))`: whether the ball of a centre holds a point; its rim counts."""
    hits = np.empty((len(centres), len(points)), bool)
    for start in range(0, len(centres), ROWS):
        rows = slice(start, start + ROWS)
        # At place 0 stands the centre itself. cdist subtracts, so that a copy lies at exactly 0.
        radius = np.partition(cdist(centres[rows], centres), k, axis=1)[:, k]
        hits[rows] = cdist(centres[rows], points) <= radius[:, None]
    return hits
