"""What all figures share: colours and markers, images as one picture, the two reference lines."""

from __future__ import annotations

import numpy as np

from gan_helpers.data import _count, check_images

# Okabe and Ito's colours, which people with any colour vision can tell apart.
BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, YELLOW, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#F0E442", "#000000")
REAL = {"color": BLUE, "marker": "o"}
FAKE = {"color": VERMILION, "marker": "x"}
NOISE = {"normal": (GREEN, "o"), "uniform": (ORANGE, "s")}


def image_grid(x, ax, columns: int | None = None, title: str | None = None):
    """Images `(n, height, width, channels)` in [-1, 1] side by side on one `ax`; -1 is black, 1 white.

    `columns`: 1 or more; left out, as many as rows, or one more. Raises `ValueError` for other inputs.
    """
    x = check_images(x)
    ax.imshow(tile(x, columns), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    return ax


def tile(x, columns: int | None = None) -> np.ndarray:
    """One picture of images `(n, h, w, c)`, row by row: `(H, W)` if grey, `(H, W, 3)` in [0, 1] if not."""
    x = np.clip(np.asarray(x), -1, 1)
    n, height, width, channels = x.shape
    columns = int(np.ceil(np.sqrt(n))) if columns is None else _count(columns, "columns")
    rows = -(-n // columns)
    canvas = np.full((rows * columns, height + 2, width + 2, channels), 1.0, np.float32)
    canvas[:n, 1:-1, 1:-1] = x
    canvas = canvas.reshape(rows, columns, height + 2, width + 2, channels).swapaxes(1, 2)
    canvas = canvas.reshape(rows * (height + 2), columns * (width + 2), channels)
    return canvas[..., 0] if channels == 1 else (canvas + 1) / 2


def grids(images: dict, axes, columns: int | None = None):
    """Several sets of images by name, one grid on each of `axes`; see `image_grid`."""
    for ax, (title, x) in zip(axes, images.items(), strict=True):
        image_grid(x, ax, columns, title)
    return axes


def real_and_fake(x_real, x_fake, axes, columns: int = 4):
    """Two grids on two axes, real on the left, generated on the right."""
    return grids({"real": x_real, "generated": x_fake}, axes, columns)


def can_not_tell(ax, **style):
    """Dotted lines at the values of the log losses when D can't tell: log 2 for G, 2 log 2 for D. Returns both."""
    look = {"linestyle": ":", "linewidth": 1, **style}
    return (ax.axhline(np.log(2), color=VERMILION, **look), ax.axhline(2 * np.log(2), color=BLUE, **look))
