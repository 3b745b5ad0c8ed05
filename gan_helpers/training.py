"""`GAN`: TF-GAN's losses inside Keras' own `compile` and `fit`; `train`: the default recipe in one call."""

from __future__ import annotations

import math
import numbers
import time

import keras
import numpy as np
import tensorflow as tf

from gan_helpers import losses, models
from gan_helpers.compat import tensorflow_gan as tfgan
from gan_helpers.data import NOISE_PRIORS, _count, _one_of, batches, check_images

BATCH_SIZE = 64
SHIFT = 2  # pixels; without it D begins to know the 1,500 digits by heart within a minute
EPOCH_STEPS = 50  # what one row of `history` covers in `train`: a second or two on two cores
EXECUTION_STEPS = 10  # steps that `train` runs before it returns to Python, whose share is then too small to measure


@keras.saving.register_keras_serializable("gan_helpers")
class GAN(keras.Model):
    """A generator and a discriminator that `fit` trains against each other.

    Each step builds a `tfgan.GANModel` and takes both losses from `tfgan.gan_loss`. The two players move
    at once, from the same forward pass, as in TensorFlow's DCGAN tutorial.

    `generator`: Keras model, `(n, z_dim)` -> samples. `discriminator`: samples -> logits `(n, 1)`.
    `loss`: a name of `losses.TABLE`. `gradient_penalty_weight`: 0 or more; None takes the loss' own.
    `shift`: whenever D looks at an image in training, real or generated, it sees it moved by up to so many
    pixels, at random, up or down and left or right; 0 for no shift. With few images D would else learn them
    by heart (Zhao et al. 2020, arXiv:2006.10738).
    `average`: decay, in [0, 1), of the exponential average of G's weights that `generate` uses; 0 switches
    it off. The decay starts small and grows with the steps, so the average is useful early.
    `noise`: "normal", or "uniform" on [-1, 1]. `seed`: of z and of the shifts; `keras.utils.set_random_seed`
    covers the rest (initial weights, dropout, the mixing of the gradient penalty).

    Raises `ValueError` when the networks don't fit together, or an argument is out of its range.
    """

    def __init__(self, generator, discriminator, loss="modified", *, gradient_penalty_weight=None, shift=0,
                 average=0.99, noise="normal", seed=None, name="gan", **kwargs):
        super().__init__(name=name, **kwargs)
        self.z_dim = _check_networks(generator, discriminator)
        self.loss_name, self._adversarial = loss, losses.get(loss)
        if gradient_penalty_weight is None:
            gradient_penalty_weight = self._adversarial.gradient_penalty_weight
        elif not (_is_number(gradient_penalty_weight) and gradient_penalty_weight >= 0):
            raise ValueError(f"gradient_penalty_weight must be a number of 0 or more, got {gradient_penalty_weight!r}.")
        if not (_is_number(average) and 0 <= average < 1):
            raise ValueError(f"average must be in [0, 1), got {average!r}; 0 switches the average off.")
        _one_of(noise, NOISE_PRIORS, "noise prior")
        self.gradient_penalty_weight, self.average, self.noise, self.seed = (
            gradient_penalty_weight, average, noise, seed)
        self.shift = _check_shift(shift, discriminator)
        self.generator, self.discriminator = generator, discriminator
        self.average_generator = None
        if average:
            self.average_generator = keras.models.clone_model(generator)
            self.average_generator.set_weights(generator.get_weights())
            self.average_generator.trainable = False
        self.noise_seed = keras.random.SeedGenerator(seed)
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.real_logits = keras.metrics.Mean(name="real_logits")
        self.fake_logits = keras.metrics.Mean(name="fake_logits")
        # One entry each for G and D: the first step whose loss or gradient wasn't finite, or -1.
        self.first_bad_step = self.add_weight(
            shape=(2,), dtype="int64", initializer=keras.initializers.Constant(-1), trainable=False,
            name="first_bad_step")
        self.built = True

    def compile(self, g_optimizer=None, d_optimizer=None, *, jit_compile=False, **kwargs):
        """Set both optimizers (default: Adam, learning rate 1e-3, beta_1 0.5). Other arguments as in Keras.

        `jit_compile` is off because XLA makes convolutions slower on CPUs. Raises `ValueError` when both players
        are given the same optimizer object, or a gradient penalty is to run eagerly, which TF-GAN can't.
        """
        if g_optimizer is not None and g_optimizer is d_optimizer and not isinstance(g_optimizer, str):
            raise ValueError("Both players were given one optimizer object. Make two: each keeps the moments of its "
                             "own player's weights.")
        if self.gradient_penalty_weight and (kwargs.get("run_eagerly") or tf.config.functions_run_eagerly()):
            raise ValueError("TF-GAN's gradient penalty can't run eagerly. Leave run_eagerly away, or debug with "
                             "gradient_penalty_weight=0.")
        super().compile(jit_compile=jit_compile, **kwargs)
        self.g_optimizer = self._optimizer(g_optimizer, self.generator)
        self.d_optimizer = self._optimizer(d_optimizer, self.discriminator)

    def _optimizer(self, optimizer, network):
        if optimizer is None:
            optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
        optimizer = keras.optimizers.get(optimizer)
        half = any(layer.compute_dtype == "float16" for layer in network.layers)
        if half and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(network.trainable_variables)
        return optimizer

    @property
    def steps(self) -> int:
        """How many training steps this model has taken; 0 before `compile`."""
        optimizer = getattr(self, "g_optimizer", None)
        return 0 if optimizer is None else int(keras.ops.convert_to_numpy(optimizer.iterations))

    @property
    def metrics(self):
        """Means over an epoch: both losses and the mean logits on real and on generated samples."""
        return [self.g_loss, self.d_loss, self.real_logits, self.fake_logits]

    def gan_model(self, x_real, z) -> tfgan.GANModel:
        """The `tfgan.GANModel` of one batch: real samples `x_real` and noise `z`, both `(n, ...)`."""
        x_fake = self.generator(z, training=True)
        # A real VariableScope: TF-GAN's gradient penalty asks for one by that name.
        with tf.compat.v1.variable_scope("discriminator", reuse=tf.compat.v1.AUTO_REUSE) as scope:
            pass
        return tfgan.GANModel(
            generator_inputs=z,
            generated_data=x_fake,
            generator_variables=self.generator.trainable_variables,
            generator_scope=None,
            generator_fn=self.generator,
            real_data=x_real,
            discriminator_real_outputs=self.judge(x_real),
            discriminator_gen_outputs=self.judge(x_fake),
            discriminator_variables=self.discriminator.trainable_variables,
            discriminator_scope=scope,
            discriminator_fn=lambda x, _: self.judge(x),
        )

    def judge(self, x):
        """D's logits `(n, 1)` on samples `x` in training: the images moved at random, if `shift` asks for it."""
        for axis in (1, 2) if self.shift else ():
            moves = self._draw(keras.random.randint, tf.shape(x)[0], 1, minval=-self.shift, maxval=self.shift + 1)
            # Where the image ends, its edge goes on.
            places = tf.clip_by_value(tf.range(x.shape[axis]) + moves, 0, x.shape[axis] - 1)
            x = tf.gather(x, places, axis=axis, batch_dims=1)
        return self.discriminator(x, training=True)

    def gan_loss(self, gan_model) -> tfgan.GANLoss:
        """`tfgan.gan_loss` of a `GANModel`: `.generator_loss` and `.discriminator_loss`, scalars."""
        return tfgan.gan_loss(
            gan_model,
            generator_loss_fn=self._adversarial.generator,
            discriminator_loss_fn=self._adversarial.discriminator,
            gradient_penalty_weight=self.gradient_penalty_weight or None,
            add_summaries=False,
        )

    def train_step(self, data):
        x_real = tf.cast(data[0] if isinstance(data, tuple) else data, tf.float32)
        z = self.sample_noise(tf.shape(x_real)[0])
        with tf.GradientTape(persistent=True) as tape:
            gan_model = self.gan_model(x_real, z)
            loss = self.gan_loss(gan_model)
            g_scaled = self.g_optimizer.scale_loss(self._per_replica(loss.generator_loss))
            d_scaled = self.d_optimizer.scale_loss(self._per_replica(loss.discriminator_loss))
        g_gradients = tape.gradient(g_scaled, gan_model.generator_variables)
        d_gradients = tape.gradient(d_scaled, gan_model.discriminator_variables)
        del tape
        good = self._finite((self.g_optimizer, loss.generator_loss, g_gradients),
                            (self.d_optimizer, loss.discriminator_loss, d_gradients))
        self._apply(good, self.g_optimizer, g_gradients, gan_model.generator_variables)
        self._apply(good, self.d_optimizer, d_gradients, gan_model.discriminator_variables)
        self._update_average()
        self.g_loss.update_state(loss.generator_loss)
        self.d_loss.update_state(loss.discriminator_loss)
        self.real_logits.update_state(gan_model.discriminator_real_outputs)
        self.fake_logits.update_state(gan_model.discriminator_gen_outputs)
        return self.get_metrics_result()

    def _per_replica(self, loss):
        """Keras' optimizers sum gradients over replicas; TF-GAN's losses are means within one."""
        return loss / tf.distribute.get_strategy().num_replicas_in_sync

    def _finite(self, *players):
        """Whether this step and all before it are finite, on all replicas; notes the first that isn't, by player.

        A player is its optimizer, loss and gradients. Loss scaling meets infinite gradients now and then on
        purpose, and skips them itself.
        """
        bad = []
        for optimizer, loss, gradients in players:
            parts = [loss] if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) else [loss, *gradients]
            bad.append(~tf.reduce_all([tf.reduce_all(tf.math.is_finite(part)) for part in parts]))
        bad = tf.stack(bad)
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            counts = tf.distribute.get_replica_context().all_reduce("SUM", tf.cast(bad, tf.float32))
            bad = counts > 0
        step = tf.cast(self.g_optimizer.iterations, tf.int64) + 1
        first = self.first_bad_step
        self.first_bad_step.assign(tf.where(bad & (first < 0), step, first))
        return tf.reduce_all(tf.convert_to_tensor(self.first_bad_step) < 0)

    def _apply(self, good, optimizer, gradients, variables):
        """One optimizer step if all is `good`. Replicas can't branch: there, the step is made with gradients of 0."""
        if tf.distribute.get_strategy().num_replicas_in_sync == 1:
            tf.cond(good, lambda: _done(optimizer.apply(gradients, variables)), lambda: True)
        else:
            optimizer.apply([tf.where(good, g, tf.zeros_like(g)) for g in gradients], variables)

    def _update_average(self):
        if self.average_generator is None:
            return
        steps = tf.cast(self.g_optimizer.iterations, tf.float32)
        decay = tf.minimum(self.average, (1 + steps) / (10 + steps))
        for mean, weight in zip(self.average_generator.weights, self.generator.weights, strict=True):
            if keras.backend.is_float_dtype(mean.dtype):  # dropout's seed state isn't a number to average
                mean.assign(mean + tf.cast(1 - decay, mean.dtype) * (weight - mean))

    def fit(self, x=None, *, callbacks=None, **kwargs):
        """Keras' `fit`. Stops at the first loss that isn't finite; Ctrl-C keeps the model and its history.

        `x`: a `tf.data.Dataset` of batches of real samples, or an array of samples, as D takes them. Raises
        `ValueError` before any training when they don't fit D, or an endless dataset comes without
        `steps_per_epoch`.
        """
        _check_samples(x, self.generator, self.discriminator, kwargs.get("steps_per_epoch"))
        try:
            return super().fit(x, callbacks=[*(callbacks or []), StopOnNaN()], **kwargs)
        except KeyboardInterrupt:
            print(f"Stopped by hand after {self.steps} steps. The model is usable, and its history is kept.")
            return self.history

    def call(self, z, training=False):
        """Samples from noise `z` `(n, z_dim)`; outside training from the averaged weights."""
        averaged = self.average_generator is not None and not training
        return (self.average_generator if averaged else self.generator)(z, training=training)

    def sample_noise(self, n, seed=None):
        """`(n, z_dim)` float32 draws of z; the model's own random stream, or a `seed`."""
        if self.noise == "normal":
            return self._draw(keras.random.normal, n, self.z_dim, seed)
        return self._draw(keras.random.uniform, n, self.z_dim, seed, minval=-1.0, maxval=1.0)

    def _draw(self, draw, n, width, seed=None, **limits):
        """`(n, width)` random numbers. Replicas share the stream: each draws for all of them and takes its part."""
        context = tf.distribute.get_replica_context()
        replicas = 1 if context is None else context.num_replicas_in_sync
        drawn = draw((replicas * n, width), seed=self.noise_seed if seed is None else seed, **limits)
        if replicas == 1:
            return drawn
        start = tf.cast(context.replica_id_in_sync_group, tf.int32) * n
        return drawn[start:start + n]

    def generate(self, n: int, seed: int | None = None) -> np.ndarray:
        """`n` samples, float32; images in [-1, 1]. The same seed gives the same z."""
        z = self.sample_noise(_count(n, "n"), seed)
        return np.concatenate([self(part) for part in tf.split(z, _part_sizes(n, 500))]).astype(np.float32)

    def _random_states(self):
        """Where the model's random streams stand: its own, and those of dropout in both networks."""
        networks = [(network, {id(w) for w in network.weights}) for network in (self.generator, self.discriminator)]
        return [self.noise_seed.state] + [v for network, known in networks for v in network.variables
                                          if id(v) not in known]

    def save_own_variables(self, store):
        """Keras' part of a checkpoint, and where the randomness stands: training goes on as if never stopped."""
        super().save_own_variables(store)
        for i, state in enumerate(self._random_states()):
            store[f"random_state_{i}"] = state

    def load_own_variables(self, store):
        self.first_bad_step.assign(store["0"])
        for i, state in enumerate(self._random_states()):
            state.assign(store[f"random_state_{i}"])

    def get_config(self):
        nested = keras.saving.serialize_keras_object
        return {
            "generator": nested(self.generator), "discriminator": nested(self.discriminator),
            "loss": self.loss_name, "gradient_penalty_weight": self.gradient_penalty_weight,
            "shift": self.shift, "average": self.average, "noise": self.noise, "seed": self.seed, "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        nested = keras.saving.deserialize_keras_object
        networks = {key: nested(config[key], custom_objects) for key in ("generator", "discriminator")}
        return cls(**{**config, **networks})

    def get_compile_config(self):
        nested = keras.saving.serialize_keras_object
        return {"g_optimizer": nested(self.g_optimizer), "d_optimizer": nested(self.d_optimizer)}

    def compile_from_config(self, config):
        self.compile(**{key: keras.saving.deserialize_keras_object(value) for key, value in config.items()})


class TrainingDiverged(RuntimeError):
    """A loss or gradient became NaN or infinite. That step was not applied.

    `gan`: the model, with the weights of the last good step; `history`: Keras' history up to there.
    """


class StopOnNaN(keras.callbacks.Callback):
    """Stops `GAN.fit` with `TrainingDiverged`, which says which loss, at which step, and what to try."""

    def on_train_begin(self, logs=None):
        self.model.first_bad_step.assign([-1, -1])

    def on_train_batch_end(self, batch, logs=None):
        steps = keras.ops.convert_to_numpy(self.model.first_bad_step)
        if (steps < 0).all():
            return
        player = int(np.argmin(np.where(steps < 0, np.iinfo(np.int64).max, steps)))
        name, role = (("g_loss", "generator"), ("d_loss", "discriminator"))[player]
        error = TrainingDiverged(
            f"{name} (the {role}'s loss, or its gradient) became NaN or infinite at step {steps[player]}. "
            "That step was not applied; the model is the error's .gan. Look for NaN in the data "
            f"(data.check_images). Then try a ten times smaller learning rate, clipnorm=1.0 in the {role}'s optimizer, "
            "another loss.")
        error.gan, error.history = self.model, self.model.history
        raise error


class StopAfter(keras.callbacks.Callback):
    """Ends training when `seconds` have passed since its first step was done; compiling doesn't count."""

    def __init__(self, seconds: float):
        super().__init__()
        if not (isinstance(seconds, (int, float)) and math.isfinite(seconds) and seconds > 0):
            raise ValueError(f"seconds must be a number above 0, got {seconds!r}.")
        self.seconds, self.started = seconds, None

    def on_train_begin(self, logs=None):
        self.started = None

    def on_train_batch_end(self, batch, logs=None):
        self.started = self.started or time.monotonic()
        if time.monotonic() - self.started >= self.seconds:
            self.model.stop_training = True


class Samples(keras.callbacks.Callback):
    """Keeps in `grids` what G makes of the same `z` `(n, z_dim)`: before training, and after each epoch."""

    def __init__(self, z):
        super().__init__()
        self.z, self.grids = z, []

    def on_train_begin(self, logs=None):
        if not self.grids:
            self.grids.append(np.asarray(self.model(self.z)))

    def on_epoch_end(self, epoch, logs=None):
        self.grids.append(np.asarray(self.model(self.z)))


class Progress(keras.callbacks.Callback):
    """A tqdm bar over the whole training: steps, or seconds if `seconds` is given, with the time left."""

    def __init__(self, steps: int | None = None, seconds: float | None = None):
        super().__init__()
        self.steps, self.seconds, self.bar = steps, seconds, None

    def on_train_begin(self, logs=None):
        from tqdm.auto import tqdm

        # Once a second: a kernel drops messages, also the one that ends a cell, when a slow reader has 1,000 waiting.
        # miniters=1: otherwise a thread of tqdm's redraws a slow bar, and widgets may be changed by the main one only.
        unit = {"unit": "step"} if self.seconds is None else {
            "unit": "s", "bar_format": "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s{postfix}"}
        self.bar = tqdm(total=self.steps if self.seconds is None else self.seconds, desc="Training",
                        mininterval=1.0, miniters=1, **unit)
        self.started, self.done = None, 0

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        self.started = self.started or now
        self.done += self.model.steps_per_execution
        target = self.done if self.seconds is None else min(now - self.started, self.seconds)
        self.bar.update(target - self.bar.n)

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix({key: f"{logs[key]:.2f}" for key in ("g_loss", "d_loss")}, refresh=False)

    def on_train_end(self, logs=None):
        self.bar.close()


def train(x, steps: int | None = None, seconds: float | None = None, seed: int = 0, *, loss: str = "modified",
          progress: bool = True, callbacks=()) -> tuple[GAN, keras.callbacks.History]:
    """Train the default DCGAN on images `x` for `steps`, or `seconds` (60 if neither is given).

    `x`: `(n, height, width, channels)` float32 in [-1, 1], sides multiples of 4, n of 64 or more. The
    seconds count from the first finished step, so compiling is free. `callbacks` hear of steps in groups of
    up to 10, Keras' `steps_per_execution`. Returns the `GAN` and Keras' history, a row for every 50 steps.
    Raises `ValueError` for bad input, before any training.
    """
    x = check_images(x, least=BATCH_SIZE).astype(np.float32, copy=False)
    if steps is not None and seconds is not None:
        raise ValueError("Give steps or seconds, not both.")
    if steps is None and seconds is None:
        seconds = 60.0
    stop = [] if seconds is None else [StopAfter(seconds)]
    steps = None if steps is None else _count(steps, "steps")
    keras.utils.set_random_seed(seed)
    shape = x.shape[1:]
    generator, discriminator = models.dcgan_generator(image_shape=shape), models.dcgan_discriminator(shape)
    gan = GAN(generator, discriminator, loss, shift=SHIFT, seed=seed)
    # A group must fit into `steps` and into an epoch without a rest, or Keras would train longer than asked.
    gan.compile(steps_per_execution=math.gcd(steps or 0, EPOCH_STEPS, EXECUTION_STEPS))
    bar = [Progress(steps, seconds)] if progress else []
    ends = _StepLimit(steps) if steps else None
    history = gan.fit(
        batches(x, BATCH_SIZE, seed),
        epochs=10**6 if steps is None else math.ceil(steps / EPOCH_STEPS),
        steps_per_epoch=EPOCH_STEPS if steps is None else min(EPOCH_STEPS, steps),
        callbacks=[*callbacks, *stop, *bar, *([ends] if ends else [])],
        verbose=0,
    )
    return gan, history


class _StepLimit(keras.callbacks.Callback):
    """Ends training after exactly `steps`, also in the middle of an epoch."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps >= self.steps:
            self.model.stop_training = True


def _check_networks(generator, discriminator) -> int:
    """The length of z, or a `ValueError` that names the shapes that don't fit."""
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        if not (isinstance(network, keras.Model) and network.built and hasattr(network, "input_shape")):
            raise ValueError(f"The {role} must be a Keras model that knows its input shape, got {network!r}. Begin a "
                             "Sequential with keras.Input(...).")
    z_shape, x_shape = tuple(generator.input_shape), tuple(generator.output_shape)
    if len(z_shape) != 2 or z_shape[1] is None:
        raise ValueError(f"The generator must take noise (n, z_dim); it takes {z_shape}.")
    if x_shape[1:] != tuple(discriminator.input_shape)[1:]:
        raise ValueError(f"The generator makes samples of shape {x_shape[1:]}, but the discriminator takes "
                         f"{tuple(discriminator.input_shape)[1:]}.")
    if tuple(discriminator.output_shape)[1:] != (1,):
        raise ValueError("The discriminator must return one logit a sample, (n, 1); it returns "
                         f"{tuple(discriminator.output_shape)}. Flatten, then Dense(1) without activation.")
    if _ends_in(discriminator, "sigmoid"):
        raise ValueError("The discriminator ends in a sigmoid; TF-GAN's losses take logits, which don't overflow. "
                         "Leave the last activation away.")
    return z_shape[1]


def _check_samples(x, generator, discriminator, steps_per_epoch) -> None:
    """A `ValueError` unless the real samples `x`, a dataset of batches or an array, can be trained on."""
    shape = tuple(discriminator.input_shape)[1:]
    wanted = f"real samples (n, {', '.join(map(str, shape))}), float32"
    if isinstance(x, tf.data.Dataset):
        if x.cardinality() == tf.data.INFINITE_CARDINALITY and not steps_per_epoch:
            raise ValueError("This dataset is endless: say how many steps make an epoch, steps_per_epoch=..., for "
                             "example the number of samples divided by the batch size.")
        batch = next(iter(x.take(1)), None)
        if batch is None:
            raise ValueError(f"Expected {wanted}; this dataset is empty. Is the batch larger than the data, with "
                             "drop_remainder=True?")
        x = batch[0] if isinstance(batch, tuple) else batch
    elif not isinstance(x, np.ndarray):
        return  # a distributed dataset, a generator: what they hold can't be looked at without using it up
    got, dtype = tuple(x.shape), tf.as_dtype(x.dtype)
    if got[1:] != shape:
        hint = " Add the channel axis: x[..., None]." if (*got[1:], 1) == shape else ""
        hint = hint or (" Is it one sample, not a batch? Use dataset.batch(...)." if got == shape else "")
        raise ValueError(f"Expected batches of {wanted}, as the discriminator takes them, got {got}.{hint}")
    if not dtype.is_floating:
        raise ValueError(f"Expected {wanted}, got {dtype.name}. Use data.to_unit_range(x) for pixels 0..255.")
    x = np.asarray(x, np.float32)
    if not np.isfinite(x).all():
        raise ValueError(f"Expected finite {wanted}, got {np.count_nonzero(~np.isfinite(x))} NaN or infinite values.")
    if _ends_in(generator, "tanh") and np.abs(x).max() > 1.001:
        raise ValueError(f"Expected {wanted} in [-1, 1], the range of the generator's tanh, got {x.min():.3g} to "
                         f"{x.max():.3g}. Rescale them, for example x / 127.5 - 1 for pixels 0..255.")


def _ends_in(network, activation: str) -> bool:
    """Whether the network's last layer applies this activation."""
    last = network.layers[-1] if getattr(network, "layers", None) else None
    return getattr(getattr(last, "activation", None), "__name__", None) == activation


def _is_number(value) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _done(_) -> bool:
    """What a branch of `tf.cond` returns when it was taken for what it does."""
    return True


def _check_shift(shift, discriminator) -> int:
    """`shift` as an int of 0 or more that leaves something of the image to see, or a `ValueError`."""
    if isinstance(shift, int) and shift == 0:
        return 0
    sides = tuple(discriminator.input_shape)[1:3]
    if len(discriminator.input_shape) != 4:
        raise ValueError(f"shift moves images; this discriminator takes samples of shape {sides}. Use shift=0.")
    if _count(shift, "shift") >= min(sides):
        raise ValueError(f"shift must be smaller than the image's sides, {sides}; got {shift}.")
    return int(shift)


def _part_sizes(n: int, most: int) -> list[int]:
    return [most] * (n // most) + ([n % most] if n % most else [])
