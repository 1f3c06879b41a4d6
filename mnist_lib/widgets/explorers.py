"""Explorers: what a chapter has computed by hand, to be moved. Each shows one idea, and says in a sentence what to try.

Everything is computed here, once; what is drawn of it while the reader moves is drawn by the JavaScript beside this module, so that an
explorer lives on a page as it does in a notebook. One call makes both. Those that show what networks read are in `network_explorers`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from ..arguments import check_labelled, check_whole, describe_value
from .component import Component

MOST_EXAMPLES = 12  # images to choose from; more would not fit in a row
MOST_WEIGHTS = 20_000  # of one layer: 80 kB of a page


class Explorer(Component):
    """What all explorers have in common."""

    styles = ("explorers",)
    said = "An explorer stands here, something to move: on the website, or in a notebook that runs. It needs JavaScript."


class PixelExplorer(Explorer):
    """See `explore_pixels`."""

    scripts = ("plots", "explore-pixels")
    images = traitlets.Bytes().tag(sync=True)
    labels: "traitlets.List[Any]" = traitlets.List().tag(sync=True)


class DenseExplorer(Explorer):
    """See `explore_dense`."""

    scripts = ("plots", "explore-dense")
    inputs = traitlets.Bytes().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    biases = traitlets.Bytes().tag(sync=True)


class TemperatureExplorer(Explorer):
    """See `explore_temperature`."""

    scripts = ("plots", "explore-temperature")
    logits = traitlets.Bytes().tag(sync=True)
    label = traitlets.Int().tag(sync=True)


class LearningRateExplorer(Explorer):
    """See `explore_learning_rate`."""

    scripts = ("plots", "explore-learning-rate")
    rates = traitlets.Bytes().tag(sync=True)
    losses = traitlets.Bytes().tag(sync=True)


def explore_pixels(images: np.ndarray, labels: np.ndarray) -> PixelExplorer:
    """The value of each pixel under the cursor, and those of its neighbours.

    Parameters
    ----------
    images : ndarray, shape (n, 28, 28), n from 1 to 12
        Bytes, uint8 in [0, 255], or fractions in [0, 1], which are shown as bytes.
    labels : ndarray of integers, shape (n,), 0 to 9

    Returns
    -------
    PixelExplorer
        Shows itself as the value of a notebook's cell.

    Raises
    ------
    TypeError
        If `images` or `labels` are no arrays of such numbers.
    ValueError
        If their shapes or their values are others.

    Notes
    -----
    Used in chapter 02-loading.
    """
    images = checked_digits(images, labels, most=MOST_EXAMPLES)
    return PixelExplorer(images=packed(images), labels=labels.tolist())


def explore_dense(inputs: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> DenseExplorer:
    """The sum that a neuron of a dense layer computes, term by term: input times weight, and in the end the bias.

    Parameters
    ----------
    inputs : ndarray of numbers, shape (m, n), (m, height, width) with height · width = n, or (n,); m from 1 to 12
    weights : ndarray of numbers, shape (n, neurons), at most 20,000 of them
        As a dense layer of Keras keeps them: one column for each neuron.
    biases : ndarray of numbers, shape (neurons,)

    Returns
    -------
    DenseExplorer
        Shows itself as the value of a notebook's cell.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, a number is not finite, or there are too many.

    Notes
    -----
    Used in chapter 04-model. The numbers are float32, as in Keras, and are added in double precision.
    """
    given = np.asarray(inputs)
    weights, biases = (_checked_numbers(**{name: value}) for name, value in (("weights", weights), ("biases", biases)))
    if weights.ndim != 2 or biases.shape != weights.shape[1:] or not weights.size:
        came = f"{weights.shape} and {biases.shape}"
        raise ValueError(f"weights must have shape (n, neurons) and biases shape (neurons,), as a dense layer keeps them; got {came}")
    if weights.size > MOST_WEIGHTS:
        raise ValueError(
            f"there may be {MOST_WEIGHTS:,} weights at most; got {weights.size:,}. Hand over some neurons: weights[:, :10], biases[:10]"
        )
    rows = _checked_numbers(inputs=given.reshape(1 if given.ndim < 2 else len(given), -1) if given.size else given)
    if rows.ndim != 2 or rows.shape[1] != len(weights) or len(rows) > MOST_EXAMPLES:
        raise ValueError(
            f"inputs must be 1 to {MOST_EXAMPLES} rows of {len(weights)} numbers, one for each row of weights; got {describe_value(given)}"
        )
    return DenseExplorer(inputs=rows.tobytes(), weights=weights.tobytes(), biases=biases.tobytes())


def explore_temperature(logits: np.ndarray, label: int) -> TemperatureExplorer:
    """Softmax of logits divided by a number T, and what it costs: minus the logarithm of the right class's probability.

    Parameters
    ----------
    logits : ndarray of numbers, shape (classes,), 2 to 10 classes
    label : int, 0 <= label < classes
        The right class; the reader can choose another.

    Returns
    -------
    TemperatureExplorer
        Shows itself as the value of a notebook's cell.

    Raises
    ------
    ValueError
        If these are not 2 to 10 finite numbers, or the label is none of their classes.

    Notes
    -----
    Used in chapter 05-compilation. T is the temperature of chapter 07-evaluation.
    """
    given, logits = logits, _checked_numbers(logits=logits)
    if logits.ndim != 1 or not 2 <= len(logits) <= 10:
        raise ValueError(f"logits must have shape (classes,), with 2 to 10 classes; got {describe_value(given)}")
    check_whole(0, label=label)
    if label >= len(logits):
        raise ValueError(f"label must be a class, 0 to {len(logits) - 1}; got {label}")
    return TemperatureExplorer(logits=logits.tobytes(), label=int(label))


def explore_learning_rate(losses: Mapping[float, Sequence[float]]) -> LearningRateExplorer:
    """The loss after each step, for many learning rates that set out from the same weights.

    Parameters
    ----------
    losses : mapping from float to sequence of float
        For each learning rate, above 0, its losses: before the first step, after one step, and so on, equally many for all. A loss may be
        infinite or NaN once training has diverged, but not the first one.

    Returns
    -------
    LearningRateExplorer
        Shows itself as the value of a notebook's cell.

    Raises
    ------
    TypeError
        If `losses` is no mapping.
    ValueError
        If a learning rate is not above 0, there are fewer than two rates or two losses, not equally many, or first ones that differ.

    Notes
    -----
    Used in chapter 06-training.
    """
    if not isinstance(losses, Mapping):
        raise TypeError(f"losses must map each learning rate to its losses; got {describe_value(losses)}")
    rates = np.array(sorted(losses), np.float32)
    if len(rates) < 2 or not (np.isfinite(rates) & (rates > 0)).all():
        raise ValueError(f"losses must have two or more learning rates, all above 0; got {list(losses)}")
    lengths = sorted({len(losses[rate]) for rate in losses})
    if len(lengths) > 1 or lengths[0] < 2:
        raise ValueError(f"each learning rate must have as many losses as the others, two or more; got {lengths}")
    with np.errstate(over="ignore"):  # what is too large for 32 bits is infinite
        curves = np.array([losses[rate] for rate in sorted(losses)], float).astype(np.float32)
    first = curves[:, 0]
    if not np.isfinite(first).all() or first.min() <= 0 or first.max() - first.min() > 0.01 * first.min():
        raise ValueError(
            f"all must set out from the same weights, so with the same loss, above 0; got first losses from {first.min()} to {first.max()}"
        )
    return LearningRateExplorer(rates=rates.tobytes(), losses=curves.tobytes())


def checked_digits(images: np.ndarray, labels: np.ndarray, most: int | None = None) -> np.ndarray:
    """The images as bytes, once they are images of digits with their labels.

    Parameters
    ----------
    images : ndarray of uint8 in [0, 255], or of float in [0, 1], shape (n, 28, 28)
    labels : ndarray of integers, shape (n,), 0 to 9
    most : int, optional
        Images, at most.

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)

    Raises
    ------
    TypeError
        If one is no array of such numbers.
    ValueError
        If a shape or a value is another one.
    """
    check_labelled(images, labels, "images and labels")
    if images.shape[1:] != (28, 28) or (most and len(images) > most):
        hint = f". Hand over some of them: images[:{most}], labels[:{most}]" if images.shape[1:] == (28, 28) else ""
        raise ValueError(f"images must have shape (n, 28, 28){f', n up to {most}' if most else ''}; got {describe_value(images)}{hint}")
    if labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"labels must be digits, 0 to 9; got values from {labels.min()} to {labels.max()}")
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        raise TypeError(f"images must be bytes (uint8) or fractions in [0, 1]; got {describe_value(images)}")
    if not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"images that are fractions must lie in [0, 1]; got values from {images.min()} to {images.max()}")
    return np.round(255 * images).astype(np.uint8)


def _checked_numbers(**arguments: np.ndarray) -> np.ndarray:
    """The one argument as float32, once all its numbers are finite."""
    ((name, value),) = arguments.items()
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or not array.size or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers, at least one; got {describe_value(value)}")
    return array.astype(np.float32)


def packed(images: np.ndarray) -> bytes:
    """Pixels in reading order; a run of zeros, most of an image, becomes a zero and its length.

    Parameters
    ----------
    images : ndarray of uint8

    Returns
    -------
    bytes
        `plots.js` unpacks it.
    """
    packed, zeros = bytearray(), 0
    for value in images.tobytes():
        if zeros and (value or zeros == 255):
            packed += bytes((0, zeros))
            zeros = 0
        if value:
            packed.append(value)
        else:
            zeros += 1
    return bytes(packed + (bytes((0, zeros)) if zeros else b""))
