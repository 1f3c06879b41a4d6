"""What `make bench` makes of its measurements; no test here looks at a clock."""

import json
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "bench"))

import bench_recipes as bench

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
