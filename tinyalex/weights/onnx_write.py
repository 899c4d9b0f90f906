"""The nodes of each kind of layer, added to an ONNX graph; `onnx_read` reads them.

Where ONNX has no such layer (normalisation within a map, unshared weights) it is made of what
there is. Source: ONNX operators, opset 19 (https://onnx.ai/onnx/operators).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinyalex.errors import ConfigError
from tinyalex.layers import AvgPool2d, Layer, Sequential
from tinyalex.weights.tensors import HostArray

Shape = tuple[int, ...]
# Of the graph, a layer, its input's name and shape: the output's name.
Writer = Callable[["Graph", Any, str, Shape], str]


class Graph:
    """Nodes and constant tensors, as they are added.

    Parameters
    ----------
    onnx : module
    writers : dict of layer's class to function
        Each adds the nodes of a layer of its kind.
    """

    def __init__(self, onnx: Any, writers: Mapping[type[Layer], Writer]) -> None:
        self.onnx, self.writers = onnx, writers
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def node(self, kind: str, inputs: list[str], output: str = "", **how: Any) -> str:
        """Add an operator; the name of its output."""
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [output], **how))
        return output

    def split(self, x: str, axis: int) -> list[str]:
        """Cut a tensor into two halves."""
        halves = [f"t{len(self.nodes)}{side}" for side in ("left", "right")]
        node = self.onnx.helper.make_node("Split", [x], halves, axis=axis, num_outputs=2)
        self.nodes.append(node)
        return halves

    def constant(self, value: HostArray | float | list[int], dtype: Any = np.float32) -> str:
        """Add a constant tensor; its name."""
        name = f"c{len(self.tensors)}"
        array = np.ascontiguousarray(value, dtype)
        # ascontiguousarray makes a vector of a number, which broadcasts all the same
        self.tensors.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def prepare(self, pixels: str, mean: HostArray | None, scale: float | tuple[float, ...]) -> str:
        """From uint8 (N, H, W, C) to what the network was trained on."""
        x = self.node("Cast", [pixels], to=self.onnx.TensorProto.FLOAT)
        x = self.node("Transpose", [x], perm=[0, 3, 1, 2])
        if mean is not None:
            x = self.node("Sub", [x, self.constant(mean[None])])
        factor = np.array(scale, np.float32).reshape(1, -1, 1, 1)
        return self.node("Mul", [x, self.constant(factor)])

    def layer(self, layer: Layer, x: str, shape: Shape, name: str = "") -> str:
        """Add a layer whose input is ``x`` of ``shape`` (a batch of one); the output's name."""
        if isinstance(layer, Sequential):
            for key, child in layer.children.items():
                x = self.layer(child, x, shape, f"{name}{key}.")
                shape = child.output_shape(shape)
            return x
        for kind, add in self.writers.items():
            if isinstance(layer, kind):
                return add(self, layer, x, shape)
        raise ConfigError(
            f"{name.rstrip('.')}: {type(layer).__name__} has no counterpart in ONNX",
            "the weights as .safetensors",
        )


def _host(layer: Layer, key: str) -> HostArray:
    array: HostArray = layer.backend.to_host(layer.params[key])
    return array


def conv(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    PH, PW = layer.padding
    weights = [graph.constant(_host(layer, key)) for key in ("weight", "bias")]
    return graph.node(
        "Conv",
        [x, *weights],
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.stride),
        pads=[PH, PW, PH, PW],
        group=layer.groups,
    )


def linear(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    weights = [graph.constant(_host(layer, key)) for key in ("weight", "bias")]
    return graph.node("Gemm", [x, *weights], transB=1)


def pool(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    how: dict[str, Any] = {"count_include_pad": 0} if isinstance(layer, AvgPool2d) else {}
    return graph.node(
        "AveragePool" if how else "MaxPool",
        [x],
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.stride),
        ceil_mode=int(layer.ceil_mode),
        **how,
    )


def cross_map_norm(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """ONNX divides alpha by the size. Its even windows reach the other way, as no net's do."""
    if layer.size % 2 == 0:
        raise ConfigError(f"LocalResponseNorm over {layer.size} maps: ONNX needs an odd number")
    C, H, W = shape[1:]
    if layer.groups > 1:  # maps that do not see each other, as images of their own
        parts = [-1, C // layer.groups, H, W]
        x = graph.node("Reshape", [x, graph.constant(parts, np.int64)])
    y = graph.node(
        "LRN",
        [x],
        size=layer.size,
        alpha=layer.alpha * layer.size,
        beta=layer.beta,
        bias=layer.k,
    )
    if layer.groups > 1:
        y = graph.node("Reshape", [y, graph.constant([-1, C, H, W], np.int64)])
    return y


def same_map_norm(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """x / (k + alpha * sum)**beta; the sum is an average that counts the zeros around."""
    before, after = layer.size // 2, (layer.size - 1) // 2
    energy = graph.node("Mul", [x, x])
    mean = graph.node(
        "AveragePool",
        [energy],
        kernel_shape=[layer.size, layer.size],
        pads=[before, before, after, after],
        count_include_pad=1,
    )
    scaled = graph.node("Mul", [mean, graph.constant(layer.alpha * layer.size**2)])
    scale = graph.node("Add", [scaled, graph.constant(layer.k)])
    return graph.node("Mul", [x, graph.node("Pow", [scale, graph.constant(-layer.beta)])])


def local(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """Unshared weights: columns by a convolution with ones, then a product for each position."""
    OH, OW, F, *window = layer.weight_shape
    K, P = math.prod(window), OH * OW
    PH, PW = layer.padding
    ones = graph.constant(np.eye(K).reshape(K, *window))
    columns = graph.node(
        "Conv",
        [x, ones],
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.stride),
        pads=[PH, PW, PH, PW],
    )  # (N, K, OH, OW)
    columns = graph.node("Reshape", [columns, graph.constant([0, K, P], np.int64)])
    columns = graph.node("Transpose", [columns], perm=[2, 0, 1])  # (P, N, K)
    weight = _host(layer, "weight").reshape(P, F, K).transpose(0, 2, 1)
    y = graph.node("MatMul", [columns, graph.constant(weight)])
    y = graph.node("Add", [y, graph.constant(_host(layer, "bias").reshape(P, 1, F))])
    y = graph.node("Transpose", [y], perm=[1, 2, 0])  # (N, F, P)
    return graph.node("Reshape", [y, graph.constant([0, F, OH, OW], np.int64)])


def towers(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    inputs = [x, x] if layer.crossing else graph.split(x, axis=1)
    seen = layer.tower_input(shape)
    columns = [
        graph.layer(column, part, seen)
        for column, part in zip(layer.children.values(), inputs, strict=True)
    ]
    return graph.node("Concat", columns, axis=1)


def dropout(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """Nothing at test time, but for the paper's factor."""
    factor = layer.test_factor()
    return x if factor is None else graph.node("Mul", [x, graph.constant(factor)])


def flatten(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    return graph.node("Flatten", [x])


def relu(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    return graph.node("Relu", [x])


def tanh(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    return graph.node("Tanh", [x])
