"""What nbgrader's autograding does besides its own steps; `nbgrader_config.py` puts these where they belong."""

from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Integer

from .intake import Refusal, rebuild


class Intake(NbGraderPreprocessor):
    """Puts the student's answers into a fresh copy of the released exercise, before anything else looks at the notebook."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Rebuild one notebook.

        Parameters
        ----------
        nb : NotebookNode
            What the student handed in.
        resources : ResourcesDict
            nbgrader's; it names the student, the assignment and the notebook.

        Returns
        -------
        nb : NotebookNode
            See `rebuild`.
        resources : ResourcesDict
            As they came.

        Raises
        ------
        Refusal
            If the notebook cannot be graded. Its sentence is logged, and nbgrader leaves no score.
        FileNotFoundError
            If the released exercise is missing.
        """
        names = resources["nbgrader"]
        coursedir = getattr(getattr(self.parent, "parent", None), "coursedir", None) or CourseDirectory(parent=self)
        path = Path(coursedir.format_path(coursedir.release_directory, ".", names["assignment"])) / f"{names['notebook']}.ipynb"
        if not path.is_file():
            sentence = f"The released exercise {path} is missing, and submissions are rebuilt from it. Run `make exercises` first."
            self.log.error(sentence)
            raise FileNotFoundError(sentence)
        try:
            return rebuild(nb, nbformat.read(path, as_version=4)), resources
        except Refusal as refusal:
            self.log.error("%s, %s: %s", names.get("student"), names["assignment"], refusal)
            self._forget(names)
            raise

    def _forget(self, names: dict[str, str]) -> None:
        """Take a submission without any score out of the gradebook: nbgrader enters it before it reads the notebook, and would export 0."""
        with Gradebook(names["db_url"]) as gradebook:
            try:
                submission = gradebook.find_submission(names["assignment"], names["student"])
            except MissingEntry:
                return
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            if all(grade.auto_score is None and grade.manual_score is None for grade in grades):
                gradebook.remove_submission(names["assignment"], names["student"])


class CalmStderr(NbGraderPreprocessor):
    """Turns what cells wrote to stderr into ordinary text, after execution and before grading.

    nbgrader counts any text on stderr as a failure, and TensorFlow, warnings and progress bars write there. An exception is no text but an
    output of its own, and still costs the points.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, index: int) -> tuple[NotebookNode, ResourcesDict]:
        """Rename the streams of one cell."""
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.name = "stdout"
        return cell, resources


class NoOutputNoPoints(NbGraderPreprocessor):
    """Gives a graded cell that shows no result an error in its place.

    nbgrader gives full points to a graded cell without output, also where the cell never ran. A check of this course always ends in a
    number; where there is none, the check did not speak.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, index: int) -> tuple[NotebookNode, ResourcesDict]:
        """Look at one cell."""
        if cell.cell_type == "code" and utils.is_grade(cell):
            kinds = {output.output_type for output in cell.outputs}
            if not kinds & {"execute_result", "error"}:
                sentence = "This check gave no result: the cell did not run, or was changed."
                cell.outputs.append(new_output("error", ename="NoResult", evalue=sentence, traceback=[f"NoResult: {sentence}"]))
        return cell, resources


class Variant(NbGraderPreprocessor):
    """Writes the number of a variant into the exercises, so that a new class's checks hand in other numbers."""

    number = Integer(0, min=0, help="The variant; 0 is the course's own.").tag(config=True)

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, index: int) -> tuple[NotebookNode, ResourcesDict]:
        """Look at one cell."""
        if cell.cell_type == "code":
            cell.source = cell.source.replace("use_variant(0)", f"use_variant({self.number})")
        return cell, resources
