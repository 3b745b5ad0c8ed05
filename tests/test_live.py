"""Live figures: every frame equals a full redraw, and every output can be read without a kernel."""

import asyncio
import base64
import io
import logging
import subprocess
import sys
import threading

import ipywidgets as widgets
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from gan_helpers import live

X = np.linspace(-4, 4, 200)
VIEW = "application/vnd.jupyter.widget-view+json"


def bell(fig):
    left, right = fig.subplots(1, 2)
    left.fill_between(X, np.exp(-X**2), alpha=0.3)
    left.plot(X, np.exp(-(X**2)), zorder=2.2, label="target")
    line, = left.plot(X, X * 0, lw=4, label="yours")
    left.grid(True)
    left.legend()
    left.set_title("a")
    image = right.imshow(np.zeros((8, 8)), vmin=-3, vmax=3)
    bars = right.bar([1, 3], [2, 3], zorder=0.5)

    def update(mu, sigma=1.0, kind="plain", bad=False):
        if bad:
            raise ValueError("sigma <b> is odd")
        line.set_ydata(np.exp(-(((X - mu) / sigma) ** 2)))
        image.set_data(np.full((8, 8), mu))
        bars[0].set_height(2 + mu)
        if kind == "title":
            left.set_title(f"mean {mu:g}")
        if kind == "limits":
            left.set_ylim(-1, 3 + mu)
        if kind == "autoscale":
            line.set_ydata(5 + X)
            left.relim()
            left.autoscale()
        if kind == "new":
            left.plot(X, X / 4)
        if kind == "hide":
            line.set_visible(False)
        if kind == "order":
            line.set_zorder(1.1)
        if kind == "legend":
            left.get_legend().get_texts()[0].set_text("reference")
        if kind == "clear":
            left.clear()
            left.plot(X, np.sin(X + mu))
        if kind == "label":
            left.xaxis.label.set_text("x")
        if kind == "suptitle":
            fig.texts[0].set_text("now") if fig.texts else fig.text(0.5, 0.5, "here")
        return f"mean {mu:g}"

    return update


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def full_redraw(figure):
    """What matplotlib itself draws of the present state, with nothing cached."""
    mpl = figure._painter.figure
    animated = [a for a in mpl.findobj() if a.get_animated()]
    for artist in animated:
        artist.set_animated(False)
    canvas = FigureCanvasAgg(mpl)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    for artist in animated:
        artist.set_animated(True)
    mpl.set_canvas(figure._painter.canvas)
    return drawn


KINDS = "plain title limits autoscale new hide order legend clear label suptitle".split()


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_equals_a_full_redraw(kind):
    figure = live.Figure(bell, alt="bells", values={"mu": 0})
    for step in [dict(mu=0.5), dict(mu=1.0), dict(mu=1.5, kind=kind), dict(mu=-1), dict(mu=0.2, sigma=0.3)]:
        figure.update(**{"kind": "plain", **step})
        np.testing.assert_array_equal(pixels(figure.png()), full_redraw(figure))


def test_a_translucent_image_over_another_leaves_no_trace():
    def picture(fig):
        ax = fig.subplots()
        ax.imshow(np.eye(4), cmap="gray")
        veil = np.zeros((4, 4, 4))
        overlay = ax.imshow(veil)

        def update(row):
            veil[...] = 0
            veil[row] = (1, 0.5, 0, 0.4)
            overlay.set_data(veil)
        return update

    figure = live.Figure(picture, alt="a veil over one row", values={"row": 0})
    for row in (1, 2, 3):
        figure.update(row=row)
        np.testing.assert_array_equal(pixels(figure.png()), full_redraw(figure))


def test_overlapping_axes_and_colour_bars_equal_a_full_redraw():
    def picture(fig):
        ax = fig.subplots()
        twin = ax.twinx()
        low, = ax.plot(X, X, lw=8)
        twin.plot(X, -X, lw=8)
        image = ax.imshow(np.zeros((3, 3)), extent=(-2, 2, -2, 2))
        fig.colorbar(image, ax=ax)

        def update(a):
            low.set_ydata(a * X)
            image.set_data(np.full((3, 3), a))
            image.set_clim(0, a)
        return update

    figure = live.Figure(picture, alt="crossing lines", values={"a": 1})
    for a in (2, 3, 4):
        figure.update(a=a)
        np.testing.assert_array_equal(pixels(figure.png()), full_redraw(figure))


def test_a_moved_line_does_not_redraw_the_background(monkeypatch):
    figure = live.Figure(bell, alt="bells", values={"mu": 0})
    figure.update(mu=0.1)                       # learns what moves
    draws = []
    monkeypatch.setattr(figure._painter.canvas, "draw", lambda: draws.append(1))
    figure.update(mu=0.2)
    figure.update(mu=0.3, sigma=2)
    assert draws == []


def explore(**more):
    return live.explore(bell, alt="Two bells.", mu=live.slider("μ, mean", -3, 3, 0, step=0.1),
                        kind=live.choice("changes", ["plain", "title"]), bad=live.switch("break it"), **more)


def test_the_output_reads_without_a_kernel():
    figure = explore()
    data, metadata = figure._repr_mimebundle_()
    assert data["text/plain"] == repr(figure) == (
        "Live figure: Two bells. Controls: μ, mean = 0 (from -3 to 3); changes = plain (one of plain, title)"
        "; break it = off (on or off). Now: mean 0")
    assert data[VIEW]["model_id"] == figure.widget.model_id
    assert metadata["image/png"]["alt"] == "Two bells. mean 0"
    np.testing.assert_array_equal(pixels(base64.b64decode(data["image/png"])), full_redraw(figure))


def test_two_runs_store_the_same_bytes():
    code = ("import sys; sys.path.insert(0, 'tests'); import hashlib, test_live as t; f = t.explore();"
            "f._inputs['mu'].value = 1.0; print(hashlib.sha256(f.png()).hexdigest(), repr(f))")
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
            for _ in range(2)]
    assert runs[0] == runs[1] and "mean 1" in runs[0]


def test_controls_drive_the_picture_and_reset_restores_it():
    figure = explore()
    first = figure.png()
    figure._inputs["mu"].value = 1.5
    figure._inputs["kind"].value = "title"
    assert figure.png() != first and figure.text == "mean 1.5"
    assert "mean 1.5" in figure._line.value and "aria-live" in figure._line.value
    figure.reset()
    assert figure._inputs["mu"].value == 0 and figure.values["kind"] == "plain" and figure.text == "mean 0"
    reset = figure.widget.children[-1].children[0]
    figure._inputs["mu"].value = 2.0
    reset.click()
    assert figure.values["mu"] == 0


def test_an_error_shows_in_place_and_the_next_good_value_removes_it(caplog, capsys):
    figure = explore()
    before = figure.png()
    with caplog.at_level(logging.DEBUG):
        figure._inputs["bad"].value = True
    assert "ValueError: sigma &lt;b&gt; is odd" in figure._line.value
    assert figure.png() == before
    assert caplog.text == "" and capsys.readouterr() == ("", "")
    figure._inputs["bad"].value = False
    assert "sigma" not in figure._line.value


def test_the_first_frame_fails_loudly_so_that_a_broken_cell_is_seen():
    with pytest.raises(ValueError, match="odd"):
        live.Figure(bell, alt="bells", values={"mu": 0, "bad": True})
    with pytest.raises(TypeError, match="must return its update"):
        live.Figure(lambda fig: None, alt="nothing")
    with pytest.raises(ValueError, match="alt="):
        live.Figure(bell, alt="")
    with pytest.raises(TypeError, match="no control"):
        live.explore(bell, alt="bells", mu=3)


def test_controls_check_their_arguments_and_say_what_is_accepted():
    with pytest.raises(ValueError, match="outside"):
        live.slider("a", 0, 1, 2)
    with pytest.raises(ValueError, match="low"):
        live.log_slider("a", 0, 1, 1)
    with pytest.raises(ValueError, match="one of a, b"):
        live.choice("c", ["a", "b"], "d")
    with pytest.raises(ValueError, match="first step"):
        live.play("p", 3, value=3)


def test_each_control_gives_the_update_its_own_kind_of_value():
    seen = {}

    def picture(fig):
        fig.subplots()
        return seen.update

    figure = live.explore(picture, alt="nothing", i=live.slider("i", 0, 9, 3), f=live.slider("f", 0, 1, 0.5),
                          rate=live.log_slider("rate", 1e-5, 1e-1, 1e-3), on=live.switch("on", True),
                          step=live.play("step", 20, interval_ms=50), again=live.button("again"))
    assert seen == {"i": 3, "f": 0.5, "rate": 1e-3, "on": True, "step": 0, "again": 0}
    assert [type(seen[k]) for k in ("i", "f", "on", "step")] == [int, float, bool, int]
    push = next(w for w in figure.widget.children if isinstance(w, widgets.Button))
    push.click()
    push.click()
    figure._inputs["step"].value = 7
    assert seen["again"] == 2 and seen["step"] == 7
    figure.reset()
    assert seen["again"] == 0 and seen["step"] == 0


def test_a_training_run_draws_without_controls():
    def picture(fig):
        ax = fig.subplots()
        ax.set(xlim=(0, 10), ylim=(0, 1))
        line, = ax.plot([], [])

        def update(losses):
            line.set_data(range(len(losses)), losses)
            return f"{len(losses)} steps"
        return update

    curve = live.Figure(picture, alt="Loss while training")
    assert repr(curve) == "Live figure: Loss while training."
    first = curve.png()
    curve.update(losses=[0.6, 0.5])
    assert curve.text == "2 steps" and curve.png() != first
    with pytest.raises(TypeError):
        curve.update(loss=3)


def test_callbacks_from_several_threads_leave_a_whole_picture():
    figure = explore()
    threads = [threading.Thread(target=lambda k=k: [figure.update(mu=k + i / 10) for i in range(8)])
               for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(pixels(figure.png()), full_redraw(figure))
    assert figure.text == f"mean {figure.values['mu']:g}"


def test_no_pyplot_no_tensorflow_and_no_global_figure():
    code = ("import sys, gan_helpers.live as live\n"
            "live.Figure(lambda fig: fig.subplots() and (lambda: None), alt='x')\n"
            "print(sorted({'tensorflow', 'matplotlib.pyplot'} & set(sys.modules)))")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def two_lines(fig):
    ax = fig.subplots()
    line, = ax.plot(X, X, gid="hold")
    ax.plot(X, -X)
    ax.set_ylim(-9, 9)

    def update(slope, bad=False):
        if bad:
            raise ValueError("no")
        line.set_ydata(slope * X)
        return f"slope {slope:g}"

    return update


def test_a_held_curve_stays_in_grey_while_the_slider_moves_on():
    figure = live.explore(two_lines, alt="A line", slope=live.slider("slope", -2.0, 2.0, 1.0))
    ax, hold = figure._painter.figure.axes[0], figure._hold
    assert hold in figure.widget.children[-1].children and len(ax.lines) == 2
    hold.value = True
    figure._inputs["slope"].value = -1.0
    ghost = ax.lines[-1]
    np.testing.assert_array_equal(ghost.get_ydata(), X)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), -X)
    assert ghost.get_color() == "0.6" and "slope -1" in figure._line.value and "grey: slope 1" in figure._line.value
    np.testing.assert_array_equal(figure._pixels[..., :3], full_redraw(figure))
    hold.value = False
    assert len(ax.lines) == 2 and "grey" not in figure._line.value
    hold.value = True
    figure.reset()
    assert not hold.value and len(ax.lines) == 2 and figure.text == "slope 1"


def test_a_figure_without_marked_lines_has_no_hold_toggle():
    figure = live.explore(bell, alt="Bells", mu=live.slider("mu", -1.0, 1.0, 0.0))
    assert figure._hold not in figure.widget.children[-1].children


def test_a_sketch_is_one_value_of_many_upright_sliders():
    seen = []

    def picture(fig):
        line, = fig.subplots().plot([0, 1, 2], [0, 0, 0])

        def update(heights):
            seen.append(heights)
            line.set_ydata(heights)
            return f"heights {heights}"

        return update

    figure = live.explore(picture, alt="Three heights", heights=live.sketch("curve", [-1, 0, 2.5], [0.2, 0.5, 0.8]))
    assert "heights" in figure.text and "curve = 0.2, 0.5, 0.8 (each from 0 to 1)" in repr(figure)
    row = next(child for child in figure.widget.children if isinstance(child, widgets.HBox))
    boxes = [box for box in row.children if isinstance(box, widgets.FloatSlider)]
    assert [box.description for box in boxes] == ["-1", "0", "2.5"]
    assert {box.orientation for box in boxes} == {"vertical"}
    boxes[1].value = 0.9
    assert seen[-1] == (0.2, 0.9, 0.8)
    figure.reset()
    assert [box.value for box in boxes] == [0.2, 0.5, 0.8] and seen[-1] == (0.2, 0.5, 0.8)


@pytest.mark.parametrize("make, message", [
    (lambda: live.slider("s", 2, 1, 1), "from a smaller to a larger number, got 2 to 1"),
    (lambda: live.slider("s", 1, 1, 1), "from a smaller to a larger number"),
    (lambda: live.slider("s", 0, float("nan"), 0), "from a smaller to a larger number"),
    (lambda: live.slider("s", 0, 1, 0.5, step=0), "step must be above 0"),
    (lambda: live.slider("s", 0, 1, 0.5, step=-1), "step must be above 0"),
    (lambda: live.choice("c", []), "needs one option or more"),
    (lambda: live.choice("c", ["a", "a"]), "each of them once"),
    (lambda: live.sketch("k", [1, 2], [0.5]), "one value for each of its 2 places"),
    (lambda: live.sketch("k", [1], [1.5]), "must lie in"),
])
def test_limits_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_is_on_the_screen_cannot_be_told_from_the_picture():
    figure = live.Figure(bell, alt="bells", values={"mu": 0})
    for mu in (0.5, 1.0):
        figure.update(mu=mu)
        assert figure._image.format == "jpeg"
        difference = np.abs(pixels(figure._image.value) - pixels(figure.png()))
        assert difference.mean() < 0.5 and np.quantile(difference, 0.999) < 24


def test_reset_while_it_plays_goes_back_although_steps_arrive_late():
    def picture(fig):
        line, = fig.subplots().plot(X, X)

        def update(step):
            line.set_ydata(step * X)
            return f"step {step}"

        return update

    figure = live.explore(picture, alt="Steps", step=live.play("step", 100, value=60))
    box = figure._inputs["step"]
    player = next(w for child in figure.widget.children for w in getattr(child, "children", ())
                  if isinstance(w, widgets.Play))

    async def reset_and_a_late_step():
        setattr(player, "playing" if player.has_trait("playing") else "_playing", True)
        box.value = 91
        figure.reset()
        assert figure.text == "step 60"
        box.value = 92  # sent by the browser before it knew
        await asyncio.sleep(0.7)

    asyncio.run(reset_and_a_late_step())
    assert box.value == 60 and figure.text == "step 60"


@pytest.mark.parametrize("layout", ["twin", "subfigure"])
def test_a_figure_of_overlapping_axes_follows_at_every_move(layout):
    def picture(fig):
        ax = fig.subplots() if layout == "twin" else fig.subfigures(1, 2)[0].subplots()
        line, = (ax.twinx() if layout == "twin" else ax).plot(X, X)
        line.axes.set_ylim(-5, 5)
        return lambda slope: line.set_ydata(slope * X) or f"slope {slope:g}"

    figure = live.Figure(picture, alt="a line", values={"slope": 1.0})
    seen = {figure.png()}
    for slope in (0.8, 0.6, 0.4, 0.2):
        figure.update(slope=slope)
        seen.add(figure.png())
        np.testing.assert_array_equal(pixels(figure.png()), full_redraw(figure))
    assert len(seen) == 5


def test_a_line_drawn_anew_by_each_update_can_be_held():
    def picture(fig):
        ax = fig.subplots()
        ax.plot(X, X, gid="hold")

        def update(slope):
            ax.clear()
            ax.plot(X, slope * X, gid="hold")
            return f"slope {slope:g}"

        return update

    figure = live.explore(picture, alt="A line", slope=live.slider("slope", -2.0, 2.0, 1.0))
    figure._hold.value = True
    assert "Held, in grey: slope 1" in figure._line.value


@pytest.mark.parametrize("step, shown", [(0.25, ".2f"), (0.1, ".1f"), (0.025, ".3f"), (0.5, ".1f"), (1e-6, ".4f")])
def test_a_slider_shows_the_value_that_it_has(step, shown):
    assert live.slider("s", 0.0, 2.5, 0.5, step=step).make()[0].readout_format == shown
