"""Questions, predictions and what a browser remembers of them: read from the chapters' Markdown, tried in a browser on small pages that are
made of the same Markdown and the site's own scripts.
"""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from conftest import ROOT

from mnist_lib import wilson_interval
from mnist_lib.evaluation import Evaluation
from mnist_lib.widgets import ask, own_calibration
from mnist_lib.widgets.predictions import calibration_bins

sys.path[:0] = [str(ROOT / "book"), str(ROOT / "book" / "_tools")]

import questions as tool  # noqa: E402
from _ext.questions import contents, write_contents  # noqa: E402
from _ext.widgets import write_scripts  # noqa: E402

CHAPTERS = tool.chapters()
KEY = "mnist-course/progress/1"
PHONE = {"width": 375, "height": 700}


def cell(source, identifier="questions"):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source, id=identifier)])


# What the chapters say


def test_what_notebooks_show_is_what_the_chapters_say():
    stored = (ROOT / tool.TARGET).read_text(encoding="utf-8")
    assert stored == tool.text(), "the questions of a chapter have changed: run `make questions`"


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_question_has_one_right_choice_and_a_reason_for_each(name):
    asked = tool.questions(CHAPTERS[name])
    source = next(each.source for each in CHAPTERS[name].cells if each.id == "questions")
    assert len(asked) == len(re.findall(r"^\*\*\d+\. ", source, re.MULTILINE))
    assert sum(len(question["choices"]) for question in asked) == source.count("<details>")
    for question in asked:
        reasons = [re.sub(r"<[^>]*>", "", choice["explanation"]).strip() for choice in question["choices"]]
        assert [reason.startswith("Yes.") for reason in reasons].count(True) == 1
        assert not [reason for reason in reasons if re.match(r"Yes\b(?!\.)", reason)], "the right one begins with Yes and a period"
        assert len({choice["choice"] for choice in question["choices"]}) == len(question["choices"])
        assert "$" not in json.dumps(question), "a formula is MathML where no formula engine is"


@pytest.mark.parametrize("name", [*CHAPTERS, "adam", "mistakes"])
def test_each_prediction_has_choices_of_which_the_answer_is_one(name):
    notebook = CHAPTERS.get(name) or nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4)
    everything = "\n".join(each.source for each in notebook.cells if each.cell_type == "markdown")
    made = tool.predictions(notebook)
    assert len(made) == everything.count("**Predict.**") >= 2
    assert all(2 <= len(each.choices) <= 4 for each in made)


def test_the_right_choice_is_not_always_at_one_place():
    places = [each.right for notebook in CHAPTERS.values() for each in tool.predictions(notebook)]
    assert len(places) > 40
    assert max(places.count(place) for place in set(places)) < 0.5 * len(places)


YES, NO = "<details><summary>a</summary>\n\nYes. So it is.\n\n</details>", "<details><summary>b</summary>\n\nNo. It is not.\n\n</details>"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (f"**1. Why?**\n\n{NO}\n{NO}", "one of them with an explanation"),
        (f"**1. Why?**\n\n{YES}\n{YES}", "one of them with an explanation"),
        (f"**1. Why?**\n\n{YES}", "two or more choices"),
        (f"**2. Why?**\n\n{YES}\n{NO}", "question 2 stands where question 1"),
        (f"**1. Why?**\n\n{YES}\n{NO}\n\nMore.", "holds more than choices"),
    ],
)
def test_a_question_of_another_form_is_refused(source, says):
    with pytest.raises(tool.FormError, match=says):
        tool.questions(cell(source))


FOLD = "> <details><summary>Decide, then open.</summary>\n>\n> **a.** So.\n>\n> </details>"


@pytest.mark.parametrize(
    ("quote", "says"),
    [
        (
            "> **Predict.** Which?\n>\n> <details><summary>Decide, then open.</summary>\n>\n> **a.** So.\n>\n> </details>",
            "a list of choices",
        ),
        (
            "> **Predict.** Which?\n>\n> - a\n> - b\n>\n> <details><summary>Decide, then open.</summary>\n>\n> **c.** So.\n>\n> </details>",
            "one of",
        ),
    ],
)
def test_a_prediction_of_another_form_is_refused(quote, says):
    with pytest.raises(tool.FormError, match=says):
        tool.predictions(cell(quote, "one"))


def test_formulas_and_code_become_html():
    source = "**1. Is `x` $x^2$?**\n\n<details><summary>a</summary>\n\nYes. $y$ is `y`.\n\n</details>\n" + NO
    (question,) = tool.questions(cell(source))
    assert question["question"].startswith("Is <code>x</code> <span")
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in question["question"]
    assert "<mi>y</mi>" in question["choices"][0]["explanation"]


def test_contents_count_what_there_is():
    listed = contents()
    assert [chapter["page"] for chapter in listed["chapters"]] == [f"book/{name}" for name in CHAPTERS]
    for chapter, notebook in zip(listed["chapters"], CHAPTERS.values()):
        text = "\n".join(each.source for each in notebook.cells if each.cell_type == "markdown")
        assert chapter["predictions"] == text.count("> **Predict.**")
        assert chapter["questions"] == len(re.findall(r"^\*\*\d+\. .*\?\*\*$", text, re.MULTILINE))
        assert chapter["exercise"] is None or (ROOT / "exercises" / chapter["exercise"]).is_dir()
    assert listed["exercises"] == sorted(path.name for path in (ROOT / "exercises").iterdir() if path.is_dir())


# In Python


def test_a_chapter_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"chapter must be one of setup, loading, .*; got 'lodaing'"):
        ask("lodaing")


def test_nothing_heavy_is_imported_before_a_question_is_asked():
    code = "import sys, mnist_lib.widgets; print(*{'anywidget', 'ipywidgets', 'numpy', 'tensorflow'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []
    code = "import sys; from mnist_lib.widgets import ask; ask('model'); print('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False"]


def test_bins_of_a_hand_count():
    confidence = np.array([0.05, 0.1, 0.15, 0.95, 1.0, 0.92])
    right = np.array([True, False, True, True, True, False])
    assert calibration_bins(confidence, right, fewest=1) == [
        [2, pytest.approx(0.075), 0.5],  # 0.1 belongs to the lower bin
        [1, pytest.approx(0.15), 1.0],
        [3, pytest.approx(2.87 / 3), pytest.approx(2 / 3)],
    ]
    assert [row[0] for row in calibration_bins(confidence, right, fewest=2)] == [2, 3]


def test_bins_agree_with_scikit_learn(random):
    from sklearn.calibration import calibration_curve

    confidence, right = random.uniform(0.1, 1, 2000), random.random(2000) < 0.7
    share, mean = calibration_curve(right, confidence, n_bins=10)
    rows = np.array(calibration_bins(confidence, right, fewest=1))
    assert np.allclose(rows[:, 1:], np.stack([mean, share], axis=1), rtol=0, atol=1e-12)
    assert rows[:, 0].sum() == 2000


def read(random, n=400):
    """Readings of a made-up network that is right in about nine of ten, and says 85% each time."""
    labels = random.integers(0, 10, n)
    predictions = np.where(random.random(n) < 0.9, labels, (labels + 1) % 10)
    probabilities = np.full((n, 10), 0.15 / 9)
    probabilities[np.arange(n), predictions] = 0.85
    nothing = np.zeros(10)
    return Evaluation(0.9, (0.8, 1.0), 0.3, np.zeros((10, 10), int), nothing, nothing, labels, predictions, probabilities, labels[:0])


def test_calibration_is_that_of_the_readings(random):
    result = read(random)
    shown = own_calibration(result)
    right = (result.labels == result.predictions).mean()
    assert shown.bins == [[400, pytest.approx(0.85), right]]
    assert (shown.digits, shown.right_by_network) == (400, right)
    assert shown.said_by_network == pytest.approx(0.85)
    with pytest.raises(TypeError, match=r"what evaluate\(…\) returns, an Evaluation; got float"):
        own_calibration(0.9)


# In a browser


def predict_box(quote):
    """A call-out as the site has it."""
    inside = re.sub(r"^> ?", "", quote, flags=re.MULTILINE).replace("**Predict.** ", "", 1)
    return (
        f'<div class="admonition course-callout course-predict"><p class="admonition-title">Predict</p>{tool.MARKDOWN.render(inside)}</div>'
    )


def html(name, article, scripts, title="Page"):
    """A page like the theme's: a contents list, and an article."""
    links = "".join(
        f'<li><a class="reference internal" href="{"#" if each == name else f"../{each}.html"}">{each}</a></li>'
        for each in ("book/index", "book/04-model", "book/08-visualization", "book/10-capstone", "book/exercises")
    )
    loaded = "".join(f'<script defer src="../_static/{each}" data-page="{name}"></script>' for each in scripts)
    return (
        '<!DOCTYPE html><html lang="en" data-content_root="../" data-theme="light"><head><meta charset="utf-8">'
        f'<title>{title}</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="../_static/widgets.css"><link rel="stylesheet" href="../_static/progress.css">'
        f'{loaded}</head><body><nav class="bd-links" aria-label="Main"><ul>{links}</ul></nav>'
        f'<main><article class="bd-article">{article}</article></main></body></html>'
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the site's scripts and pages made of the chapters' Markdown."""
    folder = tmp_path_factory.mktemp("pages")
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=str(folder))
    write_scripts(app)
    write_contents(app)
    for script in (ROOT / "book" / "static").glob("*.*"):
        (folder / "_static" / script.name).write_bytes(script.read_bytes())
    scripts = ["contents.js", "progress.js", "widgets.js", "questions.js", "predictions.js"]
    (folder / "book").mkdir()

    def write(name, article, scripts=scripts):
        (folder / f"{name}.html").write_text(html(name, article, scripts), encoding="utf-8")

    for name in ("04-model", "08-visualization", "10-capstone"):
        cells = CHAPTERS[name].cells
        quotes = [quote for each in cells if each.cell_type == "markdown" for quote in tool.PREDICT.findall(each.source)]
        sections = {each.id: tool.MARKDOWN.render(each.source) for each in cells if each.id in ("questions", "summary")}
        article = f"<section><h1>Chapter</h1>{''.join(map(predict_box, quotes))}"
        if name == "10-capstone":
            article += own_calibration(read(np.random.default_rng(0))).to_html()
        far = '<p style="height: 3000px">A long chapter.</p>'
        article += f'<section id="check-yourself">{sections["questions"]}</section>{far}<section>{sections["summary"]}</section></section>'
        write(f"book/{name}", article)
    write("book/index", '<section><h1>Course</h1><section id="the-stages"><h2>The stages</h2><p>…</p></section></section>')
    rows = "".join(
        f'<tr><td><a href="https://example.org/exercises/{name}/{name[3:]}.ipynb">{name[3:]}</a></td></tr>'
        for name in contents()["exercises"]
    )
    write("book/exercises", f"<section><h1>Exercises</h1><table><tbody>{rows}</tbody></table></section>")
    notebook = (
        "<section><h1>Notebook</h1>" + ask("model").to_html() + own_calibration(read(np.random.default_rng(0))).to_html() + "</section>"
    )
    write("book/notebook", notebook, ["widgets.js"])
    return folder


@pytest.fixture
def visit(browser, site):
    """Opens a page from its folder, all in one context; whatever goes wrong fails the test."""
    contexts, faults = [], []

    def visit_page(name, **options):
        if not contexts or options:
            contexts.append(browser.new_context(**({"viewport": {"width": 1000, "height": 700}} | options)))
        page = contexts[-1].new_page()
        page.on("console", lambda message: message.type in {"error", "warning"} and faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or faults.append(request.url))
        page.goto((site / "book" / f"{name}.html").as_uri())
        return page

    yield visit_page
    for context in contexts:
        context.close()
    assert faults == []


def forms(page):
    page.wait_for_selector("#check-yourself form")
    return page.locator("#check-yourself form")


def kept(page):
    return json.loads(page.evaluate("key => localStorage.getItem(key)", KEY) or "null")


def mark_of(page, name):
    """What a screen reader hears behind a chapter in the contents list."""
    link = page.locator("nav.bd-links a", has_text=f"book/{name}")
    return link.locator(".course-unseen").text_content().strip() if link.locator(".course-unseen").count() else None


def test_wrong_then_right_by_mouse(visit):
    page = visit("04-model")
    form = forms(page).nth(1)
    said = form.get_by_role("status")
    form.get_by_role("button", name="Check").click()
    assert said.inner_text() == "Choose an answer first."
    form.get_by_label("(784, 64)").check()
    assert said.inner_text() == "Choose an answer first.", "choosing alone answers nothing"
    form.get_by_role("button", name="Check").click()
    assert said.inner_text().split("\n")[0] == "✗ Not right"
    assert "That is the shape of the weights." in said.inner_text()
    form.get_by_label("(500, 64)").check()
    form.get_by_role("button", name="Check").click()
    assert said.inner_text().split("\n")[0] == "✓ Right"
    assert "One row for each image" in said.inner_text()
    assert form.get_by_role("radio", name="(784, 64) not right").count() == 1, "what was tried is marked by a word too"
    assert kept(page)["questions"] == {"book/04-model": {"2": "later"}}


def test_right_at_once_and_wrong_later_stays_right(visit):
    page = visit("04-model")
    form = forms(page).nth(1)
    for choice in ("(500, 64)", "(64,)"):
        form.get_by_label(choice).check()
        form.get_by_role("button", name="Check").click()
    assert kept(page)["questions"] == {"book/04-model": {"2": "first"}}


def test_keys_suffice(visit):
    page = visit("04-model")
    form = forms(page).nth(1)
    form.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    assert form.get_by_role("status").inner_text() == "", "arrow keys pass over choices without answering"
    page.keyboard.press("Enter")
    assert form.get_by_role("status").inner_text().startswith("✗")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Space")
    assert form.get_by_role("status").inner_text().startswith("✓")
    assert page.evaluate("document.activeElement.textContent") == "Check", "the focus stays where it was"


def test_touch_suffices_on_a_phone(visit):
    page = visit("04-model", viewport=PHONE, has_touch=True, is_mobile=True)
    form = forms(page).nth(2)
    form.get_by_text("What one dense layer can compute").first.tap()
    form.get_by_role("button", name="Check").tap()
    assert form.get_by_role("status").inner_text().startswith("✓")
    box = page.locator(".course-prediction").nth(2)
    box.get_by_text("101,770").tap()
    box.get_by_text("sure", exact=True).tap()
    box.get_by_role("button").tap()
    assert "✓ Right. You were sure." in box.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    small = "[...document.querySelectorAll('label, button')].filter(e => e.offsetHeight && e.offsetHeight < 24).map(e => e.outerHTML)"
    assert page.evaluate(small) == []


def test_a_number_is_typed(visit):
    page = visit("04-model")
    form = forms(page).first
    field, said = form.get_by_label("Your answer, a number:"), form.get_by_role("status")

    def says(typed):
        field.fill(typed)
        field.press("Enter")
        return said.inner_text()

    assert says("") == "Type a number first."
    assert says("many") == "That is no number."
    assert kept(page) is None or kept(page)["questions"] == {}, "neither is an answer"
    assert "Those are the weights" in says("600")
    assert "There is a bias for each neuron, not for each input." in says("630.0")
    other = says("17")
    assert other.startswith("✗ Not right")
    assert "open the answers below" in other
    assert says(" 620 ").startswith("✓ Right")
    assert kept(page)["questions"]["book/04-model"]["1"] == "later"
    form.get_by_text("Some answers, explained").click()
    form.locator(".course-all details").first.locator("summary").click()
    assert form.get_by_text("Those are the weights").last.is_visible()


@pytest.mark.parametrize(("typed", "right"), [("5", True), ("5.0", True), ("5,0", True), ("0,4", False), (".4", False), ("-5", False)])
def test_numbers_as_people_write_them(visit, typed, right):
    form = forms(visit("08-visualization")).first
    form.get_by_role("textbox").fill(typed)
    form.get_by_role("textbox").press("Enter")
    said = form.get_by_role("status").inner_text()
    assert said.startswith("✓") == right
    assert ("percentage points" in said) == (typed in ("0,4", ".4"))


def test_progress_stays_is_shown_and_can_be_erased_by_keys(visit):
    page = visit("04-model")
    form = forms(page).nth(1)
    form.get_by_label("(500, 64)").check()
    form.get_by_role("button", name="Check").click()
    assert mark_of(page, "04-model") == "(1 of 4 questions right)"
    page.locator(".course-end").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.course-end input').checked")
    page.get_by_label("I have done these exercises.").check()
    words = "(read, 1 of 4 questions right, exercises done)"
    assert mark_of(page, "04-model") == words

    page.reload()
    assert "You answered this one right at the first try." in forms(page).nth(1).inner_text()
    exercises = visit("exercises")
    assert mark_of(exercises, "04-model") == words
    assert mark_of(exercises, "exercises") == "(1 of 9 sets done)"
    assert exercises.get_by_label("done with the exercises on model").is_checked()
    exercises.get_by_label("done with the exercises on loading").check()

    index = visit("index")
    panel = index.locator(".course-progress")
    assert panel.get_by_role("listitem").all_inner_texts() == [
        "1 of 10 chapters read",
        "1 of 40 questions answered rightly, 1 of them at the first try",
        "0 of 41 predictions made",
        "2 of 9 exercise sets done",
    ]
    panel.get_by_role("button", name="Erase").focus()
    index.keyboard.press("Enter")
    assert index.evaluate("document.activeElement.textContent") == "Keep it"
    index.keyboard.press("Escape")
    assert kept(index)["exercises"], "nothing is erased by Escape"
    assert index.evaluate("document.activeElement.textContent") == "Erase"
    index.keyboard.press("Enter")
    index.keyboard.press("Shift+Tab")
    index.keyboard.press("Enter")
    assert "erased" in panel.get_by_role("status").inner_text()
    assert kept(index) is None
    assert mark_of(index, "04-model") is None
    assert panel.get_by_role("listitem").first.inner_text() == "0 of 10 chapters read"
    page.wait_for_function("!document.querySelector('nav .course-marks')")  # the other page hears of it


def test_a_tick_that_was_taken_away_stays_away(visit):
    page = visit("04-model")
    page.locator(".course-end").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.course-end input').checked")
    page.get_by_label("I have read this chapter.").uncheck()
    page.reload()
    page.locator(".course-end").scroll_into_view_if_needed()
    page.wait_for_function("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
    assert not page.get_by_label("I have read this chapter.").is_checked()
    assert kept(page)["read"] == {"book/04-model": False}


def test_a_prediction_can_be_changed_until_it_is_opened(visit):
    page = visit("04-model")
    box = page.locator(".course-predict").nth(1)
    answer = box.locator("details")
    box.get_by_role("button", name="Open the answer").click()
    assert "Choose what you predict first." in box.inner_text()
    box.get_by_label("Yes, since they have more parameters").check()
    box.get_by_role("button", name="Open the answer").click()
    assert "Say first how sure you are." in box.inner_text()
    assert answer.get_attribute("open") is None
    box.get_by_label("a guess").check()
    page.reload()
    assert box.get_by_label("Yes, since they have more parameters").is_checked(), "remembered before it is opened"
    box.get_by_label("No", exact=True).check()
    box.get_by_label("75%").check()
    box.get_by_role("button", name="Open the answer").click()
    assert answer.get_attribute("open") is not None
    assert page.evaluate("document.activeElement.textContent") == "The answer"
    assert "✓ Right. You were 75% sure." in box.inner_text()
    assert kept(page)["predictions"] == {"book/04-model": {"2": {"choice": 2, "confidence": "75", "opened": True, "of": 3, "right": True}}}
    page.reload()
    assert box.get_by_role("radio").first.is_disabled()
    assert "✓ Right. You were 75% sure." in box.inner_text()
    assert mark_of(page, "04-model") == "(1 of 4 predictions made)"


def test_an_answer_that_was_opened_first_is_no_prediction(visit):
    page = visit("04-model")
    box = page.locator(".course-predict").first
    box.get_by_text("Open it without a prediction").click()
    box.get_by_text("does not count").wait_for()
    assert box.get_by_role("radio").first.is_disabled()
    assert page.evaluate("courseProgress.predictions()") == []
    assert mark_of(page, "04-model") is None


def test_answers_opened_together_stay_open_until_all_is_erased(visit):
    page = visit("04-model")
    page.evaluate("document.querySelectorAll('.course-predict details').forEach(fold => fold.open = true)")
    page.wait_for_function("document.querySelectorAll('.course-prediction fieldset:disabled').length === 8")
    assert page.locator(".course-predict details[open]").count() == 4
    page.evaluate("courseProgress.erase()")
    assert page.locator(".course-predict details[open]").count() == 0
    assert page.locator(".course-predict").first.get_by_role("radio").first.is_enabled()


def test_every_prediction_of_the_pages_knows_its_right_choice(visit):
    for name in ("04-model", "08-visualization", "10-capstone"):
        page = visit(name)
        expected = tool.predictions(CHAPTERS[name])
        boxes = page.locator(".course-prediction")
        assert boxes.count() == len(expected)
        for index, prediction in enumerate(expected):
            box = boxes.nth(index)
            box.get_by_role("radio").nth(prediction.right).check()
            box.get_by_label("sure", exact=True).check()
            box.get_by_role("button").click()
        assert [each["right"] for each in page.evaluate("courseProgress.predictions()")[-len(expected) :]] == [True] * len(expected)


def made(count, right, confidence, of=3):
    return [{"choice": 0, "confidence": confidence, "of": of, "opened": True, "right": each < right} for each in range(count)]


def remembering(visit, predictions, **options):
    page = visit("index", **options)
    record = {str(number): each for number, each in enumerate(predictions, start=1)}
    page.evaluate(
        "([key, predictions]) => localStorage.setItem(key, JSON.stringify({predictions: {'book/04-model': predictions}}))", [KEY, record]
    )
    page = visit("10-capstone")
    page.locator(".course-widget").scroll_into_view_if_needed()
    page.wait_for_selector(".course-calibration svg")
    return page


def test_own_calibration_is_drawn_where_it_belongs(visit):
    skipped = {"opened": True, "skipped": True}
    page = remembering(visit, [*made(4, 1, "guess"), *made(4, 2, "guess", of=2), *made(10, 6, "75"), *made(5, 5, "sure"), skipped])
    drawn = page.evaluate(
        """() => ({
            squares: [...document.querySelectorAll('svg[role=img] rect')].map(r => [r.x.baseVal.value + 5, r.y.baseVal.value + 5]),
            bars: [...document.querySelectorAll('line.course-of-reader')].map(l => [l.y1.baseVal.value, l.y2.baseVal.value]),
            circles: document.querySelectorAll('svg[role=img] circle').length,
            diagonal: ['x1', 'x2', 'y1', 'y2'].map(n => document.querySelector('.course-diagonal')[n].baseVal.value),
            said: document.querySelector('.course-calibration [role=status]').innerText,
            label: document.querySelector('svg[role=img]').getAttribute('aria-label'),
        })"""
    )
    left, right, bottom, top = drawn["diagonal"]
    x, y = (lambda share: left + (right - left) * share), (lambda share: bottom + (top - bottom) * share)
    groups = [(5 / 12, 3, 8), (0.75, 6, 10), (1.0, 5, 5)]  # guesses: four of 1/3, four of 1/2
    for (stated, hits, n), square, bar in zip(groups, drawn["squares"], drawn["bars"], strict=True):
        assert square == pytest.approx([x(stated), y(hits / n)], abs=0.01)
        assert bar == pytest.approx([y(end) for end in wilson_interval(hits, n)], abs=0.01)
    assert drawn["circles"] == 1, "all readings of the made-up network lie in one bin"
    stated = (4 / 3 + 4 / 2 + 10 * 0.75 + 5) / 23
    assert f"You said {stated:.1%} on average and were right in {14 / 23:.1%} of 23 predictions" in drawn["said"]
    assert "The network said 85.0% on average" in drawn["said"]
    assert "75%, right in 6 of 10" in drawn["label"]
    page.get_by_text("The numbers", exact=True).click()
    assert page.get_by_role("row").all_inner_texts()[1:4] == ["you\ta guess (42%)\t3 of 8", "you\t75%\t6 of 10", "you\tsure (100%)\t5 of 5"]


def test_too_few_predictions_say_how_many_are_missing(visit):
    page = remembering(visit, made(3, 2, "75"), viewport=PHONE)
    said = page.locator(".course-calibration").get_by_role("status").inner_text()
    assert "You have made 3 predictions; your curve begins with 5, so 2 more are needed." in said
    assert page.locator("rect.course-of-reader").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_in_a_notebook_the_same_questions_and_the_network_alone(visit):
    page = visit("notebook")
    page.wait_for_selector(".course-question")
    form = page.locator(".course-question").nth(1)
    assert form.get_by_text("2. 500 images of shape").count() == 1
    assert form.locator("legend code").first.inner_text() == "Flatten"
    form.get_by_label("(64,)").check()
    form.get_by_role("button", name="Check").click()
    assert "Each image gets its own 64 answers." in form.get_by_role("status").inner_text()
    page.locator(".course-widget").last.scroll_into_view_if_needed()
    page.wait_for_selector(".course-calibration svg")
    assert "Your own curve stands on the course's website" in page.locator(".course-calibration").inner_text()
    assert page.locator("rect.course-of-reader").count() == 0


def test_without_scripts_the_folds_are_there(visit):
    page = visit("04-model", java_script_enabled=False)
    assert page.locator("form, input").count() == 0
    fold = page.locator("#check-yourself details").first
    fold.locator("summary").click()
    assert fold.get_by_text("Those are the weights").is_visible()
    assert page.locator(".course-predict li").first.is_visible()
    assert page.locator(".course-predict summary").first.inner_text() == "Decide, then open."


REFUSED = "Object.defineProperty(window, 'localStorage', {get() {throw new DOMException('denied', 'SecurityError')}})"
MISSING = "Object.defineProperty(window, 'localStorage', {value: undefined})"
FULL = "Storage.prototype.setItem = () => {throw new DOMException('full', 'QuotaExceededError')}"


@pytest.mark.parametrize("broken", [REFUSED, MISSING, FULL])
def test_without_memory_all_works_and_says_so_once(browser, site, broken):
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    context.add_init_script(broken)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((site / "book" / "04-model.html").as_uri())
    for number, choice in ((1, "(500, 64)"), (2, "What one dense layer can compute")):
        forms(page).nth(number).get_by_label(choice).check()
        forms(page).nth(number).get_by_role("button", name="Check").click()
        assert forms(page).nth(number).get_by_role("status").inner_text().startswith("✓")
    assert mark_of(page, "04-model") == "(2 of 4 questions right)"
    assert page.locator(".course-forgets").count() == 1
    assert "is forgotten when you leave it" in page.locator(".course-forgets").inner_text()
    page.goto((site / "book" / "index.html").as_uri())
    assert page.locator(".course-forgets").count() == 1
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("button", name="Erase it all").click()
    assert faults == []
    context.close()


@pytest.mark.parametrize("damaged", ["{", "[]", '{"questions": 3, "read": []}'])
def test_what_cannot_be_read_is_begun_anew(visit, damaged):
    page = visit("index")
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, damaged])
    page = visit("04-model")
    forms(page).nth(1).get_by_label("(500, 64)").check()
    forms(page).nth(1).get_by_role("button", name="Check").click()
    assert kept(page)["questions"] == {"book/04-model": {"2": "first"}}


UNNAMED = """() => [...document.querySelectorAll('input, button, fieldset, form svg, summary')].filter(part => {
    if (part.getAttribute('aria-hidden') === 'true') return false;
    const by = part.getAttribute('aria-labelledby');
    if (by) return !document.getElementById(by)?.textContent.trim();
    if (part.matches('fieldset')) return !part.querySelector('legend')?.textContent.trim();
    if (part.matches('input')) return ![...part.labels].some(label => label.textContent.trim());
    return !(part.textContent.trim() || part.getAttribute('aria-label'));
}).map(part => part.outerHTML)"""


@pytest.mark.parametrize("name", ["04-model", "08-visualization", "10-capstone", "index", "exercises", "notebook"])
def test_everything_has_a_name_and_ids_are_single(visit, name):
    page = visit(name)
    page.wait_for_selector("#check-yourself form, .course-progress, td .course-tick, .course-question")
    assert page.evaluate(UNNAMED) == []
    assert (
        page.evaluate("(ids => ids.filter((id, i) => ids.indexOf(id) !== i))([...document.querySelectorAll('[id]')].map(e => e.id))") == []
    )
    for region in page.locator("[role=status]").all():
        assert region.evaluate("part => getComputedStyle(part).display") != "none", "a hidden region is not read out"
