"""Answers to the task `cross_entropy`: the mean cost of the right digits, from logits, without a logarithm of zero."""

import math

import numpy as np
from answers import right, wrong


def softmax(logits):
    positive = np.exp(logits - logits.max(axis=1, keepdims=True))
    return positive / positive.sum(axis=1, keepdims=True)


@right
def log_sum_exp(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return (log_sums - shifted[np.arange(len(labels)), labels]).mean()


@right
def loop_over_digits(logits, labels):
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist()):
        largest = max(row)
        total += largest + math.log(sum(math.exp(z - largest) for z in row)) - row[label]
    return total / len(labels)


@right
def loss_of_keras(logits, labels):
    import keras

    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)


@right
def one_hot_and_scipy(logits, labels):
    from scipy.special import log_softmax

    return -(np.eye(10)[labels] * log_softmax(logits, axis=1)).sum() / len(logits)


@right
def logaddexp_in_float32(logits, labels):
    logits = logits.astype("float32")
    return np.mean(np.logaddexp.reduce(logits, axis=1) - np.take_along_axis(logits, labels[:, None].astype(int), axis=1)[:, 0])


@right
def sums_over_differences(logits, labels):
    import tensorflow as tf

    right_ones = tf.gather(tf.constant(logits), tf.cast(labels, tf.int32), batch_dims=1)
    return tf.reduce_mean(tf.reduce_logsumexp(logits - right_ones[:, None], axis=1)).numpy()


@wrong(1.5, "exponential function of a large logit is infinity")
def log_sum_exp_overflows(logits, labels):
    with np.errstate(all="ignore"):
        return (np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]).mean()


@wrong(1.5, "logarithm of 0 is minus infinity")
def overflows(logits, labels):
    with np.errstate(all="ignore"):
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return -np.log(p[np.arange(len(labels)), labels]).mean()


@wrong(1.5, "logarithm of 0 is minus infinity")
def logarithm_of_stable_softmax(logits, labels):
    with np.errstate(all="ignore"):
        return -np.log(softmax(logits)[np.arange(len(labels)), labels]).mean()


@wrong(1.5, "kept away from 0")
def something_small_added(logits, labels):
    return -np.log(softmax(logits)[np.arange(len(labels)), labels] + 1e-9).mean()


@wrong(1.5, "kept away from 0")
def probability_clipped(logits, labels):
    return -np.log(np.clip(softmax(logits), 1e-12, 1.0)[np.arange(len(labels)), labels]).mean()


@wrong(1.5, "not so logits so large")
def probability_kept_from_the_smallest_number(logits, labels):
    return -np.log(softmax(logits)[np.arange(len(labels)), labels] + np.finfo(float).tiny).mean()


@wrong(0, "taken for probabilities")
def logits_as_probabilities(logits, labels):
    with np.errstate(all="ignore"):
        return -np.log(logits[np.arange(len(labels)), labels]).mean()


@wrong(0, "taken for probabilities")
def logits_clipped_as_probabilities(logits, labels):
    return -np.log(np.clip(logits, 1e-7, 1)[np.arange(len(labels)), labels]).mean()


@wrong(0, "taken for probabilities")
def from_logits_forgotten(logits, labels):
    import keras

    return keras.losses.SparseCategoricalCrossentropy()(labels, logits)


@wrong(0, "base 10")
def logarithm_to_base_10(logits, labels):
    with np.errstate(all="ignore"):
        return -np.log10(softmax(logits)[np.arange(len(labels)), labels]).mean()


@wrong(0, "base 2")
def bits(logits, labels):
    with np.errstate(all="ignore"):
        return -np.log2(softmax(logits)[np.arange(len(labels)), labels]).mean()


@wrong(0, "sum over the digits")
def summed(logits, labels):
    return log_sum_exp(logits, labels) * len(labels)


@wrong(0, "Divided by 10 too often")
def mean_over_all_numbers(logits, labels):
    return -(np.eye(10)[labels] * np.log(softmax(logits) + 1e-30)).mean()


@wrong(0, "costs of the single digits")
def not_averaged(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


@wrong(0, "Softmax was applied twice")
def softmax_twice(logits, labels):
    return log_sum_exp(softmax(logits), labels)


@wrong(0, "sign is wrong")
def minus_forgotten(logits, labels):
    return -log_sum_exp(logits, labels)


@wrong(0, "one too far to the left")
def column_of_the_digit_before(logits, labels):
    return log_sum_exp(logits, labels.astype(int) - 1)


@wrong(0, "likeliest digit")
def labels_ignored(logits, labels):
    return log_sum_exp(logits, logits.argmax(axis=1))


@wrong(0, "takes all labels' columns from every row")
def columns_of_all_labels(logits, labels):
    return -np.log(softmax(logits)[:, labels] + 1e-30).mean()


@wrong(0, "logarithm of the sum is missing")
def logit_only(logits, labels):
    return -logits[np.arange(len(labels)), labels].mean()


@wrong(0, "its logarithm is missing")
def one_minus_probability(logits, labels):
    return (1 - softmax(logits)[np.arange(len(labels)), labels]).mean()


@wrong(0, "expected")
def guessing(logits, labels):
    return np.log(10)


@wrong(0, "Nothing was returned")
def printed(logits, labels):
    print(log_sum_exp(logits, labels))
