"""Answers to the task `recall`: for each digit, the share found of those that are it; NaN for a digit that never occurs."""

import math

import numpy as np
from answers import right, wrong


@right
def diagonal_by_row_sums(matrix):
    with np.errstate(invalid="ignore"):
        return matrix.diagonal() / matrix.sum(axis=1)


@right
def loop(matrix):
    recalls = []
    for digit in range(10):
        occurs = sum(matrix[digit])
        recalls.append(matrix[digit][digit] / occurs if occurs > 0 else float("nan"))
    return recalls


@right
def divided_where_possible(matrix):
    recalls = np.full(10, np.nan, dtype=np.float32)
    np.divide(matrix.diagonal(), matrix.sum(axis=1), out=recalls, where=matrix.any(axis=1), casting="unsafe")
    return recalls


@right
def python_numbers(matrix):
    found = {row: counts[row] / sum(counts) if any(counts) else math.nan for row, counts in enumerate(matrix.tolist())}
    return tuple(found.values())


@right
def pandas_frame(matrix):
    import pandas

    frame = pandas.DataFrame(matrix)
    return pandas.Series(np.diag(frame)) / frame.sum(axis="columns")


@right
def tensor(matrix):
    import tensorflow as tf

    counts = tf.cast(matrix, tf.float32)
    return tf.linalg.diag_part(counts) / tf.reduce_sum(counts, axis=1)


@wrong(0, "This is the precision")
def precision(matrix):
    with np.errstate(invalid="ignore"):
        return matrix.diagonal() / matrix.sum(axis=0)


@wrong(0, "This is the precision")
def transposed_first(matrix):
    matrix = matrix.T
    return [matrix[digit, digit] / max(matrix[digit].sum(), 1) for digit in range(10)]


@wrong(0, "This is the accuracy")
def accuracy(matrix):
    return matrix.trace() / matrix.sum()


@wrong(0, "one number for all")
def mean_recall(matrix):
    return np.nanmean(diagonal_by_row_sums(matrix))


@wrong(0, "The sum of the whole matrix")
def divided_by_the_total(matrix):
    return np.diag(matrix) / matrix.sum()


@wrong(0, "These are counts")
def counts(matrix):
    return np.diag(matrix)


@wrong(0, "These are percent")
def percent(matrix):
    return 100 * diagonal_by_row_sums(matrix)


@wrong(0, "These are the shares missed")
def missed(matrix):
    return 1 - diagonal_by_row_sums(matrix)


@wrong(0, "belong to the sum of the row too")
def right_by_wrong(matrix):
    wrong_ones = matrix.sum(axis=1) - matrix.diagonal()
    return matrix.diagonal() / np.maximum(wrong_ones, 1)


@wrong(0, "This is a whole matrix")
def all_shares(matrix):
    with np.errstate(invalid="ignore"):
        return matrix / matrix.sum(axis=1, keepdims=True)


@wrong(0, "it need not stand on the diagonal")
def largest_of_the_row(matrix):
    return [max(row) / sum(row) if any(row) else math.nan for row in matrix.tolist()]


@wrong(0, "expected [")
def as_a_dict(matrix):
    return {digit: matrix[digit, digit] / max(matrix[digit].sum(), 1) for digit in range(10)}


@wrong(1, "not 0 (none was missed)")
def zero_for_a_digit_that_never_occurs(matrix):
    return np.nan_to_num(diagonal_by_row_sums(matrix))


@wrong(1, "not 0 (none was missed)")
def a_little_added_below(matrix):
    return matrix.diagonal() / (matrix.sum(axis=1) + 1e-12)


@wrong(1, "was left out")
def left_out(matrix):
    return [row[digit] / row.sum() for digit, row in enumerate(matrix) if row.any()]


@wrong(1, "has the recall 0. Only one that never occurs")
def nan_where_none_was_found(matrix):
    return [row[digit] / row.sum() if row[digit] else np.nan for digit, row in enumerate(matrix)]


@wrong(1, "it stopped with ZeroDivisionError")
def stops_at_an_empty_row(matrix):
    return [row[digit] / sum(row) for digit, row in enumerate(matrix.tolist())]
