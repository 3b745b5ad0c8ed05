"""Live figures: a picture that follows the hand.

A live figure is built once; moving a slider only sets the data of its artists.

    from gan_helpers import live

    def picture(fig):                                   # called once: draw everything
        ax = fig.subplots()
        line, = ax.plot(x, np.exp(-x**2 / 2))
        def update(mu, sigma):                          # called for every change: set data only
            line.set_ydata(np.exp(-((x - mu) / sigma)**2 / 2))
            return f"mean {mu:g}, spread {sigma:g}"     # the text line under the picture
        return update

    live.explore(picture, alt="A bell curve over x",
                 mu=live.slider("μ, mean", -3, 3, 0, step=0.1),
                 sigma=live.slider("σ, spread", 0.1, 2, 1, step=0.1))

A line with ``gid="hold"``, as in ``ax.plot(x, y, gid="hold")``, can be held by the learner: a toggle keeps the
present curve in grey while the sliders move on.

As the last line of a cell this shows the widget. The same output also holds a PNG with alt text and one
line of plain text, for readers without a kernel (GitHub, a PDF, a screen reader).

For whoever stores or compares notebooks: of the three MIME types, ``text/plain`` and ``image/png`` are the
same in every run and under ipywidgets 7 and 8; ``application/vnd.jupyter.widget-view+json`` holds a new
``model_id`` each time, so a comparison skips that type and the notebook normaliser strips it (a stored one
shows an error instead of the picture).

How it stays fast: artists that no update has touched are drawn once and kept as a background; a frame
restores it and draws the rest, in the usual order, so that it equals a full redraw. Whatever the update
may change works (limits, new artists, ``ax.clear()``), but a change of axes or artists costs a full redraw.

While a model trains, use a live figure without controls:

    curve = live.Figure(picture, alt="Losses while training")
    curve.show()                                        # then, from a callback:
    curve.update(step=10, loss=0.69)
"""

from __future__ import annotations

import base64
import html
import threading

import ipywidgets as widgets
from matplotlib.figure import Figure as MplFigure
from matplotlib.lines import Line2D
from traitlets import Unicode

from gan_helpers.live._controls import FITS, Control, button, choice, log_slider, play, sketch, slider, switch
from gan_helpers.live._painter import Painter, frame, still

__all__ = ["Control", "Figure", "button", "choice", "explore", "log_slider", "play", "sketch",
           "slider", "switch"]

# JupyterLab with ipykernel 7 may run two callbacks at once, and the font cache of matplotlib is shared by all
# figures: one lock for the whole module. It is reentrant because a reset sets several widgets inside it.
_LOCK = threading.RLock()
ONE_LINE = 80       # characters that surely fit beside each other
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class _Picture(widgets.Image):
    """An image with a title, for those who don't see it: `widgets.Image` has no alternative text.

    In ipywidgets 8 every widget has a tooltip, but the browser's side shows it only where there is a
    description, an empty one, which `Image` lacks; ipywidgets 7 ignores both.
    """

    description = Unicode("").tag(sync=True)
    tooltip = Unicode("").tag(sync=True)


class Figure:
    """A live figure; `explore` makes one with controls, `Figure` alone is redrawn by `update(**values)`.

    Parameters
    ----------
    picture : ``picture(fig) -> update``: draws all artists on an empty matplotlib figure (no pyplot) and
        returns a function that sets their data and returns one line of text, or None.
    alt : what the picture shows, for those who don't see it; without its numbers, which `update` tells.
    figsize : width and height in inches, 100 pixels each.
    controls : name -> `Control`; `update` gets their values under these names.
    values : without controls, what the first `update` gets; none: the first frame is what `picture` drew.

    Raises whatever `picture` or the first `update` raises. Later on, an error from a control is shown under
    the picture, which keeps its last good state.
    """

    def __init__(self, picture, *, alt, figsize=(6.4, 3.6), controls=None, values=None):
        if not alt:
            raise ValueError("a live figure needs alt=..., one sentence that says what the picture shows")
        self.alt, self.controls, self.text = alt, dict(controls or {}), ""
        for name, control in self.controls.items():
            if not isinstance(control, Control):
                raise TypeError(f"{name}={control!r} is no control: use live.slider, choice, switch ...")
        with _LOCK:
            figure = MplFigure(figsize=figsize, dpi=100, layout="constrained")
            self._update = picture(figure)
            if not callable(self._update):
                raise TypeError(f"picture(fig) must return its update function, got {self._update!r}")
            self.values = dict(values or {}, **{name: c.value for name, c in self.controls.items()})
            if self.values:
                self.text = self._update(**self.values) or ""
            self._painter = Painter(figure)
            self._pixels = self._painter.render()
            self._build_widget()

    def _build_widget(self):
        height, width = self._pixels.shape[:2]
        layout = widgets.Layout(width=f"{width}px", max_width=FITS, height="auto", object_fit="contain")
        self._image = _Picture(value=frame(self._pixels), format="jpeg", tooltip=self.alt, layout=layout)
        # A long line wraps in some windows, now and then: room for two, or the sliders jump under the hand.
        room = widgets.Layout(min_height="2.8em" if len(self.text) > ONE_LINE else None)
        self._line = widgets.HTML(value=self._says(self.text), layout=room)
        self._inputs, rows, self._stops, self._busy = {}, [], [], False
        self._build_hold()
        for name, control in self.controls.items():
            self._inputs[name], row, stop = control.make()
            self._inputs[name].observe(self._on_change, names="value")
            rows.append(row)
            self._stops.append(stop)
        if rows:
            reset = widgets.Button(description="Reset", tooltip="Back to the first picture")
            reset.on_click(lambda _: self.reset())
            rows.append(widgets.HBox([reset, self._hold] if self._lines else [reset]))
        self.widget = widgets.VBox([self._image, self._line, *rows])

    def _build_hold(self):
        """A toggle that keeps what is drawn now in grey, to compare; for lines that `picture` marked so."""
        self._lines = self._lines_to_hold()
        self._ghosts, self._held_text = [], ""
        self._hold = widgets.ToggleButton(description="Hold to compare", tooltip="Keep the present curve in grey")
        self._hold.observe(lambda change: self._set_hold(change["new"]), names="value")

    def _lines_to_hold(self):
        return [line for ax in self._painter.figure.axes for line in ax.lines if line.get_gid() == "hold"]

    def _set_hold(self, held):
        with _LOCK:
            for ghost in self._ghosts:
                if ghost.axes is not None:                              # an update may have cleared them
                    ghost.remove()
            self._ghosts, self._held_text = [], self.text if held else ""
            for line in self._lines_to_hold() if held else ():          # an update may have drawn new ones
                ghost = Line2D(*line.get_data(), color="0.6", linestyle=(0, (4, 2)), linewidth=1.6,
                               drawstyle=line.get_drawstyle(), zorder=line.get_zorder() - 0.5)
                line.axes.add_line(ghost)
                self._ghosts.append(ghost)
            if not self._busy:
                self._follow()

    @staticmethod
    def _says(text, role="status"):
        return f'<div role="{role}" aria-live="polite" style="line-height: 1.4">{html.escape(text)}</div>'

    def _on_change(self, change):
        if not self._busy:
            self._follow()

    def _follow(self):
        """Draw what the controls say now; an error becomes a message under the picture."""
        with _LOCK:
            try:
                self.update(**{name: box.value for name, box in self._inputs.items()})
            except Exception as error:
                # A traceback of a callback would go to a log that no learner reads.
                self._line.value = self._says(f"Can't draw this: {type(error).__name__}: {error}", "alert")

    def update(self, **values):
        """Redraw with these values (those not given stay), in a training callback; errors are raised."""
        with _LOCK:
            values = {**self.values, **values}
            text = self._update(**values) or ""
            pixels = self._painter.render()
            self.values, self.text, self._pixels = values, text, pixels
            self._image.value = frame(pixels)
            held = f"{text.rstrip('.')}. Held, in grey: {self._held_text}" if self._held_text else text
            self._line.value = self._says(held)

    def reset(self):
        """Stop what plays and put every control back to its first value."""
        with _LOCK:
            self._busy = True           # one redraw at the end, not one for each control
            try:
                for stop in self._stops:
                    stop()
                self._hold.value = False
                for name, control in self.controls.items():
                    self._inputs[name].value = control.value
            finally:
                self._busy = False
            self._follow()

    def show(self):
        """Display the figure here, in the middle of a cell; later updates appear in this place."""
        from IPython.display import display

        display(self)

    def png(self):
        """The present picture as PNG bytes, compressed for storing."""
        with _LOCK:
            return still(self._pixels)

    def __repr__(self):
        parts = [f"Live figure: {self.alt.rstrip('.')}."]
        if self.controls:
            controls = "; ".join(c.describe(self.values[name]) for name, c in self.controls.items())
            parts.append(f"Controls: {controls}.")
        if self.text:
            parts.append(f"Now: {self.text}")
        return " ".join(parts)

    def _repr_mimebundle_(self, include=None, exclude=None):
        with _LOCK:
            view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
            data = {"text/plain": repr(self), _WIDGET_VIEW: view,
                    "image/png": base64.b64encode(self.png()).decode("ascii")}
            said = f"{self.alt.rstrip('.')}. {self.text}".strip()
            return data, {"image/png": {"alt": said}}


def explore(picture, *, alt, figsize=(6.4, 3.6), **controls):
    """A live figure with one control for each keyword; see the module's example and `Figure`."""
    return Figure(picture, alt=alt, figsize=figsize, controls=controls)
