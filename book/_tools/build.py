"""Builds the site: runs every chapter, fails on any warning, and says where the site is.

    python book/_tools/build.py [--output FOLDER]

The edition of MNIST is what the environment variable MNIST_EDITION names, else ``full`` if MNIST_NPZ names a file, else ``sample``.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book"))

from _ext.kernels import EditionError, choose_edition  # noqa: E402  (the folder of our extensions is no installed package)

# What nbclient writes before a cell's source, and around it.
FAILED_CELL = "An error occurred while executing the following cell:\n"
RULE = "------------------\n"


def build(output: Path) -> int:
    """Build the site into `output`/_build/html; return an exit code."""
    try:
        edition = choose_edition(os.environ)
    except EditionError as error:
        print(f"{error}. Let MNIST_NPZ name Keras' mnist.npz, or unset it to build the sample edition.", file=sys.stderr)
        return 1
    started = time.perf_counter()
    site = output / "_build" / "html"
    shutil.rmtree(site / "reports", ignore_errors=True)  # of an earlier build
    jupyter_book = Path(sys.executable).with_name("jupyter-book")  # beside this Python, not one from elsewhere on the path
    command = [str(jupyter_book), "build", str(ROOT), "--path-output", str(output), "-W", "-n", "--keep-going"]
    command += ["--toc", str(contents(output))]
    code = subprocess.run(command, env={**os.environ, "MNIST_EDITION": edition}).returncode
    if code:
        for report in sorted((site / "reports").rglob("*.err.log")):
            notebook = ROOT / report.relative_to(site / "reports").with_name(report.name.replace(".err.log", ".ipynb"))
            print(f"\n{failure(notebook, report.read_text(encoding='utf-8'))}", file=sys.stderr)
        print(f"\nThe site was not built: see the warnings and errors above (exit code {code}).", file=sys.stderr)
        return code
    print(f"\nThe site, on the {edition} edition of MNIST, took {time.perf_counter() - started:.0f} seconds in all:")
    print(site / "index.html")
    return 0


def contents(output: Path) -> Path:
    """The table of contents to build from: `_toc.yml`, or one without the worked solutions if `_config.yml` leaves them out."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    if settings["sphinx"]["config"]["worked_solutions"]:
        return ROOT / "_toc.yml"
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            if chapter["file"] == "book/exercises":
                del chapter["sections"]
    shorter = output / "_build" / "_toc.yml"
    shorter.parent.mkdir(parents=True, exist_ok=True)
    shorter.write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")
    return shorter


def failure(notebook: Path, report: str) -> str:
    """Which cell of a notebook failed, and how: the part of a report that a reader needs."""
    _, found, rest = report.partition(FAILED_CELL + RULE)
    if not found:  # not a cell's own error: it took too long, or its kernel died
        return f"{notebook.name} failed: {report.strip().splitlines()[-1]}"
    source, _, error = rest.partition("\n" + RULE)
    cells = nbformat.read(notebook, as_version=4).cells
    number, name = next(
        ((number, cell.get("id")) for number, cell in enumerate(cells, start=1) if cell.source.strip() == source.strip()), ("?", "?")
    )
    code = "\n".join(f"    {line}" for line in source.strip().splitlines())
    return f"{notebook.name}: cell {number} (id {name}) failed\n\n{code}\n\n{error.strip()}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--output", type=Path, default=ROOT, help="folder that gets _build/html (default: the repository)")
    sys.exit(build(parser.parse_args().output.resolve()))
