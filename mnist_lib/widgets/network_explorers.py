"""Explorers of what networks read: the digits behind a confusion matrix, and digits that are moved. See `explorers`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..arguments import check_whole, describe_value
from .explorers import MOST_EXAMPLES, Explorer, checked_digits, packed

if TYPE_CHECKING:
    import keras

MOST_KEPT = 340  # digits behind a confusion matrix: about 100 kB of a page
MOST_NETWORKS = 4  # lines that can be told apart


class ConfusionExplorer(Explorer):
    """See `explore_confusion`."""

    scripts = ("plots", "explore-confusion")
    counts: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    images = traitlets.Bytes().tag(sync=True)
    cells: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    probabilities = traitlets.Bytes().tag(sync=True)


class ShiftExplorer(Explorer):
    """See `explore_shift`."""

    scripts = ("plots", "explore-shift")
    names: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    most = traitlets.Int().tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    images = traitlets.Bytes().tag(sync=True)
    labels: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    accuracies = traitlets.Bytes().tag(sync=True)
    readings = traitlets.Bytes().tag(sync=True)
    confidences = traitlets.Bytes().tag(sync=True)


def explore_confusion(images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, *, most: int = 12) -> ConfusionExplorer:
    """A confusion matrix, and the digits behind each of its cells.

    Parameters
    ----------
    images : ndarray, shape (n, 28, 28)
        Bytes, uint8 in [0, 255], or fractions in [0, 1].
    labels : ndarray of integers, shape (n,), 0 to 9
    probabilities : ndarray of float, shape (n, 10)
        Of each digit, for each image; the largest says what was read.
    most : int, at least 1
        Digits kept of each cell, at most: the most confident mistakes, and the least confident of those read rightly. Where the cells would
        keep more than 340 in all, each keeps fewer.

    Returns
    -------
    ConfusionExplorer
        Shows itself as the value of a notebook's cell.

    Raises
    ------
    TypeError
        If `images` or `labels` are no arrays of such numbers.
    ValueError
        If the shapes do not fit each other, or the probabilities are none.

    Notes
    -----
    Used in chapter 07-evaluation.
    """
    check_whole(most=most)
    images = checked_digits(images, labels)
    probabilities = np.asarray(probabilities)
    if probabilities.shape != (len(labels), 10) or probabilities.dtype.kind != "f":
        raise ValueError(
            f"probabilities must be ten fractions for each image, shape {(len(labels), 10)}; got {describe_value(probabilities)}"
        )
    if not (probabilities >= 0).all() or not np.allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-3):
        raise ValueError(
            "probabilities must not be below 0, and those of an image must add up to 1; logits become probabilities by softmax"
        )
    predictions, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    cells = 10 * labels.astype(int) + predictions
    counts = np.bincount(cells, minlength=100)
    while most > 1 and np.minimum(counts, most).sum() > MOST_KEPT:
        most -= 1
    order = np.where(predictions == labels, sure, -sure).argsort(kind="stable")  # what is shown first of a cell stands first
    kept = np.concatenate([order[cells[order] == cell][:most] for cell in range(100)])
    return ConfusionExplorer(
        counts=counts.reshape(10, 10).tolist(),
        images=packed(images[kept]),
        cells=cells[kept].tolist(),
        probabilities=sure[kept].astype(np.float32).tobytes(),
    )


def explore_shift(
    models: "Mapping[str, keras.Model]", images: np.ndarray, labels: np.ndarray, *, most: int = 4, examples: int = 6
) -> ShiftExplorer:
    """How many digits networks read rightly when all are moved, and what they read in one of them.

    Parameters
    ----------
    models : mapping from str to keras.Model, 1 to 4 entries
        Networks that return ten logits or ten probabilities for an image, by name.
    images : ndarray of float, shape (n, 28, 28)
        As `preprocess` returns them.
    labels : ndarray of integers, shape (n,), 0 to 9
    most : int, at least 1
        Pixels to each side. All (2 · most + 1)² moves are measured, on all the images.
    examples : int, 1 to 12
        The first images, to be looked at.

    Returns
    -------
    ShiftExplorer
        Shows itself as the value of a notebook's cell.

    Raises
    ------
    TypeError
        If `models` is no mapping to Keras models, or the images are no fractions.
    ValueError
        If an argument lies outside its range.

    Notes
    -----
    Used in chapter 10-capstone.
    """
    from ..evaluation import evaluate
    from ..preprocessing import shift_images

    if not isinstance(models, Mapping):
        raise TypeError(f'models must map names to networks, {{"dense": model}} for example; got {describe_value(models)}')
    if not 1 <= len(models) <= MOST_NETWORKS:
        raise ValueError(f"models must hold 1 to {MOST_NETWORKS} networks; got {len(models)}")
    check_whole(most=most, examples=examples)
    if most > 14 or examples > MOST_EXAMPLES:
        raise ValueError(f"most must be 14 at most and examples {MOST_EXAMPLES}; got {most} and {examples}")
    shown = checked_digits(images, labels)[:examples]
    moves = range(-most, most + 1)
    by_move = (len(moves), len(images))
    found: dict[str, tuple[list[np.ndarray], ...]] = {name: ([], [], []) for name in models}
    for down in moves:  # one row of moves at a time, so that memory suffices
        moved = np.concatenate([shift_images(images, down, across) for across in moves])
        for (right, readings, sure), model in zip(found.values(), models.values()):
            result = evaluate(model, moved, np.tile(labels, len(moves)))
            right.append((result.predictions == result.labels).reshape(by_move).mean(axis=1))
            readings.append(result.predictions.reshape(by_move)[:, : len(shown)])
            sure.append(result.probabilities.max(axis=1).reshape(by_move)[:, : len(shown)])
    right, readings, sure = zip(*found.values())
    return ShiftExplorer(
        names=list(models),
        most=int(most),
        total=len(images),
        images=packed(shown),
        labels=labels[: len(shown)].tolist(),
        accuracies=np.array(right, np.float32).tobytes(),
        readings=np.array(readings, np.uint8).tobytes(),
        confidences=np.array(sure, np.float32).tobytes(),
    )
