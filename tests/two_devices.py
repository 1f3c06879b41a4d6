"""The same training on one device and, mirrored, on two that this process makes out of one processor; prints what came of it as JSON.

A process of its own, since devices cannot be divided once TensorFlow has used them. test_training.py runs it.
"""

import contextlib
import json

import keras
import numpy as np
import tensorflow as tf

from mnist_lib import build_model, compile_model, evaluate, load_mnist, preprocess, total_steps, train, train_validation_split

IMAGES, EPOCHS, FEW = 4000, 6, 600


def accuracy(scope, data, seed):
    """The recipe, shortened, built and trained within a scope; with everything that a reader can ask of it."""
    (x_train, y_train), (x_test, y_test) = data
    training, validation = train_validation_split(x_train, y_train, 0.1)
    with scope():
        model = compile_model(build_model(seed=seed), total_steps=total_steps(len(training[0]), EPOCHS))
        history = train(model, *training, epochs=EPOCHS, seed=seed, validation_data=validation, progress="log").history
        found = evaluate(model, x_test, y_test)
    try:
        train(model, *training, epochs=1, progress="none")
    except ValueError as error:
        refused = str(error)
    return {
        "accuracy": found.accuracy,
        "validation": [history["val_accuracy"][-1], evaluate(model, *validation).accuracy],
        "copies": len(getattr(model.trainable_variables[0].value, "values", [None])),
        "steps": int(keras.ops.convert_to_numpy(model.optimizer.iterations)),
        "refused": refused,
    }


def weights(scope, x, y):
    """Weights after steps in which nothing is drawn and a slope's size matters: no dropout, plain gradient descent."""
    with scope():
        model = compile_model(build_model(16, dropout=0), optimizer=keras.optimizers.SGD(0.1))
        train(model, x, y, epochs=2, batch_size=64, seed=0, progress="none")
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def main():
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope
    (x_train, y_train), (x_test, y_test) = load_mnist()
    data = (preprocess(x_train[:IMAGES]), y_train[:IMAGES]), (preprocess(x_test[:1000]), y_test[:1000])
    few = [part[:FEW] for part in data[0]]
    one, two = (weights(scope, *few) for scope in (contextlib.nullcontext, mirrored))
    result = {
        "one": accuracy(contextlib.nullcontext, data, seed=0),
        "two": accuracy(mirrored, data, seed=0),
        "furthest": float(np.abs(one - two).max()),
        "moved": float(np.abs(one - weights_at_the_start()).max()),
    }
    print(json.dumps(result))


def weights_at_the_start():
    return np.concatenate([weight.ravel() for weight in build_model(16, dropout=0).get_weights()])


if __name__ == "__main__":
    main()
