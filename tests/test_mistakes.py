"""The two pages of mistakes: every symptom leads to an entry, and every entry has its picture, its cause and a repair that was run.

What all pages beside the chapters share is tested here too, for these two and the one on speed.
"""

import ast
import re
import sys

import nbformat
import pytest
from conftest import ROOT
from test_notebooks import anchors

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import prose

PAGES = {name: nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4) for name in ("mistakes", "adam", "speed")}
MISTAKES = PAGES["mistakes"]
QUESTION = re.compile(r"^\*\*\d\. .+\*\*$", re.MULTILINE)
CHOICES = re.compile(r"<details><summary>(.+?)</summary>\n\n(.+?)\n\n</details>", re.DOTALL)
SEEN = {"remove-input", "hide-input"}
FILLER = ("simply", "just", "obviously", "of course", "as we all know", "let's", "clearly", "trivial", "amazing", "powerful")


def source(identifier):
    return next(cell.source for cell in MISTAKES.cells if cell.id == identifier)


def index():
    """Symptom → (anchor, cause) of each entry, as the table at the top of the page is made of them."""
    table = ast.parse(source("index-table")).body[0]
    assert table.targets[0].id == "INDEX"
    return ast.literal_eval(table.value)


ENTRIES = [entry for entries in index().values() for entry in entries]


def noted():
    """Anchor → the cell that writes an entry's figures into the index, in reading order."""
    calls = {}
    for cell in MISTAKES.cells:
        if cell.cell_type == "code" and cell.id != "index-display":
            for anchor in re.findall(r'^noted\("([\w-]+)", f"', cell.source, re.MULTILINE):
                assert anchor not in calls, f"{anchor} is noted twice"
                calls[anchor] = cell
    return calls


def entry_cells(anchor):
    """The cells of an entry: from the one with its heading to the one that notes its figures."""
    cells, last = MISTAKES.cells, noted()[anchor]
    end = cells.index(last)
    start = end
    while not (cells[start].cell_type == "markdown" and anchor in heading_anchors(cells[start].source)):
        start -= 1
    return cells[start : end + 1]


def heading_anchors(text):
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") for heading in headings}


# The index


@pytest.mark.parametrize(
    "symptom",
    ["The loss is nan", "Stuck at 10%", "Stuck at 1.46", "Validation better than training", "Fine until I drew my own"],
)
def test_index_has_the_symptoms_that_people_name(symptom):
    assert index()[symptom]


def test_index_comes_before_the_entries_and_leads_to_each():
    ids = [cell.id for cell in MISTAKES.cells]
    assert ids.index("index-display") < min(ids.index(cell.id) for cell in noted().values())
    assert {anchor for anchor, _ in ENTRIES} <= anchors("book/mistakes")
    assert len({anchor for anchor, _ in ENTRIES}) == len(ENTRIES)


def test_every_figure_of_the_index_is_computed_by_its_entry():
    assert list(noted()) == [anchor for anchor, _ in ENTRIES], "in the order of the index"
    for anchor, cell in noted().items():
        figures = re.search(rf'^noted\("{anchor}", f"(.+)"\)$', cell.source, re.MULTILINE)[1]
        broken, arrow, repaired = figures.partition(" → ")
        assert arrow, anchor
        assert "{" in broken, f"{anchor}: a figure that no run gave"
        assert "{" in repaired or repaired == "4 directions", f"{anchor}: a figure that no run gave"


def test_every_chapter_s_mistakes_are_gathered():
    linked = set(re.findall(r"/book/(\d\d-\w+)\.html", "\n".join(cell.source for cell in MISTAKES.cells)))
    assert linked == set(prose.chapters())


# The entries


@pytest.mark.parametrize("anchor", [anchor for anchor, _ in ENTRIES])
def test_entry_is_whole(anchor):
    """Mistake, code that runs it with an assertion, picture, symptom, cause and repair."""
    cells = entry_cells(anchor)
    told = cells[-1].source
    assert all(f"**{word}**: " in told for word in ("Symptom", "Cause", "Repair")), "the texts are computed"
    code = [cell for cell in cells if cell.cell_type == "code"]
    shown = "\n".join(cell.source for cell in code if not SEEN & set(cell.metadata.get("tags", [])))
    assert re.search(r"^assert ", shown, re.MULTILINE)
    assert any(re.search(r"describe\(|plot_\w+\(|= curves\(", cell.source) for cell in code), "no picture"
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert "> **Broken on purpose.**" in text or "no mistake" in text
    assert re.search(r"/book/\d\d-\w+\.html", text), "no chapter is named"


# All pages beside the chapters


@pytest.mark.parametrize("name", PAGES)
def test_page_begins_and_ends_as_chapters_do(name):
    ids = [cell.id for cell in PAGES[name].cells]
    assert ids[:5] == ["title", "badge", "set-up", "imports", "objectives"]
    assert ids[-2:] == ["questions", "summary"]


@pytest.mark.parametrize("name", PAGES)
def test_predictions_offer_choices_and_begin_with_the_right_one(name):
    predictions = [cell.source for cell in PAGES[name].cells if "> **Predict.**" in cell.source]
    assert len(predictions) >= 3
    for text in predictions:
        before, _, after = text.partition("> **Predict.**")[2].partition("<summary>Decide, then open.</summary>")
        assert 2 <= len(re.findall(r"^> - .+$", before, re.MULTILINE)) <= 4
        assert re.match(r"\n>\n> \*\*.+?\*\*", after)


@pytest.mark.parametrize("name", PAGES)
def test_page_asks_three_questions_each_with_one_right_choice(name):
    asked = next(cell.source for cell in PAGES[name].cells if cell.id == "questions")
    assert len(QUESTION.findall(asked)) == 3
    for question in QUESTION.split(asked)[1:]:
        explanations = [explanation for _, explanation in CHOICES.findall(question)]
        assert len(explanations) == 3
        assert sum(explanation.startswith("Yes.") for explanation in explanations) == 1


@pytest.mark.parametrize("name", PAGES)
def test_prose_has_no_filler_and_no_formula_that_the_site_cannot_draw(name):
    words = "\n".join(prose.prose(PAGES[name])).lower()
    assert [word for word in FILLER if re.search(rf"\b{re.escape(word)}\b", words)] == []
    assert [cell.id for cell in PAGES[name].cells if cell.cell_type == "code" and "$" in (prose.computed(cell) or "")] == []


@pytest.mark.parametrize("name", PAGES)
def test_code_in_view_fits_its_box(name):
    shown = [cell for cell in PAGES[name].cells if cell.cell_type == "code" and not SEEN & set(cell.metadata.get("tags", []))]
    assert [(cell.id, line) for cell in shown for line in cell.source.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_test_set_stays_closed(name):
    loaded = re.findall(r"^(.+) = load_mnist\(\)$", "\n".join(cell.source for cell in PAGES[name].cells), re.MULTILINE)
    assert set(loaded) == {"(x, y), _"}


def test_adam_s_table_runs_the_same_mistakes_with_both():
    cells = {cell.id: cell.source for cell in PAGES["adam"].cells}
    for mistake in ("pixels 0 to 255", "loss × 1,000", "softmax twice", "no biases", "weights all zero", "weights × 100", "sorted digits"):
        assert f'"{mistake}"' in cells["more-mistakes"]
    assert "rate × 100" in cells["more-mistakes"]
    assert "rate ÷ 100" in cells["more-mistakes"]
    assert "for optimizer in OPTIMIZERS" in cells["twice-each"]
