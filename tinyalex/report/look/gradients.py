"""What an answer depends on: pixels (saliency) and places of feature maps (Grad-CAM).

Both run ``backward`` from the score of one class, which is its output before the softmax.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinyalex.backends import Array
from tinyalex.check.stopwatch import stopwatch
from tinyalex.errors import ConfigError, ShapeError, unknown
from tinyalex.layers import (
    Container,
    Conv2d,
    Layer,
    LocallyConnected2d,
    ReLU,
    Sequential,
    Tanh,
)

Host = np.ndarray[Any, Any]


def saliency(model: Layer, x: Array, label: int) -> Host:
    """How strongly each pixel moves the score of a class: the size of d(score) / d(pixel).

    Parameters
    ----------
    model : Layer
        In test mode; gives one score per class.
    x : (1, C, H, W)
        The prepared image, on the model's backend.
    label : int
        The class.

    Returns
    -------
    (H, W), not negative
        Of the channels of a pixel the largest.

    Notes
    -----
    K. Simonyan, A. Vedaldi and A. Zisserman, Deep Inside Convolutional Networks: Visualising
    Image Classification Models and Saliency Maps, ICLR workshop 2014, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from tinyalex.layers import Flatten, Linear, Sequential
    >>> net = Sequential([Flatten(), Linear(4, 2)])
    >>> net[1].params["weight"] = np.array([[0.0, 0, 0, 0], [1, -2, 3, 0]])
    >>> saliency(net, np.ones((1, 1, 2, 2)), label=1)
    array([[1., 2.],
           [3., 0.]])
    """
    with _nothing_in_place(model):
        dx = model.backward(_score_gradient(model, model.forward(x), label))
    host: Host = model.backend.to_host(dx)
    most: Host = np.abs(host[0]).max(axis=0)
    return most


def grad_cam(model: Layer, x: Array, label: int, layer: str | None = None) -> Host:
    """Which places of a layer's feature maps speak for a class: Grad-CAM.

    Each map A_k gets the weight a_k, the mean of d(score)/d(A_k) over its places; the result is
    max(0, sum of a_k * A_k).

    Parameters
    ----------
    model, x, label : as in `saliency`
    layer : str, optional
        Name of the layer, such as ``"features.13"``. Default: `last_maps`.

    Returns
    -------
    (OH, OW), not negative
        As large as the layer's maps.

    Raises
    ------
    ConfigError
        The network has no such layer.
    ShapeError
        The layer has no feature maps.

    Notes
    -----
    R. R. Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
    Localization, ICCV 2017, section 3, equations 1 and 2.

    Examples
    --------
    A filter that copies the image, and a class that adds up all places:

    >>> from tinyalex.layers import Conv2d, Flatten, Linear, Sequential
    >>> net = Sequential(Conv2d(1, 1, 1), Flatten(), Linear(4, 2))
    >>> net[0].params.update(weight=np.ones((1, 1, 1, 1)), bias=np.zeros(1))
    >>> net[2].params["weight"] = np.array([[0.0, 0, 0, 0], [1, 1, 1, 1]])
    >>> grad_cam(net, np.arange(4.0).reshape(1, 1, 2, 2), label=1)
    array([[0., 1.],
           [2., 3.]])
    """
    name = last_maps(model, tuple(x.shape)) if layer is None else layer
    owner, host = layers_by_name(model).get(name), model.backend.to_host
    if owner is None:
        raise unknown("layer", name, layers_by_name(model))
    found: dict[str, Host] = {}

    def keep(name: str, method: str, seconds: float, given: Any, result: Any) -> None:
        found[method] = np.array(host(result if method == "forward" else given)[0])

    calls = [(name, owner, method) for method in ("forward", "backward")]
    with _nothing_in_place(model), stopwatch(calls, model.backend, keep):
        model.backward(_score_gradient(model, model.forward(x), label))
    maps, slopes = found["forward"], found["backward"]  # (K, OH, OW): A and d(score)/dA
    if maps.ndim != 3:
        raise ShapeError(
            f"Grad-CAM: the layer {name} has no feature maps (output {maps.shape})",
            f"the layer {last_maps(model, tuple(x.shape))}",
        )
    weights = slopes.mean(axis=(1, 2), keepdims=True)  # (K, 1, 1)
    cam: Host = np.maximum((weights * maps).sum(axis=0), 0)
    return cam


def layers_by_name(model: Layer, name: str = "") -> dict[str, Layer]:
    """Every layer and every container inside, by its dotted name, in the order of forward."""
    found = {name: model} if name else {}
    if isinstance(model, Container):
        for key, child in model.children.items():
            found |= layers_by_name(child, f"{name}.{key}".strip("."))
    return found


def last_maps(model: Layer, x_shape: tuple[int, ...]) -> str:
    """Name of the last convolution with maps of several pixels, or of the activation after it.

    Convolutions inside towers count as the layer that joins the towers.

    Raises
    ------
    ConfigError
        The network has no such layer.
    """
    shape, last, before = tuple(x_shape), "", ""
    for name, layer in _in_a_row(model):
        shape = layer.output_shape(shape)
        has_maps = len(shape) == 4 and shape[2] * shape[3] > 1
        activates = isinstance(layer, ReLU | Tanh) and before == last
        if has_maps and (activates or _convolves(layer)):
            last = name
        before = name
    if not last:
        raise ConfigError("Grad-CAM: the network has no convolution with feature maps")
    return last


def _in_a_row(layer: Layer, name: str = "") -> Iterator[tuple[str, Layer]]:
    """The layers that follow each other, by name; towers are one layer."""
    if not isinstance(layer, Sequential):
        yield name, layer
        return
    for key, child in layer.children.items():
        yield from _in_a_row(child, f"{name}.{key}".strip("."))


def _convolves(layer: Layer) -> bool:
    return any(isinstance(y, Conv2d | LocallyConnected2d) for _, y in layer.named_layers())


def _score_gradient(model: Layer, scores: Array, label: int) -> Array:
    """d(score of a class) / d(scores): 1 for the class, 0 for the others."""
    dy = np.zeros(tuple(scores.shape), np.float32)
    dy[0, label] = 1
    return model.backend.asarray(dy, dtype=scores.dtype)


@contextmanager
def _nothing_in_place(model: Layer) -> Iterator[None]:
    """Let no ReLU write over what was, or will be, looked at."""
    before = [(y, y.inplace) for _, y in model.named_layers() if isinstance(y, ReLU)]
    for layer, _ in before:
        layer.inplace = False
    try:
        yield
    finally:
        for layer, inplace in before:
            layer.inplace = inplace
