"""Every committed notebook: clean, stamped, and legible in whatever renders it, wherever a reader has copied it."""

import ast
import json
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

import notebooks
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
def test_committed_in_the_usual_form(name):
    assert notebooks.faults((ROOT / name).read_text(encoding="utf-8")) == []


def changed(text, change):
    """A notebook's text, after a change to what JSON has of it."""
    notebook = json.loads(text)
    change(notebook, next(cell for cell in notebook["cells"] if cell["cell_type"] == "code"))
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"  # nbformat would mend it


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda notebook, cell: cell["outputs"].append({"output_type": "stream", "name": "stdout", "text": "1"}), "holds outputs"),
        (lambda notebook, cell: cell.update(execution_count=3), "holds outputs"),
        (lambda notebook, cell: cell["metadata"].update(outputId="x"), "usual form"),
        (lambda notebook, cell: notebook["metadata"].update(widgets={}), "usual form"),
        (lambda notebook, cell: notebook["metadata"]["language_info"].update(version="3.11.2"), "usual form"),
        (lambda notebook, cell: cell.update(id=notebook["cells"][0]["id"]), "2 cells have the id"),
        (lambda notebook, cell: cell.pop("id"), "not valid"),
        (lambda notebook, cell: cell.update(cell_type="cell"), "not valid"),
        (lambda notebook, cell: notebook.update(nbformat_minor=4), "older than 4.5"),
        (lambda notebook, cell: notebook["metadata"]["kernelspec"].update(name="python2"), "not python3"),
    ],
)
def test_another_form_is_found_and_said_and_what_can_be_is_repaired(change, said, tmp_path, monkeypatch, capsys):
    right = (ROOT / "book" / "06-training.ipynb").read_text(encoding="utf-8")
    path = tmp_path / "book" / "a.ipynb"
    path.parent.mkdir()
    path.write_text(changed(right, change), encoding="utf-8")
    faults = notebooks.faults(path.read_text(encoding="utf-8"))
    assert len(faults) == 1
    assert re.search(said, faults[0])
    monkeypatch.setattr(notebooks, "notebooks", lambda: [path])
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    assert notebooks.main(["--check"]) == 1
    assert capsys.readouterr().out == f"book/a.ipynb: {faults[0]}\n"
    repaired = notebooks.REPAIR in faults[0]
    assert notebooks.main([]) == (0 if repaired else 1)
    assert (path.read_text(encoding="utf-8") == right) == repaired


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "\ufeff{"])
def test_what_is_no_notebook_is_said_to_be_none(text):
    (fault,) = notebooks.faults(text)
    assert "no notebook" in fault or "not valid" in fault


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


PLAIN_TAGS = {"details", "summary"}  # others, and every attribute but `open`, some renderers drop with what they mean


def without_code(source):
    """Markdown without code, formulas kept."""
    source = re.sub(r"^(```|~~~).*?^\1", "", source, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "code", source)


def foreign_html(source):
    """Tags and attributes that GitHub or Colab take out of a Markdown cell, and folds without the blank lines they need around Markdown."""
    prose = without_code(source)
    tags = re.findall(r"<(/?)([a-zA-Z][\w-]*)([^>]*)>", prose)
    found = [f"<{name}{rest}>" for _, name, rest in tags if name not in PLAIN_TAGS or rest.strip() not in ("", "open")]
    lines = [line.lstrip("> ").strip() for line in prose.splitlines()]
    for line, after in zip(lines, [*lines[1:], ""]):
        if line.endswith("</summary>") and after or after == "</details>" and line:
            found.append(f"no blank line between {line!r} and {after!r}")
    return found


def fragile_formulas(source):
    """What some renderer takes for something else than a formula, or for something else inside of one.

    Rendered with no idea of formulas, as GitHub and others do before they look for dollars, a formula must come out as the text it was.
    """
    prose = without_code(source)
    found = []
    for match in re.finditer(r"\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$\n]+?)\$", prose, flags=re.DOTALL):
        formula, before, after = match[0], prose[: match.start()], prose[match.end() :]
        if match["inline"] and (match["inline"] != match["inline"].strip() or re.search(r"[\w\\]$", before) or re.match(r"\w", after)):
            found.append(f"{formula}: a dollar stands where none can begin or end a formula")
        if match["block"] and (before.rsplit("\n", 1)[-1].lstrip("> -").strip() or after.split("\n", 1)[0].strip()):
            found.append(f"{formula}: a displayed formula has its lines for itself")
        if before.rsplit("\n", 1)[-1].lstrip().startswith("|") and "|" in formula:
            found.append(f"{formula}: ends a table's cell")
        if re.search(r"<[a-zA-Z/!?]", formula) or re.search(r"\\[_*{}#$|<>&~`]", formula):
            found.append(f"{formula}: begins a tag, or has a backslash that Markdown takes away")
        if re.search(r"<(?!/?p>)", MARKDOWN.render(formula)):
            found.append(f"{formula}: Markdown takes a part of it for its own")
    if "$" in re.sub(r"\$\$.+?\$\$|\$[^$\n]+?\$", "", prose, flags=re.DOTALL):
        found.append("a dollar without its other")
    return found


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_html_and_formulas_are_those_that_every_renderer_leaves_alone(name):
    faults = {cell.id: found for cell in cells(name, "markdown") if (found := foreign_html(cell.source) + fragile_formulas(cell.source))}
    assert faults == {}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('<span style="color: red">wrong</span>', ["<span style", "<span>"]),
        ("<details><summary>Open</summary>\n\ninside\n\n</details>", []),
        ("<details><summary>Open</summary>\n**inside**\n\n</details>", ["no blank line"]),
        ("> <details><summary>Open</summary>\n>\n> inside\n> </details>", ["no blank line"]),
        ("from $x_i$ to $\\mathbf{w}_{ij}$, `$x$`", []),
        ("it costs $5 and $6", ["a dollar stands"]),
        ("it costs $5", ["without its other"]),
        ("$ x$", ["a dollar stands"]),
        ("$x$2", ["a dollar stands"]),
        ("| a | b |\n|---|---|\n| $|x|$ | 1 |", ["ends a table's cell"]),
        ("$a<b$", ["begins a tag"]),
        (r"$\{0, 1\}$", ["begins a tag"]),
        ("$a *b* c$", ["for its own"]),
        ("$$\na\n= b\n- c\n$$", ["for its own"]),
        ("$$\na = b\n$$", []),
        ("so $$a = b$$ holds", ["lines for itself"]),
    ],
)
def test_fragile_markdown_is_found(source, said):
    found = foreign_html(source) + fragile_formulas(source)
    assert len(found) == len(said), found
    assert all(part in text for part, text in zip(said, found)), found


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


@pytest.mark.parametrize(
    ("repository", "site"),
    [("Some-One/course", "https://some-one.github.io/course"), ("someone/someone.github.io", "https://someone.github.io")],
)
def test_the_site_stands_where_github_pages_puts_it(repository, site):
    assert stamp.Address(f"https://github.com/{repository}", "main").site == site


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
