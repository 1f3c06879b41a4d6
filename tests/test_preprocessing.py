"""Stage preprocessing, against scikit-learn and cases computed by hand."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import MinMaxScaler

from mnist_lib import digit_from_drawing, load_mnist, preprocess, shift_images, train_validation_split


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


def test_tensorflow_can_read_the_result_where_it_lies():
    scaled = [preprocess(np.zeros((images, 28, 28), np.uint8)) for images in range(1, 9)]
    assert [images.ctypes.data % 64 for images in scaled] == [0] * 8
    assert all(images.flags.c_contiguous and images.flags.writeable for images in scaled)


def test_no_images_stay_no_images():
    assert preprocess(np.empty((0, 28, 28), np.uint8)).shape == (0, 28, 28)


REFUSED = {
    "a list": (lambda images: images.tolist(), TypeError, "list"),
    "None": (lambda images: None, TypeError, "NoneType"),
    "strings": (lambda images: images.astype(str), TypeError, "array of <U3"),
    "objects": (lambda images: images.astype(object), TypeError, "array of object"),
    "booleans": (lambda images: images > 9, TypeError, "array of bool"),
    "one image": (lambda images: images[0], ValueError, r"\(28, 28\).*images\[np.newaxis\]"),
    "another size": (lambda images: images[:, :, 1:], ValueError, r"\(5, 28, 27\)"),
    "flattened": (lambda images: images.reshape(5, 784), ValueError, r"\(5, 784\)"),
    "a channel": (lambda images: images[..., np.newaxis], ValueError, r"\(5, 28, 28, 1\)"),
    "channel first": (lambda images: images[:, np.newaxis], ValueError, r"\(5, 1, 28, 28\)"),
    "scaled already": (lambda images: preprocess(images), ValueError, "float32 from 0 to 1: these images are scaled already"),
    "grey values as floats": (lambda images: images.astype(float), ValueError, r"float64 from 0 to 255.*astype\(np.uint8\)"),
    "greys that are never black": (lambda images: images.clip(50, 200).astype(float), ValueError, "float64 from 50 to 200: if these are"),
    "a little dark": (lambda images: images.clip(50, 200) / 400, ValueError, "float64 from 0.125 to 0.5: these images are scaled already"),
    "below black": (lambda images: images / 255 - 0.5, ValueError, "float64 from -0.5 to 0.5: if these are grey values"),
    "no fractions": (lambda images: images[:0].astype(float), ValueError, "float64 from 0 to 0: these images are scaled already"),
    "NaN": (lambda images: np.where(images > 250, np.nan, 0.5), ValueError, "NaN"),
    "below 0": (lambda images: images.astype(int) - 1, ValueError, "int64 from -1 to 254"),
    "a little above 1": (lambda images: images / 200, ValueError, "float64 from 0 to 1.275: if these are grey values"),
    "256": (lambda images: images.astype(int) + 1, ValueError, "int64 from 1 to 256"),
    "above 255": (lambda images: images.astype(int) * 2, ValueError, "int64 from 0 to 510"),
}


@pytest.mark.parametrize(("spoil", "kind", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_with_a_reason(images, spoil, kind, says):
    images[0, 0, :2] = 0, 255
    with pytest.raises(kind, match=r"images must be uint8 in \[0, 255\] with shape \(n, 28, 28\); got .*" + says):
        preprocess(spoil(images))


def test_refusals_of_shapes_word_by_word(images):
    for spoiled, says in ((images[0], "(28, 28): one image must be wrapped, images[np.newaxis]"), (images[:, 0], "(5, 28)")):
        with pytest.raises(ValueError, match="^") as refusal:
            preprocess(spoiled)
        assert str(refusal.value) == f"images must be uint8 in [0, 255] with shape (n, 28, 28); got shape {says}"


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


def test_split_is_a_tenth_by_seed_0_unless_said_otherwise():
    for one, other in zip(train_validation_split(EXAMPLES, LABELS), train_validation_split(EXAMPLES, LABELS, 0.1, 0)):
        assert np.array_equal(one[0], other[0])
    anew = {train_validation_split(EXAMPLES, LABELS, seed=None)[1][0].tobytes() for _ in range(3)}
    assert len(anew) == 3


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
    "none": ((EXAMPLES, LABELS, 0), {}, ValueError, "validation_fraction .* got 0"),
    "all": ((EXAMPLES, LABELS, 1.0), {}, ValueError, "validation_fraction"),
    "text": ((EXAMPLES, LABELS, "0.1"), {}, ValueError, "validation_fraction .* got '0.1'"),
    "NaN": ((EXAMPLES, LABELS, float("nan")), {}, ValueError, "validation_fraction .* got nan"),
    "seed": ((EXAMPLES, LABELS), {"seed": -1}, ValueError, "seed must be .* got -1"),
}


@pytest.mark.parametrize(("arguments", "keywords", "kind", "says"), SPLITS_REFUSED.values(), ids=SPLITS_REFUSED.keys())
def test_split_refuses_with_a_reason(arguments, keywords, kind, says):
    with pytest.raises(kind, match=says):
        train_validation_split(*arguments, **keywords)


# Moved digits


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 0), (-3, 0), (0, 1), (0, -27), (5, -4)])
def test_shift_agrees_with_padding_and_cutting(images, down, right):
    padded = np.pad(images, ((0, 0), (28, 28), (28, 28)))
    expected = padded[:, 28 - down : 56 - down, 28 - right : 56 - right]
    shifted = shift_images(images, down, right)
    assert shifted.dtype == images.dtype
    assert np.array_equal(shifted, expected)


def test_shift_of_its_own_for_each_image(images):
    down, right = np.array([0, 1, -2, 30, 4]), np.array([3, -1, 0, 0, -28])
    expected = [shift_images(image[np.newaxis], int(d), int(r))[0] for image, d, r in zip(images, down, right)]
    assert np.array_equal(shift_images(images, down, right), expected)


def test_shift_further_than_the_image_leaves_background(images):
    assert not shift_images(images, 28).any()
    assert not shift_images(images, 0, -1000).any()


def test_shift_keeps_fractions_and_no_images(images):
    scaled = preprocess(images)
    assert shift_images(scaled, 1).dtype == np.float32
    assert np.array_equal(shift_images(scaled, 1), preprocess(shift_images(images, 1)))
    assert shift_images(images[:0], 1).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1.5,), TypeError, "down must be whole numbers of pixels; got 1.5"),
        ((0, np.zeros(5)), TypeError, "right must be whole numbers of pixels; got an array of float64"),
        ((np.zeros(4, int),), ValueError, "one for each of the 5 images; got an array of int64 with shape"),
        (("up",), TypeError, "down must be whole numbers of pixels; got 'up'"),
    ],
)
def test_shift_refuses_what_is_no_shift(images, arguments, error, message):
    with pytest.raises(error, match=message):
        shift_images(images, *arguments)


def test_shift_keeps_the_order_of_bytes(images):
    shifted = shift_images(images.astype(">i2"), 1)
    assert shifted.dtype == ">i2"
    assert np.array_equal(shifted, shift_images(images, 1))


def test_shift_moves_nothing_unless_told(images):
    assert np.array_equal(shift_images(images), images)
    assert np.array_equal(shift_images(images, right=2), shift_images(images, 0, 2))


def test_shift_refuses_a_single_image(images):
    with pytest.raises(ValueError, match=r"images must have shape \(n, height, width\); got an array of uint8 with shape \(28, 28\)"):
        shift_images(images[0], 1)


# Drawings


@pytest.fixture(scope="module")
def drawn():
    return load_mnist()[0][0][:300]


def centre(image):
    """Mean row and column of the ink, by its grey."""
    weights = image / image.sum()
    return (weights.sum(axis=1) * np.arange(len(image))).sum(), (weights.sum(axis=0) * np.arange(len(image[0]))).sum()


def test_digits_of_mnist_come_out_as_they_went_in(drawn):
    again = np.stack([digit_from_drawing(image) for image in drawn])
    assert (again == drawn).all(axis=(1, 2)).mean() > 0.6
    assert np.abs(again.astype(int) - drawn).mean() < 0.5


def test_drawing_of_any_size_gives_the_same_digit(drawn):
    for image in drawn[:20]:
        large = np.zeros((500, 400))
        large[100:380, 60:340] = np.kron(image, np.ones((10, 10)))
        assert np.array_equal(digit_from_drawing(large), digit_from_drawing(image))


def test_range_of_the_drawing_does_not_matter(drawn):
    drawing = drawn[0].astype(float)
    expected = digit_from_drawing(drawing)
    assert np.abs(digit_from_drawing(drawing / 255).astype(int) - expected).max() <= 1
    assert np.abs(digit_from_drawing(drawing * 3 - 40).astype(int) - expected).max() <= 1


def test_background_may_be_as_far_below_0_as_ink_is_above(drawn):
    for drawing in drawn[:50].astype(float):
        assert np.abs(digit_from_drawing(drawing / 127.5 - 1).astype(int) - digit_from_drawing(drawing)).max() <= 1


@pytest.mark.parametrize("ink", [2.0**130, 1.7e308, 5e-324])
def test_numbers_at_the_ends_of_floats_are_drawn(drawn, ink):
    drawing = drawn[0].astype(float) > 128
    assert np.array_equal(digit_from_drawing(np.where(drawing, ink, 0)), digit_from_drawing(drawing))
    assert np.array_equal(digit_from_drawing(np.where(drawing, ink, -ink)), digit_from_drawing(drawing))


@pytest.mark.parametrize("shape", [(5, 80), (200, 30), (90, 90)])
def test_box_of_twenty_around_its_centre_of_mass(random, shape):
    drawing = np.zeros((300, 300))
    drawing[40 : 40 + shape[0], 150 : 150 + shape[1]] = random.uniform(0.5, 1, shape)
    digit = digit_from_drawing(drawing)
    assert (digit.dtype, digit.shape, digit.max()) == (np.uint8, (28, 28), 255)
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 == 20
    assert np.abs(np.array(centre(digit)) - 14).max() <= 0.6


def test_ink_on_one_side_stays_in_the_image():
    drawing = np.zeros((100, 100))
    drawing[0, :] = 0.2  # a faint line far from the heavy stroke
    drawing[80:100, 40:60] = 1
    digit = digit_from_drawing(drawing)
    rows = np.flatnonzero(digit.any(axis=1))
    assert rows[-1] - rows[0] + 1 == 20, "nothing was cut off"
    assert digit.max() == 255


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        (np.zeros((9, 9)), "drawing must hold ink; all its 81 values are 0.0"),
        (np.full((9, 9), 255, np.uint8), "drawing must hold ink; all its 81 values are 255"),
        (np.zeros((9, 9, 3)), "average its colours first"),
        (np.zeros((0, 9)), "drawing must be numbers with shape"),
        (np.full((9, 9), np.nan), "drawing must be numbers with shape"),
        ("a digit", "drawing must be numbers with shape .* got 'a digit'"),
    ],
)
def test_what_is_no_drawing_is_refused(drawing, message):
    with pytest.raises(ValueError, match=message):
        digit_from_drawing(drawing)


def test_refusals_of_drawings_word_by_word():
    for drawing, says in (
        (np.zeros((2, 3, 3)), "got an array of float64 with shape (2, 3, 3): average its colours first, drawing.mean(axis=2)"),
        (np.zeros(3), "got an array of float64 with shape (3,)"),
        (np.zeros((1, 2, 3, 3)), "got an array of float64 with shape (1, 2, 3, 3)"),
    ):
        with pytest.raises(ValueError, match="^") as refusal:
            digit_from_drawing(drawing)
        assert str(refusal.value) == f"drawing must be numbers with shape (height, width); {says}"
    with pytest.raises(ValueError, match="^") as refusal:
        digit_from_drawing(1 - np.pad(np.ones((4, 4)), 9))
    assert str(refusal.value) == (
        "drawing must be light ink on dark; this seems to be dark ink on light paper: hand over drawing.max() - drawing"
    )


@pytest.mark.parametrize("turns", range(4))
def test_paper_is_told_by_the_outermost_pixels_of_all_four_sides(turns):
    """Two sides are light, the two others dark but for their corners: 22 of 40 pixels. One step further in, most are dark."""
    drawing = np.zeros((10, 10))
    drawing[0], drawing[:, 0], drawing[2:9, 2:9] = 1, 1, 1
    with pytest.raises(ValueError, match="dark ink on light paper"):
        digit_from_drawing(np.rot90(drawing, turns))


def test_a_border_or_a_drawing_of_middle_grey_is_no_paper():
    grey_border = np.ones((10, 10))
    grey_border[0] = grey_border[-1] = grey_border[:, 0] = grey_border[:, -1] = 0.5
    grey_border[5, 5] = 0
    assert digit_from_drawing(grey_border).max() == 255
    grey_drawing = np.ones((10, 10))
    grey_drawing[1:-1, 1:-1] = np.repeat([0, 0.5], [30, 34]).reshape(8, 8)
    assert np.median(grey_drawing) == 0.5
    assert digit_from_drawing(grey_drawing).max() == 255


@pytest.mark.parametrize(("faint", "rows"), [(0.1, 20), (0.12, 6)])
def test_what_is_fainter_than_a_tenth_is_no_ink(faint, rows):
    """A stroke of ten pixels fills the twenty, unless something that counts lies thirty pixels away."""
    drawing = np.zeros((60, 60))
    drawing[10:20, 10:20] = 1
    drawing[44, 44] = faint
    full = np.flatnonzero((digit_from_drawing(drawing) > 128).any(axis=1))
    assert abs(len(full) - rows) <= 1


@pytest.mark.parametrize("turned", [False, True])
def test_a_thin_line_stays_one_pixel_thin(turned):
    drawing = np.zeros((120, 120))
    drawing[60, 10:110] = 1
    digit = digit_from_drawing(drawing.T if turned else drawing)
    assert sorted([digit.any(axis=1).sum(), digit.any(axis=0).sum()]) == [1, 20]


@pytest.mark.parametrize("side", [8, 16])
def test_small_drawings_grow_smoothly(side):
    drawing = np.zeros((30, 30))
    drawing[5 : 5 + side, 5 : 5 + side // 2] = 1
    drawing[5, 5 : 5 + side] = 1
    digit = digit_from_drawing(drawing)
    assert ((digit > 20) & (digit < 235)).sum() >= 10, "between ink and background lie greys"


@pytest.mark.parametrize("turns", range(4))
def test_a_digit_that_would_leave_the_image_stays_at_its_edge(turns):
    drawing = np.zeros((100, 100))
    drawing[0, :] = 0.2  # a faint line far from the heavy stroke
    drawing[80:100, 40:60] = 1
    digit = np.rot90(digit_from_drawing(np.rot90(drawing, turns)), -turns)
    rows = np.flatnonzero(digit.any(axis=1))
    assert (rows[0], rows[-1]) == (0, 19)
    assert not digit[20:].any()


def test_dark_ink_on_light_paper_is_refused(drawn):
    with pytest.raises(ValueError, match="hand over drawing.max.. - drawing"):
        digit_from_drawing(255 - drawn[0])


# Properties: what holds for all input, tried on input that nobody thought of

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.sampled_from([(0, 28, 28), (1, 28, 28), (3, 28, 28)])
SMALL = arrays.array_shapes(min_dims=3, max_dims=3, max_side=6)


def greys(shape):
    return arrays.arrays(np.uint8, shape, fill=st.just(np.uint8(0)))


@given(SHAPES, arrays.integer_dtypes() | arrays.unsigned_integer_dtypes(), SEEDS)
def test_preprocessing_is_done_pixel_by_pixel(shape, dtype, seed):
    random = np.random.default_rng(seed)
    images = random.integers(0, min(np.iinfo(dtype).max, 255), shape, endpoint=True).astype(dtype)
    scaled, order = preprocess(images), random.permutation(len(images))
    assert (scaled.dtype, scaled.shape) == (np.float32, shape)
    assert np.abs(scaled.ravel() - [grey / 255 for grey in images.ravel().tolist()]).max(initial=0) < 1e-7
    assert np.array_equal(preprocess(images[order]), scaled[order])


def test_every_grey_keeps_its_place_in_the_order_and_its_way_back():
    images = np.zeros((1, 28, 28), np.uint8)
    images.ravel()[:256] = np.arange(256)
    scaled = preprocess(images).ravel()[:256]
    assert (np.diff(scaled) > 0).all()
    assert (scaled[0], scaled[255]) == (0, 1)
    assert np.array_equal(np.rint(scaled * 255), np.arange(256))


@given(
    st.one_of(
        arrays.arrays(arrays.scalar_dtypes(), st.one_of(SHAPES, arrays.array_shapes(max_side=3))),
        st.recursive(st.none() | st.integers() | st.floats() | st.text(max_size=3), st.lists, max_leaves=5),
    )
)
def test_anything_is_preprocessed_or_refused_with_a_reason(given):
    scaled, said = None, ""
    try:
        scaled = preprocess(given)
    except (TypeError, ValueError) as error:
        said = str(error)
    if scaled is None:
        assert said.startswith("images must be uint8 in [0, 255] with shape (n, 28, 28); got ")
    else:
        assert scaled.dtype == np.float32
        assert given.dtype.kind in "iu"
        assert np.array_equal(np.rint(scaled * 255), given)


LABELLED = st.lists(st.integers(-3, 12), min_size=1, max_size=60).flatmap(
    lambda values: st.sampled_from([np.int8, np.int32, np.int64]).map(lambda dtype: np.array(values * 2, dtype))
)


@given(LABELLED, st.floats(0, 1, exclude_min=True, exclude_max=True) | st.fractions(0.01, 0.99) | st.sampled_from([np.float32(0.3)]), SEEDS)
def test_every_split_is_a_partition_and_stratified(labels, fraction, seed):
    examples = np.arange(len(labels))
    (x_train, y_train), (x_validation, y_validation) = train_validation_split(examples, labels, fraction, seed)
    assert sorted([*x_train, *x_validation]) == examples.tolist()
    assert np.array_equal(y_train, labels[x_train])
    assert np.array_equal(y_validation, labels[x_validation])
    for label in set(labels.tolist()):
        count, share = labels.tolist().count(label), y_validation.tolist().count(label)
        assert 1 <= share < count
        assert abs(share - float(fraction) * count) <= 0.5 + 1e-6 or share in (1, count - 1)


@given(LABELLED, SEEDS)
def test_images_go_where_their_places_go(labels, seed):
    """The split looks at labels alone, so whatever is split by the same labels and seed is split alike."""
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 2, 3))
    (places, _), (others, _) = train_validation_split(np.arange(len(labels)), labels, 0.3, seed)
    (x_train, _), (x_validation, _) = train_validation_split(images, labels, 0.3, seed)
    assert np.array_equal(x_train, images[places])
    assert np.array_equal(x_validation, images[others])


SHIFTS = st.integers(-7, 7) | st.sampled_from([-(10**6), 10**6, -(2**63), 2**63 - 1])


def moved(image, down, right):
    """The shift by its definition, pixel by pixel."""
    result = np.zeros_like(image)
    for row, column in np.ndindex(image.shape):
        if 0 <= row + down < image.shape[0] and 0 <= column + right < image.shape[1]:
            result[row + down, column + right] = image[row, column]
    return result


@given(st.data(), SMALL, SHIFTS, SHIFTS)
def test_a_shift_is_its_definition(data, shape, down, right):
    images = data.draw(arrays.arrays(arrays.integer_dtypes() | arrays.floating_dtypes(), shape))
    shifted = shift_images(images, down, right)
    assert shifted.dtype == images.dtype
    assert np.array_equal(shifted, [moved(image, down, right) for image in images], equal_nan=images.dtype.kind == "f")


@given(st.data(), SMALL, arrays.integer_dtypes() | arrays.unsigned_integer_dtypes())
def test_a_shift_for_each_image_is_its_definition_in_every_dtype(data, shape, dtype):
    images = data.draw(greys(shape))
    down, right = data.draw(arrays.arrays(dtype, shape[:1])), data.draw(arrays.arrays(dtype, shape[:1]))
    expected = [moved(image, int(one), int(other)) for image, one, other in zip(images, down, right)]
    assert np.array_equal(shift_images(images, down, right), expected)


@given(st.data(), SMALL, st.integers(-7, 7), st.integers(-7, 7))
def test_a_shift_and_its_opposite_restore_what_stayed_inside(data, shape, down, right):
    images = data.draw(greys(shape))
    back = shift_images(shift_images(images, down, right), -down, -right)
    inside = shift_images(shift_images(np.ones_like(images), down, right), -down, -right) > 0
    assert np.array_equal(back[inside], images[inside])
    assert not back[~inside].any()


FINITE = st.floats(allow_nan=False, allow_infinity=False)
DRAWINGS = st.one_of(
    arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40), fill=st.just(np.uint8(0))),
    arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=FINITE, fill=st.just(0.0)),
    arrays.arrays(np.int64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(-(2**53), 2**53)),
    arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=60)),
)


@given(DRAWINGS)
def test_every_drawing_becomes_a_digit_or_is_refused_with_a_reason(drawing):
    digit, said = None, ""
    try:
        digit = digit_from_drawing(drawing)
    except ValueError as error:
        said = str(error)
    if digit is None:
        assert said.startswith("drawing must be light ink on dark" if drawing.max() > drawing.min() else "drawing must hold ink")
        return
    assert (digit.dtype, digit.shape, digit.max()) == (np.uint8, (28, 28), 255)
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 <= 20
    for ink, middle in ((rows, centre(digit)[0]), (columns, centre(digit)[1])):
        if ink[0] > 0 and ink[-1] < 27:  # else it would have left the image
            assert abs(middle - 14) <= 1


@given(st.data(), arrays.array_shapes(min_dims=2, max_dims=2, max_side=30), st.tuples(*[st.integers(1, 50)] * 4))
def test_where_a_digit_is_drawn_does_not_matter(data, shape, margins):
    drawing = data.draw(arrays.arrays(np.uint8, shape, fill=st.just(np.uint8(0))))
    assume(drawing.any())
    above, below, left, right = margins
    expected = digit_from_drawing(np.pad(drawing, 1))
    assert np.array_equal(digit_from_drawing(np.pad(drawing, ((above, below), (left, right)))), expected)
    assert np.array_equal(digit_from_drawing(np.pad(drawing, 1) * 2.0), expected)
