"""Grading a whole class: the command on twelve submissions, results that survive any stop, many processes, many machines, gradebooks."""

import csv
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import made_up_class
import nbformat
import pytest
import stubs
from conftest import ROOT
from made_up_class import SET, in_folders
from submissions import right_submissions, wrong_submissions

from mnist_lib import __version__
from mnist_lib.grading import command
from mnist_lib.grading.assignment import CourseError, prepare
from mnist_lib.grading.collect import Submission
from mnist_lib.grading.export import as_csv, write_grades
from mnist_lib.grading.many import Class, Line
from mnist_lib.grading.merge import Merger
from mnist_lib.grading.one import Result, grade_one
from mnist_lib.grading.report import Report
from mnist_lib.grading.roster import read_roster
from mnist_lib.grading.store import Store
from mnist_lib.grading.workers import Cluster, Failed, Pool, Work, check_address


@pytest.fixture(scope="module")
def loading():
    return prepare(SET, 12345)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    return folder


def handed(student, data=b"{}", assignment=SET):
    return Submission(student, assignment, f"{student}.ipynb", None, False, lambda: data)


def scores(folder):
    """Each student's score in the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "mnist") as opened:
        return {submission.student.id: submission.score for submission in opened.assignment_submissions(SET)}


def run(folder, loading, submissions, grade=stubs.at_once, **settings):
    """One run with stubbed grading: its lines, by student."""
    store = Store(folder)
    with store.locked(), Merger(folder, settings.get("db_url")) as merger:
        jobs = [store.put(each) for each in submissions]
        course = Class(store, {SET: loading}, Work(grade=grade), merger)
        due = [job for job in jobs if course.due(job)]
        merger.know({job.student: _student(job.student) for job in jobs}.values())
        lines = list(course.known(job for job in jobs if job not in due))
        with Pool({SET: loading}, course.work, settings.get("processes", 2)) as pool:
            lines += course.graded(due, pool)
    return {line.student: line for line in lines}


def _student(name):
    from mnist_lib.grading.roster import Student

    return Student(name)


# The command on a class of twelve


class Page(HTMLParser):
    """Tags and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


def commands():
    """The commands of the teacher's page, in their order."""
    page = (ROOT / "book" / "teaching" / "class.md").read_text(encoding="utf-8")
    return [line for block in re.findall(r"^```bash\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL) for line in block.splitlines()]


@pytest.fixture(scope="module")
def twelve(sandboxed, tmp_path_factory):
    """A class that went the way of the teacher's page: where, what was handed in, what each command printed."""
    if not (Path(sys.prefix) / ".ready").exists():
        pytest.fail("the commands begin with `make`, which makes the environment: run this by `make test`")
    course = tmp_path_factory.mktemp("course")
    for name in ("Makefile", "_config.yml", "_toc.yml", "nbgrader_config.py", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, course)
        os.utime(course / name, (0, 0))  # older than the environment, which is ready
    for name in ("book", "mnist_lib", "solutions"):
        shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__", "_build"))
    (course / ".venv").symlink_to(sys.prefix)
    people = made_up_class.handed_in()
    in_folders(course / "class" / "handed-in", people)
    (course / "class" / "roster.csv").write_text(made_up_class.roster() + "student-13,Last13,First13,\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(course)}
    done = {}
    for line in commands():
        ran = subprocess.run(line, shell=True, capture_output=True, text=True, cwd=course, env=environment, timeout=900)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}\n{ran.stderr}"
        done.setdefault(line.split()[0].split("/")[-1] + " " + line.split()[1], []).append(ran.stdout)
    return course, people, done


def test_everyone_gets_what_is_deserved(twelve):
    place, people, done = twelve
    first, second = done["mnist-grade class/handed-in"]
    assert "12 of 12 submissions got a verdict." in first
    assert re.search(r"^02-loading +12 +12 +1 +0 ", first, flags=re.MULTILINE), first
    assert re.search(r"^02-loading +12 +0 +1 +0 .* 0$", second, flags=re.MULTILINE), "the second run graded someone: " + second
    assert scores(place / "class") == {each.student: each.points for each in people if each.points is not None}
    with (place / "class" / "submissions.csv").open(encoding="utf-8", newline="") as file:
        verdicts = {row["student"]: row["verdict"] for row in csv.DictReader(file)}
    assert verdicts["student-11"].startswith("refused: What came is a PDF")
    assert verdicts["student-04"] == "1 of 10 points"


def test_each_gets_a_page(twelve):
    place, people, _ = twelve
    for each in people:
        text = (place / "class" / "feedback" / each.student / SET / "loading.html").read_text(encoding="utf-8")
        assert ("could not be graded" in text) == (each.points is None)


def test_grades_as_tables(twelve):
    place, people, _ = twelve
    with (place / "class" / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert len(rows) == 13
    assert {name: float(row["score"]) for name, row in rows.items()} == {
        **{each.student: each.points or 0.0 for each in people},
        "student-13": 0.0,
    }
    assert rows["student-07"]["timestamp"].startswith("2026-03-02 08:00")
    assert rows["student-01"]["email"] == "student-01@example.org"
    with (place / "class" / "moodle.csv").open(encoding="utf-8", newline="") as file:
        moodle = {row["id"]: row for row in csv.DictReader(file)}
    assert moodle["student-04"] | {SET: "1.0", "email": "student-04@example.org"} == moodle["student-04"]
    assert set(moodle) == {each.student for each in people if each.points is not None}, "an empty cell would delete what stands there"


def test_canvas_gets_its_own_columns_back(folder, loading, tmp_path):
    text = 'Student,ID,SIS User ID,SIS Login ID,Section\n"    Points Possible",,,,\n'
    text += '"Lovelace, Ada",7001,u1,ada,A\n"Curie, Eve",7002,u2,eve,A\n'
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    roster = read_roster(tmp_path / "roster.csv")
    lines = run(folder, loading, [handed("ada", b"1")], processes=1)
    with Merger(folder) as merger:
        write_grades(folder, merger.gradebook, [SET], "canvas", roster)
    with (folder / "canvas.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["Student"]: row for row in csv.DictReader(file)}
    assert rows["Lovelace, Ada"] == {
        "Student": "Lovelace, Ada", "ID": "7001", "SIS User ID": "u1", "SIS Login ID": "ada", "Section": "A", SET: str(lines["ada"].score),
    }  # fmt: skip
    assert "Curie, Eve" not in rows, "an empty cell would delete what stands there"
    assert rows["    Points Possible"][SET] == "10.0"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "x;=1", "x\n=1", "x; @SUM(1)", "\n-1"])
def test_a_name_is_no_formula_wherever_a_spreadsheet_divides_the_line(name):
    ((written,),) = list(csv.reader(as_csv(["name"], [{"name": name}]).splitlines(keepends=True)))[1:]
    assert written == f"'{name}"


def test_a_name_is_no_formula():
    assert as_csv(["name"], [{"name": "=HYPERLINK(1)"}, {"name": -1.5}]) == "name\n'=HYPERLINK(1)\n-1.5\n"


def test_nbgrader_itself_exports_the_same(twelve):
    place, _, _ = twelve
    ours, theirs = ((place / "class" / name).read_text(encoding="utf-8") for name in ("grades.csv", "exported.csv"))
    assert ours.splitlines() == [line for line in theirs.splitlines() if line.startswith((f"{SET},", "assignment,"))]


def test_what_is_late_is_known_to_be(twelve):
    from nbgrader.api import Gradebook

    place, _, _ = twelve
    with Gradebook(f"sqlite:///{place / 'class' / 'gradebook.db'}", "mnist") as opened:
        late = {each.student.id for each in opened.assignment_submissions(SET) if each.total_seconds_late > 0}
    assert late == {"student-07"}


def test_an_answer_is_explained(twelve):
    _, _, done = twelve
    (said,) = done["mnist-grade explain"]
    assert "SECRET until the deadline" in said
    assert "case 1\n  given:" in said


def test_the_report_names_no_file():
    from mnist_lib.grading.report import _nameless

    told = "What came is a zip that holds 2 notebooks (Ada (1).ipynb, Eve.ipynb); expected is a notebook (.ipynb). Hand in one."
    assert _nameless(told) == "What came is a zip that holds 2 notebooks; expected is a notebook (.ipynb). Hand in one."


def stamped(version):
    """The exercise as a student hands it in, stamped with a version of the course."""
    notebook = nbformat.read(ROOT / "exercises" / SET / "loading.ipynb", as_version=4)
    notebook.metadata["course"]["version"] = version
    return nbformat.writes(notebook).encode()


def test_the_report_names_notebooks_of_another_version(loading):
    own = replace(loading, released=stamped("v2026.12").decode(), version="2026.12")
    lines = [
        Line("ada", SET, "a.ipynb", notebook_version="v2026.12"),
        Line("eve", SET, "e.ipynb", notebook_version="v2026.9"),
        Line("kim", SET, "k.ipynb"),  # an editor took the stamp away: nothing is known
    ]
    text = Report({SET: own}).page(lines)
    assert re.findall(r"<tr><td>(\d)</td><td>02-loading</td><td>(.+?)</td><td>(.+?)</td></tr>", text) == [("2", "v2026.9", "v2026.12")]
    assert "mnist_lib 2026.12, exercise of v2026.12" in text
    assert "another version" not in Report({SET: own}).page(lines[:1])


class OneByOne:
    """Grades here, without another process."""

    def __init__(self, assignments):
        self.assignments = assignments

    def graded(self, items, data):
        for job, name in items:
            yield job, stubs.result_of(data(job), self.assignments[name])


def test_each_grade_records_its_library_and_its_notebook_s_version(loading, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "_prepared", lambda name, chosen: loading)
    monkeypatch.setattr(command, "_workers", lambda assignments, work, chosen: nullcontext(OneByOne(assignments)))
    for student, version in (("ada", "v2026.12"), ("eve", "<b>")):
        in_folders(tmp_path / "handed-in", [made_up_class.Handed(student, "loading.ipynb", stamped(version), None)])
    assert command.main([str(tmp_path / "handed-in"), "--class", str(folder), "--unsafe-no-sandbox"]) == 0
    with (folder / "submissions.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: (row["library_version"], row["notebook_version"]) for row in csv.DictReader(file)}
    assert rows == {"ada": (__version__, "v2026.12"), "eve": (__version__, "")}
    kept, _ = Store(folder).result("ada", SET)
    assert (kept.version, kept.notebook_version) == (__version__, "v2026.12")


def test_what_is_refused_tells_its_version_too(loading):
    other = nbformat.read(ROOT / "exercises" / "04-model" / "model.ipynb", as_version=4)
    other.metadata["course"]["version"] = "v2026.9"
    result = grade_one(nbformat.writes(other).encode(), loading)
    assert result.refused
    assert result.notebook_version == "v2026.9"


def test_the_report_says_how_the_class_did_and_names_nobody(twelve):
    place, people, _ = twelve
    text = (place / "class" / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.tags & {"script", "iframe", "form", "link"}
    assert "12 submissions: 11 graded, 1 refused, 0 without a verdict" in page.text
    assert "loading.describe" in page.text
    assert "What came is a PDF" in page.text
    for each in people:
        assert each.student not in text
        assert f"Last{each.student[-2:]}" not in text


def test_a_second_run_grades_nobody_and_a_new_file_alone_is_graded(sandboxed, tmp_path, capsys):
    """Three students: then one hands in anew, and then other digits are drawn."""
    where = ["--class", str(tmp_path / "class")]
    people = [each for each in made_up_class.handed_in() if each.student in ("student-01", "student-06", "student-11")]
    in_folders(tmp_path / "submissions", people)
    (tmp_path / "class").mkdir()
    assert command.main([str(tmp_path / "submissions"), *where]) == 0
    assert scores(tmp_path / "class") == {"student-01": 10, "student-06": 0}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "class" / "results").rglob("result.json")}
    assert len(before) == 3
    capsys.readouterr()
    assert command.main(["explain", "student-06", "loading.class_counts", *where]) == 0
    said = capsys.readouterr().out
    assert "SECRET until the deadline" in said
    assert "case 1\n  given:" in said
    assert "came:     There is no answer yet" in said

    (tmp_path / "submissions" / "student-06" / SET / "loading.ipynb").write_bytes(right_submissions("loading")["right-01"].data)
    assert command.main([str(tmp_path / "submissions"), *where]) == 0
    assert "02-loading            3           1        1           0" in capsys.readouterr().out
    assert scores(tmp_path / "class") == {"student-01": 10, "student-06": 10}
    assert [path.parent.name for path in before if path.stat().st_mtime_ns != before[path]] == ["student-06"]

    seeds = {json.loads(path.read_text())["result"]["seed_id"] for path in before}
    assert command.main(["reseed", SET, *where]) == 0
    assert scores(tmp_path / "class") == {"student-01": 10, "student-06": 10}
    after = {json.loads(path.read_text())["result"]["seed_id"] for path in before}
    assert (len(seeds), len(after), len(seeds | after)) == (1, 1, 2)
    assert len(json.loads((tmp_path / "class" / "seeds.json").read_text())[SET]) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing"], "There is no missing"),
        (["ROOT/exercises", "--assignment", "09-convolution"], "There is no set '09-convolution'"),
        (["ROOT/exercises/02-loading", "--scheduler", "tcp://example.org:8786"], "Without TLS anyone"),
        (["ROOT/exercises/02-loading", "--workers", "0"], "expected is 1 or more"),
        (["ROOT/exercises/02-loading", "--db-url", "nonsense"], "cannot be opened"),
        (["ROOT/exercises/02-loading", "--roster", "missing.csv"], "The roster missing.csv cannot be read"),
        (["ROOT/README.md"], "no submission"),
        (["explain", "bob", "loading.describe"], "which is nothing"),
        (["explain", "bob", "describe"], "Expected a task such as loading.describe"),
        (["reseed", "06-training"], "so no seed was drawn"),
    ],
)
def test_the_command_says_what_is_missing(sandboxed, folder, capsys, monkeypatch, arguments, says):
    source = folder.parent / "flat"
    source.mkdir()
    (source / "ada.ipynb").write_bytes(wrong_submissions("loading")["blank"].data)
    arguments = [str(source) if "exercises" in each else each.replace("ROOT", str(ROOT)) for each in arguments]
    monkeypatch.setattr("mnist_lib.grading.workers.grade_one", stubs.at_once)
    assert command.main([*arguments, "--class", str(folder)]) == 2
    assert says in capsys.readouterr().err


# In formgrader


@pytest.fixture
def jupyter(twelve, tmp_path):
    """The address of a Jupyter server in the course's folder, started as the page says."""
    place, _, _ = twelve
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["--ip", "127.0.0.1", "--port", str(port), "--no-browser", "--IdentityProvider.token=secret"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    environment = os.environ | {"PYTHONPATH": str(place), "JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path)}
    with (tmp_path / "log").open("w") as log:
        command = [place / ".venv" / "bin" / "jupyter", "server", *arguments]
        server = subprocess.Popen(command, cwd=place, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert server.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def test_formgrader_opens_what_was_graded(twelve, jupyter, browser):
    _, people, _ = twelve
    context = browser.new_context(extra_http_headers={"Authorization": "token secret"})
    try:
        page = context.new_page()
        page.route("**/*", lambda route: route.continue_() if route.request.url.startswith(jupyter) else route.abort())
        page.goto(f"{jupyter}/formgrader/manage_submissions/{SET}")
        page.wait_for_selector("text=student-12")
        shown = page.inner_text("body").splitlines()
        for each in people:
            number, lines = each.student[-2:], [line for line in shown if each.student in line]
            if each.points is None:
                assert lines == []
            else:
                (line,) = lines
                assert re.search(
                    rf"Last{number}, First{number}.*graded.*\b{each.points:g} / 10", line.replace("needs manual grading", "graded")
                )
        page.goto(f"{jupyter}/formgrader/gradebook/{SET}/loading")
        page.click("text=Submission #1")
        page.wait_for_selector("text=Exercises: loading")
        text = page.inner_text("body")
        assert "Submission 1 / 11" in text
        assert re.search(r"of 2 points", text)
    finally:
        context.close()


# Nothing is lost


def test_a_stopped_run_goes_on_where_it_was(folder, loading, tmp_path):
    """Killed in the middle, twice; then it ends, and nobody was graded twice after a result was kept."""
    want = run(tmp_path / "undisturbed", loading, [handed(f"s{k}", b"%d" % k) for k in range(12)], processes=1)
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path\n"
        "import stubs, test_class\n"
        "from mnist_lib.grading.assignment import prepare\n"
        "if __name__ == '__main__':\n"
        f"    loading = prepare({SET!r}, 12345)\n"
        "    people = [test_class.handed(f's{k}', b'%d' % k) for k in range(12)]\n"
        "    print('begun', flush=True)\n"
        "    test_class.run(Path(sys.argv[3]), loading, people, grade=stubs.a_while, processes=1)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    kept = set()
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, script, ROOT, ROOT / "tests", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        process.stdout.readline()
        limit = time.monotonic() + 120
        while time.monotonic() < limit and set(folder.rglob("result.json")) <= kept and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        process.wait()
        now = set(folder.rglob("result.json"))
        assert now > kept, "nothing was graded before the process was ended"
        kept = now
    times = {path: path.stat().st_mtime_ns for path in kept}
    lines = run(folder, loading, [handed(f"s{k}", b"%d" % k) for k in range(12)], processes=1)
    assert {name: line.score for name, line in lines.items()} == {name: line.score for name, line in want.items()}
    assert scores(folder) == scores(tmp_path / "undisturbed")
    assert {path: path.stat().st_mtime_ns for path in kept} == times
    assert sum(line.fresh for line in lines.values()) == 12 - len(kept)


def test_of_two_runs_on_one_folder_the_second_is_refused(folder):
    with Store(folder).locked():
        with pytest.raises(CourseError, match=f"in use by process {os.getpid()}"), Store(folder).locked():
            pass
    with Store(folder).locked():
        pass


def test_two_runs_that_share_a_gradebook_alone_exclude_each_other_too(sandboxed, folder, tmp_path, capsys):
    (tmp_path / "ada.ipynb").write_bytes(b"{}")
    with Store(folder).locked():
        assert (
            command.main([str(tmp_path / "ada.ipynb"), "--assignment", SET, "--class", str(folder), "--out", str(tmp_path / "other")]) == 2
        )
    assert f"in use by process {os.getpid()}: a gradebook has one writer" in capsys.readouterr().err


def test_records_that_cannot_be_read_are_named_and_stop_nobody(folder, loading):
    run(folder, loading, [handed(f"s{k}", b"%d" % k) for k in range(4)], processes=1)
    places = [folder / "results" / SET / f"s{k}" for k in range(4)]
    (places[0] / "submitted.json").write_text('{"student": "s0"}', encoding="utf-8")
    (places[1] / "submitted.json").write_bytes(b"\xff")
    next(places[2].glob("*.submitted")).write_bytes(b"other bytes")
    store = Store(folder)
    assert [job.student for job in store.jobs(SET)] == ["s3"]
    assert store.unread == [place / "submitted.json" for place in places[:3]]
    again = run(folder, loading, [handed(f"s{k}", b"%d" % k) for k in range(4)], processes=1)
    assert not any(line.fresh for line in again.values()), "handed over again, they are what they were"
    assert [job.student for job in Store(folder).jobs()] == ["s0", "s1", "s2", "s3"]


def test_a_stop_between_the_file_and_its_record_leaves_the_old_ones(folder, loading, monkeypatch):
    from mnist_lib.grading import store as module

    run(folder, loading, [handed("ada", b"1")], processes=1)
    real = module.write

    def stops(path, content):
        if path.name == "submitted.json":
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(module, "write", stops)
    with pytest.raises(KeyboardInterrupt):
        Store(folder).put(handed("ada", b"2"))
    monkeypatch.undo()
    (job,) = Store(folder).jobs()
    assert Store(folder).data(job) == b"1"
    Store(folder).put(handed("ada", b"2"))
    assert [path.read_bytes() for path in folder.rglob("*.submitted")] == [b"2"]


def test_a_result_that_cannot_be_entered_is_kept_and_entered_later(folder, loading, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Merger, "_entered", lambda *_: (_ for _ in ()).throw(CourseError("the disk is full")))
        lines = run(folder, loading, [handed("ada")], processes=1)
    assert lines["ada"].failed == "the disk is full"
    assert scores(folder) == {}
    lines = run(folder, loading, [handed("ada")])
    assert (lines["ada"].failed, lines["ada"].fresh) == (None, False)
    assert scores(folder) == {"ada": lines["ada"].score}


def test_a_gradebook_that_was_lost_is_filled_again(folder, loading):
    first = run(folder, loading, [handed("ada")], processes=1)
    (folder / "gradebook.db").unlink()
    again = run(folder, loading, [handed("ada")], processes=1)
    assert not again["ada"].fresh
    assert scores(folder) == {"ada": first["ada"].score}


def test_what_an_earlier_run_left_undone_is_graded_with_the_next(sandboxed, tmp_path, capsys, monkeypatch):
    blank = wrong_submissions("loading")["blank"].data
    for number, names in enumerate((("ada", "bob"), ("eve",))):
        for name in names:
            place = tmp_path / str(number) / name
            place.mkdir(parents=True)
            (place / "loading.ipynb").write_bytes(blank)
    (tmp_path / "class").mkdir()
    where = ["--class", str(tmp_path / "class"), "--assignment", SET]
    assert command.main([str(tmp_path / "0"), *where]) == 0
    (tmp_path / "class" / "results" / SET / "bob" / "result.json").unlink()
    capsys.readouterr()
    assert command.main([str(tmp_path / "1"), *where]) == 0
    assert "3 of 3 submissions got a verdict." in capsys.readouterr().out
    assert (tmp_path / "class" / "results" / SET / "bob" / "result.json").exists()
    assert sorted(scores(tmp_path / "class")) == ["ada", "bob", "eve"]


def test_a_damaged_result_is_graded_anew(folder, loading):
    people = [handed(f"s{k}", b"%d" % k) for k in range(6)]
    first = run(folder, loading, people, processes=1)
    for k, damage in enumerate(["", "{", '{"key": 1}', '{"key": "x", "result": {"nothing": 1}}', "[]"]):
        (folder / "results" / SET / f"s{k}" / "result.json").write_text(damage, encoding="utf-8")
    again = run(folder, loading, people, processes=1)
    assert [name for name, line in sorted(again.items()) if line.fresh] == [f"s{k}" for k in range(5)]
    assert {name: line.score for name, line in again.items()} == {name: line.score for name, line in first.items()}


def test_one_accident_takes_no_other_s_grade(folder, loading):
    people = [handed(f"s{k}", b"KILL" if k == 3 else b"FAIL" if k == 5 else b"%d" % k) for k in range(10)]
    lines = run(folder, loading, people, grade=stubs.with_accidents, processes=1)
    assert len(lines) == 10
    assert "was ended 3 times" in lines["s3"].failed
    assert "the grader fell over" in lines["s5"].failed
    assert sorted(scores(folder)) == [f"s{k}" for k in range(10) if k not in (3, 5)]


# The gradebook


def test_a_person_s_scores_comments_and_penalties_stay(folder, loading):
    from nbgrader.api import Gradebook

    def result(points):
        return Result(SET, "sample", "x", "0", points=dict.fromkeys(CELLS, points), notebook=loading.released)

    with Merger(folder) as merger:
        merger.know([_student("ada")])
        assert len(merger.merge(result(0.0), "ada", loading, 1_750_000_000)) == len(CELLS)
    url = f"sqlite:///{folder / 'gradebook.db'}"
    with Gradebook(url, "mnist") as opened:
        grade = opened.find_grade("check-describe", "loading", SET, "ada")
        grade.manual_score, grade.extra_credit = 1.5, 0.5
        opened.find_comment("explain-suspicious", "loading", SET, "ada").manual_comment = "Well seen."
        opened.find_assignment(SET).duedate = opened.find_submission(SET, "ada").timestamp.replace(year=2024)
        opened.find_submission(SET, "ada").notebooks[0].late_submission_penalty = 1.0
        opened.db.commit()
    with Merger(folder) as merger:
        assert merger.merge(result(0.0), "ada", loading) == []
        assert set(merger.merge(result(1.0), "ada", loading)) == set(CELLS)
        refused = Result(SET, "sample", "x", "0", refused="What came is a PDF.")
        assert merger.merge(refused, "ada", loading) == [], "a refusal takes no grade away"
    with Gradebook(url, "mnist") as opened:
        grade = opened.find_grade("check-describe", "loading", SET, "ada")
        assert (grade.manual_score, grade.extra_credit, grade.auto_score, grade.needs_manual_grade) == (1.5, 0.5, 1.0, True)
        assert opened.find_grade("check-class-counts", "loading", SET, "ada").needs_manual_grade is False
        assert opened.find_comment("explain-suspicious", "loading", SET, "ada").comment == "Well seen."
        submission = opened.find_submission(SET, "ada")
        assert submission.timestamp.timestamp() > 0
        assert submission.late_submission_penalty == 1.0


def test_an_answer_that_a_person_graded_is_marked_when_it_is_rewritten(folder, loading):
    from nbgrader.api import Gradebook

    def result(text):
        notebook = loading.notebook()
        next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "explain-suspicious").source = text
        points = dict.fromkeys(CELLS, 1.0) | {"explain-suspicious": None}
        return Result(SET, "sample", "x", "0", points=points, notebook=nbformat.writes(notebook))

    url = f"sqlite:///{folder / 'gradebook.db'}"
    marked = []
    with Merger(folder) as merger:
        merger.know([_student("ada")])
        merger.merge(result("Since."), "ada", loading)
        with Gradebook(url, "mnist") as opened:
            grade = opened.find_grade("explain-suspicious", "loading", SET, "ada")
            grade.manual_score, grade.needs_manual_grade = 0.0, False
            opened.db.commit()
        merger.gradebook.db.expire_all()
        for text in ("Since.", "Because."):
            merger.merge(result(text), "ada", loading)
            with Gradebook(url, "mnist") as opened:
                grade = opened.find_grade("explain-suspicious", "loading", SET, "ada")
                marked.append((grade.needs_manual_grade, grade.manual_score))
    assert marked == [(False, 0.0), (True, 0.0)]


def test_a_set_that_was_entered_half_is_completed(folder, loading):
    from nbgrader.api import Gradebook

    url = f"sqlite:///{folder / 'gradebook.db'}"
    with Merger(folder) as merger:
        merger._enter_set(loading)
    with Gradebook(url, "mnist") as opened:
        whole = sorted(cell.name for cell in opened.find_notebook("loading", SET).source_cells)
        for cell in opened.find_notebook("loading", SET).source_cells[1:]:
            opened.db.delete(cell)
        opened.db.delete(opened.find_notebook("loading", SET).grade_cells[0])
        opened.db.commit()
    line = run(folder, loading, [handed("ada")], processes=1)["ada"]
    assert line.failed is None
    assert scores(folder) == {"ada": line.score}
    with Gradebook(url, "mnist") as opened:
        assert sorted(cell.name for cell in opened.find_notebook("loading", SET).source_cells) == whole


def test_an_exercise_with_other_cells_than_the_gradebook_is_said_and_its_results_are_kept(folder, loading):
    run(folder, loading, [handed("ada")], processes=1)
    notebook = loading.notebook()
    notebook.cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != "check-describe"]
    line = run(folder, replace(loading, released=nbformat.writes(notebook)), [handed("eve", b"2")], processes=1)["eve"]
    assert "does not fit the exercise: Cannot add or remove cells" in line.failed
    assert (folder / "results" / SET / "eve" / "result.json").exists()


def test_what_a_person_has_written_comes_onto_the_student_s_page(folder, loading):
    from nbgrader.api import Gradebook

    page = folder / "feedback" / "ada" / SET / "loading.html"
    run(folder, loading, [handed("ada")], processes=1)
    before = page.read_text(encoding="utf-8")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "mnist") as opened:
        opened.find_comment("explain-suspicious", "loading", SET, "ada").manual_comment = "Well <seen>.\nGo on."
        opened.find_grade("check-describe", "loading", SET, "ada").manual_score = 1.5
        opened.db.commit()
    run(folder, loading, [handed("ada")], processes=1)
    after = page.read_text(encoding="utf-8")
    assert before in after.replace(after[after.index("<section class='remarks'>") : after.index("</section>") + 10], "")
    assert "<b>check-describe</b> (1.5 points)" in after
    assert "<b>explain-suspicious</b>: Well &lt;seen&gt;.<br>Go on." in after


CELLS = ("check-describe", "check-class-counts", "check-stratified-sample", "check-suspicious")


def test_what_is_late_is_penalised_by_nbgrader_s_own_rule(folder, loading):
    from nbgrader.api import Gradebook
    from traitlets.config import Config

    config = Config()
    config.LateSubmissionPlugin.penalty_method = "zero"
    due = 1_750_000_000
    with Merger(folder, config=config) as merger:
        merger.know([_student("ada"), _student("eve")])
        merger._enter_set(loading)
        with Gradebook(merger.url, "mnist") as opened:
            from datetime import UTC, datetime

            opened.find_assignment(SET).duedate = datetime.fromtimestamp(due, UTC).replace(tzinfo=None)
            opened.db.commit()
        result = Result(SET, "sample", "x", "0", points=dict.fromkeys(CELLS, 1.0), notebook=loading.released)
        merger.merge(result, "ada", loading, due - 60)
        merger.merge(result, "eve", loading, due + 60)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "mnist") as opened:
        penalties = {name: opened.find_submission(SET, name).late_submission_penalty for name in ("ada", "eve")}
    assert penalties == {"ada": 0.0, "eve": 4.0}


def postgres_programs():
    """The folder with PostgreSQL's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) + [Path(each) for each in [shutil.which("initdb")] if each]
    return found[-1].resolve().parent if found else None


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """The address of an empty PostgreSQL database, on a server of its own, which nobody but this machine reaches."""
    programs = postgres_programs()
    if programs is None:
        if sys.platform == "linux" and os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is missing: apt install postgresql")
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        place, user = Path(name), None
        if os.geteuid() == 0:  # it refuses to run as root
            import pwd

            user = "postgres" if any(each.pw_name == "postgres" for each in pwd.getpwall()) else "nobody"
            shutil.chown(place, user)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        as_user = {"user": user} if user else {}
        (data := place / "data").mkdir()
        shutil.chown(data, user or os.getuid())
        made = [programs / "initdb", "-D", data, "-U", "teacher", "--auth", "trust", "--no-sync", "-E", "UTF8", "--locale", "C"]
        subprocess.run(made, check=True, capture_output=True, cwd=place, **as_user)
        serving = [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", place, "-F"]
        server = subprocess.Popen(serving, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user)
        try:
            for _ in range(300):
                ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-U", "teacher"]
                if subprocess.run(ready, capture_output=True, cwd=place).returncode == 0:
                    break
                time.sleep(0.1)
            subprocess.run([programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "teacher", "grades"], check=True, cwd=place)
            yield f"postgresql+psycopg2://teacher@127.0.0.1:{port}/grades"
        finally:
            server.terminate()
            server.wait()


def test_a_large_gradebook_is_not_read_whole_for_each_result(folder, loading):
    run(folder, loading, [handed("ada")], processes=1)
    with sqlite3.connect(folder / "gradebook.db") as opened:
        for table in ("grade", "comment"):
            ((*_, plan),) = opened.execute(f"explain query plan select * from {table} where notebook_id = 'x'")
            assert "USING INDEX" in plan, table


def test_a_gradebook_in_postgresql_holds_the_same(folder, loading, postgres, tmp_path):
    from nbgrader.api import Gradebook

    people = [handed(f"s{k}", b"%d" % k) for k in range(5)]
    want = run(folder, loading, people, processes=1)
    for _ in range(2):  # entering them twice changes nothing
        lines = run(folder, loading, people, processes=1, db_url=postgres)
        assert not any(line.fresh for line in lines.values()), "what is graded is entered into another gradebook, and not graded anew"
        with Gradebook(postgres, "mnist") as opened:
            there = {submission.student.id: submission.score for submission in opened.assignment_submissions(SET)}
            assert opened.find_submission(SET, "s0").max_score > 0
        assert there == {name: line.score for name, line in want.items()} == scores(folder)


def test_of_two_runs_on_one_server_s_gradebook_the_second_is_refused(postgres, tmp_path):
    with Merger(tmp_path, postgres):
        with pytest.raises(CourseError, match="in use by another run"):
            Merger(tmp_path / "elsewhere", postgres)
    Merger(tmp_path, postgres).__exit__()


@pytest.mark.parametrize("address", ["postgresql+psycopg2://teacher:secret@127.0.0.1:port/grades", "nothing", "mongodb://x/y"])
def test_an_address_that_names_no_gradebook_is_refused_without_its_password(tmp_path, address):
    with pytest.raises(CourseError, match="cannot be opened") as error:
        Merger(tmp_path, address)
    assert "secret" not in str(error.value)


# Many machines


@pytest.mark.parametrize(
    "address", ["tls://192.0.2.1:8786", "tcp://127.0.0.1:8786", "127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1"]
)
def test_a_safe_address_is_taken(address):
    check_address(address)


@pytest.mark.parametrize(
    "address", ["tcp://192.0.2.1:8786", "example.org:8786", "ws://127.0.0.1:1", "ucx://x:1", "inproc://x", "", "tcp://0.0.0.0:1"]
)
def test_any_other_address_is_refused(address):
    with pytest.raises(CourseError, match="Without TLS anyone"):
        check_address(address)


def test_dask_s_workers_give_the_same(folder, loading, tmp_path):
    from distributed import LocalCluster

    people = [handed(f"s{k}", b"FAIL" if k == 5 else b"%d" % k) for k in range(8)]
    want = run(tmp_path / "here", loading, people, grade=stubs.with_accidents)
    store = Store(folder)
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with LocalCluster(**settings) as cluster, store.locked(), Merger(folder) as merger:
        jobs = [store.put(each) for each in people]
        merger.know(_student(job.student) for job in jobs)
        course = Class(store, {SET: loading}, Work(grade=stubs.with_accidents), merger)
        with Cluster({SET: loading}, course.work, cluster.scheduler_address) as workers:
            lines = {line.student: line for line in course.graded(jobs, workers)}
    assert {name: (line.score, bool(line.failed)) for name, line in lines.items()} == {
        name: (line.score, bool(line.failed)) for name, line in want.items()
    }
    assert scores(folder) == scores(tmp_path / "here")


def test_a_scheduler_is_reached_with_its_certificates_alone(folder, loading, tmp_path):
    from distributed import LocalCluster
    from distributed.security import Security

    security = Security.temporary()
    files = {}
    for name, text in (("ca", security.tls_ca_file), ("cert", security.tls_client_cert), ("key", security.tls_client_key)):
        files[name] = tmp_path / name
        files[name].write_text(text, encoding="utf-8")
    settings = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with LocalCluster(**settings, security=security, protocol="tls://") as cluster:
        assert cluster.scheduler_address.startswith("tls://")
        with Cluster({SET: loading}, Work(grade=stubs.at_once), cluster.scheduler_address, **files) as workers:
            ((_, result),) = workers.graded([("ada", SET)], lambda _: b"1")
        assert result.score == stubs.result_of(b"1", loading).score
        with pytest.raises(CourseError, match="There is no scheduler"):
            Cluster({}, Work(), cluster.scheduler_address)
        with pytest.raises(CourseError, match="There is no file"):
            Cluster({}, Work(), cluster.scheduler_address, ca=tmp_path / "missing")


def test_workers_with_threads_are_refused(loading):
    from distributed import LocalCluster

    settings = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": None, "host": "127.0.0.1", "processes": False}
    with LocalCluster(**settings, protocol="tcp://") as cluster:
        with pytest.raises(CourseError, match="has 2 threads"):
            Cluster({}, Work(), cluster.scheduler_address)


def test_a_worker_with_threads_that_comes_later_grades_nothing(loading):
    from distributed import LocalCluster, Worker

    settings = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1", "processes": False}
    with LocalCluster(**settings, protocol="tcp://") as cluster:
        with Cluster({SET: loading}, Work(grade=stubs.at_once), cluster.scheduler_address) as workers:
            (one,) = cluster.workers.values()
            one.state.nthreads = 2  # as if it were another one, that came after the first look
            assert isinstance(one, Worker)
            ((_, result),) = workers.graded([("ada", SET)], lambda _: b"1")
    assert isinstance(result, Failed)
    assert "has 2 threads; expected is 1" in result.why


def test_another_version_s_worker_says_so(loading):
    said = Work(grade=stubs.at_once)(b"", loading, "0.0.0")
    assert isinstance(said, Failed)
    assert "install the same on all machines" in said.why
