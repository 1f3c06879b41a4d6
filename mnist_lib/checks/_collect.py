"""How a student's answer becomes plain outputs. This runs beside the student's code; nothing in it knows a right answer."""

import copy
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ._task import UNANSWERED, Case, Failure


def plain(value: Any) -> Any:
    """A value made of arrays, numbers, texts, lists, tuples and dicts only.

    Parameters
    ----------
    value : object

    Returns
    -------
    object
        Tensors become arrays, scalars of NumPy numbers, keys texts; what is anything else becomes a Failure.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else tuple(map(plain, value))
    if isinstance(value, range):
        return list(value)
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.kind in "biufU":
            return array
    return Failure(f"came {type(value).__name__}, which is neither a number, nor a text, nor an array or list of them")


def failure(error: BaseException) -> Failure:
    """An exception of the student's code as one sentence, with the line of the student's own that raised it.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    Failure
        `UNANSWERED` where the answer is not written yet.
    """
    if isinstance(error, NotImplementedError) and not str(error):
        return UNANSWERED
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "mnist_lib" not in frame.filename.replace("\\", "/").split("/")
    ]
    place = f" in the line `{frames[0].line.strip()}`" if frames and frames[0].line else ""
    message = (str(error).strip().splitlines() or ["no message"])[0]
    return Failure(f"it stopped with {type(error).__name__}: {message[:200]}{place}")


def copied(case: Case) -> Case:
    """A case's arguments as copies, so that the student's code cannot change what comes after."""
    return copy.deepcopy(case)


def call(answer: Any, case: Case) -> Any:
    """What a function returns for one case.

    Parameters
    ----------
    answer : object
        The student's, a function if it is right.
    case : tuple

    Returns
    -------
    object
        Plain data, or a Failure.
    """
    if not callable(answer):
        return Failure(f"expected a function, came {type(answer).__name__}")
    return plain(answer(*copied(case)))


def call_unchanged(answer: Any, case: Case) -> Any:
    """Like `call`, for tasks that say that the arguments must stay as they are."""
    handed = copied(case)
    if not callable(answer):
        return Failure(f"expected a function, came {type(answer).__name__}")
    result = plain(answer(*handed))
    for now, before in zip(handed, case):
        if isinstance(before, np.ndarray) and not np.array_equal(now, before, equal_nan=before.dtype.kind == "f"):
            return Failure("it changed the array that it was handed; work on a copy, such as `array.copy()`")
    return result


def value(answer: Any, case: Case) -> Any:
    """The answer itself, for tasks that ask for a value and no function."""
    return UNANSWERED if answer is None else plain(answer)


# Each takes the student's answer and one case, and returns plain data. Those with a module of their own are imported when first used.
COLLECTORS: dict[str, Callable[[Any, Case], Any] | str] = {
    "call": call,
    "call unchanged": call_unchanged,
    "value": value,
    "model": "_models",
    "compiled": "_compiled",
    "figure": "_figures",
    "fitted": "_fitted",
}


def collector(name: str) -> Callable[[Any, Case], Any]:
    """The collector of a name; that of a module is its function `collect`.

    Parameters
    ----------
    name : str
        One in `COLLECTORS`.

    Returns
    -------
    function of (answer, case)
    """
    found = COLLECTORS[name]
    return import_module(f"{__package__}.{found}").collect if isinstance(found, str) else found


def outputs(collect: str, answer: Any, cases: list[Case]) -> list[Any]:
    """The output of each case; a Failure where there is none. One that fails for a case is asked the next all the same.

    Parameters
    ----------
    collect : str
        A name in `COLLECTORS`.
    answer : object
        The student's function or value.
    cases : list of tuple

    Returns
    -------
    list
    """
    found = []
    collected = collector(collect)
    for case in cases:
        try:
            found.append(collected(answer, case))
        except Exception as error:  # whatever a student's code can raise
            found.append(failure(error))
    return found
