"""Mends what the theme and its companions get wrong for readers who do not see the page, or do not use a mouse.

Each is a small change to the finished page, under the name of the rule of axe-core that found it; tests/test_site.py asks axe-core again.
"""

import re
from pathlib import Path

# What the theme writes around the text → what stands there instead.
MENDS = {
    # label-content-name-mismatch: the button is named by what it shows, its keys included.
    re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"'): r"\1",
    # region: the site's name, its search and its contents are a landmark.
    re.compile(r'<div id="pst-primary-sidebar" class'): '<div id="pst-primary-sidebar" role="complementary" aria-label="The course" class',
    # summary-name: the arrow beside a page that has others below it.
    re.compile(r'<summary>(?=<span class="toctree-toggle")'): '<summary aria-label="Pages below this one">',
    # No rule's: the entry of the download menu that promises a file opens the browser's print dialog.
    re.compile(r'(?<=<span class="btn__text-container">)\.pdf(?=</span>)'): "Print",
}
# In the text itself.
FOLDED_CODE = '<summary aria-label="Toggle hidden content">'  # label-content-name-mismatch: it shows the words that name it
EMPTY_HEAD = re.compile(r'<th class="head">(<p>\s*</p>)?</th>')  # empty-table-header: the corner of a table


def mend_text(app, pagename, templatename, context, doctree) -> None:
    """What the page itself holds."""
    if "body" in context and app.builder.format == "html":
        context["body"] = EMPTY_HEAD.sub('<td class="head"></td>', context["body"].replace(FOLDED_CODE, "<summary>"))


def mend_frames(app, exception) -> None:
    """What stands around it; a page that an earlier build wrote and mended stays as it is."""
    if exception or app.builder.format != "html":
        return
    for page in sorted(Path(app.outdir).rglob("*.html")):
        text = mended = page.read_text(encoding="utf-8")
        for fault, mend in MENDS.items():
            mended = fault.sub(mend, mended)
        if mended != text:
            page.write_text(mended, encoding="utf-8")


def setup(app):
    """While pages are written, and when all are."""
    app.connect("html-page-context", mend_text)
    app.connect("build-finished", mend_frames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
