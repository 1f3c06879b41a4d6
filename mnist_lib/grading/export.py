"""Writes grades as tables: nbgrader's columns, and those that Canvas and Moodle read."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from .roster import Roster, Student
from .store import write

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip
Row = dict[str, object]  # by columns
Points = Mapping[tuple[str, str], Row]  # by student and set


def rows(gradebook: Gradebook, assignments: Iterable[str]) -> list[Row]:
    """The grades as they stand in a gradebook, with what persons have given.

    Parameters
    ----------
    gradebook : Gradebook
    assignments : iterable of str

    Returns
    -------
    list of dict
        A row for each set and student: `COLUMNS`, as `nbgrader export` has them, 0 where nothing was handed in; and ``handed_in``.
    """
    found = []
    for name in assignments:
        try:
            assignment = gradebook.find_assignment(name)
        except MissingEntry:  # all that came was refused
            continue
        handed_in = {submission.student_id: submission for submission in assignment.submissions}
        for student in gradebook.students:
            submission = handed_in.get(student.id)
            penalty = submission.late_submission_penalty if submission else 0.0
            raw = submission.score if submission else 0.0
            values = (
                name, assignment.duedate, submission.timestamp if submission else None, student.id, student.last_name, student.first_name,
                student.email, raw, penalty, max(0.0, raw - penalty), assignment.max_score,
            )  # fmt: skip
            row = {column: "" if value is None else value for column, value in zip(COLUMNS, values)}
            found.append(row | {"handed_in": submission is not None})
    return found


def as_csv(columns: Iterable[str], table: Iterable[Row]) -> str:
    """A table as text that a spreadsheet opens without taking a name for a formula."""
    columns, file = list(columns), io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for row in table:
        writer.writerow({column: _harmless(row.get(column, "")) for column in columns})
    return file.getvalue()


def _harmless(value: object) -> object:
    # Some spreadsheets divide lines at semicolons or tabs.
    return f"'{value}" if isinstance(value, str) and re.search(r"(^|[;\t\r\n])\s*[=+@-]|^[\t\r\n]", value) else value


def write_grades(
    folder: Path, gradebook: Gradebook, assignments: Iterable[str], lms: str | None = None, roster: Roster | None = None
) -> list[Path]:
    """Write ``grades.csv``, and a file for the LMS.

    Parameters
    ----------
    folder : Path
    gradebook : Gradebook
    assignments : iterable of str
    lms : {"canvas", "moodle"}, optional
    roster : Roster, optional
        As the LMS exported it: its own columns are written again, so that it knows its students.

    Returns
    -------
    list of Path
        What was written.
    """
    assignments = list(assignments)
    table = rows(gradebook, assignments)
    write(folder / "grades.csv", as_csv(COLUMNS, table))
    written = [folder / "grades.csv"]
    if lms:
        known = list(roster.students.values()) if roster else [_student(row) for row in table if row["assignment"] == assignments[0]]
        points = {(str(row["student_id"]), str(row["assignment"])): row for row in table}
        columns, lines = {"canvas": _canvas, "moodle": _moodle}[lms](known, assignments, points)
        write(folder / f"{lms}.csv", as_csv(columns, lines))
        written.append(folder / f"{lms}.csv")
    return written


def _student(row: Row) -> Student:
    return Student(str(row["student_id"]), str(row["first_name"]), str(row["last_name"]), str(row["email"]))


def _scores(points: Points, student: Student, assignments: list[str]) -> Row:
    """The scores of what was handed in and graded; an LMS takes an empty cell for an order to delete, so who has none is left out."""
    found = {name: points[student.id, name] for name in assignments if (student.id, name) in points}
    return {name: row["score"] for name, row in found.items() if row["handed_in"]}


def _canvas(students: list[Student], assignments: list[str], points: Points) -> tuple[list[str], list[Row]]:
    """As Canvas' gradebook exports it, which is what it imports."""
    own = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    lines = [{"Student": "    Points Possible"} | {name: _most(points, name) for name in assignments}]
    for each in students:
        about = {column: each.row.get(column, "") for column in own}
        about["Student"] = about["Student"] or ", ".join(filter(None, (each.last_name, each.first_name))) or each.id
        about["SIS Login ID"] = about["SIS Login ID"] or each.id
        if scores := _scores(points, each, assignments):
            lines.append(about | scores)
    return [*own, *assignments], lines


def _moodle(students: list[Student], assignments: list[str], points: Points) -> tuple[list[str], list[Row]]:
    """The roster's own columns and the scores: Moodle's import asks which column names the student, and which are scores."""
    own = list(dict.fromkeys(column for each in students for column in each.row)) or ["id", "last_name", "first_name", "email"]
    lines = []
    for each in students:
        about = each.row or {"id": each.id, "last_name": each.last_name, "first_name": each.first_name, "email": each.email}
        if scores := _scores(points, each, assignments):
            lines.append(about | scores)
    return [*own, *assignments], lines


def _most(points: Points, name: str) -> object:
    return next((row["max_score"] for (_, of), row in points.items() if of == name), "")
