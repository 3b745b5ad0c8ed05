"""TensorBoard's server is a program of its own, which outlives the notebook that started it: how to end it."""

from __future__ import annotations

import contextlib
import os

import psutil


def stop_tensorboard(folder) -> int:
    """End every TensorBoard server that shows `folder`, such as one that `%tensorboard` started; returns how many.

    With `atexit.register(training.stop_tensorboard, folder)` they end together with the kernel.
    """
    from tensorboard import manager

    stopped = 0
    for info in manager.get_all():
        if not info.logdir or os.path.realpath(info.logdir) != os.path.realpath(folder):
            continue
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(info.pid)
            # What a killed server has noted stays behind, and its number may be another program's by now.
            if any("tensorboard" in part for part in process.cmdline()):
                process.terminate()
                stopped += 1
    return stopped
