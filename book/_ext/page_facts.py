"""What each page says of itself: which edition of MNIST its numbers come from, when they were computed, and how long that took."""

import datetime

from docutils import nodes

WORDS = {"full": "60,000 training and 10,000 test digits", "sample": "4,000 training and 1,000 test digits"}


def say_edition(app, config) -> None:
    """The footer of every page."""
    edition, today = config.course_edition, datetime.date.today()
    size = f" ({WORDS[edition]})" if edition in WORDS else ""
    config.html_theme_options = {
        **config.html_theme_options,
        "extra_footer": f"<p>Numbers and pictures were computed on {today:%d %B %Y} on the {edition} edition of MNIST{size}.</p>",
    }


def runtime(env, docname: str) -> float | None:
    """Seconds that a page's cells took when they were executed, perhaps in an earlier build; None for a page without cells."""
    executed = env.nb_metadata.get(docname, {}).get("exec_data") or {}
    return executed.get("runtime")


def say_runtime(app, doctree, docname) -> None:
    """A line below the badge."""
    seconds = runtime(app.env, docname)
    badge = next((one for one in doctree.findall(nodes.paragraph) if one.astext().startswith("Open in Colab")), None)
    if badge is None:
        return
    badge["classes"].append("course-badge")
    del badge.children[1:]  # "Read on the website": the reader does
    if seconds is not None:
        text = f"Executed for this site on the {app.config.course_edition} edition of MNIST, in {max(1, round(seconds))} seconds."
        badge.parent.insert(badge.parent.index(badge) + 1, nodes.paragraph("", text, classes=["course-facts"]))


def print_runtimes(app, exception) -> None:
    """What the build spent its time on."""
    seconds = {docname: runtime(app.env, docname) for docname in sorted(app.env.found_docs)}
    executed = {docname: took for docname, took in seconds.items() if took is not None}
    if exception or not executed:
        return
    print("\nseconds  chapter")
    for docname, took in executed.items():
        print(f"{took:7.1f}  {docname}")
    print(f"{sum(executed.values()):7.1f}  all chapters, on the {app.config.course_edition} edition")


def setup(app):
    """Say it in the footer, on the page, and at the end of the build."""
    app.setup_extension("_ext.kernels")
    app.connect("config-inited", say_edition)
    app.connect("doctree-resolved", say_runtime)
    app.connect("build-finished", print_runtimes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
