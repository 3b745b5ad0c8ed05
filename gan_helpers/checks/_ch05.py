"""Chapter 05: Jensen-Shannon of two histograms, modes covered, the pull on a fake, a floor, luck and effect."""

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, to_numpy


def _number(got, what):
    """The answer as one float."""
    got = to_numpy(got, what)
    expect(got.size == 1, f"{what} should be one number; yours has the shape {got.shape}.")
    return float(got.reshape(()))


def _entropy(p):
    return -np.sum(p[p > 0] * np.log(p[p > 0]))


def _kl(p, q):
    """KL(p || q) in nats; infinite where q is 0 and p isn't."""
    from scipy.special import rel_entr

    return np.sum(rel_entr(p, q))


_COUNTS = (((4, 3, 2, 1), (1, 1, 3, 5)), ((10, 0, 5), (0, 20, 10)), ((1, 1, 0), (0, 0, 7)), ((30, 10), (3, 1)))


def _check_jensen_shannon(jensen_shannon):
    from scipy.spatial.distance import jensenshannon

    for real, fake in _COUNTS:
        p, q = np.array(real, float), np.array(fake, float)
        want = jensenshannon(p, q) ** 2                 # SciPy returns the square root, and divides by the sums
        what = f"JS of the counts {list(real)} and {list(fake)}"
        got = _number(jensen_shannon(p.copy(), q.copy()), what)
        expect(np.isfinite(got), f"{what} is {got}: an empty cell adds nothing, since p log p goes to 0 with p. Leave "
                                 "out the cells where p is 0.")
        one, two = p / p.sum(), q / q.sum()
        middle = (one + two) / 2
        raw = _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2
        expect_close(got, want, what, rtol=1e-5, atol=1e-6, known={
            "these are bits. The course measures in nats: take the natural logarithm.": want / np.log(2),
            "this is the square root, the Jensen-Shannon distance. The divergence has no root.": np.sqrt(want),
            "this is twice the divergence: it is the mean of two KL divergences, not their sum.": 2 * want,
            "only half of it: both histograms are compared with the one in the middle.": _kl(one, middle) / 2,
            "this compares p and q with each other, by the mean of KL(p || q) and KL(q || p). It is infinite as soon "
            "as one of them has an empty cell that the other hasn't. Compare both with the middle, m.":
                (_kl(one, two) + _kl(two, one)) / 2,
            "the two sides of KL have changed places: KL(p || m) weighs each cell by p, this one by m.":
                (_kl(middle, one) + _kl(middle, two)) / 2,
            "the counts are used as they stand. 30 points and 3 points of the same kind should give 0: divide each "
            "histogram by its own sum first.": raw,
        })


_SPREAD = 0.05


def _fakes():
    """Cases `(what, x, centres, spread)` of points about centres on a circle, each worked out on purpose."""
    rng = np.random.default_rng(5)
    angle = np.arange(8) * np.pi / 4
    centres = np.stack([np.cos(angle), np.sin(angle)], 1)

    def near(modes, each):
        return np.concatenate([centres[mode] + 0.02 * rng.standard_normal((each, 2)) for mode in modes])

    strays = centres[[3, 4, 5]] + 0.01
    rim = np.repeat(centres[:6], 50, axis=0) + 2.5 * _SPREAD * rng.choice([-1, 1], (300, 2)) / np.sqrt(2)
    lost = 0.1 * rng.standard_normal((275, 2))
    corner = centres[6] + 2.6 * _SPREAD * np.array([1.0, 1.0])      # 3.7 spreads away, yet within 3 on each axis
    far = centres[5] + 5 * _SPREAD * rng.choice([-1, 1], (40, 2))
    every = np.r_[near((0,), 60), near((1,), 30), near((2, 3), 19), near((4, 5, 6, 7), 18)]
    cases = (
        ("200 points on all eight", every),
        ("300 points about six modes, each 2.5 spreads from its centre", rim),
        ("500 points on three modes, and one stray point on each of three others", np.r_[near((0, 1, 2), 165), strays]),
        ("120 points on three modes, 5 on a fourth, and 275 in the middle, on none", np.r_[
            near((0, 1, 2), 40), near((4,), 5), lost]),
        ("160 points on four modes, and 40 too far from a fifth", np.r_[near(range(4), 40), far]),
        ("200 points on four modes, and 40 at the corner of a square about a fifth", np.r_[
            near(range(4), 50), np.tile(corner, (40, 1))]),
        ("400 points on one mode, and 12 on another", np.r_[near((0,), 400), near((1,), 12)]),
        ("100 points in the middle, on no mode at all", 0.1 * rng.standard_normal((100, 2))),
    )
    return (
        *((what, x, centres, _SPREAD) for what, x in cases),
        ("300 points about six modes, everything three times as large", 3 * rim, 3 * centres, 3 * _SPREAD),
        ("94, 5 and 1 points on three modes that are all", np.r_[near((0,), 94), near((1,), 5), near((2,), 1)],
         centres[:3], _SPREAD),
    )


def _check_modes_covered(modes_covered):
    from scipy.spatial import cKDTree

    for what, x, centres, spread in _fakes():
        k = len(centres)
        fifth = len(x) / k / 5
        distance, mode = cKDTree(centres).query(x)

        def covered(near, share, mode=mode, k=k):
            """How many modes get their `share` when the points where `near` holds are counted."""
            return float(np.sum(np.bincount(mode[near], minlength=k) >= share))

        within = distance <= 3 * spread
        want = covered(within, fifth)
        square = np.sum((np.abs(x[:, None] - centres) <= 3 * spread).all(-1), axis=0)
        got = _number(modes_covered(x.copy(), centres.copy(), spread), f"modes covered by {what}")
        expect_close(got, want, f"the number of modes covered by {what}", known={
            "points within 3 spreads of a centre, by Euclid's distance, aren't counted. Of a round heap in two "
            "dimensions less than half lies within 1 spread.": covered(distance <= spread, fifth),
            "a fair share is of all n points. This takes the share of those that lie near a centre: a generator would "
            "cover modes by throwing its other points away.": covered(within, within.sum() / k / 5),
            "a single stray point makes no mode covered: it takes a fifth of a fair share.": covered(within, 1),
            "this measures each axis alone, a square about the centre. The distance is Euclid's: the root of the sum "
            "of squares.": float(np.sum(square >= fifth)),
            "these are squared distances, compared with 3 spreads: take the root, or square the 3 spreads, too.":
                covered(distance ** 2 <= 3 * spread, fifth),
            "this counts the points nearest to each centre, however far away. Only those within 3 spreads count.":
                covered(distance < np.inf, fifth),
            "a fair share is n divided by the number of modes; this asks for a fifth of all n.":
                covered(within, len(x) / 5),
            "this asks for a whole fair share. Even of real points, about half of the modes get a little less than "
            "theirs.": covered(within, len(x) / k),
        })


def _check_pulls(pulls):
    rng = np.random.default_rng(2)
    w, b, v = 2 * rng.standard_normal((2, 6)), rng.standard_normal(6), 2 * rng.standard_normal(6)

    def logit(x):
        return np.tanh(x @ w + b) @ v

    x, h = rng.uniform(-1, 1, (7, 2)), 1e-5
    moves = h * np.eye(2)
    slope = np.stack([(logit(x + move) - logit(x - move)) / (2 * h) for move in moves], 1)
    losses = {"modified": lambda a: np.logaddexp(0, -a), "minimax": lambda a: -np.logaddexp(0, a)}
    want = np.stack([-np.stack([(loss(logit(x + move)) - loss(logit(x - move))) / (2 * h) for move in moves], 1)
                     for loss in losses.values()])
    got = pulls(logit(x), slope.copy())
    expect(got is not None, "your answer is None: is a `return` missing?")
    expect((isinstance(got, (tuple, list)) or np.ndim(got) == 3) and len(got) == 2,
           f"your answer should be a pair, modified and minimax; it is a {type(got).__name__}.")
    got = [to_numpy(part, "a pull") for part in got]
    for name, part in zip(losses, got, strict=True):
        expect(part.shape == (7, 2), f"the pull of {name!r} has the shape {part.shape}, expected (7, 2): an arrow for "
                                     "each of 7 fakes. The logits have the shape (7,); give them a second axis of "
                                     "size 1 before they meet the slopes.")
    d = (1 / (1 + np.exp(-logit(x))))[:, None]
    expect_close(np.stack(got), want, "the pair of pulls", rtol=1e-4, atol=1e-7, known={
        "the two have changed places: first modified, then minimax. (Or has the sigmoid the wrong sign?)": want[::-1],
        "these are the gradients. A fake is pulled the other way, downhill.": -want,
        "these arrows forget how sure D is: each loss weighs the slope of the logit by a factor of its own.":
            np.stack([slope, slope]),
        "this differentiates with respect to D's probability, and leaves out that D is the sigmoid of a logit.":
            np.stack([slope / d, slope / (1 - d)]),
        "this takes the logit for D's probability. D is the sigmoid of the logit.":
            (lambda a: np.stack([(1 - a) * slope, a * slope]))(logit(x)[:, None]),
        "the first of the two points downhill on D's logit. Both pull towards what D calls real; only their lengths "
        "differ.": want * np.reshape([-1, 1], (2, 1, 1)),
        "the second of the two points downhill on D's logit. Both pull towards what D calls real; only their lengths "
        "differ.": want * np.reshape([1, -1], (2, 1, 1)),
        "these are means over the 7 fakes. What is asked is what each fake feels of its own loss.": want / 7,
    })


def _check_floor(floor):
    for rounds, n in ((4, 20), (5, 8)):     # so that the last value is neither the smallest, the median nor the largest
        drawn, compared = set(), []
        values = iter(np.array([0.5, 0.1, 0.8, 0.3, 0.2, 0.7, 0.4, 0.6] * 8) / rounds)

        def draw(n, seed, drawn=drawn):
            x = np.random.default_rng([5, int(seed)]).standard_normal((int(n), 2))
            drawn.update(point.tobytes() for point in x)
            return x

        def metric(one, two, n=n, drawn=drawn, compared=compared, values=values):
            one, two = ({point.tobytes() for point in np.asarray(x)} for x in (one, two))
            expect(one | two <= drawn, "the metric compares something that draw didn't give. The floor needs real "
                                       "points alone, on both sides.")
            expect(not one & two, "a sample is compared with itself: the same seed gives the same points, and of "
                                  "course they agree. Real against *other* real points.")
            expect(len(one) == len(two) == n, f"n was {n}, but {len(one)} points were compared with {len(two)}. A "
                                              "floor belongs to the number of points that the metric is used with.")
            value = next(values)
            compared.append((one, two, value))
            return value

        got = _number(floor(metric, draw, n, rounds), "your floor")
        expect(compared, "the metric was never asked.")
        expect(len(compared) == 1 or any(pair[:2] != compared[0][:2] for pair in compared[1:]),
               "the same two samples are compared again and again: each round needs seeds of its own.")
        expect(len(set.union(*(one | two for one, two, _ in compared))) == 2 * n * len(compared),
               "a sample of one round comes back in another one, and its luck with it. Each round needs two seeds that "
               "no other round uses.")
        expect(len(compared) == rounds, f"rounds was {rounds}, but the metric was asked {len(compared)} times.")
        values = [value for *_, value in compared]
        expect_close(got, np.mean(values), "the floor", known={
            "this is the smallest of the values. What is asked is their mean: a perfect generator's typical score.":
                np.min(values),
            "this is the largest of the values. What is asked is their mean: a perfect generator's typical score.":
                np.max(values),
            "this is the median of the values, not their mean.": np.median(values),
            "this is the sum of the values, not their mean.": np.sum(values),
            "this is the last of the values, not their mean.": values[-1],
        })


_RUNS = (((0.2, 0.5, 0.4, 0.9), (0.3, 0.6, 0.35, 1.0)), ((7, 8, 8, 6, 7), (8, 8, 7, 8, 8)), ((1, 2, 3), (10, 20)),
         ((5.0, 5.0), (5.0, 5.0)), ((3, 9, 1, 7), (2, 8, 0, 6)))


def _check_chance_to_win(chance_to_win):
    from scipy.stats import mannwhitneyu

    for a, b in _RUNS:
        a, b = np.array(a, float), np.array(b, float)
        want = mannwhitneyu(b, a).statistic / (len(a) * len(b))
        what = f"the chance of b = {b.tolist()} against a = {a.tolist()}"
        known = {
            "a tie counts half, not as a win.": np.mean(b[:, None] >= a),
            "a tie counts half; here it counts nothing.": np.mean(b[:, None] > a),
            "this is the chance of a, not of b.": 1 - want,
            "these are counts; divide by the number of pairs.": want * len(a) * len(b),
            "this is a yes or a no, from one number for each setting. How often does a single run win?":
                float(b.mean() > a.mean()),
        }
        if len(a) == len(b):
            known["this compares run by run, the first with the first. A seed means nothing in another setting: take "
                  "every run of b with every run of a."] = np.mean((b > a) + (b == a) / 2)
        expect_close(_number(chance_to_win(a.copy(), b.copy()), what), want, what, rtol=1e-9, atol=1e-9, known=known)


EXERCISES = (
    Exercise(
        id="05.1", title="Jensen-Shannon of two histograms", answer="jensen_shannon", check=_check_jensen_shannon,
        setup="import numpy as np",
        stub='''def jensen_shannon(real, fake):
    """Counts of real and of fake points in the same cells, (cells,) each: JS in nats."""
    raise NotImplementedError
''',
        hints=(
            "A histogram becomes a distribution when its cells add up to 1. The two samples need not be equally large.",
            "JS compares both with the distribution in the middle, m: it is the mean of KL(p || m) and KL(q || m).",
            "In a cell where p is 0, p log(p/m) is 0. NumPy says nan: select the cells where p is positive.",
        ),
        solution='''def jensen_shannon(real, fake):
    """Counts of real and of fake points in the same cells, (cells,) each: JS in nats."""
    p, q = real / np.sum(real), fake / np.sum(fake)
    middle = (p + q) / 2
    kl = [np.sum(h[h > 0] * np.log(h[h > 0] / middle[h > 0])) for h in (p, q)]
    return sum(kl) / 2
''',
        wrong={
            "bits": "def jensen_shannon(real, fake):\n    p, q = real / np.sum(real), fake / np.sum(fake)\n"
                    "    m = (p + q) / 2\n"
                    "    return sum(np.sum(h[h > 0] * np.log2(h[h > 0] / m[h > 0])) for h in (p, q)) / 2",
            "mass is lost": "def jensen_shannon(p, q):\n    m = (p + q) / 2\n"
                            "    return sum(np.sum(h[h > 0] * np.log(h[h > 0] / m[h > 0])) for h in (p, q)) / 2",
            "empty cells": "def jensen_shannon(real, fake):\n    p, q = real / np.sum(real), fake / np.sum(fake)\n"
                           "    m = (p + q) / 2\n    with np.errstate(all='ignore'):\n"
                           "        return (np.sum(p * np.log(p / m)) + np.sum(q * np.log(q / m))) / 2",
            "the sum": "def jensen_shannon(real, fake):\n    p, q = real / np.sum(real), fake / np.sum(fake)\n"
                       "    m = (p + q) / 2\n"
                       "    return sum(np.sum(h[h > 0] * np.log(h[h > 0] / m[h > 0])) for h in (p, q))",
            "p and q with each other": "from scipy.special import rel_entr\n"
                                       "def jensen_shannon(real, fake):\n"
                                       "    p, q = real / np.sum(real), fake / np.sum(fake)\n"
                                       "    return (rel_entr(p, q).sum() + rel_entr(q, p).sum()) / 2",
            "the sides of KL": "from scipy.special import rel_entr\n"
                               "def jensen_shannon(real, fake):\n"
                               "    p, q = real / np.sum(real), fake / np.sum(fake)\n    m = (p + q) / 2\n"
                               "    return (rel_entr(m, p).sum() + rel_entr(m, q).sum()) / 2",
            "the distance": "from scipy.spatial.distance import jensenshannon\n"
                            "def jensen_shannon(real, fake):\n    return jensenshannon(real, fake)",
        },
    ),
    Exercise(
        id="05.2", title="Modes covered", answer="modes_covered", check=_check_modes_covered,
        setup="import numpy as np",
        stub='''def modes_covered(x, centres, spread):
    """Points x (n, 2), centres (k, 2): how many centres get their share of points."""
    raise NotImplementedError
''',
        hints=(
            "First all distances, (n, k): x[:, None] - centres has the shape (n, k, 2).",
            "For each point the nearest centre (argmin) and how far it is (min). Drop the points that are too far.",
            "np.bincount(which, minlength=k) counts; compare with a fifth of n / k.",
        ),
        solution='''def modes_covered(x, centres, spread):
    """Points x (n, 2), centres (k, 2): how many centres get their share of points."""
    distance = np.linalg.norm(x[:, None] - centres, axis=-1)
    nearest = distance.argmin(1)[distance.min(1) <= 3 * spread]
    counts = np.bincount(nearest, minlength=len(centres))
    return np.sum(counts >= len(x) / len(centres) / 5)
''',
        wrong={
            "a stray is enough": "def modes_covered(x, centres, spread):\n"
                                 "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                                 "    return np.sum((d <= 3 * spread).any(0))",
            "however far": "def modes_covered(x, centres, spread):\n"
                           "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                           "    c = np.bincount(d.argmin(1), minlength=len(centres))\n"
                           "    return np.sum(c >= len(x) / len(centres) / 5)",
            "two spreads": "def modes_covered(x, centres, spread):\n"
                           "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                           "    return np.sum((d <= 2 * spread).sum(0) >= len(x) / len(centres) / 5)",
            "a spread of its own": "def modes_covered(x, centres, spread):\n"
                                   "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                                   "    return np.sum((d <= 3 * 0.05).sum(0) >= len(x) / len(centres) / 5)",
            "eight modes, always": "def modes_covered(x, centres, spread):\n"
                                   "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                                   "    return np.sum((d <= 3 * spread).sum(0) >= len(x) / 8 / 5)",
            "a whole share": "def modes_covered(x, centres, spread):\n"
                             "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                             "    return np.sum((d <= 3 * spread).sum(0) >= len(x) / len(centres))",
            "the other axis": "def modes_covered(x, centres, spread):\n"
                              "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                              "    return np.sum((d <= 3 * spread).sum(1) >= len(x) / len(centres) / 5)",
            "a share of the near ones": "def modes_covered(x, centres, spread):\n"
                                        "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                                        "    c = np.bincount(d.argmin(1)[d.min(1) <= 3 * spread], minlength=8)\n"
                                        "    return np.sum(c >= c.sum() / len(centres) / 5)",
            "squared distances": "def modes_covered(x, centres, spread):\n"
                                 "    d = np.sum((x[:, None] - centres) ** 2, axis=-1)\n"
                                 "    c = np.bincount(d.argmin(1)[d.min(1) <= 3 * spread], minlength=len(centres))\n"
                                 "    return np.sum(c >= len(x) / len(centres) / 5)",
            "a square": "def modes_covered(x, centres, spread):\n"
                        "    c = np.sum((np.abs(x[:, None] - centres) <= 3 * spread).all(-1), axis=0)\n"
                        "    return np.sum(c >= len(x) / len(centres) / 5)",
            "a fifth of all": "def modes_covered(x, centres, spread):\n"
                              "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                              "    return np.sum((d <= 3 * spread).sum(0) >= len(x) / 5)",
            "one mode for each point": "def modes_covered(x, centres, spread):\n"
                                       "    d = np.linalg.norm(x[:, None] - centres, axis=-1)\n"
                                       "    return d.argmin(1)",
        },
    ),
    Exercise(
        id="05.3", title="The pull on a fake", answer="pulls", check=_check_pulls,
        setup="import numpy as np",
        stub='''def pulls(logit, slope):
    """D's logits (n,) at n fakes, and their slopes (n, 2): the pulls of modified and of minimax."""
    raise NotImplementedError
''',
        hints=(
            "A pull is minus the gradient of the loss with respect to the place of the fake. Chain rule: the slope of "
            "the loss in the logit, times the slope of the logit.",
            "Chapter 04: the slope of -log D in the logit is -(1 - D), that of log(1 - D) is -D.",
            "Two minus signs meet. And a factor of shape (n,) meets arrows of shape (n, 2): factor[:, None].",
        ),
        solution='''def pulls(logit, slope):
    """D's logits (n,) at n fakes, and their slopes (n, 2): the pulls of modified and of minimax."""
    d = 1 / (1 + np.exp(-logit[:, None]))
    return (1 - d) * slope, d * slope
''',
        wrong={
            "changed places": "def pulls(logit, slope):\n    d = 1 / (1 + np.exp(-logit[:, None]))\n"
                              "    return d * slope, (1 - d) * slope",
            "the gradient": "def pulls(logit, slope):\n    d = 1 / (1 + np.exp(-logit[:, None]))\n"
                            "    return (d - 1) * slope, -d * slope",
            "no weight": "def pulls(logit, slope):\n    return slope, slope",
            "the sigmoid forgotten": "def pulls(logit, slope):\n    d = 1 / (1 + np.exp(-logit[:, None]))\n"
                                     "    return slope / d, slope / (1 - d)",
            "the mean": "def pulls(logit, slope):\n    d = 1 / (1 + np.exp(-logit[:, None]))\n"
                        "    return (1 - d) * slope / len(d), d * slope / len(d)",
            "the logit as D": "def pulls(logit, slope):\n    d = logit[:, None]\n"
                              "    return (1 - d) * slope, d * slope",
            "one sign": "def pulls(logit, slope):\n    d = 1 / (1 + np.exp(-logit[:, None]))\n"
                        "    return (1 - d) * slope, -d * slope",
            "the other sign": "def pulls(logit, slope):\n    d = 1 / (1 + np.exp(-logit[:, None]))\n"
                              "    return (d - 1) * slope, d * slope",
            "one number for each fake": "def pulls(logit, slope):\n    d = 1 / (1 + np.exp(-logit))\n"
                                        "    return 1 - d, d",
        },
    ),
    Exercise(
        id="05.4", title="A floor", answer="floor", check=_check_floor,
        setup="import numpy as np",
        stub='''def floor(metric, draw, n, rounds):
    """The mean of metric(x, y), rounds times, for n real points x and n other real points y."""
    raise NotImplementedError
''',
        hints=(
            "draw(n, seed) gives n real points. Two different seeds give two different samples.",
            "In round i, take two seeds that no other round uses, such as 2 * i and the next one.",
            "Collect the values of metric in a list; np.mean at the end.",
        ),
        solution='''def floor(metric, draw, n, rounds):
    """The mean of metric(x, y), rounds times, for n real points x and n other real points y."""
    return np.mean([metric(draw(n, 2 * i), draw(n, 2 * i + 1)) for i in range(rounds)])
''',
        wrong={
            "with itself": "def floor(metric, draw, n, rounds):\n"
                           "    return np.mean([metric(draw(n, i), draw(n, i)) for i in range(rounds)])",
            "the same pair": "def floor(metric, draw, n, rounds):\n"
                             "    return np.mean([metric(draw(n, 0), draw(n, 1)) for i in range(rounds)])",
            "once": "def floor(metric, draw, n, rounds):\n    return metric(draw(n, 0), draw(n, 1))",
            "the smallest": "def floor(metric, draw, n, rounds):\n"
                            "    return min(metric(draw(n, 2 * i), draw(n, 2 * i + 1)) for i in range(rounds))",
            "the largest": "def floor(metric, draw, n, rounds):\n"
                           "    return max(metric(draw(n, 2 * i), draw(n, 2 * i + 1)) for i in range(rounds))",
            "the median": "def floor(metric, draw, n, rounds):\n"
                          "    return np.median([metric(draw(n, 2 * i), draw(n, 2 * i + 1)) for i in range(rounds)])",
            "one sample against all": "def floor(metric, draw, n, rounds):\n"
                                      "    x = draw(n, 0)\n"
                                      "    return np.mean([metric(x, draw(n, i + 1)) for i in range(rounds)])",
            "more points": "def floor(metric, draw, n, rounds):\n"
                           "    return np.mean([metric(draw(n, 2 * i), draw(10 * n, 2 * i + 1)) "
                           "for i in range(rounds)])",
            "noise": "def floor(metric, draw, n, rounds):\n"
                     "    return metric(draw(n, 0), np.random.default_rng(0).standard_normal((n, 2)))",
        },
    ),
    Exercise(
        id="05.5", title="Luck, or effect?", answer="chance_to_win", check=_check_chance_to_win,
        setup="import numpy as np",
        stub='''def chance_to_win(a, b):
    """A number for each run of setting a and of setting b: how often does b have the larger one?"""
    raise NotImplementedError
''',
        hints=(
            "Every run of b meets every run of a: b[:, None] and a give all pairs at once.",
            "A win counts 1, a tie 1/2, a loss 0; then the mean over all pairs.",
        ),
        solution='''def chance_to_win(a, b):
    """A number for each run of setting a and of setting b: how often does b have the larger one?"""
    larger, equal = b[:, None] > a, b[:, None] == a
    return np.mean(larger + equal / 2)
''',
        wrong={
            "run by run": "def chance_to_win(a, b):\n    n = min(len(a), len(b))\n"
                          "    return np.mean((b[:n] > a[:n]) + (b[:n] == a[:n]) / 2)",
            "ties win": "def chance_to_win(a, b):\n    return np.mean(b[:, None] >= a)",
            "ties lose": "def chance_to_win(a, b):\n    return np.mean(b[:, None] > a)",
            "of a": "def chance_to_win(a, b):\n    return np.mean((a[:, None] > b) + (a[:, None] == b) / 2)",
            "counts": "def chance_to_win(a, b):\n    return np.sum((b[:, None] > a) + (b[:, None] == a) / 2)",
            "the means": "def chance_to_win(a, b):\n    return float(np.mean(b) > np.mean(a))",
        },
    ),
)

QUIZ = (
    Question("What is the heat map of the plane in the lab?", (
        Option("Where real points are likely", "No: nobody tells the lab p_data. It would look so only for a D that "
               "has compared both kinds perfectly, and only relative to the fakes."),
        Option("What D says of a point at each place", "Yes: D is asked at every place of a grid, whether or not a "
               "point is there.", right=True),
        Option("How often G makes a point there", "No: that is where the crosses lie."),
    )),
    Question("In one step D gets d_steps = 3 updates and G gets g_steps = 2. After 400 steps, how many has D had?", (
        Option("400", "No: that is the number of steps; each holds several updates."),
        Option("1,200", "Yes: 3 in each of 400 steps; G has had 800.", right=True),
        Option("2,000", "No: these are the updates of both players together."),
    )),
    Question("A run scores JS = 0.03 with 500 points. The floor is 0.03 too. What does it mean?", (
        Option("The generator is 3 % wrong", "No: real points against other real points score the same."),
        Option("With 500 points, this measure can't tell the fakes from real points", "Yes: the rest of 0.03 comes "
               "from the finite samples. More points lower the floor, and may show a difference.", right=True),
        Option("The generator is perfect", "No: this measure sees no difference, with so many points. Another one, or "
               "more points, might."),
    )),
    Question("D says about 1/2 for real and for fake points, and its loss is close to 2 log 2. Is G good?", (
        Option("Yes: D can't tell, so the fakes are like the real points",
               "No: it would follow if D were the best possible one. A weak D can't tell either."),
        Option("Not necessarily: D may just be too weak", "Yes: in this chapter all points of G fall on one spot, "
               "and D's mean is 1/2.", right=True),
        Option("No: a good G makes D's loss 0", "No: a loss of 0 would mean that D can tell every point."),
    )),
    Question("Setting B scores 0.80 with seed 1, setting A scores 0.75 with seed 1. What do you conclude?", (
        Option("B is better", "No: another seed alone moved the score of A by more than that."),
        Option("B is better, because the seed is the same", "No: with another setting the same random numbers lead "
               "somewhere else after a few steps. The seed doesn't make the luck equal."),
        Option("Nothing yet: run both with many seeds", "Yes: the spread over seeds says how much is luck.",
               right=True),
    )),
    Question("With the log losses, where does minimax's arrow on a fake point differ most from that of modified?", (
        Option("Where D is sure that the point is fake", "Yes: both point the same way, but their lengths are as D to "
               "1 - D.", right=True),
        Option("Where D says 1/2", "No: there both factors are 1/2, and the arrows are equal."),
        Option("It points in the opposite direction", "No: both point up the slope of D's logit. Only their lengths "
               "differ."),
    )),
)
