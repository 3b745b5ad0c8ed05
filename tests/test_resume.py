"""A run that is killed and taken up again: bit for bit the undisturbed one; bad folders and full disks."""

import functools
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from gan_helpers import data, models, training

STEPS, EPOCH = 36, 3
FILE, RUN = training._checkpoints.FILE, training._checkpoints.RUN


def make_small():
    """Networks that compile in a second, with all that is random or remembered; short epochs, a save after each."""
    models.dcgan_generator = lambda z_dim, image_shape: keras.Sequential([
        keras.Input((4,)), layers.Dense(np.prod(image_shape)), layers.BatchNormalization(),
        layers.Reshape(image_shape), layers.Activation("tanh")])
    models.dcgan_discriminator = lambda image_shape, dropout: keras.Sequential([
        keras.Input(image_shape), layers.Flatten(), layers.Dropout(dropout), layers.Dense(1)])
    training.EPOCH_STEPS, training.SAVE_SECONDS = EPOCH, 0


@pytest.fixture
def small(monkeypatch):
    for module, name in ((models, "dcgan_generator"), (models, "dcgan_discriminator"),
                         (training, "EPOCH_STEPS"), (training, "SAVE_SECONDS")):
        monkeypatch.setattr(module, name, getattr(module, name))  # to put it back afterwards
    make_small()


def digest(gan, history) -> str:
    """Of every number that the next step depends on, and of the history."""
    variables = [*gan.variables, *gan._random_states(), *gan.g_optimizer.variables, *gan.d_optimizer.variables]
    found = hashlib.sha256(json.dumps([history.history, history.epoch]).encode())
    for variable in variables:
        found.update(variable.numpy().tobytes())
    return found.hexdigest()


def images():
    return data.load_images()[:200]


class Watch(keras.callbacks.Callback):
    """Tells the test each step; kills its own process within a save, if that is asked for."""

    def __init__(self, die: str | None):
        super().__init__()
        self.die = die

    def on_train_begin(self, logs=None):
        print("from", self.model.steps, flush=True)

    def on_train_batch_end(self, batch, logs=None):
        print("step", self.model.steps, flush=True)
        if self.die and self.model.steps % EPOCH == 0:
            kill = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
            replace = os.replace
            if self.die == "half written":
                zipfile.ZipFile.writestr = kill
            elif self.die == "before the rename":
                os.replace = kill
            else:
                os.replace = lambda *paths: (replace(*paths), kill())


def serve():
    """In a process of its own: a run for each line of the input, forked, so that TensorFlow is loaded once."""
    make_small()
    x = images()
    for line in sys.stdin:
        job = json.loads(line)
        if (pid := os.fork()) == 0:
            print("pid", os.getpid(), flush=True)
            gan, history = training.train(x, steps=STEPS, folder=job["folder"], callbacks=[Watch(job["die"])],
                                          progress=False)
            print("digest", digest(gan, history), flush=True)
            os._exit(0)
        print("status", os.waitpid(pid, 0)[1], flush=True)


@pytest.fixture(scope="module")
def server():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_resume; test_resume.serve()"
    with subprocess.Popen([sys.executable, "-c", code, os.path.dirname(__file__)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield process
        process.stdin.close()


def run(server, folder, die=None, step=None, delay=0.0):
    """One run in the folder; a SIGKILL `delay` seconds after that many of its steps. What it said, by word."""
    server.stdin.write(json.dumps({"folder": folder, "die": die}) + "\n")
    server.stdin.flush()
    said, done = {}, 0
    for line in server.stdout:
        word, value = line.split()
        said[word] = value
        done += word == "step"
        if step is not None and word != "status" and done >= step:
            time.sleep(delay)
            os.kill(int(said["pid"]), signal.SIGKILL)
            step = None
        if word == "status":
            return said
    raise AssertionError("the process that runs the trainings has ended")


def noted(folder) -> dict:
    """What stands in a checkpoint, every byte of which is checked."""
    with zipfile.ZipFile(folder / FILE) as file:
        assert file.testzip() is None
        return json.loads(file.read(RUN))


def test_kills_at_any_moment_change_no_bit(server, tmp_path):
    """`benchmarks/kill_and_resume.py` does the same with the real networks, more steps and ten kills."""
    folder, kept = tmp_path / "run", 0
    undisturbed = run(server, None)
    assert undisturbed["status"] == "0" and undisturbed["step"] == str(STEPS)
    rng = np.random.default_rng(0)
    for kill, die in enumerate([None, None, "half written", None, "before the rename", None, "after the rename"]):
        if die:
            said = run(server, str(folder), die=die)
        elif kill == 0:  # while the networks, the folder or the first checkpoint are made
            said = run(server, str(folder), step=0, delay=rng.uniform(0, 0.5))
        else:
            said = run(server, str(folder), step=rng.integers(4, 8), delay=rng.uniform(0, 0.05))
        assert said["status"] == str(int(signal.SIGKILL)) and "digest" not in said
        assert int(said.get("from", kept)) == kept  # where the last checkpoint was
        if kill:
            kept = noted(folder)["step"]
            assert int(said["step"]) - EPOCH - 1 <= kept <= int(said["step"]) + 1
    last = run(server, str(folder))
    assert (last["from"], last["step"], last["status"]) == (str(kept), str(STEPS), "0")
    assert 3 * EPOCH < kept < STEPS and last["digest"] == undisturbed["digest"]
    assert os.listdir(folder) == [FILE]  # nothing that the kills left behind


def ring():
    return data.points("ring8", 200, seed=0)[0]


def points_gan(loss="modified", units=8, z_dim=2, average=0.9, learning_rate=1e-3):
    keras.utils.set_random_seed(0)
    gan = training.GAN(models.mlp_generator(z_dim, 2, 1, units), models.mlp_discriminator(2, 1, units), loss,
                       average=average, seed=1)
    gan.compile(keras.optimizers.Adam(learning_rate), keras.optimizers.SGD(1e-2, momentum=0.9))
    return gan


def fit(gan, epochs, run=None, callbacks=()):
    return gan.fit(training.batches_from(ring(), 64, seed=0, step=gan.steps), steps_per_epoch=EPOCH, verbose=0,
                   initial_epoch=run.epochs if run else 0, epochs=epochs,
                   callbacks=[*callbacks, *([run] if run else [])])


@pytest.mark.parametrize("loss", ["least_squares", "wasserstein_gp"])
def test_networks_of_ones_own_go_on_bit_for_bit(loss, tmp_path):
    """Also where TF-GAN itself draws random numbers, for the gradient penalty."""
    whole = points_gan(loss)
    history = fit(whole, 4)
    for epochs in (2, 4, 4):  # the last time there is nothing left to do
        gan = points_gan(loss)
        run = training.Checkpoints(tmp_path, gan)
        part = fit(gan, epochs, run)
    assert digest(gan, part) == digest(whole, history) and gan.steps == 4 * EPOCH
    model = keras.models.load_model(tmp_path / FILE)
    np.testing.assert_array_equal(model.generate(5, seed=2), whole.generate(5, seed=2))


def test_the_order_of_the_batches_depends_on_the_seed_and_the_step_alone():
    x = np.arange(20)
    read = lambda seed, step, n: np.stack(list(  # noqa: E731
        training.batches_from(x, 6, seed, step).take(n).as_numpy_iterator()))
    order = read(5, 0, 30)
    for step in (1, 2, 3, 7, 29):
        keras.utils.set_random_seed(step)
        np.testing.assert_array_equal(read(5, step, 1)[0], order[step])
    passes = order.reshape(10, 18)
    assert all(len(set(one)) == 18 for one in passes.tolist())
    assert (passes[:-1] != passes[1:]).any(axis=1).all() and (read(6, 0, 30) != order).any()
    counts = np.bincount(read(0, 0, 1500).ravel(), minlength=20)  # which two of 20 a pass leaves out is random
    assert abs(counts - 450).max() < 5 * np.sqrt(500 * 0.1 * 0.9)
    far = 10**12 + 1  # reached at once
    np.testing.assert_array_equal(read(5, far, 2)[1], read(5, far + 1, 1)[0])
    with pytest.raises(ValueError, match="only 20 samples"):
        training.batches_from(x, 21, 0)


def test_a_training_by_the_clock_goes_on_for_the_seconds_that_are_left(small, tmp_path, monkeypatch):
    clock = SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    for module in (training._callbacks, training._checkpoints):
        monkeypatch.setattr(module, "time", clock)

    class Tick(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            clock.now += 1

    def steps(seconds):
        gan, history = training.train(images(), seconds=seconds, folder=tmp_path, callbacks=[Tick()], progress=False)
        assert len(history.epoch) == len(history.history["g_loss"])
        return gan.steps

    assert steps(10) == 11  # the first second begins when the first step is done
    assert noted(tmp_path)["seconds"] == 10
    assert steps(10) == 11
    assert steps(25) == 11 + 16


def test_the_bar_goes_on_where_the_run_was(small, tmp_path, capsys):
    for steps in (6, 15):
        training.train(images(), steps=steps, folder=tmp_path)
    bars = [line for line in capsys.readouterr().err.replace("\r", "\n").split("\n") if line.startswith("Training:")]
    assert "6/15" in next(line for line in bars if "/15" in line) and "15/15" in bars[-1]
    with pytest.raises(ValueError, match="has 15 steps behind it, more than the 9 asked for"):
        training.train(images(), steps=9, folder=tmp_path)


@pytest.fixture
def full_disk():
    """A function after which a file can't grow beyond so many bytes, as if the disk were full; None ends it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = lambda size: resource.setrlimit(  # noqa: E731
        resource.RLIMIT_FSIZE, before if size is None else (size, before[1]))
    yield limit
    limit(None)


def test_a_full_disk_leaves_the_checkpoint_before_and_says_so(tmp_path, full_disk):
    """The fourth and fifth save break off half-way; training goes on, and the sixth gets through."""
    def at_the_end(epoch, logs):
        before.append(noted(tmp_path)["step"])
        full_disk(os.path.getsize(tmp_path / FILE) // 2 if epoch in (2, 3) else None)

    before = []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=at_the_end)
    gan = points_gan()
    with pytest.warns(UserWarning) as said:
        fit(gan, 6, training.Checkpoints(tmp_path, gan, every=0), [watch])
    assert before == [0, 3, 6, 6, 6, 15] and noted(tmp_path)["step"] == 18
    messages = [str(warning.message) for warning in said if warning.category is UserWarning]
    assert len(messages) == 2 and all(str(tmp_path) in message for message in messages)
    assert "checkpoint of step 6 is still there, whole. Make room on the disk" in messages[0]
    assert os.listdir(tmp_path) == [FILE]


def test_a_full_disk_is_noticed_before_the_first_step_and_at_the_last(tmp_path, full_disk):
    gan = points_gan()
    full_disk(1000)
    with pytest.raises(OSError, match="Can't save the run in the folder .*fresh: .*Make room on the disk"):
        fit(gan, 1, training.Checkpoints(tmp_path / "fresh", gan))
    assert gan.steps == 0 and os.listdir(tmp_path / "fresh") == []
    full_disk(None)
    fill = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: full_disk(1000))
    with pytest.warns(UserWarning, match="step 0 is still there, whole.* only in memory"):
        fit(gan, 1, training.Checkpoints(tmp_path / "fresh", gan), [fill])
    assert gan.steps == EPOCH


def save(folder, gan, **settings):
    """A checkpoint of `gan` as it is."""
    run = training.Checkpoints(folder, gan, **settings)
    run.set_model(gan)
    run.save()


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("other, settings, message", [
    ({"units": 9}, {}, r"generator\.config\.layers\.1\.config\.units is 8 there and 9 here"),
    ({"z_dim": 3}, {}, r"batch_shape\.1 is 2 there and 3 here"),
    ({"loss": "minimax"}, {}, "loss is 'modified' there and 'minimax' here"),
    ({"average": 0}, {}, "average is 0.9 there and 0 here"),
    ({"learning_rate": 1e-2}, {}, "g_optimizer.config.learning_rate is 0.001"),
    ({}, {"data": training.fingerprint(np.zeros((5, 2)))}, r"data\.shape\.0 is 4 there and 5 here"),
    ({}, {"data": training.fingerprint(np.ones((4, 2)))}, r"data\.sha256 is .* there"),
    ({}, {"data": training.fingerprint(np.zeros((4, 2), np.float32))}, r"data\.dtype is 'float64' there and 'float32'"),
    ({}, {}, "data.* 'nothing' here"),
])
def test_another_run_is_refused_and_left_alone(other, settings, message, tmp_path):
    save(tmp_path, points_gan(), data=training.fingerprint(np.zeros((4, 2))))
    before, gan = contents(tmp_path), points_gan(**other)
    weights = gan.get_weights()
    with pytest.raises(ValueError, match=f"holds another run: .*{message}.*Name another folder"):
        training.Checkpoints(tmp_path, gan, **settings)
    assert contents(tmp_path) == before
    assert all(np.array_equal(a, b) for a, b in zip(weights, gan.get_weights(), strict=True))


@pytest.mark.parametrize("there, here", [
    ({"files": ["a", "b", "c"]}, {"files": ["z", "b", "c"]}),
    ({"data": {"name": "digits", "n": 5}}, {"data": {"name": "mnist", "n": 5}}),
])
def test_names_in_ones_own_settings_count(there, here, tmp_path):
    """Only those of layers don't: Keras counts on through a session."""
    save(tmp_path, points_gan(), **there)
    training.Checkpoints(tmp_path, points_gan(), **there)
    with pytest.raises(ValueError, match="holds another run"):
        training.Checkpoints(tmp_path, points_gan(), **here)


def test_another_seed_or_other_images_are_refused_by_train(small, tmp_path):
    gan, _ = training.train(images(), steps=EPOCH, folder=tmp_path, progress=False)
    before = contents(tmp_path)
    for change, message in (({"seed": 1}, "seed is 0 there and 1 here"), ({"x": images()[::-1]}, "sha256"),
                            ({"x": images()[:150]}, "data.shape.0 is 200 there and 150 here"),
                            ({"loss": "minimax"}, "loss is 'modified' there"),
                            ({"x": np.pad(images(), ((0, 0), (2, 2), (2, 2), (0, 0)))}, "generator.*units")):
        with pytest.raises(ValueError, match=message):
            training.train(**{"x": images(), "steps": 2 * EPOCH, "progress": False, **change}, folder=tmp_path)
    assert contents(tmp_path) == before


def test_layers_of_the_same_kind_are_the_same_whatever_keras_calls_them(tmp_path):
    """In a notebook a cell is run twice, and `softmax` becomes `softmax_1`; the activation of that name stays."""
    def gan(activation="softmax", dtype="float32", twice=False):
        x = keras.Input((2,))
        one = layers.Dense(4)(x)
        other = layers.Dense(4)(one)
        x_sum = layers.Softmax()(layers.Add()([other if twice else one, other]))
        logit = layers.Dense(1)(layers.Dense(3, activation, dtype=dtype)(x_sum))
        gan = training.GAN(models.mlp_generator(), keras.Model(x, logit))
        gan.compile()
        return gan

    save(tmp_path, gan())
    for _ in range(2):
        training.Checkpoints(tmp_path, gan())
    for other, where in (({"activation": "relu"}, "activation is 'softmax' there"), ({"twice": True}, "inbound_nodes"),
                         ({"dtype": "mixed_bfloat16"}, r"dtype\.config\.name is 'float32' there")):
        with pytest.raises(ValueError, match=f"another run: discriminator.*{where}"):
            training.Checkpoints(tmp_path, gan(**other))


def write_text(folder):
    (folder / FILE).write_text("my thesis")


def write_array(folder):
    with open(folder / FILE, "wb") as file:
        np.savez(file, x=np.zeros(3))


def write_model(folder):
    points_gan().save(folder / FILE)


def truncate(folder, part=0.7):
    save(folder, points_gan())
    os.truncate(folder / FILE, int(part * os.path.getsize(folder / FILE)))


def flip(folder):
    save(folder, points_gan())
    with open(folder / FILE, "r+b") as file:
        file.seek(os.path.getsize(folder / FILE) // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("damage", [
    write_text, write_array, write_model, truncate, functools.partial(truncate, part=0), flip])
def test_a_foreign_or_damaged_file_is_refused_and_left_alone(damage, tmp_path):
    damage(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=f"{FILE} is no checkpoint of a run, or it is damaged .*move the file away"):
        training.Checkpoints(tmp_path, points_gan())
    assert contents(tmp_path) == before


def test_other_peoples_folders_are_refused_and_left_alone(tmp_path):
    (tmp_path / "model.ckpt-100.index").write_text("someone's")
    with pytest.raises(ValueError, match="other files .model.ckpt-100.index.* Nothing was changed"):
        training.train(images(), steps=1, folder=tmp_path)
    assert list(contents(tmp_path)) == ["model.ckpt-100.index"]
    with pytest.raises(ValueError, match="is a file; checkpoints need a folder"):
        training.Checkpoints(tmp_path / "model.ckpt-100.index", points_gan())


def test_what_is_no_folder_no_time_or_not_compiled_is_refused(tmp_path):
    for folder in ("", None, 3):
        with pytest.raises(ValueError, match="must be the path of a folder"):
            training.Checkpoints(folder, points_gan())
    for every in (-1, float("nan"), "30"):
        with pytest.raises(ValueError, match="every must be a number of seconds"):
            training.Checkpoints(tmp_path, points_gan(), every)
    with pytest.raises(ValueError, match="Compile the GAN before"):
        training.Checkpoints(tmp_path, training.GAN(models.mlp_generator(), models.mlp_discriminator()))


def test_what_a_kill_left_half_written_goes_and_what_another_process_writes_stays(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for pid in (dead.pid, os.getppid()):
        (tmp_path / f"checkpoint.{pid}.part.keras").write_text("half")
    training.Checkpoints(tmp_path, points_gan())
    assert list(contents(tmp_path)) == [f"checkpoint.{os.getppid()}.part.keras"]
