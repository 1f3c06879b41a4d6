"""Answers to the task `plot_losses`: two named lines from epoch 1, told apart without colour, on named axes."""

import matplotlib.pyplot as plt
import numpy as np
from answers import right, wrong

from mnist_lib.figures import subplots


def drawn(loss, val_loss, *, start=1, styles=("-", "--"), markers=("", ""), labels=("training", "validation"), legend=True):
    figure, axes = subplots()
    for curve, style, marker, label in zip((loss, val_loss), styles, markers, labels):
        axes.plot(np.arange(len(curve)) + start, curve, linestyle=style, marker=marker, label=label)
    axes.set(xlabel="epoch", ylabel="loss")
    if legend:
        axes.legend()
    return figure


@right
def line_styles(loss, val_loss):
    return drawn(loss, val_loss)


@right
def markers_and_pyplot(loss, val_loss):
    plt.figure()
    epochs = list(range(1, len(loss) + 1))
    plt.plot(epochs, val_loss, "s-", label="val_loss")
    plt.plot(epochs, loss, "o-", label="loss")
    plt.xlabel("Epoch")
    plt.ylabel("Cross-entropy")
    plt.legend()
    return plt.gcf()


@right
def words_beside_the_lines(loss, val_loss):
    figure = drawn(loss, val_loss, styles=(":", "-"), legend=False)
    figure.axes[0].text(1, loss[0], "training")
    figure.axes[0].annotate("validation", (1, val_loss[0]))
    return figure


@wrong(0, "counted from 1")
def epochs_from_zero(loss, val_loss):
    return drawn(loss, val_loss, start=0)


@wrong(2, "differ by colour alone")
def colour_alone(loss, val_loss):
    return drawn(loss, val_loss, styles=("-", "-"))


@wrong(2, "Which line is which?")
def without_legend(loss, val_loss):
    return drawn(loss, val_loss, legend=False)


@wrong(2, "are exchanged")
def names_exchanged(loss, val_loss):
    return drawn(loss, val_loss, labels=("validation", "training"))


@wrong(0, "one is missing")
def training_loss_twice(loss, val_loss):
    return drawn(loss, loss)


@wrong(0, "one is missing")
def two_pictures(loss, val_loss):
    figure, (left, after) = plt.subplots(1, 2)
    left.plot(range(1, len(loss) + 1), loss, "-", label="training")
    after.plot(range(1, len(loss) + 1), val_loss, "--", label="validation")
    return figure


@wrong(0, "expected a Matplotlib figure")
def list_of_lines(loss, val_loss):
    return plt.plot(range(1, len(loss) + 1), loss, "-")
