"""Panels of live figures about V(D, G): its two terms, the best D, what G feels, samples, distances of densities."""

from __future__ import annotations

import numpy as np

from gan_helpers import theory
from gan_helpers.plotting._base import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

LOG_4 = np.log(4)
# What moves lies above the ticks and spines and what stands still below: a frame draws only from the first mover up.
ABOVE, BELOW = 3, 1
ALWAYS_HALF = {"color": "0.35", "linestyle": ":", "linewidth": 1.2, "zorder": BELOW}


def _look(ax, **settings):
    ax.set(**settings)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _even(view):
    """Ticks at the even numbers. Ticks that are given needn't be found anew at each frame."""
    return np.arange(np.ceil(view[0] / 2) * 2, view[1] + 0.1, 2)


def _seen(x, view):
    """Which places of the grid lie inside the picture; to draw the others, too, would cost as much."""
    return (view[0] <= x) & (x <= view[1])


def _note(ax, x, y, words, **settings):
    ax.text(x, y, words, **{"fontsize": 9, "color": "0.35", "zorder": BELOW, **settings})


def _legend(ax, **settings):
    ax.legend(frameon=False, fontsize=9, handlelength=2.6, columnspacing=1, **settings).set_zorder(BELOW)


ON_TOP = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}


def _line(ax, x, color, label=None, style="-", marker=None, hold=False, **settings):
    """A curve that an update will move, for now at 0."""
    every = (len(x) // 40, max(1, len(x) // 20))
    return ax.plot(x, np.zeros(len(x)), color=color, linestyle=style, marker=marker, markersize=4.5, markevery=every,
                   label=label, gid="hold" if hold else None, zorder=ABOVE, **{"linewidth": 1.8, **settings})[0]


def _dot(ax, color, marker, label=None, size=8, **settings):
    return ax.plot([], [], color=color, marker=marker, markersize=size, linestyle="none", label=label,
                   zorder=ABOVE + 1, **settings)[0]


def _densities(ax, x, view, top, hold=True, **legend):
    """The real and the generated density on one axis; returns their two lines."""
    real = _line(ax, x, BLUE, r"$p_\mathrm{data}$, real", marker="o", hold=hold)
    fake = _line(ax, x, VERMILION, r"$p_\mathrm{g}$, generated", "--", "x", hold=hold)
    _look(ax, xlim=view, ylim=(0, top), xticks=_even(view), yticks=np.arange(0, top, 0.2 if top < 1 else 0.5),
          ylabel="density")
    _legend(ax, **(legend or {"loc": "upper left"}))
    return real, fake


def _area(ax, x, color, **settings):
    """The area between a curve and 0; `_fill(area, x, y)` moves it."""
    return ax.fill(np.concatenate([x, x[::-1]]), np.zeros(2 * len(x)), color=color, linewidth=0, zorder=ABOVE - 0.4,
                   **settings)[0]


def _fill(area, x, y):
    area.set_xy(np.column_stack([np.concatenate([x, x[::-1]]), np.concatenate([y, np.zeros(len(x))])]))


def drawn_value(fig, x, places, view=(-5, 5)):
    """V(D, G) for a D that is drawn by hand: densities, D, the two terms of V over x, and V itself as a bar.

    `x`: the grid, `(k,)`; `places`: where D is drawn. Returns `show(real, fake, d, best, terms, top)`: the densities,
    D and the best D on `x` (`best` None hides it); `terms`, the two parts of V; `top`, the largest V possible.
    """
    axes, seen = fig.subplots(2, 2), _seen(x, view)
    x = x[seen]
    real_line, fake_line = _densities(axes[0, 0], x, view, 0.9, hold=False)
    real_term = _line(axes[0, 1], x, BLUE, r"$p_\mathrm{data}\,\log D$", marker="o")
    fake_term = _line(axes[0, 1], x, VERMILION, r"$p_\mathrm{g}\,\log(1 - D)$", "--", "x")
    areas = [_area(axes[0, 1], x, BLUE, alpha=0.25), _area(axes[0, 1], x, VERMILION, alpha=0.25)]
    _look(axes[0, 1], xlim=view, ylim=(-1.25, 0.05), xticks=_even(view), yticks=(-1, -0.5, 0),
          ylabel="nats per unit of x")
    _legend(axes[0, 1], loc="lower left")
    judge = axes[1, 0]
    judge.axhline(0.5, **ALWAYS_HALF)
    _note(judge, view[1], 0.53, "1/2", ha="right")
    d_line = _line(judge, x, BLACK, "D, yours", hold=True)
    handles = _dot(judge, BLACK, "s", size=6)
    best_line = _line(judge, x, GREEN, "the best D", "-.")
    _look(judge, xlim=view, ylim=(-0.02, 1.35), xticks=_even(view), yticks=(0, 0.5, 1), ylabel="D(x)", xlabel="x")
    _legend(judge, loc="upper left", ncols=2)
    bar = axes[1, 1]
    pieces = [bar.barh([0], [0], height=0.55, color=BLUE, alpha=0.6, label="real term", zorder=ABOVE)[0],
              bar.barh([0], [0], height=0.55, color=VERMILION, alpha=0.6, hatch="///", label="generated term",
                       zorder=ABOVE)[0]]
    bar.axvline(-LOG_4, **ALWAYS_HALF)
    _note(bar, -LOG_4 - 0.06, 0.95, "-log 4: always 1/2", ha="right", va="top")
    bar.axvline(0, color="0.35", linewidth=1)
    goal, = bar.plot([0, 0], [-0.42, 0.42], color=GREEN, linewidth=3, linestyle="-.", zorder=ABOVE + 1,
                     label="the most that any D can get")
    mark = _dot(bar, BLACK, "D", "V of your D")
    _look(bar, xlim=(-6, 0.1), ylim=(-2.3, 1), xticks=range(-6, 1), yticks=(), xlabel="V(D, G) in nats")
    bar.spines["left"].set_visible(False)
    _legend(bar, loc="lower left")

    def show(real, fake, d, best, terms, top):
        real, fake, d = real[seen], fake[seen], d[seen]
        real_line.set_ydata(real)
        fake_line.set_ydata(fake)
        d_line.set_ydata(d)
        handles.set_data(places, np.interp(places, x, d))
        best_line.set_data([], []) if best is None else best_line.set_data(x, best[seen])
        for line, area, y in ((real_term, areas[0], real * np.log(d)), (fake_term, areas[1], fake * np.log(1 - d))):
            line.set_ydata(y)
            _fill(area, x, y)
        pieces[0].set_width(terms[0])
        pieces[1].set_x(terms[0])
        pieces[1].set_width(terms[1])
        goal.set_xdata([top, top])
        mark.set_data([max(sum(terms), -5.9)], [0])

    return show


def best_answer(fig, x, view=(-4, 5)):
    """D's best answer at one place: two densities, the curve f(y) = a log y + b log(1 - y), and D* over x.

    Returns `show(real, fake, place, y, step)`: the densities on `x`, the place, an answer y in (0, 1) with its
    tangent, and how far the derivation has come: 1 a and b, 2 the curve, 3 the slope at y, 4 the top, 5 D* at x.
    """
    left, middle, right = fig.subplots(1, 3)
    answers = np.linspace(0.005, 0.995, 199)
    real_line, fake_line = _densities(left, x, view, 0.9, hold=False, **ON_TOP)
    left.set(xlabel="x")
    here = [ax.plot([0, 0], [0, 1], color="0.6", linewidth=1, zorder=ABOVE - 0.2)[0] for ax in (left, right)]
    a_dot, b_dot = _dot(left, BLUE, "o", size=10), _dot(left, VERMILION, "X", size=10)
    curve = _line(middle, answers, BLACK, "f(y)", hold=True)
    tangent = _line(middle, answers, ORANGE, "slope at your y", "--")
    yours = _dot(middle, ORANGE, "D", "your y")
    stem, = middle.plot([], [], color=GREEN, linestyle=":", zorder=ABOVE)
    peak = _dot(middle, GREEN, "s", "the top, y*", size=9)
    _look(middle, xlim=(0, 1), ylim=(-2.5, 0.1), xticks=(0, 0.5, 1), yticks=(-2, -1, 0), ylabel="f(y)",
          xlabel="y, a possible answer D(x)")
    _legend(middle, ncols=2, **ON_TOP)
    right.axhline(0.5, **ALWAYS_HALF)
    best_line = _line(right, x, GREEN, r"$D^*$, the top at every x", "-.")
    best_dot = _dot(right, GREEN, "s", size=9)
    _look(right, xlim=view, ylim=(-0.02, 1.02), xticks=_even(view), yticks=(0, 0.5, 1), xlabel="x", ylabel="D(x)")
    _legend(right, **ON_TOP)

    def show(real, fake, place, y, step):
        a, b = np.interp(place, x, real), np.interp(place, x, fake)
        top = a / (a + b)
        f = a * np.log(answers) + b * np.log(1 - answers)
        value, slope = a * np.log(y) + b * np.log(1 - y), a / y - b / (1 - y)
        highest = a * np.log(top) + b * np.log(1 - top)
        real_line.set_ydata(real)
        fake_line.set_ydata(fake)
        for line in here:
            line.set_xdata([place, place])
        a_dot.set_data([place], [a])
        b_dot.set_data([place], [b])
        shown = [(2, curve, answers, f), (3, tangent, y + np.array([-0.2, 0.2]), value + slope * np.array([-0.2, 0.2])),
                 (2, yours, [y], [value]), (4, stem, [top, top], [-2.5, highest]), (4, peak, [top], [highest]),
                 (5, best_line, x, real / (real + fake)), (5, best_dot, [place], [top])]
        for least, artist, at, height in shown:
            artist.set_data(*((at, height) if step >= least else ([], [])))

    return show


def along_means(p_data, sigma, d, x, means):
    """V(D, G) with D held fixed, and C(G), for Gaussian generators of spread `sigma` at each of `means`.

    `d` as for `theory.value`; `x`: an even grid that covers all of them. Returns two arrays like `means`, in nats.
    """
    fake = theory.Gaussian(0, sigma).logpdf(x - np.asarray(means)[:, None])
    real, step = p_data.logpdf(x), x[1] - x[0]
    both = np.logaddexp(real, fake)
    cost = np.exp(real) * (real - both) + np.exp(fake) * (fake - both)
    if isinstance(d, theory.Discriminator):
        a = d.logit(x)
        log_d, log_not_d = -np.logaddexp(0, -a), -np.logaddexp(0, a)
    else:
        log_d, log_not_d = np.log(d(x)), np.log1p(-d(x))
    fixed = np.exp(real) @ log_d + np.exp(fake) @ log_not_d
    return fixed * step, cost.sum(1) * step


def minimax_view(fig, x, means, view=(-5, 5)):
    """The game in one picture: densities, D and D*, and over the mean of p_g the value V(D, G) below C(G).

    `x`: an even grid, `(k,)`; `means`: places for p_g. Returns `show(p_data, p_g, d, v, c)`: two `theory.Gaussian`,
    D as a function of x with values inside (0, 1), V(D, G) and C(G). The two curves are `along_means`.
    """
    grid, seen = fig.add_gridspec(2, 2), x[_seen(x, view)]
    top, low, right = (fig.add_subplot(grid[where]) for where in ((0, 0), (1, 0), (slice(None), 1)))
    real_line, fake_line = _densities(top, seen, view, 1.05, ncols=2, **ON_TOP)
    low.axhline(0.5, **ALWAYS_HALF)
    d_line = _line(low, seen, BLACK, "D, in play", hold=True)
    best_line = _line(low, seen, GREEN, r"$D^*$, the best", "-.", linewidth=2.4)
    summit = _dot(low, PURPLE, "v", size=10)
    _look(low, xlim=view, ylim=(-0.02, 1.15), xticks=_even(view), yticks=(0, 0.5, 1), ylabel="D(x)", xlabel="x")
    _legend(low, ncols=2, **ON_TOP)
    floor = -3.2
    ends = ((-LOG_4, r"$-\log 4$:", "JS = 0,", r"$p_\mathrm{g} = p_\mathrm{data}$"),
            (0, "0:", r"JS = $\log 2$,", "no overlap"))
    for height, *words in ends:         # beside the picture: inside it, some curve would run through the words
        right.axhline(height, **ALWAYS_HALF)
        _note(right, means[-1] + 0.25, height, "\n".join(words), va="center", clip_on=False)
    costs = _line(right, means, GREEN, r"$C(G)$, the most any D can get", "-.", hold=True, linewidth=2.4)
    fixed = _line(right, means, BLACK, r"$V$ when G moves, this D fixed", hold=True)
    bar, = right.plot([], [], color=SKY, linewidth=9, solid_capstyle="butt", label="2 JS", zorder=ABOVE - 0.3)
    missed, = right.plot([], [], color=ORANGE, linewidth=4, solid_capstyle="butt", label="what D misses",
                         zorder=ABOVE - 0.2)
    cost_dot, value_dot = _dot(right, GREEN, "s", "C(G), now", size=9), _dot(right, BLACK, "D", "V(D, G), now")
    under = _dot(right, BLACK, "v", size=9)
    answer = _dot(right, PURPLE, "v", "G's best answer to this D", size=10, clip_on=False)
    _look(right, xlim=(means[0], means[-1]), ylim=(floor, 0.3), xticks=np.arange(np.ceil(means[0]), means[-1] + 0.1),
          yticks=(-3, -2, -1, 0), xlabel=r"mean of $p_\mathrm{g}$", ylabel="nats")
    fig.legend(handles=right.get_legend_handles_labels()[0], loc="outside lower center", ncols=3, frameon=False,
               fontsize=9, handlelength=2.6).set_zorder(-1)

    def show(p_data, p_g, d, v, c):
        curve, envelope = along_means(p_data, p_g.sigma, d, x, means)
        real_line.set_ydata(p_data.pdf(seen))
        fake_line.set_ydata(p_g.pdf(seen))
        d_line.set_ydata(d(seen))
        best_line.set_ydata(theory.optimal_discriminator(p_data, p_g)(seen))
        costs.set_ydata(envelope)
        fixed.set_ydata(curve)
        bar.set_data([p_g.mu] * 2, [-LOG_4, c])
        missed.set_data([p_g.mu] * 2, [max(v, floor), c])
        cost_dot.set_data([p_g.mu], [c])
        visible = v > floor + 0.1
        value_dot.set_data(*(([p_g.mu], [v]) if visible else ([], [])))
        under.set_data(*(([], []) if visible else ([p_g.mu], [floor + 0.08])))
        least = np.argmin(curve)
        flat = np.ptp(curve) < 2e-3     # as for a D that is constant; the grid's end cuts off a little of a wide p_g
        answer.set_data(*(([], []) if flat else ([means[least]], [max(curve[least] + 0.1, floor + 0.08)])))
        highest = means[np.argmax(d(means))]
        summit.set_data(*(([], []) if flat else ([highest], [d(highest) + 0.07])))

    return show


def sampled_value(fig, most, view=(-4, 5)):
    """V as training sees it: what each sample adds, and the mean of the first n pairs of samples, n up to `most`.

    Returns `show(real, fake, means, exact, spread)`: what real and generated samples add, each `(x, log)`; the
    running means, `(n,)`; V; the standard deviation of what one pair adds.
    """
    left, right = fig.subplots(1, 2, width_ratios=(1, 1.25))
    real_dots = _dot(left, BLUE, "o", "real: log D(x)", size=5, fillstyle="none")
    fake_dots = _dot(left, VERMILION, "x", "generated: log(1 - D(x))", size=5)
    left.axhline(-np.log(2), **ALWAYS_HALF)
    _note(left, view[1], -np.log(2) + 0.06, "-log 2", ha="right")
    _look(left, xlim=view, ylim=(-5, 1.5), xticks=_even(view), yticks=range(-5, 1),
          xlabel="x, the sample", ylabel="what it adds, in nats")
    _legend(left, loc="upper left", ncols=1)
    counts = np.unique(np.round(np.geomspace(1, most, 160)).astype(int))
    band = [_line(right, counts, GREEN, label, "--", linewidth=1.2)
            for label in (r"V $\pm$ standard error $s/\sqrt{n}$", None)]
    exact_line = right.plot([1, most], [0, 0], color=GREEN, linestyle="-.", linewidth=2, label="V, exact",
                            zorder=ABOVE)[0]
    mean_line = _line(right, counts, BLACK, "mean of the first n pairs", hold=True)
    end = _dot(right, BLACK, "D")
    right.axhline(-LOG_4, **ALWAYS_HALF)
    _note(right, most, -LOG_4 + 0.03, "-log 4", ha="right")
    _look(right, xscale="log", xlim=(1, most), ylim=(-2, 0.6), yticks=(-2, -1.5, -1, -0.5, 0),
          xlabel="n, pairs of samples", ylabel="nats")
    _legend(right, loc="upper right")

    def show(real, fake, means, exact, spread):
        real_dots.set_data(*real)
        fake_dots.set_data(*fake)
        exact_line.set_ydata([exact, exact])
        for line, sign in zip(band, (1, -1), strict=True):
            line.set_ydata(exact + sign * spread / np.sqrt(counts))
        kept = np.append(counts[counts < len(means)], len(means))
        mean_line.set_data(kept, means[kept - 1])
        end.set_data([len(means)], [means[-1]])

    return show


DISTANCES = {
    "JS": ("JS, nats", GREEN, "-", "s"), "TV": ("total variation, share", SKY, "--", "^"),
    "KL(data, g)": (r"KL($p_\mathrm{data}$ || $p_\mathrm{g}$), nats", BLUE, "-.", "o"),
    "KL(g, data)": (r"KL($p_\mathrm{g}$ || $p_\mathrm{data}$), nats", VERMILION, (0, (5, 1)), "x"),
    "W1": ("Wasserstein-1, units of x", BLACK, ":", "D"),
}


def distances(fig, x, shifts, most=5.2, view=(-4, 9)):
    """Two densities that move apart, and what five measures of distance make of it.

    `DISTANCES` names them. Returns `show(real, fake, table, i)`: the densities on `x`; `table`, name -> its values
    over `shifts`, infinite ones allowed; `i`, which shift is the present one. What is above `most` lies on the edge.
    """
    left, right = fig.subplots(1, 2, width_ratios=(1, 1.25))
    real_line, fake_line = _densities(left, x, view, 0.9, hold=False, **ON_TOP)
    left.set(xlabel="x")
    lines, dots = {}, {}
    for name, (label, color, style, marker) in DISTANCES.items():
        lines[name] = _line(right, shifts, color, label, style, marker, hold=True)
        dots[name] = _dot(right, color, marker, size=10)
    for height, words in ((np.log(2), "log 2"), (1, "1")):
        right.axhline(height, **ALWAYS_HALF)
        _note(right, shifts[-1] + 0.06, height, words, va="center", clip_on=False)
    here, = right.plot([0, 0], [0, most], color="0.6", linewidth=1, zorder=ABOVE - 0.2)
    _look(right, xlim=(shifts[0], shifts[-1]), ylim=(0, most), xticks=np.arange(shifts[0], shifts[-1] + 0.1),
          yticks=range(int(most) + 1), xlabel="distance of the two centres, in units of x", ylabel="how far apart")
    _legend(right, ncols=2, **ON_TOP)

    def show(real, fake, table, i):
        real_line.set_ydata(real)
        fake_line.set_ydata(fake)
        here.set_xdata([shifts[i], shifts[i]])
        for name in DISTANCES:
            values = np.minimum(table[name], 2 * most)
            lines[name].set_ydata(values)
            dots[name].set_data([shifts[i]], [min(values[i], most)])

    return show
