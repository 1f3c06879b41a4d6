"""Answers to the task `build`: a Keras model to a specification, however it is written."""

from answers import right, wrong


@right
def sequential_with_a_loop(hidden, dropout):
    import keras

    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    for units in hidden:
        model.add(keras.layers.Dense(units, activation="relu"))
        model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(10))
    return model


@right
def functional(hidden, dropout):
    import keras

    inputs = x = keras.Input((28, 28))
    x = keras.layers.Flatten()(x)
    for units in hidden:
        x = keras.layers.Dense(units, activation=keras.activations.relu)(x)
        x = keras.layers.Dropout(dropout, seed=1)(x)
    return keras.Model(inputs, keras.layers.Dense(10, activation="linear")(x))


@right
def reshape_and_layers_of_relu(hidden, dropout):
    from tensorflow import keras

    layers = [keras.layers.InputLayer(shape=(28, 28)), keras.layers.Reshape((784,))]
    for units in hidden:
        layers += [keras.layers.Dense(units), keras.layers.ReLU(), keras.layers.Dropout(dropout)]
    return keras.Sequential(layers + [keras.layers.Dense(10, activation=None)])


@right
def input_shape_in_the_first_layer_and_compiled(hidden, dropout):
    import keras

    model = keras.models.Sequential()
    model.add(keras.layers.Flatten(input_shape=(28, 28)))
    for units in hidden:
        model.add(keras.layers.Dense(units, kernel_initializer="he_normal"))
        model.add(keras.layers.Activation("relu"))
        model.add(keras.layers.Dropout(rate=dropout))
    model.add(keras.layers.Dense(10))
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@right
def built_afterwards(hidden, dropout):
    import keras

    inner = [layer for units in hidden for layer in (keras.layers.Dense(units, "relu"), keras.layers.Dropout(dropout))]
    model = keras.Sequential([keras.layers.Flatten(), *inner, keras.layers.Dense(10)])
    model.build((None, 28, 28))
    return model


@right
def one_dropout_layer_used_again(hidden, dropout):
    import keras

    drop = keras.layers.Dropout(dropout)
    inputs = keras.Input((28, 28), dtype="float32")
    x = keras.ops.reshape(inputs, (-1, 784))
    for units in hidden:
        x = drop(keras.ops.relu(keras.layers.Dense(units)(x)))
    return keras.Model(inputs, keras.layers.Dense(10)(x), name="mine")


@right
def class_of_its_own_with_the_last_layer_first(hidden, dropout):
    import keras

    class Network(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(10)
            self.flatten = keras.layers.Flatten()
            self.hidden = [keras.layers.Dense(units, activation="relu") for units in hidden]
            self.drop = keras.layers.Dropout(dropout)

        def call(self, x, training=None):
            x = self.flatten(x)
            for layer in self.hidden:
                x = self.drop(layer(x), training=training)
            return self.last(x)

    model = Network()
    model(keras.ops.zeros((1, 28, 28)))
    return model


@right
def models_inside_a_model(hidden, dropout):
    import keras

    blocks = [keras.Sequential([keras.layers.Dense(units, activation="relu"), keras.layers.Dropout(dropout)]) for units in hidden]
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *blocks, keras.layers.Dense(10)])


@right
def one_channel(hidden, dropout):
    import keras

    layers = [keras.Input((28, 28, 1)), keras.layers.Flatten()]
    for units in hidden:
        layers.extend([keras.layers.Dense(units, "relu"), keras.layers.Dropout(dropout)])
    layers.append(keras.layers.Dense(10))
    return keras.Sequential(layers)


def chain(hidden, dropout, activation="relu", last=None, first=(), flatten=True):
    """A chain of dense layers with the mistakes asked for."""
    import keras

    model = keras.Sequential([keras.Input((28, 28))] + [keras.layers.Flatten()] * flatten + list(first))
    for units in hidden:
        model.add(keras.layers.Dense(units, activation=activation))
        model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(10, activation=last))
    return model


@wrong(0, "The last layer has a softmax")
def softmax_at_the_end(hidden, dropout):
    return chain(hidden, dropout, last="softmax")


@wrong(0, "The last layer has a ReLU")
def relu_at_the_end(hidden, dropout):
    return chain(hidden, dropout, last="relu")


@wrong(0, "The hidden layers have no activation")
def activation_forgotten(hidden, dropout):
    return chain(hidden, dropout, activation=None)


@wrong(0, "sigmoid instead of a ReLU")
def another_activation(hidden, dropout):
    return chain(hidden, dropout, activation="sigmoid")


@wrong(0, "should be set to zero in training; about 0% were")
def dropout_missing(hidden, dropout):
    return chain(hidden, 0)


@wrong(0, "not the share that stays")
def share_that_stays(hidden, dropout):
    return chain(hidden, 1 - dropout)


@wrong(0, "not the last of them only")
def dropout_after_the_last_only(hidden, dropout):
    import keras

    dense = [keras.layers.Dense(units, activation="relu") for units in hidden]
    last = [keras.layers.Dropout(dropout), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *dense, *last])


@wrong(0, "it follows it")
def dropout_before_each_hidden_layer(hidden, dropout):
    import keras

    inner = [layer for units in hidden for layer in (keras.layers.Dropout(dropout), keras.layers.Dense(units, activation="relu"))]
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *inner, keras.layers.Dense(10)])


@wrong(0, "Dropout works on the pixels too")
def dropout_of_the_pixels_too(hidden, dropout):
    import keras

    return chain(hidden, dropout, first=[keras.layers.Dropout(dropout)])


@wrong(0, "in use too")
def dropout_in_use_too(hidden, dropout):
    import keras

    inputs = keras.Input((28, 28))
    x = keras.layers.Flatten()(inputs)
    for units in hidden:
        x = keras.layers.Dropout(dropout)(keras.layers.Dense(units, activation="relu")(x), training=True)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


@wrong(0, "hidden layers come in the wrong order")
def wrong_order_of_sizes(hidden, dropout):
    return chain(hidden[::-1], dropout)


@wrong(0, "Only the first number of the list")
def first_number_only(hidden, dropout):
    return chain(hidden[:1], dropout)


@wrong(0, "Received an invalid value for `units`")
def units_and_dropout_swapped(hidden, dropout):
    import keras

    inner = [layer for units in hidden for layer in (keras.layers.Dense(dropout), keras.layers.Dropout(units))]
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *inner, keras.layers.Dense(10)])


@wrong(0, "the images are not flattened")
def not_flattened(hidden, dropout):
    return chain(hidden, dropout, flatten=False)


@wrong(0, "its input shape is (None, 784)")
def rows_of_784_as_input(hidden, dropout):
    import keras

    return keras.Sequential([keras.Input((784,)), *chain(hidden, dropout).layers[1:]])


@wrong(0, "ten logits each, came (5, ")
def last_layer_forgotten(hidden, dropout):
    import keras

    return keras.Sequential([keras.Input((28, 28)), *chain(hidden, dropout).layers[:-1]])


@wrong(0, "BatchNormalization")
def another_layer_besides(hidden, dropout):
    import keras

    return chain(hidden, dropout, first=[keras.layers.BatchNormalization()])


@wrong(2, "was not built")
def not_built(hidden, dropout):
    import keras

    return keras.Sequential(chain(hidden, dropout).layers)


@wrong(0, "came None, as from a function without")
def without_return(hidden, dropout):
    chain(hidden, dropout)


@wrong(0, "came a list of layers")
def list_of_layers(hidden, dropout):
    return chain(hidden, dropout).layers


@wrong(0, "came the output of its last layer")
def output_instead_of_the_model(hidden, dropout):
    return chain(hidden, dropout).outputs[0]


@wrong(0, "came str (from builtins)")
def text(hidden, dropout):
    return "Sequential"


@wrong(1.5, "not so dropout 0 or a list without numbers")
def at_least_one_hidden_layer(hidden, dropout):
    return chain(hidden or [128], dropout)


@wrong(0, "expected dense layers of")
def model_of_the_course(hidden, dropout):
    from mnist_lib import build_model

    return build_model(128, dropout)
