"""The tasks of the set on evaluation: how good, how sure, which mistakes, and whether confidence can be believed. Chapter 07-evaluation."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from ._task import ByCases, Case, Inputs, Mistake, Task, different

DIGITS = 10
Z = 1.96  # as in the task; the library's has more decimals, and both pass
CLEAR = 2e-3  # by how much a known mistake must miss the right answer: twenty times what a right answer may differ by
APART = 3e-4  # and two mistakes from each other, so that the right sentence is said
DRAWS = 1_000  # more than any seed needs; two dozen is the most that a case needs on average


def _telling(draw: Callable[[], Case], right: Callable[..., Any], mistakes: Sequence[Mistake]) -> Case:
    """The first case drawn in which no mistake gives the right answer, which would reward it, nor what another one gives."""
    for _ in range(DRAWS):
        case = draw()
        expected, given = right(*case), [(mistake.sentence, _given(mistake, case)) for mistake in mistakes]
        if all(different(came, expected, tolerance=CLEAR) for _, came in given) and all(
            said == other or two is None or different(two, one, tolerance=APART) for (said, one), (other, two) in combinations(given, 2)
        ):
            return case
    raise RuntimeError(f"none of {DRAWS} cases tells all mistakes apart")


def _given(mistake: Mistake, case: Case) -> Any:
    try:
        return mistake.gives(*map(np.copy, case))
    except (ValueError, IndexError, ZeroDivisionError):  # it gives nothing here, which is different enough
        return None


def _by(right: Callable[..., Any]) -> Callable[[Inputs], list[Any]]:
    """A task's reference, from the function that answers one case."""
    return lambda inputs: [right(*case) for case in inputs.cases]


# accuracy_with_interval


def _wilson(rate: float, trials: int, z: float = Z) -> tuple[float, float, float]:
    spread = z**2 / trials
    half = math.sqrt(rate * (1 - rate) * spread + spread**2 / 4)
    return rate, (rate + spread / 2 - half) / (1 + spread), (rate + spread / 2 + half) / (1 + spread)


def _shortcut(rate: float, trials: int) -> tuple[float, float, float]:
    half = Z * math.sqrt(rate * (1 - rate) / trials)
    return rate, rate - half, rate + half


def _rate(labels: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.mean(labels == predictions))


def _interval(labels: np.ndarray, predictions: np.ndarray) -> tuple[float, float, float]:
    return _wilson(_rate(labels, predictions), len(labels))


def _interval_without_the_denominator(labels: np.ndarray, predictions: np.ndarray) -> tuple[float, float, float]:
    rate, low, high = _interval(labels, predictions)
    whole = 1 + Z**2 / len(labels)
    return rate, low * whole, high * whole


def _interval_with_spread(spread: float, rate: float) -> tuple[float, float, float]:
    return _wilson(rate, 1, math.sqrt(spread))


SHORTCUT = "This is the shortcut, the accuracy ± 1.96 standard deviations. Wilson's interval has another middle and another width."

INTERVAL_MISTAKES = [
    Mistake(lambda labels, read: _shortcut(_rate(labels, read), len(labels)), SHORTCUT),
    Mistake(lambda labels, read: tuple(np.clip(_shortcut(_rate(labels, read), len(labels)), 0, 1)), SHORTCUT),
    Mistake(lambda labels, read: _rate(labels, read), "The two ends of the interval are missing."),
    Mistake(lambda labels, read: _interval(labels, read)[1:], "The accuracy itself is missing."),
    Mistake(
        lambda labels, read: (_interval(labels, read)[0], _interval(labels, read)[1:]),
        "The numbers are right. Return the three in one row, without a tuple inside the tuple.",
    ),
    Mistake(lambda labels, read: tuple(100 * each for each in _interval(labels, read)), "These are percent; fractions were asked for."),
    Mistake(
        lambda labels, read: (np.sum(labels == read), *_interval(labels, read)[1:]),
        "The first number counts the right answers; the accuracy is their share.",
    ),
    Mistake(lambda labels, read: _wilson(1 - _rate(labels, read), len(labels)), "This is the share of wrong answers, and its interval."),
    Mistake(
        lambda labels, read: (sum(_interval(labels, read)[1:]) / 2, *_interval(labels, read)[1:]),
        "The first number is the middle of the interval. The accuracy is the share that was observed; it need not lie in the middle.",
    ),
    Mistake(
        lambda labels, read: np.roll(_interval(labels, read), -1), "The order is accuracy, lower end, upper end; here the accuracy is last."
    ),
    Mistake(
        lambda labels, read: tuple(np.array(_interval(labels, read))[[1, 0, 2]]),
        "The order is accuracy, lower end, upper end; here the lower end is first.",
    ),
    Mistake(lambda labels, read: tuple(np.array(_interval(labels, read))[[0, 2, 1]]), "The lower end comes before the upper one."),
    Mistake(lambda labels, read: _wilson(_rate(labels, read), len(labels) - 1), "Divide by n, the number of digits, and not by n − 1."),
    Mistake(
        lambda labels, read: _wilson(np.sum(labels == read) / (len(labels) - 1), len(labels) - 1),
        "Divide by n, the number of digits, and not by n − 1.",
    ),
    Mistake(lambda labels, read: _wilson(_rate(labels, read), len(labels), 2), "z is 1.96 here, not 2."),
    Mistake(lambda labels, read: _wilson(_rate(labels, read), len(labels), 1.645), "z = 1.645 gives a 90% interval; z is 1.96 here."),
    Mistake(
        lambda labels, read: _interval_with_spread(Z / len(labels), _rate(labels, read)), "s is z²/n; here z was not squared, it seems."
    ),
    Mistake(_interval_without_the_denominator, "The ends were not divided by 1 + s."),
]


def _readings(random: np.random.Generator, count: int, right: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and predictions of which so many are right."""
    labels = random.integers(0, DIGITS, size=count)
    off = random.integers(1, DIGITS, size=count)
    off[random.permutation(count)[:right]] = 0
    return labels, (labels + off) % DIGITS


def _interval_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)

    def drawn(fewest: int, most: int) -> Case:
        count = int(random.integers(fewest, most))
        return _readings(random, count, min(round(count * random.uniform(0.65, 0.95)), count - 1))

    plain = [_telling(partial(drawn, fewest, most), _interval, INTERVAL_MISTAKES) for fewest, most in ((10, 20), (21, 40), (10, 40))]
    for_ever, never, small = (int(random.integers(*ends)) for ends in ((21, 60), (21, 60), (5, 15)))
    corner = [_readings(random, small, small), _readings(random, for_ever, for_ever), _readings(random, never, 0)]
    return Inputs(plain + corner, corner_from=len(plain))


ACCURACY_WITH_INTERVAL = Task(
    name="accuracy_with_interval",
    worth=2,
    inputs=_interval_inputs,
    reference=_by(_interval),
    points=ByCases(
        2,
        _by(_interval),
        mistakes=[
            Mistake(
                lambda labels, read: [_rate(labels, read)] * 3,
                "The interval has no width here: it says that no other digit will be read otherwise. So few digits cannot promise that.",
            ),
            *INTERVAL_MISTAKES,
        ],
        corner="digits that are all read rightly, or all wrongly",
        call="accuracy_with_interval",
    ),
    hint="compute r and s first, each on a line of its own, and then the part under the root.",
)


# confusion


def _confusion(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return np.bincount(labels.astype(int) * DIGITS + predictions.astype(int), minlength=DIGITS**2).reshape(DIGITS, DIGITS)


def _shares(counts: np.ndarray, axis: int | None) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=axis, keepdims=True)


def _off_by_one(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return np.roll(_confusion(labels, predictions), -1, axis=(0, 1))


def _cut(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    size = max(labels.max(), predictions.max()) + 1
    return _confusion(labels, predictions)[:size, :size]


def _of_those_that_occur(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    occur = np.union1d(labels, predictions)
    return _confusion(labels, predictions)[np.ix_(occur, occur)]


def _crossed(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return _confusion(labels, predictions)[np.ix_(np.unique(labels), np.unique(predictions))]


NO_SHARES = "These are shares; whole counts were asked for."
TEN_BY_TEN = "The matrix has ten rows and ten columns, whatever digits occur; a digit that does not occur has a row of zeros."

CONFUSION_MISTAKES = [
    Mistake(
        lambda labels, read: _confusion(read, labels),
        "Rows and columns are exchanged: the true digit decides the row.",
    ),
    Mistake(
        lambda labels, read: _confusion(labels, read) > 0,
        "No count is above 1: each new pair has overwritten the last equal one. `matrix[labels, predictions] += 1` with whole arrays "
        "does that too; it adds to each place once.",
    ),
    *(Mistake(lambda labels, read, axis=axis: _shares(_confusion(labels, read), axis), NO_SHARES) for axis in (None, 0, 1)),
    Mistake(_off_by_one, "The digit 0 belongs to row 0 and column 0; here it stands in the last ones."),
    Mistake(
        lambda labels, read: _confusion(labels, read) * (1 - np.eye(DIGITS)), "The diagonal is empty; the digits read rightly count too."
    ),
    Mistake(
        lambda labels, read: np.diag(_confusion(labels, read).diagonal()), "Beside the diagonal there is nothing; the mistakes count too."
    ),
    Mistake(
        lambda labels, read: _confusion(labels, read) + _confusion(read, labels),
        "Each pair was counted in two places; “7 read as 2” and “2 read as 7” are different mistakes.",
    ),
    Mistake(lambda labels, read: _confusion(labels, read).ravel(), "These are the right hundred counts in one row; ten rows are wanted."),
]
CUT = Mistake(_cut, TEN_BY_TEN)
MISSING_MISTAKES = [Mistake(_of_those_that_occur, TEN_BY_TEN), Mistake(_crossed, TEN_BY_TEN)]


def _misread(random: np.random.Generator, labels: np.ndarray, share: float) -> np.ndarray:
    """Readings of these labels, of which about this share is wrong, and wrong into digits that occur."""
    return np.where(random.random(len(labels)) < share, random.choice(np.unique(labels), len(labels)), labels)


def _confusion_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    each = np.arange(DIGITS)

    def few() -> Case:  # twenty digits, so that the message can show them: ten right, five mistakes, and those five once more
        true = random.permutation(DIGITS)[:5]
        read = (true + random.integers(1, DIGITS, size=5)) % DIGITS
        order = random.permutation(20)
        return np.concatenate([each, true, true])[order], np.concatenate([each, read, read])[order]

    def many() -> Case:
        labels = random.integers(0, DIGITS, size=int(random.integers(300, 600)))
        read = _misread(random, labels, 0.4)
        return np.concatenate([labels, each]).astype(np.uint8), np.concatenate([read, each])

    def without(*missing: int) -> Case:
        labels = random.choice(np.setdiff1d(each, missing), size=int(random.integers(60, 120)))
        return labels, _misread(random, labels, 0.4)

    known = CONFUSION_MISTAKES + MISSING_MISTAKES
    return Inputs(
        [
            _telling(few, _confusion, CONFUSION_MISTAKES),
            _telling(many, _confusion, CONFUSION_MISTAKES),
            _telling(lambda: without(8, 9), _confusion, [*known, CUT]),
            _telling(lambda: without(0, 4), _confusion, known),
        ],
        corner_from=2,
    )


CONFUSION = Task(
    name="confusion",
    worth=3,
    inputs=_confusion_inputs,
    reference=_by(_confusion),
    points=ByCases(
        3,
        _by(_confusion),
        mistakes=[*CONFUSION_MISTAKES, CUT, *MISSING_MISTAKES],
        corner="labels and predictions in which some digits do not occur",
        call="confusion",
    ),
    hint="begin with a hundred zeros in ten rows, and go through labels and predictions side by side.",
)


# recall


def _divided(diagonal: np.ndarray, total: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return diagonal / total


def _recall(matrix: np.ndarray) -> np.ndarray:
    return _divided(matrix.diagonal(), matrix.sum(axis=1))


def _occur(matrix: np.ndarray) -> np.ndarray:
    return matrix.sum(axis=1) > 0


RECALL_MISTAKES = [
    Mistake(
        lambda matrix: _divided(matrix.diagonal(), matrix.sum(axis=0)),
        "This is the precision: the sums of the columns were divided by. Recall asks how many of the digits that are it were found.",
    ),
    Mistake(lambda matrix: matrix.trace() / matrix.sum(), "This is the accuracy, one number for all; each digit has its own recall."),
    Mistake(lambda matrix: np.nanmean(_recall(matrix)), "This is the mean recall, one number for all; each digit has its own recall."),
    Mistake(lambda matrix: matrix.diagonal() / matrix.sum(), "The sum of the whole matrix was divided by; each digit has its own."),
    Mistake(lambda matrix: matrix.diagonal(), "These are counts; they are still to be divided by how often each digit occurs."),
    Mistake(lambda matrix: 100 * _recall(matrix), "These are percent; fractions were asked for."),
    Mistake(
        lambda matrix: _divided(matrix.max(axis=1), matrix.sum(axis=1)),
        "The largest number of each row was taken; it need not stand on the diagonal.",
    ),
    Mistake(lambda matrix: 1 - _recall(matrix), "These are the shares missed; recall is the share found."),
    Mistake(
        lambda matrix: _divided(matrix.diagonal(), matrix.sum(axis=1) - matrix.diagonal()),
        "The digits read rightly belong to the sum of the row too.",
    ),
    Mistake(
        lambda matrix: _divided(matrix, matrix.sum(axis=1, keepdims=True)),
        "This is a whole matrix; the recalls stand on its diagonal.",
    ),
]
NEVER_MISTAKES = [
    Mistake(
        lambda matrix: np.nan_to_num(_recall(matrix)),
        "A digit that never occurs has the recall 0/0: not 0 (none was missed) but `np.nan`, not a number.",
    ),
    Mistake(
        lambda matrix: np.where(_occur(matrix), _recall(matrix), 1),
        "A digit that never occurs has the recall 0/0: not 1 (none was found) but `np.nan`, not a number.",
    ),
    Mistake(lambda matrix: _recall(matrix)[_occur(matrix)], "A digit that never occurs was left out; in its place belongs `np.nan`."),
    Mistake(
        lambda matrix: np.where(matrix.diagonal() > 0, _recall(matrix), np.nan),
        "A digit that occurs and was never found has the recall 0. Only one that never occurs has `np.nan`.",
    ),
    Mistake(
        lambda matrix: matrix.diagonal() / np.maximum(matrix.sum(axis=1), 1e-9),
        "A digit that never occurs has the recall 0/0: not 0 (none was missed) but `np.nan`, not a number.",
    ),
]


def _counts(random: np.random.Generator) -> np.ndarray:
    """A confusion matrix as a fair network's might be: most counts on the diagonal, and no row like its column."""
    counts = random.poisson(random.gamma(1, 3, size=(DIGITS, DIGITS)))
    np.fill_diagonal(counts, random.integers(40, 90, size=DIGITS))
    return counts


def _with_a_weak_digit(random: np.random.Generator) -> np.ndarray:
    """Such a matrix, with one digit that is seldom found, so that its row is not largest on the diagonal."""
    counts = _counts(random)
    weak, read = random.permutation(DIGITS)[:2]
    counts[weak, weak], counts[weak, read] = 2, 9
    return counts


def _recall_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)

    def plain() -> Case:
        return (_with_a_weak_digit(random),)

    def never() -> Case:  # one digit does not occur; one occurs and is never found; one neither occurs nor is read
        counts = _counts(random)
        absent, missed, nowhere = random.permutation(DIGITS)[:3]
        counts[missed, missed] = 0
        counts[missed, (missed + 1) % DIGITS] += 5
        counts[absent] = counts[nowhere] = counts[:, nowhere] = 0
        counts[missed, absent] += 5
        return (counts,)

    return Inputs(
        [
            *(_telling(plain, _recall, RECALL_MISTAKES) for _ in range(3)),
            *(_telling(never, _recall, RECALL_MISTAKES + NEVER_MISTAKES) for _ in range(2)),
        ],
        corner_from=3,
    )


RECALL = Task(
    name="recall",
    worth=2,
    inputs=_recall_inputs,
    reference=_by(_recall),
    points=ByCases(
        2,
        _by(_recall),
        mistakes=RECALL_MISTAKES + NEVER_MISTAKES,
        corner="matrices in which some digits never occur, or are never found",
        call="recall",
    ),
    hint="of the digits that are a 7, which share was found? All of them stand in row 7.",
)


# most_confused


def _beside(matrix: np.ndarray) -> np.ndarray:
    """The matrix with a diagonal that can never be the largest."""
    return np.where(np.eye(DIGITS, dtype=bool), -1, matrix)


def _most_confused(matrix: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(_beside(matrix).argmax(), matrix.shape)
    return int(row), int(column)


def _last_of_equals(matrix: np.ndarray) -> tuple[int, int]:
    row, column = np.argwhere(_beside(matrix) == _beside(matrix).max())[-1]
    return int(row), int(column)


def _first_by_columns(matrix: np.ndarray) -> tuple[int, int]:
    return _most_confused(matrix.T)[::-1]


def _after_the_ten_largest(matrix: np.ndarray) -> tuple[int, int]:
    return divmod(int(np.argsort(-matrix.ravel(), kind="stable")[DIGITS]), DIGITS)


CONFUSED_MISTAKES = [
    Mistake(lambda matrix: None, "The function returned nothing. `np.fill_diagonal` returns nothing either; it changes what it is handed."),
    Mistake(lambda matrix: _most_confused(matrix)[::-1], "The true digit comes first, the read one second; here they are exchanged."),
    Mistake(
        lambda matrix: divmod(int(matrix.argmax()), DIGITS), "This pair stands on the diagonal, where the digits read rightly are counted."
    ),
    Mistake(lambda matrix: int(matrix.argmax()), "This is one position in the flattened matrix; a pair of digits was asked for."),
    Mistake(
        lambda matrix: int(_beside(matrix).argmax()), "This is one position in the flattened matrix; row and column are to be made from it."
    ),
    Mistake(
        lambda matrix: (*_most_confused(matrix), int(_beside(matrix).max())),
        "The pair is right; return it without the count.",
    ),
    Mistake(lambda matrix: int(_beside(matrix).max()), "This is how often the pair is confused; which pair is it?"),
    Mistake(
        lambda matrix: _most_confused(matrix + matrix.T),
        "Both directions were added. “7 read as 2” and “2 read as 7” are different mistakes.",
    ),
    Mistake(
        lambda matrix: _most_confused(_shares(matrix, 1)),
        "The rows were divided by their sums first; the largest count was asked for, not the largest share.",
    ),
    Mistake(
        lambda matrix: (int((matrix.sum(axis=1) - matrix.diagonal()).argmax()), int((matrix.sum(axis=0) - matrix.diagonal()).argmax())),
        "This joins the digit misread most with the digit most wrongly named; the largest single number may stand elsewhere.",
    ),
    Mistake(
        _after_the_ten_largest,
        "The ten largest numbers need not be the diagonal: a digit can be read as another more often than as itself.",
    ),
]
ONLY_ABOVE = Mistake(lambda matrix: _most_confused(np.triu(matrix)), "Only the numbers above the diagonal were looked at.")
ONLY_BELOW = Mistake(lambda matrix: _most_confused(np.tril(matrix)), "Only the numbers below the diagonal were looked at.")
TIE_RULE = "Of equal numbers the one with the smallest true digit counts, and of those the one with the smallest read digit"
TIE_MISTAKES = [
    Mistake(_last_of_equals, f"{TIE_RULE}; this is the last of them."),
    Mistake(_first_by_columns, f"{TIE_RULE}; here the read digit was looked at first."),
]


def _confused_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)

    def plain(above: bool) -> Case:
        counts = _with_a_weak_digit(random)
        row, column = sorted(random.permutation(DIGITS)[:2], reverse=not above)
        counts[row, column] = _beside(counts).max() + random.integers(1, 4)
        return (counts,)

    def tie() -> Case:
        counts = _counts(random)
        largest = _beside(counts).max() + random.integers(1, 4)
        rows, (left, middle, right) = np.sort(random.permutation(DIGITS)[:6].reshape(2, 3))
        counts[rows, [right, left, middle]] = largest  # the first by rows, the first by columns, and the last by rows
        return (counts,)

    def tie_in_a_row() -> Case:
        counts = _counts(random)
        row, left, right = random.permutation(DIGITS)[:3]
        counts[row, [left, right]] = _beside(counts).max() + random.integers(1, 4)
        return (counts,)

    return Inputs(
        [
            _telling(lambda: plain(True), _most_confused, [*CONFUSED_MISTAKES, ONLY_BELOW]),
            _telling(lambda: plain(False), _most_confused, [*CONFUSED_MISTAKES, ONLY_ABOVE]),
            _telling(tie, _most_confused, TIE_MISTAKES),
            _telling(tie_in_a_row, _most_confused, TIE_MISTAKES[:1]),
            _telling(tie, _most_confused, TIE_MISTAKES),
        ],
        corner_from=2,
    )


MOST_CONFUSED = Task(
    name="most_confused",
    worth=2,
    inputs=_confused_inputs,
    reference=_by(_most_confused),
    points=ByCases(
        2,
        _by(_most_confused),
        mistakes=[*TIE_MISTAKES, *CONFUSED_MISTAKES, ONLY_ABOVE, ONLY_BELOW],
        corner="matrices in which the largest number stands in several places",
        call="most_confused",
    ),
    hint="what would `argmax` find if there were nothing on the diagonal?",
    collect="call unchanged",
)


# calibration_error


def _bins(confidence: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each reading, from 0."""
    return np.digitize(confidence, np.asarray(edges)[1:-1], right=True)


def _gaps(confidence: np.ndarray, right: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many readings each bin holds, and by how much more of them are right than is claimed; NaN in an empty bin."""
    where, bins = _bins(confidence, edges), len(edges) - 1
    count = np.bincount(where, minlength=bins)
    return count, _divided(np.bincount(where, right - confidence, minlength=bins), count)


def _calibration(probabilities: np.ndarray, labels: np.ndarray, edges: np.ndarray) -> float:
    count, gap = _gaps(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, edges)
    return float(np.nansum(count * np.abs(gap)) / len(labels))


def _by_gaps(rule: Callable[[np.ndarray, np.ndarray], float]) -> Callable[..., float]:
    """A mistake in what is made of the gaps."""
    return lambda probabilities, labels, edges: float(
        rule(*_gaps(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, edges))
    )


def _middles(probabilities: np.ndarray, labels: np.ndarray, edges: np.ndarray) -> float:
    where, middle = _bins(probabilities.max(axis=1), edges), (edges[:-1] + edges[1:]) / 2
    off = np.bincount(where, (probabilities.argmax(axis=1) == labels) - middle[where])
    return float(np.abs(off).sum() / len(labels))


def _of_the_true_digit(probabilities: np.ndarray, labels: np.ndarray, edges: np.ndarray) -> float:
    count, gap = _gaps(probabilities[np.arange(len(labels)), labels], probabilities.argmax(axis=1) == labels, edges)
    return float(np.nansum(count * np.abs(gap)) / len(labels))


def _each_reading(probabilities: np.ndarray, labels: np.ndarray, edges: np.ndarray) -> float:
    return float(np.abs((probabilities.argmax(axis=1) == labels) - probabilities.max(axis=1)).mean())


def _binned_otherwise(inside: Callable[[np.ndarray, float, float, float], np.ndarray]) -> Callable[..., float]:
    """A mistake in which readings belong to which bin; readings in no bin are lost."""

    def gives(probabilities: np.ndarray, labels: np.ndarray, edges: np.ndarray) -> float:
        confidence, total = probabilities.max(axis=1), 0.0
        off = (probabilities.argmax(axis=1) == labels) - confidence
        for low, high in zip(edges[:-1], edges[1:]):
            total += abs(off[inside(confidence, low, high, edges[-1])].sum())
        return total / len(labels)

    return gives


NO_SIGNS = "The gaps were added with their signs, so that they cancel; take each without its sign."
EQUAL_BINS = "All bins count equally here; each must count as much as the share of readings it holds."

CALIBRATION_MISTAKES = [
    Mistake(_by_gaps(lambda count, gap: np.nansum(count * gap) / count.sum()), NO_SIGNS),
    Mistake(_by_gaps(lambda count, gap: np.nansum(-count * gap) / count.sum()), NO_SIGNS),
    Mistake(_by_gaps(lambda count, gap: abs(np.nansum(count * gap)) / count.sum()), NO_SIGNS),
    Mistake(_by_gaps(lambda count, gap: np.nanmean(np.abs(gap))), EQUAL_BINS),
    Mistake(_by_gaps(lambda count, gap: np.nansum(np.abs(gap)) / len(gap)), EQUAL_BINS),
    Mistake(_by_gaps(lambda count, gap: np.nansum(np.abs(gap))), EQUAL_BINS),
    Mistake(_by_gaps(lambda count, gap: np.nanmax(np.abs(gap))), "This is the largest gap; their weighted mean was asked for."),
    Mistake(_by_gaps(lambda count, gap: np.nansum(count * gap**2) / count.sum()), "The gaps were squared; take each without its sign."),
    Mistake(_by_gaps(lambda count, gap: np.nansum(count * np.abs(gap))), "The sum is still to be divided by the number of readings."),
    Mistake(
        _by_gaps(lambda count, gap: 100 * np.nansum(count * np.abs(gap)) / count.sum()), "This is in percent; a fraction was asked for."
    ),
    Mistake(_middles, "The share right was compared with the middle of the bin; compare it with the mean confidence in it."),
    Mistake(
        _of_the_true_digit, "The probability of the true digit was taken as the confidence. The network does not know it; take the largest."
    ),
    Mistake(_each_reading, "Each reading was compared on its own; compare, in each bin, the share right with the mean confidence."),
]
HALF_OPEN = "A reading on an edge belongs to the bin below the edge: each bin holds its upper edge, not its lower one."
EDGE_MISTAKES = [
    Mistake(_binned_otherwise(lambda sure, low, high, last: (sure >= low) & (sure < high)), HALF_OPEN),
    Mistake(
        _binned_otherwise(lambda sure, low, high, last: (sure >= low) & ((sure < high) | (sure == high) & (high == last))),
        HALF_OPEN,
    ),
    Mistake(_binned_otherwise(lambda sure, low, high, last: (sure >= low) & (sure <= high)), "A reading on an edge counted in two bins."),
    Mistake(_binned_otherwise(lambda sure, low, high, last: (sure > low) & (sure < high)), "A reading on an edge counted in no bin."),
    Mistake(
        _binned_otherwise(lambda sure, low, high, last: (sure > low) & (sure <= high)),
        "A reading on the lowest edge of all was counted in no bin; it belongs to the first.",
    ),
]
EMPTY_MISTAKES = [
    Mistake(
        _by_gaps(lambda count, gap: np.sum(count * np.abs(gap)) / count.sum()),
        "In an empty bin 0 is divided by 0, and the result is not a number. Leave empty bins out.",
    ),
]


def _probabilities(random: np.random.Generator, confidence: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ten probabilities for each confidence, which is the largest of them, and labels; `shares` of them are read rightly, by chance."""
    count = len(confidence)
    others = random.uniform(0.8, 1.2, size=(count, DIGITS - 1))  # so close together that none outgrows the confidence
    others *= ((1 - confidence) / others.sum(axis=1))[:, np.newaxis]
    for row, sure in enumerate(confidence):  # a confidence on an edge, exactly, and the rest in quarters and eighths, as exactly
        if sure in (0.25, 0.5, 0.75, 1.0):
            part = 0.125 if sure == 0.25 else 0.25
            others[row] = np.where(np.arange(DIGITS - 1) < round((1 - sure) / part), part, 0)
    read = random.integers(0, DIGITS, size=count)
    probabilities = np.empty((count, DIGITS))
    for row, digit in enumerate(read):
        probabilities[row] = np.insert(random.permutation(others[row]), digit, confidence[row])
    off = np.where(random.random(count) < shares, 0, random.integers(1, DIGITS, size=count))
    return probabilities, (read + off) % DIGITS


def _calibration_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)

    def within(edges: np.ndarray, counts: Sequence[int], lowest: float = 0.15) -> Case:
        """So many readings in each bin, none within 0.005 of an edge: rounding must not decide about its bin."""
        confidence, shares = [], []
        for number, (low, high, count) in enumerate(zip(edges[:-1], edges[1:], counts)):
            if not count:
                continue
            confidence.append(random.uniform(max(low, lowest) + 0.005, high - 0.005, size=count))
            modest = 0.25 if number % 2 else -0.25  # the bins are too sure and too modest in turn, so that signs matter
            shares.append(np.clip(confidence[-1] + modest, 0, 1))
        order = random.permutation(sum(counts))
        return *_probabilities(random, np.concatenate(confidence)[order], np.concatenate(shares)[order]), edges

    def on_edges() -> Case:
        edges = np.array([0.25, 0.5, 0.75, 1.0])
        confidence = random.permutation(np.concatenate([edges.repeat(4), random.uniform(0.3, 0.45, 5), random.uniform(0.8, 0.95, 9)]))
        return *_probabilities(random, confidence, random.random(len(confidence))), edges

    def sizes(bins: int) -> list[int]:
        return [int(count) for count in random.permutation(np.linspace(4, 40, bins)).round()]

    known = CALIBRATION_MISTAKES
    return Inputs(
        [
            _telling(lambda: within(np.array([0, 0.5, 1.0]), sizes(2)), _calibration, known),
            _telling(lambda: within(np.array([0, 0.4, 0.7, 0.9, 1.0]), sizes(4)), _calibration, known),
            _telling(lambda: within(np.linspace(0, 1, 6), sizes(5)), _calibration, known),
            _telling(on_edges, _calibration, EDGE_MISTAKES),
            _telling(lambda: within(np.linspace(0, 1, 11), [0, 0, 0, 5, 8, 0, 7, 9, 11, 30]), _calibration, known + EMPTY_MISTAKES),
        ],
        corner_from=3,
    )


CALIBRATION_ERROR = Task(
    name="calibration_error",
    worth=3,
    inputs=_calibration_inputs,
    reference=_by(_calibration),
    points=ByCases(
        3,
        _by(_calibration),
        mistakes=EDGE_MISTAKES + EMPTY_MISTAKES + CALIBRATION_MISTAKES,
        corner="readings that lie on an edge, and bins without readings",
        call="calibration_error",
    ),
    hint="for one bin, find the readings in it; their number, the share right and the mean confidence are all you need of them.",
)

TASKS = (ACCURACY_WITH_INTERVAL, CONFUSION, RECALL, MOST_CONFUSED, CALIBRATION_ERROR)
