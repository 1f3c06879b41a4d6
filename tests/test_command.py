"""What `mnist-grade` says and how it ends, where nothing is graded."""

import pytest

pytest.importorskip("nbgrader")

from mnist_lib.grading import command
from mnist_lib.grading.collect import Collected
from mnist_lib.grading.many import Line

SET = "02-loading"


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "missing", lambda: None)
    (tmp_path / "class").mkdir()
    return tmp_path / "class"


def test_a_folder_that_is_missing_is_named(course, capsys):
    assert command.main([SET, "--class", str(course / "nowhere")]) == 2
    assert capsys.readouterr().err == (
        f"There is no folder {course / 'nowhere'}. Run this in the course's root, or name it with --class.\n"
    )


def test_without_a_sandbox_nothing_begins_and_the_reason_is_told(course, monkeypatch, capsys):
    monkeypatch.setattr(command, "missing", lambda: "There is no sandbox: none is to be had.")
    assert command.main([SET, "--class", str(course)]) == 2
    assert capsys.readouterr().err == "There is no sandbox: none is to be had.\n"


def test_grading_without_a_sandbox_is_said_loudly(course, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(command, "_grade", lambda chosen, isolated: asked.append((chosen.out, isolated)) or 0)
    assert command.main(["some.zip", "--class", str(course), "--unsafe-no-sandbox"]) == 0
    assert asked == [(course, False)]
    assert capsys.readouterr().err.startswith("WITHOUT A SANDBOX: what runs now can read and change all your files")
    assert command.main(["some.zip", "--class", str(course), "--out", str(course / "other")]) == 0
    assert asked[1] == (course / "other", True)


@pytest.mark.parametrize("what", ["explain", "reseed"])
def test_other_words_than_a_path_begin_other_work(course, monkeypatch, what):
    begun = []
    monkeypatch.setattr(command, f"_{what}", lambda chosen, isolated: begun.append(chosen) or 0)
    arguments = ["ada", "loading.describe"] if what == "explain" else [SET]
    assert command.main([what, *arguments, "--class", str(course)]) == 0
    (chosen,) = begun
    assert (chosen.student, chosen.task) == ("ada", "loading.describe") if what == "explain" else chosen.assignment == SET


def test_ctrl_c_keeps_what_was_graded_and_says_so(course, monkeypatch, capsys):
    def interrupted(chosen, isolated):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_grade", interrupted)
    assert command.main(["some.zip", "--class", str(course)]) == 130
    assert capsys.readouterr().err == "Stopped. What was graded is kept: the same command goes on from here.\n"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--workers", "0"], "--workers 0: expected is 1 or more."),
        (["--workers", "2", "--scheduler", "tls://127.0.0.1:1"], "--workers and --scheduler exclude each other"),
    ],
)
def test_workers_that_cannot_be_are_refused(course, more, says):
    chosen = command._parser("grade").parse_args(["some.zip", *more])
    with pytest.raises(command.CourseError, match="^" + says.replace("(", r"\(")), command._workers({}, None, chosen):
        pass


def test_the_summary_counts_and_the_exit_tells_whether_all_got_a_verdict(capsys):
    lines = [
        Line("ada", SET, "ada.ipynb", score=8, most=10, fresh=True, changed=2),
        Line("eve", SET, "eve.ipynb", score=5, most=10),
        Line("bob", SET, "bob.ipynb", refused="What came is a PDF."),
    ]
    assert command._told(lines, Collected(), [], []) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].split() == [SET, "3", "1", "1", "0", "6.5", "of", "10", "1"]
    assert said[2] == "3 of 3 submissions got a verdict."
    failed = [*lines, Line("cy", SET, "cy.ipynb", failed="its worker was lost")]
    assert command._told(failed, Collected(strays=[("x.txt", "nobody's")]), ["x.txt: nobody's."], []) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "x.txt: nobody's."
    assert said[-2] == "3 of 5 submissions got a verdict."
    assert [command._verdict(each) for each in failed] == [
        "8 of 10 points",
        "5 of 10 points",
        "refused: What came is a PDF.",
        "none: the grader failed",
    ]
