"""Chapter 04: the pull on one sample, the extragradient step, Nash against attracting."""

import numpy as np

from gan_helpers import theory
from gan_helpers.checks import Exercise, Option, Question, expect, expect_close, to_numpy


def _two(got, what):
    """The two parts of an answer that should be a pair."""
    expect(got is not None, f"{what} is None: is a `return` missing?")
    expect((isinstance(got, (tuple, list)) or np.ndim(got) > 0) and len(got) == 2,
           f"{what} should be a pair of two results; yours is a {type(got).__name__}.")
    return got


def _check_sample_gradients(sample_gradients):
    x, h = np.array([-0.7, 0.4, 1.0, 2.2, 4.5]), 1e-5
    for m in (2.0, 0.5, -1.5):
        logit = theory.optimal_logit(theory.Gaussian(), theory.Gaussian(m, 1))
        losses = (lambda at: -np.logaddexp(0, logit(at)), lambda at: np.logaddexp(0, -logit(at)))  # noqa: B023
        want = np.array([(loss(x + h) - loss(x - h)) / (2 * h) for loss in losses])
        d, slope = theory.sigmoid(logit(x)), -m
        parts = _two(sample_gradients(m, x.copy()), f"your answer for m = {m:g}")
        got = np.stack([np.broadcast_to(to_numpy(part, "your gradient"), x.shape) if np.ndim(part) == 0
                        else to_numpy(part, "your gradient") for part in parts])
        expect_close(got, want, f"the pair of gradients for m = {m:g}", rtol=1e-4, atol=1e-7, known={
            "the two losses have changed places: the saturating one is weak where D is sure of a fake.": want[::-1],
            "the sign is the other way round. A gradient points uphill; the sample then moves against it.": -want,
            "this is the derivative with respect to D's logit alone. By the chain rule, the slope of the logit at x is "
            "a factor too.":
                np.stack([-d, d - 1]),
            "this takes log(1 - D) and -log D as functions of D alone, and forgets that D is the sigmoid of a logit, "
            "whose slope is D (1 - D).": np.stack([-slope / (1 - d), -slope / d]),
            "D is upside down: it says fake where p_data is the larger one.": np.stack([(1 - d) * slope, d * slope]),
            "this is minus the slope of the logit, as if each loss were the logit itself. Each loss weighs that slope "
            "by its own factor.": np.full_like(want, -slope),
        })


_GAMES = ((theory.bilinear(), 0.3), (theory.quadratic(-0.5, 2, 1), 0.1), (theory.dirac(penalty=0.4), 0.7))


def _check_extragradient_step(extragradient_step):
    for game, eta in _GAMES:
        for start in ((1.0, 0.5), (-0.3, 2.0)):
            w = np.array(start)
            pull = np.array(game.field(*w))
            ahead = w + eta * pull
            there = np.array(game.field(*ahead))
            want = theory.play(game, start, 1, eta, "extragradient")[1]
            got = _two(extragradient_step(game.field, *start, eta), "the new place")
            got = np.array([float(to_numpy(part, "the new place").reshape(())) for part in got])
            expect_close(got, want, f"the place after one step of the {game.name} game", rtol=1e-9, atol=1e-9, known={
                "this is a plain step. Use it only to look ahead: the pull that counts is the one found there.": ahead,
                "these are two plain steps: the second one should begin where the first one began.":
                    ahead + eta * there,
                "this goes with the mean of both pulls; the pull here serves only to look ahead.":
                    w + eta * (pull + there) / 2,
                "the sign is the other way round: the field already says where each player is pulled.": w - eta * there,
                "the look ahead went against the pull.": w + eta * np.array(game.field(*(w - eta * pull))),
                "only D looked ahead. Both players do, from the same place.":
                    w + eta * np.array(game.field(w[0], ahead[1])),
                "only G looked ahead. Both players do, from the same place.":
                    w + eta * np.array(game.field(ahead[0], w[1])),
                "the step back from the place ahead has no step size: the pull found there counts eta times.":
                    w + there,
            })


_CASES = ((1.0, 1.0, 0.5), (0.0, 1.0, 0.0), (-0.5, 2.0, 1.0), (-0.5, 0.3, 1.0), (1.0, 2.0, -0.5), (-1.0, 2.0, 0.5),
          (-0.5, 1.0, -0.5), (0.0, 1.0, 1.0), (2.0, 1.0, -1.0), (0.5, 0.0, 0.5),
          (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))


def _check_nash_and_attracting(nash_and_attracting):
    alone = np.linspace(-1, 1, 21)
    nash, attracting, got = [], [], []
    for a, b, c in _CASES:
        nash.append((a * alone**2 / 2 >= 0).all() and (-c * alone**2 / 2 <= 0).all())
        attracting.append(np.linalg.eigvals([[-a, -b], [b, -c]]).real.max() < -1e-9)
        pair = _two(nash_and_attracting(a, b, c), f"your answer for a = {a:g}, b = {b:g}, c = {c:g}")
        got.append([bool(to_numpy(part, "your answer").reshape(())) for part in pair])
    got, (a, b, c) = np.array(got), np.array(_CASES).T
    nash, attracting = np.array(nash), np.array(attracting)
    expect(not (np.array_equal(got[:, 1], nash) and np.array_equal(got[:, 0], attracting)),
           "the two answers have changed places: first Nash, then attracting.")
    for part, want, what, known in (
        (got[:, 0], nash, "Nash", {
            "flat is no reason to leave: a player who gains nothing by moving may stay (a = 0 or c = 0).":
                (a > 0) & (c > 0),
            "D wants V to be large, and V(0, ψ) = -c ψ²/2: which sign of c makes D stay?": (a >= 0) & (c <= 0),
            "only G was asked. At a Nash equilibrium neither player gains by leaving.": a >= 0,
            "only D was asked. At a Nash equilibrium neither player gains by leaving.": c >= 0,
            "you took attracting for Nash. Nash asks what one player sees who moves alone; no dynamics in it.":
                attracting}),
        (got[:, 1], attracting, "attracting", {
            "you took Nash for attracting. Steps may lead where a player would leave, and not lead where nobody would.":
                nash,
            "the trace alone isn't enough: one direction can run away while the other comes in faster.": a + c > 0,
            "the determinant alone isn't enough: with it, the path can still spiral out.": a * c + b**2 > 0,
            "the determinant of [[-a, -b], [b, -c]]: minus times minus in the second product.":
                (a + c > 0) & (a * c - b**2 > 0),
            "it takes both, a negative trace and a positive determinant, not one of them.":
                (a + c > 0) | (a * c + b**2 > 0)}),
    ):
        for message, mistake in known.items():
            expect(not (np.array_equal(part, mistake) and not np.array_equal(part, want)), f"{what}: {message}")
        wrong = np.flatnonzero(part != want)
        expect(not wrong.size, "" if not wrong.size else
               f"{what}: for a = {a[wrong[0]]:g}, b = {b[wrong[0]]:g}, c = {c[wrong[0]]:g} you say "
               f"{bool(part[wrong[0]])}, and it is {bool(want[wrong[0]])} ({wrong.size} of {len(a)} games differ).")


EXERCISES = (
    Exercise(
        id="04.1", title="The pull on one sample", answer="sample_gradients", check=_check_sample_gradients,
        setup="import numpy as np",
        stub='''def sample_gradients(m, x):
    """p_data = N(0, 1), p_g = N(m, 1), D = D*: dL/dx at x, saturating and non-saturating."""
    raise NotImplementedError
''',
        hints=(
            "Write the logit of D* first: the difference of two log densities. Almost everything cancels, and a "
            "straight line in x is left.",
            "The chain rule has two factors: the slope of the loss as a function of the logit, and the slope of the "
            "logit as a function of x.",
            "As a function of the logit, the saturating loss has the slope -D, the non-saturating one -(1 - D).",
            "The line falls when m is positive. Two minus signs meet.",
        ),
        solution='''def sample_gradients(m, x):
    """p_data = N(0, 1), p_g = N(m, 1), D = D*: dL/dx at x, saturating and non-saturating."""
    logit, logit_slope = m**2 / 2 - m * x, -m
    d = 1 / (1 + np.exp(-logit))
    return -d * logit_slope, -(1 - d) * logit_slope
''',
        wrong={
            "changed places": "def sample_gradients(m, x):\n    d = 1 / (1 + np.exp(m * x - m**2 / 2))\n"
                              "    return (1 - d) * m, d * m",
            "the sign": "def sample_gradients(m, x):\n    d = 1 / (1 + np.exp(m * x - m**2 / 2))\n"
                        "    return -d * m, -(1 - d) * m",
            "by the logit only": "def sample_gradients(m, x):\n    d = 1 / (1 + np.exp(m * x - m**2 / 2))\n"
                                 "    return -d, -(1 - d)",
            "the sigmoid forgotten": "def sample_gradients(m, x):\n    d = 1 / (1 + np.exp(m * x - m**2 / 2))\n"
                                     "    return m / (1 - d), m / d",
            "D upside down": "def sample_gradients(m, x):\n    d = 1 / (1 + np.exp(m**2 / 2 - m * x))\n"
                             "    return -d * m, -(1 - d) * m",
            "no weight": "def sample_gradients(m, x):\n    return m, m",
            "one only": "def sample_gradients(m, x):\n    return m / (1 + np.exp(m * x - m**2 / 2))",
        },
    ),
    Exercise(
        id="04.2", title="The extragradient step", answer="extragradient_step", check=_check_extragradient_step,
        setup="import numpy as np",
        stub='''def extragradient_step(field, theta, psi, eta):
    """field(theta, psi) -> (pull on theta, pull on psi). Returns the new (theta, psi)."""
    raise NotImplementedError
''',
        hints=(
            "The field is asked twice: once here, once at the place ahead.",
            "The place ahead is where a plain simultaneous step of both players would end.",
            "Nobody stays at the place ahead. The step that counts begins at the old (theta, psi).",
        ),
        solution='''def extragradient_step(field, theta, psi, eta):
    """field(theta, psi) -> (pull on theta, pull on psi). Returns the new (theta, psi)."""
    g, d = field(theta, psi)
    g_ahead, d_ahead = field(theta + eta * g, psi + eta * d)
    return theta + eta * g_ahead, psi + eta * d_ahead
''',
        wrong={
            "a plain step": "def extragradient_step(field, theta, psi, eta):\n    g, d = field(theta, psi)\n"
                            "    return theta + eta * g, psi + eta * d",
            "two plain steps": "def extragradient_step(field, theta, psi, eta):\n    for _ in range(2):\n"
                               "        g, d = field(theta, psi)\n"
                               "        theta, psi = theta + eta * g, psi + eta * d\n    return theta, psi",
            "the mean of both": "def extragradient_step(field, theta, psi, eta):\n    g, d = field(theta, psi)\n"
                                "    u, v = field(theta + eta * g, psi + eta * d)\n"
                                "    return theta + eta * (g + u) / 2, psi + eta * (d + v) / 2",
            "the sign": "def extragradient_step(field, theta, psi, eta):\n    g, d = field(theta, psi)\n"
                        "    u, v = field(theta + eta * g, psi + eta * d)\n"
                        "    return theta - eta * u, psi - eta * v",
            "looks back": "def extragradient_step(field, theta, psi, eta):\n    g, d = field(theta, psi)\n"
                          "    u, v = field(theta - eta * g, psi - eta * d)\n"
                          "    return theta + eta * u, psi + eta * v",
            "D alone looks": "def extragradient_step(field, theta, psi, eta):\n    g, d = field(theta, psi)\n"
                             "    u, v = field(theta, psi + eta * d)\n    return theta + eta * u, psi + eta * v",
            "the pull only": "def extragradient_step(field, theta, psi, eta):\n    g, d = field(theta, psi)\n"
                             "    return field(theta + eta * g, psi + eta * d)",
        },
    ),
    Exercise(
        id="04.3", title="Nash, and attracting", answer="nash_and_attracting", check=_check_nash_and_attracting,
        stub='''def nash_and_attracting(a, b, c):
    """V = a θ²/2 + b θ ψ - c ψ²/2: is (0, 0) a Nash equilibrium, do small steps lead there?"""
    raise NotImplementedError
''',
        hints=(
            "Nash: put psi = 0 into V. For which a can G not make V smaller than 0? Then theta = 0, and D.",
            "Neither player may gain by leaving; standing on flat ground is no gain.",
            "Attracting: the matrix of the field is [[-a, -b], [b, -c]]. Write its trace and its determinant.",
        ),
        solution='''def nash_and_attracting(a, b, c):
    """V = a θ²/2 + b θ ψ - c ψ²/2: is (0, 0) a Nash equilibrium, do small steps lead there?"""
    nash = a >= 0 and c >= 0
    trace, determinant = -a - c, a * c + b**2
    return nash, trace < 0 and determinant > 0
''',
        wrong={
            "flat is no equilibrium": "def nash_and_attracting(a, b, c):\n"
                                      "    return a > 0 and c > 0, a + c > 0 and a * c + b * b > 0",
            "D's sign": "def nash_and_attracting(a, b, c):\n"
                        "    return a >= 0 and c <= 0, a + c > 0 and a * c + b * b > 0",
            "G only": "def nash_and_attracting(a, b, c):\n    return a >= 0, a + c > 0 and a * c + b * b > 0",
            "the same thing": "def nash_and_attracting(a, b, c):\n    return a >= 0 and c >= 0, a >= 0 and c >= 0",
            "the trace only": "def nash_and_attracting(a, b, c):\n    return a >= 0 and c >= 0, a + c > 0",
            "the determinant only": "def nash_and_attracting(a, b, c):\n"
                                    "    return a >= 0 and c >= 0, a * c + b * b > 0",
            "a sign in the determinant": "def nash_and_attracting(a, b, c):\n"
                                         "    return a >= 0 and c >= 0, a + c > 0 and a * c - b * b > 0",
            "one number never moves": "def nash_and_attracting(a, b, c):\n"
                                      "    return a >= 0 and c >= 0, a + c > 0 and a * c + b * b >= 0",
            "places changed": "def nash_and_attracting(a, b, c):\n"
                              "    return a + c > 0 and a * c + b * b > 0, a >= 0 and c >= 0",
            "always": "def nash_and_attracting(a, b, c):\n    return True, True",
        },
    ),
)

QUIZ = (
    Question("D is optimal, and the two densities hardly overlap. What does a typical generated sample feel?", (
        Option("Almost nothing from either loss, because D has won", "No: D's logit is steep there, and the "
               "non-saturating loss passes all of that slope on. Only the saturating one is flat."),
        Option("A strong pull from the non-saturating loss, almost none from the saturating one",
               "Yes: the factors are 1 - D and D, and D is nearly 0 on that sample.", right=True),
        Option("The same from both, since both want D to say real", "No: they want the same, and they pull equally "
               "only where D can't tell. Where D is sure of a fake, their slopes differ by the factor (1 - D)/D."),
    )),
    Question("Simultaneous steps spiral out of the game V = θψ. You halve the step size. What happens?", (
        Option("The players now spiral in", "No: the factor per step is the square root of 1 + η², above 1 for "
               "every η."),
        Option("They circle on a closed path", "No: that would need a factor of exactly 1, and η = 0."),
        Option("They still spiral out, more slowly", "Yes: a step along the tangent always leaves the circle; a "
               "smaller one leaves it less.", right=True),
    )),
    Question("What does it mean that alternating steps have the determinant 1 in this game?", (
        Option("Areas are kept, so not all starting points can come in, nor all run away",
               "Yes. And for η below 2 the eigenvalues are complex, both of absolute value 1: then the players circle.",
               right=True),
        Option("Each step has length 1", "No: the determinant says what happens to an area of starting points, "
               "not how long a step is."),
        Option("The players arrive after one turn", "No: for all of them to arrive, areas would have to "
               "shrink."),
    )),
    Question("Gradient steps have stopped moving at some place. Is it a Nash equilibrium?", (
        Option("Yes: nobody moves, so nobody gains by moving", "No: a gradient of 0 may also be the top of a hill, "
               "which the player would leave if it looked further than its nose."),
        Option("Not necessarily", "Yes: the place is stationary. Nash asks more: that each player alone stands at "
               "its best.", right=True),
        Option("No: a game never stops at an equilibrium", "No: with a valley for each player, small steps do "
               "arrive."),
    )),
    Question("For 200 steps G's loss has been rising. What can you say about G?", (
        Option("It is getting worse", "No: D may have become better meanwhile. G's loss is measured by a judge who "
               "learns too."),
        Option("Nothing from this alone: look at samples, or at a distance to the data", "Yes: while both players "
               "come closer to the equilibrium, each loss may go up and down.", right=True),
        Option("The learning rate is too large", "No: that may be, but in a zero-sum game even the smallest "
               "steps let one player's loss rise whenever the other's falls."),
    )),
)
