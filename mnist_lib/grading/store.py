"""The folder of results: what was handed in, what came of it, and what has been entered into the gradebook, safe against any sudden end.

RESULTS/results/SET/STUDENT/submitted      the file, as it came
RESULTS/results/SET/STUDENT/result.json    what `grade_one` returned: for the teacher alone, it holds what is secret
RESULTS/results/SET/STUDENT/merged         in which gradebook that result stands
RESULTS/feedback/STUDENT/SET/STAGE.html    the student's page: nothing in it is secret
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
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


class Store:
    """A folder of results. Use it within `locked`.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all others out: of two runs on one folder, the second is refused. The lock ends with the process that holds it.

        Raises
        ------
        CourseError
            If another run holds the folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        who = self.folder / ".running"
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            said = who.read_text(encoding="utf-8") if who.exists() else "another process"
            raise CourseError(
                f"{self.folder} is in use by {said}. Wait until that run is over, or name another folder with --out."
            ) from None
        try:
            who.write_text(f"process {os.getpid()}", encoding="utf-8")
            for left in self.folder.glob("results/*/*/*.tmp"):  # half-written when a run was ended
                left.unlink()
            yield
        finally:
            who.unlink(missing_ok=True)
            lock.release()

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
        about = json.dumps(asdict(job))
        known = place / "submitted.json"
        if not known.exists() or known.read_text(encoding="utf-8") != about:
            known.unlink(missing_ok=True)  # first the bytes, then what is said of them
            write(place / "submitted", data)
            write(known, about)
        return job

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
            yield Job(**json.loads(path.read_text(encoding="utf-8")))

    def data(self, job: Job) -> bytes:
        """The file that was handed in."""
        return (self._place(job.student, job.assignment) / "submitted").read_bytes()

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
        stage = job.assignment[3:]
        write(self.folder / "feedback" / job.student / job.assignment / f"{stage}.html", result.page.encode())
        place = self._place(job.student, job.assignment)
        (place / "merged").unlink(missing_ok=True)
        text = json.dumps({"key": key, "result": asdict(result)}, ensure_ascii=False)
        write(place / "result.json", text.encode("utf-8", "replace"))

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
