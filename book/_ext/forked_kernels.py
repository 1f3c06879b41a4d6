"""Kernels that are forked from one process that has TensorFlow loaded; started from nothing, each would spend seconds on loading it.

jupyter_client's extension point for kernels that are started in another way is a provisioner. Run as a program, this file is the process
that is forked: it imports, and then makes a kernel of each request that it reads.
"""

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

IMPORTED = ("tensorflow", "keras", "matplotlib.pyplot", "ipywidgets", "IPython.display", "ipykernel.kernelapp", "ipykernel.zmqshell")
INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel sets before anything imports matplotlib
NAME = "forked"


class ForkedKernel(LocalProvisioner):
    """Asks the process of `forking` for a kernel; starts one from nothing where that process has failed, or the kernel is no Python."""

    parent_process: subprocess.Popen[bytes] | None = None
    one_at_a_time = threading.Lock()

    async def launch_kernel(self, cmd: list[str], **keywords: Any) -> Any:
        """Start the kernel."""
        number = _fork(self.parent_process, cmd[3:], keywords) if cmd[1:3] == ["-m", "ipykernel_launcher"] else None
        if number is None:
            return await super().launch_kernel(cmd, **keywords)
        self.process = _Process(number)
        self.pid = self.pgid = number
        return self.connection_info


class _Process:
    """What jupyter_client asks of a kernel's process, which is no child of this one."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return 0 if select.select([self.descriptor], [], [], 0)[0] else None

    def wait(self) -> int:
        select.select([self.descriptor], [], [])
        os.close(self.descriptor)
        return 0

    def send_signal(self, number: int) -> None:
        signal.pidfd_send_signal(self.descriptor, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _fork(process: subprocess.Popen[bytes] | None, arguments: list[str], keywords: dict[str, Any]) -> int | None:
    """The number of a new kernel's process; None where there is none."""
    if process is None or process.stdin is None or process.stdout is None:
        return None
    request = {"arguments": arguments, "environment": dict(keywords["env"]), "folder": str(keywords.get("cwd") or os.getcwd())}
    try:
        with ForkedKernel.one_at_a_time:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            return int(process.stdout.readline())
    except (OSError, ValueError):  # it has ended
        return None


def _possible() -> bool:
    """On Linux, where a process that is no child can be waited for."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


@contextmanager
def forking() -> Iterator[None]:
    """Let all kernels that are started meanwhile be forked, on systems where a process that has TensorFlow loaded can be."""
    if not _possible():
        yield
        return
    factory = KernelProvisionerFactory.instance()
    before = factory.default_provisioner_name
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:ForkedKernel", factory.GROUP_NAME)
    with subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        ForkedKernel.parent_process, factory.default_provisioner_name = process, NAME
        try:
            yield
        finally:  # its input ends, and so does it
            ForkedKernel.parent_process, factory.default_provisioner_name = None, before


def become_kernel(request: dict[str, Any]) -> None:
    """In a fork: a kernel, as ``python -m ipykernel_launcher`` is one, until it is told to end or its parent has ended."""
    from ipykernel import kernelapp

    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # the number was answered there
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.modules["numpy"].random.seed()  # else all kernels would draw the same
    sys.argv[:] = ["ipykernel_launcher", *request["arguments"]]
    kernelapp.launch_new_instance(argv=[*request["arguments"], f"--IPKernelApp.parent_handle={os.getppid()}"])


def main() -> None:
    """Import, and fork for each line of JSON that comes; answer each with the number of the kernel's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its starter
    sys.path.pop(0)  # this file's folder, which a kernel does not have
    os.environ["MPLBACKEND"] = INLINE
    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a kernel's exit status
    for line in sys.stdin:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads; none of them does anything yet
            number = os.fork()
        if number == 0:
            try:
                become_kernel(json.loads(line))
            finally:
                os._exit(0)  # TensorFlow takes a second to tidy up
        print(number, flush=True)


if __name__ == "__main__":
    main()
