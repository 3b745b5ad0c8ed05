"""Chapter 12: an image beside the nearest real one, lengths of z, two paths, numbers over a setting."""

from __future__ import annotations

import math

import numpy as np

from gan_helpers.data import check_images
from gan_helpers.plotting._base import BLUE, GREEN, ORANGE, PURPLE, VERMILION, tile

# A colour, a line and a marker for each series, in this order.
LOOKS = ({"color": PURPLE, "linestyle": "--", "marker": "s"}, {"color": GREEN, "linestyle": "-", "marker": "D"},
         {"color": ORANGE, "linestyle": "-.", "marker": "^"})
IN_FRONT = 6


def _image(ax, title: str, color="black"):
    """An empty picture in [-1, 1]; its first `_put` tells how large it is."""
    ax.set_axis_off()
    ax.set_title(title, fontsize=10, color=color)
    return ax.imshow(np.full((28, 28), -1.0), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")


def _put(artist, x, columns: int = 1):
    picture = tile(check_images(x), columns)
    artist.set_data(picture)
    artist.set_extent((-0.5, picture.shape[1] - 0.5, picture.shape[0] - 0.5, -0.5))


def beside_nearest(axes, floor):
    """A generated image, the nearest real one, and their distance on a histogram of what is normal, on three axes.

    `floor`: distances of held-out real images from their nearest one, `(n,)`. Returns `show(image, neighbour,
    distance)`, the images `(h, w, c)` in [-1, 1]; a distance beyond the axis stays at its edge.
    """
    left, middle, right = axes
    images = [_image(left, "generated", VERMILION), _image(middle, "nearest real", BLUE)]
    most = 1.5 * np.max(floor)
    right.hist(floor, np.linspace(0, most, 46), color=BLUE, alpha=0.55, label="held-out real")
    here, = right.plot([], [], color=VERMILION, marker="x", markersize=12, markeredgewidth=3, linestyle="none",
                       label="this one", zorder=IN_FRONT, clip_on=False)
    height = right.get_ylim()[1]
    right.set(xlim=(0, most), ylim=(0, 1.3 * height), yticks=[], ylabel="how many",
              xlabel="distance to the nearest training image")
    right.legend(frameon=False, loc="upper center", ncols=2, columnspacing=1, handletextpad=0.4)

    def show(image, neighbour, distance):
        for artist, x in zip(images, (image, neighbour), strict=True):
            _put(artist, np.asarray(x)[None])
        here.set_data([min(distance, most)], [0.06 * height])

    return show


def z_lengths(ax, dim: int, lengths: dict):
    """Histograms of lengths |z|, name -> `(n,)`, for up to three names, and the chi density that a normal z has."""
    edges, highest = np.linspace(0, 1.6 * np.sqrt(dim), 61), 0
    for (name, values), look in zip(lengths.items(), LOOKS, strict=False):
        heights, *_ = ax.hist(values, edges, density=True, histtype="step", linewidth=2, color=look["color"],
                              linestyle=look["linestyle"], label=name)
        highest = max(highest, heights.max())
    places = edges[1:]
    # scipy.stats has this density, and takes half a second to import.
    chi = np.exp((dim - 1) * np.log(places) - places**2 / 2 - (dim / 2 - 1) * math.log(2) - math.lgamma(dim / 2))
    ax.plot(places, chi, color=BLUE, linestyle=":", linewidth=2, label="normal z, by formula")
    ax.set(xlim=(0, edges[-1]), xlabel="length |z|", ylabel="density", ylim=(0, 1.1 * max(highest, chi.max())))
    ax.legend(frameon=False, loc="upper left", fontsize=9)
    return ax


def two_paths(fig, names, normal, count: int):
    """Two paths between the same z: the image now, a strip of `count` images, and the lengths |z| all the way.

    `names`: of the two paths. `normal`: mean and standard deviation of the length of a normal z, drawn as a band of
    two standard deviations each way. Returns `show(now, strips, lengths, t)`: images `(2, h, w, c)` and
    `(2, count, h, w, c)`; lengths `(2, k)` at k even steps of t from 0 to 1; t now.
    """
    grid = fig.add_gridspec(2, 3, width_ratios=(1, count * 0.62, 3.4))
    images, strips = [], []
    for row, (name, look) in enumerate(zip(names, LOOKS, strict=False)):
        images.append(_image(fig.add_subplot(grid[row, 0]), name, look["color"]))
        strips.append(_image(fig.add_subplot(grid[row, 1]), "", look["color"]))
    right = fig.add_subplot(grid[:, 2])
    mean, spread = normal
    right.axhspan(mean - 2 * spread, mean + 2 * spread, color=BLUE, alpha=0.15, label="where normal z lie")
    lines = [right.plot([], [], color=look["color"], linestyle=look["linestyle"], linewidth=2, label=name)[0]
             for name, look in zip(names, LOOKS, strict=False)]
    dots = [right.plot([], [], color=look["color"], marker=look["marker"], markersize=9, linestyle="none",
                       zorder=IN_FRONT)[0] for look in LOOKS[:2]]
    right.set(xlim=(-0.02, 1.02), ylim=(0, mean + 4 * spread), xlabel="t, the way done", ylabel="length |z|")
    right.legend(frameon=False, loc="lower center")

    def show(now, along, lengths, t):
        steps = np.linspace(0, 1, np.shape(lengths)[1])
        for row in range(2):
            _put(images[row], np.asarray(now)[row][None])
            _put(strips[row], along[row], count)
            lines[row].set_data(steps, lengths[row])
            dots[row].set_data([t], [np.interp(t, steps, lengths[row])])

    return show


def over_setting(axes, x, curves: dict, floors: dict, xlabel: str, limits: dict | None = None):
    """Numbers over a setting, one on each of `axes`, each with the band in which real images lie.

    `x`: the values of the setting, `(k,)`. `curves`: title -> {series: values `(k,)`}, up to three series. `floors`:
    title -> what real scores against real, `(rounds,)`; drawn as its mean and two standard deviations each way; a
    title may have none. `limits`: title -> the limits of its axis. Returns `show(here, drawn, values)`, which moves a
    line to a value of the setting. `drawn`: which points of the curves can be seen, bool `(k,)`, so that a curve may
    grow with the setting; left out, all. `values`: the curves' new numbers, `(titles, series, k)`, if they change.
    """
    x, lines, marks = np.asarray(x), [], []
    for ax, (title, series) in zip(axes, curves.items(), strict=True):
        if title in floors:
            mean, spread = np.mean(floors[title]), np.std(floors[title], ddof=1)
            ax.axhspan(mean - 2 * spread, mean + 2 * spread, color=BLUE, alpha=0.15, label="real")
            ax.axhline(mean, color=BLUE, linewidth=1)
        lines.append([ax.plot(x, values, label=name, markersize=5, **look)[0]
                      for (name, values), look in zip(series.items(), LOOKS, strict=False)])
        ax.set_title(title, fontsize=10)
        ax.set(xlabel=xlabel, ylim=(limits or {}).get(title))
        marks.append(ax.axvline(x[0], color="0.4", linewidth=1.5, visible=False, zorder=IN_FRONT))
    # Beside the axes, and behind what moves: a legend inside would look for a new place, or be drawn again each time.
    named = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    axes[0].figure.legend(named.values(), named, loc="outside upper right", ncols=len(named), frameon=False, fontsize=9,
                          handlelength=2.6).set_zorder(-1)

    now = [[line.get_ydata() for line in row] for row in lines]

    def show(here, drawn=None, values=None):
        if values is not None:
            now[:] = values
        for row, series in zip(lines, now, strict=True):
            for line, y in zip(row, series, strict=True):
                line.set_data(x, y if drawn is None else np.where(drawn, y, np.nan))
        for mark in marks:
            mark.set_xdata([here, here])
            mark.set_visible(True)

    return show
