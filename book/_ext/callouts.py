"""Block quotes whose bold lead word is one of ours become call-outs: ``> **Predict.** Is the last number 1?``

In Colab and Jupyter they stay block quotes, so nothing is lost there.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

# Lead word → its class in book/static/course.css.
CALLOUTS = {
    "Predict": "course-predict",
    "Broken on purpose": "course-broken",
    "Check yourself": "course-check",
    "Try it": "course-try",
    "Note": "course-note",
    "Careful": "course-careful",
    "Warning": "course-careful",
    "For teachers": "course-teachers",
}


class Callouts(SphinxTransform):
    """Turn each such quote into an admonition that bears the word as its title."""

    default_priority = 500

    def apply(self, **kwargs):
        for quote in list(self.document.findall(nodes.block_quote)):
            lead = _lead(quote)
            if lead is not None:
                quote.replace_self(_callout(quote, lead))


def _lead(quote: nodes.block_quote) -> str | None:
    """The lead word of a quote, if it is one of ours and ends with a period (inside the bold or right after it)."""
    if not quote.children or not isinstance(quote[0], nodes.paragraph):
        return None
    words = [child for child in quote[0] if child.astext()]  # the parser leaves empty texts around bold ones
    if not words or not isinstance(words[0], nodes.strong):
        return None
    word = words[0].astext()
    after = words[1].astext() if len(words) > 1 else ""
    if not word.endswith(".") and not after.startswith("."):
        return None
    word = word.removesuffix(".")
    return word if word in CALLOUTS else None


def _callout(quote: nodes.block_quote, lead: str) -> nodes.admonition:
    paragraph = quote[0]
    rest = [child for child in paragraph if child.astext()][1:]
    if rest and isinstance(rest[0], nodes.Text):
        rest[0] = nodes.Text(rest[0].removeprefix(".").lstrip())
    paragraph.children = []
    paragraph += rest
    callout = nodes.admonition("", nodes.title("", lead), classes=["course-callout", CALLOUTS[lead]])
    callout.source, callout.line = quote.source, quote.line
    callout += [child for child in quote.children if child is not paragraph or rest]
    return callout


def setup(app):
    """Run while pages are read."""
    app.add_transform(Callouts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
