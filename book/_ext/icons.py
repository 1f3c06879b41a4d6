"""Icons without the theme's icon library, and pages without the theme's other files that they do not use.

The theme loads every icon of Font Awesome on every page, as a script (half a megabyte) and as rules in its style sheet. Here the icons that
the finished pages name become a small style sheet, drawn from the theme's own copy of the library when the site is built. The boxes have
their size from the start, so nothing on a page moves.
"""

import logging as std_logging
import re
from importlib.resources import files
from pathlib import Path

from fontTools import subset
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

STYLE_SHEET = "course-icons.css"
THEME = files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme" / "static"
FONTS = "vendor/fontawesome/webfonts"

# One icon in the library: name, width, height, other names, outline.
ICON = re.compile(r'(?:"([\w-]+)"|\b(\w+)):\[(\d+),(\d+),\[([^\]]*)\],"[0-9a-f]+","([^"]*)"')
# What follows the icons of a style.
STYLE_END = re.compile(r'\("fa[brs]",\w+\),\w+\("fa-(brands|regular|solid)"')
CLASSES = re.compile(r"""\bclass(?:Name|List)?\s*=\s*["']([^"']*\bfa-[^"']*)["']""")
GLYPH_RULE = re.compile(r'(?:\.fa-[\w-]+::?before,?)+\{content:"[^"]*"\}')
SELECTOR = re.compile(r"[^{};]*(?=\{)")

# The library's script put an <svg> in the place of each icon; the theme's rules for these shall hold for the icon, with the same weight.
SVG = re.compile(r"(?<![\w.#-])(?<!:is\()svg(?![\w-])")
SVG_OR_ICON = ":is(svg,:where(.fa,.fa-solid,.fa-regular,.fa-brands,.fas,.far,.fab))"

BASE = """\
.fa,.fa-solid,.fa-regular,.fa-brands,.fas,.far,.fab{display:inline-block;box-sizing:content-box;width:1em;height:1em;vertical-align:-.125em;\
background-color:currentColor;-webkit-mask:var(--course-icon,linear-gradient(#0000,#0000)) center/contain no-repeat content-box;\
mask:var(--course-icon,linear-gradient(#0000,#0000)) center/contain no-repeat content-box;print-color-adjust:exact;\
forced-color-adjust:none;forced-color-adjust:preserve-parent-color}
.fa-xs{vertical-align:0}.fa-sm{vertical-align:-.0714286em}.fa-lg{vertical-align:-.2em}.fa-xl{vertical-align:-.25em}
"""

# Scripts and style sheets of extensions that come with Jupyter Book, and what a page contains that uses them.
USED_BY = {
    "thebe": r"\bthebe-launch-button\b",
    "toggle": r'class="[^"]*\b(?:toggle|dropdown)\b',
    "design": r'class="[^"]*\bsd-',
}


def leave_out_library(app, config) -> None:
    """Put a copy of the theme's template before it, without the line that loads the library."""
    source = (THEME / "webpack-macros.html").read_text(encoding="utf-8")
    text = re.sub(r"\s*<script[^>]*fontawesome\.js[^>]*></script>", "", source)
    if text == source:
        raise ExtensionError("the theme's webpack-macros.html does not load fontawesome.js as expected: look at _ext.icons again")
    folder = Path(app.doctreedir, "course-templates")
    template = folder / "static" / "webpack-macros.html"
    template.parent.mkdir(parents=True, exist_ok=True)
    if not template.exists() or template.read_text(encoding="utf-8") != text:  # a newer file would write all pages again
        template.write_text(text, encoding="utf-8")
    config.templates_path = [str(folder), *config.templates_path]
    app.add_css_file(STYLE_SHEET)


def leave_out_unused(app, pagename, templatename, context, doctree) -> None:
    """Drop scripts and style sheets for things that are not on the page."""
    body = context.get("body", "")
    absent = [word for word, use in USED_BY.items() if not re.search(use, body)]
    for kind in ("script_files", "css_files"):
        context[kind] = [each for each in context.get(kind, []) if not any(word in _what(each) for word in absent)]


def _what(asset) -> str:
    """A script's or style sheet's file name, or its text."""
    return f"{Path(str(getattr(asset, 'filename', asset) or '')).name} {getattr(asset, 'attributes', {}).get('body') or ''}".lower()


def read_library(script: str) -> dict[tuple[str, str], tuple[int, int, str]]:
    """Width, height and outline for each style and name."""
    icons, start = {}, 0
    for end in STYLE_END.finditer(script):
        for match in ICON.finditer(script, start, end.start()):
            quoted, plain, width, height, others, outline = match.groups()
            for name in (quoted or plain, *re.findall(r'"([\w-]+)"', others)):
                icons[end[1], name] = (int(width), int(height), outline)
        start = end.end()
    return icons


def named_icons(text: str) -> set[tuple[str, str]]:
    """Style and name of each icon in a page or a script, and other names that look alike (sizes, say)."""
    found = set()
    for value in CLASSES.findall(text):
        classes = set(value.split())
        style = "brands" if classes & {"fab", "fa-brands"} else "regular" if classes & {"far", "fa-regular"} else "solid"
        found |= {(style, each.removeprefix("fa-")) for each in classes if each.startswith("fa-")}
    return found


def rule(style: str, name: str, icon: tuple[int, int, str]) -> str:
    """The CSS rule of one icon."""
    width, height, outline = icon
    picture = f"%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}'%3E%3Cpath d='{outline}'/%3E%3C/svg%3E"
    selector = f".far.fa-{name},.fa-regular.fa-{name}" if style == "regular" else f".fa-{name}"
    return f'{selector}{{width:{width / height:.4g}em;--course-icon:url("data:image/svg+xml,{picture}")}}\n'


def write_icons(app, exception) -> None:
    """Write the style sheet, and take the library out of what the theme copied."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    if not (static / "styles").is_dir():
        return
    for leftover in [*static.rglob("fontawesome.js*"), *static.glob("**/*.map"), *static.glob("*webpack-macros.html")]:
        leftover.unlink(missing_ok=True)  # some are found twice
    for sheet in (static / "styles").glob("*.css"):
        _slim(sheet)
    styled = set(re.findall(r"\.fa-([\w-]+)", (static / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")))

    library = read_library((THEME / "scripts" / "fontawesome.js").read_text(encoding="utf-8"))
    by_page = {page: named_icons(page.read_text(encoding="utf-8")) for page in sorted(Path(app.outdir).rglob("*.html"))}
    by_script = {each for script in sorted(static.rglob("*.js")) for each in named_icons(script.read_text(encoding="utf-8"))}
    for page, named in by_page.items():
        for style, name in sorted(named - library.keys()):
            if name not in styled and name not in {"brands", "regular", "solid"}:
                logger.warning(
                    "%s: the theme's Font Awesome has no %s icon fa-%s",
                    page.relative_to(app.outdir),
                    style,
                    name,
                    type="course",
                    subtype="icons",
                )
    wanted = sorted(by_script.union(*by_page.values()) & library.keys())
    licence = (THEME / "scripts" / "fontawesome.js.LICENSE.txt").read_text(encoding="utf-8").strip()
    rules = "".join(rule(style, name, library[style, name]) for style, name in wanted)
    (static / STYLE_SHEET).write_text(f"{licence}\n{BASE}{rules}.fa-fw{{width:1.25em}}\n", encoding="utf-8")
    _write_fonts(static)


def _slim(sheet: Path) -> None:
    """Take the library's glyphs out of a style sheet of the theme; do nothing where that was done before."""
    text = sheet.read_text(encoding="utf-8")
    slim = GLYPH_RULE.sub("", text)
    slim = SELECTOR.sub(lambda match: SVG.sub(SVG_OR_ICON, match[0]), slim)
    slim = re.sub(r',\s*url\([^)]*\.ttf\) format\("truetype"\)', "", slim)
    slim = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", slim)
    if slim != text:
        sheet.write_text(slim, encoding="utf-8")


def _write_fonts(static: Path) -> None:
    """The library's fonts, with the few characters that the theme's rules still write (before a link to elsewhere, say)."""
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in sorted(static.rglob("*.css")))
    characters = {int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', sheets)}
    characters |= {ord(each) for each in re.findall("[\ue000-\uf8ff]", sheets)}
    for old in (static / FONTS).glob("*.ttf"):
        old.unlink()
    for target in sorted((static / FONTS).glob("*.woff2")):
        options = subset.Options(flavor="woff2", notdef_outline=True, layout_features=[])
        font = subset.load_font(str(THEME / FONTS / target.name), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=characters)
        subsetter.subset(font)
        subset.save_font(font, str(target), options)


def setup(app):
    """Prepare the template, choose each page's files, and write the icons once all pages are there."""
    # Sphinx would report each file of the theme that it puts back before it is slimmed again.
    std_logging.getLogger("sphinx.sphinx.util.fileutil").setLevel(std_logging.WARNING)
    app.connect("config-inited", leave_out_library)
    app.connect("html-page-context", leave_out_unused, priority=900)
    app.connect("build-finished", write_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
