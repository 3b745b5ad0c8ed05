"""The recorded runs of chapter 10: each is what its name says, by a number; nothing but the settings makes them."""

import itertools
from importlib import resources

import numpy as np
import pytest
import record_runs  # tools/record_runs.py

from gan_helpers import plotting, training
from gan_helpers.checks import _ch10

RUNS = {name: training.recorded_run(name) for name in training.RECORDED}
HEALTHY = RUNS["healthy"]
each_run = pytest.mark.parametrize("run", RUNS.values(), ids=list(RUNS))


def late(run, name, steps=200):
    """The mean of a curve over the last `steps` steps."""
    return getattr(run, name)[run.steps > run.steps[-1] - steps].mean()


def floors(run, moment=-1):
    return run.frechet[moment] / run.floor["frechet"]


@each_run
def test_a_run_holds_curves_and_moments(run):
    curves = [run.steps, run.g_loss, run.d_loss, run.real_logits, run.fake_logits, run.g_gradient, run.d_gradient]
    assert {curve.shape for curve in curves} == {(len(run.steps),)} and (np.diff(run.steps) > 0).all()
    m = len(run.moments)
    assert run.moments[0] == 0 and (np.diff(run.moments) > 0).all() and run.moments[-1] <= run.steps[-1]
    assert run.grids.shape == (m, 16, 28, 28, 1) and run.grids.dtype == np.float32 and np.abs(run.grids).max() <= 1
    assert run.classes.shape == (m, 10) and run.score.shape == run.frechet.shape == run.coverage.shape == (m,)
    np.testing.assert_allclose(run.classes.sum(axis=1), 1, rtol=1e-5)
    assert (run.frechet[:2] > 10 * run.floor["frechet"]).all() and run.coverage.max() < run.floor["coverage"]
    with pytest.raises(ValueError):
        run.g_loss[0] = 0


def test_the_file_is_small():
    assert resources.files("gan_helpers").joinpath("assets/runs.npz").stat().st_size < 300_000


def test_the_settings_are_those_that_the_script_has():
    assert tuple(record_runs.RUNS) == training.RECORDED
    for name, run in RUNS.items():
        assert run.settings == {**record_runs.RECIPE, **record_runs.RUNS[name]}
    assert record_runs.RUNS["healthy"] == {} and run.steps[-1] <= record_runs.STEPS


def test_without_its_name_a_run_tells_nothing_but_what_can_be_seen():
    assert sorted(training.UNNAMED.values()) == sorted(training.RECORDED)
    for letter, name in training.UNNAMED.items():
        run = training.recorded_run(letter)
        assert run.name == letter and run.settings == {}
        np.testing.assert_array_equal(run.g_loss, RUNS[name].g_loss)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="'collapse'.*healthy.*mode collapse.*NaN.*A.*F"):
        training.recorded_run("collapse")


def test_the_losses_when_d_cannot_tell_are_those_of_the_formulas():
    for name, run in RUNS.items():
        g = np.log(0.5) + np.log(1 / (1 + np.exp(-1))) if name == "D wins" else np.log(2)
        np.testing.assert_allclose(run.unsure, (g, 2 * np.log(2)), rtol=1e-6)


# Each is what its name says.


def test_the_healthy_run_is_a_tie_with_good_samples():
    assert abs(late(HEALTHY, "g_loss") - np.log(2)) < 0.4 and abs(late(HEALTHY, "d_loss") - 2 * np.log(2)) < 0.3
    assert 0.3 < late(HEALTHY, "g_gradient") / HEALTHY.g_gradient[20:40].mean() < 3
    assert floors(HEALTHY) < 6 and HEALTHY.coverage[-1] > 0.4 and HEALTHY.classes[-1].max() < 0.25
    assert all(floors(HEALTHY) <= floors(run) for run in RUNS.values())


def test_mode_collapse_has_quiet_losses_and_one_kind_of_samples():
    run = RUNS["mode collapse"]
    assert abs(late(run, "g_loss") - np.log(2)) < 0.2 and abs(late(run, "d_loss") - 2 * np.log(2)) < 0.2
    settled = run.moments >= 300
    assert run.coverage[settled].max() < HEALTHY.coverage[-1] / 2
    assert run.classes[settled].max(axis=1).mean() > 2 * HEALTHY.classes[settled].max(axis=1).mean()
    within, healthy = (one.grids[settled].std(axis=1).mean() for one in (run, HEALTHY))
    assert within < 0.7 * healthy                   # the sixteen samples of a moment differ little from each other


def test_when_d_wins_nothing_reaches_g():
    run = RUNS["D wins"]
    assert late(run, "d_loss") < 0.05 and late(run, "real_logits") > 5 and late(run, "fake_logits") < -5
    assert late(run, "g_gradient") < 1e-3 * run.g_gradient[0]
    assert run.frechet[-1] > 20 * run.floor["frechet"] and run.score[-1] < 1.5
    assert abs(run.frechet[-1] / run.frechet[-3] - 1) < 0.1


def test_when_g_wins_its_samples_get_worse():
    run = RUNS["G wins"]
    assert late(run, "g_loss") < 0.3 and late(run, "d_loss") > 2 and late(run, "fake_logits") > late(run, "real_logits")
    stopped = list(run.moments).index(run.settings["d_stops_after"])
    assert run.frechet[-1] > 1.5 * run.frechet[stopped]


def test_an_oscillation_goes_up_and_down_against_the_other_player():
    def swing(run):
        return run.g_loss[-50:].std()

    run = RUNS["oscillation"]
    calm = [swing(other) for name, other in RUNS.items() if name not in ("oscillation", "NaN", "D wins")]
    assert swing(run) > 5 * max(calm)
    assert np.corrcoef(run.g_loss[-50:], run.d_loss[-50:])[0, 1] < -0.5
    above = run.g_loss[-50:] > run.g_loss[-50:].mean()
    assert np.count_nonzero(np.diff(above)) > 10
    assert (np.diff(run.frechet[run.moments >= 300]) > 0).sum() >= 2    # its samples get worse again and again


def test_nan_is_the_last_loss_and_nothing_before():
    run = RUNS["NaN"]
    assert not np.isfinite([run.g_loss[-1], run.d_loss[-1]]).all()
    assert np.isfinite(run.g_loss[:-1]).all() and np.isfinite(run.d_loss[:-1]).all()
    assert 100 < run.steps[-1] < record_runs.STEPS
    assert all(np.isfinite(other.g_loss + other.d_loss).all() for other in RUNS.values() if other is not run)


# What the check of exercise 10.1 says against a wrong diagnosis.


@pytest.mark.parametrize("letter", training.UNNAMED)
def test_the_evidence_against_a_diagnosis_is_its_own_and_gives_nothing_away(letter):
    right = training.UNNAMED[letter]
    said = {claim: _ch10.against(letter, claim) for claim in _ch10.LABELS if claim != right}
    assert len(set(said.values())) == len(said) and all(20 < len(one) < 230 for one in said.values())
    assert not [one for one in said.values() if right in one]


def test_the_evidence_is_true_of_the_run():
    for letter, right in training.UNNAMED.items():
        run = training.recorded_run(letter)
        sound = np.flatnonzero(np.isfinite(run.g_loss + run.d_loss))
        sound = sound[:-1] if right == "NaN" else sound
        g, d = np.median(run.g_loss[sound][-20:]), np.median(run.d_loss[sound][-20:])
        spread = np.ptp(run.g_loss[sound][-50:])
        assert (d < 0.2) == (right == "D wins")                                         # "its loss would stay near 0"
        assert (g < run.unsure[0] - 0.3 and d > 2) == (right == "G wins")               # "far below its dotted line"
        assert right == "NaN" or (spread > 1) == (right == "oscillation")               # "G's stays between"
        assert (right in ("mode collapse",)) <= (run.classes[-1].max() > 0.4)


# The figure.


def test_run_view_draws_what_is_known_at_a_step():
    fig = plotting.figure(9, 4.6)
    show = plotting.run_view(fig, 1000)
    losses, gradients, samples = fig.axes
    text = show(HEALTHY, 450)
    d_line, g_line = losses.lines[:2]
    np.testing.assert_array_equal(g_line.get_xydata(), np.column_stack([HEALTHY.steps, HEALTHY.g_loss])[:45])
    np.testing.assert_array_equal(d_line.get_ydata(), HEALTHY.d_loss[:45])
    np.testing.assert_array_equal(gradients.lines[1].get_ydata(), HEALTHY.g_gradient[:45])
    np.testing.assert_allclose([line.get_ydata()[0] for line in losses.lines[2:4]], HEALTHY.unsure)
    np.testing.assert_array_equal(samples.images[0].get_array(), plotting.tile(HEALTHY.grids[5], 4))
    assert samples.get_title() == "samples at step 400" and text.startswith("Step 450: G's loss 0.")
    def artists():
        return [id(one) for ax in fig.axes for one in (*ax.lines, *ax.texts, *ax.images)]

    before, limits = artists(), losses.get_ylim()
    assert show(HEALTHY, 0).startswith("Before training") and losses.get_ylim() == limits
    text = show(RUNS["NaN"], 1000)
    assert "not a number" in text and len(losses.lines[4].get_xdata()) == 1
    assert np.isfinite(losses.get_ylim()).all() and np.isfinite(gradients.get_ylim()).all()
    assert artists() == before
    show(RUNS["D wins"], 1000)
    assert losses.get_ylim()[0] < 0 and not len(losses.lines[4].get_xdata())


def test_every_run_can_be_drawn_at_every_step():
    show = plotting.run_view(plotting.figure(9, 4.6), 1000)
    for run, step in itertools.product(RUNS.values(), range(0, 1001, 100)):
        assert "nan" not in show(run, step).lower()
