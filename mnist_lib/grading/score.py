"""The score that counts: a notebook is run in the sandbox, and what its answers give is judged out here."""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils

from .. import checks
from ..checks import _reading, _wire
from ..checks._task import UNANSWERED, Failure, Inputs, Task, plural
from . import sandbox
from .assignment import Assignment, Trial
from .page import cleaned_output
from .session import Limits, Run

_CHECK = re.compile(r"^check\(\"(\w+\.\w+)\", (\w+)\)\s*$", flags=re.MULTILINE)
Asked = dict[str, tuple[str, str]]  # for each graded cell of code, by its id, the task and the name that it checks
NO_OUTPUT = "the check gave no result"
RIGHT = "Right, for inputs that you have not seen as well."


@dataclass(frozen=True)
class Verdict:
    """What one task earned.

    Attributes
    ----------
    points, worth : float
    sentence : str
        For the student. Nothing in it comes from the secret inputs but the points, and an accuracy.
    private : str
        For the teacher: what was said of the secret inputs.
    """

    points: float
    worth: float
    sentence: str
    private: str


@dataclass
class Scored:
    """A notebook that was run and judged.

    Attributes
    ----------
    notebook : NotebookNode
        With the verdicts as the outputs of the graded cells. Other outputs are those of the public run, if there was one.
    verdicts : dict
        For each task, by its full name, its Verdict.
    secret : Run
        The run that counts. Its outputs may show what is secret.
    public : Run or None
    outputs : dict
        For each task what came, as plain data.
    """

    notebook: NotebookNode
    verdicts: dict[str, Verdict]
    secret: Run
    public: Run | None = None
    outputs: dict[str, list[Any]] = field(default_factory=dict)


def graded_cells(notebook: NotebookNode) -> Asked:
    """For each graded cell of code, by its id, the task and the name that it checks.

    Parameters
    ----------
    notebook : NotebookNode
        As released.

    Returns
    -------
    dict of str to (str, str)

    Raises
    ------
    ValueError
        If a graded cell checks nothing.
    """
    found = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell):
            match = _CHECK.search(cell.source)
            if match is None:
                raise ValueError(f"the graded cell {cell.id} has no line of the form check('stage.task', answer)")
            found[cell.id] = (match[1], match[2])
    return found


def score(notebook: NotebookNode, assignment: Assignment, limits: Limits, *, isolated: bool = True) -> Scored:
    """Run a notebook, and judge what its answers give.

    Parameters
    ----------
    notebook : NotebookNode
        From `mnist_lib.grading.intake.rebuild`.
    assignment : Assignment
    limits : Limits
        For each of the runs: there is a second one where points are missing, which meets nothing secret and explains.
    isolated : bool
        See `mnist_lib.grading.sandbox.run`.

    Returns
    -------
    Scored

    Raises
    ------
    NoSandbox
        If `isolated` and there is no sandbox on this machine.
    RuntimeError
        If the sandbox gave no kernel.
    ValueError
        If a graded cell checks nothing.
    """
    asked = graded_cells(notebook)
    execute = partial(sandbox.run, _handing_over(notebook, asked), limits=limits, graded=asked, isolated=isolated)
    secret = execute(files=assignment.secret.files)
    if secret.stopped and not secret.ran:
        raise RuntimeError(f"the sandbox gave no kernel: {secret.stopped}. {secret.log[-500:]}")
    outputs = _outputs(secret, asked, assignment.secret)
    judged = {name: checks.verdict(checks.find(name), came, assignment.secret.inputs[name]) for name, came in outputs.items()}

    owed = {name for name, (points, _) in judged.items() if _unexplained(name, outputs[name], points, assignment)}
    public = None
    if owed and not secret.stopped and not secret.overtime:
        public = execute(files=assignment.public.files)
    said = _outputs(public, asked, assignment.public) if public else {}
    verdicts = {}
    for cell, (name, _) in asked.items():
        task, (points, private) = checks.find(name), judged[name]
        if any(isinstance(each, Failure) and each.unanswered for each in outputs[name]):
            sentence = f"{UNANSWERED.sentence}."
        elif points >= task.worth and task.reference is not _reading.reference:
            sentence = RIGHT  # what was said of the secret inputs may show them
        elif name not in owed:
            sentence = private
        elif public is None:
            sentence = _stopped(secret, cell)
        else:
            sentence = _explained(task, said[name], assignment.public.inputs[name], public, cell)
        verdicts[name] = Verdict(points, task.worth, sentence, private)
    return Scored(_with_verdicts(notebook, asked, verdicts, public), verdicts, secret, public, outputs)


def _handing_over(notebook: NotebookNode, asked: Asked) -> NotebookNode:
    """The notebook as it runs: its graded cells hand the answers over, whatever `check` has come to mean in it."""
    executed = deepcopy(notebook)
    for cell in executed.cells:
        if cell.id in asked:
            name, answer = asked[cell.id]
            cell.source = f'__import__("mnist_lib.checks").checks.hand_over("{name}", {answer})'
    return executed


def _outputs(run: Run, asked: Asked, trial: Trial) -> dict[str, list[Any]]:
    """What each task's answer gave for each case, plain data; a Failure where it gave none."""
    errors = {}
    for cell in run.notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                errors[cell.id] = f"it stopped with {output.ename}: {(str(output.evalue).splitlines() or [''])[0][:200]}"
    found: dict[str, list[Any]] = {}
    for cell, (name, _) in asked.items():
        cases = len(trial.inputs[name].cases)
        found[name] = [Failure(errors.get(cell, NO_OUTPUT))] * cases
        if cell in run.handed_over:
            try:
                came = _wire.unpacked(run.handed_over[cell])
                if not isinstance(came, list) or len(came) != cases:
                    raise ValueError(f"expected the outputs of {cases} cases")
                found[name] = came
            except (ValueError, MemoryError) as error:
                found[name] = [Failure(f"what came out cannot be read: {error}")] * cases
    return found


def _unexplained(name: str, came: list[Any], points: float, assignment: Assignment) -> bool:
    """Whether a student is owed an explanation that the run on secret inputs must not give."""
    task = checks.find(name)
    if points >= task.worth or any(isinstance(each, Failure) and each.unanswered for each in came):
        return False
    if task.reference is not _reading.reference:
        return True
    cases = assignment.secret.inputs[name].cases  # an accuracy may be told, unless the predictions are none
    return any(_reading.fault(each, images) for each, (images,) in zip(came, cases))


def _stopped(run: Run, cell: str) -> str:
    """Why there is no result, where nothing more may be said."""
    if cell in run.overtime:
        return "The check of this task was stopped: it took too long."
    if run.stopped:
        last = run.ran[-1]
        return f"The notebook was stopped in the cell `{last}`: {run.stopped}. Answers checked before that cell have counted."
    return (
        f"Points are missing, and the notebook was not run again to say why, since this took too long: {', '.join(run.overtime)}. "
        "The check in your own notebook says more."
    )


def _explained(task: Task, came: list[Any], inputs: Inputs, run: Run, cell: str) -> str:
    """The sentence on the public inputs, of the run that meets nothing secret."""
    if cell not in run.handed_over and run.stopped:
        return _stopped(run, cell)
    points, sentence = checks.verdict(task, came, inputs)
    if points >= task.worth:
        return (
            "Right for the numbers that the notebook's own check hands in, but not for the others that it was graded with. "
            "Does the answer fit those numbers only, or depend on chance, on the time it takes, or on a file of yours?"
        )
    return f"With the numbers of the notebook's own check: {sentence}"


def _with_verdicts(notebook: NotebookNode, asked: Asked, verdicts: dict[str, Verdict], public: Run | None) -> NotebookNode:
    """The notebook as nbgrader and the student get it."""
    ran = [cell for cell in public.notebook.cells if cell.cell_type == "code"] if public else []
    shown = {cell.id: [each for each in map(cleaned_output, cell.outputs) if each is not None] for cell in ran}
    result = deepcopy(notebook)
    for cell in result.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = shown.get(cell.id, []), None
        if cell.id in asked:
            verdict = verdicts[asked[cell.id][0]]
            head = f"{verdict.points:g} of {plural(verdict.worth)}"
            html = "<br>".join(escape(line) for line in verdict.sentence.splitlines())
            # nbgrader takes the first result's text for the points: a number, and nothing else.
            data = {"text/plain": repr(float(verdict.points)), "text/html": f"<p><strong>{head}</strong></p><p>{html}</p>"}
            cell.outputs = [new_output("execute_result", data, execution_count=None)]
    return result
