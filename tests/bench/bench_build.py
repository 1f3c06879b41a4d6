"""What building the site takes, and what it spends its time on. `make bench-build` calls this.

For each edition the site is built four times, each time into a folder of its own unless said otherwise: with empty caches, one notebook
after the other; with empty caches, notebooks side by side; with every execution cached; and once more into the same folder, where nothing
has changed. Times are those of the whole command, seen from outside; so are its phases, by what it prints when one begins.
"""

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench_recipes import ROOT, machine

MEASURED = ROOT / "book" / "measured" / "build.json"
CHAPTER = re.compile(r"^ *([\d.]+)  (\S+)$", re.MULTILINE)
# What is printed when a phase has ended: Python, Sphinx and the extensions are loaded; pages are read, where need be executed; written.
ENDS = {"starting": "updating environment", "reading": "pickling environment", "writing": "generating indices"}


def build(edition: str, output: Path, cache: Path, at_a_time: int | None = None) -> dict:
    """Build once; returns seconds of the whole, of its phases, and of each chapter executed, as the build's own table says them."""
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_NOTEBOOKS_AT_A_TIME"}
    environment |= {"MNIST_EDITION": edition, "COURSE_EXECUTION_CACHE": str(cache)}
    if at_a_time:
        environment["COURSE_NOTEBOOKS_AT_A_TIME"] = str(at_a_time)
    command = [sys.executable, str(ROOT / "book" / "_tools" / "build.py"), "--output", str(output)]
    started = time.perf_counter()
    said, ends = "", {}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while part := os.read(process.stdout.fileno(), 2**16):
            said += part.decode(errors="replace")
            ends |= {name: time.perf_counter() - started for name, words in ENDS.items() if name not in ends and words in said}
    seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"The site could not be built:\n{said[-3000:]}")
    table = said.partition("\nseconds  chapter\n")[2]
    chapters = {name: float(took) for took, name in CHAPTER.findall(table)}
    return {"seconds": round(seconds, 1), "phases": phases(ends, seconds), "chapters": chapters}


def phases(ends: dict[str, float], seconds: float) -> dict[str, float]:
    """How long each phase took, from when each ended; the last is what is left."""
    ends = ends | {"finishing": seconds}
    return {name: round(end - start, 1) for (name, end), start in zip(ends.items(), [0.0, *ends.values()])}


def measure(edition: str) -> dict:
    """All four builds of an edition."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="course-build-") as folder:
        place = Path(folder)
        found["one_by_one"] = build(edition, place / "one", place / "cache-one", at_a_time=1)
        found["side_by_side"] = build(edition, place / "two", place / "cache-two")
        found["executions_cached"] = build(edition, place / "three", place / "cache-two")
        found["nothing_changed"] = build(edition, place / "three", place / "cache-two")
    for name in ("executions_cached", "nothing_changed"):
        del found[name]["chapters"]  # those of the build that filled the cache
    for name, each in found.items():
        print(f"{edition:7} {name:18} {each['seconds']:7.1f} s", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=MEASURED, help=f"JSON file to write (default {MEASURED.relative_to(ROOT)})")
    output = parser.parse_args().output
    editions = ["sample", *(["full"] if os.environ.get("MNIST_NPZ") else [])]
    if len(editions) == 1:
        print("MNIST_NPZ names no file: the sample edition alone is measured.")
    result = {
        "made_by": "make bench-build",
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("jupyter-book", "sphinx", "tensorflow")}},
        "machine": machine(),
        "editions": {edition: measure(edition) for edition in editions},
    }
    output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"Written to {output}")


if __name__ == "__main__":
    main()
