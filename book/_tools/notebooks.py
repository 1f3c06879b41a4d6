"""The form in which notebooks are committed: valid, without outputs, each cell with an id of its own, always the same text.

python book/_tools/notebooks.py            bring all notebooks into it
python book/_tools/notebooks.py --check    say what is wrong, a line for each fault, exit 1 if there is any
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
from nbformat.validator import iter_validate
from stamp import ROOT, written

ROOMS = ("book", "solutions", "exercises")
REPAIR = "run `make stamp`"
OF_NOTEBOOKS = {"celltoolbar", "course", "kernelspec", "language_info"}
OF_CELLS = {"deletable", "editable", "mystnb", "nbgrader", "tags"}  # others are what a program noted for itself, such as folded outputs


def notebooks(root: Path = ROOT) -> list[Path]:
    """All notebooks of the course."""
    return sorted(path for room in ROOMS for path in (root / room).rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def tidied(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook without outputs, numbers of execution, versions, and what programs noted for themselves.

    Parameters
    ----------
    notebook : dict
        As JSON has it.

    Returns
    -------
    dict
        A new one.
    """
    cells = []
    for cell in notebook["cells"]:
        fresh = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
        cells.append(cell | fresh | {"metadata": {key: value for key, value in cell["metadata"].items() if key in OF_CELLS}})
    metadata = {key: value for key, value in notebook["metadata"].items() if key in OF_NOTEBOOKS}
    if "language_info" in metadata:  # a version there changes with each machine that saves the notebook
        metadata["language_info"] = {"name": "python"}
    return notebook | {"cells": cells, "metadata": metadata}


def faults(text: str) -> list[str]:
    """What is wrong with the form of a notebook, each with how to repair it.

    Parameters
    ----------
    text : str
        The file.

    Returns
    -------
    list of str
        Empty for a notebook that can be committed.
    """
    try:
        raw = json.loads(text)
        notebook = nbformat.from_dict(raw)  # not nbformat.read, which silently gives cells other ids
        old = (raw["nbformat"], raw["nbformat_minor"]) < (4, 5)
        invalid = next(iter_validate(notebook), None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"it is no notebook ({type(error).__name__}: {error}): take it back from git"]
    if old:
        return ["its format is older than 4.5, and its cells have no ids: save it in Jupyter 4 or newer"]
    if invalid:
        return [f"it is not valid ({str(invalid).splitlines()[0]}): repair it in Jupyter, or take it back from git"]
    counts = Counter(cell["id"] for cell in raw["cells"])
    found = [f"{count} cells have the id {name}: give each one of its own" for name, count in counts.items() if count > 1]
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append("its kernel is not python3: choose Python 3 in Jupyter")
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            found.append(f"cell {cell.id}: it holds outputs; {REPAIR}")
    if not found and written(nbformat.from_dict(tidied(raw))) != text:
        found.append(f"its text or its metadata are not in the usual form; {REPAIR}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Bring notebooks into the form in which they are committed.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a notebook has another form")
    check = parser.parse_args(arguments).check
    left = 0
    for path in notebooks():
        text = path.read_text(encoding="utf-8")
        found = faults(text)
        if any(REPAIR in fault for fault in found) and not check:
            path.write_text(written(nbformat.from_dict(tidied(json.loads(text)))), encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: tidied")
            found = [fault for fault in found if REPAIR not in fault]
        for fault in found:
            print(f"{path.relative_to(ROOT)}: {fault}")
        left += len(found)
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
