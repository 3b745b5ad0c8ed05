"""The live figures of chapter 03: what they draw is what the formulas say, at every end of every slider."""

import itertools
import re
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest

from gan_helpers import live, plotting, theory

CHAPTER = Path(__file__).resolve().parents[1] / "notebooks" / "03_minimax.ipynb"
X = np.linspace(-10, 10, 401)
SEEN = slice(100, 301)                                                     # from -5 to 5
P, Q = theory.Gaussian(0, 1), theory.Gaussian(1.5, 0.7)


def bell(x, mu, sigma):
    return np.exp(-((x - mu) / sigma) ** 2 / 2) / (sigma * np.sqrt(2 * np.pi))


def lines(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def labelled(ax, start):
    found = [line for label, line in lines(ax).items() if label.startswith(start)]
    assert len(found) == 1, (start, list(lines(ax)))
    return found[0]


def at(line):
    """The single place that a marker has, or None when it is hidden."""
    x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
    return (float(x[0]), float(y[0])) if len(x) else None


def artists(figure):
    return [id(a) for a in figure.findobj()]


# What is drawn equals the formula.

def test_a_drawn_d_is_shown_with_its_two_terms_and_its_bar():
    figure, places = plotting.figure(), np.arange(-4, 5)
    show = plotting.drawn_value(figure, X, places)
    d = np.interp(X, places, np.linspace(0.9, 0.1, 9))
    real, fake = bell(X, 0, 1), bell(X, 1.5, 0.7)
    show(real, fake, d, None, (-0.4, -0.9), -0.8)
    before = artists(figure)
    (densities, terms), (judge, bar) = np.reshape(figure.axes, (2, 2))
    np.testing.assert_allclose(densities.lines[0].get_xdata(), X[SEEN])
    np.testing.assert_allclose([line.get_ydata() for line in densities.lines], [real[SEEN], fake[SEEN]])
    drawn = np.array([line.get_ydata() for line in terms.lines])
    np.testing.assert_allclose(drawn, np.array([real * np.log(d), fake * np.log(1 - d)])[:, SEEN])
    for area, y in zip(terms.patches, drawn, strict=True):
        corners, n = area.get_xy(), len(y)
        assert corners[:n] == pytest.approx(np.column_stack([X[SEEN], y])) and not corners[n:2 * n, 1].any()
    assert at(labelled(judge, "the best")) is None
    np.testing.assert_allclose(labelled(judge, "D, yours").get_ydata(), d[SEEN])
    ends = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in bar.patches]
    np.testing.assert_allclose(ends, [(0, -0.4), (-0.4, -1.3)])          # end to end: the left end is V
    assert at(labelled(bar, "V of your D")) == pytest.approx((-1.3, 0))
    assert set(labelled(bar, "the most").get_xdata()) == {-0.8}
    show(real, fake, d, real / (real + fake), (-8.0, -9.0), -0.8)
    np.testing.assert_allclose(labelled(judge, "the best").get_ydata(), (real / (real + fake))[SEEN])
    assert at(labelled(bar, "V of your D"))[0] > bar.get_xlim()[0]         # held at the edge
    assert artists(figure) == before


def test_the_best_answer_is_the_top_of_the_curve_and_a_point_of_d_star():
    figure = plotting.figure(9, 4)
    show = plotting.best_answer(figure, X)
    a, b = bell(1.0, 0, 1), bell(1.0, 1.5, 0.7)
    for step in range(1, 6):
        show(P.pdf(X), Q.pdf(X), 1.0, 0.3, step)
        left, middle, right = figure.axes
        curve, tangent, yours = (labelled(middle, name) for name in ("f(y)", "slope", "your y"))
        top, star = labelled(middle, "the top"), labelled(right, "$D^*$")
        seen = [len(line.get_xdata()) > 0 for line in (curve, yours, tangent, top, star)]
        assert seen == [step >= 2, step >= 2, step >= 3, step >= 4, step >= 5]
    y, f = curve.get_xdata(), curve.get_ydata()
    assert at(top) == pytest.approx((a / (a + b), a * np.log(a / (a + b)) + b * np.log(b / (a + b))), abs=1e-3)
    assert abs(y[np.argmax(f)] - at(top)[0]) < 0.006
    run, rise = np.ptp(tangent.get_xdata()), np.diff(tangent.get_ydata())[0]
    assert rise / run == pytest.approx(np.interp(0.3, y, np.gradient(f, y)), rel=0.01)
    np.testing.assert_allclose(star.get_ydata(), P.pdf(X) / (P.pdf(X) + Q.pdf(X)))
    assert at(right.lines[-1]) == pytest.approx((1.0, a / (a + b)), abs=1e-3)
    assert [at(line) for line in left.lines[-2:]] == [pytest.approx((1, a), abs=1e-3), pytest.approx((1, b), abs=1e-3)]


@pytest.mark.parametrize("d", [theory.optimal_discriminator(P, Q), lambda x: np.interp(x, [-2, 2], [0.9, 0.2])],
                         ids=["D*", "drawn"])
def test_the_curves_over_the_mean_are_v_and_c_of_each_generator(d):
    means = np.linspace(-3, 3, 7)
    fixed, cost = plotting.along_means(P, 0.4, d, X, means)
    generators = [theory.Gaussian(mean, 0.4) for mean in means]
    np.testing.assert_allclose(fixed, [theory.value(d, P, q, X) for q in generators], rtol=1e-7)
    np.testing.assert_allclose(cost, [theory.generator_cost(P, q, X) for q in generators], rtol=1e-6)
    assert (fixed <= cost + 1e-9).all()                                    # no D gets more than C(G)


def test_the_game_puts_v_below_c_and_the_bar_between_log_4_and_c():
    figure = plotting.figure(9, 5)
    means = np.linspace(-3, 3, 41)
    show = plotting.minimax_view(figure, X, means)

    def d(x):
        return np.interp(x, [-4, 1.05, 4], [0.2, 0.8, 0.2])

    show(P, Q, d, -1.7, -0.9)
    before = artists(figure)
    top, low, right = figure.axes
    np.testing.assert_allclose([line.get_ydata() for line in top.lines], [bell(X, 0, 1)[SEEN], bell(X, 1.5, 0.7)[SEEN]])
    np.testing.assert_allclose(labelled(low, "D, in play").get_ydata(), d(X)[SEEN])
    star = (P.pdf(X) / (P.pdf(X) + Q.pdf(X)))[SEEN]
    np.testing.assert_allclose(labelled(low, "$D^*$").get_ydata(), star, atol=1e-12)
    assert (at(labelled(right, "C(G), now")), at(labelled(right, "V(D, G), now"))) == ((1.5, -0.9), (1.5, -1.7))
    np.testing.assert_allclose(labelled(right, "2 JS").get_xydata(), [(1.5, -np.log(4)), (1.5, -0.9)])
    np.testing.assert_allclose(labelled(right, "what D misses").get_xydata(), [(1.5, -1.7), (1.5, -0.9)])
    curve = labelled(right, "$V$ when G moves").get_ydata()
    assert at(labelled(right, "G's best")) == pytest.approx((means[np.argmin(curve)], curve.min() + 0.1))
    assert abs(at(labelled(right, "G's best"))[0] - 1.05) < 0.2             # where D is highest
    show(P, Q, lambda x: np.full(np.shape(x), 0.5), -np.log(4), -0.9)
    np.testing.assert_allclose(labelled(right, "$V$ when G moves").get_ydata(), -np.log(4), atol=1e-6)
    assert at(labelled(right, "G's best")) is None                          # all answers are as good
    show(P, Q, d, -6.0, -0.9)
    assert at(labelled(right, "V(D, G), now")) is None                      # below the picture: an arrow says so
    arrows = [at(line) for line in right.lines if line.get_marker() == "v" and line.get_color() == plotting.BLACK]
    assert arrows == [pytest.approx((1.5, right.get_ylim()[0] + 0.08))]
    assert artists(figure) == before


def test_samples_are_averaged_one_pair_after_the_other():
    figure = plotting.figure(8, 4)
    show = plotting.sampled_value(figure, 1000)
    means = np.cumsum(np.arange(300.0)) / np.arange(1, 301)
    show(([0.0, 1.0], [-0.2, -0.4]), ([2.0], [-0.1]), means, -0.56, 0.8)
    before = artists(figure)
    left, right = figure.axes
    np.testing.assert_allclose(labelled(left, "real").get_xydata(), [(0, -0.2), (1, -0.4)])
    np.testing.assert_allclose(labelled(left, "generated").get_xydata(), [(2, -0.1)])
    n, mean = labelled(right, "mean").get_data()
    assert n[0] == 1 and n[-1] == 300 and (np.diff(n) > 0).all()
    np.testing.assert_allclose(mean, [np.mean(np.arange(k)) for k in n])
    upper, lower = right.lines[:2]
    np.testing.assert_allclose((upper.get_ydata() - lower.get_ydata()) / 2, 0.8 / np.sqrt(upper.get_xdata()))
    np.testing.assert_allclose((upper.get_ydata() + lower.get_ydata()) / 2, -0.56)
    show(([0.0], [-0.2]), ([2.0], [-0.1]), means[:2], -0.56, 0.8)
    assert labelled(right, "mean").get_xdata().tolist() == [1, 2] and artists(figure) == before


def test_five_distances_are_drawn_and_an_infinite_one_stays_on_the_edge():
    figure = plotting.figure(8, 4)
    shifts = np.linspace(0, 5, 6)
    show = plotting.distances(figure, X, shifts)
    table = {name: np.arange(6.0) * k for k, name in enumerate(("JS", "TV", "KL(data, g)", "KL(g, data)", "W1"), 1)}
    table["KL(g, data)"] = np.array([0, *[np.inf] * 5])
    show(P.pdf(X), Q.pdf(X), table, 2)
    right = figure.axes[1]
    drawn = list(lines(right).values())
    np.testing.assert_allclose(drawn[0].get_ydata(), table["JS"])
    np.testing.assert_allclose(drawn[4].get_ydata(), np.minimum(table["W1"], 10.4))
    assert all(np.isfinite(line.get_ydata()).all() for line in right.lines)
    dots = [at(line) for line in right.lines if len(line.get_xdata()) == 1]
    assert dots == [(2, 2), (2, 4), (2, 5.2), (2, 5.2), (2, 5.2)]
    assert len({(line.get_color(), line.get_marker()) for line in drawn}) == 5


# The chapter's own figures, at every end of every slider.

@pytest.fixture(scope="module")
def figures():
    """The live figures of the chapter, made by its own cells."""
    found, made = {}, live.explore
    space = {}
    with pytest.MonkeyPatch.context() as patch:
        for cell in nbformat.read(CHAPTER, 4).cells:
            if cell.cell_type == "code" and not {"setup", "exercise"} & set(cell.metadata.get("tags", [])):
                patch.setattr(live, "explore", lambda *a, name=cell.id, **k: found.setdefault(name, made(*a, **k)))
                exec(compile(cell.source, cell.id, "exec"), space)
    return found


def ends(control):
    """The values at the ends of a control, as its description names them."""
    if isinstance(control.value, bool):
        return [False, True]
    if isinstance(control.value, str):
        return control.range_text.removeprefix("one of ").split(", ")
    numbers = re.findall(r"-?\d[\d.]*", control.range_text)
    low, high = map(type(control.value) if isinstance(control.value, int) else float, numbers) if numbers else (0, 3)
    if isinstance(control.value, tuple):
        n = len(control.value)
        return [(low,) * n, (high,) * n, tuple((low, high)[i % 2] for i in range(n))]
    return [low, high]


def test_the_chapter_has_its_six_figures(figures):
    assert list(figures) == ["draw-figure", "pointwise-figure", "game-figure", "sampled-figure", "distances-figure",
                             "order-figure"]


@pytest.mark.parametrize("name", ["draw-figure", "pointwise-figure", "game-figure", "sampled-figure",
                                  "distances-figure", "order-figure"])
def test_every_end_of_every_slider_draws_finite_numbers(figures, name):
    figure = figures[name]
    canvas = figure._painter.figure
    before, names = artists(canvas), list(figure.controls)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in itertools.product(*(ends(control) for control in figure.controls.values())):
            text = figure._update(**dict(zip(names, values, strict=True)))
            assert "nan" not in text and ("inf" not in text or "KL inf" in text), (values, text)
            for line in canvas.findobj(lambda a: hasattr(a, "get_xydata")):
                assert np.isfinite(np.asarray(line.get_xydata(), float)).all(), (values, line)
    assert artists(canvas) == before                                       # an update makes no new artist


def test_in_the_game_no_judge_gets_more_than_c_and_d_star_gets_it(figures):
    figure = figures["game-figure"]
    for values in itertools.product(*(ends(control) for control in figure.controls.values())):
        values = dict(zip(figure.controls, values, strict=True))
        said = re.match(r"V = (\S+)\. C\(G\) = (\S+) = .*JS = (\S+) of", figure._update(**values))
        v, c, js = map(float, said.groups())
        assert v <= c + 0.002 and c == pytest.approx(-np.log(4) + 2 * js, abs=0.003)
        if values["judge"] == "the best: D*":
            assert v == pytest.approx(c, abs=0.002)


def test_a_move_of_a_slider_redraws_no_axes(figures):
    """A full redraw costs ten frames: after the first moves, there must be none."""
    for figure in figures.values():
        first = next(name for name, control in figure.controls.items() if isinstance(control.value, (int, float)))
        low, high = ends(figure.controls[first])
        painter, drawn = figure._painter, []
        figure.update(**{first: low})
        figure.update(**{first: high})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(painter.canvas, "draw", lambda drawn=drawn: drawn.append(1))
            for value in (low, (low + high) // 2 if isinstance(low, int) else (low + high) / 2, high):
                figure.update(**{first: value})
        assert not drawn, figure.alt
        figure.reset()


def test_the_divergences_of_the_chapter_have_their_closed_forms(figures):
    """KL of two bells is in every textbook, W1 of two shifted ones is the shift; blocks apart have JS = log 2."""
    figure = figures["distances-figure"]
    right = figure._painter.figure.axes[1]
    shifts = np.linspace(0, 5, 51)
    figure.update(shape="bells of spread 1 and 0.6")
    js, tv, forward, backward, w1 = (line.get_ydata() for line in lines(right).values())
    seen = forward < 5
    np.testing.assert_allclose(forward[seen], (np.log(0.6) + (1 + shifts**2) / (2 * 0.36) - 0.5)[seen], rtol=1e-6)
    np.testing.assert_allclose(backward[:20], (-np.log(0.6) + (0.36 + shifts**2) / 2 - 0.5)[:20], rtol=1e-6)
    figure.update(shape="bells of spread 1")
    js, tv, forward, backward, w1 = (line.get_ydata() for line in lines(right).values())
    np.testing.assert_allclose(forward[:30], shifts[:30] ** 2 / 2, atol=1e-9)
    np.testing.assert_allclose(w1, shifts, atol=1e-4)
    figure.update(shape="blocks 2 wide")
    js, tv, forward, backward, w1 = (line.get_ydata() for line in lines(right).values())
    np.testing.assert_allclose(js, np.minimum(shifts / 2, 1) * np.log(2), atol=1e-6)
    np.testing.assert_allclose(tv, np.minimum(shifts / 2, 1), atol=1e-6)
    assert (forward[1:] > right.get_ylim()[1]).all() and forward[0] == 0
