"""What a chapter's prose is made of: its words, its italics, its profile beside that of other courses.

    python book/_tools/prose.py

prints the profile of each chapter as a table. It is a report: no test fails on it.
"""

import ast
import re
import statistics
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
ITALICS = re.compile(r"(?<![*\w])\*(?![*\s])([^*\n]*?[^*\s])\*(?![*\w])")
UNSEEN = {"remove-cell", "remove-input"}


def chapters() -> dict[str, nbformat.NotebookNode]:
    """Name → notebook of each chapter, in the order of the book."""
    return {path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "book").glob("[0-9][0-9]-*.ipynb"))}


def introducing() -> dict[str, nbformat.NotebookNode]:
    """Name → notebook of each page that introduces terms: the chapters, then the appendix on speed."""
    return {**chapters(), "speed": nbformat.read(ROOT / "book" / "speed.ipynb", as_version=4)}


def prose(notebook: nbformat.NotebookNode) -> list[str]:
    """What is read: Markdown cells, and the texts that cells compute, each without code and formulas."""
    return [_plain(text) for text in _texts(notebook)]


def _texts(notebook: nbformat.NotebookNode) -> list[str]:
    return [text for cell in notebook.cells if (text := cell.source if cell.cell_type == "markdown" else computed(cell)) is not None]


def computed(cell: nbformat.NotebookNode) -> str | None:
    """The text of a cell whose value is Markdown(…), with … for what is computed; None for other cells."""
    if "Markdown(f" not in cell.source:
        return None
    tree = ast.parse(cell.source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Markdown"]
    pieces = []
    for call in calls:
        for value in getattr(call.args[0], "values", []):
            pieces.append(value.value if isinstance(value, ast.Constant) else "…")
    return "".join(pieces)


def _plain(text: str) -> str:
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`]*`", "code", text)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"\$[^$\n]*\$", "x", text)
    return re.sub(r"\]\([^)]*\)", "]", text)


def italics(notebook: nbformat.NotebookNode) -> list[str]:
    """What is set in italics, in reading order."""
    return [found for text in prose(notebook) for found in ITALICS.findall(text)]


def profile(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """The figures of STYLE: lengths of cells and texts, what cells show and assert."""
    taught = [cell for cell in notebook.cells if cell.cell_type == "code" and not UNSEEN & set(cell.metadata.get("tags", []))]
    taught = [cell for cell in taught if cell.id not in ("set-up", "imports")]
    opened = [cell for cell in taught if "hide-input" not in cell.metadata.get("tags", [])]
    lines = [sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in opened]
    words, adjacent, between, since = [len(re.findall(r"\w+", text)) for text in prose(notebook)], 0, [], None
    for cell in notebook.cells:
        text = cell.source if cell.cell_type == "markdown" else computed(cell)
        if text is not None:
            since = None if since is None else since + len(re.findall(r"\w+", _plain(text)))
        elif cell in taught:
            if since is not None:
                between.append(since)
                adjacent += not since
            since = 0
    shows = [cell for cell in taught if re.search(r"print\(|plot_\w+\(|describe\(|show_source\(|\btrain\(", cell.source)]
    pictures = [cell for cell in taught if re.search(r"plot_\w+\(|describe\(", cell.source)]
    return {
        "lines of code, median / longest": f"{statistics.median(lines):g} / {max(lines)}",
        "words between code cells, median": f"{statistics.median(between):g}",
        "code after code": f"{adjacent / max(len(between), 1):.0%}",
        "cells that show something": f"{len(shows) / len(taught):.0%}",
        "cells with a picture": f"{len(pictures) / len(taught):.0%}",
        "words": f"{sum(words):,}",
        "words before the questions": f"{_words_before_questions(notebook):,}",
        "visible assertions": str(sum(len(re.findall(r"^\s*assert ", cell.source, re.MULTILINE)) for cell in opened)),
    }


def _words_before_questions(notebook: nbformat.NotebookNode) -> int:
    total = 0
    for cell in notebook.cells:
        if cell.id == "questions":
            return total
        text = cell.source if cell.cell_type == "markdown" else computed(cell)
        total += len(re.findall(r"\w+", _plain(text or "")))
    return total


if __name__ == "__main__":
    table = {name: profile(notebook) for name, notebook in chapters().items()}
    columns = list(next(iter(table.values())))
    print("| chapter | " + " | ".join(columns) + " |")
    print("|" + "---|" * (len(columns) + 1))
    for name, row in table.items():
        print(f"| {name} | " + " | ".join(row[column] for column in columns) + " |")
    sys.exit(0)
