"""Stage visualization: what is drawn, what is said about it, where it is drawn, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import mnist_lib
from mnist_lib import (
    STAGES,
    build_convolutional_model,
    build_model,
    figures,
    plot_confusion,
    plot_digits,
    plot_history,
    plot_mistakes,
    plot_pixel_values,
    plot_predictions,
    plot_weights,
)

HISTORY = {"loss": [0.9, 0.4, 0.2], "accuracy": [0.8, 0.9, 0.95], "val_loss": [0.5, 0.3, 0.4], "val_accuracy": [0.85, 0.9, 0.9]}
CONFUSION = np.diag(np.arange(10, 20))
CONFUSION[4, 9], CONFUSION[3, 5] = 3, 2


@pytest.fixture
def images(data):
    return data[1][0]


@pytest.fixture
def probabilities():
    """Of six images: 0 to 4 read rightly with growing confidence, 5 read as 3."""
    rows = np.full((6, 10), 0.0)
    for index, share in enumerate([0.5, 0.6, 0.7, 0.8, 0.995, 0.9]):
        rows[index] = (1 - share) / 9
        rows[index, index if index < 5 else 3] = share
    return rows


@pytest.fixture
def draw(images, probabilities, evaluation):
    """Each plot function with arguments that suit it."""
    return {
        "plot_digits": lambda **axes: plot_digits(images[:6], range(6), **axes),
        "plot_pixel_values": lambda **axes: plot_pixel_values(images[0], **axes),
        "plot_history": lambda **axes: plot_history(HISTORY, **axes),
        "plot_confusion": lambda **axes: plot_confusion(CONFUSION, **axes),
        "plot_predictions": lambda **axes: plot_predictions(images[:6], probabilities, np.arange(6), **axes),
        "plot_mistakes": lambda **axes: plot_mistakes(images, evaluation, count=3, **axes),
        "plot_weights": lambda **axes: plot_weights(build_model(4), **axes),
    }


def texts(axes):
    return [text.get_text() for text in axes.texts]


# All of them


@pytest.mark.parametrize("name", STAGES["visualization"])
def test_returns_a_figure_that_says_what_is_seen(draw, name):
    open_before = plt.get_fignums()
    figure = draw[name]()
    assert isinstance(figure, Figure)
    assert len(figure.alternative_text) > 30
    assert figure.alternative_text.endswith(".")
    figure.draw_without_rendering()
    assert plt.get_fignums() == open_before, "registered with pyplot: a notebook would show it twice"


@pytest.mark.parametrize("name", STAGES["visualization"])
def test_draws_into_the_axes_it_is_handed(draw, name):
    figure, axes = plt.subplots(1, 3)
    handed = axes[:2] if name == "plot_history" else axes[0]
    assert draw[name](axes=handed) is figure
    assert axes[0].has_data()
    assert not axes[2].has_data()
    assert len(figure.alternative_text) > 30
    before = figure.alternative_text
    draw["plot_confusion"](axes=axes[2])
    assert figure.alternative_text.startswith(before), "a figure of several parts says them all"
    plt.close(figure)


@pytest.mark.parametrize("name", STAGES["visualization"])
def test_draws_into_a_part_of_a_figure(draw, name):
    figure = Figure()
    part, rest = figure.subfigures(2)
    axes = part.subplots(1, 2)
    assert draw[name](axes=axes if name == "plot_history" else axes[0]) is figure
    assert axes[0].has_data()
    assert rest.axes == []
    assert len(figure.alternative_text) > 30


@pytest.mark.parametrize("name", STAGES["visualization"])
def test_changes_neither_style_nor_arguments(draw, name, images):
    settings, before = dict(plt.rcParams), images.copy()
    draw[name]()
    assert dict(plt.rcParams) == settings
    assert np.array_equal(images, before)


@pytest.mark.parametrize("name", [name for name in STAGES["visualization"] if name != "plot_history"])
@pytest.mark.parametrize("several", [True, False])
def test_refuses_what_is_no_axes(draw, name, several):
    figure, axes = figures.subplots(2)
    with pytest.raises(TypeError, match="axes must be one pair of Matplotlib axes; got "):
        draw[name](axes=axes if several else figure)


# One by one


def test_digits(images):
    figure = plot_digits(images[:6], ["a", "b", "c", "d", "e", "f"], columns=3)
    assert figure.alternative_text == "6 handwritten digits in a grid, labelled a, b, c, d, e, f."
    drawn = figure.axes[0].images
    assert all(np.array_equal(picture.get_array(), image) for picture, image in zip(drawn, images[:6], strict=True))
    assert texts(figure.axes[0]) == list("abcdef")
    assert {picture.get_clim() for picture in drawn} == {(0, 255)}
    lefts = [picture.get_extent()[0] for picture in drawn]
    assert lefts[:3] == lefts[3:], "two rows of three"
    assert plot_digits(images[:1]).alternative_text == "1 handwritten digit in a grid."
    assert plot_digits(images[:2].tolist()).alternative_text == "2 handwritten digits in a grid."


IMAGE = np.zeros((1, 28, 28), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "keywords", "says"),
    [
        ((IMAGE[0],), {}, r"images must be .*got an array of uint8 with shape \(28, 28\). Wrap one image: images\[np.newaxis\]"),
        ((IMAGE.reshape(1, 784),), {}, r"images must be .*\(1, 784\)$"),
        ((IMAGE[..., np.newaxis],), {}, r"images must be .*\(1, 28, 28, 1\)"),
        ((IMAGE[:0],), {}, r"n from 1 to 400; got .*\(0, 28, 28\)"),
        ((np.zeros((60_000, 28, 28), np.uint8),), {}, r"n from 1 to 400; got .*Hand over some of them: images\[:40\]"),
        ((IMAGE.astype(str),), {}, "images must be numbers"),
        ((None,), {}, "images must be numbers .* got None"),
        ((IMAGE, [1, 2]), {}, "labels must name each image; got 2 for 1 images"),
        ((IMAGE,), {"columns": 0}, "columns must be a whole number, at least 1; got 0"),
    ],
)
def test_digits_refuses_with_a_reason(arguments, keywords, says):
    with pytest.raises(ValueError, match=says):
        plot_digits(*arguments, **keywords)


def test_pixel_values():
    image = np.zeros((28, 28), np.uint8)
    image[10, 12], image[11, 13] = 255, 128
    figure = plot_pixel_values(image, slice(10, 12), slice(11, 14))
    assert texts(figure.axes[0]) == ["0", "255", "0", "0", "0", "128"]
    assert figure.axes[0].images[0].get_extent() == [10.5, 13.5, 11.5, 9.5], "rows and columns keep their numbers"
    assert figure.alternative_text.startswith("2 by 3 pixels of an image with their values, from 0 (background) to 255 (ink); 33% of them")
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("column", "row")
    scaled = plot_pixel_values(image / 255, slice(10, 12), slice(11, 14))
    assert texts(scaled.axes[0]) == [".00", "1.00", ".00", ".00", ".00", ".50"]


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ((IMAGE,), ValueError, r"image must be one image with shape \(28, 28\); got an array of uint8 with shape \(1, 28, 28\)"),
        ((None,), ValueError, "image must be one image"),
        ((IMAGE[0], 3), TypeError, r"rows and columns must be slices such as slice\(7, 21\); got 3 and"),
        ((IMAGE[0], slice(28, 40)), ValueError, r"leave nothing of an image with shape \(28, 28\)"),
    ],
)
def test_pixel_values_refuses_with_a_reason(arguments, kind, says):
    with pytest.raises(kind, match=says):
        plot_pixel_values(*arguments)


def test_history_draws_each_curve():
    figure = plot_history(HISTORY)
    loss, accuracy = figure.axes
    for axes, name in ((loss, "loss"), (accuracy, "accuracy")):
        training, validation = axes.lines
        assert training.get_ydata().tolist() == HISTORY[name]
        assert validation.get_ydata().tolist() == HISTORY[f"val_{name}"]
        assert training.get_xdata().tolist() == [1, 2, 3]
        assert training.get_marker() != validation.get_marker(), "told apart by colour alone"
        assert training.get_linestyle() != validation.get_linestyle(), "told apart by colour alone"
    assert loss.get_ylabel() == "loss (nats)"
    assert accuracy.get_xlabel() == "epoch"
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["training", "validation"]


def test_history_of_a_training(trained):
    figure = plot_history(trained[1])
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]
    assert "Training loss falls from" in figure.alternative_text
    assert "Training accuracy rises from" in figure.alternative_text


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([0.5], "is 0.500 after one epoch"),
        ([0.9, 0.4, 0.2], "falls from 0.900 to 0.200 over 3 epochs"),
        ([0.9, 0.3, 0.2, 0.2, 0.2], "falls from 0.900 and flattens at 0.200 after epoch 3"),
        ([0.9, 0.2, 0.4, 0.7], "falls from 0.900 to its lowest value, 0.200, at epoch 2, then rises to 0.700"),
        ([0.2, 0.9, 0.4, 0.3], "rises from 0.200 to its highest value, 0.900, at epoch 2, then falls to 0.300"),
        ([0.5, 0.5002, 0.5], "stays at 0.500 over 3 epochs"),
        ([0.5, np.nan, np.nan], "is no finite number from epoch 2 on"),
    ],
)
def test_history_says_what_a_curve_does(losses, said):
    assert f"Training loss {said}." in plot_history({"loss": losses, "accuracy": [0.1] * len(losses)}).alternative_text


@pytest.mark.parametrize(
    ("history", "keywords", "kind", "says"),
    [
        (None, {}, TypeError, r"history must be what train\(\) returned, or its .history; got None"),
        ([HISTORY], {}, TypeError, "history must be what train"),
        ({}, {}, ValueError, "loss and accuracy missing"),
        ({"loss": [1.0]}, {}, ValueError, "accuracy missing"),
        ({"loss": 0.1, "accuracy": 0.9}, {}, ValueError, "loss and accuracy of at least one epoch"),
        (HISTORY, {"axes": figures.subplots()[1]}, TypeError, "axes must be two pairs of Matplotlib axes"),
        (HISTORY, {"axes": figures.subplots(2, 2)[1]}, TypeError, "axes must be two pairs of Matplotlib axes"),
    ],
)
def test_history_refuses_with_a_reason(history, keywords, kind, says):
    with pytest.raises(kind, match=says):
        plot_history(history, **keywords)


def test_history_refuses_a_model(trained):
    with pytest.raises(TypeError, match="history must be what train"):
        plot_history(trained[0])


def test_confusion():
    figure = plot_confusion(CONFUSION)
    assert sorted(texts(figure.axes[0]), key=int) == sorted(map(str, [*range(10, 20), 3, 2]), key=int), "each count but 0 is written"
    assert figure.alternative_text == (
        "Confusion matrix of 150 images: 145 on the diagonal, read rightly. The most frequent mistake is 4 read as 9, 3 times."
    )
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("digit that was read", "digit that it is")
    assert plot_confusion(np.diag([2] * 10)).alternative_text == "Confusion matrix of 20 images: 20 on the diagonal, read rightly."
    plot_confusion(np.zeros((10, 10), int)).draw_without_rendering()


@pytest.mark.parametrize("confusion", [None, np.arange(10), np.zeros((10, 9), int), np.eye(10) / 3, np.zeros((0, 0), int)])
def test_confusion_refuses_with_a_reason(confusion):
    with pytest.raises(ValueError, match="confusion must be a square matrix of counts, integers; got "):
        plot_confusion(confusion)


def test_confusion_refuses_an_evaluation(evaluation):
    with pytest.raises(ValueError, match="hand over its .confusion"):
        plot_confusion(evaluation)


def test_predictions(images, probabilities):
    figure = plot_predictions(images[:6], probabilities, np.arange(6))
    assert texts(figure.axes[0])[:2] == ["0  50%", "1  60%"]
    assert texts(figure.axes[0])[5] == "3  90%\nnot 5", "a mistake is told by words, not by colour alone"
    assert len(figure.axes[0].lines) == 1, "one frame"
    assert figure.alternative_text == (
        "6 handwritten digits with what the model reads: 0, 1, 2, 3, 4, 3. 1 mistake, framed; a 5 read as 3."
    )
    assert plot_predictions(images[:5], probabilities[:5], range(5)).alternative_text.endswith("All are right.")
    assert plot_predictions(images[:5], probabilities[:5]).alternative_text.endswith("0, 1, 2, 3, 4.")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda rows, labels: (rows[:5], labels), r"probabilities must have shape \(6, 10\).*\(5, 10\)"),
        (lambda rows, labels: (rows.argmax(axis=1), labels), r"probabilities must have shape \(6, 10\).*int64 with shape \(6,\)"),
        (lambda rows, labels: (rows * 20 - 3, labels), r"probabilities must lie in \[0, 1\].*evaluate\(…\).probabilities"),
        (lambda rows, labels: (rows * np.nan, labels), r"probabilities must lie in \[0, 1\]"),
        (lambda rows, labels: (None, labels), "probabilities must have shape .*got None"),
        (lambda rows, labels: (rows, labels[:2]), r"labels must be integers with shape \(6,\)"),
        (lambda rows, labels: (rows, np.eye(10)[labels]), r"labels must be integers with shape \(6,\)"),
        (lambda rows, labels: (rows, labels.astype(str)), r"labels must be integers with shape \(6,\)"),
    ],
)
def test_predictions_refuses_with_a_reason(images, probabilities, spoil, says):
    with pytest.raises(ValueError, match=says):
        plot_predictions(images[:6], *spoil(probabilities, np.arange(6)))


def test_mistakes_are_the_most_confident(images, evaluation):
    figure = plot_mistakes(images, evaluation, count=3)
    for picture, index in zip(figure.axes[0].images, evaluation.mistakes[:3], strict=True):
        assert np.array_equal(picture.get_array(), images[index])
        assert f"a {evaluation.labels[index]} read as {evaluation.predictions[index]}" in figure.alternative_text


@pytest.mark.parametrize(
    ("arguments", "keywords", "kind", "says"),
    [
        (lambda images, result: (images[:50], result), {}, ValueError, "images must be the .* that were evaluated; got an array of uint8"),
        (lambda images, result: (result, images), {}, TypeError, r"evaluation must be what evaluate\(\) returned; got an array"),
        (lambda images, result: (images, None), {}, TypeError, r"evaluation must be what evaluate\(\) returned; got None"),
        (lambda images, result: (images, result), {"count": 0}, ValueError, "count must be a whole number, at least 1; got 0"),
        (lambda images, result: (images, result), {"count": -1}, ValueError, "count must be a whole number, at least 1; got -1"),
    ],
)
def test_mistakes_refuses_with_a_reason(images, evaluation, arguments, keywords, kind, says):
    with pytest.raises(kind, match=says):
        plot_mistakes(*arguments(images, evaluation), **keywords)


def test_weights():
    model = build_model(20)
    kernel = model.layers[1].get_weights()[0]
    figure = plot_weights(model, count=5)
    for index, picture in enumerate(figure.axes[0].images):
        assert np.array_equal(picture.get_array(), kernel[:, index].reshape(28, 28))
        low, high = picture.get_clim()
        assert low == -high, "zero is in the middle of the colours"
    assert index == 4
    shown = kernel[:, :5]
    assert f"from {shown.min():.2f} to {shown.max():.2f} around zero" in figure.alternative_text
    assert plot_weights(kernel, count=5).alternative_text == figure.alternative_text


def test_weights_of_filters():
    model = build_convolutional_model(filters=(7,))
    assert "7 neurons, drawn as images of 5 by 5 pixels" in plot_weights(model).alternative_text


@pytest.mark.parametrize(
    "weights", [None, np.zeros((10, 784)), build_model(3).get_weights(), build_model(3).layers[1]], ids=["none", "turned", "all", "layer"]
)
def test_weights_refuses_with_a_reason(weights):
    with pytest.raises(ValueError, match=r"weights must have shape \(784, neurons\) or \(height, width, 1, filters\); got "):
        plot_weights(weights)


def test_every_plot_is_tested(draw):
    assert set(draw) == set(STAGES["visualization"]) == {name for name in mnist_lib.__all__ if name.startswith("plot_")}
