"""A term in italics, where a chapter introduces it, becomes a link to its entry in the glossary.

In a notebook the italics stand alone: a copy in Colab has no glossary beside it. A term that the glossary lacks fails the build.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

INTRODUCES = re.compile(r"book/(\d\d-|speed$)")  # the chapters, and the appendix that has terms of its own


class GlossaryLinks(SphinxPostTransform):
    """Wrap each emphasis of a page that introduces terms in a reference to the glossary."""

    default_priority = 5  # before references are resolved

    def run(self, **kwargs):
        if not INTRODUCES.match(self.env.docname):
            return
        for term in list(self.document.findall(nodes.emphasis)):
            reference = addnodes.pending_xref(
                "",
                refdomain="std",
                reftype="term",
                reftarget=term.astext(),
                refdoc=self.env.docname,
                refexplicit=True,
                refwarn=True,
                classes=["course-term"],
            )
            reference.source, reference.line = term.parent.source, term.parent.line
            term.replace_self(reference)
            reference += term


def setup(app):
    """Act when pages are written."""
    app.add_post_transform(GlossaryLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
