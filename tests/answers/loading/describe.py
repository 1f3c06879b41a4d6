"""Answers to the task `describe`: number of pictures, rows, columns, name of the dtype."""

import numpy as np
from answers import right, wrong


@right
def from_shape(images):
    count, rows, columns = images.shape
    return count, rows, columns, images.dtype.name


@right
def as_a_list_with_str(images):
    return [len(images), len(images[0]), len(images[0][0]), str(images.dtype)]


@right
def numpy_numbers(images):
    n, h, w = np.array(images.shape)
    return n, h, w, np.dtype(images.dtype).name


@right
def counted_in_loops(images):
    rows = 0
    for _ in images[0]:
        rows += 1
    return (sum(1 for _ in images), rows, images.size // (len(images) * rows), f"{images.dtype}")


@wrong(0, "The dtype is missing")
def without_dtype(images):
    return images.shape


@wrong(0, "is neither a number, nor a text")
def dtype_itself(images):
    return (*images.shape, images.dtype)


@wrong(1, "Rows come before columns")
def rows_and_columns_swapped(images):
    return (len(images), images.shape[2], images.shape[1], images.dtype.name)


@wrong(1, "Not every picture has 28 rows")
def size_typed(images):
    return (len(images), 28, 28, images.dtype.name)


@wrong(0, "Not every array holds uint8")
def dtype_typed(images):
    return (*images.shape, "uint8")


@wrong(0, "expected 4 values, came None")
def printed_instead_of_returned(images):
    print(images.shape, images.dtype)


@wrong(0, "expected 4 values")
def shape_as_one_tuple(images):
    return images.shape, images.dtype.name


@wrong(0, "value 1 of 4")
def of_the_training_digits(images):
    return (60000, 28, 28, images.dtype.name)
