"""TensorBoard's server is a program of its own: how a notebook finds it, and how it ends together with the notebook."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sysconfig

import psutil


def prepare_tensorboard(folder) -> None:
    """Make `%tensorboard --logdir folder` work in a kernel, and end what it starts together with the kernel.

    `%tensorboard` looks for the program on the PATH, where that of a virtual environment isn't unless somebody has
    activated it: this names the one beside the running Python, if there is one.
    """
    if program := shutil.which("tensorboard", path=sysconfig.get_path("scripts")):
        os.environ.setdefault("TENSORBOARD_BINARY", program)
    atexit.register(stop_tensorboard, folder)


def stop_tensorboard(folder) -> int:
    """End every TensorBoard server that shows `folder`, such as one that `%tensorboard` started; returns how many."""
    from tensorboard import manager

    stopped = 0
    for info in manager.get_all():
        if not info.logdir or os.path.realpath(info.logdir) != os.path.realpath(folder):
            continue
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(info.pid)
            # What a killed server has noted stays behind, and its number may be another program's by now.
            if any("tensorboard" in part for part in process.cmdline()):
                process.terminate()
                stopped += 1
    return stopped
