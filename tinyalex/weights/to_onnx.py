"""A network as an ONNX graph, in test mode.

Each kind of layer has a function that adds its nodes. Where ONNX has no such layer (normalisation
within a map, unshared weights) it is made of what there is. Source: ONNX operators, opset 19
(https://onnx.ai/onnx/operators).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinyalex.errors import BackendError, ConfigError
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
from tinyalex.outside import shown
from tinyalex.runs.load import Run
from tinyalex.weights.tensors import HostArray

OPSET = 19  # from here on a clipped window's average counts what the window has
IR_VERSION = 9
LARGEST = 1 << 31  # bytes that one ONNX file can hold


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
        A model with one input, ``images`` float32 (N, C, H, W) or with ``preprocess`` ``pixels``
        uint8 (N, H, W, C), cut to the network's size already; and one output, ``logits`` float32
        (N, classes). N is free.

    Raises
    ------
    BackendError
        The package ``onnx`` is missing.
    ConfigError
        A layer has no counterpart in ONNX.
    """
    try:
        import onnx
    except ImportError as error:
        hint = 'pip install "tinyalex[onnx]"'
        raise BackendError(
            "ONNX files need the package onnx, which is not installed", hint
        ) from error
    model, recipe = run.model, run.config.recipe
    C, H, W = model.input_shape
    graph = Graph(onnx)
    if preprocess:
        name, kind, shape = "pixels", onnx.TensorProto.UINT8, ("N", H, W, C)
        x = graph.prepare(name, run.statistics.mean(recipe.mean), recipe.scale)
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
    written: bytes = whole.SerializeToString()
    return written


class Graph:
    """Nodes and constant tensors, as they are added."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
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

    def layer(self, layer: Layer, x: str, shape: tuple[int, ...], name: str = "") -> str:
        """Add a layer whose input is ``x`` of ``shape`` (a batch of one); the output's name."""
        if isinstance(layer, Sequential):
            for key, child in layer.children.items():
                x = self.layer(child, x, shape, f"{name}{key}.")
                shape = child.output_shape(shape)
            return x
        for kind, add in LAYERS.items():
            if isinstance(layer, kind):
                return add(self, layer, x, shape)
        raise ConfigError(
            f"{name.rstrip('.')}: {type(layer).__name__} has no counterpart in ONNX",
            "the weights as .safetensors",
        )


def _host(layer: Layer, key: str) -> HostArray:
    array: HostArray = layer.backend.to_host(layer.params[key])
    return array


def _conv(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
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


def _linear(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
    weights = [graph.constant(_host(layer, key)) for key in ("weight", "bias")]
    return graph.node("Gemm", [x, *weights], transB=1)


def _pool(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
    how: dict[str, Any] = {"count_include_pad": 0} if isinstance(layer, AvgPool2d) else {}
    return graph.node(
        "AveragePool" if how else "MaxPool",
        [x],
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.stride),
        ceil_mode=int(layer.ceil_mode),
        **how,
    )


def _cross_map_norm(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
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


def _same_map_norm(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
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


def _local(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
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


def _towers(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
    inputs = [x, x] if layer.crossing else graph.split(x, axis=1)
    seen = layer.tower_input(shape)
    columns = [
        graph.layer(column, part, seen)
        for column, part in zip(layer.children.values(), inputs, strict=True)
    ]
    return graph.node("Concat", columns, axis=1)


def _dropout(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
    """Nothing at test time, but for the paper's factor."""
    factor = layer.test_factor()
    return x if factor is None else graph.node("Mul", [x, graph.constant(factor)])


def _flatten(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
    return graph.node("Flatten", [x])


def _relu(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
    return graph.node("Relu", [x])


def _tanh(graph: Graph, layer: Any, x: str, shape: tuple[int, ...]) -> str:
    return graph.node("Tanh", [x])


LAYERS: dict[type[Layer], Callable[[Graph, Any, str, tuple[int, ...]], str]] = {
    Conv2d: _conv,
    Linear: _linear,
    LocallyConnected2d: _local,
    MaxPool2d: _pool,
    AvgPool2d: _pool,
    LocalResponseNorm: _cross_map_norm,
    SpatialResponseNorm: _same_map_norm,
    Towers: _towers,
    Dropout: _dropout,
    Flatten: _flatten,
    ReLU: _relu,
    Tanh: _tanh,
}
