"""`Lab`: one or many GANs on 2-D points, with a past to go back to."""

from __future__ import annotations

import copy
import functools
import json
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_helpers import data
from gan_helpers.data import _count
from gan_helpers.lab import _engine, _metrics, _settings
from gan_helpers.training import TrainingDiverged

SAMPLES = 500           # points that the metrics compare, real and fake
RECORDS = 200           # kept at most; then every two become one
_FRESH = 2_000          # seeds of what is drawn to be measured: apart from those of training and of the floor


@dataclass(frozen=True)
class Record:
    """A moment of the training: its step, means of `STATISTICS` (6, r) since the record before, and the state."""

    step: int
    statistics: np.ndarray
    state: _engine.State


def _in_turn(method):
    """The method, for one thread at a time: newer notebooks run a widget's callback beside a cell."""
    @functools.wraps(method)
    def alone(self, *arguments, **named):
        with self._lock:
            return method(self, *arguments, **named)

    return alone


class Lab:
    """Generators and discriminators on 2-D points: perceptrons, TF-GAN's losses, trained in a compiled loop.

    Parameters
    ----------
    data : a name of `data.POINT_SETS`, or the learner's points `(n, 2)` in [-1.2, 1.2], n of 2 or more.
    noise, z_dim : "normal", or "uniform" on [-1, 1]; its dimension, 1 to 64.
    layers, units : hidden layers, 0 to 5, and units (ReLU) in each, 1 to 128; `d_layers`, `d_units`: D's own, or None.
    batch_size : 1 to 2000, drawn with replacement.
    loss : a name of `losses.TABLE`.
    optimizer : "adam" (with `beta_1`, `beta_2`), "sgd", "momentum" (with `momentum`) or "rmsprop", as in Keras.
    g_lr, d_lr : learning rates, 0 or more.
    d_steps, g_steps : updates of D and then of G in one step, 0 to 10, not both 0.
    label_smoothing : s, the label of real samples is 1 - s (Salimans et al. 2016, arXiv:1606.03498); log losses only.
    instance_noise : standard deviation of the noise added to each point, real or fake, whose logit a loss takes
        (Sønderby et al. 2017, arXiv:1610.04490); the two penalties below look at points without it.
    clip : D's weights are cut off at this absolute value (Arjovsky et al. 2017); 0 for no clipping.
    gradient_penalty : weight of E[(|∇D(x)| - 1)²] between real and fake points x (Gulrajani et al. 2017); None takes
        the loss' own.
    r1 : γ of γ/2 E[|∇D(x)|²] at real points x (Mescheder et al. 2018, arXiv:1801.04406).
    spectral_norm : whether each of D's layers is divided by its largest singular value (Miyato et al. 2018).
    seed : of weights and of all that is drawn. Same seed, same settings: same result, with pauses or without.

    The defaults find all eight modes of the ring with nearly every seed; R1 is what makes them steady.

    `data` (names), `seed` and every continuous setting may be a list: one run for each value, trained together.
    Arrays then have the runs in their first axis, or second after the records. A list of one value is that value.

    Raises `ValueError` for anything else, and says what is accepted.
    """

    def __init__(self, data="ring8", **settings):
        self._lock = threading.RLock()
        self._settings = _settings.checked({"data": data, **settings})
        self.reset()

    @property
    def settings(self) -> dict:
        """A copy of all settings."""
        return copy.deepcopy(self._settings)

    @property
    def runs(self) -> int:
        return _settings.runs(self._settings)

    @property
    def steps(self) -> int:
        """Steps trained so far: in each, D learns `d_steps` times and then G `g_steps` times."""
        return int(self._state.step)

    @property
    def updates(self) -> dict:
        """How many updates each player has had: `{"G": ..., "D": ...}`."""
        return dict(zip("GD", np.asarray(self._state.updates).tolist(), strict=True))

    @property
    def structure(self) -> _engine.Structure:
        return _settings.structure(self._settings)

    @_in_turn
    def set(self, **changes):
        """Change settings in the middle of the training. Other networks, or another seed, start anew.

        All or nothing: after a `ValueError` the settings are as before.
        """
        after = _settings.checked({**self._settings, **changes})
        before, self._settings = self._settings, after
        other = {name for name in after if not np.array_equal(before[name], after[name])}
        if other & set(_settings.NETWORKS) or _settings.runs(before) != self.runs:
            return self.reset()
        if "optimizer" in other:        # also where it may go back to
            self._state = _engine.with_new_moments(self._state)
            self._records = [replace(record, state=_engine.with_new_moments(record.state)) for record in self._records]
        if "data" in other:
            self._forget_data()
        self._block = None

    @_in_turn
    def reset(self):
        """Untrained again, with the present settings."""
        self._state = _engine.initial(self.structure, _settings.each(self._settings, "seed"))
        self._records, self._every = [], 50
        self._forget()
        self._forget_data()
        self._remember(np.full((len(_engine.STATISTICS), self.runs), np.nan, np.float32))

    def _forget(self):
        """What is known of the state alone."""
        self._sums, self._since, self._block = 0.0, np.array(self._state.updates), None

    def _forget_data(self):
        self._block, self._own_floor = None, None
        pools = [_settings.draw(source, _settings.POOL, _settings.POOL_SEED) for source in self._sources()]
        self._pool = tf.constant(np.stack(pools))

    def _sources(self):
        source = self._settings["data"]
        return source if isinstance(source, list) else [source] * self.runs

    @_in_turn
    def run(self, steps: int = 1):
        """Train so many steps, and keep a record every 50 (every 100 after 10,000 steps, and so on).

        Raises `training.TrainingDiverged` when a number isn't finite any more, after going back to the last good
        record. Among many runs, one that diverges stands still where it was, and the others go on.
        """
        goal = self.steps + _count(steps, "steps")
        while self.steps < goal and (self.diverged < 0).any():
            self._train(min(goal, self._next_record()))
        if self.runs > 1:
            self._block = None          # 100 MB for fifty runs; if they go on, it is drawn again as it was
        self._judge()

    @_in_turn
    def update(self) -> str:
        """One update of the player whose turn it is: "D" or "G", which is returned."""
        before = self.updates
        self._train(self._next_record(), just_one=True)
        self._judge()
        return next(player for player, count in self.updates.items() if count > before[player])

    @_in_turn
    def step(self, player: str | None = None):
        """One step; or, as a step of its own, one update of player "D" or "G" alone."""
        if player is None:
            return self.run(1)
        data._one_of(player, ("D", "G"), "player")
        self._train(self.steps + 1, d_steps=int(player == "D"), g_steps=int(player == "G"))
        self._judge()

    def _next_record(self):
        return (self.steps // self._every + 1) * self._every

    def _train(self, stop, d_steps=None, g_steps=None, just_one=False):
        """Train to the step `stop`, at most the next record's, and keep that record."""
        structure = self.structure
        d_steps = self._settings["d_steps"] if d_steps is None else d_steps
        g_steps = self._settings["g_steps"] if g_steps is None else g_steps
        knobs = {name: tf.constant(value) for name, value in _settings.knobs(self._settings).items()}
        if int(self._state.phase) >= d_steps + g_steps:         # the settings changed in the middle of a step
            self._state = self._state._replace(phase=tf.constant(0))
        while self._state.step < stop:
            number, place = divmod(int(tf.reduce_sum(self._state.updates)), structure.block)
            end = place + 1 if just_one else structure.block
            self._state, sums = _engine.trainer(structure)(
                self._state, knobs, self._drawn(structure, number),
                *(tf.constant(number) for number in (place, end, d_steps, g_steps, stop)))
            self._sums = self._sums + sums
            if just_one:
                break
        if self.steps % self._every == 0 and self._records[-1].step < self.steps and (self.diverged < 0).any():
            self._record()

    def _drawn(self, structure, number):
        if self._block is None or self._block[0] != number:
            seeds = tf.constant(_settings.each(self._settings, "seed"), tf.int32)
            self._block = number, _engine.drawer(structure)(self._pool, seeds, tf.constant(number))
        return self._block[1]

    def _record(self):
        updates = np.array(self._state.updates)
        g, d = updates - self._since
        counts = np.array([[d]] * 4 + [[g]] * 2)
        with np.errstate(invalid="ignore"):             # a player that didn't move has no mean
            self._remember(np.asarray(self._sums, np.float32) / np.where(counts > 0, counts, np.nan))
        self._sums, self._since = 0.0, updates

    def _remember(self, statistics):
        self._records.append(Record(self.steps, statistics, self._state))
        if len(self._records) > RECORDS:
            first, *rest = self._records                # the untrained state stays
            pairs = zip(rest[::2], rest[1::2], strict=False)
            self._records = [first] + [Record(b.step, (a.statistics + b.statistics) / 2, b.state) for a, b in pairs]
            self._every *= 2

    @property
    def diverged(self) -> np.ndarray:
        """`(r,)`: the update of G or D at which each run stopped being finite, or -1."""
        return np.array(self._state.bad)

    def _judge(self):
        """Go back and raise if no run is finite any more."""
        bad = self.diverged
        if (bad < 0).any():
            return
        good = next(record for record in reversed(self._records) if (np.array(record.state.bad) < 0).any())
        self.rewind(good.step)
        raise TrainingDiverged(
            f"Update {bad.max() + 1} gave weights that aren't finite numbers (g_lr {self._settings['g_lr']}, d_lr "
            f"{self._settings['d_lr']}). The lab has gone back to step {good.step}, the last good record. Lower the "
            "learning rates, or change the loss or the optimizer, before you go on.")

    @property
    def history(self) -> dict:
        """name -> `(records,)`, or `(records, r)` of many runs. "step", and `_engine.STATISTICS`.

        Each number is a mean over the steps since the record before: losses, norms of the gradients with respect
        to the weights, D's mean probability of "real" for real and for fake points.
        """
        return self.history_of(self._records)

    @property
    def state(self) -> _engine.State:
        return self._state

    @property
    def records(self) -> tuple[Record, ...]:
        """The moments that are kept, the untrained one first."""
        return tuple(self._records)

    def history_of(self, records) -> dict:
        """`history` of some of the records."""
        values = np.stack([record.statistics for record in records])
        columns = {name: values[:, i] for i, name in enumerate(_engine.STATISTICS)}
        steps = np.array([record.step for record in records])
        return {"step": steps} | {name: v[:, 0] if self.runs == 1 else v for name, v in columns.items()}

    @_in_turn
    def rewind(self, step: int):
        """Back to the last record at or before this step; what came after it is dropped. Returns that record's step.

        Training on from there, with the same settings, gives what it gave the first time.
        """
        self._records = self._until(step)
        self._state = self._records[-1].state
        self._forget()
        return self.steps

    def _until(self, step):
        kept = [record for record in self._records if record.step <= step]
        if not kept:
            raise ValueError(f"step must be {self._records[0].step} or more, got {step!r}.")
        return kept

    def state_at(self, step: int | None = None) -> _engine.State:
        """The state of the last record at or before `step`; None: the present one."""
        return self._state if step is None else self._until(step)[-1].state

    def generate(self, n: int = SAMPLES, seed: int = 0, step: int | None = None) -> np.ndarray:
        """n fake points `(n, 2)` float32, or `(r, n, 2)` of many runs, from the same z in all of them."""
        z = data.noise(_count(n, "n"), self._settings["z_dim"], self._settings["noise"], _FRESH + seed)
        fakes = _engine.generator(self.structure)(self.state_at(step).g, tf.constant(np.stack([z] * self.runs)))
        return fakes.numpy()[0] if self.runs == 1 else fakes.numpy()

    def real(self, n: int = SAMPLES, seed: int = 0) -> np.ndarray:
        """n real points `(n, 2)` float32, not those of the training; `(r, n, 2)` of many runs."""
        real = np.stack([_settings.draw(source, n, _FRESH + seed) for source in self._sources()])
        return real[0] if self.runs == 1 else real

    def metrics(self, step: int | None = None, names=_metrics.NAMES) -> dict:
        """The seven numbers of `lab.METRICS`, or those `names`, of 500 fake and 500 real points; `(r,)` of many runs.

        Of drawn points there are no modes to count, and "modes" and "quality" are left out. They mean something
        only beside `floor()`. Fake points that aren't finite raise `ValueError`; among many runs theirs is NaN.
        """
        real, fakes = self.real(), self.generate(step=step)
        if self.runs == 1:
            return _metrics.measured(real, fakes, self._skeleton(self._settings["data"]), names)
        lost = ~np.isfinite(fakes).all((1, 2))
        fakes[lost] = 0
        found = [_metrics.measured(*points, self._skeleton(source), names)
                 for *points, source in zip(real, fakes, self._sources(), strict=True)]
        return {name: np.where(lost, np.nan, [one[name] for one in found]) for name in found[0]}

    def floor(self) -> dict:
        """What a perfect generator would score in `metrics`: real against other real points.

        Plain numbers; `(r,)` where the runs have different data.
        """
        source = self._settings["data"]
        if isinstance(source, str):
            return dict(_floor(source))
        if isinstance(source, list):
            found = [_floor(one) for one in source]
            return dict(found[0]) if len(set(source)) == 1 else {
                name: np.array([one[name] for one in found]) for name in found[0]}
        if self._own_floor is None:
            self._own_floor = _measure_floor(source)
        return dict(self._own_floor)

    def widget(self):
        """Everything by hand: play, pause, step, rewind, change, draw. Raises `ValueError` for many runs."""
        if self.runs > 1:
            raise ValueError(f"The widget shows one run, and this lab trains {self.runs} at once. Make a lab with one "
                             "value for each setting, Lab(seed=0).widget(); plotting.many_planes shows many runs.")
        from gan_helpers.lab._widget import LabPanel

        return LabPanel(self)

    @staticmethod
    def _skeleton(source):
        return data.skeleton(source) if isinstance(source, str) else None

    @_in_turn
    def save(self, path):
        """Settings and present state, as one .npz file; a file that is there is replaced as a whole."""
        path = Path(path)
        arrays = {f"state_{i}": part.numpy() for i, part in enumerate(tf.nest.flatten(self._state))}
        settings = {name: value.tolist() if isinstance(value, np.ndarray) else value
                    for name, value in self._settings.items()}
        unfinished = path.with_name(path.name + ".part")
        with open(unfinished, "wb") as file:
            np.savez(file, settings=np.array(json.dumps(settings)), **arrays)
        unfinished.replace(path)

    @classmethod
    def load(cls, path) -> Lab:
        """The lab that was saved there, with its settings. Raises `ValueError` for another kind of file."""
        settings, _ = _read(path)
        lab = cls(**settings)
        lab.restore(path)
        return lab

    @_in_turn
    def restore(self, path):
        """Put a saved state into this lab. Raises `ValueError` where its networks or runs are others."""
        settings, parts = _read(path)
        theirs, ours = _settings.structure(settings), self.structure
        networks = ("runs", "z_dim", "g_units", "d_units")
        other = [f"{name} {getattr(theirs, name)} instead of {getattr(ours, name)}" for name in networks
                 if getattr(theirs, name) != getattr(ours, name)]
        if other:
            raise ValueError(f"{Path(path).name} is of a lab with other settings: {'; '.join(other)}. Use Lab.load, "
                             "which takes the settings from the file.")
        found = [f"{part.dtype} {part.shape}" for part in parts]
        expected = [f"{part.dtype.name} {tuple(part.shape)}" for part in tf.nest.flatten(self._state)]
        if found != expected:
            raise ValueError(f"{Path(path).name} can't be read as a saved lab: its settings call for "
                             f"{', '.join(expected)}, and it has {', '.join(found)}. Give a file that Lab.save wrote.")
        self._state = tf.nest.pack_sequence_as(self._state, [tf.constant(part) for part in parts])
        if settings["optimizer"] != self._settings["optimizer"]:
            self._state = _engine.with_new_moments(self._state)
        self._records = []
        self._forget()
        self._remember(np.full((len(_engine.STATISTICS), self.runs), np.nan, np.float32))

    def __repr__(self):
        changed = {name: value for name, value in self._settings.items()
                   if not np.array_equal(value, _settings.DEFAULTS[name])}
        said = ", ".join(f"{name}={value!r}" if not isinstance(value, np.ndarray) else f"{name}={len(value)} points"
                         for name, value in changed.items())
        return f"Lab({said}) after {self.steps:,} steps"


def _read(path):
    """The settings and the parts of the state in a saved file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            settings = json.loads(str(file["settings"]))
            parts = [file[f"state_{i}"] for i in range(len(file.files) - 1)]
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{Path(path).name} can't be read as a saved lab: {error}. Give a file that Lab.save "
                         "wrote.") from error
    return _settings.checked(settings), parts


@functools.cache
def _floor(name):
    return _measure_floor(name)


def _measure_floor(source):
    return _metrics.floor(lambda n, seed: _settings.draw(source, n, seed), SAMPLES, Lab._skeleton(source))
