"""Answers to the task `scale_and_reshape`: bytes become fractions, each image one row."""

import numpy as np
from answers import right, wrong


@right
def convert_divide_reshape(images):
    return images.astype(np.float32).reshape(len(images), -1) / 255


@right
def loop_over_pixels(images):
    count, rows, columns = images.shape
    found = np.zeros((count, rows * columns), dtype="float32")
    for i in range(count):
        for row in range(rows):
            for column in range(columns):
                found[i, row * columns + column] = images[i, row, column] / 255
    return found


@right
def keras_layers(images):
    import keras

    return keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))


@right
def list_of_rows(images):
    return [np.float32(image).ravel() / np.float32(255) for image in images]


@right
def float64_converted_at_the_end(images):
    return np.concatenate((images / 255.0).tolist()).reshape(images.shape[0], images[0].size).astype(np.float32)


@wrong(1, "The dtype is float64")
def float64_kept(images):
    return images.reshape(len(images), -1) / 255


@wrong(0, "divided by 255 twice")
def divided_twice(images):
    images = images.astype(np.float32) / 255
    return images.reshape(len(images), -1) / 255


@wrong(0, "divided by 256")
def divided_by_256(images):
    return images.reshape(len(images), -1).astype(np.float32) / 256


@wrong(0, "in the order of the columns")
def transposed_before_reshape(images):
    return np.stack([image.T.reshape(-1) for image in images]).astype(np.float32) / 255


@wrong(0, "in the order of the columns")
def fortran_order(images):
    return np.stack([image.ravel(order="F") for image in images]).astype(np.float32) / 255


@wrong(0, "The images are mixed")
def whole_array_transposed(images):
    return (images.T / 255).astype(np.float32).reshape(len(images), -1)


@wrong(0, "The images are mixed")
def reshaped_to_columns(images):
    return (images.reshape(-1, len(images)).T / 255).astype(np.float32)


@wrong(0, "cut off")
def whole_division(images):
    return (images // 255).reshape(len(images), -1)


@wrong(0, "cut off")
def converted_back_to_bytes(images):
    return (images / 255).astype(np.uint8).reshape(len(images), -1)


@wrong(0, "still go from 0 to 255")
def only_converted(images):
    return images.reshape(len(images), -1).astype(np.float32)


@wrong(0, "still to be laid in one row")
def only_divided(images):
    return images.astype(np.float32) / 255


@wrong(0, "should have a row of its own")
def all_in_one_row(images):
    return images.astype(np.float32).ravel() / 255


@wrong(0, "each image is a column")
def images_in_columns(images):
    return (images.astype(np.float32) / 255).reshape(len(images), -1).T


@wrong(0, "from −1 to 1")
def minus_one_to_one(images):
    return images.reshape(len(images), -1).astype(np.float32) / 127.5 - 1


@wrong(0, "it stopped with UFuncTypeError")
def divided_in_place(images):
    images /= 255
    return images.reshape(len(images), -1)


@wrong(1, "it stopped with ValueError")
def size_typed(images):
    return images.reshape(-1, 784).astype(np.float32) / 255


@wrong(1, "by the brightest pixel that came")
def by_the_maximum(images):
    return (images / images.max()).astype(np.float32).reshape(len(images), -1)


@wrong(1, "by its own brightest pixel")
def by_the_maximum_of_each(images):
    rows = images.reshape(len(images), -1).astype(np.float32)
    return rows / rows.max(axis=1, keepdims=True)


@wrong(1, "stretches the values")
def from_minimum_to_maximum(images):
    rows = images.reshape(len(images), -1).astype(np.float32)
    return (rows - rows.min()) / (rows.max() - rows.min())


@wrong(0.5, "The dtype is float64")
def float64_by_the_maximum(images):
    return images.reshape(len(images), -1) / images.max()


@wrong(0, "came None")
def printed_instead_of_returned(images):
    print(images.astype(np.float32).reshape(len(images), -1) / 255)
