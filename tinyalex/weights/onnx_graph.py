"""An ONNX file as a list of nodes: parsed by the package ``onnx`` and checked, but never run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex.errors import BackendError, CheckpointError
from tinyalex.extras import install
from tinyalex.weights.onnx_tensors import AGAIN, read_tensor, shape_of
from tinyalex.weights.tensors import HostArray, check_total

MOST_BYTES = (1 << 31) - 1  # limit of a protocol buffer message
MOST_NODES = 10_000
UINT8 = 2  # TensorProto.DataType
# AttributeProto.AttributeType: the field that holds the value.
_VALUES = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}
# The field of each attribute that we read.
_INTEGERS = ("group", "ceil_mode", "count_include_pad", "to", "axis", "transA", "transB", "is_test")
_NUMBERS = {"value_float": "f", "value_floats": "floats", "value_int": "i", "value_ints": "ints"}
_KINDS = (
    _NUMBERS
    | {"auto_pad": "s", **dict.fromkeys(_INTEGERS, "i")}
    | dict.fromkeys(
        ("kernel_shape", "strides", "pads", "dilations", "perm", "split", "shape"), "ints"
    )
)


@dataclass(frozen=True)
class Node:
    """One operator.

    Attributes
    ----------
    kind : str
        The operator, such as ``"Conv"``.
    name : str
        The node's name, or its first output's if it has none.
    inputs, outputs : list of str
        Names of tensors; "" for an input that is left out.
    attributes : dict
        By name: a number, a str, a list of numbers, or a TensorProto.
    """

    kind: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        return f"node {self.name!r} ({self.kind})"


@dataclass
class Graph:
    """A network's nodes and constant tensors. Each node comes after the nodes that it reads from.

    Attributes
    ----------
    path : Path
    nodes : list of Node
        Without Constant nodes.
    tensors : dict of str to TensorProto
        The constants; `constant` gives their numbers.
    input, output : str
        Names of the input and of the output; there is one of each.
    shape : list of int
        The input's shape; 0 for a size that is free.
    pixels : bool
        Whether the input is uint8.
    opset : int
    producer, name : str
        The program that wrote the file, and the graph's name.
    properties : dict of str to str
        The file's metadata.
    """

    path: Path
    nodes: list[Node]
    tensors: dict[str, Any]
    input: str
    output: str
    shape: list[int]
    pixels: bool
    opset: int
    producer: str
    name: str
    properties: dict[str, str]

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        """For each tensor the nodes that read it, in order."""
        readers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                readers.setdefault(name, []).append(node)
        return readers

    def side(self) -> int:
        """Height and width of the input in pixels; 0 if they are free.

        Raises
        ------
        CheckpointError
            The input is not a batch of square images.
        """
        if not self.shape:
            return 0
        sides = set(self.shape[1:3] if self.pixels else self.shape[2:])
        if len(self.shape) != 4 or len(sides - {0}) > 1:
            raise CheckpointError(
                f"{self.path}: its input must be square images of one size, (N, C, H, W) "
                f"(got {tuple(self.shape[:9])})",
                "the network alone, with images as its input",
            )
        return max(sides)

    def constant(self, node: Node, position: int, what: str) -> HostArray:
        """The constant that a node reads at an input; ``what`` names it in messages.

        Raises
        ------
        CheckpointError
            The input is left out or computed, or its numbers cannot be read.
        """
        name = node.inputs[position] if position < len(node.inputs) else ""
        if name not in self.tensors:
            raise CheckpointError(
                f"{self.path}: {node}: its {what} must be a constant tensor "
                f"(got {name or 'none'!r})",
                "export the network in test mode, with its weights",
            )
        return read_tensor(self.tensors[name], self.path)


def open_graph(path: Path) -> Graph:
    """Parse an ONNX file and check that it is a graph of standard nodes.

    Raises
    ------
    BackendError
        The package ``onnx`` is missing.
    CheckpointError
        The file is damaged or too large, or its graph has cycles, sparse tensors, several inputs
        or outputs, or operators that are not ONNX's own.
    """
    model = _parse(path)
    graph, where = model.graph, str(path)
    if len(graph.node) > MOST_NODES or graph.sparse_initializer or model.functions:
        raise CheckpointError(
            f"{where}: must have at most {MOST_NODES:,} nodes, no functions and no sparse tensors "
            f"(got {len(graph.node):,}, {len(model.functions)} and "
            f"{len(graph.sparse_initializer)})",
            "export the network with dense weights and standard operators",
        )
    tensors: dict[str, Any] = {}
    nodes: list[Node] = []
    for tensor in graph.initializer:
        _once(tensor.name, tensors, where)
        tensors[tensor.name] = tensor
    given = [value for value in graph.input if value.name not in tensors]
    if len(given) != 1 or len(graph.output) != 1:
        raise CheckpointError(
            f"{where}: must have one input and one output (got {len(given)} and "
            f"{len(graph.output)})",
            "the network alone, in test mode",
        )
    known = dict.fromkeys([*tensors, given[0].name])
    for proto in graph.node:
        node = _node(proto, where)
        missing = [name for name in node.inputs if name and name not in known]
        if missing:
            raise CheckpointError(
                f"{where}: {node} reads {missing[0]!r}, which no node before it makes",
                "export the network again: its nodes must be in order, without cycles",
            )
        for output in filter(None, node.outputs):
            _once(output, known, where)
            known[output] = None
        if node.kind == "Constant":
            tensors[node.outputs[0]] = _constant(node, proto, where)
        else:
            nodes.append(node)
    check_total(sum(math.prod(shape_of(tensor, where)) for tensor in tensors.values()), path)
    kind = given[0].type.tensor_type
    return Graph(
        path,
        nodes,
        tensors,
        given[0].name,
        graph.output[0].name,
        [max(size.dim_value, 0) for size in kind.shape.dim],
        kind.elem_type == UINT8,
        max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=1),
        model.producer_name,
        graph.name,
        {entry.key: entry.value for entry in model.metadata_props},
    )


def _parse(path: Path) -> Any:
    """The file as an onnx.ModelProto."""
    try:
        import onnx
    except ImportError as error:
        raise BackendError(
            f"{path}: ONNX files are read by the package onnx, which is not installed",
            install("onnx"),
        ) from error
    model = onnx.ModelProto()
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise CheckpointError(
                f"{path}: must have at most {MOST_BYTES:,} bytes (got {size:,})", AGAIN
            )
        model.ParseFromString(path.read_bytes())
    except OSError as error:
        raise CheckpointError(
            f"{path}: cannot be read ({error.strerror})", "check the path"
        ) from error
    except CheckpointError:
        raise
    except Exception as error:  # protobuf's errors have no common base class
        raise CheckpointError(f"{path}: damaged, or no ONNX file ({error})", AGAIN) from error
    if not model.graph.node:
        raise CheckpointError(f"{path}: damaged, or no ONNX file (it has no node)", AGAIN)
    return model


def _node(proto: Any, where: str) -> Node:
    """A node with its attributes as plain values."""
    outputs = list(proto.output)
    name = proto.name or (outputs[0] if outputs else "")
    if not outputs or proto.domain not in ("", "ai.onnx"):
        raise CheckpointError(
            f"{where}: node {name!r} ({proto.op_type}) must be one of ONNX's own operators, with "
            f"an output (got domain {proto.domain!r}, {len(outputs)} outputs)",
            "export the network as floats, with standard operators",
        )
    attributes: dict[str, Any] = {}
    for attribute in proto.attribute:
        # The oldest files leave the type out: then the first field that is set counts.
        fields = [field.name for field, _ in attribute.ListFields()]
        kind = _VALUES.get(attribute.type) or next(
            (field for field in fields if field in _VALUES.values()), ""
        )
        value = getattr(attribute, kind, None)
        if kind in ("ints", "floats"):
            value = list(getattr(attribute, kind))
        elif kind == "s":
            value = attribute.s.decode("utf-8", "replace")
        if _KINDS.get(attribute.name, kind) != kind:
            raise CheckpointError(
                f"{where}: node {name!r} ({proto.op_type}): {attribute.name} is of another kind "
                f"than ONNX's ({kind or 'none'})",
                AGAIN,
            )
        attributes[attribute.name] = value
    return Node(proto.op_type, name, list(proto.input), outputs, attributes)


def _constant(node: Node, proto: Any, where: str) -> Any:
    """The tensor of a Constant node."""
    from onnx import TensorProto, numpy_helper

    (attribute,) = proto.attribute if len(proto.attribute) == 1 else (None,)
    key = getattr(attribute, "name", "no attribute")
    if key == "value" and isinstance(node.attributes[key], TensorProto):
        return node.attributes[key]
    if key not in _NUMBERS:
        raise CheckpointError(
            f"{where}: {node}: must hold a tensor or numbers (got {key})",
            "export the network with dense weights",
        )
    dtype = np.float32 if "float" in key else np.int64
    return numpy_helper.from_array(np.array(node.attributes[key], dtype), node.outputs[0])


def _once(name: str, known: Mapping[str, Any], where: str) -> None:
    if name in known:
        raise CheckpointError(f"{where}: the tensor {name!r} is made twice", AGAIN)
