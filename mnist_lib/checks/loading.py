"""The tasks of the set on loading: what is in the box, and what in it looks wrong. Chapter 02-loading."""

from typing import Any

import numpy as np

from ._task import ByCases, Case, Failure, Inputs, Mistake, Task, numbers

# describe


def _describe_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    count, other = random.integers(20, 90, size=2)
    return Inputs(
        [
            (random.integers(0, 256, size=(count, 28, 28)).astype(np.uint8),),
            (random.random(size=(other, 28, 28)).astype(np.float32),),
            (random.integers(0, 256, size=(other, 20, 32)).astype(np.int64),),
        ],
        corner_from=2,
    )


def _describe(images: np.ndarray) -> Case:
    return (*images.shape, images.dtype.name)


def _describe_reference(inputs: Inputs) -> list[Any]:
    return [_describe(*case) for case in inputs.cases]


DESCRIBE = Task(
    name="describe",
    worth=2,
    inputs=_describe_inputs,
    reference=_describe_reference,
    points=ByCases(
        2,
        _describe_reference,
        mistakes=[
            Mistake(lambda images: images.shape, "The dtype is missing."),
            Mistake(lambda images: (*images.shape, images.dtype), "The dtype itself came; its name is a text, `images.dtype.name`."),
            Mistake(lambda images: (len(images), images.shape[2], images.shape[1], images.dtype.name), "Rows come before columns."),
            Mistake(lambda images: (len(images), 28, 28, images.dtype.name), "Not every picture has 28 rows and 28 columns."),
            Mistake(lambda images: (*images.shape, "uint8"), "Not every array holds uint8."),
        ],
        corner="pictures that are not square",
        call="describe",
    ),
    hint="an array carries both with it, as its attributes `shape` and `dtype`.",
)


# class_counts


def _counts_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    unbalanced = random.dirichlet(np.ones(10) * 3)
    no_nine = np.append(random.dirichlet(np.ones(8)), [0, 0])
    return Inputs(
        [
            (np.arange(10).astype(np.uint8).repeat(random.integers(1, 5, size=10)),),
            (random.choice(10, size=1_000, p=unbalanced).astype(np.uint8),),
            (random.choice(10, size=200, p=no_nine).astype(np.uint8),),
        ],
        corner_from=2,
    )


def _counts_reference(inputs: Inputs) -> list[Any]:
    return [np.bincount(labels, minlength=10) for (labels,) in inputs.cases]


CLASS_COUNTS = Task(
    name="class_counts",
    worth=2,
    inputs=_counts_inputs,
    reference=_counts_reference,
    points=ByCases(
        2,
        _counts_reference,
        mistakes=[
            Mistake(lambda labels: np.bincount(labels), "The digits that do not occur have no count; their count is 0."),
            Mistake(lambda labels: np.unique(labels, return_counts=True)[1], "The digits that do not occur have no count; it is 0."),
            Mistake(lambda labels: np.bincount(labels, minlength=10)[1:], "The count of the digit 0 is missing."),
            Mistake(lambda labels: np.bincount(labels, minlength=10) / len(labels), "These are shares; counts are whole numbers."),
            Mistake(
                lambda labels: np.sort(np.bincount(labels, minlength=10))[::-1], "The counts are sorted by size; their order is 0 to 9."
            ),
            Mistake(lambda labels: np.full(10, len(labels) / 10), "The digits do not occur equally often."),
        ],
        corner="labels in which some digits do not occur",
        call="class_counts",
    ),
    hint="ten counts come out, that of the digit 0 first, whatever the labels hold.",
)


# stratified_sample


def _sample_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(10).repeat(random.integers(20, 60, size=10))).astype(np.uint8)
    scarce = random.permutation(np.arange(10).repeat([7] * 3 + [30] * 7)).astype(np.uint8)
    return Inputs([(labels, 5, 1), (labels, 5, 1), (labels, 5, 2), (np.sort(labels), 8, 3), (scarce, 7, 4)], corner_from=4)


def _sample(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.concatenate([random.choice(np.flatnonzero(labels == digit), per_class, replace=False) for digit in range(10)])


def _sample_reference(inputs: Inputs) -> list[Any]:
    return [_sample(*case) for case in inputs.cases]


def _sample_fault(came: Any, labels: np.ndarray, per_class: int) -> str | None:
    """What is wrong with a sample, or None."""
    if isinstance(came, Failure):
        return f"{came.sentence}."
    indices = numbers(came)
    if indices is None or indices.dtype.kind not in "iu" or indices.ndim != 1:
        return f"Expected positions: whole numbers in one row. Came {came if np.size(came) < 8 else type(came).__name__}."
    if len(indices) != 10 * per_class:
        return f"Expected {10 * per_class} positions, {per_class} for each digit; came {len(indices)}."
    if indices.min() < 0 or indices.max() >= len(labels):
        return f"Positions go from 0 to {len(labels) - 1}; these go from {indices.min()} to {indices.max()}."
    if len(np.unique(indices)) < len(indices):
        return "Some positions occur twice: the sample was drawn with replacement."
    counts = np.bincount(labels[indices], minlength=10)
    if (counts != per_class).any():
        digit = int(np.argmax(counts != per_class))
        return f"Expected each digit {per_class} times; the digit {digit} occurs {counts[digit]} times."
    return None


def _sample_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    faults = [_sample_fault(came, labels, per_class) for came, (labels, per_class, _) in zip(outputs, inputs.cases)]
    plain = next(filter(None, faults[:4]), None)
    if plain:
        return 0.0, plain
    first, again, other = (set(map(int, each)) for each in outputs[:3])
    if first != again:
        return 1.5, "Each sample is right, but the same seed gave another sample. Draw from `np.random.default_rng(seed)`."
    if first == other:
        return 1.5, "Each sample is right, but another seed gave the same sample: nothing was drawn by chance."
    if faults[4]:
        return 1.5, f"The plain cases are right; not so the one where some digits occur {inputs.cases[4][1]} times only. {faults[4]}"
    return 3.0, "Each digit occurs equally often, none twice, and the seed decides which."


STRATIFIED_SAMPLE = Task(
    name="stratified_sample",
    worth=3,
    inputs=_sample_inputs,
    reference=_sample_reference,
    points=_sample_points,
    hint="for each digit, find the positions where it stands, and draw from those.",
)


# suspicious

LOOKED_AT, SWAPPED, HANDED_IN = 2_000, 40, 100


def _suspicious_inputs(seed: int) -> Inputs:
    from ..loading import load_mnist

    (images, labels), _ = load_mnist()
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(labels))[:LOOKED_AT]
    swapped = random.choice(LOOKED_AT, SWAPPED, replace=False)
    shown = labels[chosen].copy()
    shown[swapped] = (shown[swapped] + random.integers(1, 10, size=SWAPPED)) % 10
    return Inputs([(images[chosen], shown)], secret=swapped)


def _suspicious_reference(inputs: Inputs) -> list[Any]:
    return [np.append(inputs.secret, np.setdiff1d(np.arange(LOOKED_AT), inputs.secret)[: HANDED_IN - SWAPPED])]


def _suspicious_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    (came,) = outputs
    if isinstance(came, Failure):
        return 0.0, f"{came.sentence}."
    indices = np.asarray(came)
    if indices.dtype.kind not in "iu" or indices.ndim != 1:
        return 0.0, f"Expected {HANDED_IN} positions: whole numbers in one row. Came an array of {indices.dtype}, shape {indices.shape}."
    if len(indices) > HANDED_IN:
        return 0.0, f"Expected at most {HANDED_IN} positions, the most suspicious ones; came {len(indices):,}."
    hits = len(np.intersect1d(indices, inputs.secret))
    said = f"{hits} of the {SWAPPED} swapped labels are among your {len(np.unique(indices))} positions"
    points = 3 * np.interp(hits, [10, 20, 30], [0, 0.5, 1])
    return points, f"{said}. Full points from 30, half from 20; chance alone finds {SWAPPED * HANDED_IN // LOOKED_AT}."


SUSPICIOUS = Task(
    name="suspicious",
    worth=3,
    inputs=_suspicious_inputs,
    reference=_suspicious_reference,
    points=_suspicious_points,
    hint="a swapped label is seldom that of the pictures nearest to it. How many of the five nearest disagree?",
)

TASKS = (DESCRIBE, CLASS_COUNTS, STRATIFIED_SAMPLE, SUSPICIOUS)
