"""Answers to the task `confusion`: ten rows and ten columns of whole counts, the true digit in the row."""

from collections import Counter

import numpy as np
from answers import right, wrong


@right
def loop(labels, predictions):
    matrix = np.zeros((10, 10), int)
    for label, read in zip(labels, predictions):
        matrix[label, read] += 1
    return matrix


@right
def lists_of_lists(labels, predictions):
    rows = [[0] * 10 for _ in range(10)]
    for position in range(len(labels)):
        rows[labels[position]][predictions[position]] += 1
    return rows


@right
def one_number_for_each_pair(labels, predictions):
    return np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)


@right
def one_hot_product(labels, predictions):
    return np.eye(10, dtype=np.float32)[labels].T @ np.eye(10, dtype=np.float32)[predictions]


@right
def add_at(labels, predictions):
    matrix = np.zeros((10, 10))
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


@right
def counter(labels, predictions):
    pairs = Counter(zip(labels.tolist(), predictions.tolist()))
    return tuple(tuple(pairs[i, j] for j in range(10)) for i in range(10))


@right
def histogram(labels, predictions):
    return np.histogram2d(labels, predictions, bins=[np.arange(11), np.arange(11)])[0]


@right
def scikit_learn(labels, predictions):
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, predictions, labels=range(10))


@right
def tensorflow(labels, predictions):
    import tensorflow as tf

    return tf.math.confusion_matrix(labels, predictions, num_classes=10)


@wrong(0, "Rows and columns are exchanged")
def transposed(labels, predictions):
    return loop(predictions, labels)


@wrong(0, "each new pair has overwritten")
def overwritten(labels, predictions):
    matrix = np.zeros((10, 10), int)
    for label, read in zip(labels, predictions):
        matrix[label, read] = 1
    return matrix


@wrong(0, "it adds to each place once")
def whole_arrays_as_indices(labels, predictions):
    matrix = np.zeros((10, 10), int)
    matrix[labels, predictions] += 1
    return matrix


@wrong(0, "These are shares")
def normalised_by_rows(labels, predictions):
    matrix = loop(labels, predictions)
    return matrix / matrix.sum(axis=1, keepdims=True)


@wrong(0, "These are shares")
def share_of_all(labels, predictions):
    return loop(labels, predictions) / len(labels)


@wrong(0, "The digit 0 belongs to row 0")
def off_by_one(labels, predictions):
    matrix = np.zeros((10, 10), int)
    for label, read in zip(labels, predictions):
        matrix[int(label) - 1, int(read) - 1] += 1
    return matrix


@wrong(0, "The diagonal is empty")
def only_mistakes(labels, predictions):
    matrix = np.zeros((10, 10), int)
    for label, read in zip(labels, predictions):
        if label != read:
            matrix[label, read] += 1
    return matrix


@wrong(0, "counted in two places")
def symmetrised(labels, predictions):
    matrix = np.zeros((10, 10), int)
    for label, read in zip(labels, predictions):
        matrix[label, read] += 1
        matrix[read, label] += 1
    return matrix


@wrong(0, "hundred counts in one row")
def flat(labels, predictions):
    return np.bincount(labels.astype(int) * 10 + predictions, minlength=100)


@wrong(0, "numbers are wrong")
def rows_that_are_one_list(labels, predictions):
    rows = [[0] * 10] * 10
    for label, read in zip(labels, predictions):
        rows[label][read] += 1
    return rows


@wrong(1.5, "ten rows and ten columns, whatever digits occur")
def as_large_as_the_largest_digit(labels, predictions):
    size = max(labels.max(), predictions.max()) + 1
    matrix = np.zeros((size, size), int)
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


@wrong(1.5, "ten rows and ten columns, whatever digits occur")
def scikit_learn_without_labels(labels, predictions):
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, predictions)


@wrong(1.5, "ten rows and ten columns, whatever digits occur")
def pandas_table(labels, predictions):
    import pandas

    return pandas.crosstab(labels, predictions)


@wrong(1.5, "it stopped with ValueError")
def no_minlength(labels, predictions):
    return np.bincount(labels.astype(int) * 10 + predictions).reshape(10, 10)


@wrong(0, "it stopped with IndexError")
def one_row_too_few(labels, predictions):
    matrix = np.zeros((9, 9), int)
    for label, read in zip(labels, predictions):
        matrix[label, read] += 1
    return matrix
