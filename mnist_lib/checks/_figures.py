"""Calls a student's function that draws, and returns in plain data what is in the figure: what was drawn, its limits and its words."""

from typing import Any

import numpy as np

from ._collect import copied
from ._task import Case, Failure


def collect(answer: Any, case: Case) -> Any:
    """What is in the figure that ``answer(*case)`` returns.

    Parameters
    ----------
    answer : function
        The student's; it returns a Matplotlib figure (axes count for the figure they are in).
    case : tuple

    Returns
    -------
    dict or Failure
        ``alternative_text``: str; ``axes``: for each of the axes that are no colour bar a dict of its ``bars`` (left, width, bottom,
        height of each), ``lines`` (dicts of x, y, label, color, linestyle, marker), ``images`` (dicts of values, colours, low, high),
        ``title``, ``xlabel``, ``ylabel``, ``xlim``, ``ylim``, ``ticks`` (the texts along x) and ``legend`` (its texts).
    """
    from matplotlib import pyplot

    if not callable(answer):
        return Failure(f"expected a function, came {type(answer).__name__}")
    open_before = set(pyplot.get_fignums())
    try:
        returned = answer(*copied(case))
        figure = returned if hasattr(returned, "savefig") and hasattr(returned, "axes") else getattr(returned, "figure", None)
        if figure is None:
            return Failure(f"expected a Matplotlib figure, came {type(returned).__name__}: the function must return what it drew")
        figure.canvas.draw()  # places ticks and limits
        drawn = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
        return {"alternative_text": str(getattr(figure, "alternative_text", "")), "axes": [_axes(each) for each in drawn]}
    finally:
        for number in set(pyplot.get_fignums()) - open_before:  # else the notebook would show it below the check
            pyplot.close(number)


def _axes(axes: Any) -> dict[str, Any]:
    legend = axes.get_legend()
    return {
        "bars": [(*map(float, patch.get_xy()), float(patch.get_width()), float(patch.get_height())) for patch in _rectangles(axes)],
        "lines": [_line(line) for line in axes.lines if len(line.get_xdata())],
        "images": [_image(image) for image in axes.images],
        "title": axes.get_title(),
        "xlabel": axes.get_xlabel(),
        "ylabel": axes.get_ylabel(),
        "xlim": tuple(map(float, axes.get_xlim())),
        "ylim": tuple(map(float, axes.get_ylim())),
        "ticks": [label.get_text() for label in axes.get_xticklabels()],
        "legend": [text.get_text() for text in legend.get_texts()] if legend else [],
        "texts": [text.get_text() for text in axes.texts],
    }


def _rectangles(axes: Any) -> list[Any]:
    return [patch for patch in axes.patches if hasattr(patch, "get_height") and hasattr(patch, "get_xy")]


def _line(line: Any) -> dict[str, Any]:
    from matplotlib.colors import to_hex

    return {
        "x": np.asarray(line.get_xdata(), float),
        "y": np.asarray(line.get_ydata(), float),
        "label": str(line.get_label()),
        "color": to_hex(line.get_color()),
        "linestyle": str(line.get_linestyle()),
        "marker": str(line.get_marker()),
    }


def _image(image: Any) -> dict[str, Any]:
    low, high = image.get_clim()
    values: np.ndarray = np.ma.filled(np.ma.asarray(image.get_array(), float), np.nan)
    return {"values": values, "colours": image.get_cmap().name, "low": float(low), "high": float(high)}
