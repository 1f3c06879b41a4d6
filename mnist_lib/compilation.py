"""Compilation: what the network is to minimise, and how it takes its steps.

Chapter 05-compilation builds loss and gradient by hand.
"""

import math
import numbers

import keras

from .arguments import check_whole, describe_value
from .fused_adam import FusedAdam
from .model import check_model, gives_logits

BATCH_SIZE = 256
PEAK_LEARNING_RATE = 1.2e-2  # of a schedule: warm-up, then cosine decay to zero
CONSTANT_LEARNING_RATE = 1e-3
WARM_UP = 0.1  # fraction of all steps
# Adam's running means reach back about ten and a thousand steps by default; where there are a thousand in all, shorter ones do better.
SHORT_MEMORY = {"beta_1": 0.6, "beta_2": 0.99}
ENOUGH_IMAGES = 20_000  # from here on four epochs suffice; with fewer images each is seen more often


def default_epochs(images: int) -> int:
    """How often the course's recipe goes through so many training images: 4 times, or 20 times if there are fewer than 20,000.

    Parameters
    ----------
    images : int, at least 1

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If it is no whole number or below 1.

    Notes
    -----
    See chapter 06-training.
    """
    check_whole(images=images)
    return 4 if images >= ENOUGH_IMAGES else 20


def total_steps(images: int, epochs: int | None = None, batch_size: int = BATCH_SIZE) -> int:
    """How many steps training takes: batches in an epoch (the last may be smaller) times epochs.

    Parameters
    ----------
    images : int, at least 1
        Training images.
    epochs : int, at least 1, or None
        None stands for the recipe's own number, as in `train`.
    batch_size : int, at least 1

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If one of them is no whole number or below 1.

    Notes
    -----
    Counted by hand in chapter 06-training.
    """
    if epochs is None:
        epochs = default_epochs(images)
    check_whole(images=images, epochs=epochs, batch_size=batch_size)
    return epochs * math.ceil(images / batch_size)


def compile_model(
    model: keras.Model,
    learning_rate: float | None = None,
    total_steps: int | None = None,
    *,
    optimizer: keras.optimizers.Optimizer | str | None = None,
    logits: bool | None = None,
    steps_per_execution: int = 47,
) -> keras.Model:
    """Give a model its loss, its optimizer and its metric.

    Parameters
    ----------
    model : keras.Model
        Returns ten logits or ten probabilities for an image.
    learning_rate : float above 0, or None
        The learning rate, or with `total_steps` its peak. None stands for 1e-3, or 1.2e-2 with `total_steps`.
    total_steps : int or None
        With it, the learning rate rises to its peak during the first tenth of so many steps and falls to zero along half a
        cosine during the others, and Adam's running means are shorter than usual. The function `total_steps` counts the steps.
    optimizer : keras optimizer, its name, or None
        Used as it is (`learning_rate` and `total_steps` must be None then); None stands for Adam, as Keras sets it up, in its faster
        form `FusedAdam`.
    logits : bool or None
        Whether the model returns logits; None finds out from its last layer.
    steps_per_execution : int, at least 1
        Steps that TensorFlow takes before it comes back to Python. Only speed depends on it. A model built within the scope of a
        `tf.distribute` strategy with several devices takes 1.

    Returns
    -------
    keras.Model
        The same model, compiled with sparse categorical cross-entropy and accuracy.

    Raises
    ------
    TypeError
        If `model` is no Keras model.
    ValueError
        If the learning rate is not positive, arguments contradict each other, or the last layer does not tell what it returns.

    Notes
    -----
    Loss and gradient are built by hand in chapter 05-compilation. Adam: Kingma and Ba (2015). Cosine decay: Loshchilov and Hutter (2017).
    """
    check_model(model)
    check_whole(steps_per_execution=steps_per_execution)
    if optimizer is not None:
        if learning_rate is not None or total_steps is not None:
            raise ValueError("learning_rate and total_steps belong to the optimizer; give them, or an optimizer, not both")
    else:
        if learning_rate is None:
            learning_rate = CONSTANT_LEARNING_RATE if total_steps is None else PEAK_LEARNING_RATE
        if not (isinstance(learning_rate, numbers.Real) and learning_rate > 0):
            raise ValueError(
                f"learning_rate must be a number above 0; got {describe_value(learning_rate)}. "
                "A schedule or an optimizer of your own is handed over as optimizer=…"
            )
        rate = float(learning_rate)
        if total_steps is None:
            optimizer = FusedAdam(rate)
        else:
            check_whole(total_steps=total_steps)
            warm_up = round(WARM_UP * total_steps)
            schedule = keras.optimizers.schedules.CosineDecay(
                0.0, decay_steps=total_steps - warm_up, warmup_target=rate, warmup_steps=warm_up
            )
            optimizer = FusedAdam(schedule, **SHORT_MEMORY)
    if model.distribute_strategy.num_replicas_in_sync > 1:
        steps_per_execution = 1  # Keras cannot put several steps into one where devices add up their gradients (its issue 19246)
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=gives_logits(model) if logits is None else logits),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        steps_per_execution=steps_per_execution,
    )
    # With the metric above, all variables exist now; a first step that had to make some would be traced a second time.
    model.optimizer.build(model.trainable_variables)
    model.planned_steps = total_steps
    return model
