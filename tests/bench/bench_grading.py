"""Measures grading: hostile, damaged and right submissions, the graded split, and the time that a grade takes.

    python tests/bench/bench_grading.py [--only PART …]

Writes book/measured/grading.json, from which the teacher's page makes its tables. Run it by `make bench-grading`; with MNIST_NPZ both
editions are measured, and it takes about an hour.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
MEASURED = ROOT / "book" / "measured" / "grading.json"
SEEDS = 5
REPETITIONS = 5
TIMED = ("02-loading", "04-model", "06-training")


def split(edition):
    """Accuracies of the course's recipe on MNIST's own split and on graded ones, with the same seeds."""
    import numpy as np

    from mnist_lib import build_model, compile_model, load_mnist, preprocess, total_steps, train
    from mnist_lib.grading.digits import SCORED, roughened
    from mnist_lib.grading.digits import split as draw

    def accuracy(x, y, images, labels, seed):
        model = compile_model(build_model(seed=seed), total_steps=total_steps(len(x)))
        train(model, preprocess(x), y, seed=seed, progress="none")
        return float((model.predict(preprocess(images), verbose=0).argmax(axis=1) == labels).mean())

    digits = load_mnist(edition)
    own, graded = [], []
    for seed in range(SEEDS):
        own.append(accuracy(*digits[0], *digits[1], seed))
        drawn = draw(digits, seed, SCORED[edition])
        graded.append(accuracy(*drawn.seen[0], roughened(drawn.scored[0], seed), drawn.scored[1], seed))
        print(edition, seed, f"{own[-1]:.4f} {graded[-1]:.4f}", flush=True)
    scored = SCORED[edition]
    mean = statistics.mean(graded)
    chance = (mean * (1 - mean) / scored) ** 0.5  # of one draw of scored digits
    # MNIST's own test digits are one draw, whatever the seed; the graded ones are drawn anew for each.
    error = (chance**2 + chance**2 / SEEDS + statistics.variance(own) / SEEDS) ** 0.5
    return {
        "own": own,
        "graded": graded,
        "difference": float(np.mean(graded) - np.mean(own)),
        "standard_error": error,
        "scored": scored,
    }


def overhead():
    """Seconds for the same solution by stock nbgrader and by grade_one, one after the other."""
    from mnist_lib.grading.assignment import prepare
    from mnist_lib.grading.one import grade_one

    table = {}
    with tempfile.TemporaryDirectory() as name:
        course = Path(name)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        (course / "solutions").symlink_to(ROOT / "solutions")
        tool = [sys.executable, ROOT / "book" / "_tools" / "exercises.py"]
        subprocess.run([*tool, "--release", course / "exercises", "--gradebook", course / "class" / "gradebook.db"], check=True)
        for folder in TIMED:
            path = ROOT / "solutions" / folder / f"{folder[3:]}.ipynb"
            target = course / "class" / "submitted" / "someone" / folder
            target.mkdir(parents=True)
            shutil.copy(path, target)
            assignment = prepare(folder, 0)
            stock, ours, steps = [], [], []
            for _ in range(REPETITIONS):
                stock.append(_stock(course, folder))
                started = time.perf_counter()
                result = grade_one(path.read_bytes(), assignment)
                ours.append(time.perf_counter() - started)
                steps.append(result.seconds)
                assert result.score == sum(verdict.worth for verdict in result.verdicts.values())
            table[folder] = {
                "stock": stock,
                "grade_one": ours,
                "ratios": [one / other for one, other in zip(ours, stock)],
                "steps": {step: statistics.median(each.get(step, 0.0) for each in steps) for step in steps[0]},
            }
            print(folder, {key: statistics.median(table[folder][key]) for key in ("stock", "grade_one", "ratios")}, flush=True)
    return table


def _stock(course, folder):
    """Seconds of stock nbgrader, in this process, as its own command would do it after it was started."""
    import logging

    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    here = os.getcwd()
    os.chdir(course)
    try:
        config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config())
        config.CourseDirectory.root = str(course)
        config.CourseDirectory.db_url = f"sqlite:///{course / 'class' / 'gradebook.db'}"
        api = NbGraderAPI(config=config)
        api.log.setLevel(logging.CRITICAL)
        started = time.perf_counter()
        done = api.autograde(folder, "someone", force=True)
        seconds = time.perf_counter() - started
        if not done["success"]:
            raise SystemExit(done["error"])
        return seconds
    finally:
        os.chdir(here)


def hostile():
    import hostile as attacks

    rows = [
        asdict(row) | {"held": row.held, "found": len(row.found)}  # what was found is told, not kept: it names places of this machine
        for row in attacks.run_all(told=lambda row: print(row.name, row.points, row.tried, row.ended, row.found, flush=True))
    ]
    outcomes = attacks.stock(told=lambda name, outcome: print("stock:", name, outcome["points"], outcome["ended"], flush=True))
    kept = {
        name: {"points": outcome["points"], "most": outcome["most"], "found": len(outcome["found"])} for name, outcome in outcomes.items()
    }
    return [row | {"stock": kept.get(row["name"])} for row in rows]


def damaged():
    import submissions

    return submissions.run_damaged()


def right():
    import submissions

    return submissions.run_right(under_load=True)


PARTS = {"split": split, "overhead": overhead, "hostile": hostile, "damaged": damaged, "right": right}
IN_BOTH_EDITIONS = ("split", "right")


def in_a_process(part, edition):
    """One part, in a process with its own edition."""
    command = [sys.executable, "-W", "ignore", __file__, "--part", part, "--edition", edition]
    with tempfile.NamedTemporaryFile("r", suffix=".json") as answer:
        finished = subprocess.run([*command, "--answer", answer.name], env={**os.environ, "MNIST_EDITION": edition})
        if finished.returncode:
            sys.exit(f"{part}, {edition} edition: exit code {finished.returncode}")
        return json.load(answer)


def main():
    parser = argparse.ArgumentParser(description="Measure grading.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="the rest of the last measurement is kept")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--edition", choices=("sample", "full"), help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        given = PARTS[chosen.part](chosen.edition) if chosen.part == "split" else PARTS[chosen.part]()
        chosen.answer.write_text(json.dumps(given), encoding="utf-8")
        return
    editions = ("sample", "full") if os.environ.get("MNIST_NPZ") else ("sample",)
    result = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    for part in chosen.only:
        wanted = editions if part in IN_BOTH_EDITIONS else editions[:1]
        result[part] = {edition: in_a_process(part, edition) for edition in wanted}
    result |= {
        "made_by": "make bench-grading",
        "date": datetime.date.today().isoformat(),
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "nbgrader")} | {"python": platform.python_version()},
        "machine": {"cores": os.cpu_count(), "system": platform.system()},
    }
    MEASURED.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{MEASURED.relative_to(ROOT)} is written.")


if __name__ == "__main__":
    main()
