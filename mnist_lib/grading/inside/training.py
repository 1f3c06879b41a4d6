"""What `mnist_lib.checks.training` is where a student's notebook is graded: the given histories, and no task."""

import json
from pathlib import Path


def given_histories() -> dict[str, dict[str, list[float]]]:
    """The four histories, each under its letter; see the real module."""
    histories: dict[str, dict[str, list[float]]] = json.loads(Path(__file__).with_name("histories.json").read_text(encoding="utf-8"))
    return histories
