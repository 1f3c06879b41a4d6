"""Zero-copy: arrays of NumPy's that TensorFlow reads where they lie.

The page *Where the time goes* (book/speed) measures what copying them would cost.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

ALIGNMENT = 64  # bytes: TensorFlow reads vectors from addresses that are multiples of it


def aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Memory for an array that TensorFlow can read where it lies.

    Parameters
    ----------
    shape : tuple of int

    Returns
    -------
    ndarray of float32
        Not filled yet. It begins at a multiple of 64 bytes, and so does each image of 28 × 28 pixels in it.
    """
    size = math.prod(shape) * np.dtype(np.float32).itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    first = -memory.ctypes.data % ALIGNMENT
    return memory[first : first + size].view(np.float32).reshape(shape)


def shared(x: np.ndarray) -> "tf.Tensor | np.ndarray":
    """The same numbers as a tensor, in the same memory.

    Parameters
    ----------
    x : ndarray

    Returns
    -------
    tf.Tensor
        What changes in `x` changes in it. Where TensorFlow cannot read `x` in place, it is `x` itself, for TensorFlow to copy.

    Notes
    -----
    DLPack is the protocol by which libraries hand arrays to each other.
    """
    import tensorflow as tf

    flags = x.flags
    readable = x.dtype == np.float32 and flags.c_contiguous and flags.writeable and x.ctypes.data % ALIGNMENT == 0
    return tf.experimental.dlpack.from_dlpack(x.__dlpack__()) if readable else x
