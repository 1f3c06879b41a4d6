"""What `mnist_lib.checks` is where a student's notebook is graded: nothing here knows a right answer, and nothing here decides anything.

This file becomes ``mnist_lib/checks/__init__.py`` in the sandbox. A graded cell calls `hand_over`; all else answers as the real one would.
"""

import os
from collections.abc import Callable
from typing import Any


def use_variant(variant: int) -> None:
    """Has no effect: the grader chooses the inputs."""


def check(name: str, answer: Any) -> None:
    """Has no effect here: what counts is handed over by the graded cell."""
    print(f"{name}: checked by the grader.")


def ready(stage: str) -> None:
    """Has no effect here."""


def attempt(answer: Callable[[], Any]) -> Any:
    """Run an answer that takes a while, and return what it returns; None while it is not written yet."""
    try:
        return answer()
    except NotImplementedError as error:
        if str(error):
            raise
        return None


def hand_over(name: str, answer: Any) -> None:
    """Give a task's inputs to an answer, and publish what comes out as a message that the grader reads.

    Parameters
    ----------
    name : str
        ``stage.task``.
    answer : object
        The student's function or value.
    """
    from pathlib import Path

    from IPython.display import publish_display_data

    from mnist_lib.checks._collect import outputs
    from mnist_lib.checks._task import Failure
    from mnist_lib.checks._wire import LARGEST_TEXT, packed, unpacked

    given = unpacked(Path(os.environ["MNIST_TASKS"], f"{name}.json").read_text(encoding="ascii"))
    came = outputs(given["collect"], answer, given["cases"])
    try:
        text = packed(came)
    except (TypeError, ValueError, RecursionError) as error:
        text = packed([Failure(f"it gave something that is no plain data: {error}")] * len(came))
    if len(text) > LARGEST_TEXT:
        text = packed([Failure(f"it gave {len(text):,} characters of data; at most {LARGEST_TEXT:,} are taken")] * len(came))
    publish_display_data({os.environ["MNIST_OUTPUTS"]: text})
