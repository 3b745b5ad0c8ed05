"""How an estimator, `TF_CONFIG` and a `tf.distribute` strategy go together, for tensorflow-estimator.

`compat` puts this module in the place of `tensorflow.python.distribute.estimator_training`. Without a
strategy (one process, or chief, workers, parameter servers and an evaluator by `TF_CONFIG`) the estimator's
own code does everything. A strategy works on one machine. A strategy that spans machines needed a
coordinator for graph mode, which TensorFlow no longer has: that is refused, before any training.
"""

from __future__ import annotations


def init_run_config(config, tf_config: dict) -> None:
    """Complete a `RunConfig` that names a strategy; `tf_config` is the parsed `TF_CONFIG`, or {}."""
    distribute = config._experimental_distribute
    for role in ("train_distribute", "eval_distribute"):
        strategy = getattr(distribute, role, None)
        if strategy is not None:
            if getattr(config, f"_{role}") is not None:
                raise ValueError(f"{role} is given twice, to RunConfig and in experimental_distribute. Give it once.")
            setattr(config, f"_{role}", strategy)
    cluster = tf_config.get("cluster", {})
    remote = getattr(distribute, "remote_cluster", None)
    if config._train_distribute is not None and (remote or (cluster and "master" not in cluster)):
        raise NotImplementedError(
            "An estimator can't train with a tf.distribute strategy across several machines on TensorFlow 2.16 and "
            "later. Leave train_distribute away (chief, workers and parameter servers of TF_CONFIG then work as "
            "ever), use a strategy on one machine without a cluster in TF_CONFIG, or train a gan_helpers.training.GAN, "
            "which works in any strategy's scope.")
    config._distribute_coordinator_mode = None
    config._init_distributed_setting_from_environment_var(tf_config)
    config._maybe_overwrite_session_config_for_distributed_training()


def should_run_distribute_coordinator(config) -> bool:
    """Never: `init_run_config` has refused the one case that needed the coordinator."""
    return False
