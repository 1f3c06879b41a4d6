"""The checks of the exercises: each task's definition is sound, and every known answer gets what it deserves, with the right sentence."""

import importlib
import inspect
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from mnist_lib import checks

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
