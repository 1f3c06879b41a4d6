"""The pipeline's picture on the site: each stage leads to its chapter, and the lit one says so to screen readers.

A notebook elsewhere cannot know where the other chapters are, so `mnist_lib.literate.pipeline` draws a picture without links.
"""

import re

PICTURE = re.compile(r'<div class="course-pipeline" role="img"(?P<open>[^>]*)>(?P<stages>.*?)</div>', re.DOTALL)
STAGE = re.compile(r'<span class="course-stage(?P<lit> course-lit)?" data-chapter="(?P<page>[\w-]+)"(?P<rest>.*?)</span></span>', re.DOTALL)


def link_stages(app, pagename, templatename, context, doctree) -> None:
    """Turn the picture into a list of links to those chapters that the book has."""
    if "body" not in context or app.builder.format != "html":
        return

    def stage(match: re.Match) -> str:
        page = f"book/{match['page']}"
        if page not in app.env.found_docs:
            return match[0]
        here = ' aria-current="step"' if match["lit"] else ""
        opening = f'<a class="course-stage{match["lit"] or ""}" href="{context["pathto"](page)}"{here}'
        return f"{opening}{match['rest']}</span></a>"

    def picture(match: re.Match) -> str:
        return f'<nav class="course-pipeline"{match["open"]}>{STAGE.sub(stage, match["stages"])}</nav>'

    context["body"] = PICTURE.sub(picture, context["body"])


def setup(app):
    """Treat each page before it is written."""
    app.connect("html-page-context", link_stages, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
