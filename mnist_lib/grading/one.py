"""Grades one notebook by a stranger: bytes in, result out; nothing is shared, and nothing is left behind."""

import io
import json
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from traitlets.config import Config

from .. import checks
from ..checks import _reading
from . import intake
from .assignment import Assignment
from .page import feedback_page, refusal_page
from .score import Scored, Verdict, score
from .session import Limits

STUDENT = "student"  # whoever it is: in the temporary course there is one
Resources = dict[str, Any]  # what nbconvert passes on from step to step
Step = Callable[[NotebookNode, Resources], tuple[NotebookNode, Resources]]


class GradingFailed(RuntimeError):
    """The grader itself failed, so there is no grade; the submission may be graded again."""


@dataclass
class Result:
    """What `grade_one` returns.

    Attributes
    ----------
    assignment, edition, seed_id, version : str
        Which set was graded, with which digits, drawn from which seed, by which version of the library.
    notebook_version : str or None
        The version of the course that the notebook which was handed in says it was stamped with.
    refused : str or None
        The sentence for the student, if the file cannot be graded; then there are no points.
    points, most : dict
        For each cell that bears points, by nbgrader's name: what it earned (None: a person is to grade it), and the most it can earn.
    comments : dict
        nbgrader's own comments, by cell.
    verdicts : dict
        For each task, by its full name.
    misread : dict
        For each task that scores predictions of the scored digits as they are: the numbers of those misread. For the teacher alone.
    page : str
        The feedback page, HTML, for the student.
    notebook : str
        The autograded notebook, JSON, with nothing secret in it.
    executed : str
        The notebook as it ran with the secret inputs, JSON, for the teacher alone.
    log : str
        For the teacher alone.
    flags : list of str
        Long literals, to be looked at by a person.
    stopped : str or None
        Why the sandbox ended before the last cell.
    seconds : dict
        Time for each step.
    """

    assignment: str
    edition: str
    seed_id: str
    version: str
    notebook_version: str | None = None
    refused: str | None = None
    points: dict[str, float | None] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    misread: dict[str, list[int]] = field(default_factory=dict)
    page: str = ""
    notebook: str = ""
    executed: str = ""
    log: str = ""
    flags: list[str] = field(default_factory=list)
    stopped: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The sum of the points that no person is to give."""
        return round(sum(points for points in self.points.values() if points is not None), 2)


def grade_one(data: bytes, assignment: Assignment, limits: Limits | None = None, *, isolated: bool = True) -> Result:
    """Grade one submission.

    Parameters
    ----------
    data : bytes
        The file that was handed in, whatever it is.
    assignment : Assignment
        From `mnist_lib.grading.assignment.prepare`.
    limits : Limits, optional
    isolated : bool
        False runs the notebook without a sandbox, with the rights of whoever calls.

    Returns
    -------
    Result
        The same bytes and assignment give the same points, unless the notebook itself depends on chance.

    Raises
    ------
    NoSandbox
        If there is no sandbox on this machine.
    GradingFailed
        If the grader failed. Nothing that a student hands in is meant to cause this.
    """
    result = Result(assignment.name, assignment.edition, assignment.seed_id, assignment.version)
    clock = _Clock(result.seconds)
    try:
        submitted = intake.read(data)
        result.notebook_version = intake.course_version(submitted)
        notebook = intake.rebuild(submitted, assignment.notebook())
    except intake.Refusal as refusal:
        result.refused, result.page = str(refusal), refusal_page(assignment, str(refusal))
        clock.lap("intake")
        return result
    result.flags = intake.long_literals(notebook)
    clock.lap("intake")
    scored: list[Scored] = []

    def scoring(rebuilt: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        clock.lap("nbgrader")
        scored.append(score(rebuilt, assignment, limits or Limits(), isolated=isolated))
        clock.lap("sandbox")
        return scored[-1].notebook, resources

    log = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="mnist-course-", ignore_cleanup_errors=True) as name:
        course = Path(name)
        _autograde(course, assignment, notebook, scoring, log)
        if not scored:
            raise GradingFailed(f"nbgrader did not come as far as running the notebook:\n{log.getvalue()}")
        result.points, result.most, result.comments = _grades(course, assignment)
        result.notebook = (course / "autograded" / STUDENT / assignment.name / f"{assignment.stage}.ipynb").read_text(encoding="utf-8")
    clock.lap("nbgrader")
    _fill(result, scored[-1], assignment, log.getvalue())
    result.page = feedback_page(assignment, result)
    clock.lap("page")
    return result


class _Clock:
    """Adds the time since its last lap to a step."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.last = seconds, time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self.last
        self.last = now


def _autograde(course: Path, assignment: Assignment, notebook: NotebookNode, scoring: Step, log: io.StringIO) -> None:
    """nbgrader's own autograding in a course of its own, with `scoring` in the place of its execution."""
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import Execute
    from sqlalchemy.exc import SAWarning

    for folder in ("source", "release", "submitted", "autograded", "feedback"):
        (course / folder).mkdir()
    (course / "source" / assignment.name).mkdir()
    submitted = course / "submitted" / STUDENT / assignment.name
    submitted.mkdir(parents=True)
    nbformat.write(notebook, submitted / f"{assignment.stage}.ipynb")
    (course / "gradebook.db").write_bytes(assignment.gradebook)

    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.course_id = "mnist"
    config.CourseDirectory.db_url = f"sqlite:///{course / 'gradebook.db'}"
    config.CourseDirectory.assignment_id = assignment.name
    config.CourseDirectory.student_id = STUDENT
    logger = logging.Logger("grading", logging.INFO)  # of its own: nothing is shared
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger.addHandler(handler)
    here = os.getcwd()
    try:
        coursedir = CourseDirectory(config=config, log=logger)
        converter = Autograde(coursedir=coursedir, config=config, log=logger)
        steps = Autograde.autograde_preprocessors.default()
        converter.autograde_preprocessors = [scoring if step is Execute else step for step in steps]
        converter.force = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own use of SQLAlchemy
            converter.start()
    except Exception as error:
        raise GradingFailed(f"{type(error).__name__}: {error}\n{log.getvalue()[-4_000:]}") from error
    finally:
        os.chdir(here)  # nbgrader goes to the course's folder


def _grades(course: Path, assignment: Assignment) -> tuple[dict[str, float | None], dict[str, float], dict[str, str]]:
    """Points, the most that can be had, and comments, for each cell, as they stand in the course's gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "mnist") as gradebook:
        (notebook,) = gradebook.find_submission(assignment.name, STUDENT).notebooks
        points = {grade.cell.name: None if grade.needs_manual_grade else grade.auto_score for grade in notebook.grades}
        most = {grade.cell.name: grade.cell.max_score for grade in notebook.grades}
        comments = {comment.cell.name: comment.auto_comment for comment in notebook.comments if comment.auto_comment}
    return points, most, comments


def _fill(result: Result, scored: Scored, assignment: Assignment, log: str) -> None:
    """What the runs gave, in the result."""
    for name, came in scored.outputs.items():
        inputs = assignment.secret.inputs[name]
        if checks.find(name).reference is _reading.reference and len(came) == 1 and not _reading.fault(came[0], inputs.cases[0][0]):
            result.misread[name] = np.flatnonzero(np.asarray(came[0]) != inputs.secret).tolist()
    result.verdicts, result.stopped = scored.verdicts, scored.secret.stopped
    result.executed = nbformat.writes(scored.secret.notebook)
    lines = [log.strip(), *(f"{name}: {verdict.private}" for name, verdict in scored.verdicts.items())]
    for title, run in (("with the secret inputs", scored.secret), ("with the public inputs", scored.public)):
        if run is not None:
            lines.append(f"Run {title}: {json.dumps(run.seconds)}; stopped: {run.stopped}; overtime: {run.overtime}\n{run.log}")
            result.seconds |= {f"{title.split()[2]} run, {step}": seconds for step, seconds in run.seconds.items()}
    result.log = "\n".join(lines)
