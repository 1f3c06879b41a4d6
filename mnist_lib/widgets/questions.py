"""The chapters' questions, to be answered where one reads.

Their one source is the chapters' Markdown: `book/_tools/questions.py` (`make questions`) writes `questions.json` from it.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import traitlets

from .component import Component


class Questions(Component):
    """A form for each question of a chapter. The page has the same, from the same JavaScript.

    Attributes
    ----------
    questions : list of dict
        ``{"question": HTML, "choices": [{"choice": HTML, "explanation": HTML}, …]}``; the right choice's explanation begins with "Yes.".
    """

    scripts = ("element", "questions")
    styles = ("questions",)
    said = "The questions stand above, folded: open a choice to see whether it is right."

    questions: "traitlets.List[Any]" = traitlets.List().tag(sync=True)


@cache
def _questions() -> dict[str, list[dict[str, Any]]]:
    known: dict[str, list[dict[str, Any]]] = json.loads(files(__package__).joinpath("questions.json").read_text(encoding="utf-8"))
    return known


def ask(chapter: str) -> Questions:
    """The questions of a chapter, each with an explanation for whatever is answered.

    Parameters
    ----------
    chapter : str
        The stage it is about, for example ``"loading"``.

    Returns
    -------
    Questions

    Raises
    ------
    ValueError
        If there is no such chapter.

    Notes
    -----
    Multiple choice, and where all choices are numbers a field to type one in. Each chapter ends with it.
    """
    known = _questions()
    if chapter not in known:
        raise ValueError(f"chapter must be one of {', '.join(known)}; got {chapter!r}")
    return Questions(questions=known[chapter])
