"""The exercises as files: generated from their solutions, worth what they say, and graded by nbgrader as a teacher would run it."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from conftest import CHAPTERS, ROOT

from mnist_lib import checks

sys.path.insert(0, str(ROOT / "book" / "_tools"))

from exercises import variant_of

TOOL = ROOT / "book" / "_tools" / "exercises.py"
SETS = {CHAPTERS[stage]: stage for stage in checks.SETS}
POINTS = {"setup": 0, "loading": 10, "preprocessing": 12, "model": 10, "compilation": 12, "training": 18}
POINTS |= {"evaluation": 12, "visualization": 8, "capstone": 18}


def solution(name):
    return ROOT / "solutions" / name / f"{SETS[name]}.ipynb"


def cells(path):
    return nbformat.read(path, as_version=4).cells


def run(command, cwd, **environment):
    """A command that must succeed; returns what it said."""
    finished = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900
    )
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder of its own: the configuration, the exercises generated anew, and a gradebook that knows them."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    (folder / "solutions").symlink_to(ROOT / "solutions")
    command = [sys.executable, TOOL, "--variant", str(variant_of(ROOT / "exercises"))]  # a class may have another than the course's own
    run([*command, "--release", folder / "exercises", "--gradebook", folder / "class" / "gradebook.db"], ROOT)
    return folder


# The files


@pytest.mark.parametrize("name", SETS)
def test_each_stage_but_convolution_has_its_set(name):
    assert solution(name).exists()
    assert (ROOT / "exercises" / name / f"{SETS[name]}.ipynb").exists()


def test_exercises_are_generated_from_the_solutions(course):
    def texts(folder):
        return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.ipynb"))}

    generated, committed = texts(course / "exercises"), texts(ROOT / "exercises")
    assert sorted(generated) == sorted(committed)
    assert [name for name in generated if generated[name] != committed[name]] == [], "run `make exercises`"


def test_a_variant_changes_the_numbers_and_nothing_else(tmp_path):
    run([sys.executable, TOOL, "--variant", "7", "--release", tmp_path / "exercises", "--gradebook", tmp_path / "gradebook.db"], ROOT)
    for name, stage in SETS.items():
        new, old = (cells(folder / "exercises" / name / f"{stage}.ipynb") for folder in (tmp_path, ROOT))
        changed = [cell.id for cell, before in zip(new, old) if cell.source != before.source]
        assert changed == ["start"]
        assert any("use_variant(7)" in cell.source for cell in new)


def test_what_is_written_anew_keeps_its_variant(tmp_path):
    assert variant_of(tmp_path) == 0
    for name, number in (("a", 0), ("b", 7)):
        (tmp_path / f"{name}.ipynb").write_text(f'{{"source": "use_variant({number})"}}', encoding="utf-8")
    assert variant_of(tmp_path) == 7


def test_the_points_add_up_to_a_hundred():
    assert {stage: sum(task.worth for task in checks.tasks(stage).values()) for stage in checks.SETS} == POINTS
    assert sum(POINTS.values()) == 100


@pytest.mark.parametrize("name", SETS)
def test_each_task_stands_in_its_notebook_with_its_points(name):
    stage, notebook = SETS[name], cells(solution(name))
    asked = {}
    for cell in notebook:
        settings = cell.metadata.get("nbgrader", {})
        if settings.get("grade") and not settings.get("solution"):
            task = re.search(rf'^check\("{stage}\.(\w+)", (\w+)\)$', cell.source, flags=re.MULTILINE)
            assert task, cell.source
            worth = f"{settings['points']:g} point{'' if settings['points'] == 1 else 's'}"
            assert cell.source.startswith(f"# {worth}\n")
            assert settings["locked"]
            assert cell.source.rstrip().endswith(task[0]), "nbgrader reads the points from the last line"
            asked[task[1]] = settings["points"]
            if settings["points"]:
                titles = [other.source.splitlines()[0] for other in notebook if other.source.startswith("## ")]
                assert any(title.endswith(f"({worth})") for title in titles)
    assert asked == {task.name: task.worth for task in checks.tasks(stage).values()}


@pytest.mark.parametrize("name", SETS)
def test_each_set_has_what_a_student_meets(name):
    notebook = cells(solution(name))
    ids = [cell.id for cell in notebook]
    assert ids[:2] == ["title", "badge"]
    assert ids.index("set-up") + 1 == ids.index("start")
    assert ids[-2:] == ["ready", "hand-in"]
    assert f"exercises/{name}/{SETS[name]}.ipynb" in notebook[1].source, "the badge opens the student's version"
    text = "\n".join(cell.source for cell in notebook)
    for words in ("*File → Save a copy in Drive*", "Download .ipynb", "its name does not matter", "A second hint", "Read again"):
        assert words in text
    assert f"/book/{name}.html" in text
    explain = [cell for cell in notebook if cell.id.startswith("explain-")]
    assert len(explain) == 1
    assert explain[0].metadata.nbgrader["points"] == 0
    assert "Rubric" in explain[0].source
    if not name.startswith("01"):
        assert f"{POINTS[SETS[name]]} points" in notebook[0].source


@pytest.mark.parametrize("name", SETS)
def test_the_student_version_gives_nothing_away(name):
    handed_out = cells(ROOT / "exercises" / name / f"{SETS[name]}.ipynb")
    assert not any(word in cell.source for cell in handed_out for word in ("BEGIN SOLUTION", "END SOLUTION", "Rubric"))
    answers = [cell for cell in handed_out if cell.id.startswith("answer-")]
    assert answers
    assert all("raise NotImplementedError()" in cell.source for cell in answers)


# nbgrader, as a teacher runs it


NOISY = "02-loading"


def noisy(path):
    """A solution whose functions write to the error stream in every way, while the checks call them."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.id.startswith("answer-"):
            head, _, body = cell.source.partition("\n")
            noise = ["import logging, os, sys, warnings", "warnings.warn('loud')", "print('loud', file=sys.stderr)"]
            noise += ["logging.warning('loud')", "os.write(2, b'loud, from below Python')"]
            cell.source = "\n".join([head, *(f"    {line}" for line in noise), body])
    return notebook


@pytest.fixture(scope="module")
def grades(course):
    """What nbgrader's own command gives the solution and the untouched exercise of every set: (set, student) → (score, most)."""
    from nbgrader.api import Gradebook

    for name, stage in SETS.items():
        for student, folder in (("solved", ROOT / "solutions"), ("blank", course / "exercises")):
            target = course / "class" / "submitted" / student / name
            target.mkdir(parents=True)
            shutil.copy(folder / name / f"{stage}.ipynb", target)
        if name == NOISY:
            target = course / "class" / "submitted" / "noisy" / name
            target.mkdir(parents=True)
            nbformat.write(noisy(solution(name)), target / f"{stage}.ipynb")
        run([sys.executable, "-m", "nbgrader", "autograde", name], course, PYTHONPATH=str(ROOT))
    with Gradebook(f"sqlite:///{course / 'class' / 'gradebook.db'}") as gradebook:
        return {
            (submission.assignment.name, submission.student.id): (submission.score, submission.max_score)
            for name in SETS
            for submission in gradebook.assignment_submissions(name)
        }


@pytest.mark.parametrize("name", SETS)
def test_the_solution_gets_everything(grades, name):
    assert grades[name, "solved"] == (POINTS[SETS[name]], POINTS[SETS[name]])


@pytest.mark.parametrize("name", SETS)
def test_the_untouched_exercise_gets_nothing(grades, name):
    assert grades[name, "blank"] == (0, POINTS[SETS[name]])


def test_noise_on_the_error_stream_costs_nothing(grades, course):
    notebook = cells(course / "class" / "autograded" / "noisy" / NOISY / f"{SETS[NOISY]}.ipynb")
    assert "loud" in str([cell.outputs for cell in notebook if cell.id.startswith("check-")]), "the checks' own cells were noisy"
    assert grades[NOISY, "noisy"] == (POINTS[SETS[NOISY]], POINTS[SETS[NOISY]])


def test_a_blank_exercise_runs_to_its_end(grades, course):
    """No unanswered task stops the cells below it: each check says what is missing, and so does the last cell."""
    for name, stage in SETS.items():
        notebook = cells(course / "class" / "autograded" / "blank" / name / f"{stage}.ipynb")
        failed = {cell.id: output.evalue for cell in notebook for output in cell.get("outputs", []) if output.output_type == "error"}
        assert failed == {}, name


def test_nbgrader_validate_works_in_the_course_s_folder(course):
    # In this set a check's own cell is where TensorFlow starts, with its lines on the error stream.
    said = run([sys.executable, "-m", "nbgrader", "validate", "solutions/04-model/model.ipynb"], course, PYTHONPATH=str(ROOT))
    assert "Success! Your notebook passes all the tests." in said
    said = run([sys.executable, "-m", "nbgrader", "validate", "exercises/02-loading/loading.ipynb"], course, PYTHONPATH=str(ROOT))
    assert "VALIDATION FAILED ON 4 CELL(S)" in said
