"""Code that calls Keras' loader gets the edition in use, without a download."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.datasets import mnist as module

from mnist_lib import keras_edition, load_mnist, loading


def same(one, other):
    return all(np.array_equal(a, b) for pair in zip(one, other) for a, b in zip(*pair))


@pytest.mark.parametrize("mnist", [keras.datasets.mnist, tf.keras.datasets.mnist, module], ids=["keras", "tf.keras", "source"])
def test_loader_returns_the_edition_in_use(mnist, data):
    assert same(mnist.load_data(), data)
    assert same(mnist.load_data(path="mnist.npz"), data)
    assert same(mnist.load_data("mnist.npz"), data)


def test_installed_once_before_keras_was_imported():
    finders = [finder for finder in sys.meta_path if isinstance(finder, keras_edition._Finder)]
    assert not finders, "used up when Keras was imported"
    assert "keras.datasets.mnist" in module.load_data.original.__doc__


def test_installed_after_keras_was_imported(monkeypatch, data):
    original = module.load_data.original
    for each in (module, keras.datasets.mnist):
        monkeypatch.setattr(each, "load_data", original)
    keras_edition.install()
    keras_edition.install()
    assert same(keras.datasets.mnist.load_data(), data)
    assert keras.datasets.mnist.load_data.original is original


def test_a_download_that_is_asked_for_does_not_ask_itself(monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_NPZ", raising=False)
    monkeypatch.setenv("MNIST_EDITION", "full")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(loading, "_answers", lambda address: True)
    monkeypatch.setattr(module, "get_file", lambda **keywords: tmp_path / "not there")
    with pytest.raises(loading.DataError, match="broke off .*No such file"):
        load_mnist()
