"""How time and memory of training grow with images, hidden units and batch size. `make bench` and `make bench-growth` call this.

Every run has a fresh process and trains the course's dense recipe for one epoch. What is compared takes turns: in each round all sizes of
all three come once, in an order drawn anew. A first call of `train`, of a few steps, traces the graph; it is timed apart, so that what
grows is training alone. It has two epochs, so that what is done on a first or a second call only is over.
A second call, of two steps, tells what any call takes; the time of a step is what the other steps of a whole epoch take beyond it.
Memory is counted from before the images are preprocessed: the most that the process held, less what it held then. Larger training sets
than MNIST's are its images again, in the same order.
"""

import argparse
import contextlib
import datetime
import gc
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from bench_recipes import BUSY, ROOT, machine, start_tensorflow

MEASURED = ROOT / "book" / "measured" / "growth.json"
TOLERANCE = 0.15  # a local exponent that differs from 1 by more is not called linear
UPDATES = 20
WHOLE = {
    "images": [5_000, 10_000, 20_000, 60_000, 120_000, 240_000],
    "hidden_units": [16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
    "batch_size": [16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
}
BASE = {"images": 60_000, "hidden_units": 128, "batch_size": 256}
QUICK = {"images": [400, 800, 1_600], "hidden_units": [16, 128, 1024], "batch_size": [16, 128, 256]}
QUICK_BASE = {"images": 800, "hidden_units": 128, "batch_size": 128}


# One run


def measure(images, hidden_units, batch_size):
    """Train for one epoch, in this process; returns seconds, bytes and what was trained."""
    from mnist_lib import build_model, compile_model, edition_in_use, load_mnist, preprocess, total_steps, train

    (x, y), _ = load_mnist()
    repeated = np.arange(images) % len(x)
    x, y = x[repeated], y[repeated]
    start_tensorflow()
    gc.collect()
    forget_peak()
    before = held_now()
    x = preprocess(x)
    few = min(2 * batch_size, images)
    planned = total_steps(few, 3, batch_size) + total_steps(images, 1, batch_size)
    model = compile_model(build_model(hidden_units), total_steps=planned)

    def seconds_of(count, epochs):
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the first calls end before the schedule does, as they should
            train(model, x[:count], y[:count], epochs=epochs, batch_size=batch_size, progress="none")
        return round(time.perf_counter() - started, 5)

    first, call, seconds = seconds_of(few, 2), seconds_of(few, 1), seconds_of(images, 1)
    return {
        "edition": edition_in_use(),
        "first_seconds": first,
        "call_seconds": call,
        "seconds": seconds,
        "steps": total_steps(images, 1, batch_size),
        "bytes_before": before,
        "bytes_peak": most_held(),  # before the updates below, which hold gradients of their own
        "parameters": model.count_params(),
        "update_seconds": seconds_of_an_update(model),
    }


def seconds_of_an_update(model):
    """What Adam's update of all weights takes, without the products that find the gradient."""
    import tensorflow as tf

    variables = model.trainable_variables
    gradients = [tf.ones(variable.shape) for variable in variables]

    @tf.function
    def update(times):
        for _ in tf.range(times):
            model.optimizer.apply(gradients, variables)

    update(tf.constant(1))
    started = time.perf_counter()
    update(tf.constant(UPDATES))
    return round((time.perf_counter() - started) / UPDATES, 7)


def forget_peak():
    """Let the system count the most memory held from here on, where it can (Linux); loading has its own peak."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def held_now():
    """Bytes that this process holds; where the system does not tell, the most it has held so far."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return most_held()
    return pages * os.sysconf("SC_PAGE_SIZE")


def most_held():
    """The most bytes that this process has held; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure_in_fresh_process(size, quick):
    environment = {**os.environ, "MNIST_EDITION": "sample" if quick else "full", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-W", "ignore", __file__, "--run", *map(str, size)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{named(size)} failed:\n{(done.stderr.strip() or f'exit status {done.returncode}').splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


# What runs say together


def exponent(sizes, values):
    """The slope of log value against log size, by least squares; None where a value has no logarithm."""
    if min(values) <= 0:
        return None
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def local_exponents(sizes, values):
    """The same slope from each size to the next."""
    return [exponent(sizes[place : place + 2], values[place : place + 2]) for place in range(len(sizes) - 1)]


def linear_part(sizes, local, tolerance=TOLERANCE):
    """The longest stretch, as (first size, last size), whose local exponents all differ from 1 by no more than `tolerance`; or None."""
    best, start = None, 0
    for place, slope in enumerate([*local, None]):
        if slope is not None and abs(slope - 1) <= tolerance:
            continue
        if place > start and (best is None or place - start > best[1] - best[0]):
            best = (start, place)
        start = place + 1
    return None if best is None else [sizes[best[0]], sizes[best[1]]]


def fixed_and_each(sizes, values):
    """a and b of value = a + b · size, where the squares of the relative errors are least: small sizes count as much as large ones."""
    sizes, values = np.asarray(sizes, float), np.asarray(values, float)
    scale = sizes.mean()
    columns = np.stack([1 / values, sizes / scale / values], axis=1)
    fixed, each = np.linalg.lstsq(columns, np.ones(len(sizes)), rcond=None)[0]
    return float(fixed), float(each / scale)


def expected_from(fixed, each, tolerance=TOLERANCE):
    """From which size on a + b · size has a local exponent, b · size / (a + b · size), that differs from 1 by no more than `tolerance`."""
    if fixed <= 0 or each <= 0:
        return None
    return fixed / each * (1 - tolerance) / tolerance


def growth(sizes, values, rounds):
    """How a quantity grows: the values are fitted, one for each size; `rounds` holds those of each round, for the spread."""
    found = {"values": values, "per_round": rounds}
    if min(values) <= 0:
        return found
    fixed, each = fixed_and_each(sizes, values)
    local = local_exponents(sizes, values)
    return found | {
        "exponent": exponent(sizes, values),
        "exponent_per_round": [exponent(sizes, own) for own in rounds],
        "local_exponents": local,
        "linear": linear_part(sizes, local),
        "fixed": fixed,
        "each": each,
        "expected_linear_from": expected_from(fixed, each),
    }


def summary(axes, base, rounds):
    """For each of the three what was measured and how it grows; `rounds` holds one {(images, units, batch): run} each.

    Times are the shortest of the rounds, since what else a machine does can only add to them; bytes are medians.
    """
    found = {}
    for axis, sizes in axes.items():
        runs = [[measured[point(base, axis, size)] for size in sizes] for measured in rounds]
        best = [together(each) for each in zip(*runs)]

        def times(own, axis=axis, sizes=sizes):  # an epoch has fewer steps with larger batches: what grows is the step
            return [of_a_step(run, base["images"], size) if axis == "batch_size" else run["seconds"] for run, size in zip(own, sizes)]

        def held(own):
            return [run["bytes_peak"] - run["bytes_before"] for run in own]

        found[axis] = {
            "sizes": sizes,
            "seconds_of": "step" if axis == "batch_size" else "epoch",
            **{name: [run[name] for run in best] for name in best[0] if name not in ("edition", "seconds")},
            "seconds": growth(sizes, times(best), [times(own) for own in runs]),
            "bytes": growth(sizes, held(best), [held(own) for own in runs]),
        }
    return found


def together(runs):
    """Runs of one size in different rounds as one."""
    choose = {name: min if name.endswith("seconds") else statistics.median_low for name in runs[0] if name != "edition"}
    return {name: chosen(run[name] for run in runs) for name, chosen in choose.items()}


def of_a_step(run, images, batch_size):
    """Seconds of a full step: what an epoch takes beyond a call of two steps, for each of the others; the last may be a part of one."""
    return (run["seconds"] - run["call_seconds"]) / (images / batch_size - 2)


def point(base, axis, size):
    """(images, hidden units, batch size) of a run."""
    return tuple({**base, axis: size}.values())


def points(axes, base):
    """All runs of a round, each once: the three have one in common."""
    return list(dict.fromkeys(point(base, axis, size) for axis, sizes in axes.items() for size in sizes))


def named(size):
    return "{:,} images, {:,} hidden units, batches of {:,}".format(*size)


def caches():
    """Bytes of the processor's caches for data, by level; what one core can reach."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        with contextlib.suppress(OSError, ValueError):
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
            if kind != "Instruction":
                found[f"L{level}"] = int(size[:-1]) * {"K": 2**10, "M": 2**20}[size[-1]]
    return found


def table(result):
    lines = []
    for axis, measured in result["growth"].items():
        lines.append(f"\n{axis:>12}{'ms a ' + measured['seconds_of']:>12}{'local':>8}{'MiB more':>10}{'local':>8}{'first, s':>10}")
        slopes = [["", *(f"{slope:.2f}" for slope in measured[name].get("local_exponents", []))] for name in ("seconds", "bytes")]
        for place, size in enumerate(measured["sizes"]):
            seconds, held = measured["seconds"]["values"][place], measured["bytes"]["values"][place]
            both = [own[place] if place < len(own) else "" for own in slopes]
            line = f"{size:>12,}{1e3 * seconds:>12.3f}{both[0]:>8}{held / 2**20:>10.1f}{both[1]:>8}"
            lines.append(f"{line}{measured['first_seconds'][place]:>10.2f}")
        for name in ("seconds", "bytes"):
            if "exponent" in measured[name]:
                lines.append(f"{name}: exponent {measured[name]['exponent']:.2f}, linear {measured[name]['linear']}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each size is measured (default 3)")
    parser.add_argument("--output", type=Path, help=f"JSON file to write (default {MEASURED.relative_to(ROOT)})")
    parser.add_argument("--quick", action="store_true", help="try the script on few images of the sample; writes elsewhere")
    parser.add_argument("--run", type=int, nargs=3, help=argparse.SUPPRESS)  # one run, in the process that is to be fresh
    options = parser.parse_args()
    if options.run:
        print(json.dumps(measure(*options.run)))
        return
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1; got {options.rounds}")
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > BUSY:
        print(f"This machine is busy (load {os.getloadavg()[0]:.1f}): its times will say little.", flush=True)

    axes, base = (QUICK, QUICK_BASE) if options.quick else (WHOLE, BASE)
    rounds = []
    for number in range(options.rounds):
        order = points(axes, base)
        random.Random(number).shuffle(order)
        rounds.append({})
        for size in order:
            rounds[-1][size] = run = measure_in_fresh_process(size, options.quick)
            mebibytes = math.nan if run["bytes_peak"] is None else (run["bytes_peak"] - run["bytes_before"]) / 2**20
            print(f"round {number + 1}  {named(size):60}{run['seconds']:8.2f} s{mebibytes:8.0f} MiB", flush=True)
    if any(run["bytes_peak"] is None for run in rounds[0].values()):
        sys.exit("This system does not tell how much memory a process held; measure on Linux or macOS.")

    result = {
        "made_by": "make bench-growth",
        "date": datetime.date.today().isoformat(),
        "edition": next(iter(rounds[0].values()))["edition"],
        "quick": options.quick,
        "rounds": options.rounds,
        "timed": "one epoch by train, the first tracing apart; every run in a fresh process, all sizes taking turns",
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("tensorflow", "keras", "numpy")}},
        "machine": {**machine(), "caches": caches()},
        "base": base,
        "tolerance": TOLERANCE,
        "growth": summary(axes, base, rounds),
    }
    output = options.output or (Path(tempfile.mkdtemp()) / MEASURED.name if options.quick else MEASURED)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"{table(result)}\nWritten to {output}")


if __name__ == "__main__":
    main()
