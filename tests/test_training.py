"""Stage training: what it learns, that it can be repeated, on several devices too, and what it refuses."""

import json
import os
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import FULL, ROOT
from keras import layers
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from mnist_lib import build_model, compile_model, evaluate, preprocess, total_steps, train, train_validation_split
from mnist_lib.zero_copy import aligned, shared


def small(total=None, **keywords):
    return compile_model(build_model(8, **keywords), total_steps=total)


def train_small(few, model=None, **keywords):
    return train(model or small(), *few, **{"epochs": 1, "progress": "none", **keywords})


# What it learns


def test_recipe_reaches_its_accuracy(trained, train_recipe, digits):
    models = [trained[0], train_recipe(1)[0], train_recipe(2)[0]]
    accuracies = [evaluate(model, *digits[1]).accuracy for model in models]
    assert np.median(accuracies) >= (0.978 if FULL else 0.930), f"{os.environ['MNIST_EDITION']}: {accuracies}"


def test_recipe_beats_what_has_no_hidden_layer(evaluation, digits):
    (x_train, y_train), (x_test, y_test) = digits
    linear = LogisticRegression(C=0.05, max_iter=60, tol=0.05).fit(x_train[:4000].reshape(-1, 784), y_train[:4000])
    guessing = DummyClassifier().fit(x_train, y_train)
    flat = x_test.reshape(-1, 784)
    assert evaluation.accuracy > linear.score(flat, y_test) > guessing.score(flat, y_test)


def test_history_has_a_number_for_each_epoch(trained):
    history = trained[1].history
    assert set(history) == {"loss", "accuracy"}
    assert len(history["loss"]) == len(history["accuracy"]) > 1
    assert history["loss"][-1] < history["loss"][0] / 2
    assert history["accuracy"][-1] > history["accuracy"][0]


def test_validation_is_measured_and_not_trained_on(few):
    part, validation = train_validation_split(*few, 0.25)
    with_it, without = small(), small()
    history = train_small(part, with_it, validation_data=validation, epochs=2).history
    train_small(part, without, epochs=2)
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    measured = evaluate(with_it, *validation)
    assert history["val_accuracy"][-1] == pytest.approx(measured.accuracy)
    assert history["val_loss"][-1] == pytest.approx(measured.loss, rel=1e-3)
    assert all(np.array_equal(a, b) for a, b in zip(with_it.get_weights(), without.get_weights()))


@pytest.mark.parametrize(("epochs", "batch_size"), [(1, 256), (3, 100), (2, 7)])
def test_takes_as_many_steps_as_were_counted(few, epochs, batch_size):
    model = small(total_steps(600, epochs, batch_size))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train_small(few, model, epochs=epochs, batch_size=batch_size)
    assert int(model.optimizer.iterations) == total_steps(600, epochs, batch_size)


def test_callbacks_are_called(few):
    epochs = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch))
    train_small(few, callbacks=[note], epochs=2)
    train_small(few, callbacks=note, epochs=1)
    assert epochs == [0, 1, 0]


# That it can be repeated


def test_seed_fixes_the_result_whatever_ran_before(few):
    def after_training(seed, model_seed=0):
        model = small(seed=model_seed)
        train_small(few, model, seed=seed, epochs=2)
        return model.get_weights()

    def same(one, other):
        return all(np.array_equal(a, b) for a, b in zip(one, other))

    first = after_training(1)
    np.random.random(17)  # noqa: NPY002
    keras.random.normal((3,))
    assert same(first, after_training(1)), "equal seeds"
    assert not same(first, after_training(2)), "another order of the images"
    assert not same(first, after_training(1, model_seed=2)), "other first weights"


# What it does not copy


@pytest.mark.parametrize("images", [1, 3])
def test_preprocessed_images_are_read_where_they_lie(images):
    x = preprocess(np.full((images, 28, 28), 51, np.uint8))
    for part in (x, x[-1:]):
        tensor = shared(part)
        assert isinstance(tensor, tf.Tensor)
        assert tensor.shape == part.shape
        part[:] = 0.5
        assert (tensor.numpy() == 0.5).all(), "the memory is the same"


@pytest.mark.parametrize(
    "unreadable",
    [
        lambda x: x.astype(np.float64),
        lambda x: x.astype(">f4"),
        lambda x: x.transpose(0, 2, 1),
        lambda x: x[:, 1:],
        lambda x: aligned((x.size + 1,))[1:].reshape(x.shape),
        lambda x: x.setflags(write=False) or x,
    ],
    ids=["64 bits", "big-endian", "transposed", "cut", "between addresses", "read-only"],
)
def test_what_cannot_be_read_in_place_is_left_to_be_copied(unreadable):
    x = unreadable(preprocess(np.zeros((4, 28, 28), np.uint8)))
    assert shared(x) is x


def test_training_is_the_same_whether_images_are_copied_or_not(few, monkeypatch):
    x, y = aligned(few[0].shape), few[1]
    x[:] = few[0]
    handed = []
    monkeypatch.setattr(
        keras.Sequential, "fit", lambda model, x, *rest, _fit=keras.Sequential.fit, **k: handed.append(x) or _fit(model, x, *rest, **k)
    )
    models = [small(), small()]
    for model, images in zip(models, (x, x.copy(order="F"))):
        train_small((images, y), model)
    assert [isinstance(each, tf.Tensor) for each in handed] == [True, False]
    for one, other in zip(*(model.get_weights() for model in models)):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(x, few[0])


# On several devices

# Accuracies of what two_devices.py trains, on one device with 20 seeds, have a standard deviation of 0.0034 on the sample and of 0.0032 on
# the full edition; four standard deviations of a difference between two of them.
SPREAD = 0.0034
MARGIN = 4 * SPREAD * 2**0.5


@pytest.fixture(scope="module")
def devices():
    """What one device and two made of the same training."""
    done = subprocess.run([sys.executable, str(ROOT / "tests" / "two_devices.py")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_two_devices_reach_the_accuracy_of_one(devices):
    one, two = devices["one"], devices["two"]
    assert (one["copies"], two["copies"]) == (1, 2), "two devices hold the weights"
    assert two["accuracy"] == pytest.approx(one["accuracy"], abs=MARGIN)
    assert two["validation"][0] == pytest.approx(two["validation"][1], abs=1e-6), "validation and evaluate agree"


def test_two_devices_take_the_same_steps_as_one(devices):
    assert devices["furthest"] < 1e-5 < 1e-2 < devices["moved"], "without dropout, weights differ by rounding"
    assert devices["two"]["steps"] == devices["one"]["steps"]
    assert devices["two"]["refused"] == devices["one"]["refused"]
    assert "build and compile it anew" in devices["two"]["refused"]


# What it refuses

IMAGES = np.zeros((20, 28, 28), np.float32)
LABELS = np.arange(20) % 10
REFUSED = {
    "lists": ((IMAGES.tolist(), LABELS), TypeError, "x and y must be NumPy arrays; got an object of type list for the examples"),
    "None": ((None, None), TypeError, "x and y must be NumPy arrays; got None"),
    "bytes": ((IMAGES.astype(np.uint8), LABELS), TypeError, r"fractions in \[0, 1\], as preprocess returns them; got uint8"),
    "NaN": ((IMAGES * np.nan, LABELS), ValueError, "images must be finite numbers"),
    "infinite": ((IMAGES - np.inf, LABELS), ValueError, "images must be finite numbers"),
    "swapped": ((LABELS, IMAGES), TypeError, "x and y seem to be swapped"),
    "one-hot": ((IMAGES, np.eye(10)[LABELS]), TypeError, r"labels must be integers with shape \(n,\).*\(20, 10\).*y.argmax\(axis=1\)"),
    "column": ((IMAGES, LABELS[:, np.newaxis]), TypeError, r"labels must be integers with shape \(n,\).*\(20, 1\).*y.ravel\(\)"),
    "float labels": ((IMAGES, LABELS / 1), TypeError, "labels must be integers.*got an array of float64"),
    "text labels": ((IMAGES, LABELS.astype(str)), TypeError, "labels must be integers.*got an array of <U"),
    "labels from 1 to 10": ((IMAGES, LABELS + 1), ValueError, "labels must be digits, 0 to 9; got values from 1 to 10"),
    "lengths": ((IMAGES, LABELS[:5]), ValueError, r"one label for each example.*got shapes \(20, 28, 28\) and \(5,\)"),
    "nothing": ((IMAGES[:0], LABELS[:0]), ValueError, "at least one"),
    "one image": ((IMAGES[0], LABELS[0]), TypeError, r"must be NumPy arrays; got (np\.int64\(\d\)|\d) for the labels"),
    "channel first": ((IMAGES[:, np.newaxis], LABELS), ValueError, r"images must have shape \(n, 28, 28\).*got \(20, 1, 28, 28\)"),
    "flattened": ((IMAGES.reshape(20, 784), LABELS), ValueError, r"images must have shape \(n, 28, 28\).*got \(20, 784\)"),
}


@pytest.mark.parametrize(("examples", "kind", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_examples_with_a_reason(examples, kind, says):
    with pytest.raises(kind, match=says):
        train(small(), *examples, progress="none")
    with pytest.raises(kind, match=says.replace("x and y must", "validation_data must")):
        train(small(), IMAGES, LABELS, validation_data=examples, progress="none")


@pytest.mark.parametrize(
    ("keywords", "kind", "says"),
    [
        ({"epochs": 0}, ValueError, "epochs must be a whole number, at least 1; got 0"),
        ({"epochs": 1.5}, ValueError, "epochs must be a whole number, at least 1; got 1.5"),
        ({"batch_size": 0}, ValueError, "batch_size must be a whole number, at least 1; got 0"),
        ({"batch_size": None}, ValueError, "batch_size must be a whole number, at least 1; got None"),
        ({"seed": -1}, ValueError, "seed must be None or a whole number .*; got -1"),
        ({"seed": 0.5}, ValueError, "seed must be None or a whole number .*; got 0.5"),
        ({"validation_data": 0.1}, TypeError, r"validation_data must be a pair \(x, y\); got 0.1"),
        ({"validation_data": IMAGES}, TypeError, r"validation_data must be a pair \(x, y\); got an array of float32"),
        ({"progress": "loud"}, ValueError, "progress must be one of auto, notebook, terminal, log, none; got 'loud'"),
    ],
)
def test_refuses_settings_with_a_reason(keywords, kind, says):
    with pytest.raises(kind, match=says):
        train(small(), IMAGES, LABELS, **{"progress": "none", **keywords})


def test_refuses_models_with_a_reason():
    with pytest.raises(ValueError, match=r"call compile_model\(model\) first"):
        train(build_model(8), IMAGES, LABELS)
    with pytest.raises(TypeError, match="model must be a Keras model.*got None"):
        train(None, IMAGES, LABELS)


def test_a_model_with_a_channel_takes_images_without_one(few):
    model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(2, 5, strides=4), layers.Flatten(), layers.Dense(10)])
    train_small(few, compile_model(model))
    assert len(evaluate(model, *few).labels) == 600


# A schedule that does not fit


def test_a_cell_run_twice_is_noticed(few):
    model = small(total_steps(600, 1))
    train_small(few, model)
    with pytest.raises(ValueError, match="trained for the 3 steps that compile_model planned.*build and compile it anew"):
        train_small(few, model)


@pytest.mark.parametrize("planned", [2, 5])
def test_a_plan_that_does_not_fit_is_noticed(few, planned):
    with pytest.warns(UserWarning, match=f"compile_model planned {planned} steps, and training ends after 3"):
        train_small(few, small(planned))


def test_training_can_go_on_within_a_plan(few):
    model = small(total_steps(600, 2))
    with pytest.warns(UserWarning, match="planned 6 steps, and training ends after 3"):
        train_small(few, model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train_small(few, model)


def test_without_a_plan_training_can_go_on_for_ever(few):
    model = small()
    for _ in range(2):
        train_small(few, model)
    assert int(model.optimizer.iterations) == 6
