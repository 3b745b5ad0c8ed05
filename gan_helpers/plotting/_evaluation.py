"""Chapter 11: the distance of two bells, floors over n, balls of nearest neighbours, all numbers beside their floors.

Each function draws its artists once, for a live figure, and returns the function that moves them.
"""

from __future__ import annotations

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.patches import Circle

from gan_helpers.data import check_images
from gan_helpers.plotting._base import BLACK, BLUE, FAKE, ORANGE, PURPLE, REAL, VERMILION, tile

IN_FRONT = 6     # of legends, too: what moves is drawn anew in each frame, and all that lies before it
FURTHEST = 1000  # standard deviations: what lies further out is held at the edge


def two_bells(axes):
    """A real and a generated Gaussian on the first axis, the two parts of their Fréchet distance on the second.

    Returns `show(real, fake)`, each a pair (mean, standard deviation), the means from -3 to 3.
    """
    left, right = axes
    x = np.linspace(-6, 6, 241)
    looks = (("real", BLUE, "-"), ("generated", VERMILION, "--"))
    bells = [left.plot(x, 0 * x, color=color, linestyle=style, linewidth=2, label=label)[0]
             for label, color, style in looks]
    left.set(xlim=(-6, 6), ylim=(0, 1.05), xlabel="feature", ylabel="density")
    left.legend(frameon=False, loc="upper left")
    parts = [right.barh(0, 0, color=color, label=label, hatch=hatch, edgecolor="white", height=0.5)[0]
             for label, color, hatch in (("from the means", ORANGE, ""), ("from the spreads", PURPLE, "//"))]
    right.set(xlim=(0, 10), ylim=(-1, 1), yticks=[], xlabel="Fréchet distance")
    right.legend(frameon=False, loc="upper right")

    def show(real, fake):
        for bell, (mean, spread) in zip(bells, (real, fake), strict=True):
            bell.set_ydata(np.exp(-(((x - mean) / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi)))
        lengths = [(a - b) ** 2 for a, b in zip(real, fake, strict=True)]
        for part, start, length in zip(parts, (0, lengths[0]), lengths, strict=True):
            part.set(x=start, width=length)

    return show


def floors_by_n(axes, floors: dict, name: str):
    """Real against real at several n: each deal and the means over n, and the means over 1/n with a line through 0.

    `floors`: n -> the values of that many deals, `(rounds,)`. Returns `show(n)`, which marks one n.
    """
    left, right = axes
    sizes = np.array(sorted(floors))
    means = np.array([np.mean(floors[n]) for n in sizes])
    for n in sizes:
        left.plot(np.full(len(floors[n]), n), floors[n], color=BLUE, marker="o", fillstyle="none", markersize=4,
                  linestyle="none", alpha=0.6)
    left.plot(sizes, means, color=BLACK, marker="s", markersize=5, label="mean of the deals")
    left.set(xlabel="n, images on each side", ylabel=name)
    right.plot(1 / sizes, means, color=BLACK, marker="s", markersize=5, linestyle="none", label="mean of the deals")
    ends, slope = np.array([0, 1.1 / sizes[0]]), (means / sizes).sum() / (1 / sizes**2).sum()
    right.plot(ends, slope * ends, color=PURPLE, linestyle=":", label="c / n")
    right.set(xlabel="1 / n", xlim=(0, ends[1]), ylabel=f"mean {name}")
    rings = [ax.plot([], [], color=ORANGE, marker="o", fillstyle="none", markersize=16, markeredgewidth=2.5,
                     linestyle="none", zorder=IN_FRONT)[0] for ax in axes]
    for ax in axes:
        ax.axhline(0, color="0.8", linewidth=1, zorder=0)
        ax.legend(frameon=False)
    left.set_title(" ", zorder=IN_FRONT)  # room for what `show` says

    def show(n):
        mean = means[list(sizes).index(n)]
        for ring, place in zip(rings, (n, 1 / n), strict=True):
            ring.set_data([place], [mean])
        left.set_title(f"n = {n}: {mean:.2f} ± {np.std(floors[n], ddof=1):.2f}")

    return show


def neighbour_balls(axes):
    """Real and generated points of the plane: on the first axis the real balls, on the second the generated ones.

    Returns `show(x_real, x_fake, real_radius, fake_radius, fake_in, real_in)`: points `(n, 2)`, radii `(n,)`, and
    bools `(n,)`: which generated point lies in a real ball, which real point in a generated one. Those outside are
    black.
    """
    panels = []
    for ax, title, color, look in zip(axes, ("precision: generated points in real balls",
                                             "recall: real points in generated balls"),
                                      (BLUE, VERMILION), (FAKE, REAL), strict=True):
        balls = ax.add_collection(PatchCollection([], facecolor=color, alpha=0.13, linewidth=0))
        centres, = ax.plot([], [], color=color, marker=".", markersize=4, linestyle="none")
        style = {"marker": look["marker"], "linestyle": "none", "markersize": 6, "fillstyle": "none",
                 "markeredgewidth": 1.5}
        inside, = ax.plot([], [], color=look["color"], label="inside", **style)
        outside, = ax.plot([], [], color=BLACK, label="outside", **style)
        ax.set(xlim=(-4.8, 4.8), ylim=(-3.6, 3.6), aspect="equal", xticks=[], yticks=[])
        ax.set_title(title, fontsize=10)
        ax.legend(frameon=False, loc="lower center", ncols=2, bbox_to_anchor=(0.5, -0.13))
        panels.append((balls, centres, inside, outside))

    def show(x_real, x_fake, real_radius, fake_radius, fake_in, real_in):
        sides = ((x_real, real_radius, x_fake, fake_in), (x_fake, fake_radius, x_real, real_in))
        for (balls, dots, inside, outside), (centres, radius, points, within) in zip(panels, sides, strict=True):
            balls.set_paths([Circle(centre, r) for centre, r in zip(centres, radius, strict=True)])
            dots.set_data(*np.transpose(centres))
            inside.set_data(*points[within].T)
            outside.set_data(*points[~within].T)

    return show


def beside_floor(axes, floors: dict, worse: dict, columns: int = 3):
    """Images on the first axis, every number beside its floor on the second.

    `floors`: name -> what real scores against real, `(rounds,)`, drawn as blue circles. `worse`: name -> 1 where a
    larger number is worse, -1 where a smaller one is. A row shows how many standard deviations of the floor a number
    lies on the worse side of the floor's mean. Returns `show(x, values)`: images `(n, h, w, c)`, always of one shape,
    and a number for each name, which it marks by a vermilion cross. It returns the names of those that lie 4 or more
    standard deviations off.
    """
    left, right = axes
    names, rows = list(floors), np.arange(len(floors))
    means = np.array([np.mean(floors[name]) for name in names])
    scales = np.array([worse[name] / max(np.std(floors[name], ddof=1), 1e-12) for name in names])
    left.set_axis_off()
    shown = []
    right.axvspan(-2, 2, color="0.92", zorder=0)
    right.axvline(0, color="0.6", linewidth=1)
    deals = np.array([floors[name] for name in names])
    right.plot((deals - means[:, None]).T * scales, np.tile(rows, (deals.shape[1], 1)), color=BLUE, marker="o",
               fillstyle="none", markersize=4, linestyle="none", alpha=0.5,
               label=["real against real", *["_" for _ in names[1:]]])
    crosses, = right.plot([], [], color=VERMILION, marker="x", markersize=9, markeredgewidth=2.5, linestyle="none",
                          label="these images", zorder=IN_FRONT)
    right.set_xscale("symlog", linthresh=4, linscale=1)
    right.set(xlim=(-FURTHEST, FURTHEST), ylim=(len(rows) + 0.2, -0.6), yticks=rows, yticklabels=names,
              xticks=[-100, -10, -2, 0, 2, 10, 100], xticklabels=["-100", "-10", "-2", "0", "2", "10", "100"],
              xlabel="standard deviations from the floor")
    for x, side, words in ((0.01, "left", "← “better than real”"), (0.99, "right", "worse than real →")):
        right.text(x, len(rows) - 0.2, words, ha=side, va="center", fontsize=9, color="0.35",
                   transform=right.get_yaxis_transform())
    right.tick_params(axis="y", length=0)
    right.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2, columnspacing=1)
    place = {"transform": right.get_yaxis_transform(), "va": "center", "ha": "right", "fontsize": 9}
    right.text(1.14, -0.85, "value", color=VERMILION, **place)
    right.text(1.29, -0.85, "floor", color=BLUE, **place)
    texts = [right.text(1.14, row, "", zorder=IN_FRONT, **place) for row in rows]
    for row, mean in zip(rows, means, strict=True):
        right.text(1.29, row, f"{mean:.2f}", **place)

    def show(x, values):
        picture = tile(check_images(x), columns)
        if not shown:
            shown.append(left.imshow(picture, cmap="gray", vmin=-1, vmax=1, interpolation="nearest"))
        shown[0].set_data(picture)
        away = (np.asarray(values, float) - means) * scales
        crosses.set_data(np.clip(away, -FURTHEST, FURTHEST), rows)
        for text, value in zip(texts, values, strict=True):
            text.set_text(f"{value:.2f}")
        return [name for name, z in zip(names, away, strict=True) if abs(z) >= 4]

    return show
