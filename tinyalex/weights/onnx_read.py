"""The nodes of a layer, taken out of an ONNX graph: the other way round from `onnx_write`.

Here are the layers that are several nodes; `onnx_simple` has the others.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError
from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocallyConnected2d,
    Sequential,
    Towers,
)
from tinyalex.weights.onnx_simple import conv
from tinyalex.weights.onnx_walk import Shape, Walk
from tinyalex.weights.tensors import as_float32

# Layers that can come after the paper's dropout, whose factor a layer with weights takes over.
FACTORS = (Conv2d, Dropout, Flatten, Linear, Towers)


def read_layer(walk: Walk, layer: Layer, x: str, shape: Shape, name: str = "") -> str:
    """Take a layer's nodes.

    Raises
    ------
    CheckpointError
        A node is not the layer's, or has other settings.
    """
    if isinstance(layer, Sequential):
        for key, child in layer.children.items():
            x = read_layer(walk, child, x, shape, f"{name}{key}.")
            shape = child.output_shape(shape)
        return x
    x, label = walk.pass_idle(x, shape), name.rstrip(".")
    if x in walk.factors and not isinstance(layer, FACTORS):
        raise CheckpointError(
            f"{walk.graph.path}: the dropout before {label} multiplies by {walk.factors[x]:g}; a "
            f"layer with weights can take that over (got {layer!r})",
            "dropout that scales in training",
        )
    read = next((read for kind, read in walk.kinds.items() if isinstance(layer, kind)), None)
    if read is None:
        raise CheckpointError(f"{label}: {type(layer).__name__} has no counterpart in ONNX")
    return read(walk, layer, x, shape, label)


def same_map_norm(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """x * (k + alpha * sum)**-beta; the sum is an average that counts the zeros around."""
    square = walk.take("Mul", x, name, layer, readers=2)
    if square.inputs != [x, x]:
        raise walk.wrong(square, "its inputs", [x, x], square.inputs)
    mean = walk.take("AveragePool", square.outputs[0], name, layer)
    before, after = layer.size // 2, (layer.size - 1) // 2
    walk.settings(
        mean,
        {
            "kernel_shape": ([layer.size] * 2, []),
            "strides": ([1, 1], [1, 1]),
            "pads": ([before, before, after, after], [0] * 4),
            "ceil_mode": (0, 0),
            "count_include_pad": (1, 0),
            "auto_pad": ("NOTSET", "NOTSET"),
        },
    )
    y = mean.outputs[0]
    for kind, wanted in (
        ("Mul", layer.alpha * layer.size**2),
        ("Add", layer.k),
        ("Pow", -layer.beta),
    ):
        node = walk.take(kind, y, name, layer)
        got = walk.number(node, y)
        if got.size != 1 or not np.isclose(got.reshape(()), wanted, rtol=1e-5, atol=0):
            raise walk.wrong(node, "its number", f"{wanted:g}", got.reshape(-1)[:3].tolist())
        y = node.outputs[0]
    product = walk.take("Mul", y, name, layer)
    if sorted(product.inputs) != sorted([x, y]):
        raise walk.wrong(product, "its inputs", [x, y], product.inputs)
    return walk.take_as(product).outputs[0]


def local(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """Unshared weights: columns by a convolution with ones, then a product for each position."""
    OH, OW, F, *window = layer.weight_shape
    K, P = math.prod(window), OH * OW
    columns = conv(walk, _Ones(layer), x, shape, name)
    ones = walk.state.pop(f"{name}.weight")
    bias = walk.state.pop(f"{name}.bias")
    if ones.size != K * K or bias.any() or not (ones.reshape(K, K) == np.eye(K)).all():
        raise CheckpointError(
            f"{walk.graph.path}: the columns of {name} must be made by {K} filters of a single 1 "
            f"(got {ones.shape})"
        )
    walk.entered = [entered for entered in walk.entered if entered != f"{name}.weight"]
    columns = walk.reshape(columns, name, layer, [K, P])
    columns = _transpose(walk, layer, columns, name, [2, 0, 1])
    node = walk.take("MatMul", columns, name, layer)
    weight = as_float32(walk.graph.constant(node, 1, "weight"))
    add = walk.take("Add", node.outputs[0], name, layer)
    bias = walk.number(add, node.outputs[0])
    if weight.shape != (P, K, F) or bias.shape != (P, 1, F):
        raise walk.wrong(node, "its weight and bias", [(P, K, F), (P, 1, F)], weight.shape)
    y = _transpose(walk, layer, add.outputs[0], name, [1, 2, 0])
    walk.state[f"{name}.weight"] = np.ascontiguousarray(weight.transpose(0, 2, 1)).reshape(
        layer.weight_shape
    )
    walk.state[f"{name}.bias"] = bias.reshape(tuple(layer.params["bias"].shape))
    if x in walk.images:
        walk.entered.append(f"{name}.weight")
    return walk.reshape(y, name, layer, [F, OH, OW])


def _transpose(walk: Walk, layer: Layer, x: str, name: str, perm: list[int]) -> str:
    node = walk.take("Transpose", x, name, layer)
    walk.settings(node, {"perm": (perm, [])})
    return node.outputs[0]


class _Ones:
    """What `conv` asks of a layer, for the convolution that makes columns."""

    groups = 1

    def __init__(self, layer: LocallyConnected2d) -> None:
        self.kernel_size = layer.kernel_size
        self.stride = layer.stride
        self.padding = layer.padding


def towers(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """Two columns: each reads x, or half of it; Concat puts them together, left first."""
    if layer.crossing:
        inputs = walk.fork(x, name, layer)
    else:
        node = walk.take("Split", x, name, layer)
        half, how = shape[1] // 2, node.attributes
        sizes = how.get("split", [half, half])
        if len(node.inputs) > 1 and node.inputs[1]:
            sizes = walk.graph.constant(node, 1, "split").reshape(-1).tolist()
        if how.get("axis", 0) != 1 or sizes != [half, half] or len(node.outputs) != 2:
            raise walk.wrong(node, "its parts", [half, half], [how.get("axis", 0), *sizes[:9]])
        inputs = list(node.outputs)
    for part in inputs:
        walk.follow(x, part)
    seen = layer.tower_input(shape)
    columns = [
        read_layer(walk, column, part, seen, f"{name}.{key}.")
        for (key, column), part in zip(layer.children.items(), inputs, strict=True)
    ]
    joined = walk.take("Concat", columns[0], name, layer)
    if joined.inputs != columns or joined.attributes.get("axis") != 1:
        raise walk.wrong(joined, "its inputs", [*columns, "axis 1"], joined.inputs)
    return joined.outputs[0]
