"""Components in a live JupyterLab with a real kernel: `make test-live`. Not among the quick tests: it starts a server and a kernel."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_notebook

CELLS = {
    "models": (
        "import keras\n"
        "from mnist_lib import *\n"
        "(x, y), _ = load_mnist()\n"
        "dense, convolutional = build_model(), build_convolutional_model()\n"
        "inputs = keras.Input((28, 28))\n"
        "other = keras.Model(inputs, keras.layers.Dense(10, activation='softmax')(keras.layers.Flatten()(inputs)))"
    ),
    "dense": "from mnist_lib.widgets import DigitPad, ask, explore_pixels\nfirst = DigitPad(dense)\nfirst",
    "convolutional": "second = DigitPad(convolutional)\nsecond",
    "kernel": "third = DigitPad(other)\nthird",
    "explorer": "explore_pixels(x[:4], y[:4])",
    "questions": "ask('loading')",
    "handed-back": "print('ink', [int(pad.image.sum()) for pad in (first, second, third)], len(third.probabilities))",
}


@pytest.fixture
def laboratory(tmp_path):
    """The address of a JupyterLab with one notebook."""
    notebook = new_notebook(cells=[new_code_cell(source, id=name) for name, source in CELLS.items()])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "live.ipynb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=", "--LabApp.news_url=None"]
    options += [f"--ServerApp.root_dir={tmp_path}", "--LabApp.extension_manager=readonly", *(["--allow-root"] if os.geteuid() == 0 else [])]
    environment = os.environ | own | {"PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "1"}
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], env=environment, cwd=tmp_path, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}/api/status") as answer:
                    json.load(answer)
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_pads_an_explorer_and_questions_live_in_jupyterlab(laboratory, browser):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"{laboratory}/lab/tree/live.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=90_000, state="attached")
    for _ in range(10):  # what is asked of a kernel that is still starting is forgotten
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_timeout(3_000)
        if re.search(r"\[[*\d]", page.locator(".jp-InputPrompt").first.inner_text()):
            break

    cells = page.locator(".jp-CodeCell")
    for number, name in enumerate(CELLS):
        if name in ("dense", "convolutional", "kernel"):
            cell = cells.nth(number)
            cell.scroll_into_view_if_needed()
            board = cell.locator(".course-board")
            board.wait_for(timeout=120_000)
            board.scroll_into_view_if_needed()
            box = board.bounding_box()
            page.mouse.move(box["x"] + 140, box["y"] + 40)
            page.mouse.down()
            page.mouse.move(box["x"] + 140, box["y"] + 240, steps=8)
            page.mouse.up()
            said = cell.locator(".course-said")
            page.wait_for_function(
                "element => /reads \\d, with \\d+%/.test(element.textContent)", arg=said.element_handle(), timeout=60_000
            )
            assert cell.locator(".course-marked").count() == 1, name
    explorer = cells.nth(list(CELLS).index("explorer"))
    explorer.scroll_into_view_if_needed()
    pixels = explorer.locator(".course-pixels")
    pixels.wait_for(timeout=60_000)
    before = explorer.locator(".course-said").inner_text()
    pixels.hover(position={"x": 100, "y": 140})
    assert explorer.locator(".course-said").inner_text() != before
    questions = cells.nth(list(CELLS).index("questions"))
    questions.scroll_into_view_if_needed()
    questions.locator("input[type=radio]").first.check()
    questions.get_by_role("button", name="Check").first.click()
    assert questions.locator("[role=status]").first.inner_text()

    last = cells.nth(len(CELLS) - 1)
    last.scroll_into_view_if_needed()
    last.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        "element => /ink \\[[1-9]\\d+, [1-9]\\d+, [1-9]\\d+\\] 10/.test(element.textContent)", arg=last.element_handle(), timeout=60_000
    )
    assert re.search(r"ink \[\d+, \d+, \d+\] 10", last.inner_text())
    page.close()
    assert failures == []
