"""Answers to the task `accuracy` of the capstone: what reads digits well."""

import numpy as np

from answers import right, wrong
from answers.capstone import augmented_convolutional, three_convolutions_from_keras
from mnist_lib import build_convolutional_model, preprocess, shift_images


@right
def convolutional_with_moved_copies(images):
    return augmented_convolutional().predict(preprocess(images), verbose=0).argmax(axis=1)


@right
def keras_alone(images):
    pixels = images.astype("float32")[..., None] / 255
    return np.argmax(three_convolutions_from_keras().predict(pixels, verbose=0), axis=-1).astype(np.int8)


@right
def mean_over_small_moves(images):
    x, model = preprocess(images), augmented_convolutional()
    moves = [(0, 0), (1, 0), (0, 1)]
    return list(sum(model.predict(shift_images(x, *move), verbose=0) for move in moves).argmax(axis=1))


@wrong(0, "hardly better than guessing")
def untrained(images):
    return build_convolutional_model().predict(preprocess(images), verbose=0).argmax(axis=1)


@wrong(0, "came ten numbers for each")
def logits(images):
    return augmented_convolutional().predict(preprocess(images), verbose=0)


@wrong(0, "Expected one digit for each")
def in_a_column(images):
    return convolutional_with_moved_copies(images)[:, np.newaxis]


@wrong(0, "off by the same number, 1")
def labels_one_too_small(images):
    return (convolutional_with_moved_copies(images) - 1) % 10


@wrong(0, "Expected digits from 0 to 9")
def counted_from_one(images):
    return convolutional_with_moved_copies(images) + 1


@wrong(0, "hardly better than guessing")
def rows_and_columns_exchanged(images):
    return convolutional_with_moved_copies(images.transpose(0, 2, 1)[:, ::-1])


@wrong(0, "it stopped with")
def shape_forgotten(images):
    return augmented_convolutional().predict(preprocess(images).reshape(-1, 784)[:, :700], verbose=0).argmax(axis=1)
