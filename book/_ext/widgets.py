"""Components of `mnist_lib.widgets` on the site: their scripts and styles as files, and what is large of their state in files of its own,
which a page fetches when the reader comes near.
"""

import hashlib
import importlib
import pkgutil
import re
from pathlib import Path

LARGE = 4_000  # characters of a trait's JSON; less stays on the page
SCRIPT = re.compile(r'<script type="application/json" data-trait="(?P<trait>\w+)"(?P<later> data-later="")?>(?P<text>[^<]*)</script>')
BOX = '<div class="course-widget"'
SAID = re.compile(r'(<div class="course-widget" data-widget="[\w-]+")(?=><p>([^<]*)</p>)')  # quotes in the sentence are escaped


def components() -> list[type]:
    """The classes of all components."""
    import mnist_lib.widgets as package
    from mnist_lib.widgets.component import Component

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")

    def below(kind: type) -> list[type]:
        return [each for child in kind.__subclasses__() for each in (child, *below(child))]

    return [each for each in below(Component) if each.scripts and each.__module__.startswith("mnist_lib.widgets.")]


def write_scripts(app) -> None:
    """Each component's script as a file that works from a folder too, and all their styles in one."""
    from mnist_lib.widgets.component import script

    if app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    styles = {}
    for kind in components():
        name = kind.scripts[-1]
        body = f'courseWidgets.define("{name}", (() => {{\n"use strict";\n{script(*kind.scripts)}\nreturn {{ render }};\n}})());\n'
        (static / f"component-{name}.js").write_text(body, encoding="utf-8")
        styles |= {each: Path(importlib.import_module("mnist_lib.widgets").__path__[0], f"{each}.css") for each in kind.styles}
    text = "\n".join(path.read_text(encoding="utf-8") for path in styles.values())
    (static / "widgets.css").write_text(text, encoding="utf-8")


def treat_widgets(app, pagename, templatename, context, doctree) -> None:
    """Move what is large out of the page, and let pages with a component load what it needs."""
    if BOX not in context.get("body", "") or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "payloads")
    folder.mkdir(parents=True, exist_ok=True)

    def moved(match: re.Match) -> str:
        text, later = match["text"], match["later"] or ""
        if len(text) <= LARGE and not later:
            return match[0]
        name = hashlib.sha256(text.encode()).hexdigest()[:20]
        (folder / f"{name}.js").write_text(f'courseWidgets.payload("{name}", {text});\n', encoding="utf-8")
        return f'<script type="application/json" data-trait="{match["trait"]}"{later} data-payload="{name}"></script>'

    body = SAID.sub(r'\1 data-said="\2"', context["body"])  # for paper, where what is drawn on is an empty box
    context["body"] = SCRIPT.sub(moved, body)
    app.add_css_file("widgets.css")
    app.add_js_file("widgets.js", loading_method="defer")


def setup(app):
    """Before pages are written; before _ext.pictures, so that no picture is moved out of a component's state."""
    app.connect("builder-inited", write_scripts)
    app.connect("html-page-context", treat_widgets, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
