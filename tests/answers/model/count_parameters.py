"""Answers to the task `count_parameters`: weights and biases of a network of dense layers."""

from itertools import pairwise

import numpy as np
from answers import right, wrong


@right
def loop(sizes):
    total = 0
    for i in range(len(sizes) - 1):
        total += sizes[i] * sizes[i + 1] + sizes[i + 1]
    return total


@right
def pairs(sizes):
    return sum((inputs + 1) * neurons for inputs, neurons in pairwise(sizes))


@right
def product_of_vectors(sizes):
    sizes = np.array(sizes)
    return (sizes[:-1] + 1) @ sizes[1:]


@right
def recursion(sizes):
    if len(sizes) < 2:
        return 0.0
    return (sizes[0] + 1.0) * sizes[1] + recursion(sizes[1:])


@right
def asked_keras(sizes):
    import keras

    model = keras.Sequential([keras.Input((sizes[0],))])
    for neurons in sizes[1:]:
        model.add(keras.layers.Dense(neurons))
    return model.count_params()


@right
def shapes_drawn_up(sizes):
    arrays = [np.zeros((before, after)) for before, after in zip(sizes, sizes[1:])] + [np.zeros(after) for after in sizes[1:]]
    return np.sum([array.size for array in arrays])


@wrong(0, "The biases are missing")
def without_biases(sizes):
    return sum(before * after for before, after in pairwise(sizes))


@wrong(0, "The inputs were given biases too")
def input_counted_as_neurons(sizes):
    return sum(before * after for before, after in pairwise(sizes)) + sum(sizes)


@wrong(0, "Only the last layer was counted")
def return_outside_of_the_sum(sizes):
    for before, after in pairwise(sizes):
        total = before * after + after
    return total


@wrong(0, "Only the first layer was counted")
def return_inside_the_loop(sizes):
    for before, after in pairwise(sizes):
        return before * after + after


@wrong(0, "not for each of its inputs")
def a_bias_for_each_input(sizes):
    return sum(before * (after + 1) for before, after in pairwise(sizes))


@wrong(0, "not one for each layer")
def a_bias_for_each_layer(sizes):
    return sum(before * after + 1 for before, after in pairwise(sizes))


@wrong(0, "The biases of the last layer are missing")
def last_layer_without_biases(sizes):
    return sum(before * after for before, after in pairwise(sizes)) + sum(sizes[1:-1])


@wrong(0, "expected one number")
def one_count_for_each_layer(sizes):
    return [(before + 1) * after for before, after in pairwise(sizes)]


@wrong(0, "added; each pair of neighbours")
def neurons_only(sizes):
    return sum(sizes)


@wrong(0, "do not multiply")
def all_multiplied(sizes):
    return np.prod(sizes)


@wrong(0, "expected")
def number_of_the_chapter(sizes):
    return 101_770


@wrong(0, "too many values to unpack")
def three_sizes_only(sizes):
    inputs, hidden, outputs = sizes
    return (inputs + 1) * hidden + (hidden + 1) * outputs


@wrong(1, "not so a network of a single layer")
def first_and_last_layer_apart(sizes):
    total = (sizes[0] + 1) * sizes[1] + (sizes[-2] + 1) * sizes[-1]
    for i in range(1, len(sizes) - 2):
        total += (sizes[i] + 1) * sizes[i + 1]
    return total


@wrong(0, "Only the first layer was counted")
def stopped_too_early(sizes):
    total = 0
    for i in range(len(sizes) - 2):
        total += (sizes[i] + 1) * sizes[i + 1]
    return total
