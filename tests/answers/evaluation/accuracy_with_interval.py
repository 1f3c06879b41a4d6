"""Answers to the task `accuracy_with_interval`: the accuracy, and the two ends of its 95% Wilson interval."""

import math

import numpy as np
from answers import right, wrong

from mnist_lib import wilson_interval


@right
def formula(labels, predictions):
    n = len(labels)
    r, s = (labels == predictions).mean(), 1.96**2 / n
    middle, half = r + s / 2, np.sqrt(r * (1 - r) * s + s**2 / 4)
    return r, (middle - half) / (1 + s), (middle + half) / (1 + s)


@right
def counted_in_a_loop(labels, predictions):
    correct = 0
    for label, prediction in zip(labels, predictions):
        if label == prediction:
            correct += 1
    n, z = len(labels), 1.96
    centre = (correct + z * z / 2) / (n + z * z)
    width = z / (n + z * z) * math.sqrt(correct * (n - correct) / n + z * z / 4)
    return [correct / n, centre - width, centre + width]


@right
def library(labels, predictions):
    correct = int((labels == predictions).sum())
    return (correct / len(labels), *wilson_interval(correct, len(labels)))


@right
def scipy(labels, predictions):
    from scipy.stats import binomtest

    correct = np.count_nonzero(np.equal(labels, predictions))
    interval = binomtest(correct, len(labels)).proportion_ci(method="wilson")
    return np.array([correct / len(labels), interval.low, interval.high], dtype=np.float32)


@right
def quadratic_equation(labels, predictions):
    r, s = np.mean(labels == predictions), 1.96**2 / labels.size
    low, high = sorted(np.roots([1 + s, -(2 * r + s), r**2]).real)
    return np.float32(r), np.float32(low), np.float32(high)


@right
def every_rate_tried_out(labels, predictions):
    n, r = len(labels), float((labels == predictions).mean())
    p = np.linspace(0, 1, 100_001)
    possible = p[np.abs(r - p) <= 1.96 * np.sqrt(p * (1 - p) / n)]
    return r, possible[0], possible[-1]


def normal(r, n):
    half = 1.96 * np.sqrt(r * (1 - r) / n)
    return r, r - half, r + half


@wrong(0, "This is the shortcut")
def normal_interval(labels, predictions):
    return normal((labels == predictions).mean(), len(labels))


@wrong(0, "This is the shortcut")
def normal_interval_within_0_and_1(labels, predictions):
    r, low, high = normal((labels == predictions).mean(), len(labels))
    return r, max(low, 0.0), min(high, 1.0)


@wrong(0, "expected (")
def normal_interval_with_n_minus_1(labels, predictions):
    matches = labels == predictions
    half = 1.96 * matches.std(ddof=1) / math.sqrt(len(labels))
    return matches.mean(), matches.mean() - half, matches.mean() + half


@wrong(0, "expected (")
def agresti_coull(labels, predictions):
    n = len(labels) + 1.96**2
    p = ((labels == predictions).sum() + 1.96**2 / 2) / n
    half = 1.96 * math.sqrt(p * (1 - p) / n)
    return (labels == predictions).mean(), p - half, p + half


@wrong(0, "These are percent")
def percent(labels, predictions):
    return tuple(100 * each for each in formula(labels, predictions))


@wrong(0, "and not by n − 1")
def n_minus_1(labels, predictions):
    r, s = (labels == predictions).mean(), 1.96**2 / (len(labels) - 1)
    half = np.sqrt(r * (1 - r) * s + s**2 / 4)
    return r, (r + s / 2 - half) / (1 + s), (r + s / 2 + half) / (1 + s)


@wrong(0, "counts the right answers")
def number_of_right_ones(labels, predictions):
    return ((labels == predictions).sum(), *formula(labels, predictions)[1:])


@wrong(0, "share of wrong answers")
def error_rate(labels, predictions):
    r, s = (labels != predictions).mean(), 1.96**2 / len(labels)
    half = np.sqrt(r * (1 - r) * s + s**2 / 4)
    return r, (r + s / 2 - half) / (1 + s), (r + s / 2 + half) / (1 + s)


@wrong(0, "z was not squared")
def z_not_squared(labels, predictions):
    r, s = (labels == predictions).mean(), 1.96 / len(labels)
    middle, half = r + s / 2, np.sqrt(r * (1 - r) * s + s**2 / 4)
    return r, (middle - half) / (1 + s), (middle + half) / (1 + s)


@wrong(0, "not divided by 1 + s")
def denominator_forgotten(labels, predictions):
    r, s = (labels == predictions).mean(), 1.96**2 / len(labels)
    half = np.sqrt(r * (1 - r) * s + s**2 / 4)
    return r, r + s / 2 - half, r + s / 2 + half


@wrong(0, "middle of the interval")
def middle_instead_of_accuracy(labels, predictions):
    _, low, high = formula(labels, predictions)
    return (low + high) / 2, low, high


@wrong(0, "without a tuple inside the tuple")
def nested(labels, predictions):
    accuracy, low, high = formula(labels, predictions)
    return accuracy, (low, high)


@wrong(0, "the accuracy is last")
def accuracy_last(labels, predictions):
    accuracy, low, high = formula(labels, predictions)
    return low, high, accuracy


@wrong(0, "two ends of the interval are missing")
def accuracy_alone(labels, predictions):
    return np.mean(labels == predictions)


@wrong(1, "The interval has no width here")
def no_width_when_all_are_right(labels, predictions):
    r, low, high = formula(labels, predictions)
    return (r, r, r) if r in (0, 1) else (r, low, high)


@wrong(0, "expected (")
def constant(labels, predictions):
    return 0.9, 0.596, 0.982
