"""Answers to the task `robustness`: what reads digits that have moved by two pixels."""

import numpy as np

from answers import right, wrong
from answers.capstone import augmented_convolutional, dense, three_convolutions_from_keras
from mnist_lib import build_convolutional_model, preprocess, shift_images


@right
def convolutional_with_moved_copies(images):
    return augmented_convolutional().predict(preprocess(images), verbose=0).argmax(axis=1)


@right
def keras_alone(images):
    pixels = images.astype("float32")[..., None] / 255
    return three_convolutions_from_keras().predict(pixels, verbose=0).argmax(axis=-1)


@right
def centred_before_it_is_read(images):
    """Not learned but undone: each picture's ink is moved back to the middle, then read."""
    x = preprocess(images)
    ink = x.sum(axis=(1, 2))
    rows = np.rint(14 - (x.sum(axis=2) * np.arange(28)).sum(axis=1) / ink).astype(int)
    columns = np.rint(14 - (x.sum(axis=1) * np.arange(28)).sum(axis=1) / ink).astype(int)
    return augmented_convolutional().predict(shift_images(x, rows, columns), verbose=0).argmax(axis=1)


@wrong(0, "below")
def dense_without_moved_copies(images):
    return dense().predict(preprocess(images), verbose=0).argmax(axis=1)


@wrong(0, "hardly better than guessing")
def untrained(images):
    return build_convolutional_model().predict(preprocess(images), verbose=0).argmax(axis=1)


@wrong(0, "came ten numbers for each")
def logits(images):
    return augmented_convolutional().predict(preprocess(images), verbose=0)


@wrong(0, "Every image is read as")
def one_digit_for_all(images):
    return np.zeros(len(images), int)


@wrong(0, "Expected whole numbers from 0 to 9")
def confidences(images):
    return np.full(len(images), 0.99)


@wrong(0, "off by the same number, 9")
def labels_one_too_large(images):
    return (convolutional_with_moved_copies(images) + 1) % 10
