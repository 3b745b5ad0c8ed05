"""`ImageLab`: a `GAN` on images that trains while you watch it, pause it and steer it."""

from __future__ import annotations

import math
import tempfile
import threading
import time
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from gan_helpers import evaluation, live, plotting
from gan_helpers.data import _count, check_images
from gan_helpers.lab._lab import _in_turn
from gan_helpers.lab._panel import Panel
from gan_helpers.live._controls import _look
from gan_helpers.training import StopOnNaN, TrainingDiverged, batches_from
from gan_helpers.training._fit import is_number

SHOWN = 16              # samples of the same z
TICK = 0.1              # seconds of training between two pictures: so long may a click have to wait
LOWEST, HIGHEST = 1e-5, 1e-1    # learning rates of the sliders; the left end stands for 0: a player who rests
LOGS = ("g_loss", "d_loss", "real_logits", "fake_logits")


class ImageLab:
    """Trains a compiled `GAN` on real images `x`, `(n, h, w, c)` in [-1, 1], in short pieces, with a past to look at.

    `batch_size`, `seed`: of `training.batches_from`; the batches follow the model's own count of steps, so a pause
    changes nothing. `every`: the steps of one record, 1 or more. With a `classifier` and held-out images `x_test`,
    every `measure_every`-th record also has the classifier score and the Fréchet distance of as many samples. Its
    beginning is kept (`keep`).

    `history`: a dict of lists, an entry for each record: "step", the means of both losses and of D's logits since the
    record before or, after it, the last `go_back`, and both learning rates. `quality`: likewise "step", "score" (as a
    share of that of `x_test`) and "frechet" (in floors: training images against `x_test` is 1). `grids`: samples of
    the same z at each record.

    Raises `ValueError` for images that the networks don't take, and for half of what measuring needs.
    """

    def __init__(self, gan, x, *, batch_size=64, seed=0, every=25, classifier=None, x_test=None, measure_every=4):
        self._lock, self._diverged = threading.RLock(), False
        x = check_images(x).astype(np.float32, copy=False)
        if not getattr(gan, "compiled", False):
            raise ValueError("Compile the GAN first: gan.compile(); it holds the learning rates.")
        if x.shape[1:] != tuple(gan.discriminator.input_shape[1:]):
            raise ValueError(f"The discriminator takes images {tuple(gan.discriminator.input_shape[1:])}, got images "
                             f"{x.shape[1:]}.")
        if (classifier is None) != (x_test is None):
            raise ValueError("To measure, give both: classifier=evaluation.train_classifier(...) and x_test=....")
        self.gan, self.x, self.batch_size, self.seed = gan, x, batch_size, seed
        self.every, self.measure_every = _count(every, "every"), _count(measure_every, "measure_every")
        self.classifier, self.x_test = classifier, x_test
        batches_from(x, batch_size, seed, gan.steps)    # complains now, not at the first step
        self._iterator, self._z, self._begun = None, gan.sample_noise(SHOWN, seed=seed), gan.steps
        self._folder = tempfile.TemporaryDirectory(prefix="gan-")
        if classifier is not None:
            n = min(len(x), len(x_test))
            self._real_score = evaluation.classifier_score(classifier, x_test)
            self._floor = evaluation.frechet_distance(classifier, x[:n], x_test)
        self.history = {name: [] for name in ("step", *LOGS, "g_lr", "d_lr")}
        self.quality = {name: [] for name in ("step", "score", "frechet")}
        self.grids = [np.asarray(self.gan(self._z))]
        self._measure()
        self.keep()

    @property
    def rates(self) -> dict:
        """Both learning rates now, `{"g_lr": ..., "d_lr": ...}`."""
        return {f"{player}_lr": float(np.asarray(optimizer.learning_rate))
                for player, optimizer in (("g", self.gan.g_optimizer), ("d", self.gan.d_optimizer))}

    @_in_turn
    def set(self, *, g_lr=None, d_lr=None):
        """Other learning rates, 0 or more, from the next step on; nothing is compiled anew."""
        for name, value in (("g_lr", g_lr), ("d_lr", d_lr)):
            if value is not None and not (is_number(value) and value >= 0):
                raise ValueError(f"{name} must be a number of 0 or more, got {value!r}.")
        for value, optimizer in ((g_lr, self.gan.g_optimizer), (d_lr, self.gan.d_optimizer)):
            if value is not None:
                optimizer.learning_rate = float(value)

    @_in_turn
    def run(self, steps: int) -> ImageLab:
        """Train for `steps`. A loss that isn't finite raises `TrainingDiverged`; that step isn't made.

        The steps before it may have spoiled the weights already, without being infinite: `go_back` is then the way out.
        """
        for _ in range(_count(steps, "steps")):
            self._step()
        return self

    @_in_turn
    def run_for(self, seconds: float) -> ImageLab:
        """Train whole steps until `seconds` have passed, one at least."""
        end = time.monotonic() + seconds
        self._step()
        while time.monotonic() < end:
            self._step()
        return self

    def _step(self):
        gan = self.gan
        if self._iterator is None:
            self._iterator = iter(batches_from(self.x, self.batch_size, self.seed, gan.steps))
            if gan.steps_per_execution != 1:    # `train_on_batch` is for one
                gan.steps_per_execution = 1
                gan.make_train_function(force=True)
            for metric in gan.metrics:
                metric.reset_state()
            gan.first_bad_step.assign([-1, -1])
        logs = gan.train_on_batch(next(self._iterator), return_dict=True)
        guard = StopOnNaN()
        guard.set_model(gan)
        try:
            guard.on_train_batch_end(0)
        except TrainingDiverged:
            self._iterator, self._diverged = None, True
            raise
        if gan.steps % self.every == 0:
            self._record(logs)

    def _record(self, logs):
        self._diverged = False
        for name, value in {"step": self.gan.steps, **logs, **self.rates}.items():
            self.history[name].append(float(value) if name != "step" else value)
        self.grids.append(np.asarray(self.gan(self._z)))
        for metric in self.gan.metrics:
            metric.reset_state()
        if len(self.history["step"]) % self.measure_every == 0:
            self._measure()

    def _measure(self):
        if self.classifier is None:
            return
        n = min(len(self.x), len(self.x_test))
        x_fake = self.gan.generate(n, seed=self.seed)
        self.quality["step"].append(self.gan.steps)
        self.quality["score"].append(evaluation.classifier_score(self.classifier, x_fake) / self._real_score)
        self.quality["frechet"].append(
            evaluation.frechet_distance(self.classifier, x_fake, self.x_test) / self._floor)

    @_in_turn
    def keep(self):
        """Keep this moment, the step `kept`: weights, average, optimizers, random streams; `go_back` returns to it.

        Raises `ValueError` right after a divergence, so that it doesn't take the place of a good moment.
        """
        if self._diverged:
            raise ValueError(f"The training has just diverged, and its weights may be spoiled: not kept. go_back() "
                             f"returns to step {self.kept:,}, or train on with lower learning rates.")
        self.gan.save_weights(Path(self._folder.name) / "kept.weights.h5")
        self.kept = self.gan.steps

    @_in_turn
    def go_back(self):
        """Back to the moment that was kept, and to its learning rates; what came after is forgotten.

        Trained on from there, undisturbed, it takes the same way.
        """
        self.gan.load_weights(Path(self._folder.name) / "kept.weights.h5")
        self._iterator, self._diverged = None, False
        for rows in (self.history, self.quality):
            left = sum(step <= self.kept for step in rows["step"])
            rows.update({name: values[:left] for name, values in rows.items()})
        self.grids = self.grids[:len(self.history["step"]) + 1]

    @_in_turn
    def shown(self, record: int | None = None) -> dict:
        """What `plotting.training_view` takes to show a record, 0 to the number of records; by default the last."""
        return self._past()(len(self.history["step"]) if record is None else record)

    def _past(self):
        """`shown(record)` of the records so far, whatever comes later."""
        history, quality = ({name: list(values) for name, values in rows.items()}
                            for rows in (self.history, self.quality))
        grids, steps = list(self.grids), [self._begun, *history["step"]]

        def shown(record):
            known = sum(at <= steps[record] for at in quality["step"])
            return {"x": grids[record], "history": {name: values[:record] for name, values in history.items()},
                    "quality": {name: values[:known] for name, values in quality.items()}}

        return shown

    @_in_turn
    def replay(self) -> live.Figure:
        """A live figure with a slider over the records so far: the same picture as while it trained."""
        last = len(self.history["step"])
        if not last:
            raise ValueError(f"There is nothing to replay yet: run({self.every}) makes the first record.")
        return live.explore(self._picture(self._past()), figsize=SIZE, alt=ALT,
                            record=live.play("record", last + 1, 400, last))

    def widget(self) -> ImagePanel:
        """Play, pause, both learning rates, keep and go back, under the picture."""
        return ImagePanel(self)

    def _picture(self, frame_of):
        def picture(fig):
            show = plotting.training_view(fig, measured=self.classifier is not None)

            def update(record):
                frame = frame_of(record)
                show(**frame)
                return said(frame)

            return update

        return picture


SIZE = (9.6, 4.4)
ALT = ("On the left sixteen samples of the same z; on the right, over the steps, both losses, D's mean logits, and "
       "where they are measured the Fréchet distance and the score")


def said(frame) -> str:
    """One line of text for what `ImageLab.shown` gives: what is the same on every machine. The picture has the rest."""
    history = frame["history"]
    if not history["step"]:
        return "Before the first record of this training"
    return (f"Step {history['step'][-1]:,}. Learning rates: G {history['g_lr'][-1]:.2g}, D {history['d_lr'][-1]:.2g}")


class ImagePanel(Panel):
    """The widget of an `ImageLab`."""

    def __init__(self, lab):
        super().__init__(lambda: lab.run_for(TICK), interval=20)
        self.lab = lab
        buttons = self._buttons(("Keep", "Remember this moment: weights, optimizers, random numbers", self._on_keep),
                                ("Go back", "To the moment that was kept", self._on_back))
        self._rates = {name: self._rate(name, label)
                       for name, label in (("g_lr", "G's learning rate"), ("d_lr", "D's learning rate"))}
        self.figure = live.Figure(lab._picture(lambda record: lab.shown()), figsize=SIZE, alt=ALT,
                                  values={"record": 0})
        self.box = widgets.VBox([self.figure.widget, self._message,
                                 widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap")),
                                 *self._rates.values()])

    def _rate(self, name, label):
        box = widgets.FloatLogSlider(min=math.log10(LOWEST), max=math.log10(HIGHEST), step=0.1, readout_format=".2g",
                                     value=self._on_track(name), **_look(label))
        box.observe(lambda change: self._busy or self._do(
            lambda: self.lab.set(**{name: 0.0 if change["new"] <= LOWEST * 1.01 else change["new"]}), trains=False),
            names="value")
        return box

    def _on_track(self, name):
        return min(max(self.lab.rates[name], LOWEST), HIGHEST)

    def _failed(self, error):
        way_out = f" Go back returns to step {self.lab.kept:,}." if isinstance(error, TrainingDiverged) else ""
        self._say(f"Paused. {error}{way_out}", "alert")

    def _on_keep(self):
        self.lab.keep()
        self._say(f"Kept: step {self.lab.gan.steps:,}. Go back returns to it, whatever you try now.")

    def _on_back(self):
        self.pause()
        self.lab.go_back()
        for name, box in self._rates.items():
            self._set(box, value=self._on_track(name))
        self._say(f"Back at step {self.lab.gan.steps:,}, with its learning rates.")
