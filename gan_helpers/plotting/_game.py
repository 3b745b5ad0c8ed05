"""Panels about the game in one dimension: samples and their density, G bent by hand, D drawn by hand, both at once."""

from __future__ import annotations

import numpy as np

from gan_helpers import theory
from gan_helpers.plotting._base import BLACK, BLUE, GREEN, NOISE, PURPLE, VERMILION

# What lies between two edges is counted together, what lies outside in two bins of its own: a flat piece of G, all of
# whose noise lands on one point, is then a high bar and no infinity, and shares always add up to 1.
EDGES = np.linspace(-5, 5, 201)
WIDTH = EDGES[1] - EDGES[0]
CENTRES = np.concatenate([[EDGES[0]], (EDGES[1:] + EDGES[:-1]) / 2, [EDGES[-1]]])
VIEW, Z_VIEW, TOP = (-4.3, 4.3), (-3.4, 3.4), 0.6
Z = np.linspace(-4, 4, 241)
MOVING, STILL = 4, 1     # ticks lie at 2.5, titles at 3: what moves above them needn't draw them again


def _real_shares(density):
    """How much of a density lies in each bin, by its `cdf`: `(202,)`, the outer two for all that lies outside."""
    return np.diff(np.concatenate([[0.0], density.cdf(EDGES), [1.0]]))


def _noise_shares(p_z, z):
    """How much of the noise lies between neighbouring `z`; the outer two get the tails too."""
    below = p_z.cdf(z)
    return np.diff(np.concatenate([[0.0], below[1:-1], [1.0]]))


def _fake_shares(g, mass):
    """How much of G(z) lies in each bin, for G's values `g`, `(k + 1,)`, and the noise between them, `mass`, `(k,)`.

    Between two values G is a straight line, and its noise is spread evenly: flat, falling and folded pieces too.
    """
    low, width = np.minimum(g[1:], g[:-1]), np.maximum(np.abs(np.diff(g)), 1e-9)
    below = mass @ np.clip((EDGES - low[:, None]) / width[:, None], 0, 1)
    return np.diff(np.concatenate([[0.0], below, [1.0]]))


def _score(d, real, fake):
    """The mean of log D over the real shares plus that of log(1 - D) over the generated ones."""
    return float(real @ np.log(d) + fake @ np.log1p(-d))


def _best_score(real, fake):
    """The score of the best D there is: in each bin, D is the share of real ones among what lands there."""
    both = real + fake
    return float(sum(part @ np.log(np.divide(part, both, out=np.ones(len(both)), where=part > 0))
                     for part in (real, fake)))


def _look(ax, **settings):
    ax.set(**settings)
    ax.spines[["top", "right"]].set_visible(False)


def _legend(ax, **settings):
    ax.legend(frameon=False, fontsize=9, handlelength=2.6, **settings).set_zorder(STILL)


def _densities(ax, real, sideways=False, **hold):
    """p_data, drawn once, and p_g, which `show(shares)` moves; over x, or with x running upwards."""
    axes = (lambda x, y: (y, x)) if sideways else (lambda x, y: (x, y))
    x, style = CENTRES[1:-1], {"linewidth": 2, "markersize": 5}
    ax.plot(*axes(x, real[1:-1] / WIDTH), color=BLUE, marker="o", markevery=(4, 12), zorder=MOVING - 0.2,
            label=r"$p_\mathrm{data}$, real", **style)
    line, = ax.plot(*axes(x, 0 * x), color=VERMILION, linestyle="--", marker="x", markevery=(9, 12), zorder=MOVING,
                    label=r"$p_\mathrm{g}$, generated", **hold, **style)

    def show(shares):
        line.set_data(*axes(x, shares[1:-1] / WIDTH))

    return show


def _generator(ax, p_z_ax):
    """G over z with its points on the first axis, the noise density under it; returns the line, the points, the noise.

    The arrow of thought is upwards: noise comes in below and to the right, x goes out upwards.
    """
    line, = ax.plot([], [], color=VERMILION, linewidth=2, zorder=MOVING, gid="hold")
    points, = ax.plot([], [], color=BLACK, marker="s", markersize=6, linestyle="none", zorder=MOVING + 0.2)
    _look(ax, xlim=Z_VIEW, ylim=VIEW, ylabel="x = G(z)", title="G turns noise into samples")
    ax.grid(color="0.92", zorder=0)
    ax.tick_params(labelbottom=False)
    noise, = p_z_ax.plot([], [], linewidth=2, zorder=MOVING)
    _look(p_z_ax, xlim=Z_VIEW, ylim=(0, 0.46), xlabel="z, the noise", ylabel=r"$p_z$")
    return line, points, noise


def samples_and_density(x, density, ax, generated: bool = False):
    """A histogram of samples `(n,)`, scaled to area 1, and a density to compare with, on [-4, 4].

    Real samples are blue bars, `generated` ones hatched vermilion bars.
    """
    bins = np.linspace(-4, 4, 33)
    look = {"edgecolor": VERMILION, "hatch": "///"} if generated else {"edgecolor": BLUE}
    ax.stairs(np.histogram(x, bins)[0] / len(x) / np.diff(bins), bins, fill=True, label="samples", linewidth=0.6,
              facecolor="#F7DECB" if generated else "#B8D9EE", **look)
    at = np.linspace(-4, 4, 401)
    ax.plot(at, density.pdf(at), color=BLACK, linewidth=1.6, label="density")
    _look(ax, xlim=(-4, 4), ylim=(0, TOP), xlabel="x")
    return ax


def bend_generator(fig, places, p_data, priors):
    """G as a line through points, and what it makes of the noise, for a live figure.

    `places`: the z of the points, growing. `priors`: name -> density of z. Returns `show(heights, noise, piece,
    solution)`: G's value at each place; the name of a prior; which piece between two points is marked, from 1;
    whether to draw a G that turns this noise into p_data. It answers with a line of text.
    """
    places = np.asarray(places, float)
    grid = fig.add_gridspec(2, 2, width_ratios=[1.5, 1], height_ratios=[3.2, 1])
    g_ax, z_ax = fig.add_subplot(grid[0, 0]), fig.add_subplot(grid[1, 0])
    x_ax, note = fig.add_subplot(grid[0, 1]), fig.add_subplot(grid[1, 1])
    jumps = [place + side for p_z in priors.values() for place in p_z.breaks for side in (-1e-9, 1e-9)]
    z = np.union1d(Z, [*places, *jumps])
    mass = {name: _noise_shares(p_z, z) for name, p_z in priors.items()}
    height = {name: p_z.pdf(z) for name, p_z in priors.items()}
    x = np.linspace(*p_data.interval, 4001)
    right = {name: np.where(height[name] > 0, np.interp(p_z.cdf(z), p_data.cdf(x), x), np.nan)
             for name, p_z in priors.items()}
    real = _real_shares(p_data)

    line, points, noise = _generator(g_ax, z_ax)
    wanted, = g_ax.plot([], [], color=GREEN, linestyle="-.", linewidth=2.4, zorder=MOVING, label="a G that does it")
    guides, = g_ax.plot([], [], color=PURPLE, linewidth=1.2, zorder=MOVING - 0.2)
    marked, = g_ax.plot([], [], color=PURPLE, linewidth=6, alpha=0.5, zorder=MOVING - 0.1, label="the marked piece")
    below = z_ax.fill([0], [0], color=PURPLE, alpha=0.5, linewidth=0, zorder=MOVING - 0.1)[0]
    lands = x_ax.fill([0], [0], color=PURPLE, alpha=0.5, linewidth=0, zorder=MOVING - 0.4)[0]
    show_fake = _densities(x_ax, real, sideways=True, gid="hold")
    _look(x_ax, xlim=(0, TOP), ylim=VIEW, xlabel="density", title="where they land")
    x_ax.tick_params(labelleft=False)
    note.set_axis_off()
    handles = [*x_ax.get_legend_handles_labels()[0], marked, wanted]
    note.legend(handles=handles, loc="lower left", frameon=False, fontsize=9, handlelength=2.6)

    def show(heights, prior, piece, solution):
        heights = np.asarray(heights, float)
        g = theory.PiecewiseLinear(places, heights)(z)
        line.set_data(z, g)
        points.set_data(places, heights)
        wanted.set_data(z, right[prior] if solution else np.full(len(z), np.nan))
        noise.set_data(z, height[prior])
        noise.set_color(NOISE[prior][0])
        fake = _fake_shares(g, mass[prior])
        show_fake(fake)
        first, last = np.searchsorted(z, places[piece - 1:piece + 1])
        ends = slice(first, last + 1)
        marked.set_data(z[ends], g[ends])
        (z_a, z_b), (x_a, x_b) = places[piece - 1:piece + 1], heights[piece - 1:piece + 1]
        guides.set_data([z_a, z_a, Z_VIEW[1], np.nan, z_b, z_b, Z_VIEW[1]],
                        [VIEW[0], x_a, x_a, np.nan, VIEW[0], x_b, x_b])
        below.set_xy(np.column_stack([z[[first, *range(first, last + 1), last]],
                                      [0, *height[prior][ends], 0]]))
        part = mass[prior][first:last]
        there = _fake_shares(g[ends], part / max(part.sum(), 1e-9))[1:-1] * part.sum() / WIDTH
        lands.set_xy(np.column_stack([[0, *there, 0], CENTRES[[1, *range(1, 201), 200]]]))
        wrong = 0.5 * np.abs(real - fake).sum()
        slope, low, high = (round(v, 1) + 0.0 for v in ((x_b - x_a) / (z_b - z_a), min(x_a, x_b), max(x_a, x_b)))
        return (f"{wrong:.0%} of the generated samples are in the wrong place. Piece {piece}: {part.sum():.0%} of the "
                f"noise, slope {slope:.1f}, lands between x = {low:.1f} and {high:.1f}.")

    return show


def draw_discriminator(fig, places, p_data, p_g, n=100):
    """D as a line through points between two densities that stand still, for a live figure.

    `places`: the x of the points, growing. Returns `show(answers, seed, best)`: D's probability of real at each
    place; the seed of `n` real and `n` generated samples; whether to draw the best D. It answers with a line of text.
    """
    places = np.asarray(places, float)
    x_ax, d_ax = fig.subplots(2, 1, sharex=True)
    real, fake = _real_shares(p_data), _real_shares(p_g)
    x, edge = CENTRES[1:-1], (CENTRES[1], CENTRES[-2])
    _densities(x_ax, real)(fake)
    outline = np.concatenate([[edge[0]], x, [edge[1]]])
    found = {"real, and D says so": (real, BLUE, "\\\\\\"), "generated, and D says so": (fake, VERMILION, "///")}
    areas = [x_ax.fill(outline, 0 * outline, facecolor="none", edgecolor=color, hatch=hatch, linewidth=0, alpha=0.6,
                       label=label, zorder=MOVING - 0.4)[0] for label, (_, color, hatch) in found.items()]
    rugs = [x_ax.plot([], [], color=color, marker=marker, markersize=5, linestyle="none", markerfacecolor="none",
                      zorder=MOVING)[0] for color, marker in ((BLUE, "o"), (VERMILION, "x"))]
    _look(x_ax, xlim=VIEW, ylim=(-0.12, 0.65), ylabel="density")
    x_ax.set_yticks([0, 0.2, 0.4, 0.6])
    x_ax.axhline(0, color="0.8", linewidth=0.8, zorder=STILL)
    _legend(x_ax, loc="upper left", ncols=2)
    line, = d_ax.plot(x, 0 * x, color=BLACK, linewidth=2, zorder=MOVING, gid="hold", label="D(x)")
    points, = d_ax.plot([], [], color=BLACK, marker="s", markersize=6, linestyle="none", zorder=MOVING + 0.2)
    wanted, = d_ax.plot(x, np.full(len(x), np.nan), color=GREEN, linestyle="-.", linewidth=2.4, zorder=MOVING,
                        label="the best D")
    d_ax.axhline(0.5, color="0.35", linestyle=":", linewidth=1.2, zorder=STILL,
                 label="1/2: above it D says real, below it generated")
    _look(d_ax, ylim=(-0.04, 1.3), xlabel="x", ylabel="D(x)", yticks=[0, 0.5, 1])
    _legend(d_ax, loc="upper left", ncols=3, columnspacing=1.2)
    best_d = np.divide(real, real + fake, out=np.full(len(real), 0.5), where=real + fake > 0)
    limit = 0.5 + 0.25 * np.abs(real - fake).sum()
    drawn = {}

    def verdict(d):
        """1 for real, 0 for generated, one half for a coin toss."""
        return 0.5 + 0.5 * np.sign(np.round(d - 0.5, 9))

    def show(answers, seed, best):
        d = np.interp(CENTRES, places, answers)
        line.set_ydata(d[1:-1])
        points.set_data(places, answers)
        wanted.set_ydata(best_d[1:-1] if best else np.full(len(x), np.nan))
        says_real = verdict(d)
        right = says_real * real, (1 - says_real) * fake
        for area, part in zip(areas, right, strict=True):
            area.set_xy(np.column_stack([outline, [0, *part[1:-1] / WIDTH, 0]]))
        if seed not in drawn:
            drawn.clear()
            drawn[seed] = p_data.sample(n, 2 * seed), p_g.sample(n, 2 * seed + 1)
        samples = drawn[seed]
        for rug, sample, height in zip(rugs, samples, (-0.035, -0.085), strict=True):
            rug.set_data(sample, np.full(n, height))
        on_samples = [verdict(np.interp(sample, places, answers)) for sample in samples]
        share = (on_samples[0].mean() + 1 - on_samples[1].mean()) / 2
        return (f"D is right on {right[0].sum():.0%} of the real and on {right[1].sum():.0%} of the generated samples, "
                f"together {(right[0].sum() + right[1].sum()) / 2:.1%}; the best possible is {limit:.1%}. "
                f"On these {n} + {n} samples it is right on {share:.1%}.")

    return show


def play_both(fig, z_places, x_places, p_data, p_z, d_grid, answers, moves):
    """Both players, drawn by hand and then by a script, for a live figure.

    `z_places`, `x_places`: where G and D have their points. The script: `answers(x_real, x_fake)` -> D on `d_grid`,
    in (0, 1); `moves(x_fake, d)` -> G's new samples. It starts from the G drawn by hand.
    Returns `show(heights, d_heights, step, once)`: what is drawn by hand; half rounds of the script, 0 for the hand,
    odd when D has answered, even when G has moved; whether D answers in the first round only.
    """
    z_places, x_places, d_grid = (np.asarray(a, float) for a in (z_places, x_places, d_grid))
    grid = fig.add_gridspec(4, 2)
    g_ax, z_ax = fig.add_subplot(grid[:3, 0]), fig.add_subplot(grid[3, 0])
    x_ax, d_ax = fig.add_subplot(grid[:2, 1]), fig.add_subplot(grid[2:, 1])
    mass, real = _noise_shares(p_z, Z), _real_shares(p_data)
    even = (np.arange(1000) + 0.5) / 1000                       # samples without the luck of the draw
    fine = np.linspace(*p_z.interval, 4001)
    z = np.interp(even, p_z.cdf(fine), fine)
    fine = np.linspace(*p_data.interval, 4001)
    x_real = np.interp(even, p_data.cdf(fine), fine)

    line, points, noise = _generator(g_ax, z_ax)
    noise.set_data(Z, p_z.pdf(Z))
    noise.set_color(NOISE["normal"][0])
    noise.set_zorder(STILL)
    show_fake = _densities(x_ax, real, gid="hold")
    _look(x_ax, xlim=VIEW, ylim=(0, TOP), ylabel="density", title="where they land")
    _legend(x_ax, loc="upper left", ncols=2)
    x_ax.tick_params(labelbottom=False)
    d_line, = d_ax.plot([], [], color=BLACK, linewidth=2, zorder=MOVING, gid="hold")
    d_points, = d_ax.plot([], [], color=BLACK, marker="s", markersize=6, linestyle="none", zorder=MOVING + 0.3)
    some = slice(20, None, 40)
    on_real, = d_ax.plot([], [], color=BLUE, marker="o", markersize=6, linestyle="none", markerfacecolor="none",
                         zorder=MOVING + 0.1, label="some real samples")
    on_fake, = d_ax.plot([], [], color=VERMILION, marker="x", markersize=6, linestyle="none", zorder=MOVING + 0.2,
                         label="some generated")
    d_ax.axhline(0.5, color="0.35", linestyle=":", linewidth=1.2, zorder=STILL)
    _look(d_ax, xlim=VIEW, ylim=(-0.04, 1.3), xlabel="x", ylabel="D(x)", yticks=[0, 0.5, 1],
          title="D's probability of real")
    _legend(d_ax, loc="upper left", ncols=2)
    path = {}

    def script(heights, once, step):
        """The samples of G after so many half rounds, and D on `d_grid`."""
        if (heights, once) not in path:
            path.clear()
            path[heights, once] = [(theory.PiecewiseLinear(z_places, heights)(z), None)]
        states = path[heights, once]
        while len(states) <= step:
            x_fake, d = states[-1]
            if len(states) % 2 == 0:
                states.append((moves(x_fake, d), d))
            else:
                states.append((x_fake, d if once and d is not None else answers(x_real, x_fake)))
        return states[step]

    def show(heights, d_heights, step, once):
        heights = tuple(heights)
        if step == 0:
            g, places, d = theory.PiecewiseLinear(z_places, heights)(Z), x_places, np.asarray(d_heights, float)
            x_fake, who = np.interp(z, Z, g), "By hand."
            points.set_data(z_places, heights)
            d_points.set_data(places, d)
        else:
            x_fake, d = script(heights, once, step)
            g, places = theory.PiecewiseLinear(z, x_fake)(Z), d_grid
            points.set_data([], [])
            d_points.set_data([], [])
            stands = once and step > 2
            who = (f"Round {(step + 1) // 2}: " + ("G has moved." if step % 2 == 0 else
                                                   "D stands still." if stands else "D has answered."))
        line.set_data(Z, g)
        fake = _fake_shares(g, mass)
        show_fake(fake)
        d_line.set_data(CENTRES, np.interp(CENTRES, places, d))
        for dots, sample in ((on_real, x_real[some]), (on_fake, x_fake[some])):
            dots.set_data(sample, np.interp(sample, places, d))
        at = np.interp(CENTRES, places, d)
        score, best = _score(at, real, fake), _best_score(real, fake)
        best, wrong = round(best, 2) + 0.0, 0.5 * np.abs(real - fake).sum()                  # no "-0.00"
        return (f"{who} D says real with {real @ at:.2f} on real, {fake @ at:.2f} on generated samples. D's score "
                f"{score:.2f}, G's {-score:.2f}; the best D {best:.2f}, can't tell {-np.log(4):.2f}. "
                f"In the wrong place: {wrong:.0%}.")

    return show
