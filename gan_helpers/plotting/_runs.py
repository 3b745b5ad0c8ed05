"""A recorded run, as far as one has come in it: losses, gradients, samples."""

from __future__ import annotations

import numpy as np

from gan_helpers.plotting._base import BLACK, BLUE, VERMILION, tile

HIGHEST = 8.0  # nats; a larger loss leaves the picture, so that the lines of "can't tell" stay apart


def run_view(fig, steps: int):
    """Losses above, lengths of gradients below, samples on the right, for a live figure over `steps` steps of training.

    Returns `show(run, step)`, which draws what is known of a run at that step and says it in a sentence. `run` is a
    `training.RecordedRun`, or has the same fields. Dotted lines: the losses when D can't tell. A black cross marks a
    loss that isn't finite.
    """
    grid = fig.add_gridspec(2, 2, width_ratios=(1.25, 1))
    losses, gradients = (fig.add_subplot(grid[row, 0]) for row in (0, 1))
    samples = fig.add_subplot(grid[:, 1])
    samples.set_axis_off()
    lines, shown = {}, []
    for ax, kind in ((losses, "loss"), (gradients, "gradient")):
        for player, color, marker, label in (("d", BLUE, "o", "discriminator"), ("g", VERMILION, "x", "generator")):
            lines[f"{player}_{kind}"], = ax.plot([], [], color=color, marker=marker, markersize=5, linewidth=1.2,
                                                 label=label)
    unsure = [losses.axhline(0, color=color, linestyle=":", linewidth=1.6) for color in (VERMILION, BLUE)]
    names = [losses.text(1.01, 0, "", transform=losses.get_yaxis_transform(), color=line.get_color(), fontsize=8,
                         va="center") for line in unsure]
    crosses, = losses.plot([], [], color=BLACK, marker="X", markersize=12, linestyle="none")
    for ax in (losses, gradients):
        ax.set(xlim=(0, 1.02 * steps))
        ax.spines[["top", "right"]].set_visible(False)
    losses.set(ylabel="loss (nats)")
    losses.tick_params(labelbottom=False)
    losses.legend(frameon=False, loc="upper right", ncols=2, fontsize=9)
    gradients.set(yscale="log", xlabel="step", ylabel="length of gradient")

    def show(run, step):
        known = np.flatnonzero(run.steps <= step)
        at = run.steps[known]
        for name, line in lines.items():
            line.set_data(at, getattr(run, name)[known])
            line.set_markevery(max(1, len(run.steps) // 14))
        low, high = _limits(run.g_loss, run.d_loss)
        low = min(low, run.unsure[0] - 0.2) if run.unsure[0] < 0 else low
        losses.set_ylim(low, high)
        for line, name, value in zip(unsure, names, run.unsure, strict=True):
            line.set_ydata([value, value])
            name.set_text(f"{value:.2f}")
            name.set_y(value)
        broken = at[~np.isfinite(run.g_loss[known] + run.d_loss[known])]
        crosses.set_data(broken, np.full(len(broken), (low + high) / 2))
        sizes = np.concatenate([run.g_gradient, run.d_gradient])
        sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
        gradients.set_ylim(max(0.5 * sizes.min(), 1e-6), min(2 * sizes.max(), 1e4))
        moment = np.flatnonzero(run.moments <= step)[-1]
        picture = tile(run.grids[moment], 4)
        if not shown:
            shown.append(samples.imshow(picture, cmap="gray", vmin=-1, vmax=1, interpolation="nearest"))
        shown[0].set_data(picture)
        samples.set_title(f"samples at step {run.moments[moment]}", fontsize=10)
        return _said(run, known)

    return show


def _said(run, known) -> str:
    if not len(known):
        return "Before training: no loss yet, and samples of an untrained G."
    last = known[-1]
    at, numbers = run.steps[last], [curve[last] for curve in (run.g_loss, run.d_loss, run.real_logits, run.fake_logits)]
    if not np.isfinite(numbers[:2]).all():
        return f"Step {at}: a loss is not a number any more, and the training has stopped."
    g, d, real, fake = (f"{number:.2f}" if abs(number) < 100 else f"{number:.0f}" for number in numbers)
    return f"Step {at}: G's loss {g}, D's loss {d}; D's mean logit {real} on real and {fake} on generated images."


def _limits(*losses):
    """From 0 or below to 2.5 or above, `HIGHEST` at most; a short jump may leave the picture."""
    values = np.concatenate(losses)
    low, high = np.percentile(values[np.isfinite(values)], (2, 98))
    return max(min(0.0, low - 0.2), -HIGHEST), min(max(2.5, 1.25 * high), HIGHEST)
