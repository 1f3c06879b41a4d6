"""Runs a student's function that trains a network, and returns in plain numbers what it did."""

from typing import Any

from ._collect import plain
from ._task import Case, Failure


def collect(answer: Any, case: Case) -> Any:
    """What ``answer(model, x_train, y_train, x_validation, y_validation, epochs, patience)`` returns and leaves in the model.

    Parameters
    ----------
    answer : function
        The student's.
    case : tuple
        x_train, y_train, x_validation, y_validation, epochs, patience. The model, one hidden layer, is built here, always from one seed.

    Returns
    -------
    dict or Failure
        ``losses``: what the function returned; ``weights``: the model's, afterwards, as Keras orders them; ``steps``: how many its
        optimizer made.
    """
    import keras

    x_train, y_train, x_validation, y_validation, epochs, patience = case
    if not callable(answer):
        return Failure(f"expected a function, came {type(answer).__name__}")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.layers.Input(x_train.shape[1:]),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10),
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss=loss, metrics=["accuracy"])
    losses = answer(model, *(array.copy() for array in (x_train, y_train, x_validation, y_validation)), epochs, patience)
    if hasattr(losses, "history"):  # Keras' History, which holds the list
        losses = losses.history.get("val_loss")
    return {"losses": plain(losses), "weights": model.get_weights(), "steps": int(model.optimizer.iterations)}
