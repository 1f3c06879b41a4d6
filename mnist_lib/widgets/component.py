"""What all components are made of: an anywidget in a notebook, and on the website the same JavaScript, without a kernel.

A component's JavaScript is one or more files of plain functions beside the Python module, the last of which has ``render({ model, el })``
as anywidget's front end calls it. On a page `model` has ``get``, ``set``, ``on`` and ``save_changes`` too; nobody answers what is sent.
"""

import base64
import html
import json
from importlib.resources import files
from typing import Any, ClassVar

import anywidget

LATER = "later"  # tag of a trait that a page loads when it is asked for by ``model.load(name)``, and not before
# Traits that are lists have their type in quotes: in traitlets 5.7, which Colab has, `List` cannot be subscripted.


def script(*names: str) -> str:
    """The JavaScript of a component, as plain functions.

    Parameters
    ----------
    *names : str
        Files of this package, without their ending, in the order in which they build on each other.

    Returns
    -------
    str
    """
    return "\n".join(files(__package__).joinpath(f"{name}.js").read_text(encoding="utf-8") for name in names)


class Component(anywidget.AnyWidget):
    """Something that a reader can use. Its traits with ``sync=True`` are its state, here and on a page.

    Attributes
    ----------
    scripts : tuple of str
        The files of its JavaScript, for `script`; the last gives it its name on pages.
    styles : tuple of str
        The same for its CSS. Classes begin with ``course-``.
    said : str
        What a reader sees where scripts do not run: a sentence, without markup.
    """

    scripts: ClassVar[tuple[str, ...]] = ()
    styles: ClassVar[tuple[str, ...]] = ()
    said = "This part needs JavaScript."
    _ipython_display_ = None  # of ipywidgets 7: it would show the widget alone

    def __init_subclass__(cls, **keywords: Any) -> None:
        if "scripts" in cls.__dict__:  # not for the class that adding a trait makes
            cls._esm = f"{script(*cls.scripts)}\nexport default {{ render }};\n"
            cls._css = "\n".join(files(__package__).joinpath(f"{name}.css").read_text(encoding="utf-8") for name in cls.styles)
        super().__init_subclass__(**keywords)

    def _repr_mimebundle_(self, **keywords: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**keywords) or ({}, {})
        return data | {"text/html": self.to_html()}, metadata

    def to_html(self) -> str:
        """The component for a page without a kernel: its state as JSON, which `book/_ext/widgets.py` and `book/static/widgets.js` read.

        Returns
        -------
        str
        """
        own = {name: trait for name, trait in self.traits(sync=True).items() if not name.startswith("_") and name not in _INHERITED}
        parts = [f'<div class="course-widget" data-widget="{self.scripts[-1]}">', f"<p>{html.escape(self.said)}</p>"]
        for later in (False, True):
            for name, trait in own.items():
                if bool(trait.metadata.get(LATER)) == later:
                    text = json.dumps(getattr(self, name), default=_plain, separators=(",", ":")).replace("<", "\\u003c")
                    kind = ' data-later=""' if later else ""
                    parts.append(f'<script type="application/json" data-trait="{name}"{kind}>{text}</script>')
        return "".join([*parts, "</div>"])


_INHERITED = frozenset(anywidget.AnyWidget.class_trait_names())


def _plain(value: Any) -> Any:
    """Bytes and arrays, for JSON: the page's ``model.get`` gives a ``DataView`` for the first, as anywidget's does."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": base64.b64encode(value).decode()}
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot stand on a page")
