"""Does a training that is killed ten times end at the same weights? `kill -9` at random moments, the real recipe.

    .venv/bin/python benchmarks/kill_and_resume.py
    .venv/bin/python benchmarks/kill_and_resume.py --steps 300 --kills 10 --seed 1 --loss wasserstein_gp

One process trains undisturbed. Others train in a folder, each killed with SIGKILL at a random moment, also while it
loads, compiles or saves; the next one takes up the run. After each kill the checkpoint is read and its checksums are
compared. After every 10 steps all that the next step depends on must be the same as in the undisturbed run, bit for
bit, and at the end the history too; the exit status is 1 if it isn't. Networks, batches and optimizers are those of
`training.train`; only the checkpoints come more often, after every 10 steps, so that kills meet many of them.
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


def child(steps: int, loss: str, folder: str) -> None:
    """Train; at the beginning and after each group of steps a line with a digest of all that the next one needs."""
    import keras

    from gan_helpers import data, training

    training.EPOCH_STEPS, training.SAVE_SECONDS = GROUP, 0.0

    def tell(word, gan, more=""):
        digest = hashlib.sha256(more.encode())
        for part in (*gan.weights, *gan._random_states(), *gan.g_optimizer.variables, *gan.d_optimizer.variables):
            digest.update(part.numpy().tobytes())
        print(word, gan.steps, digest.hexdigest(), flush=True)

    class Tell(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            tell("from", self.model)

        def on_train_batch_end(self, batch, logs=None):
            tell("step", self.model)

    gan, history = training.train(data.load_images("digits"), steps=steps, loss=loss, folder=folder or None,
                                  progress=False, callbacks=[Tell()])
    tell("end", gan, json.dumps([history.history, history.epoch]))


def run(given, folder: str, step: int | None = None, delay: float = 0.0) -> list[tuple[str, int, str]]:
    """The words, steps and digests of a child. It is killed `delay` seconds after `step` steps; 0: after its start."""
    command = [sys.executable, __file__, "--child", folder, "--steps", str(given.steps), "--loss", given.loss]
    lines, steps = [], 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        if step == 0:
            time.sleep(delay)
            process.kill()
        for line in process.stdout:
            word, value, digest = line.split()
            lines.append((word, int(value), digest))
            steps += GROUP if word == "step" else 0
            if step and steps >= step:
                time.sleep(delay)
                process.kill()
                step = None
    if process.returncode not in (0, -signal.SIGKILL):
        sys.exit(f"A training ended with status {process.returncode}: {' '.join(command)}")
    return lines


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
    whole = run(given, "")
    took = time.monotonic() - started
    expected = {step: digest for word, step, digest in whole if word != "end"}
    print(f"{given.steps} steps of the loss {given.loss!r}, {os.cpu_count()} cores; undisturbed {took:.0f} s")
    print(f"{'kill':>4}{'taken up at step':>18}{'bit-equal':>11}{'killed at step':>16}{'checkpoint of step':>20}",
          flush=True)
    chance, kept, equal, kills = random.Random(given.seed), [], True, 0
    with tempfile.TemporaryDirectory() as folder:
        while kills < given.kills:
            step = chance.randrange(0, round(1.5 * given.steps / given.kills))
            lines = run(given, folder, step, chance.uniform(0, 0.5 if step else took / 2))
            if lines and lines[-1][0] == "end":
                break  # it was there before its kill came
            kills += 1
            kept.append(kept_step(folder))
            same = all(digest == expected[step] for _, step, digest in lines)
            equal &= same
            begun, last = (lines[0][1], lines[-1][1]) if lines else ("loading", "loading")
            print(f"{kills:>4}{begun:>18}{yes(same) if lines else '':>11}{last:>16}{kept[-1]:>20}", flush=True)
        lines = run(given, folder)
        equal &= lines[-1] == whole[-1]
        print(f"{'end':>4}{lines[0][1]:>18}{yes(lines[-1] == whole[-1]):>11}{'':>16}{kept_step(folder):>20}")
        readable = "unreadable" not in kept
        print(f"{kills} kills. Every checkpoint readable: {yes(readable)}. Weights, optimizers and random streams, and "
              f"at the end the history,\nbit-equal to the undisturbed run: {yes(equal)}. "
              f"Files in the folder: {', '.join(os.listdir(folder))}.")
    return 0 if equal and readable and kills == given.kills else 1


def yes(true: bool) -> str:
    return "yes" if true else "NO"


if __name__ == "__main__":
    sys.exit(main())
