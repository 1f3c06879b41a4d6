"""What the chapters show of the library itself: the source of a function as it is shipped, and the pipeline with one stage lit."""

import ast
import html
import inspect
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import STAGES

if TYPE_CHECKING:
    from IPython.display import Markdown

CHAPTERS = ("setup", *STAGES, "convolution", "capstone")  # the stages of the course; those between the ends have a module of that name


def show_source(function: Callable[..., object]) -> "Markdown":
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
    lines = source.splitlines()
    (definition,) = ast.parse(source).body
    if isinstance(definition, ast.FunctionDef | ast.ClassDef) and (docstring := ast.get_docstring(definition)):
        first, shown = docstring.splitlines()[0], definition.body[0]
        lines[shown.lineno - 1 : shown.end_lineno] = [f'{" " * shown.col_offset}"""{first} …"""']
    code = "\n".join(lines)
    return Markdown(f"```python\n{code}\n```\n\n`{function.__module__}.{function.__qualname__}`, as it is installed here.")


# A small picture for each stage, on 20 by 20: lines, and what is filled.
PICTURES = {
    "setup": ("M2.5 4h15v12h-15zM5.5 7.5L8 10l-2.5 2.5M10 13h4.5", ""),  # a prompt
    "loading": ("M10 2.5v8.5M6.5 8l3.5 3.5L13.5 8M3 12.5v4h14v-4", ""),  # into the tray
    "preprocessing": ("M2.5 6.5h15v7h-15z", "M10 6.5h7.5v7H10z"),  # dark and light
    "model": ("M5 5l10 2.5M5 15l10-7.5M5 5l10 7.5M5 15l10-2.5", "M3 3h4v4H3zM3 13h4v4H3zM13 5.5h4v4h-4zM13 10.5h4v4h-4z"),  # joined units
    "compilation": ("M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14", "M10 7.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5"),  # a target
    "training": ("M3 3v14h14.5M5.5 4.5c1.5 6 4.5 8.5 11.5 9", ""),  # a loss that falls
    "evaluation": ("M3 3h14v14H3zM3 7.7h14M3 12.3h14M7.7 3v14M12.3 3v14", "M3 3h4.7v4.7H3zM7.7 7.7h4.6v4.6H7.7zM12.3 12.3H17V17h-4.7z"),
    "visualization": ("M2.5 17h15", "M4 11h3v6H4zM8.5 4h3v13h-3zM13 8h3v9h-3z"),  # bars
    "convolution": ("M3 3h14v14H3zM12.5 8h2.5M14 6.5L15.5 8 14 9.5", "M5 5h6v6H5z"),  # a window that slides
    "capstone": ("M5 17.5V3h11l-3 3.8 3 3.7H5", ""),  # a flag
}


class Pipeline:
    """The stages in a row, one of them lit: HTML without script that wraps, so that it is legible on a phone.

    On the site each stage leads to its chapter (book/_ext/pipeline_links.py); elsewhere it is a picture, since a notebook cannot know where
    the others are.

    Parameters
    ----------
    lit : str or None
        Name of a stage.
    """

    def __init__(self, lit: str | None) -> None:
        self.lit = lit

    def __repr__(self) -> str:
        return " → ".join(f"[{stage}]" if stage == self.lit else stage for stage in CHAPTERS)

    def _repr_html_(self) -> str:
        described = f"The pipeline: {' → '.join(CHAPTERS)}." + (f" This chapter's stage, {self.lit}, is lit." if self.lit else "")
        stages = "\n".join(self._stage(number, stage) for number, stage in enumerate(CHAPTERS, start=1))
        return (
            f'<div class="course-pipeline" role="img" aria-label="{html.escape(described)}" '
            f'style="display: flex; flex-wrap: wrap; gap: 0.4em 0; margin: 0.8em 0; font-size: 0.87em; line-height: 1.3">\n{stages}\n</div>'
        )

    def _stage(self, number: int, stage: str) -> str:
        # Each an arrow into the next. The grey is seen on white and on black; the site has colours of its own, in course.css.
        notch = "0.6em 50%" if number > 1 else "0 50%"
        style = (
            f"display: inline-flex; align-items: center; gap: 0.35em; padding: 0.4em 0.95em 0.4em {1 if number > 1 else 0.6}em; "
            f"clip-path: polygon(0 0, calc(100% - 0.6em) 0, 100% 50%, calc(100% - 0.6em) 100%, 0 100%, {notch}); "
        )
        if stage == self.lit:
            style += "background: var(--course-accent, #0f5f9e); color: var(--course-on-accent, #fff); font-weight: bold"
        else:
            style += "background: var(--course-stage, rgba(128, 128, 128, 0.2)); color: inherit"
        lines, filled = PICTURES[stage]
        picture = (
            '<svg aria-hidden="true" viewBox="0 0 20 20" width="1.15em" height="1.15em" fill="currentColor" stroke="currentColor" '
            f'stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"><path fill="none" d="{lines}"/>'
            f'<path stroke="none" d="{filled}"/></svg>'
        )
        lit = " course-lit" if stage == self.lit else ""
        return f'<span class="course-stage{lit}" data-chapter="{number:02d}-{stage}" style="{style}">{picture}<span>{stage}</span></span>'


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
