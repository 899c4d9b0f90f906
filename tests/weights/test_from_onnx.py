"""Import the ONNX model zoo's network in many equivalent forms; compare with ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
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
    zoo,
)
from tests.weights.runtime import assert_same_as_runtime
from tinyalex import models, weights
from tinyalex.errors import ConfigError
from tinyalex.weights.imported import Imported

onnx = pytest.importorskip("onnx", exc_type=ImportError)
BASE = onnx_file.weights()


def assert_base(found: Imported, rtol: float = 0) -> None:
    """The zoo's weights, with the first filters reversed from B, G, R."""
    assert len(found.weights) == 16
    for name, ours in onnx_file.NAMES.items():
        for ending, key in (("w", "weight"), ("b", "bias")):
            wanted = BASE[f"{name}_{ending}_0"]
            wanted = wanted[:, ::-1] if wanted.ndim == 4 and name == "conv1" else wanted
            got = found.weights[f"{ours}.{key}"]
            np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol)


# ---------------------------------------------------------------------- the zoo's file


@pytest.mark.parametrize("opset", [7, 9, 12])
def test_the_zoos_network_gives_onnx_runtimes_logits(
    onnxruntime: ModuleType, narrow: None, tmp_path: Path, opset: int
) -> None:
    model = zoo(opset)
    found = weights.read(written(model, tmp_path / "net.onnx"), CAFFE)
    assert_same_as_runtime(onnxruntime, model, found, bgr=True)
    assert (found.recipe.crop, found.recipe.image_size) == (224, 256)
    assert found.statistics.channel_means.argmax() == 0  # R, G, B: ImageNet's red is brightest


@pytest.mark.parametrize("opset", [3, 6, 8])
def test_older_opsets_give_the_same_weights(narrow: None, tmp_path: Path, opset: int) -> None:
    assert_base(of_zoo(tmp_path, opset=opset))


def test_the_real_caffe_layout_has_fc6s_inputs_on_224_and_227_pixels() -> None:
    for side in (224, 227):
        net = models.build(CAFFE, init=models.ZEROS, image_size=side)
        (fc6,) = (layer for name, layer in net.named_layers() if name == "classifier.0")
        assert fc6.params["weight"].shape == (4096, 9216)


def test_caffes_channels_are_reversed_with_a_warning(
    narrow: None, tmp_path: Path, heard: list[str]
) -> None:
    assert_base(of_zoo(tmp_path))
    assert len(heard) == 1 and "B, G, R" in heard[0] and "--colours rgb" in heard[0]
    found = of_zoo(tmp_path, colours="rgb")
    np.testing.assert_array_equal(found.weights["features.0.weight"], BASE["conv1_w_0"])
    assert len(heard) == 1
    assert_base(of_zoo(tmp_path, colours="bgr"))

    def by_pytorch(model: Any) -> None:
        model.producer_name = "pytorch"

    found = of_zoo(tmp_path, by_pytorch)
    np.testing.assert_array_equal(found.weights["features.0.weight"], BASE["conv1_w_0"])


def test_colours_is_refused_for_other_files_and_values(narrow: None, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--colours must be rgb or bgr.*got 'cmyk'"):
        of_zoo(tmp_path, colours="cmyk")
    (tmp_path / "net.caffemodel").write_bytes(b"x")
    with pytest.raises(ConfigError, match="for a .onnx file"):
        weights.read(tmp_path / "net.caffemodel", colours="bgr")


# ---------------------------------------------------------------------- other spellings


def as_matmul(model: Any) -> None:
    """fc7 as MatMul and Add, with the weight transposed."""
    gemm = onnx_file.node_of(model, "fc7")
    x, w, b = gemm.input
    tensor(w, np.ascontiguousarray(BASE["fc7_w_0"].T))(model)
    nodes = list(model.graph.node)
    i = nodes.index(gemm)
    new = [
        onnx.helper.make_node("MatMul", [x, w], ["product"], name="fc7"),
        onnx.helper.make_node("Add", [b, "product"], list(gemm.output), name="fc7_add"),
    ]
    del model.graph.node[:]
    model.graph.node.extend([*nodes[:i], *new, *nodes[i + 1 :]])


def as_constants(model: Any) -> None:
    """Every constant as a node."""
    nodes = [
        onnx.helper.make_node("Constant", [], [t.name], value=t) for t in model.graph.initializer
    ]
    nodes += list(model.graph.node)
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)


def free_sizes(model: Any) -> None:
    for dim in model.graph.input[0].type.tensor_type.shape.dim[0:1]:
        dim.dim_param = "N"
    tensor("OC2_DUMMY_1", np.array([-1, 2304]))(model)


def typed(code: int, kind: Any) -> Change:
    """Weights of another type, as numbers in the field for that type."""

    def change(model: Any) -> None:
        for t in model.graph.initializer:
            if t.name.endswith("_0"):
                array = BASE[t.name]
                bits = array.astype(kind)
                if code == 16:  # bfloat16: the upper half of a float32
                    bits = (array.view(np.uint32) >> 16).astype(np.uint16)
                elif code == 10:
                    bits = bits.view(np.uint16)
                t.ClearField("raw_data")
                t.data_type = code
                field = {1: t.float_data, 11: t.double_data}.get(code, t.int32_data)
                field.extend(bits.reshape(-1).tolist())

    return change


SAME: dict[str, tuple[Change, ...]] = {
    "auto_pad": (
        setting("conv1", pads=None, auto_pad="VALID"),
        setting("conv3", pads=None, auto_pad="SAME_UPPER"),
    ),
    "windows that are clipped": (setting("pool5", pads=None, ceil_mode=1),),
    "an end pad that no window reaches": (setting("pool1", pads=[0, 0, 0, 0], ceil_mode=0),),
    "kernel shapes left to the weights": (setting("conv2", kernel_shape=None),),
    "MatMul and Add": (as_matmul,),
    "Gemm without transB": (
        setting("fc8", transB=0),
        tensor("fc8_w_0", np.ascontiguousarray(BASE["fc8_w_0"].T)),
    ),
    "a bias with a one before it": (tensor("fc8_b_0", BASE["fc8_b_0"][None]),),
    "constants as nodes": (as_constants,),
    "no Softmax": (removed("prob"),),
    "dropouts taken out": (removed("drop6"), removed("drop7")),
    "Identity and Cast": (inserted("pool2", "Identity"), inserted("fc8", "Cast", to=1)),
    "an average of single pixels": (
        inserted("pool5", "AveragePool", kernel_shape=[1, 1], strides=[1, 1]),
    ),
    "a free batch": (free_sizes,),
    "doubles": (typed(11, np.float64),),
    "floats one by one": (typed(1, np.float32),),
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME)
def test_equivalent_graphs_give_the_same_weights(
    narrow: None, tmp_path: Path, changes: tuple[Change, ...]
) -> None:
    assert_base(of_zoo(tmp_path, *changes))


@pytest.mark.parametrize(("code", "rtol"), [(10, 1e-3), (16, 1e-2)])
def test_weights_may_be_float16_or_bfloat16(
    narrow: None, tmp_path: Path, code: int, rtol: float
) -> None:
    found = of_zoo(tmp_path, typed(code, np.float16))
    assert_base(found, rtol)
    assert {array.dtype for array in found.weights.values()} == {np.dtype(np.float32)}


def test_weights_may_be_in_other_files_of_the_folder(narrow: None, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    changes = (
        onnx_file.external("fc6_w_0", tmp_path / "fc6.bin", "fc6.bin", extra=32),
        onnx_file.external("fc7_w_0", tmp_path / "parts" / "fc7", "parts/fc7"),
    )
    assert_base(of_zoo(tmp_path, *changes))
