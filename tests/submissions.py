"""Notebooks as students hand them in, for the grader: every right answer of the tests, every wrong one, and damaged files.

`right` and `wrong` put the answers of `tests/answers` into the released exercises, as a student would write them there. `damaged` holds
what goes astray between a student's computer and the grader, or in the notebook itself. `run_right` and `run_damaged` grade all of them.
"""

import ast
import html
import importlib
import itertools
import json
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from conftest import CHAPTERS, ROOT

sys.path.insert(0, str(ROOT / "tests"))

import test_intake as intake_kinds
from test_intake import bare, code, colab, exercise, loaded, saved, the

from mnist_lib import checks
from mnist_lib.grading.assignment import Assignment, prepare
from mnist_lib.grading.one import Result, grade_one
from mnist_lib.grading.sandbox import Limits

SEED = 12345
MARKS = ("right", "wrong", "value")  # the decorators of tests/answers
BUILDS = "my_model"  # in sets with this function, a network is trained in a cell of its own and lies in `model`
SOON = Limits(cell=20, total=120)  # for notebooks that never end; the others take a second or two
NOISE = """\
import logging, os, sys, warnings
warnings.warn("loud")
warnings.warn("very loud", DeprecationWarning)
print("loud", file=sys.stderr)
logging.getLogger("student").error("loud")
logging.warning("loud")
os.write(2, b"loud, from below Python\\n")
os.write(1, b"and on the other stream\\n")"""


# From an answer of the tests to a student's cells


@dataclass(frozen=True)
class _Definition:
    """A statement at the top of a file of answers: its text without the tests' decorators, and what it needs."""

    name: str
    text: str
    needs: frozenset[str]


@dataclass
class _File:
    """A file of answers: what it defines, in order, and what it imports, by the names that are bound."""

    definitions: dict[str, _Definition] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)


def _names(tree: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


@cache
def _file(path: Path) -> _File:
    source = path.read_text(encoding="utf-8")
    lines, file = source.split("\n"), _File()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "answers":
            if node.module != "answers":
                shared = _file(ROOT / "tests" / Path(*node.module.split(".")) / "__init__.py")
                file.definitions |= shared.definitions
                file.imports |= shared.imports
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                one = type(node)(**{**{name: getattr(node, name) for name in node._fields}, "names": [alias]})
                file.imports[alias.asname or alias.name.split(".")[0]] = ast.unparse(one)
        elif isinstance(node, ast.FunctionDef):
            kept = [each for each in node.decorator_list if not _names(each) & set(MARKS)]
            text = "\n".join([*(f"@{ast.unparse(each)}" for each in kept), *lines[node.lineno - 1 : node.end_lineno]])
            file.definitions[node.name] = _Definition(node.name, text, _names(ast.parse(text)))
        elif isinstance(node, ast.Assign):
            (target,) = node.targets
            file.definitions[target.id] = _Definition(target.id, "\n".join(lines[node.lineno - 1 : node.end_lineno]), _names(node))
    return file


def _needed(file: _File, name: str) -> list[_Definition]:
    """What must be defined for an answer to run, in order, the answer last."""
    wanted, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each in file.definitions and each not in wanted:
            wanted.add(each)
            waiting += file.definitions[each].needs
    return [*(each for each in file.definitions.values() if each.name in wanted - {name}), file.definitions[name]]


def _locals(function: ast.FunctionDef) -> set[str]:
    """The names that are a function's own."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs, function.args.vararg, function.args.kwarg]
    stored = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {each.arg for each in arguments if each}


def _renamed(text: str, names: dict[str, str], calls: dict[str, str] | None = None) -> str:
    """A definition under other names; `calls` are calls without arguments that become names, such as ``network()`` → ``model``."""
    tree, edits = ast.parse(text), []
    (statement,) = tree.body
    own = _locals(statement) if isinstance(statement, ast.FunctionDef) else set()
    calls = calls or {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
            edits.append((node.lineno, node.col_offset, node.end_col_offset, calls[node.func.id]))
        elif isinstance(node, ast.Name) and node.id in names and node.id not in own and node.id not in calls:
            edits.append((node.lineno, node.col_offset, node.end_col_offset, names[node.id]))
        elif isinstance(node, ast.Name) and node.id in own & set(calls.values()):  # a variable that the new name would hide
            edits.append((node.lineno, node.col_offset, node.end_col_offset, "network"))
    if isinstance(statement, ast.FunctionDef) and statement.name in names:
        edits.append((statement.lineno, 4, 4 + len(statement.name), names[statement.name]))
    lines = [line.encode() for line in text.split("\n")]
    for number, first, last, new in sorted(edits, reverse=True):
        lines[number - 1] = lines[number - 1][:first] + new.encode() + lines[number - 1][last:]
    return b"\n".join(lines).decode()


@dataclass
class _Cells:
    """What a student writes for one task: answer cells by the function that is asked for, and what stands in a cell above."""

    answers: dict[str, str]
    above: str = ""


def _written(stage: str, task: str, name: str, *, alias: bool, above: bool, taken: set[str]) -> _Cells:
    """An answer of the tests as the cells of a student.

    Parameters
    ----------
    stage, task, name : str
        Whose answer it is.
    alias : bool
        Whether the function keeps its name and is handed on, ``recall = from_a_loop``, instead of being written under the name asked for.
    above : bool
        Whether imports and helpers get a cell of their own.
    taken : set of str
        Names that mean something else in the notebook; those used here are entered.
    """
    file = _file(ROOT / "tests" / "answers" / stage / f"{task}.py")
    asked = _asked(stage, task)
    given = getattr(importlib.import_module(f"answers.{stage}.{task}"), name)
    *helpers, answer = _needed(file, name)
    builders = [each for each in helpers if BUILDS in _functions(stage) and each.text.startswith("@functools.cache")]
    if len(builders) > 1:
        raise ValueError(f"{stage}.{task}: the answer {name} trains {len(builders)} networks; a notebook has room for one")
    calls = {each.name: "model" for each in builders}
    gives_value = getattr(given, "gives_value", False)

    names = {answer.name: answer.name if alias or gives_value else asked}
    names |= {each.name: each.name for each in helpers} | {each.name: BUILDS for each in builders}
    for old, new in names.items():
        if new in taken and new not in (asked, BUILDS):
            names[old] = f"{new}_for_{task}"
    taken |= set(names.values())

    last = _renamed(answer.text, names, calls)
    if gives_value:
        last += f"\n\n\n{asked} = {names[answer.name]}()"
    elif names[answer.name] != asked:
        last += f"\n\n\n{asked} = {names[answer.name]}"
    training = {each.name for builder in builders for each in _needed(file, builder.name)}
    for_training = [_renamed(each.text.removeprefix("@functools.cache\n"), names) for each in helpers if each.name in training]
    others = [_renamed(each.text, names, calls) for each in helpers if each.name not in training]

    cells = _Cells({})
    for function, parts in ((BUILDS, for_training), (asked, [*others, last])):
        if parts:
            used = set().union(*(_names(ast.parse(part)) for part in parts)) & set(file.imports)
            imports = [line for line in (file.imports[each] for each in sorted(used)) if line not in _start(stage)]
            if above and (imports or len(parts) > 1):
                cells.above = "\n\n\n".join(filter(None, [cells.above, "\n".join(imports), *parts[:-1]]))
                imports, parts = [], parts[-1:]
            cells.answers[function] = "\n\n\n".join(filter(None, ["\n".join(imports), *parts]))
    return cells


# The exercises


@cache
def _released(stage: str) -> dict:
    return loaded(ROOT / "exercises" / CHAPTERS[stage] / f"{stage}.ipynb")


@cache
def _start(stage: str) -> str:
    return the(_released(stage), "start")["source"]


@cache
def _functions(stage: str) -> dict[str, str]:
    """The functions that a set asks for → the cell where each is to be written."""
    cells = [cell for cell in _released(stage)["cells"] if cell["id"].startswith("answer-")]
    return {re.search(r"^def (\w+)", cell["source"], flags=re.MULTILINE)[1]: cell["id"] for cell in cells}


def _asked(stage: str, task: str) -> str:
    """The function that a task's check is given: its own name, or `predict` where several tasks look at one network."""
    checked = re.compile(rf'^check\("{stage}\.{task}", (\w+)\)', flags=re.MULTILINE)
    return next(found[1] for cell in _released(stage)["cells"] if (found := checked.search(cell["source"])))


def answers(stage: str, task: str, *, right: bool) -> dict[str, float]:
    """The answers known for a task, by their names, and the points that each deserves."""
    path = ROOT / "tests" / "answers" / stage / f"{task}.py"
    module = importlib.import_module(f"answers.{stage}.{task}")
    known = {name: getattr(module, name) for name in _file(path).definitions if hasattr(getattr(module, name, None), "expected")}
    worth = checks.tasks(stage)[task].worth
    return {name: worth if right else each.expected[0] for name, each in known.items() if (each.expected[0] is None) == right}


@dataclass(frozen=True)
class Submission:
    """A notebook that holds known answers.

    Attributes
    ----------
    data : bytes
    expected : dict
        For each task, by its full name, the points that its answer deserves; tasks about which nothing is known are missing.
    answers : dict
        For each of these tasks, the answer's name in `tests/answers`.
    """

    data: bytes
    expected: dict[str, float]
    answers: dict[str, str]


def _rounds(stage: str, *, right: bool) -> list[dict[str, str]]:
    """Which answer of each task goes into which notebook: the k-th of each into the k-th, where they fit into one."""
    tasks = [task for task in checks.tasks(stage) if (ROOT / "tests" / "answers" / stage / f"{task}.py").exists()]
    known = {task: list(answers(stage, task, right=right)) for task in tasks}
    if not tasks:
        return []
    if len({_asked(stage, task) for task in tasks}) < len(tasks):  # two tasks look at one function: each answer has a notebook of its own
        texts: dict[tuple[str, ...], dict[str, str]] = {}
        for task in tasks:
            file = _file(ROOT / "tests" / "answers" / stage / f"{task}.py")
            for name in known[task]:
                texts.setdefault(tuple(each.text for each in _needed(file, name)), {})[task] = name
        return list(texts.values())
    return [{task: known[task][k % len(known[task])] for task in tasks} for k in range(max(map(len, known.values())))]


def _notebook(stage: str, chosen: dict[str, str], k: int, change: Callable[[str, str], str]) -> dict:
    """The exercise with answers in it, written and saved in the k-th of several ways; `change` has the last word on each answer cell."""
    notebook = deepcopy(_released(stage))
    taken = {*_functions(stage), *checks.tasks(stage), "model", "check", "ready", "attempt"} | _names(ast.parse(_start(stage)))
    for task, name in chosen.items():
        written = _written(stage, task, name, alias=k % 4 == 3, above=k % 2 == 1, taken=taken)
        for function, source in written.answers.items():
            the(notebook, _functions(stage)[function])["source"] = change(source, function)
        if written.above:
            place = notebook["cells"].index(the(notebook, _functions(stage)[next(iter(written.answers))]))
            notebook["cells"].insert(place, code(change(written.above, "")))
    return notebook


def _saved(notebook: dict, k: int) -> bytes:
    """As Jupyter saves it, as Colab does, or with nothing left but the cells' text."""
    return saved((lambda given: given, colab, bare)[k % 3](notebook))


def _plain(source: str, function: str) -> str:
    return source


def _noisy(source: str, function: str) -> str:
    """The same, loud on the error stream: each function, and the cell itself. The last function of the cell is the one asked for."""
    lines = source.split("\n")
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            lines[first.lineno - 1 : first.lineno - 1] = textwrap.indent(NOISE, " " * first.col_offset).split("\n")
    return "\n".join([NOISE, *lines])


def _with_progress(source: str, function: str) -> str:
    """The same with progress bars, of Keras and of the course."""
    return re.sub(r'progress="\w+"', 'progress="auto"', re.sub(r"\bverbose=0\b", "verbose=1", source))


VARIANTS = {"": _plain, "noisy": _noisy, "progress": _with_progress}


def _submissions(stage: str, *, right: bool, variants: tuple[str, ...]) -> dict[str, Submission]:
    found, seen = {}, set()
    for k, chosen in enumerate(_rounds(stage, right=right)):
        expected = {f"{stage}.{task}": answers(stage, task, right=right)[name] for task, name in chosen.items()}
        for variant in variants:
            data = _saved(_notebook(stage, chosen, k, VARIANTS[variant]), k)
            if data in seen and variant:
                continue  # there are no progress bars in it
            seen.add(data)
            name = "-".join(filter(None, ["right" if right else "wrong", f"{k + 1:02d}", variant]))
            found[name] = Submission(data, expected, {f"{stage}.{task}": name for task, name in chosen.items()})
    return found


def right_submissions(stage: str, variants: tuple[str, ...] = tuple(VARIANTS)) -> dict[str, Submission]:
    """Notebooks that together hold every right answer, plain, noisy and with progress bars, and the worked solution."""
    found = _submissions(stage, right=True, variants=variants)
    full = {f"{stage}.{name}": task.worth for name, task in checks.tasks(stage).items()}
    solved = loaded(ROOT / "solutions" / CHAPTERS[stage] / f"{stage}.ipynb")
    loud = deepcopy(solved)
    for cell in loud["cells"]:
        if cell["id"].startswith("answer-"):
            cell["source"] = _noisy(cell["source"], "")
    for name, notebook in {"solution": solved, "solution-noisy": loud}.items():
        found[name] = Submission(saved(notebook), full, dict.fromkeys(full, "solution"))
    return found


def right(stage: str) -> dict[str, bytes]:
    """Notebooks that together hold every right answer of a set, by their names; each earns full points where `expected` says so."""
    return {name: each.data for name, each in right_submissions(stage).items()}


def wrong_submissions(stage: str) -> dict[str, Submission]:
    """Notebooks that together hold every wrong answer, and the untouched exercise."""
    found = _submissions(stage, right=False, variants=("",))
    nothing = {f"{stage}.{name}": 0.0 for name in checks.tasks(stage)}
    found["blank"] = Submission(saved(_released(stage)), nothing, dict.fromkeys(nothing, "blank"))
    return found


def wrong(stage: str) -> dict[str, tuple[bytes, dict[str, float]]]:
    """Notebooks that together hold every wrong answer of a set, by their names, with the points that each task deserves."""
    return {name: (each.data, each.expected) for name, each in wrong_submissions(stage).items()}


# Damaged files: those of the tests of intake, and those that show when the notebook runs


FULL = intake_kinds.FULL  # points of the four checks of 02-loading
Expectation = tuple[float, ...] | str  # the points of the checks, in their order, or what the refusal says
_HAPPENS: dict[str, tuple[Callable[[], bytes], tuple[float, ...]]] = {}


def _happens(*points: float) -> Callable:
    def enter(make: Callable) -> Callable:
        _HAPPENS[make.__name__] = (make, points or FULL)
        return make

    return enter


def _own_cell(source: str, *, before: str = "answer-class-counts") -> bytes:
    """All answers, and a cell of the student's own above one of the released cells."""
    notebook = exercise()
    notebook["cells"].insert(notebook["cells"].index(the(notebook, before)), code(source))
    return saved(notebook)


def _counts(body: str) -> bytes:
    """All answers, of which that to class_counts, the second, begins with some lines of its own."""
    notebook = exercise()
    answer = the(notebook, "answer-class-counts")
    head, _, rest = answer["source"].partition("\n")
    answer["source"] = "\n".join([head, textwrap.indent(body, "    "), rest])
    return saved(notebook)


def _above_all(source: str) -> bytes:
    """All answers, and a cell of the student's own as the very first."""
    notebook = exercise()
    notebook["cells"].insert(0, code(source))
    return saved(notebook)


@_happens(2, 0, 3, 3)
def endless_loop_in_an_answer():
    return _counts("while True:\n    pass")


@_happens(2, 0, 3, 3)
def endless_sleep_in_an_answer():
    return _counts("import time\ntime.sleep(10**6)")


@_happens()
def endless_loop_in_a_cell_of_their_own():
    return _own_cell("while True:\n    pass")


@_happens(2, 0, 0, 0)
def process_ended_in_an_answer():
    return _counts("import os\nos._exit(0)")


@_happens(2, 0, 3, 3)
def sys_exit_in_an_answer():
    return _counts("import sys\nif len(labels) > 3:\n    sys.exit('too many labels')")


@_happens(2, 0, 3, 3)
def quit_in_an_answer():
    notebook = json.loads(_counts("quit()\nreturn None"))
    notebook["cells"].insert(notebook["cells"].index(the(notebook, "answer-stratified-sample")), code("import time\ntime.sleep(1)"))
    return saved(notebook)  # without the pause the kernel, told to quit, may or may not come to the end


@_happens()
def exit_in_a_cell_of_their_own():
    notebook = json.loads(_own_cell("exit()"))
    notebook["cells"].insert(notebook["cells"].index(the(notebook, "answer-class-counts")), code("import time\ntime.sleep(1)"))
    return saved(notebook)


@_happens()
def sys_exit_in_a_cell_of_their_own():
    return _own_cell("import sys\nsys.exit('enough for today')")


@_happens()
def exception_in_a_cell_of_their_own():
    return _own_cell("describe(None)\n1 / 0")


@_happens()
def syntax_error_in_a_cell_of_their_own():
    return _own_cell("class_counts(y_train[:10]\n>>> print(")


@_happens(2, 0, 3, 3)
def endless_recursion_in_an_answer():
    return _counts("return class_counts(labels[1:] if len(labels) else labels)")


@_happens()
def memory_error_in_a_cell_of_their_own():
    return _own_cell("import numpy\nall_pairs = numpy.ones((10**6, 10**6))")


@_happens(0, 2, 3, 3)
def letters_from_a_web_page_in_an_answer():
    notebook = exercise()
    answer = the(notebook, "answer-describe")
    answer["source"] = answer["source"].replace("    ", "\u00a0\u00a0\u00a0\u00a0")
    return saved(bare(notebook))


@_happens(0, 2, 3, 3)
def function_under_another_name():
    notebook = exercise()
    answer = the(notebook, "answer-describe")
    answer["source"] = answer["source"].replace("def describe(", "def describe_images(")
    return saved(notebook)


@_happens(0, 2, 3, 3)
def answer_called_instead_of_written():
    notebook = exercise()
    the(notebook, "answer-describe")["source"] = "describe = (60000, 28, 28, 'uint8')"
    return saved(notebook)


@_happens()
def check_shadowed():
    return _own_cell("check = class_counts(np.zeros(3, int))\nready = True")


@_happens()
def print_and_display_shadowed():
    return _own_cell("print = 'a picture'\ndisplay = 3\nget_ipython = None")


@_happens()
def built_in_names_shadowed():
    return _own_cell("sum = 0\nlist = [1, 2, 3]\nmax, min, type, id, len_ = 9, 0, 'digit', 7, 10\nstr = 'a'\ndict = {}\njson = '{}'")


@_happens()
def library_shadowed():
    return _own_cell("mnist_lib = 'installed'\nmnist = 1\nload_mnist = load_mnist() if 'load_mnist' in globals() else None")


@_happens()
def np_shadowed_after_the_answers_imported_it_for_themselves():
    notebook = exercise()
    for name in intake_kinds.CHECKS:
        answer = the(notebook, f"answer-{name}")
        head, _, rest = answer["source"].partition("\n")
        while not head.rstrip().endswith(":"):
            more, _, rest = rest.partition("\n")
            head += "\n" + more
        answer["source"] = f"{head}\n    import numpy as np\n{rest}"
    notebook["cells"].insert(4, code("np = 60000"))
    return saved(notebook)


@_happens()
def np_shadowed_at_the_end():
    return _own_cell("np = 60000", before="ready")


@_happens()
def everything_imported_from_numpy_and_math():
    return _above_all("from math import *\nfrom numpy import *\nfrom random import *")


@_happens()
def namespace_wiped_at_the_start():
    return _above_all("%reset -f\nimport warnings\nwarnings.filterwarnings('ignore')")


@_happens()
def warnings_made_errors():
    return _own_cell("import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\nnp.set_printoptions(threshold=3)")


@_happens()
def input_left_over():
    return _own_cell("name = input('Your name: ')\nprint(name.upper())")


@_happens(2, 0, 3, 3)
def input_left_over_in_an_answer():
    return _counts("digit = int(input('Which digit? '))")


@_happens()
def magics_left_over():
    notebook = exercise()
    the(notebook, "answer-describe")["source"] = "%%time\n" + the(notebook, "answer-describe")["source"]
    answer = the(notebook, "answer-suspicious")
    answer["source"] = "%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n" + answer["source"] + "\n\n%timeit -n1 -r1 len('a')"
    notebook["cells"].insert(4, code("?np.bincount"))
    notebook["cells"].insert(4, code("%cd /content/drive/MyDrive\n%config InlineBackend.figure_format = 'retina'\n%pwd"))
    return saved(notebook)


@_happens()
def packages_installed():
    return _own_cell("!pip install numpy==1.21 scikit-learn\n%pip install mnist\n!apt-get -qq install graphviz", before="answer-describe")


@_happens()
def colab_s_own_modules():
    return _own_cell("from google.colab import drive, files\ndrive.mount('/content/drive')\nuploaded = files.upload()")


@_happens()
def ten_thousand_lines_printed():
    return _counts("for number in range(10_000):\n    print('counting', number)")


@_happens()
def five_megabytes_in_one_line():
    return _counts("print('A' * 5_000_000)")


@_happens(2, 0, 3, 3)
def file_of_their_own_in_an_answer():
    return _counts("with open('/content/drive/MyDrive/my_counts.txt') as file:\n    return eval(file.read())")


@_happens()
def file_of_their_own_in_a_cell_of_their_own():
    return _own_cell("import pandas as pd\nframe = pd.read_csv('C:\\\\Users\\\\me\\\\digits.csv')\nfrom my_helpers import counted")


@_happens()
def streams_replaced():
    return _own_cell("import io, sys\nsys.stdout = io.StringIO()\nsys.stderr = open('errors.txt', 'w')")


@_happens()
def thread_left_running():
    return _own_cell("import threading, time\nthreading.Thread(target=time.sleep, args=(10**6,)).start()")


@_happens()
def working_folder_lost():
    return _own_cell("import os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n    os.chdir(folder)")


@_happens()
def answer_that_calls_a_first_try_in_another_cell():
    notebook = exercise()
    answer = the(notebook, "answer-suspicious")
    first = code(answer["source"].replace("def suspicious(", "def suspicious_first_try("))
    notebook["cells"].insert(notebook["cells"].index(answer), first)
    answer["source"] = "def suspicious(images, labels):\n    return suspicious_first_try(images, labels)"
    return saved(notebook)


@_happens()
def files_written_and_read_again():
    body = """\
import joblib, os, tempfile
os.makedirs("data/counts", exist_ok=True)
np.save("data/counts/labels.npy", labels)
with open("data/counts/log.txt", "a") as file:
    print(len(labels), file=file)
with tempfile.NamedTemporaryFile() as file:
    joblib.dump(labels, file.name)
    labels = joblib.load(file.name)
assert (np.load("data/counts/labels.npy") == labels).all()"""
    return _counts(body)


@_happens()
def processes_of_their_own():
    body = """\
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
import joblib, subprocess
with get_context("fork").Pool(2) as pool:
    assert pool.map(abs, [-1, 2]) == [1, 2]
with ThreadPoolExecutor(8) as pool:
    assert list(pool.map(abs, [-1, 2])) == [1, 2]
assert joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(number) for number in (-1, 2)) == [1, 2]
assert subprocess.run(["ls", "-la"], capture_output=True, check=True).stdout"""
    return _counts(body)


@_happens()
def digits_looked_for_on_the_network():
    return _own_cell("from sklearn.datasets import fetch_openml\nX, y = fetch_openml('mnist_784', return_X_y=True, as_frame=False)")


@_happens()
def waiting_at_the_top():
    return _own_cell("import asyncio\nawait asyncio.sleep(0.1)\nasyncio.run(asyncio.sleep(0.1))")


@_happens()
def checks_used_in_a_cell_of_their_own():
    return _own_cell("assert check('loading.describe', describe) == 2\nready('loading')")


@_happens()
def runtime_restarted_as_in_colab():
    return _above_all("!pip install -q numpy\nimport os\nif 'google.colab' in str(get_ipython()):\n    os.kill(os.getpid(), 9)")


REFUSED_BESIDES: dict[str, tuple[Callable[[], bytes], str]] = {
    "git_conflict": (lambda: saved(exercise()).replace(b' "cells": [', b'<<<<<<< HEAD\n "cells": [', 1), "cannot be read from line"),
    "word_document": (
        lambda: intake_kinds.zipped(**{"word/document.xml": b"<w:document/>", "[Content_Types].xml": b"<Types/>"}),
        "a zip without a notebook",
    ),
    "markdown_from_jupytext": (
        lambda: "\n\n".join(f"```{{{cell['cell_type']}}}\n{cell['source']}\n```" for cell in exercise()["cells"]).encode(),
        "expected is a notebook (.ipynb)",
    ),
    "gzip": (lambda: b"\x1f\x8b\x08\x00" + bytes(100), "a gzip archive"),
    "201_kilobytes_of_comments": (lambda: _own_cell("# " + "x" * 201_000), "characters of code; at most 200,000 are graded"),
}


def damaged() -> list[tuple[str, bytes, Expectation]]:
    """Damaged notebooks of the set 02-loading: name, file, and the points of its four checks or what the refusal says."""
    graded = {**intake_kinds.KINDS, **_HAPPENS}
    refused = {**intake_kinds.REFUSED, **REFUSED_BESIDES}
    return [(name, make(), expected) for name, (make, expected) in itertools.chain(graded.items(), refused.items())]


# Grading all of them


@cache
def assignment(stage: str) -> Assignment:
    """A set, ready to grade with; the seed is the same each time."""
    return prepare(CHAPTERS[stage], seed=SEED)


def faults(result: Result, expected: dict[str, float]) -> list[str]:
    """What is wrong with a result, in words; nothing where each task has got the points that it deserves and says so on the page."""
    if result.refused:
        return [f"refused: {result.refused}"]
    found = []
    cells = {name: points for name, points in result.points.items() if name.startswith("check-")}
    for task, points in expected.items():
        verdict = result.verdicts[task]
        if abs(verdict.points - points) > 1e-9:
            found.append(f"{task}: {verdict.points:g} instead of {points:g} points: {verdict.sentence} | {verdict.private}")
        if not verdict.sentence.strip():
            found.append(f"{task}: there is no sentence")
    if round(sum(each.points for each in result.verdicts.values()), 6) != round(sum(points or 0 for points in cells.values()), 6):
        found.append(f"the gradebook has other points than the verdicts: {cells}")
    return found


def damage_faults(result: Result, expected: Expectation) -> list[str]:
    """The same for a damaged file."""
    if isinstance(expected, str):
        if result.refused is None:
            return [f"not refused: {result.points}"]
        found = [] if expected in result.refused else [f"another refusal: {result.refused}"]
        if result.points:
            found.append(f"points in spite of the refusal: {result.points}")
        shown = html.unescape(re.sub(r"<[^>]*>", "", result.page))
        return found if " ".join(result.refused.split()) in " ".join(shown.split()) else [*found, "the refusal is not on the page"]
    stage = "loading"
    return faults(result, dict(zip((f"{stage}.{name}" for name in checks.tasks(stage)), expected)))


def _row(stage: str, name: str, data: bytes, judge: Callable[[Result], list[str]], limits: Limits) -> dict:
    began = time.perf_counter()
    try:
        result = grade_one(data, assignment(stage), limits)
    except Exception as error:  # a row for it, so that the others are graded
        return {"set": CHAPTERS[stage], "name": name, "faults": [f"the grader failed: {type(error).__name__}: {error}"[:2_000]]}
    return {
        "set": CHAPTERS[stage],
        "name": name,
        "edition": result.edition,
        "faults": judge(result),
        "score": result.score,
        "refused": result.refused,
        "stopped": result.stopped,
        "seconds": round(time.perf_counter() - began, 2),
    }


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Processes that keep the processor busy meanwhile."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for each in busy:
            each.kill()
            each.wait()


def run_right(under_load: bool = False, stages: tuple[str, ...] = checks.SETS, *, include_wrong: bool = False) -> list[dict]:
    """Grade every right answer of the tests, in the edition of this process.

    Parameters
    ----------
    under_load : bool
        Whether two busy processes run beside.
    stages : tuple of str
    include_wrong : bool
        Whether the wrong answers and the untouched exercises are graded too.

    Returns
    -------
    list of dict
        One row a notebook: ``set``, ``name``, ``edition``, ``faults`` (none where all is as it should be), ``score``, ``seconds``.
    """
    with load(2 if under_load else 0):
        return list(_rows(stages, include_wrong))


TRAINING = ("model", "compilation", "training", "capstone")  # sets whose notebooks take long


def _rows(stages: tuple[str, ...], include_wrong: bool) -> Iterator[dict]:
    """Of the sets that take long, each right answer is graded once, noisy, and one notebook with progress bars."""
    for stage in stages:
        right = right_submissions(stage)
        if stage in TRAINING:
            bars = [name for name in right if name.endswith("-progress")][:1]
            right = {name: each for name, each in right.items() if name.endswith("-noisy") or name in ("solution", *bars)}
        handed_in = right | (wrong_submissions(stage) if include_wrong else {})
        for name, each in handed_in.items():
            yield _row(stage, name, each.data, lambda result, each=each: faults(result, each.expected), Limits())


def run_damaged() -> list[dict]:
    """Grade every damaged file; rows as in `run_right`."""
    return [
        _row("loading", name, data, lambda result, expected=expected: damage_faults(result, expected), SOON)
        for name, data, expected in damaged()
    ]


if __name__ == "__main__":  # python tests/submissions.py right|wrong|damaged [STAGE …]: one line of JSON for each
    what, *chosen = sys.argv[1:]
    if what == "damaged":
        rows = iter(
            _row("loading", name, data, lambda result, expected=expected: damage_faults(result, expected), SOON)
            for name, data, expected in damaged()
            if not chosen or name in chosen
        )
    else:
        rows = _rows(tuple(chosen) or checks.SETS, what == "wrong")
    for row in rows:
        print(json.dumps(row), flush=True)
