"""Lengths of noise and the two paths between two z, against closed forms and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.transform import Rotation, Slerp

from gan_helpers import theory


@pytest.mark.parametrize("dim", [1, 2, 3, 64, 512, 10_000])
def test_the_length_of_a_normal_z_is_chi(dim):
    mean, spread = theory.normal_length(dim)
    assert mean == pytest.approx(stats.chi(dim).mean(), rel=1e-10)
    assert spread == pytest.approx(stats.chi(dim).std(), rel=1e-5)


@pytest.mark.parametrize("dim", [1, 7, 998, 999, 1000, 1001, 10**6, 10**8, 10**12])
def test_two_neighbouring_mean_lengths_multiply_to_the_smaller_dimension(dim):
    """Γ(x + 1) = x Γ(x): exact for every dimension, where SciPy's own difference of logarithms isn't any more."""
    (one, spread), (other, _) = theory.normal_length(dim), theory.normal_length(dim + 1)
    assert one * other == pytest.approx(dim, rel=1e-12)
    assert one**2 + spread**2 == pytest.approx(dim, rel=1e-12)
    assert dim < 100 or spread == pytest.approx(np.sqrt(0.5), rel=1 / dim + 1e-8)


def test_the_length_of_sampled_z():
    lengths = np.linalg.norm(np.random.default_rng(0).standard_normal((20_000, 64)), axis=1)
    mean, spread = theory.normal_length(64)
    assert abs(lengths.mean() - mean) < 5 * spread / np.sqrt(20_000)
    assert lengths.std() == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize("dim", [0, -1, 2.0, True, "64", None])
def test_a_number_of_entries_is_whole_and_positive(dim):
    with pytest.raises(ValueError, match="dim must be a whole number of 1 or more"):
        theory.normal_length(dim)


each_path = pytest.mark.parametrize("path", [theory.lerp, theory.slerp])


def pair(seed, *shape):
    return np.random.default_rng(seed).standard_normal((2, *shape))


@each_path
def test_a_path_begins_at_a_and_ends_at_b_in_any_shape(path):
    a, b = pair(0, 3, 64)
    np.testing.assert_allclose(path(a, b, 0), a, atol=1e-12)
    np.testing.assert_allclose(path(a, b, 1), b, atol=1e-12)
    many = path(a, b, np.linspace(0, 1, 5))
    assert many.shape == (5, 3, 64) and many.dtype == np.float64
    np.testing.assert_allclose(many[3], path(a, b, 0.75))
    np.testing.assert_allclose(many[3, 1], path(a[1], b[1], 0.75))
    np.testing.assert_allclose(path(a, b, 0.3), path(b, a, 0.7), atol=1e-12)
    assert path(a.astype(np.float32), b.astype(np.float32), 0.5).dtype == np.float64


@given(seed=st.integers(0, 999), t=st.floats(0, 1), dim=st.integers(2, 80))
@settings(max_examples=60, deadline=None)
def test_the_lengths_on_both_paths_follow_their_formulas(seed, t, dim):
    a, b = pair(seed, dim)
    (p, q), cosine = np.linalg.norm([a, b], axis=1), a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    square = ((1 - t) * p) ** 2 + (t * q) ** 2 + 2 * t * (1 - t) * p * q * cosine
    assert np.linalg.norm(theory.lerp(a, b, t)) ** 2 == pytest.approx(square, abs=1e-9)
    omega = np.arccos(cosine)
    s, r = np.sin((1 - t) * omega) / np.sin(omega), np.sin(t * omega) / np.sin(omega)
    square = (s * p) ** 2 + (r * q) ** 2 + 2 * s * r * p * q * cosine
    assert np.linalg.norm(theory.slerp(a, b, t)) ** 2 == pytest.approx(square, rel=1e-6)


def test_on_a_sphere_the_arc_keeps_the_length_and_a_constant_speed():
    a, b = pair(1, 64)
    a, b = 8 * a / np.linalg.norm(a), 8 * b / np.linalg.norm(b)
    z = theory.slerp(a, b, np.linspace(0, 1, 21))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 8)
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    np.testing.assert_allclose(steps, 16 * np.sin(np.arccos(a @ b / 64) / 40))     # 20 equal chords
    np.testing.assert_allclose(theory.slerp([8, 0], [0, 8], [0.5]), [[8 / np.sqrt(2)] * 2])


def test_the_arc_of_quaternions_is_scipys_rotation():
    """Shoemake's own case: unit quaternions, here less than half a turn apart."""
    a, b = Rotation.from_euler("xyz", [[0.1, 0.2, 0.3], [0.9, -0.4, 0.8]]).as_quat()
    assert a @ b > 0
    want = Slerp([0, 1], Rotation.from_quat([a, b]))([0.2, 0.7]).as_quat()
    got = theory.slerp(a, b, [0.2, 0.7])
    np.testing.assert_allclose(np.abs((got * want).sum(1)), 1, atol=1e-12)


def test_the_middle_of_a_straight_path_is_short_by_the_root_of_two():
    a, b = pair(2, 20_000, 64)
    mean, spread = theory.normal_length(64)
    for t, length in ((0.5, mean / np.sqrt(2)), (0.2, mean * np.sqrt(0.68))):
        found = np.linalg.norm(theory.lerp(a, b, t), axis=1)
        assert abs(found.mean() - length) < 5 * spread / np.sqrt(20_000)
    # The arc's middle has no such bias. Its length isn't quite chi: a and b aren't quite at right angles.
    assert np.linalg.norm(theory.slerp(a, b, 0.5), axis=1).mean() == pytest.approx(mean, rel=0.01)


@pytest.mark.parametrize("size", [0, 1e-12, 1e-8, 1e-5])
def test_nearly_equal_vectors_have_a_straight_arc(size):
    a, turn = pair(3, 64)
    b = a + size * turn
    np.testing.assert_allclose(theory.slerp(a, b, [0.25, 0.5]), theory.lerp(a, b, [0.25, 0.5]), atol=1e-9)
    np.testing.assert_allclose(theory.slerp(a, 3 * a, 0.5), 2 * a)


@each_path
@pytest.mark.parametrize("a, b, t, message", [
    (np.ones(3), np.ones(4), 0.5, r"one shape \(\.\.\., dim\), got \(3,\) and \(4,\)"),
    (np.ones((2, 3)), np.ones(3), 0.5, r"got \(2, 3\) and \(3,\)"),
    (1.0, 2.0, 0.5, r"one shape"),
    (np.ones(0), np.ones(0), 0.5, r"one shape"),
    ([1, np.nan], [1, 2], 0.5, "a must be finite, got 1 NaN or infinite"),
    ([1, 2], [np.inf, np.nan], 0.5, "b must be finite, got 2 NaN or infinite"),
    ([1, 2], [3, 4], 1.2, "t must be a number from 0 to 1.*got 1.2"),
    ([1, 2], [3, 4], np.nan, "t must be a number from 0 to 1"),
    ([1, 2], [3, 4], [[0.5]], "or a row of them"),
    ([1, "x"], [3, 4], 0.5, "must be numbers"),
    (None, [3, 4], 0.5, "one shape|finite|numbers"),
])
def test_what_no_path_can_join(path, a, b, t, message):
    with pytest.raises(ValueError, match=message):
        path(a, b, t)


@pytest.mark.parametrize("a, b, message", [
    ([1, 2], [-1, -2], "opposite"), ([1, 2], [-3, -6 + 1e-9], "opposite"), ([0, 0], [1, 2], "zeros"),
    (np.ones((2, 2)), [[1, 1], [0, 0]], "zeros"), (np.ones((2, 2)), [[1, 2], [-1, -1]], "opposite")])
def test_what_no_arc_can_join(a, b, message):
    with pytest.raises(ValueError, match=message):
        theory.slerp(a, b, 0.5)
    assert np.isfinite(theory.lerp(a, b, 0.5)).all()
