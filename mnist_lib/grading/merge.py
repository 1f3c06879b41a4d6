"""Enters results into nbgrader's gradebook and folders, so that formgrader, comments and export go on from there."""

import os
import shutil
import sys
import warnings
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from sqlalchemy import Connection, text
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config

from .assignment import Assignment, CourseError
from .collect import TIMESTAMP
from .one import Result
from .roster import Student
from .store import write


class Merger:
    """The one writer of a gradebook. Use it in a ``with`` statement.

    Parameters
    ----------
    class_folder : Path
        ``class/``: the autograded notebooks are written below it, where nbgrader has them.
    db_url : str, optional
        The gradebook; ``gradebook.db`` in `class_folder` unless it is given.
    config : Config, optional
        nbgrader's, for the penalties of what came late.

    Raises
    ------
    CourseError
        If the gradebook cannot be opened.
    """

    def __init__(self, class_folder: Path, db_url: str | None = None, config: Config | None = None) -> None:
        self.class_folder = class_folder
        self.url = db_url or f"sqlite:///{class_folder / 'gradebook.db'}"
        self._late = AssignLatePenalties(config=config or Config())
        self._late.init_plugin()
        self._known: set[str] = set()
        if shutil.which("alembic") is None:  # nbgrader starts it by its bare name: it lies beside this Python, activated or not
            os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        try:
            self.gradebook = Gradebook(self.url, "mnist")
            self._held = self._hold()
            self._index()
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise CourseError(f"The gradebook {shown(self.url)} cannot be opened: {str(error).splitlines()[0]}") from None

    def __enter__(self) -> "Merger":
        return self

    def __exit__(self, *error: object) -> None:
        if self._held is not None:
            self._held.close()
        self.gradebook.close()

    def _hold(self) -> Connection | None:
        """Of a gradebook on a server, which a run on another machine may write: a lock that ends with this connection."""
        if self.gradebook.engine.dialect.name != "postgresql":
            return None
        connection: Connection = self.gradebook.engine.connect()
        if not connection.execute(text("select pg_try_advisory_lock(hashtext('mnist-grade'))")).scalar():
            connection.close()
            self.gradebook.close()
            raise CourseError(
                f"The gradebook {shown(self.url)} is in use by another run: it has one writer. Run this again when that is over."
            )
        return connection

    def _index(self) -> None:
        """nbgrader's tables have no index for how they are read here; without one, entering the last of thousands takes twice as long."""
        with suppress(SQLAlchemyError), self.gradebook.engine.begin() as connection:  # who may not make one does without
            for table, column in (("grade", "notebook_id"), ("comment", "notebook_id"), ("submitted_notebook", "assignment_id")):
                connection.execute(text(f"create index if not exists mnist_{table}_{column} on {table} ({column})"))

    def know(self, students: Iterable[Student]) -> None:
        """Enter students, so that who hands in nothing, or nothing that can be graded, stands in the gradebook too.

        Parameters
        ----------
        students : iterable of Student
            What is empty of them changes nothing.
        """
        known = {student.id: student for student in self.gradebook.students}
        for student in students:
            there = known.get(student.id)
            about = {"first_name": student.first_name, "last_name": student.last_name, "email": student.email}
            about = {key: value for key, value in about.items() if value}
            if there is None or any(getattr(there, key) != value for key, value in about.items()):
                self.gradebook.update_or_create_student(student.id, **about)

    def merge(self, result: Result, student: str, assignment: Assignment, handed_in: float | None = None) -> list[str]:
        """Enter one result; what a person has given, scores and comments, stays, and so do a time and a penalty that nothing contradicts.

        Parameters
        ----------
        result : Result
        student : str
            The student's id, which the gradebook knows.
        assignment : Assignment
            Entered into the gradebook if it is not there.
        handed_in : float, optional
            When it was handed in, in seconds since 1970, where that is known.

        Returns
        -------
        list of str
            The graded cells whose score changed. A refused submission changes none.

        Raises
        ------
        CourseError
            If the gradebook cannot be written.
        """
        if result.refused:
            return []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own use of SQLAlchemy
                changed = self._entered(result, student, assignment, handed_in)
        except SQLAlchemyError as error:
            self.gradebook.db.rollback()
            raise CourseError(f"The gradebook {shown(self.url)} cannot be written: {str(error).splitlines()[0]}") from None
        write(self.class_folder / "autograded" / student / assignment.name / f"{assignment.stage}.ipynb", result.notebook)
        return changed

    def graded(self) -> list[str]:
        """The names of the sets for which something was handed in."""
        return sorted(assignment.name for assignment in self.gradebook.assignments if assignment.num_submissions)

    def has_points(self, student: str, assignment: str) -> bool:
        """Whether a student has a score for a set already."""
        try:
            submission = self.gradebook.find_submission(assignment, student)
        except MissingEntry:
            return False
        return any(grade.auto_score is not None or grade.manual_score is not None for n in submission.notebooks for grade in n.grades)

    def place(self, data: bytes, student: str, assignment: Assignment, handed_in: float | None = None) -> None:
        """Put a file where nbgrader has what was handed in: formgrader counts the folders there.

        Parameters
        ----------
        data : bytes
        student : str
        assignment : Assignment
        handed_in : float, optional
            When, in seconds since 1970.
        """
        folder = self.class_folder / "submitted" / student / assignment.name
        write(folder / f"{assignment.stage}.ipynb", data)
        if handed_in is not None:
            write(folder / TIMESTAMP, datetime.fromtimestamp(handed_in, UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC"))

    def _entered(self, result: Result, student: str, assignment: Assignment, handed_in: float | None) -> list[str]:
        self._enter_set(assignment)
        submission = self.gradebook.update_or_create_submission(assignment.name, student)
        (notebook,) = submission.notebooks
        changed = []
        rewritten = self._rewritten(result, student, assignment)
        for grade in notebook.grades:
            points = result.points.get(grade.cell.name)
            if grade.auto_score != points:
                changed.append(grade.cell.name)
                grade.auto_score = points
                # A person is to look where only a person can tell, and again where the ground under a person's score has moved.
                grade.needs_manual_grade = points is None or grade.manual_score is not None
            elif points is None and (grade.manual_score is None or grade.cell.name in rewritten):
                grade.needs_manual_grade = True
        for comment in notebook.comments:
            auto = result.comments.get(comment.cell.name)
            if comment.auto_comment != auto:
                comment.auto_comment = auto
        time = datetime.fromtimestamp(handed_in, UTC).replace(tzinfo=None) if handed_in is not None else submission.timestamp
        moved = submission.timestamp != time
        submission.timestamp = time
        if changed or moved:
            self.gradebook.db.flush()
            self.gradebook.db.expire(notebook)  # its score is a sum that the database makes
            self._set_penalty(submission, student, moved)
        self.gradebook.db.commit()
        return changed

    def _rewritten(self, result: Result, student: str, assignment: Assignment) -> set[str]:
        """The cells whose text differs from that of the notebook that was entered before."""
        try:
            before = _sources(
                (self.class_folder / "autograded" / student / assignment.name / f"{assignment.stage}.ipynb").read_text("utf-8")
            )
        except (OSError, ValueError):
            return set()
        return {name for name, source in _sources(result.notebook).items() if before.get(name) != source}

    def _enter_set(self, assignment: Assignment) -> None:
        """As nbgrader's own step for releasing it does, unless all of its cells are there."""
        if assignment.name in self._known:
            return
        released = nbformat.reads(assignment.released, as_version=4)
        told = [cell.metadata.nbgrader for cell in released.cells if "nbgrader" in cell.metadata]
        try:
            notebook = self.gradebook.find_notebook(assignment.stage, assignment.name)
            there = {cell.name: cell.max_score for cell in notebook.grade_cells}
            whole = there == {each.grade_id: each.points for each in told if each.grade}
            kept = {each.grade_id for each in told if each.grade or each.solution or each.locked}
            whole = whole and {cell.name for cell in notebook.source_cells} == kept
        except MissingEntry:
            self.gradebook.update_or_create_assignment(assignment.name)
            whole = False
        if not whole:  # it was never entered, or not to its end, or the exercise has been released anew
            resources = {"nbgrader": {"notebook": assignment.stage, "assignment": assignment.name, "db_url": self.url}}
            try:
                SaveCells().preprocess(released, resources)
            except RuntimeError as error:  # submissions stand there already, and the released notebook has other cells
                raise CourseError(f"The gradebook {shown(self.url)} does not fit the exercise: {error}") from None
            self.gradebook.db.expire_all()
        self._known.add(assignment.name)

    def remarks(self, student: str, assignment: str) -> list[tuple[str, str | None, float | None]]:
        """What a person has given to a submission: the cell's name, the comment, the points; both None where there is none.

        Returns
        -------
        list of (str, str or None, float or None)
            For the cells that have a comment or points by a person, by name.
        """
        try:
            submission = self.gradebook.find_submission(assignment, student)
        except MissingEntry:
            return []
        comments: dict[str, str] = {}
        points: dict[str, float] = {}
        for notebook in submission.notebooks:
            for comment in notebook.comments:
                if comment.manual_comment:
                    comments[comment.cell.name] = comment.manual_comment
            for grade in notebook.grades:
                if grade.manual_score is not None or grade.extra_credit:
                    points[grade.cell.name] = grade.score
        return [(name, comments.get(name), points.get(name)) for name in sorted(comments.keys() | points.keys())]

    def _set_penalty(self, submission: SubmittedAssignment, student: str, moved: bool) -> None:
        """The penalty by nbgrader's plugin. Where it gives none for what is late, one that a person has entered stays."""
        (notebook,) = submission.notebooks
        if submission.total_seconds_late > 0:
            penalty = self._late.plugin_inst.late_submission_penalty(student, notebook.score, submission.total_seconds_late)
            if penalty is not None:
                notebook.late_submission_penalty = self._late._check_late_penalty(notebook, penalty)
        elif moved:
            notebook.late_submission_penalty = None


def _sources(notebook: str) -> dict[str, str]:
    """What stands in the cells that nbgrader knows."""
    cells = nbformat.reads(notebook, as_version=4).cells
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if "nbgrader" in cell.metadata}


def shown(url: str) -> str:
    """The address of a gradebook without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "whose address cannot be read"
