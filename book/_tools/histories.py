"""Trains the four networks whose histories the exercise on training hands out, and writes them into the library.

python book/_tools/histories.py
"""

import json
import os
from pathlib import Path

os.environ["MNIST_EDITION"] = "sample"

import keras
import numpy as np

from mnist_lib import load_mnist, preprocess

TARGET = Path(__file__).resolve().parents[2] / "mnist_lib" / "checks" / "histories.json"
EPOCHS = 20


def measure() -> dict[str, dict[str, list[float]]]:
    """One history for each of the four causes, rounded to three decimals."""
    (x, y), _ = load_mnist()
    x = preprocess(x)
    shuffled = np.random.default_rng(0).permutation(y)
    apart = (x[-1000:], y[-1000:])  # in none of the training parts below

    def train(units, rate, count, labels=y, validation=apart):
        keras.utils.set_random_seed(0)
        hidden = keras.layers.Dense(units, activation="relu")
        model = keras.Sequential([keras.layers.Input((28, 28)), keras.layers.Flatten(), hidden, keras.layers.Dense(10)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(rate), loss=loss, metrics=["accuracy"])
        fitted = model.fit(x[:count], labels[:count], batch_size=32, epochs=EPOCHS, validation_data=validation, verbose=0)
        return {key: [round(float(value), 3) for value in fitted.history[key]] for key in ("loss", "accuracy", "val_loss", "val_accuracy")}

    return {
        "labels shuffled": train(128, 1e-3, 3000, labels=shuffled),
        "validated on training data": train(128, 1e-3, 3000, validation=(x[:1000], y[:1000])),
        "learning rate too high": train(128, 1.0, 3000),
        "overfitting": train(512, 5e-3, 400),
    }


if __name__ == "__main__":
    lines = [
        f'  "{cause}": {{\n' + ",\n".join(f'    "{key}": {json.dumps(values)}' for key, values in history.items()) + "\n  }"
        for cause, history in measure().items()
    ]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(TARGET)
