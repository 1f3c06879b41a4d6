"""Plain data as JSON text and back: how inputs go to a student's code that runs elsewhere, and how its outputs come back.

Nothing that is read can run: arrays travel as bytes in base64 with their dtype and shape. `unpacked` is written for a sender that lies.
"""

import base64
import binascii
import json
import math
import re
from typing import Any

import numpy as np

from ._task import UNANSWERED, Failure

LARGEST_TEXT = 16 * 2**20  # characters of one task's outputs: a hundred times what any task needs
DEEPEST = 12  # lists within lists
MOST_VALUES = 200_000  # in lists and dicts, arrays not counted
MANY_NUMBERS = 10_000  # from here on lists of numbers travel as an array
LARGEST_NUMBER = 2**64  # of Python's whole numbers, which have no end
LONGEST_TEXT = 10_000  # of one text
_DTYPE = re.compile(r"[<>|=]?([biuf](1|2|4|8)|U([1-9]\d{0,3}))")


def packed(value: Any) -> str:
    """Plain data as text.

    Parameters
    ----------
    value : object
        Numbers, texts, None, arrays, Failures, and lists, tuples and dicts of them, as `mnist_lib.checks._collect` returns them.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        If there is anything else in it.
    """
    return json.dumps(_to_json(value))


def _to_json(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if isinstance(value, np.ndarray):
        array = np.array(value, order="C", subok=False)
        if array.dtype.kind not in "biufU":
            raise TypeError(f"an array of {array.dtype} cannot be sent")
        if array.dtype.itemsize > 8 and array.dtype.kind == "f":
            array = array.astype(np.float64)  # longer floats have another form on every machine
        return {"array": array.dtype.str, "shape": list(array.shape), "bytes": base64.b64encode(array.tobytes()).decode("ascii")}
    if isinstance(value, np.generic):
        return _to_json(value.item())
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Failure):
        return {"failure": str(value.sentence)[:LONGEST_TEXT], "unanswered": bool(value.unanswered)}
    if isinstance(value, (list, tuple)) and _is_large(value):
        try:
            array = np.asarray(value)
        except ValueError:
            array = np.empty(0, object)
        if array.dtype.kind in "biuf":
            return _to_json(array)
    if kind is tuple:
        return {"tuple": [_to_json(each) for each in value]}
    if isinstance(value, (list, tuple)):
        return [_to_json(each) for each in value]
    if isinstance(value, dict):
        return {"dict": [[_to_json(key), _to_json(each)] for key, each in value.items()]}
    raise TypeError(f"{kind.__name__} cannot be sent")


def _is_large(value: Any) -> bool:
    """Whether a list, with the lists in its first items, holds many values."""
    size = 1
    while isinstance(value, (list, tuple)) and value:
        size, value = size * len(value), value[0]
    return size > MANY_NUMBERS


def unpacked(text: str) -> Any:
    """What `packed` made a text of.

    Parameters
    ----------
    text : str
        From anywhere.

    Returns
    -------
    object
        Plain data, made of built-in types, arrays of NumPy and Failures only.

    Raises
    ------
    ValueError
        If the text is anything else, too long, too deep, or holds numbers beyond 64 bits.
    """
    if not isinstance(text, str) or len(text) > LARGEST_TEXT:
        raise ValueError(f"expected a text of at most {LARGEST_TEXT:,} characters")
    if text.count("[") + text.count("{") > MOST_VALUES:  # each would become an object before it is looked at
        raise ValueError("the data hold too many lists")
    try:
        return _from_json(json.loads(text), [MOST_VALUES], 0)
    except RecursionError:
        raise ValueError("the data are nested too deeply") from None


def _from_json(value: Any, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if depth > DEEPEST or budget[0] < 0:
        raise ValueError("the data are nested too deeply, or hold too many values")
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_NUMBER:
            raise ValueError("a number beyond 64 bits")
        return value
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ValueError(f"a text of {len(value):,} characters; at most {LONGEST_TEXT:,} are taken")
        return value.encode("utf-8", "replace").decode("utf-8")  # half a pair of surrogates could not be saved
    if isinstance(value, list):
        return [_from_json(each, budget, depth + 1) for each in value]
    if set(value) == {"array", "shape", "bytes"}:
        return _array(value)
    if set(value) == {"failure", "unanswered"} and isinstance(value["failure"], str):
        # An open task is told by the same words as everywhere: no others can pass for them.
        return UNANSWERED if value["unanswered"] is True else Failure(_from_json(value["failure"], budget, depth + 1))
    if set(value) == {"tuple"} and isinstance(value["tuple"], list):
        return tuple(_from_json(each, budget, depth + 1) for each in value["tuple"])
    if set(value) == {"dict"} and isinstance(value["dict"], list):
        pairs = [_pair(each, budget, depth) for each in value["dict"]]
        return dict(pairs)
    raise ValueError("a form of data that is not known")


def _pair(pair: Any, budget: list[int], depth: int) -> tuple[Any, Any]:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], (str, int, float, bool, type(None))):
        raise ValueError("a dict of another form")
    return _from_json(pair[0], budget, depth + 1), _from_json(pair[1], budget, depth + 1)


def _array(value: dict[str, Any]) -> np.ndarray:
    kind, shape, data = value["array"], value["shape"], value["bytes"]
    if not isinstance(kind, str) or not _DTYPE.fullmatch(kind) or not isinstance(data, str):
        raise ValueError("an array of another form")
    if not isinstance(shape, list) or len(shape) > 8 or not all(type(size) is int and 0 <= size < 2**31 for size in shape):
        raise ValueError("an array whose shape cannot be")
    try:
        dtype = np.dtype(kind)
        content = base64.b64decode(data, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ValueError("an array whose bytes cannot be read") from None
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise ValueError("an array whose bytes do not fill its shape")
    if math.prod(size for size in shape if size) > LARGEST_TEXT or (dtype.kind == "U" and math.prod(shape) > MOST_VALUES):
        raise ValueError("an array that is too large")
    array = np.frombuffer(content, dtype).reshape(shape)
    if dtype.kind == "b":
        array = np.frombuffer(content, np.uint8).reshape(shape) != 0  # a byte of 2 is neither true nor false
    if dtype.kind == "U":
        array = np.array([_text(each) for each in array.ravel().view(np.uint32).reshape(-1, dtype.itemsize // 4)], dtype)
        return array.reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _text(codes: np.ndarray) -> str:
    """A text from its letters' numbers; those that are no letters become question marks."""
    return "".join(chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "?" for code in codes.tolist()).rstrip("\0")
