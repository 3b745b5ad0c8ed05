"""`GAN`: TF-GAN's losses inside Keras' own `compile` and `fit`."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from gan_helpers import losses
from gan_helpers.compat import tensorflow_gan as tfgan
from gan_helpers.data import NOISE_PRIORS, _count, _one_of
from gan_helpers.training._callbacks import StopOnNaN
from gan_helpers.training._fit import check_networks, check_samples, check_shift, is_number


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
    `noise`: "normal", or "uniform" on [-1, 1]. `seed`: of z, of the shifts, and of the mixing of the gradient
    penalty; `keras.utils.set_random_seed` covers the rest (initial weights, dropout).

    Raises `ValueError` when the networks don't fit together, or an argument is out of its range.
    """

    def __init__(self, generator, discriminator, loss="modified", *, gradient_penalty_weight=None, shift=0,
                 average=0.99, noise="normal", seed=None, name="gan", **kwargs):
        super().__init__(name=name, **kwargs)
        self.z_dim = check_networks(generator, discriminator)
        self.loss_name, self._adversarial = loss, losses.get(loss)
        if gradient_penalty_weight is None:
            gradient_penalty_weight = self._adversarial.gradient_penalty_weight
        elif not (is_number(gradient_penalty_weight) and gradient_penalty_weight >= 0):
            raise ValueError(f"gradient_penalty_weight must be a number of 0 or more, got {gradient_penalty_weight!r}.")
        if not (is_number(average) and 0 <= average < 1):
            raise ValueError(f"average must be in [0, 1), got {average!r}; 0 switches the average off.")
        _one_of(noise, NOISE_PRIORS, "noise prior")
        self.gradient_penalty_weight, self.average, self.noise, self.seed = (
            gradient_penalty_weight, average, noise, seed)
        self.shift = check_shift(shift, discriminator)
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
        if self.gradient_penalty_weight:
            mixed = self._between(gan_model.real_data, gan_model.generated_data)
            gan_model = gan_model._replace(discriminator_fn=mixed)
        return tfgan.gan_loss(
            gan_model,
            generator_loss_fn=self._adversarial.generator,
            discriminator_loss_fn=self._adversarial.discriminator,
            gradient_penalty_weight=self.gradient_penalty_weight or None,
            add_summaries=False,
        )

    def _between(self, x_real, x_fake):
        """D for TF-GAN's gradient penalty, at a random place between real and fake, one for each pair.

        TF-GAN mixes them by an operation that keeps its random state to itself, where no checkpoint finds it. Here
        the number comes from the model's own stream. Only the gradient belongs to TF-GAN's mixture, which adds 0.
        """
        def judge(x_mixed, _):
            mix = self._draw(keras.random.uniform, tf.shape(x_real)[0], 1)
            mix = tf.reshape(mix, [-1] + [1] * (len(x_real.shape) - 1))
            return self.judge(x_real + mix * (x_fake - x_real) + (x_mixed - tf.stop_gradient(x_mixed)))

        return judge

    def train_step(self, data):
        x_real = tf.cast(data[0] if isinstance(data, tuple) else data, tf.float32)
        z = self.sample_noise(tf.shape(x_real)[0])
        statistics = self._statistics()
        before = [tf.identity(value) for value in statistics]
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
        for value, old in zip(statistics, before, strict=True):     # a forward pass of NaN has spoiled these already
            value.assign(tf.where(good, value, old))
        self._update_average(good)
        self.g_loss.update_state(loss.generator_loss)
        self.d_loss.update_state(loss.discriminator_loss)
        self.real_logits.update_state(gan_model.discriminator_real_outputs)
        self.fake_logits.update_state(gan_model.discriminator_gen_outputs)
        return self.get_metrics_result()

    def _statistics(self):
        """What a forward pass in training changes: the running means and variances of batch normalisation."""
        return [weight for network in (self.generator, self.discriminator) for weight in network.non_trainable_weights
                if keras.backend.is_float_dtype(weight.dtype)]

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

    def _update_average(self, good):
        if self.average_generator is None:
            return
        steps = tf.cast(self.g_optimizer.iterations, tf.float32)
        decay = tf.where(good, tf.minimum(self.average, (1 + steps) / (10 + steps)), 1.0)
        for mean, weight in zip(self.average_generator.weights, self.generator.weights, strict=True):
            if keras.backend.is_float_dtype(mean.dtype):  # dropout's seed state isn't a number to average
                mean.assign(mean + tf.cast(1 - decay, mean.dtype) * (weight - mean))

    def fit(self, x=None, *, callbacks=None, **kwargs):
        """Keras' `fit`. Stops at the first loss that isn't finite; Ctrl-C keeps the model and its history.

        `x`: a `tf.data.Dataset` of batches of real samples, or an array of samples, as D takes them. Raises
        `ValueError` before any training when they don't fit D, or an endless dataset comes without
        `steps_per_epoch`.
        """
        check_samples(x, self.generator, self.discriminator, kwargs.get("steps_per_epoch"))
        callbacks = [*(callbacks or []), StopOnNaN()]
        try:
            return super().fit(x, callbacks=callbacks, **kwargs)
        except KeyboardInterrupt:
            for callback in callbacks:      # a checkpoint is saved, a bar is closed, as at any other end
                if callback.model is not None:
                    callback.on_train_end()
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


def _done(_) -> bool:
    """What a branch of `tf.cond` returns when it was taken for what it does."""
    return True


def _part_sizes(n: int, most: int) -> list[int]:
    return [most] * (n // most) + ([n % most] if n % most else [])
