"""ONNX files as other programs write them, built node by node, and changes to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinyalex import weights as weights_room
from tinyalex.weights.imported import Imported

Host = np.ndarray[Any, Any]
Change = Callable[[Any], None]
CAFFE = "alexnet-caffe"

# Of `nets.narrow_caffe`: filters, channels per group, kernel, padding, groups.
CONVS = {
    "conv1": (24, 3, 11, 0, 1),
    "conv2": (64, 12, 5, 2, 2),
    "conv3": (96, 64, 3, 1, 1),
    "conv4": (96, 48, 3, 1, 2),
    "conv5": (64, 48, 3, 1, 2),
}
FULL = {"fc6": (64, 64 * 36), "fc7": (64, 64), "fc8": (5, 64)}
NAMES = dict(
    zip(
        [*CONVS, *FULL],
        [*(f"features.{i}" for i in (0, 4, 8, 10, 12)), *(f"classifier.{i}" for i in (0, 3, 6))],
        strict=True,
    )
)


def weights() -> dict[str, Host]:
    """Random weights by the zoo's names."""
    rng, found = np.random.default_rng(0), {}
    shapes = {name: (F, C, K, K) for name, (F, C, K, _, _) in CONVS.items()} | FULL
    for name, shape in shapes.items():
        sigma = (2 / np.prod(shape[1:])) ** 0.5
        found[f"{name}_w_0"] = (rng.standard_normal(shape) * sigma).astype(np.float32)
        found[f"{name}_b_0"] = rng.standard_normal(shape[0]).astype(np.float32)
    return found


def zoo(opset: int = 9, side: int = 224) -> Any:
    """The model zoo's bvlcalexnet, narrower: its nodes, names and settings.

    On 224x224 pixels its first two poolings drop what is left over, and the last one pads.
    """
    from onnx import TensorProto, helper, numpy_helper

    old = opset < 7
    nodes: list[Any] = []
    x = "data_0"

    def add(kind: str, inputs: list[str], name: str, outputs: int = 1, **how: Any) -> None:
        nonlocal x
        made = [f"{name}_{i}" for i in range(1, outputs + 1)]
        nodes.append(helper.make_node(kind, inputs, made, name=name, **how))
        x = made[0]

    def pool(name: str, *pads: int) -> None:
        add("MaxPool", [x], name, kernel_shape=[3, 3], strides=[2, 2], pads=list(pads))

    last = [0, 0, 1, 1] if side == 224 else [0, 0, 0, 0]
    for name, (_, _, K, P, groups) in CONVS.items():
        stride = 4 if name == "conv1" else 1
        how = {"kernel_shape": [K] * 2, "strides": [stride] * 2, "pads": [P] * 4, "group": groups}
        add("Conv", [x, f"{name}_w_0", f"{name}_b_0"], name, **how)
        add("Relu", [x], f"relu{name[-1]}")
        if name in ("conv1", "conv2"):
            add("LRN", [x], f"norm{name[-1]}", size=5, alpha=1e-4, beta=0.75, bias=1.0)
            pool(f"pool{name[-1]}", 0, 0, 0, 0)
    pool("pool5", *last)
    if opset < 5:
        add("Reshape", [x], "flat", shape=[1, 2304])
    else:
        add("Reshape", [x, "OC2_DUMMY_1"], "flat")
    for name in FULL:
        legacy = {"broadcast": 1} if old else {}
        add("Gemm", [x, f"{name}_w_0", f"{name}_b_0"], name, transB=1, **legacy)
        if name != "fc8":
            add("Relu", [x], f"relu{name[-1]}")
            how = {"is_test": 1, "ratio": 0.5} if old else {"ratio": 0.5} if opset < 12 else {}
            add("Dropout", [x], f"drop{name[-1]}", 2 if opset < 12 else 1, **how)
    add("Softmax", [x], "prob")
    arrays = weights() | ({"OC2_DUMMY_1": np.array([1, 2304])} if opset >= 5 else {})
    tensors = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    values = [
        helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in (
            ("data_0", TensorProto.FLOAT, (1, 3, side, side)),
            ("prob_1", TensorProto.FLOAT, (1, 5)),
        )
    ]
    # Old files list every constant among the inputs too.
    constants = [
        helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in tensors if opset < 9
    ]
    graph = helper.make_graph(nodes, "bvlc_alexnet", [values[0], *constants], values[1:], tensors)
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(
        graph, opset_imports=opsets, ir_version=3 if opset < 9 else 7, producer_name="onnx-caffe2"
    )


def node_of(model: Any, name: str) -> Any:
    (node,) = (node for node in model.graph.node if node.name == name)
    return node


def tensor_of(model: Any, name: str) -> Any:
    (tensor,) = (tensor for tensor in model.graph.initializer if tensor.name == name)
    return tensor


def setting(name: str, **how: Any) -> Change:
    """Give a node other attributes; None removes one."""

    def change(model: Any) -> None:
        from onnx import helper

        node = node_of(model, name)
        kept = [a for a in node.attribute if a.name not in how]
        del node.attribute[:]
        new = [helper.make_attribute(k, v) for k, v in how.items() if v is not None]
        node.attribute.extend([*kept, *new])

    return change


def tensor(name: str, array: Host, **how: Any) -> Change:
    """Give a constant other numbers."""

    def change(model: Any) -> None:
        from onnx import numpy_helper

        new = numpy_helper.from_array(array, name)
        tensor_of(model, name).CopyFrom(new)

    return change


def removed(name: str) -> Change:
    """Remove a node: the nodes after it read its input."""

    def change(model: Any) -> None:
        gone = node_of(model, name)
        for node in model.graph.node:
            node.input[:] = [gone.input[0] if i in gone.output else i for i in node.input]
        for value in model.graph.output:
            value.name = gone.input[0] if value.name in gone.output else value.name
        model.graph.node.remove(gone)

    return change


def inserted(after: str, kind: str, **how: Any) -> Change:
    """Put a node after another one."""

    def change(model: Any) -> None:
        from onnx import helper

        nodes = list(model.graph.node)
        i = [node.name for node in nodes].index(after)
        x, y = nodes[i].output[0], f"{after}_then"
        for node in nodes[i + 1 :]:
            node.input[:] = [y if name == x else name for name in node.input]
        for value in model.graph.output:
            value.name = y if value.name == x else value.name
        nodes.insert(i + 1, helper.make_node(kind, [x], [y], name=f"{after}_then", **how))
        del model.graph.node[:]
        model.graph.node.extend(nodes)

    return change


def external(name: str, path: Path, location: str, extra: int = 0) -> Change:
    """Move a constant to another file, at byte ``extra``."""

    def change(model: Any) -> None:
        found = tensor_of(model, name)
        content = bytes(found.raw_data)
        if path.parent.is_dir():
            path.write_bytes(b"x" * extra + content)
        found.ClearField("raw_data")
        found.data_location = 1
        about = {"location": location, "offset": str(extra), "length": str(len(content))}
        for key, value in about.items():
            found.external_data.add(key=key, value=value)

    return change


def written(model: Any, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def of_zoo(tmp_path: Path, *changes: Change, opset: int = 9, **how: Any) -> Imported:
    model = zoo(opset)
    for change in changes:
        change(model)
    return weights_room.read(written(model, tmp_path / "net.onnx"), CAFFE, **how)
