"""Refusals: what they say of what came, and where exactly the line lies between what is taken and what is not."""

import numpy as np
import pytest

from mnist_lib.arguments import check_labelled, check_preprocessed, check_seed, check_whole, describe_value

X, Y = np.zeros((3, 28, 28), np.float32), np.array([0, 9, 5])


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.zeros((2, 3), np.int8), "an array of int8 with shape (2, 3)"),
        (3, "3"),
        (None, "None"),
        ("x" * 58, f"'{'x' * 58}'"),
        ("x" * 59, "an object of type str"),
        ([0] * 100, "an object of type list"),
    ],
)
def test_values_are_described(value, says):
    assert describe_value(value) == says


@pytest.mark.parametrize("value", [1, np.int64(7), np.uint8(1), True])
def test_whole_numbers_are_taken(value):
    assert check_whole(epochs=value) is None


@pytest.mark.parametrize(("value", "shown"), [(0, "0"), (-1, "-1"), (1.0, "1.0"), ("2", "'2'"), (None, "None")])
def test_what_is_no_whole_number_is_named(value, shown):
    with pytest.raises(ValueError, match="^") as refusal:
        check_whole(epochs=value)
    assert str(refusal.value) == f"epochs must be a whole number, at least 1; got {shown}"


def test_the_least_and_each_of_several_count():
    assert check_whole(0, successes=0, trials=3) is None
    with pytest.raises(ValueError, match="^second must be a whole number, at least 5; got 4$"):
        check_whole(5, first=5, second=4)


@pytest.mark.parametrize("seed", [None, 0, 2**32 - 1, np.int64(3)])
def test_seeds_are_taken(seed):
    assert check_seed(seed) is None


@pytest.mark.parametrize(("seed", "shown"), [(-1, "-1"), (2**32, "4294967296"), (1.5, "1.5"), ("0", "'0'")])
def test_what_is_no_seed_is_named(seed, shown):
    with pytest.raises(ValueError, match=f"^seed must be None or a whole number from 0 to 4294967295; got {shown}$"):
        check_seed(seed)


@pytest.mark.parametrize(
    ("x", "y", "kind", "says"),
    [
        (X.tolist(), Y, TypeError, "x and y must be NumPy arrays; got an object of type list for the examples"),
        (X, [1, 2, 3], TypeError, "x and y must be NumPy arrays; got [1, 2, 3] for the labels"),
        (X, Y / 2, TypeError, "x and y: labels must be integers with shape (n,); got an array of float64 with shape (3,)"),
        (Y, X, TypeError, "with shape (3, 28, 28): x and y seem to be swapped"),
        (Y, Y / 2, TypeError, "labels must be integers with shape (n,); got an array of float64 with shape (3,)"),
        (X, np.eye(10)[:3], TypeError, "with shape (3, 10): turn one-hot labels back with y.argmax(axis=1)"),
        (X, Y.reshape(3, 1), TypeError, "with shape (3, 1): flatten them with y.ravel()"),
        (X, np.array(3), TypeError, "x and y: labels must be integers with shape (n,); got an array of int64 with shape ()"),
        (X[:2], Y, ValueError, "must hold one label for each example, and at least one; got shapes (2, 28, 28) and (3,)"),
        (X[:0], Y[:0], ValueError, "must hold one label for each example, and at least one; got shapes (0, 28, 28) and (0,)"),
    ],
)
def test_what_is_not_labelled_is_told_apart(x, y, kind, says):
    with pytest.raises(kind, match="^") as refusal:
        check_labelled(x, y)
    assert str(refusal.value).startswith("x and y")
    assert str(refusal.value).endswith(says)
    with pytest.raises(kind, match="^the validation data"):
        check_labelled(x, y, "the validation data")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_one_example_with_its_label_is_enough(dtype):
    assert check_labelled(X[:1], Y[:1].astype(dtype)) is None


@pytest.mark.parametrize(
    ("x", "y", "kind", "says"),
    [
        (X.astype(np.uint8), Y, TypeError, "images must be fractions in [0, 1], as preprocess returns them; got uint8"),
        (X + np.inf, Y, ValueError, "images must be finite numbers; some are NaN (not a number) or infinite"),
        (X - np.inf, Y, ValueError, "images must be finite numbers; some are NaN (not a number) or infinite"),
        (X * np.nan, Y, ValueError, "images must be finite numbers; some are NaN (not a number) or infinite"),
        (X, Y + 1, ValueError, "labels must be digits, 0 to 9; got values from 1 to 10"),
        (X, Y - 1, ValueError, "labels must be digits, 0 to 9; got values from -1 to 8"),
        (X, Y[:2], ValueError, "got shapes (3, 28, 28) and (2,)"),
    ],
)
def test_what_is_not_preprocessed_is_told_apart(x, y, kind, says):
    with pytest.raises(kind, match="^") as refusal:
        check_preprocessed(x, y)
    assert str(refusal.value).startswith("x and y")
    assert str(refusal.value).endswith(says)
    with pytest.raises(kind, match="^the test data"):
        check_preprocessed(x, y, "the test data")


def test_fractions_outside_of_0_and_1_are_taken():
    assert check_preprocessed(X + 255, Y) is None
