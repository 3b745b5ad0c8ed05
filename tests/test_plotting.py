"""`plotting`: what is drawn, pixel by pixel, and the same bytes on every run."""

import numpy as np
import pytest

from gan_helpers import plotting


def images(n, channels=1):
    return np.random.default_rng(0).uniform(-1, 1, (n, 4, 6, channels)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_tile_puts_each_image_in_its_place(channels):
    x = images(5, channels)
    canvas = plotting.tile(x, columns=3)
    assert canvas.shape[:2] == (2 * 6, 3 * 8)
    part = canvas[7:11, 9:15]  # second row, second column: image 4
    expected = x[4][..., 0] if channels == 1 else (x[4] + 1) / 2
    np.testing.assert_allclose(part, expected, atol=1e-6)


def test_an_all_bright_batch_is_drawn_bright():
    """Ranges are explicit: images in [0, 1] within a [-1, 1] batch aren't stretched to black."""
    ax = plotting.figure().subplots()
    plotting.image_grid(np.full((4, 8, 8, 1), 0.5, np.float32), ax)
    assert ax.images[0].get_clim() == (-1, 1) and ax.images[0].get_array().min() == 0.5


def test_loss_curves_draw_the_history_and_the_reference():
    ax = plotting.figure().subplots()
    assert plotting.loss_curves({"g_loss": [1.0, 2.0], "d_loss": [3.0, 4.0]}, ax) is ax
    lines = {line.get_label(): np.asarray(line.get_ydata(), float) for line in ax.lines}
    np.testing.assert_array_equal(lines["generator"], [1, 2])
    np.testing.assert_array_equal(lines["discriminator"], [3, 4])
    np.testing.assert_allclose(lines["log 2: G when D can't tell"], np.log(2))
    with pytest.raises(ValueError, match="g_loss.*is missing; it has loss"):
        plotting.loss_curves({"loss": [1.0], "d_loss": [1.0]}, ax)


def test_grids_are_named_and_none_is_left_out():
    axes = plotting.figure().subplots(1, 2)
    first, second = images(2), -images(4)
    assert plotting.grids({"a": first, "b": second}, axes, 2) is axes
    assert [ax.get_title() for ax in axes] == ["a", "b"]
    np.testing.assert_array_equal(axes[1].images[0].get_array(), plotting.tile(second, 2))
    with pytest.raises(ValueError):
        plotting.grids({"a": first}, axes)


def test_histograms_count_the_share_of_values_in_centred_bins():
    ax = plotting.figure().subplots()
    assert plotting.histograms([[-1.0, -1.0], [1.0, 0.02]], [0.96, -3.0], ax) is ax
    real, fake = ax.lines
    np.testing.assert_allclose(real.get_xdata(), np.linspace(-2, 2, 41), atol=1e-12)
    pairs = zip(real.get_ydata(), fake.get_ydata(), strict=True)
    share = dict(zip(np.round(real.get_xdata(), 1) + 0.0, pairs, strict=True))
    assert share[-1.0] == (0.5, 0) and share[0.0] == (0.25, 0) and share[1.0] == (0.25, 0.5)
    assert sum(fake.get_ydata()) == 0.5  # -3 lies outside
    assert (real.get_marker(), fake.get_marker()) == ("o", "x")


def test_counts_writes_each_number_in_its_place():
    ax = plotting.counts([[1, 2], [4, 0], [3, 1]], plotting.figure().subplots(), "overlaps")
    written = {tuple(map(int, text.get_position())): text.get_text() for text in ax.texts}
    assert written == {(0, 0): "1", (1, 0): "2", (0, 1): "4", (1, 1): "0", (0, 2): "3", (1, 2): "1"}


def test_curves_can_be_told_apart_without_colour():
    ax = plotting.figure().subplots()
    assert plotting.curves([0, 1], {f"f{i}": [i, i] for i in range(6)}, ax) is ax
    assert len({line.get_marker() for line in ax.lines}) == len({line.get_color() for line in ax.lines}) == 6
    assert [line.get_ydata()[0] for line in ax.lines] == list(range(6))
    with pytest.raises(ValueError, match="up to 6"):
        plotting.curves([0, 1], {str(i): [i, i] for i in range(7)}, ax)


def test_size_trace_draws_the_maps_to_scale_and_marks_the_kernel():
    ax = plotting.figure().subplots()
    show = plotting.size_trace(ax, most=4)
    show([28, 14, 7], kernel=4, stride=2)
    *squares, here, there = ax.patches
    sides = [patch.get_width() for patch in squares if patch.get_visible()]
    np.testing.assert_allclose(np.divide(sides, sides[0]), [1, 0.5, 0.25])
    assert [text.get_text() for text in ax.texts] == ["28×28", "14×14", "7×7", ""]
    assert here.get_width() / sides[0] == pytest.approx(4 / 28) and here.get_visible() and there.get_visible()
    assert (there.get_x() - here.get_x()) / sides[0] == pytest.approx(2 / 28)
    assert here.get_y() + here.get_height() == pytest.approx(sides[0])  # in the upper left corner
    show([3], kernel=5, stride=1)
    assert not here.get_visible() and [text.get_text() for text in ax.texts] == ["3×3", "", "", ""]
    show([2, 5], kernel=4, stride=3, window=1)
    assert here.get_visible() and not there.get_visible() and here.get_x() == 1


def test_influence_shows_every_pixel_that_matters_in_its_place():
    ax = plotting.figure().subplots()
    image = images(1)[0]
    show = plotting.influence(image, ax)
    weights = np.zeros(image.shape[:2])
    weights[1, 2], weights[3, 5] = 2.0, 1e-6
    show(weights, box=(1, 2, 3, 5))
    below, above = ax.images
    np.testing.assert_array_equal(below.get_array(), image[..., 0])
    assert below.get_extent() == above.get_extent() and below.get_clim() == (-1, 1)
    alpha = above.get_array()[..., 3]
    assert alpha[1, 2] == alpha.max() and 0.2 < alpha[3, 5] < 0.3 and np.count_nonzero(alpha) == 2
    assert ax.patches[0].get_bbox().extents.tolist() == [1.5, 0.5, 5.5, 3.5]
    show(np.zeros(image.shape[:2]), box=(0, 0, 0, 0))
    assert not above.get_array()[..., 3].any()


def test_class_counts_draw_every_class_even_an_empty_one():
    ax = plotting.class_counts([0, 2, 2, 2], plotting.figure().subplots())
    assert [bar.get_height() for bar in ax.patches] == [1, 0, 3]
    assert [text.get_text() for text in ax.texts] == ["1", "0", "3"]


def test_noise_clouds_differ_in_colour_and_marker_and_share_their_axes():
    z = np.random.default_rng(0).normal(size=(5, 2))
    axes = [plotting.noise_cloud(z, prior, plotting.figure().subplots()) for prior in ("normal", "uniform")]
    for ax in axes:
        np.testing.assert_array_equal(ax.collections[0].get_offsets(), z)
        assert ax.get_xlim() == ax.get_ylim() == (-3.5, 3.5)
    one, other = (ax.collections[0] for ax in axes)
    assert (one.get_facecolor() != other.get_facecolor()).any()
    assert len(one.get_paths()[0]) != len(other.get_paths()[0])


def test_an_image_beside_the_histogram_of_its_values():
    axes = plotting.figure().subplots(1, 2)
    show = plotting.image_and_histogram(axes)
    x = np.full((4, 6, 1), -1.0)
    x[0, :5] = 1.0
    show(x)
    np.testing.assert_array_equal(axes[0].images[0].get_array(), x[..., 0])
    values = axes[1].patches[0].get_data().values
    assert (values[0], values[-1], values[1:-1].max()) == (19, 5, 0.5)  # 0.5 is the foot of the log axis


def test_a_seen_map_tells_three_states_apart():
    ax = plotting.figure().subplots()
    plotting.seen_map(7, ax)([0, 1, 2], [2, 5])
    np.testing.assert_array_equal(ax.images[0].get_array(), [[2, 2, 3], [1, 1, 3], [1, 0, 0]])


def test_lengths_are_drawn_as_shares_of_their_expected_length():
    ax = plotting.figure().subplots()
    plotting.lengths(ax)(np.full(10, 4.0), np.full(5, 4 / np.sqrt(3)), 16)
    normal, uniform = (patch.get_data() for patch in ax.patches)
    for data, place in ((normal, 1.0), (uniform, np.sqrt(1 / 3))):
        peak = data.values.argmax()
        assert data.values.sum() == 1 and data.edges[peak] - 1e-9 <= place <= data.edges[peak + 1] + 1e-9


def test_a_picture_has_alt_text_and_the_same_bytes_twice():
    bundles = []
    for _ in range(2):
        figure = plotting.figure(3, 2)
        plotting.real_and_fake(images(4), images(4), figure.subplots(1, 2), 2)
        bundles.append(plotting.Picture(figure, "Two grids.")._repr_mimebundle_())
    (data, metadata), again = bundles
    assert (data, metadata) == again
    assert metadata["image/png"]["alt"] == "Two grids." and data["text/plain"] == "Picture: Two grids."
    with pytest.raises(ValueError, match="alt text"):
        plotting.Picture(figure, " ")


def test_plotting_never_touches_pyplot():
    import subprocess
    import sys

    code = "import gan_helpers.plotting, sys; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_loss_panels_show_the_curve_its_point_and_its_tangent():
    x = np.linspace(-1, 1, 21)
    axes = plotting.figure().subplots(1, 2)
    update = plotting.loss_panels(axes, x)
    update({"g_loss": x**2, "d_loss": 3 * x, "g_slope": 2 * x}, 15)
    (_, curve, dot, tangent), (_, other, _) = axes[0].lines, axes[1].lines
    np.testing.assert_allclose(curve.get_ydata(), x**2)
    np.testing.assert_allclose(other.get_ydata(), 3 * x)
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (x[15], x[15] ** 2)
    rise, run = np.ptp(tangent.get_ydata()), np.ptp(tangent.get_xdata())
    np.testing.assert_allclose([rise / run, np.mean(tangent.get_ydata())], [2 * x[15], x[15] ** 2])


def training_rows(n, **changes):
    rows = {"g_loss": [0.7] * n, "d_loss": [1.4] * n, "real_logits": [0.5] * n, "fake_logits": [-0.5] * n, **changes}
    return {"step": [50 * (i + 1) for i in range(n)], **rows}


def test_training_view_follows_the_samples_and_the_numbers():
    fig = plotting.figure()
    show = plotting.training_view(fig)
    grid, losses, logits, frechet, score = fig.axes
    x, nothing = images(8), {"step": [], "frechet": [], "score": []}
    show(x, training_rows(0), nothing)
    np.testing.assert_array_equal(grid.images[0].get_array(), plotting.tile(x, 4))
    assert grid.images[0].get_clim() == (-1, 1) and losses.get_ylim() == (0, 2.5)
    show(x[::-1], training_rows(2, g_loss=[0.7, 9.0]), {"step": [0, 100], "frechet": [300, 12], "score": [0.1, 0.6]})
    assert len(grid.images) == 1
    np.testing.assert_array_equal(grid.images[0].get_array(), plotting.tile(x[::-1], 4))
    d_line, g_line, *references = losses.lines
    np.testing.assert_array_equal(g_line.get_xydata(), [[50, 0.7], [100, 9.0]])
    np.testing.assert_array_equal(d_line.get_xydata(), [[50, 1.4], [100, 1.4]])
    assert (d_line.get_marker(), g_line.get_marker()) == ("o", "x") and losses.get_ylim()[1] > 9
    np.testing.assert_allclose([line.get_ydata()[0] for line in references], [np.log(2), 2 * np.log(2)])
    np.testing.assert_array_equal([line.get_ydata() for line in logits.lines[:2]], [[0.5, 0.5], [-0.5, -0.5]])
    np.testing.assert_array_equal(frechet.lines[0].get_xydata(), [[0, 300], [100, 12]])
    np.testing.assert_array_equal(score.lines[0].get_xydata(), [[0, 0.1], [100, 0.6]])
    assert frechet.get_ylim()[1] > 300 and frechet.lines[1].get_ydata()[0] == score.lines[1].get_ydata()[0] == 1
    show(x, training_rows(9), nothing)
    assert all(axes.get_xlim() == (0, 500) for axes in (losses, logits, frechet, score))
    with pytest.raises(ValueError, match="in \\[-1, 1\\]"):
        show(x * 3, training_rows(0), nothing)


def test_training_view_without_measures_has_two_panels():
    fig = plotting.figure()
    plotting.training_view(fig, measured=False)(images(4), training_rows(1))
    assert len(fig.axes) == 3


@pytest.mark.parametrize("columns", [0, -1, 2.5, "4"])
def test_columns_must_be_a_count(columns):
    with pytest.raises(ValueError, match="columns must be a whole number of 1 or more"):
        plotting.image_grid(np.zeros((4, 8, 8, 1), np.float32), plotting.figure().subplots(), columns)


@pytest.mark.parametrize("labels", [[], [[1]], [0.5], [-1]])
def test_class_counts_says_what_labels_are(labels):
    with pytest.raises(ValueError, match="one label for each image"):
        plotting.class_counts(labels, plotting.figure().subplots())


def test_a_loss_below_zero_stays_in_view():
    fig = plotting.figure()
    show = plotting.training_view(fig, measured=False)
    x = np.zeros((4, 8, 8, 1), np.float32)
    show(x, training_rows(2, g_loss=[-5.0, 1.0], d_loss=[0.5, 9.0]))
    low, high = fig.axes[1].get_ylim()
    assert low < -5 and high > 9
    show(x, training_rows(2))
    assert fig.axes[1].get_ylim() == (0, 2.5)
