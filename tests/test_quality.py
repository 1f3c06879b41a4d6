"""The page on how the course is tested, and the small file of changes that make no difference."""

import importlib
import json
import sys

import pytest
from _ext import quality
from _ext.measured import part_of
from conftest import ROOT

EQUIVALENT = json.loads((ROOT / "tests" / "bench" / "equivalent_mutants.json").read_text(encoding="utf-8"))


@pytest.fixture
def bench(monkeypatch):
    """A script of `tests/bench`, by its name."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "bench"), *sys.path])
    return importlib.import_module


def module(lines, reached, branches=0, taken=0, left_out=0):
    return {
        "lines": lines,
        "lines_reached": reached,
        "branches": branches,
        "branches_reached": taken,
        "percent": 100 * (reached + taken) / (lines + branches),
        "left_out": left_out,
        "missing": "",
    }


CONDITIONS = {"date": "2026-01-02", "versions": {"python": "3.11"}, "machine": {"cores": 2, "processor": "a processor"}}
COVERED = {
    **CONDITIONS,
    "total": module(320, 310, 20, 18, left_out=3),
    "modules": {
        "mnist_lib/model.py": module(100, 100, 10, 10),
        "mnist_lib/loading.py": module(200, 198),
        "mnist_lib/grading/inside/nursery.py": module(20, 12, 10, 8),
    },
}
SURVIVOR = {"module": "mnist_lib.model", "function": "f", "before": "a | b", "after": "", "state": "survived"}
MUTATED = {
    **CONDITIONS,
    "seconds": 130,
    "modules": {
        "mnist_lib.model": {"mutants": 1500, "killed": 1490, "timeouts": 5, "survived": 5, "equivalent": 3},
        "mnist_lib.loading": {"mutants": 500, "killed": 500, "timeouts": 0, "survived": 0, "equivalent": 0},
    },
    "survivors": [{**SURVIVOR, "reason": "no difference"}, {**SURVIVOR, "reason": None}],
}


@pytest.mark.parametrize("directive", [quality.Coverage, quality.Mutation])
def test_what_was_not_measured_is_said(shown, directive):
    assert shown(None, directive).text == f"*Not measured yet: `{directive.command}` does it.*"


def test_coverage_is_shown_by_part_and_where_it_lacks(shown):
    text = shown(COVERED, quality.Coverage).text
    assert "Measured on 2026-01-02 on 2 cores" in text
    assert "The tests reach 96.5% of all lines and branches." in text
    assert "| `mnist_lib` | 2 | 298 of 300 | 10 of 10 | 99.4% |" in text
    assert "| `mnist_lib/grading/inside` | 1 | 12 of 20 | 8 of 10 | 66.7% |" in text
    assert "3 lines are not counted: what stands there for type checkers alone" in text
    listed = text.partition("Below 95% are:")[2].partition("<details>")[0]
    assert "`mnist_lib/grading/inside/nursery.py`" in listed
    assert "tests/test_grading.py" in listed
    assert "model.py" not in listed


def test_what_went_unnoticed_is_shown_with_its_reason(shown):
    text = shown(MUTATED, quality.Mutation).text
    assert "Of 2,000 changes the tests noticed 1,995, 99.8%, in 2 minutes." in text
    assert "| `mnist_lib.model` | 1,500 | 1,490 | 5 | 3 | 2 |" in text
    assert "| all | 2,000 | 1,990 | 5 | 3 | 2 |" in text
    assert "| `mnist_lib.model.f` | `` a \\| b `` | nothing | no difference |" in text
    assert "| a test is missing |" in text


@pytest.mark.parametrize("directive", [quality.Coverage, quality.Mutation])
def test_the_measured_file_has_the_form_that_the_page_reads(shown, directive):
    found = part_of(directive.file)
    said = shown(found or None, directive).text
    assert found.get("made_by", directive.command) == directive.command
    assert found["date"] in said if found else directive.command in said


def test_no_line_of_the_library_is_left_out_by_a_comment():
    marked = [path.name for path in (ROOT / "mnist_lib").rglob("*.py") if "pragma: no " in path.read_text(encoding="utf-8")]
    assert marked == []


def test_reasons_stand_for_modules_that_exist():
    assert [name for name in quality.REASONS if not (ROOT / name).is_file()] == []


def test_changes_without_effect_still_stand_for_lines_of_the_library():
    """Where a line is another now, so may be the reason: `make test-mutation` tells."""
    for each in EQUIVALENT:
        source = (ROOT / f"{each['module'].replace('.', '/')}.py").read_text(encoding="utf-8")
        assert " ".join(each["before"].split()) in " ".join(source.split()), each
        assert each["reason"].endswith("."), each
        assert each["before"] != each["after"], each


def test_lines_in_a_row_are_said_as_spans(bench):
    spans = bench("bench_coverage").spans
    assert spans([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10"
    assert spans([]) == ""
    assert spans([4]) == "4"


def test_each_module_that_is_changed_exists_and_has_its_tests():
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    for each in [*settings["only_mutate"], *settings["pytest_add_cli_args_test_selection"]]:
        path, _, test = each.partition("::")
        assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8"), each
