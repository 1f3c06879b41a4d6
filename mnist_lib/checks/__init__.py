"""The checks of the exercises: each task's one definition, in a module named after its stage, and what a notebook calls.

``check("loading.class_counts", class_counts)`` answers at once; ``ready("loading")``, at the end of a set, lists what is still open.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ._task import PUBLIC_SEED, UNANSWERED, Failure, Inputs, Task, plural, score, shown, wrapped

SETS = ("setup", "loading", "preprocessing", "model", "compilation", "training", "evaluation", "visualization", "capstone")

LONGEST_SENTENCE = 2_000  # characters; what came may be long, and is part of it

_verdicts: dict[str, str] = {}  # what `ready` lists: the last verdict on each task, in this process
_seed = PUBLIC_SEED


def use_variant(variant: int) -> None:
    """Take the inputs of the visible checks from another seed, so that a new class meets other numbers.

    Parameters
    ----------
    variant : int
        0 is the course's own. ``make exercises VARIANT=…`` writes it into the exercises.
    """
    global _seed
    _seed = int(variant)


def tasks(stage: str) -> dict[str, Task]:
    """The tasks of a stage's problem set, in order, by name.

    Parameters
    ----------
    stage : str
        One of `SETS`.

    Returns
    -------
    dict of str to Task

    Raises
    ------
    ValueError
        If there is no such set.
    """
    if stage not in SETS:
        raise ValueError(f"there is no problem set {stage!r}; the sets are {', '.join(SETS)}")
    return {task.name: task for task in import_module(f"{__name__}.{stage}").TASKS}


def find(name: str) -> Task:
    """A task by its full name, ``stage.task``.

    Parameters
    ----------
    name : str

    Returns
    -------
    Task

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    stage, _, task = str(name).partition(".")
    found = tasks(stage)
    if task not in found:
        raise ValueError(f"there is no task {name!r}; those of {stage} are {', '.join(f'{stage}.{each}' for each in found)}")
    return found[task]


def judge(name: str, answer: Any, seed: int = PUBLIC_SEED) -> tuple[float, str]:
    """Points and sentence for an answer: what `check` shows.

    Parameters
    ----------
    name : str
        ``stage.task``.
    answer : object
        The student's function or value.
    seed : int
        For the inputs.

    Returns
    -------
    points : float, from 0 to what the task is worth
    sentence : str
    """
    from ._collect import outputs

    task = find(name)
    inputs = task.inputs(seed)
    return verdict(task, outputs(task.collect, answer, inputs.cases), inputs)


def verdict(task: Task, came: list[Any], inputs: Inputs) -> tuple[float, str]:
    """Points and sentence for what came out of an answer.

    Parameters
    ----------
    task : Task
    came : list
        The outputs of all cases, plain data and Failures, whatever they hold.
    inputs : Inputs

    Returns
    -------
    points : float, from 0 to what the task is worth
    sentence : str
    """
    for each in came:
        if isinstance(each, Failure) and each.unanswered:
            return 0.0, f"{UNANSWERED.sentence}."
    try:
        points, sentence = task.points(came, inputs)
    except Exception:  # outputs of a form that no rule foresaw
        form = f"something of the form {shown(task.reference(inputs)[0])}" if task.collect.startswith("call") else "another form"
        points, sentence = 0.0, f"Expected {form}; came {shown(came[0])}."
    points, sentence = score(points, task.worth), sentence if len(sentence) <= LONGEST_SENTENCE else f"{sentence[:LONGEST_SENTENCE]} …"
    hinted = points >= task.worth or "\nHint: " in sentence  # a rule that knows better has given a hint of its own
    return points, sentence if hinted else f"{sentence}\nHint: {task.hint}"


def check(name: str, answer: Any) -> float:
    """Check an answer and say what is right and what is not.

    Parameters
    ----------
    name : str
        ``stage.task``, as the notebook has it.
    answer : object
        Your function, or your value.

    Returns
    -------
    float
        The points; the last line of the cell, so that nbgrader finds them.
    """
    task = find(name)
    points, sentence = judge(name, answer, _seed)
    mark = "✓" if points >= task.worth else "◐" if points else "○" if sentence.startswith("There is no answer yet") else "✗"
    _verdicts[name] = f"{mark} {task.name}: {points:g} of {plural(task.worth)}"
    print(wrapped(f"{_verdicts[name]}\n{sentence}"))
    return points


def attempt(answer: Callable[[], Any]) -> Any:
    """Run an answer that takes a while, such as a training, and return what it returns.

    Parameters
    ----------
    answer : function without arguments
        Yours.

    Returns
    -------
    object
        What the function returns; None, with a sentence, while it is not written yet. Its own errors are shown as they are.
    """
    try:
        return answer()
    except NotImplementedError as error:
        if str(error):
            raise
        print(f"{UNANSWERED.sentence}.")
        return None


def ready(stage: str) -> None:
    """Say whether a set is ready to be handed in: each task's state, and what else to look at.

    Parameters
    ----------
    stage : str
        One of `SETS`.
    """
    from ._report import report

    print(wrapped(report(stage, list(tasks(stage).values()), _verdicts)))
