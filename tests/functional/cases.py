"""Every operation of the textbook with arguments of any shape, for all proofs at once.

An operation that has no case here, and is not named as one without a gradient, fails
`test_textbook`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from hypothesis import strategies as st

from tests import strategies as own
from tinyalex import functional as F

Array = Any


@dataclass
class Case:
    """``forward(*arrays)`` and the gradients of all ``arrays``, ``backward(dy, *arrays)``."""

    arrays: tuple[np.ndarray[Any, Any], ...]
    forward: Callable[..., Array]
    backward: Callable[..., tuple[Array, ...]]


def numbers(*shapes: tuple[int, ...], seed: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Normal numbers, each array from a stream of its own."""
    return tuple(own.normal(shape, seed + i) for i, shape in enumerate(shapes))


@st.composite
def conv2d(draw: st.DrawFn) -> Case:
    case = draw(own.convolutions())
    w_shape = (case.out_channels, case.shape[1] // case.groups, *case.kernel)
    how = case.stride, case.padding, case.groups
    return Case(
        numbers(case.shape, w_shape, w_shape[:1], seed=case.seed),
        lambda x, w, b: F.conv2d(x, w, b, *how),
        lambda dy, x, w, b: F.conv2d_backward(dy, x, w, *how),
    )


@st.composite
def columns(draw: st.DrawFn) -> Case:
    case = draw(own.convolutions(grouped=False))
    window = case.kernel, case.stride, case.padding
    return Case(
        numbers(case.shape, seed=case.seed),
        lambda x: F.im2col(x, *window),
        lambda dy, x: (F.col2im(dy, x.shape, *window),),
    )


@st.composite
def local_conv2d(draw: st.DrawFn) -> Case:
    case = draw(own.convolutions(grouped=False))
    w_shape = (*case.out_hw, case.out_channels, case.shape[1], *case.kernel)
    how = case.stride, case.padding
    return Case(
        numbers(case.shape, w_shape, w_shape[:3], seed=case.seed),
        lambda x, w, b: F.local_conv2d(x, w, b, *how),
        lambda dy, x, w, b: F.local_conv2d_backward(dy, x, w, *how),
    )


@st.composite
def linear(draw: st.DrawFn) -> Case:
    N, features, outputs = (draw(st.integers(1, 5)) for _ in range(3))
    return Case(
        numbers((N, features), (outputs, features), (outputs,), seed=draw(own.seeds)),
        F.linear,
        lambda dy, x, w, b: F.linear_backward(dy, x, w),
    )


@st.composite
def max_pool2d(draw: st.DrawFn) -> Case:
    case = draw(own.poolings())
    how = case.kernel, case.stride, case.ceil_mode
    return Case(
        (own.grid(case.shape, case.seed),),  # no ties: there its slope is a matter of taste
        lambda x: F.max_pool2d(x, *how)[0],
        lambda dy, x: (F.max_pool2d_backward(dy, F.max_pool2d(x, *how)[1], x.shape, *how[:2]),),
    )


@st.composite
def avg_pool2d(draw: st.DrawFn) -> Case:
    case = draw(own.poolings())
    how = case.kernel, case.stride, case.ceil_mode
    return Case(
        numbers(case.shape, seed=case.seed),
        lambda x: F.avg_pool2d(x, *how),
        lambda dy, x: (F.avg_pool2d_backward(dy, x.shape, *how[:2]),),
    )


@st.composite
def norm(draw: st.DrawFn, name: str) -> Case:
    case = draw(own.normalisations())
    forward, backward = getattr(F, name), getattr(F, f"{name}_backward")
    how = case.size, case.alpha, case.beta, case.k
    return Case(
        numbers(case.shape, seed=case.seed),
        lambda x: forward(x, *how)[0],
        lambda dy, x: (backward(dy, x, forward(x, *how)[1], *how[:3]),),
    )


@st.composite
def activation(draw: st.DrawFn, name: str) -> Case:
    forward, backward = getattr(F, name), getattr(F, f"{name}_backward")
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple))
    return Case(
        (own.grid(shape, draw(own.seeds)),),  # away from zero, where ReLU has a kink
        forward,
        lambda dy, x: (backward(dy, forward(x)),),
    )


@st.composite
def dropout(draw: st.DrawFn) -> Case:
    shape, seed = (draw(st.integers(1, 4)), draw(st.integers(1, 4))), draw(own.seeds)
    uniform = np.random.default_rng(seed).random(shape)
    how = draw(st.sampled_from([0.25, 0.5])), draw(st.booleans())

    def both(x: Array) -> tuple[Array, Array]:
        return F.dropout(x, array_namespace(x).asarray(uniform), *how)

    return Case(
        numbers(shape, seed=seed),
        lambda x: both(x)[0],
        lambda dy, x: (F.dropout_backward(dy, both(x)[1]),),
    )


@st.composite
def cross_entropy(draw: st.DrawFn) -> Case:
    (N, classes), seed = (draw(st.integers(1, 4)), draw(st.integers(1, 5))), draw(own.seeds)
    right = np.random.default_rng(seed).integers(0, classes, N)

    def labels(x: Array) -> Array:
        return array_namespace(x).asarray(right)

    return Case(
        numbers((N, classes), seed=seed),
        lambda x: F.cross_entropy(x, labels(x)),
        lambda dy, x: (dy * F.cross_entropy_backward(x, labels(x)),),
    )


OPERATIONS: dict[str, st.SearchStrategy[Case]] = {
    "conv2d": conv2d(),
    "im2col": columns(),
    "local_conv2d": local_conv2d(),
    "linear": linear(),
    "max_pool2d": max_pool2d(),
    "avg_pool2d": avg_pool2d(),
    "local_response_norm": norm("local_response_norm"),
    "spatial_response_norm": norm("spatial_response_norm"),
    "relu": activation("relu"),
    "tanh": activation("tanh"),
    "dropout": dropout(),
    "cross_entropy": cross_entropy(),
}
