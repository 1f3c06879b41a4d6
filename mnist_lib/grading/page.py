"""The page that a student gets back: each score with its reason, then the notebook. It runs nothing and fetches nothing."""

import os
import re
import sys
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from ..checks._task import plural
from .assignment import Assignment

if TYPE_CHECKING:
    from .one import Result

SHOWN = ("text/plain", "text/html", "image/png", "image/jpeg", "text/markdown")  # kinds of output that cannot act
MOST_TEXT = 5_000  # characters of one output

# Whatever a notebook carries, the browser runs no script and opens no connection.
HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ --ink: #1c2430; --paper: #fff; --faint: #5c6675; --line: #d5dae1; --soft: #f4f6f8 }}
:root {{ --good: #16703c; --part: #8a5a00; --bad: #b3261e }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e4e8ee; --paper: #12161c; --faint: #9aa5b4; --line: #333c48; --soft: #1b2129 }}
  :root {{ --good: #6fd19a; --part: #e7b45a; --bad: #ff8a80 }}
}}
body {{ color: var(--ink); background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: auto; padding: 1rem }}
h1 {{ line-height: 1.2 }}
a {{ color: inherit }}
section.task {{ border-left: .3rem solid var(--line); padding: .2rem 0 .2rem 1rem; margin: 1.2rem 0 }}
section.full {{ border-color: var(--good) }} section.part {{ border-color: var(--part) }} section.none {{ border-color: var(--bad) }}
section.task h2 {{ font-size: 1.05rem; margin: 0 }}
section.task p {{ margin: .3rem 0; overflow-wrap: anywhere; white-space: pre-wrap }}
footer, .faint {{ color: var(--faint) }}
pre {{ background: var(--soft); padding: .6rem; overflow-x: auto; font-size: .875rem }}
img {{ max-width: 100%; background: #fff }}
table {{ border-collapse: collapse; display: block; overflow-x: auto }} td, th {{ border: 1px solid var(--line); padding: .2rem .5rem }}
.jp-InputPrompt, .jp-OutputPrompt, .jp-Collapser, .anchor-link {{ display: none }}
</style>
</head>
<body>
"""


def feedback_page(assignment: Assignment, result: "Result") -> str:
    """The page for a graded notebook.

    Parameters
    ----------
    assignment : Assignment
    result : Result

    Returns
    -------
    str
        HTML, complete in itself.
    """
    worth = sum(verdict.worth for verdict in result.verdicts.values())
    parts = [_head(assignment), f"<p>{result.score:g} of {plural(worth)} for the tasks that are checked by the grader.</p>"]
    for name, verdict in result.verdicts.items():
        kind = "full" if verdict.points >= verdict.worth else "part" if verdict.points else "none"
        title = f"{escape(name.split('.')[1])}: {verdict.points:g} of {plural(verdict.worth)}"
        parts.append(f'<section class="task {kind}"><h2>{title}</h2><p>{escape(verdict.sentence)}</p></section>')
    waiting = [name for name, points in result.points.items() if points is None]
    if waiting:
        parts.append(f"<p>A person reads: {escape(', '.join(waiting))}.</p>")
    if result.stopped:
        parts.append(f"<p>The notebook was stopped before its end: {escape(result.stopped)}.</p>")
    parts.append(
        "<h2>Your notebook, as it was graded</h2><p class='faint'>It was put together anew from the exercise and your answers. "
        "The scores come from inputs that you have not seen; what is said about mistakes, and outputs below, come from the inputs of "
        "the notebook's own checks.</p>"
    )
    parts.append(_body(nbformat.reads(result.notebook, as_version=4), _addresses(assignment.notebook())))
    parts.append(
        f"<footer><p>{escape(assignment.edition)} edition of MNIST · mnist_lib {escape(assignment.version)}</p></footer></body></html>"
    )
    return "\n".join(parts)


REMARKS = "<section class='remarks'>"


def with_remarks(page: str, remarks: Iterable[tuple[str, str | None, float | None]]) -> str:
    """A feedback page with what a person has written, before what the grader says.

    Parameters
    ----------
    page : str
        From `feedback_page`.
    remarks : iterable of (str, str or None, float or None)
        From `mnist_lib.grading.merge.Merger.remarks`.

    Returns
    -------
    str
        The same page if there are none.
    """
    rows = []
    for cell, comment, points in remarks:
        given = f" ({plural(points)})" if points is not None else ""
        text = escape(comment or "").replace("\n", "<br>")
        rows.append(f"<p><b>{escape(cell)}</b>{given}{': ' if text else ''}{text}</p>")
    if not rows:
        return page
    head, end, rest = page.partition("</h1>")
    return f"{head}{end}{REMARKS}<h2>From your teacher</h2>{''.join(rows)}</section>{rest}"


def refusal_page(assignment: Assignment, sentence: str) -> str:
    """The page for a file that could not be graded."""
    return f"{_head(assignment)}<p>This could not be graded, and there are no points yet.</p><p>{escape(sentence)}</p></body></html>"


def _head(assignment: Assignment) -> str:
    title = next(
        (cell.source.split("\n")[0].lstrip("# ") for cell in assignment.notebook().cells if cell.cell_type == "markdown"), assignment.name
    )
    return HEAD.format(title=escape(title)) + f"<h1>{escape(title)}</h1>"


def _addresses(notebook: NotebookNode) -> frozenset[str]:
    """The addresses that a released notebook links to."""
    return frozenset(address for cell in notebook.cells for address in re.findall(r"https?://[^\s<>()\"']+", cell.source))


def _body(notebook: NotebookNode, links: frozenset[str]) -> str:
    """The cells as HTML, without their verdicts, which stand above."""
    from nbconvert import HTMLExporter

    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            graded = cell.metadata.get("nbgrader", {}).get("grade")
            cell.outputs = [] if graded else cell.outputs
        if cell.id not in ("title", "badge", "how", "set-up", "hand-in", "ready"):
            cells.append(cell)
    notebook.cells = cells
    notebook.metadata = NotebookNode()
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True, exclude_anchor_links=True)
    return _cleaned(exporter.from_notebook_node(notebook)[0], links)


TAGS = frozenset(
    "a b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span strong sub summary sup "
    "table tbody td tfoot th thead tr ul".split()
)


def _cleaned(html: str, links: frozenset[str] = frozenset()) -> str:
    """HTML with only what a text needs: no scripts, styles or forms, pictures only in the page itself, links only to `links`."""
    import bleach

    def allowed(tag: str, name: str, value: str) -> bool:
        if name == "href":
            return tag == "a" and value in links
        if name == "src":
            return tag == "img" and value.startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
        return name in ("alt", "class", "colspan", "rowspan", "title")

    cleaned: str = bleach.clean(html, tags=TAGS, attributes=allowed, protocols={"http", "https", "data"}, strip=True)
    return cleaned


def cleaned_output(output: NotebookNode) -> NotebookNode | None:
    """An output with only what may be shown to a student, or to a teacher in formgrader.

    Parameters
    ----------
    output : NotebookNode
        Of a cell that ran. It is changed.

    Returns
    -------
    NotebookNode or None
        None if nothing of it is left.
    """
    if output.output_type in ("display_data", "execute_result"):
        kept = {kind: _short(value) for kind, value in output.data.items() if kind in SHOWN and isinstance(value, str)}
        for kind in {"text/html", "text/markdown"} & set(kept):
            kept[kind] = _cleaned(kept[kind])
        output.data, output.metadata = NotebookNode(kept), NotebookNode()
        return output if kept else None
    if output.output_type == "stream":
        output.text = _short(str(output.text))
        return output
    if output.output_type == "error":
        here = f"{sys.prefix}{os.sep}"  # not every teacher wants to show where the course lies
        output.traceback = [_short(str(line)).replace(here, "") for line in output.traceback][-8:]
        output.ename, output.evalue = _short(output.ename), _short(output.evalue)
        return output
    return None


def _short(text: str) -> str:
    """A text that a page can hold; a picture is left whole if it is not huge, since half of it would be none."""
    limit = 500_000 if text[:4] in ("iVBO", "/9j/") else MOST_TEXT
    return text if len(text) <= limit else f"{text[:MOST_TEXT]} …" if limit == MOST_TEXT else ""
