"""Who is in the class: rosters in whichever form, names in whichever spelling, and the folders that bear them."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lib.grading.assignment import CourseError
from mnist_lib.grading.roster import Roster, Student, read_roster, safe_id, squeezed, words


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id,last_name,first_name,email\nada,Lovelace,Ada,ada@example.org\n", "utf-8"),
        ("id;last_name;first_name;email\nada;Lovelace;Ada;ada@example.org\n", "utf-8-sig"),
        ("First name\tSurname\tID number\tEmail address\nAda\tLovelace\tada\tada@example.org\n", "utf-16"),
        ("Identifier,Full name,Email address\nParticipant 7001,Ada Lovelace,ada\n", "utf-8"),
        ('Student,ID,SIS User ID,SIS Login ID,Section\n"    Points Possible",,,,\n"Lovelace, Ada",7001,u1,ada,A\n', "utf-8"),
    ],
)
def test_a_roster_in_whichever_form(tmp_path, text, encoding):
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode(encoding))
    (student,) = read_roster(path).students.values()
    assert (student.id, student.last_name, student.first_name) == ("ada", "Lovelace", "Ada")
    for told in ("ada", "Ada Lovelace", "Lovelace Ada", "lovelaceada", "ADA_LOVELACE"):
        assert read_roster(path).find(told) == student, told
    if "7001" in text:
        assert read_roster(path).find(number="7001") == student
        assert read_roster(path).find("7001") is None
    else:
        assert read_roster(path).find("ada@example.org") == student


def test_a_number_of_the_lms_is_no_id():
    students = Roster([Student("1001", "Ada", "Lovelace", number="1002"), Student("1002", "Eve", "Curie")])
    assert students.find("Ada Lovelace", number="1002").id == "1001"
    assert students.find("1002").id == "1002"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no student"),
        ("id,email\n", "names no student"),
        ("a,b\n1,2\n", "line 2"),
        ("id\nada\nAda\n", "stands there twice"),
        ("id\n...\n", "line 2"),
    ],
)
def test_a_roster_that_is_none(tmp_path, text, says):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=says):
        read_roster(path)


def test_two_students_of_one_name_are_told_apart_by_their_ids_alone():
    students = Roster([Student("a1", "Ada", "Lovelace"), Student("a2", "Ada", "Lovelace")])
    assert students.find("Ada Lovelace") is None
    assert students.find("a2", "Ada Lovelace").id == "a2"


@pytest.mark.parametrize("space", ["\x0b", "\x0c", "\x85", "\u2028"])
def test_a_space_that_ends_lines_elsewhere_makes_no_student(tmp_path, space):
    path = tmp_path / "roster.csv"
    path.write_text(f"id,last_name,first_name\nada,Lovelace{space}King,Ada\n", encoding="utf-8")
    (student,) = read_roster(path).students.values()
    assert (student.id, student.last_name, student.first_name) == ("ada", f"Lovelace{space}King", "Ada")


@pytest.mark.parametrize("text", ["", "..", " - ", "/", "x" * 101, "\u202e"])
def test_what_cannot_name_a_folder(text):
    with pytest.raises(ValueError, match="cannot be the name"):
        safe_id(text)


@pytest.mark.parametrize("text", ["../../etc/passwd", "a/b", "c:\\x", "new\nline", "Ünal  Ö.", ".hidden"])
def test_a_student_s_name_names_a_folder_and_nothing_else(tmp_path, text):
    name = safe_id(text)
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()
    assert Path(name).name == name
    assert not name.startswith(".")


# Properties: what holds for all input, tried on input that nobody thought of


@given(st.text())
def test_any_text_names_a_folder_or_is_refused(text):
    name, said = None, ""
    try:
        name = safe_id(text)
    except ValueError as error:
        said = str(error)
    if name is None:
        assert said.startswith(repr(text[:60]))
    else:
        assert name.isprintable()
        assert 1 <= len(name.encode()) <= 100
        assert Path(name).parts == (name,)
        assert name not in (".", "..")
        assert safe_id(name) == name, "a name that is safe stays as it is"


LATIN = st.text(st.characters(codec="latin-1", categories=["L"]), min_size=1)


@given(st.lists(LATIN, min_size=1, max_size=4), st.randoms(use_true_random=False), st.sampled_from([" ", "_", "-", ", ", " . "]))
def test_spelling_and_order_of_a_name_do_not_matter(name, random, between):
    turned = random.sample(name, len(name))
    assert words(between.join(turned)) == words(" ".join(name))
    assert squeezed(between.join(name)) == squeezed(" ".join(name).casefold())
    assert words(" ".join(name)) == frozenset(map(squeezed, name))


# Spaces of all kinds too: some programs take them for the end of a line, and a roster does not.
SPECIAL = st.sampled_from(list(" ,;\t\"'\x0b\x0c\x1c\x85\u2028\u2029\xa0"))
CELLS = st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4) | SPECIAL, max_size=4).map("".join).map(str.strip)
IDS = st.lists(st.text("abcäß0123456789", min_size=1, max_size=12), min_size=1, max_size=5, unique_by=str.casefold)
FORMS = st.tuples(st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n", "\r"]))


@given(IDS, st.data(), FORMS)
def test_a_roster_that_was_written_is_read(tmp_path_factory, ids, data, form):
    separator, encoding, line_end = form
    rows = [[each, *(data.draw(CELLS) for _ in range(3))] for each in ids]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows([["id", "last_name", "first_name", "email"], *rows])
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    came = [(each.id, each.last_name, each.first_name, each.email) for each in read_roster(path).students.values()]
    assert came == [tuple(row) for row in rows]


@given(st.lists(st.tuples(LATIN, LATIN), min_size=1, max_size=5), st.sampled_from(["{1} {0}", "{0} {1}", "{1}, {0}", "{0}_{1}", "{1}{0}"]))
def test_a_full_name_finds_its_student_unless_two_bear_it(names, form):
    students = Roster(Student(f"{number:04d}", first, last) for number, (first, last) in enumerate(names))
    spellings = [{squeezed(first + last), squeezed(last + first), words(f"{first} {last}")} for first, last in names]
    for number, (first, last) in enumerate(names):
        if not any(spellings[number] & other for other in spellings[:number] + spellings[number + 1 :]):
            assert students.find(form.format(first, last)).id == f"{number:04d}"
        if names.count((first, last)) > 1:
            assert students.find(form.format(first, last)) is None


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"id,email\n{text}".encode()))
def test_any_bytes_are_a_roster_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    path.write_bytes(data)
    read, said = None, ""
    try:
        read = read_roster(path)
    except CourseError as error:
        said = str(error)
    if read is None:
        assert said.startswith(f"The roster {path}")
        assert "Expected is" in said or "stands there twice" in said
    else:
        assert len(read.students) >= 1
