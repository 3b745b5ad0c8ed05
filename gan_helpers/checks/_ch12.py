"""Chapter 12: along an arc, noise without extremes, one direction without another, lengths on the straight path."""

import math

import numpy as np

from gan_helpers.checks import Exercise, Mismatch, Option, Question, expect, expect_close, expect_shape, to_numpy


def _check_slerp(slerp):
    rng = np.random.default_rng(0)
    for dim, t in ((3, 0.25), (64, 0.5), (64, 0.8), (5, 0.0), (5, 1.0)):
        a, b = rng.standard_normal((2, dim))
        lengths = np.linalg.norm(a), np.linalg.norm(b)
        u, v = a / lengths[0], b / lengths[1]
        omega = np.arccos(u @ v)
        ways = np.sin((1 - t) * omega), np.sin(t * omega)
        want = (ways[0] * a + ways[1] * b) / np.sin(omega)
        straight = (1 - t) * a + t * b
        with np.errstate(all="ignore"):
            got = slerp(a.copy(), b.copy(), t)
        what = f"your point at t = {t:g}"
        expect_shape(got, (dim,), what)
        expect(np.isfinite(to_numpy(got)).all(), f"{what} isn't a number: a cosine lies between -1 and 1, so divide by "
               "the lengths of a and b before you take the arc cosine.")
        expect_close(got, want, what, known={
            "this is the straight path.": straight,
            "the division by the sine of the whole angle is missing.": want * np.sin(omega),
            "t runs the wrong way: at t = 0 it must be a, at t = 1 b.":
                (ways[1] * a + ways[0] * b) / np.sin(omega),
            "a and b were shortened to length 1. The angle needs that, the sum doesn't.":
                (ways[0] * u + ways[1] * v) / np.sin(omega),
            "this is a point of the straight path, put back to the length. It lies on the arc, but it doesn't move at "
            "a constant speed.": straight / np.linalg.norm(straight) * ((1 - t) * lengths[0] + t * lengths[1]),
            "a and b were shortened to length 1, and the length is put in afterwards. The formula does it by itself: "
            "leave a and b as long as they are.":
                (ways[0] * u + ways[1] * v) / np.sin(omega) * ((1 - t) * lengths[0] + t * lengths[1]),
            "this turns by a quarter of a circle whatever the angle of a and b is.":
                np.cos(t * np.pi / 2) * a + np.sin(t * np.pi / 2) * b,
        })


def _check_truncated(truncated_noise):
    n, dim = 5000, 32        # so many that a third of the entries drawn from another distribution can be told
    for psi in (0.5, 1.2):
        z = truncated_noise(n, dim, psi, np.random.default_rng(0))
        expect_shape(z, (n, dim), "your noise")
        z = to_numpy(z, "your noise")
        expect(np.isfinite(z).all(), "your noise holds numbers that aren't finite.")
        size, outside = np.abs(z), np.mean(np.abs(z) > psi)
        scaled = np.allclose(z, psi * np.random.default_rng(0).standard_normal((n, dim)))
        expect(not scaled, "this is a normal multiplied by ψ. Extremes are only shrunk with all the rest, and they may "
               "still be outside.")
        expect((z < -psi).any() or not (z > psi).any(), f"above ψ = {psi:g} too: you have looked at one side only.")
        expect((z > psi).any() or not (z < -psi).any(), f"below -ψ = {-psi:g} too: you have looked at one side only.")
        plain = 2 * (1 - _normal_cdf(psi))      # the share of a normal outside of ±psi
        expect(outside < 0.9 * plain, f"{outside:.0%} of the entries lie outside ±{psi:g}, as many as if nothing had "
               "been done.")
        expect(outside == 0, f"{outside:.1%} of the entries still lie outside ±{psi:g}. One that is drawn anew may be "
               "too large again: go on until none is.")
        expect(np.mean(size > psi - 1e-9) < 0.01, f"{np.mean(size > psi - 1e-9):.0%} of the entries lie exactly at "
               "±ψ: they were cut to the edge. Draw them anew instead.")
        expect(size.max() > 0.95 * psi, f"no entry is near ±{psi:g}: all were made smaller, also those that were fine.")
        expect(np.unique(z).size > 0.9 * z.size, "many entries are the same number. Each one that is outside needs a "
               "draw of its own: `rng.standard_normal()` makes one number for all of them.")
        grid = np.linspace(-psi, psi, 201)
        found = np.searchsorted(np.sort(z.ravel()), grid, side="right") / z.size
        want, steep, even = _inside(grid, psi), _inside(grid / psi, 1), (grid + psi) / (2 * psi)
        known = {
            "": want,
            "this is uniform noise: between the edges it must be as dense as the normal, highest at 0.": even,
            "the entries that were drawn anew are uniform. Draw them from the same normal as the first time.":
                (1 - plain) * want + plain * even,
            "the entries that were drawn anew are multiplied by ψ. Leave them as they come, and go on until all are "
            "inside.": (1 - plain) * want + plain * steep,
        }
        away = {message: np.abs(found - other).max() for message, other in known.items()}
        enough = 1.95 / np.sqrt(z.size)                                 # Kolmogorov and Smirnov: 1 in 1,000
        if away[""] > enough:
            nearest = min(away, key=away.get)
            expect(not nearest or away[nearest] > enough, nearest)
            raise Mismatch("all entries lie inside, but they aren't spread like a normal between the edges.")
    again = [to_numpy(truncated_noise(3, 4, 1.0, np.random.default_rng(seed))) for seed in (1, 1, 2)]
    expect(np.array_equal(again[0], again[1]), "the same seed gave other noise: draw all of it from `rng`.")
    expect(not np.array_equal(again[0], again[2]), "another seed gave the same noise: draw it from `rng`.")


def _normal_cdf(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def _inside(values, edge):
    """The distribution function of a standard normal that is drawn anew outside of ±edge, at `values` inside."""
    half = _normal_cdf(edge) - 0.5
    return np.array([(_normal_cdf(value) - 0.5 + half) / (2 * half) for value in values])


def _check_without(without):
    for seed, dim in ((0, 5), (1, 64)):
        v, w = np.random.default_rng(seed).standard_normal((2, dim)) * [[2], [3]] + 0.5
        got = without(v.copy(), w.copy())
        if np.size(to_numpy(got, "your direction")) == 1:
            raise Mismatch("your direction is a single number: how much of w is in v. Subtract so much of w from v.")
        expect_shape(got, (dim,), "your direction")
        part = (v @ w) / (w @ w) * w
        unit = w / np.linalg.norm(w)
        expect_close(got, v - part, "your direction", known={
            "the lengths are missing: the part along w must be the same whether w is long or short.": v - (v @ w) * w,
            "divide by the length of w twice: once for the inner product, once for w itself.": v - (v @ unit) * w,
            "divided by both lengths, the inner product is the cosine of the angle between v and w. Divide by w·w.":
                v - (v @ w) / (np.linalg.norm(v) * np.linalg.norm(w)) * w,
            "this is the part along w, the one that should go.": part,
            "this is v minus all of w. Only as much of w should go as there is in v.": v - w,
            "v and w are exchanged: this is w without its part along v.": w - (v @ w) / (v @ v) * v,
            "the part along w was added once more, not taken away.": v + part,
            "right, but for its length: leave it as it is.": (v - part) / np.linalg.norm(v - part),
        })


def _check_straight(straight_length):
    for dim, t in ((64, 0.2), (64, 0.5), (2, 0.0), (1000, 0.9)):
        mean = math.sqrt(2) * math.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))
        shorter = math.sqrt((1 - t) ** 2 + t**2)
        got = to_numpy(straight_length(dim, t), "your length")
        expect(got.size == 1, f"your length is one number, and yours has the shape {got.shape}.")
        known = {
            "this is the length at the ends, at every t. In between the path comes nearer to 0.": mean,
            "variances add up, lengths don't: the factor is a root.": mean * shorter**2,
            "this is the factor of the middle, at every t.": mean / math.sqrt(2),
            "the root of the number of entries is a little more than the mean length: use Γ.": math.sqrt(dim) * shorter,
            "the root of 2 is missing.": mean / math.sqrt(2) * shorter,
            "the two Γ are exchanged.": 2 / mean * shorter,
        }
        expect_close(got.reshape(()), mean * shorter, f"your length in {dim} dimensions at t = {t:g}", known=known)


EXERCISES = (
    Exercise(
        id="12.1", title="Along the arc", answer="slerp", check=_check_slerp, setup="import numpy as np",
        stub='''def slerp(a, b, t):
    """Two vectors (dim,), neither of them zeros, not parallel; t from 0 to 1 -> (dim,)."""
    raise NotImplementedError
''',
        hints=(
            "First the angle ω. The inner product of two vectors is the product of their lengths times its cosine.",
            "How much of a, how much of b? At t = 0 all of a, at t = 1 all of b: the sine of the part of the angle "
            "that is left, and the sine of the part that is done.",
            "Divide by the sine of the whole angle. The vectors themselves keep their lengths.",
        ),
        solution='''def slerp(a, b, t):
    """Two vectors (dim,), neither of them zeros, not parallel; t from 0 to 1 -> (dim,)."""
    omega = np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    return (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)
''',
        wrong={
            "straight": "def slerp(a, b, t):\n    return (1 - t) * a + t * b",
            "cosine of what": "def slerp(a, b, t):\n    w = np.arccos(a @ b)\n"
                              "    return (np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w)",
            "not divided": "def slerp(a, b, t):\n    w = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))\n"
                           "    return np.sin((1 - t) * w) * a + np.sin(t * w) * b",
            "backwards": "def slerp(a, b, t):\n    w = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))\n"
                         "    return (np.sin(t * w) * a + np.sin((1 - t) * w) * b) / np.sin(w)",
            "of length 1": "def slerp(a, b, t):\n    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)\n"
                           "    w = np.arccos(a @ b)\n"
                           "    return (np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w)",
            "the length afterwards": "def slerp(a, b, t):\n    p, q = np.linalg.norm(a), np.linalg.norm(b)\n"
                                     "    w = np.arccos(a @ b / p / q)\n"
                                     "    z = (np.sin((1 - t) * w) * a / p + np.sin(t * w) * b / q) / np.sin(w)\n"
                                     "    return z * ((1 - t) * p + t * q)",
            "straight, lengthened": "def slerp(a, b, t):\n    z = (1 - t) * a + t * b\n"
                                    "    length = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)\n"
                                    "    return z / np.linalg.norm(z) * length",
            "a quarter": "def slerp(a, b, t):\n    return np.cos(t * np.pi / 2) * a + np.sin(t * np.pi / 2) * b",
            "a number": "def slerp(a, b, t):\n    return np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))",
        },
    ),
    Exercise(
        id="12.2", title="Noise without extremes", answer="truncated_noise", check=_check_truncated,
        setup="import numpy as np",
        stub='''def truncated_noise(n, dim, psi, rng):
    """Normal z (n, dim), each entry that is outside -psi ... psi drawn anew until it is inside."""
    raise NotImplementedError
''',
        hints=(
            "Draw all of z first: rng.standard_normal gives normal numbers in any shape.",
            "Which entries are too large, on either side? A comparison makes an array of bools, which can be an index.",
            "Those, and only those, get new draws: if all of z is drawn anew, there is always one outside again. Some "
            "of the new ones are too large, too: a while loop, as long as there are any.",
        ),
        solution='''def truncated_noise(n, dim, psi, rng):
    """Normal z (n, dim), each entry that is outside -psi ... psi drawn anew until it is inside."""
    z = rng.standard_normal((n, dim))
    while (outside := np.abs(z) > psi).any():
        z[outside] = rng.standard_normal(outside.sum())
    return z
''',
        wrong={
            "nothing done": "def truncated_noise(n, dim, psi, rng):\n    return rng.standard_normal((n, dim))",
            "cut": "def truncated_noise(n, dim, psi, rng):\n"
                   "    return np.clip(rng.standard_normal((n, dim)), -psi, psi)",
            "scaled": "def truncated_noise(n, dim, psi, rng):\n    return psi * rng.standard_normal((n, dim))",
            "smaller": "def truncated_noise(n, dim, psi, rng):\n    return 0.15 * psi * rng.standard_normal((n, dim))",
            "once": "def truncated_noise(n, dim, psi, rng):\n    z = rng.standard_normal((n, dim))\n"
                    "    bad = np.abs(z) > psi\n    z[bad] = rng.standard_normal(bad.sum())\n    return z",
            "one side": "def truncated_noise(n, dim, psi, rng):\n    z = rng.standard_normal((n, dim))\n"
                        "    while (z > psi).any():\n        bad = z > psi\n"
                        "        z[bad] = rng.standard_normal(bad.sum())\n    return z",
            "uniform": "def truncated_noise(n, dim, psi, rng):\n    return rng.uniform(-psi, psi, (n, dim))",
            "uniform draws anew": "def truncated_noise(n, dim, psi, rng):\n    z = rng.standard_normal((n, dim))\n"
                                  "    bad = np.abs(z) > psi\n    z[bad] = rng.uniform(-psi, psi, bad.sum())\n"
                                  "    return z",
            "scaled draws anew": "def truncated_noise(n, dim, psi, rng):\n    z = rng.standard_normal((n, dim))\n"
                                 "    while (np.abs(z) > psi).any():\n        bad = np.abs(z) > psi\n"
                                 "        z[bad] = psi * rng.standard_normal(bad.sum())\n    return z",
            "one draw for all": "def truncated_noise(n, dim, psi, rng):\n    z = rng.standard_normal((n, dim))\n"
                                "    while (np.abs(z) > psi).any():\n"
                                "        z[np.abs(z) > psi] = rng.standard_normal()\n    return z",
            "left out": "def truncated_noise(n, dim, psi, rng):\n    z = rng.standard_normal((n, dim))\n"
                        "    return z[np.abs(z) <= psi]",
            "other dice": "def truncated_noise(n, dim, psi, rng):\n    z = np.random.standard_normal((n, dim))\n"
                          "    while (np.abs(z) > psi).any():\n        bad = np.abs(z) > psi\n"
                          "        z[bad] = np.random.standard_normal(bad.sum())\n    return z",
        },
    ),
    Exercise(
        id="12.3", title="One attribute without the other", answer="without", check=_check_without,
        setup="import numpy as np",
        stub='''def without(v, w):
    """Two directions (dim,) -> v without its part along w, (dim,), at a right angle to w."""
    raise NotImplementedError
''',
        hints=(
            "How much of w is in v? At a right angle none: the inner product of the two is 0 then.",
            "Of a w of length 1, v has as much as the inner product says. Yours may have any length.",
            "So the part along w is w, multiplied by one inner product and divided by another. Take it away from v.",
        ),
        solution='''def without(v, w):
    """Two directions (dim,) -> v without its part along w, (dim,), at a right angle to w."""
    return v - (v @ w) / (w @ w) * w
''',
        wrong={
            "no lengths": "def without(v, w):\n    return v - (v @ w) * w",
            "one length": "def without(v, w):\n    return v - (v @ w) / np.linalg.norm(w) * w",
            "the cosine": "def without(v, w):\n"
                          "    return v - (v @ w) / (np.linalg.norm(v) * np.linalg.norm(w)) * w",
            "the part": "def without(v, w):\n    return (v @ w) / (w @ w) * w",
            "all of w": "def without(v, w):\n    return v - w",
            "exchanged": "def without(v, w):\n    return w - (v @ w) / (v @ v) * v",
            "added": "def without(v, w):\n    return v + (v @ w) / (w @ w) * w",
            "length 1": "def without(v, w):\n    d = v - (v @ w) / (w @ w) * w\n    return d / np.linalg.norm(d)",
            "a number": "def without(v, w):\n    return (v @ w) / (w @ w)",
        },
    ),
    Exercise(
        id="12.4", title="Lengths on the straight path", answer="straight_length", check=_check_straight,
        setup="import math",
        stub='''def straight_length(dim, t):
    """The mean length of (1 - t) a + t b, for independent normal a and b with dim entries."""
    raise NotImplementedError
''',
        hints=(
            "At t = 0 it is the mean length of a. Both Γ overflow for a dim of 1000: subtract their logarithms "
            "instead, math.lgamma.",
            "One entry of the sum is a normal number, too. What is its variance? Multiplied by c, a number has c² "
            "times the variance; and variances of independent numbers add up.",
            "So the sum is a standard normal vector, multiplied by the root of that variance.",
        ),
        solution='''def straight_length(dim, t):
    """The mean length of (1 - t) a + t b, for independent normal a and b with dim entries."""
    mean = math.sqrt(2) * math.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))
    return mean * math.sqrt((1 - t)**2 + t**2)
''',
        wrong={
            "at the ends": "def straight_length(dim, t):\n"
                           "    return math.sqrt(2) * math.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))",
            "no root": "def straight_length(dim, t):\n"
                       "    mean = math.sqrt(2) * math.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))\n"
                       "    return mean * ((1 - t)**2 + t**2)",
            "the middle": "def straight_length(dim, t):\n"
                          "    mean = math.sqrt(2) * math.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))\n"
                          "    return mean / math.sqrt(2)",
            "root of dim": "def straight_length(dim, t):\n    return math.sqrt(dim * ((1 - t)**2 + t**2))",
            "no root of 2": "def straight_length(dim, t):\n"
                            "    mean = math.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))\n"
                            "    return mean * math.sqrt((1 - t)**2 + t**2)",
            "exchanged": "def straight_length(dim, t):\n"
                         "    mean = math.sqrt(2) * math.exp(math.lgamma(dim / 2) - math.lgamma((dim + 1) / 2))\n"
                         "    return mean * math.sqrt((1 - t)**2 + t**2)",
            "overflow": "def straight_length(dim, t):\n"
                        "    mean = math.sqrt(2) * math.gamma((dim + 1) / 2) / math.gamma(dim / 2)\n"
                        "    return mean * math.sqrt((1 - t)**2 + t**2)",
        },
    ),
)

QUIZ = (
    Question("Two normal z of 64 entries, each about 8 long. How long is the point half way on the straight line?", (
        Option("About 8, like both ends", "No: that holds on the arc. The line cuts the corner."),
        Option("About 5.6", "Yes: the two are nearly at a right angle, and the middle is shorter by the factor √½.",
               right=True),
        Option("About 0", "No: that would need opposite ends. In 64 dimensions two random directions are nearly at a "
               "right angle."),
    )),
    Question("Somebody's samples at ψ = 0.5 look better than yours at ψ = 2. Is their generator better?", (
        Option("Yes, they have the better images", "No: yours may look as good at ψ = 0.5. Truncation shows fewer "
               "kinds of images, and these look better."),
        Option("It can't be said from this", "Yes: compare both at the same ψ, with precision and with recall.",
               right=True),
        Option("No, yours has more variety", "Not so fast: that wasn't measured either."),
    )),
    Question("Each of the 64 entries of z changes a little of everything. Why isn't one of them the thickness?", (
        Option("G has trained too short", "No: however long it trains, no axis of a normal z is special."),
        Option("A normal z looks the same from every side", "Yes: so nothing drives meaning onto the axes. A direction "
               "that mixes many entries may still change the thickness.", right=True),
        Option("This G can't change the thickness", "No: along the direction of ink it does, in nearly all images."),
    )),
    Question("You add the direction of ink, and ink rises in all of 200 images. What else must you count?", (
        Option("Nothing: 200 of 200", "No: it says that ink rises, not that only ink changes."),
        Option("How many are still the same digit, and the same for random directions",
               "Yes: what else changes, and what any step of this length would change.", right=True),
        Option("The Fréchet distance alone", "No: it could stay while every single digit turns into another one."),
    )),
    Question("Gradient descent finds a z whose image is far from the given digit. What does that show?", (
        Option("The digit can't be made by this G", "Not quite: descent may have stopped in a valley. Begin elsewhere "
               "a few times before you say so."),
        Option("This search found nothing nearer", "Yes: it is a bound from one side. Other starts may find better.",
               right=True),
        Option("The digit was not in the training set", "No: new digits are found about as well as training digits. "
               "That is a sign that G didn't learn these by heart."),
    )),
)
