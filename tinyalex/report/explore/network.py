"""A network as a list of steps and one array of weights, for a page that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocallyConnected2d,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    SpatialResponseNorm,
    Tanh,
    Towers,
)

Host = np.ndarray[Any, Any]
Shape = tuple[int, ...]
Step = dict[str, Any]

# The settings of each kind of layer that its function in layers.js reads.
_WINDOW = {"kernel": "kernel_size", "stride": "stride"}
_NORM = {name: name for name in ("size", "alpha", "beta", "k", "groups")}
SETTINGS: dict[type[Layer], dict[str, str]] = {
    Conv2d: {**_WINDOW, "padding": "padding", "groups": "groups"},
    LocallyConnected2d: {**_WINDOW, "padding": "padding"},
    MaxPool2d: _WINDOW,
    AvgPool2d: _WINDOW,
    LocalResponseNorm: _NORM,
    SpatialResponseNorm: _NORM,
    Dropout: {},
    Flatten: {},
    Linear: {},
    ReLU: {},
    Tanh: {},
}


@dataclass
class Numbers:
    """Arrays put one behind the other; the page finds each by its start and its length."""

    pieces: list[Host] = field(default_factory=list)
    length: int = 0

    def add(self, array: Host) -> list[int]:
        """Append an array; returns its start and its length."""
        piece = np.ascontiguousarray(array, "<f4").reshape(-1)
        self.pieces.append(piece)
        self.length += piece.size
        return [self.length - piece.size, piece.size]

    def bytes(self) -> bytes:
        """All arrays as little-endian float32."""
        return b"".join(piece.tobytes() for piece in self.pieces)


def steps_of(model: Layer, input_shape: Sequence[int], numbers: Numbers) -> list[Step]:
    """List the steps of a network for one image, from the input to the probabilities.

    Parameters
    ----------
    model : Layer
        In test mode; its last layer gives one number per class.
    input_shape : (C, H, W)
    numbers : Numbers
        Gets the weights.

    Returns
    -------
    list of dict
        ``name``, ``kind``, ``from`` (numbers of the steps whose outputs it takes), ``in`` and
        ``out`` (shapes without the batch), ``arrays`` (where its weights are) and the settings of
        its kind. The first step is the input, the last one the softmax.

    Raises
    ------
    ConfigError
        A layer is of a kind that the page does not know.
    """
    steps = [_step("input", "Input", [], input_shape, input_shape)]
    _add(steps, model, "", 0, tuple(input_shape), numbers)
    shape = steps[-1]["out"]
    return [*steps, _step("probabilities", "Softmax", [len(steps) - 1], shape, shape)]


def _step(name: str, kind: str, source: list[int], x: Sequence[int], y: Sequence[int]) -> Step:
    return {"name": name, "kind": kind, "from": source, "in": list(x), "out": list(y)}


def _add(
    steps: list[Step], layer: Layer, name: str, source: int, x: Shape, numbers: Numbers
) -> None:
    """Append a layer whose input, of shape ``x``, is the output of step ``source``."""
    y = layer.output_shape((1, *x))[1:]
    if isinstance(layer, Sequential):
        for key, child in layer.children.items():
            _add(steps, child, f"{name}.{key}".strip("."), source, x, numbers)
            source, x = len(steps) - 1, tuple(steps[-1]["out"])
    elif isinstance(layer, Towers):
        ends = []
        for which, (side, tower) in enumerate(layer.children.items()):
            seen = layer.tower_input((1, *x))[1:]
            start = source
            if not layer.crossing:
                half = _step(f"{name}.{side}.input", "Half", [source], x, seen)
                steps.append(half | {"which": which})
                start = len(steps) - 1
            _add(steps, tower, f"{name}.{side}", start, seen, numbers)
            ends.append(len(steps) - 1)
        steps.append(_step(name, "Joined", ends, y, y))
    else:
        step = _step(name, type(layer).__name__, [source], x, y)
        steps.append(step | _details(layer, numbers))


def _details(layer: Layer, numbers: Numbers) -> Step:
    """The settings and the weights of a layer without layers inside."""
    if type(layer) not in SETTINGS:
        known = ", ".join(kind.__name__ for kind in SETTINGS)
        raise ConfigError(
            f"explore: the page has no function for a layer of kind {type(layer).__name__}",
            f"a network of these kinds: {known}",
        )
    details = {key: getattr(layer, name) for key, name in SETTINGS[type(layer)].items()}
    if isinstance(layer, Dropout):
        details["factor"] = layer.test_factor() or 1
    host = layer.backend.to_host
    arrays = {name: numbers.add(host(array)) for name, array in layer.params.items()}
    return {**details, "arrays": arrays}
