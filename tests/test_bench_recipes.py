"""What `make bench` makes of its measurements; no test here looks at a clock."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "bench"))

import bench_build
import bench_recipes as bench
import bench_trials
from _ext import recipes

CURVE = [[1.0, 0.95], [2.5, 0.978], [4.0, 0.976], [5.5, 0.985]]


def run(seconds, curve=()):
    accuracy = curve[-1][1] if curve else None
    return {"seconds": seconds, "curve": list(curve), "accuracy": accuracy, "peak_mebibytes": 700, "mebibytes_before": 600}


def test_a_target_is_reached_when_an_epoch_ends_there_for_the_first_time():
    assert [bench.reached(CURVE, target) for target in (0.9, 0.977, 0.98, 0.99)] == [1.0, 2.5, 5.5, None]


def test_ratios_are_those_of_the_same_seed():
    runs = {
        "quickstart": [run(20.0, CURVE), run(40.0, CURVE)],
        "dense": [run(4.0, CURVE), run(4.0, CURVE[:2])],
        "products": [run(1.0), run(2.0)],
    }
    found = bench.summary(runs)
    assert found["dense"]["times_as_fast_as_quickstart"]["per_seed"] == [5.0, 10.0]
    assert found["dense"]["times_the_products"]["per_seed"] == [4.0, 2.0]
    assert found["dense"]["seconds_to"]["0.98"] == {"reached": 1, "per_seed": [5.5, None]}
    assert found["dense"]["seconds_to"]["0.977"] == {"reached": 2, "per_seed": [2.5, 2.5]}
    assert found["dense"]["accuracy"]["per_seed"] == [0.985, 0.978]
    assert "accuracy" not in found["products"]


def test_the_clock_stands_still_while_test_images_are_read(monkeypatch):
    times = iter([0.0, 3.0, 10.0, 14.0])
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(times))
    clock = bench.Clock(np.array([1, 2, 3, 4]), stops=False)
    clock.start()
    clock.epoch_ended(lambda: np.array([1, 2, 3, 0]))  # from 3 to 10 it stands still
    clock.stop()
    assert clock.seconds == 7.0
    assert clock.curve == [[3.0, 0.75]]


def test_a_run_ends_at_the_highest_target_if_it_may():
    labels = np.zeros(1000, int)
    wrong = np.where(np.arange(1000) < 10, 1, 0)
    for stops in (True, False):
        clock = bench.Clock(labels, stops)
        clock.start()
        if stops:
            with pytest.raises(bench.ReachedTheEnd):
                clock.epoch_ended(lambda: wrong)
        else:
            clock.epoch_ended(lambda: wrong)
        assert clock.curve[0][1] == 0.99


@pytest.mark.parametrize("recipe", ["dense_short", "scikit_learn", "products"])
def test_recipes_run_in_a_process_of_their_own(recipe):
    command = [sys.executable, "-W", "ignore", bench.__file__, "--run", recipe, "--quick"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**bench.os.environ, "PYTHONPATH": str(ROOT), "MNIST_EDITION": "sample"}
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["seconds"] > 0
    assert found["edition"] == "sample"
    if recipe == "products":
        assert found["curve"] == []
    else:
        assert found["accuracy"] > 0.8
        assert [seconds for seconds, _ in found["curve"]] == sorted(seconds for seconds, _ in found["curve"])


# The page

ABOUT = {"date": "2026-01-01", "machine": {"cores": 2, "processor": "A"}, "versions": {"python": "3.11"}}


def measured_recipes():
    """As `make bench` writes it: two seeds; without PyTorch."""
    runs = {name: [run(20.0, CURVE), run(40.0, CURVE[:3])] for name in bench.RECIPES if name not in ("pytorch", "products")}
    runs["dense"] = [run(4.0, [[2.0, 0.97], [4.0, 0.99]]), run(5.0, [[2.5, 0.97], [5.0, 0.98]])]
    return ABOUT | {"targets": list(bench.TARGETS), "seeds": [0, 1], "recipes": bench.summary(runs | {"products": [run(1.0), run(2.0)]})}


def measured_trials():
    made_up = {"seconds": 2.0, "epoch": 0.4, "once": 0.4, "mebibytes": 100, "accuracy": 0.98}
    runs = {name: [made_up, made_up] for name in bench_trials.TRIALS} | {"XLA": [made_up | {"seconds": 8.0}, made_up | {"seconds": 6.0}]}
    return ABOUT | {"rounds": 2, "trials": bench_trials.summary(runs)}


def measured_build():
    builds = {kind: {"seconds": 100.0} for kind in recipes.Build.KINDS}
    builds["executions_cached"]["phases"] = bench_build.phases({"starting": 4.0, "reading": 12.0, "writing": 18.0}, 20.0)
    builds["one_by_one"] = {"seconds": 180.0, "chapters": {"book/index": 20.4, "book/02-loading": 60.0}}
    return ABOUT | {"editions": {"sample": builds}}


DIRECTIVES = {
    recipes.Recipes: measured_recipes,
    recipes.Aims: measured_recipes,
    recipes.Trials: measured_trials,
    recipes.Build: measured_build,
    recipes.Chapters: measured_build,
}


@pytest.mark.parametrize("directive", DIRECTIVES)
def test_the_page_shows_what_was_measured_and_says_what_was_not(shown, directive):
    assert shown(None, directive).text == f"*Not measured yet: `{directive.command}` does it.*"
    part = shown(DIRECTIVES[directive](), directive)
    assert not re.search(r"\b(None|nan)\b", part.text)
    assert len(part.pictures) == (directive is recipes.Recipes)
    columns = [line.count("|") for line in part.text.splitlines() if line.startswith("|")]
    assert len(columns) > 2
    assert len(set(columns)) == 1


def test_tables_hold_what_was_put_in(shown):
    def text(page):
        return page.text.replace("\N{WORD JOINER}", "")

    table = shown(measured_recipes(), recipes.Recipes)
    assert "| this course's dense recipe | 98.50 ± 0.71 | 4.5 (4.0–5.0) | 4.5 | 4.5 | 4.0 (1 of 2 seeds) | 700 |" in text(table)
    assert "dense from 97.0% after 2.2 s to 98.5% after 4.5 s" in table.pictures[0]
    assert "| this course's dense recipe | 6.5 (5.0–8.0) | 98.50 | 3.2 (2.5–4.0) |" in text(shown(measured_recipes(), recipes.Aims))
    assert "| XLA | 3.50 (3.00–4.00) | 1.00 (1.00–1.00) | 0.4 | 98.00 |" in text(shown(measured_trials(), recipes.Trials))
    assert "| *outside notebooks* | 100 |" in shown(measured_build(), recipes.Chapters).text
    said = shown(measured_build(), recipes.Build).text
    assert [int(number) for number in re.findall(r"(\d+) s (?:go )?into", said)] == [4, 8, 6, 2]


def test_the_build_s_own_table_is_read():
    lines = [
        "seconds  chapter",
        "   17.1  book/01-setup",
        "    3.9  book/02-loading",
        "   21.0  all chapters, on the sample edition",
        "done.",
    ]
    said = "\n".join(lines)
    assert bench_build.CHAPTER.findall(said) == [("17.1", "book/01-setup"), ("3.9", "book/02-loading")]
