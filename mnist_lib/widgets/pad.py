"""A pad to draw a digit on: what is drawn is brought into MNIST's form and read by a network, stroke by stroke.

A small network computes in the browser, from its weights in half precision, so that the pad lives on a page without a kernel too; any
other asks the kernel.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ..arguments import describe_value
from .component import LATER, Component
from .explorers import checked_digits, packed

if TYPE_CHECKING:
    import keras

MOST_WEIGHTS = 400_000  # of a network that a page carries: 800 kB
MOST_SHOWN, MOST_MISTAKES = 24, 12  # digits that a pad can show
MOST_READ = 10_000  # digits that are looked through for mistakes
ACTIVATIONS = ("linear", "relu", "softmax")


class DigitPad(Component):
    """A pad for one digit, a network's reading of it beside.

    Parameters
    ----------
    model : keras.Model
        Takes images of 28 × 28 fractions, as `preprocess` makes them, and returns ten logits or ten probabilities.
    images, labels : ndarray, shapes (n, 28, 28) and (n,), optional
        Digits that the pad can show, uint8 in [0, 255] or fractions in [0, 1]; those that the network gets wrong are found among the first
        10,000.
    chapter : str
        Which chapter has trained it, such as ``"06-training"``, or where else, in words; for the line below the pad, which says how many
        of the digits it reads rightly, too.
    digits : str
        What these are: ``"validation"``, ``"test"``.
    preprocess : function, optional
        Makes of uint8 images (1, 28, 28) what the model takes; the library's `preprocess` unless it is given. With one of your own it is
        the kernel that reads.
    logits : bool, optional
        Whether the model returns logits; None finds out from its last layer.

    Attributes
    ----------
    image : ndarray of uint8, shape (28, 28)
        What was drawn last, in MNIST's form, ready for a pipeline of your own; all 0 before anything was drawn.

    Raises
    ------
    TypeError, ValueError
        If the model is none, or the digits are none.

    Notes
    -----
    Used from chapter 06-training on. The form that a drawing is given is explained in chapter 10-capstone.
    """

    scripts = ("plots", "network", "drawing", "pad")
    styles = ("explorers", "pad")
    said = "A pad to draw a digit on stands here: on the website, or in a notebook that runs. It needs JavaScript."
    layers: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    examples = traitlets.Bytes().tag(sync=True)
    labels: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    mistakes: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    pixels = traitlets.Bytes(bytes(784)).tag(sync=True, from_json=lambda value, _: bytes(value))  # what comes is a view of a message
    probabilities: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    fault = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        model: "keras.Model",
        images: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        *,
        chapter: str = "",
        digits: str = "",
        preprocess: Callable[[np.ndarray], Any] | None = None,
        logits: bool | None = None,
    ) -> None:
        from ..model import check_model, gives_logits

        check_model(model)
        self._model, self._own = model, preprocess
        self._logits = gives_logits(model) if logits is None else logits
        shown, wrong, of, said = self._chosen(images, labels, digits)
        about = " ".join(filter(None, [chapter and f"Trained in {trained_in(chapter)}.", said]))
        described = None if preprocess else describe_network(model, self._logits)
        layers, weights = described or ([], b"")
        super().__init__(layers=layers, weights=weights, examples=packed(shown), labels=of.tolist(), mistakes=wrong, about=about)
        if not layers:
            self.observe(self._asked, "pixels")

    @property
    def image(self) -> np.ndarray:
        """What was drawn last, uint8 (28, 28)."""
        return np.frombuffer(self.pixels, np.uint8).reshape(28, 28).copy()

    def _read(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (n, 10) for bytes (n, 28, 28)."""
        from ..evaluation import _probabilities
        from ..preprocessing import preprocess

        x = np.asarray((self._own or preprocess)(images))
        shape = getattr(self._model, "input_shape", None)
        if not self._own and isinstance(shape, tuple) and len(shape) in (2, 4):
            x = x.reshape(len(x), *(size or -1 for size in shape[1:]))
        outputs = np.asarray(self._model.predict(x, batch_size=1000, verbose=0), np.float64)
        return _probabilities(outputs, self._logits)[0]

    def _asked(self, change: dict[str, Any]) -> None:
        try:
            self.probabilities = self._read(self.image[np.newaxis])[0].tolist()
        except Exception as error:  # in the student's own model or pipeline: said on the pad, since nobody sees a kernel's log
            self.fault = f"The model could not read it. {type(error).__name__}: {str(error).strip().splitlines()[0][:300]}"

    def _chosen(self, images: np.ndarray | None, labels: np.ndarray | None, kind: str) -> tuple[np.ndarray, list[int], np.ndarray, str]:
        """Digits to be shown, the places of those among them that are read wrongly, their labels, and a sentence on all."""
        if (images is None) != (labels is None):
            raise ValueError(f"images and labels come together; got {describe_value(images)} and {describe_value(labels)}")
        if images is None or labels is None:
            return np.zeros((0, 28, 28), np.uint8), [], np.zeros(0, int), ""
        digits = checked_digits(images, labels)[:MOST_READ]
        of = labels[:MOST_READ]
        read = self._read(digits)
        right, wrong = read.argmax(axis=1) == of, np.flatnonzero(read.argmax(axis=1) != of)
        wrong = wrong[np.argsort(-read[wrong].max(axis=1), kind="stable")][:MOST_MISTAKES]  # the surest of them
        places = np.concatenate([np.flatnonzero(right)[:MOST_SHOWN], wrong])
        said = f"It reads {right.mean():.1%} of {len(of):,} {kind} digits rightly.".replace("  ", " ")
        return digits[places], list(range(len(places) - len(wrong), len(places))), of[places], said


class Comparison(Component):
    """See `compare_networks`."""

    scripts = ("plots", "network", "drawing", "comparison")
    styles = ("explorers", "pad")
    said = "Two networks read one drawing here: on the website, or in a notebook that runs. It needs JavaScript."
    names: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    layers: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    first = traitlets.Bytes().tag(sync=True, **{LATER: True})
    second = traitlets.Bytes().tag(sync=True, **{LATER: True})
    examples = traitlets.Bytes().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)


def compare_networks(networks: dict[str, "keras.Model"], images: np.ndarray, labels: np.ndarray, *, chapter: str = "") -> Comparison:
    """Two networks side by side on one drawing, which a slider moves to the left and to the right.

    Parameters
    ----------
    networks : dict from str to keras.Model
        Two, by name. Each takes images as `preprocess` makes them and is small enough for a browser.
    images, labels : ndarray, shapes (n, 28, 28) and (n,)
        Digits to begin with; the first that both read rightly are taken.
    chapter : str
        Which chapter has trained them.

    Returns
    -------
    Comparison
        Shows itself as the value of a notebook's cell.

    Raises
    ------
    TypeError, ValueError
        If these are not two networks that a browser can compute, or the digits are none.

    Notes
    -----
    Used in chapter 09-convolution.
    """
    from ..model import check_model, gives_logits

    if not isinstance(networks, dict) or len(networks) != 2:
        raise ValueError(f"networks must be two models by name; got {describe_value(networks)}")
    digits = checked_digits(images, labels)[:200]
    right, parts = np.ones(len(digits), bool), []
    for name, model in networks.items():
        check_model(model)
        described = describe_network(model, gives_logits(model))
        if described is None:
            raise ValueError(f"the network {name!r} cannot be computed in a browser: {NOT_THERE}")
        parts.append(described)
        right &= DigitPad(model)._read(digits).argmax(axis=1) == labels[:200]
    (first_layers, first), (second_layers, second) = parts
    return Comparison(
        names=list(networks), layers=[first_layers, second_layers], first=first, second=second,
        examples=packed(digits[right][:MOST_SHOWN]), about=chapter and f"Both were trained in {trained_in(chapter)}.",
    )  # fmt: skip


NOT_THERE = f"expected is a Sequential of Dense, Conv2D, MaxPooling2D and layers without weights, with at most {MOST_WEIGHTS:,} weights"


def trained_in(chapter: str) -> str:
    """A chapter by its file's name, or another place in words, and the edition of MNIST that is in use.

    Parameters
    ----------
    chapter : str
        Such as ``06-training``, or words; not empty.

    Returns
    -------
    str
    """
    from ..loading import edition_in_use

    place = f"chapter {chapter}" if chapter[0].isdigit() else chapter
    return f"{place}, on the {edition_in_use()} edition of MNIST"


def describe_network(model: "keras.Model", logits: bool) -> tuple[list[dict[str, Any]], bytes] | None:
    """A network in the form in which the browser computes it.

    Parameters
    ----------
    model : keras.Model
    logits : bool
        Whether it returns logits, for which softmax is added.

    Returns
    -------
    (list of dict, bytes), or None
        What each layer does, and all weights in half precision, little-endian, in the order of the layers. None where the browser cannot
        compute it: then the kernel must.
    """
    import keras

    if not isinstance(model, keras.Sequential) or not model.built or model.count_params() > MOST_WEIGHTS:
        return None
    if model.input_shape[1:] not in ((28, 28), (28, 28, 1), (784,)):
        return None
    layers: list[dict[str, Any]] = []
    weights = []
    for layer in model.layers:
        described = _describe(layer)
        if described is None:
            return None
        if described:
            layers.append(described)
        if isinstance(layer, (keras.layers.Dense, keras.layers.Conv2D)):
            kernel, *bias = layer.get_weights()
            weights += [kernel.ravel(), bias[0] if bias else np.zeros(kernel.shape[-1])]
    if logits:
        layers.append({"kind": "activation", "activation": "softmax"})
    values = np.concatenate(weights) if weights else np.zeros(0)
    with np.errstate(over="ignore"):
        half = values.astype("<f2")
    return (layers, half.tobytes()) if np.isfinite(half).all() else None


def _describe(layer: "keras.layers.Layer") -> dict[str, Any] | None:
    """What a layer does; nothing for one that does nothing when a network reads; None for one that is not known."""
    import keras

    known = keras.layers
    if isinstance(layer, (known.Flatten, known.Reshape, known.Dropout, known.InputLayer)):
        return {}
    if isinstance(layer, known.Softmax):
        return {"kind": "activation", "activation": "softmax"}
    if isinstance(layer, known.ReLU):
        plain = not (layer.negative_slope or layer.threshold) and layer.max_value is None
        return {"kind": "activation", "activation": "relu"} if plain else None
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation not in ACTIVATIONS:
        return None
    if isinstance(layer, known.Activation):
        return {"kind": "activation", "activation": activation}
    if isinstance(layer, known.Dense):
        flat = len(layer.input.shape) == 2
        return {"kind": "dense", "inputs": layer.input.shape[-1], "units": layer.units, "activation": activation} if flat else None
    if isinstance(layer, known.Conv2D) and not isinstance(layer, (known.DepthwiseConv2D, known.SeparableConv2D)):
        if layer.data_format != "channels_last" or layer.groups != 1 or layer.dilation_rate != (1, 1) or activation == "softmax":
            return None
        return _window(layer, layer.kernel_size) | {"kind": "convolution", "filters": layer.filters, "activation": activation}
    if isinstance(layer, known.MaxPooling2D) and layer.data_format == "channels_last" and layer.padding == "valid":
        return _window(layer, layer.pool_size) | {"kind": "pooling"}
    return None


def _window(layer: "keras.layers.Layer", size: tuple[int, int]) -> dict[str, Any]:
    """Where a window of this size goes on its image."""
    shape, out = layer.input.shape[1:], layer.output.shape[1:3]
    missing = [max((o - 1) * s + k - n, 0) if layer.padding == "same" else 0 for o, s, k, n in zip(out, layer.strides, size, shape)]
    before = [each // 2 for each in missing]
    return {"shape": list(shape), "size": list(size), "stride": list(layer.strides), "before": before, "out": list(out)}
