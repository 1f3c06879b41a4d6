"""Reads the questions and the predictions out of the chapters' Markdown, and writes what `mnist_lib.widgets.ask` shows in notebooks.

    python book/_tools/questions.py            write mnist_lib/widgets/questions.json
    python book/_tools/questions.py --check    write nothing, exit 1 if it differs from what the chapters say

A question of the cell ``questions`` is a bold paragraph, ``**1. Question?**``, and one ``<details><summary>choice</summary> explanation
</details>`` for each choice; the explanation of the right one begins with "Yes.". A prediction is a quote, ``> **Predict.** Question?``,
with a list of choices and a fold whose answer begins with the right choice in bold.
"""

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book"))

from _ext.mathematics import to_mathml  # noqa: E402  (the folder of our extensions is no installed package)

TARGET = Path("mnist_lib", "widgets", "questions.json")
QUESTION = re.compile(r"^\*\*(?P<number>\d+)\. (?P<text>.+)\*\*$", re.MULTILINE)
CHOICE = re.compile(r"<details><summary>(?P<choice>.+?)</summary>\n\n(?P<explanation>.+?)\n\n</details>", re.DOTALL)
PREDICT = re.compile(r"^> \*\*Predict\.\*\* .*(?:\n>.*)*", re.MULTILINE)
PREDICTION = re.compile(
    r"\*\*Predict\.\*\* (?P<question>.+)\n\n(?P<choices>(?:- .+\n)+)\n"
    r"<details><summary>Decide, then open\.</summary>\n\n\*\*(?P<lead>.+?)\.\*\* (?P<answer>.+)\n\n</details>"
)
MARKDOWN = MarkdownIt("commonmark").use(
    dollarmath_plugin, renderer=lambda text, options: to_mathml(text, options["display_mode"]), double_inline=True
)


class FormError(ValueError):
    """A question or a prediction does not have the form in which they are read; says which."""


@dataclass(frozen=True)
class Prediction:
    """What a call-out asks to predict, as Markdown."""

    cell: str
    question: str
    choices: tuple[str, ...]
    right: int


def chapters(root: Path = ROOT) -> dict[str, nbformat.NotebookNode]:
    """Name → notebook of each chapter, in the order of the book."""
    return {path.stem: nbformat.read(path, as_version=4) for path in sorted((root / "book").glob("[0-9][0-9]-*.ipynb"))}


def questions(notebook: nbformat.NotebookNode) -> list[dict]:
    """A chapter's questions as HTML: ``{"question": …, "choices": [{"choice": …, "explanation": …}, …]}``.

    Raises
    ------
    FormError
        If one has no number in turn, fewer than two choices, or not one right choice.
    """
    source = next((cell.source for cell in notebook.cells if cell.get("id") == "questions"), "")
    starts = [*QUESTION.finditer(source)]
    ends = [start.start() for start in starts[1:]] + [len(source)]
    found = []
    for number, (start, end) in enumerate(zip(starts, ends), start=1):
        choices = [match.groupdict() for match in CHOICE.finditer(source, start.end(), end)]
        if int(start["number"]) != number:
            raise FormError(f"question {start['number']} stands where question {number} is expected")
        if CHOICE.sub("", source[start.end() : end]).strip():
            raise FormError(f"question {number} holds more than choices, each <details><summary>choice</summary>, explanation, </details>")
        if len(choices) < 2 or sum(is_right(choice["explanation"]) for choice in choices) != 1:
            raise FormError(f'question {number} must have two or more choices, one of them with an explanation that begins with "Yes."')
        found.append(
            {
                "question": MARKDOWN.renderInline(start["text"]),
                "choices": [{"choice": each["choice"], "explanation": MARKDOWN.render(each["explanation"]).strip()} for each in choices],
            }
        )
    return found


def is_right(explanation: str) -> bool:
    """Whether an explanation is that of a right choice."""
    return explanation.startswith("Yes.")


def predictions(notebook: nbformat.NotebookNode) -> list[Prediction]:
    """A chapter's predictions, in reading order.

    Raises
    ------
    FormError
        If one has another form, fewer than two choices, or an answer that does not begin with one of them.
    """
    found = []
    for cell in notebook.cells:
        for quote in PREDICT.findall(cell.source) if cell.cell_type == "markdown" else ():
            match = PREDICTION.fullmatch(re.sub(r"^> ?", "", quote, flags=re.MULTILINE).strip())
            if match is None:
                raise FormError(f"cell {cell.id}: a prediction is a question, a list of choices, and a fold that begins with a bold answer")
            choices = tuple(line.removeprefix("- ") for line in match["choices"].splitlines())
            if len(set(choices)) < 2 or choices.count(match["lead"]) != 1:
                raise FormError(f"cell {cell.id}: the bold answer, {match['lead']}, must be one of the choices {', '.join(choices)}")
            found.append(Prediction(cell.id, match["question"], choices, choices.index(match["lead"])))
    return found


def text(root: Path = ROOT) -> str:
    """What the file must hold."""
    found = {}
    for name, notebook in chapters(root).items():
        try:
            found[name[3:]] = questions(notebook)
        except FormError as error:
            raise FormError(f"book/{name}.ipynb: {error}") from error
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Write the chapters' questions for notebooks.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file differs")
    check = parser.parse_args(arguments).check
    try:
        new = text()
    except FormError as error:
        print(error, file=sys.stderr)
        return 1
    target = ROOT / TARGET
    if target.exists() and target.read_text(encoding="utf-8") == new:
        return 0
    if check:
        print(f"{TARGET} differs from the chapters; run `make questions`")
        return 1
    target.write_text(new, encoding="utf-8")
    print(f"{TARGET}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
