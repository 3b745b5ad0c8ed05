"""`evaluation` against closed forms and NumPy in float64; what the default recipe reaches on the digits."""

import keras
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import layers

from gan_helpers import data, evaluation, models, training

SIDE = (2, 2, 1)


def pixel_classifier(logit_scale=1.0):
    """A classifier that leaves nothing to guess: its features are the pixels, its logits a multiple of them."""
    inputs = keras.Input(SIDE)
    features = layers.Flatten()(inputs)
    return keras.Model(inputs, [features, layers.Rescaling(logit_scale)(features)])


@pytest.fixture(scope="module")
def pixels():
    return pixel_classifier()


def as_images(features):
    return np.asarray(features, np.float32).reshape(-1, *SIDE)


def random_images(n, seed, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, (n, *SIDE)).astype(np.float32)


def corners(mean, spread):
    """The 16 points mean ± spread in 4 dimensions: the mean and the covariance are known exactly."""
    signs = np.stack(np.meshgrid(*[[-1, 1]] * 4), -1).reshape(-1, 4)
    return as_images(np.asarray(mean) + np.asarray(spread) * signs)


# Classifier score


def score_by_hand(logits):
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return np.exp((p * np.log(p / p.mean(0))).sum(1).mean())


def test_classifier_score_is_1_when_all_images_look_the_same(pixels):
    assert evaluation.classifier_score(pixels, random_images(1, 0).repeat(9, 0)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("classes", [4, 3, 2])
def test_classifier_score_counts_classes_that_are_certain_and_equally_frequent(classes):
    """Also when a class never occurs: its probability of 0 must not make a NaN."""
    one_hot = as_images(np.tile(np.eye(4)[:classes], (5, 1)))
    for scale in (50.0, 400.0):
        score = evaluation.classifier_score(pixel_classifier(scale), one_hot)
        assert score == pytest.approx(classes, rel=1e-9)


def test_classifier_score_equals_its_formula():
    x = random_images(50, 1)
    by_hand = score_by_hand(3.0 * x.reshape(50, 4).astype(np.float64))
    assert 1.1 < by_hand < 3
    assert evaluation.classifier_score(pixel_classifier(3.0), x) == pytest.approx(by_hand, rel=1e-5)


# Fréchet distance


def frechet_by_hand(a, b):
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root)


def test_frechet_distance_of_two_gaussians_in_closed_form(pixels):
    """Independent features: the squared distance of the means plus that of the standard deviations."""
    mean_1, spread_1 = np.array([0.1, -0.2, 0.3, 0.0]), np.array([0.5, 0.25, 0.1, 0.3])
    mean_2, spread_2 = np.array([0.0, 0.2, 0.3, -0.1]), np.array([0.25, 0.25, 0.6, 0.2])
    expected = ((mean_1 - mean_2) ** 2).sum() + 16 / 15 * ((spread_1 - spread_2) ** 2).sum()
    got = evaluation.frechet_distance(pixels, corners(mean_1, spread_1), corners(mean_2, spread_2))
    assert got == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("n1, n2", [(30, 30), (40, 7), (6, 60)])
def test_frechet_distance_equals_numpy(pixels, n1, n2):
    mix = np.random.default_rng(5).uniform(-0.25, 0.25, (4, 4))
    a, b = random_images(n1, 1).reshape(n1, 4), random_images(n2, 2, 0.0).reshape(n2, 4) @ mix
    got = evaluation.frechet_distance(pixels, as_images(a), as_images(b))
    a, b = (np.float32(x).astype(np.float64) for x in (a, b))
    assert got == pytest.approx(frechet_by_hand(a, b), rel=1e-4)


def test_frechet_distance_of_a_set_to_itself_is_0(pixels):
    x = random_images(100, 0)
    assert 0 <= evaluation.frechet_distance(pixels, x, x) < 1e-6


# Kernel distance


def kernel_by_hand(a, b):
    kernel = lambda u, v: (u @ v.T / u.shape[1] + 1) ** 3  # noqa: E731
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (kernel(a, a), kernel(b, b))]
    return sum(within) - 2 * kernel(a, b).mean()


@pytest.mark.parametrize("n1, n2", [(30, 30), (40, 7), (2, 2)])
def test_kernel_distance_equals_numpy(pixels, n1, n2):
    a, b = random_images(n1, 1), random_images(n2, 2, -0.2)
    by_hand = kernel_by_hand(*(x.reshape(len(x), 4).astype(np.float64) for x in (a, b)))
    assert evaluation.kernel_distance(pixels, a, b) == pytest.approx(by_hand, rel=1e-6, abs=1e-9)


def test_kernel_distance_is_unbiased_where_frechet_distance_is_not(pixels):
    """Of small sets from one distribution it is 0 in the mean, so below 0 about half of the time."""
    pairs = [(random_images(10, seed), random_images(10, 1000 + seed)) for seed in range(30)]
    kernel = np.array([evaluation.kernel_distance(pixels, *pair) for pair in pairs])
    assert abs(kernel.mean()) < 3 * kernel.std() / np.sqrt(len(kernel))
    assert 5 < (kernel < 0).sum() < 25
    assert min(evaluation.frechet_distance(pixels, *pair) for pair in pairs[:10]) > 0.01


def test_the_order_of_the_images_does_not_matter(pixels):
    """More images than one of TF-GAN's blocks holds, sorted by what they show."""
    x, y = random_images(2200, 1), random_images(2200, 2)
    in_order = np.concatenate([x[x[:, 0, 0, 0] < 0], x[x[:, 0, 0, 0] >= 0]])
    assert abs(evaluation.kernel_distance(pixels, in_order, y)) < 0.02  # in the given order: 0.2
    assert kernel_by_hand(in_order[:1000].reshape(1000, 4), y[:1000].reshape(1000, 4)) > 0.1


# Shares and neighbours


def test_class_shares_count_the_classifier_s_choices(pixels):
    x = as_images(0.5 * np.eye(4)[[0, 0, 0, 1, 3, 3, 0, 1]])
    np.testing.assert_allclose(evaluation.class_shares(pixels, x), [0.5, 0.25, 0, 0.25])


IMAGES = st.integers(1, 6).flatmap(lambda n: hnp.arrays(
    np.float32, (n, 3, 2, 1), elements=st.floats(-1, 1, width=32)))


@given(x=IMAGES, reference=IMAGES)
@settings(max_examples=60, deadline=None)
def test_nearest_is_what_a_search_finds(x, reference):
    index, distance = evaluation.nearest(x, reference)
    all_distances = np.array([[np.linalg.norm((a - b).astype(np.float64)) for b in reference] for a in x])
    np.testing.assert_allclose(distance, all_distances.min(1), atol=1e-6)
    np.testing.assert_allclose(all_distances[np.arange(len(x)), index], all_distances.min(1), atol=1e-6)


def test_a_copy_is_found_at_distance_0():
    x = random_images(20, 0)
    index, distance = evaluation.nearest(x[::-1], x)
    assert (index == np.arange(20)[::-1]).all() and (distance == 0).all()


# Bad input

LABELS = np.arange(10) % 2


@pytest.mark.parametrize("x, labels, message", [
    (random_images(10, 0), LABELS[:9], "one integer label from 0 for each of 10 images"),
    (random_images(10, 0), LABELS[:, None], "shape \\(10, 1\\)"),
    (random_images(10, 0), LABELS.astype(float), "float64"),
    (random_images(10, 0), LABELS - 1, "from 0"),
    (random_images(10, 0), np.full(10, 3), "two classes or more, all are 3"),
    (random_images(1, 0), LABELS[:1], "at least 2 images"),
    (random_images(10, 0) * np.nan, LABELS, "NaN"),
    (random_images(10, 0)[..., 0], LABELS, "Add the channel axis"),
])
def test_a_classifier_is_not_trained_on_bad_input(x, labels, message):
    with pytest.raises(ValueError, match=message):
        evaluation.train_classifier(x, labels)


@pytest.mark.parametrize("epochs", [0, -1, 1.5])
def test_epochs_must_be_a_whole_number_of_1_or_more(epochs):
    with pytest.raises(ValueError, match="epochs must be a whole number"):
        evaluation.train_classifier(random_images(10, 0), LABELS, epochs=epochs)


@pytest.mark.parametrize("metric", [evaluation.classifier_score, evaluation.class_shares,
                                    evaluation.frechet_distance, evaluation.kernel_distance])
@pytest.mark.parametrize("x, message", [
    (np.full((5, *SIDE), np.nan, np.float32), "NaN"),
    (np.zeros((5, 3, 2, 1), np.float32), "takes images of shape \\(2, 2, 1\\), got \\(3, 2, 1\\)"),
    (np.zeros((0, *SIDE), np.float32), "at least [12] images, got 0"),
    (np.zeros((5, *SIDE), np.uint8), "to_unit_range"),
    (np.full((5, *SIDE), 7, np.float32), "in \\[-1, 1\\], got 7"),
])
def test_metrics_refuse_bad_images(pixels, metric, x, message):
    others = [random_images(5, 0)] if "distance" in metric.__name__ else []
    with pytest.raises(ValueError, match=message):
        metric(pixels, *others, x)


def test_distances_need_two_images(pixels):
    for metric in (evaluation.frechet_distance, evaluation.kernel_distance):
        with pytest.raises(ValueError, match="at least 2 images, got 1"):
            metric(pixels, random_images(1, 0), random_images(5, 0))


def test_nearest_refuses_images_of_two_shapes():
    with pytest.raises(ValueError, match="one shape"):
        evaluation.nearest(random_images(2, 0), np.zeros((2, 3, 2, 1), np.float32))


# What the default recipe reaches on the digits, beside what real digits reach

STEPS = 1200  # about twenty seconds on two cores


@pytest.fixture(scope="module")
def classifier():
    return evaluation.train_classifier(*data.load_labelled("digits"), epochs=12)


@pytest.fixture(scope="module")
def trained():
    return training.train(data.load_images("digits"), steps=STEPS, progress=False)[0]


def measure(classifier, x, x_test):
    """The metrics of 297 images beside the 297 of the test split, as a row to print and to compare."""
    return {
        "score": evaluation.classifier_score(classifier, x),
        "Frechet": evaluation.frechet_distance(classifier, x, x_test),
        "kernel": evaluation.kernel_distance(classifier, x, x_test),
        "nearest": float(np.median(evaluation.nearest(x, data.load_images("digits"))[1])),
        "least class": evaluation.class_shares(classifier, x).min(),
    }


def test_the_classifier_reads_digits_by_other_writers(classifier):
    x, labels = data.load_labelled("digits", "test")
    features, logits = evaluation.features_and_logits(classifier, x)
    assert features.shape == (297, 64) and logits.shape == (297, 10)
    assert (logits.argmax(1) == labels).mean() > 0.93


def test_the_default_recipe_draws_all_ten_digits(classifier, trained):
    x_train, x_test = data.load_images("digits"), data.load_images("digits", "test")
    untrained = training.GAN(models.dcgan_generator(), models.dcgan_discriminator(), seed=0)
    rows = {
        "real, held out": measure(classifier, x_test, x_test),
        "real, training": measure(classifier, x_train[:297], x_test),
        f"{STEPS} steps": measure(classifier, trained.generate(297, seed=1), x_test),
        "untrained": measure(classifier, untrained.generate(297, seed=1), x_test),
    }
    for name, row in rows.items():
        print(f"\n{name:15}", "  ".join(f"{key} {value:8.3f}" for key, value in row.items()), end="")
    shares = evaluation.class_shares(classifier, trained.generate(2000, seed=2))
    print("\nshares of the ten digits:", " ".join(f"{share:.1%}" for share in shares))
    held_out, floor, generated, start = rows.values()
    assert len(shares) == 10 and shares.min() >= 0.03
    assert generated["Frechet"] < 3 * floor["Frechet"] < start["Frechet"] / 4
    assert generated["score"] > 0.6 * held_out["score"] > start["score"]
    # Not copies: a generated digit lies no nearer to a training image than half of what a real one does.
    assert generated["nearest"] > held_out["nearest"] / 2 > 0
