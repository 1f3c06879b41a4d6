"""The reader's own calibration beside a network's: what each said of its confidence, and how often it was right."""

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from .component import Component

if TYPE_CHECKING:
    from ..evaluation import Evaluation

EDGES = np.linspace(0, 1, 11)  # of the bins of confidence
FEWEST = 10  # digits in a bin; with fewer, the share that is right says nothing


class OwnCalibration(Component):
    """Share of right answers against stated confidence, the network's and the reader's.

    Attributes
    ----------
    bins : list of [int, float, float]
        For each bin of the network's confidence: digits in it, mean confidence, share read rightly.
    said_by_network, right_by_network : float in [0, 1]
        Mean confidence and accuracy over all digits.
    digits : int
        How many digits the network read.
    """

    scripts = ("element", "predictions")
    styles = ("predictions",)
    said = "This picture compares your predictions with the network's: on the website, or in a notebook that runs. It needs JavaScript."

    bins: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    said_by_network = traitlets.Float().tag(sync=True)
    right_by_network = traitlets.Float().tag(sync=True)
    digits = traitlets.Int().tag(sync=True)


def calibration_bins(confidence: np.ndarray, right: np.ndarray, fewest: int = FEWEST) -> list[list[float]]:
    """Ten bins of equal width: how many answers each holds, how sure they were, and how many of them were right.

    Parameters
    ----------
    confidence : ndarray of float, shape (n,)
        Within [0, 1]. A value between two bins belongs to the lower one.
    right : ndarray of bool, shape (n,)
    fewest : int
        Bins with fewer answers are left out.

    Returns
    -------
    list of [int, float, float]
        Count, mean confidence, share right, from the lowest bin to the highest.
    """
    where = np.digitize(confidence, EDGES[1:-1], right=True)
    rows = []
    for each in range(len(EDGES) - 1):
        inside = where == each
        if inside.sum() >= fewest:
            rows.append([int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean())])
    return rows


def own_calibration(result: "Evaluation") -> OwnCalibration:
    """The reader's calibration curve beside a network's.

    Parameters
    ----------
    result : Evaluation
        How the network reads the test digits.

    Returns
    -------
    OwnCalibration
        On the course's website it draws the reader's predictions, which the browser remembers; in a notebook the network's curve alone.

    Raises
    ------
    TypeError
        If `result` is not what `evaluate` returns.

    Notes
    -----
    Calibration is built by hand in chapter 07-evaluation; this stands at the end of chapter 10-capstone.
    """
    from ..evaluation import Evaluation

    if not isinstance(result, Evaluation):
        raise TypeError(f"result must be what evaluate(…) returns, an Evaluation; got {type(result).__name__}")
    confidence, right = result.probabilities.max(axis=1), result.predictions == result.labels
    return OwnCalibration(
        bins=calibration_bins(confidence, right),
        said_by_network=float(confidence.mean()),
        right_by_network=float(right.mean()),
        digits=len(right),
    )
