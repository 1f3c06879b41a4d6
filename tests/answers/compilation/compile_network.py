"""Answers to the task `compile_network`: a loss that fits the last layer, an optimizer, and the accuracy."""

from answers import right, wrong


def ends_in_softmax(model):
    return model.layers[-1].activation.__name__ == "softmax"


@right
def asked_of_the_activation(model):
    import keras

    logits = model.layers[-1].activation is not keras.activations.softmax
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


@right
def nothing_returned(model):
    import keras

    if model.layers[-1].get_config()["activation"] == "softmax":
        loss = "sparse_categorical_crossentropy"
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=[keras.metrics.SparseCategoricalAccuracy()])


@right
def tried_out(model):
    import keras
    import numpy as np

    sums = model.predict(np.random.default_rng(0).random((3, 6)), verbose=0).sum(axis=1)
    logits = not np.allclose(sums, 1, atol=1e-4)
    model.compile("rmsprop", keras.losses.SparseCategoricalCrossentropy(from_logits=logits), metrics=["acc"])
    return model


@right
def softmax_put_behind(model):
    import keras

    if not ends_in_softmax(model):
        model = keras.Sequential([model, keras.layers.Softmax()])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@right
def own_loss_on_one_hot_rows(model):
    import keras

    logits = not ends_in_softmax(model)

    def loss(y, z):
        one_hot = keras.ops.one_hot(keras.ops.reshape(keras.ops.cast(y, "int32"), (-1,)), 10)
        return keras.losses.categorical_crossentropy(one_hot, z, from_logits=logits)

    model.compile(optimizer=keras.optimizers.AdamW(), loss=loss, metrics=["accuracy"], run_eagerly=True)
    return model


@right
def function_of_the_library(model):
    from mnist_lib import compile_model

    return compile_model(model)


@wrong(0, "The logits were taken for probabilities")
def always_probabilities(model):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@wrong(1.5, "Softmax was applied twice")
def always_logits(model):
    import keras

    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


@wrong(0, "The logits were taken for probabilities")
def the_wrong_way_round(model):
    import keras

    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=ends_in_softmax(model)), metrics=["accuracy"])
    return model


@wrong(0, "Softmax was applied twice")
def softmax_in_front_of_a_loss_with_softmax(model):
    import keras

    def loss(y, z):
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, keras.ops.softmax(z) * 1.0)

    model.compile("adam", loss, metrics=["accuracy"])
    return model


@wrong(0, "not one-hot rows")
def loss_for_one_hot_rows(model):
    import keras

    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=not ends_in_softmax(model)), metrics=["accuracy"])
    return model


@wrong(0, "not one-hot rows")
def mean_squared_error(model):
    model.compile("adam", "mse", metrics=["accuracy"])
    return model


@wrong(0, "sum over the digits")
def sum_over_the_digits(model):
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=not ends_in_softmax(model), reduction="sum")
    model.compile("adam", loss, metrics=["accuracy"])
    return model


@wrong(2, "The accuracy is missing")
def metric_forgotten(model):
    import keras

    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=not ends_in_softmax(model)))
    return model


@wrong(0.5, "The accuracy is missing")
def metric_forgotten_and_always_logits(model):
    import keras

    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@wrong(2, "No metric is the accuracy")
def another_metric(model):
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=not ends_in_softmax(model))
    model.compile("adam", loss, metrics=[keras.metrics.SparseTopKCategoricalAccuracy(k=5)])
    return model


@wrong(2, "could not compute the metrics")
def metric_that_compares_digits_with_outputs(model):
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=not ends_in_softmax(model))
    model.compile("adam", loss, metrics=[keras.metrics.Accuracy()])
    return model


@wrong(2, "There is no optimizer")
def no_optimizer(model):
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=not ends_in_softmax(model))
    model.compile(optimizer=None, loss=loss, metrics=["accuracy"])
    return model


@wrong(0, "No loss to compute")
def loss_forgotten(model):
    model.compile("adam", metrics=["accuracy"])
    return model


@wrong(0, "the network was not compiled")
def not_compiled(model):
    return model


@wrong(0, "it stopped with TypeError")
def compiled_without_a_model(model):
    import keras

    return keras.Sequential.compile(optimizer="adam")
