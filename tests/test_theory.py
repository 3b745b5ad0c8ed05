"""`theory` against closed forms and SciPy, in float64. Tolerances stand with each comparison."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from gan_helpers import theory
from gan_helpers.theory import Gaussian, Mixture, PiecewiseLinear, PushForward, Sketch, Uniform

LOG_2, LOG_4 = np.log(2), np.log(4)
BIMODAL = Mixture([Gaussian(-2, 0.5), Gaussian(1, 1)], [1, 3])
DENSITIES = {
    "gaussian": (Gaussian(1.5, 0.7), stats.norm(1.5, 0.7)),
    "uniform": (Uniform(-1, 3), stats.uniform(-1, 4)),
    "mixture": (BIMODAL, None),
    "sketch": (Sketch([-1, 0, 2, 3], [0, 2, 1, 0.5]), None),
    "pushed": (PushForward(PiecewiseLinear([-1, 0, 1], [-2, 0.5, 1]), Gaussian()), None),
    "folded": (PushForward(PiecewiseLinear([0.2, 0.5, 0.8], [-1, 1, -2]), Uniform()), None),
}
each_density = pytest.mark.parametrize("density, oracle", DENSITIES.values(), ids=DENSITIES)
pairs = st.tuples(*[st.floats(-3, 3), st.floats(0.2, 3)] * 2)


def gaussians(pair):
    p, q = Gaussian(*pair[:2]), Gaussian(*pair[2:])
    return p, q, theory.grid(p, q)


# Densities.


@each_density
def test_a_density_integrates_to_one_and_its_cdf_is_the_integral(density, oracle):
    x = theory.grid(density, n=20_001)
    p, cdf = density.pdf(x), density.cdf(x)
    steps = np.concatenate([[0], np.cumsum((p[1:] + p[:-1]) / 2 * np.diff(x))])
    np.testing.assert_allclose(cdf, steps, atol=1e-6)
    assert abs(steps[-1] - 1) < 1e-6
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(density.logpdf(x)[p > 1e-300], np.log(p[p > 1e-300]), atol=1e-9)
    assert density.cdf(x[0] - 1) == pytest.approx(0, abs=1e-9) and density.cdf(x[-1] + 1) == pytest.approx(1, abs=1e-9)


@each_density
def test_samples_follow_the_density(density, oracle):
    drawn = density.sample(4000, seed=3)
    assert drawn.shape == (4000,) and stats.kstest(drawn, density.cdf).pvalue > 0.001
    np.testing.assert_array_equal(drawn, density.sample(4000, seed=3))
    assert not np.array_equal(drawn, density.sample(4000, seed=4))


@pytest.mark.parametrize("density, oracle", [pair for pair in DENSITIES.values() if pair[1] is not None])
def test_known_densities_equal_scipys(density, oracle):
    x = np.linspace(-5, 6, 301)
    np.testing.assert_allclose(density.pdf(x), oracle.pdf(x), atol=1e-14)
    np.testing.assert_allclose(density.cdf(x), oracle.cdf(x), atol=1e-14)


def test_a_mixture_is_the_weighted_sum():
    x = np.linspace(-5, 5, 101)
    want = 0.25 * stats.norm(-2, 0.5).pdf(x) + 0.75 * stats.norm(1, 1).pdf(x)
    np.testing.assert_allclose(BIMODAL.pdf(x), want, atol=1e-14)


def test_a_sketch_is_a_triangle_where_it_should_be():
    x = np.linspace(-2, 2, 81)
    np.testing.assert_allclose(Sketch([-1, 0, 1], [0, 7, 0]).pdf(x), stats.triang(0.5, -1, 2).pdf(x), atol=1e-14)
    np.testing.assert_allclose(Sketch([-1, 0, 1], [0, 7, 0]).cdf(x), stats.triang(0.5, -1, 2).cdf(x), atol=1e-14)


def test_a_straight_generator_makes_the_known_densities():
    x = np.linspace(-6, 6, 241)
    line = PiecewiseLinear([-1, 0, 1], [-1.5, 0.5, 2.5])  # G(z) = 0.5 + 2 z
    np.testing.assert_allclose(PushForward(line, Gaussian()).pdf(x), stats.norm(0.5, 2).pdf(x), atol=1e-14)
    np.testing.assert_allclose(PushForward(line, Gaussian()).cdf(x), stats.norm(0.5, 2).cdf(x), atol=1e-14)
    down = PiecewiseLinear([0, 1], [3, 1])  # G(z) = 3 - 2 z
    np.testing.assert_allclose(PushForward(down, Uniform()).pdf(x), stats.uniform(1, 2).pdf(x), atol=1e-14)
    folded = PiecewiseLinear([-1, 0, 1], [1, 0, 1])  # G(z) = |z|
    x = x[x != 0]
    np.testing.assert_allclose(PushForward(folded, Gaussian()).pdf(x), stats.halfnorm.pdf(x), atol=1e-14)
    np.testing.assert_array_equal(folded(np.array([-3, -0.5, 2.0])), [3, 0.5, 2])


# The value function and D*.


def random_densities(rng):
    kind = rng.integers(3)
    if kind == 0:
        return Gaussian(rng.normal(0, 2), rng.uniform(0.3, 2))
    if kind == 1:
        return Mixture([Gaussian(rng.normal(0, 2), rng.uniform(0.3, 1)) for _ in range(3)], rng.uniform(0.1, 1, 3))
    low = rng.normal(0, 2)
    return Uniform(low, low + rng.uniform(0.5, 4))


@pytest.mark.parametrize("seed", range(200))
def test_the_value_of_the_best_discriminator_is_minus_log_4_plus_2_js(seed):
    """V by our quadrature, JS by SciPy's adaptive one between the breaks: equal to 1e-6."""
    rng = np.random.default_rng(seed)
    p, q = random_densities(rng), random_densities(rng)
    x = theory.grid(p, q, n=20_001)

    def js(t):
        a, b = p.pdf(t), q.pdf(t)
        m = (a + b) / 2
        return sum(w * np.log(w / m) for w in (a, b) if w > 0) / 2 if m > 0 else 0.0

    centres = [d.mu for one in (p, q) for d in getattr(one, "parts", [one]) if isinstance(d, Gaussian)]
    marks = sorted({x[0], x[-1], *centres, *p.breaks, *q.breaks})
    exact = sum(integrate.quad(js, a, b, epsabs=1e-10, limit=200)[0] for a, b in zip(marks, marks[1:], strict=False))
    value = theory.value(theory.optimal_discriminator(p, q), p, q, x)
    assert value == pytest.approx(-LOG_4 + 2 * exact, abs=1e-6)
    assert theory.jensen_shannon(p, q, x) == pytest.approx(exact, abs=1e-6)
    assert theory.generator_cost(p, q, x) == pytest.approx(value, abs=1e-6)


@given(pairs, st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=60, deadline=None)
def test_no_discriminator_beats_the_best_one(pair, a, b):
    p, q, x = gaussians(pair)
    best = theory.optimal_discriminator(p, q)
    other = theory.Discriminator(lambda t: best.logit(t) + a + b * t)
    assert theory.value(other, p, q, x) <= theory.value(best, p, q, x) + 1e-9


def test_the_value_of_a_coin_and_of_an_optimum_that_is_known():
    p, q, x = gaussians((0, 1, 2, 0.5))
    assert theory.value(0.5, p, q, x) == pytest.approx(-LOG_4, abs=1e-12)
    assert theory.value(theory.optimal_discriminator(p, p), p, p, x) == pytest.approx(-LOG_4, abs=1e-12)
    d = theory.optimal_discriminator(p, q)
    np.testing.assert_allclose(d(x), p.pdf(x) / (p.pdf(x) + q.pdf(x)), atol=1e-14)
    np.testing.assert_allclose(theory.value(d(x), p, q, x), theory.value(d, p, q, x), atol=1e-10)
    far = Gaussian(100, 0.5)
    assert theory.value(theory.optimal_discriminator(p, far), p, far, theory.grid(p, far, n=40_001)) == (
        pytest.approx(0, abs=1e-9))


def test_a_discriminator_that_is_sure_and_wrong_pays_infinitely():
    p, q, x = gaussians((0, 1, 2, 0.5))
    assert theory.value(1.0, p, q, x) == -np.inf
    p, q = Uniform(0, 1), Uniform(2, 3)
    x = theory.grid(p, q)
    assert theory.value(np.where(x < 1.5, 1.0, 0.0), p, q, x) == 0
    assert theory.value(np.where(x < 1.5, 0.0, 1.0), p, q, x) == -np.inf


def test_the_value_by_samples_is_within_its_standard_error_and_the_error_falls_as_the_root():
    p, q, x = gaussians((0, 1, 1, 0.7))
    d = theory.optimal_discriminator(p, q)
    exact = theory.value(d, p, q, x)
    found = np.array([theory.value_by_samples(d, p, q, 400, seed) for seed in range(400)])
    scores = (found[:, 0] - exact) / found[:, 1]
    assert abs(scores.mean()) < 0.2 and 0.9 < scores.std() < 1.1
    assert theory.value_by_samples(d, p, q, 40_000, 1)[1] == pytest.approx(found[:, 1].mean() / 10, rel=0.05)


def test_sigmoid_and_the_slopes_of_both_losses():
    a = np.linspace(-40, 40, 81)
    np.testing.assert_allclose(theory.sigmoid(a), 1 / (1 + np.exp(-a)), rtol=1e-14)
    assert theory.sigmoid(-1000) == 0 and theory.sigmoid(1000) == 1
    for one in (*a, -1000.0, 1000.0, np.inf, -np.inf):  # single floats take a way of their own
        assert theory.sigmoid(float(one)) == pytest.approx(float(theory.sigmoid([one])[0]), rel=1e-15)
    assert np.isnan(theory.sigmoid(np.nan))
    h, b = 1e-6, np.linspace(-8, 8, 33)
    slopes = {"saturating": lambda t: np.log(1 - theory.sigmoid(t)),
              "non-saturating": lambda t: -np.log(theory.sigmoid(t))}
    for loss, f in slopes.items():
        np.testing.assert_allclose(theory.generator_slope(loss, b), (f(b + h) - f(b - h)) / (2 * h), rtol=1e-5)


@given(pairs)
@settings(max_examples=60, deadline=None)
def test_the_generators_gradients_are_those_of_divergences(pair):
    """Arjovsky and Bottou 2017 (arXiv:1701.04862): 2 JS for the saturating loss, KL - 2 JS for the other, to 1e-4."""
    p, q, _ = gaussians(pair)
    h = 1e-4
    moved = [Gaussian(q.mu + s * h, q.sigma) for s in (-1, 1)]
    x = theory.grid(p, q, *moved, n=4001)

    def slope(f):
        return (f(moved[1]) - f(moved[0])) / (2 * h)

    two_js = slope(lambda g: 2 * theory.jensen_shannon(p, g, x))
    kl = slope(lambda g: theory.kl(g, p, x))
    scale = 1 + abs(kl)
    assert theory.generator_gradient("saturating", p, q, x) == pytest.approx(two_js, abs=1e-4 * scale)
    assert theory.generator_gradient("non-saturating", p, q, x) == pytest.approx(kl - two_js, abs=1e-4 * scale)


# Divergences.


@given(pairs)
@settings(max_examples=60, deadline=None)
def test_kl_of_gaussians_has_a_closed_form(pair):
    p, q, x = gaussians(pair)
    want = np.log(q.sigma / p.sigma) + (p.sigma**2 + (p.mu - q.mu) ** 2) / (2 * q.sigma**2) - 0.5
    assert theory.kl(p, q, x) == pytest.approx(want, rel=1e-8, abs=1e-10)


@given(pairs)
@settings(max_examples=60, deadline=None)
def test_divergences_keep_their_bounds_and_symmetries(pair):
    p, q, x = gaussians(pair)
    js, tv = theory.jensen_shannon(p, q, x), theory.total_variation(p, q, x)
    assert -1e-12 <= js <= LOG_2 + 1e-12 and js == pytest.approx(theory.jensen_shannon(q, p, x), abs=1e-12)
    assert -1e-12 <= tv <= 1 + 1e-12 and tv**2 / 2 - 1e-9 <= js <= LOG_2 * tv + 1e-9  # Pinsker-like, and Lin 1991
    assert theory.wasserstein_1(p, q, x) == pytest.approx(theory.wasserstein_1(q, p, x), abs=1e-12)


def test_a_density_is_no_distance_from_itself():
    for density, _ in DENSITIES.values():
        x = theory.grid(density)
        for distance in (theory.kl, theory.jensen_shannon, theory.total_variation, theory.wasserstein_1):
            assert distance(density, density, x) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("gap", [0.0, 0.5, 3.0])
def test_without_overlap_js_is_log_2_and_tv_is_1_and_only_w1_sees_the_gap(gap):
    p, q = Uniform(0, 1), Uniform(1 + gap + 1e-6, 2 + gap + 1e-6)
    x = theory.grid(p, q, n=4001)
    assert theory.jensen_shannon(p, q, x) == pytest.approx(LOG_2, abs=1e-9)
    assert theory.total_variation(p, q, x) == pytest.approx(1, abs=1e-9)
    assert theory.kl(p, q, x) == np.inf
    assert theory.wasserstein_1(p, q, x) == pytest.approx(1 + gap, abs=1e-4)


@given(st.floats(-4, 4), st.floats(0.3, 2))
@settings(max_examples=40, deadline=None)
def test_w1_of_shifted_densities_is_the_shift(shift, sigma):
    p, q = Gaussian(0, sigma), Gaussian(shift, sigma)
    assert theory.wasserstein_1(p, q, theory.grid(p, q)) == pytest.approx(abs(shift), abs=1e-6)


def test_kl_is_finite_where_q_is_0_at_single_places_only():
    p, q = Uniform(0, 2), Sketch([0, 1, 2], [0, 1, 0])
    assert theory.kl(p, q, theory.grid(p, q, n=20_001)) == pytest.approx(1 - LOG_2, abs=1e-3)
    wide = Uniform(-1, 2)
    assert theory.kl(wide, q, theory.grid(wide, q)) == np.inf


def test_total_variation_and_w1_equal_known_values():
    p, q = Gaussian(0, 1), Gaussian(1, 1)
    x = theory.grid(p, q, n=20_001)
    assert theory.total_variation(p, q, x) == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=1e-6)
    p, q = Gaussian(0, 1), Gaussian(0, 2)
    x = theory.grid(p, q, n=20_001)
    assert theory.wasserstein_1(p, q, x) == pytest.approx(np.sqrt(2 / np.pi), abs=1e-6)  # |sigma - sigma'| E|z|
    a, b = np.random.default_rng(0).normal(size=(2, 50_000)) * [[1], [2]]
    assert theory.wasserstein_1(p, q, x) == pytest.approx(stats.wasserstein_distance(a, b), abs=0.02)


def test_values_on_the_grid_and_functions_will_do():
    p, q, x = gaussians((0, 1, 1, 0.5))
    for distance in (theory.kl, theory.jensen_shannon, theory.total_variation, theory.wasserstein_1):
        exact = distance(p, q, x)
        assert distance(p.pdf(x), q.pdf(x), x) == pytest.approx(exact, abs=1e-6)
        assert distance(lambda t: p.pdf(t), q.pdf, x) == pytest.approx(exact, abs=1e-6)


# Games.


@pytest.mark.parametrize("eta", [0.05, 0.3, 1.0])
def test_the_bilinear_game_moves_by_its_known_factors(eta):
    game, start = theory.bilinear(), (1.0, -0.5)
    radii = np.linalg.norm(theory.play(game, start, 50, eta), axis=1)
    np.testing.assert_allclose(radii[1:] / radii[:-1], np.sqrt(1 + eta**2), rtol=1e-12)
    radii = np.linalg.norm(theory.play(game, start, 50, eta, "extragradient"), axis=1)
    np.testing.assert_allclose(radii[1:] / radii[:-1], np.hypot(1 - eta**2, eta), rtol=1e-12)
    assert theory.growth(game, eta) == pytest.approx(np.sqrt(1 + eta**2), rel=1e-9)
    assert theory.growth(game, eta, "extragradient") == pytest.approx(np.hypot(1 - eta**2, eta), rel=1e-9)
    assert theory.growth(game, eta, "alternating") == pytest.approx(1, rel=1e-6)  # determinant 1, complex eigenvalues


def test_an_alternating_step_is_the_product_of_two_shears():
    eta, w = 0.3, np.array([1.0, -0.5])
    path = theory.play(theory.bilinear(), w, 400, eta, "alternating")
    step = np.array([[1, -eta], [0, 1]]) @ np.array([[1, 0], [eta, 1]])  # D first, then G
    np.testing.assert_allclose(path[5], np.linalg.matrix_power(step, 5) @ w, rtol=1e-12)
    kept = path[:, 0] ** 2 + path[:, 1] ** 2 + eta * path[:, 0] * path[:, 1]  # its conserved quadratic form
    np.testing.assert_allclose(kept, kept[0], rtol=1e-10)


def test_the_quadratic_game_is_a_matrix_power():
    a, b, c, eta = 0.4, 1.3, 0.7, 0.2
    step = np.eye(2) + eta * np.array([[-a, -b], [b, -c]])
    path = theory.play(theory.quadratic(a, b, c), (1, 2), 30, eta)
    np.testing.assert_allclose(path[30], np.linalg.matrix_power(step, 30) @ [1, 2], rtol=1e-10)
    want = np.abs(np.linalg.eigvals(step)).max()
    assert theory.growth(theory.quadratic(a, b, c), eta) == pytest.approx(want, rel=1e-9)


def test_the_optimistic_update_is_its_recurrence_and_converges_on_the_bilinear_game():
    eta, pull = 0.2, np.array([[0, -1], [1, 0]])
    path = theory.play(theory.bilinear(), (1, 0), 400, eta, "optimistic")
    for t in range(1, 20):
        np.testing.assert_allclose(path[t + 1], path[t] + eta * pull @ (2 * path[t] - path[t - 1]), atol=1e-13)
    np.testing.assert_allclose(path[1], path[0] + eta * pull @ path[0], atol=1e-15)
    assert np.linalg.norm(path[-1]) < 0.01 and theory.growth(theory.bilinear(), eta, "optimistic") < 1


@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
def test_momentum_is_heavy_ball_and_growth_is_what_the_path_does(update):
    game, eta, momentum = theory.quadratic(0.5, 1, 0.5), 0.1, 0.6
    path = theory.play(game, (1, 0.3), 600, eta, update, momentum)
    if update == "simultaneous":
        pull = np.array([[-0.5, -1], [1, -0.5]])
        for t in range(1, 20):
            want = path[t] + momentum * (path[t] - path[t - 1]) + eta * pull @ path[t]
            np.testing.assert_allclose(path[t + 1], want, atol=1e-13)
    radii = np.linalg.norm(path, axis=1)
    seen = (radii[500:600].max() / radii[100:200].max()) ** (1 / 400)
    assert theory.growth(game, eta, update, momentum) == pytest.approx(seen, rel=2e-3)


@pytest.mark.parametrize("loss", ["saturating", "non-saturating", "wasserstein"])
def test_the_dirac_game_is_the_gradient_of_its_losses(loss):
    h, penalty = 1e-6, 0.3
    log_d = lambda a: -np.logaddexp(0, -a)  # noqa: E731
    d_loss = {"wasserstein": lambda t, p: p * t + penalty * p * p / 2}.get(
        loss, lambda t, p: -log_d(0 * p) - log_d(-p * t) + penalty * p * p / 2)
    g_loss = {"saturating": lambda t, p: log_d(-p * t), "non-saturating": lambda t, p: -log_d(p * t),
              "wasserstein": lambda t, p: -p * t}[loss]
    for t, p in [(0.7, -0.4), (-1.2, 2.0), (0.1, 0.1)]:
        want = (-(g_loss(t + h, p) - g_loss(t - h, p)) / (2 * h), -(d_loss(t, p + h) - d_loss(t, p - h)) / (2 * h))
        np.testing.assert_allclose(theory.dirac(loss, penalty).field(t, p), want, atol=1e-8)


def test_the_dirac_game_circles_and_a_penalty_ends_it():
    plain = theory.play(theory.dirac(), (1, 0), 2000, 0.1, "alternating")
    calm = theory.play(theory.dirac(penalty=0.3), (1, 0), 2000, 0.1, "alternating")
    assert np.linalg.norm(plain[-200:], axis=1).min() > 0.1 and np.linalg.norm(calm[-1]) < 1e-6
    assert theory.growth(theory.dirac(penalty=0.3), 0.1) < 1 < theory.growth(theory.dirac(), 0.1)


def test_a_path_that_runs_away_ends_without_a_warning(recwarn):
    path = theory.play(theory.quadratic(-5, 9, -5), (1, 1), 3000, 1.0)
    assert not np.isfinite(path[-1]).all() and not recwarn.list


# Bad input: what was given, what is accepted.

P, X = Gaussian(), np.linspace(-9, 9, 501)


@pytest.mark.parametrize("call, message", [
    (lambda: Gaussian(0, 0), "sigma must be a finite number above 0, got 0"),
    (lambda: Gaussian(0, -1), "sigma must be a finite number above 0, got -1"),
    (lambda: Gaussian(np.nan, 1), "mu must be a finite number, got nan"),
    (lambda: Gaussian("a", 1), "mu must be a finite number, got 'a'"),
    (lambda: Uniform(2, 1), "high must be a finite number above 2, got 1"),
    (lambda: Mixture([P], [-1]), "one weight of 0 or more"),
    (lambda: Mixture([P, P], [1]), "for each of its 2 parts"),
    (lambda: Mixture([P], [np.nan]), "weights must be finite"),
    (lambda: Sketch([0, 0, 1], [1, 1, 1]), "must grow from left to right"),
    (lambda: Sketch([0, 1], [0, 0]), "and one above 0"),
    (lambda: Sketch([0, 1], [1, -1]), "height of 0 or more"),
    (lambda: PushForward(PiecewiseLinear([0, 1, 2], [0, 1, 1]), P), "G is flat from z = 1 to 2"),
    (lambda: PiecewiseLinear([0, 1], [0]), "2 or more numbers"),
    (lambda: theory.grid(), "one density or more"),
    (lambda: theory.value(1.2, P, P, X), "between 0 and 1; got 1.2. Is it a logit"),
    (lambda: theory.value(np.full(501, np.nan), P, P, X), "between 0 and 1; got nan"),
    (lambda: theory.value(np.ones(3) / 2, P, P, X), "D has .3,. values for .501,. places"),
    (lambda: theory.value(0.5, P, P, X[::-1]), "growing, finite numbers"),
    (lambda: theory.value(0.5, P.pdf(X) * 2, P, X), "p_data must integrate to 1, and over this grid"),
    (lambda: theory.value(0.5, P, -P.pdf(X), X), "p_g must be 0 or more everywhere"),
    (lambda: theory.kl(P, P, np.linspace(0, 9, 100)), "must integrate to 1.* it gives 0.5"),
    (lambda: theory.jensen_shannon(P, P.pdf(X) * np.nan, X), "the second density must be 0 or more"),
    (lambda: theory.value_by_samples(lambda x: 0 * x + 0.5, P, P, 1), "n must be 2 or more"),
    (lambda: theory.generator_slope("hinge", 0), "Unknown loss 'hinge'. Known: saturating, non-saturating"),
    (lambda: theory.generator_gradient("saturating", Uniform(0, 1), Uniform(2, 3),
                                       theory.grid(Uniform(0, 1), Uniform(2, 3))), "jumps or has a corner"),
    (lambda: theory.generator_gradient("saturating", P, Sketch([-1, 0, 1], [0, 1, 0]), X), "jumps or has a corner"),
    (lambda: theory.generator_gradient("saturating", P, P, X, np.where(X > 0, np.inf, 0.0)), "logit is infinite there"),
    (lambda: theory.play(theory.bilinear(), (1, 2), 5, 0.0), "step_size must be a finite number above 0"),
    (lambda: theory.play(theory.bilinear(), (1,), 5), "start must be two finite numbers"),
    (lambda: theory.play(theory.bilinear(), (1, 2), -1), "steps must be a whole number of 0 or more"),
    (lambda: theory.play(theory.bilinear(), (1, 2), 5, update="random"), "Unknown update 'random'. Known: simult"),
    (lambda: theory.play(theory.bilinear(), (1, 2), 5, momentum=1.5), "momentum must be between -1 and 1"),
    (lambda: theory.play(theory.bilinear(), (1, 2), 5, update="optimistic", momentum=0.5), "momentum goes with"),
    (lambda: theory.dirac("hinge"), "Unknown loss 'hinge'. Known: saturating"),
    (lambda: theory.dirac(penalty=-1), "penalty must be 0 or more"),
])
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_theory_is_quick_to_import_and_needs_numpy_only():
    code = ("import sys, numpy; before = set(sys.modules); from gan_helpers import theory\n"
            "new = {m.split('.')[0] for m in set(sys.modules) - before}\n"
            "print(sorted(new - set(sys.stdlib_module_names)))")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert eval(out) in (["gan_helpers"], ["gan_helpers", "numpy"])
