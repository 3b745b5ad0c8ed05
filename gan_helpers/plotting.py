"""Arrays to Axes: every function draws on the `ax` it is given and returns it. No `plt.show`, no files."""

from __future__ import annotations

import base64
import io

import numpy as np
from matplotlib.figure import Figure

from gan_helpers.data import check_images

# Okabe and Ito's colours, which people with any colour vision can tell apart.
BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, YELLOW, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#F0E442", "#000000")
REAL = {"color": BLUE, "marker": "o"}
FAKE = {"color": VERMILION, "marker": "x"}


def image_grid(x, ax, columns: int | None = None, title: str | None = None):
    """Images `(n, height, width, channels)` in [-1, 1] side by side on one `ax`; -1 is black, 1 white."""
    x = check_images(x)
    ax.imshow(tile(x, columns), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    return ax


def tile(x, columns: int | None = None) -> np.ndarray:
    """One picture made of images `(n, h, w, c)`, row by row; `(H, W)` for grey, `(H, W, 3)` in [0, 1] for colour."""
    x = np.clip(np.asarray(x), -1, 1)
    n, height, width, channels = x.shape
    columns = columns or int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    canvas = np.full((rows * columns, height + 2, width + 2, channels), 1.0, np.float32)
    canvas[:n, 1:-1, 1:-1] = x
    canvas = canvas.reshape(rows, columns, height + 2, width + 2, channels).swapaxes(1, 2)
    canvas = canvas.reshape(rows * (height + 2), columns * (width + 2), channels)
    return canvas[..., 0] if channels == 1 else (canvas + 1) / 2


def real_and_fake(x_real, x_fake, axes, columns: int = 4):
    """Two grids on two axes, real on the left, generated on the right."""
    image_grid(x_real, axes[0], columns, "real")
    image_grid(x_fake, axes[1], columns, "generated")
    return axes


def loss_curves(history, ax, log_2: bool = True):
    """Both losses of a Keras history (`g_loss`, `d_loss` in `.history` or a dict) over its epochs.

    `log_2` draws the values of the log losses when D can't tell: log 2 for G, 2 log 2 for D.
    """
    rows = getattr(history, "history", history)
    missing = [key for key in ("g_loss", "d_loss") if key not in rows]
    if missing:
        raise ValueError(f"Expected a history with g_loss and d_loss, {', '.join(missing)} is missing; it has "
                         f"{', '.join(rows) or 'nothing'}.")
    epochs = np.arange(1, len(rows["g_loss"]) + 1)
    style = {"markevery": max(1, len(epochs) // 12), "markersize": 5}
    ax.plot(epochs, rows["d_loss"], color=BLUE, marker="o", label="discriminator", **style)
    ax.plot(epochs, rows["g_loss"], color=VERMILION, marker="x", label="generator", **style)
    if log_2:
        ax.axhline(np.log(2), color=VERMILION, linestyle=":", linewidth=1, label="log 2: G when D can't tell")
        ax.axhline(2 * np.log(2), color=BLUE, linestyle=":", linewidth=1, label="2 log 2: D when it can't tell")
    ax.set(xlabel="epoch", ylabel="loss (nats)")
    ax.legend(frameon=False)
    return ax


def points(x_real, x_fake, ax):
    """Real points `(n, 2)` as blue circles, generated ones as vermilion crosses."""
    ax.scatter(*np.asarray(x_real).T, s=12, facecolors="none", edgecolors=BLUE, label="real")
    ax.scatter(*np.asarray(x_fake).T, s=12, color=VERMILION, marker="x", linewidths=0.8, label="generated")
    ax.set_aspect("equal")
    ax.legend(frameon=False)
    return ax


class Picture:
    """A finished figure as a notebook output: a PNG with alternative text, the text where there is no image.

    End a cell with `plotting.Picture(figure, "what it shows")`. The PNG's bytes depend on the drawing alone.
    """

    def __init__(self, figure, alt: str):
        if not (isinstance(alt, str) and alt.strip()):
            raise ValueError("A picture needs alt text: one or two sentences that say what it shows.")
        self.figure, self.alt = figure, alt

    def png(self) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    def __repr__(self):
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"image/png": base64.b64encode(self.png()).decode("ascii"), "text/plain": repr(self)}
        return data, {"image/png": {"alt": self.alt}}


def figure(width: float = 7.0, height: float = 3.5):
    """A `matplotlib.figure.Figure` of this size in inches, outside pyplot, with room for its labels."""
    return Figure(figsize=(width, height), dpi=96, layout="constrained")
