"""The website, built into a folder of its own and read as a reader's browser reads it.

Built on the sample edition; SITE_EDITION=full builds it on the full one (`make test-site-full`, needs MNIST_NPZ).
"""

import functools
import gzip
import http.server
import os
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from conftest import ROOT
from test_notebooks import toc_pages

EDITION = os.environ.get("SITE_EDITION", "sample")
PAGES = sorted(toc_pages())
CHAPTER = "book/06-training"  # has everything that a page can have
HEAVIEST = 600_000  # bytes, compressed: scripts, styles and fonts of a page
PHONE, DESK = {"width": 375, "height": 800}, {"width": 1280, "height": 900}


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
    dead = []
    for name, page in pages.items():
        for reference in {*page.links, *page.fetched}:
            parts = urlsplit(reference)
            if parts.scheme or parts.netloc:
                continue
            file = (page.file.parent / unquote(parts.path)).resolve() if parts.path else page.file
            if not file.is_file():
                dead.append(f"{name}: {reference}")
            elif parts.fragment and file.suffix == ".html" and unquote(parts.fragment) not in Page(file).ids:
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
    """The fonts of icons and formulas are counted for each page, though most pages load neither."""
    page = pages[name]
    files = {(page.file.parent / urlsplit(each).path).resolve() for each in page.fetched if not each.startswith("data:")}
    files = {file for file in files if file.suffix in {".js", ".css"}} | set(site.rglob("*.woff2"))
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in files}
    assert sum(sizes.values()) <= HEAVIEST, sizes


# In a browser


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served, below a path as on GitHub Pages."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            return super().translate_path(path.removeprefix("/mnist-course"))

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/mnist-course"
    server.shutdown()


@pytest.fixture
def visit(browser, address):
    """Opens a page; `faults` collects whatever goes wrong while it is open."""
    contexts = []

    def visit_page(name, viewport=DESK, **options):
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("request", lambda request: request.url.startswith((address, "data:")) or page.faults.append(f"asked {request.url}"))
        page.on("response", lambda response: response.status >= 400 and page.faults.append(f"{response.status} {response.url}"))
        page.on("requestfailed", lambda request: page.faults.append(f"failed {request.url}"))
        page.on("console", lambda message: message.type in {"error", "warning"} and page.faults.append(f"console {message.text}"))
        page.on("pageerror", lambda error: page.faults.append(f"script {error}"))
        page.goto(f"{address}/{name}", wait_until="load")
        return page

    yield visit_page
    for context in contexts:
        context.close()


def see_all(page):
    """Scroll to the end, so that every picture is loaded."""
    page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    page.wait_for_function("[...document.images].every(image => image.complete)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page_opens_without_a_fault(visit, name, scheme):
    page = visit(f"{name}.html", color_scheme=scheme)
    see_all(page)
    assert page.faults == []
    assert page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)") == []
    assert page.evaluate("document.documentElement.dataset.theme") == scheme


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone(visit, name):
    page = visit(f"{name}.html", viewport=PHONE)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    see_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    wide = """[...document.querySelectorAll('article *')]
        .filter(part => part.getBoundingClientRect().right > innerWidth + 1 && part.getBoundingClientRect().width)
        .filter(part => {
            for (let box = part.parentElement; box && box.tagName != 'ARTICLE'; box = box.parentElement)
                if (getComputedStyle(box).overflowX != 'visible') return false  // it scrolls in its own box
            return getComputedStyle(part).position != 'absolute'
        }).map(part => part.outerHTML.slice(0, 80))"""
    assert page.evaluate(wide) == []


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


def test_pictures_keep_their_grey_values_in_the_dark(visit):
    page = visit(f"{CHAPTER}.html", color_scheme="dark")
    styles = page.evaluate(
        "[...document.querySelectorAll('article img')].map(i => [getComputedStyle(i).filter, getComputedStyle(i).backgroundColor])"
    )
    assert set(map(tuple, styles)) == {("none", "rgb(255, 255, 255)")}


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
    page.locator("article a", has_text="train").first.click()
    assert page.url.endswith("library.html#mnist_lib.training.train")
    page.close()
