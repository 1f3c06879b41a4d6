"""Makes ``keras.datasets.mnist.load_data`` return the edition in use, so that code which does not use `mnist_lib` runs alike offline.

The site's build, the tests and grading install this in their kernels; nobody else needs it.
"""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loading import Arrays

MODULE = "keras.src.datasets.mnist"


def install() -> None:
    """Replace Keras' loader now, or as soon as Keras is imported. Calling it again changes nothing."""
    if MODULE in sys.modules:
        _replace(sys.modules[MODULE])
        public = sys.modules.get("keras.datasets.mnist")
        if public is not None:
            _replace(public)
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds Keras' module as Python would, and replaces its loader once it has been executed."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != MODULE:
            return None
        sys.meta_path.remove(self)  # found by the others, then: no recursion
        spec = importlib.util.find_spec(name)
        loader: Any = spec.loader if spec else None  # any one: a method of this one object is replaced
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _replace(module)

            loader.exec_module = exec_module
        return spec


def _replace(module: Any) -> None:
    def load_data(path: str = "mnist.npz") -> "Arrays":
        """MNIST in the edition in use, as `mnist_lib.load_mnist` returns it."""
        from .loading import load_mnist

        return load_mnist()

    original = getattr(module.load_data, "original", module.load_data)
    module.load_data = load_data
    module.load_data.original = original  # what still downloads, where that is asked for
