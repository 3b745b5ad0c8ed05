"""The lab by hand: `Lab.widget()`. Core widgets, and the pad where custom widgets run."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np
import tensorflow as tf

from gan_helpers import data, live, losses, plotting
from gan_helpers.lab import _engine, _metrics, _settings
from gan_helpers.lab._pad import MOST, AnyWidget, Pad, points_input
from gan_helpers.lab._panel import Panel
from gan_helpers.live._controls import FITS, _look
from gan_helpers.training import TrainingDiverged

SHOWN = 250         # points of each kind
ARROWS = 80         # fakes with an arrow
SPEEDS = {"1 step a picture": 1, "10 steps": 10, "50 steps": 50, "100 steps": 100, "300 steps": 300,
          "slow motion: one update": 0}
TICK, SLOW = 50, 1500       # milliseconds between two pictures at least; in slow motion
VIEWS = {"real": "real points", "fakes": "fake points", "heat": "D's probability, as colour",
         "contour": "where D says 1/2", "warped": "z's grid, bent by G", "pull": "where G's loss pulls (arrows)",
         "losses": "losses", "gradients": "lengths of the gradients"}
DRAWN = "drawn by you"
RATES = "g_lr", "d_lr"      # on log sliders, whose left end stands for 0: a player who rests
NOW = 100           # where the slider of the past stands while nobody looks back


def z_grid(noise: str, z_dim: int) -> list:
    """Lines `(k, z_dim)` of a grid in the first two dimensions of z; in one dimension, the line itself."""
    edge = 1 if noise == "uniform" else 2.5
    along, across = np.linspace(-edge, edge, 25), np.linspace(-edge, edge, 11)
    if z_dim == 1:
        return [np.linspace(-edge, edge, 200, dtype=np.float32)[:, None]]
    lines = []
    for i in (0, 1):
        for place in across:
            line = np.zeros((len(along), z_dim), np.float32)
            line[:, i], line[:, 1 - i] = along, place
            lines.append(line)
    return lines


class LabPanel(Panel):
    """The widget of a `Lab`."""

    def __init__(self, lab):
        super().__init__(self._advance, TICK)
        self.lab, self._back = lab, None            # the step that is looked back at
        self._measured, self._data = {}, None       # by metric and G's weights; against which real points
        self._asked = None, None                    # in slow motion, who has looked, and at which state
        self._known = set()                         # structures that are compiled
        self._build_controls()
        self.figure = live.Figure(
            self._picture, figsize=(9.2, 4.4), values={"frame": 0},
            alt="On the left the plane with real and fake points and what D says of each place; on the right "
                "curves over the steps: losses, gradients, and a metric")
        self.box = widgets.VBox([self.figure.widget, self._message, self._past, *self._rows, self._tabs])

    # What is drawn

    def _picture(self, fig):
        show = plotting.lab_view(fig)

        def update(frame):
            self._follow()
            parts, text = self._parts()
            show(**parts)
            return text

        return update

    def _shown_record(self):
        """The state that is shown, and the records up to it."""
        if self._back is not None and self._back < self.lab.records[0].step:
            self._back = None       # a cell has restored a later state, whose past isn't known
        records = [record for record in self.lab.records if self._back is None or record.step <= self._back]
        return self.lab.state_at(self._back), records

    def _parts(self):
        lab, on = self.lab, {name: box.value for name, box in self._views.items()}
        settings, structure = lab.settings, lab.structure
        state, records = self._shown_record()
        lines = z_grid(settings["noise"], settings["z_dim"])
        z = data.noise(SHOWN, settings["z_dim"], settings["noise"], seed=0)
        x_real = lab.real(SHOWN)
        seen = _engine.viewer(structure)(state.g, state.d, state.u, tf.constant(z),
                                         tf.constant(np.concatenate(lines)), tf.constant(x_real),
                                         tf.constant(plotting.plane_grid()))
        seen = {name: np.asarray(value) for name, value in seen.items()}
        metric = self._metric_curve(records)
        parts = {
            "real_points": x_real if on["real"] else None,
            "fake_points": seen["fakes"] if on["fakes"] else None,
            "logits": seen["grid"] if on["heat"] else None,
            "boundary": seen["grid"] if on["contour"] else None,
            "lines": np.split(seen["warped"], np.cumsum([len(line) for line in lines])[:-1]) if on["warped"] else None,
            "pulls": (seen["fakes"][:ARROWS], seen["pull"][:ARROWS]) if on["pull"] else None,
            "history": lab.history_of(records), "show_losses": on["losses"], "show_gradients": on["gradients"],
            "metric": metric, "log_loss": settings["loss"] in _engine.LOG_LOSSES,
        }
        real, fake = (float(np.mean(1 / (1 + np.exp(-np.clip(seen[name], -60, 60))))) for name in ("real", "fake"))
        g, d = np.asarray(state.updates)
        text = f"Step {int(state.step):,}"
        if not g == d == state.step:
            text += f" (updates: D {d:,}, G {g:,})"
        text += f". D says real with {real:.2f} to real, with {fake:.2f} to fake points"
        if metric is not None:
            name, steps, values, floor = metric
            at = "" if steps[-1] == state.step else f" (step {steps[-1]:,})"
            text += f". {name} {values[-1]:.2f}{at}, real against real {floor:.2f}"
        if self._back is not None:
            text = f"Looking back. {text}. Play goes on from here"
        return parts, text

    def _metric_curve(self, records):
        name, source = self._metric.value, self.lab.settings["data"]
        if name == "none":
            return None
        if name in ("modes", "quality") and isinstance(source, np.ndarray):
            name = "js"         # drawn points have no modes to count
        if not np.array_equal(source, self._data):
            self._measured, self._data = {}, source
        kept = {record.state.g.ref(): record.step for record in self.lab.records}
        known = {g: value for g, value in self._measured.get(name, {}).items() if g in kept}
        # Of a lab that comes trained, or a metric that is chosen late, a dozen moments: each takes some milliseconds.
        for record in records[-1:] if known else [*records[::len(records) // 12 + 1], records[-1]]:
            g = record.state.g.ref()
            if g not in known:
                known[g] = self.lab.metrics(record.step, [name])[name]
        self._measured[name] = known
        shown = sorted((kept[g], value) for g, value in known.items() if kept[g] <= records[-1].step)
        steps, values = map(np.array, zip(*shown, strict=True))
        return name, steps, values, self.lab.floor()[name]

    def redraw(self):
        super().redraw()
        if self._back is None:
            self._set(self._past, value=NOW)

    # What is pressed

    def _failed(self, error):
        if isinstance(error, TrainingDiverged):
            return super()._failed(error)
        self._say(str(error), "alert")

    def _come_back(self):
        """Training goes on from the record that is looked at."""
        self._shown_record()        # forgets a moment that is gone
        if self._back is not None:
            self.lab.rewind(self._back)
            self._back = None

    def _advance(self):
        self._come_back()
        steps = SPEEDS[self._speed.value]
        if self.lab.structure not in self._known:
            self._say("Compiling the training loop for these settings: some seconds.")
            self._known.add(self.lab.structure)
        if steps:
            self.lab.run(steps)
            self._say()
        else:
            self._slow()

    def _slow(self):
        """Slow motion: the next of the sub-steps of one step, with a caption."""
        state, d, g = self.lab.state, *(self.lab.settings[name] for name in ("d_steps", "g_steps"))
        done = int(state.phase) if state.phase < d + g else 0       # fewer updates a step than are done: a new step
        player = "D" if done < d else "G"
        asks = done == (0 if player == "D" else d) and not (self._asked[0] is state and self._asked[1] == player)
        number = done + 1 + (player == "G" and d > 0) + (not asks)
        if asks:
            self._asked = state, player
        else:
            player = self.lab.update()
        caption = {
            ("D", True): "D looks at a batch of real points and a batch of fakes. The colour of each place is what it "
                         "says: blue for real, orange for fake.",
            ("D", False): "D has moved its weights down the slope of its loss: the colours shift a little.",
            ("G", True): "G asks D: the arrows show where its loss pulls each fake. Short arrows: G learns little.",
            ("G", False): "G has moved its weights: the fakes follow the arrows, as far as one small step goes.",
        }[player, asks]
        self._set(self._views["pull"], value=player == "G")
        self._say(f"{number} of {d + g + (d > 0) + (g > 0)}. {caption}")

    def _on_reset(self):
        self.pause()
        self._back = None
        self.lab.reset()
        self._say("Untrained again, with the same settings and the same seed.")

    def _on_seed(self):
        self.lab.set(seed=self.lab.settings["seed"] + 1)
        self._back = None
        self._say(f"Seed {self.lab.settings['seed']}: other first weights, other draws. The settings stay.")

    def _on_past(self, change):
        if self._busy:
            return
        self.pause()
        records = self.lab.records
        self._back = None if change["new"] == NOW else records[round(change["new"] / NOW * (len(records) - 1))].step
        self.redraw()

    def _on_setting(self, name, value):
        before = self.lab.steps

        def change():
            self.lab.set(**{name: value})
            if self.lab.steps < before:
                self._back = None
                self._say("Other networks: they start untrained. All settings stay.")
            if value == 0 and name in RATES:
                self._say(f"{name[0].upper()} rests: its learning rate is 0.")

        self._do(change, trains=False)

    def _on_control(self, name, value):
        """What a control shows, as a setting."""
        if name in RATES and value <= 1.01 * 10**self._settings[name].min:
            value = 0.0
        if name == "gradient_penalty" and value == _settings.own_penalty(self.lab.settings["loss"]):
            value = None        # so that another loss takes its own
        self._on_setting(name, value)

    def _follow(self):
        """Let each control show the setting in use, whoever made it; a slider that is too short for it grows."""
        now = self.lab.settings
        if now["gradient_penalty"] is None:
            now["gradient_penalty"] = _settings.own_penalty(now["loss"])
        if isinstance(now["data"], np.ndarray):
            now["data"] = DRAWN
        for name, box in self._settings.items():
            value = now[name]
            if name in RATES:
                if 0 < value <= 10**box.min:
                    box.min = np.floor(np.log10(value)) - 1
                value = value or 10**box.min
                box.max = max(box.max, np.log10(value))
            elif box.has_trait("max"):
                box.min, box.max = min(box.min, value), max(box.max, value)
            self._set(box, value=value)

    def _on_data(self, change):
        if self._busy:
            return
        if change["new"] != DRAWN:
            return self._on_setting("data", change["new"])
        points = self._pad.array()
        if len(np.unique(points, axis=0)) < 2:
            self._tabs.selected_index = 0
            return self._say("Draw two points or more on the pad under Data; until then the data stay as they are.")
        self._on_setting("data", points)

    def _on_points(self, change):
        points = self._pad.array()
        if self._settings["data"].value == DRAWN and len(np.unique(points, axis=0)) > 1:
            self._on_setting("data", points)
        elif len(points) > 1:
            self._set(self._settings["data"], value=DRAWN)
            self._on_setting("data", points)

    # What there is to press

    def _build_controls(self):
        buttons = self._buttons(
            ("Step", "D learns, then G, as often as set", lambda: (self._come_back(), self.lab.step())),
            ("D only", "One update of D", lambda: (self._come_back(), self.lab.step("D"))),
            ("G only", "One update of G", lambda: (self._come_back(), self.lab.step("G"))),
            ("Reset", "Untrained again; settings and seed stay", self._on_reset),
            ("New seed", "Start anew with other random numbers", self._on_seed))
        self._speed = widgets.Dropdown(options=list(SPEEDS), value="100 steps", description="Speed",
                                       layout=widgets.Layout(width="20em", max_width=FITS))
        self._speed.observe(lambda change: setattr(self._player, "interval", TICK if SPEEDS[change["new"]] else SLOW),
                            names="value")
        wrap = widgets.Layout(flex_flow="row wrap")
        self._rows = [widgets.HBox([*buttons, self._speed], layout=wrap)]
        # Not the number of records: after a change of its range, the End key still goes to the old one's end.
        self._past = widgets.IntSlider(value=NOW, min=0, max=NOW, **_look("Rewind, % of the past", "56em"))
        self._past.observe(self._on_past, names="value")
        self._build_settings()
        self._views = {name: widgets.Checkbox(value=name not in ("warped",), indent=False, description=label,
                                              layout=widgets.Layout(width="20em")) for name, label in VIEWS.items()}
        self._metric = widgets.Dropdown(options=["none", *_metrics.NAMES], value="quality", **_look("Metric"))
        for box in (*self._views.values(), self._metric):
            box.observe(lambda change: None if self._busy else self.redraw(), names="value")
        pages = {
            "Data": [widgets.HBox([widgets.VBox(self._named("data", "noise", "z_dim", "batch_size")), self._pad],
                                  layout=wrap)],
            "Networks": [self._group("layers", "units")],
            "Learning": [self._group("g_lr", "d_lr", "d_steps", "g_steps", "loss", "optimizer", "beta_1", "momentum")],
            "Regularisers": [self._group("label_smoothing", "instance_noise", "r1", "gradient_penalty", "clip",
                                         "spectral_norm")],
            "View": [widgets.HBox(list(self._views.values()), layout=wrap), self._metric],
        }
        self._tabs = widgets.Tab([widgets.VBox(page) for page in pages.values()])
        for i, title in enumerate(pages):
            self._tabs.set_title(i, title)

    def _named(self, *names):
        return [self._settings[name] for name in names]

    def _group(self, *names):
        return widgets.HBox(self._named(*names), layout=widgets.Layout(flex_flow="row wrap"))

    def _build_settings(self):
        source = self.lab.settings["data"]
        # Of more points than the pad takes, a part; the lab keeps all of them until the learner draws.
        points = source[::-(-len(source) // MOST)].tolist() if isinstance(source, np.ndarray) else ()
        self._pad = points_input(points) if AnyWidget is None else Pad(points, size=300)
        self._pad.observe(self._on_points, names="points")

        def whole(label, low, high, step=1, **how):
            return widgets.IntSlider(value=low, min=low, max=high, step=step, **_look(label, "30em"), **how)

        def number(label, high, step, readout=".2f"):
            return widgets.FloatSlider(value=0, min=0, max=high, step=step, readout_format=readout,
                                       **_look(label, "30em"))

        def rate(label):
            # The step is so fine that the readout of 0.0015, which the browser rounds to a step, isn't 0.0016.
            return widgets.FloatLogSlider(min=-5, max=1, step=0.02, readout_format=".2g",
                                          **_look(f"{label} (left: 0)", "30em"))

        def named(label, options):
            return widgets.Dropdown(options=options, **_look(label, "30em"))

        self._settings = {
            "data": named("Real points", [*data.POINT_SETS, DRAWN]),
            "noise": named("Noise z", data.NOISE_PRIORS),
            # Each value of these four is compiled: not while a learner is still dragging.
            "z_dim": whole("Dimension of z", 1, 16, continuous_update=False),
            "batch_size": whole("Batch size", 10, 500, 10, continuous_update=False),
            "layers": whole("Hidden layers", 0, 5, continuous_update=False),
            "units": whole("Units in each", 1, 128, continuous_update=False),
            "g_lr": rate("G's learning rate"), "d_lr": rate("D's learning rate"),
            "d_steps": whole("D's updates a step", 0, 10),
            "g_steps": whole("G's updates a step", 0, 10),
            "loss": named("Loss", list(losses.TABLE)),
            "optimizer": named("Optimizer", _settings.OPTIMIZERS),
            "beta_1": number("Adam's β₁", 0.99, 0.01),
            "momentum": number("Momentum", 0.99, 0.01),
            "label_smoothing": number("Label smoothing", 0.5, 0.05),
            "instance_noise": number("Instance noise", 1, 0.05),
            "r1": number("R1, γ", 2, 0.01),
            "gradient_penalty": number("Gradient penalty", 20, 0.5, ".1f"),
            "clip": number("Clip D's weights at", 1, 0.01),
            "spectral_norm": widgets.Checkbox(description="Spectral norm of D"),
        }
        for name, box in self._settings.items():
            if name == "data":
                box.observe(self._on_data, names="value")
            else:
                box.observe(lambda change, name=name: None if self._busy else self._on_control(name, change["new"]),
                            names="value")
