"""Generates `exercises/` from `solutions/` with nbgrader, and makes `class/` with a gradebook that knows every set.

    python book/_tools/exercises.py [--variant NUMBER] [--release FOLDER] [--gradebook FILE]
    python book/_tools/exercises.py --anew

A variant gives the exercises other numbers, for the class after this one; 0 is the course's own. ``--anew`` writes the variant that is
there again, after the solutions were stamped, and touches no gradebook.
"""

import argparse
import logging
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbgrader.apps import NbGraderAPI
from stamp import written
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = ROOT / "solutions"


def sets() -> list[str]:
    """The problem sets that have a source, in the course's order."""
    return sorted(path.parent.name for path in SOLUTIONS.glob("*/*.ipynb"))


def generate(release: Path, gradebook: Path, variant: int = 0) -> list[str]:
    """Write the student version of every set into `release`, and enter its cells into a gradebook; return what went wrong.

    Parameters
    ----------
    release : Path
        The folder that gets ``NN-stage/stage.ipynb`` for each set. What else lies in those folders is removed.
    gradebook : Path
        An SQLite file, made where it is missing; grades in it stay.
    variant : int

    Returns
    -------
    list of str
        A line for each set that could not be generated.
    """
    gradebook.parent.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)  # nbgrader takes its folders from there
    config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config())
    config.CourseDirectory.root = str(ROOT)
    config.CourseDirectory.release_directory = str(release)
    config.CourseDirectory.db_url = f"sqlite:///{gradebook}"
    config.Variant.number = variant
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.ERROR)
    failed = []
    for name in sets():
        shutil.rmtree(release / name, ignore_errors=True)
        result = api.generate_assignment(name, force=True, create=True)
        if not result["success"]:
            failed.append(f"{name}: {(result.get('error') or result.get('log') or 'nbgrader gave no reason').strip()}")
            continue
        for path in (release / name).glob("*.ipynb"):
            path.write_text(written(nbformat.read(path, as_version=4)), encoding="utf-8")
    for folder in release.glob("*/"):
        if folder.name not in sets():  # of a set that is no more
            shutil.rmtree(folder)
    return failed


def variant_of(release: Path) -> int:
    """The variant of the exercises in a folder; 0 where there are none."""
    texts = (path.read_text(encoding="utf-8") for path in release.rglob("*.ipynb"))
    return max((int(number) for text in texts for number in re.findall(r"use_variant\((\d+)\)", text)), default=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Generate the exercises from their solutions.")
    parser.add_argument("--variant", type=int, default=0, help="other numbers in the checks: 1, 2, …; 0 is the course's own")
    parser.add_argument("--release", type=Path, default=ROOT / "exercises", help="folder for the student versions")
    parser.add_argument("--gradebook", type=Path, default=ROOT / "class" / "gradebook.db", help="nbgrader's gradebook, an SQLite file")
    parser.add_argument("--anew", action="store_true", help="the variant that is there again, without a gradebook")
    chosen = parser.parse_args()
    if chosen.anew:
        with tempfile.TemporaryDirectory() as folder:
            problems = generate(chosen.release.resolve(), Path(folder, "gradebook.db"), variant_of(chosen.release))
    else:
        problems = generate(chosen.release.resolve(), chosen.gradebook.resolve(), chosen.variant)
    for problem in problems:
        print(problem, file=sys.stderr)
    entered = "" if chosen.anew else f", and in the gradebook {chosen.gradebook}"
    print(f"{len(sets()) - len(problems)} of {len(sets())} sets are in {chosen.release}{entered}.")
    sys.exit(bool(problems))
