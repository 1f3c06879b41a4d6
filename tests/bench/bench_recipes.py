"""How fast and how good the course's recipes are, beside TensorFlow's beginner quickstart. `make bench` calls this.

Every run has a fresh process, so that none finds threads, memory or traced functions that another left behind. The recipes take turns,
seed by seed and each time in another order, so that a machine that slows down slows all of them. The clock runs while `fit` or `train`
does, tracing the graph included, as whoever waits for it does; loading, preprocessing, building and evaluating are not timed, nor is
TensorFlow's own start, which every program pays once: a small model of another shape takes steps, one by one and two at a time, before
the clock runs.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "book" / "measured" / "recipes.json"
QUICK = 2_000  # training images of a run that only tries this script
BUSY = 0.7  # processes waiting for a core; above it, times say little


def quickstart(data, seed):
    """https://www.tensorflow.org/tutorials/quickstart/beginner, cell by cell, without its progress bar."""
    import keras

    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = data
    x_train, x_test = x_train / 255.0, x_test / 255.0
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model, lambda: model.fit(x_train, y_train, epochs=5, verbose=0), (x_test, y_test)


def course_recipe(build, data, seed):
    """The library's defaults, from one end to the other."""
    from mnist_lib import compile_model, preprocess, total_steps, train

    (x_train, y_train), (x_test, y_test) = data
    x_train, x_test = preprocess(x_train), preprocess(x_test)
    model = compile_model(build(seed=seed), total_steps=total_steps(len(x_train)))
    return model, lambda: train(model, x_train, y_train, seed=seed, progress="none"), (x_test, y_test)


def dense(data, seed):
    from mnist_lib import build_model

    return course_recipe(build_model, data, seed)


def convolutional(data, seed):
    from mnist_lib import build_convolutional_model

    return course_recipe(build_convolutional_model, data, seed)


RECIPES = {recipe.__name__: recipe for recipe in (quickstart, dense, convolutional)}


def measure(recipe, seed, images):
    """Train once, in this process; returns seconds, accuracy and edition."""
    from mnist_lib import edition_in_use, evaluate, load_mnist

    (x_train, y_train), test = load_mnist()
    start_tensorflow()
    model, fit, (x_test, y_test) = RECIPES[recipe](((x_train[:images], y_train[:images]), test), seed)
    started = time.perf_counter()
    fit()
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 3), "accuracy": evaluate(model, x_test, y_test).accuracy, "edition": edition_in_use()}


def start_tensorflow():
    """What TensorFlow does once in a process, at its first training steps."""
    import keras
    import numpy as np

    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    for steps_per_execution in (1, 2):
        model.compile(optimizer="adam", loss="mse", steps_per_execution=steps_per_execution)
        model.fit(np.zeros((4, 3), "float32"), np.zeros((4, 2), "float32"), batch_size=2, verbose=0)


def measure_in_fresh_process(recipe, seed, quick):
    environment = {**os.environ, "MNIST_EDITION": "sample" if quick else "full", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, __file__, "--run", recipe, "--first-seed", str(seed), *(["--quick"] if quick else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{recipe} with seed {seed} failed:\n{done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def spread(values):
    return {
        "median": statistics.median(values),
        "mean": statistics.mean(values),
        "standard_deviation": statistics.stdev(values) if len(values) > 1 else None,
        "min": min(values),
        "max": max(values),
        "per_seed": values,
    }


def summary(runs):
    """For each recipe what was measured, seed by seed and together."""
    baseline = [run["seconds"] for run in runs["quickstart"]]
    return {
        recipe: {
            "seconds": spread([run["seconds"] for run in measured]),
            "accuracy": spread([run["accuracy"] for run in measured]),
            "times_as_fast_as_quickstart": spread([base / run["seconds"] for base, run in zip(baseline, measured)]),
        }
        for recipe, measured in runs.items()
    }


def machine():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    processor = platform.processor() or platform.machine()
    if (described := Path("/proc/cpuinfo")).exists():
        names = [line.split(":", 1)[1].strip() for line in described.read_text().splitlines() if line.startswith("model name")]
        processor = names[0] if names else processor
    return {"cores": cores, "processor": processor, "system": platform.system()}


def table(result):
    lines = [f"{'':16}{'seconds':>9}{'times as fast':>22}{'accuracy':>11}{'± (seeds)':>12}"]
    for recipe, measured in result["recipes"].items():
        seconds, accuracy, ratio = (measured[name] for name in ("seconds", "accuracy", "times_as_fast_as_quickstart"))
        deviation = "" if accuracy["standard_deviation"] is None else f"{accuracy['standard_deviation']:.2%}"
        ratios = f"{ratio['median']:.1f} ({ratio['min']:.1f} to {ratio['max']:.1f})"
        lines.append(f"{recipe:16}{seconds['median']:>9.1f}{ratios:>22}{accuracy['mean']:>11.2%}{deviation:>12}")
    lines.append(f"Medians of seconds and ratios, means of accuracies, over the seeds {', '.join(map(str, result['seeds']))}.")
    lines.append(f"{result['edition']} edition, {result['machine']['cores']} cores of {result['machine']['processor']}, {result['date']}.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument("--output", type=Path, help=f"JSON file to write (default {MEASURED.relative_to(ROOT)})")
    parser.add_argument("--quick", action="store_true", help="try the script on few images of the sample; writes elsewhere")
    parser.add_argument("--run", choices=RECIPES, help=argparse.SUPPRESS)  # one run, in the process that is to be fresh
    options = parser.parse_args()
    if options.run:
        print(json.dumps(measure(options.run, options.first_seed, QUICK if options.quick else None)))
        return
    if options.seeds < 1:
        parser.error(f"--seeds must be at least 1; got {options.seeds}")
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > BUSY:
        print(f"This machine is busy (load {os.getloadavg()[0]:.1f}): its times will say little.", flush=True)

    seeds = range(options.first_seed, options.first_seed + options.seeds)
    runs = {recipe: [] for recipe in RECIPES}
    for turn, seed in enumerate(seeds):
        first = turn % len(RECIPES)
        for recipe in [*list(RECIPES)[first:], *list(RECIPES)[:first]]:
            run = measure_in_fresh_process(recipe, seed, options.quick)
            runs[recipe].append(run)
            print(f"seed {seed}  {recipe:14}{run['seconds']:8.2f} s  {run['accuracy']:.2%}", flush=True)

    result = {
        "made_by": "make bench",
        "date": datetime.date.today().isoformat(),
        "edition": runs["quickstart"][0]["edition"],
        "quick": options.quick,
        "seeds": list(seeds),
        "timed": "fit or train alone, tracing included, TensorFlow's start not; every run in a fresh process, recipes taking turns",
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("tensorflow", "keras", "numpy")}},
        "machine": machine(),
        "recipes": summary(runs),
    }
    output = options.output or (Path(tempfile.mkdtemp()) / MEASURED.name if options.quick else MEASURED)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"\n{table(result)}\nWritten to {output}")


if __name__ == "__main__":
    main()
