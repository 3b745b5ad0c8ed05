"""A pad on which the learner draws the real data of the lab, and a text box for where the pad can't run.

The pad's browser side is `pad.js`, one ES module without dependencies. Both inputs hold their data in the trait
`points`, a list of ``[x, y]``, to be watched with `.observe(..., names="points")`, and give it as `.array()`.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import traitlets

try:
    from anywidget import AnyWidget
except ImportError:         # `points_input` needs none
    AnyWidget = None

LIMIT = 1.2                 # the lab shows the square [-LIMIT, LIMIT] x [-LIMIT, LIMIT]
MOST = 2000                 # points; pad.js knows both numbers too
_SQUARE = f"[-{LIMIT}, {LIMIT}] x [-{LIMIT}, {LIMIT}]"
_HERE = Path(__file__).parent


class _Points(traitlets.TraitType):
    """A list of at most `MOST` points ``[x, y]`` in the square, made from any array of shape `(n, 2)`."""

    default_value = ()

    def validate(self, obj, value):
        try:
            points = np.asarray(value, np.float64)
            points = points.reshape(-1, 2) if points.size == 0 else points
        except (TypeError, ValueError):
            raise traitlets.TraitError(f"points must be numbers, a list of [x, y]; got {_short(value)}") from None
        if points.ndim != 2 or points.shape[1] != 2:
            raise traitlets.TraitError("points must be a list of [x, y], an array of shape (n, 2); "
                                       f"got the shape {points.shape}")
        if len(points) > MOST:
            raise traitlets.TraitError(f"at most {MOST:,} points, got {len(points):,}; give a part of them, "
                                       f"such as points[:{MOST}]")
        points = points.round(6)                                # 1.2 in float32 is a little more than 1.2
        finite, inside = np.isfinite(points).all(1), (np.abs(points) <= LIMIT).all(1)
        if not inside.all():
            first = np.argmin(inside if finite.all() else finite)
            advice = f"scale all: {LIMIT} * points / np.abs(points).max()" if finite.all() else "replace them"
            raise traitlets.TraitError(
                f"points must be numbers in {_SQUARE}; {np.sum(~inside)} of {len(points)} are not, such as "
                f"points[{first}] = [{points[first, 0]:g}, {points[first, 1]:g}]. Leave those out, or {advice}")
        return (points + 0.0).tolist()                          # + 0.0 makes a plain 0 of -0.0


def _short(value):
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "…"


class _Input(traitlets.HasTraits):
    """What the pad and the text box have in common."""

    def array(self):
        """The points as an `(n, 2)` float32 array; n may be 0."""
        return np.array(self.points, np.float32).reshape(-1, 2)

    def __repr__(self):
        return f"{self._name}: {_count(self.points)} in {_SQUARE}"


def _count(points):
    return f"{len(points):,} point" + "s" * (len(points) != 1)


class Pad(_Input, AnyWidget or widgets.DOMWidget):
    """A square to draw points on by mouse, finger, pen or keyboard.

    Parameters
    ----------
    points : what is on it at first: at most 2,000 points, an array of shape `(n, 2)` or a list of ``[x, y]``, each
        in [-1.2, 1.2]. Kept to six decimals.
    size : its width in pixels, 160 to 1000; it shrinks where the page is narrower.

    `pad.points = ...` draws other points. Raises `traitlets.TraitError` for points outside, NaN, another shape or
    too many, and ImportError without anywidget.
    """

    _name = "Drawing pad"
    _esm = (_HERE / "pad.js").read_text(encoding="utf-8")
    _css = (_HERE / "pad.css").read_text(encoding="utf-8")
    points = _Points().tag(sync=True)
    size = traitlets.Int(320, min=160, max=1000).tag(sync=True)

    def __init__(self, points=(), size=320, **settings):
        if AnyWidget is None:
            raise ImportError("the drawing pad needs the package anywidget, which is not installed here: install it "
                              "with `pip install anywidget`, or type the points in, with points_input()")
        super().__init__(points=points, size=size, **settings)


class _TextBox(_Input, widgets.VBox):
    """The text box of `points_input`."""

    _name = "Points as text"
    points = _Points()      # not in the model of the browser, which is a plain VBox

    def __init__(self, points=(), **settings):
        self.box = widgets.Textarea(
            description="Points", placeholder="0.5, -0.3", rows=8, continuous_update=False,
            layout=widgets.Layout(width="24em", max_width="calc(100% - 4px)"))
        self.message, self._reading = widgets.HTML(), False
        super().__init__([self.box, self.message], **settings)
        self.box.observe(lambda change: self._read(), names="value")
        self.observe(lambda change: self._write(), names="points")
        self.points = points
        self._tell([])

    def _read(self):
        """Take the good lines; tell of the others."""
        points, wrong = read_points(self.box.value)
        self._reading = True            # the learner's text stays as it was typed
        try:
            self.points = points
        finally:
            self._reading = False
        self._tell(wrong)

    def _write(self):
        if not self._reading:
            self.box.value = "\n".join(f"{x}, {y}" for x, y in self.points)
            self._tell([])

    def _tell(self, wrong):
        says = [f"{_count(self.points)}. One point a line, x and y, each from -{LIMIT} to {LIMIT}; they count when "
                "you leave the box.", *wrong[:5]]
        if len(wrong) > 5:
            says.append(f"And {len(wrong) - 5} more lines like these.")
        self.message.value = f'<div role="status" aria-live="polite">{"<br>".join(map(html.escape, says))}</div>'


def points_input(points=()):
    """A text box for points, one ``x, y`` a line, made of core widgets: for front ends that don't run the pad.

    The result has the pad's `points` and `array()`. Between x and y there may be a comma, a semicolon or blanks; a
    line that is no point in the square is left out and named, with the reason, under the box. Raises
    `traitlets.TraitError` as `Pad` does.
    """
    return _TextBox(points)


def read_points(text):
    """The points ``[x, y]`` in `text`, one a line, and one sentence for each line that holds none."""
    points, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        words = re.split(r"[\s,;]+", line.replace("−", "-").strip(" \t,;[]()"))
        if words == [""]:
            continue
        why = None
        if len(words) != 2:
            why = f"{len(words)} number{'s' * (len(words) > 1)}, not two"
        else:
            try:
                point = [float(word) for word in words]
                _Points().validate(None, [point])
            except ValueError:
                why = "not a number"
            except traitlets.TraitError:
                why = f"outside {_SQUARE}" if np.isfinite(point).all() else "not a number"
            else:
                if len(points) == MOST:
                    why = f"more than {MOST:,} points"
        if why:
            wrong.append(f"Line {number} is left out, {why}: {_short(line.strip())}")
        else:
            points.append(point)
    return points, wrong
