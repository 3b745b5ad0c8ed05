"""Precision, recall, density, coverage, copying, floors, standard errors, damage: against closed forms and loops."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.ndimage import gaussian_filter

from gan_helpers import evaluation
from gan_helpers.evaluation import DAMAGES, _neighbours
from gan_helpers.lab import _metrics as lab_metrics


def pixel_classifier(*side):
    """A classifier that leaves nothing to guess: its features and its logits are the pixels."""
    inputs = keras.Input(side)
    features = layers.Flatten()(inputs)
    return keras.Model(inputs, [features, layers.Rescaling(1.0)(features)])


@pytest.fixture(scope="module")
def plane():
    """Images of two pixels: points in the plane."""
    return pixel_classifier(2, 1, 1)


def points(n, seed, shift=0.0, spread=0.2):
    x = shift + spread * np.random.default_rng(seed).standard_normal((n, 2))
    return np.clip(x, -1, 1).astype(np.float32)


def as_images(x):
    return np.asarray(x, np.float32).reshape(len(x), -1, 1, 1)


# Precision and recall, density and coverage

def radii_by_hand(x, k):
    return [sorted(np.linalg.norm(a - b) for j, b in enumerate(x) if j != i)[k - 1] for i, a in enumerate(x)]


def balls_by_hand(real, fake, k):
    """held[i][j]: whether the ball of real point i holds fake point j."""
    radii = radii_by_hand(real, k)
    return [[np.linalg.norm(a - b) <= r for b in fake] for a, r in zip(real, radii, strict=True)]


SIZES = [(30, 30, 3), (25, 40, 1), (40, 9, 5), (6, 6, 5)]


@pytest.mark.parametrize("n, m, k", SIZES)
@pytest.mark.parametrize("rows", [500, 7])
def test_precision_and_recall_equal_plain_loops(plane, monkeypatch, n, m, k, rows):
    monkeypatch.setattr(_neighbours, "ROWS", rows)
    real, fake = points(n, 1).astype(np.float64), points(m, 2, 0.15, 0.25).astype(np.float64)
    held = balls_by_hand(real, fake, k)
    precision = np.mean([any(row[j] for row in held) for j in range(m)])
    recall = np.mean([any(row[i] for row in balls_by_hand(fake, real, k)) for i in range(n)])
    got = evaluation.precision_recall(plane, as_images(real), as_images(fake), k)
    assert got == pytest.approx((precision, recall))
    assert got == pytest.approx(lab_metrics.precision_recall(real, fake, k))      # written for 2-D, to be fast there


@pytest.mark.parametrize("n, m, k", SIZES)
@pytest.mark.parametrize("rows", [500, 7])
def test_density_and_coverage_equal_plain_loops(plane, monkeypatch, n, m, k, rows):
    monkeypatch.setattr(_neighbours, "ROWS", rows)
    real, fake = points(n, 3).astype(np.float64), points(m, 4, 0.15, 0.25).astype(np.float64)
    held = balls_by_hand(real, fake, k)
    got = evaluation.density_coverage(plane, as_images(real), as_images(fake), k)
    assert got == pytest.approx((sum(map(sum, held)) / (k * m), np.mean([any(row) for row in held])))


@pytest.mark.parametrize("n, m, k", [(20, 20, 3), (30, 10, 2)])
def test_density_and_coverage_of_a_perfect_generator_in_closed_form(plane, n, m, k):
    """Density 1, and coverage 1 - (n-1)...(n-k) / ((m+n-1)...(m+n-k)), whatever the distribution (Naeem 2020)."""
    steps = np.arange(1, k + 1)
    expected = 1, 1 - np.prod((n - steps) / (m + n - steps))
    got = np.array([evaluation.density_coverage(plane, as_images(points(n, 2 * i)), as_images(points(m, 2 * i + 1)), k)
                    for i in range(150)])
    error = got.std(0) / np.sqrt(len(got))
    assert (np.abs(got.mean(0) - expected) < 4 * error).all() and (error < 0.03).all()


def test_sets_that_have_nothing_and_everything_in_common(plane):
    near, far = as_images(points(40, 5, -0.6, 0.1)), as_images(points(40, 6, 0.6, 0.1))
    assert evaluation.precision_recall(plane, near, far) == (0, 0)
    assert evaluation.density_coverage(plane, near, far) == (0, 0)
    assert evaluation.precision_recall(plane, near, near) == (1, 1)
    assert evaluation.density_coverage(plane, near, near)[1] == 1
    both = np.concatenate([near, far])
    precision, recall = evaluation.precision_recall(plane, both, near)     # half of what is real is lost
    assert precision == 1 and recall == 0.5
    precision, recall = evaluation.precision_recall(plane, near, both)     # half of what is made is wrong
    assert precision == 0.5 and recall == 1


@pytest.mark.parametrize("metric", [evaluation.precision_recall, evaluation.density_coverage])
def test_neighbours_need_more_than_k_images(plane, metric):
    with pytest.raises(ValueError, match="more than k = 5 samples on each side, got 9 real and 5 generated"):
        metric(plane, as_images(points(9, 0)), as_images(points(5, 1)), k=5)
    with pytest.raises(ValueError, match="k must be a whole number"):
        metric(plane, as_images(points(9, 0)), as_images(points(9, 1)), k=0)


# All at once

def test_measured_is_each_metric_by_itself(plane):
    real, fake = as_images(points(40, 1)), as_images(points(40, 2, 0.1))
    given = real.copy(), fake.copy()
    found = evaluation.measured(plane, real, fake)
    assert found == pytest.approx((
        evaluation.classifier_score(plane, fake), evaluation.frechet_distance(plane, real, fake),
        evaluation.kernel_distance(plane, real, fake), *evaluation.precision_recall(plane, real, fake),
        *evaluation.density_coverage(plane, real, fake)))
    assert found.recall == evaluation.precision_recall(plane, real, fake)[1]
    np.testing.assert_array_equal(given, (real, fake))


def test_measured_wants_as_many_generated_images_and_enough_of_them(plane):
    with pytest.raises(ValueError, match="as many generated as real images, got 30 and 20"):
        evaluation.measured(plane, as_images(points(20, 0)), as_images(points(30, 1)))
    wide = pixel_classifier(4, 4, 1)
    few = np.random.default_rng(0).uniform(-1, 1, (2, 16, 4, 4, 1))
    with pytest.raises(ValueError, match="16 images are too few for a Fréchet distance between 16 features.*singular"):
        evaluation.measured(wide, *few)
    with pytest.raises(ValueError, match="16 images are too few"):
        evaluation.frechet_distance(wide, *few)
    enough = np.random.default_rng(0).uniform(-1, 1, (2, 17, 4, 4, 1))
    assert evaluation.measured(wide, *enough).frechet > 0


@pytest.mark.parametrize("x, message", [
    (np.zeros((9, 3, 1, 1), np.float32), "takes images of shape \\(2, 1, 1\\), got \\(3, 1, 1\\)"),
    (np.full((9, 2, 1, 1), 7, np.float32), "in \\[-1, 1\\], got 7"),
    (np.zeros((9, 2, 1, 1), np.uint8), "to_unit_range"),
    (np.full((9, 2, 1, 1), np.nan, np.float32), "NaN"),
])
@pytest.mark.parametrize("metric", [evaluation.measured, evaluation.precision_recall, evaluation.density_coverage])
def test_bad_images_are_refused_on_either_side(plane, metric, x, message):
    good = as_images(points(9, 0))
    for pair in ((good, x), (x, good)):
        with pytest.raises(ValueError, match=message):
            metric(plane, *pair)


def test_accuracy_counts_and_refuses_a_judge_of_other_classes(plane):
    x = as_images([[0.9, 0.1], [0.2, 0.8], [0.7, -0.3], [0.0, 0.5]])
    assert evaluation.accuracy(plane, x, [0, 1, 0, 1]) == 1
    assert evaluation.accuracy(plane, x, [1, 1, 0, 1]) == 0.75
    with pytest.raises(ValueError, match="knows the classes 0 to 1, the labels go up to 7. Train it on all"):
        evaluation.accuracy(plane, x, [0, 7, 0, 1])
    with pytest.raises(ValueError, match="one integer label from 0 for each of 4 images"):
        evaluation.accuracy(plane, x, [0, 1])


# Copying

def copying_by_hand(fake, train, held_out):
    to_train = [[min(np.linalg.norm(a - b) for b in train) for a in x] for x in (fake, held_out)]
    return np.mean([0.5 if f == h else float(f < h) for f in to_train[0] for h in to_train[1]])


@pytest.mark.parametrize("n, m, seed", [(12, 12, 0), (7, 15, 1)])
def test_copying_equals_plain_loops(n, m, seed):
    train, held_out = points(20, seed), points(m, seed + 1)
    fake = points(n, seed + 2, 0.1)
    fake[:3] = train[:3]
    expected = copying_by_hand(*(x.astype(np.float64) for x in (fake, train, held_out)))
    assert evaluation.copying(*map(as_images, (fake, train, held_out))) == pytest.approx(expected)


def test_copying_of_copies_of_real_images_and_of_what_is_far_from_all():
    train, held_out = points(50, 0), points(40, 1)
    far = as_images(points(40, 2, 0.9, 0.01))
    train, held_out = as_images(train), as_images(held_out)
    assert evaluation.copying(train, train, held_out) == 1
    assert evaluation.copying(held_out, train, held_out) == 0.5
    assert evaluation.copying(far, train, held_out) == 0
    half = np.concatenate([held_out, train[:40]])
    assert evaluation.copying(half, train, held_out) == 0.75


# Floors and standard errors

def test_a_floor_deals_sets_that_have_nothing_in_common():
    seen = []

    def metric(a, b):
        assert len(a) == len(b) == 5 and not set(a) & set(b)
        seen.append(tuple(a))
        return a.sum(), b.sum()

    found = evaluation.floor(metric, np.arange(11), 5, rounds=7)
    assert found.shape == (7, 2) and len(set(seen)) == 7
    np.testing.assert_array_equal(found, evaluation.floor(metric, np.arange(11), 5, rounds=7))
    assert not np.array_equal(found, evaluation.floor(metric, np.arange(11), 5, rounds=7, seed=1))
    with pytest.raises(ValueError, match="Two sets of 6 need 12 samples, got 11. Choose n of 5 or fewer"):
        evaluation.floor(metric, np.arange(11), 6)


@pytest.mark.parametrize("n", [20, 80])
def test_the_floor_of_a_frechet_distance_in_closed_form(n):
    """In one dimension the means give 2 s^2 / n, the standard deviations s^2 / n: 3 s^2 / n in all."""
    line, spread = pixel_classifier(1, 1, 1), 0.2
    x = as_images(np.clip(spread * np.random.default_rng(0).standard_normal((20_000, 1)), -1, 1))
    found = evaluation.floor(lambda a, b: evaluation.frechet_distance(line, a, b), x, n, rounds=300)
    error = found.std() / np.sqrt(len(found))
    assert abs(found.mean() - 3 * spread**2 / n) < 4 * error and error < 0.1 * found.mean()


def test_the_standard_error_of_a_mean_is_exact():
    x = np.random.default_rng(0).gamma(2, size=60)
    exact = x.std(ddof=1) / np.sqrt(60)
    assert evaluation.standard_error(np.mean, x, groups=60) == pytest.approx(exact)
    assert isinstance(evaluation.standard_error(np.mean, x), float)
    group = np.random.default_rng(0).permutation(60) % 6
    means = np.array([x[group == g].mean() for g in range(6)])      # what six groups of ten say, each by itself
    assert evaluation.standard_error(np.mean, x, groups=6) == pytest.approx(means.std(ddof=1) / np.sqrt(6))


def test_the_standard_errors_of_several_numbers_and_of_two_sets():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 400), rng.normal(0, 3, 1600)
    both = evaluation.standard_error(lambda a, b: (b.mean() - a.mean(), 2 * a.mean()), a, b, groups=100)
    assert both.shape == (2,)
    assert both == pytest.approx([np.sqrt(1 / 400 + 9 / 1600), 2 / np.sqrt(400)], rel=0.25)


def test_the_standard_error_of_a_frechet_distance_is_what_fresh_samples_show():
    line = pixel_classifier(1, 1, 1)
    rng = np.random.default_rng(2)
    draw = lambda shift: as_images(np.clip(shift + 0.2 * rng.standard_normal((200, 1)), -1, 1))  # noqa: E731
    pairs = [(draw(0), draw(0.3)) for _ in range(60)]
    distance = lambda a, b: evaluation.frechet_distance(line, a, b)  # noqa: E731
    spread = np.std([distance(*pair) for pair in pairs])
    told = np.mean([evaluation.standard_error(distance, *pair) for pair in pairs[:20]])
    assert told == pytest.approx(spread, rel=0.35)


@pytest.mark.parametrize("groups", [1, 9, 2.5])
def test_groups_must_fit_the_sets(groups):
    with pytest.raises(ValueError, match="groups must be"):
        evaluation.standard_error(np.mean, np.arange(8.0), groups=groups)


# Damage

X = np.random.default_rng(0).uniform(-1, 1, (40, 6, 6, 1)).astype(np.float32)
OTHERS = np.random.default_rng(1).uniform(-1, 1, (40, 6, 6, 1)).astype(np.float32)
EIGHTS = np.arange(40) % 4 == 0


def damaged(damage, strength, x=X, **more):
    given = {"others": OTHERS, "where": EIGHTS}
    return evaluation.damaged(x, damage, strength, **{**given, **more})


def same(a, b):
    return (a == b).all((1, 2, 3))


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_grows_from_nothing_and_leaves_what_it_was_given(damage):
    before = X.copy(), OTHERS.copy()
    results = [damaged(damage, strength) for strength in (0, 0.25, 0.5, 1)]
    np.testing.assert_array_equal((X, OTHERS), before)
    np.testing.assert_array_equal(results[0], X)
    changes = [np.abs(y - X).mean() for y in results]
    assert np.all(np.diff(changes) > 0)
    for y in results:
        assert y.shape == X.shape and y.dtype == np.float32 and np.abs(y).max() <= 1
        assert not np.shares_memory(y, X)
    for weaker, stronger in zip(results, results[1:], strict=False):        # what is struck stays struck
        assert not (same(stronger, X) & ~same(weaker, X)).any()
    np.testing.assert_array_equal(damaged(damage, 0.5), results[2])


def test_blur_and_noise_have_the_strength_they_name():
    wide = np.zeros((1, 41, 41, 1), np.float32)
    wide[0, 20, 20] = 1
    for strength in (0.5, 1):
        got = damaged("blur", strength, wide)[0, ..., 0]
        place = np.arange(41) - 20
        assert got.sum() == pytest.approx(1, rel=1e-4)
        assert (got.sum(0) * place**2).sum() == pytest.approx((2 * strength) ** 2, rel=0.02)
        np.testing.assert_allclose(got, gaussian_filter(wide[0, ..., 0], 2 * strength), atol=1e-7)
    grey = np.zeros((50, 20, 20, 1), np.float32)
    assert damaged("noise", 0.2, grey).std() == pytest.approx(0.2, rel=0.02)


def test_a_missing_class_gives_way_to_others():
    for strength, struck in ((0.5, 5), (1, 10)):
        y = damaged("missing class", strength)
        changed = ~same(y, X)
        assert changed.sum() == struck and not (changed & ~EIGHTS).any()
        assert sorted(y[changed].ravel()) == sorted(OTHERS[:struck].ravel())


def test_duplicates_leave_fewer_different_images():
    for strength, different in ((0.5, 20), (0.9, 4), (1, 1)):
        y = damaged("duplicates", strength)
        kinds, counts = np.unique(y.reshape(40, -1), axis=0, return_counts=True)
        assert len(kinds) == different and set(counts) == {40 // different}
        assert {row.tobytes() for row in kinds} <= {row.tobytes() for row in X.reshape(40, -1)}


def test_memorised_copies_take_the_place_of_their_share():
    for strength, struck in ((0.25, 10), (1, 40)):
        y = damaged("memorised copies", strength)
        assert (~same(y, X)).sum() == struck
        assert sorted(y[~same(y, X)].ravel()) == sorted(OTHERS[:struck].ravel())


@pytest.mark.parametrize("damage, strength, more, message", [
    ("blurr", 0.5, {}, "Unknown damage 'blurr'.*Did you mean 'blur'"),
    ("blur", 1.5, {}, "strength must be a number from 0 to 1, got 1.5"),
    ("noise", float("nan"), {}, "strength must be a number from 0 to 1, got nan"),
    ("blur", 0.5, {"x": 2 * X}, "in \\[-1, 1\\]"),
    ("memorised copies", 0.5, {"others": None}, '"memorised copies" needs others='),
    ("memorised copies", 1, {"others": OTHERS[:30]}, "at least 40 others, got 30"),
    ("memorised copies", 0.5, {"others": OTHERS[:, :5]}, "others of shape \\(6, 6, 1\\).*got \\(5, 6, 1\\)"),
    ("missing class", 0.5, {"where": None}, '"missing class" needs where=..., 40 bools'),
    ("missing class", 0.5, {"where": EIGHTS[:7]}, "40 bools .* bool of shape \\(7,\\)"),
    ("missing class", 0.5, {"where": EIGHTS.astype(int)}, "int64"),
])
def test_damage_that_can_not_be_done_is_refused(damage, strength, more, message):
    with pytest.raises(ValueError, match=message):
        damaged(damage, strength, **more)
