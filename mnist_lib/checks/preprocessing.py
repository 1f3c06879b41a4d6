"""The tasks of the set on preprocessing: scale, standardise, encode, centre, and set digits apart. Chapter 03-preprocessing."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._task import ByCases, Case, Failure, Inputs, Mistake, Task, different

DIGITS = 10
Arrays = tuple[np.ndarray, ...]
DRAWS = 1_000  # more than any seed needs; some dozens are the rule

# scale_and_reshape


def _bytes(random: np.random.Generator, *shape: int, low: int = 0, high: int = 255) -> np.ndarray:
    """Random pictures, each of which holds the lowest and the highest grey value."""
    images = random.integers(low, high + 1, size=shape)
    rows = images.reshape(len(images), -1)
    for row in rows:
        row[random.choice(rows.shape[1], 2, replace=False)] = low, high
    return images.astype(np.uint8)


def _scale_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    some, few = random.integers(5, 25, size=2)
    dull = zip(1 + random.permutation(30)[:few], 100 + random.permutation(120)[:few])  # darkest and brightest pixel of each image
    return Inputs(
        [
            (_bytes(random, 2, 28, 28),),
            (_bytes(random, some, 28, 28),),
            (_bytes(random, 3, 2, 3),),
            (_bytes(random, few, 20, 32),),
            (np.concatenate([_bytes(random, 1, 28, 28, low=low, high=high) for low, high in dull]),),
        ],
        corner_from=2,
    )


def _scale(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _scale_reference(inputs: Inputs) -> list[Any]:
    return [_scale(*case) for case in inputs.cases]


def _stretched(images: np.ndarray, axis: tuple[int, ...] | None) -> np.ndarray:
    low, high = images.min(axis=axis, keepdims=True).astype(float), images.max(axis=axis, keepdims=True).astype(float)
    return ((images - low) / (high - low)).reshape(len(images), -1)


ONE_DIVISOR = "The divisor is 255 for every image. Then the same grey is the same number everywhere, in a dark image too."

SCALE_MISTAKES = [
    Mistake(lambda images: images.reshape(len(images), -1), "The values still go from 0 to 255; they are to be divided by 255."),
    Mistake(
        lambda images: images.reshape(len(images), -1) // 255,
        "All fractions were cut off, and only 0 and 1 are left: whole numbers hold no fractions. Convert to float32 first, then divide.",
    ),
    Mistake(lambda images: _scale(images) / 255, "The values were divided by 255 twice: white has become 0.004."),
    Mistake(lambda images: _scale(images) * 255 / 256, "The values were divided by 256. The largest byte is 255, and it becomes 1."),
    Mistake(lambda images: _scale(images) * 2 - 1, "The values go from −1 to 1; they should go from 0 to 1."),
    Mistake(lambda images: 1 - _scale(images), "Black and white are exchanged: 0 stays 0, and 255 becomes 1."),
    Mistake(
        lambda images: _scale(images.transpose(0, 2, 1)),
        "The pixels stand in the order of the columns; each image is to be read row by row, as `reshape` does.",
    ),
    Mistake(
        lambda images: images.T.reshape(len(images), -1) / 255,
        "The images are mixed: `.T` turned the whole array before `reshape` cut it into rows. Here `reshape` alone is enough.",
    ),
    Mistake(
        lambda images: images.reshape(-1, len(images)).T / 255,
        "The images are mixed: each row takes single pixels from all of them. The n images come first, then their pixels.",
    ),
    Mistake(lambda images: images / 255, "The values are right. The pixels of each image are still to be laid in one row."),
    Mistake(lambda images: _scale(images).T, "The values are right, but each image is a column; it should be a row."),
    Mistake(lambda images: _scale(images).ravel(), "All images lie in one row; each should have a row of its own."),
    Mistake(lambda images: images.reshape(len(images), -1) / images.max(), f"This divides by the brightest pixel that came. {ONE_DIVISOR}"),
    Mistake(
        lambda images: (images / images.max(axis=(1, 2), keepdims=True)).reshape(len(images), -1),
        f"This divides each image by its own brightest pixel. {ONE_DIVISOR}",
    ),
    Mistake(
        lambda images: _stretched(images, None), f"This stretches the values, from the darkest to the brightest that came. {ONE_DIVISOR}"
    ),
    Mistake(
        lambda images: _stretched(images, (1, 2)), f"This stretches each image, from its darkest to its brightest pixel. {ONE_DIVISOR}"
    ),
]

_scaled = ByCases(
    2,
    _scale_reference,
    mistakes=SCALE_MISTAKES,
    corner="images that are not square, or whose brightest pixel is below 255",
    call="scale_and_reshape",
)


def _scale_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    """The usual rule for the values; another dtype than float32 costs half of what they earn."""
    points, sentence = _scaled(outputs, inputs)
    if not points:
        return points, sentence
    dtypes = {np.asarray(came).dtype.name for came in outputs if not isinstance(came, Failure)} - {"float32"}
    if not dtypes:
        return points, sentence
    only = f"The dtype is {' and '.join(sorted(dtypes))}; it should be float32, which networks calculate with."
    return points / 2, f"The values are right. {only}" if points == _scaled.worth else f"{sentence}\n{only}"


SCALE_AND_RESHAPE = Task(
    name="scale_and_reshape",
    worth=2,
    inputs=_scale_inputs,
    reference=_scale_reference,
    points=_scale_points,
    hint="three steps: convert, divide, reshape. Print dtype, shape, smallest and largest value after each of them.",
)


# standardise


def _exposed(random: np.random.Generator, pattern: np.ndarray, count: int, dark: float, bright: float) -> np.ndarray:
    """Fractions between `dark` and `bright`, noisy versions of a pattern with shape (rows, columns)."""
    noise = random.random(size=(count, *pattern.shape))
    brightness = random.uniform(0.7, 1, size=(count, 1, 1))  # so that the images differ in their means
    return dark + (bright - dark) * brightness * (pattern + noise) / 2


def _standardise_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    cases = []
    # Exposures of the training and of the test part: brighter, darker, and both as bytes. At least 24,000 pixels for training, so that it
    # makes no difference whether a deviation divides by their number or by one fewer.
    for train, test, kind in (
        ((0.0, 0.6), (0.4, 1.0), np.float32),
        ((0.3, 1.0), (0.0, 0.3), np.float32),
        ((0.0, 0.5), (0.3, 1.0), np.uint8),
        ((0.5, 1.0), (0.1, 0.4), np.uint8),
    ):
        rows, columns = random.integers(20, 26, size=2)
        pattern = random.random(size=(rows, columns)) ** 2
        pair = [
            _exposed(random, pattern, count, *exposure)
            for count, exposure in ((int(random.integers(60, 90)), train), (int(random.integers(8, 20)), test))
        ]
        cases.append(tuple(part.astype(kind) if kind == np.float32 else np.round(255 * part).astype(kind) for part in pair))
    return Inputs(cases, corner_from=2)


def _with(parts: Arrays, known: np.ndarray, axis: tuple[int, ...] | int | None = None) -> Arrays:
    """All parts standardised with the statistics of `known`."""
    known = known.astype(float)
    mean, deviation = known.mean(axis=axis, keepdims=True), known.std(axis=axis, keepdims=True)
    return tuple((part - mean) / deviation for part in parts)


def _standardise(x_train: np.ndarray, x_test: np.ndarray) -> Arrays:
    return _with((x_train, x_test), x_train)


def _standardise_reference(inputs: Inputs) -> list[Any]:
    return [_standardise(*case) for case in inputs.cases]


def _whole(x_train: np.ndarray, x_test: np.ndarray) -> Arrays:
    with np.errstate(invalid="ignore"):
        return tuple(part.astype(x_train.dtype) for part in _standardise(x_train, x_test))


def _on_each(change: Callable[[np.ndarray, float, float], np.ndarray]) -> Callable[..., Arrays]:
    """Both parts changed by a function of the part, and of the mean and the deviation of the training part."""
    return lambda x_train, x_test: tuple(change(part.astype(float), x_train.mean(), x_train.std()) for part in (x_train, x_test))


ONE_MEAN = "One mean and one standard deviation belong to all pixels together."

STANDARDISE_MISTAKES = [
    Mistake(
        lambda x_train, x_test: (_with((x_train,), x_train)[0], _with((x_test,), x_test)[0]),
        "The test part was standardised with its own mean and deviation. The same grey becomes another number there, and whatever sets "
        "the two parts apart is wiped out.",
    ),
    Mistake(
        lambda x_train, x_test: _with((x_train, x_test), np.concatenate([x_train, x_test])),
        "Mean and deviation come from both parts together: the test part had a say in how the training part is prepared. That is a leak.",
    ),
    Mistake(
        lambda x_train, x_test: _with((x_train, x_test), x_test),
        "Mean and deviation come from the test part; they belong to the training part.",
    ),
    Mistake(lambda x_train, x_test: _with((x_train, x_test), x_train, axis=0), f"Each pixel got a mean of its own. {ONE_MEAN}"),
    Mistake(lambda x_train, x_test: _with((x_train, x_test), x_train, axis=(0, 1)), f"Each column got a mean of its own. {ONE_MEAN}"),
    Mistake(
        lambda x_train, x_test: tuple(_with((part,), part, axis=(1, 2))[0] for part in (x_train, x_test)),
        f"Each image got a mean of its own. {ONE_MEAN}",
    ),
    Mistake(_on_each(lambda part, mean, deviation: part - mean), "The mean is subtracted; the division by the deviation is missing."),
    Mistake(_on_each(lambda part, mean, deviation: part / deviation), "The division is done; the mean was not subtracted before."),
    Mistake(_on_each(lambda part, mean, deviation: part - mean / deviation), "Subtract first, then divide: brackets are missing."),
    Mistake(
        _on_each(lambda part, mean, deviation: (part - mean) / deviation**2), "Divided by the variance; the deviation is its square root."
    ),
    Mistake(_on_each(lambda part, mean, deviation: part / 255), "The values were divided by 255; they are not standardised by that."),
    Mistake(lambda x_train, x_test: _standardise(x_train, x_test)[::-1], "The training part comes first, the test part second."),
    Mistake(lambda x_train, x_test: _standardise(x_train, x_test)[0], "The training part came alone; return both parts."),
    Mistake(lambda x_train, x_test: _standardise(x_train, x_test)[1], "The test part came alone; return both parts."),
    Mistake(lambda x_train, x_test: (x_train.mean(), x_train.std()), "Mean and deviation came; return the two standardised parts."),
    Mistake(_whole, "What came was made whole numbers again; standardised values need floats."),
]

STANDARDISE = Task(
    name="standardise",
    worth=3,
    inputs=_standardise_inputs,
    reference=_standardise_reference,
    points=ByCases(
        3,
        _standardise_reference,
        mistakes=STANDARDISE_MISTAKES,
        differs=lambda came, expected: different(came, expected, tolerance=1e-3),  # sums of 24,000 float32 may be so much off
        corner="images that are bytes",
        call="standardise",
    ),
    hint="two numbers are computed, and both parts are changed by the same two. Which part are they computed from?",
)


# one_hot


def _one_hot_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    every = np.arange(DIGITS)
    return Inputs(
        [
            (random.permutation(np.append(every, random.integers(0, DIGITS, size=3))).astype(np.uint8),),
            (random.permutation(np.append(every, random.integers(0, DIGITS, size=random.integers(50, 90)))),),
            (random.permutation(np.append(np.arange(8), random.integers(0, 8, size=5))).astype(np.uint8),),
            (random.permutation(np.array([1, 2, 3, 5, 6, 7, 8, 9, 9, 5, 1])),),
            (random.integers(1, 9, size=1),),
        ],
        corner_from=2,
    )


def _one_hot(labels: np.ndarray) -> np.ndarray:
    return np.eye(DIGITS)[labels]


def _one_hot_reference(inputs: Inputs) -> list[Any]:
    return [_one_hot(*case) for case in inputs.cases]


TEN_COLUMNS = "There are ten columns, whatever the labels hold; the column of a digit that does not occur has zeros only."

ONE_HOT_MISTAKES = [
    Mistake(
        lambda labels: np.isin(np.arange(DIGITS), labels) * np.ones((len(labels), 1)),
        "Every row holds a 1 for each label that occurs. `rows[:, labels] = 1` does that: the colon means all rows. "
        "Each row belongs to one label.",
    ),
    Mistake(
        lambda labels: np.roll(_one_hot(labels), -1, axis=1), "Each 1 stands one column too far left: the digit 0 belongs to column 0."
    ),
    Mistake(
        lambda labels: np.roll(_one_hot(labels), 1, axis=1), "Each 1 stands one column too far right: the digit 0 belongs to column 0."
    ),
    Mistake(
        lambda labels: np.eye(DIGITS + 1)[labels.astype(int) + 1], "These are eleven columns; the digits 0 to 9 need ten, 0 in the first."
    ),
    Mistake(lambda labels: _one_hot(labels).T, "The rows are columns: one row is wanted for each label, one column for each digit."),
    Mistake(lambda labels: _one_hot(labels) * labels[:, np.newaxis], "The digit itself stands in its column; a 1 should stand there."),
    Mistake(lambda labels: 1 - _one_hot(labels), "Zeros and ones are exchanged."),
    Mistake(lambda labels: _one_hot(labels).ravel(), "The numbers are right, but they lie in one long row; each label has its own row."),
    Mistake(lambda labels: _one_hot(labels).sum(axis=0), "These are counts of all labels; each label is to become a row of its own."),
    Mistake(lambda labels: labels, "The labels came back as they were."),
    Mistake(lambda labels: np.eye(labels.max() + 1)[labels], TEN_COLUMNS),
    Mistake(lambda labels: (labels[:, np.newaxis] == np.unique(labels)).astype(float), TEN_COLUMNS),
    Mistake(
        lambda labels: np.eye(DIGITS)[np.unique(labels, return_inverse=True)[1]],
        "The digits that occur were numbered anew; the digit 5 belongs to column 5 even if the 4 does not occur.",
    ),
]

ONE_HOT = Task(
    name="one_hot",
    worth=2,
    inputs=_one_hot_inputs,
    reference=_one_hot_reference,
    points=ByCases(
        2,
        _one_hot_reference,
        mistakes=ONE_HOT_MISTAKES,
        corner="labels in which some digits do not occur",
        call="one_hot",
    ),
    hint="begin with zeros in n rows and ten columns. In which row does the 1 of the third label go, and in which column?",
)


# centre

SIDE, MIDDLE = 28, 14
CLEAR_OF_TIES = 0.1  # how far each shift lies from a half, so that rounding errors decide nothing


def _moved(image: np.ndarray, down: float, right: float) -> np.ndarray:
    """The picture moved by whole pixels; what leaves the frame is lost, what comes in is 0."""
    down, right = int(down), int(right)
    height, width = image.shape
    moved = np.zeros_like(image)
    if abs(down) < height and abs(right) < width:
        moved[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = image[
            max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
        ]
    return moved


def _mass(image: np.ndarray) -> tuple[float, float]:
    """Mean row and mean column of the ink, weighted by grey."""
    image = image.astype(float)
    return float(image.sum(axis=1) @ np.arange(len(image)) / image.sum()), float(
        image.sum(axis=0) @ np.arange(image.shape[1]) / image.sum()
    )


def _box(image: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row, first and last column with ink."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def _to_middle(image: np.ndarray) -> tuple[float, float]:
    """How far down and right the centre of mass has to go, in fractions of pixels."""
    row, column = _mass(image)
    return MIDDLE - row, MIDDLE - column


def _centre(image: np.ndarray) -> np.ndarray:
    return _moved(image, *map(round, _to_middle(image))) if image.any() else image.copy()


def _centre_reference(inputs: Inputs) -> list[Any]:
    return [_centre(*case) for case in inputs.cases]


def _rolled(image: np.ndarray) -> np.ndarray:
    return np.roll(image, tuple(map(round, _to_middle(image))), axis=(0, 1))


def _kept_in_frame(image: np.ndarray) -> np.ndarray:
    down, right = map(round, _to_middle(image))
    top, bottom, left, end = _box(image)
    return _moved(image, min(max(down, -top), SIDE - 1 - bottom), min(max(right, -left), SIDE - 1 - end))


def _again_and_again(image: np.ndarray) -> np.ndarray:
    for _ in range(5):
        image = _centre(image)
    return image


def _going(rule: Callable[[float, float], tuple[int, int]]) -> Callable[[np.ndarray], np.ndarray]:
    """What someone gives who makes another shift of the way to the middle, down and right."""
    return lambda image: _moved(image, *rule(*_to_middle(image)))


def _unweighted(image: np.ndarray) -> np.ndarray:
    return _moved(image, *map(round, _to_middle(image > 0)))


def _by_box(image: np.ndarray, middle: float = MIDDLE) -> np.ndarray:
    top, bottom, left, end = _box(image)
    return _moved(image, round(middle - (top + bottom) / 2), round(middle - (left + end) / 2))


CUT_OFF = "The shift was cut off, not rounded: 3.7 pixels are nearer to 4 than to 3, and −3.7 nearer to −4. `round` takes the nearest."
ROUNDED_DOWN = (
    "Either the shift was rounded down instead of to the nearest whole number, or the middle was taken as 13.5. "
    "Here it is row 14, column 14, with rows and columns counted from 0."
)
BOX = "This is the middle of the box around the ink. The centre of mass weighs each pixel by its grey."

CENTRE_MISTAKES = [
    Mistake(lambda image: image, "The picture has not moved."),
    Mistake(_going(lambda down, right: (-round(down), -round(right))), "The picture went the opposite way."),
    Mistake(_going(lambda down, right: (round(right), round(down))), "Rows and columns are exchanged: axis 0 goes down."),
    Mistake(_going(lambda down, right: (round(down), 0)), "The rows are right; the columns have not moved."),
    Mistake(_going(lambda down, right: (0, round(right))), "The columns are right; the rows have not moved."),
    Mistake(_going(lambda down, right: (math.floor(down), math.floor(right))), ROUNDED_DOWN),
    Mistake(_going(lambda down, right: (math.ceil(down), math.ceil(right))), CUT_OFF),
    Mistake(_going(lambda down, right: (int(down), int(right))), CUT_OFF),
    Mistake(
        _going(lambda down, right: (round(down - 1), round(right - 1))),
        "The middle was taken as 13, or rows and columns were counted from 1. Here it is row 14, column 14, counted from 0.",
    ),
    Mistake(_unweighted, "All ink counted alike; each pixel weighs as its grey."),
    Mistake(_by_box, BOX),
    Mistake(lambda image: _by_box(image, MIDDLE - 0.5), BOX),
]
LOST_MISTAKES = [
    Mistake(
        _rolled,
        "What left the frame came in again at the other side, as `np.roll` does; it should be lost, and 0 come in.",
    ),
    Mistake(_kept_in_frame, "The picture was stopped at the edge of the frame; it should go all the way, and lose what leaves."),
    Mistake(_again_and_again, "The picture was moved more than once. The shift is computed once, from the picture as it came."),
]


def _drawn(random: np.random.Generator) -> np.ndarray:
    """A picture with a patch of ink somewhere, heavier on one side."""
    height, width = random.integers(8, 15, size=2)
    weight = np.outer(np.linspace(0.05, 1, height), np.linspace(0.05, 1, width))[:: random.choice([-1, 1]), :: random.choice([-1, 1])]
    patch = np.where(random.random((height, width)) < 0.7, np.ceil(255 * weight * random.random((height, width))), 0)
    image = np.zeros((SIDE, SIDE), np.uint8)
    top, left = random.integers(0, SIDE - height + 1), random.integers(0, SIDE - width + 1)
    image[top : top + height, left : left + width] = patch
    return image


def _spilling(random: np.random.Generator) -> np.ndarray:
    """A picture whose ink lies mostly in one corner, with faint ink at the opposite edges: that leaves the frame."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[17:26, 17:26] = random.integers(100, 256, size=(9, 9))
    image[2:4, 6:26] = random.integers(5, 25, size=(2, 20))
    image[6:26, 2:4] = random.integers(5, 25, size=(20, 2))
    return image[:: random.choice([-1, 1]), :: random.choice([-1, 1])].copy()


def _telling(random: np.random.Generator, draw: Callable[[np.random.Generator], np.ndarray], mistakes: list[Mistake], stays: bool) -> Case:
    """A picture far from ties, whose ink stays in the frame or not, and with which each mistake gives something else."""
    for _ in range(DRAWS):
        image = draw(random)
        right = _centre(image)
        if any(abs(each % 1 - 0.5) < CLEAR_OF_TIES for each in _to_middle(image)) or (_kept_in_frame(image) == right).all() != stays:
            continue
        said = {right.tobytes(): "nothing is wrong"}
        if all(said.setdefault(each.gives(image).tobytes(), each.sentence) == each.sentence for each in mistakes):
            return (image,)
    raise RuntimeError(f"none of {DRAWS} pictures tells all mistakes apart")


def _centre_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    return Inputs(
        [
            *(_telling(random, _drawn, CENTRE_MISTAKES, stays=True) for _ in range(3)),
            *(_telling(random, _spilling, LOST_MISTAKES, stays=False) for _ in range(2)),
            (np.zeros((SIDE, SIDE), np.uint8),),
        ],
        corner_from=3,
    )


def _picture_differs(came: Any, expected: np.ndarray) -> str | None:
    """As `different`, but a picture that lies elsewhere is said to."""
    found = different(came, expected)
    if found is None or isinstance(came, Failure) or np.shape(came) != expected.shape:
        return found
    image = np.asarray(came)
    if not image.any():
        return "the picture came back empty"
    if not expected.any():
        return found
    down, right = _box(image)[0] - _box(expected)[0], _box(image)[2] - _box(expected)[2]
    if not np.array_equal(_moved(expected, down, right), image):
        return found
    ways = [(down, "down", "up"), (right, "right", "left")]
    said = [f"{abs(far)} {'pixel' if abs(far) == 1 else 'pixels'} too far {to if far > 0 else away}" for far, to, away in ways if far]
    return f"the picture came to lie {' and '.join(said)}"


_centred = ByCases(
    3,
    _centre_reference,
    mistakes=LOST_MISTAKES + CENTRE_MISTAKES,  # where no ink is lost, the first give what is right
    differs=_picture_differs,
    corner="pictures without ink, or of which some ink leaves the frame",
    call="centre",
)


def _centre_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    """The usual rule; where the first picture holds greys that it did not have, the sentence says so."""
    points, sentence = _centred(outputs, inputs)
    (image,), came = inputs.cases[0], outputs[0]
    if not points and not isinstance(came, Failure) and np.shape(came) == image.shape and not np.isin(came, np.append(image, 0)).all():
        sentence += "\nSome greys came that the picture did not have: pixels are moved, by whole numbers, and not changed."
    return points, sentence


CENTRE = Task(
    name="centre",
    worth=3,
    inputs=_centre_inputs,
    reference=_centre_reference,
    points=_centre_points,
    hint="print the mean row of the ink before and after. On a picture with a single bright pixel you can follow every step.",
)


# split


def _labelled(random: np.random.Generator, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures for these labels, no two alike."""
    images = random.integers(0, 256, size=(len(labels), 5, 6)).astype(np.uint8)
    images[:, 0, 0] = np.arange(len(labels)) % 256
    images[:, 0, 1] = np.arange(len(labels)) // 256
    shuffled = random.permutation(len(labels))
    return images[shuffled], labels[shuffled]


def _split_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    # The counts are such that a stratified split has the right size too, though it rounds digit by digit.
    fifths = np.arange(DIGITS).repeat(5 * random.integers(1, 5, size=DIGITS)).astype(np.uint8)
    quarters = np.arange(DIGITS).repeat(4 * random.integers(1, 5, size=DIGITS)).astype(np.uint8)
    two = np.repeat([3, 8], [20, 15 + int(random.integers(2, 4))]).astype(np.uint8)
    images, labels = _labelled(random, fifths)
    pair = _labelled(random, quarters)
    in_order = [each[np.argsort(pair[1], kind="stable")] for each in pair]
    first, other, third, fourth = map(int, random.choice(1_000, 4, replace=False))
    return Inputs(
        [
            (images, labels, 0.2, first),
            (images, labels, 0.2, first),
            (images, labels, 0.2, other),
            (*in_order, 0.25, third),
            (*_labelled(random, two), 0.2, fourth),
        ]
    )


def _split(images: np.ndarray, labels: np.ndarray, share: float, seed: int) -> tuple[Arrays, ...]:
    order = np.random.default_rng(seed).permutation(len(labels))
    count = round(share * len(labels))
    return tuple((images[part], labels[part]) for part in (order[count:], order[:count]))


def _split_reference(inputs: Inputs) -> list[Any]:
    return [_split(*case) for case in inputs.cases]


PAIRS = "Expected two pairs, (x_train, y_train) and (x_validation, y_validation)"
PARTS = ("training", "validation")


def _positions(pair: object, part: str, images: np.ndarray, labels: np.ndarray) -> tuple[list[int], str | None]:
    """Where a part's images stood before, and what is wrong with the part, or None."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2 or any(isinstance(each, Failure) for each in pair):
        return [], f"{PAIRS}; the {part} part is no pair."
    came, its_labels = map(np.asarray, pair)
    if came.ndim == 1 and its_labels.shape[1:] == images.shape[1:] and len(its_labels):
        return [], f"{PAIRS}; in the {part} part the labels came before the images."
    if not len(came):
        return [], f"The {part} part is empty."
    if came.shape[1:] == images.shape[1:] == its_labels.shape[1:]:
        return [], f"{PAIRS}: each pair holds images and their labels. Here a pair holds images twice."
    if came.shape[1:] != images.shape[1:]:
        return [], f"Each image has the shape {images.shape[1:]}; the images of the {part} part came with the shape {came.shape}."
    if its_labels.shape != (len(came),):
        return [], f"The {part} part has {len(came)} images, and labels of shape {its_labels.shape}; each image has one label."
    known = {image.astype(float).tobytes(): position for position, image in enumerate(images)}
    found = [known.get(image.astype(float).tobytes(), -1) for image in came]
    if -1 in found:
        return [], f"The {part} part holds an image that was not handed in. The images come back as they were."
    away = int((labels[found] != its_labels).sum())
    if away:
        return found, f"In the {part} part {away} of {len(found)} labels belong to other images: images and labels lost each other."
    return found, None


def _split_fault(came: object, images: np.ndarray, labels: np.ndarray, share: float, seed: int) -> tuple[set[int], str | None]:
    """The positions for validation, and what is wrong with a split, or None."""
    if isinstance(came, Failure):
        return set(), f"{came.sentence}."
    if not isinstance(came, (tuple, list)) or len(came) != 2:
        many = f"{len(came)} values" if isinstance(came, (tuple, list)) else "one value"
        return set(), f"{PAIRS}; came {many}."
    (train, fault), (validation, other) = (_positions(pair, part, images, labels) for pair, part in zip(came, PARTS))
    if fault or other:
        return set(), fault or other
    asked = f"{share} × {len(labels)} = {share * len(labels):g}"
    for found, part in ((train, PARTS[0]), (validation, PARTS[1])):
        if len(set(found)) < len(found):
            return set(), f"In the {part} part some images occur twice: they were drawn with replacement."
    both = set(train) & set(validation)
    if both:
        return set(), f"{len(both)} of {len(labels)} images are in both parts: a leak. What is set apart must not be trained on."
    if abs(len(validation) - share * len(labels)) > 0.999:
        swapped = abs(len(train) - share * len(labels)) < 1
        hint = " The share is that of the validation part, which comes second." if swapped else ""
        return set(), f"Expected {asked} images in the validation part; came {len(validation)}.{hint}"
    lost = len(labels) - len(train) - len(validation)
    if lost:
        return set(), f"{lost} of {len(labels)} images are in neither part."
    if max(validation) - min(validation) + 1 == len(validation):
        where = "last" if max(validation) == len(labels) - 1 else "first" if min(validation) == 0 else "neighbouring"
        return (
            set(),
            f"The validation part holds the {where} {len(validation)} images: nothing was shuffled. In a sorted file they are all alike.",
        )
    return set(validation), None


def _split_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    judged = [_split_fault(came, *case) for came, case in zip(outputs, inputs.cases)]
    for (_, fault), (images, _, share, _) in zip(judged, inputs.cases):
        if fault:
            return 0.0, f"With {len(images)} images and the share {share}: {fault}"
    first, again, other = (validation for validation, _ in judged[:3])
    if first != again:
        return 1.0, "Each split is right, but the same seed gave another split. Draw from `np.random.default_rng(seed)`."
    if first == other:
        return 1.0, "Each split is right, but another seed gave the same split: the seed decides nothing."
    return 2.0, "Every image is in exactly one part, its label with it, and the seed decides which."


SPLIT = Task(
    name="split",
    worth=2,
    inputs=_split_inputs,
    reference=_split_reference,
    points=_split_points,
    hint="shuffle the positions once, cut them in two, and take both images and labels at those positions.",
)

TASKS = (SCALE_AND_RESHAPE, STANDARDISE, ONE_HOT, CENTRE, SPLIT)
