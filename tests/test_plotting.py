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
