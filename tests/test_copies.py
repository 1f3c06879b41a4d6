"""Answers that are alike: copies are seen through what is easily changed, and what everyone has is no copy."""

import re
from copy import deepcopy
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lib.grading import copies

ANSWER = """
def suspicious(images, labels, neighbours=10):
    pixels = images.reshape(len(images), -1).astype(float)
    squares = (pixels ** 2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * pixels @ pixels.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :neighbours]
    agreeing = (labels[nearest] == labels[:, None]).sum(axis=1)
    return np.argsort(agreeing, kind="stable")
"""


def test_a_copy_is_seen_through_new_names_for_nothing():
    found = list(copies.alike({"ada": ANSWER, "eve": "# mine" + ANSWER, "bob": "def f(x):\n    return x"}))
    assert [(one, other) for one, other, _ in found] == [("ada", "eve")]
    assert list(copies.alike({name: ANSWER for name in ("ada", "eve", "bob", "cy")})) == []
    assert list(copies.alike({"ada": ANSWER, "eve": ANSWER}, known=[ANSWER])) == []


def code(numbers):
    """A statement for each number, five tokens long."""
    return "\n".join(f"a{number} = b{number} + {number}" for number in numbers)


def test_tokens_are_words_and_signs_without_comments_texts_and_layout():
    source = """# why
def f(x):
    'what it does'
    return x  +  1.5 # so

class C:
    "more"
    y = 'kept'
"""
    assert copies.tokens(source) == "def f ( x ) : ... return x + 1 . 5 class C : ... y = ' kept '".replace("...", ". . .").split()
    assert copies.tokens("'alone'") == [".", ".", "."]
    assert copies.tokens("def (") == copies.tokens("x = '\0'") == copies.tokens("(" * 5_000) == []
    assert copies.tokens("") == []


def test_pieces_are_all_runs_of_twelve_tokens():
    words = [str(number) for number in range(14)]
    assert copies.pieces(words) == {tuple(words[:12]), tuple(words[1:13]), tuple(words[2:])}
    assert len(copies.pieces(words[:12])) == 1
    assert copies.pieces(words[:11]) == frozenset()


def test_the_share_is_that_of_the_shorter_one_s_pieces():
    """120 tokens have 109 pieces, 200 have 189; where 24 statements agree, all of the shorter one's do."""
    short, long = code(range(24)), code(range(40))
    assert (len(copies.tokens(short)), len(copies.tokens(long))) == (120, 200)
    assert list(copies.alike({"b": long, "a": short})) == [("a", "b", 1.0)]
    # The last four statements are others: 20 tokens, which 20 of the 109 pieces hold.
    other = code([*range(20), *range(100, 104)])
    assert list(copies.alike({"a": short, "b": other})) == [("a", "b", 89 / 109)]
    # Five others leave 84 of 109, less than four fifths.
    assert list(copies.alike({"a": short, "b": code([*range(19), *range(100, 105)])})) == []


def test_a_share_of_exactly_four_fifths_counts(monkeypatch):
    monkeypatch.setattr(copies, "ALIKE", 89 / 109)
    assert len(list(copies.alike({"a": code(range(24)), "b": code([*range(20), *range(100, 104)])}))) == 1


@pytest.mark.parametrize(("statements", "pairs"), [(23, 0), (24, 1)])
def test_what_is_short_is_no_copy(statements, pairs):
    assert len(list(copies.alike(dict.fromkeys("ab", code(range(statements)))))) == pairs


@pytest.mark.parametrize(("holders", "pairs"), [(1, 0), (2, 1), (3, 3), (4, 0)])
def test_what_many_have_was_not_copied_from_one_of_them(holders, pairs):
    assert len(list(copies.alike(dict.fromkeys("abcd"[:holders], code(range(30)))))) == pairs


@pytest.mark.parametrize(("own", "pairs"), [(24, 1), (12, 1), (11, 0)])
def test_of_what_everyone_has_nothing_counts_and_enough_must_be_left(own, pairs):
    """Twelve statements of one's own leave 60 pieces, half of what makes an answer long; eleven leave 55."""
    source, given = code(range(50)), code(range(own, 50))
    assert len(list(copies.alike({"a": source, "b": source}, known=[given]))) == pairs
    assert len(list(copies.alike({"a": source, "b": source}, known=[source]))) == 0


STUB = "def suspicious(images, labels, neighbours=10):\n    raise NotImplementedError()"


def notebook_of(source):
    settings = {"solution": True, "grade": False, "grade_id": "answer-suspicious", "locked": False, "schema_version": 3, "task": False}
    cell = nbformat.v4.new_code_cell(source, id="answer-suspicious", metadata={"nbgrader": settings})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Exercises: trial", id="title"), cell])


def copies_among(handed, stub=STUB):
    """What is said of answers to an exercise whose cell was released with `stub`; None is handed in by who hands in no notebook."""
    released = notebook_of(stub)

    def data(job):
        if handed[job.student] is None:
            return b"no notebook"
        notebook = deepcopy(released)
        notebook.cells[1].source = handed[job.student]
        return nbformat.writes(notebook).encode()

    jobs = [SimpleNamespace(student=name, assignment="99-trial") for name in handed]
    store, assignments = SimpleNamespace(data=data), {"99-trial": SimpleNamespace(notebook=lambda: deepcopy(released))}
    return copies.possible_copies(store, jobs, assignments)


def test_copies_among_submissions_are_named_with_their_task():
    """What intake refuses is passed over, and the others are looked at."""
    handed = {"ada": ANSWER, "cy": None, "bob": STUB, "eve": ANSWER.replace("    ", "  ")}
    assert copies_among(handed) == ["99-trial, suspicious: ada and eve share 100% of a long answer. Read both."]


@pytest.mark.parametrize("solved", [False, True])
def test_what_was_released_or_is_the_worked_solution_counts_for_nobody(tmp_path, monkeypatch, solved):
    monkeypatch.setattr(copies, "ROOT", tmp_path)
    if solved:
        (tmp_path / "solutions" / "99-trial").mkdir(parents=True)
        nbformat.write(notebook_of(code(range(40))), tmp_path / "solutions" / "99-trial" / "trial.ipynb")
    assert copies_among({"ada": ANSWER, "eve": ANSWER}, stub=ANSWER) == []
    assert len(copies_among({"ada": code(range(40)), "eve": code(range(40))})) == (not solved)


@given(st.lists(st.integers(0, 10**6), min_size=24, max_size=40, unique=True), st.integers(1, 5), st.text("# abc\t", max_size=10))
def test_layout_and_comments_hide_no_copy(numbers, blanks, comment):
    source = code(numbers)
    dressed = re.sub(r" ([=+]) ", lambda found: f"{' ' * blanks}{found[1]}{' ' * blanks}", source).replace("\n", f"  # {comment}\n\n")
    assert list(copies.alike({"a": source, "b": dressed})) == [("a", "b", 1.0)]
    assert list(copies.alike({"a": source, "b": source.replace("a", "c").replace("b", "d")})) == [], "with all names new it is another"
