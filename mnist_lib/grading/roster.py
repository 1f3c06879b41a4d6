"""Who is in the class: a table of students, and how the name of a file or a folder is matched with one of them."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .assignment import CourseError

# What a roster's columns may be called: nbgrader's own names, and those in the exports of Canvas and Moodle.
COLUMNS = {
    "id": ("id", "student_id", "student", "username", "sis login id", "sis user id", "id number"),
    "first_name": ("first_name", "first name", "given name"),
    "last_name": ("last_name", "last name", "surname", "family name"),
    "name": ("name", "full name", "student"),
    "email": ("email", "e-mail", "email address", "e-mail address"),
    "login": ("sis login id", "sis user id", "id"),  # Canvas' own, the most telling first
    "number": ("identifier", "lms_id", "canvas_id", "moodle_id"),
}
LONGEST_ID = 100


@dataclass(frozen=True)
class Student:
    """A line of the roster.

    Attributes
    ----------
    id : str
        As in the gradebook.
    first_name, last_name, email : str
        Empty where the roster has none.
    number : str
        The LMS's own, which stands in the names of its downloads.
    row : dict
        The line as it stands in the file.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    number: str = ""
    row: dict[str, str] = field(default_factory=dict, hash=False, compare=False)


def squeezed(text: str) -> str:
    """Letters and digits of a name alone, small, without accents: what differs between two spellings of one name is gone."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def words(text: str) -> frozenset[str]:
    """The words of a name, each squeezed, in no order."""
    return frozenset(filter(None, map(squeezed, re.split(r"[\W_]+", unicodedata.normalize("NFC", text)))))


def safe_id(text: str) -> str:
    """A text as the name of a student and of a folder.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        At most 100 bytes; the same text gives the same.

    Raises
    ------
    ValueError
        If nothing is left of it that could be one.
    """
    name = "".join(letter if letter.isprintable() and letter not in '/\\:*?"<>|' else "-" for letter in unicodedata.normalize("NFC", text))
    name = re.sub(r"\s+", " ", name).strip(" .-_")
    if not name or len(name.encode()) > LONGEST_ID:
        raise ValueError(f"{text[:60]!r} cannot be the name of a student: 1 to {LONGEST_ID} bytes with a letter or a digit were expected")
    return name


class Roster:
    """The students of a class.

    Parameters
    ----------
    students : iterable of Student

    Raises
    ------
    CourseError
        If two students have the same id.
    """

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = {student.id: student for student in students}
        self._keys: dict[str, set[str]] = {}
        self._numbers: dict[str, set[str]] = {}
        self._names: dict[frozenset[str], set[str]] = {}
        for student in self.students.values():
            full, turned = f"{student.first_name} {student.last_name}", f"{student.last_name} {student.first_name}"
            local = student.email.partition("@")[0]
            for text in {student.id, student.email, local, full, turned}:
                if squeezed(text):
                    self._keys.setdefault(squeezed(text), set()).add(student.id)
            if student.number:
                self._numbers.setdefault(student.number, set()).add(student.id)
            if len(words(full)) > 1:
                self._names.setdefault(words(full), set()).add(student.id)

    def find(self, *texts: str, number: str = "") -> Student | None:
        """The one student whom the first telling text names: by number in the LMS, id, e-mail, or full name in any order.

        Parameters
        ----------
        *texts : str
            The most telling first.
        number : str
            The LMS's own number of the student, which is compared with the LMS's own columns alone.

        Returns
        -------
        Student or None
            None where no text names a student, or where the first that does names two of them.
        """
        known = self._numbers.get(number, set())
        if len(known) == 1:
            return self.students[next(iter(known))]
        for text in texts:
            if text in self.students:
                return self.students[text]
            found = self._keys.get(squeezed(text), set()) | self._names.get(words(text), set())
            if found:
                return self.students[next(iter(found))] if len(found) == 1 else None
        return None


def read_roster(path: Path) -> Roster:
    """A roster from a CSV file with a line for each student.

    Parameters
    ----------
    path : Path
        With nbgrader's columns (``id``, ``last_name``, ``first_name``, ``email``), or as Canvas or Moodle exports it; separated by commas,
        semicolons or tabs; in UTF-8, UTF-16 or cp1252.

    Returns
    -------
    Roster

    Raises
    ------
    CourseError
        If it cannot be read as one, with the line in which the fault lies.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"The roster {path} cannot be read: {error.strerror}.") from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    text = re.sub(r"\r\n?", "\n", text)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator)  # `splitlines` would end a line at a form feed too
    names = {column.strip().lower(): column for column in reader.fieldnames or [] if column}

    def value(row: Mapping[str, Any], kind: str) -> str:
        columns = [names[name] for name in COLUMNS[kind] if name in names]
        return next((row[column].strip() for column in columns if isinstance(row.get(column), str) and row[column].strip()), "")

    canvas = {"student", "id"} <= set(names)  # there "Student" is a name, and "ID" is Canvas' own number
    students: dict[str, Student] = {}
    for row in reader:
        kept = {column: cell.strip() for column, cell in row.items() if isinstance(column, str) and isinstance(cell, str)}
        if not any(kept.values()) or (canvas and "points possible" in kept.get(names["student"], "").lower()):
            continue
        email, first_name, last_name = value(row, "email"), value(row, "first_name"), value(row, "last_name")
        if canvas or not (first_name or last_name):
            last_name, comma, first_name = value(row, "name").partition(",")
            if not comma:
                first_name, _, last_name = last_name.rpartition(" ")
        identity = value(row, "login") if canvas else value(row, "id") or email
        try:
            number = re.sub(r"\D", "", kept[names["id"]] if canvas else value(row, "number"))  # Moodle has "Participant 123456"
            student = Student(safe_id(identity or email), first_name.strip(), last_name.strip(), email, number, kept)
        except ValueError as error:
            raise CourseError(f"The roster {path}, line {reader.line_num}: {error}. Expected is a column id, or email.") from None
        if student.id.casefold() in {each.casefold() for each in students}:
            raise CourseError(f"The roster {path}, line {reader.line_num}: the id {student.id!r} stands there twice.")
        students[student.id] = student
    if not students:
        there = ", ".join(names.values()) or "none"
        raise CourseError(
            f"The roster {path} names no student. Its columns are: {there}. Expected is a first line such as id,last_name,first_name,email."
        )
    return Roster(students.values())
