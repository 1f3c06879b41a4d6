"""What a page's head says of it, to search engines and to whoever shares its address: a title, a description, the page's own address.

The description is the page's own words: what its reader can do afterwards, else the first sentences of its first paragraph. Where neither
says what the page holds, `course_descriptions` in `_config.yml` does.
"""

import html
import re
import sys
from pathlib import Path

from docutils import nodes

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))
from stamp import PLACEHOLDER, configured

LONGEST = 160  # characters; search engines cut off more
OBJECTIVES = re.compile(r"(After|With) this (chapter|page) you can$")
SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
WITHOUT_SOURCE = {"search": "Search", "genindex": "Index"}  # their templates name them, too late for the head
FRONT_DOOR = """\
<!DOCTYPE html>
<html lang="{language}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Refresh" content="0; url={page}">
    {head}
  </head>
  <body><p><a href="{page}">{title}</a></p></body>
</html>
"""
SAID = re.compile(r'<title>.*?</title>|<meta (?:name="description"|property="og:)[^>]*>|<link rel="canonical"[^>]*>', re.DOTALL)


def name_address(app, config) -> None:
    """The site's address, for pages to name as theirs: `html.baseurl`, else that on GitHub Pages, unless it is the placeholder."""
    address = configured(Path(app.srcdir))
    if not config.html_baseurl and PLACEHOLDER not in address.repository:
        config.html_baseurl = address.site
    config.html_baseurl = config.html_baseurl and config.html_baseurl.rstrip("/") + "/"


def describe(doctree: nodes.document, title: str = "") -> str:
    """A page's description in its own words; nothing where it has none, too much where its first sentence is long.

    Parameters
    ----------
    doctree : document
    title : str
        What to begin with, where there is room and the page lists no objectives.
    """
    paragraphs = list(doctree.findall(nodes.paragraph))
    for paragraph in paragraphs:
        behind = paragraph.next_node(descend=False, siblings=True)
        if OBJECTIVES.match(paragraph.astext()) and isinstance(behind, nodes.bullet_list):
            return _listed(paragraph.astext(), [_words(item).rstrip(",.") for item in behind])
    first = next((one for one in paragraphs if isinstance(one.parent, nodes.section) and "course-badge" not in one["classes"]), None)
    text = _opening(_words(first)) if first is not None else ""
    return f"{title}. {text}" if title and len(title) + 2 + len(text) <= LONGEST else text


def _words(node: nodes.Node) -> str:
    return " ".join(node.astext().split())


def _listed(lead: str, objectives: list[str]) -> str:
    """The first objective, and of the others those for which there is room, in one sentence."""
    text = f"{lead} {objectives[0]}"
    for objective in objectives[1:]:
        if len(f"{text}; {objective}.") <= LONGEST:
            text += f"; {objective}"
    return f"{text}."


def _opening(text: str) -> str:
    """As many sentences as there is room for."""
    first, *others = SENTENCE_END.split(text)
    for sentence in others:
        if len(first) + 1 + len(sentence) > LONGEST:
            break
        first += f" {sentence}"
    return first


def tags(title: str, description: str, kind: str, site: str, address: str | None) -> str:
    """A page's description, and the same for whoever shows a preview of a link (Open Graph); no picture, which would have to be fetched."""
    named = {"description": description}
    shared = {"og:title": title, "og:description": description, "og:type": kind, "og:site_name": site}
    if address:
        shared["og:url"] = address
    lines = [f'<meta name="{name}" content="{html.escape(text)}">' for name, text in named.items() if text]
    lines += [f'<meta property="{name}" content="{html.escape(text)}">' for name, text in shared.items() if text]
    return "\n".join(f"    {line}" for line in lines)


def write_head(app, pagename, templatename, context, doctree) -> None:
    """Say it on each page."""
    if app.builder.format != "html":
        return
    title = html.unescape(re.sub(r"<[^>]*>", "", context.get("title") or WITHOUT_SOURCE.get(pagename, "")))
    description = app.config.course_descriptions.get(pagename)
    if description is None and doctree is not None:
        description = describe(doctree, title if pagename.startswith("solutions/") else "")
    home = pagename == app.config.root_doc
    if home:
        context["docstitle"] = ""  # its title names the course already
    made = tags(title, description or "", "website" if home else "article", app.config.html_title, context.get("pageurl"))
    context["metatags"] = f"{context.get('metatags', '')}\n{made}"


def write_front_door(app, exception) -> None:
    """The page at the site's own address, which is the one that is shared: it leads to the book's first page, and says what that says."""
    if exception or app.builder.format != "html":
        return
    page = app.builder.get_target_uri(app.config.root_doc)
    said = SAID.findall(Path(app.outdir, page).read_text(encoding="utf-8"))
    title = next(re.sub(r"<[^>]*>", "", each) for each in said if each.startswith("<title>"))
    text = FRONT_DOOR.format(language=app.config.language, page=page, head="\n    ".join(said), title=title)
    Path(app.outdir, "index.html").write_text(text, encoding="utf-8")


def setup(app):
    """While pages are written."""
    app.add_config_value("course_descriptions", {}, "html", [dict])
    app.connect("config-inited", name_address, priority=400)  # others ask for it then
    app.connect("html-page-context", write_head)
    app.connect("build-finished", write_front_door)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
