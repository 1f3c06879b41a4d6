"""Preprocessing: from bytes to numbers a network learns from, and a part of the training data set apart.

Chapter 03-preprocessing shows what goes wrong without it.
"""

import numbers

import numpy as np

from .arguments import check_labelled, check_seed, describe_value


def preprocess(images: np.ndarray) -> np.ndarray:
    """Scale images from bytes to fractions: 0 stays 0.0, 255 becomes 1.0.

    Parameters
    ----------
    images : ndarray of integers, shape (n, 28, 28)
        Grey values, 0 (background) to 255 (ink).

    Returns
    -------
    ndarray of float32, shape (n, 28, 28), in [0, 1]

    Raises
    ------
    TypeError
        If `images` is not an array of numbers.
    ValueError
        If the shape is wrong, a value is not a grey value, or the images are scaled already.

    Notes
    -----
    Multiplying the result by 255 gives the bytes back. Built by hand in chapter 03-preprocessing.
    """
    expected = "images must be uint8 in [0, 255] with shape (n, 28, 28)"
    if not isinstance(images, np.ndarray) or images.dtype.kind not in "iuf":
        kind = f"an array of {images.dtype}" if isinstance(images, np.ndarray) else type(images).__name__
        raise TypeError(f"{expected}; got {kind}")
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        one = ": one image must be wrapped, images[np.newaxis]" if images.shape == (28, 28) else ""
        raise ValueError(f"{expected}; got shape {images.shape}{one}")
    if images.dtype.kind == "f":
        raise ValueError(f"{expected}; got {_describe_floats(images)}")
    if images.dtype != np.uint8 and images.size and not (images.min() >= 0 and images.max() <= 255):
        raise ValueError(f"{expected}; got {images.dtype} from {images.min()} to {images.max()}")
    return np.divide(images, np.float32(255), dtype=np.float32)


def _describe_floats(images: np.ndarray) -> str:
    if np.isnan(images).any():
        return f"{images.dtype} with {np.isnan(images).sum():,} values that are NaN (not a number)"
    low, high = images.min(initial=0), images.max(initial=0)
    if 0 <= low and high <= 1:
        return f"{images.dtype} from {low:.3g} to {high:.3g}: these images are scaled already, so preprocess must not be called again"
    return f"{images.dtype} from {low:.4g} to {high:.4g}: if these are grey values, convert them with images.astype(np.uint8)"


def train_validation_split(
    x: np.ndarray, y: np.ndarray, validation_fraction: float = 0.1, seed: int | None = 0
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Set part of the training data apart for validation, the same fraction of every digit.

    Parameters
    ----------
    x : ndarray, shape (n, ...)
    y : ndarray of integers, shape (n,)
        Class labels.
    validation_fraction : float, 0 < validation_fraction < 1
    seed : int, at least 0, or None
        The same seed gives the same split; None splits anew each time.

    Returns
    -------
    (x_train, y_train), (x_validation, y_validation) : tuples of ndarray
        Shuffled. Each class gives its share to validation, rounded to a whole image, at least 1 and never all.

    Raises
    ------
    TypeError
        If `x` and `y` are not arrays, or the labels not integers.
    ValueError
        If `x` and `y` differ in length, the fraction lies outside (0, 1), or a class has fewer than two examples.

    Notes
    -----
    Built by hand in chapter 03-preprocessing.
    """
    check_labelled(x, y)
    check_seed(seed)
    if not (isinstance(validation_fraction, numbers.Real) and 0 < validation_fraction < 1):
        raise ValueError(f"validation_fraction must be a number between 0 and 1; got {describe_value(validation_fraction)}")
    shuffled = np.random.default_rng(seed).permutation(len(y))
    for_validation = np.zeros(len(y), bool)
    for label, count in zip(*np.unique(y, return_counts=True)):
        if count < 2:
            raise ValueError(f"each class needs at least two examples, one for each part; class {label} has {count}")
        share = min(max(round(validation_fraction * count), 1), count - 1)
        for_validation[shuffled[y[shuffled] == label][:share]] = True
    train, validation = shuffled[~for_validation[shuffled]], shuffled[for_validation[shuffled]]
    return (x[train], y[train]), (x[validation], y[validation])
