"""The house rules: a stage has one name that is the same everywhere, stages see only what lies to their left, and rooms stay tidy."""

import ast
import subprocess
import sys

import pytest
from conftest import CHAPTERS, COURSE, ROOT

from mnist_lib import STAGES

LIBRARY = ROOT / "mnist_lib"
TOP_LEVEL = {  # the rooms, and what tools insist on finding here
    *("book", "exercises", "solutions", "mnist_lib", "tests", "_config.yml", "README.md"),
    *("_toc.yml", "pyproject.toml", "Makefile", "nbgrader_config.py", "requirements.txt", "CITATION.cff", "CHANGELOG.md"),
    *("LICENSE", "LICENSE-text.md", ".github", ".ci", ".gitignore", ".gitattributes", ".pre-commit-config.yaml"),
}
DATA = {".npz", ".npy", ".gz", ".csv", ".h5", ".hdf5", ".keras", ".pkl", ".parquet", ".zip", ".idx", ".ubyte"}


@pytest.fixture(scope="module")
def tracked():
    """The files under version control, as paths relative to the top."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for path in map(ROOT.joinpath, filter(None, listed.stdout.split("\0"))) if path.is_file()]


def code_lines(path):
    """Lines of a module that hold code: no docstring, no comment, no blank line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            texts.update(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return sum(1 for number, line in lines if number not in texts and line.strip() and not line.strip().startswith("#"))


# One name


def test_stages_stand_in_the_course_s_order():
    assert list(STAGES) == [stage for stage in COURSE if stage in STAGES]
    assert set(COURSE) - set(STAGES) == {"setup", "convolution", "capstone"}


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_has_its_module_and_its_tests(stage):
    assert (LIBRARY / f"{stage}.py").exists()
    assert (ROOT / "tests" / f"test_{stage}.py").exists()


def test_numbered_chapters_carry_a_stage_s_name():
    numbered = {path.stem for path in (ROOT / "book").glob("[0-9]*")}
    assert numbered <= set(CHAPTERS.values())


@pytest.mark.parametrize("room", ["solutions", "exercises"])
def test_exercises_carry_a_stage_s_name(room):
    for folder in (ROOT / room).glob("*/"):
        if folder.is_dir():
            assert folder.name in CHAPTERS.values()
            assert {path.stem for path in folder.glob("*.ipynb")} == {folder.name[3:]}, (
                f"{room}/{folder.name} holds {folder.name[3:]}.ipynb"
            )


def test_checks_carry_a_stage_s_name():
    modules = {path.stem for path in (LIBRARY / "checks").glob("*.py") if not path.stem.startswith("_")}
    assert modules <= set(COURSE) - {"convolution"}


# The library


def imports(path):
    """Names of this library's modules that a module imports, wherever in it, those for type checkers apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mnist_lib"):
            yield node.module.removeprefix("mnist_lib").lstrip(".") or "mnist_lib"
        elif isinstance(node, ast.Import):
            yield from [alias.name.removeprefix("mnist_lib.") for alias in node.names if alias.name.startswith("mnist_lib")]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_only_stages_to_its_left(stage):
    order = list(STAGES)
    imported = {name.split(".")[0] for name in imports(LIBRARY / f"{stage}.py")}
    to_the_left = set() if stage == "visualization" else set(order[: order.index(stage)])
    assert imported & set(order) <= to_the_left
    assert not imported & {"grading", "checks", "widgets", "mnist_lib"}


def test_what_stages_lean_on_imports_no_stage():
    helpers = {name for stage in STAGES for name in imports(LIBRARY / f"{stage}.py")} - set(STAGES)
    assert helpers, "the test sees no import"
    for helper in helpers:
        assert not set(imports(LIBRARY / f"{helper}.py")) & set(STAGES), f"{helper} reaches back"


def test_stage_modules_stay_small():
    sizes = {stage: code_lines(LIBRARY / f"{stage}.py") for stage in STAGES}
    assert max(sizes.values()) <= 300, sizes
    assert sum(sizes.values()) <= 1000, sizes


def test_importing_the_library_is_light():
    heavy = ("tensorflow", "keras", "numpy", "matplotlib", "IPython", "mlxtend", "platformdirs")
    code = f"import sys, mnist_lib; dir(mnist_lib); print(*[name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_the_light_stages_need_no_tensorflow():
    code = "import sys; from mnist_lib import *; print('tensorflow' in sys.modules)"
    light = ("load_mnist", "preprocess", "train_validation_split", "wilson_interval", "confusion_matrix", "plot_digits", "Evaluation")
    code = code.replace("*", ", ".join(light))
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False"]


def test_every_public_name_can_be_had():
    import mnist_lib

    assert set(mnist_lib.__all__) <= set(dir(mnist_lib))
    assert all(callable(getattr(mnist_lib, name)) for name in mnist_lib.__all__)
    with pytest.raises(AttributeError, match="module 'mnist_lib' has no attribute 'load_minst'"):
        mnist_lib.load_minst  # noqa: B018


def test_editors_are_told_of_every_stage():
    tree = ast.parse((LIBRARY / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node.body for node in tree.body if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING")
    assert [(each.module, each.names[0].name) for each in block] == [(stage, "*") for stage in sorted(STAGES)]
    assert (LIBRARY / "py.typed").exists(), "without it type checkers do not look into an installed package"


# The files


def test_top_level_holds_only_what_belongs_there(tracked):
    assert {path.relative_to(ROOT).parts[0] for path in tracked} <= TOP_LEVEL


def test_no_big_file_and_no_data_set_is_tracked(tracked):
    assert [f"{path}: {path.stat().st_size:,} bytes" for path in tracked if path.stat().st_size > 500_000] == []
    assert [path for path in tracked if path.suffix.lower() in DATA] == []


def test_nothing_of_real_students_is_tracked(tracked):
    assert [path for path in tracked if path.relative_to(ROOT).parts[0] == "class"] == []
    ignored = subprocess.run(["git", "check-ignore", "class/submitted/someone/notebook.ipynb"], cwd=ROOT, capture_output=True)
    assert ignored.returncode == 0


def test_no_path_of_this_machine_is_tracked(tracked):
    assert [path for path in tracked if str(ROOT).encode() in path.read_bytes()] == []
