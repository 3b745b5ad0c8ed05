"""The figures of chapter 11: what they draw is what the numbers say, and moving them adds no artists."""

import numpy as np
import pytest

from gan_helpers import live, plotting


def artists(figure):
    return [id(artist) for artist in figure.findobj()]


def line(ax, label):
    found = [line for line in ax.lines if line.get_label() == label]
    assert len(found) == 1, (label, [line.get_label() for line in ax.lines])
    return found[0]


def test_two_bells_and_a_bar_as_long_as_their_distance():
    figure = plotting.figure()
    show = plotting.two_bells(figure.subplots(1, 2))
    show((0, 1), (1.5, 0.6))
    left, right = figure.axes
    x = line(left, "generated").get_xdata()
    np.testing.assert_allclose(line(left, "generated").get_ydata(),
                               np.exp(-((x - 1.5) / 0.6) ** 2 / 2) / (0.6 * np.sqrt(2 * np.pi)))
    assert (line(left, "real").get_ydata() * np.gradient(x)).sum() == pytest.approx(1, abs=1e-6)
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in right.patches]
    np.testing.assert_allclose(ends, [(0, 2.25), (2.25, 2.41)])
    before = artists(figure)
    show((0, 1), (-3, 2))
    assert artists(figure) == before
    np.testing.assert_allclose(right.patches[1].get_x() + right.patches[1].get_width(), 10)
    assert right.get_xlim()[1] == 10                                        # the largest distance still fits


def test_floors_over_n_and_over_one_over_n():
    floors = {200: np.array([1.0, 2, 3]), 100: np.array([3.0, 4, 5]), 400: np.array([0.5, 1, 1.5])}
    figure = plotting.figure(8, 3.6)
    show = plotting.floors_by_n(figure.subplots(1, 2), floors, "distance")
    show(200)
    left, right = figure.axes
    dots = [one for one in left.lines if one.get_marker() == "o" and one.get_linestyle() == "None"][:3]
    drawn = {one.get_xdata()[0]: list(one.get_ydata()) for one in dots}
    assert drawn == {n: list(values) for n, values in floors.items()}
    np.testing.assert_allclose(line(left, "mean of the deals").get_xydata(), [(100, 4), (200, 2), (400, 1)])
    np.testing.assert_allclose(line(right, "mean of the deals").get_xydata(), [(0.01, 4), (0.005, 2), (0.0025, 1)])
    law = line(right, "c / n")
    np.testing.assert_allclose(law.get_ydata(), 400 * law.get_xdata())      # here the law holds exactly
    rings = [next(one for one in ax.lines if one.get_markersize() == 16) for ax in (left, right)]
    assert [tuple(ring.get_xydata()[0]) for ring in rings] == [(200, 2), (0.005, 2)]
    assert left.get_title() == "n = 200: 2.00 ± 1.00"
    before = artists(figure)
    show(100)
    assert artists(figure) == before and tuple(rings[0].get_xydata()[0]) == (100, 4)
    with pytest.raises(ValueError):
        show(150)


def test_balls_lie_about_their_points_and_mark_who_is_inside():
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((2, 5, 2))
    figure = plotting.figure(8, 4)
    show = plotting.neighbour_balls(figure.subplots(1, 2))
    fake_in, real_in = np.array([True, False, True, True, False]), np.array([False] * 5)
    show(real, fake, np.arange(1.0, 6), np.full(5, 0.5), fake_in, real_in)
    left, right = figure.axes
    corners = np.array([ball.get_extents().get_points() for ball in left.collections[0].get_paths()])
    np.testing.assert_allclose(corners.mean(1), real, atol=1e-9)
    np.testing.assert_allclose(np.diff(corners, axis=1)[:, 0], 2 * np.arange(1.0, 6)[:, None] * [1, 1])
    corners = np.array([ball.get_extents().get_points() for ball in right.collections[0].get_paths()])
    np.testing.assert_allclose(corners.mean(1), fake, atol=1e-9)
    np.testing.assert_allclose(line(left, "inside").get_xydata(), fake[fake_in])
    np.testing.assert_allclose(line(left, "outside").get_xydata(), fake[~fake_in])
    assert len(line(right, "inside").get_xdata()) == 0
    np.testing.assert_allclose(line(right, "outside").get_xydata(), real)
    before = artists(figure)
    show(fake, real, np.ones(5), np.ones(5), ~fake_in, ~real_in)
    assert artists(figure) == before and len(line(right, "inside").get_xdata()) == 5


FLOORS = {"distance": np.array([1.0, 2, 3]), "share": np.array([0.8, 0.9, 1.0])}
WORSE = {"distance": 1, "share": -1}
IMAGES = np.random.default_rng(1).uniform(-1, 1, (6, 4, 4, 1)).astype(np.float32)


def beside_floor():
    figure = plotting.figure(9, 4)
    return figure, plotting.beside_floor(figure.subplots(1, 2), FLOORS, WORSE)


def test_numbers_stand_in_standard_deviations_beside_their_floors():
    figure, show = beside_floor()
    far = show(IMAGES, [5.0, 0.7])
    left, right = figure.axes
    crosses = line(right, "these images")
    np.testing.assert_allclose(crosses.get_xydata(), [(3, 0), (2, 1)])      # both 3 and 2 deviations worse
    assert far == [] and show(IMAGES, [6.0, 1.4]) == ["distance", "share"]
    np.testing.assert_allclose(crosses.get_xydata(), [(4, 0), (-5, 1)])     # a share above its floor: to the left
    deals = [one for one in right.lines if one.get_marker() == "o"]
    np.testing.assert_allclose([one.get_xdata() for one in deals], [(-1, 0, 1), (1, 0, -1)])
    said = [text.get_text() for text in right.texts]
    assert "6.00" in said and "1.40" in said and said.count("2.00") == 1 and said.count("0.90") == 1
    np.testing.assert_array_equal(left.images[0].get_array(), plotting.tile(IMAGES, 3))
    before = artists(figure)
    show(-IMAGES, [1e9, -1e9])
    assert artists(figure) == before
    inside = crosses.get_xdata()
    assert (np.abs(inside) <= right.get_xlim()[1]).all() and (np.abs(inside) > 100).all()


@pytest.mark.filterwarnings("error")
def test_a_floor_without_chance_does_not_divide_by_0():
    figure = plotting.figure(9, 4)
    show = plotting.beside_floor(figure.subplots(1, 2), {"copies": np.zeros(3)}, {"copies": 1})
    assert show(IMAGES, [0.0]) == [] and show(IMAGES, [0.1]) == ["copies"]


def test_bad_images_are_refused():
    _, show = beside_floor()
    with pytest.raises(ValueError, match="in \\[-1, 1\\]"):
        show(5 * IMAGES, [1, 1])


def test_a_live_figure_follows_with_few_artists_moved():
    def picture(fig):
        show = plotting.beside_floor(fig.subplots(1, 2), FLOORS, WORSE)
        return lambda a: ", ".join(show(IMAGES, [a, 0.9])) or "none"

    figure = live.explore(picture, alt="Numbers beside their floors", a=live.slider("a", 0.0, 9.0, 2.0, step=0.5))
    first = figure.png()
    figure.update(a=8.0)
    assert figure.text == "distance" and figure.png() != first
    figure.update(a=2.0)
    assert figure.text == "none" and figure.png() == first                  # nothing of the other picture is left
