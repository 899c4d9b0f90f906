"""ONNX files from strangers: refused with our own errors, and no other folder is read."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.soak import tries
from tests.weights import onnx_file
from tests.weights.nets import images, run_of
from tests.weights.onnx_file import CAFFE, Change, external, of_zoo, tensor_of, zoo
from tests.weights.test_to_onnx import session
from tinyalex import weights
from tinyalex.errors import CheckpointError, TinyalexError

onnx = pytest.importorskip("onnx", exc_type=ImportError)


def field(name: str, **how: Any) -> Change:
    """Give fields of a constant's message other values."""

    def change(model: Any) -> None:
        found = tensor_of(model, name)
        for key, value in how.items():
            if isinstance(value, list):
                getattr(found, key)[:] = value
            else:
                setattr(found, key, value)

    return change


def no_bytes(model: Any) -> None:
    tensor_of(model, "fc8_b_0").ClearField("raw_data")


def sparse(model: Any) -> None:
    model.graph.sparse_initializer.add()


def sparse_constant(model: Any) -> None:
    node = onnx.helper.make_node("Constant", [], ["c"])
    value = onnx.SparseTensorProto(dims=[1 << 40])
    node.attribute.append(onnx.helper.make_attribute("sparse_value", value))
    model.graph.node.insert(0, node)


def text_constant(model: Any) -> None:
    node = onnx.helper.make_node("Constant", [], ["c"], value_string="rm -r")
    model.graph.node.insert(0, node)


def cycle(model: Any) -> None:
    onnx_file.node_of(model, "conv1").input[0] = "fc8_1"


def twice(model: Any) -> None:
    onnx_file.node_of(model, "relu1").output[0] = "conv1_1"


def constant_twice(model: Any) -> None:
    model.graph.initializer.append(tensor_of(model, "fc8_b_0"))


def two_inputs(model: Any) -> None:
    model.graph.input.append(onnx.helper.make_tensor_value_info("more", 1, (1,)))


def two_outputs(model: Any) -> None:
    model.graph.output.append(onnx.helper.make_tensor_value_info("fc7_1", 1, (1,)))


def weights_computed(model: Any) -> None:
    node = onnx.helper.make_node("Identity", ["fc8_b_0"], ["copy"])
    model.graph.node.insert(0, node)
    onnx_file.node_of(model, "fc8").input[2] = "copy"


def others_operator(model: Any) -> None:
    onnx_file.node_of(model, "relu1").domain = "com.example"


def other_branch(model: Any) -> None:
    model.graph.node.append(onnx.helper.make_node("Relu", ["pool1_1"], ["unused"], name="branch"))


def many_nodes(model: Any) -> None:
    model.graph.node.extend([onnx.NodeProto()] * 10_001)


BAD: dict[str, tuple[Change, str]] = {
    "a size below 0": (field("fc8_w_0", dims=[-5, 64]), "'fc8_w_0' must have at most 8 sizes"),
    "huge sizes": (field("fc8_w_0", dims=[1 << 40, 1 << 40]), "and 1,073,741,824 numbers"),
    "twenty sizes": (field("fc8_w_0", dims=[1] * 20), "at most 8 sizes"),
    "a shape that is not the bytes'": (field("fc8_w_0", dims=[6, 64]), "needs 1,536 bytes"),
    "no bytes": (no_bytes, "needs 5 numbers (got 0)"),
    "text": (field("fc8_b_0", data_type=8), "must be of float32, float16"),
    "whole numbers of eight bits": (field("fc8_b_0", data_type=3), "as floats, not quantized"),
    "sparse tensors": (sparse, "no sparse tensors"),
    "a sparse constant": (sparse_constant, "must hold a tensor or numbers (got sparse_value)"),
    "a constant of text": (text_constant, "(got value_string)"),
    "a cycle": (cycle, "reads 'fc8_1', which no node before it makes"),
    "a tensor made twice": (twice, "'conv1_1' is made twice"),
    "a constant given twice": (constant_twice, "'fc8_b_0' is made twice"),
    "two inputs": (two_inputs, "one input and one output (got 2 and 1)"),
    "two outputs": (two_outputs, "one input and one output (got 1 and 2)"),
    "weights that are computed": (weights_computed, "its bias must be a constant tensor"),
    "others' operators": (others_operator, "(got domain 'com.example', 1 outputs)"),
    "a branch": (other_branch, "node 'conv2' (Conv), node 'branch' (Relu)"),
    "too many nodes": (many_nodes, "at most 10,000 nodes"),
}


@pytest.mark.parametrize(("change", "says"), BAD.values(), ids=BAD)
def test_an_impossible_file_is_refused(
    narrow: None, tmp_path: Path, change: Change, says: str
) -> None:
    with pytest.raises(CheckpointError, match=re.escape(says)) as caught:
        of_zoo(tmp_path, change)
    assert "net.onnx" in caught.value.message and caught.value.hint


@pytest.mark.parametrize("location", ["../secret", "sub/../../secret", "", "link", "sub\\secret"])
def test_files_outside_of_the_folder_are_not_read(
    narrow: None, tmp_path: Path, location: str
) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(CheckpointError, match=r"must lie in the folder of net.onnx|is missing"):
        of_zoo(folder, external("fc8_b_0", tmp_path / "secret", location))
    with pytest.raises(CheckpointError, match="must lie in the folder"):
        of_zoo(folder, external("fc8_b_0", tmp_path / "secret", str(tmp_path / "secret")))


def test_external_data_must_exist_with_the_right_size(narrow: None, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="gone is missing"):
        of_zoo(tmp_path, external("fc8_b_0", tmp_path / "there", "gone"))

    def more(model: Any) -> None:
        external("fc8_b_0", tmp_path / "there", "there")(model)
        (tmp_path / "there").write_bytes(b"x" * 19)

    with pytest.raises(CheckpointError, match="needs 20 bytes; 'there' has 19"):
        of_zoo(tmp_path, more)
    for key, value in (("offset", "-4"), ("offset", "a"), ("length", "99"), ("length", "9" * 4999)):

        def other(model: Any, key: str = key, value: str = value) -> None:
            external("fc8_b_0", tmp_path / "there", "there")(model)
            for entry in tensor_of(model, "fc8_b_0").external_data:
                entry.value = value if entry.key == key else entry.value

        with pytest.raises(CheckpointError, match="fc8_b_0"):
            of_zoo(tmp_path, other)


def test_a_file_that_is_cut_or_no_onnx_file_is_refused(narrow: None, tmp_path: Path) -> None:
    whole = zoo().SerializeToString()
    for content in (b"", b"\0", whole[:-1], whole[:1000], b"PK\x03\x04" * 9, b'{"graph": {}}'):
        path = tmp_path / "net.onnx"
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="net.onnx"):
            weights.read(path, CAFFE)


def test_a_file_larger_than_any_onnx_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "net.onnx").open("wb") as file:
        file.truncate(1 << 31)  # a hole: no disk is taken
    with pytest.raises(CheckpointError, match=r"at most 2,147,483,647 bytes \(got 2,147,483,648"):
        weights.read(tmp_path / "net.onnx", CAFFE)


def test_a_scale_or_mean_in_the_graph_that_cannot_be_is_refused(tmp_path: Path) -> None:
    weights.export(run_of("tiny"), tmp_path / "net.onnx", preprocess=True)
    for position, bad in (
        (0, np.ones((1, 3, 14, 14), "f4")),
        (0, np.ones((1, 0, 14, 14), "f4")),
        (0, np.full((1, 1, 14, 14), np.nan, "f4")),
        (1, np.full((1, 1, 1, 1), -1, "f4")),
        (1, np.ones((0,), "f4")),
    ):
        model = onnx.load(tmp_path / "net.onnx")
        model.graph.initializer[position].CopyFrom(
            onnx.numpy_helper.from_array(bad, model.graph.initializer[position].name)
        )
        (tmp_path / "bad.onnx").write_bytes(model.SerializeToString())
        with pytest.raises(Exception, match="mean|scale") as caught:
            weights.read(tmp_path / "bad.onnx")
        assert type(caught.value).__module__ == "tinyalex.errors"


def edited(model: Any, rng: np.random.Generator) -> None:
    """Change something in a graph: an attribute, a name, a size, a node's place."""
    nodes, node = model.graph.node, model.graph.node[rng.integers(len(model.graph.node))]
    names = ["", node.output[0], nodes[0].output[0], "c0", "c3", "nothing"]
    values = [1, -1, 0, 1 << 40, 2.5, float("nan"), "x", [1], [2, 2], [-1] * 4, [0.5], [0] * 99]
    match rng.integers(0, 9):
        case 0 | 1 if node.attribute:
            attribute = node.attribute[rng.integers(len(node.attribute))]
            value = values[rng.integers(len(values))]
            attribute.CopyFrom(onnx.helper.make_attribute(attribute.name, value))
        case 2:
            keys = ["auto_pad", "axis", "ceil_mode", "dilations", "transB", "shape", "bias", "to"]
            value = values[rng.integers(len(values))]
            key = keys[rng.integers(len(keys))]
            node.attribute.append(onnx.helper.make_attribute(key, value))
        case 3 if node.input:
            node.input[rng.integers(len(node.input))] = names[rng.integers(len(names))]
        case 4:
            node.output[0] = names[rng.integers(len(names))]
        case 5:
            kinds = ["Relu", "Identity", "Dropout", "Constant", "Reshape", "Gemm", "Conv", "Split"]
            node.op_type = kinds[rng.integers(len(kinds))]
        case 6:
            del node.input[rng.integers(0, 3) :]
        case 7:
            found = model.graph.initializer[rng.integers(len(model.graph.initializer))]
            found.dims[:] = [[], [0], [1], [-1, 3], [1 << 62, 0], [1, 0, 14, 14]][rng.integers(6)]
            found.ClearField("raw_data")
            found.raw_data = bytes(int(rng.integers(0, 3)) * 4)
        case _:
            nodes.remove(node) if rng.random() < 0.5 else nodes.append(node)


@pytest.mark.parametrize(
    "count", [100, pytest.param(tries(5_000), marks=pytest.mark.slow, id="many")]
)
@pytest.mark.parametrize("preprocess", [False, True])
def test_an_edited_graph_is_read_or_gives_our_error(
    tmp_path: Path, preprocess: bool, count: int
) -> None:
    weights.export(run_of("tiny"), tmp_path / "net.onnx", preprocess=preprocess)
    content, rng, refused = (tmp_path / "net.onnx").read_bytes(), np.random.default_rng(count), 0
    for _ in range(count):
        model = onnx.ModelProto.FromString(content)
        for _ in range(rng.integers(1, 3)):
            edited(model, rng)
        (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
        try:
            weights.read(tmp_path / "net.onnx")
        except TinyalexError:
            refused += 1
    assert refused > count / 2


@pytest.mark.parametrize(
    "count", [30, pytest.param(tries(2_000), marks=pytest.mark.slow, id="many")]
)
def test_an_edited_graph_that_is_read_gives_onnx_runtimes_logits(
    onnxruntime: ModuleType, tmp_path: Path, count: int
) -> None:
    """If import overlooked a change of the graph, the logits would differ."""
    onnxruntime.set_default_logger_severity(4)
    weights.export(run_of("tiny"), tmp_path / "net.onnx")
    content, rng, compared = (tmp_path / "net.onnx").read_bytes(), np.random.default_rng(7), 0
    x = images((2, 1, 14, 14), sigma=1)
    for _ in range(count):
        model = onnx.ModelProto.FromString(content)
        edited(model, rng)
        (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
        try:
            run = weights.read(tmp_path / "net.onnx").run("numpy")
            ran = session(onnxruntime, model.SerializeToString())
            (logits,) = ran.run(None, {"images": x})
        except TinyalexError:
            continue
        except Exception as error:  # ONNX Runtime's own: stricter than need be
            assert "ONNXRuntimeError" in str(error)
            continue
        ours = run.model.forward(x.copy())
        np.testing.assert_allclose(ours, logits, rtol=0, atol=1e-4 * np.abs(logits).max())
        compared += 1
    assert compared >= 1


@pytest.mark.parametrize("number", [2, -1, 1 << 40])
def test_a_switch_that_is_neither_0_nor_1_is_refused(tmp_path: Path, number: int) -> None:
    weights.export(run_of("tiny"), tmp_path / "net.onnx")
    model = onnx.ModelProto.FromString((tmp_path / "net.onnx").read_bytes())
    pool = next(node for node in model.graph.node if node.op_type == "MaxPool")
    switch = next(each for each in pool.attribute if each.name == "ceil_mode")
    switch.i = number
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(TinyalexError, match="ceil_mode must be "):
        weights.read(tmp_path / "net.onnx")
