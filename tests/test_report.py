"""What teachers read after a class was graded: the page on the class, tables for an LMS, and the sentences on what stopped."""

import re
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

pytest.importorskip("nbgrader")

from mnist_lib import checks
from mnist_lib.checks import _wire
from mnist_lib.checks._task import Inputs
from mnist_lib.grading import export, score
from mnist_lib.grading.many import Line
from mnist_lib.grading.report import Report
from mnist_lib.grading.roster import Student
from mnist_lib.grading.score import Verdict
from mnist_lib.grading.session import Run

SET, TASK = "06-training", "training.accuracy"
IMAGES = np.arange(20 * 784, dtype=np.uint8).reshape(20, 28, 28)
LABELS = np.arange(20) % 10


@pytest.fixture
def report():
    secret = SimpleNamespace(inputs={TASK: Inputs([(IMAGES,)], secret=LABELS)})
    return Report({SET: SimpleNamespace(name=SET, secret=secret, edition="sample", seed_id="abc", version="1.0", notebook_version="v1")})


class Results:
    """A store that holds some results: points of ten, and the digits that were misread."""

    def __init__(self, **kept):
        self.kept = kept

    def result(self, student, assignment):
        if student not in self.kept:
            return None
        points, wrong = self.kept[student]
        verdicts = {TASK: Verdict(points, 10, "said", "private"), "training.words": Verdict(0, 0, "by hand", "by hand")}
        return SimpleNamespace(verdicts=verdicts, misread={TASK: wrong} if wrong is not None else {}), "key"


# The page


def test_the_page_shows_tasks_accuracies_and_the_hardest_digits_without_names(report):
    lines = [Line("ada", SET, "ada.ipynb", seconds=3), Line("eve", SET, "eve.ipynb", seconds=40), Line("bob", SET, "bob.ipynb", seconds=5)]
    lines += [
        Line("cy", SET, "cy.ipynb", refused="What came is a zip that holds 2 notebooks (cy.ipynb, c.ipynb); expected is a notebook."),
        Line("dan", SET, "dan.ipynb", failed="its worker was lost"),
        Line("zoe", SET, "zoe.ipynb"),
    ]
    store = Results(ada=(10, [3, 4]), eve=(5, [3]), bob=(0, list(range(19))), cy=(10, [5]))
    for line in lines:
        report.add(store, line)
    page = report.page(lines, attention=1)
    assert "6 submissions: 4 graded, 1 refused, 1 without a verdict." in page
    assert "<p>1 thing to decide or to look at: attention.txt.</p>" in page
    # Three results: 10, 5 and 0 of 10. What was refused counts nowhere, and what a person grades is no task of the page.
    assert "<td>50%</td><td>33%</td><td>33%</td>" in page
    assert "training.words" not in page
    assert "Accuracies of 3 models: median 90.0%, from 5.0% to 95.0%." in page
    assert page.count("<rect ") == 20
    heights = [float(each) for each in re.findall(r'height="([\d.]+)"><title>', page)]
    assert max(heights) == 140
    # Digit 3 was misread by both that do not guess; bob's nineteen do not count.
    assert [*re.findall(r"<figcaption>(.*?)</figcaption>", page)] == ["3: 2", "4: 1"]
    assert 'alt="a digit labelled 3, misread by 2 of 2"' in page
    slowest = page.partition("<h2>Slowest</h2>")[2].partition("</table>")[0]
    assert re.findall(r"<td>(\d+)</td><td>06-training</td><td>(\d+)</td>", slowest) == [("2", "40"), ("3", "5"), ("1", "3")]
    assert "What came is a zip that holds 2 notebooks; expected is a notebook." in page
    assert "<h2>Without a verdict</h2>" in page
    assert "06-training: sample edition of MNIST, seed abc, mnist_lib 1.0" in page
    assert not any(name in page for name in ("ada", "eve", "bob", "dan", "zoe", "cy.ipynb"))


def test_a_page_on_nothing_says_so(report):
    page = report.page([])
    assert "<h1>Grades: nothing</h1>" in page
    assert "0 submissions: 0 graded, 0 refused, 0 without a verdict." in page
    assert not any(words in page for words in ("attention.txt", "Points per task", "<svg", "Slowest", "Refused</h2>"))


def test_a_bar_of_stragglers_is_said_to_hold_them(report):
    report.accuracies[TASK] = [0.01, *[0.97] * 40]
    page = report.page([])
    assert "Accuracies of 41 models: median 97.0%, from 1.0% to 97.0%. The leftmost bar holds all below 90% as well." in page
    report.accuracies[TASK] = [0.97]
    assert "Accuracies of 1 model: median 97.0%" in report.page([])
    assert "leftmost" not in report.page([])


# For an LMS


POINTS = {
    ("ada", "02-loading"): {"score": 9.5, "max_score": 10, "handed_in": True},
    ("ada", "03-preprocessing"): {"score": 0, "max_score": 12, "handed_in": False},
    ("eve", "02-loading"): {"score": 0, "max_score": 10, "handed_in": True},
    ("bob", "02-loading"): {"score": 0, "max_score": 10, "handed_in": False},
}
SETS = ["02-loading", "03-preprocessing"]
ADA = Student("ada", "Ada", "Lovelace", "ada@example.org", "7001", {"Student": "Lovelace, Ada", "ID": "7001", "Section": "A"})
EVE, BOB = Student("eve", "Eve", "Curie"), Student("bob")


def test_canvas_gets_its_own_columns_and_nothing_of_who_handed_nothing_in():
    columns, lines = export._canvas([ADA, EVE, BOB], SETS, POINTS)
    assert columns == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *SETS]
    possible, ada, eve = lines
    assert possible == {"Student": "    Points Possible", "02-loading": 10, "03-preprocessing": 12}
    assert (ada["Student"], ada["ID"], ada["SIS Login ID"], ada["02-loading"]) == ("Lovelace, Ada", "7001", "ada", 9.5)
    assert "03-preprocessing" not in ada, "an empty cell would delete a grade"
    assert (eve["Student"], eve["02-loading"]) == ("Curie, Eve", 0)


def test_moodle_gets_the_roster_s_columns_or_nbgrader_s():
    columns, lines = export._moodle([ADA, BOB], SETS, POINTS)
    assert columns == ["Student", "ID", "Section", *SETS]
    assert lines == [{**ADA.row, "02-loading": 9.5}]
    columns, lines = export._moodle([EVE], SETS, POINTS)
    assert columns == ["id", "last_name", "first_name", "email", *SETS]
    assert lines == [{"id": "eve", "last_name": "Curie", "first_name": "Eve", "email": "", "02-loading": 0}]


def test_a_set_of_which_all_was_refused_has_no_rows():
    from nbgrader.api import MissingEntry

    def missing(name):
        raise MissingEntry(name)

    assert export.rows(SimpleNamespace(find_assignment=missing), ["02-loading"]) == []


# What a student reads of what stopped


def test_a_notebook_that_stopped_is_said_to_have():
    ended = Run(new_notebook(), stopped="it took more memory than there is", ran=["start", "answer-describe"])
    assert score._stopped(ended, "check-describe") == (
        "The notebook was stopped in the cell `answer-describe`: it took more memory than there is. "
        "Answers checked before that cell have counted."
    )
    slow = Run(new_notebook(), overtime=["check-describe", "own"])
    assert score._stopped(slow, "check-describe") == "The check of this task was stopped: it took too long."
    assert "was not run again to say why, since this took too long: check-describe, own." in score._stopped(slow, "check-other")


def test_an_explanation_tells_right_for_known_numbers_from_wrong():
    task = checks.find("loading.class_counts")
    inputs = task.inputs(0)
    right, run = task.reference(inputs), Run(new_notebook(), handed_over={"cell": "something"})
    assert score._explained(task, right, inputs, run, "cell").startswith(
        "Right for the numbers that the notebook's own check hands in, but"
    )
    wrong = [[0] * 10 for _ in right]
    assert score._explained(task, wrong, inputs, run, "cell").startswith("With the numbers of the notebook's own check: ")
    ended = Run(new_notebook(), stopped="it took too long", ran=["start"])
    assert score._explained(task, wrong, inputs, ended, "cell").startswith("The notebook was stopped in the cell `start`")


def test_outputs_that_cannot_be_read_count_as_none():
    cells = {"read": "loading.a", "short": "loading.b", "forged": "loading.c", "silent": "loading.d", "failed": "loading.e"}
    error = new_output("error", ename="ValueError", evalue="first line\nsecond", traceback=[])
    notebook = new_notebook(cells=[new_code_cell("", id="failed", outputs=[error])])
    run = Run(notebook, handed_over={"read": _wire.packed([1, 2]), "short": _wire.packed([1]), "forged": "{"})
    trial = SimpleNamespace(inputs=dict.fromkeys(cells.values(), Inputs([(), ()])))
    found = score._outputs(run, {cell: (task, "answer") for cell, task in cells.items()}, trial)
    assert found["loading.a"] == [1, 2]
    assert [each.sentence for each in found["loading.b"]] == ["what came out cannot be read: expected the outputs of 2 cases"] * 2
    assert found["loading.c"][0].sentence.startswith("what came out cannot be read: ")
    assert found["loading.d"][1].sentence == score.NO_OUTPUT
    assert found["loading.e"][0].sentence == "it stopped with ValueError: first line"


def test_a_graded_cell_without_its_check_is_named():
    settings = {"grade": True, "solution": False, "grade_id": "x", "points": 1, "locked": True, "schema_version": 3}
    good = new_code_cell('check("loading.describe", describe)', id="good", metadata={"nbgrader": settings})
    assert score.graded_cells(new_notebook(cells=[good, new_code_cell("x = 1")])) == {"good": ("loading.describe", "describe")}
    bad = nbformat.from_dict({**good, "source": "print(1)", "id": "bad"})
    with pytest.raises(ValueError, match="the graded cell bad has no line of the form check"):
        score.graded_cells(new_notebook(cells=[bad]))
