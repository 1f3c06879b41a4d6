"""The set-up cell, as a reader meets it: in a kernel, with and without the library, and whatever goes wrong told in one sentence."""

import ast
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import stamp

LONGEST_CELL = 25  # lines of code that a reader can hold
PLACEHOLDER = stamp.Address(f"https://github.com/{stamp.PLACEHOLDER}/mnist-course", "main")
SOMEWHERE = stamp.Address("https://github.com/someone/mnist-course", "v1")
HIDE = "import sys; sys.modules['mnist_lib'] = None\n"  # importing it raises ModuleNotFoundError


def cell(address):
    return stamp.SET_UP.format(archive=address.archive, placeholder=stamp.PLACEHOLDER)


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(ROOT / "book"))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def execute(kernel):
    """Runs code in a kernel; returns the reply's status and what was shown. Afterwards the kernel is as it was."""

    def run(code):
        shown = []
        reply = kernel.execute_interactive(code, output_hook=shown.append, timeout=120)
        return reply["content"]["status"], [m["content"] for m in shown if m["msg_type"] in ("stream", "error", "display_data")]

    state = "subprocess.run, sys.version_info, sys.version"
    keep = f"import subprocess, sys; kept = dict(sys.modules), list(sys.path), list(sys.meta_path), {state}"
    back = (
        f"modules, sys.path[:], sys.meta_path[:], {state} = kept\n"
        "[sys.modules.pop(name) for name in list(sys.modules) if name.startswith(('mnist_lib', 'pip'))]\n"
        "sys.modules.update(modules)"
    )
    assert run(keep) == ("ok", [])
    yield run
    assert run(back) == ("ok", [])


def sentence(status, shown):
    """What a reader sees of a cell that failed: one line and nothing else."""
    assert status == "error", "the cells below must not run"
    (error,) = shown
    (line,) = error["traceback"]
    assert line == error["evalue"]
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line, "a terminal's colours"
    return line


def test_is_short():
    assert sum(map(bool, cell(PLACEHOLDER).split("\n"))) <= LONGEST_CELL


def test_says_nothing_where_the_library_is_and_can_run_twice(execute):
    assert execute(cell(PLACEHOLDER)) == ("ok", [])
    assert execute(cell(PLACEHOLDER)) == ("ok", [])


def test_answers_the_placeholder_with_a_sentence(execute):
    assert "_config.yml" in sentence(*execute(HIDE + cell(PLACEHOLDER)))


def test_answers_an_old_kernel_with_a_sentence_even_where_the_library_is(execute):
    old = "import sys; sys.version_info, sys.version = (3, 9, 18), '3.9.18 (main)'\n"
    said = sentence(*execute(old + cell(PLACEHOLDER)))
    assert "3.9.18" in said
    assert "3.11 or newer" in said


def test_answers_a_python_without_pip_with_a_sentence(execute):
    said = sentence(*execute(HIDE + "sys.modules['pip'] = None\n" + cell(SOMEWHERE)))
    assert f"{sys.executable} -m ensurepip" in said


def test_answers_a_missing_network_with_a_sentence(execute):
    """Pip itself is asked; nothing listens where it goes."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/main.zip"
    source = cell(SOMEWHERE).replace(SOMEWHERE.archive, nowhere)
    said = sentence(*execute(f"{HIDE}import os; os.environ['PIP_RETRIES'] = '0'\n{source}"))
    assert "check the network connection" in said
    assert "127.0.0.1" in said


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (r"WARNING: a\n\x1b[31mERROR: HTTP error 404 while getting it\x1b[0m\n\n[notice] A new release", "HTTP error 404 while getting it"),
        (
            r"\x1b[1;31merror\x1b[0m: code\n\n\x1b[31m×\x1b[0m Failed to connect\n╰─> [Errno 111]\n\nhint: Are you connected",
            "Failed to connect",
        ),
        (r"something else\nat last\n", "something else at last"),
    ],
    ids=["plain", "as newer pips draw it", "unknown"],
)
def test_says_why_pip_failed(execute, stderr, reason):
    failing = f"subprocess.run = lambda command, **rest: subprocess.CompletedProcess(command, 1, '', '{stderr}')\n"
    assert sentence(*execute(HIDE + failing + cell(SOMEWHERE))).endswith(f"pip says: {reason}")


@pytest.mark.parametrize("there", [(), ("__init__.py",)], ids=["an empty folder", "the first file"])
def test_installs_anew_where_an_installation_broke_off(execute, tmp_path, there):
    folder = tmp_path / "mnist_lib"
    folder.mkdir()
    for name in there:
        (folder / name).touch()
    (tmp_path / "pip.py").touch()
    only_here = (
        "[sys.modules.pop(name) for name in list(sys.modules) if name.startswith('mnist_lib')]\n"
        f"elsewhere = [each for each in sys.path if each and 'site-packages' not in each and each != {str(ROOT)!r}]\n"
        f"sys.path[:] = [{str(tmp_path)!r}, *elsewhere]\n"
        "sys.meta_path[:] = [each for each in sys.meta_path if 'editable' not in str(each).lower()]\n"
    )
    completing = (
        "from pathlib import Path\n"
        "def complete(command, **rest):\n"
        f"    (Path({str(folder)!r}) / 'widgets').mkdir()\n"
        f"    (Path({str(folder)!r}) / '__init__.py').write_text('whole = True')\n"
        f"    (Path({str(folder)!r}) / 'widgets' / '__init__.py').touch()\n"
        "    return subprocess.CompletedProcess(command, 0, '', '')\n"
        "subprocess.run = complete\n"
    )
    found = "import mnist_lib.widgets\nprint(mnist_lib.whole, mnist_lib.widgets.__file__)"
    status, shown = execute(only_here + completing + cell(SOMEWHERE) + found)
    assert status == "ok", shown
    assert shown[0]["text"].split() == ["True", str(folder / "widgets" / "__init__.py")]


def test_fails_a_run_without_a_reader(tmp_path):
    """What runs notebooks by itself must not go on without the library."""
    sources = [HIDE + cell(PLACEHOLDER), "open('went-on', 'w')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with pytest.raises(CellExecutionError, match="has no address yet"):
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert list(tmp_path.iterdir()) == []


def test_old_kernels_can_read_it():
    ast.parse(cell(PLACEHOLDER), feature_version=(3, 6))


@pytest.mark.parametrize("version", ["3.6", "3.9", "3.10"])
def test_a_python_that_is_too_old_says_so(version):
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    pythons = [*filter(None, [shutil.which(f"python{version}")]), *map(str, pyenv.glob(f"{version}.*/bin/python{version}"))]
    # As IPython does it: an exception that renders itself is asked for its lines.
    code = (
        "import sys\ntry:\n    exec(sys.argv[1])\nexcept Exception as error:\n    print(*error._render_traceback_(), sys.version_info[:2])"
    )
    for python in pythons:
        done = subprocess.run([python, "-c", code, cell(PLACEHOLDER)], capture_output=True, text=True)
        if done.returncode != 127:  # one of pyenv's stand-ins may start nothing
            assert f"the course needs 3.11 or newer: choose another, or use Colab. ({version.replace('.', ', ')})" in done.stdout, done
            assert done.stdout.count("\n") == 1
            return
    pytest.skip(f"Python {version} was not found: what the set-up cell says in it was not tried")
