"""Executes cells on a kernel that may lie: what it sends is read as hostile, counted, and cut to what a notebook can show.

nbclient, which does this for kernels that are trusted, believes the form of every message, keeps all that comes, and waits for kernels
that are silent.
"""

import json
import os
import select
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from subprocess import Popen
from typing import Any

import psutil
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode
from nbformat.v4 import new_output

OUTPUTS = "application/x-mnist-outputs"  # the kind of message in which a graded cell's outputs come
MIB = 2**20
LARGEST_HANDED_OVER = 8 * MIB  # characters
OVERHEAD = 300  # bytes that a message counts at least
TO_STOP = 15  # seconds for a cell to heed an interrupt
SOCKETS = 5  # of a kernel: one for each of Jupyter's channels
TO_START = 120  # seconds for a kernel, on a busy machine
OWN_MEMORY = 1_024 * MIB  # by which the grader's own process may grow while a kernel talks to it


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
        Bytes of all that the cells print, show and hand over.
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
        Why the run ended before the last cell. None of the words are a student's.
    ran : list of str
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
    ran: list[str] = field(default_factory=list)
    overtime: list[str] = field(default_factory=list)
    log: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


class Sandboxed(Popen[bytes]):
    """The process in which a sandbox was started.

    Attributes
    ----------
    space : str or None
        Where the kernel was forked into the sandbox: the sandbox's namespace of processes.
    kernel : int or None
        There too: a descriptor of the kernel's process, which is not the sandbox's program.
    """

    space: str | None = None
    kernel: int | None = None


class Watch(threading.Thread):
    """Looks at a sandbox from outside a few times a second, and ends it when it takes more than it may.

    Parameters
    ----------
    process : Sandboxed
    folder : Path
        The run's.
    limits : Limits
    run : Run
        Gets the reason, where it is ended.
    """

    def __init__(self, process: Sandboxed, folder: Path, limits: Limits, run: Run) -> None:
        super().__init__(daemon=True)
        self.process, self.folder, self.limits, self.of = process, folder, limits, run
        self.over = threading.Event()
        self.deadline = time.monotonic() + limits.total
        self.own = psutil.Process().memory_info().rss
        self.kernel = process.kernel

    def run(self) -> None:
        """Until the run is over."""
        while not self.over.wait(0.2):
            try:
                reason = self._reason()
            except Exception as error:  # a sandbox that cannot be watched must not go on
                reason = f"it could not be watched ({type(error).__name__})"
            if reason:
                self.end(reason)
                return

    def end(self, reason: str) -> None:
        """End the sandbox, with everything in it, and note why."""
        if self.of.stopped is None:
            self.of.stopped = reason
        with suppress(OSError):
            os.killpg(self.process.pid, 9)  # bubblewrap's own processes; those within its namespace end with them

    def leave(self) -> None:
        """The run is over; what a student left running ends here."""
        self.over.set()
        self.join()
        if self.kernel is not None:
            os.close(self.kernel)
        with suppress(OSError):
            os.killpg(self.process.pid, 9)

    def _reason(self) -> str | None:
        if self.kernel is not None and select.select([self.kernel], [], [], 0)[0]:
            return "the kernel ended"
        if time.monotonic() > self.deadline:
            return f"the time for the whole notebook, {self.limits.total:g} s, was over"
        if psutil.Process().memory_info().rss > self.own + OWN_MEMORY:
            return "it sent more than the grader can hold"
        if (self.folder / "log").stat().st_size > self.limits.output:
            return f"it wrote more than {self.limits.output // MIB} MiB"
        total = 0
        for each in self._processes():
            total += _memory(each)
            if self._hoards(each):
                return "it put files where only its sockets belong"
        if total > self.limits.memory:
            return f"it took more than {self.limits.memory / 2**30:.3g} GiB of memory"
        strange = False
        with suppress(OSError), os.scandir(self.folder / "sockets") as entries:
            kinds = [(entry.name.startswith("k-"), entry.stat(follow_symlinks=False).st_mode) for entry in entries]
            strange = len(kinds) > SOCKETS or not all(known and stat.S_ISSOCK(mode) for known, mode in kinds)
        return "it put files where only its sockets belong" if strange else None

    def _processes(self) -> Iterator[int]:
        if self.process.space is None:
            with suppress(psutil.Error):
                yield from (each.pid for each in psutil.Process(self.process.pid).children(recursive=True))
            return
        for pid in psutil.pids():
            with suppress(OSError):
                if os.readlink(f"/proc/{pid}/ns/pid") == self.process.space:
                    yield pid

    def _hoards(self, pid: int) -> bool:
        """Whether a process holds a file without a name where its sockets lie, which is a disk of this machine."""
        device = (self.folder / "sockets").stat().st_dev
        with suppress(OSError):
            for descriptor in os.scandir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    held = os.stat(descriptor.path)
                    if held.st_dev == device and stat.S_ISREG(held.st_mode) and held.st_nlink == 0:
                        return True
        return False


def _memory(pid: int) -> int:
    """Bytes that a process holds, those that it shares divided among the sharers."""
    with suppress(OSError, ValueError, StopIteration):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii", errors="replace")
        return next(int(line.split()[1]) * 1_024 for line in text.splitlines() if line.startswith("Pss:"))
    return 0


async def converse(manager: AsyncKernelManager, run: Run, folder: Path, limits: Limits, graded: frozenset[str]) -> None:
    """Start a kernel, and execute all code cells in their order, until the last or until the kernel is gone.

    Parameters
    ----------
    manager : AsyncKernelManager
        Of a kernel that was not started. It is gone afterwards.
    run : Run
        Gets what comes.
    folder : Path
        The run's, for the Watch.
    limits : Limits
    graded : frozenset of str
        The ids of the cells that may hand something over.
    """
    started = time.perf_counter()
    watch = None
    await manager.start_kernel()
    try:
        provisioner: Any = manager.provisioner  # of the sandbox's kind, whose process is a Sandboxed
        watch = Watch(provisioner.process, folder, limits, run)
        watch.start()
        client = manager.client()
        client.start_channels()
        try:
            try:
                await client.wait_for_ready(timeout=TO_START)
            except RuntimeError as error:
                run.stopped = run.stopped or f"the kernel did not start ({error})"
                return
            if os.geteuid() == 0:
                (folder / "sockets").chmod(0o755)  # its sockets are there; nothing else may come
            run.seconds["start"] = time.perf_counter() - started
            started = time.perf_counter()
            conversation = _Conversation(manager, client, watch, run, limits, graded)
            for cell in run.notebook.cells:
                if cell.cell_type == "code" and cell.source.strip() and not run.stopped:
                    await conversation.execute(cell)
            run.seconds["cells"] = time.perf_counter() - started
        finally:
            client.stop_channels()
    finally:
        if watch is not None:
            watch.leave()
        with suppress(RuntimeError):
            await manager.shutdown_kernel(now=True)


class _Conversation:
    """Sends cells and reads what comes of them."""

    def __init__(self, manager: Any, client: Any, watch: Watch, run: Run, limits: Limits, graded: frozenset[str]) -> None:
        self.manager, self.client, self.watch = manager, client, watch
        self.run, self.limits, self.graded, self.came = run, limits, graded, 0

    async def execute(self, cell: NotebookNode) -> None:
        """One cell, until the kernel says that it is idle, or is gone."""
        cell.outputs = []
        texts: list[tuple[NotebookNode, list[str]]] = []
        self.run.ran.append(cell.id)
        asked = self.client.execute(cell.source, allow_stdin=False, stop_on_error=False)
        limit, interrupted = time.monotonic() + self.limits.cell, False
        while not self.run.stopped:
            try:
                message = await self.client.iopub_channel.get_msg(timeout=0.3)
            except Empty:
                message = None
                if not await self.manager.is_alive():
                    self.run.stopped = self.run.stopped or "the kernel ended"
            except Exception:  # it was no message of Jupyter's at all
                message = None
                self.watch.end("it sent something that cannot be read")
            else:
                self._count(message)
            if message is not None and _of(message) == asked and not self.run.stopped:
                kind, content = message.get("msg_type"), message.get("content")
                if isinstance(content, dict):
                    if kind == "status" and content.get("execution_state") == "idle":
                        break
                    self._take(cell, texts, kind, content)
            if time.monotonic() > limit:
                if interrupted:
                    self.watch.end(f"a cell did not stop after {self.limits.cell:g} s, nor when it was told to")
                else:
                    interrupted, limit = True, time.monotonic() + TO_STOP
                    self.run.overtime.append(cell.id)
                    await self.manager.interrupt_kernel()
        if interrupted:
            said = f"the cell was stopped after {self.limits.cell:g} s"
            cell.outputs.append(new_output("error", ename="TimeoutError", evalue=said, traceback=[f"TimeoutError: {said}"]))
        for output, parts in texts:
            output.text = "".join(parts)

    def _count(self, message: dict[str, Any]) -> None:
        """Add a message to what came, and end the run when that is too much."""
        content = message.get("content")
        data = content.get("data") if isinstance(content, dict) else None
        text = data.get(OUTPUTS) if isinstance(data, dict) else None
        self.came += OVERHEAD + (len(text) if isinstance(text, str) else len(json.dumps(content, default=str)))
        self.came += sum(len(each) for each in message.get("buffers") or [])
        if self.came > self.limits.output:
            self.watch.end(f"it put out more than {self.limits.output // MIB} MiB")

    def _take(self, cell: NotebookNode, texts: list[tuple[NotebookNode, list[str]]], kind: Any, content: dict[str, Any]) -> None:
        """What a message adds to a cell's outputs. Other kinds, such as widgets and updates of earlier outputs, add nothing."""
        if kind == "stream":
            name = "stderr" if content.get("name") == "stderr" else "stdout"
            if not (cell.outputs and texts and cell.outputs[-1] is texts[-1][0] and cell.outputs[-1].name == name):
                cell.outputs.append(new_output("stream", name=name, text=""))
                texts.append((cell.outputs[-1], []))
            texts[-1][1].append(_text(content.get("text")))
        elif kind in ("display_data", "execute_result"):
            data = content.get("data")
            data = data if isinstance(data, dict) else {}
            if OUTPUTS in data:
                text = _text(data[OUTPUTS])
                if cell.id in self.graded and len(text) <= LARGEST_HANDED_OVER:
                    self.run.handed_over[cell.id] = text
                return
            shown = {_text(form): _text(value) for form, value in data.items() if isinstance(value, str)}
            if shown:
                cell.outputs.append(new_output(kind, shown, **({"execution_count": None} if kind == "execute_result" else {})))
        elif kind == "error":
            lines = content.get("traceback")
            lines = [_text(line) for line in lines] if isinstance(lines, list) else []
            cell.outputs.append(
                new_output("error", ename=_text(content.get("ename")), evalue=_text(content.get("evalue")), traceback=lines)
            )
        elif kind == "clear_output":
            cell.outputs.clear()
            texts.clear()


def _of(message: dict[str, Any]) -> Any:
    """The id of the request that a message answers."""
    parent = message.get("parent_header")
    return parent.get("msg_id") if isinstance(parent, dict) else None


def _text(value: Any) -> str:
    """A text that can be saved, whatever came."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""
