"""A class of twelve that does not exist: what they hand in for one set, and the ways in which an LMS hands that on."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import hostile
import submissions
from submissions import right_submissions, wrong_submissions

SET = "02-loading"
DUE = "2026-03-01 23:59:00 UTC"
ROSTER = "id,last_name,first_name,email\n"


@dataclass(frozen=True)
class Handed:
    """What one of them hands in.

    Attributes
    ----------
    student : str
        The id in the gradebook.
    file : str
        Under which name.
    data : bytes
    points : float or None
        What the tasks earn that no person grades; None where the file must be refused.
    time : str
        When, as nbgrader's ``timestamp.txt`` says it.
    """

    student: str
    file: str
    data: bytes
    points: float | None
    time: str = "2026-02-27 10:00:00 UTC"


def handed_in() -> list[Handed]:
    """Right, partly right, damaged, hostile and late submissions of `SET`."""
    right, wrong = right_submissions("loading"), wrong_submissions("loading")
    kinds = {name: (data, points) for name, data, points in submissions.damaged()}

    def plain(student: str, submission: submissions.Submission, file: str = "loading.ipynb", **more: str) -> Handed:
        return Handed(student, file, submission.data, sum(submission.expected.values()), **more)

    def damaged(student: str, kind: str, file: str = "loading.ipynb") -> Handed:
        data, points = kinds[kind]
        return Handed(student, file, data, None if isinstance(points, str) else sum(points))

    with hostile.surroundings() as (outside, _):
        forged = hostile.ATTACKS["forged_result"].make(outside)
    return [
        plain("student-01", right["solution"]),
        plain("student-02", right["right-01"], "loading (1).ipynb"),
        plain("student-03", right["right-05-noisy"], "Copy of loading.ipynb"),
        plain("student-04", wrong["wrong-01"]),
        plain("student-05", wrong["wrong-02"]),
        plain("student-06", wrong["blank"]),
        plain("student-07", right["right-02"], time="2026-03-02 08:00:00 UTC"),  # late
        damaged("student-08", "metadata_and_ids_gone"),
        damaged("student-09", "reordered"),
        damaged("student-10", "answer_with_a_syntax_error"),
        Handed("student-11", "loading.pdf", b"%PDF-1.7\n", None),
        Handed("student-12", "loading.ipynb", forged, 0.0),
    ]


def roster() -> str:
    """A roster of them, with nbgrader's columns."""
    lines = [f"student-{number:02d},Last{number:02d},First{number:02d},student-{number:02d}@example.org" for number in range(1, 13)]
    return ROSTER + "\n".join(lines) + "\n"


def in_folders(target: Path, handed: list[Handed]) -> None:
    """As nbgrader has it: a folder for each student, in it one for the set."""
    for each in handed:
        place = target / each.student / SET
        place.mkdir(parents=True)
        (place / each.file).write_bytes(each.data)
        (place / "timestamp.txt").write_text(each.time, encoding="utf-8")


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return packed.getvalue()


def from_moodle(handed: list[Handed], folders: bool = True) -> bytes:
    """As Moodle's “Download all submissions” packs it, in folders or not."""
    files = {}
    for each in handed:
        number = each.student[-2:]
        files[f"First{number} Last{number}_9000{number}_assignsubmission_file_{'/' if folders else ''}{each.file}"] = each.data
    return zipped(files)


def from_canvas(handed: list[Handed]) -> bytes:
    """As Canvas' “Download submissions” packs it."""
    files = {}
    for each in handed:
        number = each.student[-2:]
        late = "_LATE" if each.time > DUE else ""
        files[f"last{number}first{number}{late}_7000{number}_8000{number}_{each.file.replace(' ', '+')}"] = each.data
    return zipped(files)
