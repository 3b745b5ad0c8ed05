"""The controls under a live figure: made of core widgets, with a label, a value and a plain-text description."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets


@dataclass(frozen=True)
class Control:
    """One control under a live figure; make it with `slider`, `choice`, `switch`, `play` or `button`."""

    label: str
    value: Any
    range_text: str
    # make() -> (the widget whose value the update gets, what to show, a function that stops it)
    make: Callable[[], tuple[widgets.Widget, widgets.Widget, Callable[[], None]]] = field(repr=False)

    def describe(self, value):
        """The control in plain text, e.g. ``μ, mean = 0 (from -3 to 3)``."""
        return f"{self.label} = {_plain(value)} ({self.range_text})"


def _plain(value):
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(map(_plain, value))
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


# What the mouse shows over a label: its whole text, of which a narrow window may cut the end.
_TOOLTIP = "tooltip" if hasattr(widgets.IntSlider, "tooltip") else "description_tooltip"   # ipywidgets 8, 7
FITS = "calc(100% - 4px)"      # widgets have a margin of 2 pixels; at 100 % they would stick out


def _look(label, width="36em"):
    return {"description": label, _TOOLTIP: label, "style": {"description_width": "13em"},
            "layout": widgets.Layout(width=width, max_width=FITS)}


def _nothing():
    return None


def _decimals(step):
    """The format that shows a multiple of `step` with no more decimals than it has."""
    return f".{next((d for d in range(4) if abs(round(step, d) - step) < 1e-9), 4)}f"


def slider(label, low, high, value, step=None):
    """A slider from `low` to `high`; whole numbers throughout give the update an int, otherwise a float."""
    if not low < high:
        raise ValueError(f"slider {label!r}: it must run from a smaller to a larger number, got {low} to {high}")
    if not low <= value <= high:
        raise ValueError(f"slider {label!r}: the value {value} is outside [{low}, {high}]; start inside it")
    if step is not None and not 0 < step <= high - low:
        raise ValueError(f"slider {label!r}: step must be above 0 and at most {high - low:g}, got {step!r}")
    whole = all(isinstance(number, (int, np.integer)) for number in (low, high, value, step or 1))
    step = step or (1 if whole else (high - low) / 100)

    def make():
        if whole:
            box = widgets.IntSlider(value=value, min=low, max=high, step=step, **_look(label))
        else:
            box = widgets.FloatSlider(value=value, min=low, max=high, step=step, readout_format=_decimals(step),
                                      **_look(label))
        return box, box, _nothing

    return Control(label, value, f"from {_plain(low)} to {_plain(high)}", make)


def log_slider(label, low, high, value, per_decade=10):
    """A slider over powers of ten, for learning rates; `low`, `high` and `value` are plain numbers."""
    if not 0 < low <= value <= high:
        raise ValueError(f"log_slider {label!r}: need 0 < low <= value <= high, got {low}, {value}, {high}")

    def make():
        box = widgets.FloatLogSlider(value=value, base=10, min=np.log10(low), max=np.log10(high),
                                     step=1 / per_decade, readout_format=".2r", **_look(label))
        return box, box, _nothing

    return Control(label, float(value), f"from {low:g} to {high:g}", make)


def choice(label, options, value=None):
    """A drop-down list of strings; the first one is chosen unless `value` names another."""
    options = [str(option) for option in options]
    if not options or len(set(options)) < len(options):
        raise ValueError(f"choice {label!r}: needs one option or more, each of them once, got {options}")
    value = options[0] if value is None else str(value)
    if value not in options:
        raise ValueError(f"choice {label!r}: {value!r} is not one of {', '.join(options)}")

    def make():
        box = widgets.Dropdown(options=options, value=value, **_look(label))
        return box, box, _nothing

    return Control(label, value, "one of " + ", ".join(options), make)


def switch(label, value=False):
    """A check box; the update gets True or False."""

    def make():
        box = widgets.Checkbox(value=bool(value), indent=True, **_look(label))
        return box, box, _nothing

    return Control(label, bool(value), "on or off", make)


def play(label, n, interval_ms=100, value=0):
    """A play button with a slider over the steps 0 ... n - 1; the update gets the step as an int."""
    if not 0 <= value < n:
        raise ValueError(f"play {label!r}: the first step {value} is not one of 0 ... {n - 1}")

    def make():
        player = widgets.Play(value=value, min=0, max=n - 1, interval=interval_ms)
        box = widgets.IntSlider(value=value, min=0, max=n - 1, **_look(label))
        # Linked in the browser, so that the slider moves with the player even while the kernel draws.
        link = widgets.jslink((player, "value"), (box, "value"))
        name = "playing" if player.has_trait("playing") else "_playing"   # ipywidgets 8, ipywidgets 7

        def put_back():
            if not getattr(player, name):                               # or it has been started again
                player.value = box.value = value

        def stop():
            was_playing = getattr(player, name)
            setattr(player, name, False)
            put_back()
            if was_playing:     # steps that were on their way from the browser arrive now: once more, after them
                with contextlib.suppress(RuntimeError):                 # there is no loop in this thread
                    asyncio.get_running_loop().call_later(0.2, put_back)

        row = widgets.HBox([*_play_button(player), box], layout=widgets.Layout(flex_flow="row wrap"))
        row._link = link                                                # keep the link as long as the row
        return box, row, stop

    return Control(label, value, f"step 0 to {n - 1}", make)


def _play_button(player):
    """What starts and stops `player`, with a name that a screen reader can say."""
    if not player.has_trait("playing"):
        return [player]                         # ipywidgets 7 starts by its own button alone
    player.layout.display = "none"              # ipywidgets 8: they have icons only
    push = widgets.ToggleButton(description="Play", icon="play", tooltip="Play or pause",
                                layout=widgets.Layout(width="7em"))
    push._link = widgets.jslink((push, "value"), (player, "playing"))

    def rename(change):
        push.description, push.icon = ("Pause", "pause") if change["new"] else ("Play", "play")

    push.observe(rename, names="value")
    return [player, push]


def button(label):
    """A button; the update gets how often it was pressed, an int from 0 (a new random seed, say)."""

    def make():
        count = widgets.IntText(value=0)        # never shown: it only holds the number
        push = widgets.Button(description=label, layout=widgets.Layout(width="auto", align_self="flex-start"))
        push.on_click(lambda _: setattr(count, "value", count.value + 1))
        return count, push, _nothing

    return Control(label, 0, "presses", make)


class _Row(traitlets.HasTraits):
    """Several sliders as one value, a tuple of floats."""

    value = traitlets.Tuple()


def sketch(label, places, values, low=0.0, high=1.0, step=None):
    """A curve to draw by hand: an upright slider for each of `places`; the update gets their heights, a tuple."""
    values = tuple(float(value) for value in values)
    if len(values) != len(places) or not values:
        raise ValueError(f"sketch {label!r}: needs one value for each of its {len(places)} places, got {len(values)}")
    if not low < high or not all(low <= value <= high for value in values):
        raise ValueError(f"sketch {label!r}: the values must lie in [{low}, {high}], got {values}")

    def make():
        row = _Row(value=values)
        boxes = [widgets.FloatSlider(value=value, min=low, max=high, step=step or (high - low) / 100,
                                     description=_plain(place), orientation="vertical",
                                     readout_format=_decimals(step or (high - low) / 100),
                                     layout=widgets.Layout(height="13em", width="4em"))
                 for place, value in zip(places, values, strict=True)]

        def drawn(_):
            row.value = tuple(box.value for box in boxes)

        def put_back(change):
            for box, value in zip(boxes, change["new"], strict=True):
                box.value = value

        for box in boxes:
            box.observe(drawn, names="value")
        row.observe(put_back, names="value")
        name = widgets.Label(label, layout=widgets.Layout(width="13em"))
        return row, widgets.HBox([name, *boxes], layout=widgets.Layout(flex_flow="row wrap")), _nothing

    return Control(label, values, f"each from {_plain(low)} to {_plain(high)}", make)
