"""What tries the course with Colab's versions, tried itself: what it compares, says when something breaks, and leaves for pages to tell."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from types import SimpleNamespace

import pytest
from conftest import ROOT
from docutils import nodes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

sys.path.insert(0, str(ROOT / "tests" / "colab"))
sys.path.insert(0, str(ROOT / "book" / "_tools"))

import stamp
import try_colab
from _ext.tried_in_colab import FILE, line, said_of, say_tried

CONSTRAINTS = try_colab.CONSTRAINTS.read_text(encoding="utf-8")


# Versions


def test_what_the_library_needs_colab_has():
    """A requirement that Colab lacks or has too old would be installed by the set-up cell, and change packages there."""
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert len(requirements) > 5
    assert try_colab.unmet(requirements, try_colab.pinned(CONSTRAINTS)) == []


def test_constraints_hold_versions_alone_in_order_and_their_month():
    lines = CONSTRAINTS.splitlines()
    pinned = try_colab.pinned(CONSTRAINTS)
    assert len(pinned) == sum(not line.startswith("#") for line in lines)
    assert list(pinned) == sorted(pinned)
    assert re.fullmatch(r"[A-Z][a-z]+ 20\d\d", try_colab.state_of(CONSTRAINTS))
    with pytest.raises(try_colab.Broken, match="state of August 2026"):
        try_colab.state_of("numpy==2.1.3\n")


def test_unmet_requirements_are_named():
    whole = {"numpy": "2.1.3", "tensorflow-cpu": "2.20.0", "scikit-learn": "1.6.1", "pre": "2.0rc1"}
    assert try_colab.unmet(["numpy>=1.26", "scikit_learn>=1.3", "extra>=1; extra == 'book'", "pre>=1"], whole) == []
    assert try_colab.unmet(["numpy>=2.2", "keras"], whole) == [
        "mnist-lib needs numpy>=2.2, and Colab has 2.1.3",
        "mnist-lib needs keras, and Colab has no keras",
    ]


def test_lists_are_compared():
    assert try_colab.pinned("# a comment\nJinja2==3.1\nty.ping_x==1  # why\n-e file\n\n") == {"jinja2": "3.1", "ty-ping-x": "1"}
    assert try_colab.disagreements({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "3", "d": "4"}) == [
        "b is 2 in constraints.txt and 3 in Colab's list",
        "c is 3 in constraints.txt and nowhere in Colab's list",
    ]
    assert try_colab.changes({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4", "mnist-lib": "0"}) == ["b: 2 → 3", "c: absent → 4"]


def test_constraints_are_renewed():
    text = "# Colab's versions, state of August 2026 (a).\nJinja2==3.1\nnumpy==2.1.3\n"
    assert try_colab.renewed(text, {"jinja2": "3.2", "numpy": "2.1.3", "keras": "4"}, "May 2027") == (
        "# Colab's versions, state of May 2027 (a).\nJinja2==3.2\nnumpy==2.1.3\n"
    )
    with pytest.raises(try_colab.Broken, match="no numpy any more"):
        try_colab.renewed(text, {"jinja2": "3.2"}, "May 2027")


# The set-up cell


def test_set_up_cell_installs_from_elsewhere():
    source = stamp.SET_UP.format(archive="https://example.org/main.zip", placeholder=stamp.PLACEHOLDER)
    moved = try_colab.with_address(source, r"file:///a\b.zip")
    assert moved == source.replace("https://example.org/main.zip", r"file:///a\b.zip")
    assert try_colab.with_address(source, None) == source
    with pytest.raises(try_colab.Broken, match="this one has 0"):
        try_colab.with_address("import mnist_lib", "file:///a.zip")


@pytest.mark.parametrize(
    ("after", "said", "problem"),
    [
        ({"numpy": "2.1.3", "mnist-lib": "0.1.0"}, [], None),
        ({"numpy": "2.4.6", "mnist-lib": "0.1.0"}, [], "numpy: 2.1.3 → 2.4.6"),
        ({"numpy": "2.1.3", "mnist-lib": "0.1.0"}, ["WARNING"], "says something"),
        ({"numpy": "2.1.3"}, [], "mnist-lib is not installed"),
    ],
)
def test_set_up_cell_may_change_nothing_else(monkeypatch, tmp_path, after, said, problem):
    lists = iter([{"numpy": "2.1.3"}, after])

    def execute(name, notebook, folder):
        notebook.cells[0].outputs = said
        return [10.0, 13.5, 13.6]

    monkeypatch.setattr(try_colab, "packages", lambda python: next(lists))
    monkeypatch.setattr(try_colab, "execute", execute)
    monkeypatch.setattr(try_colab, "run", lambda python, *rest, cwd: json.dumps(["/elsewhere/mnist_lib/__init__.py", ["numpy>=2"]]))
    if problem is None:
        assert try_colab.try_set_up("", "python", tmp_path, None) == 3.5
    else:
        with pytest.raises(try_colab.Broken, match=problem):
            try_colab.try_set_up("", "python", tmp_path, None)


def test_archive_holds_the_checkout_as_it_lies_here(tmp_path):
    checkout, target = tmp_path / "checkout", tmp_path / "main.zip"
    checkout.mkdir()
    for name, text in {".gitignore": "built\n", "kept": "first", "built": "x", "new": "x", "gone": "x"}.items():
        (checkout / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=checkout, check=True)
    subprocess.run(["git", "add", "kept", "gone", ".gitignore"], cwd=checkout, check=True)
    (checkout / "kept").write_text("changed", encoding="utf-8")
    (checkout / "gone").unlink()
    assert try_colab.archive(target, checkout) == target.as_uri()
    with zipfile.ZipFile(target) as file:
        assert sorted(file.namelist()) == ["mnist-course-main/.gitignore", "mnist-course-main/kept", "mnist-course-main/new"]
        assert file.read("mnist-course-main/kept") == b"changed"
    with pytest.raises(try_colab.Broken, match="git could not list"):
        try_colab.archive(target, tmp_path / "nowhere")


# Notebooks


def test_every_notebook_but_the_students_is_run():
    found = try_colab.pages()
    assert {"book/index", "book/mistakes", "book/adam", "book/speed", "book/mnist-classification", "book/10-capstone"} <= set(found)
    assert sum(name.startswith("solutions/") for name in found) == 9
    assert [path.relative_to(ROOT).with_suffix("").as_posix() for path in stamp.notebooks()] == list(found)


def test_what_breaks_is_named_with_its_cell(tmp_path):
    cells = [
        new_code_cell("good = 1", id="good"),
        new_markdown_cell("Text."),
        new_code_cell("good / 0", id="bad"),
        new_code_cell("", id="c"),
    ]
    with pytest.raises(try_colab.Broken, match=r"^book/a, cell bad: ZeroDivisionError: division by zero\n"):
        try_colab.execute("book/a", new_notebook(cells=cells), tmp_path, kernel="python3")
    dies = new_notebook(cells=[new_code_cell("import os; os._exit(3)", id="dies")])
    with pytest.raises(try_colab.Broken, match="^book/b, cell dies: DeadKernelError: Kernel died"):
        try_colab.execute("book/b", dies, tmp_path, kernel="python3")


def test_warnings_are_told():
    log = "2026-11-27 23:51:15.7: E external/local_xla/a.cc:51] failed call to cuInit\n"
    cells = [
        new_code_cell(id=name, outputs=[new_output("stream", name="stderr", text=text)]) for name, text in (("log", log), ("warns", "W!\n"))
    ]
    meant = new_code_cell(id="meant", metadata={"tags": ["shows-stderr"]}, outputs=[new_output("stream", name="stderr", text="meant")])
    printed = new_code_cell(id="printed", outputs=[new_output("stream", name="stdout", text="printed")])
    assert try_colab.remarks(new_notebook(cells=[*cells, meant, printed, new_markdown_cell("")])) == ["cell warns on stderr: W!"]


def test_pages_after_a_broken_one_are_tried_and_the_whole_fails(monkeypatch, tmp_path, capsys):
    names = ["book/index", "book/adam"]

    def execute(name, notebook, folder, kernel):
        assert [path.name for path in folder.iterdir()] == [f"{name.removeprefix('book/')}.ipynb"], "alone in its folder"
        if name == "book/index":
            raise try_colab.Broken("book/index, cell a: it broke")
        return [1.0, 2.0]

    monkeypatch.setattr(try_colab, "execute", execute)
    found, broken = try_colab.try_pages({name: try_colab.pages()[name] for name in names}, "file:///main.zip", tmp_path)
    assert list(found) == ["book/adam"]
    assert broken == ["book/index, cell a: it broke"]

    def breaks(options, chosen, scratch):
        raise try_colab.Broken(broken[0])

    monkeypatch.setattr(try_colab, "try_all", breaks)
    monkeypatch.setattr(try_colab, "MEASURED", tmp_path / "colab.json")
    assert try_colab.main(["--report", str(tmp_path / "report")]) == 1
    assert "book/index, cell a: it broke" in capsys.readouterr().err
    assert (tmp_path / "report").read_text(encoding="utf-8") == "book/index, cell a: it broke\n"
    assert not (tmp_path / "colab.json").exists()


def test_only_the_whole_run_is_written(monkeypatch, tmp_path, capsys):
    result = {"pages": {"book/index": {"seconds": 2.0}}, "edition": "sample"}
    monkeypatch.setattr(try_colab, "try_all", lambda options, chosen, scratch: result)
    monkeypatch.setattr(try_colab, "ROOT", tmp_path)
    monkeypatch.setattr(try_colab, "MEASURED", tmp_path / "colab.json")
    monkeypatch.setattr(try_colab, "pages", lambda: {"book/index": ROOT / "book" / "index.ipynb"})
    for arguments in (["--only", "book/index"], ["--python", "python3"], ["--address", "stamped"]):
        assert try_colab.main(arguments) == 0
        assert not try_colab.MEASURED.exists()
    assert try_colab.main([]) == 0
    assert json.loads(try_colab.MEASURED.read_text(encoding="utf-8")) == result
    with pytest.raises(SystemExit):
        try_colab.main(["--only", "book/nothing"])
    assert "no such page: book/nothing" in capsys.readouterr().err


# The line on the page

FOUND = {
    "date": "2026-11-07",
    "colab": "August 2026",
    "edition": "full",
    "versions": {"python": "3.13.0", "tensorflow": "2.20.0", "keras": "3.13.2"},
    "machine": {"cores": 2},
    "pages": {"book/a": {"seconds": 30.6, "code": "digest"}},
}


def test_page_says_that_it_was_tried():
    assert said_of(FOUND, "book/a", "digest") == (
        "Tried on 7 November 2026 with Google Colab's versions of August 2026 (TensorFlow 2.20, Keras 3.13) and Python 3.13, "
        "on the full edition: 31 seconds on 2 cores."
    )


def test_page_claims_nothing_that_is_not_so():
    assert said_of(FOUND, "book/a", "other") == (
        "The code has changed since it was tried with Google Colab's versions, on 7 November 2026: `make test-colab` tries it again."
    )
    for found, page in ((FOUND, "book/b"), ({}, "book/a")):
        assert said_of(found, page, "digest") == "Not tried with Google Colab's versions yet: `make test-colab` does it."


def test_line_shows_the_command_as_code():
    shown = line("Not tried: `make test-colab` does it.")
    assert shown.astext() == "Not tried: make test-colab does it."
    assert [node.astext() for node in shown.findall(lambda node: node.tagname == "literal")] == ["make test-colab"]


def test_line_stands_below_the_badge_and_nowhere_else():
    noted = []
    env = SimpleNamespace(docname="book/index", doc2path=lambda name: str(ROOT / f"{name}.ipynb"), note_dependency=noted.append)
    app = SimpleNamespace(env=env, srcdir=ROOT)
    page = nodes.section("", *(nodes.paragraph("", text) for text in ("Open in Colab · Read on the website", "Prose.")))
    say_tried(app, page)
    badge, below, prose = page.children
    assert "make test-colab" in below.astext() or "Tried on" in below.astext()
    assert below["classes"] == ["course-facts"]
    assert prose.astext() == "Prose."
    assert noted == [str(FILE)], "the page is made anew when the file changes"
    without = nodes.section("", nodes.paragraph("", "Prose."))
    say_tried(app, without)
    assert len(without) == 1


def test_digest_is_of_the_code_alone_whatever_the_address():
    path = "book/index.ipynb"
    notebook = stamp.nbformat.read(ROOT / path, as_version=4)
    digest = stamp.code_digest(notebook, path)
    elsewhere = stamp.stamped(notebook, path, stamp.Address("https://github.com/someone/course-two", "v1"))
    assert elsewhere != notebook
    assert stamp.code_digest(elsewhere, path) == digest
    notebook.cells.append(new_markdown_cell("More prose."))
    assert stamp.code_digest(notebook, path) == digest
    notebook.cells.append(new_code_cell("more = 1"))
    assert stamp.code_digest(notebook, path) != digest


def test_the_run_names_what_it_was():
    found = json.loads(try_colab.MEASURED.read_text(encoding="utf-8"))
    assert found["made_by"] == "make test-colab"
    assert {"python", "tensorflow", "keras", "mnist-lib"} <= set(found["versions"])
    assert set(found["machine"]) == {"cores", "processor", "system"}
    assert 0 < found["install_seconds"] < 600
    assert all(page["seconds"] > 0 and len(page["code"]) == 64 for page in found["pages"].values())
