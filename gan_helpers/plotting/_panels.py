"""Panels of live figures: each draws its artists once and returns the function that moves them."""

from __future__ import annotations

import numpy as np

from gan_helpers.data import check_images
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
    can_not_tell,
    image_grid,
    tile,
)


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


def training_view(fig, columns: int = 4, measured: bool = True):
    """How a training goes, for a live figure: samples on the left, curves over the steps on the right.

    Returns `show(x, history, quality)`. `x`: images `(n, h, w, c)` in [-1, 1], always of one shape. `history`:
    lists "step", "g_loss", "d_loss", "real_logits", "fake_logits", all of one length, which may be 0. `quality`: lists
    "step", "frechet" (in floors) and "score" (as a share of that of real images); `measured`: whether it comes at all.
    Dotted lines: log 2 and 2 log 2 as in `loss_curves`, a logit of 0, and real against real.
    """
    grid = fig.add_gridspec(2, 4 if measured else 3)
    left = fig.add_subplot(grid[:, :2])
    left.set_axis_off()
    panels = [fig.add_subplot(grid[row, column]) for column in ((2, 3) if measured else (2,)) for row in (0, 1)]
    lines, shown = {}, []
    named = {"d_loss": (0, "D", REAL), "g_loss": (0, "G", FAKE), "real_logits": (1, "on real", REAL),
             "fake_logits": (1, "on fakes", FAKE)}
    if measured:
        named |= {"frechet": (2, None, {"color": GREEN, "marker": "s"}),
                  "score": (3, None, {"color": PURPLE, "marker": "^"})}
    for name, (i, label, style) in named.items():
        lines[name], = panels[i].plot([], [], label=label, markersize=4, **style)
    for panel, title in zip(panels, ("losses (nats)", "D's mean logits", "Fréchet distance, floors", "score, of real"),
                            strict=False):
        panel.set_title(title, fontsize=9)
        panel.tick_params(labelsize=8)
    for i, panel in enumerate(panels[:2]):
        panel.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)
        panel.set(xlabel="step" if i else None)
    can_not_tell(panels[0])
    panels[1].axhline(0, color="grey", linestyle=":", linewidth=1)
    for panel in panels[2:]:
        panel.axhline(1, color="grey", linestyle=":", linewidth=1)
    if measured:
        panels[2].set(yscale="log", ylim=(0.8, 100))
        panels[3].set(ylim=(0, 1.1), xlabel="step")

    def show(x, history, quality=None):
        picture = tile(check_images(x), columns)
        if not shown:
            shown.append(left.imshow(picture, cmap="gray", vmin=-1, vmax=1, interpolation="nearest"))
        shown[0].set_data(picture)
        steps = history["step"]
        for name, line in lines.items():
            rows = quality if name in ("frechet", "score") else history
            line.set_data(rows["step"], rows[name])
            line.set_markevery(max(1, len(rows["step"]) // 8))
        for panel, keys, least, most in ((panels[0], ("g_loss", "d_loss"), 0, 2.5),
                                         (panels[1], ("real_logits", "fake_logits"), -2, 3)):
            found = [value for key in keys for value in history[key]]
            panel.set_ylim(min(least, 1.2 * min(found, default=0)), max(most, 1.4 * max(found, default=0)))
        if measured and quality["step"]:
            panels[2].set_title(f"Fréchet distance: {quality['frechet'][-1]:.1f} floors", fontsize=9)
            panels[3].set_title(f"score: {quality['score'][-1]:.2f} of real", fontsize=9)
        if measured and max(quality["frechet"], default=0) > 100:
            panels[2].set_ylim(0.8, 1.2 * max(quality["frechet"]))
        # In jumps, so that most pictures need not draw the axes anew.
        end = 250 * (1 + max([*steps, 249]) // 250)
        for panel in panels:
            panel.set_xlim(0, end)

    return show
