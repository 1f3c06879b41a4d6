"""Answers to the task `accuracy`: what reads digits, from bytes. Each builds and trains when it is first asked."""

import functools

import keras
import numpy as np
from answers import right, wrong

from mnist_lib import build_convolutional_model, build_model, compile_model, load_mnist, preprocess, total_steps, train


def digits():
    (x, y), _ = load_mnist()
    return x[:30_000], y[:30_000]  # enough for full points in both editions


@functools.cache
def course_recipe():
    x, y = digits()
    model = compile_model(build_model(), total_steps=total_steps(len(x)))
    train(model, preprocess(x), y, progress="none")
    return model


@right
def with_the_library(images):
    return course_recipe().predict(preprocess(images), verbose=0).argmax(axis=1)


@functools.cache
def softmax_from_keras_datasets():
    (x, y), _ = keras.datasets.mnist.load_data()
    x, y = x[:20_000], y[:20_000]
    keras.utils.set_random_seed(1)
    model = keras.Sequential([
        keras.layers.Input((784,)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Dense(256, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x.reshape(-1, 784), y, epochs=8 if len(x) == 20_000 else 20, batch_size=64, verbose=0)
    return model


@right
def probabilities_and_pixels_scaled_inside(images):
    return np.argmax(softmax_from_keras_datasets()(images.reshape(len(images), 784).astype("float32")), axis=-1)


@functools.cache
def convolutional():
    x, y = digits()
    x, y = x[:10_000], y[:10_000]
    model = compile_model(build_convolutional_model(), total_steps=total_steps(len(x), epochs=5))
    train(model, preprocess(x), y, epochs=5, progress="none")
    return model


@right
def a_list_of_python_integers(images):
    batches = [convolutional().predict_on_batch(preprocess(images[start : start + 500])) for start in range(0, len(images), 500)]
    return [int(logits.argmax()) for batch in batches for logits in batch]


@wrong(0, "hardly better than guessing")
def untrained(images):
    return build_model().predict(preprocess(images), verbose=0).argmax(axis=1)


@wrong(0, "off by the same number, 9")
def labels_shifted_by_one(images):
    return (with_the_library(images) + 1) % 10


@wrong(0, "Every image is read as")
def divided_twice(images):
    dark = course_recipe().predict(preprocess(images) / 255, verbose=0)
    return np.full(len(images), np.bincount(dark.argmax(axis=1)).argmax())


@wrong(0, "came ten numbers for each")
def logits_instead_of_digits(images):
    return course_recipe().predict(preprocess(images), verbose=0)


@wrong(0, "hardly better than guessing")
def rows_and_columns_exchanged(images):
    return course_recipe().predict(preprocess(images).transpose(0, 2, 1)[:, ::-1], verbose=0).argmax(axis=1)


@wrong(0, "Expected whole numbers from 0 to 9")
def largest_probability_instead_of_its_place(images):
    return course_recipe().predict(preprocess(images), verbose=0).max(axis=1)


@wrong(0, "Expected one digit for each")
def of_the_first_batch_only(images):
    return course_recipe().predict(preprocess(images[:32]), verbose=0).argmax(axis=1)


@wrong(0, "Expected one digit for each")
def accuracy_in_percent(images):
    return 98.2
