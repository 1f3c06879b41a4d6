"""Set-up of all tests: one edition of MNIST, no network, and the things that are costly to make, made once."""

import ipaddress
import json
import os
import platform
import shutil
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
FULL = bool(os.environ.get("MNIST_NPZ"))

# Before anything imports TensorFlow or asks for data; subprocesses inherit it.
if FULL:
    os.environ["MNIST_NPZ"] = str(Path(os.environ["MNIST_NPZ"]).resolve())
os.environ["MNIST_EDITION"] = "full" if FULL else "sample"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["MPLBACKEND"] = "agg"
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "_build" / "hypothesis"))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
sys.path[:0] = [str(ROOT), str(ROOT / "book")]  # the library, and the folder of the site's own extensions

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from directives import Part  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from mnist_lib import keras_edition  # noqa: E402
from mnist_lib.literate import CHAPTERS as COURSE  # noqa: E402

CHAPTERS = {stage: f"{number:02d}-{stage}" for number, stage in enumerate(COURSE, start=1)}

# Properties are tried with the same few examples each time; `make test-properties` searches at random, and keeps what it finds in _build/.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("repeatable")

keras_edition.install()  # keras.datasets.mnist.load_data returns the same edition: nothing can download it


STILL_TO_COME = pytest.StashKey[list]()


def pytest_configure(config):
    config.stash[STILL_TO_COME] = []


def pytest_report_header():
    return f"MNIST edition: {os.environ['MNIST_EDITION']}"


def pytest_terminal_summary(terminalreporter, config):
    for line in sorted(set(config.stash[STILL_TO_COME])):
        terminalreporter.write_line(f"still to come: {line}")


@pytest.fixture
def still_to_come(request):
    """Takes a line on what does not exist yet and so was not tested; printed at the end."""
    return request.config.stash[STILL_TO_COME].append


def _is_local(address) -> bool:
    if not isinstance(address, tuple):  # a Unix socket
        return True
    if address[0] in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:  # a name that would have to be looked up elsewhere
        return False


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """A connection that would leave this machine fails at once, with the name of where it would have gone."""

    def guarded(connect):
        def to(self, address):
            if not _is_local(address):
                raise OSError(f"tests use no network; this one would connect to {address}")
            return connect(self, address)

        return to

    look_up = socket.getaddrinfo

    def look_up_local(host, *arguments, **keywords):
        if not _is_local((host.decode() if isinstance(host, bytes) else host or "",)):
            raise socket.gaierror(f"tests use no network; this one would look up {host}")
        return look_up(host, *arguments, **keywords)

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", look_up_local)


@pytest.fixture(scope="session")
def data():
    """(x_train, y_train), (x_test, y_test) as bytes, in the edition of this run."""
    from mnist_lib import load_mnist

    return load_mnist()


@pytest.fixture(scope="session")
def digits(data):
    """The same, preprocessed."""
    from mnist_lib import preprocess

    (x_train, y_train), (x_test, y_test) = data
    return (preprocess(x_train), y_train), (preprocess(x_test), y_test)


@pytest.fixture(scope="session")
def few(digits):
    """600 training images and their labels, for what does not depend on how well a model reads."""
    (x_train, y_train), _ = digits
    return x_train[:600], y_train[:600]


@pytest.fixture(scope="session")
def train_recipe(digits):
    """Builds and trains the course's dense model as it stands; returns the model and its history."""
    from mnist_lib import build_model, compile_model, total_steps, train

    def train_it(seed):
        (x_train, y_train), _ = digits
        model = compile_model(build_model(seed=seed), total_steps=total_steps(len(x_train)))
        return model, train(model, x_train, y_train, seed=seed, progress="none")

    return train_it


@pytest.fixture(scope="session")
def trained(train_recipe):
    """(model, history) of the dense recipe with seed 0."""
    return train_recipe(0)


@pytest.fixture(scope="session")
def evaluation(trained, digits):
    """How the trained model reads the test images."""
    from mnist_lib import evaluate

    return evaluate(trained[0], *digits[1])


@pytest.fixture(scope="session")
def sandboxed():
    """Skips where there is no sandbox, but on Linux fails in continuous integration: there it must be tried."""
    from mnist_lib.grading.sandbox import missing

    reason = missing()
    if reason and sys.platform == "linux" and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason.splitlines()[0])


@pytest.fixture(scope="module")
def browser():
    """Chromium, without a window."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if executable is None:
        say = pytest.fail if os.environ.get("CI") == "true" and platform.system() == "Linux" else pytest.skip
        say("no Chromium was found: nothing was looked at in a browser")
    from playwright.sync_api import sync_playwright

    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=quiet)
        yield opened
        opened.close()


DESK = {"viewport": {"width": 1000, "height": 900}}
PHONE = {"viewport": {"width": 375, "height": 800}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def static(tmp_path_factory):
    """The files that the site's build lays beside its pages."""
    from _ext.widgets import write_scripts

    folder = tmp_path_factory.mktemp("site")
    write_scripts(SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=folder))
    shutil.copy(ROOT / "book" / "static" / "widgets.js", folder / "_static")
    return folder


@pytest.fixture
def show(static, browser):
    """Opens a page with one component, treated as the site's build treats it, from the folder; nothing may fail on it."""
    from _ext.widgets import treat_widgets

    contexts, failures = [], []

    def shown(component, device=DESK):
        page_context = {"body": component.to_html()}
        ignore = SimpleNamespace(
            builder=SimpleNamespace(format="html"), outdir=static, add_css_file=lambda *_: None, add_js_file=lambda *_, **__: None
        )
        treat_widgets(ignore, "page", "page.html", page_context, None)
        path = static / "page.html"
        path.write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f'<link rel="stylesheet" href="_static/widgets.css"><body>{page_context["body"]}'
            '<script src="_static/widgets.js"></script></html>',
            encoding="utf-8",
        )
        contexts.append(browser.new_context(**device))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("request", lambda request: request.url.startswith("file:") or failures.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector(".course-widget[data-ready]")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "wider than the page"
        return page

    yield shown
    for each in contexts:
        each.close()
    assert failures == []


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """Shows a directive's part of a page, made of what a long run found; None stands for a run that has not been."""

    def show(found, directive, argument=None):
        file = tmp_path / directive.file.name
        if found is not None:
            file.write_text(json.dumps(found), encoding="utf-8")
        return Part(directive, monkeypatch, file, argument)

    return show
