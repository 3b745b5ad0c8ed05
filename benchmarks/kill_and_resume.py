"""Does a training that is killed ten times end at the same weights? `kill -9` at random moments, the real recipe.

    .venv/bin/python benchmarks/kill_and_resume.py
    .venv/bin/python benchmarks/kill_and_resume.py --steps 300 --kills 10 --seed 1 --loss wasserstein_gp

One process trains undisturbed. Others train in a folder, each killed with SIGKILL at a random moment, also while it
loads, compiles or saves; the next one takes up the run. After each kill the checkpoint is read and its checksums are
compared. At the end every number that the next step would depend on, and the history, must be the same bit for bit.
The exit status is 1 if they aren't. Networks, batches and optimizers are those of `training.train`; only the
checkpoints come more often, after every 10 steps, so that kills meet many of them.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
GROUP = 10  # steps that `training.train` runs before callbacks hear of them


def child(steps: int, loss: str, folder: str | None) -> None:
    """Train, tell each step on a line, and at the end the digest of everything."""
    import keras

    from gan_helpers import data, training

    training.EPOCH_STEPS, training.SAVE_SECONDS = GROUP, 0.0

    class Tell(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            print("from", self.model.steps, flush=True)

        def on_train_batch_end(self, batch, logs=None):
            print("step", self.model.steps, flush=True)

    gan, history = training.train(data.load_images("digits"), steps=steps, loss=loss, folder=folder or None,
                                  progress=False, callbacks=[Tell()])
    digest = hashlib.sha256(json.dumps([history.history, history.epoch]).encode())
    for variable in [*gan.variables, *gan._random_states(), *gan.g_optimizer.variables, *gan.d_optimizer.variables]:
        digest.update(variable.numpy().tobytes())
    print("digest", digest.hexdigest(), flush=True)


def run(given, folder: str, step: int | None = None, delay: float = 0.0) -> dict:
    """What a child said last, by word. It is killed `delay` seconds after `step` steps; after its start for 0."""
    command = [sys.executable, __file__, "--child", folder, "--steps", str(given.steps), "--loss", given.loss]
    said, steps = {}, 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        if step == 0:
            time.sleep(delay)
            process.kill()
        for line in process.stdout:
            word, value = line.split()
            said[word] = value
            steps += GROUP if word == "step" else 0
            if step and steps >= step:
                time.sleep(delay)
                process.kill()
                step = None
    if process.returncode not in (0, -signal.SIGKILL):
        sys.exit(f"A training ended with status {process.returncode}: {' '.join(command)}")
    return said


def kept_step(folder: str) -> str:
    """The step of the checkpoint, `none` before the first, or `unreadable`."""
    path = Path(folder) / "checkpoint.keras"
    if not path.exists():
        return "none"
    try:
        with zipfile.ZipFile(path) as file:
            return "unreadable" if file.testzip() else str(json.loads(file.read("run.json"))["step"])
    except Exception:
        return "unreadable"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--loss", default="modified")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        child(given.steps, given.loss, given.child)
        return 0
    started = time.monotonic()
    undisturbed = run(given, "")
    took = time.monotonic() - started
    print(f"{given.steps} steps of the loss {given.loss!r}, {os.cpu_count()} cores; undisturbed {took:.0f} s")
    print(f"{'kill':>4}{'taken up at step':>18}{'killed at step':>16}{'checkpoint of step':>20}", flush=True)
    chance, kept, kills = random.Random(given.seed), [], 0
    with tempfile.TemporaryDirectory() as folder:
        while kills < given.kills:
            step = chance.randrange(0, round(1.5 * given.steps / given.kills))
            said = run(given, folder, step, chance.uniform(0, 0.5 if step else took / 2))
            if "digest" in said:
                break  # it was at the end before its kill came
            kills += 1
            kept.append(kept_step(folder))
            begun = said.get("from", "loading")
            print(f"{kills:>4}{begun:>18}{said.get('step', begun):>16}{kept[-1]:>20}", flush=True)
        said = run(given, folder)
        same, readable = said["digest"] == undisturbed["digest"], "unreadable" not in kept
        print(f"{'end':>4}{said['from']:>18}{'':>16}{kept_step(folder):>20}")
        print(f"{kills} kills. Every checkpoint readable: {'yes' if readable else 'NO'}. Weights, optimizers, random "
              f"streams and history\nbit-equal to the undisturbed run: {'yes' if same else 'NO'}. "
              f"Files in the folder: {', '.join(os.listdir(folder))}.")
    return 0 if same and readable and kills == given.kills else 1


if __name__ == "__main__":
    sys.exit(main())
