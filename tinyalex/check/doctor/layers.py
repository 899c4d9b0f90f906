"""Every layer, forward and backward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinyalex.backends import Backend
from tinyalex.check.doctor.compare import Case, Results, noise
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
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    SpatialResponseNorm,
    Tanh,
    Towers,
)

SMALL = (3, 4, 7, 6)
VECTORS = (5, 12)


# Name, constructor, input shape.
Example = tuple[str, Callable[[], Layer | Loss], tuple[int, ...]]


def both_ways(make: Callable[[], Layer | Loss], shape: tuple[int, ...]) -> Callable[..., Results]:
    """Make a case's ``run``: output, input gradient and every parameter's gradient."""

    def run(backend: Backend, dtype: str) -> Results:
        layer = make().to(backend)
        x = noise(backend, shape, 3, dtype)
        if isinstance(layer, Loss):
            labels = backend.asarray(np.arange(shape[0]) % shape[1])
            return layer.forward(x, labels), layer.backward()
        parameters = list(layer.parameter_owners())
        for _, owner, key in parameters:
            owner.params[key] = backend.asarray(owner.params[key], dtype)
        y = layer.forward(x)
        dx = layer.backward(noise(backend, tuple(y.shape), 4, dtype))
        return (y, dx, *(owner.grads[key] for _, owner, key in parameters))

    return run


def small_net() -> Layer:
    """A small convolutional network, with ReLU in place."""
    return Sequential(
        [
            Conv2d(4, 6, 3, padding=1, seed=1),
            ReLU(inplace=True),
            MaxPool2d(3, 2, ceil_mode=True),
            Flatten(),
            Linear(54, 8, seed=2),
            ReLU(inplace=True),
            Linear(8, 5, seed=3),
        ]
    )


def two_towers() -> Layer:
    """Two towers that read each other's channels."""
    return Towers(
        Sequential([Linear(24, 3, seed=1)]), Sequential([Linear(24, 3, seed=2)]), crossing=True
    )


_SMALL_LAYERS: list[Example] = [
    ("Conv2d", lambda: Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, groups=2, seed=1), SMALL),
    ("LocallyConnected2d", lambda: LocallyConnected2d(4, 3, (7, 6), 3, 2, 1, seed=1), SMALL),
    ("Linear", lambda: Linear(12, 7, seed=1), VECTORS),
    ("ReLU", ReLU, SMALL),
    ("Tanh", Tanh, SMALL),
    ("MaxPool2d", lambda: MaxPool2d(3, 2, ceil_mode=True), SMALL),
    ("AvgPool2d", lambda: AvgPool2d(3, 2, ceil_mode=True), SMALL),
    ("LocalResponseNorm", lambda: LocalResponseNorm(5, 0.3), (2, 7, 3, 4)),
    ("SpatialResponseNorm", lambda: SpatialResponseNorm(3, 0.3), SMALL),
    ("Dropout", lambda: Dropout(0.4, seed=3), VECTORS),
    ("Flatten", Flatten, SMALL),
    ("SoftmaxCrossEntropy", SoftmaxCrossEntropy, VECTORS),
    ("Sequential", small_net, SMALL),
    ("Towers", two_towers, (5, 24)),
]
# Large enough for what only large layers use: Winograd, several threads, many blocks.
_LARGE_LAYERS: list[Example] = [
    ("Conv2d 3x3", lambda: Conv2d(16, 32, 3, padding=1, seed=1), (16, 16, 13, 13)),
    ("Conv2d 5x5, 2 groups", lambda: Conv2d(32, 32, 5, padding=2, groups=2), (16, 32, 13, 13)),
    ("Conv2d 11x11 / 4", lambda: Conv2d(3, 16, 11, stride=4, seed=1), (4, 3, 63, 63)),
    ("Linear, large", lambda: Linear(1024, 512, seed=1), (64, 1024)),
    ("MaxPool2d, large", lambda: MaxPool2d(3, 2), (8, 32, 27, 27)),
    ("LocalResponseNorm, large", LocalResponseNorm, (4, 96, 27, 27)),
]
CONVOLUTION = 1e-4  # Winograd's rounding; direct convolution has a few 1e-7


def cases(examples: list[Example], allowed: float = 1e-5) -> list[Case]:
    """Make a case of each example."""
    return [
        Case(name, shape, both_ways(make, shape), CONVOLUTION if "Conv" in name else allowed)
        for name, make, shape in examples
    ]


SMALL_LAYERS = cases(_SMALL_LAYERS)
LAYERS = SMALL_LAYERS + cases(_LARGE_LAYERS)
