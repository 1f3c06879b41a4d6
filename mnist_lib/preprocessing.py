"""Preprocessing: from bytes to numbers a network learns from; validation data set apart, digits moved, drawings made like MNIST's.

Chapter 03-preprocessing shows what goes wrong without it.
"""

import numbers

import numpy as np

from .arguments import check_labelled, check_seed, describe_value
from .zero_copy import aligned


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
    Multiplying the result by 255 gives the bytes back. Built by hand in chapter 03-preprocessing. The result is `aligned`, so that `train`
    need not copy it.
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
    return np.divide(images, np.float32(255), out=aligned(images.shape), dtype=np.float32)


def _describe_floats(images: np.ndarray) -> str:
    if np.isnan(images).any():
        return f"{images.dtype} with {np.isnan(images).sum():,} values that are NaN (not a number)"
    low, high = (images.min(), images.max()) if images.size else (0, 0)
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


def shift_images(images: np.ndarray, down: int | np.ndarray = 0, right: int | np.ndarray = 0) -> np.ndarray:
    """Move the ink of images by whole pixels; what comes in at the other side is background, 0.

    Parameters
    ----------
    images : ndarray of numbers, shape (n, height, width)
    down, right : int, or ndarray of integers, shape (n,)
        Pixels, for all images or for each one; negative moves up or left.

    Returns
    -------
    ndarray, shape and dtype of `images`

    Raises
    ------
    TypeError
        If a shift is no whole number.
    ValueError
        If `images` are not images, or the shifts are not one for each of them.

    Notes
    -----
    Built by hand in chapter 10-capstone.
    """
    images = np.asarray(images)
    if images.ndim != 3:
        raise ValueError(f"images must have shape (n, height, width); got {describe_value(images)}")
    shifts = {"down": np.asarray(down), "right": np.asarray(right)}
    for name, shift in shifts.items():
        if shift.dtype.kind not in "iu":
            raise TypeError(f"{name} must be whole numbers of pixels; got {describe_value(shift if shift.ndim else shift.item())}")
        if shift.ndim and shift.shape != images.shape[:1]:
            raise ValueError(f"{name} must be one whole number, or one for each of the {len(images):,} images; got {describe_value(shift)}")
    _, height, width = images.shape
    rows = np.arange(height) - shifts["down"].astype(int).reshape(-1, 1)  # where each pixel of the result comes from
    columns = np.arange(width) - shifts["right"].astype(int).reshape(-1, 1)
    inside = ((rows >= 0) & (rows < height))[:, :, np.newaxis] & ((columns >= 0) & (columns < width))[:, np.newaxis, :]
    which = np.arange(len(images))[:, np.newaxis, np.newaxis]
    moved = images[which, np.clip(rows, 0, height - 1)[:, :, np.newaxis], np.clip(columns, 0, width - 1)[:, np.newaxis, :]]
    return np.where(inside, moved, images.dtype.type(0)).astype(images.dtype, copy=False)  # `where` turns big-endian bytes about


def digit_from_drawing(drawing: np.ndarray) -> np.ndarray:
    """Make a drawn digit look as MNIST's do: its ink fitted into 20 × 20 pixels, its centre of mass in the middle of 28 × 28.

    Parameters
    ----------
    drawing : ndarray of numbers, shape (height, width)
        One digit, light ink on dark: 0 is background, the highest value is ink. Any size.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        The lowest value has become 0, the highest 255. The centre of mass lies within a pixel of row 14, column 14 (pixels counted from 0,
        from centre to centre), as in MNIST, unless so much ink lies on one side that the digit would leave the image.

    Raises
    ------
    ValueError
        If it is not one drawing, holds no ink, or seems to be dark ink on light paper.

    Notes
    -----
    LeCun et al. (1998) describe how MNIST's digits were made. Built by hand in chapter 10-capstone.
    """
    from PIL import Image

    given, drawing = drawing, np.asarray(drawing)
    if drawing.ndim != 2 or drawing.dtype.kind not in "biuf" or 0 in drawing.shape or not np.isfinite(drawing).all():
        hint = ": average its colours first, drawing.mean(axis=2)" if drawing.ndim == 3 else ""
        raise ValueError(f"drawing must be numbers with shape (height, width); got {describe_value(given)}{hint}")
    ink = drawing.astype(np.float64)
    if ink.min() == ink.max():
        raise ValueError(f"drawing must hold ink; all its {drawing.size:,} values are {drawing.flat[0]}")
    ink /= np.abs(ink).max()  # first, so that no difference is too large or too small for a float
    ink -= ink.min()
    ink = (ink / ink.max()).astype(np.float32)
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if np.median(border) > 0.5 and np.median(ink) > 0.5:
        raise ValueError("drawing must be light ink on dark; this seems to be dark ink on light paper: hand over drawing.max() - drawing")
    rows, columns = np.flatnonzero((ink > 0.1).any(axis=1)), np.flatnonzero((ink > 0.1).any(axis=0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = 20 / max(box.shape)
    height, width = (max(1, round(side * scale)) for side in box.shape)
    box = np.asarray(Image.fromarray(box).resize((width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR))
    row, column = (round(14 - (box.sum(axis=1 - axis) * np.arange(side)).sum() / box.sum()) for axis, side in enumerate(box.shape))
    row, column = min(max(row, 0), 28 - height), min(max(column, 0), 28 - width)
    digit = np.zeros((28, 28), np.float32)
    digit[row : row + height, column : column + width] = box
    return np.round(255 * digit / digit.max()).astype(np.uint8)
