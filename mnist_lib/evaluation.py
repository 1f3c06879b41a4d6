"""Evaluation: how good a model is on images it has never seen, how sure one can be of that, and what it gets wrong.

Chapter 07-evaluation builds every number by hand.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .arguments import check_preprocessed, check_whole, describe_value

if TYPE_CHECKING:
    import keras

Z_95 = 1.959963984540054  # 95% of a normal distribution lie within so many standard deviations of its mean
SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)  # a softmax that underflowed to 0 would make the loss infinite


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` found out about a model on n labelled images.

    Attributes
    ----------
    accuracy : float in [0, 1]
        Fraction of images read rightly.
    interval : (float, float)
        The 95% Wilson interval of the accuracy.
    loss : float, at least 0
        Mean cross-entropy, in nats.
    confusion : ndarray of int, shape (10, 10)
        Row: the digit that it is. Column: the digit that was read.
    precision, recall : ndarray of float64, shape (10,)
        For each digit: the fraction right among those read as it, and the fraction found among those that are it. NaN where there are none.
    labels, predictions : ndarray of int, shape (n,)
    probabilities : ndarray of float64, shape (n, 10)
        Rows sum to 1.
    mistakes : ndarray of int, shape (number of mistakes,)
        Indices of the images read wrongly, the most confident first.

    Notes
    -----
    See chapter 07-evaluation.
    """

    accuracy: float
    interval: tuple[float, float]
    loss: float
    confusion: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    labels: np.ndarray
    predictions: np.ndarray
    probabilities: np.ndarray
    mistakes: np.ndarray

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"Evaluation of {len(self.labels):,} images: accuracy {self.accuracy:.2%} (95% interval {low:.2%} to {high:.2%}), "
            f"loss {self.loss:.4f}, {len(self.mistakes):,} mistakes"
        )


def evaluate(model: "keras.Model", x: np.ndarray, y: np.ndarray, *, logits: bool | None = None, batch_size: int = 1000) -> Evaluation:
    """Measure a model on labelled images.

    Parameters
    ----------
    model : keras.Model
        Returns ten logits or ten probabilities for an image.
    x : ndarray of float, shape (n, 28, 28), n at least 1
        As `preprocess` returns it.
    y : ndarray of integers, shape (n,), 0 to 9
    logits : bool or None
        Whether the model returns logits (else probabilities); None finds out from its last layer.
    batch_size : int, at least 1
        Images read at once. Only speed and memory depend on it.

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError
        If `model` is no Keras model, the images are no array of fractions, or the labels no array of integers.
    ValueError
        If the arrays do not fit each other, the last layer does not tell what it returns, or what it returns is no probability.

    Notes
    -----
    Every number of it is computed by hand in chapter 07-evaluation.
    """
    from .model import check_model, gives_logits  # here, so that the functions below serve without TensorFlow

    check_preprocessed(x, y)
    check_model(model, x)
    check_whole(batch_size=batch_size)
    labels = y.astype(int)
    logits = gives_logits(model) if logits is None else logits
    outputs = model.predict(x, batch_size=batch_size, verbose=0)
    if getattr(outputs, "shape", None) != (len(x), 10):
        raise ValueError(f"model must return ten numbers for each image, shape {(len(x), 10)}; got {describe_value(outputs)}")
    probabilities, logarithms = _probabilities(outputs.astype(np.float64), logits)

    predictions = probabilities.argmax(axis=1)
    confusion = confusion_matrix(labels, predictions)
    right = confusion.diagonal()
    wrong = np.flatnonzero(predictions != labels)
    with np.errstate(invalid="ignore"):  # a digit that never occurs, or is never read, has no rate: NaN
        precision, recall = right / confusion.sum(axis=0), right / confusion.sum(axis=1)
    return Evaluation(
        accuracy=float(right.sum() / len(labels)),
        interval=wilson_interval(int(right.sum()), len(labels)),
        loss=float(-logarithms[np.arange(len(labels)), labels].mean()),
        confusion=confusion,
        precision=precision,
        recall=recall,
        labels=labels,
        predictions=predictions,
        probabilities=probabilities,
        mistakes=wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")],
    )


def _probabilities(outputs: np.ndarray, logits: bool) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities that a model's outputs stand for, and their logarithms, which logits give without loss."""
    if not np.isfinite(outputs).all():
        raise ValueError("the model returns values that are not finite (NaN or infinity): its training diverged; lower the learning rate")
    if logits:
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return np.exp(logarithms), logarithms
    sums = outputs.sum(axis=1)
    if outputs.min() < 0 or np.abs(sums - 1).max() > 1e-3:
        raise ValueError(
            f"probabilities must lie in [0, 1] and sum to 1 for each image; got values from {outputs.min():.3g} to {outputs.max():.3g} "
            f"with sums from {sums.min():.3g} to {sums.max():.3g}. If these are logits, say evaluate(…, logits=True)"
        )
    probabilities = outputs / sums[:, np.newaxis]
    return probabilities, np.log(np.maximum(probabilities, SMALLEST_PROBABILITY))


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """The 95% Wilson score interval of a proportion.

    Parameters
    ----------
    successes, trials : int, 0 <= successes <= trials, trials at least 1

    Returns
    -------
    (float, float)
        Lower and upper end, within [0, 1].

    Raises
    ------
    ValueError
        If one is no whole number, there are no trials, or more successes than trials.

    Notes
    -----
    Wilson (1927). Unlike accuracy ± 2 standard errors it never leaves [0, 1]. Simulated in chapter 07-evaluation.
    """
    check_whole(0, successes=successes)
    check_whole(1, trials=trials)
    if successes > trials:
        raise ValueError(f"successes must not exceed trials; got {successes} of {trials}")
    successes, trials = int(successes), int(trials)
    rate, spread = successes / trials, Z_95**2 / trials
    middle = (rate + spread / 2) / (1 + spread)
    half = math.sqrt(rate * (1 - rate) * spread + spread**2 / 4) / (1 + spread)
    return max(min(middle - half, rate), 0.0), min(max(middle + half, rate), 1.0)  # rounding must not leave the rate outside


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """How often each digit was read as each digit.

    Parameters
    ----------
    labels, predictions : ndarray of integers, shape (n,), 0 to 9

    Returns
    -------
    ndarray of int, shape (10, 10)
        Row: the digit that it is. Column: the digit that was read.

    Raises
    ------
    ValueError
        If the shapes differ or a value is no digit. Probabilities and one-hot labels become digits by ``argmax(axis=1)``.

    Notes
    -----
    Counted by hand in chapter 07-evaluation.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1:
        raise ValueError(f"labels and predictions must both have shape (n,); got {labels.shape} and {predictions.shape}")
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values.size and (values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 9):
            came = f"values from {values.min()} to {values.max()}" if values.dtype.kind in "iu" else describe_value(values)
            raise ValueError(f"{name} must be digits, integers from 0 to 9; got {came}")
    return np.bincount(labels.astype(int) * 10 + predictions.astype(int), minlength=100).reshape(10, 10)
