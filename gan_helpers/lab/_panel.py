"""What the widgets of both labs share: a live figure, a message under it, and something that plays."""

from __future__ import annotations

import html

import ipywidgets as widgets

from gan_helpers.live._controls import _play_button
from gan_helpers.training import TrainingDiverged


class Panel:
    """`box` is what is shown; it holds the widget of `figure`, a `live.Figure`."""

    def __init__(self, on_tick, interval: int):
        self._frame = 0             # counts the pictures
        self._busy = False          # whether controls are being set by the program, which must not act
        self._diverged = False      # whether the message says so; it then stays until training goes on
        self._message = widgets.HTML(layout=widgets.Layout(min_height="1.6em"))     # what is below doesn't jump
        self._player = widgets.Play(value=0, min=0, max=10**6, interval=interval)
        self._playing = "playing" if self._player.has_trait("playing") else "_playing"  # ipywidgets 8, ipywidgets 7
        self._player.observe(lambda change: self._on_tick(on_tick), names="value")
        # A cell that runs again takes its old output away. What nobody sees or can stop must not train on.
        self._player._view_count = 0
        self._player.observe(lambda change: change["new"] == 0 and self.pause(), names="_view_count")

    def _buttons(self, *rows) -> list:
        """Play, and a button for each row: its name, its tip, what it does."""
        found = [*_play_button(self._player)]
        for name, tip, action in rows:
            button = widgets.Button(description=name, tooltip=tip, layout=widgets.Layout(width="7em"))
            button.on_click(lambda _, action=action: self._do(action))
            found.append(button)
        return found

    def __repr__(self):
        return repr(self.figure)

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle, metadata = self.figure._repr_mimebundle_()
        next(view for kind, view in bundle.items() if "widget-view" in kind)["model_id"] = self.box.model_id
        return bundle, metadata

    def _on_tick(self, action):
        # The browser may have sent a few ticks more before it hears of a pause.
        if not self._busy and getattr(self._player, self._playing):
            self._do(action)

    def _do(self, action, trains=True):
        """Run what a control asks for; what goes wrong becomes a message, and the lab stays usable."""
        if trains or not self._diverged:
            self._diverged = False
            self._say()
        try:
            action()
        except Exception as error:      # a traceback of a callback would go to a log that no learner reads
            self.pause()
            self._diverged = isinstance(error, TrainingDiverged)
            self._failed(error)
        self.redraw()

    def redraw(self):
        """Draw what is there now. A failure becomes a message, unless there is one already."""
        self._frame += 1
        try:
            self.figure.update(**dict.fromkeys(self.figure.values, self._frame))
        except Exception as error:
            if not self._message.value:
                self._say(f"Can't draw this: {type(error).__name__}: {error}", "alert")

    def _failed(self, error):
        self._say(f"Paused. {error}", "alert")

    def pause(self):
        setattr(self._player, self._playing, False)

    def _say(self, text="", role="status"):
        self._message.value = text and f'<div role="{role}" aria-live="polite">{html.escape(text)}</div>'

    def _set(self, box, **traits):
        """Set a control without acting on it."""
        busy, self._busy = self._busy, True
        try:
            for name, value in traits.items():
                setattr(box, name, value)
        finally:
            self._busy = busy
