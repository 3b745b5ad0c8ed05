"""The lab's metrics against closed forms, SciPy and plain loops."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist, jensenshannon
from scipy.stats import wasserstein_distance

from gan_helpers import data
from gan_helpers.lab import _metrics as metrics

POINTS = hnp.arrays(np.float64, st.tuples(st.integers(4, 40), st.just(2)), elements=st.floats(-2, 2))
RING8 = data.skeleton("ring8")


def gaussian(n, seed, centre=(0.0, 0.0), spread=1.0):
    return centre + spread * np.random.default_rng(seed).standard_normal((n, 2))


def all_at(point, n=500):
    return np.tile(np.asarray(point, float), (n, 1))


@pytest.mark.parametrize("name", data.POINT_SETS)
def test_a_perfect_generator_sits_on_the_floor_and_a_blurred_and_shifted_one_does_not(name):
    def draw(n, seed):
        return data.points(name, n, seed)[0]

    skeleton, rounds = data.skeleton(name), 12
    floor = metrics.floor(draw, 500, skeleton, rounds)
    perfect = [metrics.measured(draw(500, 100 + i), draw(500, 200 + i), skeleton) for i in range(rounds)]
    for key, value in floor.items():
        scores = np.array([scores[key] for scores in perfect])
        assert abs(scores.mean() - value) <= 4 * scores.std(ddof=1) * np.sqrt(2 / rounds), key
    assert floor["modes"] == metrics.mode_count(skeleton[1])
    assert abs(floor["mmd"]) < 0.005 and floor["precision"] > 0.9 and floor["recall"] > 0.9
    damaged = draw(500, 1) + gaussian(500, 0, (0.2, 0.2), 0.2)
    damaged = metrics.measured(draw(500, 0), damaged, skeleton)
    for key in ("js", "sliced_w1", "mmd"):
        assert damaged[key] > max(scores[key] for scores in perfect), key
    for key in ("quality", "precision"):
        assert damaged[key] < min(scores[key] for scores in perfect), key


def test_the_floor_is_the_mean_over_pairs_of_independent_samples():
    def draw(n, seed):
        asked.append((n, seed))
        return data.points("ring8", n, seed)[0]

    asked = []
    floor = metrics.floor(draw, 60, RING8, rounds=2)
    assert asked == [(60, 0), (60, 1), (60, 2), (60, 3)]
    first, second = (metrics.measured(draw(60, i), draw(60, i + 1), RING8) for i in (0, 2))
    assert floor == {key: pytest.approx((first[key] + second[key]) / 2) for key in first}


def test_all_numbers_come_in_order_and_agree_with_the_functions():
    real, fake = data.points("moons", 200, 0)[0], data.points("ring", 150, 1)[0]
    centres, mode, spread = skeleton = data.skeleton("moons")
    scores = metrics.measured(real, fake, skeleton)
    assert tuple(scores) == metrics.NAMES and all(type(value) is float for value in scores.values())
    precision, recall = metrics.precision_recall(real, fake)
    assert list(scores.values()) == [
        metrics.modes_covered(fake, centres, mode, spread), metrics.quality(fake, centres, spread),
        metrics.jensen_shannon(real, fake), metrics.sliced_wasserstein(real, fake),
        pytest.approx(metrics.mmd(real, fake)), precision, recall]
    drawn = metrics.measured(real, fake)
    assert drawn == {key: scores[key] for key in metrics.NAMES[2:]} and tuple(drawn) == metrics.NAMES[2:]


@pytest.mark.parametrize("point, hit", [(RING8[0][0], 1), ((0.0, 0.0), 0)], ids=["on a mode", "between modes"])
def test_total_collapse_scores_what_theory_says(point, hit):
    real, fake = data.points("ring8", 2000, 0)[0], all_at(point)
    scores = metrics.measured(real, fake, RING8)
    assert (scores["modes"], scores["quality"], scores["precision"], scores["recall"]) == (hit, hit, hit, 0)
    low = np.floor(np.asarray(point) / 0.15) * 0.15  # the cell of side 0.15; 0 is an edge of the grid
    p = np.mean((real >= low).all(1) & (real < low + 0.15).all(1))
    log = np.log(2 * p / (p + 1)) if p else 0.0
    assert scores["js"] == pytest.approx(((1 - p) * np.log(2) + p * log + np.log(2 / (p + 1))) / 2)
    assert scores["sliced_w1"] == pytest.approx(sliced_by_scipy(real, fake))


def expected_kernel(distance, variance):
    """E k(x, y) for x - y normal with this mean distance and variance on each axis: a Gaussian integral."""
    s = np.array([0.05, 0.1, 0.2, 0.4]) ** 2
    return np.mean(s / (s + variance) * np.exp(-distance ** 2 / 2 / (s + variance)))


@pytest.mark.parametrize("shift, spread", [(0.1, 0.15), (0.0, 0.3), (0.6, 0.05), (0.3, 0.0)])
def test_mmd_of_two_gaussians_is_the_closed_form(shift, spread):
    """A spread of 0 is total collapse."""
    expected = (expected_kernel(0, 2 * 0.15 ** 2) + expected_kernel(0, 2 * spread ** 2)
                - 2 * expected_kernel(shift, 0.15 ** 2 + spread ** 2))
    found = [metrics.mmd(gaussian(400, i, spread=0.15), gaussian(300, i + 99, (shift, 0), spread)) for i in range(40)]
    assert abs(np.mean(found) - expected) < 4 * np.std(found, ddof=1) / np.sqrt(40) < expected / 4


def test_mmd_is_unbiased_even_for_a_few_points():
    """With the pairs of a point with itself it would be about 1/5 + 1/8 too large."""
    found = [metrics.mmd(gaussian(5, i, spread=0.3), gaussian(8, i + 5000, spread=0.3)) for i in range(1500)]
    assert abs(np.mean(found)) < 4 * np.std(found, ddof=1) / np.sqrt(1500) < 0.02


@pytest.mark.parametrize("n, m", [(150, 150), (64, 129), (2, 65)])
def test_mmd_is_the_sum_over_all_pairs(n, m):
    real, fake = gaussian(n, 0, spread=0.3), gaussian(m, 1, spread=0.2)

    def k(x, y):
        return sum(np.exp(-cdist(x, y) ** 2 / (2 * s ** 2)) for s in (0.05, 0.1, 0.2, 0.4)) / 4

    within = [k(x, x)[~np.eye(len(x), dtype=bool)].mean() for x in (real, fake)]
    assert metrics.mmd(real, fake) == pytest.approx(sum(within) - 2 * k(real, fake).mean(), abs=1e-12)


def sliced_by_scipy(real, fake):
    angles = np.pi * np.arange(32) / 32
    return np.mean([wasserstein_distance(real @ v, fake @ v) for v in np.stack([np.cos(angles), np.sin(angles)], 1)])


@pytest.mark.parametrize("n, m", [(100, 100), (37, 53), (1, 7), (120, 40)])
def test_sliced_wasserstein_is_scipys_in_each_direction(n, m):
    real, fake = gaussian(n, 0), gaussian(m, 1, (1, -2), 0.5)
    assert metrics.sliced_wasserstein(real, fake) == pytest.approx(sliced_by_scipy(real, fake), rel=1e-12)


@given(POINTS, st.floats(0.1, 3), st.floats(0, 2 * np.pi))
def test_sliced_wasserstein_of_a_shift_is_its_length_times_2_over_pi(x, length, angle):
    shift = length * np.array([np.cos(angle), np.sin(angle)])
    assert metrics.sliced_wasserstein(x, x + shift) == pytest.approx(length * 2 / np.pi, rel=1e-3)


@pytest.mark.parametrize("n, m", [(500, 500), (700, 90)])
def test_jensen_shannon_is_scipys_of_the_histograms(n, m):
    real, fake = gaussian(n, 0, spread=0.6), gaussian(m, 1, (0.4, 0), 0.9)  # some of them outside the grid
    edges = np.linspace(-1.5, 1.5, 21)
    histograms = [np.histogram2d(*np.clip(x, -1.5, 1.5).T, [edges, edges])[0].ravel() for x in (real, fake)]
    assert (np.abs(fake) > 1.5).any()
    assert metrics.jensen_shannon(real, fake) == pytest.approx(jensenshannon(*histograms) ** 2)


def test_jensen_shannon_of_real_against_real_is_the_floor_of_its_docstring():
    draw = np.random.default_rng(0)
    found = metrics.jensen_shannon(draw.uniform(-1.5, 1.5, (40_000, 2)), draw.uniform(-1.5, 1.5, (80_000, 2)))
    assert found == pytest.approx(399 * (1 / 40_000 + 1 / 80_000) / 8, rel=0.2)


def test_points_outside_the_grid_count_for_its_rim():
    inside, outside = [[1.49, 1.49], [-1.49, 0.01]], [[5.0, 1e30], [-1.6, 0.01]]
    assert metrics.jensen_shannon(inside, outside) == 0
    assert metrics.jensen_shannon(inside, [[-5.0, -5.0]]) == pytest.approx(np.log(2))


def precision_recall_by_loops(real, fake, k):
    def share_near(points, others):
        radii = [sorted(np.hypot(*(x - y)) for j, y in enumerate(others) if j != i)[k - 1]
                 for i, x in enumerate(others)]
        return np.mean([any(np.hypot(*(p - x)) <= r for x, r in zip(others, radii, strict=True)) for p in points])

    return share_near(fake, real), share_near(real, fake)


@pytest.mark.parametrize("n, m, k", [(70, 90, 3), (90, 40, 1), (66, 66, 5), (6, 8, 1)])
def test_precision_and_recall_are_what_loops_find(n, m, k):
    real, fake = gaussian(n, 0), gaussian(m, 1, (0.7, 0), 0.8)
    found = metrics.precision_recall(real, fake, k)
    assert found == pytest.approx(precision_recall_by_loops(real, fake, k)) and found[0] != found[1]


def test_precision_and_recall_count_points_on_the_rim_and_copies():
    """Integer distances are exact, so <= and < differ: drawn points come many times over."""
    draw = np.random.default_rng(0)
    real, fake = draw.integers(0, 9, (60, 2)).astype(float), draw.integers(3, 12, (40, 2)).astype(float)
    assert metrics.precision_recall(real, fake) == pytest.approx(precision_recall_by_loops(real, fake, 3))
    copies = gaussian(10, 0).repeat(10, axis=0)
    assert metrics.precision_recall(copies, copies[::-1]) == (1, 1)


def test_half_the_modes_missing():
    """With real = (A + B) / 2 and fake = A, JS is 0.216, plus the floor of the sample."""
    x, mode = data.points("ring8", 4000, 0)
    real, half = data.points("ring8", 2000, 1)[0], x[mode < 4][:1900]
    scores = metrics.measured(real, half, RING8)
    between = (np.log(2) / 2 + np.log(2 / 3) / 2) / 2 + np.log(4 / 3) / 2
    assert scores["modes"] == 4 and between < scores["js"] < between + 0.02
    assert scores["precision"] > 0.9 and scores["recall"] == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("extra, modes", [(9, 1), (10, 2)])
def test_a_mode_is_covered_from_a_fifth_of_its_fair_share(extra, modes):
    """Of 400 points, 50 for each of the 8 modes: 10 are asked. One point each elsewhere covers nothing."""
    centres, mode, spread = RING8
    x = np.concatenate([centres[2:], all_at(centres[1], extra), all_at(centres[0], 394 - extra)])
    assert metrics.modes_covered(x, centres, mode, spread) == modes
    x[extra + 6:] += 0.2  # four spreads away on both axes: no longer of high quality
    assert metrics.modes_covered(x, centres, mode, spread) == modes - 1


def test_modes_of_curves():
    x, mode = data.points("moons", 500, 0)
    centres, which, spread = data.skeleton("moons")
    assert metrics.mode_count(which) == 2 and metrics.mode_count(data.skeleton("spiral")[1]) == 1
    assert metrics.modes_covered(x, centres, which, spread) == 2
    assert metrics.modes_covered(x[mode == 1], centres, which, spread) == 1


def test_quality_of_a_gaussian_is_the_closed_form():
    share = metrics.quality(gaussian(40_000, 0, (0.3, -0.2), 0.07), [[0.3, -0.2], [9.0, 9.0]], 0.07)
    expected = 1 - np.exp(-9 / 2)
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / 40_000)


@given(POINTS, POINTS)
@settings(deadline=None)
def test_ranges_and_symmetry(real, fake):
    forth, back = metrics.measured(real, fake, RING8), metrics.measured(fake, real, RING8)
    assert 0 <= forth["modes"] <= 8 and 0 <= forth["quality"] <= 1
    assert 0 <= forth["js"] <= np.log(2) + 1e-12 and forth["sliced_w1"] >= 0
    assert -1 / (len(real) - 1) - 1 / (len(fake) - 1) - 1e-9 <= forth["mmd"] <= 2
    assert 0 <= forth["precision"] <= 1 and 0 <= forth["recall"] <= 1
    for key in ("js", "sliced_w1", "mmd"):
        assert forth[key] == pytest.approx(back[key], abs=1e-9)
    assert (forth["precision"], forth["recall"]) == (back["recall"], back["precision"])


@given(POINTS, POINTS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_the_points_does_not_matter(real, fake, random):
    mixed = [x[random.sample(range(len(x)), len(x))] for x in (real, fake)]
    before, after = metrics.measured(real, fake, RING8), metrics.measured(*mixed, RING8)
    assert after == pytest.approx(before, abs=1e-9)


@given(POINTS)
@settings(deadline=None)
def test_a_set_against_itself(x):
    scores = metrics.measured(x, x)
    assert (scores["js"], scores["sliced_w1"], scores["precision"], scores["recall"]) == (0, 0, 1, 1)
    assert scores["mmd"] <= 1e-9  # below 0: the pairs of a point with itself are left out on one side only


def test_a_generator_that_ran_far_away_still_has_numbers():
    far = (1e30 * gaussian(50, 0)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = metrics.measured(data.points("ring8", 50, 0)[0], far, RING8)
    assert np.isfinite(list(scores.values())).all() and scores["sliced_w1"] > 1e29
    assert (scores["quality"], scores["js"], scores["precision"]) == (0, pytest.approx(np.log(2)), 0)


GOOD = np.zeros((10, 2))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_run_that_diverged_is_said_with_the_number_of_points(value):
    bad = GOOD.copy()
    bad[3:7, 1] = value
    for call in (metrics.measured, metrics.jensen_shannon, metrics.sliced_wasserstein, metrics.mmd,
                 metrics.precision_recall):
        with pytest.raises(ValueError, match="finite fake points, but 4 of 10 .* The run has diverged"):
            call(GOOD, bad)
    for call in (lambda: metrics.quality(bad, *RING8[::2]), lambda: metrics.modes_covered(bad, *RING8)):
        with pytest.raises(ValueError, match="finite points, but 4 of 10 have a NaN or infinite coordinate.$"):
            call()


@pytest.mark.parametrize("call, message", [
    (lambda: metrics.mmd(GOOD[:1], GOOD), r"real points as \(n, 2\) with n of 2 or more, got shape \(1, 2\)"),
    (lambda: metrics.measured(GOOD, GOOD[:3]), "fake points .* with n of 4 or more"),
    (lambda: metrics.precision_recall(GOOD, GOOD, 10), "n of 11 or more"),
    (lambda: metrics.precision_recall(GOOD, GOOD, 0), "k must be a whole number of 1 or more, got 0"),
    (lambda: metrics.jensen_shannon(GOOD[:0], GOOD), r"got shape \(0, 2\)"),
    (lambda: metrics.sliced_wasserstein(GOOD, GOOD[:, :1]), r"got shape \(10, 1\)"),
    (lambda: metrics.quality(GOOD[0], *RING8[::2]), r"Expected points .* got shape \(2,\)"),
    (lambda: metrics.floor(lambda n, seed: GOOD, 10, rounds=0), "rounds must be a whole number"),
])
def test_what_is_no_point_set_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_only_the_metrics_asked_for_are_measured_and_they_are_the_same(monkeypatch):
    real, skeleton = data.points("ring8", 300, 1)[0], data.skeleton("ring8")
    fake = data.points("ring8", 300, 2)[0] + 0.05
    everything = metrics.measured(real, fake, skeleton)
    for name in metrics.NAMES:
        assert metrics.measured(real, fake, skeleton, [name]) == {name: everything[name]}
    assert list(metrics.measured(real, fake, skeleton, ["recall", "modes"])) == ["modes", "recall"]
    assert metrics.measured(real, fake, None, ["quality", "js"]) == {"js": everything["js"]}
    monkeypatch.setattr(metrics, "_of_pairs", None)     # the slow ones aren't touched when nobody wants them
    metrics.measured(real, fake, skeleton, ["quality", "js", "sliced_w1"])
    with pytest.raises(ValueError, match="'inception'.*mmd"):
        metrics.measured(real, fake, skeleton, ["inception"])
