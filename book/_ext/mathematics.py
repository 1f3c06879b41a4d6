r"""Mathematics made at build time: TeX becomes MathML, which browsers draw themselves. No script, and screen readers read it.

The font is a subset of STIX Two Math, with the characters that the built pages use. It comes from the package ziamath when the site is
built; only pages with formulas load it.
"""

import re
from html import escape
from importlib.resources import files
from pathlib import Path

from fontTools import subset
from latex2mathml.converter import convert
from sphinx.util import logging

logger = logging.getLogger(__name__)

FONT = "course-math.woff2"
FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)
# Letters that MathML draws in another alphabet than the one that stands in the page: a → 𝑎, α → 𝛼.
ITALIC = {
    **{chr(ord("A") + i): chr(0x1D434 + i) for i in range(26)},
    **{chr(ord("a") + i): chr(0x1D44E + i) for i in range(26)},
    "h": "\u210e",
    **{chr(0x3B1 + i): chr(0x1D6FC + i) for i in range(25)},
    **{chr(0x391 + i): chr(0x1D6E2 + i) for i in range(25)},
    "ϵ": "\U0001d716",
    "∂": "\U0001d715",
}


def to_mathml(tex: str, display: str) -> str:
    """MathML for one formula.

    Raises
    ------
    ValueError
        If a command is not known: it would stand in the formula as it is written.
    """
    try:
        mathml = convert(tex, display=display)
    except Exception as error:  # the converter has an exception class for each of many mistakes
        raise ValueError(f"{type(error).__name__} {error}".strip()) from error
    unknown = re.search(r"\\[a-zA-Z]+", re.sub(r"<mtext>.*?</mtext>", "", mathml))
    if unknown:
        raise ValueError(f"unknown command {unknown[0]}")
    return mathml.replace("<math ", f'<math alttext="{escape(tex, quote=True)}" ', 1)


def _mathml(translator, node, display: str) -> str:
    tex = node.astext().strip()
    try:
        return to_mathml(tex, display)
    except ValueError as error:
        logger.warning("cannot convert the formula %s: %s", tex, error, location=node, type="course", subtype="mathematics")
        return f"<code>{escape(tex)}</code>"


def visit_inline(translator, node):
    """A formula in a line of text."""
    translator.body.append(_mathml(translator, node, "inline"))
    raise translator.SkipNode if hasattr(translator, "SkipNode") else _skip()


def visit_block(translator, node):
    """A formula of its own, in a box that scrolls where the page is narrow."""
    attributes = {"tabindex": "0", "role": "group", "aria-label": "Formula"}
    translator.body.append(translator.starttag(node, "div", CLASS="course-formula", **attributes))
    translator.body.append(_mathml(translator, node, "block"))
    translator.body.append("</div>\n")
    raise _skip()


def _skip():
    from docutils.nodes import SkipNode

    return SkipNode()


def add_style(app, pagename, templatename, context, doctree) -> None:
    """Load the font's style sheet where a formula stands."""
    if "<math" in context.get("body", ""):
        app.add_css_file("course-math.css")


def write_font(app, exception) -> None:
    """Write the font with what the pages use, and its style sheet."""
    if exception or app.builder.format != "html":
        return
    pages = (path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html"))
    formulas = "".join(formula for page in pages for formula in FORMULA.findall(page))
    static = Path(app.outdir, "_static")
    options = subset.Options(flavor="woff2", layout_features=["*"], name_IDs=["*"], notdef_outline=True)
    font = subset.load_font(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf", options)
    subsetter = subset.Subsetter(options)
    characters = set(re.sub(r"<[^>]*>", "", formulas)) | set("0123456789")
    subsetter.populate(text="".join(characters | {ITALIC[each] for each in characters & ITALIC.keys()}))
    subsetter.subset(font)
    subset.save_font(font, static / FONT, options)


def setup(app):
    """Register the renderer; `_config.yml` chooses it by its name, mathml."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("html-page-context", add_style)
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
