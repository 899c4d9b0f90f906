"""Small networks of all kinds of layers, and what NumPy says of each layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinyalex import backends
from tinyalex.check.stopwatch import stopwatch
from tinyalex.layers import (
    AvgPool2d,
    Container,
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
from tinyalex.report.explore.network import Numbers, steps_of

Host = np.ndarray[Any, Any]


def outputs(model: Layer, x: Host) -> dict[str, Host]:
    """The output of every layer for one image (1, C, H, W), each as one row of numbers."""
    found: dict[str, Host] = {"input": x[0].reshape(-1).copy()}
    calls = [(name, layer, "forward") for name, layer in _all(model, "") if name]
    backend = backends.get("numpy")
    with stopwatch(
        calls,
        backend,
        lambda name, method, seconds, x, y: found.update({name: y[0].reshape(-1).copy()}),
    ):
        logits = model.forward(x)[0]
    e = np.exp(logits - logits.max())
    return found | {"probabilities": e / e.sum()}


def network_of(
    model: Sequential, shape: tuple[int, ...] = (), classes: Sequence[str] = ()
) -> tuple[dict[str, Any], bytes]:
    """What a page needs of a network whose images (C, H, W) are not prepared, and its weights."""
    numbers = Numbers()
    C, H, W = shape or model.input_shape
    image = {
        "shape": [H, W, C],
        "crop": [0, 0, H, W],
        "scale": [1.0] * C,
        "colour": [0.0] * C,
        "arrays": {"mean": numbers.add(np.zeros((C, H, W)))},
    }
    steps = steps_of(model, (C, H, W), numbers)
    names = list(classes) or [str(label) for label in range(steps[-1]["out"][0])]
    network = {"image": image, "layers": steps, "classes": names, "samples": []}
    return network, numbers.bytes()


def _all(layer: Layer, name: str) -> Iterator[tuple[str, Layer]]:
    if not isinstance(layer, Sequential):
        yield name, layer
    if isinstance(layer, Container):
        for key, child in layer.children.items():
            yield from _all(child, f"{name}.{key}".strip("."))


def close(got: Any, wanted: Host) -> bool:
    """Equal within 1e-4; of numbers above 1, within 1e-4 of the largest."""
    most = max(1.0, float(np.abs(wanted).max()))
    return np.asarray(got).shape == wanted.shape and bool(
        np.abs(np.asarray(got) - wanted).max() <= 1e-4 * most
    )


sizes = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def images_layers(draw: st.DrawFn, shape: tuple[int, int, int]) -> Layer:
    """A layer that takes images of a shape (C, H, W)."""
    C, H, W = shape
    kernel = draw(st.tuples(st.integers(1, min(3, H)), st.integers(1, min(4, W))))
    stride, seed = draw(sizes), draw(st.integers(0, 99))
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    groups = draw(st.sampled_from([g for g in (1, 2, 3) if C % g == 0]))
    ceil_mode = draw(st.booleans())
    size = draw(st.integers(1, 5))
    norm = draw(st.sampled_from([(0.1, 0.75, 2.0), (0.5, 0.6, 1.0)]))

    def conv(into: int, out: int, groups: int = 1) -> Conv2d:
        return Conv2d(into, out, kernel, stride, padding, groups=groups, seed=seed)

    makers = {
        "conv": lambda: conv(C, 6, groups),
        "local": lambda: LocallyConnected2d(C, 2, (H, W), kernel, stride, padding, seed=seed),
        "max": lambda: MaxPool2d(kernel, stride, ceil_mode=ceil_mode),
        "avg": lambda: AvgPool2d(kernel, stride, ceil_mode=ceil_mode),
        "relu": ReLU,
        "tanh": Tanh,
        "lrn": lambda: LocalResponseNorm(size, *norm, groups=groups),
        "srn": lambda: SpatialResponseNorm(size, *norm),
        "dropout": lambda: Dropout(0.5, "paper"),
        "crossing": lambda: Towers(
            Sequential([conv(C, 2), Tanh()]), Sequential([conv(C, 2), ReLU()]), crossing=True
        ),
    }
    if C % 2 == 0:
        makers["towers"] = lambda: Towers(
            Sequential([conv(C // 2, 3)]), Sequential([conv(C // 2, 3)]), crossing=False
        )
    return makers[draw(st.sampled_from(sorted(makers)))]()


def every_kind() -> tuple[Sequential, Host]:
    """A network with every kind of layer, and one image for it."""

    def tower(seed: int) -> Sequential:
        return Sequential([Conv2d(3, 2, (3, 2), padding=(1, 0), seed=seed), Tanh()])

    model = Sequential(
        [
            Conv2d(4, 6, (3, 2), (1, 2), (2, 1), groups=2, seed=1),
            ReLU(inplace=True),
            LocalResponseNorm(4, 0.1, 0.75, groups=2),
            MaxPool2d(3, 2, ceil_mode=True),
            Towers(tower(2), tower(3), crossing=False),
            SpatialResponseNorm(4, 0.5, 0.6),
            AvgPool2d((3, 2), (2, 2), ceil_mode=True),
            LocallyConnected2d(4, 3, 2, (3, 2), 2, padding=1, seed=4),
            Flatten(),
            Dropout(0.5, "paper"),
            Linear(6, 3, seed=5),
        ]
    ).eval()
    return model, np.random.default_rng(6).standard_normal((1, 4, 9, 14)).astype(np.float32)


@st.composite
def networks(draw: st.DrawFn) -> tuple[Sequential, Host]:
    """A network in test mode, and one image for it."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(4, 8), st.integers(4, 9)))
    x_shape = shape
    layers: list[Layer] = []
    for _ in range(draw(st.integers(1, 5))):
        layers.append(draw(images_layers(shape)))
        _, *after = layers[-1].output_shape((1, *shape))
        shape = (after[0], after[1], after[2])
    features = shape[0] * shape[1] * shape[2]
    layers += [
        Flatten(),
        Linear(features, 5, seed=1),
        Dropout(0.25, draw(st.sampled_from(["paper", "inverted"]))),
        Towers(Sequential([Linear(5, 2)]), Sequential([Linear(5, 2, seed=2)]), crossing=True),
        Linear(4, 3),
    ]
    x = np.random.default_rng(draw(st.integers(0, 999))).normal(size=(1, *x_shape))
    return Sequential(layers).eval(), x.astype(np.float32)
