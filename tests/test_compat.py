"""`compat`: TF-GAN imports in any order and works; each patch looks first; estimators train, evaluate, predict.

TF-GAN's own tests run in test_tfgan_suite.py.
"""

import inspect
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from gan_helpers import compat
from gan_helpers.compat import estimator_training
from gan_helpers.compat import tensorflow_gan as tfgan

V1 = tf.compat.v1
PRINTS = """
import sys
import tensorflow_gan
from gan_helpers.compat import tensorflow_gan as again
assert tensorflow_gan is tfgan is again is sys.modules["tensorflow_gan"]
print(tensorflow_gan.__version__, float(tensorflow_gan.losses.wargs.wasserstein_generator_loss([[2.0], [4.0]])))
"""
NO_OLD_PARSERS = "import sys; sys.modules.update({'distutils': None, 'pkg_resources': None})\n"
FAILS_FIRST = """
try:
    import {0}
except Exception:
    pass
else:
    raise SystemExit("expected `import {0}` to fail without the patches")
"""


def fresh(code: str, **env) -> subprocess.CompletedProcess:
    """Run `code` in a Python of its own."""
    import os

    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True,
                          env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **env})


@pytest.mark.parametrize("first", [
    "",
    "import tensorflow\n",
    "import tensorflow, keras, tf_keras, tensorflow_hub, tensorflow_probability\n",
    FAILS_FIRST.format("tensorflow_gan"),
    FAILS_FIRST.format("tensorflow_estimator"),
    NO_OLD_PARSERS,
    NO_OLD_PARSERS + FAILS_FIRST.format("tensorflow_gan"),
], ids=["alone", "after TensorFlow", "after its friends", "after a failed import", "after a failed estimator",
        "without distutils and pkg_resources", "without them after a failed import"])
def test_it_imports_in_any_order(first):
    done = fresh(first + "from gan_helpers.compat import tensorflow_gan as tfgan\n" + PRINTS)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split("\n")[0] == "2.1.0 -3.0"


def test_the_stand_ins_for_version_parsers_are_seen_by_nobody_else():
    done = fresh(NO_OLD_PARSERS + "import gan_helpers.compat\nimport sys\n"
                 "print([sys.modules.get(n) for n in ('distutils', 'distutils.version', 'pkg_resources')])")
    assert done.stdout == "[None, None, None]\n", done.stderr[-3000:]


def test_importing_prints_nothing_and_stderr_works_afterwards():
    done = fresh("import gan_helpers.compat, os; os.write(2, b'here')")
    assert (done.stdout, done.stderr) == ("", "here")


@pytest.mark.parametrize("patch", compat.PATCHES, ids=lambda patch: patch.__name__)
def test_each_patch_does_nothing_where_nothing_is_broken(patch):
    """Everything is back by now, so a second call must find it and say so."""
    estimator, layers, getargspec = tf.estimator, V1.layers, inspect.getargspec
    assert patch() is False
    assert (tf.estimator, V1.layers, inspect.getargspec) == (estimator, layers, getargspec)


@pytest.mark.parametrize("patch", compat.PATCHES, ids=lambda patch: patch.__name__)
def test_each_patch_says_what_broke_and_since_when(patch):
    assert any(word in patch.__doc__ for word in ("since TensorFlow 2.16", "in TensorFlow 2.16", "since Python 3.1"))


def test_a_patch_that_fails_names_the_supported_versions(monkeypatch):
    def put_back_the_moon():
        raise AttributeError("no moon")

    monkeypatch.setattr(compat, "PATCHES", (put_back_the_moon,))
    with pytest.raises(ImportError, match="put_back_the_moon failed with AttributeError: no moon. Supported: "
                       f"TensorFlow 2.18 to 2.21 on Python 3.10 to 3.13.*this is TensorFlow {tf.__version__}"):
        compat._load()


def test_getargspec_is_that_of_python_3_10():
    def plain(a, b=2, *args, **options):
        pass

    def hinted(a: int, *, mode: str = "train") -> None:
        pass

    assert inspect.getargspec(plain) == (["a", "b"], "args", "options", (2,))
    assert inspect.getargspec(plain).keywords == "options"
    assert inspect.getargspec(hinted).args == ["a"] and inspect.getargspec(hinted).keywords is None


@pytest.mark.parametrize("part", ["", "estimator", "eval", "features", "losses", "losses.wargs", "tpu"])
def test_every_public_name_of_tfgan_is_there(part):
    module = tfgan
    for name in filter(None, part.split(".")):
        module = getattr(module, name)
    names = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    assert len(names) > 1 and all(getattr(module, name) is not None for name in names)


def test_layers_of_tensorflow_1_work_in_a_graph():
    with tf.Graph().as_default(), V1.Session() as session:
        out = V1.layers.dense(tf.ones((2, 3)), 4, kernel_initializer=V1.ones_initializer())
        session.run(V1.global_variables_initializer())
        np.testing.assert_array_equal(session.run(out), np.full((2, 4), 3))


def test_the_estimator_is_the_real_one():
    import tensorflow_estimator

    assert issubclass(tfgan.estimator.GANEstimator, tf.estimator.Estimator)
    assert inspect.getfile(tf.estimator.Estimator).startswith(tensorflow_estimator.__path__[0])
    assert tf.compat.v2.estimator is tf.estimator and V1.estimator.Estimator.__name__ == "Estimator"


# A GAN that must learn to shift its noise to the data, which lie around 3.

def generator(z, mode):
    return V1.layers.dense(z, 1, kernel_initializer=V1.ones_initializer())


def discriminator(x, condition, mode):
    return V1.layers.dense(V1.layers.dense(x, 8, activation=tf.nn.relu), 1)


def inputs(mode, batch_size=64):
    noise = tf.data.Dataset.from_tensors(0).repeat().map(lambda _: tf.random.normal((batch_size, 1)))
    real = noise.map(lambda x: 0.5 * x + 3.0)
    return tf.data.Dataset.zip((noise, real)).take(2 if mode == "eval" else -1)


def gan_estimator(folder, **config):
    run_config = tf.estimator.RunConfig(model_dir=str(folder), tf_random_seed=1, **config)
    return tfgan.estimator.GANEstimator(
        generator_fn=generator, discriminator_fn=discriminator, config=run_config,
        generator_loss_fn=tfgan.losses.modified_generator_loss,
        discriminator_loss_fn=tfgan.losses.modified_discriminator_loss,
        generator_optimizer=V1.train.AdamOptimizer(0.02, 0.5), add_summaries=None,
        discriminator_optimizer=V1.train.AdamOptimizer(0.02, 0.5),
        get_eval_metric_ops_fn=lambda model: {"mean": V1.metrics.mean(model.generated_data)})


def test_an_estimator_trains_evaluates_predicts_and_resumes(tmp_path):
    gan = gan_estimator(tmp_path)
    before = gan.train(lambda: inputs("train"), max_steps=1).evaluate(lambda: inputs("eval"))
    after = gan.train(lambda: inputs("train"), max_steps=300).evaluate(lambda: inputs("eval"))
    assert after["global_step"] == 300 and abs(after["mean"] - 3) < 1 < abs(before["mean"] - 3)
    rows = gan.predict(lambda: inputs("predict").map(lambda z, _: z))
    x = np.stack([next(rows) for _ in range(200)])
    assert x.shape == (200, 1) and abs(x.mean() - 3) < 1
    again = gan_estimator(tmp_path)  # another process would find the same checkpoint
    assert again.evaluate(lambda: inputs("eval"))["global_step"] == 300


def test_an_estimator_works_with_a_strategy_on_one_machine(tmp_path):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    config = tf.estimator.RunConfig(model_dir=str(tmp_path), train_distribute=strategy)

    def model(features, labels, mode):
        loss = tf.reduce_mean((V1.layers.dense(features, 1) - labels) ** 2)
        step = V1.train.GradientDescentOptimizer(0.1).minimize(loss, V1.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=step)

    def pairs():
        x = np.linspace(-1, 1, 16, dtype=np.float32)[:, None]
        return tf.data.Dataset.from_tensors((x, 2 * x)).repeat()

    estimator = tf.estimator.Estimator(model, config=config).train(pairs, max_steps=200)
    assert estimator.evaluate(pairs, steps=1)["loss"] < 1e-3


CLUSTER = {"chief": ["host0:1"], "ps": ["host1:1"], "worker": ["host2:1", "host3:1"]}


@pytest.mark.parametrize("task, chief, workers", [
    (("chief", 0), True, 3), (("worker", 1), False, 3), (("ps", 0), False, 3), (("evaluator", 0), False, 0)])
def test_tf_config_is_respected(monkeypatch, task, chief, workers):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": CLUSTER, "task": {"type": task[0], "index": task[1]}}))
    config = tf.estimator.RunConfig()
    assert (config.task_type, config.task_id) == task
    assert (config.is_chief, config.num_worker_replicas) == (chief, workers)
    if task[0] != "evaluator":
        assert config.cluster_spec.as_dict() == CLUSTER


def test_train_and_evaluate_runs_a_real_cluster_from_tf_config(tmp_path):
    """A chief and a parameter server in two processes on this machine, as TF_CONFIG says."""
    import socket

    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        cluster = {"chief": [f"127.0.0.1:{one.getsockname()[1]}"], "ps": [f"127.0.0.1:{two.getsockname()[1]}"]}
    code = f"""
    import sys; sys.path.insert(0, {str(sys.path[0])!r}); sys.path.insert(0, "tests")
    import test_compat as t
    config = t.tf.estimator.RunConfig()
    gan = t.gan_estimator({str(tmp_path)!r})
    train = t.tf.estimator.TrainSpec(lambda: t.inputs("train"), max_steps=20)
    evaluate = t.tf.estimator.EvalSpec(lambda: t.inputs("eval"))
    t.tf.estimator.train_and_evaluate(gan, train, evaluate)
    print("trained to", gan.get_variable_value("global_step"))
    """
    import os

    def start(kind):
        env = {**os.environ, "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": 0}})}
        return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], env=env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    server = start("ps")
    try:
        out, err = start("chief").communicate(timeout=240)
        assert server.poll() is None  # a parameter server serves until it is stopped
    finally:
        server.kill()
        server.communicate()
    assert "trained to 20" in out, err[-3000:]


def test_a_strategy_across_machines_is_refused_before_training(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": CLUSTER, "task": {"type": "worker", "index": 0}}))
    if compat.put_back_estimator_training.__name__ not in compat.APPLIED:
        pytest.skip("this TensorFlow still has its own coordinator")
    with pytest.raises(NotImplementedError, match="Leave train_distribute away"):
        tf.estimator.RunConfig(train_distribute=tf.distribute.MirroredStrategy(["CPU:0"]))


def test_a_strategy_given_twice_is_refused():
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    from tensorflow.python.distribute.distribute_config import DistributeConfig

    with pytest.raises(ValueError, match="train_distribute is given twice"):
        tf.estimator.RunConfig(train_distribute=strategy,
                               experimental_distribute=DistributeConfig(train_distribute=strategy))
    config = tf.estimator.RunConfig(experimental_distribute=DistributeConfig(eval_distribute=strategy))
    assert config.eval_distribute is strategy
    assert estimator_training.should_run_distribute_coordinator(config) is False


@pytest.mark.parametrize("name", ["tpu_embedding.AdagradParameters", "session_support.start_worker_watchdog"])
def test_what_is_gone_for_good_says_what_to_use(name):
    module, _, attribute = name.partition(".")
    absent = getattr(__import__("tensorflow.python.tpu", fromlist=[module]), module)
    with pytest.raises(NotImplementedError, match=f"tpu.{name} was removed.*tf.tpu.experimental.embedding"):
        getattr(absent, attribute)(0.1)
