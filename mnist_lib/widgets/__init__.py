"""What can be drawn on, moved and answered: alive in notebooks, where a kernel helps, and on the website, where there is none.

Each component is one Python module with its JavaScript beside it. Nothing here is imported before it is used.
"""

from importlib import import_module

_MODULES = {
    "DigitPad": "pad",
    "compare_networks": "pad",
    "explore_pixels": "explorers",
    "explore_dense": "explorers",
    "explore_temperature": "explorers",
    "explore_learning_rate": "explorers",
    "explore_confusion": "network_explorers",
    "explore_shift": "network_explorers",
    "ask": "questions",
    "own_calibration": "predictions",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_MODULES)}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
