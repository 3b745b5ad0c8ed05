"""The lab's settings: what they may be, which of them may differ from run to run, and which need new networks."""

from __future__ import annotations

import numbers

import numpy as np

from gan_helpers import data, losses
from gan_helpers.data import NOISE_PRIORS, POINT_SETS, _one_of
from gan_helpers.lab._engine import KNOBS, LOG_LOSSES, Structure
from gan_helpers.lab._pad import LIMIT

OPTIMIZERS = ("adam", "sgd", "momentum", "rmsprop")
VARYING = ("data", "seed", *KNOBS)      # a list of values makes as many runs
NETWORKS = ("z_dim", "layers", "units", "d_layers", "d_units", "seed")     # a change of these starts anew
POOL = 10_000                           # real points that batches are drawn from, with replacement
POOL_SEED = 1_000                       # `floor` of the metrics draws with seeds 0, 1, 2 ...: other points
PEN = 0.03                              # the jitter of a drawn point: a dot of a pen, not a single number

DEFAULTS = {
    "data": "ring8", "noise": "normal", "z_dim": 2, "layers": 2, "units": 16, "d_layers": None, "d_units": None,
    "batch_size": 150, "loss": "modified", "optimizer": "adam", "g_lr": 1.5e-3, "d_lr": 2e-3, "beta_1": 0.5,
    "beta_2": 0.999, "momentum": 0.9, "d_steps": 1, "g_steps": 1, "label_smoothing": 0.0, "instance_noise": 0.0,
    "clip": 0.0, "gradient_penalty": None, "r1": 0.1, "spectral_norm": False, "seed": 0,
}
_WHOLE = {"z_dim": (1, 64), "layers": (0, 5), "units": (1, 128), "d_layers": (0, 5), "d_units": (1, 128),
          "batch_size": (1, 2000), "d_steps": (0, 10), "g_steps": (0, 10), "seed": (0, 2**31 - 1)}
_NUMBER = {"g_lr": (0, 1e30), "d_lr": (0, 1e30), "beta_1": (0, 0.9999), "beta_2": (0, 0.999999),
           "momentum": (0, 0.9999), "label_smoothing": (0, 0.5), "instance_noise": (0, 10), "clip": (0, 10),
           "gradient_penalty": (0, 1000), "r1": (0, 1000)}
_NAMED = {"noise": (NOISE_PRIORS, "noise prior"), "optimizer": (OPTIMIZERS, "optimizer"),
          "loss": (tuple(losses.TABLE), "loss")}
_MAY_BE_NONE = ("d_layers", "d_units", "gradient_penalty")


def checked(settings: dict) -> dict:
    """The settings, complete and of plain types. Raises `ValueError` that says what is accepted."""
    for name in settings:
        _one_of(name, tuple(DEFAULTS), "setting")
    settings = {**DEFAULTS, **settings}
    result = {name: _several(name, value) for name, value in settings.items()}
    result = {name: value[0] if isinstance(value, list) and len(value) == 1 else value
              for name, value in result.items()}
    lengths = {name: len(value) for name, value in result.items() if isinstance(value, list)}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ValueError(f"Lists of values must be of one length, one value for each run; got {said}.")
    if result["d_steps"] == result["g_steps"] == 0:
        raise ValueError("d_steps and g_steps are both 0: nobody would learn. Set one of them to 1 or more.")
    if result["loss"] not in LOG_LOSSES and np.any(np.greater(result["label_smoothing"], 0)):
        raise ValueError(f"label_smoothing goes with a loss that has labels ({', '.join(LOG_LOSSES)}), not with "
                         f"{result['loss']!r}. Set label_smoothing to 0 or choose another loss.")
    return result


def _several(name, value):
    """A checked value, or a list of them where the runs differ."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if name == "data" and not isinstance(value, str):
        if isinstance(value, (list, tuple)) and value and all(isinstance(one, str) for one in value):
            return [_one("data", one) for one in value]
        return drawn_points(value)
    if isinstance(value, (list, tuple, range, np.ndarray)):
        if name not in VARYING:
            raise ValueError(f"{name} is the same in all runs: give one value, not {value!r}. A list may be given "
                             f"for: {', '.join(VARYING)}.")
        if not 1 <= len(value) <= 64:
            raise ValueError(f"A list of 1 to 64 values makes as many runs; {name} has {len(value)}.")
        return [_one(name, one) for one in value]
    return _one(name, value)


def _one(name, value):
    if value is None and name in _MAY_BE_NONE:
        return None
    if name == "data":
        _one_of(value, POINT_SETS, "point set")
        return value
    if name in _NAMED:
        _one_of(value, *_NAMED[name])
        return value
    if name == "spectral_norm":
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"spectral_norm is True or False, got {value!r}.")
        return bool(value)
    whole = name in _WHOLE
    low, high = (_WHOLE if whole else _NUMBER)[name]
    kind = numbers.Integral if whole else numbers.Real
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high or not np.isfinite(value):
        raise ValueError(f"{name} must be a {'whole ' * whole}number from {low} to {high}, got {value!r}.")
    return int(value) if whole else float(value)


def drawn_points(points) -> np.ndarray:
    """A copy of the learner's own points as `(n, 2)` float32, n of 2 or more, or a `ValueError`."""
    try:
        x = np.array(points, np.float32)
    except (TypeError, ValueError):
        raise ValueError(f"data must be one of {', '.join(POINT_SETS)}, or points (n, 2); got "
                         f"{type(points).__name__}.") from None
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"Drawn points must have the shape (n, 2), got {x.shape}.")
    if len(np.unique(x, axis=0)) < 2:
        raise ValueError(f"{len(x)} points are too few to learn from: draw two or more, in different places.")
    outside = ~(np.abs(x) <= LIMIT).all(1)
    if outside.any():
        raise ValueError(f"{outside.sum()} of {len(x)} points lie outside [-{LIMIT}, {LIMIT}] or aren't numbers, the "
                         f"first of them {x[outside][0].tolist()}. Leave them out or scale all of them.")
    return x


def runs(settings) -> int:
    return max([len(value) for value in settings.values() if isinstance(value, list)], default=1)


def each(settings, name) -> list:
    """A setting's value in each run."""
    value = settings[name]
    return value if isinstance(value, list) else [value] * runs(settings)


def structure(settings) -> Structure:
    g_units = (settings["units"],) * settings["layers"]
    d_layers = settings["layers"] if settings["d_layers"] is None else settings["d_layers"]
    d_units = settings["units"] if settings["d_units"] is None else settings["d_units"]
    used = {name: any(each(settings, name)) for name in ("instance_noise", "clip", "r1")}
    return Structure(runs=runs(settings), z_dim=settings["z_dim"], g_units=g_units, d_units=(d_units,) * d_layers,
                     batch_size=settings["batch_size"], noise=settings["noise"], loss=settings["loss"],
                     optimizer=settings["optimizer"], gradient_penalty=any(_penalties(settings)),
                     spectral_norm=settings["spectral_norm"], **used)


def own_penalty(loss) -> float:
    """The gradient penalty that a loss has if nobody says otherwise."""
    return losses.get(loss).gradient_penalty_weight or 0.0


def _penalties(settings):
    own = own_penalty(settings["loss"])
    return [own if value is None else value for value in each(settings, "gradient_penalty")]


def knobs(settings) -> dict:
    """The continuous settings, each `(r,)` float32."""
    values = {name: each(settings, name) for name in KNOBS} | {"gradient_penalty": _penalties(settings)}
    return {name: np.array(value, np.float32) for name, value in values.items()}


def draw(source, n: int, seed: int) -> np.ndarray:
    """n real points `(n, 2)` float32 of a named set, or about the learner's points."""
    if isinstance(source, str):
        return data.points(source, n, seed)[0]
    rng = np.random.default_rng(seed)
    return (source[rng.integers(0, len(source), n)] + PEN * rng.standard_normal((n, 2))).astype(np.float32)
