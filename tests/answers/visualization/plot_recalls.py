"""Answers to the task `plot_recalls`: ten bars from zero, named axes, each digit below its bar."""

import matplotlib.pyplot as plt
import numpy as np
from answers import right, wrong

from mnist_lib.figures import subplots


@right
def course_style(recalls):
    figure, axes = subplots()
    axes.bar(range(10), recalls)
    axes.set(xlabel="digit", ylabel="recall", xticks=range(10))
    return figure


@right
def pyplot(recalls):
    plt.figure()
    plt.bar([str(digit) for digit in range(10)], recalls, color="gray")
    plt.xlabel("Digit")
    plt.ylabel("Recall")
    plt.ylim(0, 1)
    return plt.gcf()


@right
def percent_in_rectangles(recalls):
    figure, axes = plt.subplots()
    axes.bar(np.arange(10), 100 * np.asarray(recalls), width=0.5, tick_label=list(range(10)))
    axes.set_xlabel("digit")
    axes.set_ylabel("recall (%)")
    return axes


@wrong(2, "it begins at 0")
def truncated_axis(recalls):
    figure = course_style(recalls)
    figure.axes[0].set_ylim(0.85, 1)
    return figure


@wrong(2, "axis must bear a name")
def without_names(recalls):
    figure = course_style(recalls)
    figure.axes[0].set(xlabel="", ylabel="")
    return figure


@wrong(2, "Below each bar must stand its digit")
def every_other_tick(recalls):
    figure = course_style(recalls)
    figure.axes[0].set_xticks(range(0, 10, 2))
    return figure


@wrong(0, "the same bars in another order")
def sorted_by_height(recalls):
    return course_style(np.sort(recalls))


@wrong(0, "there are none in it")
def a_line(recalls):
    figure, axes = subplots()
    axes.plot(recalls)
    return figure


@wrong(0, "the function must return what it drew")
def returns_nothing(recalls):
    course_style(recalls)


@wrong(0, "must be the recalls of 0 to 9")
def numbers_of_its_own(recalls):
    return course_style(np.full(10, 0.95))
