"""Answers to the task `standardise`: one mean and one deviation, of the training part, for both parts."""

import math

import numpy as np
from answers import right, wrong


@right
def mean_and_std(x_train, x_test):
    mean, deviation = x_train.mean(), x_train.std()
    return (x_train - mean) / deviation, (x_test - mean) / deviation


@right
def as_fractions_first_in_float32(x_train, x_test):
    x_train, x_test = np.float32(x_train) / 255, np.float32(x_test) / 255
    mean, deviation = x_train.mean(), x_train.std() + 1e-7
    return [(part - mean) / deviation for part in (x_train, x_test)]


@right
def sums_in_a_loop(x_train, x_test):
    total = squares = 0.0
    for value in x_train.ravel().tolist():
        total += value
        squares += value**2
    mean = total / x_train.size
    deviation = math.sqrt(squares / x_train.size - mean**2)
    return (x_train - mean) / deviation, (x_test - mean) / deviation


@right
def one_fewer_in_the_divisor(x_train, x_test):
    both = np.concatenate([x_train, x_test]).astype(np.float32)
    both -= x_train.mean()
    both /= x_train.std(ddof=1)
    return np.split(both, [len(x_train)])


@right
def scikit_learn(x_train, x_test):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(x_train.reshape(-1, 1))
    return tuple(scaler.transform(part.reshape(-1, 1)).reshape(part.shape) for part in (x_train, x_test))


@right
def keras_normalization(x_train, x_test):
    import keras

    layer = keras.layers.Normalization(axis=None)
    layer.adapt(x_train.astype("float32"))
    return layer(x_train), layer(x_test)


@wrong(0, "with its own mean and deviation")
def each_part_its_own(x_train, x_test):
    return tuple((part - part.mean()) / part.std() for part in (x_train, x_test))


@wrong(0, "from both parts together")
def of_both_parts(x_train, x_test):
    together = np.concatenate([x_train, x_test])
    return (x_train - together.mean()) / together.std(), (x_test - together.mean()) / together.std()


@wrong(0, "come from the test part")
def of_the_test_part(x_train, x_test):
    return (x_train - x_test.mean()) / x_test.std(), (x_test - x_test.mean()) / x_test.std()


@wrong(0, "Each pixel got a mean of its own")
def by_pixel(x_train, x_test):
    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    return (x_train - mean) / (deviation + 1e-7), (x_test - mean) / (deviation + 1e-7)


@wrong(0, "Each column got a mean of its own")
def keras_normalization_as_it_comes(x_train, x_test):
    import keras

    layer = keras.layers.Normalization()
    layer.adapt(x_train.astype("float32"))
    return layer(x_train), layer(x_test)


@wrong(0, "Each image got a mean of its own")
def by_image(x_train, x_test):
    return tuple((part - part.mean(axis=(1, 2), keepdims=True)) / part.std(axis=(1, 2), keepdims=True) for part in (x_train, x_test))


@wrong(0, "expected 2 values")
def constants_of_mnist(x_train, x_test):
    return np.concatenate([(part / 255 - 0.1307) / 0.3081 for part in (x_train, x_test)])


@wrong(0, "numbers are wrong")
def constants_of_mnist_as_a_pair(x_train, x_test):
    return (x_train - 33.3) / 78.6, (x_test - 33.3) / 78.6


@wrong(0, "division by the deviation is missing")
def only_centred(x_train, x_test):
    return x_train - x_train.mean(), x_test - x_train.mean()


@wrong(0, "brackets are missing")
def without_brackets(x_train, x_test):
    return x_train - x_train.mean() / x_train.std(), x_test - x_train.mean() / x_train.std()


@wrong(0, "Divided by the variance")
def by_the_variance(x_train, x_test):
    return (x_train - x_train.mean()) / x_train.var(), (x_test - x_train.mean()) / x_train.var()


@wrong(0, "The training part came alone")
def training_part_alone(x_train, x_test):
    return (x_train - x_train.mean()) / x_train.std()


@wrong(0, "The training part comes first")
def exchanged(x_train, x_test):
    mean, deviation = x_train.mean(), x_train.std()
    return (x_test - mean) / deviation, (x_train - mean) / deviation


@wrong(0, "value 2 of 2")
def test_part_untouched(x_train, x_test):
    return (x_train - x_train.mean()) / x_train.std(), x_test


@wrong(0, "Mean and deviation came")
def the_statistics(x_train, x_test):
    return x_train.mean(), x_train.std()


@wrong(1.5, "it stopped with UFuncTypeError")
def in_place(x_train, x_test):
    mean, deviation = x_train.mean(), x_train.std()
    for part in (x_train, x_test):
        part -= mean
        part /= deviation
    return x_train, x_test


@wrong(1.5, "made whole numbers again")
def in_the_dtype_that_came(x_train, x_test):
    mean, deviation = x_train.mean(), x_train.std()
    with np.errstate(invalid="ignore"):
        return tuple(((part - mean) / deviation).astype(part.dtype) for part in (x_train, x_test))


@wrong(0, "came None")
def nothing_returned(x_train, x_test):
    x_train = (x_train - x_train.mean()) / x_train.std()
