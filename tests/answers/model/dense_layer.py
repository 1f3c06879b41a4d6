"""Answers to the task `dense_layer`: inputs times weights, plus biases, then ReLU."""

import numpy as np
from answers import right, wrong


@right
def vectorised(x, weights, biases):
    return np.maximum(x @ weights + biases, 0)


@right
def three_loops(x, weights, biases):
    result = np.zeros((len(x), len(biases)))
    for example in range(x.shape[0]):
        for neuron in range(weights.shape[1]):
            total = biases[neuron]
            for pixel in range(x.shape[1]):
                total += x[example, pixel] * weights[pixel, neuron]
            result[example, neuron] = total if total > 0 else 0
    return result


@right
def list_of_rows(x, weights, biases):
    return [[max(0.0, float(row @ weights[:, neuron] + biases[neuron])) for neuron in range(len(biases))] for row in x]


@right
def einsum_and_where(x, weights, biases):
    z = np.einsum("ni,im->nm", x, weights) + biases
    return np.where(z > 0, z, 0.0)


@right
def by_the_absolute_value(x, weights, biases):
    z = np.dot(x, weights)
    z += biases
    return (z + np.abs(z)) / 2


@right
def masked_in_place(x, weights, biases):
    z = x @ weights + biases
    z[z < 0] = 0
    return z.astype(np.float32)


@right
def layer_of_keras(x, weights, biases):
    import keras

    layer = keras.layers.Dense(len(biases), activation="relu")
    layer.build((None, x.shape[1]))
    layer.set_weights([weights, biases])
    return layer(x)


@right
def tensorflow(x, weights, biases):
    import tensorflow as tf

    return tf.nn.relu(tf.matmul(x, weights) + biases)


@right
def bias_as_a_weight(x, weights, biases):
    return np.clip(np.hstack([x, np.ones((len(x), 1))]) @ np.vstack([weights, biases]), 0, None)


@wrong(0, "The ReLU is missing")
def without_relu(x, weights, biases):
    return x @ weights + biases


@wrong(0, "The biases are missing")
def without_biases(x, weights, biases):
    return np.maximum(x @ weights, 0)


@wrong(0, "added after the ReLU")
def biases_last(x, weights, biases):
    return np.maximum(x @ weights, 0) + biases


@wrong(0, "only lost its minus sign")
def absolute_value(x, weights, biases):
    return np.abs(x @ weights + biases)


@wrong(0, "weights were transposed")
def transposed(x, weights, biases):
    return np.maximum(x @ weights.T + biases, 0)


@wrong(0, "Does the `return` stand inside the loop?")
def return_inside_the_loop(x, weights, biases):
    for row in x:
        return np.maximum(row @ weights + biases, 0)


@wrong(0, "Only the first example was computed.")
def only_the_first_filled_in(x, weights, biases):
    result = np.zeros((len(x), len(biases)))
    result[0] = np.maximum(x[0] @ weights + biases, 0)
    return result


@wrong(0, "takes the largest number of each column")
def max_instead_of_maximum(x, weights, biases):
    return np.max(x @ weights + biases, 0)


@wrong(0, "it stopped with ValueError: The truth value")
def max_of_python(x, weights, biases):
    return max(x @ weights + biases, 0)


@wrong(0, "it stopped with ValueError: matmul")
def wrong_way_round(x, weights, biases):
    return np.maximum(weights @ x + biases, 0)


@wrong(0, "ReLU was taken of the inputs")
def relu_of_the_inputs(x, weights, biases):
    return np.maximum(x, 0) @ weights + biases


@wrong(0, "expected [[")
def sigmoid(x, weights, biases):
    return 1 / (1 + np.exp(-(x @ weights + biases)))


@wrong(0, "Each example is a row")
def neurons_as_rows(x, weights, biases):
    return np.array([np.maximum(x @ weights[:, neuron] + biases[neuron], 0) for neuron in range(len(biases))])


@wrong(1.5, "An axis was lost")
def squeezed(x, weights, biases):
    return np.squeeze(np.maximum(x @ weights + biases, 0))


@wrong(0, "came None")
def printed(x, weights, biases):
    print(np.maximum(x @ weights + biases, 0).shape)


@wrong(0, "All answers came out as 0")
def constant(x, weights, biases):
    return np.zeros((len(x), len(biases)))
