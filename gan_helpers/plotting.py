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
NOISE = {"normal": (GREEN, "o"), "uniform": (ORANGE, "s")}


def image_grid(x, ax, columns: int | None = None, title: str | None = None):
    """Images `(n, height, width, channels)` in [-1, 1] side by side on one `ax`; -1 is black, 1 white."""
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
    columns = columns or int(np.ceil(np.sqrt(n)))
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
        dotted = {"linestyle": ":", "linewidth": 1}
        ax.axhline(np.log(2), color=VERMILION, label="log 2: G when D can't tell", **dotted)
        ax.axhline(2 * np.log(2), color=BLUE, label="2 log 2: D when it can't tell", **dotted)
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


def size_trace(ax, most: int):
    """Feature maps as squares in a row, true to scale, for a live figure with up to `most` maps.

    Returns `show(sizes, kernel, stride, window)`, which draws maps of those sides. In map number `window`
    it marks a kernel (orange) and its next place, `stride` pixels further (green dashes).
    """
    from matplotlib.patches import Rectangle

    ax.set(xlim=(-0.05, most), ylim=(-0.22, 1.05), aspect="equal")
    ax.set_axis_off()
    look = {"facecolor": "#DCEAF4", "edgecolor": BLUE}
    squares = [ax.add_patch(Rectangle((0, 0), 0, 0, **look)) for _ in range(most)]
    labels = [ax.text(i, -0.04, "", ha="left", va="top", fontsize=11) for i in range(most)]
    here = ax.add_patch(Rectangle((0, 0), 0, 0, facecolor=ORANGE, alpha=0.8))
    there = ax.add_patch(Rectangle((0, 0), 0, 0, fill=False, edgecolor=GREEN, linestyle="--", linewidth=2))

    def show(sizes, kernel, stride, window=0):
        unit = 0.9 / max(sizes)
        for i, (square, label) in enumerate(zip(squares, labels, strict=True)):
            side = sizes[i] * unit if i < len(sizes) else 0
            square.set_bounds(i, 0, side, side)
            square.set_visible(i < len(sizes))
            label.set_text(f"{sizes[i]}×{sizes[i]}" if i < len(sizes) else "")
        top = sizes[window] * unit if window < len(sizes) else 0
        for patch, shift in ((here, 0), (there, stride)):
            fits = window < len(sizes) and kernel + shift <= sizes[window]
            patch.set_bounds(window + shift * unit, top - kernel * unit, kernel * unit, kernel * unit)
            patch.set_visible(fits)

    return show


def influence(image, ax):
    """An image `(height, width, 1)` in [-1, 1] under a map of which of its pixels matter, for a live figure.

    Returns `show(weights, box)`: `weights`, `(height, width)` of 0 or more, are drawn in orange, the largest
    opaque, those above 0 never quite clear; `box`, (top, left, bottom, right), holds the first and the last
    pixel inside a dashed frame.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    image_grid(np.asarray(image)[None], ax)
    ax.images[0].set_data(np.asarray(image)[..., 0])
    height, width = np.shape(image)[:2]
    place = (-0.5, width - 0.5, height - 0.5, -0.5)
    ax.images[0].set_extent(place)
    veil = np.zeros((height, width, 4))
    veil[..., :3] = to_rgb(ORANGE)
    overlay = ax.imshow(veil, extent=place, interpolation="nearest")
    frame = ax.add_patch(Rectangle((0, 0), 0, 0, fill=False, edgecolor=SKY, linestyle="--", linewidth=2))

    def show(weights, box):
        weights = np.asarray(weights, float)
        veil[..., 3] = np.where(weights > 0, 0.25 + 0.65 * weights / max(weights.max(), 1e-12), 0)
        overlay.set_data(veil)
        top, left, bottom, right = box
        frame.set_bounds(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1)

    return show


def class_counts(labels, ax):
    """A bar for each class 0, 1, ... of `labels`, `(n,)` whole numbers, with its count above it."""
    found = np.bincount(np.asarray(labels))
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


def image_and_histogram(axes):
    """An image on the first axis, how often each of its values occurs on the second, for a live figure.

    Returns `show(image)` for images `(height, width, 1)` in [-1, 1].
    """
    left, right = axes
    image = left.imshow(np.zeros((1, 1)), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    left.set_axis_off()
    edges = np.linspace(-1, 1, 41)
    steps = right.stairs(np.zeros(40), edges, baseline=0.5, fill=True, color=BLUE)
    right.set(xlim=(-1, 1), yscale="log", ylim=(0.5, 2000), xlabel="value of a pixel: -1 black, 1 white",
              ylabel="pixels, log scale")

    def show(x):
        x = np.asarray(x)[..., 0]
        image.set_data(x)
        image.set_extent((0, x.shape[1], x.shape[0], 0))
        steps.set_data(np.maximum(np.histogram(x, edges)[0], 0.5))

    return show


def seen_map(n: int, ax):
    """One small square for each of `n` samples: not yet seen, seen, in this batch, for a live figure.

    Returns `show(seen, now)`: indices of the samples seen in this pass, and of those in the batch.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    columns = int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    colours = {"not yet": "#DDDDDD", "seen in this pass": BLUE, "in this batch": ORANGE}
    palette = ListedColormap(["white", *colours.values()])
    squares = ax.imshow(np.zeros((rows, columns)), palette, vmin=-0.5, vmax=3.5, interpolation="nearest")
    ax.set_axis_off()
    keys = [Patch(color=colour, label=name) for name, colour in colours.items()]
    ax.legend(handles=keys, loc="upper center", ncols=3, bbox_to_anchor=(0.5, 0), frameon=False, fontsize=8,
              columnspacing=1, handlelength=1)

    def show(seen, now):
        state = np.zeros(rows * columns)
        state[:n] = 1
        state[seen], state[now] = 2, 3
        squares.set_data(state.reshape(rows, columns))

    return show


def lengths(ax):
    """How the lengths |z| of two kinds of noise are spread, for a live figure.

    Returns `show(normal, uniform, z_dim)`, which draws both, `(n,)`, as shares of sqrt(z_dim): the most
    frequent length has height 1. Dotted lines stand where they gather: 1 and sqrt(1/3).
    """
    edges = np.linspace(0, 2.2, 89)
    looks = [("normal", "normal", None, 1.0), ("uniform", "uniform on [-1, 1]", "///", np.sqrt(1 / 3))]
    steps = []
    for prior, label, hatch, place in looks:
        color = NOISE[prior][0]
        steps.append(ax.stairs(np.zeros(88), edges, fill=hatch is None, color=color, hatch=hatch, alpha=0.8,
                               label=label))
        ax.axvline(place, color=color, linestyle=":", linewidth=2)
    ax.set(xlim=(0, 2.2), ylim=(0, 1.1), ylabel="draws (most frequent = 1)")
    ax.set_xlabel(r"length of z as a share of $\sqrt{z\_dim}$")
    ax.legend(frameon=False, loc="upper right")

    def show(normal, uniform, z_dim):
        for step, length in zip(steps, (normal, uniform), strict=True):
            found = np.histogram(np.asarray(length) / np.sqrt(z_dim), edges)[0]
            step.set_data(found / max(found.max(), 1))

    return show


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


def loss_panels(axes, fake_logits):
    """G's loss and D's loss over the fake logit, on two axes, with the tangent to G's at one point.

    Returns `update(curves, i)`: `curves` has `g_loss`, `d_loss`, `g_slope`, each as long as `fake_logits`
    (`losses.curves`), and `i` is the place of the point. The vertical limits are the caller's.
    """
    lines, dots = [], []
    for ax, title, color in zip(axes, ("generator's loss", "discriminator's loss"), (VERMILION, BLUE), strict=True):
        ax.axvline(0, color="0.8", linewidth=1)
        lines += ax.plot(fake_logits, np.zeros_like(fake_logits), color=color, linewidth=2)
        dots += ax.plot([0], [0], marker="o", color=BLACK, linestyle="none")
        ax.set(title=title, xlabel="D's logit on a generated sample", ylabel="loss",
               xlim=(fake_logits[0], fake_logits[-1]))
    tangent, = axes[0].plot([], [], color=BLACK, linewidth=1, linestyle="--", label="tangent: how hard G is pulled")
    axes[0].legend(frameon=False, loc="upper right")

    def update(curves, i):
        for key, line, dot in zip(("g_loss", "d_loss"), lines, dots, strict=True):
            line.set_ydata(curves[key])
            dot.set_data([fake_logits[i]], [curves[key][i]])
        ends = np.array([-2.0, 2.0])
        tangent.set_data(fake_logits[i] + ends, curves["g_loss"][i] + curves["g_slope"][i] * ends)

    return update


def training_view(axes, epochs: int, columns: int = 4):
    """Samples on the first axis, both losses on the second, for a live figure of `epochs` epochs.

    Returns `show(x, g_loss, d_loss)`: images `(n, h, w, c)` in [-1, 1], always of one shape, and the losses
    of the epochs so far, which may be none. Dotted lines: log 2 and 2 log 2, as in `loss_curves`.
    """
    left, right = axes
    left.set_axis_off()
    shown = []
    style = {"markevery": max(1, epochs // 12), "markersize": 5}
    lines = {key: right.plot([], [], color=color, marker=marker, label=label, **style)[0]
             for key, color, marker, label in (("d_loss", BLUE, "o", "discriminator"),
                                               ("g_loss", VERMILION, "x", "generator"))}
    for name, height, color in (("log 2", np.log(2), VERMILION), ("2 log 2", 2 * np.log(2), BLUE)):
        right.axhline(height, color=color, linestyle=":", linewidth=1)
        right.text(0.99, height, name, transform=right.get_yaxis_transform(), color=color, fontsize=8,
                   ha="right", va="bottom")
    right.set(xlim=(0, epochs + 1), ylim=(0, 2.5), xlabel="epoch", ylabel="loss (nats)")
    right.legend(frameon=False, loc="upper left", ncols=2)

    def show(x, g_loss, d_loss):
        picture = tile(check_images(x), columns)
        if not shown:
            shown.append(left.imshow(picture, cmap="gray", vmin=-1, vmax=1, interpolation="nearest"))
        shown[0].set_data(picture)
        for key, values in (("g_loss", g_loss), ("d_loss", d_loss)):
            lines[key].set_data(np.arange(1, len(values) + 1), values)
        right.set(xlim=(0, max(epochs, len(g_loss)) + 1), ylim=(0, max(2.5, 1.2 * max([0, *g_loss, *d_loss]))))

    return show
