"""Stage evaluation, against scikit-learn, published intervals and cases counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special, stats
from scipy.optimize import brentq
from sklearn import metrics

from mnist_lib import Evaluation, confusion_matrix, evaluate, wilson_interval
from mnist_lib.evaluation import _probabilities


def reader(activation=None):
    """A model whose logits are the first ten pixels of the image: a test writes into the images what the model is to say."""
    import keras  # here, so that the functions that need no network are tested without TensorFlow
    from keras import layers

    model = keras.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation=activation, use_bias=False)])
    model.set_weights([np.eye(784, 10, dtype=np.float32)])
    return model


def saying(logits):
    images = np.zeros((len(logits), 28, 28), np.float32)
    images[:, 0, :10] = logits
    return images


@pytest.fixture
def said(random):
    """(images, logits as the model says them, labels): half right."""
    logits = random.normal(0, 2, (500, 10)).astype(np.float32)
    labels = np.where(random.random(500) < 0.5, logits.argmax(axis=1), random.integers(0, 10, 500)).astype(np.uint8)
    return saying(logits), logits, labels


# Against scikit-learn


@pytest.mark.parametrize("activation", [None, "softmax"], ids=["logits", "probabilities"])
def test_all_numbers(said, activation):
    images, logits, labels = said
    result = evaluate(reader(activation), images, labels)
    powers = np.exp(logits.astype(float))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    read = logits.argmax(axis=1)
    assert result.accuracy == pytest.approx(metrics.accuracy_score(labels, read))
    assert result.loss == pytest.approx(metrics.log_loss(labels, probabilities), rel=1e-5)
    assert np.array_equal(result.confusion, metrics.confusion_matrix(labels, read))
    assert result.precision == pytest.approx(metrics.precision_score(labels, read, average=None))
    assert result.recall == pytest.approx(metrics.recall_score(labels, read, average=None))
    assert np.array_equal(result.predictions, read)
    assert np.array_equal(result.labels, labels)
    assert result.probabilities == pytest.approx(probabilities, abs=1e-6)
    assert result.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert result.interval == wilson_interval(int(np.sum(read == labels)), 500)


def test_a_trained_model(trained, evaluation, digits):
    model, (x_test, y_test) = trained[0], digits[1]
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    assert evaluation.accuracy == pytest.approx(accuracy)
    assert evaluation.loss == pytest.approx(loss, rel=1e-3)
    low, high = evaluation.interval
    assert low < evaluation.accuracy < high
    assert str(evaluation).startswith(f"Evaluation of {len(y_test):,} images: accuracy {accuracy:.2%}")


def test_mistakes_come_most_confident_first(said):
    images, logits, labels = said
    result = evaluate(reader(), images, labels)
    assert sorted(result.mistakes) == np.flatnonzero(logits.argmax(axis=1) != labels).tolist()
    confidence = result.probabilities[result.mistakes].max(axis=1)
    assert (np.diff(confidence) <= 0).all()


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_batches_change_nothing(said, batch_size):
    images, _, labels = said[0][:20], said[1], said[2][:20]
    assert evaluate(reader(), images, labels, batch_size=batch_size).loss == pytest.approx(evaluate(reader(), images, labels).loss)


# Cases by hand


def test_two_images():
    result = evaluate(reader(), saying([[5, *[0] * 9], [0, 5, *[0] * 8]]), np.array([0, 2]))
    assert result.accuracy == 0.5
    sure = np.exp(5) / (np.exp(5) + 9)
    assert result.loss == pytest.approx(-(np.log(sure) + np.log((1 - sure) / 9)) / 2)
    assert result.mistakes.tolist() == [1]
    assert result.confusion[0, 0] == result.confusion[2, 1] == 1
    assert result.confusion.sum() == 2
    assert result.recall[[0, 2]].tolist() == [1, 0]
    assert result.precision[[0, 1]].tolist() == [1, 0]
    assert np.isnan(result.recall[[1, 3]]).all(), "no such digit came"
    assert np.isnan(result.precision[[2, 3]]).all(), "none was read"


@pytest.mark.parametrize("right", [True, False])
def test_one_image(right):
    result = evaluate(reader(), saying(np.eye(10)[:1]), np.array([0 if right else 1]))
    assert result.accuracy == right
    assert len(result.mistakes) == (not right)
    assert "1 images" in str(result)


def test_huge_logits_do_not_overflow():
    result = evaluate(reader(), saying([[1e6, *[0] * 9], [-1e6, *[0] * 9]]), np.array([0, 0]))
    assert np.isfinite(result.loss)
    assert result.probabilities[0].tolist() == [1, *[0] * 9]
    assert result.probabilities[1] == pytest.approx([0, *[1 / 9] * 9])


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_a_very_confident_mistake_costs_all_it_costs(activation):
    from mnist_lib import compile_model

    image, label, model = saying([[60, *[0] * 9]]), np.array([1]), reader(activation)
    assert evaluate(model, image, label).loss == pytest.approx(60, rel=1e-4)  # minus the logarithm of 1 / (e⁶⁰ + 9)
    assert compile_model(model).evaluate(image, label, verbose=0)[0] == pytest.approx(60, rel=1e-4)


def test_a_probability_of_zero_costs_no_infinity():
    loss = evaluate(reader("softmax"), saying([[1000, *[0] * 9]]), np.array([1])).loss
    assert 80 < loss < np.inf


def test_is_shown_in_a_sentence():
    nothing = np.zeros(0)
    found = Evaluation(0.975, (0.97, 0.98), 0.08215, *[nothing] * 3, np.zeros(2000, int), nothing, nothing, np.zeros(1050, int))
    assert repr(found) == "Evaluation of 2,000 images: accuracy 97.50% (95% interval 97.00% to 98.00%), loss 0.0822, 1,050 mistakes"


def test_cannot_be_changed(evaluation):
    with pytest.raises(AttributeError):
        evaluation.accuracy = 1.0


# Logits or probabilities


def test_what_the_model_returns_can_be_said(said):
    images, _, labels = said
    sigmoid = reader("sigmoid")
    with pytest.raises(ValueError, match="say it with logits=True or logits=False"):
        evaluate(sigmoid, images, labels)
    with pytest.raises(ValueError, match=r"probabilities must lie in \[0, 1\] and sum to 1.*sums from"):
        evaluate(sigmoid, images, labels, logits=False)
    assert evaluate(sigmoid, images, labels, logits=True).probabilities.sum(axis=1) == pytest.approx(1)


def test_logits_taken_for_probabilities_are_noticed(said):
    with pytest.raises(ValueError, match=r"got values from -.*say evaluate\(…, logits=True\)"):
        evaluate(reader(), said[0], said[2], logits=False)


def test_a_model_that_diverged_is_noticed():
    model = reader()
    model.set_weights([np.full((784, 10), np.nan, np.float32)])
    with pytest.raises(ValueError, match="not finite.*training diverged; lower the learning rate"):
        evaluate(model, saying(np.eye(10)), np.arange(10))


def test_needs_no_compiled_model(said):
    from mnist_lib import build_model

    assert evaluate(build_model(4), said[0], said[2]).accuracy < 1


# What it refuses

IMAGES = np.zeros((20, 28, 28), np.float32)
LABELS = np.arange(20) % 10


@pytest.mark.parametrize(
    ("x", "y", "kind", "says"),
    [
        (IMAGES.tolist(), LABELS, TypeError, "must be NumPy arrays"),
        (IMAGES, None, TypeError, "must be NumPy arrays; got None for the labels"),
        (IMAGES.astype(np.uint8), LABELS, TypeError, r"fractions in \[0, 1\], as preprocess returns them; got uint8"),
        (IMAGES * np.nan, LABELS, ValueError, "finite"),
        (LABELS, IMAGES, TypeError, "swapped"),
        (IMAGES, np.eye(10)[LABELS], TypeError, "argmax"),
        (IMAGES, LABELS + 0.5, TypeError, "labels must be integers"),
        (IMAGES, LABELS.astype(str), TypeError, "labels must be integers"),
        (IMAGES, LABELS - 1, ValueError, "labels must be digits, 0 to 9; got values from -1 to 8"),
        (IMAGES, LABELS[:3], ValueError, "one label for each example"),
        (IMAGES[:0], LABELS[:0], ValueError, "at least one"),
        (IMAGES[:, np.newaxis], LABELS, ValueError, r"images must have shape \(n, 28, 28\).*got \(20, 1, 28, 28\)"),
        (IMAGES[..., np.newaxis], LABELS, ValueError, r"images must have shape \(n, 28, 28\).*got \(20, 28, 28, 1\)"),
    ],
)
def test_refuses_examples_with_a_reason(x, y, kind, says):
    with pytest.raises(kind, match=says):
        evaluate(reader(), x, y)


def test_refuses_models_with_a_reason():
    with pytest.raises(TypeError, match="model must be a Keras model.*got None"):
        evaluate(None, IMAGES, LABELS)
    import keras
    from keras import layers

    unbuilt = keras.Sequential([layers.Flatten(), layers.Dense(3)])
    with pytest.raises(ValueError, match=r"model must return ten numbers for each image, shape \(20, 10\).*\(20, 3\)"):
        evaluate(unbuilt, IMAGES, LABELS)
    with pytest.raises(ValueError, match="batch_size must be a whole number, at least 1; got 0"):
        evaluate(reader(), IMAGES, LABELS, batch_size=0)


# The Wilson interval


@pytest.mark.parametrize(  # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_as_published(successes, trials, low, high):
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "trials"), [(1, 2), (976, 1000), (9805, 10000), (np.int64(7), np.uint8(9))])
def test_wilson_interval_holds_the_rates_that_a_score_test_does_not_reject(successes, trials):
    rate = successes / trials

    def distance(true):  # in standard errors, less the 1.96 at which the test rejects
        return abs(rate - true) / np.sqrt(true * (1 - true) / trials) - 1.9599639845

    expected = brentq(distance, 1e-9, rate - 1e-9), brentq(distance, rate + 1e-9, 1 - 1e-9)
    assert wilson_interval(successes, trials) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("trials", [1, 3, 10_000])
def test_wilson_interval_stays_within_0_and_1(trials):
    low, high = wilson_interval(0, trials)
    assert low == 0 < high < 1
    assert wilson_interval(trials, trials) == pytest.approx((1 - high, 1))


@pytest.mark.parametrize("trials", [34, 36, 1000])
def test_wilson_interval_of_all_right_holds_1(trials):
    assert wilson_interval(trials, trials)[1] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((1, 0), "trials must be a whole number, at least 1; got 0"),
        ((3, 2), "successes must not exceed trials; got 3 of 2"),
        ((-1, 2), "successes must be a whole number, at least 0; got -1"),
        ((0.93, 1000), "successes must be a whole number, at least 0; got 0.93"),
        ((None, 1), "successes must be .* got None"),
    ],
)
def test_wilson_interval_refuses_with_a_reason(arguments, says):
    with pytest.raises(ValueError, match=says):
        wilson_interval(*arguments)


# The confusion matrix


def test_confusion_of_a_hand_count():
    counted = confusion_matrix([3, 3, 3, 8, 0], np.array([3, 8, 8, 3, 0], np.uint8))
    expected = np.zeros((10, 10), int)
    expected[3, 3], expected[3, 8], expected[8, 3], expected[0, 0] = 1, 2, 1, 1
    assert np.array_equal(counted, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_confusion_agrees_with_scikit_learn(random, dtype):
    labels, predictions = random.integers(0, 10, (2, 2000)).astype(dtype)
    assert np.array_equal(confusion_matrix(labels, predictions), metrics.confusion_matrix(labels, predictions))


def test_confusion_of_nothing():
    assert not confusion_matrix([], []).any()


@pytest.mark.parametrize(
    ("labels", "predictions", "says"),
    [
        ([1, 2], [1], r"both have shape \(n,\); got \(2,\) and \(1,\)"),
        ([1, 2], np.eye(10)[:2], r"both have shape \(n,\); got \(2,\) and \(2, 10\)"),
        ([1, 10], [1, 1], "labels must be digits, integers from 0 to 9; got values from 1 to 10"),
        ([1, 1], [-1, 1], "predictions must be digits, integers from 0 to 9; got values from -1 to 1"),
        ([1, 1], [0.2, 0.7], "predictions must be digits.*got an array of float64"),
        (["1"], [1], "labels must be digits.*got an array of <U1"),
    ],
)
def test_confusion_refuses_with_a_reason(labels, predictions, says):
    with pytest.raises(ValueError, match=says):
        confusion_matrix(labels, predictions)


def test_a_compiled_softmax_model_is_read_as_probabilities(few):
    import keras
    from keras import layers

    from mnist_lib import compile_model

    softmax = keras.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
    loss, _ = compile_model(softmax).evaluate(*few, verbose=0)
    assert evaluate(softmax, *few).loss == pytest.approx(loss, rel=1e-3)


def test_refusals_of_outputs_word_by_word():
    with pytest.raises(ValueError, match="^") as refusal:
        _probabilities(np.array([[np.nan] * 10]), True)
    assert str(refusal.value) == (
        "the model returns values that are not finite (NaN or infinity): its training diverged; lower the learning rate"
    )
    nearly = np.full((2, 10), 0.10005)
    assert _probabilities(nearly, False)[0].sum(axis=1) == pytest.approx(1, abs=1e-12), "what rounding leaves out is made up for"
    with pytest.raises(ValueError, match="^probabilities must lie in .* got values from -0.5 to 1.5 with sums from 1 to 1. If these are"):
        _probabilities(np.array([[-0.5, 1.5, *[0] * 8]]), False)


# Properties: what holds for all input, tried on input that nobody thought of

COUNTS = st.integers(1, 10**12).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))
READINGS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=50)
INTEGERS = st.sampled_from([np.int8, np.uint8, np.int32, np.uint64])


@given(COUNTS)
def test_every_wilson_interval_agrees_with_scipy_and_holds_its_estimate(counts):
    successes, trials = counts
    low, high = wilson_interval(successes, trials)
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12)
    assert 0 <= low <= successes / trials <= high <= 1


@given(COUNTS)
def test_wilson_intervals_mirror_each_other_rise_and_narrow(counts):
    successes, trials = counts
    low, high = wilson_interval(successes, trials)
    assert wilson_interval(trials - successes, trials) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    if successes < trials:
        assert wilson_interval(successes + 1, trials) >= (low, high)
    more = wilson_interval(4 * successes, 4 * trials)
    assert more[1] - more[0] < high - low


@given(READINGS, INTEGERS, INTEGERS, st.permutations(range(10)), st.randoms(use_true_random=False))
def test_every_confusion_is_the_count_of_its_pairs(readings, one, other, renamed, random):
    labels, predictions = np.array(readings, int).reshape(-1, 2).T
    confusion = confusion_matrix(labels.astype(one), predictions.astype(other))
    assert confusion.tolist() == [[readings.count((digit, read)) for read in range(10)] for digit in range(10)]
    assert confusion.sum() == len(readings)
    assert np.array_equal(confusion_matrix(predictions, labels), confusion.T)
    shuffled = random.sample(readings, len(readings))
    assert np.array_equal(confusion_matrix(*np.array(shuffled, int).reshape(-1, 2).T), confusion), "the order does not matter"
    names = np.array(renamed)
    assert np.array_equal(confusion_matrix(names[labels], names[predictions])[np.ix_(renamed, renamed)], confusion)


@given(*[arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(max_dims=2, max_side=4)) for _ in range(2)])
def test_any_arrays_are_counted_or_refused_with_a_reason(labels, predictions):
    confusion, said = None, ""
    try:
        confusion = confusion_matrix(labels, predictions)
    except ValueError as error:
        said = str(error)
    if confusion is None:
        assert "must both have shape (n,)" in said or "must be digits, integers from 0 to 9; got " in said
    else:
        assert confusion.sum() == len(labels)
        assert {labels.dtype.kind, predictions.dtype.kind} <= set("iu")


LOGITS = arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.just(10)), elements=st.floats(-1e6, 1e6))


@given(LOGITS, st.floats(-100, 100))
def test_logits_become_the_probabilities_of_scipy_whatever_is_added_to_them(logits, shift):
    probabilities, logarithms = _probabilities(logits, True)
    assert probabilities == pytest.approx(special.softmax(logits, axis=1), abs=1e-12)
    assert logarithms == pytest.approx(special.log_softmax(logits, axis=1), rel=1e-9, abs=1e-9)
    assert _probabilities(logits + shift, True)[0] == pytest.approx(probabilities, abs=1e-9)
    again, _ = _probabilities(probabilities, False)
    assert again == pytest.approx(probabilities, abs=1e-12), "probabilities stay what they are"


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 4), st.just(10)), elements=st.floats(0, 1, allow_subnormal=False)), st.data())
def test_what_sums_to_something_else_is_no_probability(values, data):
    row = data.draw(st.integers(0, len(values) - 1))
    values[row] *= data.draw(st.sampled_from([0, 0.9, 1.1])) / max(values[row].sum(), 1e-9)
    with pytest.raises(ValueError, match=r"probabilities must lie in \[0, 1\] and sum to 1"):
        _probabilities(values, False)
