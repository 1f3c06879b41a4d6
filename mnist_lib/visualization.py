"""Visualization: what a picture says that a number cannot.

Every function returns a Matplotlib figure, draws into axes that it is handed, and says in the figure's `alternative_text` what is to be
seen. Chapter 08-visualization draws the same results badly and well.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .arguments import check_whole, describe_value
from .figures import axes_or_new, describe, in_course_style, subplots

if TYPE_CHECKING:
    import keras

    from .evaluation import Evaluation

ORANGE = "#D55E00"  # Wong (2011): told apart from black by colour-blind readers
GAP = 2  # pixels between neighbouring images of a grid
MOST_IMAGES = 400  # in one grid; more are too small to be seen and take minutes to draw


@in_course_style
def plot_digits(
    images: np.ndarray, labels: Sequence[object] | np.ndarray | None = None, *, columns: int = 8, axes: Axes | None = None
) -> Figure:
    """Draw images in a grid, ink dark on white.

    Parameters
    ----------
    images : ndarray, shape (n, 28, 28), n from 1 to 400
        uint8 in [0, 255], or float, where each image is stretched from its lowest to its highest value.
    labels : sequence of n, or None
        Written above each image.
    columns : int, at least 1
    axes : matplotlib.axes.Axes or None
        Where to draw; None makes a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the shape is wrong or the labels do not match the images.

    Notes
    -----
    See chapter 08-visualization.
    """
    images = _check_images(images)
    captions = None if labels is None else [str(label) for label in np.atleast_1d(np.asarray(labels))]
    figure = _draw_grid(images, captions, columns, axes)
    named = "" if captions is None else f", labelled {', '.join(captions)}"
    return describe(figure, f"{_count(len(images), 'handwritten digit')} in a grid{named}.")


@in_course_style
def plot_pixel_values(image: np.ndarray, rows: slice = slice(7, 21), columns: slice = slice(7, 21), *, axes: Axes | None = None) -> Figure:
    """Draw part of one image with the value of each pixel written into it.

    Parameters
    ----------
    image : ndarray, shape (28, 28)
        uint8 in [0, 255] or float.
    rows, columns : slice
        The part; by default the 14 × 14 pixels in the middle.
    axes : matplotlib.axes.Axes or None

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `rows` or `columns` is no slice.
    ValueError
        If `image` is not one image, or the part is empty.

    Notes
    -----
    See chapter 02-loading.
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype.kind not in "biuf":
        raise ValueError(f"image must be one image with shape (28, 28); got {describe_value(image)}")
    if not isinstance(rows, slice) or not isinstance(columns, slice):
        raise TypeError(f"rows and columns must be slices such as slice(7, 21); got {rows!r} and {columns!r}")
    part = image[rows, columns]
    if part.size == 0:
        raise ValueError(f"rows {rows} and columns {columns} leave nothing of an image with shape {image.shape}")
    figure, axes = axes_or_new(axes, height=5.4 * part.shape[0] / part.shape[1])
    top, left = rows.indices(image.shape[0])[0], columns.indices(image.shape[1])[0]
    low, high = float(image.min()), float(image.max())
    axes.imshow(part, vmin=low, vmax=high, extent=(left - 0.5, left + part.shape[1] - 0.5, top + part.shape[0] - 0.5, top - 0.5))
    whole = np.issubdtype(image.dtype, np.integer)
    for (row, column), value in np.ndenumerate(part):
        shade = (value - low) / ((high - low) or 1)
        text = str(value) if whole else f"{value:.2f}".removeprefix("0")
        axes.text(left + column, top + row, text, ha="center", va="center", fontsize=9, color="white" if shade > 0.5 else "black")
    axes.set(xlabel="column", ylabel="row")
    axes.grid(False)
    background, ink = (f"{value:d}" if whole else f"{value:.2f}" for value in (part.min(), part.max()))
    return describe(
        figure,
        f"{part.shape[0]} by {part.shape[1]} pixels of an image with their values, from {background} (background) to {ink} (ink); "
        f"{np.mean(part > part.min()):.0%} of them hold ink.",
    )


@in_course_style
def plot_history(history: "keras.callbacks.History | Mapping[str, Sequence[float]]", *, axes: Sequence[Axes] | None = None) -> Figure:
    """Draw loss and accuracy of each epoch, for training and, if measured, validation.

    Parameters
    ----------
    history : keras.callbacks.History, or its ``history``
        Needs ``loss`` and ``accuracy``.
    axes : two matplotlib.axes.Axes, or None
        For loss and for accuracy.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `history` is no history, or `axes` are not two.
    ValueError
        If loss or accuracy was not recorded.

    Notes
    -----
    Learning curves are read in chapter 06-training.
    """
    curves = getattr(history, "history", history)
    if not isinstance(curves, Mapping):
        raise TypeError(f"history must be what train() returned, or its .history; got {describe_value(history)}")
    missing = [name for name in ("loss", "accuracy") if name not in curves or np.ndim(curves[name]) != 1 or not len(curves[name])]
    if missing:
        raise ValueError(f"history must hold loss and accuracy of at least one epoch; {' and '.join(missing)} missing")
    if axes is None:
        _, axes = subplots(2, height=5.4, sharex=True)
    elif np.asarray(axes).shape != (2,) or not all(isinstance(one, Axes) for one in axes):
        raise TypeError(f"axes must be two pairs of Matplotlib axes, for loss and for accuracy; got {describe_value(axes)}")
    figure, said = axes[0].figure.figure, []
    for one, name in zip(axes, ("loss", "accuracy")):
        for key, label, marker in ((name, "training", "o"), (f"val_{name}", "validation", "s")):
            if key in curves:
                one.plot(np.arange(1, len(curves[key]) + 1), curves[key], label=label, marker=marker)
                said.append(f"{label.capitalize()} {name} {_trend(curves[key])}.")
        one.set_ylabel(f"{name} (nats)" if name == "loss" else name)
        one.locator_params(axis="x", integer=True)
    axes[0].legend()
    axes[-1].set_xlabel("epoch")
    return describe(figure, " ".join(said))


@in_course_style
def plot_confusion(confusion: np.ndarray, *, axes: Axes | None = None) -> Figure:
    """Draw a confusion matrix: counts, with the mistakes shaded by their share of the digit's images.

    Parameters
    ----------
    confusion : ndarray of int, shape (10, 10)
        Row: the digit that it is. Column: the digit that was read.
    axes : matplotlib.axes.Axes or None

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If it is no square matrix of counts.

    Notes
    -----
    See chapter 07-evaluation.
    """
    counts = np.asarray(confusion)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.size == 0 or counts.dtype.kind not in "iu":
        hint = ": hand over its .confusion" if hasattr(confusion, "confusion") else ""
        raise ValueError(f"confusion must be a square matrix of counts, integers; got {describe_value(confusion)}{hint}")
    confusion = counts
    figure, axes = axes_or_new(axes, height=5.2)
    mistakes = confusion * (1 - np.eye(len(confusion), dtype=int))
    share = mistakes / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Oranges", vmin=0, vmax=share.max() or 1)  # the diagonal would drown them
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            weight = "bold" if row == column else "normal"
            color = "white" if share[row, column] > 0.6 * share.max() > 0 else "black"
            axes.text(column, row, f"{count}", ha="center", va="center", fontsize=9, fontweight=weight, color=color)
    axes.set(xticks=range(len(confusion)), yticks=range(len(confusion)), xlabel="digit that was read", ylabel="digit that it is")
    axes.grid(False)
    total, right = int(confusion.sum()), int(confusion.trace())
    said = f"Confusion matrix of {_count(total, 'image')}: {right:,} on the diagonal, read rightly."
    if mistakes.any():
        row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
        said += f" The most frequent mistake is {row} read as {column}, {_count(int(mistakes.max()), 'time')}."
    return describe(figure, said)


@in_course_style
def plot_predictions(
    images: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    columns: int = 5,
    axes: Axes | None = None,
) -> Figure:
    """Draw images with the digit that a model reads in each and the probability it gives to it; mistakes are framed.

    Parameters
    ----------
    images : ndarray, shape (n, 28, 28), n from 1 to 400
    probabilities : ndarray, shape (n, 10)
    labels : ndarray of integers, shape (n,), or None
        The digits that they are.
    columns : int, at least 1
    axes : matplotlib.axes.Axes or None

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the arrays do not match.

    Notes
    -----
    See chapter 08-visualization.
    """
    images, given, probabilities = _check_images(images), probabilities, np.asarray(probabilities)
    if probabilities.shape != (len(images), 10):
        raise ValueError(f"probabilities must have shape {(len(images), 10)}, ten for each image; got {describe_value(given)}")
    if not (probabilities.min() >= 0 and probabilities.max() <= 1):
        raise ValueError(
            f"probabilities must lie in [0, 1]; got values from {probabilities.min():.3g} to {probabilities.max():.3g}. "
            "evaluate(…).probabilities turns a model's logits into probabilities"
        )
    read, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    captions = [f"{digit}  {_percent(share)}" for digit, share in zip(read, confidence)]
    wrong = np.zeros(len(read), bool)
    if labels is not None:
        labels = np.asarray(labels)
        if labels.shape != read.shape or labels.dtype.kind not in "iu":
            raise ValueError(f"labels must be integers with shape {read.shape}, one for each image; got {describe_value(labels)}")
        wrong = read != labels
        captions = [f"{caption}\nnot {label}" if mistaken else caption for caption, label, mistaken in zip(captions, labels, wrong)]
    figure = _draw_grid(images, captions, columns, axes, framed=wrong, lines=2 if wrong.any() else 1)
    said = f"{_count(len(images), 'handwritten digit')} with what the model reads: {', '.join(str(digit) for digit in read)}."
    if labels is not None:
        said += f" {_count(int(wrong.sum()), 'mistake')}, framed" if wrong.any() else " All are right"
        said += "".join(f"; a {label} read as {digit}" for digit, label in zip(read[wrong], labels[wrong])) + "."
    return describe(figure, said)


def plot_mistakes(images: np.ndarray, evaluation: "Evaluation", *, count: int = 10, columns: int = 5, axes: Axes | None = None) -> Figure:
    """Draw the mistakes that a model was most confident of.

    Parameters
    ----------
    images : ndarray, shape (n, 28, 28)
        The images that were evaluated, all of them and in the same order.
    evaluation : Evaluation
    count : int, at least 1
        How many, at most.
    columns : int, at least 1
    axes : matplotlib.axes.Axes or None

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `evaluation` is no evaluation.
    ValueError
        If these are not as many images as were evaluated, or there was no mistake.

    Notes
    -----
    See chapter 07-evaluation.
    """
    if not hasattr(evaluation, "mistakes"):
        raise TypeError(f"evaluation must be what evaluate() returned; got {describe_value(evaluation)}")
    check_whole(count=count)
    images = np.asarray(images)
    if images.shape[:1] != evaluation.labels.shape:
        raise ValueError(f"images must be the {len(evaluation.labels):,} that were evaluated; got {describe_value(images)}")
    shown = evaluation.mistakes[:count]
    if not len(shown):
        raise ValueError("there is no mistake to draw")
    return plot_predictions(images[shown], evaluation.probabilities[shown], evaluation.labels[shown], columns=columns, axes=axes)


@in_course_style
def plot_weights(weights: "np.ndarray | keras.Model", *, count: int = 16, columns: int = 4, axes: Axes | None = None) -> Figure:
    """Draw the weights of the first layer as images, one for each neuron or filter: purple below zero, white at zero, orange above.

    Parameters
    ----------
    weights : ndarray, shape (784, neurons) or (height, width, 1, filters); or a model, whose first layer with weights is taken
    count : int, at least 1
        How many neurons or filters, at most.
    columns : int, at least 1
    axes : matplotlib.axes.Axes or None

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the weights cannot be drawn as images.

    Notes
    -----
    See chapter 08-visualization.
    """
    check_whole(count=count)
    given = weights
    if hasattr(weights, "layers"):
        weights = next((layer.get_weights()[0] for layer in weights.layers if layer.get_weights()), None)
    weights = np.asarray(weights if hasattr(weights, "shape") else None)
    if weights.ndim == 2 and weights.shape[0] == 784:
        pictures = weights.T.reshape(-1, 28, 28)
    elif weights.ndim == 4 and weights.shape[2] == 1:
        pictures = weights[:, :, 0].transpose(2, 0, 1)
    else:
        raise ValueError(f"weights must have shape (784, neurons) or (height, width, 1, filters); got {describe_value(given)}")
    pictures = pictures[:count]
    limit = float(np.abs(pictures).max()) or 1.0
    figure = _draw_grid(pictures, None, columns, axes, cmap="PuOr_r", vmin=-limit, vmax=limit, colorbar="weight")
    low, high = pictures.min(), pictures.max()
    return describe(
        figure,
        f"The first layer's weights into {_count(len(pictures), 'neuron')}, drawn as images of {pictures.shape[1]} by "
        f"{pictures.shape[2]} pixels, from {low:.2f} to {high:.2f} around zero.",
    )


def _check_images(images: np.ndarray) -> np.ndarray:
    given, images = images, np.asarray(images)
    if images.ndim != 3 or images.dtype.kind not in "biuf" or not 1 <= len(images) <= MOST_IMAGES:
        hint = ". Hand over some of them: images[:40]" if images.ndim == 3 and len(images) > MOST_IMAGES else ""
        hint = ". Wrap one image: images[np.newaxis]" if images.shape == (28, 28) else hint
        raise ValueError(f"images must be numbers with shape (n, 28, 28), n from 1 to {MOST_IMAGES}; got {describe_value(given)}{hint}")
    return images


def _draw_grid(
    images: np.ndarray,
    captions: Sequence[str] | None,
    columns: int,
    axes: Axes | None,
    *,
    framed: np.ndarray | None = None,
    lines: int = 1,
    colorbar: str | None = None,
    **scale: Any,
) -> Figure:
    """Images side by side in one pair of axes, captions above them, frames around some."""
    check_whole(columns=columns)
    if captions is not None and len(captions) != len(images):
        raise ValueError(f"labels must name each image; got {len(captions)} for {len(images)} images")
    height, width = images.shape[1:]
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    above = 0 if captions is None else lines * height * 0.8 / max(3.2, 11 / columns)  # room for the lines of a caption
    cell = height + above + GAP
    across = 4.1 if colorbar else 5.2  # inches; the bar takes the rest
    figure, axes = axes_or_new(axes, height=max(across * rows * cell / (columns * (width + GAP)), 0.8))
    if not scale and images.dtype == np.uint8:
        scale = {"vmin": 0, "vmax": 255}
    for index, image in enumerate(images):
        left, top = index % columns * (width + GAP), index // columns * cell + above
        axes.imshow(image, extent=(left, left + width, top + height, top), **scale)
        if captions is not None:
            color = ORANGE if framed is not None and framed[index] else "black"
            axes.text(left + width / 2, top - 1, captions[index], ha="center", va="bottom", fontsize=10.5, color=color, linespacing=1.0)
        if framed is not None and framed[index]:
            axes.plot(
                [left, left + width, left + width, left, left], [top, top, top + height, top + height, top], color=ORANGE, linestyle="-"
            )
    axes.set(xlim=(-1, columns * (width + GAP) - GAP + 1), ylim=(rows * cell - GAP + 1, -1), aspect="equal")
    axes.axis("off")
    if colorbar:
        figure.colorbar(axes.images[-1], ax=axes, label=colorbar, shrink=0.7)
    return figure


def _trend(curve: Sequence[float]) -> str:
    """What a curve does, in words: rises or falls, from where to where, when it turns or flattens."""
    values = np.asarray(curve, float)
    first, last, epochs = values[0], values[-1], len(values)
    if epochs == 1:
        return f"is {first:.3f} after one epoch"
    if not np.isfinite(values).all():
        return f"is no finite number from epoch {int(np.argmin(np.isfinite(values))) + 1} on"
    if np.ptp(values) < 1e-3:
        return f"stays at {last:.3f} over {epochs} epochs"
    turned, close = 0.1 * np.ptp(values), 0.02 * np.ptp(values)
    lowest, highest = int(values.argmin()), int(values.argmax())
    if last - values[lowest] > turned and first - values[lowest] > turned:
        return f"falls from {first:.3f} to its lowest value, {values[lowest]:.3f}, at epoch {lowest + 1}, then rises to {last:.3f}"
    if values[highest] - last > turned and values[highest] - first > turned:
        return f"rises from {first:.3f} to its highest value, {values[highest]:.3f}, at epoch {highest + 1}, then falls to {last:.3f}"
    verb = "rises" if last > first else "falls"
    flat_from = epochs - int(np.argmax(np.abs(values[::-1] - last) > close))  # the last epoch that is far from the end, plus one
    if flat_from <= epochs - 2:
        return f"{verb} from {first:.3f} and flattens at {last:.3f} after epoch {flat_from + 1}"
    return f"{verb} from {first:.3f} to {last:.3f} over {epochs} epochs"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.995 or share < 0.1 else f"{share:.1%}".replace(".0%", "%")
