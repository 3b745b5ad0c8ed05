"""JupyterLab in Chromium, as a learner has it: for the tests in a browser and benchmarks/live_update.py."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextlib.contextmanager
def chromium():
    """The browser of this machine, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Server:
    """The server of `make lab`, by the address that it prints; `folder` holds the files and the settings."""

    def __init__(self, address, folder):
        self.address, self.folder = address, folder
        self.base, self.token = re.fullmatch(r"(http://[^/]+)/lab\S*\?token=(\w+)", address).groups()

    def page(self, path):
        """The address of a file of the folder, in a workspace of its own."""
        return f"{self.base}/lab/workspaces/{Path(path).stem}/tree/{path}?token={self.token}"

    def ask(self, path, method="GET"):
        request = urllib.request.Request(f"{self.base}/api/{path}", method=method,
                                         headers={"Authorization": f"token {self.token}"})
        for left in reversed(range(5)):     # a busy server may answer with an error of its own
            try:
                return urllib.request.urlopen(request).read()
            except urllib.error.HTTPError as error:
                if not left or error.code < 500:
                    raise
                time.sleep(2)

    def kernel_is_ready(self):
        kernels = json.loads(self.ask("kernels"))
        return any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels)

    def stop_kernels(self):
        for kernel in json.loads(self.ask("kernels")):
            self.ask(f"kernels/{kernel['id']}", "DELETE")

    @contextlib.contextmanager
    def all_cells_drawn(self):
        """By default, JupyterLab doesn't draw cells out of sight; pages that are opened now have them all."""
        setting = self.folder / "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
        setting.parent.mkdir(parents=True, exist_ok=True)
        setting.write_text('{"windowingMode": "none"}')
        try:
            yield
        finally:
            setting.unlink()


@contextlib.contextmanager
def make_lab(folder):
    """`make lab` on the files in `folder`, with the default settings, kept there too: nothing of the user's changes."""
    config = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    config["JUPYTERLAB_SETTINGS_DIR"] = str(folder / "settings")
    log = folder / "log"
    # --old-file: without the set-up, which would make this environment anew if pyproject.toml has just changed.
    with open(log, "w") as file:
        server = subprocess.Popen(
            ["make", "--old-file=setup", "lab", f"VENV={sys.prefix}",
             f"LAB=--no-browser --port=0 --ServerApp.root_dir={folder}"],
            cwd=ROOT, env={**os.environ, **config}, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        for _ in range(480):
            found = re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", log.read_text())
            if found or server.poll() is not None:
                break
            time.sleep(0.25)
        if not found:
            raise RuntimeError(f"`make lab` prints no address:\n{log.read_text()[-3000:]}")
        yield Server(found.group(), folder)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, 15)
        server.wait()


def open_notebook(page, server, address):
    """Open a notebook, and wait until its kernel would hear of a cell to run."""
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    for _ in range(600):        # what is run before the kernel is connected is lost
        if server.kernel_is_ready():
            break
        page.wait_for_timeout(200)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=120_000)


def run_all_cells(page, seconds=600):
    """Press Run All Cells and wait for the last one; raises RuntimeError where a cell doesn't run or end."""
    from playwright.sync_api import TimeoutError

    waits = "document.querySelector('.jp-Notebook').innerText.includes('[*]:')"
    idle = "document.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status == 'idle'"
    for _ in range(20):     # the menu acts on the notebook once that has the focus, a moment after it is drawn
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
        with contextlib.suppress(TimeoutError):
            page.wait_for_function(waits, timeout=3000)
            break
    else:
        raise RuntimeError("Run All Cells starts nothing")
    try:
        page.wait_for_function(f"!{waits} && {idle}", timeout=1000 * seconds)
    except TimeoutError:
        left = page.locator(".jp-InputPrompt", has_text="[*]").count()
        raise RuntimeError(f"after {seconds} s, {left} of the cells in the page have not run") from None
