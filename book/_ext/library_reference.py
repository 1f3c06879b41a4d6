"""The library's docstrings on the site: where one names a chapter, the name leads there."""

import re

CHAPTER = re.compile(r"\bchapter (\d\d-[a-z]+)")


def link_chapters(app, what, name, obj, options, lines) -> None:
    """``chapter 06-training`` becomes a link to that chapter, if it is part of the book yet."""

    def linked(match: re.Match) -> str:
        docname = f"book/{match[1]}"
        return f"chapter :doc:`{match[1]} </{docname}>`" if docname in app.env.found_docs else match[0]

    lines[:] = [CHAPTER.sub(linked, line) for line in lines]


def setup(app):
    """Treat each docstring that is rendered."""
    app.connect("autodoc-process-docstring", link_chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
