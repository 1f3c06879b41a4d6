"""Answers to the task `dropout`: inverted dropout, in training and in use."""

import random as standard_random

import numpy as np
from answers import right, wrong


@right
def mask_and_division(x, rate, training, seed):
    if not training:
        return x
    kept = np.random.default_rng(seed).random(x.shape) >= rate
    return x * kept / (1 - rate)


@right
def loop_with_the_standard_library(x, rate, training, seed):
    standard_random.seed(seed)
    result = np.array(x)
    if training:
        for place in np.ndindex(result.shape):
            result[place] = 0 if standard_random.random() < rate else result[place] / (1 - rate)
    return result


@right
def binomial_draws(x, rate, training, seed):
    return x * np.random.RandomState(seed).binomial(1, 1 - rate, size=x.shape) / (1 - rate) if training else x.copy()


@right
def zeros_set_by_a_mask(x, rate, training, seed):
    np.random.seed(seed)  # noqa: NPY002
    if training:
        x = x / (1 - rate)
        x[np.random.rand(*x.shape) < rate] = 0  # noqa: NPY002
    return x.tolist()


@right
def layer_of_keras(x, rate, training, seed):
    import keras

    return keras.layers.Dropout(rate, seed=seed)(x, training=training)


@right
def function_of_tensorflow(x, rate, training, seed):
    import tensorflow as tf

    return tf.nn.experimental.stateless_dropout(x, rate, seed=[seed, 0]) if training else tf.constant(x)


@right
def choice_of_two_factors(x, rate, training, seed):
    factors = np.random.default_rng(seed).choice([0, 1 / (1 - rate)], size=x.shape, p=[rate, 1 - rate])
    return np.where(training, x * factors, x)


def mask(x, probability, seed):
    """Where a value is kept."""
    return np.random.default_rng(seed).random(x.shape) < probability


@wrong(0, "were not divided by (1 - rate)")
def no_division(x, rate, training, seed):
    return x * mask(x, 1 - rate, seed) if training else x


@wrong(0, "not divided by (1 - rate)")
def corrected_in_use(x, rate, training, seed):
    return x * mask(x, 1 - rate, seed) if training else x * (1 - rate)


@wrong(0, "Nothing is left to correct in use")
def multiplied_in_use(x, rate, training, seed):
    return x * mask(x, 1 - rate, seed) / (1 - rate) if training else x * (1 - rate)


@wrong(0, "multiplied by (1 - rate); they are divided by it")
def multiplied_in_training(x, rate, training, seed):
    return x * mask(x, 1 - rate, seed) * (1 - rate) if training else x


@wrong(0, "probability of being dropped, not of being kept")
def rate_is_taken_for_the_share_kept(x, rate, training, seed):
    return x * mask(x, rate, seed) / rate if training else x


@wrong(0, "divided by the rate")
def divided_by_the_rate(x, rate, training, seed):
    return x * mask(x, 1 - rate, seed) / max(rate, 0.01) if training else x


@wrong(0, "same places were set to 0 in every row")
def the_same_for_every_example(x, rate, training, seed):
    return x * (np.random.default_rng(seed).random(x.shape[1:]) >= rate) / (1 - rate) if training else x


@wrong(0, "whole rows were set to 0")
def whole_examples(x, rate, training, seed):
    kept = np.random.default_rng(seed).random(len(x)) >= rate
    return x * kept.reshape(-1, *[1] * (x.ndim - 1)) / (1 - rate) if training else x


@wrong(0, "with training=False nothing is dropped")
def in_use_too(x, rate, training, seed):
    return x * mask(x, 1 - rate, seed) / (1 - rate)


@wrong(0, "none is")
def training_the_wrong_way_round(x, rate, training, seed):
    return x if training else x * mask(x, 1 - rate, seed) / (1 - rate)


@wrong(1, "the same seed gave another one")
def seed_ignored(x, rate, training, seed):
    return x * mask(x, 1 - rate, None) / (1 - rate) if training else x


@wrong(1, "another seed gave the same one")
def seed_always_zero(x, rate, training, seed):
    return x * mask(x, 1 - rate, 0) / (1 - rate) if training else x


@wrong(0, "the same number of values was set to 0 in each row")
def as_many_in_each_row(x, rate, training, seed):
    random = np.random.default_rng(seed)
    rows = x.reshape(len(x), -1).copy()
    for row in rows:
        row[random.choice(len(row), round(rate * len(row)), replace=False)] = 0
    return rows.reshape(x.shape) / (1 - rate) if training else x


@wrong(0, "came None")
def nothing_in_use(x, rate, training, seed):
    if training:
        return x * mask(x, 1 - rate, seed) / (1 - rate)


@wrong(0, "should become 0 or")
def noise_instead(x, rate, training, seed):
    return (x + np.random.default_rng(seed).normal(size=x.shape)) * mask(x, 1 - rate, seed) if training else x


@wrong(0, "expected the shape (200, 150)")
def only_the_values_kept(x, rate, training, seed):
    return x[mask(x, 1 - rate, seed)] / (1 - rate) if training else x


@wrong(1, "not so rate 0")
def division_by_the_rate_on_the_way(x, rate, training, seed):
    odds = (1 - rate) / rate
    return x * mask(x, odds / (1 + odds), seed) * (1 + 1 / odds) if training else x
