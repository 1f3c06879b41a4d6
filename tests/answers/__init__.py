"""Answers to the exercises' tasks, right and wrong, each with what it deserves: `tests/answers/<stage>/<task>.py`.

An answer is a function, decorated with `right` or with `wrong(points, says)`; where a task asks for a value and no function, a function
without arguments decorated besides with `value` gives it.
"""

from collections.abc import Callable


def right(answer: Callable) -> Callable:
    """Mark an answer that must get full points."""
    answer.expected = (None, "")
    return answer


def wrong(points: float, says: str) -> Callable[[Callable], Callable]:
    """Mark an answer that must get `points`, fewer than the task is worth, with a message in which `says` occurs."""

    def mark(answer: Callable) -> Callable:
        answer.expected = (points, says)
        return answer

    return mark


def value(answer: Callable) -> Callable:
    """Mark a function whose result, not itself, is the answer; it is called when the answer is judged."""
    answer.gives_value = True
    return answer
