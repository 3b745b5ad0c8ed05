"""Chapter 10: six diagnoses, TensorBoard's smoothing, the first step that isn't finite, how many kinds G makes."""

import numpy as np

from gan_helpers.checks import Exercise, Mismatch, Option, Question, expect, expect_close, expect_equal, to_numpy

LABELS = ("healthy", "mode collapse", "D wins", "G wins", "oscillation", "NaN")
MOST = 4        # wrong diagnoses that one answer of the check speaks of


def against(letter, claim):
    """What can be seen in the run `letter` that speaks against `claim`, one of `LABELS`; it isn't the right one."""
    from gan_helpers import training

    run = training.recorded_run(letter)
    finite = np.isfinite(run.g_loss + run.d_loss)
    broken = not finite.all()
    sound = np.flatnonzero(finite)[:-1] if broken else np.flatnonzero(finite)      # before the jump
    g, d = (np.median(curve[sound][-20:]) for curve in (run.g_loss, run.d_loss))       # a jump doesn't move it
    half = run.g_loss[sound][-50:]
    low, high, line = half.min(), half.max(), run.unsure[0]
    if claim == "NaN":
        return f"both losses are finite, from the first point to the last, at step {run.steps[-1]}."
    if claim == "D wins":
        return "if D won, its loss would stay near 0. " + (
            f"Before the jump it is about {d:.1f}; look at the last point." if broken else
            f"At the end it is about {d:.1f}.")
    if claim == "G wins":
        return (f"if G won, its loss would lie far below its dotted line at {line:.2f}, and D's far above 1.39. "
                f"{'Before the last points' if broken else 'At the end'} they are about {g:.1f} and {d:.1f}.")
    if claim == "oscillation":
        return "then the losses would go up and down to the end. " + (
            "Here something else puts an end to them: look at the last point." if broken else
            f"Over the last 500 steps, G's stays between {low:.2f} and {high:.2f}.")
    if broken:
        return f"its curves end at step {run.steps[-1]}, and the others go on. " + (
            "Look at the very last point." if claim == "healthy" else "Look at the losses there, before the samples.")
    collapsed, top = claim == "mode collapse", 100 * run.classes[-1].max()
    if high - low > 1:
        return (f"then {'neither player would gain by turns' if collapsed else 'the losses would come to a tie'}. Over "
                f"the last 500 steps, G's loss still goes from {low:.1f} to {high:.1f} and back, many times.")
    if d < 0.2 or g < 0.4:
        return (f"then {'neither player would win' if collapsed else 'the game would be a tie'}. At the end D's loss "
                f"is about {d:.1f}, G's {g:.1f}, and they stay there.")
    if collapsed:
        return f"then the samples would be all alike. Of 1,000 at the end, the most frequent digit is {top:.0f} %."
    return ("its losses could be those of a good run. Look at the samples at steps 300, 500 and 1,000: how many kinds "
            "do you count in each?")


def _check_diagnosis(diagnosis):
    from gan_helpers.training import UNNAMED

    expect(isinstance(diagnosis, dict), f"diagnosis should stay a dictionary from letters to diagnoses; it is a "
                                        f"{type(diagnosis).__name__}.")
    missing = [letter for letter in UNNAMED if letter not in diagnosis]
    expect(not missing, f"run {', '.join(missing)} is missing in the dictionary.")
    given = {letter: claim for letter, claim in diagnosis.items() if claim is not Ellipsis}
    if not given:
        raise Mismatch('not written yet. hint("10.1") helps with the first step.')
    for letter, claim in given.items():
        expect(letter in UNNAMED, f"there is no run {letter!r}; they are {', '.join(UNNAMED)}.")
        expect(claim in LABELS, f"{claim!r}, for run {letter}, isn't one of the six: {', '.join(LABELS)}.")
    wrong = [letter for letter in UNNAMED if letter in given and given[letter] != UNNAMED[letter]]
    said = [f"{letter}, \"{given[letter]}\": {against(letter, given[letter])}" for letter in wrong[:MOST]]
    if len(wrong) > MOST:
        said.append(f"Of the others, {len(wrong) - MOST} can't be right either; these first.")
    todo = [letter for letter in UNNAMED if letter not in given]
    if todo:
        said.append(f"{'' if wrong else 'right so far. '}Still without a diagnosis: {', '.join(todo)}.")
    expect(not said, "\n    ".join(["", *said]) if len(said) > 1 else "".join(said))


def _check_smooth(smooth):
    rng = np.random.default_rng(0)
    for k, weight in ((12, 0.9), (7, 0.6), (5, 0.0)):
        values = rng.normal(2.0, 1.0, k)
        powers = np.tril(weight ** np.maximum(np.subtract.outer(np.arange(k), np.arange(k)), 0.0))
        uncorrected = (1 - weight) * powers @ values
        seeded, swapped = np.empty(k), (1 - (1 - weight)) * np.tril(
            (1 - weight) ** np.maximum(np.subtract.outer(np.arange(k), np.arange(k)), 0.0))
        last = values[0]
        for i, value in enumerate(values):
            last = seeded[i] = weight * last + (1 - weight) * value
        with np.errstate(all="ignore"):
            got = smooth(values.copy(), weight)
            expect_close(got, powers @ values / powers.sum(1), f"{k} points smoothed with weight {weight}", known={
                "nothing is smoothed: this is the curve itself.": values,
                "the start isn't corrected: the average begins at 0, so the first points come out too small. Divide by "
                "what the weights so far add up to.": uncorrected,
                "this takes the first value as if it had been there for ever, so that one noisy point weighs on the "
                "whole beginning. Begin with 0, and correct for it.": seeded,
                "weight and 1 - weight have changed places: a larger weight should make the curve smoother.":
                    swapped @ values / (1 - (1 - weight) ** np.arange(1, k + 1)),
                "this is the mean of all points so far, whatever the weight: the average never forgets.":
                    np.cumsum(values) / np.arange(1, k + 1),
                "the correction divides by the same number everywhere; it must grow from 1 - weight towards 1.":
                    uncorrected / (1 - weight),
                "the correction is one point late, and divides by 0 at the first: t counts from 1.":
                    uncorrected / (1 - weight ** np.arange(k)),
            })


def _check_first_bad(first_bad):
    nan, inf = np.nan, np.inf
    fine = [0.7, 1.4, 0.9, 2.0, 0.0]
    cases = (
        ("both losses end in NaN", [0.7, 0.9, 1.2, nan, nan], [1.4, 1.3, 1.2, nan, nan], 3,
         {None: "a NaN isn't found. Is it compared with `==`? NaN equals nothing, not even itself.",
          4: "this is the last one. Asked is the first: what came after it has no meaning.",
          0: "this is the first place that *is* finite.",
          2: "this is the last good place, one before."}),
        ("G's loss ends in NaN, and D's is finite", [0.7, 0.9, 1.2, nan, nan], fine, 3,
         {None: "a place is broken as soon as one of the two losses is; yours wants both, or D alone."}),
        ("D's loss ends in NaN, and G's is finite", fine, [1.4, nan, nan, nan, nan], 1,
         {None: "only G's loss is looked at. Either of the two may break first."}),
        ("G's loss is infinite", [0.7, 0.8, inf, 0.9, 0.9], fine, 2,
         {None: "an infinite loss is as broken as a NaN: neither is finite."}),
        ("both break, D's first", [1.0, 1.0, 1.0, nan, nan], [1.0, 1.0, nan, nan, nan], 2,
         {3: "D's breaks earlier. Asked is the first place at which either of them isn't finite."}),
        ("both break, G's first", [1.0, nan, nan, nan, nan], [1.0, 1.0, 1.0, nan, nan], 1,
         {3: "G's breaks earlier. Asked is the first place at which either of them isn't finite."}),
        ("D's loss is minus infinity, and then G's is NaN", [1.0, 1.0, 1.0, 1.0, nan], [1.0, 1.0, -inf, 1.0, 1.0], 2,
         {4: "minus infinity isn't finite either.", None: "minus infinity isn't finite either."}),
        ("the very first G's loss is NaN", [nan, nan, nan, nan, nan], fine, 0,
         {None: "the first place is 0, which counts as false in an `if`. Ask `is None`, or how many there are."}),
        ("both losses are finite, though large and below 0", [5e6, -3.0, 0.0, 1e12, 7.0], fine, None,
         {0: "argmax of nothing but False is 0. When all are finite, the answer is None.",
          -1: "when all are finite, the answer is None.", 5: "when all are finite, the answer is None."}),
    )
    for what, g_loss, d_loss, want, mistakes in cases:
        got = first_bad(np.array(g_loss), np.array(d_loss))
        if got is not None:
            expect(np.size(to_numpy(got, "your answer")) == 1,
                   f"where {what}: one whole number is asked, or None; yours has the shape {np.shape(got)}.")
            got = np.reshape(to_numpy(got, "your answer"), ()).item()
        expect(not isinstance(got, bool), f"where {what}: this says yes or no. Asked is the place, counted from 0.")
        if got != want or isinstance(got, bool):
            expect(got not in mistakes, f"where {what}: {mistakes.get(got)}")
            expect_equal(got, want, f"where {what}: your answer") if want is not None else expect(
                False, f"where {what}: your answer is {got}, expected None.")


def _check_kinds(kinds):
    rng = np.random.default_rng(0)
    cases = (("four classes of quite different shares", np.array([0.4, 0.3, 0.2, 0.1])),
             ("ten classes, drawn at random", rng.dirichlet(np.ones(10))),
             ("five classes of ten, equally often, and five never", np.repeat([0.2, 0.0], 5)),
             ("one class alone", np.eye(10)[3]))
    for what, p in cases:
        q = p[p > 0]
        entropy = -np.sum(q * np.log(q))
        with np.errstate(all="ignore"):
            got = to_numpy(kinds(p.copy()), f"{what}: your number")
        expect(got.size == 1, f"{what}: one number is asked; yours has the shape {got.shape}.")
        got = got.reshape(())
        expect(np.isfinite(got), f"{what}: your number is {got}. A class that never occurs adds nothing: p log p goes "
                                 "to 0 with p. Leave it out of the sum.")
        expect_close(got, np.exp(entropy), f"{what}: your number", rtol=1e-4, known={     # 1e-7 may stand for 0
            "this is the entropy, in nats. How many equally frequent classes have that entropy? Undo the logarithm.":
                entropy,
            "this counts every class that occurs at all: one stray 7 in a thousand samples would count as much as all "
            "the others.": float(len(q)),
            "the logarithm has base 2, the exponential base e: take the same for both.": np.exp(entropy / np.log(2)),
            "the sign is lost: each p log p is below 0, and the entropy is minus their sum.": np.exp(-entropy),
            "this only asks for the most frequent class.": 1 / p.max(),
            "this is another measure, one over the sum of the squares. Here the entropy is asked.": 1 / np.sum(p**2),
        })


EXERCISES = (
    Exercise(
        id="10.1", title="Six diagnoses", answer="diagnosis", check=_check_diagnosis, seconds=90,
        stub='''# One of: "healthy", "mode collapse", "D wins", "G wins", "oscillation", "NaN"
diagnosis = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ..., "F": ...}
''',
        hints=(
            "Begin with the easy ones: does a curve end before the others? Is one of the losses near 0 at the end?",
            "Of those that are left, which one's losses never come to rest?",
            "The last two have quiet losses near their dotted lines. The losses don't tell them apart; the samples do.",
        ),
        solution='''# In this order: D's loss is far above its line; swings; quiet, with many kinds of digits;
# curves that end; quiet, with samples all alike; D's loss at 0, G's gradient gone.
diagnosis = {"A": "G wins", "B": "oscillation", "C": "healthy", "D": "NaN", "E": "mode collapse", "F": "D wins"}
''',
        wrong={
            "all well": "diagnosis = dict.fromkeys('ABCDEF', 'healthy')",
            "all collapsed": "diagnosis = dict.fromkeys('ABCDEF', 'mode collapse')",
            "the winners exchanged": "diagnosis = {'A': 'D wins', 'B': 'oscillation', 'C': 'healthy', 'D': 'NaN', "
                                     "'E': 'mode collapse', 'F': 'G wins'}",
            "quiet means healthy": "diagnosis = {'A': 'G wins', 'B': 'oscillation', 'C': 'healthy', 'D': 'NaN', "
                                   "'E': 'healthy', 'F': 'D wins'}",
            "one left out": "diagnosis = {'A': 'G wins', 'B': 'oscillation', 'C': 'healthy', 'D': 'NaN', "
                            "'E': ..., 'F': 'D wins'}",
            "words of one's own": "diagnosis = dict.fromkeys('ABCDEF', 'broken')",
            "a list": "diagnosis = ['healthy'] * 6",
        },
    ),
    Exercise(
        id="10.2", title="TensorBoard's smoothing", answer="smooth", check=_check_smooth, setup="import numpy as np",
        stub='''def smooth(values, weight):
    """A curve (k,) and a weight in [0, 1) -> its smoothed curve (k,)."""
    raise NotImplementedError
''',
        hints=(
            "Begin with an average of 0. At each point it keeps the share `weight` of itself and takes the rest from "
            "the new value: the running average of chapter 09, with numbers in place of networks.",
            "Smooth a curve that is 1 everywhere: the averages begin at 1 - weight and only creep towards 1. What have "
            "the values' shares added up to after t points?",
            "After t points they add up to 1 minus the t-th power of the weight. Divide by that, t counted from 1.",
        ),
        solution='''def smooth(values, weight):
    """A curve (k,) and a weight in [0, 1) -> its smoothed curve (k,)."""
    average, smoothed = 0.0, []
    for t, value in enumerate(values, 1):
        average = weight * average + (1 - weight) * value
        smoothed.append(average / (1 - weight**t))
    return np.array(smoothed)
''',
        wrong={
            "no correction": "def smooth(values, weight):\n    a, out = 0.0, []\n    for v in values:\n"
                             "        a = weight * a + (1 - weight) * v\n        out.append(a)\n"
                             "    return np.array(out)",
            "begins with the first value": "def smooth(values, weight):\n    a, out = values[0], []\n"
                                           "    for v in values:\n        a = weight * a + (1 - weight) * v\n"
                                           "        out.append(a)\n    return np.array(out)",
            "exchanged": "def smooth(values, weight):\n    a, out = 0.0, []\n    for t, v in enumerate(values, 1):\n"
                         "        a = (1 - weight) * a + weight * v\n        out.append(a / (1 - (1 - weight)**t))\n"
                         "    return np.array(out)",
            "the mean so far": "def smooth(values, weight):\n"
                               "    return np.cumsum(values) / np.arange(1, len(values) + 1)",
            "one correction for all": "def smooth(values, weight):\n    a, out = 0.0, []\n    for v in values:\n"
                                      "        a = weight * a + (1 - weight) * v\n"
                                      "        out.append(a / (1 - weight))\n    return np.array(out)",
            "counted from 0": "def smooth(values, weight):\n    a, out = 0.0, []\n    for t, v in enumerate(values):\n"
                              "        a = weight * a + (1 - weight) * v\n        out.append(a / (1 - weight**t))\n"
                              "    return np.array(out)",
            "nothing": "def smooth(values, weight):\n    return values",
            "the last only": "def smooth(values, weight):\n    a = 0.0\n    for v in values:\n"
                             "        a = weight * a + (1 - weight) * v\n    return a",
        },
    ),
    Exercise(
        id="10.3", title="Where it broke", answer="first_bad", check=_check_first_bad, setup="import numpy as np",
        stub='''def first_bad(g_loss, d_loss):
    """Two curves (k,) -> the first place at which either isn't finite; None if there is none."""
    raise NotImplementedError
''',
        hints=(
            "`np.isfinite` says of each number whether it is neither NaN nor infinite. When is a *place* fine, with "
            "two curves?",
            "Collect the places that aren't fine: np.flatnonzero gives the places at which an array is true.",
            "The first of them, if there is any; and mind that place 0 is a place.",
        ),
        solution='''def first_bad(g_loss, d_loss):
    """Two curves (k,) -> the first place at which either isn't finite; None if there is none."""
    bad = np.flatnonzero(~(np.isfinite(g_loss) & np.isfinite(d_loss)))
    return bad[0] if len(bad) else None
''',
        wrong={
            "equal to NaN": "def first_bad(g, d):\n    bad = np.flatnonzero((g == np.nan) | (d == np.nan))\n"
                            "    return bad[0] if len(bad) else None",
            "G alone": "def first_bad(g, d):\n    bad = np.flatnonzero(~np.isfinite(g))\n"
                       "    return bad[0] if len(bad) else None",
            "NaN alone": "def first_bad(g, d):\n    bad = np.flatnonzero(np.isnan(g) | np.isnan(d))\n"
                         "    return bad[0] if len(bad) else None",
            "argmax": "def first_bad(g, d):\n    return np.argmax(~(np.isfinite(g) & np.isfinite(d)))",
            "the last": "def first_bad(g, d):\n    bad = np.flatnonzero(~(np.isfinite(g) & np.isfinite(d)))\n"
                        "    return bad[-1] if len(bad) else None",
            "both at once": "def first_bad(g, d):\n    bad = np.flatnonzero(~np.isfinite(g) & ~np.isfinite(d))\n"
                            "    return bad[0] if len(bad) else None",
            "G first": "def first_bad(g, d):\n    for loss in (g, d):\n"
                       "        bad = np.flatnonzero(~np.isfinite(loss))\n"
                       "        if len(bad):\n            return bad[0]",
            "D first": "def first_bad(g, d):\n    for loss in (d, g):\n"
                       "        bad = np.flatnonzero(~np.isfinite(loss))\n"
                       "        if len(bad):\n            return bad[0]",
            "0 is false": "def first_bad(g, d):\n    bad = [i for i in range(len(g)) if not np.isfinite(g[i] + d[i])]\n"
                          "    return bad[0] if bad and bad[0] else None",
            "yes or no": "def first_bad(g, d):\n    return bool((~np.isfinite(g + d)).any())",
        },
    ),
    Exercise(
        id="10.4", title="How many kinds?", answer="kinds", check=_check_kinds, setup="import numpy as np",
        stub='''def kinds(shares):
    """Shares of the classes, (c,), that add up to 1 -> how many kinds these samples are worth."""
    raise NotImplementedError
''',
        hints=(
            "A class that never occurs must not count, and one that hardly ever occurs must hardly count. The entropy, "
            "minus the sum of p log p, does both.",
            "Ten classes, each with the share 1/10: what is the entropy? Which function turns it into 10?",
            "Leave the shares of 0 out before you take the logarithm: log 0 is minus infinity.",
        ),
        solution='''def kinds(shares):
    """Shares of the classes, (c,), that add up to 1 -> how many kinds these samples are worth."""
    p = shares[shares > 0]
    return np.exp(-np.sum(p * np.log(p)))
''',
        wrong={
            "the entropy": "def kinds(p):\n    p = p[p > 0]\n    return np.sum(p * -np.log(p))",
            "those that occur": "def kinds(p):\n    return np.count_nonzero(p)",
            "0 log 0": "def kinds(p):\n    return np.exp(np.sum(p * -np.log(p)))",
            "base 2": "def kinds(p):\n    p = p[p > 0]\n    return np.exp(np.sum(p * -np.log2(p)))",
            "the sign": "def kinds(p):\n    p = p[p > 0]\n    return np.exp(np.sum(p * np.log(p)))",
            "the most frequent": "def kinds(p):\n    return 1 / p.max()",
            "squares": "def kinds(p):\n    return 1 / np.sum(p**2)",
            "each class": "def kinds(p):\n    return np.exp(p * -np.log(np.where(p > 0, p, 1)))",
        },
    ),
)

QUIZ = (
    Question("For 500 steps both losses have been flat, near log 2 and 2 log 2. What can you say?", (
        Option("The game is over: G is perfect",
               "A perfect G looks like that. So does a D that has learned nothing, and so does our collapsed run."),
        Option("D can't tell real from fake; why not, the losses don't say",
               "Yes. Look at samples, and measure them.", right=True),
        Option("The training is stuck, and should be stopped",
               "Maybe, maybe not: the healthy run's losses are flat too, and its samples get better."),
    )),
    Question("D's loss is 0.001 and stays there. Where do you look first?", (
        Option("At G's loss: as long as it moves, all is well",
               "It may move, or sit still at its far end. What G learns from is its gradient."),
        Option("At the length of G's gradient, and at which loss G has",
               "Yes. With the saturating loss nothing gets through a D that is sure; with another one it may.",
               right=True),
        Option("Nowhere: a loss near 0 is what we want", "Of a classifier. In a game it means that one side has won."),
    )),
    Question("G's loss falls from 0.8 to 0.1 in 200 steps. What has probably happened?", (
        Option("G has had a breakthrough: its samples are nearly perfect",
               "Against the best D perfect samples have the loss log 2 = 0.69. Far below that, D is being fooled."),
        Option("D has stopped learning, and G has found its blind spot",
               "Yes, like the run whose D stood still: G's loss falls, and its samples go to pieces.", right=True),
        Option("The learning rate of G is too small", "Then little would happen at all."),
    )),
    Question("You set TensorBoard's smoothing to 0.99 and the oscillation disappears. What have you learned?", (
        Option("That the oscillation was noise", "No: a swing from one end to the other and back isn't noise. You have "
               "averaged it away."),
        Option("That its period is short compared with what the average looks back over",
               "Yes, and nothing else. Look at the curve with little smoothing first.", right=True),
        Option("That the training is healthy after all", "The training is the same; only its picture has changed."),
    )),
    Question("Minus the critic's loss of a WGAN falls steadily while the critic is kept smooth. Is that worth "
             "anything?", (
        Option("No: losses never say how good samples are",
               "That holds for the losses of this chapter. A critic that is kept smooth estimates a distance, up to "
               "its scale."),
        Option("Yes: it estimates a distance between real and generated images, so less is better",
               "Yes, as long as the critic is trained well and its smoothness is kept. A later chapter shows it.",
               right=True),
        Option("Only if G's loss falls as well", "G's loss in a WGAN has no fixed zero; it may go anywhere."),
    )),
)
