"""The tasks of the set on visualization: three figures, checked by what is in them. Chapter 08-visualization."""

import re
from typing import Any

import numpy as np

from ._task import Failure, Inputs, Task, shown

# Matplotlib's maps with a middle: https://matplotlib.org/stable/users/explain/colors/colormaps.html#diverging
DIVERGING = (
    "PiYG",
    "PRGn",
    "BrBG",
    "PuOr",
    "RdGy",
    "RdBu",
    "RdYlBu",
    "RdYlGn",
    "Spectral",
    "coolwarm",
    "bwr",
    "seismic",
    "berlin",
    "managua",
    "vanimo",
)


def _one_axes(came: Any, what: str) -> tuple[dict[str, Any] | None, str]:
    """The axes that hold what was asked for, and what to say where there are none."""
    if isinstance(came, Failure):
        return None, f"{came.sentence}."
    found = [axes for axes in came["axes"] if axes[what]]
    if not found:
        return None, f"Expected a figure with {what}; there are none in it."
    return found[0], ""


def _parts(worth: float, faults: list[str | None], right: str) -> tuple[float, str]:
    """Equal shares for the parts of a task; the first fault, or what is right."""
    missing = [fault for fault in faults if fault]
    return worth * (len(faults) - len(missing)) / len(faults), "\n".join(missing) if missing else right


def _unnamed(axes: dict[str, Any]) -> str | None:
    missing = [axis for axis in ("x", "y") if not axes[f"{axis}label"].strip()]
    return f"The {' and the '.join(missing)} axis must bear a name: what is drawn along it?" if missing else None


# plot_recalls


def _recalls_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    return Inputs([(np.round(random.uniform(0.9, 0.995, size=10), 3),) for _ in range(2)])


def _recalls_reference(inputs: Inputs) -> list[Any]:
    from . import _figures

    def plot_recalls(recalls: np.ndarray) -> Any:
        from ..figures import subplots

        figure, axes = subplots()
        axes.bar(range(10), recalls)
        axes.set(xlabel="digit", ylabel="recall", xticks=range(10))
        return figure

    return [_figures.collect(plot_recalls, case) for case in inputs.cases]


def _recalls_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    results = [_recalls_one(came, recalls) for came, (recalls,) in zip(outputs, inputs.cases)]
    return min(results, key=lambda result: result[0])


def _recalls_one(came: Any, recalls: np.ndarray) -> tuple[float, str]:
    axes, missing = _one_axes(came, "bars")
    if axes is None:
        return 0.0, missing
    bars = sorted(axes["bars"])
    heights = np.array([bar[3] for bar in bars])
    if len(bars) != 10:
        return 0.0, f"Expected ten upright bars, one for each digit; came {len(bars)}."
    scale = 100 if np.allclose(heights, 100 * recalls, atol=0.01) else 1
    if not np.allclose(heights + np.array([bar[1] for bar in bars]), scale * recalls, atol=1e-4 * scale):
        what = "the same bars in another order" if np.allclose(np.sort(heights), np.sort(recalls), atol=1e-4) else shown(heights)
        return 0.0, f"The bars, from left to right, must be the recalls of 0 to 9, {shown(recalls)}; came {what}."
    if any(bar[2] <= 0 for bar in bars):
        return 0.0, "The bars must have a width."
    low, high = sorted(axes["ylim"])
    from_zero = None if low <= 0 and all(abs(bar[1]) < 1e-9 for bar in bars) and high >= scale * recalls.max() else (
        f"The axis of the bars goes from {low:g} to {high:g}. A bar stands for its length, so it begins at 0 and ends within the picture."
    )  # fmt: skip
    ticks = set(axes["ticks"])
    digits = None if all(str(digit) in ticks for digit in range(10)) else "Below each bar must stand its digit, 0 to 9; not all do."
    return _parts(3, [from_zero, _unnamed(axes), digits], "Ten bars from zero, named axes, each digit below its bar.")


PLOT_RECALLS = Task(
    name="plot_recalls",
    worth=3,
    inputs=_recalls_inputs,
    reference=_recalls_reference,
    points=_recalls_points,
    hint="after drawing, `axes.set(…)` takes `xlabel`, `ylabel`, `xticks` and `ylim`.",
    collect="figure",
)


# plot_losses


def _losses_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)

    def curve(epochs: int) -> list[float]:
        return [float(value) for value in np.round(np.sort(random.uniform(0.05, 1.5, size=epochs))[::-1], 4)]

    return Inputs([(curve(6), curve(6)), (curve(12), curve(12))])


def _losses_reference(inputs: Inputs) -> list[Any]:
    from . import _figures

    def plot_losses(loss: list[float], val_loss: list[float]) -> Any:
        from ..figures import subplots

        figure, axes = subplots()
        epochs = range(1, len(loss) + 1)
        axes.plot(epochs, loss, "-", label="training")
        axes.plot(epochs, val_loss, "--", label="validation")
        axes.set(xlabel="epoch", ylabel="loss")
        axes.legend()
        return figure

    return [_figures.collect(plot_losses, case) for case in inputs.cases]


def _losses_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    results = [_losses_one(came, *case) for came, case in zip(outputs, inputs.cases)]
    return min(results, key=lambda result: result[0])


def _losses_one(came: Any, loss: list[float], val_loss: list[float]) -> tuple[float, str]:
    axes, missing = _one_axes(came, "lines")
    if axes is None:
        return 0.0, missing
    found = [
        next((line for line in axes["lines"] if line["y"].shape == (len(curve),) and np.allclose(line["y"], curve, atol=1e-6)), None)
        for curve in (loss, val_loss)
    ]
    lines = [line for line in found if line is not None]
    if len(lines) < 2:
        return 0.0, "Expected two lines in one picture, the training loss and the validation loss, with all their values; one is missing."
    starts = sorted({float(line["x"][0]) for line in lines})
    epochs = np.arange(1, len(loss) + 1)
    if not all(np.allclose(line["x"], epochs) for line in lines):
        return (
            0.0,
            f"The epochs are counted from 1: x must be 1, 2, … {len(loss)}; it starts at {' and '.join(f'{each:g}' for each in starts)}.",
        )
    named = None
    words = axes["legend"] + axes["texts"]
    labels = [line["label"] for line in lines]
    if all(label in axes["legend"] for label in labels) and len(set(labels)) == 2:
        wrong_way = "val" in labels[0].lower() and "val" not in labels[1].lower()
        named = "The names of the two lines are exchanged." if wrong_way else None
    elif not any("train" in word.lower() for word in words) or not any("val" in word.lower() for word in words):
        named = "Which line is which? Give each a label, and show them with `axes.legend()`."
    alike = lines[0]["linestyle"] == lines[1]["linestyle"] and lines[0]["marker"] == lines[1]["marker"]
    by_form = "The two lines differ by colour alone: give one another line style, or a marker." if alike else None
    return _parts(3, [_unnamed(axes), named, by_form], "Two named lines from epoch 1, told apart without colour, on named axes.")


PLOT_LOSSES = Task(
    name="plot_losses",
    worth=3,
    inputs=_losses_inputs,
    reference=_losses_reference,
    points=_losses_points,
    hint="`axes.plot(x, y, linestyle=…, label=…)` draws one line; a legend shows the labels.",
    collect="figure",
)


# plot_neuron


def _neuron_inputs(seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    return Inputs([(np.round(random.normal(0, scale, size=784), 3) + shift,) for scale, shift in ((0.1, 0.05), (0.3, -0.2))])


def _neuron_reference(inputs: Inputs) -> list[Any]:
    from . import _figures

    def plot_neuron(weights: np.ndarray) -> Any:
        from ..figures import describe, subplots

        figure, axes = subplots()
        reach = np.abs(weights).max()
        axes.imshow(weights.reshape(28, 28), cmap="PuOr_r", vmin=-reach, vmax=reach)
        return describe(figure, f"Weights of a neuron, at most {reach:.2f} from zero.")

    return [_figures.collect(plot_neuron, case) for case in inputs.cases]


def _neuron_points(outputs: list[Any], inputs: Inputs) -> tuple[float, str]:
    results = [_neuron_one(came, *case) for came, case in zip(outputs, inputs.cases)]
    return min(results, key=lambda result: result[0])


def _neuron_one(came: Any, weights: np.ndarray) -> tuple[float, str]:
    axes, missing = _one_axes(came, "images")
    if axes is None:
        return 0.0, missing
    image = axes["images"][0]
    right = weights.reshape(28, 28)
    if image["values"].shape != right.shape or not np.allclose(image["values"], right, atol=1e-5):
        turned = image["values"].shape == right.shape and np.allclose(image["values"], right.T, atol=1e-5)
        why = "rows and columns are exchanged" if turned else f"its values have the shape {image['values'].shape} or are others"
        return 0.0, f"Expected the 784 weights as an image of 28 rows and 28 columns, row by row; {why}."
    reach, low, high = np.abs(weights).max(), image["low"], image["high"]
    middle = None
    if image["colours"].removesuffix("_r") not in DIVERGING:
        middle = f"The colour map {image['colours']!r} has no middle; weights have a sign, so take one that has, such as 'PuOr_r'."
    elif abs(low + high) > 1e-6 * max(reach, 1) or high <= 0:
        middle = f"The colours go from {low:.3f} to {high:.3f}, so their middle is not zero: set vmin and vmax equally far from it."
    elif high < reach * 0.999:
        middle = f"The colours end at {high:.3f}, but there are weights as large as {reach:.3f}."
    text = came["alternative_text"]
    numbers = [float(number) for number in re.findall(r"\d+\.\d+", text.replace("\N{MINUS SIGN}", "-"))]
    words = None
    if len(text.split()) < 5:
        words = "The alternative text is missing, or says nothing: `describe(figure, text)` gives the figure one."
    elif not any(abs(number - reach) < 0.0051 for number in numbers):
        words = f"The alternative text must name the largest distance from zero, {reach:.2f}, computed from the weights: {text!r}."
    return _parts(2, [middle, words], "The weights as an image, with zero in the middle of the colours, and words that say the reach.")


PLOT_NEURON = Task(
    name="plot_neuron",
    worth=2,
    inputs=_neuron_inputs,
    reference=_neuron_reference,
    points=_neuron_points,
    hint="`vmin` and `vmax` decide which weight gets which colour; `describe` and `subplots` come from `mnist_lib.figures`.",
    collect="figure",
)

TASKS = (PLOT_RECALLS, PLOT_LOSSES, PLOT_NEURON)
