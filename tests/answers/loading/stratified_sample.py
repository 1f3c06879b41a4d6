"""Answers to the task `stratified_sample`: positions, each digit equally often, none twice, decided by the seed."""

import random as standard_random

import numpy as np
from answers import right, wrong


@right
def choice_for_each_digit(labels, per_class, seed):
    random = np.random.default_rng(seed)
    return np.concatenate([random.choice(np.flatnonzero(labels == digit), per_class, replace=False) for digit in range(10)])


@right
def walk_through_a_shuffled_set(labels, per_class, seed):
    taken, chosen = [0] * 10, []
    for position in np.random.default_rng(seed).permutation(len(labels)):
        if taken[labels[position]] < per_class:
            taken[labels[position]] += 1
            chosen.append(position)
    return chosen


@right
def standard_library(labels, per_class, seed):
    standard_random.seed(seed)
    where = {digit: [i for i, label in enumerate(labels) if label == digit] for digit in range(10)}
    return sorted(i for digit in range(10) for i in standard_random.sample(where[digit], per_class))


@right
def sorted_by_digit_after_a_shuffle(labels, per_class, seed):
    order = np.random.RandomState(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    starts = np.searchsorted(labels[order], np.arange(10))
    return order[(starts[:, None] + np.arange(per_class)).ravel()]


@wrong(0, "Expected each digit 5 times")
def not_stratified(labels, per_class, seed):
    return np.random.default_rng(seed).choice(len(labels), 10 * per_class, replace=False)


@wrong(1.5, "another seed gave the same sample")
def first_of_each(labels, per_class, seed):
    return np.concatenate([np.flatnonzero(labels == digit)[:per_class] for digit in range(10)])


@wrong(1.5, "the same seed gave another sample")
def seed_ignored(labels, per_class, seed):
    random = np.random.default_rng()
    return np.concatenate([random.choice(np.flatnonzero(labels == digit), per_class, replace=False) for digit in range(10)])


@wrong(0, "Some positions occur twice")
def with_replacement(labels, per_class, seed):
    random = np.random.default_rng(seed)
    return np.concatenate([np.flatnonzero(labels == digit)[random.integers(0, 3, per_class)] for digit in range(10)])


@wrong(0, "Expected 50 positions")
def per_class_is_taken_for_all(labels, per_class, seed):
    return np.random.default_rng(seed).choice(len(labels), per_class, replace=False)


@wrong(0, "Expected positions: whole numbers")
def a_mask(labels, per_class, seed):
    mask = np.zeros(len(labels), bool)
    mask[choice_for_each_digit(labels, per_class, seed)] = True
    return mask


@wrong(0, "the digit 0 occurs 50 times")
def of_one_digit(labels, per_class, seed):
    return np.random.default_rng(seed).choice(np.flatnonzero(labels == 0), 10 * per_class, replace=False)
