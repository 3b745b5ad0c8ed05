"""Chapter 03: V from samples, the best discriminator, Jensen-Shannon, and how many samples V needs."""

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, expect_shape, to_numpy


def _check_value_from_answers(value_from_answers):
    for seed, n, m in ((0, 50, 80), (1, 6, 3)):             # of different sizes, so that nothing is pooled by chance
        rng = np.random.default_rng(seed)
        d_real, d_fake = rng.uniform(0.3, 0.98, n), rng.uniform(0.05, 0.6, m)
        real, fake = np.log(d_real), np.log1p(-d_fake)
        with np.errstate(all="ignore"):
            got = value_from_answers(d_real.copy(), d_fake.copy())
        expect(np.size(to_numpy(got, "your V")) == 1, "there is still one number for each sample; V is a number: which "
               "average does each E stand for?")
        expect_close(np.reshape(got, ()), real.mean() + fake.mean(), f"your V for {n} real and {m} generated samples",
                     known={
            "a minus stands between the terms. D must do well on both kinds of samples, so what it earns adds up.":
                real.mean() - fake.mean(),
            "this is D's loss, -V: it falls as D gets better. Asked is V, which rises.": -real.mean() - fake.mean(),
            "the two kinds have changed places: this rewards a D that calls the real ones fake.":
                np.log1p(-d_real).mean() + np.log(d_fake).mean(),
            "on generated samples D earns the logarithm of its probability of fake, which is not D(x) itself.":
                real.mean() + np.log(d_fake).mean(),
            "these are sums: V would grow with the number of samples. Each E is an average.": real.sum() + fake.sum(),
            "both kinds were averaged as one crowd. V is the sum of two averages, one for each kind.":
                np.concatenate([real, fake]).mean(),
            "this is half of V: the two averages are added, not averaged again.": (real.mean() + fake.mean()) / 2,
            "the logarithm has base 2. In this course, as in NumPy's log, it is the natural one.":
                (real.mean() + fake.mean()) / np.log(2),
        })


def _check_best_answers(best_answers):
    a, b = np.array([0.3, 0.1, 0.0, 0.2, 0.25]), np.array([0.1, 0.3, 0.4, 0.0, 0.25])
    want = np.array([0.75, 0.25, 0.0, 1.0, 0.5])
    grid = np.linspace(-2, 3, 11)
    bells = np.exp(-grid**2 / 2) / np.sqrt(2 * np.pi), np.exp(-(grid - 1)**2 / 2) / np.sqrt(2 * np.pi)
    straight = 1 / (1 + np.exp(grid - 0.5))                 # two equal bells: the logit of D* is a straight line
    with np.errstate(all="ignore"):
        for p, q, right in ((a, b, want), (*bells, straight)):
            got = best_answers(p.copy(), q.copy())
            expect_shape(got, right.shape, "your D*")
            expect_close(got, right, "your D*", known={
                "this is the probability of fake; D answers with that of real.": 1 - right,
                "this is the ratio of the two densities, the odds of real. It isn't limited to 1.": p / q,
                "this is the difference of the two densities, not a probability.": p - q,
                "this is the logit of D*; a sigmoid away from the probability.": np.log(p) - np.log(q),
                "D is sure everywhere: it only says which density is larger, not by how much.":
                    (p > q).astype(float),
                "D is sure even where both densities are the same: asked is the probability, not a verdict.":
                    (p >= q).astype(float),
            })
        empty = best_answers(np.array([0.0, 0.3]), np.array([0.0, 0.1]))
    expect(np.isfinite(to_numpy(empty, "your D*")).all(), "right where somebody makes samples, but not a number where "
           "both densities are 0: 0 divided by 0. Nothing is known there; which answer says so?")
    expect_close(empty, [0.5, 0.75], "your D* where both densities are 0", known={
        "where nobody makes samples your D says fake for sure; nothing is known there, and D should say so.":
            [0.0, 0.75],
        "where nobody makes samples your D says real for sure; nothing is known there, and D should say so.":
            [1.0, 0.75],
    })


def _check_js(jensen_shannon):
    x = np.linspace(-8, 9, 341)
    step = x[1] - x[0]
    p = np.exp(-x**2 / 2) / np.sqrt(2 * np.pi)
    q = np.exp(-((x - 1.5) / 0.8)**2 / 2) / (0.8 * np.sqrt(2 * np.pi))

    def kl(one, other):
        return np.sum(one * np.log(one / other)) * step

    # by another road than the definition: the entropy of the mixture minus the mean of the two entropies
    m = (p + q) / 2
    want = -np.sum(m * np.log(m)) * step + np.sum(p * np.log(p) + q * np.log(q)) * step / 2
    with np.errstate(all="ignore"):
        for one, other in ((p, q), (q, p)):
            got = jensen_shannon(one.copy(), other.copy(), x.copy())
            expect(np.size(to_numpy(got, "your JS")) == 1, "your JS still has one number for each place x; the "
                   "integral over x is missing.")
            expect_close(np.reshape(got, ()), want, "your JS", rtol=1e-4, known={
                "this is twice JS, the sum of the two divergences from the middle: take their mean.": 2 * want,
                "this is KL(p || q), which isn't symmetric. JS compares both with the density in the middle.":
                    kl(one, other),
                "this is KL(q || p), which isn't symmetric. JS compares both with the density in the middle.":
                    kl(other, one),
                "this is the mean of KL(p || q) and KL(q || p): symmetric, but infinite as soon as one density is 0 "
                "where the other isn't. Compare both with the density in the middle.": (kl(p, q) + kl(q, p)) / 2,
                "log 2 too small: compared with the sum of both densities, whose area is 2. Which density lies in "
                "the middle?": want - np.log(2),
                "this is in bits, the logarithm to base 2; this course counts in nats.": want / np.log(2),
                "the width of a grid step is missing: a sum is no integral yet.": want / step,
            })
        blocks = np.linspace(0, 4, 401)
        heights = np.zeros((3, 401))
        for row, start in zip(heights, (50, 100, 250), strict=True):     # each 100 steps of 0.01 wide: an area of 1
            row[start:start + 100] = 1.0
        for other, want, words in ((1, 0.5 * np.log(2), "half overlap"), (2, np.log(2), "don't overlap")):
            got = to_numpy(jensen_shannon(heights[0].copy(), heights[other].copy(), blocks), "your JS")
            expect(np.isfinite(got).all(), "right for densities above 0, but not a number where a density is 0: there, "
                   "0 times the logarithm of 0 counts as 0. Sum over the places where the density has mass.")
            expect_close(np.reshape(got, ()), want, f"your JS of two blocks that {words}", rtol=1e-3)


def _check_samples_needed(samples_needed):
    for seed, error in ((0, 0.01), (1, 0.05), (2, 0.2)):
        rng = np.random.default_rng(seed)
        d_real, d_fake = rng.beta(4, 1.5, 3000), rng.beta(1.2, 3, 2500)
        s_real, s_fake = np.log(d_real).std(), np.log1p(-d_fake).std()
        want = (s_real**2 + s_fake**2) / error**2
        got = to_numpy(samples_needed(d_real.copy(), d_fake.copy(), error), "your n")
        expect(got.size == 1, "n is one number; yours has one for each sample.")
        got = np.reshape(got, ())
        off = {"rtol": 2e-3, "atol": 1.0}                   # a spread with n - 1 is as good, and so is rounding
        expect_close(got, want, f"your n for an error of {error:g}", **off, known={
            "the error isn't squared: the error falls as 1 over the square root of n, so half of it needs 4 times as "
            "many samples.": (s_real**2 + s_fake**2) / error,
            "the two spreads were added. Of independent averages, the squares of the errors add up.":
                (s_real + s_fake)**2 / error**2,
            "only the real samples count; the generated ones bring an error of their own.": s_real**2 / error**2,
            "only the generated samples count; the real ones bring an error of their own.": s_fake**2 / error**2,
            "this is the spread of D(x); what is averaged is a logarithm, and that spreads otherwise.":
                (d_real.var() + d_fake.var()) / error**2,
            "the spreads aren't squared: what adds up is their squares, the variances.":
                (s_real + s_fake) / error**2,
            "this is the square root of what is needed.": np.sqrt(want),
        })
        expect(float(got) == int(got), f"right, but {float(got):.6g} isn't a whole number, and samples come whole.")
        expect(int(got) >= np.ceil(want * (1 - 1e-9)),
               "just too few: rounded down, the error is a little larger than asked.")


EXERCISES = (
    Exercise(
        id="03.1", title="V from D's answers", answer="value_from_answers", check=_check_value_from_answers,
        setup="import numpy as np",
        stub='''def value_from_answers(d_real, d_fake):
    """D's answers on real samples, (n,), and on generated ones, (m,) -> V, one number."""
    raise NotImplementedError
''',
        hints=(
            "V has two terms, one for each kind of samples. Which array belongs to which term?",
            "On a real sample D earns the logarithm of its answer; on a generated one that of 1 minus its answer.",
            "Each E becomes the mean over the samples of its kind. And then: plus or minus?",
        ),
        solution='''def value_from_answers(d_real, d_fake):
    """D's answers on real samples, (n,), and on generated ones, (m,) -> V, one number."""
    return np.log(d_real).mean() + np.log(1 - d_fake).mean()
''',
        wrong={
            "a minus": "def value_from_answers(r, f):\n    return np.log(r).mean() - np.log(1 - f).mean()",
            "D's loss": "def value_from_answers(r, f):\n    return -np.log(r).mean() - np.log(1 - f).mean()",
            "D, not 1 - D": "def value_from_answers(r, f):\n    return np.mean(np.log(r)) + np.mean(np.log(f))",
            "exchanged": "def value_from_answers(r, f):\n    return np.mean(np.log(1 - r)) + np.mean(np.log(f))",
            "sums": "def value_from_answers(r, f):\n    return np.log(r).sum() + np.log(1 - f).sum()",
            "one crowd": "def value_from_answers(r, f):\n"
                         "    return np.log(np.concatenate([r, 1 - f])).mean()",
            "half": "def value_from_answers(r, f):\n    return (np.log(r).mean() + np.log(1 - f).mean()) / 2",
            "base 2": "def value_from_answers(r, f):\n    return np.log2(r).mean() + np.log2(1 - f).mean()",
            "no mean": "def value_from_answers(r, f):\n    return np.log(r)",
        },
    ),
    Exercise(
        id="03.2", title="The best answers", answer="best_answers", check=_check_best_answers,
        setup="import numpy as np",
        stub='''def best_answers(a, b):
    """p_data and p_g at the same places, (k,) each -> D* there, (k,); 1/2 where both are 0."""
    raise NotImplementedError
''',
        hints=(
            "At one place, the best answer is the share of the real density in the sum of both.",
            "Where both are 0 this is 0 / 0. Divide by something else there, and put 1/2 in its place afterwards.",
            "np.where(condition, this, that) chooses place by place; it can protect the divisor, too.",
        ),
        solution='''def best_answers(a, b):
    """p_data and p_g at the same places, (k,) each -> D* there, (k,); 1/2 where both are 0."""
    total = a + b
    known = total > 0
    return np.where(known, a / np.where(known, total, 1), 0.5)
''',
        wrong={
            "the probability of fake": "def best_answers(a, b):\n    return b / (a + b)",
            "the odds": "def best_answers(a, b):\n    return a / b",
            "a hard decision": "def best_answers(a, b):\n    return np.where(a > b, 1.0, 0.0)",
            "0 / 0": "def best_answers(a, b):\n    return a / (a + b)",
            "a small number": "def best_answers(a, b):\n    return a / (a + b + 1e-12)",
            "the logit": "def best_answers(a, b):\n    return np.log(a) - np.log(b)",
            "a mean": "def best_answers(a, b):\n    return np.mean(a / (a + b))",
        },
    ),
    Exercise(
        id="03.3", title="The Jensen-Shannon divergence", answer="jensen_shannon", check=_check_js,
        setup="import numpy as np",
        stub='''def jensen_shannon(p, q, x):
    """Values (k,) of two densities on the even grid x, (k,) -> JS(p, q) in nats, one number."""
    raise NotImplementedError
''',
        hints=(
            "Which density lies in the middle between p and q, and has an area of 1, too?",
            "Two Kullback-Leibler divergences, of p from the middle and of q from the middle, then their mean.",
            "An integral over an even grid is the sum times the step. Leave out the places where the density in front "
            "of the logarithm is 0: they count 0.",
        ),
        solution='''def jensen_shannon(p, q, x):
    """Values (k,) of two densities on the even grid x, (k,) -> JS(p, q) in nats, one number."""
    middle, step = (p + q) / 2, x[1] - x[0]

    def kl_from_middle(density):
        here = density > 0
        return np.sum(density[here] * np.log(density[here] / middle[here])) * step

    return (kl_from_middle(p) + kl_from_middle(q)) / 2
''',
        wrong={
            "not halved": "def jensen_shannon(p, q, x):\n    m = (p + q) / 2\n"
                          "    return np.sum(p * np.log(p / m) + q * np.log(q / m)) * (x[1] - x[0])",
            "KL": "def jensen_shannon(p, q, x):\n    return np.sum(p * np.log(p / q)) * (x[1] - x[0])",
            "both KLs": "def jensen_shannon(p, q, x):\n"
                        "    return np.sum(p * np.log(p / q) + q * np.log(q / p)) / 2 * (x[1] - x[0])",
            "the sum, not the middle": "def jensen_shannon(p, q, x):\n    m = p + q\n"
                                       "    return np.sum(p * np.log(p / m) + q * np.log(q / m)) / 2 * (x[1] - x[0])",
            "bits": "def jensen_shannon(p, q, x):\n    m = (p + q) / 2\n"
                    "    return np.sum(p * np.log2(p / m) + q * np.log2(q / m)) / 2 * (x[1] - x[0])",
            "no step": "def jensen_shannon(p, q, x):\n    m = (p + q) / 2\n"
                       "    return np.sum(p * np.log(p / m) + q * np.log(q / m)) / 2",
            "0 log 0": "def jensen_shannon(p, q, x):\n    m = (p + q) / 2\n"
                       "    return np.sum(p * np.log(p / m) + q * np.log(q / m)) / 2 * (x[1] - x[0])",
            "not integrated": "def jensen_shannon(p, q, x):\n    m = (p + q) / 2\n"
                              "    return (p * np.log(p / m) + q * np.log(q / m)) / 2",
        },
    ),
    Exercise(
        id="03.4", title="How many samples for V?", answer="samples_needed", check=_check_samples_needed,
        setup="import numpy as np",
        stub='''def samples_needed(d_real, d_fake, error):
    """D's answers in a first try, (n,) and (m,), and an error -> samples needed of each kind."""
    raise NotImplementedError
''',
        hints=(
            "What is averaged in V? Look at how much that spreads, on real and on generated samples.",
            "The standard error of an average of n numbers is their standard deviation over the square root of n. For "
            "the sum of two independent averages, the squares of the two errors add up.",
            "Set the standard error of V equal to `error`, solve for n, round up to a whole number.",
        ),
        solution='''def samples_needed(d_real, d_fake, error):
    """D's answers in a first try, (n,) and (m,), and an error -> samples needed of each kind."""
    variance = np.log(d_real).var() + np.log(1 - d_fake).var()
    return int(np.ceil(variance / error**2))
''',
        wrong={
            "not squared": "def samples_needed(r, f, error):\n"
                           "    return int(np.ceil((np.log(r).var() + np.log(1 - f).var()) / error))",
            "spreads added": "def samples_needed(r, f, error):\n"
                             "    return int(np.ceil((np.log(r).std() + np.log(1 - f).std())**2 / error**2))",
            "only the real ones": "def samples_needed(r, f, error):\n"
                                  "    return int(np.ceil(np.log(r).var() / error**2))",
            "D, not log D": "def samples_needed(r, f, error):\n"
                            "    return int(np.ceil((r.var() + f.var()) / error**2))",
            "not whole": "def samples_needed(r, f, error):\n"
                         "    return (np.log(r).var() + np.log(1 - f).var()) / error**2 + 0.25",
            "rounded down": "def samples_needed(r, f, error):\n"
                            "    return int((np.log(r).var() + np.log(1 - f).var()) / error**2)",
        },
    ),
)

QUIZ = (
    Question("At some place x, p_data(x) = 0.3 and p_g(x) = 0.1. What is the best answer D*(x)?", (
        Option("0.25", "No: that is the share of p_g. D answers with the probability of real."),
        Option("0.75", "Yes: 0.3 / (0.3 + 0.1). Of four samples found there, three are real.", right=True),
        Option("1, because p_data is larger", "No: that D would earn log 0 on the generated samples found there, minus "
               "infinity."),
        Option("3", "No: that is the ratio of the densities, the odds. A probability is at most 1."),
    )),
    Question("D answers 1/2 everywhere, and p_g lies far away from p_data. What is V?", (
        Option("0, because the densities don't overlap", "No: 0 is what the best D would get. This one doesn't look."),
        Option("-log 4, about -1.39", "Yes: log 1/2 on the real and log 1/2 on the generated samples, wherever they "
               "lie.", right=True),
        Option("It depends on how far away", "No: this D answers the same everywhere, so V can't depend on p_g."),
    )),
    Question("A tutorial prints a minus between the two terms of V. What would D learn from it?", (
        Option("The same, since D's loss has a minus, too", "No: D's loss is -V, with a minus before both terms. Then "
               "they still have the same sign."),
        Option("To say 1/2 everywhere", "No: both terms grow with D(x), so that nothing keeps D in the middle."),
        Option("To call everything real", "Yes: a log y - b log(1 - y) rises without limit towards y = 1, at every "
               "place.", right=True),
    )),
    Question("p_g and p_data don't overlap at all. G moves p_g still further away. What does C(G) do?", (
        Option("It grows", "No: JS is log 2 already, and can't be larger. Wasserstein-1 would grow."),
        Option("It stays at 0", "Yes: -log 4 + 2 log 2 = 0, however far. That is why its gradient vanishes.",
               right=True),
        Option("It falls to -log 4", "No: -log 4 is the smallest value, reached where both densities are the same."),
    )),
    Question("D is held fixed, and G minimises V for as long as it likes. What does G end up making?", (
        Option("The real data", "No: a fixed D doesn't tell where the data are, only where it says real."),
        Option("Samples from all places where D is above 1/2", "No: each sample does better at a place where D is "
               "higher still."),
        Option("The same thing each time: where D is highest", "Yes: nothing in V rewards variety as long as D stands "
               "still. The max over D belongs inside.", right=True),
    )),
)
