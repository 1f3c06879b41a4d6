"""Tasks that ask how many digits the student's own network reads: unseen images, as bytes, go through the student's own code."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._task import STANDARD_ERRORS, Failure, Inputs, Rule, accuracy_points, shown

Scale = Sequence[tuple[float, float]]
SHIFTS = ((2, 0), (-2, 0), (0, 2), (0, -2))  # rows down, columns right
SHIFTED_DIGITS = 2_500  # at most, each moved in all four ways


def _scored_digits(seed: int, most: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Test digits in an order of their own, and their labels."""
    from ..loading import load_mnist

    _, (images, labels) = load_mnist()
    chosen = np.random.default_rng(seed).permutation(len(labels))[:most]
    return images[chosen], labels[chosen]


def _edition() -> str:
    """The scale to be used: that of the sample for all digits that are not the full edition."""
    from ..loading import edition_in_use

    return "full" if edition_in_use() == "full" else "sample"


def inputs(seed: int) -> Inputs:
    """The test digits; the secret is their labels.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Inputs
        One case, images of uint8 with shape (n, 28, 28).
    """
    images, labels = _scored_digits(seed, None)
    return Inputs([(images,)], secret=labels, edition=_edition())


def shifted_inputs(seed: int) -> Inputs:
    """Test digits, each moved by two pixels up, down, left and right: one case for each direction.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Inputs
        Four cases, images of uint8 with shape (n, 28, 28), and the labels of all four as the secret.
    """
    from ..preprocessing import shift_images

    images, labels = _scored_digits(seed, SHIFTED_DIGITS)
    return Inputs([(shift_images(images, *shift),) for shift in SHIFTS], secret=labels, edition=_edition())


def reference(inputs: Inputs) -> list[Any]:
    """The labels, for each case.

    Parameters
    ----------
    inputs : Inputs

    Returns
    -------
    list of ndarray of uint8, shape (n,)
    """
    return [inputs.secret] * len(inputs.cases)


def fault(came: object, images: np.ndarray) -> str | None:
    """What is wrong with the form of predictions, or None.

    Parameters
    ----------
    came : object
    images : ndarray, shape (n, 28, 28)

    Returns
    -------
    str or None
        A sentence for the student.
    """
    if isinstance(came, Failure):
        return f"{came.sentence}."
    count = len(images)
    try:
        digits = np.asarray(came)
    except ValueError:  # lists of unequal length
        return f"Expected one digit for each of {count:,} images; came {shown(came)}."
    if digits.ndim == 2 and digits.shape == (count, 10):
        return f"Expected one digit for each of {count:,} images; came ten numbers for each. The digit is where the largest stands: argmax."
    if digits.shape != (count,):
        return f"Expected one digit for each of {count:,} images, shape ({count},); came {shown(digits)}."
    if digits.dtype.kind not in "iuf" or not np.isfinite(digits).all() or (digits != np.round(digits)).any():
        return f"Expected whole numbers from 0 to 9; came {digits.dtype}, such as {shown(digits[:3])}."
    if digits.min() < 0 or digits.max() > 9:
        return f"Expected digits from 0 to 9; came values from {digits.min():g} to {digits.max():g}."
    return None


def points(worth: float, scales: Mapping[str, Scale], what: str, distinction: float | None = None) -> Rule:
    """The rule of a task that scores predictions.

    Parameters
    ----------
    worth : float
    scales : dict
        For each edition, ``full`` and ``sample``, rising pairs (accuracy, share of the points), both in [0, 1].
    what : str
        What was read, for the sentence.
    distinction : float or None
        An accuracy that the sentence names where it is reached on the full edition.

    Returns
    -------
    function of (outputs, Inputs), returns (float, str)
    """

    def rule(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
        for came, (images,) in zip(outputs, inputs.cases):
            if found := fault(came, images):
                return 0.0, f"{found}\nHint: call it by hand on a few images, `predict(x_test[:3])`, and look at what comes back."
        scale, labels = scales[str(inputs.edition)], inputs.secret
        right = [int((np.asarray(came) == labels).sum()) for came in outputs]
        # The four ways of moving a digit are no four digits: chance is reckoned with the number of digits.
        got, accuracy, forgiven = accuracy_points(sum(right) / len(right), len(labels), worth, scale)
        target = scale[-1][0]
        spread = 196 * np.sqrt(max(accuracy * (1 - accuracy), 0) / len(labels))
        state = "safe" if accuracy >= target else "borderline" if accuracy + forgiven >= target else "below"
        said = [
            f"Your model reads {accuracy:.1%} (± {spread:.1f}) of {len(labels):,} {what}: {state}.",
            f"Full points from {target:.1%}, nothing up to {scale[0][0]:.1%}. Chance alone moves such a score, so "
            f"{STANDARD_ERRORS} standard errors, {forgiven:.1%}, are added to yours before it is read off.",
        ]
        if state == "borderline":
            said.append("It earns full points here; on other digits it can come out a little lower.")
        if accuracy < 0.3:
            said.append(_why_by_chance(np.asarray(outputs[0]), labels))
        if distinction is not None and inputs.edition == "full" and accuracy >= distinction:
            said.append(f"Beyond {distinction:.1%}: with distinction.")
        return got, "\n".join(filter(None, said))

    return rule


def _why_by_chance(digits: np.ndarray, labels: np.ndarray) -> str:
    """What a beginner can look at when the accuracy is that of guessing, or below."""
    if len(np.unique(digits)) == 1:
        return f"Every image is read as {digits[0]:g}: the model was not trained, or it gets pixels on another scale than in training."
    for shift in range(1, 10):
        if np.mean((digits + shift) % 10 == labels) > 0.7:
            return f"Nearly every answer is off by the same number, {shift}: the labels or the predictions are shifted."
    return (
        "That is hardly better than guessing: was the model trained, and does predict prepare the images as for training "
        "(the same scale, not divided twice, rows and columns not exchanged)?"
    )
