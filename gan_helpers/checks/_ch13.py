"""Chapter 13: how far the fakes move, modes at once and ever, the R1 penalty, how much D knows by heart."""

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, to_numpy


def _number(got, what):
    """The answer as one float."""
    got = to_numpy(got, what)
    expect(got.size == 1, f"{what} should be one number; yours has the shape {got.shape}.")
    return float(got.reshape(()))


def _pair(got, what):
    """The answer as two floats."""
    if isinstance(got, (tuple, list)):
        got = [_number(one, f"each part of {what}") for one in got]
    got = to_numpy(got, what)
    expect(got.shape == (2,), f"{what} should be two numbers; yours has the shape {got.shape}.")
    return got.astype(float)


def _check_movement(movement):
    rng = np.random.default_rng(13)
    turning = np.stack([[np.cos(t), np.sin(t)] for t in 0.7 * np.arange(6)])
    cases = {
        "three records of four points": rng.uniform(-1, 1, (3, 4, 2)),
        "five records of a heap that runs round a circle": turning[:5, None] + 0.1 * rng.standard_normal((1, 30, 2)),
        "two records in which the points change places": np.array([[[-1, 0], [1, 0]], [[1, 0], [-1, 0]]], float),
        "four records of points that stand still": np.tile(rng.uniform(-1, 1, (1, 5, 2)), (4, 1, 1)),
    }
    for name, x in cases.items():
        lengths = [np.hypot(*(after - before)) for first, second in zip(x, x[1:], strict=False)
                   for before, after in zip(first, second, strict=True)]
        means = x.mean(1)
        steps = np.diff(x, axis=0)
        expect_close(_number(movement(x.copy()), f"the movement in {name}"), np.mean(lengths),
                     f"the movement in {name}", known={
            "this is how far the middle of all points moves. Points that change places move, too: follow each one.":
                np.mean(np.hypot(*np.diff(means, axis=0).T)),
            "this is the way from the first record straight to the last. Who runs in a circle comes back: add up from "
            "record to record.": np.mean(np.hypot(*(x[-1] - x[0]).T)),
            "these are mean differences of single coordinates. A distance is Euclid's: the root of the sum of the two "
            "squares.": np.mean(np.abs(steps)),
            "these are squared distances: the root is missing.": np.mean(np.sum(steps ** 2, -1)),
            "this is the sum over all records. What is asked is the mean from one record to the next.":
                np.sum(lengths) / x.shape[1],
        })


def _check_at_once_and_ever(at_once_and_ever):
    rng = np.random.default_rng(31)
    hopping = np.zeros((8, 8), int)
    hopping[np.arange(8), [0, 1, 2, 3, 0, 1, 2, 3]] = 400
    steady = np.tile([*rng.integers(40, 70, 7), 16], (5, 1))             # 16 of 640 is a fifth of a fair share, exactly
    few = np.zeros((4, 8), int)                                         # 12 of 500 is just below it
    few[:, :3], few[2:, 5], few[2, 4], few[:, 6], few[0, 7] = 150, 15, 15, 4, 12
    five = np.array([[280, 10, 3, 0, 0], [100, 90, 90, 11, 9], [0, 0, 12, 200, 60]])
    for name, counts, n in (("a heap that hops", hopping, 500), ("three modes and strays", few, 500),
                            ("a steady ring with one weak mode", steady, 640), ("five modes", five, 300)):
        least = n / counts.shape[1] / 5
        table = [[count >= least for count in row] for row in counts]
        want = [np.mean([sum(row) for row in table]), sum(any(column) for column in zip(*table, strict=True))]
        whole = counts.sum(0)
        expect_close(_pair(at_once_and_ever(counts.copy(), n), f"your answer for {name}"), want,
                     f"the pair (at once, ever) for {name}", known={
            "the two have changed places: first the mean at one time, then how many were ever covered.": want[::-1],
            "a stray point makes no mode covered: it takes a fifth of a fair share, n / k / 5.": [
                np.mean((counts > 0).sum(1)), (whole > 0).sum()],
            "this adds up the counts of all times first. A mode is covered ever if it was covered at some one time.": [
                want[0], (whole >= least).sum()],
            "the second number asks for modes that were covered at every time. One time is enough.": [
                want[0], np.sum((counts >= least).all(0))],
            "the first number is the most at one time, not the mean.": [
                np.max((counts >= least).sum(1)), want[1]],
            "at least a fifth is asked: exactly a fifth of a fair share is enough.": [
                np.mean((counts > least).sum(1)), (counts > least).any(0).sum()],
            "a fifth of a fair share is n / k / 5, with its decimals.": [
                np.mean((counts >= int(least)).sum(1)), (counts >= int(least)).any(0).sum()],
            "k is the number of modes, which needn't be 8: it is the length of the second axis.": [
                np.mean((counts >= n / 40).sum(1)), (counts >= n / 40).any(0).sum()],
            "this takes the last time alone. Look at all of them.": [(counts[-1] >= least).sum(), want[1]],
        })


def _check_r1(r1):
    # Three points or more: with two, the sum would be what forgets the one half.
    for slopes, gamma in ((np.array([[3.0, 4.0], [0.0, 1.0], [2.0, -1.0]]), 1.0),
                          (np.array([[1.0, -2.0], [0.5, 0.5], [0.0, 3.0]]), 0.1), (np.zeros((4, 2)), 2.0)):
        squares = [a * a + b * b for a, b in slopes]
        want = gamma * sum(squares) / len(squares) / 2
        expect_close(_number(r1(slopes.copy(), gamma), "the penalty"), want,
                     f"the penalty for the slopes {slopes.tolist()} and γ = {gamma:g}", rtol=1e-9, known={
            "the one half in front is missing.": 2 * want,
            "this takes the length of each slope, not its square.": gamma / 2 * np.mean(np.hypot(*slopes.T)),
            "this is the mean over points and axes. Square and add the two coordinates of a slope, then take the mean "
            "over the points.": want / 2,
            "this is the sum over the points. With a larger batch it would grow; take the mean.": want * len(slopes),
            "this squares the mean slope. Slopes that point in opposite directions would cancel: square first.":
                gamma / 2 * np.sum(slopes.mean(0) ** 2),
            "this pulls each length towards 1, as the gradient penalty of WGAN-GP does. R1 pulls it to 0.":
                gamma / 2 * np.mean((np.hypot(*slopes.T) - 1) ** 2),
        })


def _check_known_by_heart(known_by_heart):
    cases = (([0.9, 0.8], [0.4, 0.1, 0.1], [0.1, 0.2]), ([0.7, 0.9, 0.8], [0.8, 0.8], [0.2, 0.4]),
             ([0.6, 0.8], [0.5, 0.4], [0.3, 0.5, 0.1]), ([0.7, 0.5], [0.9, 0.7], [0.2, 0.1, 0.3]),
             ([0.9, 0.7], [0.1, 0.3], [0.5, 0.2, 0.5]))
    for train, new, fake in cases:
        a, b, c = (sum(values) / len(values) for values in (train, new, fake))
        want = (a - b) / (a - c)
        what = f"the share for D's answers {train}, {new} and {fake}"
        expect_close(_number(known_by_heart(*map(np.array, (train, new, fake))), what), want, what, known={
            "a D that prefers new points makes the share negative: leave the sign as it is.": abs(want),
            "the share may lie below 0 or above 1: leave it as it is.": min(max(want, 0.0), 1.0),
            "this is 1 minus the share: 0 should mean that D treats new points like known ones.": 1 - want,
            "this is the gap alone. Divide it by the whole way from known points to fakes.": a - b,
            "the sign is the other way round: from known to new, over known to fake.": -want,
            "this divides by the way from new points to fakes. The whole way begins at the known ones.":
                (a - b) / (b - c) if b != c else np.inf,
            "this divides D's means by each other. Both differences are missing.": b / a,
        })


EXERCISES = (
    Exercise(
        id="13.1", title="How far the fakes move", answer="movement", check=_check_movement,
        setup="import numpy as np",
        stub='''def movement(x):
    """What G makes of the same n z at t records, (t, n, 2): the mean distance from one record to the next."""
    raise NotImplementedError
''',
        hints=(
            "From one record to the next each point makes one move, an arrow with two coordinates: (t - 1, n, 2) of "
            "them. np.diff along the first axis.",
            "The length of each arrow: np.linalg.norm along the last axis. Then the mean of all lengths.",
        ),
        solution='''def movement(x):
    """What G makes of the same n z at t records, (t, n, 2): the mean distance from one record to the next."""
    moves = np.diff(x, axis=0)
    return np.linalg.norm(moves, axis=-1).mean()
''',
        wrong={
            "the middle": "def movement(x):\n    return np.linalg.norm(np.diff(x.mean(1), axis=0), axis=-1).mean()",
            "first to last": "def movement(x):\n    return np.linalg.norm(x[-1] - x[0], axis=-1).mean()",
            "coordinates": "def movement(x):\n    return np.abs(np.diff(x, axis=0)).mean()",
            "squares": "def movement(x):\n    return (np.diff(x, axis=0) ** 2).sum(-1).mean()",
            "no mean": "def movement(x):\n    return np.linalg.norm(np.diff(x, axis=0), axis=-1)",
        },
    ),
    Exercise(
        id="13.2", title="At once, and ever", answer="at_once_and_ever", check=_check_at_once_and_ever,
        setup="import numpy as np",
        stub='''def at_once_and_ever(counts, n):
    """Fakes in each of k modes at t records, (t, k), of n each: mean modes covered at once, and ever covered."""
    raise NotImplementedError
''',
        hints=(
            "First a table of yes and no, (t, k): at which record is which mode covered, by a fifth of its fair share?",
            "At once: how many yes in each row, then the mean of the rows. Ever: in how many columns is there a yes "
            "(any, along the records)?",
        ),
        solution='''def at_once_and_ever(counts, n):
    """Fakes in each of k modes at t records, (t, k), of n each: mean modes covered at once, and ever covered."""
    covered = counts >= n / counts.shape[1] / 5
    return covered.sum(axis=1).mean(), covered.any(axis=0).sum()
''',
        wrong={
            "changed places": "def at_once_and_ever(counts, n):\n    c = counts >= n / 40\n"
                              "    return c.any(0).sum(), c.sum(1).mean()",
            "strays": "def at_once_and_ever(counts, n):\n    c = counts > 0\n"
                      "    return c.sum(1).mean(), c.any(0).sum()",
            "always": "def at_once_and_ever(counts, n):\n    c = counts >= n / 40\n"
                      "    return c.sum(1).mean(), c.all(0).sum()",
            "the most": "def at_once_and_ever(counts, n):\n    c = counts >= n / 40\n"
                        "    return c.sum(1).max(), c.any(0).sum()",
            "more than": "def at_once_and_ever(counts, n):\n    c = counts > n / counts.shape[1] / 5\n"
                         "    return c.sum(1).mean(), c.any(0).sum()",
            "rounded": "def at_once_and_ever(counts, n):\n    c = counts >= n // counts.shape[1] // 5\n"
                       "    return c.sum(1).mean(), c.any(0).sum()",
            "always eight": "def at_once_and_ever(counts, n):\n    c = counts >= n / 40\n"
                            "    return c.sum(1).mean(), c.any(0).sum()",
            "one number": "def at_once_and_ever(counts, n):\n    return (counts >= n / 40).sum(1).mean()",
        },
    ),
    Exercise(
        id="13.3", title="The R1 penalty", answer="r1", check=_check_r1,
        setup="import numpy as np",
        stub='''def r1(slopes, gamma):
    """D's slopes at n real points, (n, 2), and the weight gamma: what R1 adds to D's loss."""
    raise NotImplementedError
''',
        hints=(
            "For each point the squared length of its slope: the two squares, added.",
            "The mean over the points, times gamma over two.",
        ),
        solution='''def r1(slopes, gamma):
    """D's slopes at n real points, (n, 2), and the weight gamma: what R1 adds to D's loss."""
    return gamma / 2 * np.mean(np.sum(slopes ** 2, axis=1))
''',
        wrong={
            "no half": "def r1(slopes, gamma):\n    return gamma * np.mean((slopes ** 2).sum(1))",
            "lengths": "def r1(slopes, gamma):\n    return gamma / 2 * np.mean(np.linalg.norm(slopes, axis=1))",
            "mean of all": "def r1(slopes, gamma):\n    return gamma / 2 * np.mean(slopes ** 2)",
            "the sum": "def r1(slopes, gamma):\n    return gamma / 2 * np.sum(slopes ** 2)",
            "the mean slope": "def r1(slopes, gamma):\n    return gamma / 2 * np.sum(slopes.mean(0) ** 2)",
            "towards 1": "def r1(slopes, gamma):\n"
                         "    return gamma / 2 * np.mean((np.linalg.norm(slopes, axis=1) - 1) ** 2)",
        },
    ),
    Exercise(
        id="13.4", title="Known by heart", answer="known_by_heart", check=_check_known_by_heart,
        setup="import numpy as np",
        stub='''def known_by_heart(d_train, d_new, d_fake):
    """D's answers on training points, on new real points and on fakes: 0 if D treats new as known, 1 as fake."""
    raise NotImplementedError
''',
        hints=(
            "Three means first. On the line from D's mean for known points to its mean for fakes: where do new points "
            "lie?",
            "The way from known to new is a part of the way from known to fake. Divide.",
        ),
        solution='''def known_by_heart(d_train, d_new, d_fake):
    """D's answers on training points, on new real points and on fakes: 0 if D treats new as known, 1 as fake."""
    known, new, fake = np.mean(d_train), np.mean(d_new), np.mean(d_fake)
    return (known - new) / (known - fake)
''',
        wrong={
            "one minus": "def known_by_heart(d_train, d_new, d_fake):\n"
                         "    return (np.mean(d_new) - np.mean(d_fake)) / (np.mean(d_train) - np.mean(d_fake))",
            "the gap": "def known_by_heart(d_train, d_new, d_fake):\n    return np.mean(d_train) - np.mean(d_new)",
            "the sign": "def known_by_heart(d_train, d_new, d_fake):\n"
                        "    return (np.mean(d_new) - np.mean(d_train)) / (np.mean(d_train) - np.mean(d_fake))",
            "from the new ones": "def known_by_heart(d_train, d_new, d_fake):\n"
                                 "    return (np.mean(d_train) - np.mean(d_new)) / (np.mean(d_new) - np.mean(d_fake))",
            "no sign": "def known_by_heart(d_train, d_new, d_fake):\n"
                       "    return abs((np.mean(d_train) - np.mean(d_new)) / (np.mean(d_train) - np.mean(d_fake)))",
            "cut off": "def known_by_heart(d_train, d_new, d_fake):\n    share = (np.mean(d_train) - np.mean(d_new)) / "
                       "(np.mean(d_train) - np.mean(d_fake))\n    return np.clip(share, 0, 1)",
            "medians": "def known_by_heart(d_train, d_new, d_fake):\n"
                       "    a, b, c = map(np.median, (d_train, d_new, d_fake))\n"
                       "    return (a - b) / (a - c)",
            "a quotient": "def known_by_heart(d_train, d_new, d_fake):\n    return np.mean(d_new) / np.mean(d_train)",
        },
    ),
)

QUIZ = (
    Question("All fakes lie on one mode. A thousand steps later they lie on another one. What is it?", (
        Option("Convergence: G is learning the modes one after the other", "No: when it finds the next mode it has "
               "lost the one before. Count the modes at once, not ever."),
        Option("Mode collapse, with a heap that hops", "Yes: at each moment one mode, over time many. G answers a D "
               "that follows too slowly.", right=True),
        Option("Overfitting of D", "No: that shows as a D that treats new real points like fakes."),
    )),
    Question("The fakes look good at step 3,000. What tells whether the run oscillates?", (
        Option("Both losses at step 3,000", "No: one moment says nothing of movement."),
        Option("How far the fakes of the same z move from record to record, and whether that becomes less",
               "Yes: at rest the points stay where they are.", right=True),
        Option("JS against its floor at step 3,000", "No: a run that circles passes good places, too, and one of them "
               "may be step 3,000."),
    )),
    Question("D is sure of every fake. Which of the two losses still tells G where to go?", (
        Option("minimax, since it is the game of the theory", "No: its slope in D's logit is D, and D is near 0."),
        Option("modified, since its slope in D's logit is 1 - D", "Yes: near 1 exactly where D is sure of a fake.",
               right=True),
        Option("Neither of them", "No: the two slopes are D and 1 - D. When one vanishes the other doesn't."),
    )),
    Question("A cure worked with seed 0. When do you believe it?", (
        Option("When the losses are lower, too", "No: the losses measure each player against the other one only."),
        Option("When many seeds with it are better than many seeds without it", "Yes: then it is no luck.", right=True),
        Option("When the same seed fails without it", "No: that is one throw of the dice on each side."),
    )),
    Question("G learned from 12 points. Its fakes score perfectly against these 12. What do you know?", (
        Option("It has learned p_data", "No: it has learned 12 places. Only new real points can say more."),
        Option("It has learned the 12 points; how near it is to p_data is unknown",
               "Yes: measure against real points that the training hasn't seen.", right=True),
        Option("Nothing at all", "No: it did learn the points that it was shown."),
    )),
)
