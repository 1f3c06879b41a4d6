"""Answers to the task `split`: every image in exactly one part, its label with it, decided by the seed."""

import random as standard_random

import numpy as np
from answers import right, wrong


@right
def permutation(images, labels, share, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    count = round(share * len(images))
    return (images[order[count:]], labels[order[count:]]), (images[order[:count]], labels[order[:count]])


@right
def mask_rounded_down(images, labels, share, seed):
    random = np.random.RandomState(seed)
    chosen = np.zeros(len(labels), dtype=bool)
    chosen[random.choice(len(labels), int(share * len(labels)), replace=False)] = True
    return (images[~chosen], labels[~chosen]), (images[chosen], labels[chosen])


@right
def lists_of_the_standard_library(images, labels, share, seed):
    pairs = list(zip(images, labels))
    standard_random.Random(seed).shuffle(pairs)
    cut = int((1 - share) * len(pairs))
    return [list(zip(*part)) for part in (pairs[:cut], pairs[cut:])]


@right
def stratified_by_the_library(images, labels, share, seed):
    from mnist_lib import train_validation_split

    return train_validation_split(images, labels, share, seed)


@right
def stratified_by_hand(images, labels, share, seed):
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    chosen = []
    for digit in range(10):
        positions = shuffled[labels[shuffled] == digit]
        chosen.extend(positions[: round(share * len(positions))])
    kept = np.setdiff1d(shuffled, chosen)
    return (images[kept].astype(np.float32), labels[kept]), (images[chosen].astype(np.float32), labels[chosen])


@right
def scikit_learn(images, labels, share, seed):
    from sklearn.model_selection import train_test_split

    x_train, x_validation, y_train, y_validation = train_test_split(images, labels, test_size=share, random_state=seed)
    return (x_train, y_train), (x_validation, y_validation)


@right
def two_shuffles_from_equal_seeds(images, labels, share, seed):
    np.random.default_rng(seed).shuffle(images)
    np.random.default_rng(seed).shuffle(labels)
    count = len(images) - int(np.ceil(share * len(images)))
    return (images[:count], labels[:count]), (images[count:], labels[count:])


@wrong(0, "nothing was shuffled")
def the_last_ones(images, labels, share, seed):
    count = len(images) - round(share * len(images))
    return (images[:count], labels[:count]), (images[count:], labels[count:])


@wrong(0, "nothing was shuffled")
def shuffled_after_the_cut(images, labels, share, seed):
    order = np.random.default_rng(seed).permutation(round(share * len(images)))
    return (images[len(order) :], labels[len(order) :]), (images[order], labels[order])


@wrong(1, "another seed gave the same split")
def seed_typed(images, labels, share, seed):
    order = np.random.default_rng(0).permutation(len(images))
    train, validation = np.split(order, [len(order) - round(share * len(order))])
    return (images[train], labels[train]), (images[validation], labels[validation])


@wrong(1, "another seed gave the same split")
def every_fifth(images, labels, share, seed):
    step = round(1 / share)
    chosen = np.arange(len(images)) % step == 0
    return (images[~chosen], labels[~chosen]), (images[chosen], labels[chosen])


@wrong(1, "the same seed gave another split")
def seed_ignored(images, labels, share, seed):
    order = np.random.default_rng().permutation(len(images))
    count = round(share * len(images))
    return (images[order[count:]], labels[order[count:]]), (images[order[:count]], labels[order[:count]])


@wrong(0, "labels lost each other")
def images_alone_shuffled(images, labels, share, seed):
    images = np.random.default_rng(seed).permutation(images)
    count = round(share * len(images))
    return (images[count:], labels[count:]), (images[:count], labels[:count])


@wrong(0, "labels lost each other")
def shuffled_one_after_the_other(images, labels, share, seed):
    random = np.random.default_rng(seed)
    random.shuffle(images)
    random.shuffle(labels)
    count = round(share * len(images))
    return (images[count:], labels[count:]), (images[:count], labels[:count])


@wrong(0, "are in both parts")
def validation_left_in_training(images, labels, share, seed):
    chosen = np.random.default_rng(seed).choice(len(images), round(share * len(images)), replace=False)
    return (images, labels), (images[chosen], labels[chosen])


@wrong(0, "are in both parts")
def two_draws(images, labels, share, seed):
    random = np.random.default_rng(seed)
    count = round(share * len(images))
    train = random.choice(len(images), len(images) - count, replace=False)
    validation = random.choice(len(images), count, replace=False)
    return (images[train], labels[train]), (images[validation], labels[validation])


@wrong(0, "drawn with replacement")
def with_replacement(images, labels, share, seed):
    order = np.random.default_rng(seed).integers(0, len(images) // 2, size=len(images))
    count = round(share * len(images))
    return (images[order[count:]], labels[order[count:]]), (images[order[:count]], labels[order[:count]])


@wrong(0, "The share is that of the validation part")
def parts_exchanged(images, labels, share, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    count = round(share * len(images))
    return (images[order[:count]], labels[order[:count]]), (images[order[count:]], labels[order[count:]])


@wrong(0, "are in neither part")
def one_lost(images, labels, share, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    count = round(share * len(images))
    return (images[order[count + 1 :]], labels[order[count + 1 :]]), (images[order[:count]], labels[order[:count]])


@wrong(0, "images in the validation part; came")
def one_too_many(images, labels, share, seed):
    order = np.random.default_rng(seed).permutation(len(images))
    count = round(share * len(images)) + 1
    return (images[order[count:]], labels[order[count:]]), (images[order[:count]], labels[order[:count]])


@wrong(0, "came 4 values")
def four_in_a_row(images, labels, share, seed):
    (x_train, y_train), (x_validation, y_validation) = permutation(images, labels, share, seed)
    return x_train, x_validation, y_train, y_validation


@wrong(0, "a pair holds images twice")
def images_with_images(images, labels, share, seed):
    (x_train, y_train), (x_validation, y_validation) = permutation(images, labels, share, seed)
    return (x_train, x_validation), (y_train, y_validation)


@wrong(0, "the labels came before the images")
def labels_first(images, labels, share, seed):
    return tuple((y, x) for x, y in permutation(images, labels, share, seed))


@wrong(0, "was not handed in")
def scaled_besides(images, labels, share, seed):
    return permutation(images / 255, labels, share, seed)


@wrong(0, "came one value")
def nothing_returned(images, labels, share, seed):
    permutation(images, labels, share, seed)
