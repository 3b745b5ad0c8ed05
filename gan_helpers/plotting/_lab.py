"""The pictures of the 2-D GAN lab: the plane with both kinds of points, and what is measured beside it."""

from __future__ import annotations

import numpy as np
from contourpy import contour_generator
from matplotlib.collections import PathCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.path import Path

from gan_helpers.plotting._base import BLACK, BLUE, FAKE, GREEN, PURPLE, REAL, VERMILION

EDGE = 1.5      # the plane that is shown is [-EDGE, EDGE] on both axes
CELLS = 48      # of the heat map, on each side
SCALE = 0.5     # of the arrows: length on the plane for each unit of the gradient
LONGEST = 0.5   # on the plane, of an arrow: that of a gradient of 1 or more
_HEAT = LinearSegmentedColormap.from_list("real or fake", ["#f3c6a5", "#ffffff", "#a9cfe8"])
# Of D's probability, one colour each. Close together about 1/2: a D with a brake, or one that has met its match, stays
# within a few hundredths of it, and there too it must be seen what it prefers.
_BANDS = np.array([0, 0.15, 0.35, 0.45, 0.48, 0.495, 0.505, 0.52, 0.55, 0.65, 0.85, 1])
METRICS = {"modes": "modes covered", "quality": "share of high quality", "js": "Jensen-Shannon (nats)",
          "sliced_w1": "sliced Wasserstein-1", "mmd": "MMD²", "precision": "precision", "recall": "recall"}
_HIGHEST = {"quality": 1.05, "js": 0.72, "precision": 1.05, "recall": 1.05}    # of the axis: there is no more
_nothing = np.empty((2, 0))


def plane_grid() -> np.ndarray:
    """The places `(CELLS², 2)` float32 at which `lab_view` wants D's logits, row by row from below."""
    side = np.linspace(-EDGE, EDGE, CELLS, dtype=np.float32)
    return np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)


def plane(ax, title: str | None = None):
    """An empty square of the plane on `ax`, for points in [-1.5, 1.5]²."""
    ax.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.set_aspect("equal")
    if title:
        ax.set_title(title)
    return ax


def _bands(side, logits) -> list:
    """One path for each band of probability, `_BANDS`."""
    with np.errstate(divide="ignore"):
        edges = np.log(_BANDS / (1 - _BANDS)).clip(-1e30, 1e30)
    contours = contour_generator(side, side, logits.clip(-1e29, 1e29), fill_type="ChunkCombinedCode")
    paths = []
    for low, high in zip(edges, edges[1:], strict=False):
        points, codes = (chunks[0] for chunks in contours.filled(low, high))
        paths.append(Path(np.empty((0, 2))) if points is None else Path(points, codes))
    return paths


def _broken(lines) -> np.ndarray:
    """Lines `(k, 2)` each as one line `(n, 2)` with gaps."""
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for line in lines for part in (np.asarray(line, float), gap)] or [gap])


def arrows(start, gradients) -> np.ndarray:
    """Arrows at `start` `(n, 2)`, shaft and head, as one line `(6 n, 2)` with gaps; the head is a fifth of each.

    They are true to scale, up to the length at which they would hide the rest.
    """
    start, vectors = np.asarray(start, float), SCALE * np.asarray(gradients, float)
    vectors = vectors * np.minimum(1, LONGEST / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
    tip = start + vectors
    side = 0.1 * vectors[:, ::-1] * [-1, 1]
    back = tip - 0.2 * vectors
    gap = np.full_like(start, np.nan)
    return np.stack([start, tip, back + side, tip, back - side, gap], 1).reshape(-1, 2)


def lab_view(fig):
    """The lab's picture on an empty figure; returns `show(**parts)`, which sets what is drawn.

    On the left the plane; on the right losses, lengths of the gradients, and one metric with its floor. Parts of
    `show`: `real_points`, `fake_points` `(n, 2)`; `logits` `(CELLS²,)` of D on `plane_grid()`, drawn as colour, and
    `boundary`, the same, of which the line at 0 is drawn; `lines`, a list of `(k, 2)`, z's grid as G bends it;
    `pulls`, arrows as of `arrows`; `history`, as of `lab.Lab`; `metric`: its name, steps, values and floor. What is
    None isn't drawn.
    """
    side = np.linspace(-EDGE, EDGE, CELLS)
    # The layout is found once: at the right a little is left free for step numbers that grow longer.
    left, right, _ = fig.add_gridspec(1, 3, width_ratios=(1.25, 1, 0.02))
    ax, right = plane(fig.add_subplot(left)), right.subgridspec(3, 1)
    top, middle, low = (fig.add_subplot(right[i]) for i in range(3))

    # Bands are drawn in a third of the time that matplotlib takes to enlarge an image of the same cells.
    heat = ax.add_collection(PathCollection([], facecolors=_HEAT(np.linspace(0, 1, len(_BANDS) - 1)), linewidth=0,
                                            antialiased=False, zorder=1, transform=ax.transData))
    contour, = ax.plot([], [], color=BLACK, linewidth=1.5, zorder=3, label="D = 1/2")
    warped, = ax.plot([], [], color=GREEN, linewidth=0.7, alpha=0.8, zorder=2, label="z, bent by G")
    real, = ax.plot([], [], linestyle="", markersize=4, zorder=3, label="real", markerfacecolor="none",
                    markeredgewidth=0.8, **REAL)
    fakes, = ax.plot([], [], linestyle="", markersize=4.5, zorder=4, label="fake", markeredgewidth=1.1, **FAKE)
    pull, = ax.plot([], [], color=PURPLE, linewidth=1.1, zorder=5, label="where G's loss pulls")

    def legend(*handles):
        """Names `handles` and nothing else; a change costs a whole redraw, and is rare."""
        names = [handle.get_label() for handle in handles]
        if fig.legends and [text.get_text() for text in fig.legends[0].get_texts()] == names:
            return
        for old in fig.legends:
            old.remove()
        fig.legend(handles=handles, loc="outside lower left", ncol=5, frameon=False, fontsize=8, handlelength=1.4,
                   columnspacing=1.0).set_zorder(-1)

    legend(real, fakes, contour, warped, pull)      # all of them, since room for it is found only once

    curves = {}
    for panel, names in ((top, ("d_loss", "g_loss")), (middle, ("d_gradient", "g_gradient"))):
        for name, color, style in zip(names, (BLUE, VERMILION), ("-", "--"), strict=True):
            curves[name], = panel.plot([], [], color=color, linestyle=style, linewidth=1.3)
    top.set_title("losses: D blue, G vermilion; dotted: D can't tell", fontsize=8, loc="left")
    middle.set_title("length of the gradient of each loss", fontsize=8, loc="left")
    references = [top.axhline(np.log(2), color=VERMILION, linestyle=":", linewidth=1),
                  top.axhline(2 * np.log(2), color=BLUE, linestyle=":", linewidth=1)]
    middle.set_yscale("log")
    measured, = low.plot([], [], color=PURPLE, marker=".", markersize=4, linewidth=1.2)
    floor = low.axhline(0, color=BLACK, linestyle=":", linewidth=1)
    name = low.set_title(" ", fontsize=8, loc="left")
    low.set_xlabel("step", fontsize=8)
    for panel in (top, middle, low):
        panel.tick_params(labelsize=7)
    middle.set_ylim(1e-2, 1e1)
    top.set_ylim(0, 3)
    for panel in (top, middle, low):
        panel.set_xlim(0, 500)
    for one in (ax, top, middle, low):      # what stands still is drawn first, so that a frame needn't draw it again
        one.set_axisbelow(True)
        for still in (*one.spines.values(), one._left_title):
            still.set_zorder(0.6)
    for still in ax.spines.values():
        still.set_zorder(2.5)               # above the heat map

    def show(real_points=None, fake_points=None, logits=None, boundary=None, lines=None, pulls=None, history=None,
             show_losses=True, show_gradients=True, metric=None, log_loss=True):
        shown = ((real, real_points), (fakes, fake_points), (contour, boundary), (warped, lines), (pull, pulls))
        legend(*(line for line, part in shown if part is not None))
        for line, points in ((real, real_points), (fakes, fake_points)):
            line.set_data(*_nothing if points is None else points.T)
        heat.set_paths([] if logits is None else _bands(side, logits.reshape(CELLS, CELLS)))
        edge = [] if boundary is None else contour_generator(side, side, boundary.reshape(CELLS, CELLS)).lines(0.0)
        contour.set_data(*_broken(edge).T)
        warped.set_data(*_broken(lines or []).T)
        pull.set_data(*_nothing if pulls is None else arrows(*pulls).T)
        for panel in (top, middle, low):
            if panel.get_xlim()[1] != _upto(history["step"][-1]):
                panel.set_xlim(0, _upto(history["step"][-1]))
        for ending, wanted in (("loss", show_losses), ("gradient", show_gradients)):
            for player in "dg":
                values = history["step"], history[f"{player}_{ending}"]
                curves[f"{player}_{ending}"].set_data(*values if wanted else _nothing)
        for reference in references:
            reference.set_visible(log_loss and show_losses)
        _room(top, np.concatenate([history["d_loss"], history["g_loss"]]))
        _decades(middle, np.concatenate([history["d_gradient"], history["g_gradient"]]))
        label = " " if metric is None else f"{METRICS[metric[0]]}; dotted: real against real"
        if name.get_text() != label:
            name.set_text(label)
            low.set_ylim(0, 1)
        measured.set_data(*_nothing if metric is None else metric[1:3])
        floor.set_visible(metric is not None)
        if metric is not None:
            floor.set_ydata([metric[3]] * 2)
            _room(low, np.append(metric[2], metric[3]), _HIGHEST.get(metric[0]))

    return show


def _upto(step) -> float:
    """The end of the axis of steps: doubles, since each change of an axis costs a whole redraw."""
    return 500 * 2 ** max(0, int(np.ceil(np.log2(max(step, 1) / 500))))


def _room(ax, values, highest=None):
    """Limits with room for the values; they change seldom."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if not len(values):
        wanted = (0.0, 3.0)                 # untrained: as at first
    elif highest is not None:
        wanted = (0.0, highest)
    else:
        low, high = min(0.0, values.min()), max(values.max(), 1e-3)
        bottom, top = ax.get_ylim()
        if bottom <= low and high <= top and high > top / 4 and low >= 4 * bottom:
            return
        wanted = (-_nice(-low) if low < 0 else 0.0, _nice(high))
    if ax.get_ylim() != wanted:
        ax.set_ylim(*wanted)


def _nice(value) -> float:
    """1, 2 or 5 times a power of ten, the smallest that leaves a tenth of room."""
    scale = 10.0 ** np.floor(np.log10(value * 1.1))
    return float(next(k * scale for k in (1, 2, 5, 10) if k * scale >= value * 1.1 - 1e-12))


def _decades(ax, values):
    values = values[np.isfinite(values) & (values > 0)]
    least, most = (np.log10(values.min()), np.log10(values.max())) if len(values) else (-2, 1)
    wanted = (min(1e-2, 10.0 ** np.floor(least)), max(1e1, 10.0 ** np.ceil(most)))
    if ax.get_ylim() != wanted:
        ax.set_ylim(*wanted)


def many_planes(fig, real, fakes, titles, columns: int | None = None):
    """Small multiples: `real` and `fakes`, each `(r, n, 2)`, one plane for each of the r `titles`.

    `columns` of them make a row; if not given, as many as there are rows, or one more. Returns `show(fakes)`.
    """
    columns = columns or int(np.ceil(np.sqrt(len(titles))))
    rows = -(-len(titles) // columns)
    axes = np.atleast_1d(fig.subplots(rows, columns, squeeze=False)).flat
    shown = []
    for i, ax in enumerate(axes):
        if i >= len(titles):
            ax.set_axis_off()
            continue
        plane(ax).set_title(titles[i], fontsize=8)
        ax.set(xticks=[], yticks=[])
        ax.plot(*real[i].T, linestyle="", markersize=2, markerfacecolor="none", alpha=0.6, **REAL)
        shown.append(ax.plot(*fakes[i].T, linestyle="", markersize=3, **FAKE)[0])

    def show(points):
        for line, one in zip(shown, points, strict=True):
            line.set_data(*one.T)

    return show
