"""Walk an ONNX graph along a model's layers: each node and its settings must be the layer's.

Nodes that do nothing at test time are skipped wherever they are. `onnx_read` has a function for
each kind of layer. Source: ONNX operators, opsets 1 to 25 (https://onnx.ai/onnx/operators).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError
from tinyalex.layers import Layer
from tinyalex.weights.onnx_graph import Graph, Node
from tinyalex.weights.tensors import HostArray, as_float32

Shape = tuple[int, ...]
# Takes the walk, a layer, its input's name and shape, and the layer's name; returns the output's.
Reader = Callable[["Walk", Any, str, Shape, str], str]

FLOATS = {1, 10, 11, 16}  # TensorProto.DataType: float, float16, double, bfloat16
# Attributes that do not change the result.
IGNORED = {"consumed_inputs", "broadcast", "storage_order"}
# Attributes that `Walk.pads` or the weight's shape check.
CHECKED_ELSEWHERE = {"kernel_shape", "pads", "auto_pad"}
SHOWN = 300  # characters of a message
OTHER = "--model with the right model (`tinyalex model` lists all)"


class Walk:
    """A walk from the graph's input to its output.

    Parameters
    ----------
    graph : Graph
    model : str
        The model's name, for messages.

    Attributes
    ----------
    state : dict of str to float32 array
        Weights read so far, by the model's names.
    taken : set of int
        ``id`` of each node that belongs to a layer, or does nothing.
    images : set of str
        Tensors that hold the image.
    first_weights : list of str
        Names of the weights that are applied to the image.
    factors : dict of str to float
        By tensor: the factor of the paper's dropout, which the next layer's weights take over.
    """

    def __init__(self, graph: Graph, model: str) -> None:
        self.graph, self.model = graph, model
        self.state: dict[str, HostArray] = {}
        self.first_weights: list[str] = []
        self.factors: dict[str, float] = {}
        self.taken: set[int] = set()
        self.images = {graph.input}

    # ------------------------------------------------------------------ from node to node

    def readers(self, x: str) -> list[Node]:
        """The nodes that read ``x`` and are not taken yet."""
        return [n for n in self.graph.readers.get(x, []) if id(n) not in self.taken]

    def peek(self, x: str) -> Node | None:
        """The only node that reads ``x``; None at the graph's end or at a fork."""
        readers = self.readers(x)
        return readers[0] if len(readers) == 1 and x != self.graph.output else None

    def skip_idle(self, x: str, shape: Shape) -> str:
        """Skip nodes that do nothing at test time; returns the last one's output."""
        while (node := self.peek(x)) is not None and self._is_idle(node, x, shape):
            self.mark(node)
            self.follow(x, node.outputs[0])
            x = node.outputs[0]
        return x

    def follow(self, x: str, y: str) -> None:
        """Note for ``y``, which is ``x`` or half of it, what is known about ``x``."""
        if x in self.images:
            self.images.add(y)
        if x in self.factors:
            self.factors[y] = self.factors[x]

    def fork(self, x: str, name: str, layer: Layer) -> list[str]:
        """Give ``x`` one name for each of the two nodes that read it; the names, in order."""
        readers = self.readers(x)
        if len(readers) != 2:
            raise self._missing("two nodes", x, name, layer)
        for i, node in enumerate(readers):
            node.inputs[:] = [f"{x}/{i}" if read == x else read for read in node.inputs]
            self.graph.readers[f"{x}/{i}"] = [node]
        return [f"{x}/{i}" for i in range(2)]

    def _is_idle(self, node: Node, x: str, shape: Shape) -> bool:
        """Whether a node's output equals its input at test time."""
        if not node.inputs or node.inputs[0] != x:
            return False
        if node.kind == "Identity":
            return True
        if node.kind == "Dropout":
            training = self.graph.opset < 7 and not node.attributes.get("is_test", 0)
            if len(node.inputs) > 2 and node.inputs[2]:
                training = bool(self.graph.constant(node, 2, "training_mode").any())
            if training:
                raise self.wrong(node, "dropout", "off, as in test mode", "on")
            return True
        if node.kind == "Cast":
            return node.attributes.get("to") in FLOATS
        if node.kind == "GlobalAveragePool":
            return tuple(shape[2:]) == (1, 1)
        if node.kind == "AveragePool":  # PyTorch's adaptive pooling, where the size fits already
            attributes = node.attributes
            ones = [*attributes.get("kernel_shape", [0]), *attributes.get("strides", [])]
            return set(ones) == {1} and not any(attributes.get("pads", ()))
        return False

    def take(self, kind: str, x: str, name: str, layer: Layer, readers: int = 1) -> Node:
        """Take the node that reads ``x``, or the first of several ``readers``.

        Raises
        ------
        CheckpointError
            It is of another kind, or another number of nodes reads ``x``.
        """
        nodes = self.readers(x)
        if len(nodes) != readers or nodes[0].kind != kind or x == self.graph.output:
            raise self._missing(kind, x, name, layer)
        node = nodes[0]
        if x not in node.inputs[: None if kind in ("Mul", "Add") else 1]:
            raise self.wrong(node, "its first input", repr(x), repr(node.inputs[0]))
        self.mark(node)
        return node

    def mark(self, node: Node) -> None:
        """Mark a node as taken."""
        self.taken.add(id(node))

    def reshape(self, x: str, name: str, layer: Layer, wanted: list[int]) -> str:
        """Take a Reshape of every image to ``wanted``; the number of images is free."""
        node = self.take("Reshape", x, name, layer)
        shape = node.attributes.get("shape")  # before opset 5
        if shape is None:
            shape = self.graph.constant(node, 1, "shape").reshape(-1).tolist()
        rest = shape[1:]
        if shape[:1] != [-1] and rest.count(-1) == 1:
            rest = [wanted[i] if n == -1 else n for i, n in enumerate(rest[: len(wanted)])]
        if shape[:1] not in ([0], [-1], [1]) or rest != wanted:
            raise self.wrong(node, "shape", ["N", *wanted], shape[:9])
        return node.outputs[0]

    def transpose(self, x: str, name: str, layer: Layer, perm: list[int]) -> str:
        """Take a Transpose."""
        node = self.take("Transpose", x, name, layer)
        self.check(node, perm=(perm, []))
        return node.outputs[0]

    # ------------------------------------------------------------------ errors

    def _missing(self, kind: str, x: str, name: str, layer: Layer) -> CheckpointError:
        """The error for a layer whose node is missing or of another kind."""
        got = ", ".join(map(str, self.readers(x)[:3])) or f"the graph's end, {x!r}"
        return CheckpointError(
            f"{self.graph.path}: not the layout of {self.model}: for {name} {layer!r} there must "
            f"be {kind} (got {got[:SHOWN]})",
            f"{OTHER}. CaffeNet pools before it normalises, which is another network",
        )

    def wrong(self, node: Node, what: str, wanted: Any, got: Any) -> CheckpointError:
        """The error for a setting of another value."""
        return CheckpointError(
            f"{self.graph.path}: {node}: {what} must be {wanted} for {self.model} (got {got})"[
                : 2 * SHOWN
            ],
            OTHER,
        )

    # ------------------------------------------------------------------ settings and weights

    def check(self, node: Node, **known: tuple[Any, Any]) -> None:
        """Compare a node's attributes with the layer's.

        Parameters
        ----------
        node : Node
        known : pair of (wanted, default) for each attribute

        Raises
        ------
        CheckpointError
            An attribute has another value, or is not in ``known``.
        """
        for name in node.attributes:
            if name not in {*known, *IGNORED, *CHECKED_ELSEWHERE}:
                raise self.wrong(node, name, "left out", show(node.attributes[name]))
        for name, (wanted, default) in known.items():
            got = node.attributes.get(name, default)
            if not same(wanted, got):
                raise self.wrong(node, name, show(wanted), show(got))

    def pads(
        self, node: Node, kernel: tuple[int, ...], stride: tuple[int, ...], size: tuple[int, ...]
    ) -> tuple[list[int], list[int]]:
        """Zeros before and after each axis, from ``pads`` or ``auto_pad``."""
        n, auto = len(kernel), node.attributes.get("auto_pad", "NOTSET")
        if auto in ("NOTSET", ""):
            pads = node.attributes.get("pads", [0] * 2 * n)
            if not isinstance(pads, list) or len(pads) != 2 * n:
                raise self.wrong(node, "pads", f"{2 * n} numbers", show(pads))
            return pads[:n], pads[n:]
        if auto == "VALID":
            return [0] * n, [0] * n
        if auto not in ("SAME_UPPER", "SAME_LOWER"):
            raise self.wrong(node, "auto_pad", "one of ONNX's four", show(auto))
        total = [
            max((-(-size[i] // stride[i]) - 1) * stride[i] + kernel[i] - size[i], 0)
            for i in range(n)
        ]
        less, more = [t // 2 for t in total], [t - t // 2 for t in total]
        return (less, more) if auto == "SAME_UPPER" else (more, less)

    def number(self, node: Node, x: str) -> HostArray:
        """The constant that a node combines with ``x``, in float32: its other input."""
        return as_float32(self.graph.constant(node, 1 if node.inputs[0] == x else 0, "number"))

    def scaled(self, weight: HostArray, x: str) -> HostArray:
        """The weight of a layer that reads ``x``, times the factor of the dropout before it."""
        factor = self.factors.get(x, 1.0)
        return weight if factor == 1 else weight * np.float32(factor)

    def bias(self, node: Node, position: int, length: int) -> HostArray:
        """The bias at an input, float32 (length,); zeros if the input is left out."""
        if position >= len(node.inputs) or not node.inputs[position]:
            return np.zeros(length, np.float32)
        array = as_float32(self.graph.constant(node, position, "bias"))
        if array.size == 1 and array.ndim < 2 and length != 1:  # one number for all outputs
            array = np.full(length, array.reshape(()), np.float32)
        if array.size != length or math.prod(array.shape[:-1]) != 1:
            raise self.wrong(node, "its bias", f"of {length} numbers", array.shape)
        return array.reshape(length)


def same(wanted: Any, got: Any) -> bool:
    """Whether two settings are equal, in float32's precision."""
    try:
        a, b = (np.atleast_1d(np.asarray(value, np.float64)) for value in (wanted, got))
    except (TypeError, ValueError):
        return bool(wanted == got)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-5, atol=0))


def show(value: Any) -> str:
    """A setting as short text."""
    if isinstance(value, list | tuple):
        return " x ".join(show(number) for number in list(value)[:8])
    return f"{value:g}" if isinstance(value, float) else f"{value!r}"[:60]
