"""Shows a teacher what a task's answer was given, what was expected, and what came: for doubts and appeals."""

from ..checks import find
from ..checks._task import Failure, shown
from . import intake
from .assignment import Assignment, CourseError
from .score import score
from .session import Limits

WARNING = """\
SECRET until the deadline: these inputs are handed to every student's answer. Whoever knows them can write an answer that fits them alone.
After it has been shown to a student, `mnist-grade reseed` draws others."""


def explain(data: bytes, task: str, assignment: Assignment, limits: Limits | None = None, *, isolated: bool = True) -> str:
    """Run a submission again, and show one task's cases.

    Parameters
    ----------
    data : bytes
        What was handed in.
    task : str
        ``stage.task``, or the task's name alone.
    assignment : Assignment
    limits : Limits, optional
    isolated : bool
        See `mnist_lib.grading.sandbox.run`.

    Returns
    -------
    str

    Raises
    ------
    CourseError
        If the set has no such task.
    Refusal
        If the file cannot be graded.
    """
    name = task if "." in task else f"{assignment.stage}.{task}"
    if name not in assignment.secret.inputs:
        raise CourseError(f"{assignment.name} has no task {task!r}; its tasks are {', '.join(assignment.secret.inputs)}.")
    scored = score(intake.rebuild(intake.read(data), assignment.notebook()), assignment, limits or Limits(), isolated=isolated)
    inputs, verdict = assignment.secret.inputs[name], scored.verdicts[name]
    lines = [WARNING, "", f"{name}: {verdict.points:g} of {verdict.worth:g}. {verdict.private}", ""]
    expected = find(name).reference(inputs)
    for number, (case, right, came) in enumerate(zip(inputs.cases, expected, scored.outputs[name]), start=1):
        corner = " (corner case)" if inputs.corner_from is not None and number > inputs.corner_from else ""
        lines.append(f"case {number}{corner}")
        lines += [f"  given:    {shown(each)}" for each in case]
        lines += [f"  expected: {shown(right)}", f"  came:     {came.sentence if isinstance(came, Failure) else shown(came)}"]
    return "\n".join(lines)
