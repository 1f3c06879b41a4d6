"""The tasks of the capstone's set: a network of the student's own, scored on digits as they are and on digits that have moved."""

from . import _reading
from ._task import Task

ACCURACY_SCALE = {
    "full": ((0.970, 0.0), (0.978, 0.25), (0.985, 0.60), (0.988, 0.90), (0.989, 1.0)),
    "sample": ((0.925, 0.0), (0.940, 0.25), (0.955, 0.60), (0.965, 1.0)),
}
ROBUSTNESS_SCALE = {"full": ((0.85, 0.0), (0.95, 1.0)), "sample": ((0.80, 0.0), (0.94, 1.0))}
DISTINCTION = 0.992  # on the full edition; it is named, and earns no more points

ACCURACY = Task(
    name="accuracy",
    worth=10,
    inputs=_reading.inputs,
    reference=_reading.reference,
    points=_reading.points(10, ACCURACY_SCALE, "digits it has not seen", DISTINCTION),
    hint="a convolutional network reads more than a dense one, and one that saw moved copies of the digits more again.",
)
ROBUSTNESS = Task(
    name="robustness",
    worth=8,
    inputs=_reading.shifted_inputs,
    reference=_reading.reference,
    points=_reading.points(8, ROBUSTNESS_SCALE, "digits, each moved by two pixels in four ways"),
    hint="what a network is to read, it should have seen in training: copies of the digits, moved by a few pixels.",
)

TASKS = (ACCURACY, ROBUSTNESS)
