"""The one task of the dry run: enough to try out how a set is worked on, handed in and given back. Chapter 01-setup."""

from typing import Any

import numpy as np

from ._task import ByCases, Inputs, Mistake, Task


def _inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    return Inputs([(random.integers(0, 100, size=(2, 3)), random.integers(0, 100, size=3)) for _ in range(3)])


def _reference(inputs: Inputs) -> list[Any]:
    return [matrix + row for matrix, row in inputs.cases]


ADD = Task(
    name="add",
    worth=0,
    inputs=_inputs,
    reference=_reference,
    points=ByCases(
        0,
        _reference,
        mistakes=[
            Mistake(lambda matrix, row: matrix, "The row was not added."),
            Mistake(lambda matrix, row: matrix * row, "These are products; the task asks for sums."),
            Mistake(lambda matrix, row: (matrix + row).sum(), "One number came: the sum of everything."),
        ],
        call="add",
    ),
    hint="NumPy adds a row to each row of a matrix by itself.",
)

TASKS = (ADD,)
