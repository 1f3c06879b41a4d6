"""What the chapters show of the library itself: the source of a function as it is shipped, and the pipeline with one stage lit."""

import ast
import html
import inspect
import textwrap
from collections.abc import Callable

from . import STAGES

CHAPTERS = ("setup", *STAGES, "convolution", "capstone")  # the stages of the course; those between the ends have a module of that name


def show_source(function: Callable):
    """The source of a function of this library, for a notebook: as it runs, with the docstring cut down to its first line.

    Parameters
    ----------
    function : function

    Returns
    -------
    IPython.display.Markdown

    Notes
    -----
    A chapter shows the function this way after building it by hand, so that the code taught is the code shipped.
    """
    from IPython.display import Markdown

    source = textwrap.dedent(inspect.getsource(function))
    docstring = ast.parse(source).body[0].body[0]
    lines = source.splitlines()
    if ast.get_docstring(ast.parse(source).body[0]):
        first = ast.get_docstring(ast.parse(source).body[0]).splitlines()[0]
        lines[docstring.lineno - 1 : docstring.end_lineno] = [f'{" " * docstring.col_offset}"""{first} …"""']
    code = "\n".join(lines)
    return Markdown(f"```python\n{code}\n```\n\n`{function.__module__}.{function.__qualname__}`, as it is installed here.")


class Pipeline:
    """The stages in a row, one of them lit; shown by a notebook as text that wraps, so that it is legible on a phone."""

    def __init__(self, lit: str | None):
        self.lit = lit

    def __repr__(self) -> str:
        return " → ".join(f"[{stage}]" if stage == self.lit else stage for stage in CHAPTERS)

    def _repr_html_(self) -> str:
        described = f"The pipeline: {' → '.join(CHAPTERS)}." + (f" This chapter's stage, {self.lit}, is lit." if self.lit else "")
        box = "display: inline-block; padding: 0.2em 0.6em; margin: 0.15em 0; border: 1px solid #8a8a8a; border-radius: 0.4em"
        lit = "; background: #0072B2; color: white; border-color: #0072B2; font-weight: bold"
        boxes = [f'<span style="{box}{lit if stage == self.lit else ""}">{stage}</span>' for stage in CHAPTERS]
        return f'<div role="img" aria-label="{html.escape(described)}" style="line-height: 2">{" → ".join(boxes)}</div>'


def pipeline(lit: str | None = None) -> Pipeline:
    """The pipeline as a picture, with one stage lit.

    Parameters
    ----------
    lit : str or None
        Name of a stage, as the chapters bear it: setup, loading, …, capstone.

    Returns
    -------
    Pipeline
        Shows itself as the value of a notebook's cell.

    Raises
    ------
    ValueError
        If there is no such stage.
    """
    if lit is not None and lit not in CHAPTERS:
        raise ValueError(f"there is no stage {lit!r}; the stages are {', '.join(CHAPTERS)}")
    return Pipeline(lit)
