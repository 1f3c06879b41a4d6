"""What a graded task is: data in, data out, and a rule that turns what came out into points.

A task never looks at the student's code, only at what it gives for known inputs. So one definition serves the visible check, nbgrader, and
a grader that runs the student's code elsewhere and gets plain arrays back.
"""

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PUBLIC_SEED = 0  # what the visible check hands in; a grader draws another one
WIDTH = 80  # characters in a line of output, without scrolling
STANDARD_ERRORS = 3  # by how many of them a measured accuracy may fall short and still earn full points


Case = tuple[Any, ...]  # the arguments of one call


@dataclass(frozen=True)
class Inputs:
    """What a task hands to the student's code.

    Attributes
    ----------
    cases : list of Case
        The arguments of each call: plain arrays, numbers, texts, lists and dicts of them.
    corner_from : int or None
        From this case on they are corner cases, which are worth half of the points; None if there are none.
    secret : object
        What `reference` and `points` may know and the student's code may not, such as the labels of the digits to be read.
    edition : str or None
        Where the digits come from, ``full`` or ``sample``, for tasks that ask more where there is more to learn from.
    """

    cases: list[Case]
    corner_from: int | None = None
    secret: Any = None
    edition: str | None = None


Rule = Callable[[list[Any], Inputs], tuple[float, str]]  # of what came for each case: the points, and the sentence


@dataclass(frozen=True)
class Failure:
    """What stands in the place of an output when the student's code gave none."""

    sentence: str
    unanswered: bool = False


UNANSWERED = Failure("There is no answer yet: the line `raise NotImplementedError()` still stands", unanswered=True)


@dataclass(frozen=True)
class Task:
    """One task of a problem set.

    Attributes
    ----------
    name : str
        What the student's function, or value, is called in the notebook.
    worth : float
        Points for a right answer.
    inputs : function of a seed (int), returns Inputs
        The same seed gives the same inputs.
    reference : function of Inputs, returns a list
        The right output of each case.
    points : function of (list of outputs, Inputs), returns (float, str)
        The points, from 0 to `worth`, and the sentence that the student reads: what was right, what was expected, what came.
    hint : str
        What leads on when points are missing, without giving the answer away.
    collect : str
        How the answer becomes outputs, a name in `mnist_lib.checks._collect.COLLECTORS`; ``call`` calls a function with each case.
    """

    name: str
    worth: float
    inputs: Callable[[int], Inputs]
    reference: Callable[[Inputs], list[Any]]
    points: Rule
    hint: str
    collect: str = "call"


def score(points: Any, worth: float) -> float:
    """Points as nbgrader can read them: a built-in float within [0, `worth`], whatever is handed in.

    Parameters
    ----------
    points : object
        A number, of any type; None, not-a-number and what is no number at all count as 0.
    worth : float
        The most that can be had.

    Returns
    -------
    float

    Notes
    -----
    nbgrader gives full points for what it cannot read as a number, NumPy's scalars and negative numbers among them.
    """
    try:
        value = float(points)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    if math.isnan(value):
        return 0.0
    return round(min(max(value, 0.0), float(worth)), 2)


def plural(number: float) -> str:
    """A number of points in words: ``1 point``, ``2 points``, ``0.5 points``."""
    return f"{number:g} point{'' if number == 1 else 's'}"


def wrapped(text: str) -> str:
    """A text whose lines are broken where a notebook's output would cut them, with what was one line indented from its second piece on.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Lines of at most 80 characters, where its words allow that.
    """
    return "\n".join(
        textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) for line in text.splitlines()
    )


def shown(value: Any) -> str:
    """A value as a sentence shows it: short, with the dtype and shape of an array that is too large to be shown."""
    if isinstance(value, Failure):
        return value.sentence
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        if value.size > 20:
            return f"an array of {value.dtype} with shape {value.shape}"
        text = np.array2string(value, precision=4, separator=", ", suppress_small=True, max_line_width=10_000)
        return " ".join(text.split())
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)) and len(value) <= 8:
        left, right = "[]" if isinstance(value, list) else "()"
        return left + ", ".join(map(shown, value)) + right
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:100]} …"


def numbers(value: Any) -> np.ndarray | None:
    """An output as an array of numbers, or None where it is none.

    Parameters
    ----------
    value : object

    Returns
    -------
    ndarray of bool, int or float, or None
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "biuf" else None


def different(came: Any, expected: Any, *, tolerance: float = 1e-4, dtype: bool = False) -> str | None:
    """How an output differs from the right one, or None if it does not.

    Parameters
    ----------
    came, expected : object
        Numbers, texts, arrays, or lists, tuples and dicts of them. Lists and tuples count as arrays.
    tolerance : float
        By how much numbers may differ, absolutely or relative to the right one; float32 and float64 must both pass.
    dtype : bool
        Whether an array's dtype must be the right one too.

    Returns
    -------
    str or None
    """
    if isinstance(came, Failure):
        return came.sentence
    if isinstance(expected, dict):
        if not isinstance(came, dict):
            return f"expected a dict, came {shown(came)}"
        for key in expected:
            if key not in came:
                return f"expected the key {key!r}, came the keys {list(came)}"
            if found := different(came[key], expected[key], tolerance=tolerance, dtype=dtype):
                return f"{key}: {found}"
        return None
    if isinstance(expected, str) or expected is None or isinstance(expected, bool):
        if isinstance(came, np.generic) or (isinstance(came, np.ndarray) and came.ndim == 0):
            came = came.item()
        return None if type(came) is type(expected) and came == expected else f"expected {shown(expected)}, came {shown(came)}"
    if isinstance(expected, (list, tuple)) and any(isinstance(each, (list, tuple, dict, str, np.ndarray)) for each in expected):
        if not isinstance(came, (list, tuple, np.ndarray)) or len(came) != len(expected):
            return f"expected {len(expected)} values, came {shown(came)}"
        for number, (one, right) in enumerate(zip(came, expected), start=1):
            if found := different(one, right, tolerance=tolerance, dtype=dtype):
                return f"value {number} of {len(expected)}: {found}"
        return None
    array, right = numbers(came), np.asarray(expected)
    if array is None:
        return f"expected {shown(expected)}, came {shown(came)}"
    if array.shape != right.shape:
        return f"expected {_form(right)}, came {_form(array)}"
    if dtype and array.dtype != right.dtype:
        return f"expected the dtype {right.dtype}, came {array.dtype}"
    off = ~np.isclose(array.astype(float), right.astype(float), rtol=tolerance, atol=tolerance, equal_nan=True)
    if not off.any():
        return None
    if right.size <= 20:
        return f"expected {shown(expected)}, came {shown(came)}"
    where = tuple(int(index) for index in np.argwhere(off)[0])
    place = where[0] if len(where) == 1 else where
    return f"{off.sum():,} of {right.size:,} numbers are wrong; at {place}, expected {shown(right[where])}, came {shown(array[where])}"


def _form(array: np.ndarray) -> str:
    """The form of an array in words."""
    if array.ndim == 0:
        return f"one number, {shown(array.item())}"
    return f"{len(array)} numbers in one row" if array.ndim == 1 else f"the shape {array.shape}"


@dataclass(frozen=True)
class Mistake:
    """A mistake that is known by what it gives.

    Attributes
    ----------
    gives : function
        Takes a case's arguments, returns what someone who makes this mistake returns; it may raise for cases where it gives nothing.
    sentence : str
        What the student reads.
    """

    gives: Callable[..., Any]
    sentence: str


@dataclass(frozen=True)
class ByCases:
    """The usual rule: all cases right earn everything; only the plain ones right, half; a wrong plain case, nothing.

    Attributes
    ----------
    worth : float
    reference : function of Inputs, returns the right outputs
    mistakes : sequence of Mistake
        Tried in order on the first wrong case.
    differs : function of (came, expected), returns str or None
        `different`, unless the task compares in a way of its own.
    corner : str
        What the corner cases have in common, for the sentence.
    """

    worth: float
    reference: Callable[[Inputs], list[Any]]
    mistakes: Sequence[Mistake] = ()
    differs: Callable[[Any, Any], str | None] = different
    corner: str = "corner cases"
    call: str = field(default="", kw_only=True)  # how the call is shown: the function's name

    def __call__(self, outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
        """Points and sentence for these outputs; see `Task`."""
        expected = self.reference(inputs)
        plain = len(expected) if inputs.corner_from is None else inputs.corner_from
        for number, (came, right) in enumerate(zip(outputs, expected)):
            found = self.differs(came, right)
            if found is None:
                continue
            case = inputs.cases[number]
            lines = [f"{self.call}({', '.join(map(shown, case))}): {found}."]
            lines += [mistake.sentence for mistake in self.mistakes if self._made(mistake, case, came)][:1]
            if number >= plain:
                return self.worth / 2, f"The plain cases are right; not so {self.corner}.\n" + "\n".join(lines)
            return 0.0, "\n".join(lines)
        return self.worth, "All cases are right."

    def _made(self, mistake: Mistake, case: Case, came: Any) -> bool:
        if isinstance(came, Failure):
            return False
        try:
            given = mistake.gives(*(np.copy(each) if isinstance(each, np.ndarray) else each for each in case))
        except Exception:  # a mistake that gives nothing for this case was not made here
            return False
        return self.differs(came, given) is None


def accuracy_points(right: float, scored: int, worth: float, scale: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Points for an accuracy, without a cliff, and forgiving what chance alone may take away.

    Parameters
    ----------
    right : float
        Digits read rightly, which may be a mean of several readings.
    scored : int
        Digits read.
    worth : float
        Points for the last accuracy of the scale.
    scale : sequence of (accuracy in [0, 1], share of the points in [0, 1])
        Rising; in between it is linear, below the first there is nothing.

    Returns
    -------
    points, accuracy, forgiven : float
        `forgiven` is what was added to the accuracy before the scale was read: three standard errors of the accuracy for full points.
    """
    accuracies, shares = zip(*scale)
    accuracy = right / scored
    forgiven = STANDARD_ERRORS * math.sqrt(accuracies[-1] * (1 - accuracies[-1]) / scored)
    return score(worth * np.interp(accuracy + forgiven, accuracies, shares), worth), accuracy, forgiven
