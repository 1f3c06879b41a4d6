"""Answers to the task `gradient_step`: one step of gradient descent for one layer without biases."""

import numpy as np
from answers import right, wrong


def softmax(logits):
    positive = np.exp(logits - logits.max(axis=1, keepdims=True))
    return positive / positive.sum(axis=1, keepdims=True)


def gradient(weights, x, labels):
    return x.T @ (softmax(x @ weights) - np.eye(10)[labels]) / len(x)


@right
def formula(weights, x, labels, learning_rate):
    difference = softmax(x @ weights) - np.eye(10)[labels]
    return weights - learning_rate * x.T @ difference / len(x)


@right
def one_digit_after_the_other(weights, x, labels, learning_rate):
    slopes = np.zeros(weights.shape)
    for picture, label in zip(x, labels):
        logits = picture @ weights
        positive = np.exp(logits - logits.max())
        p = positive / positive.sum()
        p[label] -= 1
        for row, pixel in enumerate(picture):
            slopes[row] += pixel * p
    return (weights - learning_rate * slopes / len(x)).tolist()


@right
def tape_of_tensorflow(weights, x, labels, learning_rate):
    import tensorflow as tf

    w = tf.Variable(weights)
    with tf.GradientTape() as tape:
        costs = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(labels, tf.int32), logits=x @ w)
        loss = tf.reduce_mean(costs)
    return w - learning_rate * tape.gradient(loss, w)


@right
def optimizer_of_keras_in_32_bits(weights, x, labels, learning_rate):
    import keras

    layer = keras.layers.Dense(10, use_bias=False)
    model = keras.Sequential([keras.Input((x.shape[1],)), layer])
    layer.set_weights([weights])
    model.compile(keras.optimizers.SGD(learning_rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.train_on_batch(x, labels)
    return layer.get_weights()[0]


@right
def einsum_of_changed_in_place(weights, x, labels, learning_rate):
    p = softmax(x @ weights)
    p[range(len(labels)), labels] -= 1
    weights -= learning_rate * np.einsum("ni,nj->ij", x, p) / len(labels)
    return weights


@wrong(0, "The step goes uphill")
def uphill(weights, x, labels, learning_rate):
    return weights + learning_rate * gradient(weights, x, labels)


@wrong(0, "sum over the digits")
def not_divided(weights, x, labels, learning_rate):
    return weights - learning_rate * x.T @ (softmax(x @ weights) - np.eye(10)[labels])


@wrong(0, "Divided by 10 too often")
def divided_by_all_numbers(weights, x, labels, learning_rate):
    difference = softmax(x @ weights) - np.eye(10)[labels]
    return weights - learning_rate * x.T @ difference / difference.size


@wrong(0, "one-hot labels were not subtracted")
def labels_forgotten(weights, x, labels, learning_rate):
    return weights - learning_rate * x.T @ softmax(x @ weights) / len(x)


@wrong(0, "The labels themselves")
def labels_not_one_hot(weights, x, labels, learning_rate):
    return weights - learning_rate * x.T @ (softmax(x @ weights) - labels.reshape(-1, 1)) / len(x)


@wrong(0, "one place too far to the left")
def labels_shifted(weights, x, labels, learning_rate):
    one_hot = np.zeros((len(x), 10))
    one_hot[np.arange(len(x)), labels.astype(int) - 1] = 1
    return weights - learning_rate * x.T @ (softmax(x @ weights) - one_hot) / len(x)


@wrong(0, "softmax is missing")
def logits_instead_of_probabilities(weights, x, labels, learning_rate):
    return weights - learning_rate * x.T @ (x @ weights - np.eye(10)[labels]) / len(x)


@wrong(0, "Rows and columns are swapped")
def transposed(weights, x, labels, learning_rate):
    return formula(weights, x, labels, learning_rate).T


@wrong(0, "it stopped with ValueError")
def input_not_transposed(weights, x, labels, learning_rate):
    return weights - learning_rate * x @ (softmax(x @ weights) - np.eye(10)[labels]) / len(x)


@wrong(0, "Nothing was returned")
def changed_in_place(weights, x, labels, learning_rate):
    weights -= learning_rate * gradient(weights, x, labels)


@wrong(0, "learning rate was not used")
def learning_rate_ignored(weights, x, labels, learning_rate):
    return weights - gradient(weights, x, labels)


@wrong(0, "learning rate was used twice")
def learning_rate_squared(weights, x, labels, learning_rate):
    return weights - learning_rate**2 * gradient(weights, x, labels)


@wrong(0, "This is the gradient")
def gradient_itself(weights, x, labels, learning_rate):
    return gradient(weights, x, labels)


@wrong(0, "change of the weights")
def change_only(weights, x, labels, learning_rate):
    return -learning_rate * gradient(weights, x, labels)


@wrong(0, "nothing was changed")
def old_weights(weights, x, labels, learning_rate):
    new = weights.copy()
    new - learning_rate * gradient(weights, x, labels)
    return new


@wrong(0, "numbers are wrong")
def two_steps(weights, x, labels, learning_rate):
    return formula(formula(weights, x, labels, learning_rate), x, labels, learning_rate)


@wrong(1.5, "Softmax gave nan")
def overflows(weights, x, labels, learning_rate):
    with np.errstate(all="ignore"):
        positive = np.exp(x @ weights)
        p = positive / positive.sum(axis=1, keepdims=True)
    return weights - learning_rate * x.T @ (p - np.eye(10)[labels]) / len(x)
