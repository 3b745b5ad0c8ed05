"""`training`: a step equal to one written out by hand, Keras' machinery around it, and bad input."""

import functools
import itertools
import signal
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_helpers import data, losses, models, training
from gan_helpers.training import GAN


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def tiny_gan(loss="modified", **kwargs):
    return GAN(models.mlp_generator(2, 2, 1, 8), models.mlp_discriminator(2, 1, 8), loss, seed=1, **kwargs)


def ring(n=512):
    return data.points("ring8", n, seed=0)[0]


def weights(gan):
    return [w.numpy() for w in gan.generator.weights + gan.discriminator.weights]


def test_one_step_equals_the_formulas_and_sgd_by_hand():
    """Float64 NumPy: linear G and D, whose gradients can be written down, one step of SGD."""
    generator = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    discriminator = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    a, b, w, c = 0.7, 0.2, -0.4, 0.1
    generator.set_weights([np.array([[a]]), np.array([b])])
    discriminator.set_weights([np.array([[w]]), np.array([c])])
    gan = GAN(generator, discriminator, average=0, seed=5)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    x = np.linspace(-1, 2, 6)[:, None].astype(np.float32)
    z = np.asarray(keras.random.normal((6, 1), seed=keras.random.SeedGenerator(5)), np.float64)
    gan.fit(tf.data.Dataset.from_tensors(x), epochs=1, verbose=0)
    s = lambda t: 1 / (1 + np.exp(-t))  # noqa: E731
    fake = a * z + b
    real_logits, fake_logits = w * x + c, w * fake + c
    g_slope = -(1 - s(fake_logits)) * w  # d(-log s(d_f)) / d fake
    d_real, d_fake = -(1 - s(real_logits)), s(fake_logits)
    gradients = [(g_slope * z).mean(), g_slope.mean(),
                 (d_real * x).mean() + (d_fake * fake).mean(), d_real.mean() + d_fake.mean()]
    expected = np.subtract([a, b, w, c], np.multiply(0.1, gradients))
    np.testing.assert_allclose([v.item() for v in weights(gan)], expected, rtol=1e-5)


@pytest.mark.parametrize("name", losses.TABLE)
def test_every_loss_trains_both_players(name):
    gan = tiny_gan(name)
    gan.compile()
    before = weights(gan)
    history = gan.fit(data.batches(ring(), 64, 0), epochs=2, steps_per_epoch=3, verbose=0)
    assert set(history.history) == {"g_loss", "d_loss", "real_logits", "fake_logits"}
    assert np.isfinite(list(history.history.values())).all()
    moved = [np.abs(new - old).max() > 0 for new, old in zip(weights(gan), before, strict=True)]
    # D's last bias shifts real and fake logits alike, which losses of their difference don't feel.
    assert all(moved[:-1])
    assert moved[-1] or name.startswith(("wasserstein", "relativistic"))


def test_gradients_reach_only_their_own_player():
    """Mistake 4: G's gradient applied to D's variables. With G's learning rate 0, G must not move."""
    gan = tiny_gan()
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    before = [w.numpy() for w in gan.generator.weights], [w.numpy() for w in gan.discriminator.weights]
    gan.fit(data.batches(ring(), 64, 0), epochs=1, steps_per_epoch=2, verbose=0)
    assert all((w.numpy() == old).all() for w, old in zip(gan.generator.weights, before[0], strict=True))
    assert any((w.numpy() != old).any() for w, old in zip(gan.discriminator.weights, before[1], strict=True))


def test_the_same_seed_gives_the_same_run():
    runs = [training.train(data.load_images()[:128], steps=6, seed=3, progress=False) for _ in range(2)]
    assert runs[0][1].history == runs[1][1].history
    np.testing.assert_array_equal(runs[0][0].generate(4, seed=1), runs[1][0].generate(4, seed=1))
    other = training.train(data.load_images()[:128], steps=6, seed=4, progress=False)
    assert other[1].history != runs[0][1].history


def test_steps_per_execution_changes_nothing_but_the_speed():
    results = []
    for steps in (1, 5):
        keras.utils.set_random_seed(0)
        gan = tiny_gan()
        gan.compile(steps_per_execution=steps)
        gan.fit(data.batches(ring(), 64, 0), epochs=2, steps_per_epoch=10, verbose=0)
        results.append(weights(gan))
    for one, five in zip(*results, strict=True):
        np.testing.assert_allclose(one, five, rtol=1e-4, atol=1e-6)


def test_average_follows_its_formula_and_can_be_switched_off():
    gan = tiny_gan(average=0.5)
    gan.compile()
    start = gan.generator.get_weights()
    mean = [w.astype(np.float64) for w in start]
    for step in range(1, 4):
        gan.fit(data.batches(ring(), 64, step), epochs=1, steps_per_epoch=1, verbose=0)
        decay = min(0.5, (1 + step) / (10 + step))
        mean = [decay * m + (1 - decay) * w for m, w in zip(mean, gan.generator.get_weights(), strict=True)]
    for m, w in zip(mean, gan.average_generator.get_weights(), strict=True):
        np.testing.assert_allclose(w, m, rtol=1e-5, atol=1e-7)
    off = tiny_gan(average=0)
    assert off.average_generator is None and off.generate(3).shape == (3, 2)


def test_the_discriminator_sees_images_moved_by_up_to_shift_pixels():
    """A dot in the middle comes out at each of the 5 x 5 places about equally often, and never elsewhere."""
    image = keras.Input((7, 9, 1))
    generator = keras.Sequential([keras.Input((2,)), layers.Dense(63), layers.Reshape((7, 9, 1))])
    discriminator = keras.Model(image, layers.Dense(1)(layers.Flatten()(image)))
    gan = GAN(generator, discriminator, shift=2, seed=0)
    place = np.arange(63, dtype=np.float32).reshape(63, 1)
    discriminator.set_weights([place, np.zeros(1)])  # the logit tells where the dot is
    x = np.zeros((5000, 7, 9, 1), np.float32)
    x[:, 3, 4] = 1
    seen, counts = np.unique(np.asarray(gan.judge(x)), return_counts=True)
    assert seen.tolist() == [9 * row + column for row in range(1, 6) for column in range(2, 7)]
    assert 140 < counts.min() and counts.max() < 270  # 200 each, within five standard deviations
    x[:] = 0.25  # moved beyond its edge, an even image stays even
    np.testing.assert_allclose(np.asarray(gan.judge(x[:50])), 0.25 * place.sum(), rtol=1e-5)


@pytest.mark.parametrize("loss", ["modified", "wasserstein_gp"])
def test_shifted_images_train_both_players(loss):
    gan = GAN(models.dcgan_generator(channels=8), models.dcgan_discriminator(widths=(8, 16)), loss, shift=3, seed=0)
    gan.compile()
    before = weights(gan)
    history = gan.fit(data.batches(data.load_images()[:64], 16, 0), epochs=1, steps_per_epoch=4, verbose=0)
    assert np.isfinite(list(history.history.values())).all()
    kernels = [np.abs(new - old).max() > 0 for new, old in zip(weights(gan), before, strict=True) if old.ndim > 1]
    assert all(kernels)


def test_checkpoints_restore_weights_optimizers_and_average(tmp_path):
    def trained(epochs, **fit):
        keras.utils.set_random_seed(0)
        gan = tiny_gan()
        gan.compile()
        gan.fit(tf.data.Dataset.from_tensors(ring(64)), epochs=epochs, verbose=0, **fit)
        return gan

    save = keras.callbacks.ModelCheckpoint(str(tmp_path / "gan.weights.h5"), save_weights_only=True)
    undisturbed = trained(4)
    first = trained(2, callbacks=[save])
    again = tiny_gan()
    again.compile()
    again.load_weights(tmp_path / "gan.weights.h5")
    np.testing.assert_array_equal(again.generate(5, seed=1), first.generate(5, seed=1))
    again.fit(tf.data.Dataset.from_tensors(ring(64)), epochs=2, verbose=0)
    for a, b in zip(weights(again), weights(undisturbed), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_a_saved_model_is_the_same_model(tmp_path):
    gan = tiny_gan("least_squares", noise="uniform", average=0.9)
    gan.compile()
    gan.fit(data.batches(ring(), 64, 0), epochs=1, steps_per_epoch=3, verbose=0)
    gan.save(tmp_path / "gan.keras")
    back = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(back.generate(7, seed=2), gan.generate(7, seed=2))
    assert (back.loss_name, back.noise, back.average) == ("least_squares", "uniform", 0.9)
    back.fit(data.batches(ring(), 64, 0), epochs=1, steps_per_epoch=1, verbose=0)


def test_two_replicas_do_what_one_does():
    """A MirroredStrategy over two virtual CPUs, in a process of its own: the same steps, and NaN in either is seen."""
    code = """
import numpy as np, tensorflow as tf, keras
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from gan_helpers import data, models, training
x = data.points("ring8", 128, seed=0)[0]
def run(strategy, x):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        gan = training.GAN(models.mlp_generator(2, 2, 1, 8), models.mlp_discriminator(2, 1, 8), average=0.9, seed=1)
        gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    before = [w.numpy() for w in gan.weights]
    gan.fit(tf.data.Dataset.from_tensor_slices(x).batch(64), epochs=1, verbose=0)
    assert gan.steps == 2
    return [new.numpy() - old for new, old in zip(gan.weights, before)]
pair = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
one, two = run(tf.distribute.get_strategy(), x), run(pair, x)
for a, b in zip(one, two):
    np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
assert max(np.abs(a).max() for a in one) > 0.1
for rows in (slice(70, 90), slice(100, 120)):  # in the second batch: the first replica's half, the second's
    bad = x.copy()
    bad[rows] = np.nan
    try:
        run(pair, bad)
    except training.TrainingDiverged as error:
        assert "at step 2" in str(error) and all(np.isfinite(w.numpy()).all() for w in error.gan.discriminator.weights)
    else:
        raise SystemExit(f"NaN in {rows} was not noticed")
"""
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains_and_returns_float32(policy):
    keras.config.set_dtype_policy(policy)
    try:
        gan = GAN(models.dcgan_generator(channels=8), models.dcgan_discriminator(widths=(8, 16)), seed=0)
        gan.compile()
        assert isinstance(gan.g_optimizer, keras.optimizers.LossScaleOptimizer) == (policy == "mixed_float16")
        x = data.load_images()[:64]
        history = gan.fit(data.batches(x, 16, 0), epochs=1, steps_per_epoch=4, verbose=0)
        assert np.isfinite(list(history.history.values())).all()
        x = gan.generate(3)
        assert x.dtype == np.float32 and np.isfinite(x).all()
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_nan_stops_training_and_says_which_loss_and_step(steps_per_execution):
    def trained(x):
        keras.utils.set_random_seed(0)
        gan = tiny_gan()
        gan.compile(steps_per_execution=steps_per_execution)
        gan.fit(tf.data.Dataset.from_tensor_slices(x).batch(64), epochs=1, verbose=0)
        return gan

    x = np.tile(ring(64), (8, 1))
    x[64 * 4 :] = np.nan  # the fifth batch is the first bad one
    with pytest.raises(training.TrainingDiverged, match="d_loss .* at step 5. .*ten times smaller") as caught:
        trained(x)
    gan = caught.value.gan
    assert gan.steps == 4 and np.isfinite(gan.generate(4)).all()
    good = trained(x[: 64 * 4])
    for new, old in zip(weights(gan) + gan.average_generator.get_weights(),
                        weights(good) + good.average_generator.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)  # Adam's momentum hasn't moved them either
    gan.fit(data.batches(ring(), 64, 0), epochs=1, steps_per_epoch=4, verbose=0)  # and it can go on
    assert gan.steps == 8


def test_a_pass_that_breaks_down_leaves_no_trace_in_batch_normalisation():
    gan = GAN(models.dcgan_generator(4, (8, 8, 1), 4), models.dcgan_discriminator((8, 8, 1), (4, 8)), seed=0)
    gan.compile()
    x = np.zeros((64, 8, 8, 1), np.float32)
    gan.fit(x, batch_size=32, verbose=0)
    before = [w.numpy() for w in gan.generator.non_trainable_weights]
    gan.generator.trainable_weights[0].assign(tf.fill(gan.generator.trainable_weights[0].shape, 3e38))
    with pytest.raises(training.TrainingDiverged):
        gan.fit(x, batch_size=32, verbose=0)
    for new, old in zip(gan.generator.non_trainable_weights, before, strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.fixture
def ctrl_c():
    """As in a terminal; jobs that a shell starts in the background ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_keeps_the_model_and_its_history(ctrl_c, capsys):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.steps == 7:
                signal.raise_signal(signal.SIGINT)  # what Ctrl-C and Jupyter's stop button send

    gan = tiny_gan()
    gan.compile()
    x = data.batches(ring(), 64, 0)
    history = gan.fit(x, epochs=9, steps_per_epoch=3, callbacks=[Interrupt()], verbose=0)
    assert "after 7 steps" in capsys.readouterr().out
    assert len(history.history["g_loss"]) == 2 and gan.generate(2).shape == (2, 2)


def test_ctrl_c_saves_the_run_and_closes_the_bar(ctrl_c, tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.steps == 7:
                signal.raise_signal(signal.SIGINT)

    gan = tiny_gan()
    gan.compile()
    run, bar = training.Checkpoints(tmp_path, gan), training.Progress(27)
    gan.fit(data.batches(ring(), 64, 0), epochs=9, steps_per_epoch=3, callbacks=[run, bar, Interrupt()], verbose=0)
    assert run.step == 7 and bar.bar.disable       # tqdm's word for closed
    again = tiny_gan()
    again.compile()
    assert training.Checkpoints(tmp_path, again).step == again.steps == 7


@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_progress_ends_at_all_steps_and_is_redrawn_once_a_second(capsys, steps_per_execution):
    gan = tiny_gan()
    gan.compile(steps_per_execution=steps_per_execution)
    bar = training.Progress(steps=400)
    gan.fit(data.batches(ring(), 64, 0), epochs=4, steps_per_epoch=100, callbacks=[bar], verbose=0)
    said = capsys.readouterr().err.replace("\r", "\n").split("\n")
    drawn = [line for line in said if line.startswith("Training:")]
    assert "400/400" in drawn[-1] and "g_loss=" in drawn[-1] and "d_loss=" in drawn[-1]
    assert "0/400" in drawn[0]
    assert bar.bar.n == bar.bar.total == 400 and bar.bar.mininterval == 1


def test_samples_come_from_the_same_z_before_training_and_after_each_epoch():
    gan = tiny_gan()
    gan.compile()
    z = gan.sample_noise(5, seed=1)
    watch, before = training.Samples(z), gan(z).numpy()
    for epochs in (2, 1):  # a second fit goes on where the first ended
        gan.fit(data.batches(ring(), 64, 0), epochs=epochs, steps_per_epoch=3, callbacks=[watch], verbose=0)
    assert [grid.shape for grid in watch.grids] == [(5, 2)] * 4
    np.testing.assert_array_equal(watch.grids[0], before)
    np.testing.assert_array_equal(watch.grids[-1], gan(z).numpy())
    assert all(np.abs(b - a).max() > 0 for a, b in zip(watch.grids, watch.grids[1:], strict=False))


@pytest.mark.parametrize("steps, group", [(1, 1), (6, 2), (37, 1), (60, 10), (75, 5)])
def test_train_does_exactly_the_steps_asked_for(steps, group, monkeypatch, capsys):
    """In groups that don't overshoot, in history rows of 50, and on the bar."""
    monkeypatch.setattr(models, "dcgan_generator", functools.partial(models.dcgan_generator, channels=2))
    monkeypatch.setattr(models, "dcgan_discriminator", functools.partial(models.dcgan_discriminator, widths=(2, 4)))
    seen = []
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    gan, history = training.train(data.load_images()[:64], steps=steps, callbacks=[watch])
    assert gan.steps == steps and len(seen) == steps // group
    assert len(history.history["g_loss"]) == -(-steps // 50)
    assert f"{steps}/{steps}" in capsys.readouterr().err


def test_train_ends_after_its_seconds(monkeypatch):
    """By a clock that moves on by a quarter of a second whenever it is asked; 10 steps go by between two looks."""
    ticks = itertools.count(100, 0.25)
    monkeypatch.setattr(training._callbacks, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    gan, _ = training.train(data.load_images()[:64], seconds=1.1, progress=False)
    looks = 5  # the first one starts the clock and asks again; five quarters are the first time above 1.1
    assert gan.steps == 10 * looks and gan.generate(3, seed=0).shape == (3, 28, 28, 1)


@pytest.mark.parametrize("arguments, message", [
    ({"x": np.zeros((10, 28, 28, 1), np.float32)}, "at least 64 images, got 10"),
    ({"x": np.zeros((100, 28, 28, 1), np.uint8)}, "to_unit_range"),
    ({"x": np.full((100, 28, 28, 1), np.nan, np.float32)}, "NaN"),
    ({"x": np.zeros((100, 30, 30, 1), np.float32)}, "multiples of 4"),
    ({"steps": 0}, "steps must be a whole number"),
    ({"steps": 2, "seconds": 2}, "not both"),
    ({"seconds": -1}, "above 0"),
    ({"seconds": float("nan")}, "above 0"),
    ({"seconds": True}, "above 0"),
    ({"steps": 1, "loss": "wgan"}, "Unknown loss"),
])
def test_bad_input_is_refused_before_training(arguments, message):
    with pytest.raises(ValueError, match=message):
        training.train(**{"x": np.zeros((100, 28, 28, 1), np.float32), **arguments})


@pytest.mark.parametrize("call, message", [
    (lambda: GAN(models.mlp_generator(2, 3), models.mlp_discriminator(2)), "makes samples of shape \\(3,\\)"),
    (lambda: GAN(models.mlp_generator(2, 2), models.mlp_generator(2, 2)), "one logit a sample"),
    (lambda: GAN(models.dcgan_discriminator(), models.dcgan_discriminator()), "must take noise"),
    (lambda: tiny_gan(average=1.0), "average must be in"),
    (lambda: tiny_gan(average=None), "average must be in"),
    (lambda: tiny_gan(gradient_penalty_weight="10"), "must be a number"),
    (lambda: GAN(None, models.mlp_discriminator()), "generator must be a Keras model"),
    (lambda: GAN(models.mlp_generator(), keras.Sequential([layers.Dense(1)])), "discriminator must be a Keras"),
    (lambda: GAN(models.mlp_generator(), keras.Sequential([keras.Input((2,)), layers.Dense(1, "sigmoid")])),
     "ends in a sigmoid"),
    (lambda: tiny_gan(noise="cauchy"), "Unknown noise prior"),
    (lambda: tiny_gan(gradient_penalty_weight=-1), "0 or more"),
    (lambda: tiny_gan(shift=1), "shift moves images"),
    (lambda: GAN(models.dcgan_generator(), models.dcgan_discriminator(), shift=-1), "pixels, 0 or more, got -1"),
    (lambda: GAN(models.dcgan_generator(), models.dcgan_discriminator(), shift=1.5), "shift must be a whole number"),
    (lambda: GAN(models.dcgan_generator(), models.dcgan_discriminator(), shift=28), "smaller than the image's sides"),
    (lambda: tiny_gan().generate(0), "n must be a whole number"),
])
def test_models_that_cannot_work_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_training_goes_on_from_a_checkpoint_with_dropout_as_if_never_stopped(tmp_path):
    def make():
        keras.utils.set_random_seed(0)
        gan = GAN(models.dcgan_generator(channels=8), models.dcgan_discriminator(widths=(8, 16)), seed=1, shift=1)
        gan.compile()
        return gan

    x = tf.data.Dataset.from_tensors(data.load_images()[:32])
    undisturbed, first, again = make(), make(), make()
    undisturbed.fit(x, epochs=4, verbose=0)
    first.fit(x, epochs=2, verbose=0)
    first.save_weights(tmp_path / "gan.weights.h5")
    again.load_weights(tmp_path / "gan.weights.h5")
    again.fit(x, epochs=2, verbose=0)
    for new, old in zip(weights(again), weights(undisturbed), strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-5, atol=1e-6)


IMAGES = np.zeros((64, 28, 28, 1), np.float32)


@pytest.mark.parametrize("x, message", [
    (data.batches(IMAGES, 32), "endless: say how many steps"),
    (tf.data.Dataset.from_tensor_slices(IMAGES).batch(65, drop_remainder=True), "this dataset is empty"),
    (tf.data.Dataset.from_tensor_slices(IMAGES), "Use dataset.batch"),
    (tf.data.Dataset.from_tensors(IMAGES[..., 0]), "Add the channel axis"),
    (IMAGES[:, :14, :14], r"\(n, 28, 28, 1\), float32, as the discriminator takes them, got \(64, 14, 14, 1\)"),
    (IMAGES.astype(np.uint8), "got uint8. Use data.to_unit_range"),
    (IMAGES + np.nan, "finite"),
    (IMAGES + 255, "255 to 255. Rescale"),
    (tf.data.Dataset.from_tensor_slices({"image": IMAGES, "label": np.zeros(64)}).batch(32),
     r"dictionaries of image, label. Take out the samples"),
    (None, "got None"),
    (IMAGES[:0], r"n of 1 or more, got \(0, 28, 28, 1\)"),
])
def test_samples_that_do_not_fit_are_refused_before_training(x, message):
    gan = GAN(models.dcgan_generator(channels=4), models.dcgan_discriminator(widths=(4, 8)))
    gan.compile()
    with pytest.raises(ValueError, match=message):
        gan.fit(x, verbose=0)
    assert gan.steps == 0


def test_float64_samples_are_trained_on_with_a_gradient_penalty():
    gan = tiny_gan("wasserstein_gp")
    gan.compile()
    gan.fit(ring().astype(np.float64), batch_size=64, epochs=1, verbose=0)
    assert gan.steps == 8


def test_numpys_numbers_are_numbers():
    networks = models.dcgan_generator(channels=4), models.dcgan_discriminator(widths=(4, 8))
    assert GAN(*networks, shift=np.int64(0)).shift == 0 and GAN(*networks, shift=np.int64(2)).shift == 2
    assert training.StopAfter(np.int64(3)).seconds == 3


def test_compile_refuses_what_cannot_work():
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="one optimizer object. Make two"):
        tiny_gan().compile(optimizer, optimizer)
    with pytest.raises(ValueError, match="can't run eagerly"):
        tiny_gan("wasserstein_gp").compile(run_eagerly=True)
    assert tiny_gan().steps == 0


def test_the_gradient_penalty_of_a_quadratic_discriminator_by_hand():
    """D(x) = |x|^2 / 2 has the gradient x, so the penalty is the mean of (|x| - 1)^2 between real and fake."""
    x_real, x_fake = np.full((64, 2), 3.0, np.float32), np.full((64, 2), 1.0, np.float32)
    square = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda x: keras.ops.sum(x**2, 1, keepdims=True) / 2)])
    same = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda z: 0 * z + 1.0)])
    gan = GAN(same, square, "wasserstein_gp", gradient_penalty_weight=1.0, average=0)
    loss = tf.function(lambda: gan.gan_loss(gan.gan_model(tf.constant(x_real), tf.constant(x_fake))))()
    penalty = float(loss.discriminator_loss) - (1.0 - 9.0)
    mixed = np.sqrt(2) * (1 + 2 * np.linspace(0, 1, 10_001))  # |x| along the line, by a uniform number
    mean, spread = np.mean((mixed - 1) ** 2), np.std((mixed - 1) ** 2)
    assert abs(penalty - mean) < 5 * spread / np.sqrt(64)
