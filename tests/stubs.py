"""What stands in for `grade_one` where not grading but all around it is tried: the points of a submission are what its bytes say."""

import hashlib
import os
import time

from mnist_lib.grading import intake
from mnist_lib.grading.assignment import Assignment
from mnist_lib.grading.one import GradingFailed, Result
from mnist_lib.grading.score import Verdict
from mnist_lib.grading.session import Limits


def result_of(data: bytes, assignment: Assignment) -> Result:
    """A result whose points follow from the bytes."""
    digest = hashlib.sha256(data + assignment.seed_id.encode()).digest()
    result = Result(assignment.name, assignment.edition, assignment.seed_id, assignment.version)
    if data.startswith(b"{\n"):  # a notebook
        result.notebook_version = intake.course_version(intake.read(data))
    if data.startswith(b"%PDF"):
        result.refused, result.page = "What came is a PDF.", "<p>What came is a PDF.</p>"
        return result
    for number, name in enumerate(assignment.secret.inputs):
        worth = 2.0
        result.verdicts[name] = Verdict(worth * (digest[number] % 5) / 4, worth, "A sentence.", "A private one.")
        cell = f"check-{name.split('.')[1].replace('_', '-')}"
        result.points[cell], result.most[cell] = result.verdicts[name].points, worth
    result.page, result.notebook, result.executed = "<p>page</p>" * 500, assignment.released, assignment.released
    result.seconds = {"sandbox": 0.01}
    return result


def at_once(data: bytes, assignment: Assignment, limits: Limits, *, isolated: bool) -> Result:
    """Takes no time."""
    return result_of(data, assignment)


def a_while(data: bytes, assignment: Assignment, limits: Limits, *, isolated: bool) -> Result:
    """Takes a tenth of a second."""
    time.sleep(0.1)
    return result_of(data, assignment)


def with_accidents(data: bytes, assignment: Assignment, limits: Limits, *, isolated: bool) -> Result:
    """Fails as the bytes ask for."""
    if b"KILL" in data:
        os.kill(os.getpid(), 9)
    if b"FAIL" in data:
        raise GradingFailed("the grader fell over")
    return result_of(data, assignment)
