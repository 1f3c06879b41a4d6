"""What `make bench-growth` makes of its measurements and what the page says of them; no test here looks at a clock."""

import copy
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "bench"))

import bench_growth as bench
from _ext import growth

SIZES = [16, 32, 64, 128, 256, 512]


# Exponents


@pytest.mark.parametrize("power", [-0.5, 0.0, 1.0, 1.7])
def test_a_power_has_its_exponent_everywhere(power):
    values = [3e-4 * size**power for size in SIZES]
    assert bench.exponent(SIZES, values) == pytest.approx(power)
    assert bench.local_exponents(SIZES, values) == pytest.approx([power] * 5)


def test_what_is_not_positive_has_no_exponent():
    assert bench.exponent(SIZES, [0, 1, 2, 3, 4, 5]) is None
    found = bench.growth([1, 2], [-1.0, 2.0], [[-1.0, 2.0]])
    assert found == {"values": [-1.0, 2.0], "per_round": [[-1.0, 2.0]]}


def test_a_fixed_part_and_a_part_for_each_are_found():
    values = [0.2 + 3e-3 * size for size in SIZES]
    assert bench.fixed_and_each(SIZES, values) == pytest.approx((0.2, 3e-3))
    apart = [value * (1 + 0.01 * (-1) ** place) for place, value in enumerate(values)]
    assert bench.fixed_and_each(SIZES, apart) == pytest.approx((0.2, 3e-3), rel=0.1)


def test_the_line_tells_from_where_on_it_passes_for_linear():
    fixed, each = 0.2, 3e-3
    since = bench.expected_from(fixed, each, tolerance=0.15)
    slope = each * since / (fixed + each * since)
    assert slope == pytest.approx(1 - 0.15)
    near = [since, since * (1 + 1e-6)]
    assert bench.exponent(near, [fixed + each * size for size in near]) == pytest.approx(0.85, abs=1e-3)
    assert bench.expected_from(-0.1, each) is None


@pytest.mark.parametrize(
    ("local", "linear"),
    [
        ([1, 0.9, 1.14, 1.1, 1], [16, 512]),
        ([0.3, 0.6, 0.9, 1.0, 1.3], [64, 256]),
        ([1.0, 0.5, 1.0, 1.0, 0.5], [64, 256]),
        ([1.0, 0.5, 1.0, 0.5, 1.0], [16, 32]),
        ([0.2, 1.2, 0.2, 1.2, 0.2], None),
        ([0.2, None, 1.0, 1.0, 1.0], [64, 512]),
    ],
)
def test_the_longest_linear_stretch_is_found(local, linear):
    assert bench.linear_part(SIZES, local) == linear


def test_values_are_fitted_and_rounds_show_the_spread():
    straight = [2.0 * size for size in SIZES]
    found = bench.growth(SIZES, straight, [straight, [size**2 for size in SIZES]])
    assert found["values"] == straight
    assert found["exponent"] == pytest.approx(1)
    assert found["exponent_per_round"] == pytest.approx([1, 2])
    assert found["linear"] == [16, 512]


def test_of_the_rounds_the_shortest_times_and_the_median_bytes_count():
    runs = [{"seconds": seconds, "call_seconds": 9 - seconds, "bytes_peak": held} for seconds, held in ((3.0, 10), (1.0, 30), (2.0, 20))]
    assert bench.together(runs) == {"seconds": 1.0, "call_seconds": 6.0, "bytes_peak": 20}


# What a round holds


def made_up(images, hidden_units, batch_size):
    """A run without chance: 0.2 s a call, a millisecond a step, two microseconds an image at 128 units, twice the images held."""
    steps = -(-images // batch_size)
    parameters = 795 * hidden_units + 10
    return {
        "edition": "full",
        "first_seconds": 1.5,
        "call_seconds": 0.2 + 2e-3 + 2e-6 * 2 * batch_size * hidden_units / 128,
        "seconds": 0.2 + 1e-3 * images / batch_size + 2e-6 * images * hidden_units / 128,
        "steps": steps,
        "bytes_before": 900 * 2**20,
        "bytes_peak": 920 * 2**20 + 2 * 3136 * images + 16 * parameters,
        "parameters": parameters,
        "update_seconds": 5e-9 * parameters,
    }


def result(rounds=3):
    measured = [{size: made_up(*size) for size in bench.points(bench.WHOLE, bench.BASE)} for _ in range(rounds)]
    return {
        "made_by": "make bench-growth",
        "date": "2026-01-02",
        "edition": "full",
        "quick": False,
        "rounds": rounds,
        "versions": {"python": "3.12.1", "tensorflow": "2.20.0", "keras": "3.13.2", "numpy": "2.1.3"},
        "machine": {"cores": 2, "processor": "a processor", "system": "Linux", "caches": {"L1": 2**15, "L2": 2**20, "L3": 2**25}},
        "base": bench.BASE,
        "tolerance": bench.TOLERANCE,
        "growth": bench.summary(bench.WHOLE, bench.BASE, measured),
    }


def test_a_round_has_each_size_once():
    points = bench.points(bench.WHOLE, bench.BASE)
    assert len(points) == len(set(points)) == sum(map(len, bench.WHOLE.values())) - 2, "the three share one"
    assert bench.point(bench.BASE, "batch_size", 16) == (60_000, 128, 16)
    for axes, base in ((bench.WHOLE, bench.BASE), (bench.QUICK, bench.QUICK_BASE)):
        assert all(base[axis] in sizes == sorted(sizes) for axis, sizes in axes.items())


def test_what_was_put_in_comes_out():
    growth = result()["growth"]
    images, units, batches = growth["images"], growth["hidden_units"], growth["batch_size"]
    assert (images["seconds_of"], batches["seconds_of"]) == ("epoch", "step")
    assert images["seconds"]["fixed"] == pytest.approx(0.2)
    assert images["seconds"]["each"] == pytest.approx(2e-6 + 1e-3 / 256)
    assert images["bytes"]["each"] == pytest.approx(2 * 3136, rel=1e-3)
    assert units["bytes"]["each"] == pytest.approx(16 * 795, rel=1e-3)
    assert units["seconds"]["fixed"] == pytest.approx(0.2 + 1e-3 * 60_000 / 256)
    assert batches["seconds"]["fixed"] == pytest.approx(1e-3), "without what a call takes"
    assert batches["seconds"]["each"] == pytest.approx(2e-6)
    assert batches["seconds"]["linear"] == [2_048, 4_096], "the exponent of a + b · size, with a / b = 500"


def test_a_run_in_a_process_of_its_own():
    command = [sys.executable, "-W", "ignore", bench.__file__, "--run", "300", "8", "100"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["steps"] == 3
    assert found["parameters"] == 795 * 8 + 10
    assert min(found["seconds"], found["first_seconds"], found["call_seconds"], found["update_seconds"]) > 0
    assert found["bytes_peak"] >= found["bytes_before"] > 0


# The page


DIRECTIVES = [(growth.GrowthConditions, None), (growth.GrowthOverview, None), *((growth.Growth, axis) for axis in bench.WHOLE)]


@pytest.mark.parametrize(("directive", "argument"), DIRECTIVES)
def test_what_was_not_measured_is_said(shown, directive, argument):
    page = shown(None, directive, argument)
    assert page.text == "*Not measured yet: `make bench-growth` does it.*"
    assert not page.pictures


@pytest.mark.parametrize(("directive", "argument"), DIRECTIVES)
@pytest.mark.parametrize("rounds", [1, 3])
def test_what_was_measured_is_shown(shown, directive, argument, rounds):
    page = shown(result(rounds), directive, argument)
    assert not re.search(r"\b(None|nan)\b|e-\d\d", page.text)
    assert len(page.pictures) == (directive is growth.Growth)
    for html in page.pictures:
        assert len(re.search(r'alt="([^"]+)"', html)[1]) > 150


def test_sentences_hold_what_was_put_in(shown):
    images = shown(result(), growth.Growth, "images").text
    assert "takes 200 ms and 5.91 µs for each image" in images
    assert "the exponent lies within 0.15 of 1 nowhere" in images
    assert "by this line it is within 0.15 of 1 from 190,000 on" in images
    assert "6,272 bytes for each image" in images
    assert "at 240,000 images 2.03 times the array" in images
    units = shown(result(), growth.Growth, "hidden_units").text
    assert re.search(r"The rest, (1\.00 ms|9\d\d µs) for each of the 235 steps", units)
    assert "more than the 1 MiB of L2 from 128 units on" in units
    assert "more than the 32 MiB of L3 from 4,096 units on" in units
    assert "about 4.0 copies of them" in units
    batches = shown(result(), growth.Growth, "batch_size").text
    assert "within 0.15 of 1 between 2,048 and 4,096; on the way to 2,048 it is 0.7" in batches
    assert "takes 1.00 ms and 2.00 µs for each image in the batch" in batches
    assert "it is shortest in batches of 4,096" in batches


def test_where_nothing_can_be_told_nothing_is(shown):
    found = copy.deepcopy(result())
    for measured in found["growth"].values():
        none = [0 for _ in measured["sizes"]]
        measured["bytes"] = bench.growth(measured["sizes"], none, [none])
    batches = found["growth"]["batch_size"]
    noise = [-1e-6 for _ in batches["sizes"]]
    batches["seconds"] = bench.growth(batches["sizes"], noise, [noise])  # as a busy machine makes it
    found["machine"]["caches"] = {}
    for directive, argument in DIRECTIVES:
        page = shown(found, directive, argument)
        assert not re.search(r"\b(None|nan)\b", page.text)


def test_units_suit_the_number():
    assert [growth.duration(each) for each in (123.4, 1.0, 0.0123, 4.56e-6, 7e-10)] == [
        "123 s",
        "1.00 s",
        "12.3 ms",
        "4.56 µs",
        "0.700 ns",
    ]
    assert [growth.amount(each) for each in (3136, 2**15, 3.5 * 2**20, 2**31)] == ["3,136 bytes", "32 KiB", "3.50 MiB", "2 GiB"]
    assert np.zeros((28, 28), np.float32).nbytes == growth.PIXELS


def test_the_measured_file_has_the_form_that_the_page_reads(shown):
    found = json.loads((ROOT / "book" / "measured" / "growth.json").read_text(encoding="utf-8"))
    assert found["made_by"] == "make bench-growth"
    assert not found["quick"]
    for directive, argument in DIRECTIVES:
        assert shown(found, directive, argument).text
