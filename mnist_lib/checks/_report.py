"""What a student reads before handing a set in."""

from ._task import Task, plural

LARGEST_SOURCE = 200_000  # characters in a notebook's cells: what a grader accepts, and far more than any set needs


def report(stage: str, tasks: list[Task], verdicts: dict[str, str]) -> str:
    """The state of a set, as text.

    Parameters
    ----------
    stage : str
    tasks : list of Task
    verdicts : dict
        The last verdict on each task that was checked, by its full name.

    Returns
    -------
    str
    """
    from ..loading import edition_in_use

    lines = [verdicts.get(f"{stage}.{task.name}", f"○ {task.name}: its check was not run, of {plural(task.worth)}") for task in tasks]
    open_tasks = sum(not line.startswith("✓") for line in lines)
    source = sum(map(len, _run_cells()))
    lines.append("")
    lines.append(
        f"Digits: {edition_in_use() or 'none loaded'}{' edition' if edition_in_use() else ''}. Code run so far: {source:,} characters."
    )
    if source > LARGEST_SOURCE:
        lines.append(f"✗ That is more than the {LARGEST_SOURCE:,} characters that can be graded: delete long lists of numbers.")
    lines.append(
        "Before you hand in: restart the session and run all cells (Colab: Runtime → Restart session and run all), "
        "and see whether this list stays as it is. A notebook can lean on a cell that is no longer there."
    )
    lines.append(
        "Every task has all its points. The set is ready." if not open_tasks else
        f"{open_tasks} of {len(tasks)} tasks {'has' if open_tasks == 1 else 'have'} points missing. You may hand in all the same."
    )  # fmt: skip
    return "\n".join(lines)


def _run_cells() -> list[str]:
    """The source of the cells that this session has run."""
    try:
        from IPython import get_ipython
    except ImportError:
        return []
    shell = get_ipython()
    return list(shell.user_ns.get("In", [])) if shell else []
