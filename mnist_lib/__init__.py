"""MNIST digit classification, stage by stage.

The public functions, in the order in which data flows through them:

``load_mnist`` → ``preprocess`` → ``build_model`` → ``compile_model`` → ``train`` → ``evaluate`` → ``plot_*``

Importing this package imports neither TensorFlow nor anything else that is heavy: a stage is imported when one of its names is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# The one list of public names: stage → what it offers. The stages stand in the order of the pipeline.
STAGES = {
    "loading": ("load_mnist", "edition_in_use", "DataError"),
    "preprocessing": ("preprocess", "train_validation_split", "shift_images", "digit_from_drawing"),
    "model": ("build_model", "build_convolutional_model", "gives_logits"),
    "compilation": ("compile_model", "total_steps"),
    "training": ("train",),
    "evaluation": ("evaluate", "Evaluation", "wilson_interval", "confusion_matrix"),
    "visualization": (
        "plot_digits",
        "plot_pixel_values",
        "plot_history",
        "plot_confusion",
        "plot_predictions",
        "plot_mistakes",
        "plot_weights",
    ),
}

_STAGE_OF = {name: stage for stage, names in STAGES.items() for name in names}

if TYPE_CHECKING:  # what an editor knows of the names, which it sees before they are used
    from .compilation import *
    from .evaluation import *
    from .loading import *
    from .model import *
    from .preprocessing import *
    from .training import *
    from .visualization import *
else:
    __all__ = sorted(_STAGE_OF)


def __getattr__(name: str) -> Any:
    if name in _STAGE_OF:
        return getattr(import_module(f"{__name__}.{_STAGE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_STAGE_OF])
