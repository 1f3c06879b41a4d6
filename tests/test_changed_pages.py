"""`make changed`: which pages differ from another revision, and why; in a small book of its own."""

import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import changed_pages

TOC = """root: book/index
parts:
  - chapters:
      - file: book/train
        sections:
          - file: book/load
      - file: book/results
      - file: book/library
"""
FILES = {
    "_toc.yml": TOC,
    "_config.yml": "title: a\n",
    "mnist_lib/__init__.py": 'STAGES = {"loading": ("load_mnist",), "training": ("train",)}\n',
    "mnist_lib/loading.py": "from .arguments import check\n",
    "mnist_lib/training.py": "from .loading import load_mnist\n",
    "mnist_lib/arguments.py": "",
    "mnist_lib/widgets/__init__.py": "",
    "mnist_lib/widgets/pad.js": "",
    "book/index.md": "# Index\n",
    "book/results.md": "```{grading-scale}\n```\n",
    "book/library.md": ".. autofunction:: mnist_lib.training.train\n",
    "book/_ext/grading.py": 'FILE = "class.json"\napp.add_directive("grading-scale", Scale)\n',
    "book/measured/class.json": "{}",
    "README.md": "",
}


def git(root, *arguments):
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


def notebook(*code):
    cells = [nbformat.v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(code)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


@pytest.fixture
def book(tmp_path):
    files = FILES | {
        "book/train.ipynb": notebook("from mnist_lib import train", "from mnist_lib.widgets import DigitPad"),
        "book/load.ipynb": notebook("from mnist_lib import load_mnist"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "config", "user.name", "a test")
    git(tmp_path, "config", "user.email", "test@example.org")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "A book")
    return tmp_path


def rows(root, base="main"):
    lines = [line.split(" | ") for line in changed_pages.report(root, base).splitlines() if line.startswith("| `")]
    return {page.strip("|` "): why.strip("| ").replace("`", "") for page, why in lines}


def test_nothing_changed(book):
    assert rows(book) == {}
    assert "No page's own source differs" in changed_pages.report(book, "main")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("book/index.md", {"book/index": "edited"}),
        ("mnist_lib/training.py", {"book/train": "mnist_lib/training.py", "book/library": "mnist_lib/training.py"}),
        ("mnist_lib/arguments.py", dict.fromkeys(("book/train", "book/load"), "mnist_lib/arguments.py")),
        ("mnist_lib/widgets/pad.js", {"book/train": "mnist_lib/widgets/pad.js"}),
        ("book/measured/class.json", {"book/results": "book/measured/class.json"}),
        ("README.md", {}),
    ],
)
def test_a_page_differs_with_what_it_shows_and_runs(book, file, expected):
    with (book / file).open("a", encoding="utf-8") as opened:
        opened.write("\n# another line\n")
    assert rows(book) == expected
    git(book, "commit", "--quiet", "--all", "--message", "Another line")
    assert rows(book, "main~1") == expected


def test_pages_that_come_and_go(book):
    (book / "book" / "new.md").write_text("# New\n", encoding="utf-8")
    (book / "book" / "index2.md").write_text("# New\n", encoding="utf-8")
    (book / "_toc.yml").write_text(TOC.replace("      - file: book/results\n", "      - file: book/new\n"), encoding="utf-8")
    assert rows(book) == {"book/new": "new", "book/results": "removed"}


def test_a_notebook_whose_stamp_alone_differs_shows_the_same(book):
    path = book / "book" / "load.ipynb"
    stamped = nbformat.read(path, as_version=4)
    stamped.metadata["course"] = {"version": "v1"}
    nbformat.write(stamped, path)
    assert rows(book) == {}


def test_what_every_page_is_made_of_is_said_once(book):
    (book / "_config.yml").write_text("title: b\n", encoding="utf-8")
    text = changed_pages.report(book, "main")
    assert "Every page may look different: `_config.yml`." in text
    assert rows(book) == {}


def test_what_the_other_branch_did_since_is_not_counted(book):
    git(book, "switch", "--quiet", "--create", "mine")
    (book / "book" / "index.md").write_text("# Mine\n", encoding="utf-8")
    git(book, "commit", "--quiet", "--all", "--message", "Mine")
    git(book, "switch", "--quiet", "main")
    (book / "book" / "library.md").write_text("# Theirs\n", encoding="utf-8")
    git(book, "commit", "--quiet", "--all", "--message", "Theirs")
    git(book, "switch", "--quiet", "mine")
    assert rows(book) == {"book/index": "edited"}


def test_many_files_of_a_folder_are_told_as_the_folder():
    many = [f"mnist_lib/widgets/{name}.js" for name in "abcd"]
    assert changed_pages._shorter(["edited", "mnist_lib/model.py", *many]) == ["edited", "`mnist_lib/model.py`", "`mnist_lib/widgets/`"]


def test_a_revision_that_is_none_is_refused(book):
    with pytest.raises(ValueError, match="'nowhere' cannot be compared with"):
        changed_pages.report(book, "nowhere")


def test_the_course_s_chapters_run_what_they_import():
    sources = changed_pages.Sources(ROOT)
    pages = sources.pages()
    assert {"mnist_lib/loading.py", "mnist_lib/arguments.py"} <= sources.used_by(pages["book/02-loading"])
    assert "mnist_lib/training.py" not in sources.used_by(pages["book/02-loading"])
    assert "book/measured/growth.json" in sources.used_by(pages["book/benchmarks"])
    assert {"book/measured/class.json", "book/measured/grading.json"} <= sources.used_by(pages["book/teaching/grading"])
