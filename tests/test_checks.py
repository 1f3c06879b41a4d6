"""The checks of the exercises: each task's definition is sound, and every known answer gets what it deserves, with the right sentence."""

import importlib
import inspect
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests"))

import math

import numpy as np

from mnist_lib import checks
from mnist_lib.checks import _collect
from mnist_lib.checks._report import LARGEST_SOURCE, report
from mnist_lib.checks._task import STANDARD_ERRORS, WIDTH, ByCases, Failure, Inputs, Mistake, accuracy_points, different, score, shown

WRITTEN = [stage for stage in checks.SETS if (ROOT / "mnist_lib" / "checks" / f"{stage}.py").exists()]
TASKS = {f"{stage}.{name}": task for stage in WRITTEN for name, task in checks.tasks(stage).items()}


def answers(name):
    """The answers known for a task, by their names."""
    stage, task = name.split(".")
    if not (ROOT / "tests" / "answers" / stage / f"{task}.py").exists():
        return {}  # the test below says so
    module = importlib.import_module(f"answers.{stage}.{task}")
    return {key: value for key, value in vars(module).items() if hasattr(value, "expected")}


ANSWERS = {f"{name}: {key}": (name, answer) for name in TASKS if TASKS[name].worth for key, answer in answers(name).items()}


@pytest.mark.parametrize("key", ANSWERS)
def test_each_answer_gets_what_it_deserves(key):
    name, answer = ANSWERS[key]
    points, says = answer.expected
    given = answer() if getattr(answer, "gives_value", False) else answer
    got, sentence = checks.judge(name, given)
    assert got == pytest.approx(TASKS[name].worth if points is None else points), sentence
    assert says in sentence


@pytest.mark.parametrize("name", [name for name in TASKS if TASKS[name].worth])
def test_enough_answers_are_known(name):
    known = answers(name).values()
    assert sum(answer.expected[0] is None for answer in known) >= 3
    assert sum(answer.expected[0] is not None for answer in known) >= 5
    assert all(0 <= answer.expected[0] < TASKS[name].worth for answer in known if answer.expected[0] is not None)
    bodies = [inspect.getsource(answer).split("\n", 2)[2] for answer in known]
    assert len(set(bodies)) == len(bodies), "two answers are the same"


# The definitions


@pytest.mark.parametrize("name", TASKS)
def test_inputs_repeat_with_their_seed_and_change_with_it(name):
    task = TASKS[name]
    first, again, other = (task.inputs(seed).cases for seed in (3, 3, 4))
    assert different(first, again, tolerance=0) is None
    fixed = name == "training.causes"  # four given histories, whatever the seed
    assert (different(first, other, tolerance=0) is None) == fixed


@pytest.mark.parametrize("name", [name for name in TASKS if name not in ("training.accuracy", "capstone.accuracy", "capstone.robustness")])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_reference_gets_everything(name, seed):
    task = TASKS[name]
    inputs = task.inputs(seed)
    points, sentence = task.points(task.reference(inputs), inputs)
    assert points == task.worth, sentence


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("nonsense", [None, "text", [], {}, np.nan, -1, [[1], [2, 3]], object()])
def test_nonsense_gets_nothing_and_a_sentence(name, nonsense):
    def answer(*arguments):
        return nonsense

    points, sentence = checks.judge(name, answer)
    assert points == 0
    assert sentence.strip()


@pytest.mark.parametrize("name", TASKS)
def test_an_unwritten_answer_is_told_from_a_wrong_one(name, capsys):
    def answer(*arguments):
        raise NotImplementedError()

    assert checks.check(name, answer) == 0
    if TASKS[name].worth:
        assert capsys.readouterr().out.startswith(f"○ {TASKS[name].name}: 0 of ")


def test_there_is_no_task_of_another_name():
    with pytest.raises(ValueError, match="there is no task 'loading.clas_counts'; those of loading are loading.describe, "):
        checks.check("loading.clas_counts", len)
    with pytest.raises(ValueError, match="there is no problem set 'convolution'; the sets are setup, loading, "):
        checks.ready("convolution")


# Points


@pytest.mark.parametrize(
    ("handed", "got"),
    [(1.5, 1.5), (np.float64(0.5), 0.5), (np.int64(1), 1.0), (True, 1.0), (7, 2.0), (-3, 0.0), (None, 0.0), (math.nan, 0.0), ("a", 0.0)]
    + [(math.inf, 2.0), (-math.inf, 0.0), ([], 0.0), (np.array([1, 2]), 0.0), (1j, 0.0), (10**400, 0.0), (np.float32(1 / 3), 0.33)],
)
def test_points_are_a_float_that_nbgrader_reads(handed, got):
    points = score(handed, 2)
    assert type(points) is float
    assert points == got
    assert float(repr(points)) == points


def test_an_accuracy_has_no_cliff_and_forgives_three_standard_errors():
    scale = ((0.90, 0.0), (0.97, 1.0))
    forgiven = STANDARD_ERRORS * math.sqrt(0.97 * 0.03 / 10_000)
    points = [accuracy_points(right, 10_000, 10, scale)[0] for right in range(0, 10_001, 5)]
    assert max(np.diff(points)) < 0.1
    assert all(np.diff(points) >= 0)
    suffices = math.ceil(10_000 * (0.97 - forgiven))
    assert accuracy_points(suffices, 10_000, 10, scale)[0] == 10
    assert accuracy_points(suffices - 20, 10_000, 10, scale)[0] < 10
    assert accuracy_points(8_900, 10_000, 10, scale) == (0.0, 0.89, pytest.approx(forgiven))


def test_a_distinction_is_named_on_the_full_edition_alone():
    from mnist_lib.checks import capstone

    labels = np.arange(10_000) % 10
    read = labels.copy()
    read[:70] = (read[:70] + 1) % 10
    for edition, named in (("full", True), ("sample", False)):
        inputs = Inputs([(np.zeros((10_000, 28, 28), np.uint8),)], secret=labels, edition=edition)
        points, sentence = capstone.ACCURACY.points([read], inputs)
        assert points == 10
        assert ("with distinction" in sentence) == named
        assert "99.3% (± 0.2) of 10,000 digits it has not seen: safe" in sentence


@pytest.mark.parametrize(("wrong", "state"), [(200, "safe"), (320, "borderline"), (500, "below")])
def test_the_sentence_says_how_safe_an_accuracy_is(wrong, state):
    from mnist_lib.checks import training

    labels = np.arange(10_000) % 10
    read = labels.copy()
    read[:wrong] = (read[:wrong] + 1) % 10
    inputs = Inputs([(np.zeros((10_000, 28, 28), np.uint8),)], secret=labels, edition="full")
    points, sentence = training.ACCURACY.points([read], inputs)
    assert f": {state}." in sentence
    assert (points == 10) == (state != "below")


# What a check compares, and says


@pytest.mark.parametrize(
    ("came", "expected"),
    [([1, 2], np.array([1.0, 2.0])), ((1, 2), [1, 2]), (np.float32(0.1), 0.1), (np.int64(3), 3), (1.00001, 1.0), ("a", "a"), (None, None)]
    + [(np.array([np.nan, 1]), [np.nan, 1]), ({"a": 1, "b": 2}, {"a": 1.0}), (np.array("a"), "a"), (np.True_, True)],
)
def test_what_means_the_same_is_the_same(came, expected):
    assert different(came, expected) is None


@pytest.mark.parametrize(
    ("came", "expected", "says"),
    [
        ([1, 2, 3], [1, 2], "expected 2 numbers in one row, came 3 numbers in one row"),
        ([[1, 2]], [1, 2], "expected 2 numbers in one row, came the shape (1, 2)"),
        (1.1, 1.0, "expected 1, came 1.1"),
        ("b", "a", "expected 'a', came 'b'"),
        (1, True, "expected True, came 1"),
        ({"a": 1}, {"b": 1}, "expected the key 'b'"),
        (5, {"b": 1}, "expected a dict, came 5"),
        (None, [1, 2], "came None"),
        (np.zeros(30), np.arange(30), "29 of 30 numbers are wrong; at 1, expected 1, came 0"),
        (Failure("it stopped"), 1, "it stopped"),
        ([[1, 2], [3]], [[1, 2], [3, 4]], "value 2 of 2"),
    ],
)
def test_what_differs_is_named(came, expected, says):
    assert says in different(came, expected)


def test_a_dtype_counts_where_the_task_says_so():
    assert different(np.zeros(2), np.zeros(2, np.float32)) is None
    assert different(np.zeros(2), np.zeros(2, np.float32), dtype=True) == "expected the dtype float32, came float64"


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.arange(3), "[0, 1, 2]"), (np.zeros((5, 5)), "an array of float64 with shape (5, 5)"), (np.int64(2), "2"), (0.1234567, "0.123457")]
    + [([1, np.float64(0.5)], "[1, 0.5]"), ("x" * 500, f"'{'x' * 99} …")],
)
def test_values_are_shown_short(value, text):
    assert shown(value) == text


def test_half_of_the_points_for_the_plain_cases_and_the_mistake_by_its_name():
    def reference(inputs):
        return [abs(number) for (number,) in inputs.cases]

    inputs = Inputs([(1,), (2,), (-3,)], corner_from=2)
    rule = ByCases(4, reference, mistakes=[Mistake(lambda number: number, "The sign stays.")], corner="negative numbers", call="size")
    assert rule([1, 2, 3], inputs) == (4, "All cases are right.")
    points, sentence = rule([1, 2, -3], inputs)
    assert points == 2
    assert sentence == "The plain cases are right; not so negative numbers.\nsize(-3): expected 3, came -3.\nThe sign stays."
    assert rule([0, 2, 3], inputs) == (0.0, "size(1): expected 1, came 0.")


# The student's side


def test_an_answer_cannot_change_what_comes_after():
    def answer(numbers):
        numbers[:] = 0
        return numbers

    case = (np.arange(3),)
    assert _collect.outputs("call", answer, [case, case])[1].tolist() == [0, 0, 0]
    assert case[0].tolist() == [0, 1, 2]
    (failure,) = _collect.outputs("call unchanged", answer, [case])
    assert "it changed the array" in failure.sentence


def test_an_error_is_one_sentence_with_the_student_s_line():
    def answer(number):
        return number / 0

    (failure,) = _collect.outputs("call", answer, [(1,)])
    assert failure == Failure("it stopped with ZeroDivisionError: division by zero in the line `return number / 0`")


@pytest.mark.parametrize("answer", [None, 3, "a text", np.zeros(3)])
def test_what_is_no_function_is_named(answer):
    (failure,) = _collect.outputs("call", answer, [(1,)])
    assert failure.sentence == f"expected a function, came {type(answer).__name__}"


def test_attempt_waits_for_an_answer_and_hides_no_error(capsys):
    def unwritten():
        raise NotImplementedError()

    assert checks.attempt(unwritten) is None
    assert "There is no answer yet" in capsys.readouterr().out
    assert checks.attempt(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        checks.attempt(lambda: 1 / 0)


def test_ready_lists_every_task_and_what_is_open(capsys, monkeypatch):
    monkeypatch.setattr(checks, "_verdicts", {})
    checks.check("loading.class_counts", lambda labels: np.bincount(labels, minlength=10))
    checks.check("loading.describe", lambda images: images.shape)
    capsys.readouterr()
    checks.ready("loading")
    said = capsys.readouterr().out
    assert "✓ class_counts: 2 of 2 points" in said
    assert "✗ describe: 0 of 2 points" in said
    assert "○ suspicious: its check was not run, of 3 points" in said
    assert "points missing. You may hand in all the same." in said
    assert "restart the session and run all cells" in said
    assert max(map(len, said.splitlines())) <= WIDTH


def test_ready_warns_of_a_notebook_that_is_too_large(monkeypatch):
    monkeypatch.setattr("mnist_lib.checks._report._run_cells", lambda: ["x" * (LARGEST_SOURCE + 1)])
    assert "more than the 200,000 characters that can be graded" in report("loading", [], {})


def test_a_variant_hands_in_other_numbers(monkeypatch, capsys):
    monkeypatch.setattr(checks, "_seed", checks._seed)
    seen = []

    def answer(labels):
        seen.append(labels.tolist())
        return np.bincount(labels, minlength=10)

    for variant in (0, 5):
        checks.use_variant(variant)
        assert checks.check("loading.class_counts", answer) == 2
    assert seen[:3] != seen[3:]


@pytest.mark.parametrize("collect", ["call", "call unchanged", "model", "compiled", "figure", "fitted"])
def test_what_is_no_function_is_said_to_be_none(collect):
    case = (np.zeros((2, 3)), *[None] * 5)
    assert [each.sentence for each in _collect.outputs(collect, 3, [case])] == ["expected a function, came int"]


def test_outputs_become_plain_data_or_a_failure():
    assert _collect.plain(range(3)) == [0, 1, 2]
    assert type(_collect.plain(np.float32(0.5))) is float
    assert _collect.plain({1: (2, [np.int64(3)])}) == {"1": (2, [3])}
    assert (
        _collect.plain(np.array([object()])).sentence == "came ndarray, which is neither a number, nor a text, nor an array or list of them"
    )
    assert _collect.plain({1, 2}).sentence.startswith("came set, which is neither")


def test_an_attempt_shows_its_own_errors_and_says_when_it_is_still_to_be_written(capsys):
    def broken():
        raise NotImplementedError("this backend cannot")

    def still_open():
        raise NotImplementedError

    assert checks.attempt(lambda: 7) == 7
    assert checks.attempt(still_open) is None
    assert capsys.readouterr().out.startswith("There is no answer yet")
    with pytest.raises(NotImplementedError, match="this backend cannot"):
        checks.attempt(broken)


def test_importing_the_checks_is_light():
    import subprocess

    code = "import sys; from mnist_lib import checks; [checks.tasks(stage) for stage in checks.SETS]; print('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False"]
