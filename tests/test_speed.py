"""The page on speed: what it asserts does not depend on a clock, and what it says of times is computed."""

import ast
import re
import sys

import nbformat
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_tools"))

import prose
import questions as tool

SPEED = nbformat.read(ROOT / "book" / "speed.ipynb", as_version=4)
CODE = [cell for cell in SPEED.cells if cell.cell_type == "code"]
# What holds a time, or a speed that was made of one.
TIMED = {"gain", "split", "threads", "work", "xla"} | {
    "adam_seconds",
    "alone",
    "bare",
    "base",
    "drawn",
    "memory",
    "peak",
    "recipe",
    "roof",
    "seconds",
    "start",
    "step",
}


def assertions():
    return [node for cell in CODE for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assert)]


def test_no_assertion_depends_on_a_clock():
    assert len(assertions()) >= 10
    for assertion in assertions():
        names = {node.id for node in ast.walk(assertion) if isinstance(node, ast.Name)}
        keys = {node.value for node in ast.walk(assertion) if isinstance(node, ast.Constant)}
        assert not (names | keys) & TIMED, ast.unparse(assertion)


def test_each_change_is_asserted_by_its_accuracy():
    asserted = " ".join(ast.unparse(assertion) for assertion in assertions())
    for name in ("lost", "gained", "fell", "back", "runs['schedule']", "difference", "broken", "mended"):
        assert name in asserted


def test_no_time_and_no_accuracy_is_typed():
    for text in prose.prose(SPEED)[:-2]:  # but for the questions, which are about made-up trainings
        assert re.findall(r"\d[\d.,]*\s*(?:seconds|s\b|ms\b|µs\b|%|times as (?:fast|long))", text) == []


def test_questions_and_predictions_have_the_chapters_form():
    assert len(tool.questions(SPEED)) == 3
    assert len(tool.predictions(SPEED)) == 5


@pytest.mark.parametrize("word", ["Symptom", "Cause", "Repair"])
def test_the_mistake_is_told_in_full(word):
    assert "> **Broken on purpose.**" in next(cell.source for cell in SPEED.cells if cell.id == "break")
    assert f"**{word}**: " in next(cell.source for cell in SPEED.cells if cell.id == "observe-broken")
