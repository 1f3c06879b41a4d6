"""The tasks of the set on the model: a dense layer, its parameters, a network to a specification, dropout. Chapter 04-model."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ._models import SIDE, images, weights_for
from ._task import ByCases, Case, Failure, Inputs, Mistake, Task, different, numbers, shown

CLASSES = 10
ROUGHLY = 5e-3  # a GPU may round the factors of a product to ten bits; no known mistake is that small
SHARE = 0.05  # by how much a rate of dropout, measured on 4,000 images, may differ: more than six standard errors of a rate up to 0.4
ERRORS = 5  # standard errors by which a measured share may differ from the right one: one right answer in a million is that far off


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


# dense_layer


def _dense(x: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    return _relu(x @ weights + biases)


def _first_only(x: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    answers = np.zeros((len(x), len(biases)))
    answers[0] = _dense(x, weights, biases)[0]
    return answers


_DENSE_MISTAKES = (
    Mistake(
        lambda x, weights, biases: np.squeeze(_dense(x, weights, biases)),
        "An axis was lost: the result has two axes, even if one of them has the length 1.",
    ),
    Mistake(lambda x, weights, biases: np.zeros((len(x), len(biases))), "All answers came out as 0."),
    Mistake(lambda x, weights, biases: x @ weights + biases, "The ReLU is missing: no answer may be negative."),
    Mistake(lambda x, weights, biases: _relu(x @ weights), "The biases are missing."),
    Mistake(lambda x, weights, biases: x @ weights, "The biases and the ReLU are missing."),
    Mistake(
        lambda x, weights, biases: _relu(x @ weights) + biases,
        "The biases were added after the ReLU; they belong to the sum, and the ReLU comes last.",
    ),
    Mistake(lambda x, weights, biases: _relu(x @ weights - biases), "The biases were subtracted; they are added."),
    Mistake(lambda x, weights, biases: np.abs(x @ weights + biases), "What is negative becomes 0; here it only lost its minus sign."),
    Mistake(lambda x, weights, biases: np.minimum(x @ weights + biases, 0), "What is negative was kept, and what is positive lost."),
    Mistake(lambda x, weights, biases: _relu(x) @ weights + biases, "The ReLU was taken of the inputs; it comes last."),
    Mistake(
        lambda x, weights, biases: _relu(x @ weights.T + biases),
        "The weights were transposed: the weights of one neuron are a column of `weights`, not a row.",
    ),
    Mistake(
        lambda x, weights, biases: _dense(x, weights, biases)[0],
        "Only the first example was computed. Does the `return` stand inside the loop?",
    ),
    Mistake(_first_only, "Only the first example was computed."),
    Mistake(lambda x, weights, biases: _dense(x, weights, biases).T, "Each example is a row of the result, each neuron a column."),
    Mistake(
        lambda x, weights, biases: np.max(x @ weights + biases, axis=0),
        "`np.max` takes the largest number of each column; `np.maximum` compares each number with 0.",
    ),
    Mistake(lambda x, weights, biases: x @ weights + biases > 0, "These say where the sum is positive; the sums are asked for."),
)


def _dense_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)

    def small() -> Case:
        """A case to be computed by hand. The weights are square, so that transposed ones give something, and can be recognised."""
        while True:
            signs = [random.choice([-1, 1], size=shape) for shape in ((3, 2), (2, 2), (2,))]
            x, weights, biases = (sign * random.integers(1, 4, size=sign.shape) / 2 for sign in signs)
            given = [np.asarray(mistake.gives(x, weights, biases), dtype=float) for mistake in _DENSE_MISTAKES]
            if len({(each.shape, (each + 0.0).tobytes()) for each in given}) == len(given):  # each mistake is known by what it gives
                return x, weights, biases

    def large(n: int, k: int, m: int, dtype: type = np.float64) -> Case:
        biases = random.choice([-1, 1], size=m) * random.uniform(0.3, 1, size=m)
        return random.normal(size=(n, k)).astype(dtype), (random.normal(size=(k, m)) / np.sqrt(k)).astype(dtype), biases.astype(dtype)

    examples, inputs, neurons = (int(each) for each in random.integers((6, 5, 2), (10, 9, 5)))
    return Inputs(
        [
            small(),
            large(examples, inputs, neurons),
            large(12, 784, 8, np.float32),
            large(1, inputs, neurons),
            large(examples, inputs, 1),
        ],
        corner_from=3,
    )


def _dense_reference(inputs: Inputs) -> list[Any]:
    return [_dense(*case) for case in inputs.cases]


DENSE_LAYER = Task(
    name="dense_layer",
    worth=3,
    inputs=_dense_inputs,
    reference=_dense_reference,
    points=ByCases(
        3,
        _dense_reference,
        mistakes=_DENSE_MISTAKES,
        differs=partial(different, tolerance=ROUGHLY),
        corner="a single example or a single neuron",
        call="dense_layer",
    ),
    hint="first the matrix product of the inputs and the weights, then the biases, last the ReLU.",
)


# count_parameters


def _count_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    hidden = [int(each) for each in random.choice(np.arange(20, 200), size=4, replace=False)]
    inputs, outputs = (int(each) for each in random.choice(np.arange(5, 60), size=2, replace=False))
    return Inputs([([784, hidden[0], 10],), ([inputs, *hidden[1:], outputs],), ([inputs, outputs + 60],)], corner_from=2)


def _pairs(sizes: list[int]) -> list[tuple[int, int]]:
    return list(zip(sizes[:-1], sizes[1:]))


def _count(sizes: list[int]) -> int:
    return sum((before + 1) * after for before, after in _pairs(sizes))


def _count_reference(inputs: Inputs) -> list[Any]:
    return [_count(*case) for case in inputs.cases]


def _products(sizes: list[int]) -> int:
    return sum(before * after for before, after in _pairs(sizes))


COUNT_PARAMETERS = Task(
    name="count_parameters",
    worth=2,
    inputs=_count_inputs,
    reference=_count_reference,
    points=ByCases(
        2,
        _count_reference,
        mistakes=[
            Mistake(_products, "The biases are missing: each neuron has one."),
            Mistake(
                lambda sizes: _products(sizes) + sum(sizes), "The inputs were given biases too; they are numbers that come in, no neurons."
            ),
            Mistake(
                lambda sizes: _products(sizes) + sum(sizes[:-1]), "There is a bias for each neuron of a layer, not for each of its inputs."
            ),
            Mistake(lambda sizes: _products(sizes) + len(sizes) - 1, "There is a bias for each neuron, not one for each layer."),
            Mistake(lambda sizes: _products(sizes) + sum(sizes[1:-1]), "The biases of the last layer are missing."),
            Mistake(lambda sizes: _count(sizes[-2:]), "Only the last layer was counted."),
            Mistake(lambda sizes: _count(sizes[:2]), "Only the first layer was counted."),
            Mistake(lambda sizes: _count(sizes[:-1]), "The last layer is missing."),
            Mistake(lambda sizes: _count(sizes[1:]), "The first layer is missing."),
            Mistake(lambda sizes: sum(sizes), "These are the numbers in the list, added; each pair of neighbours has its own weights."),
            Mistake(
                lambda sizes: int(np.prod(sizes, dtype=object)), "Weights join neighbouring layers only: add, do not multiply, the layers."
            ),
        ],
        differs=partial(different, tolerance=1e-9),
        corner="a network of a single layer",
        call="count_parameters",
    ),
    hint="each two neighbours in the list make one layer: the left number is its inputs, the right one its neurons.",
)


# build


def _build_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    sizes = [int(each) for each in random.choice(np.arange(16, 65), size=6, replace=False)]
    rates = [float(each) for each in random.choice([0.1, 0.2, 0.3, 0.4], size=3, replace=False)]
    return Inputs([(sizes[:1], rates[0]), (sizes[1:3], rates[1]), (sizes[3:], rates[2]), (sizes[:2], 0.0), ([], rates[0])], corner_from=3)


def _behaviour(
    hidden: list[int],
    rates: list[float] | None,
    between: Callable[[np.ndarray], np.ndarray] = _relu,
    last: Callable[[np.ndarray], np.ndarray] = lambda logits: logits,
) -> dict[str, Any]:
    """How a chain of dense layers behaves: what the collector gives for it, computed without Keras.

    `rates` are those of the pixels, of each hidden layer, and of the logits; None leaves them open.
    """
    sizes = [SIDE * SIDE, *hidden, CLASSES]
    weights = weights_for([shape for before, after in _pairs(sizes) for shape in ((before, after), (after,))])
    values = images().reshape(-1, SIDE * SIDE)
    for number in range(len(sizes) - 1):
        values = values @ weights[2 * number] + weights[2 * number + 1]
        values = (between if number < len(hidden) else last)(values)
    return {"parameters": _count(sizes), "sizes": sizes[1:], "outputs": values, "dropped": rates, "built": True, "steady": True}


def _around(hidden: list[int], rate: float) -> list[float]:
    return [0.0, *[rate] * len(hidden), 0.0]


def _built(hidden: list[int], dropout: float) -> dict[str, Any]:
    return _behaviour(hidden, _around(hidden, dropout))


def _build_reference(inputs: Inputs) -> list[Any]:
    return [_built(*case) for case in inputs.cases]


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def _layers(came: dict[str, Any]) -> str:
    """The layers that came, in a row."""
    names = []
    for name, units, activation, rate in zip(came["layers"], came["units"], came["activations"], came["rates"]):
        activation = None if activation == "linear" else activation
        inside = [f"{each:g}" if isinstance(each, (int, float)) else each for each in (units, activation, rate) if each is not None]
        names.append(f"{name}({', '.join(inside)})" if inside else name)
    return f"The layers that came: {' → '.join(names) or 'none'}"


def _build_differs(came: dict[str, Any] | Failure, right: dict[str, Any]) -> str | None:
    if isinstance(came, Failure):
        return came.sentence
    expected, outputs = right["outputs"].shape, np.asarray(came["outputs"])
    if outputs.ndim > 2:
        return f"for five images expected the shape {expected}, came {outputs.shape}: the images are not flattened. {_layers(came)}"
    if outputs.shape != expected:
        return f"for five images expected the shape {expected}, ten logits each, came {outputs.shape}. {_layers(came)}"
    if came["parameters"] != right["parameters"]:
        sizes = ", ".join(map(str, right["sizes"]))
        return (
            f"expected dense layers of {sizes} neurons, with {right['parameters']:,} parameters, "
            f"came {came['parameters']:,} parameters. {_layers(came)}"
        )
    if not came["steady"]:
        return "two calls on the same images gave different logits: something is dropped in use too"
    if found := different(outputs, right["outputs"], tolerance=ROUGHLY):
        return f"with weights set by the check, the outputs for five images are wrong: {found}. {_layers(came)}"
    if right["dropped"] is None:
        return None
    if came["dropped"] is None:
        return f"expected dense layers in a row. {_layers(came)}"
    levels = ["the pixels", *(f"the values of hidden layer {number}" for number in range(1, len(right["dropped"]) - 1)), "the logits"]
    for level, share, rate in zip(levels, came["dropped"], right["dropped"]):
        if abs(share - rate) > SHARE:
            return f"of {level}, {rate:.0%} should be set to zero in training; about {share:.0%} were. {_layers(came)}"
    return None


def _known(gives: Callable[[list[int], float], dict[str, Any]], sentence: str) -> Mistake:
    """A mistake, except for the cases where it makes no difference: the order of a list of one number, for example."""

    def differently(hidden: list[int], dropout: float) -> dict[str, Any]:
        given = gives(hidden, dropout)
        if given["dropped"] is None and different(given["outputs"], _built(hidden, dropout)["outputs"]) is None:
            raise ValueError("this is no mistake here")
        return given

    return Mistake(differently, sentence)


_BUILD = ByCases(
    3,
    _build_reference,
    mistakes=[
        _known(
            lambda hidden, dropout: _behaviour(hidden, None, last=_softmax),
            "The last layer has a softmax. Logits come out without activation.",
        ),
        _known(lambda hidden, dropout: _behaviour(hidden, None, last=_relu), "The last layer has a ReLU: negative logits are lost."),
        _known(lambda hidden, dropout: _behaviour(hidden, None, last=_sigmoid), "The last layer has a sigmoid."),
        _known(lambda hidden, dropout: _behaviour(hidden, None, between=lambda z: z), "The hidden layers have no activation."),
        _known(
            lambda hidden, dropout: _behaviour(hidden, None, between=lambda z: z, last=_softmax),
            "The hidden layers have no activation, and the last one has a softmax.",
        ),
        _known(lambda hidden, dropout: _behaviour(hidden, None, between=_sigmoid), "The hidden layers have a sigmoid instead of a ReLU."),
        _known(lambda hidden, dropout: _behaviour(hidden, None, between=np.tanh), "The hidden layers have a tanh instead of a ReLU."),
        _known(lambda hidden, dropout: _behaviour(hidden[::-1], None), "The hidden layers come in the wrong order."),
        _known(lambda hidden, dropout: _behaviour(hidden[:1], None), "Only the first number of the list became a layer."),
        _known(lambda hidden, dropout: _behaviour(hidden[-1:], None), "Only the last number of the list became a layer."),
        _known(lambda hidden, dropout: _behaviour([*hidden, CLASSES], None), "There is one layer of ten too many."),
        _known(lambda hidden, dropout: _behaviour(hidden, _around(hidden, 0.0)), "Dropout is missing."),
        _known(
            lambda hidden, dropout: _behaviour(hidden, _around(hidden, 1 - dropout)),
            "`dropout` is the share that is set to zero, not the share that stays.",
        ),
        _known(
            lambda hidden, dropout: _behaviour(hidden, [*[0.0] * len(hidden), dropout, 0.0]),
            "Dropout follows each hidden layer, not the last of them only.",
        ),
        _known(
            lambda hidden, dropout: _behaviour(hidden, [0.0, dropout, *[0.0] * len(hidden)]),
            "Dropout follows each hidden layer, not the first of them only.",
        ),
        _known(
            lambda hidden, dropout: _behaviour(hidden, [*[dropout] * (len(hidden) + 1), 0.0]),
            "Dropout works on the pixels too; it follows the hidden layers only.",
        ),
        _known(
            lambda hidden, dropout: _behaviour(hidden, [*[dropout] * len(hidden), 0.0, 0.0]),
            "Dropout stands before each hidden layer; it follows it.",
        ),
        _known(
            lambda hidden, dropout: _behaviour(hidden, [0.0, *[dropout] * (len(hidden) + 1)]),
            "Dropout works on the logits too; it follows the hidden layers only.",
        ),
    ],
    differs=_build_differs,
    corner="dropout 0 or a list without numbers",
    call="build",
)


def _build_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    points, sentence = _BUILD(outputs, inputs)
    if points == _BUILD.worth and not all(came["built"] for came in outputs):
        return 2.0, (
            "The network is right, but it was not built when it came: without the shape of an image it has no weights yet, "
            "and `count_params` stops with an error."
        )
    return points, sentence


BUILD = Task(
    name="build",
    worth=3,
    inputs=_build_inputs,
    reference=_build_reference,
    points=_build_points,
    hint="`keras.Sequential` takes a list of layers, and a list can grow in a loop; `model.summary()` shows what became of it.",
    collect="model",
)


# dropout


def _dropout_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)

    def values(*shape: int) -> np.ndarray:
        return random.choice([-1.0, 1.0], size=shape) * random.uniform(0.5, 2, size=shape)  # none is zero, so that a zero was dropped

    low, high = float(random.choice([0.2, 0.25, 0.3, 0.35])), float(random.choice([0.6, 0.7, 0.75]))
    one, other = (int(each) for each in random.choice(10_000, size=2, replace=False))
    x = values(200, 150)
    return Inputs(
        [
            (x, low, True, one),
            (x, low, True, one),
            (x, low, True, other),
            (values(150, 12, 12).astype(np.float32), high, True, other),
            (x, low, False, one),
            (values(20, 30), 0.0, True, one),
        ],
        corner_from=5,
    )


def _dropout(x: np.ndarray, rate: float, training: bool, seed: int) -> np.ndarray:
    return x * (np.random.default_rng(seed).random(x.shape) >= rate) / (1 - rate) if training else x


def _dropout_reference(inputs: Inputs) -> list[Any]:
    return [_dropout(*case) for case in inputs.cases]


def _form_fault(came: object, x: np.ndarray) -> str | None:
    """What is wrong with the form of a result, or None."""
    if isinstance(came, Failure):
        return f"{came.sentence}."
    array = numbers(came)
    if array is None:
        return f"expected an array of the shape {x.shape}, came {shown(came)}."
    return None if array.shape == x.shape else f"expected the shape {x.shape}, as x has it, came {array.shape}."


def _training_fault(came: object, x: np.ndarray, rate: float) -> str | None:
    """What is wrong with a result in training, or None. Judged by what holds for any draw, since each answer draws in its own way."""
    if fault := _form_fault(came, x):
        return fault
    array = np.asarray(came, dtype=float).reshape(len(x), -1)
    x = x.reshape(len(x), -1)
    zero = array == 0
    if not zero.any():
        return f"with training=True about {rate:.0%} of the values should be 0; none is."
    if zero.all():
        return f"with training=True about {rate:.0%} of the values should be 0; all are."
    if (zero == zero[0]).all():
        return "the same places were set to 0 in every row. Each value is drawn on its own: draw an array of the shape of x."
    if (zero == zero[:, :1]).all():
        return "whole rows were set to 0. Each value is drawn on its own: draw an array of the shape of x."
    share, error = zero.mean(), np.sqrt(rate * (1 - rate) / zero.size)
    if abs(share - rate) > ERRORS * error:
        swapped = abs(share - (1 - rate)) <= ERRORS * error
        meant = " `rate` is the probability of being dropped, not of being kept." if swapped else ""
        return f"with rate {rate:g} about {rate:.0%} of the values should be 0; {share:.1%} are.{meant}"
    if fault := _scale_fault(array[~zero], x[~zero], rate):
        return fault
    counts = zero.sum(axis=1)
    spread = counts.var() / (zero.shape[1] * rate * (1 - rate))  # 1 for values drawn on their own
    if abs(spread - 1) > ERRORS * np.sqrt(2 / len(counts)):
        same = "the same number of values was" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()} values were"
        return f"{same} set to 0 in each row. Each value is drawn on its own, so the number differs from row to row by chance."
    return None


def _scale_fault(kept: np.ndarray, x: np.ndarray, rate: float) -> str | None:
    """What is wrong with the values that stayed, or None."""

    def times(factor: float) -> bool:
        return np.allclose(kept, x * factor, rtol=ROUGHLY, atol=0)

    if times(1 / (1 - rate)):
        return None
    known = (
        (1, "The values that stay were not divided by (1 - rate)."),
        (1 - rate, "The values that stay were multiplied by (1 - rate); they are divided by it."),
        (1 / rate, "The values that stay were divided by the rate; they are divided by (1 - rate)."),
        (rate, "The values that stay were multiplied by the rate; they are divided by (1 - rate)."),
    )
    meant = next((f" {sentence}" for factor, sentence in known if times(factor)), "")
    place = int(np.argmax(~np.isclose(kept, x / (1 - rate), rtol=ROUGHLY, atol=0)))
    right = shown(x[place] / (1 - rate))
    return f"with rate {rate:g}, {shown(x[place])} should become 0 or {right}; it became {shown(kept[place])}.{meant}"


def _use_fault(came: object, x: np.ndarray, rate: float) -> str | None:
    """What is wrong with a result in use, or None."""
    if fault := _form_fault(came, x):
        return fault
    array = np.asarray(came, dtype=float)
    if np.allclose(array, x, rtol=ROUGHLY, atol=0):
        return None
    if (array == 0).any():
        return f"with training=False nothing is dropped; {(array == 0).mean():.0%} of the values are 0."
    for factor, meant in ((1 - rate, "multiplied by (1 - rate)"), (1 / (1 - rate), "divided by (1 - rate)")):
        if np.allclose(array, x * factor, rtol=ROUGHLY, atol=0):
            return f"with training=False the values were {meant}. Nothing is left to correct in use, since training has divided already."
    return f"with training=False x comes out as it is; {different(array, x)}."


def _dropout_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    def said(number: int, fault: str) -> str:
        return f"dropout({', '.join(map(shown, inputs.cases[number]))}): {fault}"

    for number in (0, 1, 2, 3, 4):
        x, rate, training, _ = inputs.cases[number]
        fault = (_training_fault if training else _use_fault)(outputs[number], x, rate)
        if fault:
            return 0.0, said(number, fault)
    first, again, other = (np.asarray(each, dtype=float) for each in outputs[:3])
    if not np.array_equal(first, again):
        return 1.0, "Each result is right, but the same seed gave another one. Draw from `np.random.default_rng(seed)`."
    if np.array_equal(first, other):
        return 1.0, "Each result is right, but another seed gave the same one. Draw from `np.random.default_rng(seed)`."
    x, rate, _, _ = inputs.cases[5]
    fault = _form_fault(outputs[5], x) or (found := different(np.asarray(outputs[5]), x, tolerance=ROUGHLY)) and f"{found}."
    if fault:
        return 1.0, f"The plain cases are right; not so rate 0, where nothing is dropped.\n{said(5, fault)}"
    return 2.0, "The right share is dropped, what stays is scaled, the seed decides which, and nothing is dropped in use."


DROPOUT = Task(
    name="dropout",
    worth=2,
    inputs=_dropout_inputs,
    reference=_dropout_reference,
    points=_dropout_points,
    hint="one random number in [0, 1) for each value of x says whether that value stays; what happens if `training` is False?",
)

TASKS = (DENSE_LAYER, COUNT_PARAMETERS, BUILD, DROPOUT)
