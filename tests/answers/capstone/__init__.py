"""The networks that the answers share: each is trained when it is first asked."""

import functools

import keras
import numpy as np

from mnist_lib import build_convolutional_model, build_model, compile_model, load_mnist, preprocess, shift_images, total_steps, train

MOST = 20_000  # digits to learn from: enough for full points in both editions


def with_moved_copies(x, y):
    """Each image as it is, and once moved by up to two pixels."""
    random = np.random.default_rng(0)
    moved, ways = np.empty_like(x), random.integers(-2, 3, size=(len(x), 2))
    for down in range(-2, 3):
        for right in range(-2, 3):
            mine = (ways == (down, right)).all(axis=1)
            moved[mine] = shift_images(x[mine], down, right)
    return np.concatenate([x, moved]), np.tile(y, 2)


@functools.cache
def augmented_convolutional():
    (x, y), _ = load_mnist()
    x, y = with_moved_copies(preprocess(x[:MOST]), y[:MOST])
    epochs = 5 if len(x) > 20_000 else 12
    model = compile_model(build_convolutional_model(), total_steps=total_steps(len(x), epochs))
    train(model, x, y, epochs=epochs, progress="none")
    return model


@functools.cache
def three_convolutions_from_keras():
    (x, y), _ = keras.datasets.mnist.load_data()
    x, y = with_moved_copies(x[:MOST].astype("float32") / 255, y[:MOST])
    keras.utils.set_random_seed(3)
    model = keras.Sequential([
        keras.layers.Input((28, 28, 1)),
        keras.layers.Conv2D(16, 5, strides=2, padding="same", activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    epochs = 5 if len(x) > 20_000 else 14
    rate = keras.optimizers.schedules.CosineDecay(3e-3, epochs * len(x) // 128)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(x[..., np.newaxis], y, batch_size=128, epochs=epochs, verbose=0)
    return model


@functools.cache
def dense():
    (x, y), _ = load_mnist()
    x, y = preprocess(x[:MOST]), y[:MOST]
    model = compile_model(build_model(), total_steps=total_steps(len(x)))
    train(model, x, y, progress="none")
    return model
