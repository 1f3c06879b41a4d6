"""Where nbgrader finds the course's rooms, and what it does besides its own steps. Every `nbgrader` command run here reads it."""

import os
import sys
from pathlib import Path

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import Execute
from nbgrader.validator import Validator

from mnist_lib.grading.preprocessors import CalmStderr, Intake, NoOutputNoPoints, Variant

# nbgrader starts `alembic` by its bare name to make a gradebook: it lies beside this Python, whether or not the environment is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
Path("class").mkdir(exist_ok=True)  # where the gradebook will lie

c = get_config()  # noqa: F821  (traitlets puts it here)

c.CourseDirectory.course_id = "mnist"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
# Everything about real students lies in one folder, which git ignores.
c.CourseDirectory.submitted_directory = "class/submitted"
c.CourseDirectory.autograded_directory = "class/autograded"
c.CourseDirectory.feedback_directory = "class/feedback"
c.CourseDirectory.solution_directory = "class/solution"
c.CourseDirectory.db_url = "sqlite:///class/gradebook.db"

c.Execute.timeout = 600  # seconds for one cell: a student may train for minutes
c.Execute.iopub_timeout = 60  # 4 s, the default, is too short on a busy machine and leaves a notebook without a grade


def after_execution(steps):
    """The steps, with ours right after the notebook is executed."""
    steps = list(steps)
    place = steps.index(Execute) + 1
    return [*steps[:place], CalmStderr, NoOutputNoPoints, *steps[place:]]


c.Autograde.sanitize_preprocessors = [Intake, *Autograde.sanitize_preprocessors.default()]
c.Autograde.autograde_preprocessors = after_execution(Autograde.autograde_preprocessors.default())
c.GenerateAssignment.preprocessors = [Variant, *GenerateAssignment.preprocessors.default()]
# `nbgrader validate` has no setting for its steps, so the default itself is another one.
Validator.preprocessors.default_args = ([*Validator.preprocessors.default(), CalmStderr],)
