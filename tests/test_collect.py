"""Who handed in what: folders, files and zips as nbgrader, Moodle, Canvas and people leave them."""

import os
import zipfile

import pytest
from made_up_class import SET, from_canvas, from_moodle, handed_in, in_folders, roster, zipped
from submissions import right_submissions

from mnist_lib.grading.assignment import CourseError
from mnist_lib.grading.collect import collect
from mnist_lib.grading.roster import read_roster

STUDENTS = [f"student-{number:02d}" for number in range(1, 13)]


@pytest.fixture(scope="module")
def handed():
    return handed_in()


@pytest.fixture(scope="module")
def loading():
    return right_submissions("loading")["solution"].data


@pytest.fixture(scope="module")
def preprocessing():
    return right_submissions("preprocessing")["solution"].data


@pytest.fixture
def class_roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(roster(), encoding="utf-8")
    return read_roster(path)


def written(folder, files):
    """Files below a folder, each a minute newer than the one before."""
    for number, (name, data) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_700_000_000 + 60 * number,) * 2)
    return folder


def found(collected):
    return {(each.student, each.assignment): each.name for each in collected.submissions}


# Layouts


def test_a_folder_for_each_student_as_nbgrader_has_it(tmp_path, handed):
    in_folders(tmp_path, handed)
    collected = collect(tmp_path)
    assert [each.student for each in collected.submissions] == STUDENTS
    assert {each.assignment for each in collected.submissions} == {SET}
    assert collected.strays == collected.doubts == []
    assert {each.student: each.read() for each in collected.submissions} == {each.student: each.data for each in handed}
    times = {each.student: each.handed_in for each in collected.submissions}
    assert times["student-07"] - times["student-01"] == (3 * 24 - 2) * 3600


@pytest.mark.parametrize("folders", [True, False])
@pytest.mark.parametrize("with_roster", [True, False])
def test_a_zip_of_moodle(tmp_path, handed, class_roster, folders, with_roster):
    path = tmp_path / "Neural networks-Loading-4711.zip"
    path.write_bytes(from_moodle(handed, folders))
    collected = collect(path, assignment=SET, roster=class_roster if with_roster else None)
    assert collected.strays == []
    students = [each.student for each in collected.submissions]
    assert students == (STUDENTS if with_roster else [f"First{s[-2:]} Last{s[-2:]}-9000{s[-2:]}" for s in STUDENTS])
    assert [each.read() for each in collected.submissions] == [each.data for each in handed]


@pytest.mark.parametrize("with_roster", [True, False])
def test_a_zip_of_canvas(tmp_path, handed, class_roster, with_roster):
    path = tmp_path / "submissions.zip"
    path.write_bytes(from_canvas(handed))
    collected = collect(path, assignment=SET, roster=class_roster if with_roster else None)
    assert collected.strays == []
    students = [each.student for each in collected.submissions]
    assert students == (STUDENTS if with_roster else [f"last{s[-2:]}first{s[-2:]}-7000{s[-2:]}" for s in STUDENTS])
    assert [each.student[-2:] for each in collected.submissions if each.late] == ["07"]


def test_zips_within_a_folder_and_within_zips(tmp_path, handed):
    halves = {"group a.zip": from_moodle(handed[:6]), "group b.zip": from_moodle(handed[6:])}
    for source in (written(tmp_path / "halves", halves), tmp_path / "both.zip"):
        if source.suffix:
            source.write_bytes(zipped({"download/" + name: data for name, data in halves.items()}))
        collected = collect(source, assignment=SET)
        assert len(collected.submissions) == 12
        assert collected.strays == []


def test_a_student_s_own_zip_is_read_for_what_is_in_it(tmp_path, loading, preprocessing):
    both = zipped({"work/loading.ipynb": loading, "work/preprocessing.ipynb": preprocessing})
    source = written(tmp_path / "class", {"ada/all.zip": both, "eve/loading.zip": zipped({"loading.ipynb": loading})})
    assert set(found(collect(source))) == {("ada", "02-loading"), ("ada", "03-preprocessing"), ("eve", "02-loading")}


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("ada.ipynb", "ada"),
        ("loading_ada.ipynb", "ada"),
        ("ada lovelace - 02-loading (1).ipynb", "ada lovelace"),
        ("Copy of ada-loading.ipynb", "ada"),
        ("loading-ada@example.org.ipynb", "ada@example.org"),
        ("ada.zip", "ada"),
        ("unloading.ipynb", "unloading"),
        ("Çelik_loading.ipynb", "Çelik"),
    ],
)
def test_the_name_of_a_file_tells_whose_it_is(tmp_path, loading, name, student):
    data = zipped({"x.ipynb": loading}) if name.endswith(".zip") else loading
    source = written(tmp_path / "flat", {name: data, "another one.ipynb": loading})
    assert (student, SET) in found(collect(source))


@pytest.mark.parametrize("name", ["loading.ipynb", "02-loading (3).ipynb", "Copy of loading.ipynb", "submission.ipynb"])
def test_a_file_of_nobody_is_named(tmp_path, loading, name):
    collected = collect(written(tmp_path / "flat", {name: loading, "ada.ipynb": loading}))
    assert [name for name, _ in collected.strays] == [name]
    assert "names no student" in collected.strays[0][1]
    assert set(found(collected)) == {("ada", SET)}


def test_a_wrapping_folder_is_no_student(tmp_path, loading):
    for source in ({"download/ada/loading.ipynb": loading}, {"download/ada/02-loading/x.ipynb": loading, "download/eve/y.ipynb": loading}):
        path = tmp_path / "submissions.zip"
        path.write_bytes(zipped(source))
        assert ("ada", SET) in found(collect(path))


def test_one_file(tmp_path, loading):
    source = written(tmp_path, {"ada_loading.ipynb": loading}) / "ada_loading.ipynb"
    assert found(collect(source)) == {("ada", SET): "ada_loading.ipynb"}


# Which set


def test_each_notebook_tells_its_set(tmp_path, loading, preprocessing):
    source = written(tmp_path / "class", {"ada/a.ipynb": loading, "ada/b.ipynb": preprocessing, "ada/notes.txt": b"hello"})
    assert found(collect(source)) == {("ada", "02-loading"): "ada/a.ipynb", ("ada", "03-preprocessing"): "ada/b.ipynb"}
    assert found(collect(source, assignment="02-loading")) == {("ada", "02-loading"): "ada/a.ipynb"}
    assert collect(source).doubts == []


def test_what_tells_no_set_is_named_and_graded_when_the_set_is_given(tmp_path):
    source = written(tmp_path / "class", {"ada/mine.pdf": b"%PDF-1.7", "eve/loading.pdf": b"%PDF-1.7"})
    collected = collect(source)
    assert [name for name, _ in collected.strays] == ["ada/mine.pdf"]
    assert "--assignment" in collected.strays[0][1]
    assert set(found(collected)) == {("eve", SET)}
    assert set(found(collect(source, assignment=SET))) == {("ada", SET), ("eve", SET)}


# Several files


def test_of_several_files_the_newest_counts_and_that_is_said(tmp_path, loading):
    changed = loading.replace(b"solution", b"Solution")
    assert changed != loading
    source = written(tmp_path / "class", {"ada/loading (2).ipynb": loading, "ada/loading.ipynb": changed})
    collected = collect(source)
    assert found(collected) == {("ada", SET): "ada/loading.ipynb"}
    (said,) = collected.doubts
    assert "2 files" in said
    assert "the newest counts, ada/loading.ipynb" in said
    assert found(collect(source, several="oldest")) == {("ada", SET): "ada/loading (2).ipynb"}
    none = collect(source, several="none")
    assert none.submissions == []
    assert len(none.strays) == 2


def test_files_of_one_time_are_told_by_their_numbers_and_that_is_said(tmp_path, loading):
    source = written(tmp_path / "class", {"ada/loading (10).ipynb": loading + b" ", "ada/loading (9).ipynb": loading})
    for path in source.rglob("*.ipynb"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    collected = collect(source)
    assert found(collected) == {("ada", SET): "ada/loading (10).ipynb"}
    assert "their times are the same" in collected.doubts[0]


def test_equal_files_are_no_matter_of_doubt(tmp_path, loading):
    collected = collect(written(tmp_path / "class", {"ada/a.ipynb": loading, "ada/b.ipynb": loading}))
    assert len(collected.submissions) == 1
    assert collected.doubts == []


def test_two_spellings_of_one_name_are_not_decided(tmp_path, loading):
    collected = collect(written(tmp_path / "flat", {"ada.ipynb": loading, "x/Ada_loading.ipynb": loading, "Ada.ipynb": loading + b" "}))
    assert any("capitals" in why for _, why in collected.strays)


# What one student packs is nobody else's


@pytest.mark.parametrize(
    "forged",
    [
        "eve/ada/02-loading/loading.ipynb",
        "eve/02-loading/ada/02-loading/loading.ipynb",
        "eve/Ada Lovelace_9001_assignsubmission_file_/loading.ipynb",
        "eve/adalovelace_7001_8001_loading.ipynb",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("others", ["bob/02-loading/loading.ipynb", "bob/loading.ipynb"])
def test_no_one_hands_in_for_another(tmp_path, loading, forged, packed, others):
    other = loading + b" "
    files = {others: other, others.replace("bob", "cy"): other}
    if packed:
        inside = {forged.removeprefix("eve/"): loading, forged.removeprefix("eve/").replace("ada", "bob"): loading, "x/y.ipynb": loading}
        files["eve/work.zip"] = zipped(inside)
    else:
        files[forged] = loading
    collected = collect(written(tmp_path / "class", files))
    assert {each.student for each in collected.submissions} == {"bob", "cy", "eve"}
    assert {each.student for each in collected.submissions if each.read() == loading} == {"eve"}


def test_no_one_hands_in_for_another_in_a_flat_folder_or_in_moodle_s_zip(tmp_path, loading):
    evil = zipped({"ada/02-loading/loading.ipynb": loading, "bob/02-loading/loading.ipynb": loading})
    flat = collect(written(tmp_path / "flat", {"ada.ipynb": loading + b" ", "eve.zip": evil}))
    assert {each.student for each in flat.submissions if each.read() == loading} <= {"eve"}
    files = {"Ada L_1_assignsubmission_file_/loading.ipynb": loading + b" ", "Eve C_2_assignsubmission_file_/x.zip": evil}
    files["Eve C_2_assignsubmission_file_/Ada L_1_assignsubmission_file_/loading.ipynb"] = loading
    path = tmp_path / "moodle.zip"
    path.write_bytes(zipped(files))
    assert {each.student for each in collect(path).submissions if each.read() == loading} <= {"Eve C-2"}


def test_groups_in_moodle_s_names_hide_no_student(tmp_path, loading, class_roster):
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as packed:
        packed.writestr("Group A-First01 Last01_900101_assignsubmission_file_/loading.ipynb", loading)
        packed.writestr("Group A-First02 Last02_77_assignsubmission_onlinetext/onlinetext.html", "<p>See the file.</p>")
        packed.writestr("Group A-First02 Last02_77_assignsubmission_file_/loading.ipynb", loading)
    collected = collect(tmp_path / "moodle.zip", roster=class_roster)
    assert [each.student for each in collected.submissions] == ["student-01", "student-02"]
    assert collected.strays == []


def test_a_class_s_zip_is_not_read_anew_for_each_file(tmp_path, loading, monkeypatch):
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as packed:
        for number in range(30):
            packed.writestr(f"Student {number}_{number}_assignsubmission_file_/loading.ipynb", loading)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.write(tmp_path / "inner.zip", "inner.zip")
    opened = []
    real = zipfile.ZipFile.__init__
    monkeypatch.setattr(zipfile.ZipFile, "__init__", lambda zip_, file, *rest: (opened.append(file), real(zip_, file, *rest))[1])
    collected = collect(tmp_path / "all.zip")
    assert [each.read() for each in collected.submissions] == [loading] * 30
    assert len(opened) <= 4, "one opening for each look at what a zip holds"


def test_one_s_zip_keeps_no_other_from_being_graded(tmp_path, loading):
    damaged = bytearray(zipped({"a.ipynb": loading, "b.ipynb": loading + b" "}))
    damaged[200] ^= 0xFF
    many = zipped({f"{number}.ipynb": b"{}" for number in range(500)})
    files = {"ada/x.zip": bytes(damaged), "bob/y.zip": many, "cy/loading.ipynb": loading, "eve/shot.png": b"\x89PNG"}
    collected = collect(written(tmp_path / "class", files), assignment=SET)
    assert [each.student for each in collected.submissions] == ["ada", "bob", "cy"]
    assert [name for name, _ in collected.strays] == ["eve/shot.png"]


def test_a_file_that_is_damaged_in_the_class_s_zip_is_refused_alone(tmp_path, handed):
    data = bytearray(from_moodle(handed[:3]))
    at = data.index(b"First02 Last02") + 200
    data[at : at + 8] = b"\xff" * 8
    path = tmp_path / "moodle.zip"
    path.write_bytes(bytes(data))
    collected = collect(path, assignment=SET)
    contents = {each.student[5:7]: each.read() for each in collected.submissions}
    assert contents == {"01": handed[0].data, "02": b"PK\x03\x04", "03": handed[2].data}


def test_one_student_s_own_folders_are_nobody(tmp_path, loading):
    for number, files in enumerate(({"eve/ada/loading.ipynb": loading}, {"eve/mine/x.zip": zipped({"bob/02-loading/x.ipynb": loading})})):
        assert {each.student for each in collect(written(tmp_path / str(number), files), assignment=SET).submissions} == {"eve"}
    zips = {f"{name}/hw.zip": zipped({"exercises/02-loading/loading.ipynb": loading}) for name in ("ada", "eve")}
    assert {each.student for each in collect(written(tmp_path / "zips", zips)).submissions} == {"ada", "eve"}


def test_numbered_students_stay_apart(tmp_path, loading):
    files = {f"student-{number}.ipynb": loading for number in (1, 2, 3)}
    assert len(collect(written(tmp_path / "flat", files)).submissions) == 3
    files = {f"hw_2_1_{name}.ipynb": loading for name in ("ada", "eve")}
    assert len(collect(written(tmp_path / "more", files)).submissions) == 2


def test_a_time_that_a_student_wrote_is_none(tmp_path, loading):
    path = tmp_path / "moodle.zip"
    place = "Eve C_2_assignsubmission_file_"
    path.write_bytes(zipped({f"{place}/loading.ipynb": loading, f"{place}/timestamp.txt": b"2020-01-01 00:00:00 UTC"}))
    (submission,) = collect(path).submissions
    assert submission.handed_in is None


def test_a_newer_file_that_is_no_notebook_is_a_matter_of_doubt(tmp_path, loading):
    files = {"ada/02-loading/loading.ipynb": loading, "ada/02-loading/loading (1).ipynb": loading[:500]}
    collected = collect(written(tmp_path / "class", files))
    assert "loading (1).ipynb, is no notebook of this set" in collected.doubts[0]


def test_a_stray_file_changes_no_section(tmp_path, loading):
    files = {f"section {which}/{name}/02-loading/loading.ipynb": loading for which, name in (("a", "ada"), ("b", "bob"))}
    files["readme.txt"] = b"hello"
    assert {each.student for each in collect(written(tmp_path / "class", files)).submissions} == {"ada", "bob"}


def test_classes_in_sections(tmp_path, loading):
    files = {f"section {which}/{name}/02-loading/loading.ipynb": loading for which, name in (("a", "ada"), ("b", "bob"))}
    assert {each.student for each in collect(written(tmp_path / "class", files)).submissions} == {"ada", "bob"}


# Beside a roster


def test_who_is_not_on_the_roster_is_named(tmp_path, loading, class_roster):
    collected = collect(written(tmp_path / "flat", {"student-01.ipynb": loading, "nobody.ipynb": loading}), roster=class_roster)
    assert set(found(collected)) == {("student-01", SET)}
    assert [name for name, _ in collected.strays] == ["nobody.ipynb"]


# Hostile and damaged sources


def test_paths_in_a_zip_lead_nowhere_else(tmp_path, loading):
    path = tmp_path / "x.zip"
    path.write_bytes(zipped({"../../ada/loading.ipynb": loading, "/etc/eve/loading.ipynb": loading}))
    for each in collect(path).submissions:
        assert ".." not in each.student
        assert not each.student.startswith("/")


def test_a_zip_that_lies_about_itself_is_refused_in_words(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 50)
    with pytest.raises(CourseError, match="damaged zip"):
        collect(path)
    with pytest.raises(CourseError, match="There is no"):
        collect(tmp_path / "missing")


def test_a_zip_that_swells_is_not_unpacked(tmp_path):
    path = tmp_path / "ada.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        with packed.open("loading.ipynb", "w", force_zip64=True) as entry:
            for _ in range(200):
                entry.write(b"\0" * 2**20)
    assert path.stat().st_size < 2**20
    (submission,) = collect(path, assignment=SET).submissions
    assert len(submission.read()) < 70 * 2**20


def test_links_are_not_followed(tmp_path, loading):
    source = written(tmp_path / "class", {"ada/loading.ipynb": loading})
    (tmp_path / "secret.ipynb").write_bytes(loading)
    (source / "eve").mkdir()
    (source / "eve" / "loading.ipynb").symlink_to(tmp_path / "secret.ipynb")
    assert set(found(collect(source))) == {("ada", SET)}
