"""Refusals of arguments that cannot be meant: each names the argument, what was expected, what came and, where it is known, what to do."""

import numbers

import numpy as np

LARGEST_SEED = 2**32 - 1  # NumPy's limit


def describe_value(value: object) -> str:
    """A value as an error message shows it: arrays by dtype and shape, anything long by its type."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 60 else f"an object of type {type(value).__name__}"


def check_whole(least: int = 1, **arguments: object) -> None:
    """Each of the named arguments must be a whole number, not below `least`.

    Parameters
    ----------
    least : int
        The smallest number that is taken.
    **arguments : object
        By their names.

    Raises
    ------
    ValueError
        If one is not.
    """
    for name, value in arguments.items():
        if not isinstance(value, numbers.Integral) or int(value) < least:
            raise ValueError(f"{name} must be a whole number, at least {least}; got {describe_value(value)}")


def check_seed(seed: object) -> None:
    """A seed must be None or a whole number that NumPy, Keras and TensorFlow all take.

    Parameters
    ----------
    seed : object

    Raises
    ------
    ValueError
        If it is not.
    """
    if seed is not None and not (isinstance(seed, numbers.Integral) and 0 <= int(seed) <= LARGEST_SEED):
        raise ValueError(f"seed must be None or a whole number from 0 to {LARGEST_SEED}; got {describe_value(seed)}")


def check_labelled(x: np.ndarray, y: np.ndarray, what: str = "x and y") -> None:
    """`x` and `y` must be arrays with one integer label for each example.

    Parameters
    ----------
    x : ndarray, shape (n, ...), n at least 1
    y : ndarray of integers, shape (n,)
    what : str
        What the two are called in the message.

    Raises
    ------
    TypeError
        If one is no array, or the labels are no integers with shape (n,).
    ValueError
        If they differ in length or are empty.
    """
    for name, value in (("examples", x), ("labels", y)):
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{what} must be NumPy arrays; got {describe_value(value)} for the {name}")
    if y.dtype.kind not in "iu" or y.ndim != 1:
        hint = ": x and y seem to be swapped" if y.ndim > x.ndim else ""
        if y.ndim == 2:
            hint = ": turn one-hot labels back with y.argmax(axis=1)" if y.shape[1] == 10 else ": flatten them with y.ravel()"
        raise TypeError(f"{what}: labels must be integers with shape (n,); got {describe_value(y)}{hint}")
    if x.shape[:1] != y.shape or len(y) == 0:
        raise ValueError(f"{what} must hold one label for each example, and at least one; got shapes {x.shape} and {y.shape}")


def check_preprocessed(x: np.ndarray, y: np.ndarray, what: str = "x and y") -> None:
    """`x` and `y` must be images as `preprocess` returns them, and digits.

    Parameters
    ----------
    x : ndarray of float, shape (n, ...), n at least 1
    y : ndarray of integers, shape (n,), 0 to 9
    what : str
        What the two are called in the message.

    Raises
    ------
    TypeError
        As `check_labelled`, and if the images are no fractions.
    ValueError
        As `check_labelled`, and if an image is not finite or a label no digit.

    Notes
    -----
    That the images lie in [0, 1] is not asked for: chapter 03-preprocessing shows what happens to others.
    """
    check_labelled(x, y, what)
    if x.dtype.kind != "f":
        raise TypeError(f"{what}: images must be fractions in [0, 1], as preprocess returns them; got {x.dtype}")
    if not np.isfinite([x.min(), x.max()]).all():
        raise ValueError(f"{what}: images must be finite numbers; some are NaN (not a number) or infinite")
    if y.min() < 0 or y.max() > 9:
        raise ValueError(f"{what}: labels must be digits, 0 to 9; got values from {y.min()} to {y.max()}")
