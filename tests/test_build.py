"""The build, tried on a tiny book of its own: what is executed again and when, what fails it, and what pages are made of.

The tiny book has the real configuration, extensions and tools, and a library of one line.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

sys.path.insert(0, str(ROOT / "book"))
sys.path.insert(0, str(ROOT / "book" / "_tools"))

from _ext.execution_cache import KEPT, fingerprint, forget_old
from _ext.kernels import EditionError, choose_edition, prepare_kernels
from _ext.mathematics import characters, to_mathml
from _ext.pictures import meaningful
from _ext.stderr_lines import without_known_lines
from stamp import configured

SITE = configured(ROOT).site
DOT = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c626000000000050001"
        "0d0a2db40000000049454e44ae426082"
    )
).decode()
TALK = 'import os, sys\nfrom mnist_lib import VALUE\nopen("../executed.txt", "a").write(".")\nprint(VALUE, os.environ["MNIST_EDITION"])'


class Book:
    """A book of one page that matters, and another, since the theme needs contents."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "book").mkdir(parents=True)
        for part in ("_ext", "_tools", "static"):
            shutil.copytree(ROOT / "book" / part, folder / "book" / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "_config.yml", folder)
        (folder / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters: [{file: book/other}]\n")
        (folder / "book" / "other.md").write_text("# Another page\n\nNothing stands here.\n")
        (folder / "requirements.txt").write_text("numpy==1.0\n")
        (folder / "mnist_lib").mkdir()
        (folder / "mnist_lib" / "__init__.py").write_text("VALUE = 1\n")

    def write(self, *cells):
        """Write the page: Markdown where a string is given, cells as they are."""
        cells = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
        for number, cell in enumerate(cells):
            cell["id"] = f"cell-{number}"
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}), self.source)

    def build(self, edition="sample", plain=False, **variables):
        """Build; return the exit code and all that was said, without colours."""
        tool = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
        command = tool if plain else [sys.executable, "book/_tools/build.py"]
        environment = {name: value for name, value in os.environ.items() if name not in {"MNIST_NPZ", "MNIST_EDITION"}}
        environment |= variables | ({"MNIST_EDITION": edition} if edition else {})
        done = subprocess.run(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        return done.returncode

    @property
    def source(self):
        return self.folder / "book" / "index.ipynb"

    @property
    def page(self):
        return (self.folder / "_build" / "html" / "book" / "index.html").read_text(encoding="utf-8")

    @property
    def executions(self):
        file = self.folder / "executed.txt"
        return len(file.read_text()) if file.exists() else 0


@pytest.fixture(scope="module")
def new_book(tmp_path_factory):
    return lambda: Book(tmp_path_factory.mktemp("book") / "tiny")


# When chapters are executed


def test_what_outputs_depend_on_executes_again_and_prose_does_not(new_book):
    book = new_book()
    book.write("# One\n\n[Open in Colab](https://example.org)", new_code_cell(TALK))
    assert book.build() == 0, book.said
    assert (book.executions, "1 sample" in book.page) == (1, True)
    assert "seconds  chapter" in book.said
    assert "_build/html/index.html" in book.said

    book.write("# Two\n\n[Open in Colab](https://example.org)", new_code_cell(TALK))
    assert book.build() == 0, book.said
    assert (book.executions, "Two" in book.page) == (1, True), "prose alone"

    (book.folder / "mnist_lib" / "__init__.py").write_text("VALUE = 22\n")
    assert book.build() == 0, book.said
    assert (book.executions, "22 sample" in book.page) == (2, True), "the library"

    assert book.build(edition="full") == 0, book.said
    assert (book.executions, "22 full" in book.page) == (3, True), "the edition"
    assert "on the full edition of MNIST" in book.page

    assert book.build(edition=None, plain=True) == 0, book.said
    assert (book.executions, "22 sample" in book.page) == (3, True), "back again, by the plain command: nothing is lost"

    (book.folder / "requirements.txt").write_text("numpy==1.1\n")
    assert book.build() == 0, book.said
    assert book.executions == 4, "the pinned versions"


MEET = """
import pathlib, time
here, there = pathlib.Path("../{own}.here"), pathlib.Path("../{other}.here")
here.touch()
for _ in range(600):
    if there.exists():
        print("met")
        break
    time.sleep(0.1)
"""


def test_notebooks_are_executed_side_by_side_and_a_failing_one_takes_no_other_along(new_book):
    book = new_book()
    (book.folder / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n  - file: book/second\n  - file: book/third\n")
    pages = {"second": MEET.format(own="a", other="b"), "third": MEET.format(own="b", other="a")}
    for name, code in pages.items():
        book.write(f"# {name.title()}\n\n[Open in Colab](https://example.org)", new_code_cell(code))
        book.source.rename(book.source.with_name(f"{name}.ipynb"))
    book.write("# First\n\n[Open in Colab](https://example.org)", new_code_cell(TALK))
    assert book.build(COURSE_NOTEBOOKS_AT_A_TIME="2") == 0, book.said
    for name in pages:
        shown = (book.folder / "_build" / "html" / "book" / f"{name}.html").read_text(encoding="utf-8")
        assert ">met" in shown, "each waits until the other has begun"
    assert book.executions == 1

    (book.folder / "mnist_lib" / "__init__.py").write_text("VALUE = 2\n")
    third = book.source.with_name("third.ipynb")
    third.write_text(third.read_text(encoding="utf-8").replace("touch()", "missing()"), encoding="utf-8")
    assert book.build(COURSE_NOTEBOOKS_AT_A_TIME="2") != 0
    assert "third.ipynb: cell 2 (id cell-1) failed" in book.said
    assert book.executions == 2
    assert book.build(COURSE_NOTEBOOKS_AT_A_TIME="some") != 0
    assert "COURSE_NOTEBOOKS_AT_A_TIME must be a whole number, at least 1; got some" in book.said


def test_fingerprint_sees_the_package_that_would_be_imported(tmp_path, monkeypatch):
    before = fingerprint(ROOT, "sample")
    for place, folder in ((len(sys.path), tmp_path / "last"), (0, tmp_path / "first")):
        (folder / "numpy-0.1.dist-info").mkdir(parents=True)
        (folder / "numpy-0.1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.1\n", encoding="utf-8")
        path = list(sys.path)
        path.insert(place, str(folder))
        monkeypatch.setattr(sys, "path", path)
        assert (fingerprint(ROOT, "sample") == before) == (folder.name == "last")
        monkeypatch.undo()


def test_fingerprint_sees_every_file_of_the_library_and_nothing_else(tmp_path):
    library = tmp_path / "mnist_lib"
    (library / "__pycache__").mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("numpy==1.0\n")
    (library / "pad.js").write_text("1")
    before = fingerprint(tmp_path, "sample")
    (library / "__pycache__" / "pad.pyc").write_text("2")
    (tmp_path / "README.md").write_text("prose")
    (tmp_path / "requirements.txt").write_text("# a remark\nnumpy==1.0\n")
    assert fingerprint(tmp_path, "sample") == before
    assert fingerprint(tmp_path, "full") != before
    (library / "pad.js").write_text("2")
    assert fingerprint(tmp_path, "sample") != before


def test_only_the_caches_used_last_are_kept(tmp_path):
    for number in range(KEPT + 3):
        (tmp_path / str(number)).mkdir()
        os.utime(tmp_path / str(number), (number, number))
    forget_old(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {str(number) for number in range(3, KEPT + 3)}


# What fails the build


def test_faults_fail_the_build_until_they_are_mended(new_book):
    book = new_book()
    picture = f"data:image/png;base64,{DOT}"
    book.write(
        "# Faults",
        f"A link to [no page]({SITE}/book/99-nothing.html), to [no heading]({SITE}/book/index.html#nothing), to "
        f"[no file]({configured(ROOT).repository}/blob/main/nothing.py).",
        r"A formula: $\nosuchcommand x$ and $\frac{1}$.",
        f"![]({picture}) ![picture.png]({picture})",
        new_code_cell(f"from IPython.display import HTML\nHTML('<img src=\"{picture}\">')"),
        new_code_cell("from IPython.display import HTML\nHTML('<div role=\"img\">→</div>')"),
        new_code_cell("import warnings\nwarnings.warn('look out')"),
    )
    faults = [
        "link to 99-nothing.html: the book has no such page",
        "link to index.html#nothing: the page has no such anchor",
        "link to nothing.py: the repository has no such file",
        "cannot convert the formula \\nosuchcommand x",
        "cannot convert the formula \\frac{1}",
        "with alt ''",
        "with alt 'picture.png'",
        "with alt None",
        "<div role=img> with aria-label None",
        "code cell 7 writes to stderr",
    ]
    assert book.build() != 0
    assert [fault for fault in faults if fault not in book.said] == []
    assert book.build() != 0, "the second time, though no page has changed"
    assert [fault for fault in faults if fault not in book.said] == []
    book.write("# Mended")
    assert book.build() == 0, book.said


def test_failing_cell_fails_the_build_and_is_named(new_book):
    book = new_book()
    book.write("# Fails", new_code_cell("total = 1"), new_code_cell("total / 0"))
    assert book.build() != 0
    assert "index.ipynb: cell 3 (id cell-2) failed" in book.said
    assert "ZeroDivisionError: division by zero" in book.said


def test_missing_data_file_is_named_before_anything_is_built(tmp_path):
    environment = {**os.environ, "MNIST_NPZ": str(tmp_path / "nothing.npz")}
    command = [sys.executable, str(ROOT / "book" / "_tools" / "build.py"), "--output", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert "nothing.npz" in done.stderr
    assert list(tmp_path.iterdir()) == []


# What pages are made of


@pytest.fixture(scope="module")
def page(new_book):
    """A page with one of each."""
    book = new_book()
    alt = "A black dot & nothing > else"
    book.write(
        f"# One of each\n\n[Here]({SITE}/book/index.html#a-heading), [home]({SITE}/), "
        f"[in Colab]({configured(ROOT).colab('book/index.ipynb')}).",
        "> **Predict.** Will it hold?\n>\n> <details><summary>Decide.</summary>\n>\n> It *will*: $x^2$.\n>\n> </details>",
        "> **Broken on purpose**. It breaks.",
        "> **Somebody.** said so.",
        "## A heading\n\n$$\\begin{aligned} L &= -\\log p \\\\ &= \\sum_k z_k \\end{aligned}$$",
        new_code_cell(
            "import sys\n"
            "print('WARNING: All log messages before absl::InitializeLog() is called are written to STDERR', file=sys.stderr)\n"
            "print('I0000 00:00:1795364466.170025   26872 port.cc:153] oneDNN custom operations are on.', file=sys.stderr)",
            metadata={"tags": ["remove-input"]},
        ),
        new_code_cell(
            f'from IPython.display import HTML\nHTML(\'<img alt="{alt}" width="40" src="data:image/png;base64,{DOT}">\'\n'
            f"     '<a href=\"{SITE}/book/index.html#a-heading\">there</a>')",
            metadata={"tags": ["remove-input"]},
        ),
        new_code_cell("import warnings\nwarnings.warn('look out')", metadata={"tags": ["shows-stderr"]}),
    )
    assert book.build() == 0, book.said
    return book


def test_bold_lead_words_make_call_outs(page):
    callouts = re.findall(r'<div class="course-callout (course-\w+) admonition">\s*<p class="admonition-title">([^<]+)</p>', page.page)
    assert callouts == [("course-predict", "Predict"), ("course-broken", "Broken on purpose")]
    predict = page.page[page.page.index("course-predict") : page.page.index("course-broken")]
    formula = r'<span class="course-unbroken"><math>.*?</math>\.</span>'  # with the punctuation behind it
    assert re.search(rf"<details><summary>Decide.</summary>\s*<p>It <em>will</em>: {formula}</p>\s*</details>", predict)
    assert "<p>Will it hold?</p>" in predict
    assert "<strong>Somebody.</strong>" in page.page


def test_links_into_the_book_are_relative(page):
    article = re.search(r"<article.*?</article>", page.page, re.DOTALL)[0]
    assert article.count('href="index.html#a-heading"') == 2
    assert 'href="index.html"' in article
    assert SITE not in page.page
    assert configured(ROOT).colab("book/index.ipynb") in article


def test_pictures_are_files_of_their_own_that_load_late(page):
    tag = re.search(r'<img [^<]*black dot[^<]*height="40"[^<]*>|<img [^<]*height="40"[^<]*black dot[^<]*>', page.page)[0]
    assert "data:" not in tag
    assert 'loading="lazy"' in tag
    name = re.search(r'src="\.\./(_images/\w+\.png)"', tag)[1]
    assert (page.folder / "_build" / "html" / name).read_bytes() == base64.b64decode(DOT)


def test_formulas_are_mathml_without_scripts(page):
    assert '<div class="course-formula ' in page.page
    assert not re.search(r"<script[^>]*(mathjax|katex)", page.page, re.IGNORECASE)
    assert (page.folder / "_build" / "html" / "_static" / "course-math.woff2").stat().st_size < 60_000


def test_known_log_lines_are_dropped_and_warnings_shown(page):
    assert "absl::InitializeLog" not in page.page
    assert "oneDNN" not in page.page
    assert "UserWarning: look out" in page.page


def test_icon_library_is_left_out_and_its_icons_are_there(page):
    assert "fontawesome.js" not in page.page
    static = page.folder / "_build" / "html" / "_static"
    assert not list(static.rglob("fontawesome.js"))
    icons = (static / "course-icons.css").read_text(encoding="utf-8")
    assert [
        name for name in ("magnifying-glass", "circle-half-stroke", "sun", "moon", "bars", "download") if f".fa-{name}" not in icons
    ] == []


# The parts by themselves


@pytest.mark.parametrize(
    ("environment", "edition"),
    [({}, "sample"), ({"MNIST_EDITION": "auto"}, "sample"), ({"MNIST_EDITION": "full"}, "full"), ({"MNIST_NPZ": __file__}, "full")],
)
def test_edition_of_the_build(environment, edition):
    assert choose_edition(environment) == edition


def test_kernels_side_by_side_share_a_gpu(tmp_path):
    environment, other = {}, {"TF_FORCE_GPU_ALLOW_GROWTH": "false"}
    for each in (environment, other):
        prepare_kernels(each, ROOT, tmp_path)
    assert environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    assert other["TF_FORCE_GPU_ALLOW_GROWTH"] == "false", "whoever says otherwise is heard"


def test_edition_named_beside_a_file_wins():
    assert choose_edition({"MNIST_EDITION": "sample", "MNIST_NPZ": __file__}) == "sample"
    with pytest.raises(EditionError, match="nothing.npz"):
        choose_edition({"MNIST_NPZ": "nothing.npz"})


@pytest.mark.parametrize(
    "line",
    [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1795364466.170025   26872 port.cc:153] oneDNN custom operations are on. You may see …",
        "E0000 00:00:1795364472.140850   26872 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: …",
        "2026-11-22 16:20:32.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This TensorFlow binary is optimized …",
        "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the appropriate compiler flags.",
    ],
)
def test_known_lines_and_nothing_else_are_dropped(line):
    assert without_known_lines(f"{line}\nDeprecationWarning: old\n{line}\n") == "DeprecationWarning: old"


@pytest.mark.parametrize("text", ["", None, "image", "picture.png", "_images/0123456789abcdef.png", "../_images/a b c d e f.png", "nn nn"])
def test_texts_that_say_nothing(text):
    assert not meaningful(text)


def test_texts_that_say_something():
    assert meaningful("Ten handwritten digits in two rows.")


@pytest.mark.parametrize("tex", [r"\hat{y}", r"\mathbf{W}\mathbf{x}", r"\begin{bmatrix} 1 & 2 \end{bmatrix}", r"\underbrace{a}_{\text{b}}"])
def test_formulas_convert(tex):
    assert to_mathml(tex, display=True).startswith('<math display="block">')


@pytest.mark.parametrize("tex", [r"\foo", r"\frac{1}", "a & b", r"\begin{nothing} x \end{nothing}", r"\left( x"])
def test_formulas_that_are_wrong_are_refused(tex):
    with pytest.raises(ValueError, match=r".+"):
        to_mathml(tex, display=False)


def test_font_holds_the_letters_that_browsers_put_in():
    assert {"x", "\U0001d465", "0", "∑"} <= characters("<math><mi>x</mi><mo>&#x2211;</mo></math>")
    assert "√" in characters(to_mathml(r"\sqrt{n}", False))
