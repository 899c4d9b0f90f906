"""Example layers for the common suite: a class without one fails a test."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.strategies import grid, normal
from tinyalex import layers
from tinyalex.backends import Array, Backend
from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocallyConnected2d,
    LocalResponseNorm,
    Loss,
    MaxPool2d,
    Module,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    SpatialResponseNorm,
    Tanh,
    Towers,
)
from tinyalex.layers.base import WeightedLayer


@dataclass(frozen=True)
class Example:
    """A layer, and the shape of an input that it takes. Images are never square."""

    name: str
    make: Callable[[], Module]
    shape: tuple[int, ...]


EXAMPLES: dict[type[Module], list[Example]] = {
    Conv2d: [
        Example("3x3", lambda: Conv2d(2, 3, 3), (3, 2, 6, 5)),
        Example("1x1", lambda: Conv2d(2, 4, 1), (3, 2, 3, 4)),
        Example(
            "everything unequal, two groups",
            lambda: Conv2d(4, 6, (2, 3), stride=(3, 2), padding=(2, 1), groups=2),
            (3, 4, 5, 8),
        ),
        Example("a filter a channel", lambda: Conv2d(3, 3, (3, 1), groups=3), (2, 3, 4, 5)),
    ],
    LocallyConnected2d: [
        Example(
            "everything unequal",
            lambda: LocallyConnected2d(2, 3, (5, 6), (3, 2), stride=(1, 2), padding=(1, 0)),
            (3, 2, 5, 6),
        ),
        Example(
            "rows apart",
            lambda: LocallyConnected2d(3, 2, (6, 5), (2, 3), stride=(2, 1), padding=(0, 1)),
            (4, 3, 6, 5),
        ),
    ],
    Linear: [Example("4 to 3", lambda: Linear(4, 3), (5, 4))],
    ReLU: [
        Example("images", ReLU, (3, 2, 3, 4)),
        Example("vectors", ReLU, (3, 4)),
    ],
    Tanh: [Example("images", Tanh, (3, 2, 3, 4))],
    MaxPool2d: [
        Example("overlapping, as in the paper", lambda: MaxPool2d(3, 2), (3, 2, 7, 9)),
        Example("clipped", lambda: MaxPool2d((3, 2), (2, 3), ceil_mode=True), (3, 2, 6, 6 + 1)),
    ],
    AvgPool2d: [
        Example("touching", lambda: AvgPool2d(2), (3, 2, 5, 6)),
        Example("clipped", lambda: AvgPool2d((3, 2), (2, 3), ceil_mode=True), (3, 2, 6, 7)),
    ],
    LocalResponseNorm: [
        Example("alpha 1", lambda: LocalResponseNorm(5, 1.0, 0.75, 2.0), (3, 7, 2, 3)),
        Example("few channels", lambda: LocalResponseNorm(5, 0.7, 1.0, 1.0), (3, 2, 3, 2)),
        Example("two groups", lambda: LocalResponseNorm(3, 0.9, 0.75, 1.5, groups=2), (2, 6, 2, 3)),
    ],
    SpatialResponseNorm: [
        Example("alpha 1", lambda: SpatialResponseNorm(3, 1.0, 0.75, 1.0), (3, 2, 4, 5)),
    ],
    Dropout: [
        Example("inverted", lambda: Dropout(0.4, seed=3), (3, 2, 3, 4)),
        Example("paper", lambda: Dropout(0.4, mode="paper", seed=3), (5, 6)),
    ],
    Flatten: [Example("images", Flatten, (3, 2, 3, 4))],
    SoftmaxCrossEntropy: [Example("4 classes", SoftmaxCrossEntropy, (5, 4))],
    Sequential: [
        Example(
            "a small network",
            lambda: Sequential(
                [
                    Conv2d(2, 3, 3, padding=(1, 0), seed=1),
                    Tanh(),
                    MaxPool2d(2, ceil_mode=True),
                    Sequential({"flat": Flatten(), "drop": Dropout(0.3), "fc": Linear(18, 4)}),
                ]
            ),
            (3, 2, 5, 6),
        ),
        Example(
            "with ReLU in place",
            lambda: Sequential(
                [
                    Conv2d(2, 3, (3, 2), seed=1),
                    ReLU(inplace=True),
                    Flatten(),
                    Linear(45, 6, seed=2),
                    ReLU(inplace=True),
                    Linear(6, 3, seed=3),
                ]
            ),
            (3, 2, 5, 6),
        ),
    ],
    Towers: [
        Example(
            "split",
            lambda: Towers(
                Sequential([Conv2d(2, 3, 3, seed=1), Tanh()]),
                Sequential([Conv2d(2, 3, 3, seed=2), Tanh()]),
                crossing=False,
            ),
            (3, 4, 4, 5),
        ),
        Example(
            "crossing",
            lambda: Towers(
                Sequential([Linear(4, 3, seed=1)]),
                Sequential([Linear(4, 3, seed=2)]),
                crossing=True,
            ),
            (3, 4),
        ),
    ],
}

ALL = [(cls, example) for cls, examples in EXAMPLES.items() for example in examples]
# A loss takes labels, gives one number for the whole batch, and starts the backward pass.
NOT_LOSSES = [(cls, example) for cls, example in ALL if not issubclass(cls, Loss)]
WITH_WEIGHTS = [(cls, example) for cls, example in ALL if example.make().params]
IMAGES_ONLY = [
    (cls, example)
    for cls, example in ALL
    if len(example.shape) == 4 and cls not in (ReLU, Tanh, Dropout, Flatten)
]


def name_of(case: tuple[type[Module], Example]) -> str:
    """``Conv2d: 3x3``, as pytest prints it."""
    return f"{case[0].__name__}: {case[1].name}"


def classes() -> list[type[Module]]:
    """Every layer and loss in the files of tinyalex.layers, exported or not.

    A class with an underscore is what several layers share.
    """
    files = [module.name for module in pkgutil.iter_modules(layers.__path__, "tinyalex.layers.")]
    found = {
        cls
        for module in map(importlib.import_module, files)
        for name, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, Layer | Loss)
        and cls.forward not in (Layer.forward, Loss.forward)
        and cls is not WeightedLayer
        and name[0] != "_"
    }
    return sorted(found, key=lambda cls: cls.__name__)


def leaves(layer: Module) -> list[Module]:
    """The layer itself, or all that it is made of."""
    return [layer] if isinstance(layer, Loss) else [leaf for _, leaf in layer.named_layers()]


def build(example: Example, backend: Backend, dtype: str = "float64") -> Layer:
    """The example on a backend, its parameters in ``dtype``."""
    layer = example.make().to(backend)
    for leaf in leaves(layer):
        for key, value in leaf.params.items():
            leaf.params[key] = backend.asarray(value, dtype=dtype)
    return layer


def host_input(example: Example, seed: int = 0, batch: int | None = None) -> np.ndarray:
    """Values without ties and away from zero, in float64."""
    N = example.shape[0] if batch is None else batch
    return grid((N, *example.shape[1:]), seed)


def labels_for(layer: Layer, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """The labels, if the layer is a loss: further arguments of forward."""
    return (np.arange(len(x)) % x.shape[1],) if isinstance(layer, Loss) else ()


def forward(layer: Layer, x: Array, labels: tuple[np.ndarray, ...]) -> Array:
    """One forward pass that draws the masks a new layer would draw."""
    for leaf in leaves(layer):
        if isinstance(leaf, Dropout):
            leaf.draws = 0
    return layer.forward(x, *map(layer.backend.asarray, labels))


def both_passes(layer: Layer, x: np.ndarray, dy_seed: int = 1) -> dict[str, np.ndarray]:
    """Run forward and backward; return y, dx and the gradients on the host.

    ``x`` is passed on as it is, memory order included, where the backend takes NumPy arrays.
    """
    backend = layer.backend
    labels = labels_for(layer, x)
    y = forward(layer, backend.asarray(x), labels)
    if labels:
        dx = layer.backward()
    else:
        dy = normal(tuple(y.shape), dy_seed).astype(x.dtype)
        dx = layer.backward(backend.asarray(dy))
    results = {"y": backend.to_host(y), "dx": backend.to_host(dx)}
    for i, leaf in enumerate(leaves(layer)):
        results |= {f"{i} d{key}": backend.to_host(g) for key, g in leaf.grads.items()}
    return results
