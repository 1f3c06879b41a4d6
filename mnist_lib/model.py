"""Model: the two networks of the course, one of dense layers, one of convolutions; both end in logits.

Chapter 04-model computes a dense layer by hand, chapter 09-convolution a convolution.
"""

import logging

import numbers

import keras
import numpy as np
from keras import layers

from .arguments import check_seed, check_whole, describe_value

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
    check_whole(hidden_units=hidden_units)
    weights, dropped = _seeds(seed)
    return keras.Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(hidden_units, activation="relu", kernel_initializer=weights()),
            layers.Dropout(dropout, seed=dropped()),
            layers.Dense(10, kernel_initializer=weights()),
        ],
        name="dense",
    )


def build_convolutional_model(
    filters: tuple[int, ...] = (16, 32), hidden_units: int = 128, dropout: float = 0.3, seed: int | None = 0
) -> keras.Sequential:
    """A network that looks at neighbouring pixels: for each entry of `filters` a 3×3 convolution and 2×2 pooling, then dense layers.

    Parameters
    ----------
    filters : tuple of int, 1 to 3 entries
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
        If there is no filter, so many layers that pooling would leave nothing of 28 × 28 pixels, or an argument lies outside its range.

    Notes
    -----
    A convolution is computed by hand in chapter 09-convolution. LeCun et al. (1998).
    """
    if not (isinstance(filters, (tuple, list)) and 1 <= len(filters) <= 3):
        raise ValueError(f"filters must be a tuple of 1 to 3 whole numbers, one for each convolution; got {describe_value(filters)}")
    for count in filters:
        check_whole(filters=count)
    check_whole(hidden_units=hidden_units)
    weights, dropped = _seeds(seed)
    convolutions = []
    for count in filters:
        convolutions += [layers.Conv2D(count, 3, activation="relu", kernel_initializer=weights()), layers.MaxPooling2D()]
    return keras.Sequential(
        [
            layers.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            *convolutions,
            layers.Flatten(),
            layers.Dense(hidden_units, activation="relu", kernel_initializer=weights()),
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
    ValueError
        If the last layer does not tell; the caller must say it then, with the argument `logits`.

    Notes
    -----
    Logits are defined in chapter 05-compilation.
    """
    last = model.layers[-1] if getattr(model, "layers", None) else model
    if isinstance(last, keras.Model):
        return gives_logits(last)
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


def _seeds(seed: int | None):
    """Two makers, of first weights and of seeds for dropout, whose every call gives another one, fixed by `seed`."""
    generator = keras.random.SeedGenerator(seed)

    def number() -> int | None:
        return None if seed is None else int(generator.next()[0])

    return (lambda: keras.initializers.GlorotUniform(number())), number
