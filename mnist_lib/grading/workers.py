"""Grades many submissions at once: by processes of this machine, or by those of many machines under Dask.

Bytes travel to a worker and a `Result` comes back; no worker sees a file of another machine, the gradebook or the folder of results.
"""

import ipaddress
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import psutil

from .. import __version__
from .assignment import Assignment, CourseError
from .one import Result, grade_one
from .sandbox import keep_warm, start_nursery
from .session import Limits

MEMORY_OF_ONE = 2 * 2**30  # bytes that grading a notebook commonly takes, sandbox and all
ATTEMPTS = 3  # at a submission whose worker was lost

Item = TypeVar("Item")  # what stands for a submission


@dataclass(frozen=True)
class Failed:
    """Why there is no result for a submission. It was not the submission's fault, and may be graded again."""

    why: str


@dataclass(frozen=True)
class Work:
    """What a worker does with a submission.

    Attributes
    ----------
    limits : Limits
    isolated : bool
    grade : function
        `grade_one`, or what stands in for it where grading itself is not what is tried.
    warm : bool
        Whether kernels are forked from a process that has imported TensorFlow; see `mnist_lib.grading.nursery`.
    """

    limits: Limits = Limits()
    isolated: bool = True
    grade: Callable[..., Result] = grade_one
    warm: bool = True

    @property
    def forks(self) -> bool:
        """Whether there are kernels, and they are forked."""
        return self.warm and self.isolated and self.grade is grade_one

    def __call__(self, data: bytes, assignment: Assignment, version: str) -> Result | Failed:
        """Grade one submission; whatever fails becomes words, since the others' work goes on."""
        if version != __version__:
            return Failed(f"this worker has mnist_lib {__version__}, and {version} is grading: install the same on all machines")
        if self.forks:
            keep_warm()
        try:
            return self.grade(data, assignment, self.limits, isolated=self.isolated)
        except Exception as error:
            return Failed(f"{type(error).__name__}: {error}"[:4_000])


class Pool:
    """Processes of this machine.

    Parameters
    ----------
    assignments : dict of str to Assignment
        Each process gets them once.
    work : Work
    processes : int, optional
        As many as there are processors and memory for, unless it is given.
    """

    def __init__(self, assignments: Mapping[str, Assignment], work: Work, processes: int | None = None) -> None:
        self.assignments, self.work = dict(assignments), work
        self.processes = processes or as_many_as_fit()
        self.nursery = start_nursery() if work.forks else None  # one for all processes, and it imports while they begin
        self.executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        # Not forked: the parent has threads, and may have loaded TensorFlow.
        context = get_context("spawn")
        address = self.nursery.address if self.nursery else None
        return ProcessPoolExecutor(self.processes, context, _begin, (self.assignments, self.work, os.getpid(), address))

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *error: object) -> None:
        processes = list((self.executor._processes or {}).values())
        self.executor.shutdown(wait=error[0] is None, cancel_futures=True)
        if error[0] is not None:
            for each in processes:  # Ctrl+C must not wait for a notebook's end; sandboxes end with their workers
                each.kill()
        if self.nursery:
            self.nursery.close()

    def graded(self, items: Iterable[tuple[Item, str]], data: Callable[[Item], bytes]) -> Iterator[tuple[Item, Result | Failed]]:
        """Grade submissions, each as soon as a process is free.

        Parameters
        ----------
        items : iterable of (object, str)
            What stands for a submission, and the name of its set.
        data : function
            Gives the bytes of such an object. It is called when a process is about to be free, so that few are in memory.

        Yields
        ------
        tuple of (object, Result or Failed)
            In the order in which they are done.
        """
        waiting = iter(items)
        flying: dict[Future[Result | Failed], tuple[Item, str]] = {}
        suspects: list[tuple[Item, str]] = []
        while True:
            while len(flying) < self.processes + 1 and (item := next(waiting, None)) is not None:
                try:
                    flying[self._submit(item, data)] = item
                except BrokenProcessPool:
                    suspects.append(item)
                    break
            if not flying and not suspects:
                return
            for future in wait(flying, return_when=FIRST_COMPLETED).done if flying else ():
                item = flying.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    suspects.append(item)
                else:
                    yield item[0], result
            if suspects:
                # One process was ended from outside, and the pool ended all: whose fault it was shows when each is graded alone.
                suspects += flying.values()
                flying.clear()
                for item in suspects:
                    yield item[0], self._alone(item, data)
                suspects.clear()
                self._restart()

    def _submit(self, item: tuple[Item, str], data: Callable[[Item], bytes]) -> Future[Result | Failed]:
        return self.executor.submit(_grade_here, data(item[0]), item[1], __version__)

    def _restart(self) -> None:
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = self._start()

    def _alone(self, item: tuple[Item, str], data: Callable[[Item], bytes]) -> Result | Failed:
        for _ in range(ATTEMPTS - 1):
            self._restart()
            with suppress(BrokenProcessPool):
                return self._submit(item, data).result()
        return Failed(f"the process that graded it was ended {ATTEMPTS} times: was there too little memory?")


_HERE: dict[str, Any] = {}  # in a process of the pool: what it was given when it began


def _begin(assignments: Mapping[str, Assignment], work: Work, parent: int, nursery: str | None) -> None:
    """The first thing that a process of the pool does."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's
    _HERE.update(assignments=assignments, work=work)
    if nursery:
        keep_warm(nursery)

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _grade_here(data: bytes, assignment: str, version: str) -> Result | Failed:
    work: Work = _HERE["work"]
    return work(data, _HERE["assignments"][assignment], version)


def as_many_as_fit() -> int:
    """The number of processes for which this machine has processors and free memory.

    Returns
    -------
    int
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(processors, int(psutil.virtual_memory().available // MEMORY_OF_ONE)))


# Many machines


class Cluster:
    """Workers under a Dask scheduler.

    Parameters
    ----------
    assignments : dict of str to Assignment
    work : Work
    address : str
        ``tls://host:port``; ``tcp://`` on this machine alone.
    ca, cert, key : Path, optional
        The files of the connection's certificates; Dask's own configuration unless they are given.

    Raises
    ------
    CourseError
        If the address is not a safe one, there is no scheduler, or a worker has more than one thread.
    """

    def __init__(
        self,
        assignments: Mapping[str, Assignment],
        work: Work,
        address: str,
        *,
        ca: Path | None = None,
        cert: Path | None = None,
        key: Path | None = None,
    ) -> None:
        check_address(address)
        for path in (ca, cert, key):
            if path is not None and not path.is_file():
                raise CourseError(f"There is no file {path}, which was named as a certificate or a key.")
        try:
            from distributed import Client
            from distributed.security import Security
        except ImportError:
            raise CourseError("--scheduler needs Dask: `pip install distributed`, here and on each worker's machine.") from None
        files = {"tls_ca_file": ca, "tls_client_cert": cert, "tls_client_key": key}
        options = {name: str(path) for name, path in files.items() if path}
        security = Security(require_encryption=True, **options) if address.startswith("tls://") else None
        try:
            self.client = Client(address, security=security, timeout="20s", set_as_default=False)
        except (OSError, TypeError, ValueError) as error:
            raise CourseError(f"There is no scheduler at {address}, or it does not take these certificates: {error}") from None
        try:
            self._check_workers()
        except CourseError:
            self.client.close()
            raise
        self.assignments, self.work = dict(assignments), work
        self.sent: dict[str, Any] = {}  # by sets, what stands for them at the scheduler

    @property
    def processes(self) -> int:
        """The number of workers there are now."""
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    def _check_workers(self) -> None:
        with suppress(TimeoutError):
            self.client.wait_for_workers(1, timeout=60)
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            raise CourseError("The scheduler has no worker. Start some: `dask worker ADDRESS --nthreads 1 --nworkers auto`.")
        for address, about in workers.items():
            check_address(address)
            if about["nthreads"] != 1:  # nbgrader changes the working directory, which all threads of a process share
                raise CourseError(f"The worker {address} has {about['nthreads']} threads; expected is 1. Start it with --nthreads 1.")

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()

    def graded(self, items: Iterable[tuple[Item, str]], data: Callable[[Item], bytes]) -> Iterator[tuple[Item, Result | Failed]]:
        """As `Pool.graded`."""
        from concurrent.futures import CancelledError

        from distributed import as_completed

        waiting, done = iter(items), as_completed(loop=self.client.loop)
        flying: dict[Any, tuple[Item, str]] = {}
        attempts: dict[tuple[Item, str], int] = {}
        while True:
            while len(flying) < 2 * self.processes + 1 and (item := next(waiting, None)) is not None:
                future = self._submit(item, data)
                flying[future] = item
                done.add(future)
            if not flying:
                return
            future = next(done)
            item = flying.pop(future)
            try:
                result = future.result()
            except (Exception, CancelledError) as error:
                attempts[item] = attempts.get(item, 0) + 1
                if attempts[item] < ATTEMPTS:
                    self.sent.pop(item[1], None)  # it may be the set that was lost, with the workers that held it
                    future = self._submit(item, data)
                    flying[future] = item
                    done.add(future)
                    continue
                result = Failed(f"its worker was lost {ATTEMPTS} times: {type(error).__name__}: {error}"[:4_000])
            future.release()
            yield item[0], result

    def _submit(self, item: tuple[Item, str], data: Callable[[Item], bytes]) -> Any:
        name = item[1]
        if name not in self.sent:
            self.sent[name] = self.client.scatter(self.assignments[name], broadcast=True, hash=False)
        return self.client.submit(_grade_there, self.work, data(item[0]), self.sent[name], __version__, pure=False, retries=1)


def _grade_there(work: Work, data: bytes, assignment: Assignment, version: str) -> Result | Failed:
    from distributed import get_worker

    threads = get_worker().state.nthreads  # it may have come after the others were looked at
    if threads != 1:
        return Failed(f"the worker {get_worker().address} has {threads} threads; expected is 1: start it with --nthreads 1")
    return work(data, assignment, version)


def check_address(address: str) -> None:
    """Refuse an address over which anyone could run code here, or read what is secret.

    Parameters
    ----------
    address : str

    Raises
    ------
    CourseError
        Unless it is one with TLS, or of this machine.
    """
    match = re.fullmatch(r"(?:(?P<kind>\w+)://)?(?P<host>\[[^\]]+\]|[^:/]+)(?::(?P<port>\d+))?", address)
    kind, host = (match["kind"] or "tcp", match["host"].strip("[]")) if match else ("", "")
    if kind == "tls":
        return
    local = host == "localhost"
    with suppress(ValueError):
        local = local or ipaddress.ip_address(host).is_loopback
    if kind == "tcp" and local:
        return
    raise CourseError(
        f"{address} is not taken: expected is tls://HOST:PORT, or tcp://127.0.0.1:PORT for a scheduler on this machine. Without TLS anyone "
        "who reaches the scheduler could run programs on every machine. The teacher's pages say how certificates are made."
    )
