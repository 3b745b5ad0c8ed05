"""Many GANs on 2-D points at once, trained in one compiled loop.

Everything is functional: a `State` goes in, a new one comes out, so that a snapshot is no more than a reference.
All arrays have the runs in their first axis, r of them, and the samples of a batch in their last. The weights of a
network are one flat vector a run. What a learner may change while it trains (`KNOBS`) are arguments of the
compiled function, one number for each run; what changes the computation itself is its `Structure`, and each
structure is compiled once.

Random numbers are drawn outside the compiled loop, where TensorFlow draws them twenty times as fast, in blocks of
many updates. A block depends on the run's seed and on the number of the block alone: where a training pauses makes
no difference to it.
"""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from gan_helpers import losses
from gan_helpers.compat import tensorflow_gan as tfgan

KNOBS = ("g_lr", "d_lr", "beta_1", "beta_2", "momentum", "label_smoothing", "instance_noise", "clip",
         "gradient_penalty", "r1")
STATISTICS = ("d_loss", "d_gradient", "d_real", "d_fake", "g_loss", "g_gradient")
LOG_LOSSES = ("modified", "minimax")    # those that know a label to smooth
NUMBERS = 400_000                       # that one block draws for the z of one run, at most
BLOCK = 400                             # updates in a block, at most


class Structure(NamedTuple):
    """What the compiled function depends on. The last five say which of the regularisers are in use."""

    runs: int
    z_dim: int
    g_units: tuple[int, ...]            # of the hidden layers
    d_units: tuple[int, ...]
    batch_size: int
    noise: str
    loss: str
    optimizer: str
    instance_noise: bool
    clip: bool
    gradient_penalty: bool
    r1: bool
    spectral_norm: bool

    @property
    def g_shapes(self):
        return _shapes((self.z_dim, *self.g_units, 2))

    @property
    def d_shapes(self):
        return _shapes((2, *self.d_units, 1))

    @property
    def block(self) -> int:
        """How many updates one block of random numbers serves."""
        return max(1, min(BLOCK, NUMBERS // (self.z_dim * self.batch_size)))


class State(NamedTuple):
    """r GANs in the middle of their training."""

    g: tf.Tensor            # (r, parameters of G)
    d: tf.Tensor
    g_slots: tuple          # two moments of the shape of g, as Keras' optimizers keep them
    d_slots: tuple
    u: tf.Tensor            # (r, sum of D's layer widths): a singular vector for each layer, for the spectral norm
    bad: tf.Tensor          # (r,) int32: the first update that wasn't finite, after which the run stands still; or -1
    updates: tf.Tensor      # (2,) int32: of G, of D
    fresh: tf.Tensor        # (2,) int32: the updates at which the moments were new; Adam's t counts from there
    phase: tf.Tensor        # int32: how many updates of the present step are done
    step: tf.Tensor         # int32


def _shapes(widths):
    return list(itertools.pairwise(widths))


def parameters(shapes) -> int:
    return sum(inputs * units + units for inputs, units in shapes)


def initial(structure: Structure, seeds) -> State:
    """Untrained: Glorot's uniform weights (Glorot and Bengio 2010) and biases of 0, as in Keras' `Dense`."""

    def network(shapes, seed, player):
        rng, parts = np.random.default_rng([int(seed), player]), []
        for inputs, units in shapes:
            limit = np.sqrt(6 / (inputs + units))
            parts += [rng.uniform(-limit, limit, inputs * units), np.zeros(units)]
        return np.concatenate(parts)

    g = tf.constant([network(structure.g_shapes, seed, 0) for seed in seeds], tf.float32)
    d = tf.constant([network(structure.d_shapes, seed, 1) for seed in seeds], tf.float32)
    widths = sum(units for _, units in structure.d_shapes)
    u = tf.constant([np.random.default_rng([int(seed), 2]).standard_normal(widths) for seed in seeds], tf.float32)
    return State(g, d, *((tf.zeros_like(w),) * 2 for w in (g, d)), u, tf.fill([len(seeds)], -1), tf.zeros(2, tf.int32),
                 tf.zeros(2, tf.int32), tf.constant(0), tf.constant(0))


def with_new_moments(state: State) -> State:
    """The same networks at the start of another optimizer, to which the moments so far would mean something else."""
    g_slots, d_slots = tf.nest.map_structure(tf.zeros_like, (state.g_slots, state.d_slots))
    return state._replace(g_slots=g_slots, d_slots=d_slots, fresh=state.updates)


def layers(shapes, flat):
    """`[(weights (r, inputs, units), biases (r, units)), ...]` of flat vectors `(r, parameters)`."""
    found, start = [], 0
    for inputs, units in shapes:
        end = start + inputs * units
        found.append((tf.reshape(flat[:, start:end], (-1, inputs, units)), flat[:, end:end + units]))
        start = end + units
    return found


def forward(weights, x):
    """A perceptron's outputs `(r, outputs, n)` for inputs `(r, inputs, n)`."""
    for i, (w, b) in enumerate(weights):
        x = tf.matmul(w, x, transpose_a=True) + b[:, :, None]
        if i < len(weights) - 1:
            x = tf.nn.relu(x)
    return x


def _normalised(weights, u):
    """Weights divided by their largest singular value, after one power iteration; and the new u.

    Spectral normalisation (Miyato et al. 2018, arXiv:1802.05957, algorithm 1); no gradient flows through u and v.
    """
    result, vectors, start = [], [], 0
    for w, b in weights:
        end = start + b.shape[1]
        v = tf.stop_gradient(tf.math.l2_normalize(tf.linalg.matvec(w, u[:, start:end]), 1))
        new = tf.stop_gradient(tf.math.l2_normalize(tf.linalg.matvec(w, v, transpose_a=True), 1))
        sigma = tf.einsum("ri,rij,rj->r", v, w, new)
        result.append((w / sigma[:, None, None], b))
        vectors.append(new)
        start = end
    return result, tf.concat(vectors, 1)


def adversarial(name: str):
    """TF-GAN's pair of losses by name, as `pair(real_logits, fake_logits) -> (g_loss, d_loss)`.

    Logits are `(r, 1, n)`, losses `(r,)`.
    """
    row = losses.get(name)
    if name == "relativistic":          # its means over the batch can't be told to keep the runs apart
        return lambda real, fake: tuple(tf.ensure_shape(one, real.shape[0]) for one in tf.vectorized_map(
            lambda both: losses.of_logits(name, *both), (real, fake)))
    nothing = dict.fromkeys(tfgan.GANModel._fields)
    none = tf.compat.v1.losses.Reduction.NONE

    def pair(real, fake):
        model = tfgan.GANModel(**{**nothing, "discriminator_real_outputs": real, "discriminator_gen_outputs": fake})
        return tuple(tf.reduce_mean(one, (1, 2)) for one in
                     (row.generator(model, reduction=none), row.discriminator(model, reduction=none)))

    return pair


def _moved(kind, w, gradient, slots, lr, knobs, t):
    """One step of an optimizer, with Keras' formulas: new weights and slots. t counts the updates from 1."""
    m, v = slots
    lr = lr[:, None]
    if kind == "sgd":
        return w - lr * gradient, slots
    if kind == "momentum":
        m = knobs["momentum"][:, None] * m - lr * gradient
        return w + m, (m, v)
    if kind == "rmsprop":
        v = 0.9 * v + 0.1 * gradient**2
        return w - lr * gradient / tf.sqrt(v + 1e-7), (m, v)
    beta_1, beta_2 = knobs["beta_1"][:, None], knobs["beta_2"][:, None]
    m, v = m + (gradient - m) * (1 - beta_1), v + (gradient**2 - v) * (1 - beta_2)
    lr = lr * tf.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - lr * m / (tf.sqrt(v) + 1e-7), (m, v)


def _input_gradient(d, x):
    """The gradient of each of D's logits with respect to its input, for x `(r, 2, n)`: the same shape."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = d(x)
    return tape.gradient(logits, x)


def _rows(gradients, like):
    """The gradients of a network's layers, weights and biases, as one vector a run, of the shape of `like`."""
    rows = [tf.reshape(one, (like.shape[0], -1)) for one in tf.nest.flatten(gradients)]
    return tf.ensure_shape(tf.concat(rows, 1), like.shape)


def _training(structure: Structure):
    """The function that is compiled."""
    pair, n = adversarial(structure.loss), structure.batch_size

    def noisy(x, knobs, drawn, first=0):
        if not structure.instance_noise:
            return x
        return x + knobs["instance_noise"][:, None, None] * drawn["instance_noise"][:, :, first:first + x.shape[2]]

    def d_weights(state, weights):
        return _normalised(weights, state.u) if structure.spectral_norm else (weights, state.u)

    def d_update(state, knobs, drawn):
        x_real = drawn["x_real"]
        x_fake = forward(layers(structure.g_shapes, state.g), drawn["z"])
        weights = layers(structure.d_shapes, state.d)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            used, u = d_weights(state, weights)
            logits = forward(used, noisy(tf.concat([x_real, x_fake], 2), knobs, drawn))
            real, fake = logits[:, :, :n], logits[:, :, n:]
            loss = pair(real, fake)[1]
            if structure.loss in LOG_LOSSES:    # the cross-entropy to a label of 1 - s, written without retracing
                loss += knobs["label_smoothing"] * tf.reduce_mean(real, (1, 2))
            if structure.gradient_penalty:
                mixed = x_fake + drawn["mix"] * (x_real - x_fake)
                input_gradient = _input_gradient(lambda x: forward(used, x), mixed)
                norm = tf.sqrt(tf.reduce_sum(input_gradient**2, 1) + 1e-10)     # as in TF-GAN: a root has no slope at 0
                loss += knobs["gradient_penalty"] * tf.reduce_mean((norm - 1)**2, 1)
            if structure.r1:
                input_gradient = _input_gradient(lambda x: forward(used, x), x_real)
                loss += knobs["r1"] / 2 * tf.reduce_mean(tf.reduce_sum(input_gradient**2, 1), 1)
        gradient = _rows(tape.gradient(loss, weights), state.d)
        t = tf.cast(state.updates[1] - state.fresh[1] + 1, tf.float32)
        d, slots = _moved(structure.optimizer, state.d, gradient, state.d_slots, knobs["d_lr"], knobs, t)
        if structure.clip:
            limit = knobs["clip"][:, None]
            d = tf.where(limit > 0, tf.clip_by_value(d, -limit, limit), d)
        good = _finite(d) & (state.bad < 0)
        kept = _kept(good, (d, slots, u), (state.d, state.d_slots, state.u))
        numbers = [loss, tf.norm(gradient, axis=1), *(tf.reduce_mean(tf.sigmoid(one), (1, 2)) for one in (real, fake))]
        state = state._replace(d=kept[0], d_slots=kept[1], u=kept[2], bad=_first(state, good),
                               updates=state.updates + [0, 1])
        return state, tf.stack([*numbers, *[tf.zeros_like(loss)] * 2])

    def g_update(state, knobs, drawn):
        weights = layers(structure.g_shapes, state.g)
        used, _ = d_weights(state, layers(structure.d_shapes, state.d))
        x_real = noisy(drawn["x_real"], knobs, drawn, first=n)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            fake = forward(used, noisy(forward(weights, drawn["z"]), knobs, drawn))
            real = forward(used, x_real) if structure.loss == "relativistic" else fake
            loss = pair(real, fake)[0]
        gradient = _rows(tape.gradient(loss, weights), state.g)
        t = tf.cast(state.updates[0] - state.fresh[0] + 1, tf.float32)
        g, slots = _moved(structure.optimizer, state.g, gradient, state.g_slots, knobs["g_lr"], knobs, t)
        good = _finite(g) & (state.bad < 0)
        kept = _kept(good, (g, slots), (state.g, state.g_slots))
        state = state._replace(g=kept[0], g_slots=kept[1], bad=_first(state, good), updates=state.updates + [1, 0])
        return state, tf.stack([*[tf.zeros_like(loss)] * 4, loss, tf.norm(gradient, axis=1)])

    def train(state, knobs, block, place, end, d_steps, g_steps, stop):
        """`place`: of the next update in the block; it trains to the place `end`, or the step `stop`.

        Also returns the sums of the `STATISTICS`, (6, r).
        """

        def going(place, state, _):
            return (place < end) & (state.step < stop)

        def update(place, state, sums):
            drawn = {name: numbers[place] for name, (numbers,) in block.items()}
            state, numbers = tf.cond(state.phase < d_steps, lambda: d_update(state, knobs, drawn),
                                     lambda: g_update(state, knobs, drawn))
            over = state.phase + 1 >= d_steps + g_steps
            state = state._replace(phase=tf.where(over, 0, state.phase + 1),
                                   step=state.step + tf.cast(over, tf.int32))
            return place + 1, state, sums + numbers

        sums = tf.zeros((len(STATISTICS), state.g.shape[0]))
        return tf.while_loop(going, update, (place, state, sums))[1:]

    return train


def _finite(w):
    return tf.reduce_all(tf.math.is_finite(w), 1)


def _first(state, good):
    """`bad` after an update that was `good` or not, for each run."""
    return tf.where(good | (state.bad >= 0), state.bad, tf.reduce_sum(state.updates))


def _kept(good, new, old):
    return tf.nest.map_structure(lambda a, b: tf.where(good[:, None], a, b), new, old)


def _traced_once(function):
    """A `tf.function` that keeps its first trace: TensorFlow warns of functions that are made again and again.

    It runs on the CPU also where there is a GPU, which takes longer to start one of these tiny operations than a CPU
    to finish it.
    """
    traced = []

    def call(*arguments):
        with tf.device("CPU:0"):
            if not traced:
                traced.append(function.get_concrete_function(*arguments))
            return traced[0](*arguments)

    return call


def _parts(structure: Structure) -> tuple[slice, ...]:
    """Several runs are trained in two parts, on two cores: one XLA program uses only one of them here."""
    half = (structure.runs + 1) // 2
    return (slice(None),) if structure.runs < 4 else (slice(None, half), slice(half, None))


@functools.lru_cache(maxsize=64)
def trainer(structure: Structure):
    """The compiled training loop of a structure: see `train` in `_training`."""
    train = tf.function(_training(structure), jit_compile=True, autograph=False)
    parts = _parts(structure)
    if len(parts) == 1:
        return _traced_once(train)

    def of(state, change, *others):
        """`change` applied to the parts of the state that have one row for each run."""
        names = [name for name in State._fields if name not in ("updates", "fresh", "phase", "step")]
        return state._replace(**{name: tf.nest.map_structure(
            change, *(getattr(one, name) for one in (state, *others))) for name in names})

    @tf.function(autograph=False)
    def both(state, knobs, block, *numbers):
        (one, sums_1), (two, sums_2) = (
            train(of(state, lambda x, part=part: x[part]), {name: knob[part] for name, knob in knobs.items()},
                  {name: (numbers[i],) for name, numbers in block.items()}, *numbers)
            for i, part in enumerate(parts))
        return of(one, lambda a, b: tf.concat([a, b], 0), two), tf.concat([sums_1, sums_2], 1)

    return _traced_once(both)


@functools.lru_cache(maxsize=64)
def drawer(structure: Structure):
    """`draw(pool (r, m, 2), seeds (r,), number) -> block`: all random numbers of one block of updates.

    A block has, under each name, an array for each of `_parts`: updates in its first axis, runs in its second.
    """
    count, n, z_dim = structure.block, structure.batch_size, structure.z_dim

    def one_run(pool, seed, number):
        def stream(k):
            return tf.stack([seed, 8 * number + k])

        if structure.noise == "normal":
            z = tf.random.stateless_normal((count, z_dim, n), stream(0))
        else:
            z = tf.random.stateless_uniform((count, z_dim, n), stream(0), -1.0, 1.0)
        chosen = tf.random.stateless_uniform((count, n), stream(1), 0, tf.shape(pool)[0], tf.int32)
        block = {"z": z, "x_real": tf.transpose(tf.gather(pool, chosen), (0, 2, 1))}
        if structure.instance_noise:
            block["instance_noise"] = tf.random.stateless_normal((count, 2, 2 * n), stream(2))
        if structure.gradient_penalty:
            block["mix"] = tf.random.stateless_uniform((count, 1, n), stream(3))
        return block

    @tf.function(autograph=False)
    def draw(pool, seeds, number):
        blocks = [one_run(pool[i], seeds[i], number) for i in range(structure.runs)]
        return {name: tuple(tf.stack([block[name] for block in blocks[part]], 1) for part in _parts(structure))
                for name in blocks[0]}

    return _traced_once(draw)


@functools.lru_cache(maxsize=64)
def viewer(structure: Structure):
    """`view(g, d, u, z, z_grid, x_real, grid)`: what a run looks like; all points in rows.

    g, d, u: of a `State`, whose first run is shown. The result holds `fakes` `(n, 2)` from z `(n, z_dim)`; `pull`
    `(n, 2)`, minus the gradient of G's loss with respect to each of them, times n (the loss is a mean over n);
    `warped`, what G makes of `z_grid`; D's logits at `grid` and for `real` and `fake` points; and both losses,
    without regularisers.
    """
    pair = adversarial(structure.loss)

    @tf.function(autograph=False)       # XLA would be a millisecond faster, and compile for a second or two before
    def view(g, d, u, z, z_grid, x_real, grid):
        g_weights, d_weights = layers(structure.g_shapes, g[:1]), layers(structure.d_shapes, d[:1])
        if structure.spectral_norm:
            d_weights, _ = _normalised(d_weights, u[:1])
        fakes, warped = (forward(g_weights, tf.transpose(one)[None]) for one in (z, z_grid))
        real, logits = (forward(d_weights, tf.transpose(one)[None]) for one in (x_real, grid))
        with tf.GradientTape() as tape:
            tape.watch(fakes)
            fake = forward(d_weights, fakes)
            g_loss, d_loss = pair(real, fake)
        pull = -tape.gradient(g_loss, fakes) * fakes.shape[2]
        return {"fakes": tf.transpose(fakes[0]), "pull": tf.transpose(pull[0]), "warped": tf.transpose(warped[0]),
                "grid": logits[0, 0], "real": real[0, 0], "fake": fake[0, 0], "g_loss": g_loss[0], "d_loss": d_loss[0]}

    return _traced_once(view)


@functools.lru_cache(maxsize=64)
def generator(structure: Structure):
    """`generate(g (r, parameters), z (r, n, z_dim)) -> (r, n, 2)`."""

    @tf.function(autograph=False)
    def generate(g, z):
        return tf.transpose(forward(layers(structure.g_shapes, g), tf.transpose(z, (0, 2, 1))), (0, 2, 1))

    return generate
