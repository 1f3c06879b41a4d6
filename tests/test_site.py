"""The website, built into a folder of its own and read as a reader's browser reads it.

Built on the sample edition; SITE_EDITION=full builds it on the full one (`make test-site-full`, needs MNIST_NPZ).
"""

import functools
import gzip
import http.server
import io
import os
import re
import subprocess
import sys
import threading
from email.message import Message
from html import unescape
from html.parser import HTMLParser
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
import yaml
from _ext import licences
from _ext.execution_cache import fingerprint
from _ext.measured import part_of
from _ext.sitemap import NAMESPACE
from _ext.tried_in_colab import FILE, said_of
from conftest import ROOT
from fontTools.ttLib import TTFont
from jupyter_cache import get_cache
from matplotlib.image import imread
from nbconvert import HTMLExporter
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from stamp import code_digest
from test_notebooks import MARKDOWN, broken, foreign_html, fragile_formulas, toc_pages

EDITION = os.environ.get("SITE_EDITION", "sample")
PAGES = sorted(toc_pages())
CHAPTER = "book/06-training"  # has everything that a page can have
HEAVIEST = 600_000  # bytes, compressed: scripts, styles and fonts of a page
PHONE, DESK = {"width": 375, "height": 800}, {"width": 1280, "height": 900}
LOOKS = {"wide and light": (DESK, "light"), "a phone in the dark": (PHONE, "dark")}
if EDITION == "full":  # the longer proof
    LOOKS |= {"wide and dark": (DESK, "dark"), "a phone by day": (PHONE, "light")}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site. Executions are shared with `make book`: the fingerprint says which hold."""
    environment = {name: value for name, value in os.environ.items() if name != "MNIST_NPZ" or EDITION == "full"}
    if EDITION == "full" and "MNIST_NPZ" not in environment:
        pytest.fail("the full edition needs MNIST_NPZ, the path of Keras' mnist.npz")
    environment |= {"MNIST_EDITION": EDITION, "COURSE_EXECUTION_CACHE": str(ROOT / "_build" / ".jupyter_cache")}
    output = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "book" / "_tools" / "build.py"), "--output", str(output)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return output / "_build" / "html"


class Page(HTMLParser):
    """What a page refers to, shows and says."""

    def __init__(self, file: Path):
        super().__init__()
        self.file = file
        self.ids, self.links, self.fetched, self.pictures, self.classes, self.words = set(), [], [], [], set(), []
        self.skipped = 0
        self.html = file.read_text(encoding="utf-8")
        self.feed(self.html)

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        self.ids.add(values.get("id"))
        self.classes |= set(values.get("class", "").split())
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and "canonical" not in values.get("rel", ""):
            if values.get("rel") in {"stylesheet", "icon", "preload"}:
                self.fetched.append(values["href"])
            else:
                self.links.append(values["href"])
        if tag in {"script", "img", "iframe", "source", "audio", "video", "embed"} and "src" in values:
            self.fetched.append(values["src"])
        if tag == "img":
            self.pictures.append(values)
        self.skipped += tag in {"script", "style"}

    def handle_endtag(self, tag):
        self.skipped -= tag in {"script", "style"}

    def handle_data(self, data):
        if not self.skipped:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def article_pictures(self):
        return [picture for picture in self.pictures if "/_images/" in picture["src"]]


@pytest.fixture(scope="session")
def pages(site):
    return {name: Page(site / f"{name}.html") for name in [*PAGES, "search", "genindex"]}


# Pages


@pytest.mark.parametrize("name", PAGES)
def test_page_is_there_and_whole(pages, name):
    page = pages[name]
    assert "Traceback (most recent call last)" not in page.text
    assert not {"traceback", "problematic", "system-message"} & page.classes
    assert "absl::InitializeLog" not in page.text
    assert "��" not in page.text
    assert {"prev-next-footer", "search-button-field"} <= page.classes
    assert f"on the {EDITION} edition of MNIST" in page.text


def test_chapters_say_edition_and_time(pages):
    executed = [name for name in PAGES if (ROOT / f"{name}.ipynb").exists() and not name.startswith("solutions/")]
    assert len(executed) >= 3
    for name in executed:
        assert re.search(rf"Executed for this site on the {EDITION} edition of MNIST, in \d+ seconds\.", pages[name].text), name
        assert "https://colab.research.google.com/github/" in pages[name].html


def test_notebooks_say_how_they_fared_with_colab_s_versions(pages):
    for name in (name for name in PAGES if (ROOT / f"{name}.ipynb").exists()):
        digest = code_digest(nbformat.read(ROOT / f"{name}.ipynb", as_version=4), f"{name}.ipynb")
        assert said_of(part_of(FILE), name, digest).replace("`", "") in pages[name].text, name


def test_worked_solutions_are_folded_and_not_executed(pages):
    solutions = [name for name in PAGES if name.startswith("solutions/")]
    assert len(solutions) == 9
    for name in solutions:
        page = pages[name]
        assert "What if mine differs?" in page.text
        assert "Executed for this site" not in page.text
        assert "cell_output" not in page.classes
        assert "Worked solutions:" in page.text
        folded = page.html.count('class="cell tag_hide-input')
        answers = sum(cell.id.startswith("answer-") for cell in nbformat.read(ROOT / f"{name}.ipynb", as_version=4).cells)
        assert folded == answers + 1, "the answers, and the set-up"
        assert "BEGIN SOLUTION" not in page.text
        assert "Rubric" in page.text


def test_the_exercises_are_listed_with_points_time_and_badge(pages):
    page = pages["book/exercises"]
    assert "Together they are worth 100 points." in page.text
    for stage in ("setup", "loading", "capstone"):
        assert re.search(rf'href="https://colab\.research\.google\.com/github/[^"]+/exercises/\d\d-{stage}/{stage}\.ipynb"', page.html)
    assert re.search(r"\b\d+ s\b", page.text)
    teachers = pages["book/teaching/exercises"].text
    assert "20 seeds, each with a split of its own" in teachers
    assert "capstone.robustness" in teachers


def test_front_door_leads_to_the_book(site):
    assert re.search(r'url=book/index\.html"', (site / "index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["book/index", "book/mnist-classification", CHAPTER])
def test_page_shows_pictures_that_are_described(pages, name):
    pictures = pages[name].article_pictures()
    assert pictures
    for picture in pictures:
        assert len(picture["alt"]) >= 40, picture
        assert picture["loading"] == "lazy"


def test_pictures_are_not_inside_pages(pages):
    assert [name for name, page in pages.items() if "data:image/png" in page.html] == []


def test_chapter_has_call_outs_formulas_and_questions_to_unfold(pages):
    page = pages[CHAPTER]
    assert {"course-predict", "course-broken", "course-formula", "course-badge", "course-facts"} <= page.classes
    assert "<math" in page.html
    assert "<details>" in page.html


def test_library_is_linked_from_and_to_its_chapter(pages):
    assert "mnist_lib.training.train" in pages["book/library"].ids
    assert "library.html#mnist_lib.training.train" in pages[CHAPTER].links
    assert "06-training.html" in pages["book/library"].links


# References


def test_every_relative_reference_resolves(site, pages):
    ids, dead = functools.cache(lambda file: Page(file).ids), []
    for name, page in pages.items():
        for reference in {*page.links, *page.fetched}:
            parts = urlsplit(reference)
            if parts.scheme or parts.netloc:
                continue
            file = (page.file.parent / unquote(parts.path)).resolve() if parts.path else page.file
            if not file.is_file():
                dead.append(f"{name}: {reference}")
            elif parts.fragment and file.suffix == ".html" and unquote(parts.fragment) not in ids(file):
                dead.append(f"{name}: {reference}")
    assert dead == []


def test_styles_refer_to_files_that_are_there(site):
    dead = []
    for sheet in site.rglob("*.css"):
        for address in re.findall(r"url\(\s*[\"']?(?!data:|#|%23)([^\"')]+)", sheet.read_text(encoding="utf-8")):
            if not (sheet.parent / urlsplit(address).path).is_file():
                dead.append(f"{sheet.name}: {address}")
    assert dead == []


def test_nothing_is_fetched_from_a_third_party(site, pages):
    assert [f"{name}: {each}" for name, page in pages.items() for each in page.fetched if urlsplit(each).netloc] == []
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name


def test_no_link_into_the_book_is_absolute(pages):
    assert [name for name, page in pages.items() if [link for link in page.links if ".github.io/" in link]] == []


def test_site_holds_no_path_of_this_machine(site):
    texts = (path for path in site.rglob("*") if path.suffix in {".html", ".js", ".css", ".json"})
    assert [path.name for path in texts if str(ROOT) in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("name", PAGES)
def test_scripts_styles_and_fonts_are_light(site, pages, name):
    """Counted are also the fonts of icons and formulas, though most pages load neither, and the scripts that components load when seen."""
    page = pages[name]
    loaded = {(page.file.parent / urlsplit(each).path).resolve() for each in page.fetched if not each.startswith("data:")}
    loaded = {file for file in loaded if file.suffix in {".js", ".css"}} | set(site.rglob("*.woff2"))
    components = {site / "_static" / f"component-{widget}.js" for widget in re.findall(r'data-widget="([\w-]+)"', page.html)}
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in loaded | components}
    assert sum(sizes.values()) <= HEAVIEST, sizes


@pytest.mark.parametrize("name", PAGES)
def test_what_is_large_is_loaded_when_it_is_seen(pages, name):
    """Weights and figures of components stand in files of their own, which no page names in a tag that loads them at once."""
    page = pages[name]
    assert [each for each in page.fetched if "/payloads/" in each] == []
    assert max(map(len, re.findall(r'<script type="application/json" data-trait=[^>]*>([^<]*)', page.html)), default=0) < 10_000


# Found by people


class Head(HTMLParser):
    """What a page's head says of it."""

    def __init__(self, file: Path):
        super().__init__()
        self.said, self.canonical, self.title = {}, None, ""
        text = file.read_text(encoding="utf-8")
        self.feed(text[: text.index("</head>")])

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "meta":
            self.said[values.get("name") or values.get("property")] = values.get("content")
        if tag == "link" and values.get("rel") == "canonical":
            self.canonical = values["href"]

    def handle_data(self, data):
        if self.lasttag == "title":
            self.title += data.strip()


@pytest.fixture(scope="session")
def heads(site):
    return {name: Head(site / f"{name}.html") for name in [*PAGES, "search", "genindex", "404"]}


def test_titles_say_page_and_course_and_none_is_there_twice(heads, pages):
    titles = {name: head.title for name, head in heads.items()}
    assert len(set(titles.values())) == len(titles)
    assert titles.pop("book/index") == "MNIST digit classification, stage by stage"
    assert titles.pop("search") == "Search - MNIST, stage by stage", "the theme's own"
    for name, title in titles.items():
        assert title.endswith(" — MNIST, stage by stage"), name
        if name in PAGES:
            heading = re.search(r"<article.*?<h1>(.*?)<a class=\"headerlink\"", pages[name].html, flags=re.DOTALL)[1]
            assert title.startswith(unescape(re.sub(r"<[^>]*>", "", heading)).strip()), name


def test_each_page_has_a_description_of_its_own(heads):
    descriptions = {name: head.said["description"] for name, head in heads.items()}
    assert {name: text for name, text in descriptions.items() if not 50 <= len(text) <= 160 or text[-1] not in ".?"} == {}
    assert len(set(descriptions.values())) == len(descriptions)
    assert descriptions[CHAPTER].startswith("After this chapter you can compute a small network's gradient by hand".replace("'", "’"))
    for name, head in heads.items():
        assert head.said["og:title"] == re.sub(" [-—] MNIST, stage by stage$", "", head.title), name
        assert head.said["og:description"] == head.said["description"], name
        assert head.said["og:type"] == ("website" if name == "book/index" else "article"), name
        assert "og:image" not in head.said, f"{name}: a picture would have to be fetched"


def test_descriptions_in_the_configuration_are_of_pages_that_exist():
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    assert set(settings["course_descriptions"]) <= {*PAGES, "search", "genindex", "404"}


def test_the_site_s_own_address_says_what_the_first_page_says(site, heads):
    door = Head(site / "index.html")
    assert (door.title, door.canonical) == (heads["book/index"].title, heads["book/index"].canonical)
    assert door.said["og:description"] == heads["book/index"].said["og:description"]


def test_placeholder_is_no_address_for_search_engines(site, heads):
    """It stands in `_config.yml` until somebody publishes the course."""
    published = "your--name" not in yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    assert {head.canonical is not None for head in heads.values()} == {published}
    assert {"og:url" in head.said for head in heads.values()} == {published}
    assert (site / "sitemap.xml").exists() == (site / "robots.txt").exists() == published


@pytest.fixture
def published(tmp_path):
    """Builds a small site that has an address; returns its folder."""

    def build(repository="https://github.com/someone/a-fork", **settings):
        source, site = tmp_path / "source", tmp_path / "site"
        (source / "book").mkdir(parents=True, exist_ok=True)
        (source / "_config.yml").write_text(f"repository: {{url: '{repository}', branch: main}}\n")
        (source / "book" / "index.md").write_text("# Start\n\nIt begins here.\n\n```{toctree}\n:caption: Parts\none\n```\n")
        (source / "book" / "one.md").write_text('# One & "two"\n\nFirst *sentence*. Second one?\n')
        extensions = ["myst_parser", "_ext.page_head", "_ext.sitemap", "_ext.not_found"]
        settings = {"extensions": extensions, "root_doc": "book/index", "html_title": "A course", "language": "en"} | settings
        with docutils_namespace():
            app = Sphinx(
                str(source), None, str(site), str(tmp_path / "trees"), "html", settings, status=None, warning=(said := io.StringIO())
            )
            app.build()
        assert said.getvalue() == ""
        return site

    return build


def listed(site):
    return [each.text for each in ElementTree.parse(site / "sitemap.xml").iter(f"{{{NAMESPACE}}}loc")]


def test_published_pages_name_their_own_address_below_any_path(published):
    site = published()
    base = "https://someone.github.io/a-fork/"
    assert listed(site) == [f"{base}book/index.html", f"{base}book/one.html"]
    assert f"Sitemap: {base}sitemap.xml" in (site / "robots.txt").read_text()
    one, door = Head(site / "book" / "one.html"), Head(site / "index.html")
    assert (one.canonical, one.said["og:url"]) == (f"{base}book/one.html",) * 2
    assert (one.said["og:title"], one.said["description"]) == ("One & “two”", "First sentence. Second one?")
    assert door.canonical == f"{base}book/index.html"

    (site.parent / "source" / "book" / "index.md").touch()
    assert len(listed(published())) == 2, "pages that a build does not write again are listed too"
    assert listed(published(html_baseurl="https://example.org"))[0] == "https://example.org/book/index.html"
    published("https://github.com/your--name/a-fork")
    assert not (site / "sitemap.xml").exists(), "what an earlier build left is no longer right"
    assert not (site / "robots.txt").exists()


def test_links_of_the_page_for_addresses_that_are_none_begin_at_the_root(site, published):
    for page, start in ((Page(site / "404.html"), "/mnist-course/"), (Page(published() / "404.html"), "/a-fork/")):
        for reference in {*page.links, *page.fetched}:
            assert urlsplit(reference).netloc or reference.startswith(("#", "data:", start)), reference
    page = Page(site / "404.html")
    files = {urlsplit(each).path.removeprefix("/mnist-course/") for each in {*page.links, *page.fetched} if each.startswith("/")}
    assert [file for file in files if not (site / file).is_file()] == []
    assert {f"{name}.html" for name in PAGES if name.startswith("book/")} <= files


# Read in other hands


@pytest.fixture(scope="session")
def executed(site):
    """Notebooks with the outputs that the site shows, as somebody who ran them would pass them on."""
    cache = get_cache(ROOT / "_build" / ".jupyter_cache" / fingerprint(ROOT, EDITION))

    def read(name):
        _, notebook = cache.merge_match_into_notebook(nbformat.read(ROOT / f"{name}.ipynb", as_version=4))
        notebook.metadata.pop("widgets", None)  # their state is not saved unless one asks for it
        return notebook

    return read


def outputs(notebook):
    return [output.data for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs if "data" in output]


@pytest.mark.parametrize("name", [name for name in PAGES if (ROOT / f"{name}.ipynb").exists() and not name.startswith("solutions/")])
def test_outputs_can_be_read_without_the_site(executed, name):
    """Pictures bring their words along, computed prose is plain Markdown, and everything has a text for whoever sees no HTML."""
    shown = outputs(executed(name))
    assert shown
    for data in shown:
        assert data.get("text/plain") or set(data) == {"text/markdown"}
        markdown = data.get("text/markdown", "")
        assert foreign_html(markdown) + fragile_formulas(markdown) + broken(MARKDOWN.render(markdown)) == []
        for picture in re.findall(r"<img[^>]*>", data.get("text/html", "")):
            assert len(re.search(r'alt="([^"]*)"', picture)[1]) >= 40
        plain = name == "book/mnist-classification"  # does without the library: its texts stand in the cells' metadata, for the site
        assert "image/png" not in data or plain, "a picture without words"


@pytest.mark.parametrize("name", ["book/index", CHAPTER])
@pytest.mark.filterwarnings("error::UserWarning:nbconvert")
def test_executed_notebook_exported_by_nbconvert_shows_everything(executed, name):
    notebook = executed(name)
    html, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook)
    text = unescape(re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL))
    assert "No description has been provided" not in html
    shown = outputs(notebook)
    assert html.count("<img ") == sum("<img " in data.get("text/html", "") for data in shown) > 0
    tables = [MARKDOWN.render(cell.source) for cell in notebook.cells if cell.cell_type == "markdown"]
    assert html.count("<table") == sum(text.count("<table") for text in [*tables, *(data.get("text/html", "") for data in shown)])
    components = [data["text/html"] for data in shown if "course-widget" in data.get("text/html", "")]
    assert components
    for component in components:
        assert unescape(re.search(r"<p>(.*?)</p>", component)[1]) in text, "the sentence that stands for it without a kernel"
    assert html.count("<details>") == sum(cell.source.count("<details>") for cell in notebook.cells if cell.cell_type == "markdown")


# Licences


def test_every_package_has_a_known_licence():
    groups = licences.groups()
    assert {"numpy", "tensorflow"} <= groups["library"]
    assert {"sphinx", "pytest"} <= groups["tools"]
    assert licences.by_licence(set.union(*groups.values())).get(None, []) == [], "look into their files, and write them into LOOKED_UP"


def test_no_package_that_is_pinned_is_left_out():
    pinned = {line.partition("==")[0] for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()}
    listed = set.union(*licences.groups().values())
    assert {name for name in pinned if licences.canonicalize_name(name) not in listed} == set()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"License-Expression": "MIT AND Zlib", "License": "other"}, "MIT AND Zlib"),
        ({"License": "BSD 3-Clause License\n\nCopyright", "Classifier": "License :: OSI Approved :: BSD License"}, "BSD-3-Clause"),
        ({"License": "Copyright (c) somebody\nAll rights", "Classifier": "License :: OSI Approved :: BSD License"}, "BSD"),
        ({"License": "UNKNOWN", "Classifier": "Programming Language :: Python"}, None),
        ({"License": "Own licence, version 3"}, "Own licence, version 3"),
        ({}, None),
    ],
)
def test_licence_is_read_from_where_a_package_says_it(said, expected):
    package = Message()
    package["Name"] = "some-package"
    for name, value in said.items():
        package[name] = value
    assert licences.licence(package) == expected


def test_everything_of_others_that_the_site_hands_on_is_listed(site, pages):
    ours = {path.name for path in (ROOT / "book" / "static").iterdir()} | {"widgets.css", "contents.js"}
    known = re.compile("|".join(f"(?:{files})" for *_, files in licences.SHIPPED))
    loaded = {(page.file.parent / urlsplit(each).path).resolve() for page in pages.values() for each in page.fetched if "://" not in each}
    shipped = {file for file in loaded if "_static" in file.parts} | set(site.rglob("*.woff2"))
    names = {file.relative_to(site / "_static").as_posix() for file in shipped}
    assert len(names) > 10
    assert {name for name in names if not known.fullmatch(name) and name not in ours and not name.startswith("component-")} == set()


def test_texts_of_licences_lie_beside_the_files(site, pages):
    page = pages["book/licences"]
    assert "../_static/licences.txt" in page.links
    text = (site / "_static" / "licences.txt").read_text(encoding="utf-8")
    for _, package, _, _ in licences.SHIPPED:
        assert f"{package} {metadata.version(package)}\n\n" in text
    font = TTFont(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf")
    assert "SIL Open Font License, Version 1.1" in font["name"].getDebugName(13)
    assert f"numpy {metadata.version('numpy')}" in page.text
    assert "not known" not in page.text
    assert "CC BY 4.0" in page.text or "Creative Commons Attribution 4.0" in page.text


# In a browser


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served, below a path as on GitHub Pages."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            return super().translate_path(path.removeprefix("/mnist-course"))

        def send_error(self, code, message=None, explain=None):
            if code != 404:
                return super().send_error(code, message, explain)
            text = (site / "404.html").read_bytes()
            self.send_response(404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/mnist-course"
    server.shutdown()


def watched(context, address):
    """A new page; `faults` collects whatever goes wrong while it is open."""
    page = context.new_page()
    page.faults = []
    page.on("request", lambda request: request.url.startswith((address, "data:")) or page.faults.append(f"asked {request.url}"))
    page.on("response", lambda response: response.status >= 400 and page.faults.append(f"{response.status} {response.url}"))
    page.on("requestfailed", lambda request: page.faults.append(f"failed {request.url}"))
    page.on("console", lambda message: message.type in {"error", "warning"} and page.faults.append(f"console {message.text}"))
    page.on("pageerror", lambda error: page.faults.append(f"script {error}"))
    return page


@pytest.fixture
def visit(browser, address):
    """Opens a page in a browser that has seen nothing yet."""
    contexts = []

    def visit_page(name, viewport=DESK, **options):
        contexts.append(browser.new_context(viewport=viewport, **options))
        page = watched(contexts[-1], address)
        page.goto(f"{address}/{name}", wait_until="load")
        return page

    yield visit_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def readers(browser):
    """Readers who go from page to page, one for each look; nothing moves for them, so that nothing is judged half faded in."""
    contexts = {
        look: browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        for look, (viewport, scheme) in LOOKS.items()
    }
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="module")
def axe():
    """The source of axe-core, as a package of Python's registry brings it."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def see_all(page):
    """Unfold what is folded, and look at everything, so that every picture and every component is loaded."""
    page.evaluate(
        """document.querySelectorAll('article details').forEach(part => part.open = true);
           document.querySelectorAll('img').forEach(image => image.loading = 'eager')"""
    )
    for component in page.locator(".course-widget").all():
        component.scroll_into_view_if_needed()
    page.wait_for_function(
        """[...document.images].every(image => image.complete)
           && [...document.querySelectorAll('.course-widget')].every(part => 'ready' in part.dataset)"""
    )


# What stands out of the page's right edge, but for what scrolls in a box of its own.
TOO_WIDE = """[...document.querySelectorAll('article *')]
    .filter(part => part.getBoundingClientRect().right > innerWidth + 1 && part.getBoundingClientRect().width)
    .filter(part => {
        for (let box = part.parentElement; box && box.tagName != 'ARTICLE'; box = box.parentElement)
            if (getComputedStyle(box).overflowX != 'visible') return false
        return getComputedStyle(part).position != 'absolute'
    }).map(part => part.outerHTML.slice(0, 80))"""

# Words of code in the colours of another that was met before become plain text: what is said of the first holds for them, and axe-core
# would look at each of thousands.
ONE_OF_EACH_COLOUR = """() => {
    const met = new Set(), again = [];
    for (const part of document.querySelectorAll('.highlight span')) {
        const { color, fontWeight, fontStyle } = getComputedStyle(part);
        const kind = [color, fontWeight, fontStyle, part.closest('.admonition, .cell_output, .cell_input')?.className].join();
        met.has(kind) ? again.push(part) : met.add(kind);
    }
    for (const part of again) part.replaceWith(...part.childNodes);
}"""

FINDINGS = """async () => {
    const { violations } = await axe.run({ resultTypes: ['violations'], rules: { 'label-content-name-mismatch': { enabled: true } } });
    return violations.filter(each => ['serious', 'critical'].includes(each.impact))
        .flatMap(each => each.nodes.map(node => `${each.id}: ${node.html.slice(0, 120)}`));
}"""


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", [*PAGES, "search", "genindex"])
def test_page_is_sound(readers, address, axe, name, look):
    """Nothing is asked of others, nothing fails, nothing is too wide, all pictures come, and axe-core finds nothing serious."""
    viewport, scheme = LOOKS[look]
    page = watched(readers[look], address)
    page.goto(f"{address}/{name}.html", wait_until="load")
    see_all(page)
    assert page.faults == []
    assert page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)") == []
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    assert page.evaluate(TOO_WIDE) == []
    page.evaluate(ONE_OF_EACH_COLOUR)
    page.add_style_tag(content="article * { background-image: none !important }")  # on a gradient axe-core judges no colour
    page.evaluate(axe)
    assert page.evaluate(FINDINGS) == []
    page.close()


def test_theme_switch_works_and_is_remembered(visit, address):
    page = visit(f"{CHAPTER}.html", color_scheme="light")
    seen = []
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.click()
        seen.append(page.evaluate("document.documentElement.dataset.theme"))
    assert set(seen) == {"light", "dark"}
    while page.evaluate("document.documentElement.dataset.mode") != "dark":
        page.locator(".theme-switch-button:visible").first.click()
    page.goto(f"{address}/book/index.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.faults == []


def test_digits_keep_their_grey_values_in_the_dark(visit, site):
    """Pixel by pixel, what a reader sees of a picture of digits is what its file holds."""
    page = visit("book/02-loading.html", color_scheme="dark", device_scale_factor=2)
    picture = page.locator("article .cell_output img").first
    picture.evaluate(
        """image => {
            image.loading = 'eager';
            const whole = { position: 'fixed', inset: '0 auto auto 0', zIndex: 9999 };
            Object.assign(image.style, { ...whole, padding: 0, borderRadius: 0, maxWidth: 'none', height: 'auto' });
            return image.decode().then(() => { image.style.width = `${image.naturalWidth / 2}px`; });
        }"""
    )
    seen = imread(io.BytesIO(picture.screenshot()))[:, :, :3]
    file = imread(site / "_images" / picture.get_attribute("src").split("/")[-1])[:, :, :3]
    assert {0.0, 1.0} <= set(np.unique(file)), "from white to black"
    assert np.abs(seen[: len(file), : file.shape[1]] - file).max() <= 1 / 255


def test_page_on_paper(visit):
    """Black on white from the dark too: the text with what is folded, and none of what is pressed."""
    page = visit(f"{CHAPTER}.html", color_scheme="dark")
    page.emulate_media(media="print")
    for gone in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-footer", ".course-badge", ".copybtn"):
        assert page.locator(f"{gone}:visible").count() == 0, gone
    assert page.locator("article h1:visible").count() == 1
    assert page.locator(".extra_footer").is_visible(), "says which edition the numbers come from"
    colours = "part => [getComputedStyle(part).color, getComputedStyle(part).backgroundColor]"
    assert page.locator("article p").first.evaluate(colours)[0] == "rgb(0, 0, 0)"
    assert page.locator("body").evaluate(colours)[1] == "rgb(255, 255, 255)"
    shown = "parts => parts.map(part => part.checkVisibility({ contentVisibilityAuto: true }) && part.getBoundingClientRect().height > 0)"
    folded = page.locator("article details:not(.course-facts + .cell details) > :not(summary)")
    assert folded.count() > 0
    assert all(folded.evaluate_all(shown)), "what is folded on the screen, but for what installs the library"
    assert set(page.locator("article img").evaluate_all("all => all.map(one => getComputedStyle(one).breakInside)")) == {"avoid"}
    after = "part => getComputedStyle(part, '::after').content"
    address = page.locator("article a.reference.external:visible").first
    assert address.get_attribute("href") in address.evaluate(after)
    assert page.locator("article a.reference.internal:visible").first.evaluate(after) == "none"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".course-predict summary:visible").count() == 0, "nothing can be unfolded"
    pad = page.locator('.course-widget[data-widget="pad"]')
    pad.scroll_into_view_if_needed()
    page.wait_for_selector('.course-widget[data-widget="pad"][data-ready]')
    assert pad.locator(":visible").count() == 0, "an empty box to draw in"
    assert "A pad to draw a digit on stands here" in pad.evaluate(after.replace("::after", "::before"))
    assert page.locator("article").get_by_text("installs the course's library").is_visible() is False, "the cell that sets up"
    for kind in ("article pre", "article .pst-scrollable-table-container"):
        cut = (
            "parts => parts.filter(part => getComputedStyle(part).overflowX != 'visible' || part.scrollWidth > part.clientWidth + 1).length"
        )
        assert page.locator(kind).count() > 0
        assert page.locator(kind).evaluate_all(cut) == 0, f"{kind}: cut off at the paper's edge"


def test_print_is_in_the_menu_of_each_chapter(visit):
    page = visit(f"{CHAPTER}.html")
    page.evaluate("window.print = () => document.body.dataset.printed = 'yes'")
    page.locator(".dropdown-download-buttons > button").click()
    page.locator(".dropdown-download-buttons").get_by_role("button", name="Print", exact=True).click()
    assert page.locator("body").get_attribute("data-printed") == "yes"


def test_what_scrolls_sideways_shows_it(visit):
    page = visit(f"{CHAPTER}.html", viewport=PHONE)
    wide = page.locator("article pre, article .pst-scrollable-table-container")
    shaded = "parts => parts.filter(part => part.scrollWidth > part.clientWidth).map(part => getComputedStyle(part).backgroundAttachment)"
    found = wide.evaluate_all(shaded)
    assert len(found) > 3
    assert {each.split(",")[0].strip() for each in found} == {"local"}
    lines = "parts => parts.filter(part => part.textContent.length <= 30 && part.getClientRects().length > 1).map(part => part.textContent)"
    assert page.locator("article code.literal").evaluate_all(lines) == []


@pytest.mark.parametrize("look", LOOKS)
def test_missing_page_is_answered_at_any_depth(readers, address, axe, look):
    """As GitHub Pages answers: with 404.html, whatever the address."""
    page = watched(readers[look], address)
    page.goto(f"{address}/no/such/place/at-all.html", wait_until="load")
    assert page.faults == [f"404 {address}/no/such/place/at-all.html", *page.faults[1:]]
    assert [fault for fault in page.faults[1:] if not fault.startswith("console Failed to load resource")] == []
    assert page.locator("article h1").inner_text() == "Page not found"
    assert page.evaluate("document.documentElement.scrollWidth") == LOOKS[look][0]["width"]
    assert page.evaluate(TOO_WIDE) == []
    page.evaluate(axe)
    assert page.evaluate(FINDINGS) == []
    page.locator("#course-search-words").fill("backpropagation")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    page.goto(f"{address}/no/such/place/at-all.html")
    page.locator("article").get_by_role("link", name="Training", exact=True).click()
    assert page.url == f"{address}/{CHAPTER}.html"
    page.close()


def test_missing_page_can_be_read_from_a_folder(browser, site):
    page = browser.new_page()
    page.goto((site / "404.html").as_uri())
    assert page.locator("article h1").inner_text() == "Page not found"
    assert page.locator("article").get_by_text("The course has no page at this address").is_visible()
    page.close()


def test_stages_lead_to_their_chapters(visit):
    page = visit(f"{CHAPTER}.html")
    stages = page.locator(".course-pipeline a")
    assert stages.count() == 10
    lit = page.locator('.course-pipeline a[aria-current="step"]')
    assert lit.inner_text() == "training"
    assert lit.evaluate("part => getComputedStyle(part).fontWeight") == "700"
    stages.filter(has_text="evaluation").click()
    assert page.url.endswith("07-evaluation.html")
    assert page.faults == []


def test_keyboard_is_seen_and_leads_into_the_text(visit):
    page = visit(f"{CHAPTER}.html", reduced_motion="reduce")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    ring = """() => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
        return outlineStyle == 'solid' && parseFloat(outlineWidth) >= 2 || /0px 0px 0px 3px/.test(boxShadow);
    }"""
    met = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        place = page.evaluate("document.activeElement.closest('.bd-sidebar-primary, .bd-header-article, article')?.className ?? ''")
        toggle = page.evaluate("document.activeElement.tagName == 'SUMMARY' && !document.activeElement.closest('article')")
        if place and not toggle:  # the arrow beside a page has its ring inside
            assert page.evaluate(ring), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            met.add(place.split()[0])
    assert met == {"bd-sidebar-primary", "bd-header-article", "bd-article"}


def test_search_finds_a_word(visit):
    page = visit("search.html?q=backpropagation")
    page.wait_for_selector("#search-results li a")
    found = page.eval_on_selector_all("#search-results li a", "links => links.map(link => link.getAttribute('href'))")
    assert any("06-training.html" in link for link in found)
    assert page.faults == []


def test_icons_are_drawn(visit):
    page = visit(f"{CHAPTER}.html")
    drawn = page.evaluate(
        """[...document.querySelectorAll('i[class*="fa-"]')].filter(icon => icon.offsetWidth)
           .map(icon => [icon.className, getComputedStyle(icon).maskImage || getComputedStyle(icon).webkitMaskImage])"""
    )
    assert drawn
    assert [name for name, mask in drawn if "data:image/svg" not in mask] == []


def test_page_can_be_read_without_scripts(visit):
    page = visit(f"{CHAPTER}.html", java_script_enabled=False)
    assert page.locator("math").first.is_visible()
    assert page.locator(".course-predict details").first.is_visible()


def test_formulas_have_their_font(visit):
    page = visit(f"{CHAPTER}.html")
    page.evaluate("document.fonts.ready")
    assert page.evaluate("[...document.fonts].filter(font => font.status == 'loaded').map(font => font.family)").count("Course Math") == 1


def test_site_can_be_read_from_a_folder(browser, site):
    page = browser.new_page()
    page.goto((site / f"{CHAPTER}.html").as_uri())
    page.locator('article a[href$="#mnist_lib.training.train"]').first.click()
    assert page.url.endswith("library.html#mnist_lib.training.train")
    page.close()
