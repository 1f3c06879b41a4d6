"""Figures that carry their alternative text: what is seen is also said, in notebooks and on the site.

`visualization` draws with these; a chapter that draws something of its own does too.
"""

import base64
import html
import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .arguments import check_whole, describe_value

STYLE = Path(__file__).with_name("course.mplstyle")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
PIXEL_RATIO = 2  # the picture holds so many pixels for each one it takes on the page: sharp on phones


class DescribedFigure(Figure):
    """A Matplotlib figure with an alternative text, shown in notebooks as a picture that has it.

    Attributes
    ----------
    alternative_text : str
        Says what the picture shows to those who do not see it.
    """

    alternative_text = ""

    def _ipython_display_(self) -> None:
        # One HTML output, not an image/png: no notebook format has a place for a picture's alternative text but HTML.
        from IPython.display import display

        display({"text/html": self.to_html(), "text/plain": self.alternative_text or repr(self)}, raw=True)

    def to_html(self) -> str:
        """The figure as an HTML picture that needs no other file."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=PIXEL_RATIO * self.dpi)
        width = round(self.get_figwidth() * self.dpi)
        return (
            f'<img alt="{html.escape(self.alternative_text)}" width="{width}" style="max-width: 100%; height: auto" '
            f'src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
        )


def subplots(
    rows: int = 1, columns: int = 1, *, width: float = 5.4, height: float | None = None, **keywords: Any
) -> tuple[DescribedFigure, Any]:
    """A figure in the course's style with a grid of axes, as `matplotlib.pyplot.subplots` makes it.

    Parameters
    ----------
    rows, columns : int, at least 1
    width, height : float
        Inches; one inch takes 100 pixels on the page. The default width stays legible on a phone; the default height is 3.2 for each row.
    **keywords
        Handed to `matplotlib.figure.Figure.subplots`.

    Returns
    -------
    (DescribedFigure, Axes or ndarray of Axes)

    Notes
    -----
    Not registered with pyplot, so a notebook shows it once, where it is the value of a cell. What is drawn into the axes later takes its
    defaults from Matplotlib: name the colour map of a picture, `gray_r` for digits. See chapter 08-visualization.
    """
    check_whole(rows=rows, columns=columns)
    with matplotlib.style.context(STYLE):
        figure = DescribedFigure(figsize=(width, height or 3.2 * rows), layout="constrained")
        return figure, figure.subplots(rows, columns, **keywords)


def describe(figure: Figure, text: str) -> Figure:
    """Give a figure its alternative text, after any text that it has already, and return it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        It is changed.
    text : str
        Sentences that say what is to be seen.

    Returns
    -------
    matplotlib.figure.Figure
        The same, with the attribute ``alternative_text``.

    Raises
    ------
    TypeError
        If it is no figure.

    Notes
    -----
    See chapter 08-visualization.
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"figure must be a Matplotlib figure; got {describe_value(figure)}")
    before = getattr(figure, "alternative_text", "")
    figure.alternative_text = f"{before} {text}".strip()
    return figure


def in_course_style(draw: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorator: whatever a function draws, it draws in the course's style, also into axes that it is handed.

    Parameters
    ----------
    draw : function

    Returns
    -------
    function
        Of the same arguments.
    """

    @wraps(draw)
    def styled(*arguments: Arguments.args, **keywords: Arguments.kwargs) -> Result:
        with matplotlib.style.context(STYLE):
            return draw(*arguments, **keywords)

    return styled


def axes_or_new(axes: Axes | None, **keywords: Any) -> tuple[Figure, Axes]:
    """The axes handed in with their figure, or new ones.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
    **keywords
        For `subplots`, where there are none.

    Returns
    -------
    (matplotlib.figure.Figure, matplotlib.axes.Axes)
        The whole figure, also where the axes lie in a part of one.

    Raises
    ------
    TypeError
        If `axes` is something else, such as an array of axes.
    """
    if axes is None:
        return subplots(**keywords)
    if not isinstance(axes, Axes):
        raise TypeError(f"axes must be one pair of Matplotlib axes; got {describe_value(axes)}. Of several, hand over one: axes[0]")
    return axes.figure.figure, axes  # the whole figure, where these are in a part of one
