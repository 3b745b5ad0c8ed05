"""Live pictures of training as motion: the pull on single samples, and two players on their way."""

from __future__ import annotations

import numpy as np

from gan_helpers import theory
from gan_helpers.plotting._base import BLACK, FAKE, GREEN, ORANGE, PURPLE, REAL, SKY

LOOKS = {"non-saturating": {"color": GREEN, "marker": "s", "linestyle": "-"},
         "saturating": {"color": PURPLE, "marker": "^", "linestyle": "--"}}
FAR = 30.0      # a path is drawn until it is so far from the equilibrium
# A live figure redraws what moves, and all that lies in front of it. The axis lies at 1.5, lines at 2.
STILL, MOVING = 1.6, 1.7


def _still(*axes):
    """Frames, titles, texts and marks are drawn once, behind what moves; ticks stay where they are."""
    for ax in axes:
        ax.minorticks_off()
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            axis.set_ticks([at for at in axis.get_majorticklocs() if low <= at <= high])
        for artist in (*ax.spines.values(), ax.title, ax._left_title, *ax.texts):
            artist.set_zorder(STILL)


def _key(ax, handles, columns=None, **place):
    """A legend that lies behind what moves; above the axes unless `place` says where."""
    place = place or {"loc": "lower left", "bbox_to_anchor": (-0.02, 0.99)}
    ax.legend(handles=handles, ncols=columns or len(handles), frameon=False, fontsize=9, columnspacing=1,
              handletextpad=0.4, borderaxespad=0.2, **place).set_zorder(STILL)


def mean_pulls(distances, sureness: float) -> dict:
    """For each loss the derivative of G's mean loss with respect to m, at each of `distances` m: `{loss: (k,)}`.

    p_data = N(0, 1), p_g = N(m, 1), D's logit = `sureness` times that of D*. By trapezoids over the noise
    z = x - m; equals `theory.generator_gradient`, for all distances at once.
    """
    m = np.asarray(distances, np.float64)[:, None]
    z = np.linspace(-8, 8, 161)
    weight = theory.Gaussian().pdf(z) * (z[1] - z[0])           # the ends weigh 1e-14: no need to halve them
    logit = -sureness * m * (m / 2 + z)
    return {loss: -sureness * m[:, 0] * (theory.generator_slope(loss, logit) @ weight) for loss in LOOKS}


def sample_pull(fig):
    """What generated samples feel of D under both of G's losses, for a live figure.

    Real data come from N(0, 1), generated samples from N(m, 1). Left: both densities and D; below, for each
    loss, some samples with minus the gradient that each of them feels as an arrow, half as long as the gradient.
    Right: the mean over all samples, dL/dm, for every m. Returns `update(m, t)`: the distance, and the share of
    D*'s logit that D has: 0 knows nothing, 1 is D*.
    """
    grid = fig.add_gridspec(3, 2, width_ratios=(1.5, 1), height_ratios=(1.5, 1, 1))
    top = fig.add_subplot(grid[0, 0])
    rows = {loss: fig.add_subplot(grid[i, 0], sharex=top) for i, loss in enumerate(LOOKS, 1)}
    right = fig.add_subplot(grid[:, 1])
    x = np.linspace(-7, 9, 401)
    p_data, p_g = theory.Gaussian(), theory.Gaussian
    often = {"markevery": 20, "markersize": 5}
    real, = top.plot(x, p_data.pdf(x), label="p_data", **REAL, **often)
    fake, = top.plot(x, p_data.pdf(x), label="p_g", linestyle="--", **FAKE, **often)
    top.axhline(0.5, color="0.6", linestyle=":", linewidth=1)
    top.text(-6.9, 0.52, "1/2: can't tell", color="0.35", fontsize=9, va="bottom")
    d, = top.plot(x, np.full(len(x), 0.5), color=BLACK, label="D(x)", gid="hold")
    top.set(xlim=(-7, 9), ylim=(0, 1.05))
    _key(top, [real, fake, d])
    z = np.linspace(-1.8, 1.8, 7)                               # the same noise all the time
    height = np.arange(len(z), 0, -1.0)
    arrows, crosses = {}, []
    for loss, ax in rows.items():
        crosses += ax.plot(z, height, linestyle="none", markersize=6, zorder=3, **FAKE)
        arrows[loss] = ax.quiver(z, height, np.ones(len(z)), np.zeros(len(z)), color=LOOKS[loss]["color"],
                                 angles="xy", scale_units="xy", scale=2, width=0.008, minlength=0, zorder=MOVING)
        ax.set(ylim=(0.2, len(z) + 0.8), yticks=[])
        ax.set_title(f"{loss}: where each sample is pulled", fontsize=10, loc="left")
    top.tick_params(labelbottom=False)
    rows["non-saturating"].tick_params(labelbottom=False)
    rows["saturating"].set_xlabel("x")
    distances = np.linspace(0.05, 6, 101)
    curves, dots = {}, {}
    for loss, look in LOOKS.items():
        curves[loss], = right.plot(distances, np.ones(len(distances)), label=loss, markevery=20, markersize=5,
                                   gid="hold", **look)
        dots[loss], = right.plot([1], [1], linestyle="none", marker=look["marker"], color=look["color"],
                                 markersize=11, markeredgecolor=BLACK)
    here = right.axvline(1, color="0.6", linestyle=":", linewidth=1)
    right.set(xlim=(0, 6.2), yscale="log", ylim=(1e-3, 20), xlabel="distance m between the two means")
    right.set_title("mean pull on G, |dL/dm|", fontsize=10, loc="left")
    _key(right, list(curves.values()), 1, loc="lower left")
    _still(top, right, *rows.values())

    def update(m, t):
        logit = lambda at: t * m * (m / 2 - at)  # noqa: E731 - t times log p_data - log p_g
        fake.set_ydata(p_g(m, 1).pdf(x))
        d.set_ydata(theory.sigmoid(logit(x)))
        at = m + z
        for line in crosses:
            line.set_xdata(at)
        pulls = mean_pulls(np.append(distances, m), t)
        for loss, pull in pulls.items():
            # By the chain rule: the slope of the loss over the logit, times the slope of the logit over x, -t m.
            arrows[loss].set_offsets(np.stack([at, height], 1))
            arrows[loss].set_UVC(theory.generator_slope(loss, logit(at)) * t * m, np.zeros(len(z)))
            curves[loss].set_ydata(np.maximum(pull[:-1], 1e-9))        # 0 has no place on a log axis
            dots[loss].set_data([m], [max(pull[-1], 1e-9)])
        here.set_xdata([m, m])
        strong, weak = pulls["non-saturating"][-1], pulls["saturating"][-1]
        ratio = (f"The first is {strong / weak:.3g} times the second." if weak > 1e-12 else
                 "D knows nothing and teaches nothing." if m else "The densities are the same: nothing pulls.")
        return (f"Distance {m:g}, D has {t:g} of the best logit and says {theory.sigmoid(logit(m)):.2g} at x = m. "
                f"Mean pull: non-saturating {strong:.4f}, saturating {weak:.4f}. {ratio}")

    return update


def _portrait(ax, reach):
    """What all portraits share: the equilibrium, and the artists of a path. Returns those by name."""
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="θ, the generator's number",
           ylabel="ψ, the discriminator's number")
    artists = {}
    artists["path"], = ax.plot([0], [0], color=BLACK, marker=".", markersize=5, linewidth=1, gid="hold")
    artists["start"], = ax.plot([0], [0], linestyle="none", marker="s", markersize=8, color=GREEN, label="start")
    ax.plot([0], [0], linestyle="none", marker="+", markersize=14, markeredgewidth=2, color=BLACK, label="(0, 0)")
    artists["now"], = ax.plot([0], [0], linestyle="none", marker="D", markersize=8, color=ORANGE, markeredgecolor=BLACK,
                               label="now")
    return artists


def _arrows(ax, field, reach, n=13):
    """The field as arrows, the longest as long as the gaps between them; and a function that draws another field.

    All arrows are one line with gaps, a tenth of the work of a quiver. For axes of equal scales.
    """
    at = np.linspace(-reach, reach, n + 2)[1:-1]
    theta, psi = (part.ravel() for part in np.meshgrid(at, at))
    # Tail, tip, one barb, tip, the other barb, gap: how far along the arrow, and how far to its left.
    along, left = np.array([-0.5, 0.5, 0.22, 0.5, 0.22, np.nan]), np.array([0, 0, 0.14, 0, -0.14, 0])

    def parts(field):
        u, v = (np.broadcast_to(part, theta.shape) for part in field(theta, psi))
        size = np.hypot(u, v)
        shrink = (at[1] - at[0]) / (np.sqrt(size.max()) or 1)       # square roots: weak pulls stay visible
        scale = shrink / np.sqrt(np.where(size > 0, size, 1))
        u, v = (u * scale)[:, None], (v * scale)[:, None]
        return (theta[:, None] + along * u - left * v).ravel(), (psi[:, None] + along * v + left * u).ravel()

    line, = ax.plot(*parts(field), color="0.68", linewidth=1.2, zorder=MOVING, gid="field")
    return line, lambda field: line.set_data(*parts(field))


def _until_far(path):
    """A path up to the first point that is FAR away (that one included) or no number."""
    with np.errstate(over="ignore", invalid="ignore"):
        radii = np.hypot(*path.T)
    gone = ~(radii <= FAR)
    if not gone.any():
        return path, radii
    end = int(np.argmax(gone)) + int(np.isfinite(radii[np.argmax(gone)]))
    return path[:end], radii[:end]


def verdict(factor: float) -> str:
    """What a growth factor per step means for the path, in words."""
    if abs(factor - 1) < 1e-5:
        return "circles"
    return "spirals in" if factor < 1 else "spirals out"


def phase_portrait(fig, games: dict, steps: int = 100, reach: float = 3.0, mean: bool = False):
    """The players' path through the plane of (θ, ψ), and its distance from (0, 0), for a live figure.

    `games`: name -> `theory.Game`; `mean` draws the mean of the path so far as well. Returns
    `update(step, eta, game, rule, momentum, theta, psi)`, of which all but `step` may be left out: which step of
    `steps` is the last one drawn, the step size, the names of the game and of the update rule, the start.
    """
    left, right = fig.subplots(1, 2, width_ratios=(1.15, 1))
    first = next(iter(games))
    arrows = {name: _arrows(left, game.field, reach)[0] for name, game in games.items()}
    artists = _portrait(left, reach)
    middle, = left.plot([], [], linestyle="none", marker="*", markersize=15, color=SKY, markeredgecolor=BLACK,
                        label="mean of the path")
    middle.set_visible(mean)
    handles = [artists["start"], artists["now"], *([middle] if mean else [])]
    _key(left, handles)
    k = np.arange(steps + 1)
    distance, = right.plot(k, np.ones(steps + 1), color=BLACK, label="distance", gid="hold")
    far, = right.plot([], [], color=SKY, linestyle="-.", linewidth=2, label="of the mean")
    far.set_visible(mean)
    law, = right.plot(k, np.ones(steps + 1), color=PURPLE, linestyle=":", linewidth=2, label="start × factor$^k$")
    dot, = right.plot([0], [1], linestyle="none", marker="D", markersize=8, color=ORANGE, markeredgecolor=BLACK)
    right.set(xlim=(-2, steps + 2), yscale="log", ylim=(1e-2, FAR), xlabel="step k", ylabel="distance from (0, 0)")
    _key(right, [distance, law, *([far] if mean else [])])
    _still(left, right)
    known = {}

    def path_of(game, eta, rule, momentum, start):
        """The path, its radii and its growth, kept while only the step moves."""
        key = (game, eta, rule, momentum, start)
        if key not in known:
            known.clear()
            path = theory.play(games[game], start, steps, eta, rule, momentum)
            known[key] = (*_until_far(path), theory.growth(games[game], eta, rule, momentum))
        return known[key]

    def update(step, eta=0.3, game=first, rule="simultaneous", momentum=0.0, theta=1.0, psi=0.0):
        ignored = momentum != 0 and rule not in ("simultaneous", "alternating")
        path, radii, factor = path_of(game, eta, rule, 0.0 if ignored else momentum, (theta, psi))
        for name, drawn in arrows.items():
            if drawn.get_visible() != (name == game):           # only when the game changes
                drawn.set_visible(name == game)
        last = min(step, len(path) - 1)
        artists["path"].set_data(*path[:last + 1].T)
        artists["start"].set_data([theta], [psi])
        artists["now"].set_data(*path[last:last + 1].T)
        distance.set_data(k[:last + 1], np.maximum(radii[:last + 1], 1e-9))
        dot.set_data([last], [max(radii[last], 1e-9)])
        with np.errstate(over="ignore"):
            law.set_ydata(np.clip(radii[0] * factor ** k.astype(float), 1e-9, 1e9))
        if mean:
            means = np.cumsum(path[:last + 1], 0) / (k[:last + 1, None] + 1)
            middle.set_data(*means[-1:].T)
            far.set_data(k[:last + 1], np.maximum(np.hypot(*means.T), 1e-9))
        if radii[0] == 0:
            return "At (0, 0) nothing pulls: players who start there stay there."
        said = (f"Step {last}: distance {radii[last]:.3g}, at the start {radii[0]:.3g}. Near (0, 0), in the long run, "
                f"each step multiplies it by {factor:.4f}: {verdict(factor)}.")
        if mean:
            said += f" The mean of the path is {np.hypot(*means[-1]):.3g} away."
        if last < step:
            said += " Farther out the path isn't drawn."
        return said + (f" (Momentum doesn't go with {rule}; it counts as 0.)" if ignored else "")

    return update


def stationary_point(fig, steps: int = 150, reach: float = 3.0, start=(1.5, 1.0)):
    """The game V = a θ²/2 + b θ ψ - c ψ²/2: is (0, 0) a Nash equilibrium, and do steps lead there? For a live figure.

    Left, field and path; right, what each player sees who moves alone from (0, 0). Returns `update(a, b, c, eta)`.
    """
    grid = fig.add_gridspec(2, 2, width_ratios=(1.25, 1))
    left, above, below = fig.add_subplot(grid[:, 0]), fig.add_subplot(grid[0, 1]), fig.add_subplot(grid[1, 1])
    _, redraw = _arrows(left, theory.quadratic().field, reach, n=11)
    artists = _portrait(left, reach)
    artists["start"].set_data([start[0]], [start[1]])
    _key(left, [artists["start"], artists["now"]])
    alone = np.linspace(-2, 2, 41)
    curves = []
    for ax, look, title, axis in ((above, FAKE, "G alone: its loss V(θ, 0)", "θ"),
                                  (below, REAL, "D alone: its loss -V(0, ψ)", "ψ")):
        ax.axhline(0, color="0.6", linestyle=":", linewidth=1)
        curves += ax.plot(alone, alone, markevery=5, markersize=5, linewidth=2, gid="hold",
                          linestyle="--" if look is FAKE else "-", **look)
        ax.plot([0], [0], linestyle="none", marker="+", markersize=14, markeredgewidth=2, color=BLACK)
        ax.set(xlim=(-2, 2), ylim=(-2.2, 4.2), xlabel=axis)
        ax.set_title(title, fontsize=10, loc="left")
    _still(left, above, below)
    shape = {1: "a valley", 0: "flat", -1: "a hill"}

    def update(a, b, c, eta):
        game = theory.quadratic(a, b, c)
        redraw(game.field)
        path, radii = _until_far(theory.play(game, start, steps, eta))
        artists["path"].set_data(*path.T)
        artists["now"].set_data(*path[-1:].T)
        for curve, own in zip(curves, (a, c), strict=True):
            curve.set_ydata(own * alone ** 2 / 2)
        factor = theory.growth(game, eta)
        nash = a >= 0 and c >= 0
        if a < 0 or c < 0:
            leaves = "both players" if a < 0 and c < 0 else "G" if a < 0 else "D"
            first = f"no Nash equilibrium, {leaves} would leave"
        else:
            first = "a Nash equilibrium, nobody gains by leaving"
        arrives = factor < 1 - 1e-5
        joint = "and" if nash == arrives else "but"
        second = "steps lead to it" if arrives else "steps don't lead to it"
        return (f"At (0, 0) G sees {shape[int(np.sign(a))]}, D {shape[int(np.sign(c))]}: {first}; {joint} {second} "
                f"(factor {factor:.4f} per step).")

    return update
