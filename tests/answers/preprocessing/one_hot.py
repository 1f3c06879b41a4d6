"""Answers to the task `one_hot`: a row of ten for each label, 1 in the label's column."""

import numpy as np
from answers import right, wrong


@right
def rows_of_the_identity(labels):
    return np.eye(10)[labels]


@right
def loop(labels):
    rows = np.zeros((len(labels), 10), dtype=np.float32)
    for row, label in enumerate(labels):
        rows[row, label] = 1
    return rows


@right
def comparison_by_broadcasting(labels):
    return labels[:, None] == np.arange(10)


@right
def lists(labels):
    return [[1.0 if label == digit else 0.0 for digit in range(10)] for label in labels]


@right
def keras_utility(labels):
    import keras

    return keras.utils.to_categorical(labels, num_classes=10)


@right
def pairs_of_indices(labels):
    rows = np.zeros((labels.size, 10), dtype=int)
    rows[np.arange(labels.size), labels] = 1
    return rows


@wrong(1, "There are ten columns")
def as_wide_as_the_largest(labels):
    return np.eye(labels.max() + 1)[labels]


@wrong(1, "There are ten columns")
def keras_without_the_number_of_classes(labels):
    import keras

    return keras.utils.to_categorical(labels)


@wrong(1, "There are ten columns")
def scikit_learn_encoder(labels):
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(sparse_output=False).fit_transform(labels.reshape(-1, 1))


@wrong(1, "numbered anew")
def numbered_anew(labels):
    numbers = {label: number for number, label in enumerate(sorted(set(labels.tolist())))}
    return np.eye(10)[[numbers[label] for label in labels.tolist()]]


@wrong(0, "the colon means all rows")
def colon_for_all_rows(labels):
    rows = np.zeros((len(labels), 10))
    rows[:, labels] = 1
    return rows


@wrong(0, "one column too far left")
def off_by_one(labels):
    return np.eye(10)[labels.astype(int) - 1]


@wrong(0, "it stopped with IndexError")
def off_by_one_in_bytes(labels):
    return np.eye(10)[labels - 1]


@wrong(0, "The rows are columns")
def transposed(labels):
    return np.eye(10)[:, labels]


@wrong(0, "The digit itself stands in its column")
def digit_in_the_place_of_one(labels):
    rows = np.zeros((len(labels), 10))
    rows[np.arange(len(labels)), labels] = labels
    return rows


@wrong(0, "Zeros and ones are exchanged")
def one_cold(labels):
    return (labels[:, np.newaxis] != np.arange(10)).astype(float)


@wrong(0, "one long row")
def one_long_row(labels):
    found = []
    for label in labels:
        found += [float(digit == label) for digit in range(10)]
    return found


@wrong(0, "These are counts")
def one_row_for_all(labels):
    row = [0] * 10
    for label in labels:
        row[label] += 1
    return row


@wrong(0, "The labels came back")
def converted_to_float(labels):
    return labels.astype(np.float32)


@wrong(0, "expected the shape")
def first_label_alone(labels):
    return np.eye(10)[labels[0]]
