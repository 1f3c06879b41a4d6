"""How a Keras model that a student's function returns becomes plain data: what its layers are called, and how it behaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._task import Case, Failure

SIDE = 28
DRAWS = 4_000  # images whose dropout is counted: a share of 0.3 is measured to 0.007


def images() -> np.ndarray:
    """The five images that each model is shown.

    Returns
    -------
    ndarray of float32, shape (5, 28, 28), in [0, 1)
    """
    return np.random.default_rng(0).random((5, SIDE, SIDE)).astype(np.float32)


def weights_for(shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Weights that anyone can draw again: they depend on their place in the list and on their shape only.

    Parameters
    ----------
    shapes : list of tuple
        Of the weights of a model, in the order in which its layers are called.

    Returns
    -------
    list of ndarray of float32
        Of a size that keeps a layer's answers about as large as its inputs; biases are not zero, so that none can be forgotten unseen.
    """
    drawn = []
    for number, shape in enumerate(shapes):
        size = 0.5 if len(shape) < 2 else np.sqrt(2 / np.prod(shape[:-1]))
        drawn.append((np.random.default_rng(number).normal(size=shape) * size).astype(np.float32))
    return drawn


def collect(answer: Any, case: Case) -> Any:
    """Call a function that returns a Keras model, and describe the model.

    Parameters
    ----------
    answer : function
    case : tuple
        The arguments.

    Returns
    -------
    dict or Failure
        ``layers``, ``units``, ``activations``, ``rates``, ``shapes``: one entry for each layer, in the order in which they are called,
        those without layers of their own only, None where a layer has no such thing; ``parameters``: their number; ``built``: whether
        the model knew its shapes before it met an image; ``outputs``: for `images`, with weights by `weights_for`, in use;
        ``steady``: whether a call that does not say so gives the same; ``dropped``: see `_dropped`.
    """
    import copy

    if not callable(answer):
        return Failure(f"expected a function, came {type(answer).__name__}")
    return describe(answer(*copy.deepcopy(case)))


def describe(model: Any) -> dict[str, Any] | Failure:
    """The description of a model; see `collect`. Its weights are afterwards what they were."""
    import keras

    if not isinstance(model, keras.Model):
        return Failure(_no_model(model))
    shown = images()
    built = bool(model.built)
    calls: list[tuple[Any, Any]] = []
    try:
        with _recorded(calls):
            answered = model(shown, training=False)
    except Exception as error:  # whatever Keras, or a model's own code, can raise
        return Failure(_does_not_take(model, error))
    if not hasattr(answered, "shape"):
        return Failure(f"the model gives {type(answered).__name__} for images; expected one array of numbers")
    layers = [layer for layer, _ in calls]
    variables = _in_order(model, layers)
    before = [variable.numpy() for variable in variables]
    try:
        _set(variables, weights_for([tuple(variable.shape) for variable in variables]))
        outputs, again = (keras.ops.convert_to_numpy(model(shown, **named)) for named in ({"training": False}, {}))
        dropped = _dropped(model, variables)
    finally:
        _set(variables, before)
    return {
        "layers": [type(layer).__name__ for layer in layers],
        "units": [_whole(getattr(layer, "units", None)) for layer in layers],
        "activations": [getattr(getattr(layer, "activation", None), "__name__", None) for layer in layers],
        "rates": [_number(getattr(layer, "rate", None)) for layer in layers],
        "shapes": [shape for _, shape in calls],
        "parameters": int(model.count_params()),
        "built": built,
        "outputs": outputs,
        "steady": bool(np.allclose(outputs, again, rtol=1e-3, atol=1e-3)),
        "dropped": dropped,
    }


def _no_model(value: Any) -> str:
    import keras

    if value is None:
        return "expected a Keras model, came None, as from a function without `return`"
    if isinstance(value, (list, tuple)) and value and all(isinstance(each, keras.layers.Layer) for each in value):
        return "expected a Keras model, came a list of layers; `keras.Sequential` makes a model of them"
    if isinstance(value, keras.layers.Layer):
        return f"expected a Keras model, came one layer, {type(value).__name__}"
    if isinstance(value, keras.KerasTensor):
        return "expected a Keras model, came the output of its last layer; `keras.Model(inputs, outputs)` makes a model of the two"
    return f"expected a Keras model, came {type(value).__name__} (from {type(value).__module__.split('.')[0]})"


def _does_not_take(model: Any, error: Exception) -> str:
    """Why a model cannot be called with images of shape (5, 28, 28), in one sentence."""
    said = f"the model does not take images of shape (5, {SIDE}, {SIDE})"
    shape = getattr(model, "input_shape", None)
    if shape and tuple(shape[1:]) not in ((SIDE, SIDE), (SIDE, SIDE, 1)):
        return f"{said}, since its input shape is {shape}, where None stands for the number of images"
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and "Exception encountered" not in line]
    return f"{said}: {type(error).__name__}, {(lines or ['no message'])[0][:200]}"


@contextmanager
def _recorded(calls: list[tuple[Any, Any]]) -> Iterator[None]:
    """Write down each layer that is called, with the shape that it gives.

    A model's own list of layers tells neither a layer that is called twice nor, where the model is a class of its own, the order.
    """
    import keras

    original = keras.layers.Layer.__call__

    def call(layer: Any, *arguments: Any, **named: Any) -> Any:
        result = original(layer, *arguments, **named)
        inner = isinstance(layer, (keras.Model, keras.layers.InputLayer)) or any(True for _ in layer._flatten_layers(include_self=False))
        if not inner:
            calls.append((layer, (None, *result.shape[1:]) if hasattr(result, "shape") else None))
        return result

    keras.layers.Layer.__call__ = call
    try:
        yield
    finally:
        keras.layers.Layer.__call__ = original


def _in_order(model: Any, layers: list[Any]) -> list[Any]:
    """The trainable variables of a model, those of the layer called first at the start."""
    found: dict[int, Any] = {}
    for variable in [variable for layer in layers for variable in layer.trainable_variables] + list(model.trainable_variables):
        found.setdefault(id(variable), variable)
    return list(found.values())


def _set(variables: list[Any], values: list[np.ndarray]) -> None:
    for variable, given in zip(variables, values):
        variable.assign(given)


def _dropped(model: Any, variables: list[Any]) -> list[float] | None:
    """The share of values that are set to zero in training: of the pixels, of each dense layer's answers in turn, of the outputs.

    Measured, not read from the layers: for each level the weights are set so that all its values are 1, and that what comes out is zero
    where the level's first value was. This holds wherever a Dropout layer stands, and if one is called several times.

    Returns
    -------
    list of float or None
        None for what is not a chain of dense layers.
    """
    import keras

    kernels, biases = variables[::2], variables[1::2]
    chain = len(kernels) == len(biases) and all(len(kernel.shape) == 2 for kernel in kernels)
    if not chain or not kernels or any(tuple(bias.shape) != (kernel.shape[1],) for kernel, bias in zip(kernels, biases)):
        return None
    sizes = [SIDE * SIDE] + [kernel.shape[1] for kernel in kernels]
    if [kernel.shape[0] for kernel in kernels] != sizes[:-1]:
        return None
    ones = np.ones((DRAWS, SIDE, SIDE), np.float32)
    shares: list[float] = []
    for level in range(len(sizes)):
        for number, (kernel, bias) in enumerate(zip(kernels, biases)):
            weights = np.zeros(tuple(kernel.shape), np.float32)
            if number == level:
                weights[0] = 1  # each neuron hands on the first value
            elif number > level:
                weights[:] = 1 / len(weights)  # zero only if all are
            _set([kernel, bias], [weights, np.full(weights.shape[1], float(number < level), np.float32)])
        outputs = keras.ops.convert_to_numpy(model(ones, training=True))
        shares.append(float((np.abs(outputs.reshape(DRAWS, -1)[:, 0]) < 1e-6).mean()))
    # The last level is measured by itself; on the way from the others, all copies of a value may be lost together.
    rates, arrives = shares[-1:], 1 - shares[-1]
    for share, size in zip(shares[-2::-1], sizes[-2::-1]):
        rates.insert(0, float(np.clip(1 - (1 - share) / arrives, 0, 1)) if arrives else 1.0)
        arrives *= 1 - rates[0] ** size
    return rates


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, np.integer)) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float, np.number)) else None
