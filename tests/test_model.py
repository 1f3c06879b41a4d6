"""Stages model and convolution: layers against NumPy and SciPy, parameters counted by hand, seeds, and what a last layer tells."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from keras import layers
from scipy.signal import correlate2d

from mnist_lib import build_convolutional_model, build_model, gives_logits

BUILDERS = [build_model, build_convolutional_model]


def relu(values):
    return np.maximum(values, 0)


def weights(model):
    return [array.copy() for array in model.get_weights()]


@pytest.fixture
def images(random):
    return random.random((3, 28, 28), dtype=np.float32)


# The dense network


def test_dense_network_is_the_one_described():
    model = build_model()
    assert [type(layer) for layer in model.layers] == [layers.Flatten, layers.Dense, layers.Dropout, layers.Dense]
    assert model.count_params() == 784 * 128 + 128 + 128 * 10 + 10 == 101_770
    assert model.layers[2].rate == 0.2
    assert not model.compiled


@pytest.mark.parametrize("units", [1, 32, np.int64(7)])
def test_dense_parameters(units):
    assert build_model(units).count_params() == 795 * units + 10


def test_dense_network_computes_what_numpy_computes(images):
    model = build_model(hidden_units=16)
    for array in model.weights:
        array.assign(np.random.default_rng(1).normal(size=array.shape) / 10)  # biases are 0 at first: they would not be tested
    first, first_bias, second, second_bias = weights(model)
    expected = relu(images.reshape(3, 784) @ first + first_bias) @ second + second_bias
    assert model.predict(images, verbose=0) == pytest.approx(expected, abs=1e-4)


def test_first_weights_are_glorot_uniform():
    first, first_bias, second, second_bias = weights(build_model())
    for kernel in (first, second):
        limit = np.sqrt(6 / sum(kernel.shape))
        assert np.abs(kernel).max() <= limit
        assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    assert not first_bias.any()
    assert not second_bias.any()


# The convolutional network


def test_convolutional_network_computes_what_scipy_computes(images):
    model = build_convolutional_model(filters=(3,), hidden_units=5)
    for array in model.weights:
        array.assign(np.random.default_rng(1).normal(size=array.shape) / 10)
    filters, filter_bias, first, first_bias, second, second_bias = weights(model)
    maps = [[relu(correlate2d(image, filters[:, :, 0, i], "valid")[::2, ::2] + filter_bias[i]) for i in range(3)] for image in images]
    pooled = np.array(maps).reshape(3, 3, 6, 2, 6, 2).max(axis=(3, 5)).transpose(0, 2, 3, 1)
    expected = relu(pooled.reshape(3, -1) @ first + first_bias) @ second + second_bias
    assert model.predict(images, verbose=0) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("filters", [(4,), [4, 8], (4, 8, 16, 8, 4)])
def test_convolutional_parameters(filters):
    expected = (5 * 5 + 1) * filters[0] + sum((3 * 3 * before + 1) * after for before, after in pairwise(filters))
    side = (12 - 2 * (len(filters) - 1)) // 2
    expected += (side * side * filters[-1] + 1) * 20 + 21 * 10
    assert build_convolutional_model(filters, hidden_units=20).count_params() == expected


@pytest.mark.parametrize("filters", [(), (4,) * 6, 8, None, "16"])
def test_convolutional_network_refuses_other_filters(filters):
    with pytest.raises(ValueError, match="filters must be a tuple of 1 to 5 whole numbers.* got "):
        build_convolutional_model(filters)


@pytest.mark.parametrize("count", [0, -1, 8.5, "8", None])
def test_convolutional_network_refuses_other_counts(count):
    with pytest.raises(ValueError, match=f"filters must be a whole number, at least 1; got {count!r}"):
        build_convolutional_model((8, count))


# Both


@pytest.mark.parametrize("build", BUILDERS)
def test_logits_for_each_image(build, images):
    outputs = build().predict(images, verbose=0)
    assert outputs.shape == (3, 10)
    assert outputs.dtype == np.float32
    assert outputs.min() < 0, "probabilities are never below 0"
    assert gives_logits(build())


@pytest.mark.parametrize("build", BUILDERS)
def test_dropout_acts_in_training_only(build):
    model = build(hidden_units=2000, dropout=0.25)
    dropout = next(layer for layer in model.layers if isinstance(layer, layers.Dropout))
    ones = np.ones((1, 2000), np.float32)
    assert np.array_equal(dropout(ones), ones)
    dropped = np.asarray(dropout(ones, training=True))
    assert np.mean(dropped == 0) == pytest.approx(0.25, abs=0.05)
    assert set(np.round(np.unique(dropped), 4)) == {0, np.float32(1.3333)}, "what is kept grows, so that the sum stays"


@pytest.mark.parametrize("build", BUILDERS)
def test_seed_fixes_weights_and_dropout_whatever_ran_before(build):
    def made(seed):
        model = build(hidden_units=50, seed=seed)
        dropout = next(layer for layer in model.layers if isinstance(layer, layers.Dropout))
        return [*weights(model), np.asarray(dropout(np.ones((1, 50), np.float32), training=True))]

    first = made(1)
    keras.utils.set_random_seed(99)
    made(5)
    again, other = made(1), made(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[-1], other[-1])
    assert not np.array_equal(made(None)[0], made(None)[0])


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"hidden_units": 0}, "hidden_units must be a whole number, at least 1; got 0"),
        ({"hidden_units": 1.5}, "hidden_units must be a whole number, at least 1; got 1.5"),
        ({"hidden_units": (64, 32)}, r"hidden_units must be a whole number, at least 1; got \(64, 32\)"),
        ({"dropout": 1}, "dropout must be a number from 0 to below 1; got 1"),
        ({"dropout": 20}, "dropout must be a number from 0 to below 1; got 20"),
        ({"dropout": None}, "dropout must be a number from 0 to below 1; got None"),
        ({"dropout": float("nan")}, "dropout must be a number from 0 to below 1; got nan"),
        ({"seed": -1}, "seed must be None or a whole number from 0 to 4294967295; got -1"),
        ({"seed": "a"}, "seed must be .*; got 'a'"),
    ],
)
def test_refuses_with_a_reason(build, keywords, says):
    with pytest.raises(ValueError, match=says):
        build(**keywords)


# Logits or probabilities


def sequential(*last):
    return keras.Sequential([layers.Input((28, 28)), layers.Flatten(), *last])


def functional(*last):
    image = outputs = keras.Input((28, 28))
    for layer in (layers.Flatten(), *last):
        outputs = layer(outputs)
    return keras.Model(image, outputs)


class Subclassed(keras.Model):
    """Its layers tell nothing about what it returns."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(10)

    def call(self, images):
        return keras.ops.softmax(self.dense(keras.ops.reshape(images, (-1, 784))))


def two_outputs():
    image = keras.Input((28, 28))
    flat = layers.Flatten()(image)
    return keras.Model(image, [layers.Dense(10)(flat), layers.Dense(3, activation="softmax")(flat)])


@pytest.mark.parametrize("model", [sequential, functional])
@pytest.mark.parametrize(
    ("last", "logits"),
    [
        (lambda: [layers.Dense(10)], True),
        (lambda: [layers.Dense(10, activation="linear")], True),
        (lambda: [layers.Dense(10, activation="softmax")], False),
        (lambda: [layers.Dense(10), layers.Softmax()], False),
        (lambda: [layers.Dense(10), layers.Activation("softmax")], False),
        (lambda: [keras.Sequential([layers.Dense(10)])], True),
        (lambda: [keras.Sequential([layers.Dense(10), layers.Softmax()])], False),
    ],
)
def test_last_layer_tells(model, last, logits):
    assert gives_logits(model(*last())) is logits


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras reading its own file
def test_last_layer_tells_before_the_shape_is_known_and_after_saving(tmp_path):
    assert gives_logits(keras.Sequential([layers.Flatten(), layers.Dense(10)]))
    sequential(layers.Dense(10, activation="softmax")).save(tmp_path / "saved.keras")
    assert not gives_logits(keras.models.load_model(tmp_path / "saved.keras"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: sequential(layers.Dense(10, activation="sigmoid")),
        lambda: sequential(layers.Dense(10, activation="relu")),
        lambda: sequential(layers.Dense(10), layers.Dropout(0.1)),
        lambda: functional(layers.Dense(10), keras.ops.softmax),
        lambda: keras.Sequential(),
        two_outputs,
        Subclassed,
    ],
    ids=["sigmoid", "relu", "dropout", "operation", "empty", "two outputs", "subclassed"],
)
def test_last_layer_does_not_tell(make):
    with pytest.raises(ValueError, match="does not tell whether .* logits or probabilities: say it with logits=True or logits=False"):
        gives_logits(make())


@pytest.mark.parametrize("model", [None, "model", build_model, keras.Sequential, {"loss": [1]}])
def test_what_is_no_model(model):
    with pytest.raises(TypeError, match=r"model must be a Keras model, as build_model\(\) returns it; got "):
        gives_logits(model)
