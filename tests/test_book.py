"""The ten chapters: the same rhythm in each, one introduction for each term, and the rules that hold the book together."""

import ast
import re
import sys

import pytest
from conftest import ROOT

from mnist_lib.literate import CHAPTERS

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import prose

BOOK = prose.chapters()
EXPECTED = [f"{number:02}-{stage}" for number, stage in enumerate(CHAPTERS, start=1)]
FILLER = ("simply", "just", "obviously", "of course", "as we all know", "let's", "dive in", "clearly", "trivial", "amazing", "powerful")
QUESTION = re.compile(r"^\*\*\d\. .+\*\*$", re.MULTILINE)


def glossary():
    """The glossary's terms, in its order."""
    text = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    entries = re.search(r"^```\{glossary\}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[1]
    return [line for line in entries.splitlines() if line and not line.startswith(" ")]


def cell(name, identifier):
    return next(cell for cell in BOOK[name].cells if cell.id == identifier)


def code(name):
    return [cell for cell in BOOK[name].cells if cell.cell_type == "code"]


def test_one_chapter_for_each_stage():
    assert list(BOOK) == EXPECTED


# Terms


def test_each_term_is_introduced_once_and_stands_in_the_glossary():
    introduced = [(term.lower(), name) for name, notebook in prose.introducing().items() for term in prose.italics(notebook)]
    terms = [term for term, _ in introduced]
    twice = {term: [name for other, name in introduced if other == term] for term in terms if terms.count(term) > 1}
    assert twice == {}, "a term is set in italics where it is introduced, and nowhere else"
    assert sorted(terms) == sorted(term.lower() for term in glossary())


def test_glossary_is_in_order():
    assert glossary() == sorted(glossary(), key=str.lower)


def test_italics_are_found():
    assert prose.ITALICS.findall("a *term*, **bold**, 2 * 3 * 4, *two words*.") == ["term", "two words"]


# Rhythm


@pytest.mark.parametrize("name", BOOK)
def test_chapter_begins_and_ends_as_all_do(name):
    ids = [cell.id for cell in BOOK[name].cells]
    assert ids[:5] == ["title", "badge", "set-up", "imports", "objectives"]
    assert ids[-3:] == ["questions", "ask", "summary"]
    stage = name[3:]
    assert f'ask("{stage}")' in cell(name, "ask").source
    assert cell(name, "ask").metadata["tags"] == ["remove-cell"], "the page has the same questions as forms"
    assert cell(name, "title").source.splitlines()[0] == f"# {stage.capitalize()}"
    assert f'pipeline("{stage}")' in cell(name, "imports").source
    objectives = cell(name, "objectives").source
    assert "**After this chapter you can**" in objectives
    assert "**You need**" in objectives
    assert 3 <= len(re.findall(r"^- ", objectives, re.MULTILINE)) <= 5
    following = EXPECTED.index(name) + 1
    if following < len(EXPECTED):
        assert f"/book/{EXPECTED[following]}.html" in cell(name, "summary").source


@pytest.mark.parametrize("name", BOOK)
def test_chapter_predicts_breaks_asks_and_sums_up(name):
    texts = "\n".join(cell.source for cell in BOOK[name].cells if cell.cell_type == "markdown")
    assert texts.count("> **Predict.**") >= 2
    assert texts.count("> **Broken on purpose.**") >= 1
    everything = texts + "\n".join(cell.source for cell in code(name))
    assert all(f"**{word}**" in everything for word in ("Symptom", "Cause", "Repair"))
    asked = cell(name, "questions").source
    assert 3 <= len(QUESTION.findall(asked)) <= 5
    for question in QUESTION.split(asked)[1:]:
        choices = re.findall(r"<details><summary>(.+?)</summary>\n\n(.+?)\n\n</details>", question, re.DOTALL)
        assert len(choices) >= 2
        assert all(len(explanation.split()) >= 3 for _, explanation in choices), "a choice without an explanation"
    assert 1 <= len(re.findall(r"^- ", cell(name, "summary").source, re.MULTILINE)) <= 5


@pytest.mark.parametrize("name", BOOK)
def test_chapter_asserts_in_view(name):
    shown = [cell for cell in code(name) if not {"remove-input", "hide-input"} & set(cell.metadata.get("tags", []))]
    assert sum(len(re.findall(r"^\s*assert ", cell.source, re.MULTILINE)) for cell in shown) >= 3


@pytest.mark.parametrize("name", BOOK)
def test_prose_has_no_filler(name):
    words = "\n".join(prose.prose(BOOK[name])).lower()
    assert [word for word in FILLER if re.search(rf"\b{re.escape(word)}\b", words)] == []


@pytest.mark.parametrize("name", BOOK)
def test_code_in_view_fits_its_box(name):
    wide = [
        (cell.id, line)
        for cell in code(name)
        if not {"remove-input", "hide-input"} & set(cell.metadata.get("tags", []))
        for line in cell.source.splitlines()
        if len(line) > 80 and cell.id != "set-up"
    ]
    assert wide == []


@pytest.mark.parametrize("name", BOOK)
def test_computed_text_has_no_formula(name):
    """The site draws formulas of Markdown cells only."""
    assert [cell.id for cell in code(name) if "$" in (prose.computed(cell) or "")] == []


def test_profile_can_be_measured():
    assert all(re.match(r"[\d.]+ / \d+", prose.profile(notebook)["lines of code, median / longest"]) for notebook in BOOK.values())


# The test set


def loads(name):
    """What the results of load_mnist are bound to, wherever it is called: 'train and test' or 'train'."""
    for each in code(name):
        for node in ast.walk(ast.parse(each.source)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "load_mnist":
                _, test = node.targets[0].elts
                yield "train" if getattr(test, "id", "") == "_" else "train and test"


def names_used(name):
    return {node.id for each in code(name) for node in ast.walk(ast.parse(each.source)) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("name", [name for name in EXPECTED if name[:2] in ("01", "03", "04", "05", "06")])
def test_before_evaluation_the_test_set_stays_closed(name):
    assert set(loads(name)) == {"train"}
    assert not {used for used in names_used(name) if "test" in used}


def test_loading_scores_nothing_on_the_test_set():
    assert set(loads("02-loading")) == {"train and test"}
    assert not {"evaluate", "train", "build_model", "build_convolutional_model"} & names_used("02-loading")


def test_evaluation_opens_the_test_set():
    assert "train and test" in set(loads("07-evaluation"))


@pytest.mark.parametrize("name", ["09-convolution", "10-capstone"])
def test_chapters_that_were_tuned_on_the_test_set_own_up(name):
    assert "tuned by looking" in re.sub(r"[\s*]+", " ", "\n".join(prose.prose(BOOK[name])))
