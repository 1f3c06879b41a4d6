"""Questions, predictions and progress on the site: which pages get which scripts, and how much there is to be done.

The folds of the Markdown stay what they are; scripts of `book/static` make forms of them where scripts run.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))
from questions import chapters, predictions, questions

ROOT = Path(__file__).resolve().parents[2]


def contents(root: Path = ROOT) -> dict:
    """The chapters, each with what there is to do in it, and the exercise sets."""
    exercises = sorted(path.parent.name for path in (root / "solutions").glob("*/*.ipynb"))
    listed = [
        {
            "page": f"book/{name}",
            "title": next(line for line in notebook.cells[0].source.splitlines() if line.startswith("# ")).removeprefix("# "),
            "questions": len(questions(notebook)),
            "predictions": len(predictions(notebook)),
            "exercise": name if name in exercises else None,
        }
        for name, notebook in chapters(root).items()
    ]
    return {"chapters": listed, "exercises": exercises}


def write_contents(app) -> None:
    """As a script: pages read it from a folder too, where data cannot be fetched."""
    if app.builder.format != "html":
        return
    file = Path(app.outdir, "_static", "contents.js")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"window.courseContents = {json.dumps(contents(), ensure_ascii=False)};\n", encoding="utf-8")


def add_scripts(app, pagename, templatename, context, doctree) -> None:
    """The contents list is on every page, so what marks it is too; forms are where there is something to answer."""
    if app.builder.format != "html":
        return
    body = context.get("body", "")
    app.add_css_file("progress.css")
    app.add_js_file("contents.js", loading_method="defer")
    app.add_js_file("progress.js", loading_method="defer", **{"data-page": pagename})
    if "course-predict" in body or 'id="check-yourself"' in body:
        app.add_css_file("widgets.css")
        app.add_js_file("widgets.js", loading_method="defer")
        app.add_js_file("questions.js", loading_method="defer")
        app.add_js_file("predictions.js", loading_method="defer")


def setup(app):
    """Before pages are written."""
    app.connect("builder-inited", write_contents)
    app.connect("html-page-context", add_scripts, priority=690)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
