"""A network as an ONNX file, in test mode; `onnx_read` reads its nodes again.

ONNX has no unshared weights and no normalisation within a channel: they are made of other nodes.
Source: ONNX operators, opset 19 (https://onnx.ai/onnx/operators).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinyalex import layers
from tinyalex.errors import BackendError, ConfigError
from tinyalex.extras import install
from tinyalex.layers import Layer
from tinyalex.outside import shown
from tinyalex.runs.load import Run
from tinyalex.weights.tensors import HostArray

OPSET = 19  # the first in which the average of a clipped window counts its pixels alone
IR_VERSION = 9
LARGEST = 1 << 31  # bytes that one ONNX file can hold

Shape = tuple[int, ...]


def to_onnx(
    run: Run, preprocess: bool = False, properties: Mapping[str, str] | None = None
) -> bytes:
    """A run's network as an ONNX file.

    Parameters
    ----------
    run : Run
    preprocess : bool
        Take pixels instead of prepared images.
    properties : dict of str to str, optional
        Metadata.

    Returns
    -------
    bytes
        A model with one input and one output, ``logits`` float32 (N, classes). The input is
        ``images`` float32 (N, C, H, W); or with ``preprocess`` ``pixels`` uint8 (N, H, W, C) from
        0 to 255, already cropped to the network's size. N is free.

    Raises
    ------
    BackendError
        The package ``onnx`` is missing.
    ConfigError
        A layer has no counterpart in ONNX, or the network is too large for one file.
    """
    try:
        import onnx
    except ImportError as error:
        hint = install("onnx")
        raise BackendError(
            "ONNX files need the package onnx, which is not installed", hint
        ) from error
    model, images = run.model, run.preprocessing
    C, H, W = model.input_shape
    graph = Graph(onnx)
    if preprocess:
        name, kind, shape = "pixels", onnx.TensorProto.UINT8, ("N", H, W, C)
        x = graph.prepare(name, images.mean, images.scale)
    else:
        name, kind, shape = "images", onnx.TensorProto.FLOAT, ("N", C, H, W)
        x = name
    last = graph.layer(model, x, (1, C, H, W))
    graph.node("Identity", [last], output="logits")
    if sum(tensor.ByteSize() for tensor in graph.tensors) >= LARGEST:
        raise ConfigError(f"{model.name}: too large for one ONNX file (2 GiB)")
    logits = ("N", model.num_classes)
    body = onnx.helper.make_graph(
        graph.nodes,
        model.name,
        [onnx.helper.make_tensor_value_info(name, kind, shape)],
        [onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, logits)],
        graph.tensors,
    )
    whole = onnx.helper.make_model(
        body,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="tinyalex",
    )
    onnx.helper.set_model_props(
        whole, {"classes": "\n".join(map(shown, run.classes)), **(properties or {})}
    )
    onnx.checker.check_model(whole, full_check=True)
    content: bytes = whole.SerializeToString()
    return content


class Graph:
    """Collects nodes and constant tensors. Methods return the name of the new tensor.

    Parameters
    ----------
    onnx : module
    """

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [output], **attributes))
        return output

    def halves(self, x: str) -> list[str]:
        """Split the channels of ``x`` into two halves."""
        halves = [f"t{len(self.nodes)}{side}" for side in ("left", "right")]
        node = self.onnx.helper.make_node("Split", [x], halves, axis=1, num_outputs=2)
        self.nodes.append(node)
        return halves

    def constant(self, value: HostArray | float | list[int], dtype: Any = np.float32) -> str:
        """Add a constant tensor."""
        name = f"c{len(self.tensors)}"
        # ascontiguousarray makes a vector of a number; it broadcasts all the same.
        array = np.ascontiguousarray(value, dtype)
        self.tensors.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def reshape(self, x: str, shape: list[int]) -> str:
        """Reshape ``x``; 0 keeps a size, -1 is computed."""
        return self.node("Reshape", [x, self.constant(shape, np.int64)])

    def prepare(self, pixels: str, mean: HostArray | None, scale: float | tuple[float, ...]) -> str:
        """From uint8 pixels (N, H, W, C) to the images that the network was trained on."""
        x = self.node("Cast", [pixels], to=self.onnx.TensorProto.FLOAT)
        x = self.node("Transpose", [x], perm=[0, 3, 1, 2])
        if mean is not None:
            x = self.node("Sub", [x, self.constant(mean[None])])
        factor = np.array(scale, np.float32).reshape(1, -1, 1, 1)
        return self.node("Mul", [x, self.constant(factor)])

    def layer(self, layer: Layer, x: str, shape: Shape, name: str = "") -> str:
        """Add a layer with the input ``x`` of ``shape`` (a batch of one)."""
        if isinstance(layer, layers.Sequential):
            for key, child in layer.children.items():
                x = self.layer(child, x, shape, f"{name}{key}.")
                shape = child.output_shape(shape)
            return x
        for kind, write in WRITERS.items():
            if isinstance(layer, kind):
                return write(self, layer, x, shape)
        raise ConfigError(
            f"{name.rstrip('.')}: {type(layer).__name__} has no counterpart in ONNX",
            "the weights as .safetensors",
        )


# One function per kind of layer: the graph, the layer, its input's name and shape (1, C, H, W) or
# (1, features). They return the output's name.


def conv(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    weights = [graph.constant(_host(layer, key)) for key in ("weight", "bias")]
    return graph.node("Conv", [x, *weights], group=layer.groups, **_windows(layer, layer.padding))


def linear(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    weights = [graph.constant(_host(layer, key)) for key in ("weight", "bias")]
    return graph.node("Gemm", [x, *weights], transB=1)


def pool(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    attributes = _windows(layer)
    if average := isinstance(layer, layers.AvgPool2d):
        attributes["count_include_pad"] = 0
    kind = "AveragePool" if average else "MaxPool"
    return graph.node(kind, [x], ceil_mode=int(layer.ceil_mode), **attributes)


def local_response_norm(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """ONNX divides alpha by the size. An even size would reach to the other side than ours."""
    if layer.size % 2 == 0:
        raise ConfigError(f"LocalResponseNorm over {layer.size} channels: ONNX needs an odd number")
    C, H, W = shape[1:]
    if layer.groups > 1:  # groups do not see each other: each becomes an image of its own
        x = graph.reshape(x, [-1, C // layer.groups, H, W])
    y = graph.node(
        "LRN",
        [x],
        size=layer.size,
        alpha=layer.alpha * layer.size,
        beta=layer.beta,
        bias=layer.k,
    )
    return graph.reshape(y, [-1, C, H, W]) if layer.groups > 1 else y


def spatial_response_norm(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """x * (k + alpha * sum)**-beta; the sum is size**2 times an average with zero padding."""
    before, after = layer.size // 2, (layer.size - 1) // 2
    square = graph.node("Mul", [x, x])
    mean = graph.node(
        "AveragePool",
        [square],
        kernel_shape=[layer.size, layer.size],
        pads=[before, before, after, after],
        count_include_pad=1,
    )
    scaled = graph.node("Mul", [mean, graph.constant(layer.alpha * layer.size**2)])
    base = graph.node("Add", [scaled, graph.constant(layer.k)])
    return graph.node("Mul", [x, graph.node("Pow", [base, graph.constant(-layer.beta)])])


def locally_connected(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """Unshared weights: a convolution with ones makes patches, then one product per position."""
    OH, OW, F, *window = layer.weight_shape
    K, P = math.prod(window), OH * OW
    ones = graph.constant(np.eye(K).reshape(K, *window))
    patches = graph.node("Conv", [x, ones], **_windows(layer, layer.padding))  # (N, K, OH, OW)
    patches = graph.node("Transpose", [graph.reshape(patches, [0, K, P])], perm=[2, 0, 1])
    weight = _host(layer, "weight").reshape(P, F, K).transpose(0, 2, 1)
    y = graph.node("MatMul", [patches, graph.constant(weight)])  # (P, N, K) @ (P, K, F)
    y = graph.node("Add", [y, graph.constant(_host(layer, "bias").reshape(P, 1, F))])
    y = graph.node("Transpose", [y], perm=[1, 2, 0])  # (N, F, P)
    return graph.reshape(y, [0, F, OH, OW])


def towers(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """Two towers, each of which reads x or half of its channels."""
    inputs = [x, x] if layer.crossing else graph.halves(x)
    seen = layer.tower_input(shape)
    outputs = [
        graph.layer(tower, half, seen)
        for tower, half in zip(layer.children.values(), inputs, strict=True)
    ]
    return graph.node("Concat", outputs, axis=1)


def dropout(graph: Graph, layer: Any, x: str, shape: Shape) -> str:
    """The paper's factor; nothing for inverted dropout, which does nothing at test time."""
    factor = layer.test_factor()
    return x if factor is None else graph.node("Mul", [x, graph.constant(factor)])


def plain(kind: str) -> Writer:
    """The writer of a layer that is one node without settings."""
    return lambda graph, layer, x, shape: graph.node(kind, [x])


def _host(layer: Layer, key: str) -> HostArray:
    array: HostArray = layer.backend.to_host(layer.params[key])
    return array


def _windows(layer: Any, padding: tuple[int, ...] = ()) -> dict[str, Any]:
    """The attributes of a window that slides over an image."""
    pads = {"pads": [*padding, *padding]} if padding else {}
    return {"kernel_shape": [*layer.kernel_size], "strides": [*layer.stride], **pads}


Writer = Callable[[Graph, Any, str, Shape], str]
WRITERS: dict[type[Layer], Writer] = {
    layers.Conv2d: conv,
    layers.Linear: linear,
    layers.LocallyConnected2d: locally_connected,
    layers.MaxPool2d: pool,
    layers.AvgPool2d: pool,
    layers.LocalResponseNorm: local_response_norm,
    layers.SpatialResponseNorm: spatial_response_norm,
    layers.Towers: towers,
    layers.Dropout: dropout,
    layers.Flatten: plain("Flatten"),
    layers.ReLU: plain("Relu"),
    layers.Tanh: plain("Tanh"),
}
