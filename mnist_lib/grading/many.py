"""Grades a whole class: each submission once, each result on disk before it is entered into the gradebook, nothing lost at a stop."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .assignment import Assignment, CourseError
from .merge import Merger
from .one import Result
from .page import with_remarks
from .store import Job, Store, key_of
from .workers import Cluster, Failed, Pool, Work


@dataclass(frozen=True)
class Line:
    """What became of one submission.

    Attributes
    ----------
    student, assignment, name : str
        The last is where the file lay.
    score, most : float
        Points that no person is to give, and how many there are of them; 0 where there is no grade.
    refused, failed : str or None
        Why there are no points: the sentence for the student; or why the grader failed, or why the result is not in the gradebook.
    waiting : int
        Cells that a person is to grade.
    seconds : float
        That grading took.
    fresh : bool
        Whether it was graded in this run.
    changed : int
        Cells whose score changed in the gradebook.
    flags : list of str
        What a person should look at.
    late : bool
        Whether the LMS marked it as late.
    notebook_version : str or None
        The version of the course that the notebook says it was stamped with.
    """

    student: str
    assignment: str
    name: str
    score: float = 0.0
    most: float = 0.0
    refused: str | None = None
    failed: str | None = None
    waiting: int = 0
    seconds: float = 0.0
    fresh: bool = False
    changed: int = 0
    flags: list[str] = field(default_factory=list)
    late: bool = False
    notebook_version: str | None = None


def line_of(job: Job, result: Result, *, fresh: bool, changed: int = 0, failed: str | None = None) -> Line:
    """The line for a result.

    Parameters
    ----------
    job : Job
    result : Result
    fresh, changed, failed
        As in `Line`.

    Returns
    -------
    Line
    """
    return Line(
        student=job.student,
        assignment=job.assignment,
        name=job.name,
        score=result.score,
        most=sum(verdict.worth for verdict in result.verdicts.values()),
        refused=result.refused,
        failed=failed,
        waiting=sum(points is None for points in result.points.values()),
        seconds=sum(result.seconds.get(step, 0.0) for step in ("intake", "nbgrader", "sandbox", "page")),
        fresh=fresh,
        changed=changed,
        flags=result.flags,
        late=job.late,
        notebook_version=result.notebook_version,
    )


class Class:
    """One class on its way from files to grades.

    Parameters
    ----------
    store : Store
        Locked.
    assignments : dict of str to Assignment
    work : Work
    merger : Merger
    places : bool
        Whether what was handed in is put where nbgrader has it; not if it came from there.
    """

    def __init__(self, store: Store, assignments: Mapping[str, Assignment], work: Work, merger: Merger, *, places: bool = True) -> None:
        self.store, self.assignments, self.work, self.merger, self.places = store, assignments, work, merger, places

    def _key(self, job: Job) -> str:
        return key_of(job, self.assignments[job.assignment], self.work.limits, self.work.isolated)

    def due(self, job: Job) -> bool:
        """Whether a submission must be graded: it never was, or what its result depends on has changed."""
        kept = self.store.result(job.student, job.assignment)
        return kept is None or kept[1] != self._key(job)

    def known(self, jobs: Iterable[Job]) -> Iterator[Line]:
        """Enter the results that are there already and stand in no gradebook yet: those of a run that was stopped, or of another gradebook.

        Parameters
        ----------
        jobs : iterable of Job
            None of them `due`.

        Yields
        ------
        Line
        """
        for job in jobs:
            kept = self.store.result(job.student, job.assignment)
            if kept is not None:
                yield self._entered(job, kept[0], fresh=False)

    def graded(self, jobs: Iterable[Job], workers: Pool | Cluster) -> Iterator[Line]:
        """Grade submissions.

        Parameters
        ----------
        jobs : iterable of Job
        workers : Pool or Cluster

        Yields
        ------
        Line
            As each is done. When it comes the result is on disk, and in the gradebook if that can be written.
        """
        for job, result in workers.graded(((job, job.assignment) for job in jobs), self.store.data):
            if isinstance(result, Failed):
                yield Line(job.student, job.assignment, job.name, failed=result.why, fresh=True, late=job.late)
                continue
            self.store.save(job, result, self._key(job))
            yield self._entered(job, result, fresh=True)

    def _entered(self, job: Job, result: Result, *, fresh: bool) -> Line:
        """Enter a result, unless it stands there."""
        changed: list[str] = []
        failed = None
        if result.refused and self.merger.has_points(job.student, job.assignment):
            result.flags.append("the newest file was refused, and the gradebook keeps the points of an earlier one: which of them holds?")
        # The gradebook itself is asked too: it may have been put back from a copy.
        there = result.refused is not None or self.merger.has_points(job.student, job.assignment)
        if not (there and self.store.merged(job, self.merger.url)):
            try:
                assignment = self.assignments[job.assignment]
                changed = self.merger.merge(result, job.student, assignment, job.handed_in)
                if self.places and not result.refused:
                    self.merger.place(self.store.data(job), job.student, assignment, job.handed_in)
                self.store.note_merged(job, self.merger.url)
            except CourseError as error:  # the result is kept, and the next run enters it
                failed = str(error)
        if not result.refused:
            self.store.show(job, with_remarks(result.page, self.merger.remarks(job.student, job.assignment)))
        return line_of(job, result, fresh=fresh, changed=len(changed), failed=failed)
