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
        ("id;last_name;first_name;email;weeks\nada;Lovelace;Ada;ada@example.org;1, 2, 3, 4, 5, 6, 7, 8, 9, 10\n", "utf-8"),
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


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return list(read_roster(path).students.values())


def test_bytes_that_are_no_letters_hide_no_student(tmp_path):
    text = "id,last_name\nada,Löve\n"
    for data in (b"\xff\xfe" + text.encode("utf-16-le"), b"\xfe\xff" + text.encode("utf-16-be"), text.encode("cp1252")):
        assert [(each.id, each.last_name) for each in read(tmp_path, data)] == [("ada", "Löve")]
    (student,) = read(tmp_path, b"\xff\xfe" + text.strip().encode("utf-16-le") + b"x")
    assert (student.id, student.last_name) == ("ada", "Löve\ufffd")
    (student,) = read(tmp_path, text.encode("cp1252").replace(b"L", b"\x81"))
    assert student.last_name == "\ufffdöve"


def test_the_first_line_tells_what_separates(tmp_path):
    (student,) = read(tmp_path, "id,last_name,XXXXL shirt\nada,Love;;;;lace,\tyes\t\t\t\n")
    assert (student.id, student.last_name) == ("ada", "Love;;;;lace")
    assert student.row == {"id": "ada", "last_name": "Love;;;;lace", "XXXXL shirt": "yes"}


def test_lines_that_are_too_short_or_too_long_or_empty(tmp_path):
    found = read(tmp_path, "id,last_name,email\nada\n,,\neve,Curie,eve@example.org,more,and more\nbob,,\n")
    assert [(each.id, each.last_name, each.email) for each in found] == [
        ("ada", "", ""),
        ("eve", "Curie", "eve@example.org"),
        ("bob", "", ""),
    ]


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("Ada King Lovelace", "Ada King", "Lovelace"), ("Lovelace, Ada, Countess", "Ada, Countess", "Lovelace"), ("Ada", "", "Ada")],
)
def test_a_name_in_one_column_is_parted(tmp_path, name, first, last):
    (student,) = read(tmp_path, f'id,name\nada,"{name}"\n')
    assert (student.first_name, student.last_name) == (first, last)


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("Student,ID,SIS User ID,SIS Login ID\nAda,7001,u1,ada\n", "ada"),
        ("Student,ID,SIS User ID,SIS Login ID\nAda,7001,u1,\n", "u1"),
        ("Student,ID,SIS User ID\nAda,7001,\n", "7001"),
        ("Student,ID\nAda,7001\n", "7001"),
        ("ID,Student\n7001\n", "7001"),
        ("Student,ID,Email\nAda,,ada@example.org\n", "ada@example.org"),
    ],
)
def test_canvas_names_a_student_by_the_most_telling_column(tmp_path, text, identity):
    (student,) = read(tmp_path, text)
    assert student.id == identity
    assert student.number == ("" if ",," in text and "@" in text else "7001")


def test_what_a_roster_lacks_is_said_with_what_it_has(tmp_path):
    path = tmp_path / "roster.csv"
    with pytest.raises(CourseError, match="^") as refusal:
        read_roster(path)
    assert str(refusal.value) == f"The roster {path} cannot be read: No such file or directory."
    for text, there in (("id,email\n", "id, email"), ("", "none")):
        with pytest.raises(CourseError, match="^") as refusal:
            read(tmp_path, text)
        assert str(refusal.value) == (
            f"The roster {path} names no student. Its columns are: {there}. Expected is a first line such as id,last_name,first_name,email."
        )


def test_a_student_is_found_by_what_stands_before_the_at_sign():
    students = Roster([Student("1", "Ada", email="lovelace@example.org"), Student("2", "Eve", email="curie@home@example.org")])
    assert students.find("lovelace").id == "1"
    assert students.find("curie").id == "2"
    assert students.find("example.org") is None


def test_words_of_a_name_count_once_and_one_alone_is_no_full_name():
    students = Roster([Student("1", "Ada", "Lovelace"), Student("2", "Eve")])
    assert students.find("Ada Lovelace Ada").id == "1"
    assert students.find("Eve Eve") is None
    assert students.find("eve").id == "2"
    assert squeezed("Groß-Müller") == squeezed("GROSS MÜLLER") == "grossmuller"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Xaver X", "Xaver X"),
        ("Ünal   Ö. ", "Ünal Ö"),
        ("Ünal\tÖ", "Ünal-Ö"),
        ("a/b", "a-b"),
        ('c:\\x*?"<>|y', "c--x------y"),
        ("new\nline", "new-line"),
        (" ._-hidden", "hidden"),
        ("x" * 100, "x" * 100),
        ("e\u0301", "é"),
    ],
)
def test_a_name_stays_as_far_as_a_folder_can_bear_it(text, name):
    assert safe_id(text) == name


def test_what_is_too_long_is_said_with_its_beginning():
    with pytest.raises(ValueError, match="^'x{60}' cannot be the name of a student: 1 to 100 bytes"):
        safe_id("x" * 101)


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
