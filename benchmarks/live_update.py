"""What does it cost to move a slider? Chapter 03's main figure as `live.explore` beside the `interact` idiom.

    make benchmark-live
    make benchmark-live ARGS="--rounds 100"

The idiom is what most notebooks do: `interact` calls a function that makes a new pyplot figure and shows it. Both
draw the same panels with the same functions. They take turns within one run, so that a busy machine slows both alike;
what counts is the ratio. First in a kernel without a browser: from a new value of the slider to the finished picture.
Then in Chromium, if there is one: from the key press to the new picture on the screen, and pictures a second in a
drag, for which each has a page of its own.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from lab_page import CHROMIUM, chromium, make_lab, open_notebook, run_all_cells

FIGURE = """
import numpy as np
from gan_helpers import live, plotting, theory

x, means = np.linspace(-8, 8, 401), np.linspace(-4, 4, 81)
p_data = theory.Gaussian(0, 1)

def picture(fig):
    show = plotting.minimax_view(fig, x, means)

    def update(mu, sigma):
        p_g = theory.Gaussian(mu, sigma)
        d = theory.optimal_discriminator(p_data, p_g)
        show(p_data, p_g, d, theory.value(d, p_data, p_g, x), theory.generator_cost(p_data, p_g, x))
        return f"mean {mu:.2f}"

    return update
"""
LIVE = """
figure = live.explore(picture, alt="The game", figsize=(9, 5), mu=live.slider("mean", -3.0, 3.0, 0.0, step=0.01),
                      sigma=live.slider("spread", 0.4, 2.0, 1.0, step=0.01))
figure
"""
INTERACT = """
%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import FloatSlider, interactive

def draw(mu, sigma):
    fig = plt.figure(figsize=(9, 5), dpi=100, layout="constrained")
    picture(fig)(mu, sigma)
    plt.show()

idiom = interactive(draw, mu=FloatSlider(value=0.0, min=-3, max=3, step=0.01),
                    sigma=FloatSlider(value=1.0, min=0.4, max=2, step=0.01))
idiom
"""
MEASURE = """
import json, time
sliders = {"live": figure._inputs["mu"], "interact": idiom.children[0]}
taken = {name: [] for name in sliders}
for i in range(ROUNDS):
    for name, slider in sliders.items():
        started = time.perf_counter()
        slider.value = 2 * np.sin(0.37 * i + 0.1)
        taken[name].append(time.perf_counter() - started)
    time.sleep(0.1)  # a kernel drops messages, also the one that ends a cell, when its reader is 1,000 behind
print("RESULT", json.dumps(taken))
"""


def a_notebook(*sources):
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return new_notebook(cells=[new_code_cell(source.strip()) for source in sources], metadata=kernel)


def in_the_kernel(rounds):
    """Seconds per update for both, measured in a fresh kernel."""
    notebook = a_notebook(FIGURE, LIVE, INTERACT, MEASURE.replace("ROUNDS", str(rounds)))
    NotebookClient(notebook, timeout=300).execute(stderr=subprocess.DEVNULL)
    said = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    return json.loads(said.split("RESULT", 1)[1])


# Runs in the page: time from the key press to the first new picture below `root`, fully decoded and painted.
KEY_TO_PICTURE = """
([root, key]) => new Promise(resolve => {
  const sources = () => [...root.querySelectorAll('img')].map(img => img.src).join('|');
  const before = sources();
  const handle = root.querySelectorAll('.noUi-handle')[0];
  handle.focus();
  const started = performance.now();
  const watch = new MutationObserver(async () => {
    if (sources() === before || !root.querySelector('img')) return;
    watch.disconnect();
    const img = root.querySelector('img');
    await img.decode().catch(() => {});
    requestAnimationFrame(() => resolve(performance.now() - started));
  });
  watch.observe(root, {subtree: true, childList: true, attributes: true});
  handle.dispatchEvent(new KeyboardEvent('keydown', {key: key, code: key, bubbles: true}));
  setTimeout(() => resolve(-1), 5000);
})
"""
# Drags the first handle for so many milliseconds, and counts. The page itself makes the moves, one for each of its
# frames: a driver that sends them takes a third of two cores, which a hand doesn't.
DRAG = """
([root, milliseconds]) => new Promise(resolve => {
  const handle = root.querySelectorAll('.noUi-handle')[0], box = handle.getBoundingClientRect();
  const at = dx => ({bubbles: true, buttons: 1, clientX: box.x + box.width / 2 + dx, clientY: box.y + box.height / 2});
  const seen = {pictures: 0, removed: 0, moves: 0};
  const watch = new MutationObserver(records => records.forEach(r => {
    if (r.type === 'attributes' && r.target.tagName === 'IMG' && r.attributeName === 'src') seen.pictures++;
    r.removedNodes.forEach(n => { if (n.tagName === 'IMG' || n.querySelector?.('img')) seen.removed++; });
    r.addedNodes.forEach(n => { if (n.tagName === 'IMG' || n.querySelector?.('img')) seen.pictures++; });
  }));
  watch.observe(root, {subtree: true, childList: true, attributes: true});
  handle.dispatchEvent(new MouseEvent('mousedown', at(0)));
  const started = performance.now();
  const move = () => {
    const seconds = (performance.now() - started) / 1000;
    if (seconds < milliseconds / 1000) {
      document.body.dispatchEvent(new MouseEvent('mousemove', at(30 * Math.sin(4 * seconds))));
      seen.moves++;
      return requestAnimationFrame(move);
    }
    watch.disconnect();
    document.body.dispatchEvent(new MouseEvent('mouseup', {bubbles: true}));
    resolve({removed: seen.removed, speed: seen.pictures / seconds, moves: seen.moves / seconds});
  };
  requestAnimationFrame(move);
})
"""


def in_chromium(rounds):
    """(milliseconds per key press, updates a second in a drag, pictures removed), each for both; None without one."""
    if CHROMIUM is None:
        return None
    with (tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, make_lab(Path(folder)) as server,
          chromium() as browser):

        def a_page(name, *sources):
            """A notebook with these cells, run; and the elements of all cells but the first."""
            nbformat.write(a_notebook(FIGURE, *sources), server.folder / f"{name}.ipynb")
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            with server.all_cells_drawn():
                open_notebook(page, server, server.page(f"{name}.ipynb"))
            run_all_cells(page)
            page.wait_for_function(f"document.querySelectorAll('.jp-CodeCell img').length >= {len(sources)}",
                                   timeout=60_000)
            time.sleep(3)
            return page, page.query_selector_all(".jp-CodeCell")[1:]

        page, (live, interact) = a_page("both", LIVE, INTERACT)
        roots = {"live": live, "interact": interact}
        taken = {name: [] for name in roots}
        for i in range(rounds):
            key = "ArrowRight" if i % 20 < 10 else "ArrowLeft"
            for name, root in roots.items():
                taken[name].append(page.evaluate(KEY_TO_PICTURE, [root, key]))
                time.sleep(0.1)
        page.close()
        speed, removed = {}, {}
        for name, source in (("live", LIVE), ("interact", INTERACT)):   # each on a page of its own, as in a chapter
            page, (root,) = a_page(name, source)
            root.scroll_into_view_if_needed()
            seen = [page.evaluate(DRAG, [root, 3000]) for _ in range(3)]
            speed[name] = statistics.median(one["speed"] for one in seen)
            removed[name] = sum(one["removed"] for one in seen)
            page.close()
    return taken, speed, removed


def row(what, found, unit, better):
    ratio = better(found["interact"], found["live"])
    print(f"{what:<44}{found['live']:>9.1f} {unit:<4}{found['interact']:>9.1f} {unit:<4}{ratio:>8.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=60, help="updates of each kind (default: 60)")
    rounds = parser.parse_args().rounds
    if rounds < 2:
        parser.error(f"--rounds must be 2 or more, got {rounds}")
    print(f"{'median of ' + str(rounds):<44}{'live':>9}     {'interact':>9}     {'ratio':>8}")
    kernel = {name: 1000 * statistics.median(times) for name, times in in_the_kernel(rounds).items()}
    row("in the kernel, one update", kernel, "ms", lambda a, b: a / b)
    found = in_chromium(rounds)
    if found is None:
        print("In the browser: not measured, there is no Chromium on the PATH.")
        return
    taken, speed, removed = found
    lost = {name: sum(t < 0 for t in times) for name, times in taken.items()}
    seen = {name: statistics.median([one for one in times if one > 0]) for name, times in taken.items()}
    row("in Chromium, key press to new picture", seen, "ms", lambda a, b: a / b)
    row("in Chromium, pictures a second in a drag", speed, "/s", lambda a, b: b / a)
    print(f"pictures removed from the page in the drag: live {removed['live']}, interact {removed['interact']}")
    if any(lost.values()):
        print(f"key presses without a new picture: {lost}")


if __name__ == "__main__":
    main()
