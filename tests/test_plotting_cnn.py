"""Chapter 01's panels: what is drawn equals a calculation of its own, at both ends of every slider."""

import itertools
import os
import subprocess
import sys

import nbformat
import numpy as np
import pytest

import notebooks as tool
from gan_helpers import live, plotting
from gan_helpers.plotting import _cnn


def everything(fig):
    return set(fig.findobj(include_self=False))


def drawn_numbers(fig):
    """The data of all lines and images, and the corners of all patches."""
    for ax in fig.axes:
        for line in ax.lines:
            yield np.asarray(line.get_xydata(), float)
        for image in ax.images:
            yield np.asarray(image.get_array(), float)
        for patch in ax.patches:
            yield np.asarray(patch.get_xy(), float)
        for collection in ax.collections:
            yield np.asarray(collection.get_facecolor(), float)


def labelled(ax):
    return {line.get_label(): line for line in ax.lines}


WEIGHTS, PLACES = np.linspace(-1, 7, 9), np.linspace(-3, 3, 5)


def descent():
    fig = plotting.figure()
    axes = fig.subplots(1, 2)
    show = plotting.descent(axes, WEIGHTS, WEIGHTS**2, [0.0, 1.0], [1.0, -2.0], PLACES)
    return fig, axes, show


def test_descent_draws_the_walk_and_what_its_last_weight_means():
    fig, (left, right), show = descent()
    before = everything(fig)
    show(np.array([4.0, 2.0, 1.0]), np.array([16.0, 4.0, 1.0]), 3 * PLACES)
    assert everything(fig) == before
    landscape, walk, start, last = left.lines
    np.testing.assert_array_equal(landscape.get_xydata(), np.stack([WEIGHTS, WEIGHTS**2], 1))
    np.testing.assert_array_equal(walk.get_xydata(), [[4, 16], [2, 4], [1, 1]])
    assert start.get_xydata().tolist() == [[4, 16]] and last.get_xydata().tolist() == [[1, 1]]
    assert last.get_marker() == "D"
    data, curve = right.lines
    np.testing.assert_array_equal(data.get_xydata(), [[0, 1], [1, -2]])
    np.testing.assert_array_equal(curve.get_ydata(), 3 * PLACES)
    assert {line.get_gid() for line in (walk, curve)} == {"hold"}


@pytest.mark.parametrize("end, marker, at", [(9.5, ">", 7), (-4.0, "<", -1), (7.0, "D", 7), (-1.0, "D", -1)])
def test_a_walk_that_leaves_the_picture_ends_in_an_arrow_at_its_border(end, marker, at):
    _, (left, _), show = descent()
    show(np.array([4.0, end]), np.array([1.0, 1.0]), PLACES)
    last = labelled(left)["after the last step"]
    assert (last.get_marker(), last.get_xdata()[0]) == (marker, at) and left.get_xlim() == (-1, 7)


def fit_and_errors():
    fig = plotting.figure()
    axes = fig.subplots(1, 2)
    return fig, axes, plotting.fit_and_errors(axes, PLACES, np.sin(PLACES), np.arange(3), 0.09)


def test_fit_and_errors_draws_both_errors_and_the_noise():
    fig, (left, right), show = fit_and_errors()
    before = everything(fig)
    show([0.0, 1.0], [2.0, 3.0], -PLACES, [0.5, 0.4, 0.0], [0.6, 0.5, 1e9], degree=1)
    assert everything(fig) == before
    lines = labelled(left)
    np.testing.assert_array_equal(lines["samples to learn from"].get_xydata(), [[0, 2], [1, 3]])
    np.testing.assert_array_equal(lines["the source"].get_ydata(), np.sin(PLACES))
    np.testing.assert_array_equal(lines["fit"].get_ydata(), -PLACES)
    noise, here, seen, new = right.lines
    assert set(noise.get_ydata()) == {0.09} and set(here.get_xdata()) == {1}
    np.testing.assert_array_equal(seen.get_xydata(), [[0, 0.5], [1, 0.4], [2, 0.01]])      # too small: at the border
    np.testing.assert_array_equal(new.get_xydata(), [[0, 0.6], [1, 0.5], [2, 100]])
    assert right.get_yscale() == "log" and right.get_ylim() == (0.01, 100)
    assert seen.get_marker() != new.get_marker() and seen.get_color() != new.get_color()


KERNEL = np.array([[-1, 0, 1], [-2.0, 0.25, 2], [-1, 0, 1]])


def by_loops(image, kernel):
    places = range(len(image) - len(kernel) + 1)
    return np.array([[sum(image[i + a, j + b] * kernel[a, b] for a in range(3) for b in range(3)) for j in places]
                     for i in places])


def kernel_panels(side=7):
    fig = plotting.figure(8, 3)
    axes = fig.subplots(1, 3)
    return fig, axes, plotting.kernel_panels(axes, side)


def test_kernel_panels_link_a_patch_its_products_and_one_pixel_of_the_map():
    image = np.random.default_rng(0).uniform(-1, 1, (7, 7))
    sums = by_loops(image, KERNEL)
    fig, (left, middle, right), show = kernel_panels()
    before = everything(fig)
    show(image, KERNEL, sums, row=3, column=1)
    assert everything(fig) == before
    np.testing.assert_array_equal(left.images[0].get_array(), image)
    np.testing.assert_allclose(right.images[0].get_array(), sums / np.abs(KERNEL).sum())
    (frame,), (pixel,) = left.patches, right.patches
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((0.5, 2.5), 3, 3)   # rows 3 to 5, from column 1
    assert (pixel.get_xy(), pixel.get_width()) == ((0.5, 2.5), 1)
    patch, weights = image[3:6, 1:4].ravel(), ["−1", "0", "1", "−2", "0.25", "2", "−1", "0", "1"]
    squares, numbers = middle.collections
    wanted = [text for value, weight in zip(patch, weights, strict=True)
              for text in (f"{value:.2f}".replace("-", "−"), f"× {weight}")]
    assert [id(path) for path in numbers.get_paths()] == [id(_cnn._letters(text)) for text in wanted]
    places = numbers.get_offsets().reshape(3, 3, 2, 2)
    assert np.round(places[2, 1]).tolist() == [[1, 2], [1, 2]] and (places[..., 0, 1] < places[..., 1, 1]).all()
    assert middle.get_title() == f"pixel × weight, sum {sums[3, 1]:.2f}".replace("-", "−")
    shades = squares.get_facecolor()[:, :3]
    np.testing.assert_allclose(shades, np.repeat((patch[:, None] + 1) / 2, 3, axis=1))


def test_no_kernel_can_leave_the_range_of_the_map():
    """White and black are the sums that the lightest and the darkest fitting patch would give."""
    _, (_, _, right), show = kernel_panels()
    image = np.ones((7, 7))
    image[2:5, 2:5] = np.sign(KERNEL) + (KERNEL == 0)
    show(image, KERNEL, by_loops(image, KERNEL), 2, 2)
    np.testing.assert_allclose(right.images[0].get_array()[2, 2], 1)
    assert right.get_title() == "the map: black −8.25, white 8.25"
    assert right.images[0].get_clim() == (-1, 1)


def test_a_kernel_of_zeros_gives_a_grey_map_and_no_warning():
    _, (_, middle, right), show = kernel_panels()
    show(np.ones((7, 7)), np.zeros((3, 3)), np.zeros((5, 5)), 4, 4)
    assert np.all(np.asarray(right.images[0].get_array()) == 0) and middle.get_title() == "pixel × weight, sum 0"
    assert right.get_title() == "the map: black 0, white 0"


def test_another_image_is_drawn_and_the_same_one_not_again():
    _, (left, _, _), show = kernel_panels()
    first, second = np.zeros((7, 7)), np.ones((7, 7))
    show(first, KERNEL, np.zeros((5, 5)), 0, 0)
    left.images[0].stale = False
    show(first, -KERNEL, np.zeros((5, 5)), 1, 1)
    assert not left.images[0].stale
    show(second, KERNEL, np.zeros((5, 5)), 0, 0)
    np.testing.assert_array_equal(left.images[0].get_array(), second)


def chapter():
    """The names that chapter 01 defines, with its live figures by the name of their cell."""
    cells = nbformat.read(tool.NOTEBOOKS / "01_deep_learning.ipynb", as_version=4).cells
    names = {}
    for cell in cells:
        if cell.cell_type == "code" and not {"setup", "exercise"} & set(cell.metadata.get("tags", [])):
            *before, last = cell.source.split("\nlive.explore(")
            exec("\nlive.explore(".join(before) if before else last, names)
            if before:
                names[cell.id] = eval("live.explore(" + last, names)
    return names


@pytest.fixture(scope="module")
def figures():
    return {name: value for name, value in chapter().items() if isinstance(value, live.Figure)}


ENDS = {
    "descent-live": {"start": (0.0, 6.0), "rate": (0.001, 10.0), "steps": (0, 50)},
    "polynomials-live": {"degree": (0, 9), "n": (10, 200), "presses": (0, 1, 20)},
    "kernel-live": {"name": ("vertical edge", "blur", "all zero"), "added": ((-2.0,) * 9, (0.0,) * 9, (2.0,) * 9),
                    "row": (0, 25), "column": (0, 25), "digit": (0, 9)},
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ENDS)
def test_both_ends_of_all_sliders_draw_finite_numbers_and_no_new_artists(figures, name):
    figure = figures[name]
    assert set(ENDS[name]) == set(figure.controls)
    fig = figure._painter.figure
    before = everything(fig)
    for values in itertools.product(*ENDS[name].values()):
        figure.update(**dict(zip(ENDS[name], values, strict=True)))
        assert all(np.isfinite(numbers).all() for numbers in drawn_numbers(fig)), values
        assert "nan" not in figure.text and "inf" not in figure.text
    assert everything(fig) == before


def test_the_chapter_needs_no_tensorflow():
    code = ("import sys, test_plotting_cnn as t\n"
            "t.chapter()\n"
            "print([m for m in ('tensorflow', 'keras') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr
