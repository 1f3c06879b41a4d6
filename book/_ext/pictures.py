"""Pictures on the finished pages: each has an alternative text, and none weighs on the page before it is scrolled to.

Our plots arrive as HTML with the picture inside, as a ``data:`` address: so they have their alternative text in every notebook reader. Here
the picture moves into a file of its own, loaded when the reader comes near.
"""

import base64
import hashlib
import struct
from html.parser import HTMLParser
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)

PNG = "data:image/png;base64,"
SHORTEST = 15  # characters; a shorter text cannot say what a picture shows
FOLDER = "_images"


class Pictures(HTMLParser):
    """Copies a page, letter by letter, but for its pictures."""

    def __init__(self, folder: Path, address: str):
        super().__init__(convert_charrefs=False)
        self.folder, self.address = folder, address
        self.parts: list[str] = []
        self.cells = self.pictures = 0  # seen so far: where a fault is
        self.faults: list[str] = []

    def handle_starttag(self, tag, attributes):
        text = self.get_starttag_text()
        values = dict(attributes)
        self.cells += tag == "div" and "cell" in (values.get("class") or "").split()
        if tag == "img":
            self.parts.append(self._picture(text, values))
            return
        if values.get("role") == "img" and not meaningful(values.get("aria-label")):
            self._fault(f"<{tag} role=img> with aria-label {values.get('aria-label')!r}")
        if tag == "svg" and values.get("aria-hidden") != "true" and not meaningful(values.get("aria-label")):
            self._fault(f"<svg> with aria-label {values.get('aria-label')!r}")
        self.parts.append(text)

    handle_startendtag = handle_starttag

    def _picture(self, text: str, values: dict[str, str | None]) -> str:
        self.pictures += 1
        source = values.get("src") or ""
        if not meaningful(values.get("alt")):
            self._fault(f"picture {self.pictures} ({source[:40]}) with alt {values.get('alt')!r}")
        if not source.startswith(PNG):
            return text.replace("<img ", '<img loading="lazy" ', 1) if "loading" not in values else text
        content = base64.b64decode(source.removeprefix(PNG))
        name = f"{hashlib.sha256(content).hexdigest()[:20]}.png"
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(content)
        size = ""
        if "height" not in values and (values.get("width") or "").isdigit():  # so that the page does not jump when the picture comes
            pixels_wide, pixels_high = struct.unpack(">II", content[16:24])
            size = f' height="{round(int(values["width"]) * pixels_high / pixels_wide)}"'
        return text.replace(source, f"{self.address}/{name}", 1).replace("<img ", f'<img loading="lazy"{size} ', 1)

    def _fault(self, what: str) -> None:
        place = f"at or after the page's code cell {self.cells}" if self.cells else "before the page's first code cell"
        self.faults.append(f"{what}, {place},")

    def handle_endtag(self, tag):
        self.parts.append(f"</{tag}>")

    def handle_data(self, data):
        self.parts.append(data)

    def handle_entityref(self, name):
        self.parts.append(f"&{name};")

    def handle_charref(self, name):
        self.parts.append(f"&#{name};")

    def handle_comment(self, data):
        self.parts.append(f"<!--{data}-->")


def meaningful(text: str | None) -> bool:
    """Whether an alternative text says something: a sentence, not a file's name, not what a tool fills in."""
    text = (text or "").strip()
    return len(text) >= SHORTEST and " " in text and not text.startswith(("_images", "../_images"))


def treat_pictures(app, pagename, templatename, context, doctree) -> None:
    """Move the page's pictures into files; warn of those without a text."""
    if "body" not in context or app.builder.format != "html":
        return
    pictures = Pictures(Path(app.outdir, FOLDER), "../" * pagename.count("/") + FOLDER)
    pictures.feed(context["body"])
    pictures.close()
    for fault in pictures.faults:
        logger.warning(
            "%s has no alternative text that says what it shows (at least %d characters); for a plain Matplotlib figure write it into the "
            'cell\'s metadata: {"mystnb": {"image": {"alt": "…"}}}',
            fault,
            SHORTEST,
            location=pagename,
            type="course",
            subtype="pictures",
        )
    context["body"] = "".join(pictures.parts)


def setup(app):
    """Treat each page before it is written."""
    app.connect("html-page-context", treat_pictures, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
