"""The folder of results: what was handed in, what came of it, and what has been entered into the gradebook, safe against any sudden end.

RESULTS/results/SET/STUDENT/DIGEST.submitted  the file, as it came
RESULTS/results/SET/STUDENT/submitted.json    what is known of it, its digest too
RESULTS/results/SET/STUDENT/result.json       what `grade_one` returned: for the teacher alone, it holds what is secret
RESULTS/results/SET/STUDENT/merged            in which gradebook that result stands
RESULTS/feedback/STUDENT/SET/STAGE.html       the student's page: nothing in it is secret
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from .assignment import Assignment, CourseError
from .collect import Submission
from .one import Result
from .score import Verdict
from .session import Limits


@dataclass(frozen=True)
class Job:
    """A submission that is to be graded.

    Attributes
    ----------
    student, assignment : str
    digest : str
        SHA-256 of the file.
    handed_in : float or None
        When it was handed in, seconds since 1970, where a ``timestamp.txt`` beside it says so, as nbgrader leaves it.
    late : bool
        Whether the LMS marked it as late.
    name : str
        Where it lay.
    """

    student: str
    assignment: str
    digest: str
    handed_in: float | None
    late: bool
    name: str


@contextmanager
def locked(*folders: Path) -> Iterator[None]:
    """Keep all other runs out of some folders. A lock ends with the process that holds it.

    Parameters
    ----------
    *folders : Path
        Made where they are missing.

    Raises
    ------
    CourseError
        If another run holds one of them.
    """
    with ExitStack() as stack:
        for folder in sorted({each.resolve() for each in folders}):  # in one order, so that two runs do not wait for each other
            stack.enter_context(_locked(folder))
        yield


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    who = folder / ".running"
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        said = who.read_text(encoding="utf-8") if who.exists() else "another process"
        raise CourseError(f"{folder} is in use by {said}: a gradebook has one writer. Run this again when that run is over.") from None
    try:
        who.write_text(f"process {os.getpid()}", encoding="utf-8")
        for left in folder.glob("results/*/*/*.tmp"):  # half-written when a run was ended
            left.unlink()
        yield
    finally:
        who.unlink(missing_ok=True)
        lock.release()


class Store:
    """A folder of results. Use it within `locked`.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    unread : list of Path
        Records of what was handed in that could not be read: what they stand for is not known until it is handed over again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unread: list[Path] = []

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `locked`."""
        with locked(self.folder):
            yield

    def _place(self, student: str, assignment: str) -> Path:
        return self.folder / "results" / assignment / student

    def put(self, submission: Submission) -> Job:
        """Keep what was handed in.

        Parameters
        ----------
        submission : Submission

        Returns
        -------
        Job
        """
        data = submission.read()
        digest = hashlib.sha256(data).hexdigest()
        job = Job(submission.student, submission.assignment, digest, submission.handed_in, submission.late, submission.name)
        place = self._place(job.student, job.assignment)
        if self._known(job) != data:
            write(place / f"{digest}.submitted", data)
        about, record = json.dumps(asdict(job)).encode(), place / "submitted.json"
        if not record.exists() or record.read_bytes() != about:
            write(record, about)  # in one step, when what it tells of is there
            for left in place.glob("*.submitted"):
                if left.name != f"{digest}.submitted":
                    left.unlink()
        return job

    def _known(self, job: Job) -> bytes | None:
        try:
            return self.data(job)
        except OSError:
            return None

    def jobs(self, assignment: str | None = None) -> Iterator[Job]:
        """All that was handed in, by sets and students.

        Parameters
        ----------
        assignment : str, optional
            One set alone.

        Yields
        ------
        Job
        """
        for path in sorted(self.folder.glob(f"results/{assignment or '*'}/*/submitted.json")):
            try:
                job = Job(**json.loads(path.read_text(encoding="utf-8")))
                if hashlib.sha256(self.data(job)).hexdigest() != job.digest:
                    raise ValueError("these are other bytes")
            except (OSError, ValueError, TypeError):
                self.unread.append(path)
            else:
                yield job

    def data(self, job: Job) -> bytes:
        """The file that was handed in."""
        return (self._place(job.student, job.assignment) / f"{job.digest}.submitted").read_bytes()

    def result(self, student: str, assignment: str) -> tuple[Result, str] | None:
        """A result and the key under which it was saved; None where there is none.

        Returns
        -------
        tuple of (Result, str), or None
        """
        try:
            kept = json.loads((self._place(student, assignment) / "result.json").read_text(encoding="utf-8"))
            given = kept["result"]
            given["verdicts"] = {name: Verdict(**verdict) for name, verdict in given["verdicts"].items()}
            return Result(**given), kept["key"]
        except (OSError, ValueError, KeyError, TypeError):
            return None  # never written, or by another version: it is graded anew

    def save(self, job: Job, result: Result, key: str) -> None:
        """Keep a result, on disk when this returns, and write the student's page."""
        self.show(job, result.page)
        place = self._place(job.student, job.assignment)
        (place / "merged").unlink(missing_ok=True)
        text = json.dumps({"key": key, "result": asdict(result)}, ensure_ascii=False)
        write(place / "result.json", text.encode("utf-8", "replace"))

    def show(self, job: Job, page: str) -> None:
        """Write the student's page, if it is another one than before."""
        path = self.folder / "feedback" / job.student / job.assignment / f"{job.assignment[3:]}.html"
        if not path.exists() or path.read_bytes() != page.encode("utf-8", "replace"):
            write(path, page.encode("utf-8", "replace"))

    def merged(self, job: Job, gradebook: str) -> bool:
        """Whether the result that is kept stands in a gradebook already."""
        try:
            return (self._place(job.student, job.assignment) / "merged").read_text(encoding="utf-8") == _mark(gradebook)
        except OSError:
            return False

    def note_merged(self, job: Job, gradebook: str) -> None:
        """Note that the result that is kept stands in a gradebook."""
        write(self._place(job.student, job.assignment) / "merged", _mark(gradebook).encode())


def _mark(gradebook: str) -> str:
    return hashlib.sha256(gradebook.encode()).hexdigest()  # the address may hold a password


def key_of(job: Job, assignment: Assignment, limits: Limits, isolated: bool) -> str:
    """What a result depends on, in short: a result with the same key need not be computed again.

    Returns
    -------
    str
    """
    released = hashlib.sha256(assignment.released.encode()).hexdigest()
    parts = [job.digest, assignment.name, assignment.edition, assignment.seed_id, assignment.version, released, asdict(limits), isolated]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def write(path: Path, content: bytes | str) -> None:
    """Write a whole file or none, on disk when this returns.

    Parameters
    ----------
    path : Path
        Its folder is made where it is missing.
    content : bytes or str
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
