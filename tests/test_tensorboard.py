"""Chapter 10's event files, written by its own cells: read back, and shown by TensorBoard, whose server is ended."""

import atexit
import os
import re
import subprocess
import sys
import time

import nbformat
import numpy as np
import psutil
import pytest
import tensorflow as tf
from lab_page import ROOT
from tensorboard import manager
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gan_helpers import plotting, training

CHAPTER = ROOT / "notebooks" / "10_curves.ipynb"


@pytest.fixture(scope="module")
def chapter():
    """What the cells that write event files leave behind: `logs`, `gan`, `history`, `z` ..."""
    cells = {cell.id: cell.source for cell in nbformat.read(CHAPTER, as_version=4).cells}
    space = {}
    for name in ("imports", "board-gan", "board-callback", "board-fit", "board-graph"):
        exec(compile(cells[name], name, "exec"), space)
    yield space
    space["logs"].cleanup()


def events(chapter, run):
    return EventAccumulator(f"{chapter['logs'].name}/{run}", size_guidance={"tensors": 0}).Reload()


def values(events, name):
    return {one.step: tf.make_ndarray(one.tensor_proto) for one in events.Tensors(name)}


def test_every_number_of_the_history_is_in_the_files(chapter):
    train = events(chapter, "train")
    assert {f"epoch_{name}" for name in chapter["history"]} <= set(train.Tags()["tensors"])
    for name, rows in chapter["history"].items():
        written = values(train, f"epoch_{name}")
        assert list(written) == list(range(len(rows))) == [0, 1, 2, 3]
        np.testing.assert_allclose(list(written.values()), rows, rtol=1e-6)


def test_the_last_image_is_the_grid_that_the_gan_makes_now(chapter):
    written = values(events(chapter, "own"), "samples")
    width, height, png = written[3]
    grid = plotting.tile(np.asarray(chapter["gan"](chapter["z"])))
    assert (int(height), int(width)) == grid.shape == (120, 120) and len(written) == 4
    pixels = tf.io.decode_png(png).numpy()[..., 0]
    np.testing.assert_allclose(pixels, (grid + 1) * 127.5, atol=1)


def test_every_weight_of_both_networks_has_a_histogram_of_its_own(chapter):
    own, gan = events(chapter, "own"), chapter["gan"]
    weights = gan.generator.weights + gan.discriminator.weights
    assert len({weight.path for weight in weights}) == len(weights)
    for weight in weights:
        left, right, count = values(own, weight.path)[3].T
        numbers = weight.numpy()
        assert count.sum() == numbers.size
        np.testing.assert_allclose([left.min(), right.max()], [numbers.min(), numbers.max()], rtol=1e-3, atol=1e-6)


def test_the_graph_goes_through_both_networks(chapter):
    nodes = [node.name for node in events(chapter, "own").Graph().node]
    for network in ("generator", "discriminator"):
        assert [name for name in nodes if name.startswith(network)], nodes


# The program.


def test_stop_ends_the_servers_of_this_folder_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.defpath)      # as in a kernel of `make lab`: no environment is activated
    monkeypatch.delenv("TENSORBOARD_BINARY", raising=False)
    monkeypatch.setattr(atexit, "register", lambda *call: at_exit.append(call))
    at_exit, started = [], {}
    training.prepare_tensorboard(tmp_path / "mine")
    assert at_exit == [(training.stop_tensorboard, tmp_path / "mine")]
    try:
        for name in ("mine", "other"):
            (tmp_path / name).mkdir()
            options = ["--logdir", str(tmp_path / name), "--port", "0", "--host", "127.0.0.1"]
            started[name] = psutil.Process(manager.start(options).info.pid)
        assert training.stop_tensorboard(tmp_path / "nothing") == 0
        assert training.stop_tensorboard(str(tmp_path / "mine")) == 1
        psutil.wait_procs([started["mine"]], 20)
        ended, runs = ({name for name, one in started.items() if one.is_running() == is_up and (
            not is_up or one.status() != psutil.STATUS_ZOMBIE)} for is_up in (False, True))
        assert runs == {"other"} and training.stop_tensorboard(tmp_path / "mine") == 0
    finally:
        for one in started.values():
            if one.is_running():
                one.kill()


@pytest.fixture(scope="module")
def board(chapter, tmp_path_factory):
    """The address of a TensorBoard that shows the chapter's files."""
    log = tmp_path_factory.mktemp("board") / "log"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", chapter["logs"].name, "--port=0",
               "--host=127.0.0.1"]
    with open(log, "w") as file:
        server = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 120
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())):
            assert server.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield found.group()
    finally:
        server.terminate()
        server.wait()


def test_tensorboard_shows_the_losses_and_the_samples(chromium, board):
    page, errors = chromium.new_page(viewport={"width": 1280, "height": 900}), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: said.type == "error" and errors.append(f"{said.text} {said.location['url']}"))
    try:
        page.goto(f"{board}#timeseries")
        for title in ("epoch_d_loss", "epoch_g_loss"):
            page.get_by_text(title, exact=True).first.wait_for(timeout=60_000)
        page.goto(f"{board}#images")
        samples = page.locator("tf-image-loader img").first
        samples.wait_for(timeout=60_000)
        page.wait_for_function("image => image.complete && image.naturalWidth == 120", arg=samples.element_handle())
        assert not errors
    finally:
        page.close()
