"""Arrays to Axes: every function draws on the `ax` it is given and returns it. No `plt.show`, no files."""

from __future__ import annotations

import base64
import io

import numpy as np
from matplotlib.figure import Figure

from gan_helpers.plotting._base import (
    BLACK,
    BLUE,
    FAKE,
    GREEN,
    NOISE,
    ORANGE,
    PURPLE,
    REAL,
    SKY,
    VERMILION,
    YELLOW,
    can_not_tell,
    grids,
    image_grid,
    real_and_fake,
    tile,
)
from gan_helpers.plotting._cnn import descent, fit_and_errors, kernel_panels
from gan_helpers.plotting._dynamics import phase_portrait, sample_pull, stationary_point
from gan_helpers.plotting._evaluation import beside_floor, floors_by_n, neighbour_balls, two_bells
from gan_helpers.plotting._game import bend_generator, draw_discriminator, play_both, samples_and_density
from gan_helpers.plotting._lab import METRICS, lab_view, many_planes, plane_grid
from gan_helpers.plotting._latent import beside_nearest, over_setting, two_paths, z_lengths
from gan_helpers.plotting._minimax import (
    along_means,
    best_answer,
    distances,
    drawn_value,
    minimax_view,
    sampled_value,
)
from gan_helpers.plotting._panels import (
    image_and_histogram,
    influence,
    lengths,
    loss_panels,
    seen_map,
    size_trace,
    training_view,
)
from gan_helpers.plotting._runs import run_view

__all__ = [
    "BLACK", "BLUE", "FAKE", "GREEN", "METRICS", "NOISE", "ORANGE", "PURPLE", "Picture", "REAL", "SKY",
    "VERMILION", "YELLOW", "along_means", "bend_generator", "beside_floor", "beside_nearest", "best_answer",
    "can_not_tell", "class_counts", "counts", "curves", "descent", "distances", "draw_discriminator",
    "drawn_value", "figure", "fit_and_errors", "floors_by_n", "grids", "histograms", "image_and_histogram",
    "image_grid", "influence", "kernel_panels", "lab_view", "lengths", "loss_curves", "loss_panels",
    "many_planes", "minimax_view", "neighbour_balls", "noise_cloud", "over_setting", "phase_portrait",
    "plane_grid", "play_both", "points", "real_and_fake", "run_view", "sample_pull", "sampled_value",
    "samples_and_density", "seen_map", "size_trace", "stationary_point", "tile", "training_view",
    "two_bells", "two_paths", "z_lengths",
]


def loss_curves(history, ax, log_2: bool = True):
    """Both losses of a Keras history (`g_loss`, `d_loss` in `.history` or a dict) over its epochs.

    `log_2` draws the values of the log losses when D can't tell: log 2 for G, 2 log 2 for D.
    """
    rows = getattr(history, "history", history)
    missing = [key for key in ("g_loss", "d_loss") if key not in rows]
    if missing:
        raise ValueError(f"Expected a history with g_loss and d_loss, {', '.join(missing)} is missing; "
                         f"it has {', '.join(rows) or 'nothing'}.")
    epochs = np.arange(1, len(rows["g_loss"]) + 1)
    style = {"markevery": max(1, len(epochs) // 12), "markersize": 5}
    ax.plot(epochs, rows["d_loss"], color=BLUE, marker="o", label="discriminator", **style)
    ax.plot(epochs, rows["g_loss"], color=VERMILION, marker="x", label="generator", **style)
    if log_2:
        lines = can_not_tell(ax)
        lines[0].set_label("log 2: G when D can't tell")
        lines[1].set_label("2 log 2: D when it can't tell")
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


def histograms(x_real, x_fake, ax, low: float = -2, high: float = 2, step: float = 0.1):
    """How the values of real and generated samples (any shapes) are spread: their share in bins of `step`.

    A bin is centred on each of `low`, `low + step`, ..., `high`; its marker is drawn at its centre.
    """
    count = round((high - low) / step) + 1
    centres = low + step * np.arange(count)
    edges = low + step * (np.arange(count + 1) - 0.5)
    for x, label, style in ((x_real, "real", REAL), (x_fake, "generated", FAKE)):
        values = np.asarray(x).ravel()
        ax.plot(centres, np.histogram(values, edges)[0] / values.size, label=label, markersize=5, **style)
    ax.set(ylabel="share", ylim=(0, None))
    ax.legend(frameon=False)
    return ax


def counts(values, ax, title: str | None = None):
    """A map of small whole numbers `(height, width)`, each written in its square; more is darker."""
    values = np.asarray(values)
    ax.imshow(values, cmap="Blues", vmin=0, vmax=1.6 * max(values.max(), 1), interpolation="nearest")
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=8)
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    return ax


def curves(x, lines: dict, ax):
    """Named curves over the same `x`, `(k,)`: each with its own colour and marker, for up to six of them."""
    if len(lines) > 6:
        raise ValueError(f"curves draws up to 6 lines that can be told apart, got {len(lines)}.")
    styles = zip((GREEN, PURPLE, ORANGE, BLACK, BLUE, VERMILION), "s^Dvox", strict=True)
    for (label, y), (color, marker) in zip(lines.items(), styles, strict=False):
        ax.plot(x, y, color=color, marker=marker, markevery=max(1, len(x) // 10), markersize=5, label=label)
    ax.legend(frameon=False)
    return ax


def class_counts(labels, ax):
    """A bar for each class 0, 1, ... of `labels`, `(n,)` whole numbers, with its count above it."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError("class_counts takes one label for each image, whole numbers of 0 or more, (n,); got "
                         f"{labels.dtype} {labels.shape}.")
    found = np.bincount(labels)
    ax.bar_label(ax.bar(np.arange(len(found)), found, color=BLUE), fontsize=8)
    ax.set(xlabel="class", ylabel="images", xticks=np.arange(len(found)), ylim=(0, 1.15 * found.max()))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def noise_cloud(z, prior: str, ax):
    """Noise `(n, 2)` from the prior of that name, on [-3.5, 3.5] both ways."""
    color, marker = NOISE[prior]
    ax.scatter(*np.asarray(z).T, s=6, color=color, marker=marker, linewidths=0, alpha=0.7)
    ax.set(xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), aspect="equal", title=prior)
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
