"""Chapter 02: the density of stretched noise, a G for uniform noise, D by counting, G bent by hand."""

import math

import numpy as np

from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, expect_shape, to_numpy


def _normal(z):
    return np.exp(-0.5 * np.asarray(z, float) ** 2) / math.sqrt(2 * math.pi)


def _lopsided(z):
    """A density without symmetry: a sign that is the wrong way round shows."""
    z = np.asarray(z, float)
    return np.where(z > -1, np.exp(-(z + 1)), 0.0)


def _check_stretched(stretched):
    x = np.array([-2.3, -0.7, 0.1, 0.4, 1.9, 3.2])
    for p_z in (_normal, _lopsided):
        for a, b in ((2.0, 0.5), (0.25, -0.5), (-1.5, 1.0)):
            z = x / a - b / a
            got = stretched(p_z, a, b, x.copy())
            expect_close(got, p_z(z) / abs(a), f"the density for a = {a:g}, b = {b:g}", known={
                "the place is right, but the area under it isn't 1: the noise is spread over more or less room now.":
                    p_z(z),
                "it is below 0. A falling G turns the noise round, but a density is never negative.": p_z(z) / a,
                "the height goes the wrong way: a steep G spreads the noise thin.": p_z(z) * abs(a),
                "p_z is asked at G(x). Asked is the z that G carries to x, the other way round.":
                    p_z(a * x + b) / abs(a),
                "p_z is asked at G(x), and its height is that of the noise: both are still to do.": p_z(a * x + b),
                "p_z is asked at x itself, as if G moved nothing.": p_z(x) / abs(a),
                "b is taken away after the division by a, not before.": p_z(x / a - b) / abs(a),
            })


def _check_exponential(G):
    z = (np.arange(2000) + 0.5) / 2000
    x = to_numpy(G(z.copy()), "G(z)")
    expect_shape(x, z.shape, "G(z)")
    expect(np.array_equal(x, to_numpy(G(z.copy()))), "the same z gave another x the second time. G is a function; all "
           "the chance is in z.")
    expect(np.isfinite(x).all(), "some samples are NaN or infinite for a z inside (0, 1).")
    lowest = float(x.min())
    for message, mistake in {
        "this is the density at z, and not a place x where a sample lands.": np.exp(-z),
        "this is the share of samples below z. G goes the other way: from a share to the place.": 1 - np.exp(-z),
        "this stretches the noise evenly, so the samples are still uniform.": z * x.max(),
    }.items():
        expect(not np.allclose(x, mistake, rtol=1e-3, atol=1e-3), message)
    expect(lowest >= 0, f"some samples lie below 0, the lowest at {lowest:.2f}; there the density is 0. Is a minus "
           "missing?")
    want = -np.log1p(-z)
    got = np.sort(x)
    wrong = np.abs(np.searchsorted(got, want) / len(z) - z).max()
    if wrong > 0.005:
        below = np.mean(x < 1)
        raise_to = 1 - math.exp(-1)
        expect(False, f"{below:.0%} of your samples lie below x = 1, and {np.mean(x < 2):.0%} below x = 2; asked are "
               f"{raise_to:.0%} and {1 - math.exp(-2):.0%}.")


def _check_count(count):
    edges = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    cases = (([0.5, 0.7, 1.5, 1.6, 1.7, 3.1], [0.2, 1.1, 3.5]),          # twice as many real ones
             ([0.1, 1.9], [0.3, 0.4, 1.2, 1.3, 1.4, 1.5, 3.3, 3.9]))
    for real, fake in cases:
        real, fake = np.array(real), np.array(fake)
        n_real = np.array([np.sum((a <= real) & (real < a + 1)) for a in edges[:-1]])
        n_fake = np.array([np.sum((a <= fake) & (fake < a + 1)) for a in edges[:-1]])
        r, f = n_real / len(real), n_fake / len(fake)
        none = r + f == 0
        want = np.where(none, 0.5, r / np.where(none, 1, r + f))
        counts = np.where(none, 0.5, n_real / np.where(none, 1, n_real + n_fake))
        with np.errstate(all="ignore"):
            got = to_numpy(count(real.copy(), fake.copy(), edges.copy()), "D")
            ratio = r / f
        expect_shape(got, (4,), "D, one answer for each bin,")
        expect(not (np.isnan(got[none]).any() and not np.isnan(got[~none]).any()),
               "D is NaN in the bin where nothing has landed. There it can't tell: 1/2.")
        what = f"D from {len(real)} real and {len(fake)} generated samples"
        expect_close(got, want, what, known={
            "these are the shares of the counts. There are more samples of one kind than of the other here: turn "
            "counts into shares of their own kind first.": counts,
            "this is the probability of generated; asked is that of real.": 1 - want,
            "right but in the bin where nothing has landed: there D can't tell, 1/2.": np.where(none, 0.0, want),
            "right but in the bin where nothing has landed: there D can't tell, and 1 is as wrong as 0.":
                np.where(none, 1.0, want),
            "this is real against generated, which can be above 1; asked is real among all that landed there.":
                np.where(none, 0.5, ratio),
            "this is how the real samples are spread over the bins; the generated ones play no part yet.": r,
            "this is only a verdict, real or generated; asked is the probability.":
                np.where(none, 0.5, (r > f).astype(float)),
        })


PLACES = (-2.5, -1.5, -0.8, -0.3, 0.3, 0.8, 1.5, 2.5)


def _data_below(x):
    """The share of real samples below x: two humps at -1.2 and 1.2, each 0.6 wide."""
    return np.array([0.25 * (2 + math.erf((v + 1.2) / 0.6 / math.sqrt(2)) + math.erf((v - 1.2) / 0.6 / math.sqrt(2)))
                     for v in x])


def _check_heights(heights):
    heights = to_numpy(heights, "heights").astype(float)
    expect_shape(heights, (8,), "heights, one for each of the eight points,")
    expect(np.isfinite(heights).all(), "heights holds a NaN or an infinite number.")
    z = np.linspace(-5, 5, 8001)
    weight = _normal(z) / _normal(z).sum()
    x = np.interp(z, PLACES, heights)
    for k, side in ((0, z < PLACES[0]), (-2, z > PLACES[-1])):              # the outer pieces go on for ever
        slope = (heights[k + 1] - heights[k]) / (PLACES[k + 1] - PLACES[k])
        x = np.where(side, heights[k] + slope * (z - PLACES[k]), x)
    edges = np.arange(-5, 5.05, 0.1)
    inside = np.histogram(x, edges, weights=weight)[0]
    excess = inside - np.diff(_data_below(edges))
    wrong = (np.abs(excess).sum() + 1 - inside.sum()) / 2
    if wrong >= 0.105:  # what the figure rounds to 10 % passes
        expect(np.ptp(x) > 1e-6, "all the noise lands on one place, because G is flat: every z becomes the same "
               "sample.")
        expect(1 - inside.sum() < 0.2, f"{1 - inside.sum():.0%} of the samples land beyond -5 and 5, where no real one "
               "is: G is much too steep there.")
        smooth = np.convolve(excess, np.ones(5), "same")
        centre = round((edges[:-1] + 0.05)[np.argmax(smooth)], 1) + 0.0       # no "-0.0"
        expect(False, f"{wrong:.0%} of the generated samples are in the wrong place; asked are 10% or less. Most of "
               f"all, too many land around x = {centre:.1f}: there G should be steeper.")


EXERCISES = (
    Exercise(
        id="02.1", title="The density of stretched noise", answer="stretched", check=_check_stretched,
        setup="import numpy as np",
        stub='''def stretched(p_z, a, b, x):
    """The density of G(z) = a z + b at the places x. p_z is a function: the density of z. a isn't 0."""
    raise NotImplementedError
''',
        hints=(
            "Which z does G carry to x? Solve x = a z + b for z.",
            "How much noise is at that z? And over how much room does G spread it?",
            "Noise from a stretch of z of length 1 lands on a stretch of x as long as the slope, without its sign.",
        ),
        solution='''def stretched(p_z, a, b, x):
    """The density of G(z) = a z + b at the places x. p_z is a function: the density of z. a isn't 0."""
    z = (x - b) / a
    return p_z(z) / np.abs(a)
''',
        wrong={
            "not spread": "def stretched(p_z, a, b, x):\n    return p_z((x - b) / a)",
            "negative": "def stretched(p_z, a, b, x):\n    return p_z((x - b) / a) / a",
            "the wrong way": "def stretched(p_z, a, b, x):\n    return p_z((x - b) / a) * abs(a)",
            "at G(x)": "def stretched(p_z, a, b, x):\n    return p_z(a * x + b) / abs(a)",
            "at x": "def stretched(p_z, a, b, x):\n    return p_z(x) / abs(a)",
            "brackets": "def stretched(p_z, a, b, x):\n    return p_z(x / a - b) / abs(a)",
        },
    ),
    Exercise(
        id="02.2", title="A generator by formula", answer="G", check=_check_exponential, setup="import numpy as np",
        stub='''def G(z):
    """Uniform noise z in (0, 1), an array -> samples x above 0 with the density exp(-x)."""
    raise NotImplementedError
''',
        hints=(
            "How much of the density exp(-x) lies below a place x? Integrate it from 0 to x.",
            "Of the noise, a share z lies below z. A rising G carries it to what lies below G(z): the two shares must "
            "be equal.",
            "So 1 - exp(-x) = z. Solve it for x.",
        ),
        solution='''def G(z):
    """Uniform noise z in (0, 1), an array -> samples x above 0 with the density exp(-x)."""
    return -np.log(1 - z)
''',
        wrong={
            "the density": "def G(z):\n    return np.exp(-z)",
            "the share below": "def G(z):\n    return 1 - np.exp(-z)",
            "the sign": "def G(z):\n    return np.log(1 - z)",
            "stretched": "def G(z):\n    return 5 * z",
            "own chance": "def G(z):\n    return np.random.default_rng().exponential(size=len(z))",
            "twice as wide": "def G(z):\n    return -2 * np.log(1 - z)",
        },
    ),
    Exercise(
        id="02.3", title="D's best answer, by counting", answer="count", check=_check_count,
        setup="import numpy as np",
        stub='''def count(x_real, x_fake, edges):
    """D's best answer in each bin between `edges`: its probability of real; 1/2 where nothing lands."""
    raise NotImplementedError
''',
        hints=(
            "np.histogram(x, edges)[0] counts how many of x lie in each bin.",
            "If there are twice as many real samples as generated ones, plain counts favour real. Divide each count by "
            "the number of samples of its kind.",
            "Then: the share of real among both, bin by bin. Which bins divide 0 by 0? Give them 1/2 with np.where.",
        ),
        solution='''def count(x_real, x_fake, edges):
    """D's best answer in each bin between `edges`: its probability of real; 1/2 where nothing lands."""
    real = np.histogram(x_real, edges)[0] / len(x_real)
    fake = np.histogram(x_fake, edges)[0] / len(x_fake)
    both = real + fake
    return np.where(both > 0, real / np.where(both > 0, both, 1), 0.5)
''',
        wrong={
            "counts": "def count(x_real, x_fake, edges):\n    r = np.histogram(x_real, edges)[0]\n"
                      "    f = np.histogram(x_fake, edges)[0]\n    n = np.maximum(r + f, 1)\n"
                      "    return np.where(r + f > 0, r / n, 0.5)",
            "nan": "def count(x_real, x_fake, edges):\n    r = np.histogram(x_real, edges)[0] / len(x_real)\n"
                   "    f = np.histogram(x_fake, edges)[0] / len(x_fake)\n    return r / (r + f)",
            "the other one": "def count(x_real, x_fake, edges):\n"
                             "    r = np.histogram(x_real, edges)[0] / len(x_real)\n"
                             "    f = np.histogram(x_fake, edges)[0] / len(x_fake)\n"
                             "    n = np.where(r + f > 0, r + f, 1)\n    return np.where(r + f > 0, f / n, 0.5)",
            "0 for empty": "def count(x_real, x_fake, edges):\n"
                           "    r = np.histogram(x_real, edges)[0] / len(x_real)\n"
                           "    f = np.histogram(x_fake, edges)[0] / len(x_fake)\n"
                           "    return r / np.maximum(r + f, 1e-9)",
            "only real": "def count(x_real, x_fake, edges):\n    return np.histogram(x_real, edges)[0] / len(x_real)",
            "a verdict": "def count(x_real, x_fake, edges):\n    r = np.histogram(x_real, edges)[0] / len(x_real)\n"
                         "    f = np.histogram(x_fake, edges)[0] / len(x_fake)\n"
                         "    return np.where(r + f > 0, r > f, 0.5)",
        },
    ),
    Exercise(
        id="02.4", title="A generator by hand", answer="heights", check=_check_heights,
        stub='''heights = ...  # eight numbers: G at z = -2.5, -1.5, -0.8, -0.3, 0.3, 0.8, 1.5, 2.5
''',
        hints=(
            "Bend G in the first live figure until its line says 10% or less, then read the numbers under the sliders.",
            "The data have a valley around x = 0: few samples may land there, so G is steep as it passes. Which two "
            "points are next to z = 0?",
            "Let the outer pieces have a slope of about 0.7, and the middle one more than 2.",
        ),
        solution='''heights = [-2.6, -1.9, -1.3, -0.8, 0.8, 1.3, 1.9, 2.6]
''',
        wrong={
            "not bent": "heights = [-2.5, -1.5, -0.8, -0.3, 0.3, 0.8, 1.5, 2.5]",
            "flat": "heights = [1.2] * 8",
            "one hump": "heights = [0.6, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 1.8]",
            "too few": "heights = [-2.6, -0.8, 0.8, 2.6]",
            "far out": "heights = [-40, -20, -10, -5, 5, 10, 20, 40]",
        },
    ),
)

QUIZ = (
    Question("You call G twice with the same z. What do you get?", (
        Option("Two different samples, because G is random", "No: G is a function. The chance is in z alone; that is "
               "why a picture of the same z shows how G changes while it learns."),
        Option("The same sample twice", "Yes: all the chance is in z. Another sample needs another z.", right=True),
        Option("It depends on D", "No: D tells G how to change in training. What G makes of a z depends on G alone."),
    )),
    Question("G is made steeper at some z. What happens to the density of its samples at G(z)?", (
        Option("It rises", "No: a steep piece spreads its noise over much room, so little of it is at each place."),
        Option("It falls", "Yes: p_g is the noise's density divided by the slope.", right=True),
        Option("Nothing: only the noise decides it", "No: the noise is fixed, and G decides where it piles up and "
               "where it is spread thin."),
    )),
    Question("Half of the samples are real. The best possible D is right on 60 % of all. Which share of the generated "
             "samples is in the wrong place?", (
                 Option("20 %", "Yes: 0.6 = 1 - (1 - 0.2)/2. Half of the rest it gets right by luck.", right=True),
                 Option("40 %", "No: that would let the best D be right on 1 - (1 - 0.4)/2 = 70 %."),
                 Option("60 %", "No: with 60 % in the wrong place, the best D is right on 80 %. Tossing a coin is "
                        "right on 50 % already."),
             )),
    Question("What does G get to know about the real samples in training?", (
        Option("It sees them, one batch at each step", "No: that is D. If G saw them, it could simply copy them."),
        Option("Only what D's judgement tells: in which direction D rises at G's own samples",
               "Yes: and so what D doesn't know, G can't learn.", right=True),
        Option("Their density p_data", "No: nobody knows p_data. We draw it here because we made the data ourselves."),
    )),
    Question("G makes the same sample every time: a copy of a real one. Is D fooled?", (
        Option("Yes: each sample, taken alone, could be real", "No: D answers with the share of real ones among what "
               "lands there, and now nearly all that lands there is generated."),
        Option("No, if D goes on learning: far more generated than real samples land there",
               "Yes: it needs a D that keeps answering. A D that stands still is fooled for ever.", right=True),
        Option("No D can notice it, since D sees one sample at a time", "No: D judges one sample at a time, but has "
               "learned from many how often real and generated ones land at this place."),
    )),
)
