"""Links into the book, absolute in the notebooks, become relative on the site, and are checked.

A notebook is read in Colab and GitHub too, where only an absolute address leads to another page. On the site the same link must work
offline and under any path, so the build turns it into a reference: to a page of the book, and to a heading or a library function on it.
"""

import posixpath
import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))
from stamp import configured  # noqa: E402  (the one place that knows how the site's address follows from _config.yml)

logger = logging.getLogger(__name__)


class BookLinks(SphinxPostTransform):
    """Make links to the book's own pages relative."""

    default_priority = 5

    def run(self, **kwargs):
        site = self.config.course_site + "/"
        for link in self.document.findall(nodes.reference):
            address = link.get("refuri", "")
            if address.startswith(site):
                page, _, anchor = address.removeprefix(site).partition("#")
                self.env.course_links.setdefault(self.env.docname, []).append((page, anchor))
                link["refuri"] = self._relative(page, anchor)
                link["internal"] = True

    def _relative(self, page: str, anchor: str) -> str:
        here = self.app.builder.get_target_uri(self.env.docname)
        return posixpath.relpath(page, posixpath.dirname(here) or ".") + (f"#{anchor}" if anchor else "")


def check_links(app, exception) -> None:
    """Each page that was linked must have been built, and must have the anchor."""
    if exception or app.builder.format != "html":
        return
    anchors = {}
    for docname, links in sorted(app.env.course_links.items()):
        for page, anchor in links:
            file = Path(app.outdir, page)
            if not file.is_file():
                logger.warning("link to %s: the book has no such page", page, location=docname, type="course", subtype="links")
                continue
            if file not in anchors:
                anchors[file] = set(re.findall(r'\bid="([^"]+)"', file.read_text(encoding="utf-8")))
            if anchor and anchor not in anchors[file]:
                logger.warning("link to %s#%s: the page has no such anchor", page, anchor, location=docname, type="course", subtype="links")


def prepare(app) -> None:
    """Where the links found are kept, also from one build to the next."""
    if not hasattr(app.env, "course_links"):
        app.env.course_links = {}


def forget(app, env, docname) -> None:
    """A page that is read anew may hold other links."""
    env.course_links.pop(docname, None)


def setup(app):
    """Turn links while pages are written, check them when all are."""
    app.add_config_value("course_site", configured(Path(app.srcdir)).site, "env", [str])
    app.add_post_transform(BookLinks)
    app.connect("builder-inited", prepare)
    app.connect("env-purge-doc", forget)
    app.connect("build-finished", check_links)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
