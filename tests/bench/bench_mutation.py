"""Changes the library in small ways, one at a time, and sees whether a test notices: mutation testing, by mutmut.

    python tests/bench/bench_mutation.py

Writes book/measured/mutation.json, which a page shows. Run it by `make test-mutation`; it takes some minutes. Which modules are changed and
which tests are asked stands in pyproject.toml. mutmut works on a copy, so that no changed line can stay behind in the library.

A change that no test notices shows that a test is missing, or changes nothing that counts. Those of the second kind stand with a reason in
equivalent_mutants.json, beside this file. The command fails where another change goes unnoticed, and where a reason stands for nothing.
"""

import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from bench_recipes import machine

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "book" / "measured" / "mutation.json"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.json")
WORK = ROOT / "_build" / "mutation"
MUTMUT = [sys.executable, "-m", "mutmut"]
LEFT_OUT = "mnist_lib.evaluation.x_e"  # `evaluate`, which asks a network: seconds for each change


def run() -> dict[str, str]:
    """mutmut on a copy: the name of each mutant, and what became of it."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    for name in ("mnist_lib", "tests"):
        shutil.copytree(ROOT / name, WORK / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", WORK)
    with (WORK / "log").open("wb") as log:
        command = [*MUTMUT, "run", "--max-children", str(os.cpu_count() or 1), *asked_for()]
        done = subprocess.run(command, cwd=WORK, stdout=log, stderr=log)
    if done.returncode:
        sys.exit(f"mutmut failed:\n{(WORK / 'log').read_text(encoding='utf-8', errors='replace')[-3000:]}")
    listed = subprocess.run([*MUTMUT, "results", "--all", "true"], cwd=WORK, capture_output=True, text=True, check=True).stdout
    found = dict(line.strip().rsplit(": ", 1) for line in listed.splitlines() if ": " in line)
    return {mutant: state for mutant, state in found.items() if not mutant.startswith(LEFT_OUT)}


def asked_for() -> list[str]:
    """Patterns of the names of the mutants to be tried: all of the modules in pyproject.toml but those of `LEFT_OUT`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    modules = {path.removesuffix(".py").replace("/", ".") for path in settings["only_mutate"]}
    partly = LEFT_OUT.rpartition(".")[0]
    return [*(f"{module}.*" for module in sorted(modules - {partly})), f"{partly}.x_[!e]*", f"{partly}.xǁ*"]


def change(mutant: str) -> dict[str, str]:
    """Where a mutant is changed, and how: the lines before and after."""
    shown = subprocess.run([*MUTMUT, "show", mutant], cwd=WORK, capture_output=True, text=True, check=True).stdout.splitlines()
    lines = [line for line in shown if line.startswith(("-", "+")) and not line.startswith(("---", "+++"))]
    before, after = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    module, _, function = mutant.partition("__mutmut_")[0].rpartition(".")
    return {
        "module": module,
        "function": function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", "."),
        "before": before,
        "after": after,
    }


def main() -> None:
    began = time.perf_counter()
    found = run()
    counts: dict[str, Counter] = {}
    unnoticed = []
    for mutant, state in found.items():
        counts.setdefault(mutant.rpartition(".")[0], Counter())[state] += 1
        if state not in ("killed", "timeout"):
            unnoticed.append({**change(mutant), "state": state})
    reasons = {tuple(each[part] for part in ("module", "function", "before", "after")): each["reason"] for each in known()}
    for each in unnoticed:
        each["reason"] = reasons.pop((each["module"], each["function"], each["before"], each["after"]), None)
    result = {
        "made_by": "make test-mutation",
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("mutmut", "hypothesis", "pytest", "numpy")}},
        "machine": machine(),
        "seconds": round(time.perf_counter() - began),
        "modules": {
            module: {
                "mutants": sum(states.values()),
                "killed": states["killed"],
                "timeouts": states["timeout"],
                "survived": sum(states.values()) - states["killed"] - states["timeout"],
                "equivalent": sum(each["module"] == module and each["reason"] is not None for each in unnoticed),
            }
            for module, states in sorted(counts.items())
        },
        "survivors": unnoticed,
    }
    MEASURED.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for each in unnoticed:
        print(
            f"{each['state']}: {each['module']}.{each['function']}: {each['before']} → {each['after']}  [{each['reason'] or 'no reason'}]"
        )
    print(json.dumps(result["modules"], indent=1))
    print(f"Written to {MEASURED}, after {result['seconds']} s")
    if reasons:
        sys.exit("Stale in equivalent_mutants.json, since a test notices them or they are made no more:\n" + "\n".join(map(str, reasons)))
    if missing := sum(each["reason"] is None for each in unnoticed):
        sys.exit(f"{missing} changes go unnoticed, and no reason says why that does not matter.")


def known() -> list[dict[str, str]]:
    """The changes that make no difference."""
    return json.loads(EQUIVALENT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
