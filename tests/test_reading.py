"""How tasks that score predictions look at them: their form, the points for an accuracy, and what a beginner reads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_lib import load_mnist, shift_images
from mnist_lib.checks import _reading
from mnist_lib.checks._task import Failure, Inputs
from mnist_lib.grading.digits import handed_out

IMAGES = np.zeros((5, 28, 28), np.uint8)
SCALES = {"full": [(0.5, 0.0), (0.9, 0.5), (0.98, 1.0)], "sample": [(0.4, 0.0), (0.8, 1.0)]}


@pytest.mark.parametrize(
    ("came", "says"),
    [
        (Failure("it stopped"), "it stopped."),
        ([1, 2], "Expected one digit for each of 5 images, shape (5,); came [1, 2]."),
        ([[1], [1, 2]], "Expected one digit for each of 5 images; came [[1], [1, 2]]."),
        (
            np.zeros((5, 10)),
            "Expected one digit for each of 5 images; came ten numbers for each. The digit is where the largest stands: argmax.",
        ),
        (np.zeros((5, 9), int), "Expected one digit for each of 5 images, shape (5,); came an array of int64 with shape (5, 9)"),
        ([0.5] * 5, "Expected whole numbers from 0 to 9; came float64, such as [0.5, 0.5, 0.5]."),
        ([1, 2, np.nan, 4, 5], "Expected whole numbers from 0 to 9; came float64, such as "),
        (["1"] * 5, "Expected whole numbers from 0 to 9; came <U1, such as "),
        ([10] * 5, "Expected digits from 0 to 9; came values from 10 to 10."),
        ([-1, 0, 1, 2, 9], "Expected digits from 0 to 9; came values from -1 to 9."),
        (None, "Expected one digit for each of 5 images, shape (5,); came None."),
    ],
)
def test_predictions_of_a_wrong_form_are_named(came, says):
    assert _reading.fault(came, IMAGES).startswith(says)


@pytest.mark.parametrize("came", [[0, 9, 2, 3, 4], np.arange(5.0), np.array([0, 0, 0, 0, 9], np.uint8), (1, 1, 1, 1, 1)])
def test_digits_in_any_dress_are_right_in_form(came):
    assert _reading.fault(came, IMAGES) is None


def test_many_images_are_counted_in_the_sentence():
    assert "1,000 images" in _reading.fault([1], np.zeros((1000, 28, 28)))
    assert "1,000 images" in _reading.fault(np.zeros((1000, 10)), np.zeros((1000, 28, 28)))
    assert "1,000 images" in _reading.fault([[1], [1, 2]], np.zeros((1000, 28, 28)))


def judged(outputs, labels, edition="sample", distinction=None):
    inputs = Inputs([(np.zeros((len(labels), 28, 28)),)] * len(outputs), secret=labels, edition=edition)
    return _reading.points(10, SCALES, "digits", distinction)(outputs, inputs)


def reading(right, of=1000):
    """Labels, and predictions of which so many are right; the others are wrong in no pattern."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, of)
    return np.where(np.arange(of) < right, labels, (labels + random.integers(1, 10, of)) % 10), labels


def test_points_rise_with_the_accuracy_and_forgive_what_chance_takes():
    """Three standard errors at the target of 0.8 are 3 · √(0.8 · 0.2 / 1000) = 0.0379; the scale is linear from 0.4 to 0.8."""
    for right, points, state in ((1000, 10, "safe"), (800, 10, "safe"), (770, 10, "borderline"), (600, 5.95, "below"), (350, 0, "below")):
        predictions, labels = reading(right)
        got, said = judged([predictions], labels)
        assert got == pytest.approx(points, abs=0.005)
        assert f"of 1,000 digits: {state}." in said
        assert ("\nIt earns full points here; on other digits it can come out a little lower." in said) == (state == "borderline")
    _, said = judged([reading(600)[0]], reading(600)[1])
    assert said == (
        "Your model reads 60.0% (± 3.0) of 1,000 digits: below.\n"
        "Full points from 80.0%, nothing up to 40.0%. Chance alone moves such a score, so 3 standard errors, 3.8%, are added to yours "
        "before it is read off."
    )


def test_each_edition_has_its_scale_and_the_full_one_a_distinction():
    predictions, labels = reading(900)
    assert judged([predictions], labels, "sample")[0] == 10
    assert judged([predictions], labels, "full")[0] == pytest.approx(10 * (0.5 + 0.5 * (3 * np.sqrt(0.98 * 0.02 / 1000)) / 0.08), abs=0.01)
    assert "\nFull points from 98.0%, nothing up to 50.0%." in judged([predictions], labels, "full")[1]
    assert "Beyond 90.0%: with distinction." in judged([predictions], labels, "full", 0.9)[1]
    assert "distinction" not in judged([predictions], labels, "full", 0.91)[1]
    assert "distinction" not in judged([predictions], labels, "sample", 0.9)[1]


def test_the_accuracy_of_several_cases_is_their_mean():
    _, labels = reading(0)
    got, said = judged([labels, labels, (labels + 1) % 10, labels], labels)
    assert said.startswith("Your model reads 75.0% (± 2.7) of 1,000 digits: below.")
    assert got == pytest.approx(10 * (0.75 + 0.0379 - 0.4) / 0.4, abs=0.01)


def test_one_case_of_a_wrong_form_earns_nothing():
    _, labels = reading(0)
    got, said = judged([labels, labels[:3]], labels)
    assert got == 0
    assert said.startswith("Expected one digit for each of 1,000 images, shape (1000,); came")
    assert said.endswith("\nHint: call it by hand on a few images, `predict(x_test[:3])`, and look at what comes back.")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda labels: np.full_like(labels, 7), "Every image is read as 7: the model was not trained"),
        (lambda labels: (labels + 1) % 10, "Nearly every answer is off by the same number, 9"),
        (lambda labels: (labels - 1) % 10, "Nearly every answer is off by the same number, 1: the labels or the predictions are shifted."),
        (lambda labels: reading(100)[0], "That is hardly better than guessing: was the model trained, and does predict prepare the images"),
    ],
)
def test_an_accuracy_of_chance_is_explained(change, says):
    _, labels = reading(100)
    assert judged([change(labels)], labels)[1].split("\n")[-1].startswith(says)


def test_a_shift_is_named_where_more_than_seven_in_ten_have_it():
    labels = np.repeat(np.arange(10), 100)
    off = np.where(np.arange(1000) % 10 < 7, labels - 1, labels - 3) % 10
    assert judged([off], labels)[1].split("\n")[-1] == (
        "That is hardly better than guessing: was the model trained, and does predict prepare the images as for training "
        "(the same scale, not divided twice, rows and columns not exchanged)?"
    )
    off[7] = (labels[7] - 1) % 10
    assert "off by the same number, 1" in judged([off], labels)[1]


@pytest.mark.parametrize(("edition", "scale"), [("full", "full"), ("sample", "sample"), ("graded", "sample")])
def test_all_digits_but_the_full_edition_s_have_the_sample_s_scale(data, edition, scale):
    few = tuple((images[:20], labels[:20]) for images, labels in data)
    with handed_out(few, edition):
        assert _reading.inputs(0).edition == scale
        assert _reading.shifted_inputs(0).edition == scale


def test_what_is_better_than_chance_is_not_explained():
    predictions, labels = reading(300)
    assert len(judged([predictions], labels)[1].split("\n")) == 2
    predictions, labels = reading(299)
    assert len(judged([predictions], labels)[1].split("\n")) == 3


def test_the_inputs_are_the_test_digits_in_an_order_of_their_own(data):
    images, labels = data[1]
    drawn = _reading.inputs(3)
    ((given,),) = drawn.cases
    where = {image.tobytes(): label for image, label in zip(images, labels)}
    assert [where[image.tobytes()] for image in given] == drawn.secret.tolist()
    assert sorted(image.tobytes() for image in given) == sorted(image.tobytes() for image in images)
    assert not np.array_equal(given, images)
    assert np.array_equal(_reading.inputs(3).secret, drawn.secret)
    assert not np.array_equal(_reading.inputs(4).secret, drawn.secret)
    assert drawn.edition in ("full", "sample")
    assert _reading.reference(drawn) == [drawn.secret]


def test_moved_digits_are_moved_by_two_pixels_in_four_ways(data):
    load_mnist()
    drawn = _reading.shifted_inputs(3)
    ((straight,),) = _reading.inputs(3).cases
    most = min(2_500, len(data[1][1]))
    assert len(drawn.secret) == most
    assert [
        np.array_equal(case, shift_images(straight[:most], *way)) for (case,), way in zip(drawn.cases, ((2, 0), (-2, 0), (0, 2), (0, -2)))
    ] == [True] * 4
    assert np.array_equal(drawn.secret, _reading.inputs(3).secret[:most])
    assert len(_reading.reference(drawn)) == 4
    assert drawn.edition == _reading.inputs(3).edition


def test_of_many_digits_some_are_moved(monkeypatch):
    monkeypatch.setattr(_reading, "SHIFTED_DIGITS", 100)
    drawn = _reading.shifted_inputs(3)
    assert [len(case) for (case,) in drawn.cases] == [100] * 4
    assert len(drawn.secret) == 100


@given(
    arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(max_dims=2, max_side=6))
    | st.recursive(st.none() | st.integers() | st.text(max_size=2), lambda inner: st.lists(inner, max_size=6), max_leaves=8)
)
def test_anything_is_five_digits_or_said_not_to_be(came):
    said = _reading.fault(came, IMAGES)
    if said is None:
        assert np.shape(came) == (5,)
        assert {int(value) for value in came} <= set(range(10))
    else:
        assert said.startswith("Expected ")
        assert said.endswith(".")
