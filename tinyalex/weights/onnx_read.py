"""Read each kind of layer from the nodes of an ONNX graph; `to_onnx` writes them.

A function takes the nodes that follow tensor ``x``, whose ``shape`` is (1, C, H, W) or
(1, features); it checks their settings, puts the layer's weights into ``walk.state``, and returns
the output's name.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from tinyalex import layers
from tinyalex.errors import CheckpointError
from tinyalex.layers import Layer
from tinyalex.weights.onnx_walk import Reader, Shape, Walk
from tinyalex.weights.tensors import as_float32

# Layers that may follow the paper's dropout: the next weights take its factor over.
AFTER_DROPOUT = (
    layers.Conv2d,
    layers.Dropout,
    layers.Flatten,
    layers.Linear,
    layers.Towers,
)


def read_layer(walk: Walk, layer: Layer, x: str, shape: Shape, name: str = "") -> str:
    """Read a layer of any kind.

    Raises
    ------
    CheckpointError
        A node is not the layer's, or has other settings.
    """
    if isinstance(layer, layers.Sequential):
        for key, child in layer.children.items():
            x = read_layer(walk, child, x, shape, f"{name}{key}.")
            shape = child.output_shape(shape)
        return x
    x, label = walk.skip_idle(x, shape), name.rstrip(".")
    if x in walk.factors and not isinstance(layer, AFTER_DROPOUT):
        raise CheckpointError(
            f"{walk.graph.path}: the dropout before {label} multiplies by {walk.factors[x]:g}, "
            f"which only a layer with weights can take over (got {layer!r})",
            "export the network with inverted dropout, which scales in training",
        )
    for kind, read in READERS.items():
        if isinstance(layer, kind):
            return read(walk, layer, x, shape, label)
    raise CheckpointError(f"{label}: {type(layer).__name__} has no counterpart in ONNX")


def conv(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    node = walk.take("Conv", x, name, layer)
    kernel, n = layer.kernel_size, len(layer.kernel_size)
    weight = as_float32(walk.graph.constant(node, 1, "weight"))
    if weight.ndim != 4:
        raise walk.wrong(node, "its weight", "(F, C/groups, KH, KW)", weight.shape)
    walk.check(
        node,
        kernel_shape=(list(kernel), list(weight.shape[2:])),
        strides=(list(layer.stride), [1] * n),
        dilations=([1] * n, [1] * n),
        group=(layer.groups, 1),
    )
    before, after = walk.pads(node, kernel, layer.stride, shape[2:])
    if before != list(layer.padding) or after != list(layer.padding):
        raise walk.wrong(node, "pads", list(layer.padding) * 2, before + after)
    walk.state[f"{name}.weight"] = walk.scaled(weight, x)
    walk.state[f"{name}.bias"] = walk.bias(node, 2, len(weight))
    if x in walk.images:
        walk.first_weights.append(f"{name}.weight")
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
    bias = walk.bias(node, 3 if product else 2, len(weight))
    y = node.outputs[0]
    if not product:
        transB = (node.attributes.get("transB", 0), 0)
        walk.check(node, alpha=(1.0, 1.0), beta=(1.0, 1.0), transA=(0, 0), transB=transB)
    elif (add := walk.peek(y)) is not None and add.kind == "Add":
        walk.mark(add)
        bias, y = walk.bias(add, 1 if add.inputs[0] == y else 0, len(weight)), add.outputs[0]
    walk.state[f"{name}.weight"] = walk.scaled(weight, x)
    walk.state[f"{name}.bias"] = bias
    return y


def pool(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """Windows are the same if they begin at the same pixels and there are as many."""
    average = isinstance(layer, layers.AvgPool2d)
    node = walk.take("AveragePool" if average else "MaxPool", x, name, layer)
    n, size = len(layer.kernel_size), shape[2:]
    ceil = node.attributes.get("ceil_mode", 0)
    counts_padding = node.attributes.get("count_include_pad", 0)
    # Programs read a switch that is neither 0 nor 1 in different ways.
    average_only = {"count_include_pad": (int(counts_padding == 1), 0)} if average else {}
    walk.check(
        node,
        kernel_shape=(list(layer.kernel_size), []),
        strides=(list(layer.stride), [1] * n),
        dilations=([1] * n, [1] * n),
        ceil_mode=(int(ceil == 1), 0),
        **average_only,
    )
    before, after = walk.pads(node, layer.kernel_size, layer.stride, size)
    if any(before) or min(after) < 0:
        raise walk.wrong(node, "pads", [0] * 2 * n, before + after)
    counts, clipped = [], False
    for i, (k, stride) in enumerate(zip(layer.kernel_size, layer.stride, strict=True)):
        rest = size[i] + after[i] - k
        count = (-(-rest // stride) if ceil else rest // stride) + 1
        if ceil and (count - 1) * stride >= size[i]:
            count -= 1  # a window that would begin after the last pixel
        counts.append(count)
        clipped = clipped or (count - 1) * stride + k > size[i]
    wanted = list(layer.output_shape(shape)[2:])
    if counts != wanted:
        raise walk.wrong(node, "its windows, by pads and ceil_mode,", wanted, counts)
    if average and clipped and counts_padding:
        raise walk.wrong(node, "count_include_pad", 0, 1)
    return node.outputs[0]


def local_response_norm(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """ONNX divides alpha by the size. Groups become images of their own, by two reshapes."""
    grouped, (C, H, W) = layer.groups > 1, shape[1:]
    if grouped:
        x = walk.reshape(x, name, layer, [C // layer.groups, H, W])
    node = walk.take("LRN", x, name, layer)
    walk.check(
        node,
        size=(layer.size, 0),
        alpha=(layer.alpha * layer.size, 1e-4),
        beta=(layer.beta, 0.75),
        bias=(layer.k, 1.0),
    )
    y = node.outputs[0]
    return walk.reshape(y, name, layer, [C, H, W]) if grouped else y


def spatial_response_norm(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """x * (k + alpha * sum)**-beta; the sum is size**2 times an average with zero padding."""
    square = walk.take("Mul", x, name, layer, readers=2)
    if square.inputs != [x, x]:
        raise walk.wrong(square, "its inputs", [x, x], square.inputs)
    mean = walk.take("AveragePool", square.outputs[0], name, layer)
    before, after = layer.size // 2, (layer.size - 1) // 2
    walk.check(
        mean,
        kernel_shape=([layer.size] * 2, []),
        strides=([1, 1], [1, 1]),
        pads=([before, before, after, after], [0] * 4),
        ceil_mode=(0, 0),
        count_include_pad=(1, 0),
        auto_pad=("NOTSET", "NOTSET"),
    )
    y = mean.outputs[0]
    steps = (("Mul", layer.alpha * layer.size**2), ("Add", layer.k), ("Pow", -layer.beta))
    for kind, wanted in steps:
        node = walk.take(kind, y, name, layer)
        got = walk.number(node, y)
        if got.size != 1 or not np.isclose(got.reshape(()), wanted, rtol=1e-5, atol=0):
            raise walk.wrong(node, "its number", f"{wanted:g}", got.reshape(-1)[:3].tolist())
        y = node.outputs[0]
    product = walk.take("Mul", y, name, layer)
    if sorted(product.inputs) != sorted([x, y]):
        raise walk.wrong(product, "its inputs", [x, y], product.inputs)
    return product.outputs[0]


def locally_connected(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """Unshared weights: a convolution with ones makes patches, then one product per position."""
    OH, OW, F, *window = layer.weight_shape
    K, P = math.prod(window), OH * OW
    ones_layer = SimpleNamespace(
        kernel_size=layer.kernel_size, stride=layer.stride, padding=layer.padding, groups=1
    )
    patches = conv(walk, ones_layer, x, shape, name)
    ones, bias = walk.state.pop(f"{name}.weight"), walk.state.pop(f"{name}.bias")
    if ones.size != K * K or bias.any() or not (ones.reshape(K, K) == np.eye(K)).all():
        raise CheckpointError(
            f"{walk.graph.path}: the patches of {name} must be made by {K} filters of a single 1 "
            f"(got {ones.shape})"
        )
    patches = walk.reshape(patches, name, layer, [K, P])
    patches = walk.transpose(patches, name, layer, [2, 0, 1])
    node = walk.take("MatMul", patches, name, layer)
    weight = as_float32(walk.graph.constant(node, 1, "weight"))
    add = walk.take("Add", node.outputs[0], name, layer)
    bias = walk.number(add, node.outputs[0])
    if weight.shape != (P, K, F) or bias.shape != (P, 1, F):
        raise walk.wrong(node, "its weight and bias", [(P, K, F), (P, 1, F)], weight.shape)
    y = walk.transpose(add.outputs[0], name, layer, [1, 2, 0])
    weight = np.ascontiguousarray(weight.transpose(0, 2, 1))
    walk.state[f"{name}.weight"] = weight.reshape(layer.weight_shape)
    walk.state[f"{name}.bias"] = bias.reshape(tuple(layer.params["bias"].shape))
    return walk.reshape(y, name, layer, [F, OH, OW])


def towers(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """Two towers, each of which reads x or half of it; Concat joins them, the left one first."""
    if layer.crossing:
        inputs = walk.fork(x, name, layer)
    else:
        node = walk.take("Split", x, name, layer)
        half, axis = shape[1] // 2, node.attributes.get("axis", 0)
        sizes = node.attributes.get("split", [half, half])
        if len(node.inputs) > 1 and node.inputs[1]:
            sizes = walk.graph.constant(node, 1, "split").reshape(-1).tolist()
        if axis != 1 or sizes != [half, half] or len(node.outputs) != 2:
            raise walk.wrong(node, "its halves", [half, half], [axis, *sizes[:9]])
        inputs = list(node.outputs)
    for tower_input in inputs:
        walk.follow(x, tower_input)
    seen = layer.tower_input(shape)
    outputs = [
        read_layer(walk, tower, tower_input, seen, f"{name}.{key}.")
        for (key, tower), tower_input in zip(layer.children.items(), inputs, strict=True)
    ]
    joined = walk.take("Concat", outputs[0], name, layer)
    if joined.inputs != outputs or joined.attributes.get("axis") != 1:
        raise walk.wrong(joined, "its inputs", [*outputs, "axis 1"], joined.inputs)
    return joined.outputs[0]


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


def activation(kind: str) -> Reader:
    def read(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
        node = walk.take(kind, x, name, layer)
        walk.check(node)
        return node.outputs[0]

    return read


def dropout(walk: Walk, layer: Any, x: str, shape: Shape, name: str) -> str:
    """The paper's factor, or no node: inverted dropout does nothing at test time."""
    node = walk.peek(x)
    if node is None or node.kind != "Mul":
        return x
    walk.mark(node)
    factor = walk.number(node, x)
    if factor.size != 1:
        raise walk.wrong(node, "its factor", "one number", factor.shape)
    walk.factors[node.outputs[0]] = walk.factors.pop(x, 1.0) * float(factor.reshape(()))
    return node.outputs[0]


READERS: dict[type[Layer], Reader] = {
    layers.Conv2d: conv,
    layers.Linear: linear,
    layers.LocallyConnected2d: locally_connected,
    layers.MaxPool2d: pool,
    layers.AvgPool2d: pool,
    layers.LocalResponseNorm: local_response_norm,
    layers.SpatialResponseNorm: spatial_response_norm,
    layers.Towers: towers,
    layers.Dropout: dropout,
    layers.Flatten: flatten,
    layers.ReLU: activation("Relu"),
    layers.Tanh: activation("Tanh"),
}
