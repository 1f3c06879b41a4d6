"""The command `mnist-grade`: grade a class, explain a score, draw new seeds."""

import argparse
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from . import intake
from .assignment import Assignment, CourseError, draw_anew, prepare, seed_of
from .collect import SETS, Collected, collect
from .copies import possible_copies
from .explain import explain
from .export import as_csv, write_grades
from .many import Class, Line
from .merge import Merger
from .report import Report
from .roster import Roster, Student, read_roster
from .sandbox import NoSandbox, missing
from .session import Limits
from .store import Job, Store, locked, write
from .workers import Cluster, Pool, Work

WORTH_WARMING = 8  # submissions: for fewer, importing TensorFlow once in each process takes longer than it saves

USAGE = """\
mnist-grade SUBMISSIONS               grade a folder, a zip or a notebook: class/grades.csv, class/report.html, class/feedback/
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
        0 if every submission got a verdict, points or a refusal; 1 if one did not, or its grade could not be entered; 2 if nothing could be
        begun; 130 if it was stopped by Ctrl+C.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    what = given.pop(0) if given[:1] in (["explain"], ["reseed"]) else "grade"
    chosen = _parser(what).parse_args(given)
    chosen.out = chosen.out or chosen.folder
    isolated = not chosen.unsafe_no_sandbox
    try:
        if isolated and not getattr(chosen, "scheduler", None) and missing():
            raise NoSandbox(missing())
        if not chosen.folder.is_dir():
            raise CourseError(f"There is no folder {chosen.folder}. Run this in the course's root, or name it with --class.")
        if not isolated:
            print("WITHOUT A SANDBOX: what runs now can read and change all your files, and forge points.", file=sys.stderr)
        return {"grade": _grade, "explain": _explain, "reseed": _reseed}[what](chosen, isolated)
    except (CourseError, NoSandbox, intake.Refusal) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What was graded is kept: the same command goes on from here.", file=sys.stderr)
        return 130


def _parser(what: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mnist-grade", usage=USAGE, description="Grade notebooks by strangers, in a sandbox.")
    if what == "explain":
        parser.add_argument("student")
        parser.add_argument("task", help="such as loading.describe")
    elif what == "reseed":
        parser.add_argument("assignment", help="such as 02-loading")
    else:
        parser.add_argument("submissions", type=Path, help="a folder for each student, a folder of files, an LMS's zip, or a notebook")
        parser.add_argument("--assignment", help="the set, such as 02-loading; told by each notebook unless it is given")
        parser.add_argument("--several", choices=("newest", "oldest", "none"), default="newest", help="of several files of one student")
        parser.add_argument("--again", action="store_true", help="grade anew what has a result already")
    if what != "explain":
        parser.add_argument("--roster", type=Path, help="a CSV with the students: id,last_name,first_name,email, or an LMS's export")
        parser.add_argument("--workers", type=int, help="processes; as many as there are processors and memory for")
        parser.add_argument("--scheduler", metavar="ADDRESS", help="of Dask, tls://host:port, to grade on many machines")
        for name, of in (("ca", "the authority's certificate"), ("cert", "your certificate"), ("key", "your key")):
            parser.add_argument(f"--tls-{name}", type=Path, help=f"for --scheduler: the file with {of}")
        parser.add_argument("--db-url", help="the gradebook; class/gradebook.db unless it is given")
        parser.add_argument("--lms", choices=("canvas", "moodle"), help="write a file of grades for it too")
        parser.add_argument("--copies", action="store_true", help="look for answers that may be copies of each other")
    parser.add_argument("--out", type=Path, help="where results, feedback and report are kept (class/)")
    parser.add_argument("--class", dest="folder", type=Path, default=Path("class"), help="seeds and gradebook (class/)")
    parser.add_argument("--edition", choices=("auto", "full", "sample"), default="auto", help="the digits; full wherever they can be had")
    parser.add_argument("--cell-seconds", type=float, default=Limits.cell, help=f"limit for one cell ({Limits.cell:g})")
    parser.add_argument("--total-seconds", type=float, default=Limits.total, help=f"limit for one notebook ({Limits.total:g})")
    parser.add_argument("--unsafe-no-sandbox", action="store_true", help="run the notebooks with your own rights: only for your own")
    return parser


def _prepared(name: str, chosen: argparse.Namespace) -> Assignment:
    return prepare(name, seed_of(name, chosen.folder / "seeds.json"), edition=chosen.edition)


def _limits(chosen: argparse.Namespace) -> Limits:
    return Limits(cell=chosen.cell_seconds, total=chosen.total_seconds)


def _grade(chosen: argparse.Namespace, isolated: bool) -> int:
    roster = read_roster(chosen.roster) if chosen.roster else None
    store = Store(chosen.out)
    if chosen.assignment not in (None, *SETS):
        prepare(chosen.assignment, 0)  # says that there is no such set, and which there are
    with locked(store.folder, chosen.folder):
        collected = collect(chosen.submissions, assignment=chosen.assignment, roster=roster, several=chosen.several)
        if not collected.submissions:
            for name, why in collected.strays:
                print(f"{name}: {why}.", file=sys.stderr)
            raise CourseError(f"There is no submission in {chosen.submissions} that belongs to a student and a set.")
        jobs = [store.put(each) for each in collected.submissions]
        return _graded(jobs, collected, roster, store, chosen, isolated)


def _graded(jobs: list[Job], collected: Collected, roster: Roster | None, store: Store, chosen: argparse.Namespace, isolated: bool) -> int:
    """Grade what is due, enter everything, and write what people read."""
    assignments = {name: _prepared(name, chosen) for name in sorted({job.assignment for job in jobs})}
    own = {(job.student, job.assignment) for job in jobs}
    # What an earlier run has left undone, or what was drawn anew since, is graded too.
    all_jobs = jobs + [job for name in assignments for job in store.jobs(name) if (job.student, job.assignment) not in own]
    work = Work(_limits(chosen), isolated)
    with Merger(chosen.folder, chosen.db_url, _config()) as merger:
        known = roster.students if roster else {}
        merger.know([*known.values(), *(Student(name) for name in sorted({job.student for job in all_jobs} - set(known)))])
        submitted = (chosen.folder / "submitted").resolve()
        elsewhere = hasattr(chosen, "submissions") and not chosen.submissions.resolve().is_relative_to(submitted)
        course = Class(store, assignments, work, merger, places=elsewhere)
        again = own if getattr(chosen, "again", False) else set()
        due = [job for job in all_jobs if (job.student, job.assignment) in again or course.due(job)]
        waiting = {(job.student, job.assignment) for job in due}
        there = [job for job in all_jobs if (job.student, job.assignment) not in waiting]
        report, lines = Report(assignments), []

        def done(line: Line) -> None:
            lines.append(line)
            report.add(store, line)

        for line in course.known(there):
            done(line)
        if due:
            with _workers(assignments, replace(work, warm=len(due) >= WORTH_WARMING), chosen) as workers:
                _progress(course.graded(due, workers), len(due), done)
        lines.sort(key=lambda line: (line.assignment, line.student))
        attention = _attention(collected, lines)
        attention += [
            f"{path}: it cannot be read, so what was handed in is not known: hand that student's file over again." for path in store.unread
        ]
        if chosen.copies:
            attention += possible_copies(store, [job for job in jobs if not _failed(lines, job)], assignments)
        places = write_grades(store.folder, merger.gradebook, merger.graded(), chosen.lms, roster)
    # Numbers in an order that tells nothing: those of the roster's would name people to whoever has one.
    lines.sort(key=lambda line: hashlib.sha256(f"{line.student} {assignments[line.assignment].seed_id}".encode()).digest())
    numbered = [
        {
            "submission": number,
            "set": line.assignment,
            "student": line.student,
            "file": line.name,
            "verdict": _verdict(line),
            "notebook_version": line.notebook_version or "",
            "library_version": "" if line.failed else assignments[line.assignment].version,
        }
        for number, line in enumerate(lines, start=1)
    ]
    columns = ("submission", "set", "student", "file", "verdict", "notebook_version", "library_version")
    write(store.folder / "submissions.csv", as_csv(columns, numbered))
    write(store.folder / "attention.txt", "".join(f"{each}\n" for each in attention))
    write(store.folder / "report.html", report.page(lines, len(attention)))
    return _told(lines, collected, attention, [*places, store.folder / "report.html"])


def _failed(lines: list[Line], job: Job) -> bool:
    return any((line.student, line.assignment) == (job.student, job.assignment) and (line.failed or line.refused) for line in lines)


@contextmanager
def _workers(assignments: dict[str, Assignment], work: Work, chosen: argparse.Namespace) -> Iterator[Pool | Cluster]:
    if chosen.workers is not None and chosen.workers < 1:
        raise CourseError(f"--workers {chosen.workers}: expected is 1 or more.")
    if chosen.scheduler:
        if chosen.workers is not None:
            raise CourseError("--workers and --scheduler exclude each other: the scheduler has workers of its own.")
        workers: Pool | Cluster = Cluster(assignments, work, chosen.scheduler, ca=chosen.tls_ca, cert=chosen.tls_cert, key=chosen.tls_key)
    else:
        workers = Pool(assignments, work, chosen.workers)
    with workers:
        yield workers


def _progress(lines: Iterator[Line], total: int, done: Callable[[Line], None]) -> None:
    """A bar with rate and time left; refusals and failures as they come."""
    from tqdm import tqdm

    with tqdm(total=total, unit=" submissions", smoothing=0.1, disable=None) as bar:
        for line in lines:
            done(line)
            bar.update()
            if line.failed:
                bar.write(f"{line.student}, {line.assignment}: no verdict. {line.failed}", file=sys.stderr)


def _verdict(line: Line) -> str:
    if line.failed:
        return "none: the grader failed"
    return f"refused: {line.refused}" if line.refused else f"{line.score:g} of {line.most:g} points"


def _attention(collected: Collected, lines: list[Line]) -> list[str]:
    """What someone must decide or look at, a sentence each."""
    said = [f"{name}: {why}." for name, why in collected.strays] + list(collected.doubts)
    said += [f"{line.student}, {line.assignment}: the LMS marks it as late." for line in lines if line.late]
    said += [f"{line.student}, {line.assignment}: {flag}" for line in lines for flag in line.flags]
    waiting = Counter(line.assignment for line in lines if line.waiting)
    return said + [f"{name}: {count} submissions with answers that a person grades, in formgrader." for name, count in waiting.items()]


def _told(lines: list[Line], collected: Collected, attention: list[str], places: list[Path]) -> int:
    """The summary, and the exit code."""
    for each in attention:
        print(each)
    if attention:
        print()
    head = ("set", "submissions", "graded now", "refused", "no verdict", "mean", "scores changed")
    table: list[tuple[str, ...]] = [head]
    for name in sorted({line.assignment for line in lines}):
        own = [line for line in lines if line.assignment == name]
        graded = [line for line in own if not line.refused and not line.failed]
        mean = f"{sum(line.score for line in graded) / len(graded):.1f} of {max(line.most for line in graded):g}" if graded else "-"
        numbers = (sum(line.fresh for line in own), sum(bool(line.refused) for line in own), sum(bool(line.failed) for line in own))
        table.append((name, str(len(own)), *map(str, numbers), mean, str(sum(line.changed > 0 for line in own))))
    widths = [max(len(row[k]) for row in table) for k in range(len(head))]
    for row in table:
        print("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip())
    without = sum(bool(line.failed) for line in lines) + len(collected.strays)
    print(f"{len(lines) + len(collected.strays) - without} of {len(lines) + len(collected.strays)} submissions got a verdict.")
    print("Written: " + ", ".join(map(str, places)))
    return int(without > 0)


def _config() -> Config:
    """nbgrader's configuration, as its own commands read it here; its own defaults where there is none."""
    if not Path("nbgrader_config.py").is_file():
        return Config()
    return PyFileConfigLoader("nbgrader_config.py", path=os.getcwd()).load_config()


def _explain(chosen: argparse.Namespace, isolated: bool) -> int:
    store = Store(chosen.out)
    stage, _, task = chosen.task.rpartition(".")
    jobs = [job for job in store.jobs() if job.student == chosen.student]
    fitting = [job for job in jobs if job.assignment[3:] == stage]
    if not stage or not fitting:
        there = ", ".join(job.assignment for job in jobs) or "nothing"
        raise CourseError(f"Expected a task such as loading.describe of a set that {chosen.student} handed in, which is {there}.")
    job = fitting[-1]
    print(explain(store.data(job), chosen.task, _prepared(job.assignment, chosen), _limits(chosen), isolated=isolated))
    return 0


def _reseed(chosen: argparse.Namespace, isolated: bool) -> int:
    store = Store(chosen.out)
    chosen.copies = False
    with locked(store.folder, chosen.folder):
        jobs = list(store.jobs(chosen.assignment))
        if not jobs:
            raise CourseError(f"Nothing of {chosen.assignment} was graded in {chosen.out}, so no seed was drawn.")
        draw_anew(chosen.assignment, chosen.folder / "seeds.json")
        roster = read_roster(chosen.roster) if chosen.roster else None
        return _graded(jobs, Collected(), roster, store, chosen, isolated)
