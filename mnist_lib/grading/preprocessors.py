"""What nbgrader's autograding does besides its own steps; `nbgrader_config.py` puts these where they belong."""

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Integer


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
