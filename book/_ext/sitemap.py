"""The list of all pages for search engines, sitemap.xml, and robots.txt, which says where it is.

Both name the site's address, so there is neither while `_config.yml` has none. Search engines read robots.txt at the root of a host only:
for a site below a path, as on GitHub Pages without a domain of one's own, its owner tells them where sitemap.xml is.
"""

from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

from sphinx.util import logging

logger = logging.getLogger(__name__)

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(addresses: list[str]) -> bytes:
    """The XML for some addresses, as https://www.sitemaps.org/protocol.html defines it."""
    root = ElementTree.Element("urlset", xmlns=NAMESPACE)
    for address in addresses:
        ElementTree.SubElement(ElementTree.SubElement(root, "url"), "loc").text = address
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def write_sitemap(app, exception) -> None:
    """List every page of the book, also those that this build did not have to write again."""
    if exception or app.builder.format != "html":
        return
    listed, robots = Path(app.outdir, "sitemap.xml"), Path(app.outdir, "robots.txt")
    base = app.config.html_baseurl
    if not base:
        for leftover in (listed, robots):
            leftover.unlink(missing_ok=True)
        logger.info("_config.yml names no address yet: the pages name none as their own, and there is no sitemap.xml")
        return
    listed.write_bytes(sitemap([urljoin(base, app.builder.get_target_uri(docname)) for docname in sorted(app.env.found_docs)]))
    robots.write_text(f"User-agent: *\nAllow: /\nSitemap: {urljoin(base, listed.name)}\n", encoding="utf-8")


def setup(app):
    """When all pages are written."""
    app.setup_extension("_ext.page_head")  # knows the address
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
