"""The tasks of the set on training: a network of the student's own, early stopping, four histories to be read. Chapter 06-training."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from . import _reading
from ._task import Failure, Inputs, Task

# accuracy

TARGETS = {"full": ((0.90, 0.0), (0.97, 1.0)), "sample": ((0.80, 0.0), (0.92, 1.0))}

ACCURACY = Task(
    name="accuracy",
    worth=10,
    inputs=_reading.inputs,
    reference=_reading.reference,
    points=_reading.points(10, TARGETS, "digits it has not seen"),
    hint="train longer, or with a learning rate that falls to zero, or give the hidden layer more neurons; look at the learning curves.",
)


# train_and_stop

MOST_EPOCHS, PATIENCE = 60, 3
LEARNED = 0.4  # accuracy on digits that were not handed in: a network trained as asked reads about 0.75, an untrained one 0.1


def _stopping_inputs(seed: int) -> Inputs:
    from ..loading import load_mnist

    (images, labels), _ = load_mnist()
    chosen = np.random.default_rng(seed).permutation(len(labels))[:1_000]
    x, y = images[chosen].astype(np.float32) / 255, labels[chosen]
    return Inputs([(x[:200], y[:200], x[200:500], y[200:500], MOST_EPOCHS, PATIENCE)], secret=(x[500:], y[500:]))


def _stopping_reference(inputs: Inputs) -> list[Any]:
    """What a right answer leaves behind, as the collector returns it."""
    import keras

    from . import _fitted

    def train_and_stop(model: Any, x_train: Any, y_train: Any, x_validation: Any, y_validation: Any, epochs: int, patience: int) -> Any:
        stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)
        validation = (x_validation, y_validation)
        return model.fit(x_train, y_train, epochs=epochs, validation_data=validation, callbacks=[stopping], verbose=0)

    return [_fitted.collect(train_and_stop, case) for case in inputs.cases]


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy of logits (n, 10), in nats."""
    logits = np.asarray(logits, dtype=float)
    largest = logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(logits - largest).sum(axis=1)) + largest[:, 0]
    return float((log_sum - logits[np.arange(len(labels)), labels]).mean())


def _logits(weights: list[Any], images: np.ndarray) -> np.ndarray:
    """What the network of `_fitted` gives with these weights. Computed here, so that losses are those of a network that there is."""
    hidden, hidden_bias, last, last_bias = (np.asarray(each, dtype=float) for each in weights)
    flat = images.reshape(len(images), -1)
    if [each.shape for each in (hidden, hidden_bias, last, last_bias)] != [(flat.shape[1], 64), (64,), (64, 10), (10,)]:
        raise ValueError("the weights are not those of the network that was handed in")
    return np.maximum(flat @ hidden + hidden_bias, 0) @ last + last_bias


def _stopping_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    (came,), ((_, _, images, labels, epochs, patience),) = outputs, inputs.cases
    if isinstance(came, Failure):
        return 0.0, f"{came.sentence}."
    losses = came["losses"]
    if not isinstance(losses, (list, tuple, np.ndarray)) or np.ndim(losses) != 1 or len(losses) == 0:
        return 0.0, f"Expected the list of validation losses, one for each epoch; came {losses}."
    losses = np.asarray(losses, dtype=float)
    if not came["steps"]:
        return 0.0, "The model was not trained: its optimizer made no step."
    best, kept = int(losses.argmin()), _cross_entropy(_logits(came["weights"], images), labels)
    waited = len(losses) - 1 - best
    lowest = f"lowest validation loss {losses[best]:.4f}, in epoch {best + 1}"
    told = f"{len(losses)} epochs of at most {epochs}; {lowest}; the model kept {kept:.4f}."
    if abs(kept - losses).min() > 1e-3 * (1 + kept):
        return 0.0, f"{told} The validation loss of the model at the end is in none of the epochs: measure it on x_validation."
    new_images, new_labels = inputs.secret
    reads = float((_logits(came["weights"], new_images).argmax(axis=1) == new_labels).mean())
    if reads < LEARNED:
        return 0.0, f"{told} The model reads {reads:.0%} of digits that were not handed in: it was not trained on the training images."
    stopped = waited == patience and len(losses) < epochs
    restored = abs(kept - losses[best]) <= 1e-3 * (1 + losses[best])
    if stopped and restored:
        return 4.0, f"{told} Stopped after {patience} epochs without a lower loss, with the best weights."
    if stopped:
        return 2.0, f"{told} Stopped in time, but the weights are those of the last epoch: the best ones are to be put back."
    if restored and len(losses) >= epochs:
        return 2.0, f"{told} The best weights were kept, but the training ran through all {epochs} epochs."
    if restored and waited != patience:
        return 2.0, f"{told} The best weights were kept, but it stopped {waited} epochs after the best one; the patience was {patience}."
    return 0.0, f"{told} It did not stop {patience} epochs after the lowest validation loss, and the best weights were not put back."


TRAIN_AND_STOP = Task(
    name="train_and_stop",
    worth=4,
    inputs=_stopping_inputs,
    reference=_stopping_reference,
    points=_stopping_points,
    hint="Keras has a callback for it; look at what it monitors, how long it waits, and what it does with the weights at the end.",
    collect="fitted",
)


# causes

# Which letter bears which cause; book/_tools/histories.py measured them.
_RIGHT = {"A": "labels shuffled", "B": "validated on training data", "C": "learning rate too high", "D": "overfitting"}
CAUSES = tuple(sorted(_RIGHT.values()))


def given_histories() -> dict[str, dict[str, list[float]]]:
    """The four histories of the task `causes`.

    Returns
    -------
    dict
        For each of the letters A to D a history as Keras keeps it: ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``, each a list of
        20 numbers, one for each epoch. They were measured on the sample edition.
    """
    measured = json.loads(Path(__file__).with_name("histories.json").read_text(encoding="utf-8"))
    return {letter: measured[cause] for letter, cause in _RIGHT.items()}


def _causes_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    (came,) = outputs
    if isinstance(came, Failure):
        return 0.0, f"{came.sentence}."
    if not isinstance(came, dict):
        return 0.0, f"Expected a dict from the letters A to D to causes; came {type(came).__name__}."
    told = {str(letter).strip().upper(): str(cause).strip().lower() for letter, cause in came.items()}
    unknown = sorted(set(told.values()) - set(CAUSES))
    wrong = [letter for letter in _RIGHT if told.get(letter) != _RIGHT[letter]]
    if unknown:
        return float(4 - len(wrong)), f"No such cause: {', '.join(map(repr, unknown))}. The causes are {', '.join(map(repr, CAUSES))}."
    if not wrong:
        return 4.0, "All four causes are right."
    return float(4 - len(wrong)), f"{4 - len(wrong)} of 4 are right; look again at {' and '.join(wrong)}."


CAUSES_TASK = Task(
    name="causes",
    worth=4,
    inputs=lambda seed: Inputs([()]),
    reference=lambda inputs: [dict(_RIGHT)],
    points=_causes_points,
    hint="compare each training curve with its validation curve: which of them moves, and how far are they apart?",
)

TASKS = (ACCURACY, TRAIN_AND_STOP, CAUSES_TASK)
