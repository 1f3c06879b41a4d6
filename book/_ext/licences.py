"""What the course stands on, with its licences, as the page book/licences.md shows it: read from the packages that built the site.

A package says in its metadata which licence it is under, in one of three places and in many spellings. One that says nothing fails the
build until somebody has looked into its files.
"""

import re
import tomllib
from importlib import metadata
from pathlib import Path

from docutils import nodes
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from .measured import table

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
TEXTS = "licences.txt"  # in _static: the texts that licences want to go along

# Name in the list of https://spdx.org/licenses → other spellings in metadata.
SPELLINGS = {
    "Apache-2.0": ("Apache Software License", "Apache License 2.0", "Apache License, Version 2.0", "Apache 2.0"),
    "BSD-2-Clause": ("BSD 2-Clause License",),
    "BSD-3-Clause": ("BSD 3-Clause License", "3-Clause BSD License", "BSD 3-Clause"),
    "BSD": ("BSD License",),  # does not say which
    "GPL": ("GNU General Public License (GPL)",),
    "ISC": ("ISC License (ISCL)", "ISC license"),
    "LGPL": ("GNU Library or Lesser General Public License (LGPL)", "LGPL with exceptions"),
    "MIT": ("MIT License", "MIT license"),
    "MPL-2.0": ("Mozilla Public License 2.0 (MPL 2.0)",),
    "PSF-2.0": ("Python Software Foundation License", "PSFL"),
    "public domain": ("Public Domain",),
}
KNOWN = {spelling: name for name, others in SPELLINGS.items() for spelling in (name, *others)}
# Looked up in the packages' own licence files, since their metadata do not say.
LOOKED_UP = {"axe-playwright-python": "MIT; axe-core in it is MPL-2.0", "namex": "Apache-2.0"}

# What the site hands to its readers and others made: what it is, the package that brings it, its licence, and its files below _static.
SHIPPED = [
    ("Sphinx: search and basic styles", "Sphinx", "BSD-2-Clause", r"basic\.css|doctools\.js|documentation_options\.js|searchtools\.js"),
    ("Sphinx: words in search results", "Sphinx", "BSD-2-Clause", r"sphinx_highlight\.js|translations\.js"),
    ("Snowball, the stemmer of the search", "Sphinx", "BSD-3-Clause", r"language_data\.js"),
    ("Sphinx Book Theme", "sphinx-book-theme", "BSD-3-Clause", r"(scripts|styles)/sphinx-book-theme\.(js|css)|images/logo_\w+\.\w+"),
    ("PyData Sphinx Theme", "pydata-sphinx-theme", "BSD-3-Clause", r"(scripts|styles)/(pydata-sphinx-theme|theme)\.(js|css)"),
    ("Bootstrap, in that theme", "pydata-sphinx-theme", "MIT", r"(scripts|styles)/bootstrap\.(js|css)"),
    (
        "Font Awesome Free, in that theme",
        "pydata-sphinx-theme",
        "icons CC-BY-4.0, fonts OFL-1.1, code MIT",
        r"course-icons\.css|vendor/fontawesome/.*",
    ),
    ("MyST-NB: styles of cells", "myst-nb", "BSD-3-Clause", r"mystnb\.[\w.]*css"),
    ("Pygments: colours of code", "Pygments", "BSD-2-Clause", r"pygments\.css"),
    ("sphinx-copybutton", "sphinx-copybutton", "MIT", r"copybutton\.(css|js)|copybutton_funcs\.js"),
    ("clipboard.js, in that extension", "sphinx-copybutton", "MIT", r"clipboard\.min\.js"),
    ("sphinx-togglebutton", "sphinx-togglebutton", "MIT", r"togglebutton\.(css|js)"),
    ("sphinx-design", "sphinx_design", "MIT", r"sphinx-design\.min\.css|design-tabs\.js"),
    ("sphinx-thebe", "sphinx-thebe", "MIT", r"sphinx-thebe\.(css|js)"),
    ("STIX Two Math, the font of formulas", "ziamath", "OFL-1.1", r"course-math\.woff2"),
]


def licence(package: metadata.PackageMetadata) -> str | None:
    """The licence that a package's metadata name, by its short name; None if they name none.

    An expression (PEP 639) is exact; the older field may hold a name, in any spelling, or a whole text; classifiers do not always say which
    BSD licence is meant.
    """
    looked_up = LOOKED_UP.get(canonicalize_name(package["Name"]))
    if looked_up or package.get("License-Expression"):
        return looked_up or package["License-Expression"]
    field = (package.get("License") or "").strip()
    classifiers = [each.split(" :: ")[-1] for each in package.get_all("Classifier") or [] if each.startswith("License :: ")]
    classified = " or ".join(sorted({KNOWN.get(each, each) for each in classifiers}))
    return KNOWN.get(field.partition("\n")[0]) or classified or (field if field not in ("", "UNKNOWN") and "\n" not in field else None)


def closure(wanted: list[str]) -> set[str]:
    """Names of the installed packages that some requirements bring, themselves and all that these need."""
    found, waiting = set(), [Requirement(each) for each in wanted]
    seen = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # an extra that nobody installed
            continue
        found.add(name)
        extras = requirement.extras or {""}
        waiting += [
            each for each in map(Requirement, needs) if not each.marker or any(each.marker.evaluate({"extra": one}) for one in extras)
        ]
    return found


def groups(root: Path = ROOT) -> dict[str, set[str]]:
    """Names of packages: what the library needs, and what only builds, grades, checks and tests."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    library = closure(project["dependencies"])
    return {"library": library, "tools": closure([each for extra in project["optional-dependencies"].values() for each in extra]) - library}


def by_licence(names: set[str]) -> dict[str | None, list[str]]:
    """Licence → packages with their versions, the licence of most packages first."""
    found: dict[str | None, list[str]] = {}
    for name in sorted(names):
        package = metadata.metadata(name)
        found.setdefault(licence(package), []).append(f"{package['Name']} {package['Version']}")
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), str(item[0]))))


def texts() -> str:
    """The licence files of the packages whose files the site hands on."""
    parts = []
    for name in dict.fromkeys(package for _, package, _, _ in SHIPPED):
        for file in metadata.files(name) or []:
            if re.search(r"\.dist-info/.*(LICEN[CS]E|COPYING)", str(file)):
                parts.append(f"{name} {metadata.version(name)}\n\n{file.locate().read_text(encoding='utf-8').strip()}\n")
    return f"\n{'=' * 78}\n\n".join(parts)


def _link(docname: str) -> nodes.paragraph:
    """Where their texts are, from a page: a file that is written when the pages are."""
    address = "../" * docname.count("/") + f"_static/{TEXTS}"
    return nodes.paragraph(
        "", "", nodes.Text("The "), nodes.reference("", "texts of these licences", refuri=address), nodes.Text(" lie beside the files.")
    )


class Licences(SphinxDirective):
    """A table of one group: ``library``, ``tools``, or ``site`` for what the site hands to its readers."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        if self.arguments[0] == "site":
            rows = [[what, f"{package} {metadata.version(package)}", name] for what, package, name, _ in SHIPPED]
            return [*self.parse_text_to_nodes("\n".join(table(["what", "brought by", "licence"], rows, left=3))), _link(self.env.docname)]
        listed = by_licence(groups()[self.arguments[0]])
        if None in listed:
            logger.warning(
                "no licence is known of %s: look into the package's files, and write it into LOOKED_UP in book/_ext/licences.py",
                ", ".join(listed[None]),
                location=self.get_location(),
                type="course",
                subtype="licences",
            )
        rows = [[name or "**not known**", ", ".join(packages)] for name, packages in listed.items()]
        return self.parse_text_to_nodes("\n".join(table(["licence", "packages"], rows, left=2)))


def write_texts(app, exception) -> None:
    """Beside the files they belong to."""
    if not exception and app.builder.format == "html":
        Path(app.outdir, "_static", TEXTS).write_text(texts(), encoding="utf-8")


def setup(app):
    """A directive for Markdown pages, and a file of texts."""
    app.add_directive("licences", Licences)
    app.connect("build-finished", write_texts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
