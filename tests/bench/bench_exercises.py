"""The proof of the exercises that takes long: 20 seeds where a network is trained, and how long each solution runs. `make test-exercises`.

For each seed the digits are split anew, as a grader who keeps the scored digits secret would: all digits of the edition are pooled, as
many as the test set has are drawn, and the solution's own code, taken from its notebook, learns from the rest with that seed. A scale is
sound if the mean lies at least four combined standard deviations (of the seeds, and of the scored digits) above what suffices for full
points. The script fails if one does not, if a solution misses full points in a single run, or if a known answer gets other points than
it deserves.
"""

import argparse
import datetime
import functools
import importlib
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
MEASURED = ROOT / "book" / "measured" / "exercises.json"
SOLUTIONS = {"training": "06-training", "capstone": "10-capstone"}
SEEDS = 20
DEVIATIONS = 4  # combined standard deviations between the mean and what suffices


def answer_of(stage, x, y, seed):
    """The `predict` of a set's solution, trained on these digits: its notebook's own cells, with another seed."""
    import keras

    import mnist_lib

    space = {name: getattr(mnist_lib, name) for name in mnist_lib.__all__}
    space |= {"np": np, "keras": keras, "x_train": x, "y_train": y}
    for name in ("build_model", "build_convolutional_model"):
        space[name] = functools.partial(space[name], seed=seed)
    space["train"] = functools.partial(space["train"], seed=seed, progress="none")
    folder = SOLUTIONS[stage]
    for cell in nbformat.read(ROOT / "solutions" / folder / f"{stage}.ipynb", as_version=4).cells:
        if cell.id in ("answer-my-model", "answer-predict"):
            exec(cell.source, space)
    space["model"] = space["my_model"]()
    return space["predict"]


def seeds(edition, count):
    """Accuracies of both solutions over seeds and splits, beside what suffices for full points."""
    from mnist_lib import load_mnist, shift_images
    from mnist_lib.checks import _reading, capstone, training
    from mnist_lib.checks._task import STANDARD_ERRORS

    (x, y), (x_test, y_test) = load_mnist(edition)
    images, labels, scored = np.concatenate([x, x_test]), np.concatenate([y, y_test]), len(y_test)
    found = {"training.accuracy": [], "capstone.accuracy": [], "capstone.robustness": []}
    for seed in range(count):
        order = np.random.default_rng(seed).permutation(len(labels))
        secret, rest = order[:scored], order[scored:]
        for stage in SOLUTIONS:
            predict = answer_of(stage, images[rest], labels[rest], seed)
            found[f"{stage}.accuracy"].append(float((predict(images[secret]) == labels[secret]).mean()))
        few = secret[: _reading.SHIFTED_DIGITS]
        moved = [(predict(shift_images(images[few], *shift)) == labels[few]).mean() for shift in _reading.SHIFTS]
        found["capstone.robustness"].append(float(np.mean(moved)))
        print(edition, seed, *(f"{name} {values[-1]:.4f}" for name, values in found.items()), flush=True)
    scales = {
        "training.accuracy": (training.TARGETS[edition], scored),
        "capstone.accuracy": (capstone.ACCURACY_SCALE[edition], scored),
        "capstone.robustness": (capstone.ROBUSTNESS_SCALE[edition], min(scored, _reading.SHIFTED_DIGITS)),
    }
    table = {}
    for name, values in found.items():
        scale, digits = scales[name]
        target = scale[-1][0]
        suffices = target - STANDARD_ERRORS * math.sqrt(target * (1 - target) / digits)
        mean, deviation = statistics.mean(values), statistics.stdev(values)
        # The splits differ from seed to seed, so the spread over seeds holds that of the scored digits already.
        table[name] = {
            "mean": mean,
            "standard_deviation": deviation,
            "lowest": min(values),
            "target": target,
            "suffices": suffices,
            "deviations_above": (mean - suffices) / deviation,
            "full_points": sum(value >= suffices for value in values),
            "of": len(values),
        }
    return table


def run_solution(folder, edition):
    """Seconds that a set's solution takes from its first cell to its last in a fresh kernel, and the points its checks gave."""
    from nbclient import NotebookClient

    stage = folder[3:]
    notebook = nbformat.read(ROOT / "solutions" / folder / f"{stage}.ipynb", as_version=4)
    started = time.perf_counter()
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute(cwd=str(ROOT), env={**os.environ, "MNIST_EDITION": edition})
    seconds = time.perf_counter() - started
    points = sum(
        float(output.data["text/plain"])
        for cell in notebook.cells
        if cell.id.startswith("check-")
        for output in cell.get("outputs", [])  # a Markdown cell has none
        if output.output_type == "execute_result"
    )
    return round(seconds, 1), points


def known_answers():
    """What the known answers to each task get: how many right ones, and for each wrong one its points and its sentence."""
    from mnist_lib import checks, keras_edition

    keras_edition.install()  # some answers load the digits through Keras
    table, faults = {}, []
    for stage in checks.SETS:
        for task in checks.tasks(stage).values():
            if not task.worth:
                continue
            name = f"{stage}.{task.name}"
            known = vars(importlib.import_module(f"answers.{name}"))
            rows = []
            for key, answer in list(known.items()):
                if not hasattr(answer, "expected") or answer.__module__ != f"answers.{name}":
                    continue
                deserved, says = answer.expected
                points, sentence = checks.judge(name, answer)
                if not math.isclose(points, task.worth if deserved is None else deserved) or says not in sentence:
                    faults.append(f"{name}: {key} got {points}")
                rows.append({"answer": key, "right": deserved is None, "points": points, "says": says})
            table[name] = {"worth": task.worth, "answers": rows}
    return table, faults


def machine():
    """Kind of machine, without its name."""
    return {"cores": os.cpu_count(), "system": platform.system()}


def in_a_process(what, edition, count):
    """One part of the measurement in a process of its own, with its edition."""
    command = [sys.executable, __file__, "--part", what, "--edition", edition, "--seeds", str(count)]
    finished = subprocess.run(command, env={**os.environ, "MNIST_EDITION": edition}, stdout=subprocess.PIPE, text=True)
    *said, last = finished.stdout.strip().splitlines() or [""]
    print("\n".join(said), flush=True)
    if finished.returncode:
        sys.exit(f"{what}, {edition} edition: exit code {finished.returncode}\n{last}")
    return json.loads(last)


def main():
    parser = argparse.ArgumentParser(description="Prove the exercises over 20 seeds, and measure their solutions.")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--part", choices=("seeds", "solutions", "answers"))
    parser.add_argument("--edition", choices=("sample", "full"))
    parser.add_argument("--answers-only", action="store_true", help="judge the answers anew, and keep the rest of the last measurement")
    chosen = parser.parse_args()
    if chosen.part == "seeds":
        print(json.dumps(seeds(chosen.edition, chosen.seeds)))
        return
    if chosen.part == "solutions":
        folders = sorted(path.parent.name for path in (ROOT / "solutions").glob("*/*.ipynb"))
        print(json.dumps({folder: run_solution(folder, chosen.edition) for folder in folders}))
        return
    if chosen.part == "answers":
        print(json.dumps(known_answers()))
        return

    editions = ("sample", "full") if os.environ.get("MNIST_NPZ") else ("sample",)
    if chosen.answers_only:
        result = json.loads(MEASURED.read_text(encoding="utf-8"))
    else:
        result = measure(editions, chosen.seeds)
    result["answers"], faults = in_a_process("answers", "sample", 0)
    for edition, table in result["seeds"].items():
        for name, row in table.items():
            if row["deviations_above"] < DEVIATIONS or row["full_points"] < row["of"]:
                faults.append(f"{name}, {edition} edition: {row}")
    MEASURED.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{MEASURED.relative_to(ROOT)} is written.")
    if faults:
        sys.exit("\n".join(faults))


def measure(editions, count):
    """What takes long: the solutions' times, and their accuracies over seeds."""
    return {
        "made_by": "make test-exercises",
        "date": datetime.date.today().isoformat(),
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "nbgrader")} | {"python": platform.python_version()},
        "machine": machine(),
        "solutions": {edition: in_a_process("solutions", edition, 0) for edition in editions},
        "seeds": {edition: in_a_process("seeds", edition, count) for edition in editions},
    }


if __name__ == "__main__":
    main()
