"""Every committed notebook: clean, stamped, and legible in whatever renders it, wherever a reader has copied it."""

import ast
import re
import shutil
import sys
from html.parser import HTMLParser

import nbformat
import pytest
import yaml
from conftest import ROOT
from docutils.nodes import make_id
from markdown_it import MarkdownIt
from nbconvert import HTMLExporter

import mnist_lib

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import stamp

LONGEST_CELL = 25  # lines of code that a reader can hold
NOTEBOOKS = {
    path.relative_to(ROOT).as_posix(): nbformat.read(path, as_version=nbformat.NO_CONVERT)
    for room in ("book", "solutions", "exercises")
    for path in sorted((ROOT / room).rglob("*.ipynb"))
    if ".ipynb_checkpoints" not in path.parts
}
BOOK = [name for name in NOTEBOOKS if name.startswith("book/")]
MARKDOWN = MarkdownIt("commonmark").enable("table")


def cells(name, kind):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == kind]


def plain_prose(source):
    """Markdown without code and formulas, in which anything may stand."""
    source = re.sub(r"^(```|~~~).*?^\1", "", source, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$", "", source, flags=re.DOTALL)


def toc_pages():
    """The pages of the book, without endings."""
    text = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))

    def files(part):
        if isinstance(part, dict):
            yield from [part[key] for key in ("root", "file") if key in part]
            for value in part.values():
                yield from files(value)
        elif isinstance(part, list):
            for one in part:
                yield from files(one)

    return set(files(text))


def anchors(page):
    """The names that the site gives to the headings of a page, to its labels and, in the appendix, to the library's functions."""
    source = ROOT / f"{page}.ipynb"
    if source.exists():
        text = "\n\n".join(cell.source for cell in nbformat.read(source, as_version=4).cells if cell.cell_type == "markdown")
    else:
        text = (ROOT / f"{page}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ +(.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), flags=re.MULTILINE)
    found = {make_id(re.sub(r"[`*$]", "", heading)) for heading in headings} | set(re.findall(r"^\(([\w-]+)\)=", text, flags=re.MULTILINE))
    return found | set(re.findall(r"\.\. auto\w+:: (mnist_lib[\w.]+)", text))


# Clean


def test_there_are_notebooks():
    assert {"book/index.ipynb", "book/mnist-classification.ipynb", "book/06-training.ipynb"} <= set(BOOK)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_valid_without_outputs_and_with_ids_that_last(name):
    notebook = NOTEBOOKS[name]
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor >= 5) == (4, True), "older formats have no cell ids"
    assert [cell.id for cell in cells(name, "code") if cell.outputs or cell.execution_count is not None] == []
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) <= {"course", "kernelspec", "language_info", "celltoolbar"}
    assert set(notebook.metadata.language_info) <= {"name"}, "a version there changes with each machine that saves the notebook"


def test_stamps_are_in_place():
    assert [path.relative_to(ROOT).as_posix() for path in stamp.differing(ROOT)] == [], "run `make stamp`"


@pytest.mark.parametrize("name", BOOK)
def test_badge_and_set_up_stand_where_they_belong(name):
    ids = [cell.id for cell in NOTEBOOKS[name].cells]
    assert ids.index("badge") == 1, "right below the title"
    uses_library = any("mnist_lib" in cell.source for cell in cells(name, "code"))
    assert ("set-up" in ids) == uses_library
    if uses_library:
        first = next(cell.id for cell in NOTEBOOKS[name].cells if cell.cell_type == "code")
        assert first == "set-up"


@pytest.mark.parametrize("name", BOOK)
def test_code_cells_are_short(name):
    long = {cell.id: lines for cell in cells(name, "code") if (lines := sum(map(bool, cell.source.split("\n")))) > LONGEST_CELL}
    assert long == {}


# One source, two faces


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_draws_a_figure_ends_its_cell(name):
    """A figure is shown where it is the value of a cell, and only there."""
    unseen = []
    for cell in cells(name, "code"):
        for step in ast.parse(cell.source).body[:-1] if "plot_" in cell.source else []:
            if isinstance(step, ast.Expr) and isinstance(step.value, ast.Call) and ast.unparse(step.value.func).startswith("plot_"):
                unseen.append(f"{cell.id}: {ast.unparse(step)}")
    assert unseen == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_prose_holds_only_what_every_renderer_shows(name):
    for cell in cells(name, "markdown"):
        where, source, prose = f"{name}, cell {cell.id}", cell.source, plain_prose(cell.source)
        assert not cell.get("attachments"), where
        assert not re.search(r"^\s*(```+|~~~+)\{|^:::", source, flags=re.MULTILINE), f"{where}: a directive"
        assert not re.search(r"\{[\w:-]+\}`", source), f"{where}: a role"
        assert not re.search(r"^\([\w-]+\)=\s*$|^%\s|^---\s*\n\w+:", prose, flags=re.MULTILINE), f"{where}: MyST's own syntax"
        assert not re.search(r"\\\(|\\\[|^\\begin", prose, flags=re.MULTILINE), f"{where}: formulas stand between dollars"
        addresses = re.findall(r"!\[[^\]]*\]\(([^)\s]+)", source) + re.findall(r"<img[^>]*src=\"([^\"]+)", source)
        assert [each[:50] for each in addresses if not each.startswith("data:image/png;base64,")] == [], f"{where}: a picture elsewhere"
        targets = re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)", prose)
        assert [each for each in targets if not each.startswith("https://")] == [], f"{where}: a link that a copy would lose"


class Structure(HTMLParser):
    """Checks that what is opened is closed, and collects the text."""

    LONE = {"img", "br", "hr", "input", "meta", "link", "col", "source", "wbr", "path", "rect", "circle", "line", "use"}

    def __init__(self):
        super().__init__()
        self.open, self.text, self.faults = [], [], []

    def handle_starttag(self, tag, attributes):
        if tag not in self.LONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if not {"pre", "code", "script", "style"} & set(self.open):
            self.text.append(data)


def broken(html):
    """What a reader would see broken in a rendered cell or page."""
    structure = Structure()
    structure.feed(html)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "", "".join(structure.text), flags=re.DOTALL)
    leaks = re.findall(r"</?(?:details|summary|div|span|img|br)\b|\]\(\S*|\*\*\S|^#{1,6} \w|^:::|\{\w+\}`|\|---", text, flags=re.MULTILINE)
    return structure.faults + [f"never closed: <{tag}>" for tag in structure.open] + leaks


def test_broken_renderings_are_found():
    assert broken("<p>fine <code>**code**</code> and $a_b](c$</p>") == []
    assert broken("<p>&lt;details&gt;</p>") == ["<details"]
    assert broken("<p>[a](b</p>") == ["](b"]
    assert broken("<details><p>a</details>") == ["</details> closes nothing", "never closed: <details>"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_cell_renders_as_commonmark(name):
    """A cell is rendered by itself everywhere, so what it opens it must close."""
    faults = {cell.id: found for cell in cells(name, "markdown") if (found := broken(MARKDOWN.render(cell.source)))}
    assert faults == {}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_copied_alone_into_an_empty_folder_it_renders_plainly(name, tmp_path):
    copy = tmp_path / "copy.ipynb"
    shutil.copy(ROOT / name, copy)
    html, _ = HTMLExporter(template_name="basic").from_filename(str(copy))
    assert broken(html) == []
    fetched = re.findall(r"<(?:img|script|link|iframe|source)[^>]*(?:src|href)=\"([^\"]+)", html)
    assert [each[:60] for each in fetched if not each.startswith("data:")] == [], "needs another file or the network to be shown"


# Links


def links(name):
    """(page, anchor) of each link into the book."""
    site = re.escape(stamp.configured(ROOT).site)
    for cell in cells(name, "markdown"):
        yield from re.findall(rf"{site}/?([^\s)#\"]*)#?([^\s)\"]*)", cell.source)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_links_into_the_book_lead_somewhere(name):
    pages = toc_pages()
    for page, anchor in links(name):
        page = page.removesuffix(".html") or "book/index"
        assert page in pages, f"{name} links {page}, which _toc.yml does not list"
        assert not anchor or anchor in anchors(page), f"{name} links {page}#{anchor}"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_links_to_the_repository_name_files_that_exist(name):
    address = stamp.configured(ROOT)
    starts = "|".join(re.escape(start) for start in (address.colab(""), *(f"{address.repository}/{kind}/" for kind in ("blob", "tree"))))
    for cell in cells(name, "markdown"):
        for path in re.findall(rf"(?:{starts})([^\s)#]+)", cell.source):
            assert (ROOT / path.removeprefix(f"{address.version}/")).exists(), f"{name} links {path}"


def test_table_of_contents_lists_all_that_exists_and_nothing_else():
    listed = toc_pages()
    existing = {
        path.relative_to(ROOT).with_suffix("").as_posix() for ending in ("ipynb", "md") for path in (ROOT / "book").glob(f"*.{ending}")
    }
    assert {page for page in listed if not any((ROOT / f"{page}{ending}").exists() for ending in (".ipynb", ".md"))} == set()
    assert existing <= listed


def test_appendix_lists_the_whole_library_in_the_order_of_the_pipeline():
    text = (ROOT / "book" / "library.md").read_text(encoding="utf-8")
    listed = re.findall(r"\.\. auto\w+:: mnist_lib\.(\w+)\.(\w+)", text)
    stages = list(dict.fromkeys(stage for stage, _ in listed))
    assert stages[: len(mnist_lib.STAGES)] == list(mnist_lib.STAGES)
    assert {(stage, name) for stage, names in mnist_lib.STAGES.items() for name in names} <= set(listed)


# Stamps


@pytest.fixture
def notebook():
    address = stamp.configured(ROOT)
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("", id="badge"),
            nbformat.v4.new_code_cell("", id="set-up"),
            nbformat.v4.new_markdown_cell(
                f"[page]({address.site}/book/index.html#a) [code]({address.repository}/blob/{address.version}/README.md) "
                f"[exercise]({address.colab('exercises/a.ipynb')}) [other]({address.repository}-two) {address.site}.",
                id="links",
            ),
            nbformat.v4.new_code_cell(f'print("[page]({address.site}/book/index.html)")', id="prose"),
        ]
    )


def test_stamping_replaces_every_address_and_then_changes_nothing(notebook):
    first = stamp.stamped(notebook, "book/a.ipynb", stamp.configured(ROOT))
    new = stamp.Address("https://github.com/someone/mnist-course-two", "v1.0")
    second = stamp.stamped(first, "book/a.ipynb", new)
    assert second.cells[0].source == (
        "[Open in Colab](https://colab.research.google.com/github/someone/mnist-course-two/blob/v1.0/book/a.ipynb)"
        " · [Read on the website](https://someone.github.io/mnist-course-two/book/a.html)"
    )
    assert 'ADDRESS = "https://github.com/someone/mnist-course-two/archive/v1.0.zip"' in second.cells[1].source
    assert second.cells[2].source == (
        "[page](https://someone.github.io/mnist-course-two/book/index.html#a) "
        "[code](https://github.com/someone/mnist-course-two/blob/v1.0/README.md) "
        "[exercise](https://colab.research.google.com/github/someone/mnist-course-two/blob/v1.0/exercises/a.ipynb) "
        f"[other]({stamp.configured(ROOT).repository}-two) https://someone.github.io/mnist-course-two."
    )
    assert second.cells[3].source == 'print("[page](https://someone.github.io/mnist-course-two/book/index.html)")'
    assert stamp.stamped(second, "book/a.ipynb", new) == second
    back = stamp.stamped(second, "book/a.ipynb", stamp.configured(ROOT))
    assert back == first


def test_exercises_have_no_page_on_the_website(notebook):
    assert "Read on the website" not in stamp.stamped(notebook, "solutions/a/a.ipynb", stamp.configured(ROOT)).cells[0].source


@pytest.mark.parametrize("url", ["http://github.com/a/b", "https://example.org/a/b", "https://github.com/a"])
def test_address_that_is_none_is_refused(tmp_path, url):
    (tmp_path / "_config.yml").write_text(f"repository: {{url: '{url}', branch: main}}")
    with pytest.raises(ValueError, match="OWNER/NAME"):
        stamp.configured(tmp_path)
