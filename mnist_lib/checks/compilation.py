"""The tasks of the set on compilation: probabilities, their loss, one step downhill, and the loss that fits. Chapter 05-compilation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ._task import ByCases, Case, Failure, Inputs, Mistake, Rule, Task, different


def _quietly(points: Rule) -> Rule:
    """The same rule without NumPy's warnings: what a known mistake gives may overflow."""

    def quiet(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
        with np.errstate(all="ignore"):
            return points(outputs, inputs)

    return quiet


def _naive(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


# softmax


def _softmax_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    near = random.integers(-8, 9, size=(3, 10)) / 4
    middle = random.integers(-8, 9, size=(2, 10)) / 4
    wide = random.permutation(np.linspace(-1000, 1000, 10)) + middle
    return Inputs(
        [
            (random.normal(scale=1.5, size=(4, 10)),),
            (random.normal(scale=1.5, size=(10, 10)),),
            (random.normal(scale=1.5, size=(1, 10)),),
            (near + 1000,),
            (np.concatenate([near[:2] - 1000, wide, middle, near[2:] + 1000]),),
        ],
        corner_from=3,
    )


def _softmax(z: np.ndarray) -> np.ndarray:
    positive = np.exp(z - z.max(axis=1, keepdims=True))
    return positive / positive.sum(axis=1, keepdims=True)


def _softmax_reference(inputs: Inputs) -> list[Any]:
    return [_softmax(*case) for case in inputs.cases]


SOFTMAX = Task(
    name="softmax",
    worth=3,
    inputs=_softmax_inputs,
    reference=_softmax_reference,
    points=_quietly(
        ByCases(
            3,
            _softmax_reference,
            mistakes=[
                Mistake(lambda z: None, "Nothing was returned."),
                Mistake(_naive, "The exponential function gave infinity, or only zeros: ∞ / ∞ and 0 / 0 are nan, not a number."),
                Mistake(lambda z: np.exp(z), "These are the exponentials; they are not yet shares of their row's sum."),
                Mistake(
                    lambda z: np.exp(z - z.max(axis=1, keepdims=True)),
                    "These are exponentials; they are not yet shares of their row's sum.",
                ),
                Mistake(lambda z: np.exp(z) / np.exp(z).sum(axis=0), "Each column adds up to 1. A digit is a row: each row should."),
                Mistake(lambda z: np.exp(z) / np.exp(z).sum(), "All numbers together add up to 1; those of each row should."),
                Mistake(
                    lambda z: _naive(z - z.max()),
                    "The largest logit of the whole array was subtracted: in a row far below it every exponential is 0, and 0 / 0 is nan.",
                ),
                Mistake(
                    lambda z: _naive(z - z.max(axis=0)),
                    "Each column's own maximum was subtracted. That changes the differences within a row, and only those count.",
                ),
                Mistake(
                    lambda z: 1 / (1 + np.exp(-z)), "This is the sigmoid, which looks at each logit alone; the ten do not add up to 1."
                ),
                Mistake(lambda z: z / z.sum(axis=1, keepdims=True), "These are shares of the logits; the exponential function is missing."),
                Mistake(lambda z: np.log(_softmax(z)), "These are the logarithms of the probabilities."),
            ],
            corner="logits near 1000 and -1000",
            call="softmax",
        )
    ),
    hint="every row becomes ten numbers above 0 that add up to 1. Which logits may be subtracted without changing them?",
)


# cross_entropy

CLIPPED_AT = (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)  # what people write in front of a logarithm


def _entropy_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    large = random.permuted(np.tile(np.linspace(-1000, 1000, 10), (6, 1)), axis=1)
    sure = random.integers(-4, 5, size=(4, 10)) / 4
    unlikely = random.integers(0, 10, size=4)
    sure[np.arange(4), unlikely] -= 800
    return Inputs(
        [
            (random.normal(scale=1.5, size=(12, 10)), random.integers(0, 10, size=12)),
            (random.normal(scale=1.5, size=(25, 10)), random.integers(0, 10, size=25).astype(np.uint8)),
            (sure, unlikely),
            (large, (large.argmax(axis=1) + random.integers(1, 10, size=6)) % 10),
        ],
        corner_from=2,
    )


def _log_softmax(z: np.ndarray) -> np.ndarray:
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _of_labels(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return rows[np.arange(len(labels)), labels]


def _entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    return -_of_labels(_log_softmax(logits), labels).mean()


def _entropy_reference(inputs: Inputs) -> list[Any]:
    return [_entropy(*case) for case in inputs.cases]


def _clipped(least: float, added: bool) -> Callable[[np.ndarray, np.ndarray], float]:
    """The loss with a bound under the logarithm: p + least, or p cut off at least."""

    def gives(z: np.ndarray, y: np.ndarray) -> float:
        p = _of_labels(_softmax(z), y)
        return -np.log(p + least if added else np.maximum(p, least)).mean()

    return gives


def _taken_for_probabilities(z: np.ndarray) -> np.ndarray:
    """What Keras calculates with when it is told that logits are probabilities: the logarithms of what it cuts off below 0 and above 1."""
    return np.log(np.clip(z, 1e-7, 1 - 1e-7))


ENTROPY_TWICE = "Softmax was applied twice: the function gets logits and applies it once."
ENTROPY_LOGITS = "The logits were taken for probabilities: softmax is missing."
ENTROPY_CLIPPED = "The probability was kept away from 0 before its logarithm. That caps what an answer can cost; the true cost is higher."

CROSS_ENTROPY = Task(
    name="cross_entropy",
    worth=3,
    inputs=_entropy_inputs,
    reference=_entropy_reference,
    points=_quietly(
        ByCases(
            3,
            _entropy_reference,
            mistakes=[
                Mistake(lambda z, y: None, "Nothing was returned."),
                Mistake(lambda z, y: -_entropy(z, y), "The sign is wrong: a cost is never below 0."),
                Mistake(lambda z, y: _entropy(z, y) * len(y), "This is the sum over the digits; the mean is wanted."),
                Mistake(
                    lambda z, y: _entropy(z, y) / 10, "Divided by 10 too often: the mean goes over the digits, not over all n × 10 numbers."
                ),
                Mistake(lambda z, y: -_of_labels(_log_softmax(z), y), "These are the costs of the single digits; their mean is wanted."),
                Mistake(lambda z, y: _entropy(z, y) / np.log(10), "This is the logarithm to the base 10; the natural one is wanted."),
                Mistake(lambda z, y: _entropy(z, y) / np.log(2), "This is the logarithm to the base 2; the natural one is wanted."),
                Mistake(lambda z, y: _entropy(_softmax(z), y), ENTROPY_TWICE),
                Mistake(
                    lambda z, y: (np.log(np.exp(z).sum(axis=1)) - _of_labels(z, y)).mean(),
                    "The exponential function of a large logit is infinity, and so is the sum.",
                ),
                Mistake(
                    lambda z, y: -np.log(_of_labels(_softmax(z), y)).mean(),
                    "A probability was rounded to 0, and the logarithm of 0 is minus infinity.",
                ),
                *(Mistake(_clipped(least, added), ENTROPY_CLIPPED) for least in CLIPPED_AT for added in (False, True)),
                Mistake(lambda z, y: -np.log(_of_labels(z, y)).mean(), ENTROPY_LOGITS),
                Mistake(lambda z, y: _entropy(_taken_for_probabilities(z), y), ENTROPY_LOGITS),
                *(Mistake(lambda z, y, e=e: -np.log(_of_labels(np.clip(z, e, 1), y)).mean(), ENTROPY_LOGITS) for e in CLIPPED_AT),
                Mistake(
                    lambda z, y: -_of_labels(z, y).mean(),
                    "This is minus the logit of the right digit; the logarithm of the sum is missing.",
                ),
                Mistake(
                    lambda z, y: np.log(np.exp(z).sum(axis=1)).mean(),
                    "This is the logarithm of the sum; the logit of the right digit is missing.",
                ),
                Mistake(
                    lambda z, y: _entropy(z, (y.astype(int) - 1) % 10), "The column of the wrong digit was taken: one too far to the left."
                ),
                Mistake(
                    lambda z, y: _entropy(z, (y.astype(int) + 1) % 10), "The column of the wrong digit was taken: one too far to the right."
                ),
                Mistake(
                    lambda z, y: _entropy(z, z.argmax(axis=1)), "This is the cost of the likeliest digit; that of the right one is wanted."
                ),
                Mistake(
                    lambda z, y: -_log_softmax(z)[:, y].mean(),
                    "`[:, labels]` takes all labels' columns from every row; take one from each row.",
                ),
                Mistake(lambda z, y: 1 - _of_labels(_softmax(z), y).mean(), "This is 1 minus the probability; its logarithm is missing."),
            ],
            corner="logits so large that the right digit's probability is rounded to 0",
            call="cross_entropy",
        )
    ),
    hint="the cost of one digit is minus the natural logarithm of the probability that its right label got.",
)


# gradient_step


def _step_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    cases = []
    for count, inputs, rate in ((8, 4, 0.5), (15, 6, 0.2)):
        labels = random.integers(0, 10, size=count).astype(np.uint8)
        cases.append((random.normal(scale=0.5, size=(inputs, 10)), random.random(size=(count, inputs)), labels, rate))
    pixels = random.integers(0, 256, size=(6, 5)).astype(float)
    weights = random.normal(size=(5, 10))
    weights *= 2000 / (pixels @ weights).max()  # surely too large for the exponential function
    return Inputs([*cases, (weights, pixels, random.integers(0, 10, size=6), 0.01)], corner_from=2)


def _gradient(weights: np.ndarray, x: np.ndarray, labels: np.ndarray, softmax: Callable[[np.ndarray], np.ndarray] = _softmax) -> np.ndarray:
    return x.T @ (softmax(x @ weights) - np.eye(10)[labels]) / len(x)


def _step(weights: np.ndarray, x: np.ndarray, labels: np.ndarray, rate: float) -> np.ndarray:
    return weights - rate * _gradient(weights, x, labels)


def _step_reference(inputs: Inputs) -> list[Any]:
    return [_step(*case) for case in inputs.cases]


def _one_column_off(w: np.ndarray, x: np.ndarray, y: np.ndarray, rate: float) -> np.ndarray:
    return _step(w, x, (y.astype(int) - 1) % 10, rate)


STEP_RULE = ByCases(
    3,
    _step_reference,
    mistakes=[
        Mistake(lambda w, x, y, rate: None, "Nothing was returned; the new weights are wanted."),
        Mistake(lambda w, x, y, rate: w, "These are the weights that went in: nothing was changed."),
        Mistake(lambda w, x, y, rate: w + rate * _gradient(w, x, y), "The step goes uphill: along the slopes instead of against them."),
        Mistake(lambda w, x, y, rate: _step(w, x, y, rate * len(x)), "The gradient is the sum over the digits; the loss is their mean."),
        Mistake(
            lambda w, x, y, rate: _step(w, x, y, rate / 10), "Divided by 10 too often: the mean goes over the digits, not over the classes."
        ),
        Mistake(lambda w, x, y, rate: _step(w, x, y, 1), "The learning rate was not used."),
        Mistake(lambda w, x, y, rate: _step(w, x, y, rate**2), "The learning rate was used twice."),
        Mistake(lambda w, x, y, rate: _gradient(w, x, y), "This is the gradient; the new weights are wanted."),
        Mistake(lambda w, x, y, rate: rate * _gradient(w, x, y), "This is the change of the weights; the new weights are wanted."),
        Mistake(lambda w, x, y, rate: -rate * _gradient(w, x, y), "This is the change of the weights; the new weights are wanted."),
        Mistake(
            lambda w, x, y, rate: w - rate * x.T @ _softmax(x @ w) / len(x),
            "The one-hot labels were not subtracted from the probabilities.",
        ),
        Mistake(
            lambda w, x, y, rate: w - rate * x.T @ (_softmax(x @ w) - y[:, np.newaxis]) / len(x),
            "The labels themselves were subtracted from the probabilities; each should first become a row of zeros with a single 1.",
        ),
        Mistake(
            lambda w, x, y, rate: w - rate * x.T @ (x @ w - np.eye(10)[y]) / len(x),
            "The one-hot labels were subtracted from the logits: softmax is missing.",
        ),
        Mistake(_one_column_off, "The 1 of the one-hot rows stands one place too far to the left."),
        Mistake(lambda w, x, y, rate: _step(w, x, y, rate).T, "Rows and columns are swapped."),
        Mistake(
            lambda w, x, y, rate: w - rate * _gradient(w, x, y, _naive),
            "Softmax gave nan: the exponential function of a large logit is infinity.",
        ),
    ],
    corner="pixels from 0 to 255, which make logits in the thousands",
    call="gradient_step",
)


def _step_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    """The usual rule; besides, by how much the loss rises if it does."""
    points, sentence = STEP_RULE(outputs, inputs)
    if points:
        return points, sentence
    number = next(number for number, (came, right) in enumerate(zip(outputs, _step_reference(inputs))) if different(came, right))
    weights, x, labels, _ = inputs.cases[number]
    try:
        came = np.asarray(outputs[number], float)
    except (TypeError, ValueError):
        return points, sentence
    if came.shape != weights.shape:
        return points, sentence
    right = _step(*inputs.cases[number])
    before, after, best = (_entropy(x @ each, labels) for each in (weights, came, right))
    if after > before:  # a wrong step that lowers the loss is not worth a number: it may even lower it further
        sentence += f"\nWith your weights the loss rises from {before:.3f} to {after:.3f}; with the right ones it falls to {best:.3f}."
    return points, sentence


GRADIENT_STEP = Task(
    name="gradient_step",
    worth=3,
    inputs=_step_inputs,
    reference=_step_reference,
    points=_quietly(_step_points),
    hint="the slope of a logit is its probability, minus 1 if its digit is the right one; each slope reaches a weight through its input.",
)


# compile_network


def _network_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    networks = (("logits", np.float32, 20), ("softmax", np.float32, 24), ("softmax", np.float64, 28))
    return Inputs([_network(random, *network) for network in networks], corner_from=2)


def _network(random: np.random.Generator, last: str, bits: type[np.floating[Any]], count: int) -> Case:
    """A case: drawn anew until every wrong loss is far from the right one, and no probability so small that Keras cuts it off."""
    while True:
        weights = [random.normal(scale=0.8, size=shape).astype(bits) for shape in ((6, 8), (8,), (8, 10), (10,))]
        x = random.random(size=(count, 6)).astype(np.float32)
        z = _logits(x, weights)
        labels = random.integers(0, 10, size=count)
        labels[: count // 2] = z[: count // 2].argmax(axis=1)  # about half of the answers are right
        right, *wrong = _entropy(z, labels), _entropy(_softmax(z), labels), _entropy(_taken_for_probabilities(z), labels)
        if _of_labels(_log_softmax(z), labels).min() > -9 and all(abs(each - right) > 0.2 for each in wrong):
            return last, "integers", x, labels, weights


def _logits(x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    first, first_bias, second, second_bias = (each.astype(float) for each in weights)
    return np.maximum(x.astype(float) @ first + first_bias, 0) @ second + second_bias


def _network_reference(inputs: Inputs) -> list[Any]:
    found = []
    for _, _, x, labels, weights in inputs.cases:
        z = _logits(x, weights)
        accuracy = float((z.argmax(axis=1) == labels).mean())
        found.append({"loss": _entropy(z, labels), "metrics": {"accuracy": accuracy}, "optimizer": True, "error": None})
    return found


def _loss_fault(came: dict[str, Any], right: dict[str, Any], case: Case) -> str | None:
    """What is wrong with the loss that one network was given, or None."""
    last, _, x, labels, weights = case
    which = f"A network that ends in {last}{' and computes with 64 bits' if weights[0].dtype == np.float64 else ''}"
    if isinstance(came, Failure):
        return f"{which}: {came.sentence}."
    if came["loss"] is None:
        said = str(came["error"]).rstrip(".")
        labelled = "" if "No loss" in said else " Do loss and metrics fit labels that are digits, not one-hot rows?"
        return f"{which} was compiled, but Keras could not evaluate it. It said: {said}.{labelled}"
    if different(came["loss"], right["loss"], tolerance=1e-3) is None:
        return None
    z = _logits(x, weights)
    twice = "Softmax was applied twice."
    if weights[0].dtype == np.float64:
        twice += " Keras finds that out only if nothing is computed between the two; here the conversion to 32 bits is."
    known = {
        "The logits were taken for probabilities.": _entropy(_taken_for_probabilities(z), labels),
        twice: _entropy(_softmax(z), labels),
        "This is the sum over the digits; the mean is wanted.": right["loss"] * len(labels),
    }
    named = [sentence for sentence, gives in known.items() if different(came["loss"], gives, tolerance=1e-3) is None]
    return "\n".join([f"{which}: on {len(labels)} digits expected the loss {right['loss']:.4f}, came {came['loss']:.4f}.", *named[:1]])


def _accuracy_fault(came: dict[str, Any], right: dict[str, Any]) -> str | None:
    """What is wrong with the metrics, or None; the accuracy may go by any name."""
    accuracy = right["metrics"]["accuracy"]
    if any(different(value, accuracy) is None for value in came["metrics"].values()):
        return None
    if came["error"]:
        return f"Keras could not compute the metrics. It said: {came['error'].rstrip('.')}."
    if not came["metrics"]:
        return "The accuracy is missing among the metrics."
    return f"No metric is the accuracy, {accuracy:.3f}; came {', '.join(f'{name} {value:.3f}' for name, value in came['metrics'].items())}."


def _network_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    expected = _network_reference(inputs)
    points, plain = 3.0, inputs.corner_from or 0
    lines: list[str] = []
    for number, (came, right, case) in enumerate(zip(outputs, expected, inputs.cases)):
        fault = _loss_fault(came, right, case)
        if fault and number < plain:
            return 0.0, fault
        if fault:
            points, lines = 1.5, [f"The plain cases are right; not so a network that computes with 64 bits.\n{fault}"]
            break
    whole = [(came, right) for came, right in zip(outputs, expected) if not isinstance(came, Failure) and came["loss"] is not None]
    evaluated = [pair for pair in whole if not pair[0]["error"]]  # some of TensorFlow's metrics do not take 64 bits
    accuracies = list(filter(None, (_accuracy_fault(*pair) for pair in evaluated or whole)))
    if accuracies:
        points -= 1
        lines.append(f"{'' if lines else 'The loss is right. '}{accuracies[0]}")
    if not all(came["optimizer"] for came, _ in whole):
        points -= 1
        lines.append("There is no optimizer, so the network cannot be trained.")
    if not lines:
        lines = ["Loss, accuracy and optimizer are right, for logits and for softmax."]
    return max(points, 0.0), "\n".join(lines)


COMPILE_NETWORK = Task(
    name="compile_network",
    worth=3,
    inputs=_network_inputs,
    reference=_network_reference,
    points=_network_points,
    hint="look at the network's last layer first: logits or probabilities? `compile` takes a loss, an optimizer and metrics.",
    collect="compiled",
)

TASKS = (SOFTMAX, CROSS_ENTROPY, GRADIENT_STEP, COMPILE_NETWORK)
