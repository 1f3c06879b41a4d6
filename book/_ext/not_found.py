"""The page that a host shows for an address where there is none, 404.html, with a search and the contents.

It is shown at any depth, so its links begin at the root of the host (sphinx-notfound-page does that); the path of the site comes from
`_config.yml`.
"""

import html
import sys
from pathlib import Path
from urllib.parse import urlsplit

from sphinx import addnodes

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))
from stamp import configured

BODY = """\
<section>
<h1>Page not found</h1>
<p>The course has no page at this address. A link may be out of date, or the address mistyped. Search for what you were looking for, or
go to one of the pages below.</p>
<form class="course-search" role="search" action="{search}" method="get">
<label for="course-search-words">Search the course</label>
<input id="course-search-words" type="search" name="q" required>
<button class="course-button" type="submit">Search</button>
</form>
{contents}
</section>
"""


def say_where(app, config) -> None:
    """The path of the site at its host."""
    site = config.html_baseurl or configured(Path(app.srcdir)).site
    config.notfound_urls_prefix = urlsplit(site).path.rstrip("/") + "/"


def write_body(app, env) -> None:
    """The text, with the contents as `_toc.yml` lists them."""

    def address(docname: str) -> str:
        return html.escape(app.config.notfound_urls_prefix + app.builder.get_target_uri(docname))

    def item(docname: str) -> str:
        return f'<li><a href="{address(docname)}">{html.escape(env.titles[docname].astext())}</a></li>'

    root = app.config.root_doc
    parts = [f"<ul>{item(root)}</ul>"]
    for part in env.get_doctree(root).findall(addnodes.toctree):
        items = "".join(item(docname) for _, docname in part["entries"] if docname in env.titles)
        parts.append(f"<h2>{html.escape(part.get('caption') or 'Pages')}</h2>\n<ul>{items}</ul>")
    body = BODY.format(search=address("search"), contents="\n".join(parts))
    app.config.notfound_context = {"title": "Page not found", "body": body}


def setup(app):
    """Before pages are written."""
    app.setup_extension("_ext.page_head")  # knows the address
    app.setup_extension("notfound.extension")
    app.connect("config-inited", say_where, priority=450)  # before the extension judges it
    app.connect("env-check-consistency", write_body)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
