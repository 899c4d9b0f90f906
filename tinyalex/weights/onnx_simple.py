"""The nodes of the layers that are one or two nodes in ONNX.

A function takes the nodes from tensor ``x`` on, whose ``shape`` is (1, C, H, W) or (1, numbers),
checks their settings, keeps the layer's weights in ``walk.state``, and gives the output's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinyalex.layers import AvgPool2d
from tinyalex.weights.onnx_walk import Shape, Walk
from tinyalex.weights.tensors import as_float32


def conv(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    node = walk.take("Conv", x, name, layer)
    kernel, n = layer.kernel_size, len(layer.kernel_size)
    weight = as_float32(walk.graph.constant(node, 1, "weight"))
    if weight.ndim != 4:
        raise walk.wrong(node, "its weight", "(F, C/groups, KH, KW)", weight.shape)
    walk.settings(
        node,
        {
            "kernel_shape": (list(kernel), list(weight.shape[2:])),
            "strides": (list(layer.stride), [1] * n),
            "dilations": ([1] * n, [1] * n),
            "group": (layer.groups, 1),
        },
    )
    before, after = walk.pads(node, kernel, layer.stride, shape[2:])
    if before != list(layer.padding) or after != list(layer.padding):
        raise walk.wrong(node, "pads", list(layer.padding) * 2, before + after)
    walk.state[f"{name}.weight"] = walk.scaled(weight, x)
    walk.state[f"{name}.bias"] = walk.vector(node, 2, len(weight))
    if x in walk.images:
        walk.entered.append(f"{name}.weight")
    return node.outputs[0]


def linear(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    node = walk.peek(x)
    product = node is not None and node.kind == "MatMul"
    node = walk.take("MatMul" if product else "Gemm", x, name, layer)
    weight = as_float32(walk.graph.constant(node, 1, "weight"))
    if weight.ndim != 2:
        raise walk.wrong(node, "its weight", "a matrix", weight.shape)
    if product or not node.attributes.get("transB", 0):
        weight = np.ascontiguousarray(weight.T)
    bias = walk.vector(node, 3 if product else 2, len(weight))
    y = node.outputs[0]
    if not product:
        told = {"alpha": (1.0, 1.0), "beta": (1.0, 1.0), "transA": (0, 0)}
        walk.settings(node, told | {"transB": (node.attributes.get("transB", 0), 0)})
    elif (add := walk.peek(y)) is not None and add.kind == "Add":
        walk.take_as(add)
        bias, y = walk.vector(add, 1 if add.inputs[0] == y else 0, len(weight)), add.outputs[0]
    walk.state[f"{name}.weight"] = walk.scaled(weight, x)
    walk.state[f"{name}.bias"] = bias
    return y


def pool(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """Windows are the same where they begin at the same pixels and are as many."""
    average = isinstance(layer, AvgPool2d)
    node = walk.take("AveragePool" if average else "MaxPool", x, name, layer)
    n, size = len(layer.kernel_size), shape[2:]
    ceil = node.attributes.get("ceil_mode", 0)
    wanted: dict[str, tuple[Any, Any]] = {
        "kernel_shape": (list(layer.kernel_size), []),
        "strides": (list(layer.stride), [1] * n),
        "dilations": ([1] * n, [1] * n),
        "ceil_mode": (int(ceil == 1), 0),  # another number is read by each program as it likes
    }
    if average:
        wanted["count_include_pad"] = (int(node.attributes.get("count_include_pad", 0) == 1), 0)
    walk.settings(node, wanted)
    before, after = walk.pads(node, layer.kernel_size, layer.stride, size)
    if any(before) or min(after) < 0:
        raise walk.wrong(node, "pads", [0] * 2 * n, before + after)
    counts = []
    for i in range(n):
        rest = size[i] + after[i] - layer.kernel_size[i]
        count = (-(-rest // layer.stride[i]) if ceil else rest // layer.stride[i]) + 1
        if ceil and (count - 1) * layer.stride[i] >= size[i]:
            count -= 1  # a window that would begin after the last pixel
        counts.append(count)
    there = list(layer.output_shape(shape)[2:])
    if counts != there:
        raise walk.wrong(node, "its windows, by pads and ceil_mode,", there, counts)
    clipped = any(
        (counts[i] - 1) * layer.stride[i] + layer.kernel_size[i] > size[i] for i in range(n)
    )
    if average and clipped and node.attributes.get("count_include_pad", 0):
        raise walk.wrong(node, "count_include_pad", 0, 1)
    return node.outputs[0]


def norm(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """ONNX divides alpha by the size. Groups are images of their own, by two reshapes."""
    grouped, (C, H, W) = layer.groups > 1, shape[1:]
    if grouped:
        x = walk.reshape(x, name, layer, [C // layer.groups, H, W])
    node = walk.take("LRN", x, name, layer)
    walk.settings(
        node,
        {
            "size": (layer.size, 0),
            "alpha": (layer.alpha * layer.size, 1e-4),
            "beta": (layer.beta, 0.75),
            "bias": (layer.k, 1.0),
        },
    )
    y = node.outputs[0]
    return walk.reshape(y, name, layer, [C, H, W]) if grouped else y


def flatten(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    node = walk.peek(x)
    if node is not None and node.kind == "Reshape":
        y = walk.reshape(x, name, layer, [math.prod(shape[1:])])
    else:
        node = walk.take("Flatten", x, name, layer)
        axis, y = node.attributes.get("axis", 1), node.outputs[0]
        if axis not in (1, 1 - len(shape)):
            raise walk.wrong(node, "axis", 1, axis)
    walk.follow(x, y)
    return y


def activation(kind: str) -> Callable[[Walk, Any, str, Shape, str], str]:
    def read(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
        node = walk.take(kind, x, name, layer)
        walk.settings(node, {})
        return node.outputs[0]

    return read


def dropout(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """Nothing at test time, but for the paper's factor."""
    node = walk.peek(x)
    if node is None or node.kind != "Mul":
        return x
    factor = walk.number(walk.take_as(node), x)
    if factor.size != 1:
        raise walk.wrong(node, "its factor", "one number", factor.shape)
    walk.factors[node.outputs[0]] = walk.factors.pop(x, 1.0) * float(factor.reshape(()))
    return node.outputs[0]
