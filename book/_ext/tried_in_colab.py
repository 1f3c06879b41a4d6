"""A line on each notebook's page: that its code runs with the versions of Google Colab, when that was tried, and how long it took.

`book/measured/colab.json` holds the run. A page whose code has changed since does not claim it.
"""

import datetime
import sys
from pathlib import Path

import nbformat
from docutils import nodes

from _ext.measured import FOLDER, part_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))
from stamp import code_digest

FILE = FOLDER / "colab.json"
COMMAND = "make test-colab"


def said_of(found: dict, page: str, digest: str) -> str:
    """What a run tells of a page, in Markdown's plain words and code.

    Parameters
    ----------
    found : dict
        The whole run; empty where there was none.
    page : str
        The page's name, without an ending.
    digest : str
        Of the code that the page has now.
    """
    tried = found.get("pages", {}).get(page)
    if tried is None:
        return f"Not tried with Google Colab's versions yet: `{COMMAND}` does it."
    day = f"{datetime.date.fromisoformat(found['date']):%d %B %Y}".lstrip("0")
    if tried["code"] != digest:
        return f"The code has changed since it was tried with Google Colab's versions, on {day}: `{COMMAND}` tries it again."
    python, tensorflow, keras = (".".join(found["versions"][name].split(".")[:2]) for name in ("python", "tensorflow", "keras"))
    return (
        f"Tried on {day} with Google Colab's versions of {found['colab']} (TensorFlow {tensorflow}, Keras {keras}) and Python {python}, "
        f"on the {found['edition']} edition: {max(1, round(tried['seconds']))} seconds on {found['machine']['cores']} cores."
    )


def line(text: str) -> nodes.paragraph:
    """Plain words, and code between backticks."""
    paragraph = nodes.paragraph(classes=["course-facts"])
    for place, part in enumerate(text.split("`")):
        paragraph += nodes.literal("", part) if place % 2 else nodes.Text(part)
    return paragraph


def say_tried(app, doctree) -> None:
    """Below the badge; what `_ext.page_facts` says of this build's own run comes between them later."""
    docname = app.env.docname
    source = Path(app.env.doc2path(docname))
    badge = next((one for one in doctree.findall(nodes.paragraph) if one.astext().startswith("Open in Colab")), None)
    if badge is None or source.suffix != ".ipynb":
        return
    app.env.note_dependency(str(FILE))
    digest = code_digest(nbformat.read(source, as_version=4), source.relative_to(app.srcdir).as_posix())
    badge.parent.insert(badge.parent.index(badge) + 1, line(said_of(part_of(FILE), docname, digest)))


def setup(app):
    """Say it when a page is read, so that it is read again when the run changes."""
    app.connect("doctree-read", say_tried)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
