"""`plotting`'s pictures of chapter 04: what is drawn against NumPy and closed forms, and both ends of all sliders."""

import itertools

import numpy as np
import pytest
from matplotlib.quiver import Quiver

from gan_helpers import live, plotting, theory
from gan_helpers.plotting import _dynamics

GAMES = {"bilinear": theory.bilinear(), "valleys": theory.quadratic(0.3, 1, 0.3), "dirac": theory.dirac(),
         "penalty": theory.dirac(penalty=0.3)}
RULES = ("simultaneous", "alternating", "extragradient", "optimistic")
pytestmark = pytest.mark.filterwarnings("error")


def built(draw, *args, size=(8.8, 4.2), **more):
    fig = plotting.figure(*size)
    return fig, draw(fig, *args, **more)


def artists(fig):
    return [artist for ax in fig.axes for artist in ax.get_children()]


def line(fig, label=None, gid=None, ax=None):
    """The one line of that label or gid, as its data; only those that are visible."""
    found = [one for one in (fig.axes[ax].lines if ax is not None else sum((list(a.lines) for a in fig.axes), []))
             if one.get_visible() and (one.get_label() == label if label else one.get_gid() == gid)]
    assert len(found) == 1, [one.get_label() for one in found]
    return np.array(found[0].get_data(), float)


def assert_finite(fig):
    for ax in fig.axes:
        for one in ax.lines:
            data = np.array(one.get_data(), float)
            if one.get_gid() == "field":                            # the gaps between arrows
                data = data.reshape(2, -1, 6)[..., :5]
            assert np.isfinite(data).all(), one.get_label()
            assert np.abs(data).max(initial=0) < 1e10
        for one in ax.findobj(Quiver):
            assert np.isfinite([one.U, one.V]).all() and np.isfinite(one.get_offsets()).all()


# What one sample feels.

def log_d(a):
    return -np.logaddexp(0, -a)


@pytest.mark.parametrize("m, t", [(3.0, 1.0), (5.5, 0.4), (1.0, 2.0)])
def test_each_arrow_is_minus_half_the_gradient_that_its_sample_feels(m, t):
    fig, update = built(plotting.sample_pull)
    update(m, t)
    h, logit = 1e-5, lambda x: t * (-x**2 / 2 + (x - m) ** 2 / 2)  # log p_data - log p_g, the constants cancel
    for ax, loss in ((fig.axes[1], lambda a: -log_d(a)), (fig.axes[2], lambda a: log_d(-a))):
        arrows, = ax.findobj(Quiver)
        at = arrows.get_offsets()[:, 0]
        np.testing.assert_allclose(at - m, np.linspace(-1.8, 1.8, 7), atol=1e-12)
        np.testing.assert_array_equal(ax.lines[0].get_xdata(), at)
        want = -(loss(logit(at + h)) - loss(logit(at - h))) / (2 * h)
        np.testing.assert_allclose(arrows.U, want, rtol=1e-5, atol=1e-8)
        assert (arrows.U < 0).all() and not np.any(arrows.V) and arrows.scale == 2
        assert arrows.scale_units == arrows.angles == "xy"


@pytest.mark.parametrize("t", [0.3, 1.0, 2.0])
def test_the_curves_are_the_mean_gradients(t):
    fig, update = built(plotting.sample_pull)
    said = update(2.5, t)
    p_data = theory.Gaussian()
    for loss in ("saturating", "non-saturating"):
        m, pull = line(fig, loss)
        for i in (0, 17, 60, 100):
            p_g = theory.Gaussian(m[i], 1)
            best = theory.optimal_logit(p_data, p_g)
            want = theory.generator_gradient(loss, p_data, p_g, theory.grid(p_data, p_g), lambda x: t * best(x))  # noqa: B023
            assert pull[i] == pytest.approx(want, rel=1e-4)
    dots = [np.array(one.get_data(), float).ravel() for one in fig.axes[3].lines if len(one.get_xdata()) == 1]
    for (m, pull), loss in zip(dots, ("non-saturating", "saturating"), strict=True):
        assert m == 2.5 and pull == pytest.approx(np.interp(2.5, *line(fig, loss)), rel=2e-3)
        assert f" {loss} {pull:.4f}" in said


def test_the_densities_and_d_are_drawn():
    fig, update = built(plotting.sample_pull)
    update(2.0, 1.0)
    density = lambda x, mu: np.exp(-(x - mu) ** 2 / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    for label, mu in (("p_data", 0), ("p_g", 2)):
        x, y = line(fig, label)
        np.testing.assert_allclose(y, density(x, mu), atol=1e-12)
    x, d = line(fig, "D(x)")
    np.testing.assert_allclose(d, density(x, 0) / (density(x, 0) + density(x, 2)), rtol=1e-9)
    assert "teaches nothing" in update(2.0, 0.0) and "the same" in update(0.0, 1.0)
    update(2.0, 0.0)
    np.testing.assert_array_equal(line(fig, "D(x)")[1], 0.5)


def test_the_pull_draws_finite_numbers_at_both_ends_and_no_new_artists():
    fig, update = built(plotting.sample_pull)
    before = artists(fig)
    for m, t in itertools.product((0.0, 6.0), (0.0, 2.0)):
        assert "nan" not in update(m, t) and "inf" not in update(m, t)
        assert_finite(fig)
        fig.canvas.draw()
    assert artists(fig) == before


# Two players.

STEPS = {"simultaneous": lambda e: np.array([[1, -e], [e, 1]]),
         "alternating": lambda e: np.array([[1, -e], [0, 1]]) @ np.array([[1, 0], [e, 1]]),
         "extragradient": lambda e: np.array([[1 - e * e, -e], [e, 1 - e * e]])}


@pytest.mark.parametrize("rule", STEPS)
def test_the_bilinear_path_is_a_matrix_power(rule):
    fig, update = built(plotting.phase_portrait, GAMES)
    said = update(7, eta=0.4, rule=rule, theta=1.0, psi=-0.5)
    path = np.array([np.linalg.matrix_power(STEPS[rule](0.4), k) @ [1, -0.5] for k in range(8)])
    np.testing.assert_allclose(line(fig, gid="hold", ax=0).T, path, atol=1e-12)
    np.testing.assert_allclose(line(fig, "now").ravel(), path[-1], atol=1e-12)
    np.testing.assert_allclose(line(fig, "start").ravel(), path[0])
    k, distance = line(fig, "distance")
    np.testing.assert_array_equal(k, np.arange(8))
    np.testing.assert_allclose(distance, np.hypot(*path.T), rtol=1e-12)
    factor = np.abs(np.linalg.eigvals(STEPS[rule](0.4))).max()
    k, law = line(fig, "start × factor$^k$")
    np.testing.assert_allclose(law[:60], (np.hypot(1, 0.5) * factor**k)[:60], rtol=1e-6)
    word = {"simultaneous": "spirals out", "alternating": "circles", "extragradient": "spirals in"}[rule]
    assert said.startswith(f"Step 7: distance {distance[7]:.3g}, at the start 1.12.")
    assert said.endswith(f"each step multiplies it by {factor:.4f}: {word}.")


@pytest.mark.parametrize("name", GAMES)
def test_the_arrows_point_where_the_players_are_pulled(name):
    fig, update = built(plotting.phase_portrait, GAMES)
    update(3, game=name)
    ends = line(fig, gid="field").reshape(2, -1, 6)
    tail, tip = ends[..., 0], ends[..., 1]
    middle, drawn = (tail + tip) / 2, tip - tail
    pull = np.array(GAMES[name].field(*middle))
    assert drawn.shape == (2, 169)
    np.testing.assert_allclose(drawn[0] * pull[1] - drawn[1] * pull[0], 0, atol=1e-9)
    assert ((drawn * pull).sum(0)[np.hypot(*pull) > 1e-9] > 0).all()
    back = (ends[..., 2] + ends[..., 4]) / 2 - tip                   # the barbs lie back from the tip, one on each side
    np.testing.assert_allclose(back, -0.28 * drawn, atol=1e-9)
    across = ends[..., 2] - ends[..., 4]
    np.testing.assert_allclose((across * drawn).sum(0), 0, atol=1e-9)
    np.testing.assert_allclose(np.hypot(*across), 0.28 * np.hypot(*drawn), atol=1e-9)
    size, length = np.hypot(*pull), np.hypot(*drawn)
    np.testing.assert_allclose(length / length.max(), np.sqrt(size / size.max()), atol=1e-9)  # weak pulls stay visible
    assert length.max() == pytest.approx(6 / 14)                     # the gap between two of them: none overlap


def test_only_the_chosen_game_shows_and_its_path_is_drawn():
    fig, update = built(plotting.phase_portrait, GAMES)
    for name, game in GAMES.items():
        update(20, eta=0.2, game=name, rule="alternating", momentum=-0.3, theta=2, psi=1)
        shown = [one.get_visible() for one in fig.axes[0].lines if one.get_gid() == "field"]
        assert shown == [other == name for other in GAMES]
        want = theory.play(game, (2, 1), 20, 0.2, "alternating", -0.3)
        np.testing.assert_array_equal(line(fig, gid="hold", ax=0).T, want)


def test_a_path_that_runs_away_ends_where_it_is_far():
    fig, update = built(plotting.phase_portrait, GAMES)
    said = update(100, eta=1.0, theta=1, psi=0)              # the distance is 2^(k/2): 32 at step 10
    assert line(fig, "distance").shape == (2, 11) and "Step 10: distance 32, at" in said
    assert said.endswith("Farther out the path isn't drawn.")
    path, radii = _dynamics._until_far(np.array([[1.0, 0], [np.nan, 0], [2, 0]]))
    assert path.tolist() == [[1, 0]] and radii.tolist() == [1]
    path, radii = _dynamics._until_far(np.array([[1.0, 0], [np.inf, 0]]))
    assert path.tolist() == [[1, 0]] and radii.tolist() == [1]


def test_momentum_that_a_rule_does_not_take_is_said_and_counts_as_none():
    fig, update = built(plotting.phase_portrait, GAMES)
    said = update(30, rule="optimistic", momentum=0.5)
    with_it = line(fig, gid="hold", ax=0)
    assert "Momentum doesn't go with optimistic" in said
    assert "Momentum" not in update(30, rule="optimistic")
    np.testing.assert_array_equal(line(fig, gid="hold", ax=0), with_it)


def test_the_mean_of_the_path_is_drawn_when_asked():
    fig, update = built(plotting.phase_portrait, GAMES, mean=True)
    said = update(40, rule="alternating")
    path = line(fig, gid="hold", ax=0)
    np.testing.assert_allclose(line(fig, "mean of the path").ravel(), path.mean(1), atol=1e-12)
    k, far = line(fig, "of the mean")
    np.testing.assert_allclose(far[[0, 9, 40]], [np.linalg.norm(path[:, :n].mean(1)) for n in (1, 10, 41)])
    assert said.endswith(f"The mean of the path is {far[-1]:.3g} away.") and far[-1] < 0.1
    fig, update = built(plotting.phase_portrait, GAMES)
    assert "mean" not in update(40) and not [one for one in fig.axes[0].lines
                                             if one.get_visible() and "mean" in one.get_label()]


@pytest.mark.parametrize("mean", [False, True])
def test_portraits_draw_finite_numbers_at_both_ends_and_no_new_artists(mean):
    fig, update = built(plotting.phase_portrait, GAMES, mean=mean)
    before = artists(fig)
    corners = itertools.product(GAMES, RULES, (0.05, 1.0), (-0.9, 0.0, 0.9), (-2.5, 0.0), (0.0, 2.5))
    for game, rule, eta, momentum, theta, psi in corners:
        for step in (0, 100):
            said = update(step, eta, game, rule, momentum, theta, psi)
            assert "nan" not in said and "inf" not in said
            assert_finite(fig)
        assert (theta, psi) != (0, 0) or said == "At (0, 0) nothing pulls: players who start there stay there."
    fig.canvas.draw()
    assert artists(fig) == before


# Nash, and reached.

def test_the_two_questions_are_answered_by_the_hessian_and_the_eigenvalues():
    fig, update = built(plotting.stationary_point)
    answers = set()
    for a, b, c in itertools.product((-1.0, -0.5, 0.0, 1.0, 2.0), (0.0, 0.5, 1.5, 3.0), (-1.0, 0.0, 0.5, 2.0)):
        said = update(a, b, c, 0.02)
        nash = a >= 0 and c >= 0
        size = np.abs(np.linalg.eigvals(np.eye(2) + 0.02 * np.array([[-a, -b], [b, -c]]))).max()
        reached = size < 1 - 1e-9
        assert ("no Nash" not in said) == nash and ("don't lead" not in said) == reached, said
        assert f"(factor {size:.4f} per step)" in said and ("; and" in said) == (nash == reached)
        answers.add((nash, reached))
    assert len(answers) == 4


def test_the_path_and_what_each_player_sees_alone_are_drawn():
    fig, update = built(plotting.stationary_point)
    said = update(-0.5, 1.5, 1.0, 0.1)
    step = np.eye(2) + 0.1 * np.array([[0.5, -1.5], [1.5, -1.0]])
    path = line(fig, gid="hold", ax=0)
    assert path.shape == (2, 151)
    np.testing.assert_allclose(path[:, 30], np.linalg.matrix_power(step, 30) @ [1.5, 1.0], rtol=1e-9)
    value = lambda theta, psi: -0.25 * theta**2 + 1.5 * theta * psi - 0.5 * psi**2  # noqa: E731
    theta, g_loss = line(fig, gid="hold", ax=1)
    np.testing.assert_allclose(g_loss, value(theta, 0))
    psi, d_loss = line(fig, gid="hold", ax=2)
    np.testing.assert_allclose(d_loss, -value(0, psi))
    assert "G sees a hill, D a valley" in said and "G would leave; but steps lead to it" in said
    ends = line(fig, gid="field").reshape(2, -1, 6)
    middle, drawn = (ends[..., 0] + ends[..., 1]) / 2, ends[..., 1] - ends[..., 0]
    pull = np.array([0.5 * middle[0] - 1.5 * middle[1], 1.5 * middle[0] - middle[1]])
    np.testing.assert_allclose(drawn[0] * pull[1] - drawn[1] * pull[0], 0, atol=1e-9)
    assert ((drawn * pull).sum(0) >= 0).all()


def test_the_quadratic_game_draws_finite_numbers_at_both_ends_and_no_new_artists():
    fig, update = built(plotting.stationary_point)
    before = artists(fig)
    for corner in itertools.product((-1.0, 0.0, 2.0), (0.0, 3.0), (-1.0, 0.0, 2.0), (0.02, 0.3)):
        assert "nan" not in update(*corner)
        assert_finite(fig)
    fig.canvas.draw()
    assert artists(fig) == before


def test_the_pictures_are_live_figures_whose_curves_can_be_held():
    draws = [(3, plotting.sample_pull, {"m": live.slider("m", 0.0, 6.0, 3.0), "t": live.slider("t", 0.0, 2.0, 1.0)}),
             (2, lambda fig: plotting.phase_portrait(fig, GAMES), {"step": live.play("k", 101, value=40)}),
             (3, plotting.stationary_point,
              {name: live.slider(name, 0.1, 1.0, 0.5) for name in ("a", "b", "c", "eta")})]
    for held, draw, controls in draws:
        figure = live.explore(draw, alt="a picture", **controls)
        assert figure.text and len(figure._lines) == held
