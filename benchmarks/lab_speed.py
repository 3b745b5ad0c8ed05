"""How fast is the 2-D lab? Its compiled loop beside the ways in which such a GAN is usually trained.

    make benchmark-lab
    make benchmark-lab ARGS="--rounds 5"

All in one run, taking turns, so that a busy machine slows all alike; what counts are the ratios. The others are the
same networks, loss, optimizer, batch and sampling: a `tf.function` called once a step, the same step without it, and,
where PyTorch is installed, PyTorch's eager mode. Then: what more units, larger batches and more seeds cost; whether
the default settings find all modes; and how long a learner waits for the first picture and the first step.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import nbformat
import numpy as np
import tensorflow as tf
from nbformat.v4 import new_code_cell, new_notebook
from torch_side import side  # beside this file

from gan_helpers import data
from gan_helpers.lab import Lab

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from lab_page import CHROMIUM, chromium, make_lab, open_notebook, run_all_cells

BATCH, UNITS, LR = 150, 16, 1e-3


def a_perceptron(outputs):
    return keras.Sequential([keras.Input((2,)), *[keras.layers.Dense(UNITS, "relu")
                                                  for _ in range(2)], keras.layers.Dense(outputs)])


def one_step():
    """A training step as tutorials write it: D, then G, with fresh noise and fresh real points."""
    g, d = a_perceptron(2), a_perceptron(1)
    g_optimizer, d_optimizer = keras.optimizers.Adam(LR, 0.5), keras.optimizers.Adam(LR, 0.5)
    g_optimizer.build(g.trainable_variables)
    d_optimizer.build(d.trainable_variables)
    real = tf.constant(data.points("ring8", 10_000, 1)[0])
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits

    def mean_loss(logits, label):
        return tf.reduce_mean(cross_entropy(tf.fill(tf.shape(logits), label), logits))

    def step():
        x = tf.gather(real, tf.random.uniform((BATCH,), 0, 10_000, tf.int32))
        with tf.GradientTape() as tape:
            loss = mean_loss(d(x), 1.0) + mean_loss(d(g(tf.random.normal((BATCH, 2)))), 0.0)
        d_optimizer.apply(tape.gradient(loss, d.trainable_variables), d.trainable_variables)
        with tf.GradientTape() as tape:
            loss = mean_loss(d(g(tf.random.normal((BATCH, 2)))), 1.0)
        g_optimizer.apply(tape.gradient(loss, g.trainable_variables), g.trainable_variables)

    return step


def seconds(run):
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def repeated(step, times):
    def run():
        for _ in range(times):
            step()
    return run


def a_lab(steps=2000, **settings):
    """A function that trains a new lab; its loop is compiled already."""
    settings = {"r1": 0, **settings}        # as the others
    Lab(**settings).run(100)
    return lambda: Lab(**settings).run(steps)


def ways(rounds):
    eager, torch = one_step(), side("points", BATCH, UNITS)
    runs = {"the lab": (2000, a_lab(batch_size=BATCH, units=UNITS)),
            "tf.function, once a step": (1000, repeated(tf.function(one_step()), 1000)),
            "plain eager loop": (20, repeated(eager, 20))}
    if torch is not None:
        runs["PyTorch, eager"] = (300, lambda: torch(300))
    taken = {name: [] for name in runs}
    for _, run in runs.values():
        run()
    for _ in range(rounds):
        for name, (steps, run) in runs.items():
            taken[name].append(seconds(run) / steps)
    best = {name: statistics.median(times) for name, times in taken.items()}
    print(f"2 x {UNITS} units, batch {BATCH}; median of {rounds:<4}{'steps/s':>12}{'the lab is faster by':>24}")
    for name, one in best.items():
        print(f"{name:<44}{1 / one:>12,.0f}{one / best['the lab']:>24.1f}")
    if torch is None:
        print("PyTorch isn't installed here: not measured.")


def costs(rounds):
    base = {"one run, 2 x 16 units, batch 150": {}}
    others = {f"units {units}": {"units": units} for units in (4, 64, 128)}
    others |= {f"batch {batch}": {"batch_size": batch} for batch in (15, 600, 2000)}
    others |= {f"{runs} seeds at once": {"seed": range(runs)} for runs in (2, 4, 9, 25)}
    runs = {name: a_lab(**settings) for name, settings in (base | others).items()}
    taken = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(seconds(run))
    found = {name: statistics.median(times) for name, times in taken.items()}
    print(f"\n{'2,000 steps':<44}{'seconds':>12}{'times the first line':>24}")
    for name, one in found.items():
        print(f"{name:<44}{one:>12.2f}{one / next(iter(found.values())):>24.1f}")


def modes():
    lab, floor = Lab(seed=range(10)), None
    took = seconds(lambda: lab.run(5000))
    found, floor = lab.metrics(), lab.floor()
    good = (found["modes"] == floor["modes"]) & (found["quality"] >= 0.8)
    print(f"\ndefault settings, ring of eight, 5,000 steps, ten seeds, {took:.1f} s with compiling: all modes and a "
          f"high-quality share of 0.8 or more in {good.sum()}")
    print("modes  ", *found["modes"].astype(int))
    print("quality", *np.round(found["quality"], 2))


FIRST = """
import os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
started = time.perf_counter()
from gan_helpers.lab import Lab
imported = time.perf_counter()
widget = Lab().widget()
shown = time.perf_counter()
widget.lab.run(1)
trained = time.perf_counter()
widget.lab.run(2000)
frames = []
for _ in range(40):
    widget.lab.run(100)
    one = time.perf_counter()
    widget.redraw()
    frames.append(time.perf_counter() - one)
print(imported - started, shown - imported, trained - shown, sorted(frames)[20])
"""


def waiting(rounds):
    print(f"\n{'a fresh kernel':<44}{'seconds':>12}")
    found = []
    for _ in range(min(rounds, 3)):
        done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
        found.append([float(word) for word in done.stdout.split()])
    imports, picture, step, frame = np.median(found, axis=0)
    print(f"{'import':<44}{imports:>12.2f}")
    print(f"{'from there to the first picture':<44}{picture:>12.2f}")
    print(f"{'from there to the first step, with compiling':<44}{step:>12.2f}")
    print(f"{'one frame while it plays, drawn and encoded':<44}{1000 * frame:>9.1f} ms")


# Notes each update in the page: when the line under the picture came, which follows the picture, and what it said.
WATCH = """
root => {
  root.seen = [];
  const text = () => [...root.querySelectorAll('[role=status]')].map(e => e.innerText).join(' ');
  new MutationObserver(records => {
    if (records.some(r => [...r.addedNodes].some(n => n.innerText?.includes('Step '))))
      root.seen.push([performance.now(), text()]);
  }).observe(root, {subtree: true, childList: true});
}
"""


def in_chromium(seconds=6):
    """Pictures a second and steps between them while it plays, and how soon Pause and a control act."""
    if CHROMIUM is None:
        return print("In the browser: not measured, there is no Chromium on the PATH.")
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cell = new_code_cell("from gan_helpers.lab import Lab\nLab().widget()")
    with (tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, make_lab(Path(folder)) as server,
          chromium() as browser):
        nbformat.write(new_notebook(cells=[cell], metadata=kernel), server.folder / "lab.ipynb")
        page = browser.new_page(viewport={"width": 1280, "height": 1100})
        open_notebook(page, server, server.page("lab.ipynb"))
        run_all_cells(page)
        play = page.get_by_role("button", name=re.compile("Play|Pause")).first
        root = page.locator(".jp-CodeCell").first.element_handle()
        play.click()
        page.wait_for_function("root => /Step [^0]/.test(root.innerText)", arg=root, timeout=60_000)    # compiled
        time.sleep(2)
        page.evaluate(WATCH, root)
        time.sleep(seconds)
        seen = _steps(page, root)
        frames = len(seen) / seconds
        between = (seen[-1][1] - seen[0][1]) / (len(seen) - 1)
        page.get_by_label("Speed").select_option("1 step a picture")
        changed = page.evaluate("performance.now()")
        time.sleep(2)
        later = [step for when, step in _steps(page, root) if when > changed]
        gaps = np.diff(later)
        pressed = page.evaluate("() => { const b = [...document.querySelectorAll('button')].find(b => "
                                "b.innerText.includes('Pause')); b.click(); return performance.now(); }")
        time.sleep(2)
        last = _steps(page, root)[-1][0]
    print(f"\n{'in Chromium, while it plays':<44}")
    print(f"{'pictures a second':<44}{frames:>12.1f}")
    print(f"{'steps between two pictures':<44}{between:>12.0f}")
    print(f"{'pictures until another speed acts':<44}{int(np.argmax(gaps == 1)) + 1:>12}")
    print(f"{'the last picture after Pause comes after':<44}{max(0, last - pressed):>9.0f} ms")


def _steps(page, root):
    found = [(when, re.search(r"Step ([\d,]+)", text)) for when, text in page.evaluate("root => root.seen", root)]
    return [(when, int(match[1].replace(",", ""))) for when, match in found if match]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="of each measurement (default: 5)")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error(f"--rounds must be 1 or more, got {rounds}")
    ways(rounds)
    costs(rounds)
    modes()
    waiting(rounds)
    in_chromium()


if __name__ == "__main__":
    main()
