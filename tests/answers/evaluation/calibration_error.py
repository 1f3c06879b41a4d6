"""Answers to the task `calibration_error`: the mean gap between confidence and share right, weighted by the readings in each bin."""

import numpy as np
from answers import right, wrong


def bins(probabilities, labels, edges):
    """Readings, mean confidence and share right of each bin that holds any."""
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    rows = []
    for number, (low, high) in enumerate(zip(edges[:-1], edges[1:])):
        inside = (confidence > low) & (confidence <= high) | (number == 0) & (confidence == low)
        if inside.any():
            rows.append((inside.sum(), confidence[inside].mean(), correct[inside].mean()))
    return np.array(rows).T


@right
def loop_over_bins(probabilities, labels, edges):
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    error = 0
    for i in range(len(edges) - 1):
        inside = (confidence > edges[i]) & (confidence <= edges[i + 1])
        if i == 0:
            inside |= confidence == edges[0]
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return error


@right
def without_numpy(probabilities, labels, edges):
    held = {}
    for row, label in zip(probabilities.tolist(), labels.tolist()):
        sure = max(row)
        place = next(i for i in range(1, len(edges)) if sure <= edges[i])
        held.setdefault(place, []).append((sure, row.index(sure) == label))
    total = 0.0
    for members in held.values():
        total += abs(sum(hit for _, hit in members) - sum(sure for sure, _ in members))
    return total / len(labels)


@right
def digitize_and_bincount(probabilities, labels, edges):
    confidence = probabilities.max(axis=1)
    off = (probabilities.argmax(axis=1) == labels) - confidence
    where = np.digitize(confidence, edges[1:-1], right=True)
    return np.abs(np.bincount(where, weights=off)).sum() / len(off)


@right
def single_precision(probabilities, labels, edges):
    p = probabilities.astype(np.float32)
    where = np.searchsorted(edges[1:], p.max(axis=1))
    sums = np.zeros(len(edges) - 1, np.float32)
    np.add.at(sums, where, (p.argmax(axis=1) == labels).astype(np.float32) - p.max(axis=1))
    return np.abs(sums).sum() / np.float32(len(p))


@right
def pandas_groups(probabilities, labels, edges):
    import pandas

    frame = pandas.DataFrame({"sure": probabilities.max(axis=1), "hit": probabilities.argmax(axis=1) == labels})
    frame["bin"] = pandas.cut(frame["sure"], edges, include_lowest=True)
    found = frame.groupby("bin", observed=True).agg(n=("hit", "size"), hit=("hit", "mean"), sure=("sure", "mean"))
    return np.average((found["hit"] - found["sure"]).abs(), weights=found["n"])


@right
def tensors(probabilities, labels, edges):
    import tensorflow as tf

    p = tf.constant(probabilities, tf.float32)
    sure, hit = tf.reduce_max(p, axis=1), tf.cast(tf.argmax(p, axis=1) == tf.cast(labels, tf.int64), tf.float32)
    where = tf.searchsorted(tf.constant(edges[1:], tf.float32), sure)
    return tf.reduce_sum(tf.abs(tf.math.unsorted_segment_sum(hit - sure, where, len(edges) - 1))) / len(labels)


@wrong(0, "All bins count equally")
def mean_over_bins(probabilities, labels, edges):
    _, sure, share = bins(probabilities, labels, edges)
    return np.abs(share - sure).mean()


@wrong(0, "All bins count equally")
def sum_over_bins(probabilities, labels, edges):
    _, sure, share = bins(probabilities, labels, edges)
    return np.abs(share - sure).sum()


@wrong(0, "added with their signs")
def signs_kept(probabilities, labels, edges):
    count, sure, share = bins(probabilities, labels, edges)
    return (count * (share - sure)).sum() / len(labels)


@wrong(0, "added with their signs")
def accuracy_less_mean_confidence(probabilities, labels, edges):
    return abs((probabilities.argmax(axis=1) == labels).mean() - probabilities.max(axis=1).mean())


@wrong(0, "middle of the bin")
def middle_of_the_bin(probabilities, labels, edges):
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    error = 0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - (low + high) / 2)
    return error


@wrong(0, "The probability of the true digit")
def confidence_in_the_true_digit(probabilities, labels, edges):
    confidence, correct = probabilities[np.arange(len(labels)), labels], probabilities.argmax(axis=1) == labels
    error = 0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return error


@wrong(0, "This is the largest gap")
def largest_gap(probabilities, labels, edges):
    _, sure, share = bins(probabilities, labels, edges)
    return np.abs(share - sure).max()


@wrong(0, "The gaps were squared")
def squared(probabilities, labels, edges):
    count, sure, share = bins(probabilities, labels, edges)
    return np.average((share - sure) ** 2, weights=count)


@wrong(0, "divided by the number of readings")
def not_divided(probabilities, labels, edges):
    count, sure, share = bins(probabilities, labels, edges)
    return (count * np.abs(share - sure)).sum()


@wrong(0, "in percent")
def percent(probabilities, labels, edges):
    count, sure, share = bins(probabilities, labels, edges)
    return 100 * np.average(np.abs(share - sure), weights=count)


@wrong(0, "Each reading was compared on its own")
def reading_by_reading(probabilities, labels, edges):
    return np.abs((probabilities.argmax(axis=1) == labels) - probabilities.max(axis=1)).mean()


def with_bins(inside, probabilities, labels, edges):
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    chosen = [inside(confidence, low, high) for low, high in zip(edges[:-1], edges[1:])]
    return sum(abs((correct - confidence)[each].sum()) for each in chosen) / len(labels)


@wrong(1.5, "belongs to the bin below the edge")
def lower_edges_included(probabilities, labels, edges):
    return with_bins(lambda sure, low, high: (sure >= low) & (sure < high), probabilities, labels, edges)


@wrong(1.5, "belongs to the bin below the edge")
def bins_as_in_a_histogram(probabilities, labels, edges):
    confidence = probabilities.max(axis=1)
    off = (probabilities.argmax(axis=1) == labels) - confidence
    return np.abs(np.histogram(confidence, edges, weights=off)[0]).sum() / len(labels)


@wrong(1.5, "counted in two bins")
def both_edges_included(probabilities, labels, edges):
    return with_bins(lambda sure, low, high: (sure >= low) & (sure <= high), probabilities, labels, edges)


@wrong(1.5, "on the lowest edge of all")
def lowest_edge_forgotten(probabilities, labels, edges):
    return with_bins(lambda sure, low, high: (sure > low) & (sure <= high), probabilities, labels, edges)


@wrong(1.5, "Leave empty bins out")
def empty_bins_divided_by_zero(probabilities, labels, edges):
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    where = np.digitize(confidence, edges[1:-1], right=True)
    n, hits, sure = (np.bincount(where, each, minlength=len(edges) - 1) for each in (np.ones(len(where)), correct, confidence))
    with np.errstate(invalid="ignore"):
        return (n / len(where) * np.abs(hits / n - sure / n)).sum()


@wrong(0, "expected one number")
def gap_of_each_bin(probabilities, labels, edges):
    count, sure, share = bins(probabilities, labels, edges)
    return np.abs(share - sure)
