"""Model: the two networks of the course, one of dense layers, one of convolutions; both end in logits.

Chapter 04-model computes a dense layer by hand, chapter 09-convolution a convolution.
"""

import logging
import numbers
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from .arguments import check_seed, check_whole, describe_value

# Some GPUs round the factors of a product to ten bits unless told not to; what a chapter computes by hand would differ in the fourth digit.
tf.config.experimental.enable_tensor_float_32_execution(False)

# TensorFlow warns of functions traced anew, once several models were trained in one process: a notebook that compares models means to.
logging.getLogger("tensorflow").addFilter(lambda record: "triggered tf.function retracing" not in record.getMessage())


def build_model(hidden_units: int = 128, dropout: float = 0.2, seed: int | None = 0) -> keras.Sequential:
    """A network with one hidden layer: Input, Flatten, Dense (ReLU), Dropout, Dense.

    Parameters
    ----------
    hidden_units : int, at least 1
        Neurons in the hidden layer.
    dropout : float, 0 <= dropout < 1
        Fraction of hidden values set to zero in each training step.
    seed : int or None
        The same seed gives the same first weights and the same dropout; None draws new ones.

    Returns
    -------
    keras.Sequential
        Takes float32 images (n, 28, 28) in [0, 1], returns logits, float32 (n, 10). Not compiled yet.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Notes
    -----
    Has 784 · hidden_units + hidden_units + hidden_units · 10 + 10 parameters. Built by hand in chapter 04-model.
    Dropout: Srivastava et al. (2014). First weights: Glorot and Bengio (2010).
    """
    _check_dense_layers(hidden_units, dropout)
    weights, dropped = _seeds(seed)
    return keras.Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(int(hidden_units), activation="relu", kernel_initializer=weights()),
            layers.Dropout(dropout, seed=dropped()),
            layers.Dense(10, kernel_initializer=weights()),
        ],
        name="dense",
    )


def build_convolutional_model(
    filters: tuple[int, ...] = (16, 32), hidden_units: int = 128, dropout: float = 0.3, seed: int | None = 0
) -> keras.Sequential:
    """A network that looks at neighbouring pixels: convolutions, one pooling of 2×2, then dense layers.

    The first convolution looks at 5×5 pixels, at every other position (stride 2); the others at 3×3 values, at every position.

    Parameters
    ----------
    filters : tuple of int, 1 to 5 entries
        Filters of each convolution.
    hidden_units : int, at least 1
        Neurons in the dense layer before the last.
    dropout : float, 0 <= dropout < 1
    seed : int or None
        The same seed gives the same first weights and the same dropout; None draws new ones.

    Returns
    -------
    keras.Sequential
        Takes float32 images (n, 28, 28) in [0, 1], returns logits, float32 (n, 10). Not compiled yet.

    Raises
    ------
    ValueError
        If there is no filter, more convolutions than 28 × 28 pixels have room for, or an argument lies outside its range.

    Notes
    -----
    A convolution is computed by hand in chapter 09-convolution. LeCun et al. (1998). The stride of the first one saves three quarters of
    its work, and of all the work behind it.
    """
    if not (isinstance(filters, (tuple, list)) and 1 <= len(filters) <= 5):
        raise ValueError(f"filters must be a tuple of 1 to 5 whole numbers, one for each convolution; got {describe_value(filters)}")
    for count in filters:
        check_whole(filters=count)
    _check_dense_layers(hidden_units, dropout)
    weights, dropped = _seeds(seed)
    convolutions = [
        layers.Conv2D(int(count), 3 if index else 5, 1 if index else 2, activation="relu", kernel_initializer=weights())
        for index, count in enumerate(filters)
    ]
    return keras.Sequential(
        [
            layers.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            *convolutions,
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(int(hidden_units), activation="relu", kernel_initializer=weights()),
            layers.Dropout(dropout, seed=dropped()),
            layers.Dense(10, kernel_initializer=weights()),
        ],
        name="convolutional",
    )


def gives_logits(model: keras.Model) -> bool:
    """Whether a model returns logits (True) or probabilities (False), told by its last layer.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        If it is no Keras model.
    ValueError
        If the last layer does not tell; the caller must say it then, with the argument `logits`.

    Notes
    -----
    Logits are introduced in chapter 04-model.
    """
    check_model(model)
    last = _last_layer(model)
    if isinstance(last, layers.Softmax):
        return False
    activation = getattr(last, "activation", None)
    if activation is keras.activations.softmax:
        return False
    if activation is keras.activations.linear:
        return True
    raise ValueError(
        f"the last layer, {last.name!r} ({type(last).__name__}), does not tell whether it returns logits or probabilities: "
        "say it with logits=True or logits=False"
    )


def _last_layer(model: keras.Model) -> keras.Operation:
    """The layer or operation whose output a model returns; the model itself where that cannot be known."""
    outputs = getattr(model, "outputs", None) or []  # what a functional model returns, or a Sequential that knows its input's shape
    if len(outputs) == 1:
        last = outputs[0]._keras_history.operation  # model.layers lists no operations, and several outputs in any order
    elif isinstance(model, keras.Sequential) and model.layers:
        last = model.layers[-1]
    else:
        return model
    return _last_layer(last) if isinstance(last, keras.Model) else last


def check_model(model: keras.Model, images: np.ndarray | None = None) -> None:
    """Refuse what is no Keras model that returns ten numbers for each of these images.

    Parameters
    ----------
    model : object
    images : ndarray, shape (n, height, width), optional

    Raises
    ------
    TypeError
        If it is no Keras model.
    ValueError
        If it returns no ten numbers, or takes images of another shape.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a Keras model, as build_model() returns it; got {describe_value(model)}")
    returned = getattr(model, "output_shape", None)  # None until the model knows its input's shape
    if isinstance(returned, tuple) and returned[-1] != 10:
        raise ValueError(f"model must return ten numbers for each image, one for each digit; its output has shape {returned}")
    taken = getattr(model, "input_shape", None)
    if images is not None and isinstance(taken, tuple) and taken[1:] not in (images.shape[1:], (*images.shape[1:], 1)):
        raise ValueError(f"images must have shape {('n', *taken[1:])}, as the model takes them; got {images.shape}".replace("'n'", "n"))


def _check_dense_layers(hidden_units: int, dropout: float) -> None:
    check_whole(hidden_units=hidden_units)
    if not (isinstance(dropout, numbers.Real) and 0 <= dropout < 1):
        raise ValueError(f"dropout must be a number from 0 to below 1; got {describe_value(dropout)}")


def _seeds(seed: int | None) -> tuple[Callable[[], keras.Initializer], Callable[[], int | None]]:
    """Two makers, of first weights and of seeds for dropout, whose every call gives another one, fixed by `seed`."""
    check_seed(seed)
    generator = keras.random.SeedGenerator(None if seed is None else int(seed))

    def number() -> int | None:
        return None if seed is None else int(generator.next()[0])

    return (lambda: keras.initializers.GlorotUniform(number())), number
