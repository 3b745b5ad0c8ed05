"""The figures of chapter 12: what they draw is what the numbers say, and moving them adds no artists."""

import numpy as np
import pytest
from scipy import stats

from gan_helpers import live, plotting, theory

IMAGES = np.random.default_rng(0).uniform(-1, 1, (2, 9, 28, 28, 1)).astype(np.float32)


def artists(figure):
    return [id(artist) for artist in figure.findobj()]


def line(ax, label):
    found = [line for line in ax.lines if line.get_label() == label]
    assert len(found) == 1, (label, [line.get_label() for line in ax.lines])
    return found[0]


def test_an_image_beside_its_nearest_and_their_distance_on_the_histogram():
    floor = np.array([4.0, 5, 5, 6, 8])
    figure = plotting.figure(9, 3)
    show = plotting.beside_nearest(figure.subplots(1, 3), floor)
    show(IMAGES[0, 0], IMAGES[0, 1], 5.5)
    left, middle, right = figure.axes
    for ax, image in ((left, IMAGES[0, 0]), (middle, IMAGES[0, 1])):
        np.testing.assert_array_equal(ax.images[0].get_array(), plotting.tile(image[None], 1))
        assert ax.images[0].get_extent() == [-0.5, 29.5, 29.5, -0.5]
    assert (left.get_title(), middle.get_title()) == ("generated", "nearest real")
    cross = line(right, "this one")
    assert cross.get_xdata()[0] == 5.5 and right.get_xlim() == (0, 12)
    assert sum(bar.get_height() for bar in right.patches) == len(floor)         # no held-out image is left out
    before = artists(figure)
    show(IMAGES[1, 0], IMAGES[1, 1], 99)
    assert artists(figure) == before and cross.get_xdata()[0] == 12             # kept at the edge
    with pytest.raises(ValueError, match="in \\[-1, 1\\]"):
        show(5 * IMAGES[0, 0], IMAGES[0, 1], 5)


def test_lengths_with_the_density_of_chi():
    lengths = {"ends": stats.chi(64).rvs(5000, random_state=0), "middle": stats.chi(64).rvs(5000, random_state=1) / 2}
    ax = plotting.figure().subplots()
    assert plotting.z_lengths(ax, 64, lengths) is ax
    curve = line(ax, "normal z, by formula")
    np.testing.assert_allclose(curve.get_ydata(), stats.chi(64).pdf(curve.get_xdata()), atol=1e-12)
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {*lengths, "normal z, by formula"}
    for steps in ax.patches:                                                    # each histogram has the area 1
        corners = steps.get_xy()
        area = abs(np.dot(corners[:-1, 0], corners[1:, 1]) - np.dot(corners[1:, 0], corners[:-1, 1])) / 2
        assert area == pytest.approx(1, abs=1e-6) and corners[:, 1].max() < ax.get_ylim()[1]


def test_two_paths_with_their_images_and_lengths():
    figure = plotting.figure(10, 3.4)
    normal = theory.normal_length(64)
    show = plotting.two_paths(figure, ("straight", "arc"), normal, 9)
    lengths = np.array([np.linspace(8, 6, 41), np.linspace(8, 8.4, 41)])
    show(IMAGES[:, 4], IMAGES, lengths, 0.3)
    *pictures, right = figure.axes
    for row in range(2):
        np.testing.assert_array_equal(pictures[2 * row].images[0].get_array(), plotting.tile(IMAGES[row, 4:5], 1))
        np.testing.assert_array_equal(pictures[2 * row + 1].images[0].get_array(), plotting.tile(IMAGES[row], 9))
    np.testing.assert_allclose(line(right, "straight").get_xydata(), np.transpose([np.linspace(0, 1, 41), lengths[0]]))
    dots = [one for one in right.lines if one.get_linestyle() == "None"]
    np.testing.assert_allclose([dot.get_xydata()[0] for dot in dots], [(0.3, 7.4), (0.3, 8.12)])
    band = right.patches[0]
    np.testing.assert_allclose([band.get_y(), band.get_height()], [normal[0] - 2 * normal[1], 4 * normal[1]])
    assert pictures[0].get_title() == "straight" and pictures[2].get_title() == "arc"
    before = artists(figure)
    show(IMAGES[:, 0], -IMAGES, lengths[:, ::-1], 1)
    assert artists(figure) == before and dots[0].get_xydata()[0].tolist() == [1, 8]


CURVES = {"distance": {"a": [3.0, 2, 1], "b": [1.0, 1, 1]}, "share": {"a": [0.2, 0.5, 0.9]}}
FLOORS = {"distance": np.array([1.0, 2, 3])}


def test_numbers_over_a_setting_beside_their_floors():
    figure = plotting.figure(8, 3)
    show = plotting.over_setting(figure.subplots(1, 2), [0, 1, 2], CURVES, FLOORS, "setting", {"share": (0, 1)})
    left, right = figure.axes
    for ax, series in zip(figure.axes, CURVES.values(), strict=True):
        for name, values in series.items():
            np.testing.assert_allclose(line(ax, name).get_xydata(), np.transpose([[0, 1, 2], values]))
    band = left.patches[0]
    np.testing.assert_allclose([band.get_y(), band.get_height()], [0, 4])       # 2 ± 2 · 1
    assert not right.patches and right.get_ylim() == (0, 1) and right.get_title() == "share"
    markers = {line(left, name).get_marker() for name in "ab"}
    assert len(markers) == 2 and left.get_xlabel() == "setting"
    before = artists(figure)
    show(1.5)
    assert artists(figure) == before
    assert [[1.5, 1.5] in [list(one.get_xdata()) for one in ax.lines if one.get_visible()] for ax in figure.axes] == [
        True, True]


def test_curves_that_grow_with_the_setting_and_change():
    figure = plotting.figure(8, 3)
    show = plotting.over_setting(figure.subplots(1, 2), [0, 1, 2], CURVES, FLOORS, "setting")
    left, right = figure.axes
    limits, before = [(ax.get_xlim(), ax.get_ylim()) for ax in figure.axes], artists(figure)
    show(1, [True, True, False])
    np.testing.assert_array_equal(line(left, "a").get_ydata(), [3, 2, np.nan])
    np.testing.assert_array_equal(line(right, "a").get_ydata(), [0.2, 0.5, np.nan])
    show(2, [False, True, True], [[[5, 6, 7], [8, 9, 10]], [[0.1, 0.2, 0.3]]])
    np.testing.assert_array_equal(line(left, "b").get_ydata(), [np.nan, 9, 10])
    show(2)                                                                     # the new numbers stay
    np.testing.assert_array_equal(line(right, "a").get_ydata(), [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(line(left, "a").get_xdata(), [0, 1, 2])
    assert artists(figure) == before and limits == [(ax.get_xlim(), ax.get_ylim()) for ax in figure.axes]


def test_a_live_figure_follows_and_goes_back():
    def picture(fig):
        show = plotting.over_setting(fig.subplots(1, 2), [0, 1, 2], CURVES, FLOORS, "setting")
        return lambda t: show(t)

    figure = live.explore(picture, alt="Numbers over a setting", t=live.slider("t", 0.0, 2.0, 1.0))
    first = figure.png()
    figure.update(t=2.0)
    assert figure.png() != first
    figure.update(t=1.0)
    assert figure.png() == first
