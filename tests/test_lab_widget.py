"""The lab by hand: what each button, slider and tab does, pressed from the kernel's side."""

import io
import re

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

from gan_helpers import plotting
from gan_helpers.lab import Lab, _settings, _widget

SMALL = {"units": 4, "batch_size": 20}


@pytest.fixture
def panel():
    return Lab(seed=1, **SMALL).widget()


def everything(box):
    yield box
    for child in getattr(box, "children", ()):
        yield from everything(child)


def press(panel, name):
    next(one for one in everything(panel.box) if isinstance(one, widgets.Button) and one.description == name).click()


def tick(panel, times=1):
    """What the browser does while the player plays."""
    setattr(panel._player, panel._playing, True)
    for _ in range(times):
        panel._player.value += 1


def pixels(panel):
    return np.asarray(Image.open(io.BytesIO(panel.figure.png())))


def said(panel):
    return panel._message.value


def test_playing_trains_and_the_picture_follows(panel):
    before = pixels(panel)
    tick(panel, 3)
    assert panel.lab.steps == 300 and "Step 300. D says real" in panel.figure.text
    assert (pixels(panel) != before).any() and said(panel) == ""
    panel._speed.value = "10 steps"
    tick(panel)
    assert panel.lab.steps == 310


def test_the_first_tick_says_that_it_compiles(panel):
    seen = []
    panel._message.observe(lambda change: seen.append(change["new"]), names="value")
    tick(panel)
    assert "Compiling" in seen[0] and said(panel) == ""


def test_buttons_for_each_player(panel):
    press(panel, "D only")
    assert panel.lab.updates == {"G": 0, "D": 1} and "(updates: D 1, G 0)" in panel.figure.text
    press(panel, "G only")
    press(panel, "Step")
    assert panel.lab.updates == {"G": 2, "D": 2}


def test_reset_keeps_the_settings_and_a_new_seed_too(panel):
    panel._settings["g_lr"].value = 0.01
    panel._settings["loss"].value = "least_squares"
    tick(panel)
    press(panel, "Reset")
    assert panel.lab.steps == 0 and panel.lab.settings["g_lr"] == 0.01
    assert panel.lab.settings["loss"] == "least_squares" and "same settings" in said(panel)
    first = panel.lab.state.g.numpy()
    press(panel, "New seed")
    assert panel.lab.settings["seed"] == 2 and not np.array_equal(panel.lab.state.g, first)
    assert panel.lab.settings["loss"] == "least_squares" == panel._settings["loss"].value


def test_sliders_act_while_it_plays(panel):
    tick(panel)
    panel._settings["d_steps"].value = 3
    tick(panel)
    assert panel.lab.steps == 200 and panel.lab.updates == {"G": 200, "D": 400}
    panel._settings["units"].value = 5
    assert panel.lab.steps == 0 and "Other networks" in said(panel) and panel.lab.settings["d_steps"] == 3


def test_every_setting_of_the_panel_reaches_the_lab(panel):
    values = {"noise": "uniform", "z_dim": 3, "batch_size": 30, "layers": 1, "g_lr": 0.1, "d_lr": 0.01, "g_steps": 2,
              "optimizer": "rmsprop", "beta_1": 0.3, "momentum": 0.5, "label_smoothing": 0.1, "instance_noise": 0.1,
              "r1": 0.5, "gradient_penalty": 1.0, "clip": 0.2, "spectral_norm": True, "data": "moons"}
    before = panel.lab.settings
    for name, value in values.items():
        panel._settings[name].value = value
        assert panel.lab.settings[name] == (pytest.approx(value) if isinstance(value, float) else value)
        assert panel.lab.settings[name] != before[name]
    assert set(values) | {"units", "loss", "d_steps"} == set(panel._settings)


@pytest.mark.parametrize("settings", [
    {}, {"loss": "wasserstein_gp"}, {"z_dim": 64, "batch_size": 2000, "d_lr": 100.0, "g_lr": 1e-7},
    {"batch_size": 3, "beta_1": 0.999, "r1": 50.0, "gradient_penalty": 100.0, "clip": 7.0, "instance_noise": 4.0}])
def test_every_control_shows_what_is_in_use(settings):
    panel = Lab(**{"units": 4, **settings}).widget()
    used = panel.lab.settings | {name: float(knob[0]) for name, knob in _settings.knobs(panel.lab.settings).items()}
    for name, box in panel._settings.items():
        assert box.value == (pytest.approx(used[name]) if isinstance(used[name], float) else used[name]), name
    for name, value in {"loss": "wasserstein", "z_dim": 20, "g_lr": 30.0, "data": "moons"}.items():
        panel.lab.set(**{name: value})          # in a cell
        panel.redraw()
        assert panel._settings[name].value == (pytest.approx(value) if name == "g_lr" else value)


def test_the_penalty_shown_is_the_loss_own_until_another_is_chosen(panel):
    box, loss = panel._settings["gradient_penalty"], panel._settings["loss"]

    def used():
        return float(_settings.knobs(panel.lab.settings)["gradient_penalty"][0])

    assert box.value == used() == 0
    box.value = 3.0
    box.value = 0.0
    loss.value = "wasserstein_gp"
    assert box.value == used() == 10
    box.value = 2.0
    loss.value = "modified"
    assert box.value == used() == 2


def test_the_left_end_of_a_rate_is_zero_and_that_player_rests(panel):
    box = panel._settings["g_lr"]
    assert "left: 0" in box.description
    box.value = 10**box.min
    assert panel.lab.settings["g_lr"] == 0 and "G rests" in said(panel)
    g = panel.lab.state.g.numpy()
    tick(panel)
    np.testing.assert_array_equal(panel.lab.state.g, g)
    box.value = 0.01
    assert panel.lab.settings["g_lr"] == pytest.approx(0.01) and said(panel) == ""
    assert Lab(g_lr=0, **SMALL).widget()._settings["g_lr"].value == pytest.approx(1e-5)


def test_the_widget_is_of_one_run():
    with pytest.raises(ValueError, match="shows one run, and this lab trains 3 at once. Make a lab with one value"):
        Lab(seed=range(3), g_lr=[0.1, 0.2, 0.3], **SMALL).widget()
    panel = Lab(seed=[3], **SMALL).widget()
    press(panel, "New seed")
    assert panel.lab.settings["seed"] == 4 and "Seed 4" in said(panel)


def test_a_refused_setting_is_explained_and_put_back(panel):
    panel._settings["g_steps"].value = 0
    panel._settings["d_steps"].value = 0
    assert "nobody would learn" in said(panel) and 'role="alert"' in said(panel)
    assert panel._settings["d_steps"].value == panel.lab.settings["d_steps"] == 1
    panel._settings["loss"].value = "wasserstein"
    panel._settings["label_smoothing"].value = 0.2
    assert "label_smoothing goes with" in said(panel) and panel._settings["label_smoothing"].value == 0
    tick(panel)
    assert panel.lab.steps == 100


def test_an_absurd_learning_rate_pauses_explains_and_goes_back():
    panel = Lab(optimizer="sgd", **SMALL).widget()
    tick(panel, 2)
    panel.lab.set(g_lr=1e30, d_lr=1e30)
    tick(panel)
    assert getattr(panel._player, panel._playing) is False
    assert "Paused. Update" in said(panel) and "back to step 200" in said(panel) and panel.lab.steps == 200
    panel._settings["g_lr"].value = 0.1
    assert "Paused. Update" in said(panel)          # it stays while a learner does what it says
    panel._settings["d_lr"].value = 0.1
    assert "Paused. Update" in said(panel)
    tick(panel)
    assert panel.lab.steps == 300 and said(panel) == ""


def test_ticks_that_come_after_a_pause_do_nothing(panel):
    """The browser sends a few more before it hears of it: they would train on from where a learner looks back."""
    tick(panel, 5)
    panel._past.value = 40
    panel._player.value += 1
    assert panel.lab.steps == 500 and "Looking back. Step 200" in panel.figure.text
    press(panel, "Reset")
    panel._player.value += 1
    assert panel.lab.steps == 0 and "Untrained again" in said(panel)


def test_rewinding_shows_the_past_and_play_goes_on_from_there(panel):
    tick(panel, 4)
    assert panel._past.max == panel._past.value == 100
    now = pixels(panel)
    panel._past.value = 25
    assert "Looking back. Step 100" in panel.figure.text and panel.lab.steps == 400
    assert (pixels(panel) != now).any()
    panel._past.value = 0
    assert "Looking back. Step 0." in panel.figure.text
    panel._past.value = 100
    np.testing.assert_array_equal(pixels(panel), now)
    panel._past.value = 25
    tick(panel)
    assert panel.lab.steps == 200 and "Looking back" not in panel.figure.text and panel._past.value == 100


def test_slow_motion_names_each_part_of_a_step(panel):
    panel._speed.value = "slow motion: one update"
    panel._settings["d_steps"].value = 2
    heard = []
    for _ in range(5):
        tick(panel)
        heard.append((said(panel), dict(panel.lab.updates)))
    assert [updates for _, updates in heard] == [
        {"G": 0, "D": 0}, {"G": 0, "D": 1}, {"G": 0, "D": 2}, {"G": 0, "D": 2}, {"G": 1, "D": 2}]
    for text, (number, word) in zip((text for text, _ in heard), enumerate(
            ("D looks", "D has moved", "D has moved", "G asks D", "G has moved"), 1), strict=True):
        assert f"{number} of 5. {word}" in text
    assert panel.lab.steps == 1
    assert panel._player.interval == _widget.SLOW       # time to read
    panel._speed.value = "100 steps"
    assert panel._player.interval == _widget.TICK


def test_slow_motion_says_who_moves_whatever_happens_in_the_middle_of_a_step(panel):
    panel._speed.value = "slow motion: one update"

    def heard():
        """The place in the step, whom the caption says to have moved, and who has."""
        before = panel.lab.updates
        tick(panel)
        number, of, mover = re.search(r"(\d) of (\d)\. (?:(\w) has moved|.)", said(panel)).groups()
        after = panel.lab.updates
        return f"{number}/{of}", mover, next((player for player in "GD" if after[player] > before[player]), None)

    assert [heard() for _ in range(3)] == [("1/4", None, None), ("2/4", "D", "D"), ("3/4", None, None)]
    panel._settings["d_steps"].value = 3                # it was to be G's turn
    assert [heard() for _ in range(4)] == [("3/6", "D", "D"), ("4/6", "D", "D"), ("5/6", None, None), ("6/6", "G", "G")]
    assert [heard() for _ in range(2)] == [("1/6", None, None), ("2/6", "D", "D")]
    press(panel, "Step")                                # ends this step
    assert [heard() for _ in range(2)] == [("1/6", None, None), ("2/6", "D", "D")]
    panel._settings["d_steps"].value = 0
    assert [heard() for _ in range(4)] == [("1/2", None, None), ("2/2", "G", "G")] * 2
    panel._settings["d_steps"].value = 1
    panel._settings["g_steps"].value = 0
    assert [heard() for _ in range(3)] == [("1/2", None, None), ("2/2", "D", "D"), ("1/2", None, None)]
    press(panel, "Reset")
    assert [heard() for _ in range(2)] == [("1/2", None, None), ("2/2", "D", "D")]


def test_the_curve_of_the_metric_follows_a_lab_that_a_cell_changes(panel):
    tick(panel, 3)
    for change in (lambda lab: lab.set(data="moons"), lambda lab: lab.rewind(100), lambda lab: lab.set(g_lr=0.01)):
        change(panel.lab)
        panel.lab.run(300)
        panel.redraw()
        name, steps, values, _ = panel._metric_curve(panel.lab.records)
        assert steps[-1] == panel.lab.steps
        assert list(values) == [panel.lab.metrics(step, [name])[name] for step in steps]
    panel.lab.reset()
    panel.lab.run(100)
    panel.redraw()
    name, steps, values, _ = panel._metric_curve(panel.lab.records)
    assert list(steps) == [0, 50, 100]
    assert list(values) == [panel.lab.metrics(step, [name])[name] for step in steps]


def test_looking_back_at_a_lab_that_a_cell_changes(panel):
    tick(panel, 4)
    panel._past.value = 75
    assert "Looking back. Step 300" in panel.figure.text
    panel.lab.reset()
    panel.lab.run(150)
    panel.redraw()
    assert "Looking back. Step 150" in panel.figure.text and said(panel) == ""


def test_looking_back_at_a_lab_that_a_cell_restores(panel, tmp_path):
    tick(panel, 4)
    panel.lab.save(tmp_path / "later.npz")
    panel._past.value = 25
    panel.lab.restore(tmp_path / "later.npz")       # whose past isn't known
    tick(panel)
    assert panel.lab.steps == 500 and said(panel) == "" and panel.figure.text.startswith("Step 500")


def test_the_line_says_of_which_step_its_metric_is(panel):
    tick(panel)
    assert "(step" not in panel.figure.text
    press(panel, "Step")
    assert "Step 101. " in panel.figure.text and "(step 100), real against real" in panel.figure.text


def test_a_panel_that_is_no_longer_in_the_page_pauses(panel):
    panel._player._view_count = 1
    tick(panel)
    assert getattr(panel._player, panel._playing)
    panel._player._view_count = 0       # what the browser tells when its cell has run again
    assert not getattr(panel._player, panel._playing)


def test_more_own_points_than_the_pad_takes():
    points = np.random.default_rng(0).uniform(-1, 1, (4500, 2))
    panel = Lab(points, **SMALL).widget()
    assert len(panel._pad.array()) == 1500 and len(panel.lab.settings["data"]) == 4500
    tick(panel)
    assert panel.lab.steps == 100 and said(panel) == ""


def test_each_part_of_the_picture_can_be_switched_off(panel):
    tick(panel)
    panel._views["warped"].value = True
    for name, box in panel._views.items():
        before = pixels(panel)
        box.value = False
        assert (pixels(panel) != before).any(), name
    for name in panel._metric.options:
        panel._metric.value = name
        assert (f"{name} " in panel.figure.text) == (name != "none")


def test_a_trained_lab_shows_how_it_got_there():
    lab = Lab(seed=1, **SMALL)
    lab.run(1000)
    panel = lab.widget()
    _, steps, values, _ = panel._metric_curve(lab.records)
    assert steps[0] == 0 and steps[-1] == 1000 and 6 <= len(steps) <= 14
    assert values[-1] == lab.metrics()["quality"]


def test_drawn_points_become_the_data(panel):
    panel._settings["data"].value = _widget.DRAWN
    assert "Draw two points or more" in said(panel) and panel.lab.settings["data"] == "ring8"
    panel._pad.points = [[0, 0], [0.5, 0.5], [1, 1]]
    assert panel._settings["data"].value == _widget.DRAWN
    np.testing.assert_array_equal(panel.lab.settings["data"], [[0, 0], [0.5, 0.5], [1, 1]])
    tick(panel)
    assert panel.lab.steps == 100 and "js " in panel.figure.text        # there are no modes to count
    panel._pad.points = [[0, 0]]                # one point can't be learned: the data stay
    assert len(panel.lab.settings["data"]) == 3
    panel._settings["data"].value = "line"
    assert panel.lab.settings["data"] == "line"


def test_readers_without_a_kernel_see_the_picture_and_the_numbers(panel):
    bundle, metadata = panel._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.box.model_id
    assert "Step 0" in bundle["text/plain"] and "plane with real and fake" in metadata["image/png"]["alt"]


def test_every_control_has_a_name(panel):
    for box in everything(panel.box):
        if isinstance(box, (widgets.Button, widgets.IntSlider, widgets.FloatSlider, widgets.FloatLogSlider,
                            widgets.Dropdown, widgets.Checkbox)):
            assert box.description, box


def test_a_drawing_that_fails_is_a_message_and_the_lab_goes_on(panel, monkeypatch):
    def broken(frame):
        raise ValueError("no ink")

    right = panel.figure._update
    panel.figure._update = broken
    tick(panel)
    assert "Can&#x27;t draw this: ValueError: no ink" in said(panel)
    panel.figure._update = right
    tick(panel)
    assert panel.lab.steps == 200 and said(panel) == ""


def test_arrows_are_true_to_scale_up_to_a_length():
    lines = plotting._lab.arrows([[0, 0], [1, 1]], [[0.5, 0], [0, 100]])
    np.testing.assert_allclose(lines[[0, 1]], [[0, 0], [0.5 * plotting._lab.SCALE, 0]])
    np.testing.assert_allclose(lines[[6, 7]], [[1, 1], [1, 1 + plotting._lab.LONGEST]])
    assert np.isnan(lines[[5, 11]]).all() and np.isfinite(np.delete(lines, [5, 11], 0)).all()


def test_the_line_at_one_half_lies_where_the_logit_is_zero():
    from matplotlib.figure import Figure

    fig = Figure()
    show = plotting.lab_view(fig)
    grid = plotting.plane_grid()
    history = {name: np.array([1.0]) for name in ("d_loss", "g_loss", "d_gradient", "g_gradient")}
    logits = 5 * (grid[:, 0] - 0.3)
    show(boundary=logits, logits=logits, history=history | {"step": np.array([50])})
    plane = fig.axes[0]
    edge = plane.lines[0].get_xdata()
    np.testing.assert_allclose(edge[np.isfinite(edge)], 0.3, atol=1e-6)
    colours = plane.collections[0]
    sides = {}
    for path, colour in zip(colours.get_paths(), colours.get_facecolors(), strict=True):
        if len(path.vertices):
            sides[tuple(colour)] = path.vertices[:, 0].mean()
    left, right = min(sides, key=sides.get), max(sides, key=sides.get)
    assert left[0] > left[2] and right[2] > right[0]       # orange for fake, blue for real


def test_a_d_near_one_half_shows_what_it_prefers():
    from matplotlib.figure import Figure

    fig = Figure()
    show, history = plotting.lab_view(fig), {name: np.array([1.0]) for name in (
        "step", "d_loss", "g_loss", "d_gradient", "g_gradient")}
    plane = plotting.plane_grid()
    seen = []
    for probability in (0.46, 0.5, 0.53):
        show(logits=np.full(len(plane), np.log(probability / (1 - probability))), history=history)
        bands = fig.axes[0].collections[0]
        seen += [colour for path, colour in zip(bands.get_paths(), bands.get_facecolors(), strict=True)
                 if len(path.vertices)]
    fake, even, real = seen
    np.testing.assert_allclose(even[:3], 1, atol=0.01)              # white
    assert fake[0] - fake[2] > 0.1 and real[2] - real[0] > 0.05     # orange; blue


def test_the_legend_names_what_is_drawn():
    from matplotlib.figure import Figure

    fig = Figure()
    show, points = plotting.lab_view(fig), np.zeros((3, 2))
    history = {name: np.array([1.0]) for name in ("step", "d_loss", "g_loss", "d_gradient", "g_gradient")}

    def names(**parts):
        show(**parts, history=history)
        legend, = fig.legends
        return [text.get_text() for text in legend.get_texts()]

    assert names(real_points=points, fake_points=points) == ["real", "fake"]
    before = fig.legends[0]
    assert names(real_points=points + 1, fake_points=points) == ["real", "fake"] and fig.legends[0] is before
    assert names(fake_points=points, lines=[points], pulls=(points, points)) == [
        "fake", "z, bent by G", "where G's loss pulls"]
    assert names() == []


def test_axes_change_seldom():
    upto = [plotting._lab._upto(step) for step in (0, 499, 500, 501, 4000, 4001)]
    assert upto == [500, 500, 500, 1000, 4000, 8000]
    assert [plotting._lab._nice(value) for value in (0.9, 0.95, 1.8, 1.9, 4.5, 9.5)] == [1, 2, 2, 5, 5, 20]


def test_small_multiples_show_each_run():
    from matplotlib.figure import Figure

    fig = Figure()
    real, fakes = np.zeros((3, 5, 2)), np.arange(30.0).reshape(3, 5, 2) / 30
    show = plotting.many_planes(fig, real, fakes, ["a", "b", "c"])
    assert [ax.get_title() for ax in fig.axes if ax.axison] == ["a", "b", "c"]
    show(fakes + 0.1)
    np.testing.assert_allclose(fig.axes[2].lines[1].get_xydata(), fakes[2] + 0.1)
    fig = Figure()
    plotting.many_planes(fig, real, fakes, ["a", "b", "c"], columns=3)
    assert [ax.get_subplotspec().get_geometry()[:2] for ax in fig.axes] == [(1, 3)] * 3
