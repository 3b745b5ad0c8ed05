"""TF-GAN 2.1.0 on today's TensorFlow: what TensorFlow and Python have dropped since, put back.

    from gan_helpers.compat import tensorflow_gan as tfgan

Afterwards a plain `import tensorflow_gan` works too, and so does `tf.estimator`, on the real
tensorflow-estimator 2.15.0. Each patch is a function below; its docstring says what broke, since when, and
what it puts back. A patch looks first, and does nothing where nothing is broken. `APPLIED` names those that
had something to do on this machine.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import platform
import sys
import types
import warnings
from collections import namedtuple

SUPPORTED = "TensorFlow 2.18 to 2.21 on Python 3.10 to 3.13, with tensorflow-gan 2.1.0 and tensorflow-estimator 2.15.0"


def put_back_getargspec() -> bool:
    """`inspect.getargspec`, gone since Python 3.11: TF-GAN reads its `.args` and `.keywords`.

    `getfullargspec` under the old name isn't enough, since it calls the keywords `varkw`. Unlike the old
    function, this one accepts type hints and keyword-only parameters.
    """
    if hasattr(inspect, "getargspec"):
        return False
    spec = namedtuple("ArgSpec", "args varargs keywords defaults")

    def getargspec(func):
        """The names and defaults of a function's positional parameters, `*args` and `**kwargs`."""
        return spec(*inspect.getfullargspec(func)[:4])

    inspect.getargspec = getargspec
    return True


def put_back_version_parsers() -> bool:
    """`distutils` (gone since Python 3.12) and `pkg_resources` (since setuptools 82), while TF-GAN is imported.

    TF-GAN and TensorFlow Hub compare version numbers with them as they are imported, and never again. So
    `packaging.version.parse` stands in for both only until that is done: nothing else sees them.
    """
    if "tensorflow_gan" in sys.modules:
        return False
    from packaging.version import parse

    parsers = {"distutils.version": {"LooseVersion": parse}, "pkg_resources": {"parse_version": parse}}
    with contextlib.ExitStack() as until_imported, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both modules, where they exist, warn that they are deprecated
        missing = [name for name in parsers if not _exists(name)]
        for name in missing:
            until_imported.enter_context(_temporary_module(name, parsers[name]))
        importlib.import_module("tensorflow_hub")
        importlib.import_module("tensorflow_gan")
    return bool(missing)


def put_back_layers() -> bool:
    """`tf.compat.v1.layers`, which refuses to work since TensorFlow 2.16 made Keras 3 the default.

    TF-GAN's conditioning, Inception metrics and example networks use it. tf_keras still has these layers.
    """
    import tensorflow as tf

    with contextlib.suppress(AttributeError, ImportError):
        tf.compat.v1.layers.dense  # noqa: B018 - asks whether it is there
        return False
    layers = importlib.import_module("tf_keras.api._v1.keras.__internal__.legacy.layers")
    tf.compat.v1.layers = layers
    return True


def put_back_estimator_api_name() -> bool:
    """`tf_export.ESTIMATOR_API_NAME`, dropped in TensorFlow 2.16: tensorflow-estimator registers its names by it."""
    from tensorflow.python.util import tf_export

    if hasattr(tf_export, "ESTIMATOR_API_NAME"):
        return False
    tf_export.ESTIMATOR_API_NAME = "estimator"
    for table, version in ((tf_export.API_ATTRS, ""), (tf_export.API_ATTRS_V1, "_v1")):
        attributes = type(table[tf_export.TENSORFLOW_API_NAME])
        table["estimator"] = attributes(f"_estimator_api_names{version}", f"_estimator_api_constants{version}")
    return True


def put_back_estimator_training() -> bool:
    """`tensorflow.python.distribute.estimator_training`, dropped in TensorFlow 2.16.

    An estimator asks it how `TF_CONFIG` and a `tf.distribute` strategy go together.
    """
    name = "tensorflow.python.distribute.estimator_training"
    if _exists(name):
        return False
    _install(name, importlib.import_module("gan_helpers.compat.estimator_training"))
    return True


def put_back_tpu_modules() -> bool:
    """Three modules of `tensorflow.python.tpu`, for embedding tables and watchdogs, dropped in TensorFlow 2.16.

    tensorflow-estimator imports them by name, and needs them only for embedding columns on a TPU. What is
    put back can be imported; whoever calls something of it reads what to use instead.
    """
    missing = False
    for name in ("tpu_embedding", "tpu_embedding_gradient", "session_support"):
        name = f"tensorflow.python.tpu.{name}"
        if not _exists(name):
            _install(name, _Absent(name))
            missing = True
    return missing


def put_back_estimator() -> bool:
    """`tf.estimator`, removed in TensorFlow 2.16: TF-GAN's `GANEstimator` and its hooks are made of it.

    tensorflow-estimator 2.15.0, a package of its own, still has all of it.
    """
    import tensorflow as tf

    with contextlib.suppress(AttributeError, ImportError):
        tf.estimator.Estimator  # noqa: B018 - asks whether it is there
        tf.compat.v1.estimator.Estimator  # noqa: B018
        return False
    api = "tensorflow_estimator.python.estimator.api"
    tf.compat.v1.estimator = importlib.import_module(f"{api}._v1.estimator")
    tf.estimator = tf.compat.v2.estimator = importlib.import_module(f"{api}._v2.estimator")
    return True


# In this order: an estimator needs the modules below TensorFlow first, and TF-GAN needs estimators.
PATCHES = (
    put_back_getargspec,
    put_back_layers,
    put_back_estimator_api_name,
    put_back_estimator_training,
    put_back_tpu_modules,
    put_back_estimator,
    put_back_version_parsers,
)
APPLIED: list[str] = []


class _Absent(types.ModuleType):
    """A module that can be imported; each class in it says, when it is made, that TensorFlow dropped it."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_, **__):
            raise NotImplementedError(
                f"{self.__name__}.{name} was removed from TensorFlow in 2.16. Embedding tables on a TPU are now in "
                "tf.tpu.experimental.embedding; the rest of TPUEstimator works.")

        found = type(name, (), {"__new__": refuse})
        setattr(self, name, found)
        return found


def _exists(name: str) -> bool:
    """Whether the module can be imported; a broken one counts as missing."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _install(name: str, module: types.ModuleType) -> None:
    """Make `import name` find `module`, also as an attribute of its parent package."""
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    setattr(importlib.import_module(parent), child, module)


@contextlib.contextmanager
def _temporary_module(name: str, contents: dict):
    """`import name` finds these contents until the context ends; a parent package is made where it is missing."""
    parent, _, child = name.rpartition(".")
    before = {part: sys.modules.get(part) for part in (parent, name) if part}
    for part in before:
        sys.modules[part] = before[part] or types.ModuleType(part)
    sys.modules[name].__dict__.update(contents)
    if parent:
        setattr(sys.modules[parent], child, sys.modules[name])
    try:
        yield
    finally:
        for part, module in before.items():
            sys.modules[part] = module
            if module is None:
                del sys.modules[part]


def _forget_failed_import() -> None:
    """Drop the submodules that a failed import of a package has left behind, so that it starts afresh."""
    for package in ("tensorflow_gan", "tensorflow_hub", "tensorflow_estimator"):
        if package not in sys.modules:
            for name in [name for name in sys.modules if name.startswith(package + ".")]:
                del sys.modules[name]


def _load() -> types.ModuleType:
    """Apply the patches and import TF-GAN; an `ImportError` says which versions are supported."""
    importlib.import_module("gan_helpers.quiet")
    import tensorflow as tf

    _forget_failed_import()
    for patch in PATCHES:
        try:
            if patch():
                APPLIED.append(patch.__name__)
        except Exception as error:
            raise ImportError(
                f"TF-GAN can't be made to run here: {patch.__name__} failed with {type(error).__name__}: {error}. "
                f"Supported: {SUPPORTED}; this is TensorFlow {tf.__version__} on Python {platform.python_version()}. "
                "Install those versions, for example with `make lab`, and restart Python.") from error
    return sys.modules["tensorflow_gan"]


tensorflow_gan = _load()
