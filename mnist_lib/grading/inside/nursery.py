"""A process that has imported what takes long, and forks a kernel into a sandbox that stands ready; `mnist_lib.grading.nursery` starts it.

It runs outside of any sandbox, so nothing of a student's runs in it: it reads what its own starter sends, and forks. The child joins the
sandbox's namespaces, all of them, gives up what it was allowed, and only then does anything else. It was forked from a process that has
never seen a submission, an input or a grade.

python nursery.py LIFELINE LISTENER
"""

import ctypes
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import start
else:
    import start  # it lies beside this program

CLONE_NEWUSER = 0x10000000
# Mounts, control groups, host name, System V's messages and memory, processes, network: all that bubblewrap has unshared.
NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
SET_DUMPABLE, CAPBSET_DROP, SET_NO_NEW_PRIVS, SET_SECCOMP, CAP_AMBIENT = 4, 24, 38, 22, 47
LIBC = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """sock_fprog, as prctl(2) takes a filter."""

    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


def call(name: str, *arguments: Any) -> None:
    """A function of the C library; OSError where it fails."""
    if getattr(LIBC, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def prctl(what: int, *arguments: int) -> None:
    """prctl(2), with all its arguments."""
    call("prctl", what, *(ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:4]))


def give_up(limits: dict[str, Any], steps: bytes) -> None:
    """All that start.py and bubblewrap take from a program: limits, capabilities, the user, system calls. None of it can be had again."""
    for capability in range(64):
        if LIBC.prctl(CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) != 0:
            break  # the kernel knows no more
    prctl(CAP_AMBIENT, 4)  # clear all
    start.take_limits(limits)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # capset(2), third version, this process
    call("capset", header, (ctypes.c_uint32 * 6)())
    prctl(SET_DUMPABLE, 1)  # as after an exec: a process may look at itself
    prctl(SET_NO_NEW_PRIVS, 1)
    buffer = ctypes.create_string_buffer(steps, len(steps))
    filter_ = _Program(len(steps) // 8, ctypes.addressof(buffer))
    prctl(SET_SECCOMP, 2, ctypes.addressof(filter_))


def become(request: dict[str, Any], steps: bytes, log: int) -> None:
    """In the sandbox: the kernel."""
    os.setsid()
    nothing = os.open("/dev/null", os.O_RDWR)
    for number, target in enumerate((nothing, nothing, log)):
        os.dup2(target, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.umask(0o022)
    os.environ.clear()
    os.environ.update(request["environment"])
    give_up(request["limits"], steps)
    os.chdir(request["home"])
    os.environ["PWD"] = request["home"]  # as bubblewrap's --chdir does
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    for name in ("start", "nursery"):
        sys.modules.pop(name, None)
    sys.argv[:] = ["/course/start.py", "kernel", request["connection"]]
    sys.path[0:1] = ["/course", *request["environment"]["PYTHONPATH"].split(os.pathsep)]
    importlib.invalidate_caches()
    start.become_kernel(request["connection"])


def enter(request: dict[str, Any], steps: bytes, log: int, sandbox: int, told: int) -> None:
    """In a child: into the sandbox's namespaces, and there into a process of its own. The child waits for that process's end.

    Whoever else became its parent might never ask how it ended; then its namespace of processes could not end either.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    call("setns", sandbox, NAMESPACES | (CLONE_NEWUSER if request["user_namespace"] else 0))
    kernel = os.fork()  # processes are of the new namespace from this fork on
    if kernel:
        os.write(told, str(kernel).encode())  # its number outside, since this process is of no other namespace of processes
        os.closerange(0, os.sysconf("SC_OPEN_MAX"))
        os.waitpid(kernel, 0)
        os._exit(0)
    try:
        become(request, steps, log)
    finally:
        os._exit(1)


def main(lifeline: int, listener: int) -> None:
    """Import, say so, and fork for each request until the starter is gone."""
    for name in ("numpy", "IPython.display", "ipykernel.kernelapp", "ipykernel.zmqshell", "tensorflow", "keras"):
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that have ended are gone, and need not be waited for
    with socket.socket(fileno=lifeline) as starter, socket.socket(fileno=listener) as requests:
        starter.sendall(b"ready")
        while True:
            heard, _, _ = select.select([starter, requests], [], [])
            if starter in heard:  # it never says anything: it has ended
                os._exit(0)  # there is nothing to tidy up, for which TensorFlow would take a second
            with requests.accept()[0] as channel:
                try:
                    channel.settimeout(10)
                    channel.sendall(answer(channel) or b"0")
                except OSError:
                    pass  # who asked is gone


def answer(channel: socket.socket) -> bytes:
    """Fork for one request; the number of the kernel's process, or nothing."""
    data, descriptors, _, _ = socket.recv_fds(channel, 2**20, 3)
    if len(descriptors) != 3:
        return b""
    request = json.loads(data)
    log, sandbox, program = descriptors
    with os.fdopen(program, "rb") as file:
        file.seek(0)
        steps = file.read()
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            enter(request, steps, log, sandbox, told)
        except BaseException as error:
            os.write(log, f"the nursery: {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(1)
    os.close(told)
    number = os.read(heard, 20)  # nothing where the child ended without a word
    for each in (log, sandbox, heard):
        os.close(each)
    return number


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
