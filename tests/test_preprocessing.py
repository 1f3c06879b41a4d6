"""Stage preprocessing, against scikit-learn and cases computed by hand."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import MinMaxScaler

from mnist_lib import preprocess, train_validation_split


@pytest.fixture
def images(random):
    return random.integers(0, 256, (5, 28, 28), dtype=np.uint8)


def test_known_values():
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 0, :3] = 51, 102, 255
    assert preprocess(images)[0, 0, :4] == pytest.approx([0.2, 0.4, 1.0, 0.0])


def test_agrees_with_scikit_learn(images):
    scaler = MinMaxScaler().fit([[0], [255]])
    assert preprocess(images).ravel() == pytest.approx(scaler.transform(images.reshape(-1, 1)).ravel(), abs=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64])
def test_shape_dtype_range_and_way_back(images, dtype):
    given = images.astype(dtype)
    scaled = preprocess(given)
    assert scaled.dtype == np.float32
    assert scaled.shape == images.shape
    assert scaled.min() >= 0
    assert scaled.max() <= 1
    assert np.array_equal(np.rint(scaled * 255), images)
    assert np.array_equal(given, images), "the input was changed"


def test_no_images_stay_no_images():
    assert preprocess(np.empty((0, 28, 28), np.uint8)).shape == (0, 28, 28)


REFUSED = {
    "a list": (lambda images: images.tolist(), TypeError, "list"),
    "None": (lambda images: None, TypeError, "NoneType"),
    "strings": (lambda images: images.astype(str), TypeError, "array of <U3"),
    "objects": (lambda images: images.astype(object), TypeError, "array of object"),
    "booleans": (lambda images: images > 9, TypeError, "array of bool"),
    "one image": (lambda images: images[0], ValueError, r"\(28, 28\).*images\[np.newaxis\]"),
    "flattened": (lambda images: images.reshape(5, 784), ValueError, r"\(5, 784\)"),
    "a channel": (lambda images: images[..., np.newaxis], ValueError, r"\(5, 28, 28, 1\)"),
    "channel first": (lambda images: images[:, np.newaxis], ValueError, r"\(5, 1, 28, 28\)"),
    "scaled already": (lambda images: preprocess(images), ValueError, "float32 from 0 to 1: these images are scaled already"),
    "grey values as floats": (lambda images: images.astype(float), ValueError, r"float64 from 0 to 255.*astype\(np.uint8\)"),
    "NaN": (lambda images: np.where(images > 250, np.nan, 0.5), ValueError, "NaN"),
    "below 0": (lambda images: images.astype(int) - 1, ValueError, "int64 from -1 to 254"),
    "above 255": (lambda images: images.astype(int) * 2, ValueError, "int64 from 0 to 510"),
}


@pytest.mark.parametrize(("spoil", "kind", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_with_a_reason(images, spoil, kind, says):
    images[0, 0, :2] = 0, 255
    with pytest.raises(kind, match=r"images must be uint8 in \[0, 255\] with shape \(n, 28, 28\); got .*" + says):
        preprocess(spoil(images))


# The split. Each example's value is its own index, so that one can see where it went.
LABELS = np.repeat(np.arange(10), [20, 40, 60, 10, 30, 50, 20, 40, 2, 11])
EXAMPLES = np.arange(len(LABELS))


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.9])
def test_split_is_a_partition_and_stratified(fraction):
    (x_train, y_train), (x_validation, y_validation) = train_validation_split(EXAMPLES, LABELS, fraction)
    assert sorted([*x_train, *x_validation]) == EXAMPLES.tolist()
    assert np.array_equal(y_train, LABELS[x_train])
    assert np.array_equal(y_validation, LABELS[x_validation])
    for digit, count in enumerate(np.bincount(LABELS)):
        share = np.sum(y_validation == digit)
        assert 1 <= share < count
        assert abs(share - fraction * count) <= 1


def test_split_has_the_class_counts_of_scikit_learn():
    labels = np.repeat(np.arange(10), 50)  # where every share is whole, there is but one stratified split's count
    _, chosen = next(StratifiedShuffleSplit(1, test_size=0.2, random_state=0).split(labels, labels))
    _, (_, y_validation) = train_validation_split(labels, labels, 0.2)
    assert np.array_equal(np.bincount(y_validation), np.bincount(labels[chosen]))


def test_split_of_images_keeps_pairs_and_dtype(few):
    x, y = few
    (x_train, y_train), (x_validation, _) = train_validation_split(x, y)
    assert x_train.dtype == x.dtype
    assert x_train.shape[1:] == (28, 28)
    assert len(x_train) + len(x_validation) == len(x)
    where = next(index for index in range(len(x)) if np.array_equal(x[index], x_train[7]))
    assert y_train[7] == y[where]


def test_split_is_shuffled_and_fixed_by_its_seed():
    def validation(seed):
        return train_validation_split(EXAMPLES, LABELS, 0.2, seed)[1][0].tolist()

    np.random.seed(1)  # noqa: NPY002 - what ran before must not matter
    first = validation(3)
    assert first == validation(3)
    assert first != validation(4)
    assert first != sorted(first)


SPLITS_REFUSED = {
    "lists": ((EXAMPLES.tolist(), LABELS), {}, TypeError, "x and y must be NumPy arrays; got an object of type list for the examples"),
    "no labels": ((EXAMPLES, None), {}, TypeError, "got None for the labels"),
    "one-hot": ((EXAMPLES, np.eye(10)[LABELS]), {}, TypeError, r"labels must be integers with shape \(n,\).*(swapped|argmax)"),
    "strings": ((EXAMPLES, LABELS.astype(str)), {}, TypeError, "labels must be integers"),
    "swapped": ((LABELS, np.zeros((283, 28, 28))), {}, TypeError, "seem to be swapped"),
    "lengths": ((EXAMPLES, LABELS[:5]), {}, ValueError, r"one label for each example.*\(283,\) and \(5,\)"),
    "nothing": ((EXAMPLES[:0], LABELS[:0]), {}, ValueError, "at least one"),
    "a lone example": ((EXAMPLES[:21], LABELS[:21]), {}, ValueError, "class 1 has 1"),
    "percent": ((EXAMPLES, LABELS, 10), {}, ValueError, "validation_fraction must be a number between 0 and 1; got 10"),
    "all": ((EXAMPLES, LABELS, 1.0), {}, ValueError, "validation_fraction"),
    "text": ((EXAMPLES, LABELS, "0.1"), {}, ValueError, "validation_fraction .* got '0.1'"),
    "NaN": ((EXAMPLES, LABELS, float("nan")), {}, ValueError, "validation_fraction .* got nan"),
    "seed": ((EXAMPLES, LABELS), {"seed": -1}, ValueError, "seed must be .* got -1"),
}


@pytest.mark.parametrize(("arguments", "keywords", "kind", "says"), SPLITS_REFUSED.values(), ids=SPLITS_REFUSED.keys())
def test_split_refuses_with_a_reason(arguments, keywords, kind, says):
    with pytest.raises(kind, match=says):
        train_validation_split(*arguments, **keywords)
