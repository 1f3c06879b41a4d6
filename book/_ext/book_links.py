"""Links into the book, absolute in the notebooks, become relative on the site, and are checked.

A notebook is read in Colab and GitHub too, where only an absolute address leads to another page. On the site the same link must work
offline and under any path, so the build turns it into a reference: to a page of the book, and to a heading or a library function on it.
Links to files of the repository, in Colab or on GitHub, stay absolute; the file must exist.
"""

import html
import posixpath
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))
from stamp import configured

logger = logging.getLogger(__name__)

HREF = re.compile(r'\bhref="([^"]+)"')
ID = re.compile(r'\bid="([^"]+)"')
BUILT_BESIDE = {"search.html", "genindex.html", "py-modindex.html"}  # pages that no source file makes


class BookLinks(SphinxPostTransform):
    """Make links to the book's own pages relative."""

    default_priority = 5

    def run(self, **kwargs):
        for link in self.document.findall(nodes.reference):
            address = link.get("refuri", "")
            if self._leads_into_book(address):
                link["refuri"] = self._relative(address)
                link["internal"] = True
            else:
                self._check_file(address, link)
        for raw in self.document.findall(nodes.raw):  # links in a cell's HTML output
            text = HREF.sub(self._relative_href, raw.astext())
            if text != raw.astext():
                raw.children = [nodes.Text(text)]

    def _relative_href(self, match: re.Match) -> str:
        return f'href="{self._relative(match[1])}"' if self._leads_into_book(match[1]) else match[0]

    def _leads_into_book(self, address: str) -> bool:
        return address == self.config.course_site or address.startswith((self.config.course_site + "/", self.config.course_site + "#"))

    def _relative(self, address: str) -> str:
        page, _, anchor = address.removeprefix(self.config.course_site).lstrip("/").partition("#")
        page = self.app.builder.get_target_uri(self.config.root_doc) if page in ("", "index.html") else page
        here = self.app.builder.get_target_uri(self.env.docname)
        return posixpath.relpath(page, posixpath.dirname(here) or ".") + (f"#{anchor}" if anchor else "")

    def _check_file(self, address: str, link: nodes.reference) -> None:
        for start in self.config.course_files:
            path = address.removeprefix(start).partition("#")[0].partition("?")[0]
            if address.startswith(start) and not Path(self.app.srcdir, path).exists():
                logger.warning("link to %s: the repository has no such file", path, location=link, type="course", subtype="links")


def check_links(app, exception) -> None:
    """Each link from page to page must lead to a page of the book, and to an anchor on it.

    All pages are looked at, also those that this build did not write: the page they lead to may have changed.
    """
    if exception or app.builder.format != "html":
        return
    addresses = {app.builder.get_target_uri(docname): docname for docname in sorted(app.env.found_docs)}
    pages = {address: Path(app.outdir, address).read_text(encoding="utf-8") for address in addresses}
    anchors = {address: set(ID.findall(text)) for address, text in pages.items()}
    for address, text in pages.items():
        for link in sorted(set(HREF.findall(text))):
            page, _, anchor = html.unescape(link).partition("#")
            if urlsplit(page).scheme or not page.endswith(".html"):
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(address), page))
            if target in BUILT_BESIDE:
                continue
            fault = "the book has no such page" if target not in anchors else "the page has no such anchor"
            if target not in anchors or (anchor and anchor not in anchors[target]):
                logger.warning("link to %s: %s", link, fault, location=addresses[address], type="course", subtype="links")


def setup(app):
    """Turn links while pages are written, check them when all are."""
    address = configured(Path(app.srcdir))
    app.add_config_value("course_site", address.site, "env", [str])
    files = [address.colab(""), *(f"{address.repository}/{kind}/{address.version}/" for kind in ("blob", "tree", "raw"))]
    app.add_config_value("course_files", files, "env", [list])
    app.add_post_transform(BookLinks)
    app.connect("build-finished", check_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
