"""Chapter 02's figures: what is drawn equals exact densities; no position of a slider fails or adds artists."""

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from gan_helpers import plotting, theory
from gan_helpers.plotting import _game

Z_POINTS = (-2.5, -1.5, -0.8, -0.3, 0.3, 0.8, 1.5, 2.5)
X_POINTS = tuple(range(-4, 5))
P_DATA = theory.Mixture([theory.Gaussian(-1.2, 0.6), theory.Gaussian(1.2, 0.6)])
P_Z = theory.Gaussian(0, 1)
PRIORS = {"normal": P_Z, "uniform": theory.Uniform(-3, 3)}
D_X = np.linspace(-6, 6, 121)
EDGES = np.linspace(-5, 5, 201)
# Straight lines rising and falling, an S, a fold, a zigzag: none of them flat.
SHAPES = {"rising": Z_POINTS, "falling": tuple(-1.2 * z for z in Z_POINTS),
          "S": (-2.6, -1.9, -1.3, -0.8, 0.8, 1.3, 1.9, 2.6), "fold": (2.5, 1.5, 0.8, 0.3, 0.4, 0.8, 1.5, 2.5),
          "left": tuple(0.4 * z - 2 for z in Z_POINTS),
          "zigzag": (-3.0, 2.0, -1.0, 1.5, -2.0, 3.0, 0.0, 1.0)}


def answers(x_real, x_fake):
    bins, bell = np.append(D_X - 0.05, 6.05), theory.Gaussian(0, 0.3).pdf(np.linspace(-2, 2, 41)) / 10
    real, fake = (np.convolve(np.histogram(x, bins)[0] / len(x), bell, "same") + 1e-3
                  for x in (x_real, x_fake))
    return real / (real + fake)


def moves(x_fake, d):
    return x_fake + np.clip(0.2 * np.interp(x_fake, D_X, np.gradient(np.log(d), D_X)), -0.2, 0.2)


def drawn(make, **values):
    """The figure, its update and its first line of text."""
    fig = Figure(layout="constrained")
    update = make(fig)
    return fig, update, update(**values)


def bender(fig):
    return plotting.bend_generator(fig, Z_POINTS, P_DATA, PRIORS)


def judge(fig):
    return plotting.draw_discriminator(fig, X_POINTS, P_DATA, theory.Gaussian(0.5, 0.9))


def both(fig):
    return plotting.play_both(fig, Z_POINTS, X_POINTS, P_DATA, P_Z, D_X, answers, moves)


HAND = {"heights": Z_POINTS, "prior": "normal", "piece": 4, "solution": False}
VERDICTS = {"answers": (0.5,) * 9, "seed": 0, "best": False}
GAME = {"heights": Z_POINTS, "d_heights": (0.5,) * 9, "step": 0, "once": False}


def line(fig, label):
    return next(one for ax in fig.axes for one in ax.lines if one.get_label() == label)


def exact_shares(heights, p_z):
    """Bin by bin, by theory's push-forward; the outer two are all that lies outside."""
    return np.diff(np.concatenate([[0], theory.PushForward(theory.PiecewiseLinear(Z_POINTS, heights), p_z).cdf(EDGES),
                                   [1]]))


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("heights", SHAPES.values(), ids=SHAPES)
def test_p_g_is_the_exact_push_forward(heights, prior):
    fig, _, said = drawn(bender, **{**HAND, "heights": heights, "prior": prior})
    want = exact_shares(heights, PRIORS[prior])
    got = line(fig, r"$p_\mathrm{g}$, generated").get_xdata() * 0.05       # sideways: the density runs to the right
    # Between two of 241 places the noise is taken as even: wrong for about a thousandth of the samples.
    assert np.abs(got - want[1:-1]).sum() < 3e-3
    real = np.diff(np.concatenate([[0], P_DATA.cdf(EDGES), [1]]))
    wrong = 0.5 * np.abs(real - want).sum()
    assert abs(float(said.split("%")[0]) / 100 - wrong) < 0.006


def test_the_status_agrees_with_total_variation():
    p_g = theory.PushForward(theory.PiecewiseLinear(Z_POINTS, SHAPES["S"]), P_Z)
    exact = theory.total_variation(P_DATA, p_g, theory.grid(P_DATA, p_g, n=20_001))
    said = drawn(bender, **{**HAND, "heights": SHAPES["S"]})[2]
    assert abs(float(said.split("%")[0]) / 100 - exact) < 0.01


def areas(fig):
    """The filled polygons' areas, by the shoelace formula."""
    found = []
    for ax in fig.axes:
        for patch in ax.patches:
            x, y = patch.get_xy()[:-1].T
            found.append(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)
    return found


@pytest.mark.parametrize("piece", range(1, 8))
@pytest.mark.parametrize("prior", PRIORS)
def test_the_marked_noise_keeps_its_area(piece, prior):
    fig, _, said = drawn(bender, **{**HAND, "heights": SHAPES["zigzag"], "prior": prior, "piece": piece})
    want = np.diff(PRIORS[prior].cdf(np.array(Z_POINTS[piece - 1:piece + 1])))[0]
    before, after = areas(fig)
    np.testing.assert_allclose([before, after], want, atol=2e-3)
    slope = np.diff(SHAPES["zigzag"])[piece - 1] / np.diff(Z_POINTS)[piece - 1]
    assert f"{want:.0%} of the noise, slope {slope:.1f}" in said


@pytest.mark.parametrize("prior", PRIORS)
def test_the_solution_makes_the_data(prior):
    fig, _, _ = drawn(bender, **{**HAND, "prior": prior, "solution": True})
    z, x = line(fig, "a G that does it").get_data()
    inside = np.abs(z) < 2.9
    np.testing.assert_allclose(P_DATA.cdf(x[inside]), PRIORS[prior].cdf(z[inside]), atol=1e-4)


def test_a_flat_g_puts_everything_into_one_bin():
    fig, _, said = drawn(bender, **{**HAND, "heights": (1.21,) * 8})
    density = line(fig, r"$p_\mathrm{g}$, generated").get_xdata()
    assert np.flatnonzero(density).tolist() == [124] and np.isclose(density[124] * 0.05, 1)
    assert "slope 0.0, lands between x = 1.2 and 1.2" in said


@pytest.mark.parametrize("seed", range(3))
def test_d_is_right_as_often_as_an_integral_says(seed):
    heights = np.round(np.random.default_rng(seed).uniform(0, 1, 9), 2)
    p_g = theory.Gaussian(0.5, 0.9)
    fig, _, said = drawn(judge, **{**VERDICTS, "answers": tuple(heights), "seed": seed})
    x = np.linspace(-9, 9, 200_001)
    real = np.interp(x, X_POINTS, heights) > 0.5
    on_real = np.sum(real * P_DATA.pdf(x)) * (x[1] - x[0])
    on_fake = np.sum(~real * p_g.pdf(x)) * (x[1] - x[0])
    numbers = [float(word.strip("%;.,")) / 100 for word in said.split() if "%" in word]
    np.testing.assert_allclose(numbers[:3], [on_real, on_fake, (on_real + on_fake) / 2], atol=0.02)
    best = 1 - (1 - theory.total_variation(P_DATA, p_g, theory.grid(P_DATA, p_g))) / 2
    assert abs(numbers[3] - best) < 0.0015 and numbers[2] <= numbers[3]
    # The outermost bins hold what lies beyond the picture; the hatched areas hold the rest.
    np.testing.assert_allclose(areas(fig), [on_real, on_fake], atol=0.02)
    samples = P_DATA.sample(100, 2 * seed), p_g.sample(100, 2 * seed + 1)
    d = [np.interp(sample, X_POINTS, heights) for sample in samples]
    assert abs(numbers[4] - (np.mean(d[0] > 0.5) + np.mean(d[1] < 0.5)) / 2) < 1e-9


def test_the_best_d_is_the_share_of_real_ones():
    fig, update, _ = drawn(judge, **{**VERDICTS, "best": True})
    x, d = line(fig, "the best D").get_data()
    p, q = P_DATA.pdf(x), theory.Gaussian(0.5, 0.9).pdf(x)
    np.testing.assert_allclose(d, p / (p + q), atol=2e-3)
    said = update(answers=tuple(np.clip(np.interp(X_POINTS, x, d), 0, 1)), seed=0, best=True)
    assert "50.0%" not in said
    assert "right on 50% of the real and on 50% of the generated samples" in update(**VERDICTS)     # coin tosses


@pytest.mark.parametrize("shape", ["S", "left", "zigzag"])
def test_the_score_is_v_and_the_best_is_c_of_g(shape):
    d_heights = (0.1, 0.3, 0.6, 0.7, 0.2, 0.5, 0.9, 0.4, 0.3)
    _, _, said = drawn(both, **{**GAME, "heights": SHAPES[shape], "d_heights": d_heights})
    p_g = theory.PushForward(theory.PiecewiseLinear(Z_POINTS, SHAPES[shape]), P_Z)
    x = theory.grid(P_DATA, p_g, n=20_001)
    value = theory.value(lambda x: np.interp(x, X_POINTS, d_heights), P_DATA, p_g, x)
    cost = theory.generator_cost(P_DATA, p_g, x)
    score = float(said.split("D's score ")[1].split(",")[0])
    best = float(said.split("the best D ")[1].split(",")[0])
    assert abs(score - value) < 0.006 and abs(best - cost) < 0.006 and score <= best + 1e-9
    assert f"G's {-score:.2f};" in said


def test_the_script_plays_the_given_moves():
    even = (np.arange(1000) + 0.5) / 1000
    fine = np.linspace(-9, 9, 4001)
    x_fake, x_real = np.interp(even, P_Z.cdf(fine), fine), np.interp(even, P_DATA.cdf(fine), fine)
    fig, update, _ = drawn(both, **GAME)
    d_line = next(one for one in fig.axes[3].lines if one.get_gid() == "hold")
    for turn in range(1, 4):
        d = answers(x_real, x_fake)
        said = update(**{**GAME, "step": 2 * turn - 1})
        assert said.startswith(f"Round {turn}: D has answered.")
        np.testing.assert_allclose(d_line.get_ydata(), np.interp(d_line.get_xdata(), D_X, d), atol=1e-3)
        x_fake = moves(x_fake, d)
        assert update(**{**GAME, "step": 2 * turn}).startswith(f"Round {turn}: G has moved.")
        z, x = next(one for one in fig.axes[0].lines if one.get_gid() == "hold").get_data()
        inside = np.abs(z) < 3
        np.testing.assert_allclose(x[inside], np.interp(z[inside], np.interp(even, P_Z.cdf(fine), fine), x_fake),
                                   atol=1e-3)


def test_the_script_ends_where_d_cant_tell_or_is_fooled():
    _, update, _ = drawn(both, **GAME)
    said = update(**{**GAME, "step": 120})
    assert "real with 0.50 on real, 0.50 on generated" in said and "D's score -1.39" in said
    fooled = update(**{**GAME, "step": 120, "once": True})
    assert float(fooled.split("real, ")[1].split()[0]) > 0.65 and "score -1.39" not in fooled
    assert "D stands still" in update(**{**GAME, "step": 119, "once": True})
    assert update(**{**GAME, "step": 120}) == said            # back again, and the same


def test_the_script_starts_from_the_hand():
    _, update, _ = drawn(both, **GAME)
    left = tuple(0.5 * z - 2 for z in Z_POINTS)
    assert update(**{**GAME, "step": 9}) != update(**{**GAME, "heights": left, "step": 9})


CORNERS = {
    "bend": (bender, HAND, [{"heights": heights, "prior": prior, "piece": piece, "solution": solution}
                            for heights in [*itertools.islice(itertools.product((-4.0, 4.0), repeat=8), 0, 256, 5),
                                            (4.0,) * 8, (0.0,) * 8]
                            for prior, piece, solution in (("normal", 1, True), ("uniform", 7, False))]),
    "judge": (judge, VERDICTS, [{"answers": d, "seed": seed, "best": best}
                                for d in itertools.islice(itertools.product((0.0, 1.0), repeat=9), 0, 512, 9)
                                for seed, best in ((0, True), (7, False))]),
    "both": (both, GAME, [{"heights": heights, "d_heights": d, "step": step, "once": once}
                          for heights, d in [((4.0,) * 8, (0.98,) * 9), ((-4.0,) * 8, (0.02,) * 9),
                                             ((-4.0, 4.0) * 4, (0.02, 0.98) * 4 + (0.02,)),
                                             ((4.0,) * 7 + (-4.0,), (0.98,) * 8 + (0.02,))]
                          for step in (0, 1, 2, 3, 120) for once in (False, True)]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", CORNERS)
def test_both_ends_of_all_sliders_draw_finite_numbers_and_no_new_artists(name):
    make, first, corners = CORNERS[name]
    fig, update, _ = drawn(make, **first)
    artists = set(fig.findobj())
    for values in corners:
        said = update(**values)
        assert "nan" not in said and "inf" not in said, (values, said)
        for ax in fig.axes:
            for one in ax.lines:
                broken = one.get_label() in ("a G that does it", "the best D") or len(one.get_xdata()) == 7
                assert broken or np.isfinite(np.array(one.get_data(), float)).all(), values
            for patch in ax.patches:
                assert np.isfinite(patch.get_xy()).all(), values
    assert set(fig.findobj()) == artists


def test_the_curves_that_move_can_be_held():
    for make, first, count in ((bender, HAND, 2), (judge, VERDICTS, 1), (both, GAME, 3)):
        fig = drawn(make, **first)[0]
        assert sum(one.get_gid() == "hold" for ax in fig.axes for one in ax.lines) == count


@pytest.mark.parametrize("generated", [False, True])
def test_a_histogram_has_the_area_of_its_samples(generated):
    ax = plotting.figure().subplots()
    x = np.array([-9.0, -1.0, 0.1, 0.2, 3.9])
    assert plotting.samples_and_density(x, P_DATA, ax, generated=generated) is ax
    heights, edges, _ = ax.patches[0].get_data()
    np.testing.assert_allclose(heights * np.diff(edges), np.histogram(x, edges)[0] / 5)
    curve = ax.lines[0]
    np.testing.assert_allclose(curve.get_ydata(), P_DATA.pdf(curve.get_xdata()))
    assert (ax.patches[0].get_hatch() is not None) == generated


def test_the_shares_of_a_wild_g_are_those_of_its_samples():
    z = np.linspace(-4, 4, 42)
    g, mass = np.random.default_rng(0).uniform(-8, 8, 42), _game._noise_shares(P_Z, z)
    inside = np.linspace(0, 1, 20_001)[:-1]
    x = (g[:-1, None] + np.diff(g)[:, None] * inside).ravel()               # evenly over each piece
    weight = np.repeat(mass / len(inside), len(inside))
    want = np.histogram(x, [-np.inf, *EDGES, np.inf], weights=weight)[0]
    np.testing.assert_allclose(_game._fake_shares(g, mass), want, atol=1e-4)
    assert np.isclose(mass.sum(), 1) and np.isclose(mass[20], P_Z.cdf(z[21]) - P_Z.cdf(z[20]))
