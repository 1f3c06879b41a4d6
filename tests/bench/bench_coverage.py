"""Runs the tests and sees which lines and branches of the library they reach.

    python tests/bench/bench_coverage.py [TESTS …]

Writes book/measured/coverage.json, which a page shows. Run it by `make coverage`; it takes as long as the tests, and a third more. With
TESTS, files or folders of tests, only those run, and the figures are printed.
"""

import argparse
import datetime
import json
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from bench_recipes import machine

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "book" / "measured" / "coverage.json"
WORK = ROOT / "_build" / "coverage"  # named in pyproject.toml too


def run_tests(tests: list[str]) -> None:
    """As `make test` runs them, watched."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    command = [sys.executable, "-m", "pytest", "--numprocesses", "logical", "--maxprocesses", "4", "--dist", "loadfile"]
    if subprocess.run([*command, "--cov", "--cov-report=", *tests], cwd=ROOT).returncode:
        sys.exit("A test failed: nothing is written.")


def counted() -> dict:
    """What coverage counts: of the library and of each of its modules, with and without branches."""
    report = WORK / "report.json"
    subprocess.run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", report], cwd=ROOT, check=True)
    found = json.loads(report.read_text(encoding="utf-8"))
    modules = {name: {**figures(each["summary"]), "missing": spans(each["missing_lines"])} for name, each in sorted(found["files"].items())}
    return {"total": figures(found["totals"]), "modules": modules}


def figures(summary: dict) -> dict:
    """Lines and branches, and the percentage of both together that was reached."""
    return {
        "lines": summary["num_statements"],
        "lines_reached": summary["covered_lines"],
        "branches": summary["num_branches"],
        "branches_reached": summary["covered_branches"],
        "percent": round(summary["percent_covered"], 2),
        "left_out": summary["excluded_lines"],
    }


def spans(lines: list[int]) -> str:
    """Numbers of lines, those in a row as from–to."""
    said, first = [], None
    for line, after in zip(lines, [*lines[1:], None]):
        first = line if first is None else first
        if after != line + 1:
            said.append(f"{first}" if first == line else f"{first}–{line}")
            first = None
    return ", ".join(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", nargs="*", help="files of tests; all if none is named")
    tests = parser.parse_args().tests
    run_tests(tests)
    found = counted()
    for name, each in sorted(found["modules"].items(), key=lambda item: item[1]["percent"]):
        print(f"{each['percent']:6.1f} %  {name}  {each['missing']}")
    print(f"{found['total']['percent']:6.1f} %  of all")
    if tests:
        print("Only some tests ran: nothing is written.")
        return
    result = {
        "made_by": "make coverage",
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("coverage", "pytest")}},
        "machine": machine(),
        **found,
    }
    MEASURED.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"Written to {MEASURED}")


if __name__ == "__main__":
    main()
