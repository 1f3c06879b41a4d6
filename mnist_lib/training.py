"""Training: go through the images again and again, each time a little less wrong.

Chapter 06-training writes the loop by hand.
"""

import warnings
from collections.abc import Sequence

import keras
import numpy as np

from .arguments import check_preprocessed, check_seed, describe_value
from .compilation import BATCH_SIZE, default_epochs, total_steps
from .model import check_model
from .progress import Progress
from .zero_copy import shared


def train(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    *,
    epochs: int | None = None,
    batch_size: int = BATCH_SIZE,
    validation_data: tuple[np.ndarray, np.ndarray] | None = None,
    seed: int | None = 0,
    callbacks: keras.callbacks.Callback | Sequence[keras.callbacks.Callback] = (),
    progress: str = "auto",
) -> keras.callbacks.History:
    """Train a compiled model on labelled images.

    Parameters
    ----------
    model : keras.Model
        As `compile_model` returns it.
    x : ndarray of float, shape (n, 28, 28)
        As `preprocess` returns it.
    y : ndarray of integers, shape (n,), 0 to 9
    epochs : int, at least 1, or None
        Passes through the images; None stands for 4, or 20 with fewer than 20,000 images.
    batch_size : int, at least 1
        Images in each step.
    validation_data : (x, y) or None
        Images never trained on; loss and accuracy on them are measured after each epoch.
    seed : int or None
        The same seed shuffles alike (it sets the seeds of Python, NumPy and TensorFlow); None leaves them alone.
    callbacks : keras.callbacks.Callback, or a sequence of them
        Called beside the course's own progress report.
    progress : {"auto", "notebook", "terminal", "log", "none"}

    Returns
    -------
    keras.callbacks.History
        ``history.history`` maps loss and accuracy (with validation data also val_loss and val_accuracy) to one number an epoch.

    Raises
    ------
    TypeError
        If the images or the labels are of a kind the model cannot learn from.
    ValueError
        If the model is not compiled, its learning rate has fallen to zero already, or the arrays do not fit each other.

    Notes
    -----
    The loop is built by hand in chapter 06-training.

    A GPU is used where TensorFlow finds one. Under a strategy of `tf.distribute` several devices share each step: build the model and
    compile it within ``strategy.scope()``. `batch_size` stays the number of images in a step, all devices together.
    """
    _check_arguments(model, x, y, validation_data, seed)
    if epochs is None:
        epochs = default_epochs(len(x))
    _check_schedule(model, total_steps(len(x), epochs, batch_size))
    if seed is not None:
        keras.utils.set_random_seed(int(seed))
    if isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    return model.fit(
        shared(x),
        y,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=validation_data,
        callbacks=[Progress(progress), *(callbacks or ())],
        verbose=0,  # Progress reports instead
    )


def _check_arguments(
    model: keras.Model, x: np.ndarray, y: np.ndarray, validation_data: tuple[np.ndarray, np.ndarray] | None, seed: int | None
) -> None:
    check_preprocessed(x, y)
    check_model(model, x)
    check_seed(seed)
    if validation_data is not None:
        if not (isinstance(validation_data, (tuple, list)) and len(validation_data) == 2):
            raise TypeError(f"validation_data must be a pair (x, y); got {describe_value(validation_data)}")
        check_preprocessed(*validation_data, "validation_data")
        check_model(model, validation_data[0])
    if not model.compiled:
        raise ValueError("the model has no loss and no optimizer yet: call compile_model(model) first")


def _check_schedule(model: keras.Model, steps: int) -> None:
    """A learning rate that falls to zero must do so at the end of training: neither before nor, in a cell run twice, at its start."""
    planned = getattr(model, "planned_steps", None)
    if planned is None:
        return
    done = int(model.optimizer.iterations.numpy())  # on several devices it is no number by itself
    if done >= planned:
        raise ValueError(
            f"this model has been trained for the {planned:,} steps that compile_model planned, and its learning rate is 0 now: "
            "build and compile it anew to train again"
        )
    if done + steps != planned:
        warnings.warn(
            f"compile_model planned {planned:,} steps, and training ends after {done + steps:,}: the learning rate will not reach "
            "zero at the end of training. Give compile_model total_steps(images, epochs, batch_size).",
            stacklevel=3,
        )
