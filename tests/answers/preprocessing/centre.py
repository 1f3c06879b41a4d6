"""Answers to the task `centre`: the centre of mass goes as near to row 14, column 14 as whole pixels allow."""

import numpy as np
from answers import right, wrong


def shift_needed(image, middle=14):
    rows, columns = np.indices(image.shape)
    ink = image.sum()
    with np.errstate(invalid="ignore"):
        return middle - (rows * image).sum() / ink, middle - (columns * image).sum() / ink


def paste(image, down, right):
    moved = np.zeros_like(image)
    for row in range(28):
        for column in range(28):
            if 0 <= row + down < 28 and 0 <= column + right < 28:
                moved[row + down, column + right] = image[row, column]
    return moved


@right
def loops(image):
    ink = total_row = total_column = 0
    for row in range(28):
        for column in range(28):
            grey = int(image[row, column])
            ink += grey
            total_row += grey * row
            total_column += grey * column
    if not ink:
        return image
    return paste(image, round(14 - total_row / ink), round(14 - total_column / ink))


@right
def cut_from_a_larger_frame(image):
    if image.max() == 0:
        return image
    row = round(np.average(np.arange(28), weights=image.sum(axis=1)))
    column = round(np.average(np.arange(28), weights=image.sum(axis=0)))
    large = np.pad(image, 28)
    return large[row + 14 : row + 42, column + 14 : column + 42]


@right
def scipy_functions(image):
    from scipy import ndimage

    if not image.any():
        return image
    row, column = ndimage.center_of_mass(image)
    return ndimage.shift(image, (np.rint(14 - row), np.rint(14 - column)))


@right
def function_of_the_library(image):
    from mnist_lib import shift_images

    if not np.any(image):
        return image.astype(float)
    down, right = map(round, shift_needed(image.astype(float)))
    return shift_images(image[np.newaxis], down, right)[0].astype(np.float32)


@right
def roll_and_blank(image):
    if image.sum() == 0:
        return image
    down, right = (int(np.floor(each + 0.5)) for each in shift_needed(image))
    image = np.roll(image, (down, right), axis=(0, 1))
    image[slice(0, down) if down >= 0 else slice(down, None)] = 0
    image[:, slice(0, right) if right >= 0 else slice(right, None)] = 0
    return image


@right
def edge_coordinates(image):
    if not image.any():
        return image.tolist()
    edges = np.arange(28) + 0.5
    down = 14.5 - (image.sum(axis=1) * edges).sum() / image.sum()
    right = 14.5 - (image.sum(axis=0) * edges).sum() / image.sum()
    return paste(image, round(down), round(right)).tolist()


@wrong(0, "The picture has not moved")
def unchanged(image):
    return image


@wrong(0, "went the opposite way")
def opposite_way(image):
    down, right = map(round, shift_needed(image))
    return paste(image, -down, -right)


@wrong(0, "Rows and columns are exchanged")
def rows_and_columns_exchanged(image):
    right, down = map(round, shift_needed(image))
    return paste(image, down, right)


@wrong(0, "rounded down")
def rounded_down(image):
    down, right = (int(np.floor(each)) for each in shift_needed(image))
    return paste(image, down, right)


@wrong(0, "taken as 13.5")
def middle_between_the_pixels(image):
    down, right = map(round, shift_needed(image, middle=13.5))
    return paste(image, down, right)


@wrong(0, "counted from 1")
def counted_from_one(image):
    down, right = map(round, shift_needed(image, middle=13))
    return paste(image, down, right)


@wrong(0, "The shift was cut off")
def cut_off(image):
    down, right = map(int, shift_needed(image))
    return paste(image, down, right)


@wrong(0, "The shift was cut off")
def centre_cut_off(image):
    down, right = (14 - int(14 - each) for each in shift_needed(image))
    return paste(image, down, right)


@wrong(0, "All ink counted alike")
def unweighted(image):
    down, right = map(round, shift_needed(image > 0))
    return paste(image, down, right)


@wrong(0, "middle of the box")
def box_around_the_ink(image):
    rows, columns = np.nonzero(image)
    return paste(image, round(14 - (rows.min() + rows.max()) / 2), round(14 - (columns.min() + columns.max()) / 2))


@wrong(0, "the columns have not moved")
def rows_alone(image):
    return np.roll(image, round(shift_needed(image)[0]), axis=0)


@wrong(0, "Some greys came")
def by_fractions_of_a_pixel(image):
    from scipy import ndimage

    return ndimage.shift(image, shift_needed(image), order=1)


@wrong(0, "the picture came back empty")
def blank(image):
    return np.zeros((28, 28), np.uint8)


@wrong(0, "expected the shape (28, 28)")
def the_shift_alone(image):
    return [round(each) for each in shift_needed(image)]


@wrong(0, "Some greys came")
def scaled_besides(image):
    down, right = map(round, shift_needed(image))
    return paste(image / 255, down, right)


@wrong(1.5, "came in again at the other side")
def rolled(image):
    if not image.any():
        return image
    return np.roll(image, tuple(map(round, shift_needed(image))), axis=(0, 1))


@wrong(1.5, "stopped at the edge")
def kept_in_the_frame(image):
    if not image.any():
        return image
    down, right = map(round, shift_needed(image))
    rows, columns = np.nonzero(image)
    down, right = np.clip(down, -rows.min(), 27 - rows.max()), np.clip(right, -columns.min(), 27 - columns.max())
    return np.roll(image, (down, right), axis=(0, 1))


@wrong(1.5, "it stopped with ValueError")
def empty_picture_forgotten(image):
    down, right = (round(float(each)) for each in shift_needed(image))
    return paste(image, down, right)


@wrong(1.5, "moved more than once")
def again_and_again(image):
    while image.any() and any(map(round, shift_needed(image))):
        image = paste(image, *map(round, shift_needed(image)))
    return image
