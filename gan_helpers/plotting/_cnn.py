"""Panels of chapter 01: a walk downhill, a fit and its errors, a kernel at work on an image.

What stays (legends, grey lines) lies below what moves, zorder 2, so that a live figure need not draw it again.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gan_helpers.plotting._base import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION


def descent(axes, weights, losses, x, y, lines_x):
    """Gradient descent on the loss of one weight, and what the weight means, on two axes, for a live figure.

    `losses` are drawn over `weights`, `(k,)`; the points `(x, y)`, `(n,)`, over the places `lines_x`, `(m,)`, of the
    curve that the present weight gives. Returns `show(path, path_losses, curve)`: the weights of all steps and their
    losses, and the curve of the last one, `(m,)`. A last step outside the picture becomes an arrow at its border.
    """
    left, right = axes
    low, high = weights[0], weights[-1]
    left.plot(weights, losses, color="0.45", linewidth=2, zorder=1)
    walk, = left.plot([], [], color=ORANGE, marker="o", markersize=5, linewidth=1, alpha=0.9, gid="hold")
    first, = left.plot([], [], color=BLACK, marker="s", markersize=8, linestyle="none", label="start")
    last, = left.plot([], [], color=VERMILION, marker="D", markersize=8, linestyle="none", clip_on=False,
                      label="after the last step")
    bottom, top = 0.0, 1.3 * np.max(losses)
    left.set(xlim=(low, high), ylim=(bottom - 0.04 * top, top), xlabel="w, the weight", ylabel="loss L(w)",
             title="the loss, seen from the side")
    left.legend(frameon=False, loc="upper center", ncols=2).set_zorder(1)
    right.plot(x, y, color=BLUE, marker="o", markersize=4, linestyle="none", label="the data")
    fit, = right.plot(lines_x, np.zeros_like(lines_x), color=VERMILION, linewidth=2, label="sin(w x)", gid="hold")
    reach = 1.15 * np.max(np.abs(y))
    right.set(xlim=(lines_x[0], lines_x[-1]), ylim=(-reach, 1.35 * reach), xlabel="x, the input", ylabel="output",
              title="what this weight draws")
    right.legend(frameon=False, loc="upper center", ncols=2).set_zorder(1)
    for ax in axes:
        ax.title.set_zorder(1)

    def show(path, path_losses, curve):
        walk.set_data(path, path_losses)
        first.set_data(path[:1], path_losses[:1])
        last.set_data(np.clip(path[-1:], low, high), path_losses[-1:])
        marker = "D" if low <= path[-1] <= high else ">" if path[-1] > high else "<"
        if marker != last.get_marker():
            last.set_marker(marker)
        fit.set_ydata(curve)

    return show


def fit_and_errors(axes, lines_x, truth, degrees, noise, floor: float = 0.01, top: float = 100.0):
    """A curve through noisy points, and both errors over the degree, on two axes, for a live figure.

    `truth` is the curve behind the points, over `lines_x`, `(m,)`; `noise` the error that the best possible curve has
    on new points. Returns `show(x, y, curve, errors, held_out, degree)`: points `(n,)`, the fitted curve `(m,)`, the
    errors for each of `degrees`, and the present degree. Errors outside [`floor`, `top`] are drawn at that border.
    """
    left, right = axes
    left.plot(lines_x, truth, color="0.6", linewidth=2, linestyle=":", label="the source")
    dots, = left.plot([], [], color=GREEN, marker="s", markersize=4, linestyle="none", label="samples to learn from")
    fit, = left.plot(lines_x, np.zeros_like(lines_x), color=BLACK, linewidth=2, label="fit", gid="hold")
    reach = 1.6 * np.max(np.abs(truth))
    left.set(xlim=(lines_x[0], lines_x[-1]), ylim=(-reach, 1.5 * reach), xlabel="t, the input", ylabel="output")
    left.legend(frameon=False, loc="upper left", ncols=2, fontsize=9).set_zorder(1)
    right.axhline(noise, color="0.6", linestyle=":", linewidth=2)
    right.text(degrees[0], 0.85 * noise, "noise alone", color="0.35", fontsize=9, va="top", ha="left",
               zorder=1)
    here = right.axvline(degrees[0], ymax=0.8, color="0.85", linewidth=8, zorder=1.6)
    lines = [right.plot(degrees, np.full(len(degrees), noise), color=color, marker=marker, linestyle=style,
                        label=label)[0]
             for color, marker, style, label in ((GREEN, "s", "-", "on the samples"),
                                                 (PURPLE, "^", "--", "held-out: on new points"))]
    right.set(xlim=(degrees[0] - 0.4, degrees[-1] + 0.4), ylim=(floor, top), yscale="log", xticks=degrees,
              xlabel="degree", ylabel="mean squared error")
    right.legend(frameon=False, loc="upper left", fontsize=9).set_zorder(1)

    def show(x, y, curve, errors, held_out, degree):
        dots.set_data(x, y)
        fit.set_ydata(curve)
        here.set_xdata([degree, degree])
        for line, values in zip(lines, (errors, held_out), strict=True):
            line.set_ydata(np.clip(values, floor, top))

    return show


def kernel_panels(axes, side: int = 28, size: int = 3):
    """An image, one place of a kernel on it, and the map of all places, on three axes, for a live figure.

    Returns `show(image, kernel, feature_map, row, column)` for an image `(side, side)` in [-1, 1], a kernel
    `(size, size)` and the map `(side - size + 1, side - size + 1)`. The orange frame on the left holds the pixels whose
    products with the weights stand in the middle; their sum is the framed pixel on the right. In the map, mid-grey is
    0, white the largest sum that this kernel can give, black the smallest.
    """
    from matplotlib.collections import PatchCollection, PathCollection
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import Affine2D

    left, middle, right = axes
    pixels, sums = (
        ax.imshow(np.zeros((n, n)), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
        for ax, n in ((left, side), (right, side - size + 1)))
    frames = [ax.add_patch(Rectangle((0, 0), wide, wide, fill=False, edgecolor=ORANGE, linewidth=2.5))
              for ax, wide in ((left, size), (right, 1))]
    middle.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal")
    middle.add_patch(Rectangle((-0.5, -0.5), size, size, edgecolor=ORANGE, linewidth=5, clip_on=False, zorder=0))
    # Collections, since an image of nine pixels and eighteen texts would cost ten times as much.
    places = [(i, j) for i in range(size) for j in range(size)]
    squares = middle.add_collection(PatchCollection([Rectangle((j - 0.5, i - 0.5), 1, 1) for i, j in places]))
    lines = [(j, i + shift) for i, j in places for shift in (-0.16, 0.18)]
    written = middle.add_collection(PathCollection(
        [], offsets=lines, offset_transform=middle.transData, linewidths=0, zorder=3))
    written.set_transform(Affine2D().scale(middle.figure.dpi / 72))
    names = [ax.set_title(" ", fontsize=11) for ax in axes]
    for name in names:
        name.set_zorder(-1)
    names[0].set_text("the image")
    for ax in axes:
        ax.set_axis_off()
    drawn = []

    def show(image, kernel, feature_map, row, column):
        patch = image[row:row + size, column:column + size]
        if not drawn or drawn[0] is not image:      # an image that is set is drawn again in every frame
            pixels.set_data(image)
            drawn[:] = [image]
        squares.set_facecolor([(grey, grey, grey) for grey in np.clip((patch.ravel() + 1) / 2, 0, 1)])
        numbers = [(f"{pixel:.2f}".replace("-", "−"), f"× {_signed(weight)}")
                   for pixel, weight in zip(patch.flat, np.asarray(kernel).flat, strict=True)]
        written.set_paths([_letters(text) for pair in numbers for text in pair])
        written.set_facecolor(["black" if pixel > -0.15 else "white" for pixel in patch.flat for _ in range(2)])
        largest = max(float(np.abs(kernel).sum()), 1e-9)
        if not np.array_equal(sums.get_array(), feature_map / largest):
            sums.set_data(feature_map / largest)
        for frame in frames:
            frame.set_xy((column - 0.5, row - 0.5))
        names[1].set_text(f"pixel × weight, sum {_signed(feature_map[row, column])}")
        names[2].set_text(f"the map: black {_signed(-largest)}, white {_signed(largest)}")

    return show


@lru_cache(maxsize=2000)
def _letters(text: str, size: float = 12):
    """The outlines of a short text of `size` points, its middle at (0, 0)."""
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    path = TextPath((0, 0), text, size=size)
    return Path(path.vertices - path.get_extents().get_points().mean(axis=0), path.codes)


def _signed(number) -> str:
    """A number with at most two decimals, a true minus sign, and no minus before a zero."""
    text = f"{float(number):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "0") else text.replace("-", "−")
