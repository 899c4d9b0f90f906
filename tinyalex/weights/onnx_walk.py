"""An ONNX graph walked along a model's layers: every node must be the layer's, and its settings.

Each kind of layer has a function that takes its nodes, as `onnx_write` has one that adds them. What
does nothing at test time is stepped over wherever it stands. Source: ONNX operators, opsets 1 to
25 (https://onnx.ai/onnx/operators).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinyalex.errors import CheckpointError
from tinyalex.layers import Layer
from tinyalex.weights.onnx_graph import Graph, Node
from tinyalex.weights.tensors import HostArray, as_float32

Shape = tuple[int, ...]
# Of the walk, a layer, its input's name and shape, and the layer's name: the output's name.
Reader = Callable[["Walk", Any, str, Shape, str], str]

FLOATS = {1, 10, 11, 16}  # TensorProto.DataType: float, float16, double, bfloat16
# Attributes that say nothing about what is computed.
SILENT = {"consumed_inputs", "broadcast", "storage_order"}
# Looked at by `Walk.pads`, or left to the weight's shape.
PLACES = {"kernel_shape", "pads", "auto_pad"}
SHOWN = 300
OTHER = "--model with the model that it is, or `tinyalex model` for all that there are"


class Walk:
    """A walk from the graph's input to its output.

    Parameters
    ----------
    graph : Graph
    model : str
        The layout's name, for messages.
    kinds : dict of layer's class to function
        Each takes the nodes of a layer of its kind.

    Attributes
    ----------
    state : dict of str to float32 array
        Weights, by the model's names.
    images : set of str
        Tensors that are the image.
    entered : list of str
        Names of the weights that meet it.
    factors : dict of str to float
        By tensor: what the paper's dropout multiplied it by, which the next layer's weights take
        over.
    """

    def __init__(self, graph: Graph, model: str, kinds: Mapping[type[Layer], Reader]) -> None:
        self.graph, self.model, self.kinds = graph, model, kinds
        self.state: dict[str, HostArray] = {}
        self.entered: list[str] = []
        self.factors: dict[str, float] = {}
        self.taken: set[int] = set()
        self.images = {graph.input}

    # ------------------------------------------------------------------ from node to node

    def readers(self, x: str) -> list[Node]:
        """The nodes that read ``x`` and are not taken yet."""
        return [n for n in self.graph.readers.get(x, []) if id(n) not in self.taken]

    def peek(self, x: str) -> Node | None:
        """The node that reads ``x``; None at the graph's end or where it forks."""
        found = self.readers(x)
        return found[0] if len(found) == 1 and x != self.graph.output else None

    def pass_idle(self, x: str, shape: Shape) -> str:
        """Step over nodes that do nothing at test time."""
        while (node := self.peek(x)) is not None and self.idle(node, x, shape):
            self.take_as(node)
            self.follow(x, node.outputs[0])
            x = node.outputs[0]
        return x

    def follow(self, x: str, y: str) -> None:
        """Say of ``y``, which is ``x`` or part of it, what is known of ``x``."""
        if x in self.images:
            self.images.add(y)
        if x in self.factors:
            self.factors[y] = self.factors[x]

    def fork(self, x: str, name: str, layer: Layer) -> list[str]:
        """Give the two nodes that read ``x`` a name of their own for it; the names, in order."""
        found = self.readers(x)
        if len(found) != 2:
            raise self.missing("two nodes", x, name, layer)
        for i, node in enumerate(found):
            node.inputs[:] = [f"{x}/{i}" if read == x else read for read in node.inputs]
            self.graph.readers[f"{x}/{i}"] = [node]
        return [f"{x}/{i}" for i in range(2)]

    def idle(self, node: Node, x: str, shape: Shape) -> bool:
        """Whether a node gives what it gets."""
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
        if node.kind == "AveragePool":  # what PyTorch writes for an adaptive one that fits
            how = node.attributes
            ones = [*how.get("kernel_shape", [0]), *how.get("strides", [])]
            return set(ones) == {1} and not any(how.get("pads", ()))
        return False

    def take(self, kind: str, x: str, name: str, layer: Layer, readers: int = 1) -> Node:
        """The only node that reads ``x``, which must be of a kind; or the first one of two."""
        found = self.readers(x)
        if len(found) != readers or found[0].kind != kind or x == self.graph.output:
            raise self.missing(kind, x, name, layer)
        if x not in found[0].inputs[: None if kind in ("Mul", "Add") else 1]:
            raise self.wrong(found[0], "its first input", repr(x), repr(found[0].inputs[0]))
        return self.take_as(found[0])

    def missing(self, kind: str, x: str, name: str, layer: Layer) -> CheckpointError:
        """The error for a layer whose node is another, or none."""
        found = self.readers(x)
        got = ", ".join(map(str, found[:3])) or f"the graph's end, {x!r}"
        return CheckpointError(
            f"{self.graph.path}: not the layout of {self.model}: for {name} {layer!r} there must "
            f"be {kind} (got {got[:SHOWN]})",
            f"{OTHER}. CaffeNet pools before it normalises, which is another network",
        )

    def take_as(self, node: Node) -> Node:
        """Mark a node as the layout's."""
        self.taken.add(id(node))
        return node

    def reshape(self, x: str, name: str, layer: Layer, wanted: list[int]) -> str:
        """Take a node that gives every image another shape; the number of images is free."""
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

    # ------------------------------------------------------------------ what a node says

    def wrong(self, node: Node, what: str, wanted: Any, got: Any) -> CheckpointError:
        """The error for a setting."""
        return CheckpointError(
            f"{self.graph.path}: {node}: {what} must be {wanted} for {self.model} (got {got})"[
                : 2 * SHOWN
            ],
            OTHER,
        )

    def settings(self, node: Node, known: Mapping[str, tuple[Any, Any]]) -> None:
        """Compare a node's attributes with the layer's.

        Parameters
        ----------
        node : Node
        known : dict of str to (wanted, default)
            By attribute. An attribute that is not known is refused.
        """
        for name in node.attributes:
            if name not in {*known, *SILENT, *PLACES}:
                raise self.wrong(node, name, "left out", show(node.attributes[name]))
        for name, (wanted, default) in known.items():
            got = node.attributes.get(name, default)
            if not same(wanted, got):
                raise self.wrong(node, name, show(wanted), show(got))

    def pads(
        self, node: Node, kernel: tuple[int, ...], stride: tuple[int, ...], size: tuple[int, ...]
    ) -> tuple[list[int], list[int]]:
        """Zeros before and after each axis, as ``pads`` and ``auto_pad`` say."""
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
        """The constant that a node combines with ``x``: its other input."""
        return as_float32(self.graph.constant(node, 1 if node.inputs[0] == x else 0, "number"))

    def scaled(self, weight: HostArray, x: str) -> HostArray:
        """The weight of a layer that reads ``x``, with the dropout's factor before it."""
        factor = self.factors.get(x, 1.0)
        return weight if factor == 1 else weight * np.float32(factor)

    def vector(self, node: Node, place: int, length: int) -> HostArray:
        """A bias: zeros where there is none; of a length, with no more than ones before it."""
        if place >= len(node.inputs) or not node.inputs[place]:
            return np.zeros(length, np.float32)
        array = as_float32(self.graph.constant(node, place, "bias"))
        if array.size == 1 and array.ndim < 2 and length != 1:  # one number for all outputs
            array = np.full(length, array.reshape(()), np.float32)
        if array.size != length or math.prod(array.shape[:-1]) != 1:
            raise self.wrong(node, "its bias", f"of {length} numbers", array.shape)
        return array.reshape(length)


def same(wanted: Any, got: Any) -> bool:
    """Whether two settings are the same, as near as a float32 can say."""
    try:
        a, b = (np.atleast_1d(np.asarray(value, np.float64)) for value in (wanted, got))
    except (TypeError, ValueError):
        return bool(wanted == got)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-5, atol=0))


def show(value: Any) -> str:
    """A setting, short."""
    if isinstance(value, list | tuple):
        return " x ".join(show(part) for part in list(value)[:8])
    return f"{value:g}" if isinstance(value, float) else f"{value!r}"[:60]
