"""Builds the site: runs every chapter, fails on any warning, and says where the site is.

    python book/_tools/build.py [--output FOLDER]

The edition of MNIST is what the environment variable MNIST_EDITION names, else ``full`` if MNIST_NPZ names a file, else ``sample``.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book"))

from _ext.kernels import EditionError, choose_edition  # noqa: E402  (the folder of our extensions is no installed package)


def build(output: Path) -> int:
    """Build the site into `output`/_build/html; return an exit code."""
    try:
        edition = choose_edition(os.environ)
    except EditionError as error:
        print(f"{error}. Let MNIST_NPZ name Keras' mnist.npz, or unset it to build the sample edition.", file=sys.stderr)
        return 1
    started = time.perf_counter()
    jupyter_book = Path(sys.executable).with_name("jupyter-book")  # beside this Python, not one from elsewhere on the path
    command = [str(jupyter_book), "build", str(ROOT), "--path-output", str(output), "-W", "-n", "--keep-going"]
    code = subprocess.run(command, env={**os.environ, "MNIST_EDITION": edition}).returncode
    if code:
        show_failures(output)
        print(f"\nThe site was not built: see the warnings and errors above (exit code {code}).", file=sys.stderr)
        return code
    print(f"\nThe site, on the {edition} edition of MNIST, took {time.perf_counter() - started:.0f} seconds in all:")
    print(output / "_build" / "html" / "index.html")
    return 0


def show_failures(output: Path) -> None:
    """What went wrong in a notebook's cell: the reports that the build leaves."""
    for report in sorted((output / "_build" / "html" / "reports").rglob("*.err.log")):
        print(f"\n── {report.name.removesuffix('.err.log')}: a cell failed\n{report.read_text(encoding='utf-8')}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--output", type=Path, default=ROOT, help="folder that gets _build/html (default: the repository)")
    sys.exit(build(parser.parse_args().output.resolve()))
