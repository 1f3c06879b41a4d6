"""Answers to the task `plot_neuron`: weights as an image, zero in the middle of the colours, words that say the reach."""

import matplotlib.pyplot as plt
import numpy as np
from answers import right, wrong
from matplotlib.colors import TwoSlopeNorm

from mnist_lib.figures import describe, subplots


def drawn(weights, *, cmap="PuOr_r", low=None, high=None, turned=False, words="A neuron's weights, up to {reach:.2f} from zero."):
    figure, axes = subplots()
    reach = np.abs(weights).max()
    image = weights.reshape(28, 28)
    axes.imshow(image.T if turned else image, cmap=cmap, vmin=-reach if low is None else low, vmax=reach if high is None else high)
    return describe(figure, words.format(reach=reach)) if words else figure


@right
def course_style(weights):
    return drawn(weights)


@right
def pyplot_with_colour_bar(weights):
    reach = max(weights.max(), -weights.min())
    figure, axes = plt.subplots()
    picture = axes.imshow(np.reshape(weights, (28, 28)), "RdBu", vmin=-reach, vmax=reach)
    figure.colorbar(picture)
    figure.alternative_text = f"Red and blue dots, 28 by 28, the largest weight {round(float(reach), 3)} away from 0."
    return figure


@right
def norm_and_other_words(weights):
    figure, axes = plt.subplots()
    reach = float(np.max(np.abs(weights)))
    axes.imshow(weights.reshape(28, -1), cmap="coolwarm", norm=TwoSlopeNorm(0, -reach, reach))
    return describe(figure, f"The weights of one neuron lie between -{reach:.2f} and {reach:.2f}.")


@wrong(1, "their middle is not zero")
def limits_of_the_data(weights):
    return drawn(weights, low=weights.min(), high=weights.max())


@wrong(1, "has no middle")
def viridis(weights):
    return drawn(weights, cmap="viridis")


@wrong(1, "alternative text is missing")
def without_words(weights):
    return drawn(weights, words="")


@wrong(1, "must name the largest distance from zero")
def words_without_number(weights):
    return drawn(weights, words="The weights of a neuron drawn as an image.")


@wrong(1, "must name the largest distance from zero")
def number_typed(weights):
    return drawn(weights, words="The weights of one neuron, up to 0.99 from zero.")


@wrong(0, "rows and columns are exchanged")
def transposed(weights):
    return drawn(weights, turned=True)


@wrong(1, "there are weights as large as")
def colours_that_end_too_soon(weights):
    return drawn(weights, low=-0.1, high=0.1)


@wrong(0, "there are none in it")
def a_histogram(weights):
    figure, axes = plt.subplots()
    axes.hist(weights)
    return figure
