"""An ONNX file of another network is refused at the node that differs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.weights import onnx_file
from tests.weights.onnx_file import (
    CAFFE,
    Change,
    inserted,
    of_zoo,
    removed,
    setting,
    tensor,
    written,
)
from tinyalex import models
from tinyalex.errors import CheckpointError, ConfigError
from tinyalex.weights import from_onnx
from tinyalex.weights.onnx_graph import open_graph

onnx = pytest.importorskip("onnx", exc_type=ImportError)
BASE = onnx_file.weights()


OTHER: dict[str, tuple[tuple[Change, ...], str]] = {
    "stride": ((setting("conv1", strides=[2, 2]),), "'conv1' (Conv): strides must be 4 x 4"),
    "padding": (
        (setting("conv2", pads=[1, 1, 1, 1]),),
        "'conv2' (Conv): pads must be [2, 2, 2, 2]",
    ),
    "one side's padding": ((setting("conv2", pads=[2, 2, 2, 1]),), "(got [2, 2, 2, 1])"),
    "auto_pad": ((setting("conv2", auto_pad="VALID"),), "pads must be [2, 2, 2, 2]"),
    "groups": ((setting("conv4", group=1),), "'conv4' (Conv): group must be 2"),
    "dilation": ((setting("conv3", dilations=[2, 2]),), "dilations must be 1 x 1"),
    "alpha": ((setting("norm1", alpha=5e-4),), "'norm1' (LRN): alpha must be 0.0001 for alexnet"),
    "beta": ((setting("norm2", beta=0.5),), "beta must be 0.75 for alexnet-caffe (got 0.5)"),
    "bias": ((setting("norm1", bias=2.0),), "bias must be 1 for alexnet-caffe (got 2)"),
    "size": ((setting("norm1", size=3),), "size must be 5"),
    "pool's kernel": ((setting("pool1", kernel_shape=[2, 2]),), "kernel_shape must be 3 x 3"),
    "pool's stride": ((setting("pool2", strides=[3, 3]),), "strides must be 2 x 2"),
    "pool's pads": ((setting("pool1", pads=[1, 1, 1, 1]),), "'pool1' (MaxPool): pads must be"),
    "a window too many": (
        (setting("pool1", ceil_mode=1),),
        "must be [26, 26] for alexnet-caffe (got [27",
    ),
    "a window too few": (
        (setting("pool5", pads=[0] * 4),),
        "must be [6, 6] for alexnet-caffe (got [5",
    ),
    "an average": ((inserted("pool5", "AveragePool", kernel_shape=[2, 2]),), "(AveragePool)"),
    "Gemm's alpha": ((setting("fc6", alpha=0.5),), "'fc6' (Gemm): alpha must be 1"),
    "Gemm's beta": ((setting("fc6", beta=2.0),), "beta must be 1"),
    "Gemm's transA": ((setting("fc6", transA=1),), "transA must be 0"),
    "an attribute that ONNX does not have": (
        (setting("relu1", alpha=0.1),),
        "alpha must be left out",
    ),
    "attributes of another kind": ((setting("conv1", group=[1]),), "group is of another kind"),
    "no ReLU": ((removed("relu3"),), "there must be Relu (got node 'conv4' (Conv))"),
    "a ReLU too many": ((inserted("pool2", "Relu"),), "for features.8 Conv2d(64, 96"),
    "something at the end": ((inserted("prob", "Relu"),), "nothing but Softmax"),
    "a shape": ((tensor("OC2_DUMMY_1", np.array([2304, 1])),), "shape must be ['N', 2304]"),
    "CaffeNet's order": (
        (removed("norm1"), inserted("pool1", "LRN", size=5)),
        "for features.2 LocalResponseNorm",
    ),
    "other weights": (
        (tensor("conv3_w_0", BASE["conv3_w_0"][:, :32]),),
        "features.8.weight must be (96, 64, 3, 3) (got (96, 32, 3, 3))",
    ),
    "not finite": ((tensor("fc8_b_0", np.full(5, np.nan, np.float32)),), "must be finite"),
    "a bias of another length": (
        (tensor("fc8_b_0", BASE["fc8_b_0"][:3]),),
        "its bias must be of 5",
    ),
    "images that are not square": (
        (lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[3], "dim_value", 220),),
        "square images",
    ),
    "absurd images": (
        (
            lambda m: [
                setattr(d, "dim_value", 5000)
                for d in m.graph.input[0].type.tensor_type.shape.dim[2:]
            ],
        ),
        "5000 pixels, at most",
    ),
}


@pytest.mark.parametrize(("changes", "says"), OTHER.values(), ids=OTHER)
def test_another_network_is_refused_at_the_node(
    narrow: None, tmp_path: Path, changes: tuple[Change, ...], says: str
) -> None:
    with pytest.raises(CheckpointError, match=re.escape(says)) as caught:
        of_zoo(tmp_path, *changes)
    assert "net.onnx" in caught.value.message and "Try: " in str(caught.value)


def test_a_dropout_in_training_mode_is_refused(narrow: None, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="dropout must be off, as in test mode"):
        of_zoo(tmp_path, setting("drop6", is_test=0), opset=6)

    def training(model: Any) -> None:
        flag = onnx.numpy_helper.from_array(np.array(True), "flag")
        model.graph.initializer.append(flag)
        onnx_file.node_of(model, "drop6").input.extend(["", "flag"])

    with pytest.raises(CheckpointError, match="dropout must be off"):
        of_zoo(tmp_path, training, opset=12)


def of_node(kind: str, *before: str, filters: int = 96, **how: Any) -> Any:
    """A graph of a convolution and one more node."""
    w = onnx.numpy_helper.from_array(np.zeros((filters, 3, 11, 11), np.float32), "w")
    nodes = [onnx.helper.make_node("Conv", ["x", "w"], ["y"])]
    nodes.append(onnx.helper.make_node(kind, ["y"], ["z"], **how))
    values = [onnx.helper.make_tensor_value_info(n, 1, (1, 3, 224, 224)) for n in ("x", "z")]
    return onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", values[:1], values[1:], [w]))


def test_the_model_is_known_by_its_first_filters_and_its_norm(tmp_path: Path) -> None:
    def guessed(model: Any) -> str:
        return from_onnx.guess(open_graph(written(model, tmp_path / "n.onnx")), models.names())

    assert guessed(of_node("LRN", size=5)) == guessed(of_node("LRN", size=5, bias=1.0)) == CAFFE
    assert guessed(of_node("LRN", size=5, bias=2.0)) == "alexnet"
    assert guessed(of_node("Relu", filters=64)) == "alexnet-torchvision"
    for other in (of_node("Relu"), of_node("LRN", size=5, filters=64)):
        with pytest.raises(ConfigError, match="do not tell which model[\\s\\S]*--model"):
            guessed(other)
