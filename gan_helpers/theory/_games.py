"""Two players with one number each: theta is the generator's, psi the discriminator's. Where do they go?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gan_helpers.theory._densities import number
from gan_helpers.theory._value import sigmoid

UPDATES = ("simultaneous", "alternating", "extragradient", "optimistic")


@dataclass(frozen=True)
class Game:
    """A game with an equilibrium at (0, 0). `field(theta, psi)` -> (theta', psi'): where each player is pulled.

    That is minus the gradient of the generator's loss with respect to theta, and minus that of the discriminator's
    with respect to psi. Works on numbers and on arrays.
    """

    name: str
    field: Callable


def bilinear() -> Game:
    """V = theta psi, minimised over theta, maximised over psi: the simplest game that circles."""
    return Game("bilinear", lambda theta, psi: (-psi, theta))


def quadratic(a: float = 1.0, b: float = 1.0, c: float = 1.0) -> Game:
    """V = a theta^2 / 2 + b theta psi - c psi^2 / 2. With a and c above 0 each player also has a hill of its own."""
    a, b, c = number(a, "a"), number(b, "b"), number(c, "c")
    return Game("quadratic", lambda theta, psi: (-a * theta - b * psi, b * theta - c * psi))


def dirac(loss: str = "non-saturating", penalty: float = 0.0) -> Game:
    """The Dirac-GAN: all real data at 0, all generated data at theta, D's logit psi x (its value, for "wasserstein").

    `loss`: "saturating", "non-saturating" or "wasserstein". `penalty`: weight of psi^2 / 2 in D's loss, which here is
    the R1 gradient penalty. Mescheder, Geiger and Nowozin 2018 (arXiv:1801.04406).
    """
    penalty = number(penalty, "penalty")
    if penalty < 0:
        raise ValueError(f"penalty must be 0 or more, got {penalty:g}.")
    pulls = {
        "saturating": lambda a: (sigmoid(a), sigmoid(a)),
        "non-saturating": lambda a: (sigmoid(-a), sigmoid(a)),
        "wasserstein": lambda a: (1.0, 1.0),
    }
    if loss not in pulls:
        raise ValueError(f"Unknown loss {loss!r}. Known: {', '.join(pulls)}.")

    def field(theta, psi):
        g, d = pulls[loss](theta * psi)
        return psi * g, -theta * d - penalty * psi

    return Game(f"Dirac-GAN, {loss}", field)


def _stepper(game: Game, step_size: float, update: str, momentum: float):
    """state -> next state; a state is (theta, psi, and two numbers that the update remembers)."""
    eta = number(step_size, "step_size", above=0)
    momentum = number(momentum, "momentum")
    if not -1 < momentum < 1:
        raise ValueError(f"momentum must be between -1 and 1, got {momentum:g}.")
    if update not in UPDATES:
        raise ValueError(f"Unknown update {update!r}. Known: {', '.join(UPDATES)}.")
    if momentum and update not in UPDATES[:2]:
        raise ValueError(f"momentum goes with {UPDATES[0]} and {UPDATES[1]} updates only; leave it 0 for {update}.")

    def pull(w):
        return np.array(game.field(w[0], w[1]), np.float64)

    def step(state):
        w, memory = state[:2], state[2:]
        if update == "simultaneous":
            move = momentum * memory + eta * pull(w)
            return np.concatenate([w + move, move])
        if update == "alternating":  # D first; G answers the new D
            d_move = momentum * memory[1] + eta * pull(w)[1]
            psi = w[1] + d_move
            g_move = momentum * memory[0] + eta * pull((w[0], psi))[0]
            return np.array([w[0] + g_move, psi, g_move, d_move])
        if update == "extragradient":  # look one step ahead, then step from here with the pull found there
            return np.concatenate([w + eta * pull(w + eta * pull(w)), np.zeros(2)])
        now = pull(w)  # optimistic: twice the present pull, minus the last one
        return np.concatenate([w + 2 * eta * now - eta * memory, now])

    return step, pull


def play(game: Game, start, steps: int, step_size: float = 0.1, update: str = "simultaneous",
         momentum: float = 0.0) -> np.ndarray:
    """The path of both players from `start` = (theta, psi): `(steps + 1, 2)`, the start included.

    `update`: "simultaneous", both step from where both are; "alternating", D steps first, then G sees the new D;
    "extragradient" (Korpelevich 1976); "optimistic" (Daskalakis et al. 2018, arXiv:1711.00141). `momentum`, in (-1, 1),
    goes with the first two. A path that runs away ends in inf or NaN, without a warning.
    """
    start = np.asarray(start, np.float64)
    if start.shape != (2,) or not np.isfinite(start).all():
        raise ValueError(f"start must be two finite numbers, (theta, psi), got {start.tolist()}.")
    if int(steps) != steps or steps < 0:
        raise ValueError(f"steps must be a whole number of 0 or more, got {steps!r}.")
    step, pull = _stepper(game, step_size, update, momentum)
    state = np.concatenate([start, pull(start) if update == "optimistic" else np.zeros(2)])
    path = [state]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(int(steps)):
            path.append(step(path[-1]))
    return np.array(path)[:, :2]


def growth(game: Game, step_size: float = 0.1, update: str = "simultaneous", momentum: float = 0.0) -> float:
    """By which factor the distance to the equilibrium grows per step, in the long run, close to it.

    Below 1 the players spiral in, above 1 out, at 1 they circle. The largest absolute eigenvalue of the update's
    derivative at (0, 0), by central differences; exact for the linear games.
    """
    step, _ = _stepper(game, step_size, update, momentum)
    tiny = 1e-5
    columns = [(step(tiny * axis) - step(-tiny * axis)) / (2 * tiny) for axis in np.eye(4)]
    return float(np.abs(np.linalg.eigvals(np.stack(columns, 1))).max())
