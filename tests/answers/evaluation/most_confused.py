"""Answers to the task `most_confused`: the pair (true digit, read digit) of the largest number beside the diagonal."""

import numpy as np
from answers import right, wrong


def without_diagonal(matrix):
    copy = matrix.copy()
    np.fill_diagonal(copy, 0)
    return copy


@right
def diagonal_filled_with_zeros(matrix):
    mistakes = matrix.copy()
    np.fill_diagonal(mistakes, 0)
    return divmod(mistakes.argmax(), 10)


@right
def two_loops(matrix):
    largest, pair = -1, None
    for true in range(10):
        for read in range(10):
            if true != read and matrix[true][read] > largest:
                largest, pair = matrix[true][read], (true, read)
    return pair


@right
def maximum_of_pairs(matrix):
    return max(((i, j) for i in range(10) for j in range(10) if i != j), key=lambda pair: matrix[pair])


@right
def sorted_by_three_things(matrix):
    counts = matrix.tolist()
    return sorted((-counts[i][j], i, j) for i in range(10) for j in range(10) if i != j)[0][1:]


@right
def diagonal_subtracted(matrix):
    mistakes = matrix - np.diag(np.diag(matrix))
    return list(np.unravel_index(np.argmax(mistakes), (10, 10)))


@right
def where_the_largest_stands(matrix):
    mistakes = np.where(np.eye(10) == 1, 0, matrix)
    return np.argwhere(mistakes == mistakes.max())[0]


@right
def masked(matrix):
    hidden = np.ma.masked_array(matrix, mask=np.eye(10, dtype=bool))
    return np.array(np.unravel_index(hidden.argmax(), hidden.shape), dtype=np.float32)


@wrong(0, "This pair stands on the diagonal")
def diagonal_included(matrix):
    return divmod(int(matrix.argmax()), 10)


@wrong(0, "The true digit comes first")
def exchanged(matrix):
    true, read = np.unravel_index(without_diagonal(matrix).argmax(), (10, 10))
    return read, true


@wrong(0, "Both directions were added")
def symmetrised(matrix):
    mistakes = without_diagonal(matrix)
    return divmod((mistakes + mistakes.T).argmax(), 10)


@wrong(1, "this is the last of them")
def last_of_equals(matrix):
    largest, pair = -1, None
    for true in range(10):
        for read in range(10):
            if true != read and matrix[true, read] >= largest:
                largest, pair = matrix[true, read], (true, read)
    return pair


@wrong(1, "this is the last of them")
def end_of_a_sorted_list(matrix):
    return sorted((int(matrix[i, j]), i, j) for i in range(10) for j in range(10) if i != j)[-1][1:]


@wrong(1, "here the read digit was looked at first")
def first_by_columns(matrix):
    read, true = divmod(without_diagonal(matrix).T.argmax(), 10)
    return true, read


@wrong(0, "one position in the flattened matrix")
def flat_position(matrix):
    return without_diagonal(matrix).argmax()


@wrong(0, "return it without the count")
def with_the_count(matrix):
    mistakes = without_diagonal(matrix)
    return (*divmod(int(mistakes.argmax()), 10), int(mistakes.max()))


@wrong(0, "which pair is it")
def count_alone(matrix):
    return without_diagonal(matrix).max()


@wrong(0, "not the largest share")
def by_share_of_the_row(matrix):
    return divmod((without_diagonal(matrix) / matrix.sum(axis=1, keepdims=True)).argmax(), 10)


@wrong(0, "can be read as another more often than as itself")
def eleventh_largest(matrix):
    return divmod(int(np.argsort(-matrix.ravel(), kind="stable")[10]), 10)


@wrong(0, "Only the numbers above the diagonal")
def upper_half(matrix):
    return divmod(np.triu(matrix, 1).argmax(), 10)


@wrong(0, "Only the numbers below the diagonal")
def lower_half(matrix):
    return divmod(np.tril(matrix, -1).argmax(), 10)


@wrong(0, "joins the digit misread most")
def row_and_column_apart(matrix):
    mistakes = without_diagonal(matrix)
    return mistakes.sum(axis=1).argmax(), mistakes.sum(axis=0).argmax()


@wrong(0, "The function returned nothing")
def fill_diagonal_returns_nothing(matrix):
    return np.fill_diagonal(matrix.copy(), 0)


@wrong(0, "expected (")
def known_from_experience(matrix):
    return 4, 9


@wrong(0, "it changed the array that it was handed")
def diagonal_emptied_in_place(matrix):
    np.fill_diagonal(matrix, 0)
    return divmod(matrix.argmax(), 10)
