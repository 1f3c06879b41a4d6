"""Kernels that are forked from a process that has TensorFlow loaded: they are what kernels started from nothing are, and leave nothing."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(ROOT / "book"))

from _ext.forked_kernels import ForkedKernel, forking

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are started from nothing elsewhere, as Jupyter starts them")

ABOUT_ITSELF = """
import json, os, random, signal, sys
import numpy as np
loaded = "tensorflow" in sys.modules
import matplotlib
about = {
    "folder": os.getcwd(), "path": sys.path, "session": os.getsid(0) == os.getpid(), "main": __name__,
    "environment": {name: value for name, value in os.environ.items() if not name.startswith("JPY_")}, "backend": matplotlib.get_backend(),
    "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler, "child": str(signal.getsignal(signal.SIGCHLD)),
    "shell": type(get_ipython()).__name__, "child ends": os.system("exit 3"),
}
print(json.dumps([loaded, os.getpid(), random.random(), np.random.random(), about]))
"""


IS_LOADED = "import sys\nprint('tensorflow' in sys.modules)"


def ran(folder, *sources):
    """What each cell of a notebook printed."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return ["".join(output.text for output in cell.outputs if output.get("name") == "stdout") for cell in notebook.cells]


def test_a_forked_kernel_is_what_one_started_from_nothing_is(tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # as in a build
    fresh = json.loads(*ran(tmp_path, ABOUT_ITSELF))
    with forking():
        forked, another = (json.loads(*ran(tmp_path, ABOUT_ITSELF)) for _ in range(2))
    again = json.loads(*ran(tmp_path, ABOUT_ITSELF))
    assert [each[0] for each in (fresh, forked, another, again)] == [False, True, True, False], "TensorFlow is loaded at once"
    assert forked[-1] == fresh[-1]
    assert all(one != other for one, other in zip(forked[1:4], another[1:4])), "process, and both kinds of random numbers"


def test_a_kernel_that_dies_or_hangs_takes_no_other_along(tmp_path):
    with forking():
        process = ForkedKernel.parent_process
        with pytest.raises(DeadKernelError):
            ran(tmp_path, "import os\nos.kill(os.getpid(), 9)")
        hanging = new_notebook(cells=[new_code_cell("import time\ntime.sleep(600)")])
        NotebookClient(hanging, timeout=5, interrupt_on_timeout=True, allow_errors=True).execute()
        assert hanging.cells[0].outputs[0].ename == "KeyboardInterrupt"
        assert ran(tmp_path, "print(6 * 7)") == ["42\n"]
        assert ForkedKernel.parent_process is process
        assert process.poll() is None
    assert process.returncode == 0


def test_where_the_process_is_gone_a_kernel_starts_from_nothing(tmp_path):
    with forking():
        ForkedKernel.parent_process.kill()
        ForkedKernel.parent_process.wait()
        assert ran(tmp_path, IS_LOADED) == ["False\n"]


def test_where_the_system_forbids_it_a_kernel_starts_from_nothing(tmp_path, monkeypatch):
    def forbidden(number):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "pidfd_open", forbidden)
    with forking():
        assert ForkedKernel.parent_process is None
        assert ran(tmp_path, IS_LOADED) == ["False\n"]


BUILD = """
import sys
sys.path.insert(0, sys.argv[1])
from _ext.forked_kernels import ForkedKernel, forking
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
code = "import os, pathlib, time\\npathlib.Path('kernel').write_text(f'{os.getpid()} {os.getppid()}')\\ntime.sleep(600)"
with forking():
    NotebookClient(new_notebook(cells=[new_code_cell(code)]), resources={"metadata": {"path": sys.argv[2]}}).execute()
"""


def test_a_build_that_is_killed_leaves_no_process(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", BUILD, str(ROOT / "book"), str(tmp_path)])
    told = tmp_path / "kernel"
    until = time.monotonic() + 300
    while not (told.exists() and len(told.read_text().split()) == 2):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    numbers = [int(each) for each in told.read_text().split()]
    assert all(map(psutil.pid_exists, numbers))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs([psutil.Process(number) for number in numbers if psutil.pid_exists(number)], timeout=60)
    assert not alive
