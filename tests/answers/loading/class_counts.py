"""Answers to the task `class_counts`: ten counts, whatever the labels hold."""

from collections import Counter

import numpy as np
from answers import right, wrong


@right
def bincount(labels):
    return np.bincount(labels, minlength=10)


@right
def loop(labels):
    counts = [0] * 10
    for label in labels:
        counts[label] += 1
    return counts


@right
def comparison_by_broadcasting(labels):
    return (labels[:, np.newaxis] == np.arange(10)).sum(axis=0)


@right
def counter(labels):
    counted = Counter(labels.tolist())
    return tuple(counted[digit] for digit in range(10))


@right
def histogram(labels):
    return np.histogram(labels, bins=np.arange(11))[0].astype(float)


@wrong(1, "do not occur have no count")
def bincount_too_short(labels):
    return np.bincount(labels)


@wrong(1, "do not occur have no count")
def unique(labels):
    return np.unique(labels, return_counts=True)[1]


@wrong(0, "count of the digit 0 is missing")
def off_by_one(labels):
    return [int((labels == digit).sum()) for digit in range(1, 10)]


@wrong(0, "These are shares")
def shares(labels):
    return np.bincount(labels, minlength=10) / len(labels)


@wrong(0, "sorted by size")
def sorted_by_size(labels):
    return sorted(np.bincount(labels, minlength=10), reverse=True)


@wrong(0, "do not occur equally often")
def equal_by_assumption(labels):
    return [len(labels) / 10] * 10


@wrong(0, "it stopped with AttributeError")
def method_of_a_list(labels):
    return labels.count(0)
