"""Kernels that start in a fraction of a second: they are forked from a process that has imported TensorFlow, into sandboxes like any other.

bubblewrap makes the sandbox, by the same command as ever, with a process in it that only waits. A child of the nursery joins its
namespaces and gives up all that start.py and bubblewrap take from a program: user, capabilities, limits, system calls. So the sandbox is
the same one, and what differs is how the kernel's process came about.
"""

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import syscalls

PROGRAM = Path(__file__).parent / "inside" / "nursery.py"
TO_IMPORT = 180  # seconds, on a busy machine
TO_FORK = 60
WAITING = ["/bin/sh", "-c", "echo ready; exec sleep 1000000"]  # what the sandbox's own process does


class NoNursery(RuntimeError):
    """It does not work here; a kernel is then started from nothing."""


class Nursery:
    """One such process, for all that grade on this machine. Close it after use; it ends with the process that made it.

    Parameters
    ----------
    environment : dict
        The kernels' environment, as far as imports depend on it.

    Attributes
    ----------
    address : str
        Where it is reached by `fork_into`: a socket in a folder that nobody else may enter, and that no sandbox shows.
    process : Popen

    Raises
    ------
    OSError
        If it cannot be started.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        # The path of a socket must stay below 108 characters.
        place = "/tmp" if len(tempfile.gettempdir()) > 60 and os.path.isdir("/tmp") else None
        self.folder = tempfile.TemporaryDirectory(prefix="mnist-nursery-", dir=place, ignore_cleanup_errors=True)
        self.address = os.path.join(self.folder.name, "socket")
        self.lifeline, theirs = socket.socketpair()
        # Keras would otherwise read, or make, a folder in a home that is not the kernels'.
        own = {**environment, "HOME": "/", "KERAS_HOME": "/dev/null/keras", "IPYTHONDIR": "/dev/null/ipython", "PYTHONPATH": ""}
        with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(self.address)
            listener.listen(64)
            command = [sys.executable, "-B", str(PROGRAM), str(theirs.fileno()), str(listener.fileno())]
            self.process = subprocess.Popen(
                command,
                env=own,
                cwd="/",
                pass_fds=[theirs.fileno(), listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def ready(self) -> bool:
        """Wait until it has imported what it imports; False where it does not come that far."""
        self.lifeline.settimeout(TO_IMPORT)
        with suppress(OSError):
            return self.lifeline.recv(20) == b"ready"
        return False

    def close(self) -> None:
        """End it; kernels that it has started live on."""
        self.lifeline.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


def fork_into(address: str, sandbox: int, request: Mapping[str, Any], log: int) -> int:
    """Let a kernel begin in a sandbox.

    Parameters
    ----------
    address : str
        Of a `Nursery`, which need not be ready yet.
    sandbox : int
        The sandbox's first process, by its number outside.
    request : dict
        ``limits``, ``environment``, ``home``, ``connection`` as in the sandbox, ``user_namespace``.
    log : int
        A descriptor for the kernel's error stream.

    Returns
    -------
    int
        A descriptor of the kernel's process, which can be read from when it has ended.

    Raises
    ------
    NoNursery
        If it could not.
    """
    known = os.pidfd_open(sandbox)
    try:
        with tempfile.TemporaryFile() as program, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
            program.write(syscalls.program() or b"")
            program.flush()
            channel.settimeout(TO_IMPORT + TO_FORK)
            channel.connect(address)
            socket.send_fds(channel, [json.dumps(request).encode()], [log, known, program.fileno()])
            number = int(channel.recv(20) or 0)
    except OSError as error:
        raise NoNursery(f"it is gone ({error})") from None
    finally:
        os.close(known)
    if not number:
        raise NoNursery("its child could not join the sandbox")
    return os.pidfd_open(number)


def wait_until_made(process: subprocess.Popen[bytes], info: int, output: int) -> int:
    """The number, outside, of a sandbox's first process, once the sandbox stands.

    Parameters
    ----------
    process : Popen
        bubblewrap, whose program is `WAITING`.
    info, output : int
        Descriptors: of its option ``--info-fd``, and of the program's output.

    Returns
    -------
    int

    Raises
    ------
    NoNursery
        If it does not come about.
    """
    said = b""
    while not said.rstrip().endswith(b"}"):
        said += _read(info)
    if b"ready" not in _read(output):
        raise NoNursery("the sandbox did not stand")
    return int(json.loads(said)["child-pid"])


def _read(descriptor: int) -> bytes:
    ready, _, _ = select.select([descriptor], [], [], TO_FORK)
    data = os.read(descriptor, 4_096) if ready else b""
    if not data:
        raise NoNursery("bubblewrap ended")
    return data
