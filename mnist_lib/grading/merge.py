"""Enters results into nbgrader's gradebook and folders, so that formgrader, comments and export go on from there."""

import os
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from .assignment import Assignment, CourseError
from .one import Result


def merge(result: Result, student: str, assignment: Assignment, class_folder: Path, db_url: str | None = None) -> list[str]:
    """Enter one result; what a person has given, scores and comments, stays.

    Parameters
    ----------
    result : Result
    student : str
        The student's id in the gradebook, made there if it is new.
    assignment : Assignment
    class_folder : Path
        ``class/``: the autograded notebook and the feedback page are written below it, where nbgrader has them.
    db_url : str, optional
        The gradebook; ``gradebook.db`` in `class_folder` unless it is given.

    Returns
    -------
    list of str
        The graded cells whose score changed. A refused submission changes none.

    Raises
    ------
    CourseError
        If the gradebook does not know the assignment.
    """
    where = Path(student, assignment.name)
    page = class_folder / "feedback" / where / f"{assignment.stage}.html"
    _write(page, result.page)
    if result.refused:
        return []
    changed = []
    url = db_url or f"sqlite:///{class_folder / 'gradebook.db'}"
    with Gradebook(url, "mnist") as gradebook:
        try:
            gradebook.find_assignment(assignment.name)
        except MissingEntry:
            raise CourseError(f"The gradebook {url} does not know the set {assignment.name!r}. Run `make exercises` first.") from None
        gradebook.update_or_create_student(student)
        submission = gradebook.update_or_create_submission(assignment.name, student)
        (notebook,) = submission.notebooks
        for grade in notebook.grades:
            points = result.points.get(grade.cell.name)
            if grade.auto_score != points:
                changed.append(grade.cell.name)
                grade.auto_score = points
                # A person is to look where only a person can tell, and again where the ground under a person's score has moved.
                grade.needs_manual_grade = points is None or grade.manual_score is not None
            elif points is None and grade.manual_score is None:
                grade.needs_manual_grade = True
        for comment in notebook.comments:
            comment.auto_comment = result.comments.get(comment.cell.name)
        gradebook.db.commit()
    _write(class_folder / "autograded" / where / f"{assignment.stage}.ipynb", result.notebook)
    return changed


def _write(path: Path, text: str) -> None:
    """A whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
