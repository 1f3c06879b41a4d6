"""Short code inside a sentence stays on one line; a phone would break it after each space, bracket or hyphen."""

from docutils import nodes

SHORT = 30  # characters: narrower than a call-out on a phone


def keep_whole(app, doctree, docname) -> None:
    """Mark it for book/static/course.css."""
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= SHORT:
            code["classes"].append("course-short")


def setup(app):
    """When pages are written."""
    app.connect("doctree-resolved", keep_whole)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
