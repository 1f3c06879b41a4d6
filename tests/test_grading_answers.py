"""The grader gives right answers full points and damaged notebooks what they deserve: a short set; `tests/bench` grades all of them."""

import ast
import itertools

import nbformat
import numpy as np
import pytest
from conftest import ROOT

pytest.importorskip("nbgrader")

import submissions
from submissions import assignment, damage_faults, damaged, faults, right_submissions, wrong_submissions

from mnist_lib import checks
from mnist_lib.checks import _collect, _reading, _wire
from mnist_lib.grading import intake
from mnist_lib.grading.one import grade_one
from mnist_lib.grading.sandbox import Limits

# Each set with the notebooks that are graded here: plain, loud, with progress bars.
RIGHT = [
    ("loading", "right-02"),
    ("loading", "right-05-noisy"),
    ("preprocessing", "right-01"),
    ("evaluation", "right-04"),
    ("visualization", "right-02-noisy"),
    ("compilation", "right-03-progress"),
]
WHOLE = ("setup", "loading", "visualization")
DAMAGED = {
    "metadata_and_ids_gone",
    "reordered",
    "format_3",
    "utf_16",
    "answer_with_a_syntax_error",
    "process_ended_in_an_answer",
    "sys_exit_in_an_answer",
    "built_in_names_shadowed",
    "print_and_display_shadowed",
    "input_left_over",
    "magics_left_over",
    "file_of_their_own_in_an_answer",
}
KINDS = {name: (data, expected) for name, data, expected in damaged()}


# The notebooks themselves


@pytest.mark.parametrize("right", [True, False])
def test_each_known_answer_stands_in_a_notebook(right):
    for stage in checks.SETS:
        tasks = [task for task in checks.tasks(stage) if (ROOT / "tests" / "answers" / stage / f"{task}.py").exists()]
        known = {(f"{stage}.{task}", name) for task in tasks for name in submissions.answers(stage, task, right=right)}
        made = right_submissions(stage) if right else wrong_submissions(stage)
        assert known <= {pair for each in made.values() for pair in each.answers.items()}
        assert bool(known) == (stage != "setup")


@pytest.mark.parametrize("stage", checks.SETS)
def test_intake_finds_each_answer_in_its_place(stage):
    released = nbformat.read(ROOT / "exercises" / submissions.CHAPTERS[stage] / f"{stage}.ipynb", as_version=4)
    stubs = {cell.id: cell.source for cell in released.cells}
    asked = {cell: function for function, cell in submissions._functions(stage).items()}
    for name, each in right_submissions(stage).items():
        cells = {cell.id: cell.source for cell in intake.rebuild(intake.read(each.data), released).cells}
        for cell, function in asked.items():
            bound = [node.name for node in ast.walk(ast.parse(cells[cell])) if isinstance(node, ast.FunctionDef)]
            bound += [node.id for node in ast.walk(ast.parse(cells[cell])) if isinstance(node, ast.Name)]
            assert function in bound, (name, cell)
            assert cells[cell] != stubs[cell], (name, cell)


def test_there_are_enough_damaged_notebooks():
    assert len(KINDS) == len(damaged()), "two bear one name"
    assert sum(isinstance(expected, str) for _, expected in KINDS.values()) >= 15
    assert sum(expected == submissions.FULL for _, expected in KINDS.values()) >= 25
    assert len({data for data, _ in KINDS.values()}) == len(KINDS)
    assert set(KINDS) >= DAMAGED


def in_another_form(value, form):
    """A right output with its arrays replaced: what a student may return instead of an array."""
    if isinstance(value, np.ndarray):
        return form(value)
    if isinstance(value, dict):
        return {key: in_another_form(each, form) for key, each in value.items()}
    return type(value)(in_another_form(each, form) for each in value) if isinstance(value, (list, tuple)) else value


FORMS = {
    "lists": lambda array: array.tolist(),
    "the longest floats": lambda array: array.astype(np.longdouble) if array.dtype.kind == "f" else array,
    "short floats": lambda array: array.astype(np.float16) if array.dtype.kind == "f" else array,
    "another order of bytes": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "another order of axes in memory": np.asfortranarray,
    "masked arrays": np.ma.array,
}


@pytest.mark.parametrize("form", FORMS)
def test_what_the_visible_check_takes_also_crosses_the_sandbox_s_border(form):
    """As plain data a right output earns behind the border what it earns in the notebook."""
    seen = 0
    for stage in checks.SETS:
        for task in checks.tasks(stage).values():
            if task.worth and task.collect in ("call", "call unchanged") and task.reference is not _reading.reference:
                inputs = task.inputs(5)
                came = [_collect.plain(in_another_form(each, FORMS[form])) for each in task.reference(inputs)]
                at_home = checks.verdict(task, came, inputs)[0]
                try:
                    beyond = checks.verdict(task, _wire.unpacked(_wire.packed(came)), inputs)[0]
                except ValueError as error:
                    beyond = str(error)
                assert beyond == at_home, f"{stage}.{task.name}"
                seen += at_home == task.worth
    assert seen > 10


# Graded


@pytest.mark.parametrize(("stage", "name"), RIGHT)
def test_right_answers_get_full_points(sandboxed, stage, name):
    handed_in = right_submissions(stage)[name]
    result = grade_one(handed_in.data, assignment(stage))
    assert faults(result, handed_in.expected) == []
    assert result.stopped is None


@pytest.mark.parametrize("stage", WHOLE)
def test_the_solution_gets_everything_and_the_untouched_exercise_nothing(sandboxed, stage):
    worth = sum(task.worth for task in checks.tasks(stage).values())
    for handed_in, points in ((right_submissions(stage)["solution"], worth), (wrong_submissions(stage)["blank"], 0)):
        result = grade_one(handed_in.data, assignment(stage))
        assert faults(result, handed_in.expected) == []
        assert result.score == points


def test_wrong_answers_get_what_they_deserve_and_a_sentence(sandboxed):
    handed_in = wrong_submissions("loading")["wrong-02"]
    assert set(handed_in.expected.values()) > {0}
    result = grade_one(handed_in.data, assignment("loading"))
    assert faults(result, handed_in.expected) == []
    assert all(len(verdict.sentence) > 20 for verdict in result.verdicts.values())


@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_damaged_notebooks_get_what_they_deserve(sandboxed, name):
    data, expected = KINDS[name]
    assert damage_faults(grade_one(data, assignment("loading"), submissions.SOON), expected) == []


def test_an_endless_loop_costs_its_own_task_alone(sandboxed):
    data, expected = KINDS["endless_loop_in_an_answer"]
    result = grade_one(data, assignment("loading"), Limits(cell=8, total=60))
    assert damage_faults(result, expected) == []
    assert "took too long" in result.verdicts["loading.class_counts"].sentence


@pytest.mark.parametrize("name", [name for name, (_, expected) in KINDS.items() if isinstance(expected, str)])
def test_what_cannot_be_graded_is_refused_on_the_page(name):
    data, expected = KINDS[name]
    assert damage_faults(grade_one(data, assignment("loading")), expected) == []


def test_a_fault_is_seen(sandboxed):
    """The judge of these tests can fail: the same result, with other expectations."""
    handed_in = right_submissions("loading")["right-01"]
    result = grade_one(handed_in.data, assignment("loading"))
    assert faults(result, handed_in.expected) == []
    for task, points in itertools.product(handed_in.expected, (0.0, 1.0)):
        assert len(faults(result, handed_in.expected | {task: points})) == 1
    assert damage_faults(result, "a PDF")
    assert damage_faults(result, (2, 2, 3, 1.5))
    assert damage_faults(grade_one(b"%PDF-1.7", assignment("loading")), "a web page")
    assert damage_faults(grade_one(b"%PDF-1.7", assignment("loading")), submissions.FULL)
