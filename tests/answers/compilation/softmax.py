"""Answers to the task `softmax`: each row of logits becomes probabilities, without overflow."""

import math

import numpy as np
from answers import right, wrong


@right
def largest_of_each_row_subtracted(logits):
    positive = np.exp(logits - logits.max(axis=1, keepdims=True))
    return positive / positive.sum(axis=1, keepdims=True)


@right
def loops_and_lists(logits):
    rows = []
    for row in logits:
        largest = max(row)
        positive = [math.exp(z - largest) for z in row]
        total = sum(positive)
        rows.append([each / total for each in positive])
    return rows


@right
def keras_tensor(logits):
    import keras

    return keras.ops.softmax(keras.ops.convert_to_tensor(logits, dtype="float32"))


@right
def scipy_log_sum_exp(logits):
    from scipy.special import logsumexp

    return np.exp(logits - logsumexp(logits, axis=1)[:, None])


@right
def one_over_the_sum_of_differences(logits):
    with np.errstate(over="ignore"):  # 1 / infinity is the 0 that is wanted
        return 1 / np.exp(logits[:, np.newaxis, :] - logits[:, :, np.newaxis]).sum(axis=2)


@right
def rows_of_float32(logits):
    def of_row(row):
        positive = np.exp(row - np.amax(row))
        return positive / np.sum(positive)

    return np.apply_along_axis(of_row, 1, logits).astype("float32")


@wrong(1.5, "∞ / ∞")
def overflows(logits):
    with np.errstate(all="ignore"):
        return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@wrong(1.5, "largest logit of the whole array")
def largest_of_all_subtracted(logits):
    with np.errstate(all="ignore"):
        positive = np.exp(logits - logits.max())
        return positive / positive.sum(axis=1, keepdims=True)


@wrong(1.5, "not so logits near 1000")
def logits_cut_off(logits):
    positive = np.exp(np.clip(logits, -500, 500))
    return positive / positive.sum(axis=1, keepdims=True)


@wrong(0, "Each column adds up to 1")
def wrong_axis(logits):
    positive = np.exp(logits - logits.max(axis=0))
    return positive / positive.sum(axis=0)


@wrong(0, "not yet shares")
def not_normalised(logits):
    with np.errstate(all="ignore"):
        return np.exp(logits)


@wrong(0, "not yet shares")
def not_normalised_but_stable(logits):
    return np.exp(logits - logits.max(axis=1, keepdims=True))


@wrong(0, "All numbers together")
def normalised_over_all(logits):
    positive = np.exp(logits - logits.max())
    return positive / positive.sum()


@wrong(0, "own maximum was subtracted")
def maximum_of_columns(logits):
    with np.errstate(all="ignore"):
        positive = np.exp(logits - logits.max(axis=0))
        return positive / positive.sum(axis=1, keepdims=True)


@wrong(0, "sigmoid")
def sigmoid(logits):
    with np.errstate(all="ignore"):
        return 1 / (1 + np.exp(-logits))


@wrong(0, "exponential function is missing")
def shares_of_logits(logits):
    return logits / logits.sum(axis=1, keepdims=True)


@wrong(0, "logarithms of the probabilities")
def logarithms(logits):
    import keras

    return keras.ops.log_softmax(logits)


@wrong(0, "it stopped with ValueError")
def dimensions_dropped(logits):
    positive = np.exp(logits - logits.max(axis=1))
    return positive / positive.sum(axis=1)


@wrong(0, "Nothing was returned")
def printed(logits):
    print(largest_of_each_row_subtracted(logits)[0, 0])


@wrong(0, "numbers are wrong")
def likeliest_only(logits):
    return np.eye(10)[logits.argmax(axis=1)]


@wrong(0, "numbers are wrong")
def powers_of_two(logits):
    positive = 2 ** (logits - logits.max(axis=1, keepdims=True))
    return positive / positive.sum(axis=1, keepdims=True)
