"""Chapter 11: a Fréchet distance, a classifier score, precision, and a number with its standard error."""

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, to_numpy


def _one_number(got, what):
    expect(np.size(to_numpy(got, what)) == 1, f"{what} is one number, and yours has the shape {np.shape(got)}.")
    return np.reshape(to_numpy(got, what), ())


def _check_frechet(frechet_distance):
    for seed, n, m in ((0, 40, 40), (1, 25, 60)):
        rng = np.random.default_rng(seed)
        a, b = rng.normal(0.5, 1.5, n), rng.normal(-0.7, 0.6, m)
        means, spreads = a.mean() - b.mean(), a.std() - b.std()
        with np.errstate(all="ignore"):
            got = _one_number(frechet_distance(a.copy(), b.copy()), "your distance")
        with_n_less_one = means**2 + (a.std(ddof=1) - b.std(ddof=1))**2      # as good
        want = with_n_less_one if np.isclose(got, with_n_less_one) else means**2 + spreads**2
        expect_close(got, want, f"your distance of {n} features from {m}", known={
            "the spreads are missing: of two clouds around one centre, one may still be far wider.": means**2,
            "the means are missing: of two equal clouds, one may still lie elsewhere.": spreads**2,
            "this is its square root. The number that papers report is the squared distance.":
                np.hypot(means, spreads),
            "what differs in the second term is the spreads, not their squares, the variances.":
                means**2 + (a.var() - b.var())**2,
            "the differences aren't squared.": abs(means) + abs(spreads),
            "the second term is the difference of the variances, which can be below 0; a distance can't.":
                means**2 + a.var() - b.var(),
        })
        same = _one_number(frechet_distance(a.copy(), a.copy()), "your distance")
        expect_close(same, 0.0, "your distance of a set from itself")


def _score_of(p):
    with np.errstate(all="ignore"):
        return np.where(p > 0, p * np.log(p / p.mean(0)), 0).sum(1)


def _check_score(score):
    p = np.random.default_rng(0).dirichlet((0.4, 0.5, 0.6, 1.5), 30)
    kl, marginal = _score_of(p), p.mean(0)
    with np.errstate(all="ignore"):
        got = _one_number(score(p.copy()), "your score")
        expect_close(got, np.exp(kl.mean()), "your score", known={
            "this is the mean of the divergences; the score is the exponential of it.": kl.mean(),
            "the exponential was taken for each image, and then the mean. First the mean, then the exponential.":
                np.exp(kl).mean(),
            "this is the sum over all images. E is a mean.": np.exp(kl.sum()),
            "this compares each image with equal shares of all classes; p(y) is the mean of p(y|x) over these images.":
                np.exp((p * np.log(p * p.shape[1])).sum(1).mean()),
            "the divergence is the other way round: it must be KL of p(y|x) from p(y).":
                np.exp((marginal * np.log(marginal / p)).sum(1).mean()),
            "this only says how evenly the classes occur. How sure the classifier is of each image is missing.":
                np.exp(-(marginal * np.log(marginal)).sum()),
            "this only says how sure the classifier is. How evenly the classes occur is missing.":
                np.exp((p * np.log(p)).sum(1).mean()),
            "the mean was taken over the classes too; over these, the divergence is a sum.":
                np.exp((p * np.log(p / marginal)).mean()),
        })
        sure = np.eye(3)[[0, 1, 2, 1, 0, 2]]
        got = _one_number(score(sure.copy()), "your score")
        never = _one_number(score(np.eye(4)[[0, 1, 2, 1, 0, 2]]), "your score")
    expect(np.isfinite(got), "right as long as no probability is 0. Where one is 0, your score isn't a number: 0 times "
           "the logarithm of 0 counts as 0.")
    expect_close(got, 3.0, "your score of three classes, certain and equally frequent")
    expect(np.isfinite(never), "right as long as each class occurs. One that no image is like has p(y) = 0, too, and "
           "your score isn't a number. It adds nothing either.")
    expect_close(never, 3.0, "your score of three such classes, with a fourth one that never occurs")


def _check_precision(precision):
    for seed, m, n in ((0, 30, 20), (1, 25, 25)):
        rng = np.random.default_rng(seed)
        real, fake = rng.normal(0, 1, (n, 2)), rng.normal(0.8, 1.2, (m, 2))
        distances = np.linalg.norm(fake[:, None] - real, axis=2)
        radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, 2]
        radii[1], radii[2] = 2.0, 0.5
        distances[:2] = radii + 0.6
        distances[0, 0] = radii[0]                                  # exactly on a rim
        distances[1, 1:3] = 1.9, 0.9                                # in a large ball, near the centre of a small one
        inside = distances <= radii
        got = _one_number(precision(distances.copy(), radii.copy()), "your precision")
        known = {
            "this counts a generated image only if it lies in all the balls at once. One is enough.":
                inside.all(1).mean(),
            "this is the share of real balls that hold a generated image: the coverage.": inside.any(0).mean(),
            "this is the share of all pairs. Asked is the share of generated images that lie in any ball at all.":
                inside.mean(),
            "this is a number of images, not their share.": inside.any(1).sum(),
            "this is how many balls hold an image, on average. It is enough to lie in one of them.":
                inside.sum(1).mean(),
            "the rim belongs to the ball: at most as far as the radius.": (distances < radii).any(1).mean(),
            "only the nearest real image was asked. An image may lie outside the ball of that one, and inside the "
            "larger ball of another.": (distances.min(1) <= radii[distances.argmin(1)]).mean(),
            "this is the share of images outside of every ball.": 1 - inside.any(1).mean(),
        }
        if n == m:
            known["the radii belong to the real images, the columns; yours were laid along the rows."] = (
                distances <= radii[:, None]).any(1).mean()
        expect_close(got, inside.any(1).mean(), f"your precision of {m} generated images", known=known)


def _check_error(with_error):
    for seed, g in ((0, 8), (1, 20)):
        values = np.random.default_rng(seed).gamma(9, 0.5, g)
        got = with_error(values.copy())
        pair = got if isinstance(got, (tuple, list)) else np.atleast_1d(to_numpy(got, "your answer"))
        expect(len(pair) == 2, "two things are asked: the mean, and its standard error.")
        mean, error = (_one_number(part, what) for part, what in zip(pair, ("your mean", "your standard error"),
                                                                   strict=True))
        expect_close(mean, values.mean(), "your mean")
        spread = values.std(ddof=1)
        expect_close(error, spread / np.sqrt(g), f"your standard error from {g} sets", known={
            "this is the standard deviation: how far one set is off. The mean of all sets is off by less.": spread,
            "this is the standard deviation, how far one set is off, and with `ddof=0`. The mean of all sets is off by "
            "less.": values.std(),
            "the standard deviation was estimated from the mean of the same few values; divide by their number less "
            "one: `ddof=1`.": values.std() / np.sqrt(g),
            "it falls with the square root of the number of sets, not with the number itself.": spread / g,
            "this is still a square: the variance of the mean.": spread**2 / g,
            "a mean of more sets has a smaller error, yours has a larger one.": spread * np.sqrt(g),
        })


EXERCISES = (
    Exercise(
        id="11.1", title="A Fréchet distance of one feature", answer="frechet_distance", check=_check_frechet,
        setup="import numpy as np",
        stub='''def frechet_distance(a, b):
    """One feature of n real images, (n,), and of m generated ones, (m,) -> Fréchet distance."""
    raise NotImplementedError
''',
        hints=(
            "Fit a bell to each array: what are its mean and its standard deviation?",
            "Two terms: one compares the means, the other the standard deviations.",
            "The square of a difference, twice, and their sum.",
        ),
        solution='''def frechet_distance(a, b):
    """One feature of n real images, (n,), and of m generated ones, (m,) -> Fréchet distance."""
    return (a.mean() - b.mean())**2 + (a.std() - b.std())**2
''',
        wrong={
            "only the means": "def frechet_distance(a, b):\n    return (a.mean() - b.mean())**2",
            "only the spreads": "def frechet_distance(a, b):\n    return (a.std() - b.std())**2",
            "a root": "def frechet_distance(a, b):\n"
                      "    return np.sqrt((a.mean() - b.mean())**2 + (a.std() - b.std())**2)",
            "variances": "def frechet_distance(a, b):\n    return (a.mean() - b.mean())**2 + (a.var() - b.var())**2",
            "not squared": "def frechet_distance(a, b):\n    return abs(a.mean() - b.mean()) + abs(a.std() - b.std())",
            "a difference of variances": "def frechet_distance(a, b):\n"
                                         "    return (a.mean() - b.mean())**2 + a.var() - b.var()",
            "pairs": "def frechet_distance(a, b):\n    return (a[:25] - b[:25])**2",
        },
    ),
    Exercise(
        id="11.2", title="The classifier score", answer="score", check=_check_score, setup="import numpy as np",
        stub='''def score(p):
    """p(y|x), a row for each image, (n, classes), each row sums to 1 -> the classifier score."""
    raise NotImplementedError
''',
        hints=(
            "What is p(y), the distribution over classes of all these images together? One row, from n rows.",
            "For each image, KL is a sum over the classes of p(y|x) times a logarithm. Of which ratio?",
            "Then the mean over the images, and the exponential last. A probability of 0 contributes 0: put 1 in its "
            "place inside the logarithm, with np.where.",
        ),
        solution='''def score(p):
    """p(y|x), a row for each image, (n, classes), each row sums to 1 -> the classifier score."""
    ratio = np.where(p > 0, p / p.mean(0), 1)
    return np.exp((p * np.log(ratio)).sum(1).mean())
''',
        wrong={
            "no exponential": "def score(p):\n    return (p * np.log(p / p.mean(0))).sum(1).mean()",
            "exponential first": "def score(p):\n    return np.exp((p * np.log(p / p.mean(0))).sum(1)).mean()",
            "a sum": "def score(p):\n    return np.exp((p * np.log(p / p.mean(0))).sum())",
            "equal shares": "def score(p):\n    return np.exp((p * np.log(p * p.shape[1])).sum(1).mean())",
            "the other way": "def score(p):\n    q = p.mean(0)\n    return np.exp((q * np.log(q / p)).sum(1).mean())",
            "only variety": "def score(p):\n    q = p.mean(0)\n    return np.exp(-(q * np.log(q)).sum())",
            "only certainty": "def score(p):\n    return np.exp((p * np.log(p)).sum(1).mean())",
            "0 log 0": "def score(p):\n    return np.exp((p * np.log(p / p.mean(0))).sum(1).mean())",
            "a class that never occurs": "def score(p):\n    safe = np.where(p > 0, p, 1)\n"
                                         "    return np.exp((p * (np.log(safe) - np.log(p.mean(0)))).sum(1).mean())",
            "mean of all": "def score(p):\n    return np.exp((p * np.log(p / p.mean(0))).mean())",
        },
    ),
    Exercise(
        id="11.3", title="Precision from distances", answer="precision", check=_check_precision,
        setup="import numpy as np",
        stub='''def precision(distances, radii):
    """Distances (m, n) from generated to real images, radii (n,) of the real balls -> share."""
    raise NotImplementedError
''',
        hints=(
            "Compare the whole table with the radii at once: each column with its own radius.",
            "For one generated image, one row: in how many balls must it lie to count?",
            "Then the share of rows that count. The mean of bools is the share that is true.",
        ),
        solution='''def precision(distances, radii):
    """Distances (m, n) from generated to real images, radii (n,) of the real balls -> share."""
    inside = distances <= radii
    return inside.any(axis=1).mean()
''',
        wrong={
            "all": "def precision(d, r):\n    return (d <= r).all(1).mean()",
            "coverage": "def precision(d, r):\n    return (d <= r).any(0).mean()",
            "pairs": "def precision(d, r):\n    return (d <= r).mean()",
            "a count": "def precision(d, r):\n    return (d <= r).any(1).sum()",
            "density": "def precision(d, r):\n    return (d <= r).sum(1).mean()",
            "no rim": "def precision(d, r):\n    return (d < r).any(1).mean()",
            "nearest only": "def precision(d, r):\n    return (d.min(1) <= r[d.argmin(1)]).mean()",
            "outside": "def precision(d, r):\n    return 1 - (d <= r).any(1).mean()",
            "each image": "def precision(d, r):\n    return (d <= r).any(1)",
        },
    ),
    Exercise(
        id="11.4", title="A number and its standard error", answer="with_error", check=_check_error,
        setup="import numpy as np",
        stub='''def with_error(values):
    """A number measured on each of g fresh sets, (g,) -> the mean, and its standard error."""
    raise NotImplementedError
''',
        hints=(
            "How far does one set's value lie from the mean, typically? NumPy has a word for it, and an argument for "
            "values whose own mean is used.",
            "The mean of g independent values is steadier than one of them. By which factor?",
        ),
        solution='''def with_error(values):
    """A number measured on each of g fresh sets, (g,) -> the mean, and its standard error."""
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))
''',
        wrong={
            "the deviation of one": "def with_error(v):\n    return v.mean(), v.std(ddof=1)",
            "the same with n": "def with_error(v):\n    return v.mean(), v.std()",
            "with n": "def with_error(v):\n    return v.mean(), v.std() / np.sqrt(len(v))",
            "not the root": "def with_error(v):\n    return v.mean(), v.std(ddof=1) / len(v)",
            "a variance": "def with_error(v):\n    return v.mean(), v.var(ddof=1) / len(v)",
            "times": "def with_error(v):\n    return v.mean(), v.std(ddof=1) * np.sqrt(len(v))",
            "only the error": "def with_error(v):\n    return v.std(ddof=1) / np.sqrt(len(v))",
            "exchanged": "def with_error(v):\n    return v.std(ddof=1) / np.sqrt(len(v)), v.mean()",
        },
    ),
)

QUIZ = (
    Question("A paper reports a Fréchet distance of 12 from 1,000 images; yours is 9 from 50,000. Is yours better?", (
        Option("Yes, 9 is less than 12", "No: with 50 times as many images, the bias of the same generator is smaller. "
               "Measure both at one size, with one classifier."),
        Option("It can't be said", "Yes: the floor at 1,000 images lies higher. Only numbers of one size and one "
               "classifier can be compared.", right=True),
        Option("No, since more images make it larger", "No: the bias goes the other way; it falls like 1/n."),
    )),
    Question("A generator draws perfect digits, but never an 8. Which pair of numbers tells?", (
        Option("Precision falls, recall stays", "No: each digit it draws is near real ones, so precision stays."),
        Option("Recall falls, precision stays", "Yes: no generated image is near the real 8s, and those that there are "
               "look fine.", right=True),
        Option("Both fall", "No: precision asks only about the images that were generated, and these are perfect."),
    )),
    Question("A program stores the training images and shows them at random. What does the Fréchet distance to "
             "held-out images say?", (
        Option("It is about the floor", "Yes: training images are real images. The distance compares distributions, "
               "and can't tell a copy from a new sample.", right=True),
        Option("It is 0", "No: 0 would be the distance of a set from itself. Held-out images are others."),
        Option("It is large, because nothing is new", "No: nothing in it asks whether an image is new. Compare nearest "
               "neighbours with those of held-out images."),
    )),
    Question("Real against real gives a precision of 0.92. Your generator reaches 0.97. What do you think?", (
        Option("It is better than real", "No: nothing is more real than real. It is above its floor."),
        Option("It plays safe: look at recall, too", "Yes: images near the centre of the data lie in some ball more "
               "often than real ones do, and variety may be lost.", right=True),
        Option("The classifier is broken", "No: this happens with any classifier when the generated images vary less "
               "than the real ones."),
    )),
    Question("Why is Inception's Fréchet distance no good for our digits?", (
        Option("Digits are too easy", "No: ease isn't the point. What matters is what the features were made to see."),
        Option("It takes 299 × 299 pixels, and ours have 28", "No: images can be enlarged, and papers do it. But what "
               "does the network see in them?"),
        Option("Its features tell dogs from boats", "Yes: they were learned on colour photographs. What makes a 3 a 3 "
               "may hardly move them.", right=True),
    )),
)
