"""Parts of pages that are made from the results of long runs, the JSON files in `book/measured`; each file is written by one make target.

Where something was not measured yet, the page names the command that does it.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

FOLDER = Path(__file__).resolve().parents[1] / "measured"


def part_of(file: Path, part: str = "") -> dict:
    """One part of what a file holds, or all of it; nothing where it was not measured."""
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found.get(part, {}) if part else found


class Measured(SphinxDirective):
    """Shows what `text` says of one part of a file, in Markdown, below what `picture` draws of it."""

    file: Path
    command = ""  # what measures it
    part = ""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(self.file))
        found = self.found()
        if not found:
            return self.parse_text_to_nodes(f"*Not measured yet: `{self.command}` does it.*")
        drawn = self.picture(found)
        return [*([nodes.raw("", drawn, format="html")] if drawn else []), *self.parse_text_to_nodes(self.text(found))]

    def found(self) -> dict:
        """What there is to show; nothing where it was not measured."""
        return part_of(self.file, self.part)

    def picture(self, found: dict) -> str:
        """HTML, or nothing."""
        return ""

    def text(self, found: dict) -> str:
        """Markdown."""
        raise NotImplementedError


def table(head: list[str], rows: list[list[str]], left: int = 1) -> list[str]:
    """The lines of a Markdown table whose first columns are aligned left, the others right."""
    rule = ["---" if place < left else "--:" for place in range(len(head))]
    return ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]
