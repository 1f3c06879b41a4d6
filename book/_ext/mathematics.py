r"""Mathematics made at build time: TeX becomes MathML, which browsers draw themselves. No script, and screen readers read it.

The font is a subset of STIX Two Math with the characters that the built pages use. It comes from the package ziamath when the site is
built; book/static/course.css names it, and browsers load it only where a formula stands.
"""

import html
import re
from importlib.resources import files
from pathlib import Path

from docutils import nodes
from docutils.nodes import SkipNode
from fontTools import subset
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

logger = logging.getLogger(__name__)

FONT = "course-math.woff2"
FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)
CONVERTER = LatexToMathML(fancy_error=False)


def to_mathml(tex: str, display: bool) -> str:
    """MathML for one formula, in a line of text or displayed.

    Raises
    ------
    ValueError
        If the formula holds something that is not known, or is not complete.
    """
    try:
        return CONVERTER.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        raise ValueError(str(error).strip()) from error


def _mathml(node, display: bool) -> str:
    tex = node.astext().strip()
    try:
        return to_mathml(tex, display)
    except ValueError as error:
        logger.warning("cannot convert the formula %s: %s", tex, error, location=node, type="course", subtype="mathematics")
        return f"<code>{html.escape(tex)}</code>"


def visit_inline(translator, node):
    """A formula in a line of text."""
    translator.body.append(_mathml(node, display=False))
    raise SkipNode


def visit_block(translator, node):
    """A formula of its own, in a box that scrolls where the page is narrow.

    The second class is the theme's: its script lets the keyboard scroll such a box, where it does.
    """
    box = translator.starttag(node, "div", CLASS="course-formula pst-scrollable-table-container")
    translator.body.append(box + _mathml(node, display=True) + "</div>\n")
    raise SkipNode


def characters(formulas: str) -> set[str]:
    """What the font must hold: the formulas' characters, the italic letters that browsers put in their place, the root sign."""
    found = set(html.unescape(re.sub(r"<[^>]*>", "", formulas))) | set("0123456789")
    if re.search(r"<(msqrt|mroot)\b", formulas):
        found.add("√")  # browsers draw it; it is no character of the formula
    return found | {ITALIC[each] for each in found & ITALIC.keys()}


ITALIC = {
    **{chr(ord("A") + i): chr(0x1D434 + i) for i in range(26)},
    **{chr(ord("a") + i): chr(0x1D44E + i) for i in range(26)},
    "h": "\u210e",  # Unicode had it before the others
    **{chr(0x391 + i): chr(0x1D6E2 + i) for i in range(25)},
    **{chr(0x3B1 + i): chr(0x1D6FC + i) for i in range(25)},
    **dict(zip("∂ϵϑϰϕϱϖ", map(chr, range(0x1D715, 0x1D71C)))),
}


def keep_together(app, doctree, docname) -> None:
    """A formula and the punctuation behind it stay on one line; browsers would begin a line with the comma."""
    for formula in list(doctree.findall(nodes.math)):
        parent, place = formula.parent, formula.parent.index(formula)
        behind = parent[place + 1] if place + 1 < len(parent) else None
        if not (isinstance(behind, nodes.Text) and (marks := re.match(r"[.,;:?!)]+", behind.astext()))):
            continue
        together = nodes.inline("", "", formula.deepcopy(), nodes.Text(marks[0]), classes=["course-unbroken"])
        parent[place : place + 2] = [together, nodes.Text(behind.astext()[marks.end() :])]


def write_font(app, exception) -> None:
    """Write the font with what the pages use."""
    if exception or app.builder.format != "html":
        return
    pages = (path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html"))
    formulas = "".join(formula for page in pages for formula in FORMULA.findall(page))
    options = subset.Options(flavor="woff2", layout_features=["*"], name_IDs=["*"], notdef_outline=True)
    font = subset.load_font(str(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(characters(formulas)))
    subsetter.subset(font)
    subset.save_font(font, str(Path(app.outdir, "_static", FONT)), options)


def setup(app):
    """Register the renderer; `_config.yml` chooses it by its name, mathml."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("doctree-resolved", keep_together)
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
