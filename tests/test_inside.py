"""What runs inside the grader's sandbox, tried outside of it: what is handed over, and what a process has given up afterwards."""

import json
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest
from conftest import ROOT

from mnist_lib.checks import _wire, training
from mnist_lib.checks._task import UNANSWERED
from mnist_lib.grading import syscalls

INSIDE = ROOT / "mnist_lib" / "grading" / "inside"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is there on Linux only")


def stand_in(name, *, within):
    """A file of the sandbox, imported as if it lay where the sandbox has it."""
    spec = spec_from_file_location(f"{within}.stand_in_{name}", INSIDE / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def checks():
    return stand_in("checks", within="mnist_lib.checks")


# The stand-in for the checks


def test_the_visible_checks_decide_nothing(checks, capsys):
    assert checks.use_variant(3) is None
    assert checks.ready("loading") is None
    assert checks.check("loading.describe", lambda images: 1 / 0) is None
    assert capsys.readouterr().out == "loading.describe: checked by the grader.\n"


def test_an_attempt_gives_what_the_answer_gives(checks):
    def open_task():
        raise NotImplementedError

    def broken():
        raise NotImplementedError("this backend cannot")

    assert checks.attempt(lambda: 7) == 7
    assert checks.attempt(open_task) is None
    with pytest.raises(NotImplementedError, match="this backend cannot"):
        checks.attempt(broken)


@pytest.fixture
def handed_over(checks, tmp_path, monkeypatch):
    """Hands a task's cases to an answer; returns what the grader would read."""
    published = []
    monkeypatch.setenv("MNIST_TASKS", str(tmp_path))
    monkeypatch.setenv("MNIST_OUTPUTS", "application/x-outputs")
    monkeypatch.setattr("IPython.display.publish_display_data", published.append)

    def hand(answer, cases, collect="call"):
        (tmp_path / "loading.describe.json").write_text(_wire.packed({"collect": collect, "cases": cases}), encoding="ascii")
        checks.hand_over("loading.describe", answer)
        ((kind, text),) = published.pop().items()
        assert kind == "application/x-outputs"
        return _wire.unpacked(text)

    return hand


def test_outputs_are_handed_over_for_each_case(handed_over):
    cases = [(np.arange(3), 2), (np.arange(4.0), 3)]
    first, second = handed_over(lambda array, factor: array * factor, cases)
    assert (first.tolist(), second.tolist()) == ([0, 2, 4], [0, 3, 6, 9])
    assert handed_over("a value", [()], collect="value") == ["a value"]
    failed = handed_over(lambda array, factor: 1 / 0, cases)
    assert [each.sentence.startswith("it stopped with ZeroDivisionError") for each in failed] == [True, True]

    def open_task(array, factor):
        raise NotImplementedError

    assert handed_over(open_task, cases) == [UNANSWERED, UNANSWERED]


def test_what_cannot_be_handed_over_is_a_failure_for_each_case(handed_over, monkeypatch):
    class Number(float):
        """Looks like a number and is none when it is asked."""

        def __float__(self):
            raise ValueError("not today")

    one, other = handed_over(lambda: Number(3), [(), ()])
    assert one.sentence == other.sentence == "it gave something that is no plain data: not today"
    monkeypatch.setattr(_wire, "LARGEST_TEXT", 1_000)
    (large,) = handed_over(lambda: "x" * 2_000, [()])
    assert large.sentence == "it gave 2,004 characters of data; at most 1,000 are taken"


def test_the_histories_are_those_of_the_real_task(tmp_path, monkeypatch):
    module = stand_in("training", within="mnist_lib.checks")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "training.py"))
    (tmp_path / "histories.json").write_text(json.dumps(training.given_histories()), encoding="utf-8")
    assert module.given_histories() == training.given_histories()


# The first program


def test_a_kernel_outlives_a_forgotten_exit_and_imports_from_its_own_folder(monkeypatch):
    from ipykernel import kernelapp
    from ipykernel.zmqshell import ZMQInteractiveShell

    from mnist_lib import keras_edition

    begun, installed = [], []
    monkeypatch.setattr(ZMQInteractiveShell, "ask_exit", ZMQInteractiveShell.ask_exit)
    monkeypatch.setattr(kernelapp, "launch_new_instance", lambda argv: begun.append(argv))
    monkeypatch.setattr(keras_edition, "install", lambda: installed.append(True))
    monkeypatch.setattr(sys, "path", ["/course", *sys.path])
    stand_in("start", within="mnist_lib.grading.inside").become_kernel("/course/kernel.json")
    assert begun == [["-f", "/course/kernel.json", "--HistoryManager.hist_file=:memory:"]]
    assert installed == [True]
    assert sys.path[0] == ""
    assert ZMQInteractiveShell.ask_exit(object()) is None


LIMITS = {"memory": 3 * 2**30, "processes": 40, "file": 2**26, "user": None}
STATUS = 'dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())'


def in_a_process(code):
    """What a process prints as JSON that may do to itself what cannot be undone."""
    command = [sys.executable, "-c", f"import json, os, sys\nsys.path.insert(0, {str(INSIDE)!r})\n{code}"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@LINUX
def test_limits_are_taken_for_good():
    code = f"""
import resource, start
start.take_limits({LIMITS})
names = ("RLIMIT_AS", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CORE")
print(json.dumps([*(resource.getrlimit(getattr(resource, name)) for name in names), open("/proc/self/oom_score_adj").read().strip()]))
"""
    expected = [[LIMITS[name]] * 2 for name in ("memory", "processes", "file")]
    assert in_a_process(code) == [*expected, [0, 0], "1000"]


@LINUX
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_root_becomes_nobody():
    code = f"""
import start
start.take_limits({LIMITS | {"user": 54321}})
print(json.dumps([os.getresuid(), os.getresgid(), os.getgroups()]))
"""
    assert in_a_process(code) == [[54321] * 3, [54321] * 3, []]


@LINUX
@pytest.mark.skipif(syscalls.program() is None, reason="no filter of system calls is written for this processor")
def test_what_was_given_up_is_gone_and_calls_are_filtered():
    code = f"""
import ctypes, nursery
nursery.give_up({LIMITS}, bytes.fromhex({syscalls.program().hex()!r}))
status = {STATUS}
try:
    nursery.call("unshare", nursery.CLONE_NEWUSER)
    said = "done"
except OSError as error:
    said = str(error)
print(json.dumps([*(status[key].strip() for key in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")), said]))
"""
    effective, permitted, bounding, ambient, no_new, filtered, said = in_a_process(code)
    assert {int(each, 16) for each in (effective, permitted, ambient)} == {0}
    assert int(bounding, 16) == 0 or os.geteuid() != 0, "whoever is not root has no right to lower it, and nothing to gain from it"
    assert (no_new, filtered) == ("1", "2")
    assert said == "[Errno 1] unshare: Operation not permitted"


@LINUX
def test_a_request_without_its_descriptors_starts_nothing():
    code = """
import nursery, socket
one, other = socket.socketpair()
one.sendall(b"{}")
print(json.dumps(nursery.answer(other).decode()))
"""
    assert in_a_process(code) == ""
