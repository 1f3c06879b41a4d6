"""Measures grading a class: beside nbgrader alone, over many submissions, under sudden ends; and copies seen where there are none.

    python tests/bench/bench_class.py [--only PART …]

Writes book/measured/class.json, from which the teacher's page makes its tables. Run it by `make bench-class`; it takes about half an hour.
"""

import argparse
import datetime
import json
import os
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
MEASURED = ROOT / "book" / "measured" / "class.json"
TIMED = ("02-loading", "04-model", "06-training")
CLASS = 12
REPETITIONS = 3
MANY = 10_000
KILLS, STUBBED = 20, 30
REAL_KILLS, REAL = 2, 6
SEED = 12345


def handed_in(course, names, of=CLASS):
    """As many right notebooks as a class has students, in nbgrader's folders: the tests' own, and again from the first."""
    from submissions import right_submissions

    for name in names:
        right = [each.data for key, each in right_submissions(name[3:]).items() if "-" not in key.removeprefix("right-")]
        for number in range(of):
            place = course / "class" / "submitted" / f"student-{number:05d}" / name
            place.mkdir(parents=True)
            (place / f"{name[3:]}.ipynb").write_bytes(right[number % len(right)])


def course_in(folder):
    """A course: configuration, solutions, exercises and gradebook."""
    for name in ("nbgrader_config.py", "_config.yml"):
        shutil.copy(ROOT / name, folder)
    (folder / "solutions").symlink_to(ROOT / "solutions")
    tool = [sys.executable, ROOT / "book" / "_tools" / "exercises.py"]
    made = subprocess.run([*tool, "--release", folder / "exercises", "--gradebook", folder / "class" / "gradebook.db"], capture_output=True)
    if made.returncode:
        sys.exit(made.stderr.decode())


def throughput():
    """Seconds for the same twelve, by `nbgrader autograde` and by `mnist-grade`, as commands, in turns; and where ours went."""
    steps = {
        "stock": "from nbgrader.apps.nbgraderapp import main; sys.argv[1:1] = ['autograde']; main()",
        "ours": "from mnist_lib.grading.command import main; sys.argv[1] = 'class/submitted'; sys.exit(main())",
    }
    table = {}
    for name in TIMED:
        rows = {"stock": [], "ours": [], "first": [], "steps": []}
        for repetition in range(REPETITIONS):
            for kind in sorted(steps, reverse=repetition % 2):
                with tempfile.TemporaryDirectory() as place:
                    course = Path(place)
                    course_in(course)
                    handed_in(course, [name])
                    began, started = time.time(), time.perf_counter()
                    command = [sys.executable, "-c", f"import sys; {steps[kind]}", name]
                    done = subprocess.run(command, cwd=course, capture_output=True, text=True)
                    rows[kind].append(time.perf_counter() - started)
                    print(name, kind, f"{rows[kind][-1]:.1f} s", flush=True)
                    said = done.stdout + done.stderr
                    if done.returncode or (kind == "ours" and f"{CLASS} of {CLASS} submissions got a verdict" not in said):
                        sys.exit(f"{kind}, {name}: exit code {done.returncode}\n{said[-3000:]}")
                    graded = list(course.glob(f"class/autograded/*/{name}/*.ipynb"))
                    if len(graded) != CLASS:
                        sys.exit(f"{kind}, {name}: {len(graded)} of {CLASS} were graded\n{said[-3000:]}")
                    if kind == "ours":
                        results = list(course.glob(f"class/results/{name}/*/result.json"))
                        rows["first"].append(min(each.stat().st_mtime for each in results) - began)
                        spent = [json.loads(each.read_text(encoding="utf-8"))["result"]["seconds"] for each in results]
                        rows["steps"].append({step: statistics.mean(each.get(step, 0.0) for each in spent) for step in spent[0]})
        table[name] = rows | {"ratios": [stock / ours for stock, ours in zip(rows["stock"], rows["ours"])]}
        print(name, statistics.median(table[name]["ratios"]), flush=True)
    return table


def workers():
    """Seconds for twelve under Dask, with one worker and with two, and by as many processes of the pool."""
    from distributed import LocalCluster
    from submissions import right_submissions

    from mnist_lib.grading.assignment import prepare
    from mnist_lib.grading.workers import Cluster, Pool, Work

    assignments = {"02-loading": prepare("02-loading", SEED)}
    data = right_submissions("loading")["solution"].data
    table = {}
    for count in (1, 2):
        with Pool(assignments, Work(), count) as pool:
            table[f"pool of {count}"] = _timed(pool, data, count)
        settings = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
        with LocalCluster(**settings) as cluster, Cluster(assignments, Work(), cluster.scheduler_address) as dask:
            table[f"Dask, {count} worker{'s' * (count > 1)}"] = _timed(dask, data, count)
    print(table, flush=True)
    return table


def _timed(those, data, count):
    """Seconds for twelve, after each worker has graded one."""
    list(those.graded(((number, "02-loading") for number in range(count)), lambda _: data))
    started = time.perf_counter()
    results = [result for _, result in those.graded(((number, "02-loading") for number in range(CLASS)), lambda _: data)]
    if any(getattr(result, "score", 0) != 10 for result in results):
        sys.exit(f"a right answer got less than 10 points: {results[0]}")
    return time.perf_counter() - started


def scale():
    """Ten thousand submissions whose grading is stubbed: the memory of the process that coordinates, and its time per result.

    That is the processor's time: the clock's would tell what else the machine does.
    """
    import psutil
    import stubs
    from distributed import LocalCluster

    from mnist_lib.grading.assignment import prepare
    from mnist_lib.grading.collect import Submission
    from mnist_lib.grading.many import Class
    from mnist_lib.grading.merge import Merger
    from mnist_lib.grading.report import Report
    from mnist_lib.grading.roster import Student
    from mnist_lib.grading.store import Store
    from mnist_lib.grading.workers import Cluster, Work

    assignments = {"02-loading": prepare("02-loading", SEED)}
    curves = {}
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as place:
            folder, own, curve = Path(place), psutil.Process(), []
            store, work = Store(folder), Work(grade=stubs.at_once)
            settings = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
            with LocalCluster(**settings) as cluster, store.locked(), Merger(folder) as merger:
                names = [f"student-{number:05d}" for number in range(MANY)]
                merger.know(map(Student, names))
                jobs = [store.put(Submission(name, "02-loading", name, None, False, name.encode)) for name in names]
                course, report = Class(store, assignments, work, merger), Report(assignments)
                with Cluster(assignments, work, cluster.scheduler_address) as dask:
                    started, used = time.perf_counter(), sum(own.cpu_times()[:2])
                    for done, line in enumerate(course.graded(jobs, dask), start=1):
                        report.add(store, line)
                        if done % (MANY // 50) == 0:
                            curve.append([done, time.perf_counter() - started, own.memory_info().rss, sum(own.cpu_times()[:2]) - used])
                            print(count, *curve[-1], flush=True)
            curves[str(count)] = curve
    return {"submissions": MANY, "curves": curves}


SCRIPT = """\
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
import stubs
from mnist_lib.grading.assignment import prepare
from mnist_lib.grading.collect import collect
from mnist_lib.grading.many import Class
from mnist_lib.grading.merge import Merger
from mnist_lib.grading.one import grade_one
from mnist_lib.grading.roster import Student
from mnist_lib.grading.store import Store
from mnist_lib.grading.workers import Pool, Work

if __name__ == "__main__":
    folder, source = Path(sys.argv[1]), Path(sys.argv[2])
    assignments = {{"02-loading": prepare("02-loading", {seed})}}
    store, work = Store(folder), Work(grade={grade})
    with store.locked(), Merger(folder) as merger:
        jobs = [store.put(each) for each in collect(source, assignment="02-loading").submissions]
        merger.know(Student(job.student) for job in jobs)
        course = Class(store, assignments, work, merger)
        due = [job for job in jobs if course.due(job)]
        for line in course.known(job for job in jobs if job not in due):
            pass
        if due:
            with Pool(assignments, work, 2) as pool:
                for line in course.graded(due, pool):
                    print("graded", line.student, flush=True)
"""


def killed():
    """Runs that are ended at random moments, again and again, and then let go on: are the grades those of an undisturbed run?"""
    return {
        "stubbed": _killed("stubs.a_while", STUBBED, KILLS, lambda: random.Random(SEED)),
        "real": _killed("grade_one", REAL, REAL_KILLS, lambda: random.Random(SEED + 1)),
    }


def _killed(grade, submissions, kills, chance):
    from nbgrader.api import Gradebook

    draw = chance()
    with tempfile.TemporaryDirectory() as place:
        course = Path(place)
        script = course / "script.py"
        script.write_text(SCRIPT.format(root=str(ROOT), tests=str(ROOT / "tests"), seed=SEED, grade=grade), encoding="utf-8")
        handed_in(course, ["02-loading"], submissions)
        for path in (course / "class" / "submitted").rglob("*.ipynb"):  # no two alike
            path.write_bytes(path.read_bytes() + f"\n{' ' * int(path.parts[-3][-5:])}".encode())

        def command(name):
            return [sys.executable, script, course / name, course / "class" / "submitted"]

        def grades(name):
            with Gradebook(f"sqlite:///{course / name / 'gradebook.db'}", "mnist") as opened:
                found = {}
                for submission in opened.assignment_submissions("02-loading"):
                    cells = {grade.cell.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades}
                    found[submission.student.id] = cells
                return found

        (course / "undisturbed").mkdir()
        started = time.perf_counter()
        subprocess.run(command("undisturbed"), check=True, capture_output=True)
        whole = time.perf_counter() - started
        want = grades("undisturbed")
        row = {"submissions": submissions, "kills": 0, "midway": 0, "compared": 0, "equal": True, "lost": 0, "results_written_twice": 0}
        written = {}

        def look():
            for path in (course / "killed").rglob("result.json"):
                written.setdefault(path, set()).add(path.stat().st_mtime_ns)

        while row["kills"] < kills:
            (course / "killed").mkdir(exist_ok=True)
            process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(draw.uniform(0.2, 0.9) * whole)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                row["kills"] += 1
            look()
            row["midway"] += 0 < len(written) < submissions
            if len(written) < submissions and row["kills"] < kills:
                continue
            # Let go on to its end, compared, and begun again from nothing.
            subprocess.run(command("killed"), check=True, capture_output=True)
            look()
            got = grades("killed")
            row["compared"] += 1
            row["equal"] &= got == want
            row["lost"] += len(set(want) - set(got))
            row["results_written_twice"] += sum(len(times) > 1 for times in written.values())
            shutil.rmtree(course / "killed")
            written.clear()
        print(grade, row, flush=True)
        return row


def hostile():
    """The attacks of `make bench-grading`, on kernels that are forked, as they are when a class is graded."""
    import hostile as attacks

    from mnist_lib.grading import sandbox

    if not sandbox.keep_warm():
        sys.exit("kernels cannot be forked here")
    rows = attacks.run_all(told=lambda row: print(row.name, row.points, row.tried, row.seconds, row.ended, row.found, flush=True))
    if sandbox._OWN[0].process.poll() is not None:
        sys.exit("the process from which kernels are forked was ended")
    sandbox.cool_down()
    open_ = [row.name for row in rows if not row.held]
    return {"attacks": len(rows), "held": len(rows) - len(open_), "tried": sum(row.tried for row in rows), "not_held": open_}


def copies():
    """Pairs that look like copies among the tests' right answers, each of which was written by itself."""
    from submissions import answers

    from mnist_lib import checks
    from mnist_lib.grading.copies import LONG, alike, tokens
    from mnist_lib.grading.intake import read

    rows = {"answers": 0, "long_enough": 0, "pairs": 0, "found": 0, "tasks": 0}
    for stage in checks.SETS:
        for task in checks.tasks(stage):
            path = ROOT / "tests" / "answers" / stage / f"{task}.py"
            if not path.exists():
                continue
            sources = _sources(path, answers(stage, task, right=True))
            long = [source for source in sources.values() if len(tokens(source)) >= LONG]
            rows["tasks"] += 1
            rows["answers"] += len(sources)
            rows["long_enough"] += len(long)
            rows["pairs"] += len(long) * (len(long) - 1) // 2
            rows["found"] += len(list(alike(sources, known=_known(stage, read))))
    print(rows, flush=True)
    return rows


def _sources(path, names):
    """The source of each right answer in a file of the tests."""
    import ast

    text = path.read_text(encoding="utf-8")
    found = {}
    for node in ast.parse(text).body:
        if getattr(node, "name", None) in names:
            found[node.name] = ast.get_source_segment(text, node)
    return found


def _known(stage, read):
    from submissions import CHAPTERS

    return [cell.source for cell in read((ROOT / "solutions" / CHAPTERS[stage] / f"{stage}.ipynb").read_bytes()).cells]


PARTS = {"throughput": throughput, "workers": workers, "scale": scale, "killed": killed, "copies": copies, "hostile": hostile}


def main():
    parser = argparse.ArgumentParser(description="Measure grading a class.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="the rest of the last measurement is kept")
    chosen = parser.parse_args()
    os.environ["MNIST_EDITION"] = "sample"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH")]))
    result = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    for part in chosen.only:
        result[part] = PARTS[part]()
    result |= {
        "made_by": "make bench-class",
        "date": datetime.date.today().isoformat(),
        "versions": {name: version(name) for name in ("tensorflow", "nbgrader", "distributed")} | {"python": platform.python_version()},
        "machine": {"cores": os.cpu_count(), "system": platform.system()},
    }
    MEASURED.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{MEASURED.relative_to(ROOT)} is written.")


if __name__ == "__main__":
    main()
