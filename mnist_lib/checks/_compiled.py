"""What a network compiled by a student's function gives: its loss and metrics on a few digits, computed by Keras, as plain numbers."""

import logging
from typing import Any

from ._task import Case, Failure


def collect(answer: Any, case: Case) -> Any:
    """Hand a network to the student's function, and evaluate what it compiled.

    Parameters
    ----------
    answer : function of a Keras model
        It compiles the model in place; it may return it, another model, or nothing.
    case : tuple
        Kind of last layer, ``"logits"`` or ``"softmax"``; kind of labels, ``"integers"`` or ``"one-hot"``; inputs, shape (n, d); labels
        from 0 to 9, shape (n,); and the weights of two dense layers, whose dtype is the network's.

    Returns
    -------
    dict or Failure
        ``loss``, a float, None if Keras could not compute it; ``metrics``, a float for each name; ``optimizer``, whether there is one;
        ``error``, what Keras said when it could not compute loss and metrics, or None.
    """
    import keras

    if not callable(answer):
        return Failure(f"expected a function, came {type(answer).__name__}")
    last, kind, x, labels, weights = case
    given = _network(last, weights)
    returned = answer(given)
    model = returned if isinstance(returned, keras.Model) else given
    if not model.compiled:
        return Failure("the network was not compiled")
    y = keras.utils.to_categorical(labels, weights[-1].size) if kind == "one-hot" else labels
    optimizer = model.optimizer is not None
    logger = logging.getLogger("tensorflow")  # it warns of many networks compiled in a row, which is what checks do
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        found, error = _evaluated(model, x, y)
        if error and getattr(model, "inputs", None):  # the metrics may be the reason: see what the loss is without them
            bare = keras.Model(model.inputs, model.outputs)  # compiling the same network again would keep its old metrics
            bare.compile(optimizer=None, loss=model.loss)
            found, _ = _evaluated(bare, x, y)
    finally:
        logger.setLevel(level)
    return {"loss": found.pop("loss", None), "metrics": {} if error else found, "optimizer": optimizer, "error": error}


def _evaluated(model: Any, x: Any, y: Any) -> tuple[dict[str, Any], str | None]:
    """Loss and metrics by their names, none of them if Keras could not compute one; and what it said then."""
    try:
        found = model.evaluate(x, y, batch_size=len(x), verbose=0, return_dict=True)
        return {name: float(value) for name, value in found.items()}, None
    except Exception as raised:  # a loss that does not fit the labels can raise anything
        lines = [line.strip() for line in str(raised).splitlines() if line.strip() and "[[" not in line] or ["no message"]
        line = lines[-1] if lines[0].startswith("Graph execution error") else lines[0]  # TensorFlow's reason comes last
        reason = line.split(" for '{{")[0]  # what follows names TensorFlow's own nodes
        return {}, f"{type(raised).__name__}: {reason[:200]}"


def _network(last: str, weights: list[Any]) -> Any:
    import keras

    inside, classes = weights[2].shape
    bits = weights[0].dtype.name
    model = keras.Sequential(
        [
            keras.Input((len(weights[0]),)),
            keras.layers.Dense(inside, activation="relu", dtype=bits),
            keras.layers.Dense(classes, activation="softmax" if last == "softmax" else None, dtype=bits),
        ]
    )
    model.set_weights(weights)
    return model
