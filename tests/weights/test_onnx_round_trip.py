"""Import our own ONNX files and PyTorch's."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.weights.nets import SMALLER, assert_same_logits, few_hidden, images, run_of
from tests.weights.onnx_file import written
from tests.weights.runtime import assert_same_as_runtime
from tests.weights.test_to_onnx import chain
from tinyalex import layers, models, weights
from tinyalex.errors import BackendError
from tinyalex.models import ModelSpec
from tinyalex.weights import from_onnx
from tinyalex.weights.onnx_graph import open_graph
from tinyalex.weights.onnx_walk import Walk
from tinyalex.weights.to_onnx import to_onnx

onnx = pytest.importorskip("onnx", exc_type=ImportError)


def narrow_torchvision(image: tuple[int, int, int], classes: int, dropout: str) -> Any:
    """`alexnet-torchvision`'s first and last layers."""
    features = layers.Sequential(
        [
            layers.Conv2d(image[0], 64, 11, stride=4, padding=2),
            layers.ReLU(),
            layers.MaxPool2d(3, 2),
        ]
    )
    rest = [layers.Dropout(0.5, dropout), layers.Linear(64 * 49, classes)]
    parts = {"features": features, "flatten": layers.Flatten()}
    return layers.Sequential({**parts, "classifier": layers.Sequential(rest)})


def test_a_pytorch_export_gives_onnx_runtimes_logits(
    onnxruntime: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As torch.onnx.export writes it, with an adaptive average pooling that does nothing."""
    spec = models.spec("alexnet-torchvision")
    narrow = ModelSpec(**{**vars(spec), "builder": narrow_torchvision})
    monkeypatch.setitem(models._SPECS, "alexnet-torchvision", narrow)
    rng = np.random.default_rng(0)
    sizes = {"features.0": (64, 3, 11, 11), "classifier.1": (4, 64 * 49)}
    arrays = {f"{n}.weight": (0.1 * rng.standard_normal(s)).astype("f4") for n, s in sizes.items()}
    arrays |= {f"{n}.bias": rng.standard_normal(s[0]).astype("f4") for n, s in sizes.items()}
    node = onnx.helper.make_node
    first = ["input", "features.0.weight", "features.0.bias"]
    two = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0] * 4, "dilations": [1, 1]}
    nodes = [
        node("Conv", first, ["c"], kernel_shape=[11, 11], strides=[4, 4], pads=[2] * 4, group=1),
        node("Relu", ["c"], ["r"]),
        node("MaxPool", ["r"], ["p"], ceil_mode=0, **two),
        node("AveragePool", ["p"], ["a"], kernel_shape=[1, 1], strides=[1, 1], pads=[0] * 4),
        node("Flatten", ["a"], ["f"], axis=1),
        node("Gemm", ["f", "classifier.1.weight", "classifier.1.bias"], ["out"], transB=1),
    ]
    values = [
        onnx.helper.make_tensor_value_info(name, 1, shape)
        for name, shape in (("input", ["batch", 3, 67, 67]), ("out", ["batch", 4]))
    ]
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = onnx.helper.make_graph(nodes, "main_graph", values[:1], values[1:], tensors)
    model = onnx.helper.make_model(
        graph,
        producer_name="pytorch",
        opset_imports=[onnx.helper.make_opsetid("", 17)],
        ir_version=8,
    )
    found = weights.read(written(model, tmp_path / "net.onnx"))
    assert found.model == "alexnet-torchvision" and found.recipe.crop == 67
    assert_same_as_runtime(onnxruntime, model, found, bgr=False)


QUICK = ["tiny", "cifar-fig1-tanh", "cifar-11pct", "alexnet-small-no-exchange"]
LONG = [pytest.param(n, marks=pytest.mark.slow) for n in models.names() if n not in QUICK]


@pytest.mark.parametrize("name", [*QUICK, *LONG])
def test_our_own_export_is_read_back_completely(
    monkeypatch: pytest.MonkeyPatch, name: str, tmp_path: Path
) -> None:
    if name != "alexnet":  # which stays as large as it is
        few_hidden(monkeypatch)
    run = run_of(name, side=SMALLER.get(name))
    for preprocess in (False, True):
        folder = tmp_path / str(preprocess)
        folder.mkdir()
        path = folder / "net.onnx"
        assert weights.export(run, path, preprocess=preprocess) == [path]
        found = weights.read(folder / "net.onnx")
        assert (found.model, found.classes) == (name, run.classes)
        assert (found.recipe.mean, found.recipe.scale) == (
            run.config.recipe.mean,
            run.config.recipe.scale,
        )
        assert found.recipe.dropout == "inverted"
        got = found.statistics.mean(found.recipe.mean)
        wanted = run.statistics.mean(run.config.recipe.mean)
        assert got is wanted is None or np.allclose(got, wanted)  # type: ignore[arg-type]
        x = images((2, *run.model.input_shape), sigma=1)
        assert_same_logits(
            run.model.forward(x.copy()), found.run("numpy").model.forward(x.copy()), 1e-6
        )


PARTS: dict[str, list[layers.Layer]] = {
    "unshared weights": [layers.LocallyConnected2d(4, 5, (8, 7), (3, 2), (1, 2), (1, 0))],
    "a norm in the map": [layers.SpatialResponseNorm(3, alpha=0.7, beta=0.75, k=1.5)],
    "a norm of groups": [layers.LocalResponseNorm(3, alpha=0.7, beta=0.4, k=1.5, groups=2)],
    "clipped averages": [layers.AvgPool2d(3, 2, ceil_mode=True)],
    "unequal sides": [layers.Conv2d(4, 6, (3, 2), (2, 1), (0, 1), groups=2)],
    "tanh": [layers.Conv2d(4, 3, 3), layers.Tanh()],
    "the paper's dropout": [layers.Conv2d(4, 3, 3), layers.Dropout(0.3, "paper")],
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_every_exported_layer_is_read_back(
    tmp_path: Path, parts: list[layers.Layer], onnxruntime: ModuleType
) -> None:
    run = chain(*parts, image=(4, 8, 7))
    (tmp_path / "net.onnx").write_bytes(to_onnx(run))
    walk = Walk(open_graph(tmp_path / "net.onnx"), "chain")
    state = from_onnx.read_layout(walk, "images", run.model, (4, 8, 7), bgr=False)
    x = np.random.default_rng(0).standard_normal((2, 4, 8, 7)).astype(np.float32)
    before = run.model.forward(x.copy())
    run.model.load_state_dict(state)
    factor = parts[-1].test_factor() or 1 if isinstance(parts[-1], layers.Dropout) else 1
    bias = run.model.state_dict()[f"{len(parts) + 1}.bias"]
    after = (run.model.forward(x.copy()) - bias) / factor + bias  # the weight took it over
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)


def test_without_the_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.onnx").write_bytes(b"x")
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(BackendError, match=r"not installed[\s\S]*\[onnx\]"):
        weights.read(tmp_path / "net.onnx")
