"""The command `mnist-grade`: grade submissions, explain a score, draw new seeds."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from . import intake
from .assignment import Assignment, CourseError, draw_anew, prepare, seed_of
from .explain import explain
from .merge import merge
from .one import GradingFailed, grade_one
from .sandbox import NoSandbox, missing
from .session import Limits

USAGE = """\
mnist-grade ASSIGNMENT                grade what lies in class/submitted/STUDENT/ASSIGNMENT/
mnist-grade explain STUDENT TASK      show the secret inputs of a task, what was expected, and what a student's answer gave
mnist-grade reseed ASSIGNMENT         draw other secret inputs and digits, and grade everyone anew"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process unless they are given.

    Returns
    -------
    int
        0 if every submission got a verdict, points or a refusal; 1 if one did not; 2 if nothing could be begun.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    what = given.pop(0) if given[:1] in (["explain"], ["reseed"]) else "grade"
    parser = argparse.ArgumentParser(prog="mnist-grade", usage=USAGE, description="Grade notebooks by strangers, in a sandbox.")
    if what == "explain":
        parser.add_argument("student")
        parser.add_argument("task", help="such as loading.describe")
    else:
        parser.add_argument("assignment", help="such as 02-loading")
    parser.add_argument("--class", dest="folder", type=Path, default=Path("class"), help="everything about real students (class/)")
    parser.add_argument("--edition", choices=("auto", "full", "sample"), default="auto", help="the digits; full wherever they can be had")
    parser.add_argument("--cell-seconds", type=float, default=Limits.cell, help=f"limit for one cell ({Limits.cell:g})")
    parser.add_argument("--total-seconds", type=float, default=Limits.total, help=f"limit for one notebook ({Limits.total:g})")
    parser.add_argument("--unsafe-no-sandbox", action="store_true", help="run the notebooks with your own rights: only for your own")
    chosen = parser.parse_args(given)
    isolated = not chosen.unsafe_no_sandbox
    try:
        if isolated and missing():
            raise NoSandbox(missing())
        if not chosen.folder.is_dir():
            raise CourseError(f"There is no folder {chosen.folder}. Run this in the course's root, or name it with --class.")
        if not isolated:
            print("WITHOUT A SANDBOX: what runs now can read and change all your files, and forge points.", file=sys.stderr)
        return {"grade": _grade, "explain": _explain, "reseed": _reseed}[what](chosen, isolated)
    except (CourseError, NoSandbox, intake.Refusal) as error:
        print(error, file=sys.stderr)
        return 2


def _prepared(name: str, chosen: argparse.Namespace) -> Assignment:
    return prepare(name, seed_of(name, chosen.folder / "seeds.json"), edition=chosen.edition)


def _limits(chosen: argparse.Namespace) -> Limits:
    return Limits(cell=chosen.cell_seconds, total=chosen.total_seconds)


def _submissions(folder: Path, assignment: str) -> Iterator[tuple[str, Path]]:
    """Each student with the file that counts: the newest in the folder, under any name."""
    for place in sorted((folder / "submitted").glob(f"*/{assignment}")):
        files = [each for each in place.iterdir() if each.is_file() and not each.is_symlink() and not each.name.startswith(".")]
        files = [each for each in files if each.name != "timestamp.txt"]
        if files:
            yield place.parent.name, max(files, key=lambda each: (each.stat().st_mtime, each.name))


def _grade(chosen: argparse.Namespace, isolated: bool) -> int:
    found = list(_submissions(chosen.folder, chosen.assignment))
    if not found:
        raise CourseError(f"There is nothing in {chosen.folder / 'submitted'}/STUDENT/{chosen.assignment}/.")
    assignment, failed = _prepared(chosen.assignment, chosen), 0
    for student, path in found:
        try:
            result = grade_one(path.read_bytes(), assignment, _limits(chosen), isolated=isolated)
        except GradingFailed as error:  # the others' work goes on
            failed += 1
            print(f"{student}: no grade, the grader failed. {error}", file=sys.stderr)
            continue
        merge(result, student, assignment, chosen.folder)
        place = chosen.folder / "results" / student / assignment.name
        place.mkdir(parents=True, exist_ok=True)
        (place / "result.json").write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
        print(f"{student}: {f'refused. {result.refused}' if result.refused else f'{result.score:g} points'}", flush=True)
        for flag in result.flags:
            print(f"  to be looked at: {flag}")
    print(f"{len(found) - failed} of {len(found)} submissions got a verdict.")
    return int(failed > 0)


def _explain(chosen: argparse.Namespace, isolated: bool) -> int:
    stage, _, task = chosen.task.rpartition(".")
    names = sorted({place.name for place in (chosen.folder / "submitted" / chosen.student).glob("*") if place.is_dir()})
    fitting = [name for name in names if name[3:] == stage]
    if not stage or not fitting:
        there = ", ".join(names) or "nothing"
        raise CourseError(f"Expected a task such as loading.describe of a set that {chosen.student} handed in, which is {there}.")
    (name,) = fitting
    files = dict(_submissions(chosen.folder, name))
    if chosen.student not in files:
        raise CourseError(f"There is no file of {chosen.student} for {name}.")
    print(explain(files[chosen.student].read_bytes(), chosen.task, _prepared(name, chosen), _limits(chosen), isolated=isolated))
    return 0


def _reseed(chosen: argparse.Namespace, isolated: bool) -> int:
    if not list(_submissions(chosen.folder, chosen.assignment)):
        raise CourseError(f"There is nothing in {chosen.folder / 'submitted'}/STUDENT/{chosen.assignment}/, so no seed was drawn.")
    draw_anew(chosen.assignment, chosen.folder / "seeds.json")
    return _grade(chosen, isolated)
