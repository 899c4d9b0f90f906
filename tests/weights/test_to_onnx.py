"""Exported ONNX files give the networks' logits in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.weights.nets import SMALLER, assert_same_logits, few_hidden, images, run_of
from tinyalex import data, evaluation, layers, models, weights
from tinyalex.errors import BackendError, ConfigError
from tinyalex.training import Run
from tinyalex.weights.onnx_read import READERS
from tinyalex.weights.to_onnx import WRITERS, to_onnx

LARGE = {name for name in models.names() if models.spec(name).num_classes == 1000}
LARGE -= {"alexnet-torchvision"}  # one of them every day


def session(onnxruntime: ModuleType, content: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in LARGE else ())
        for name in models.names()
    ],
)
def test_a_model_gives_the_same_logits_in_onnx_runtime(
    monkeypatch: pytest.MonkeyPatch, onnxruntime: ModuleType, name: str
) -> None:
    if name not in LARGE:
        few_hidden(monkeypatch)
    run = run_of(name, side=SMALLER.get(name))
    content = to_onnx(run)
    for n in (1, 3):  # the number of images is free
        x = images((n, *run.model.input_shape), seed=n)
        (logits,) = session(onnxruntime, content).run(None, {"images": x})
        assert_same_logits(run.model.forward(x.copy()), logits)


def chain(*parts: layers.Layer, image: tuple[int, int, int]) -> Run:
    """A run of some layers, then a fully connected one."""
    run = run_of("tiny")
    body: list[layers.Layer] = [*parts, layers.Flatten()]
    flat = layers.Sequential(body).output_shape((1, *image))[1]
    model = models.Model([*body, layers.Linear(flat, 3)])
    model.name, model.num_classes, model.input_shape = "chain", 3, image
    run.model = model.eval()  # type: ignore[assignment]
    return run


CHAINS = {
    "a wide norm, constants that show": [layers.LocalResponseNorm(3, alpha=0.7, beta=0.4, k=1.5)],
    "a norm in the map": [layers.SpatialResponseNorm(3, alpha=0.7, beta=0.75, k=1.5)],
    "an even square": [layers.SpatialResponseNorm(4, alpha=0.7, beta=0.6, k=1.5)],
    "unequal sides": [layers.Conv2d(4, 6, (3, 2), (2, 1), (0, 1), groups=2)],
    "unshared weights": [layers.LocallyConnected2d(4, 5, (8, 7), (3, 2), (1, 2), (1, 0))],
    "clipped averages": [layers.AvgPool2d(3, 2, ceil_mode=True)],
    "clipped maxima": [layers.MaxPool2d((3, 2), (2, 3), ceil_mode=True)],
    "the paper's dropout": [layers.Dropout(0.3, "paper")],
    "inverted dropout": [layers.Dropout(0.3)],
}


@pytest.mark.parametrize("parts", CHAINS.values(), ids=CHAINS)
def test_a_layer_gives_the_same_result_in_onnx_runtime(
    onnxruntime: ModuleType, parts: list[layers.Layer]
) -> None:
    run = chain(*parts, image=(4, 8, 7))
    x = np.random.default_rng(0).standard_normal((2, 4, 8, 7)).astype(np.float32)
    (logits,) = session(onnxruntime, to_onnx(run)).run(None, {"images": x})
    assert_same_logits(run.model.forward(x), logits, 1e-5)


@pytest.mark.parametrize(
    "name", ["tiny", pytest.param("alexnet-torchvision", marks=pytest.mark.slow)]
)
def test_the_graph_prepares_pixels_as_the_recipe_says(
    onnxruntime: ModuleType, name: str, tmp_path: Path
) -> None:
    run = run_of(name, side=SMALLER.get(name))
    weights.export(run, tmp_path / "net.onnx", preprocess=True)
    content = (tmp_path / "net.onnx").read_bytes()
    C, H, W = run.model.input_shape
    pixels = np.random.default_rng(1).integers(0, 256, (2, H, W, C), dtype=np.uint8)
    (logits,) = session(onnxruntime, content).run(None, {"pixels": pixels})
    split = data.Split(pixels.__getitem__, np.zeros(2, np.int64), (H, W, C))
    p = evaluation.probabilities(run, split)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(e / e.sum(axis=1, keepdims=True), p, rtol=1e-3, atol=1e-6)


def test_every_layer_is_written_or_refused_by_name(onnxruntime: ModuleType) -> None:
    class Sine(layers.Layer):
        pass

    with pytest.raises(ConfigError, match=r"0: Sine has no counterpart in ONNX"):
        to_onnx(chain(Sine(), image=(1, 4, 4)))
    with pytest.raises(ConfigError, match="over 4 channels: ONNX needs an odd number"):
        to_onnx(chain(layers.LocalResponseNorm(4), image=(6, 4, 4)))
    containers = {layers.Layer, layers.Container, layers.Sequential}
    every = {
        y for y in vars(layers).values() if isinstance(y, type) and issubclass(y, layers.Layer)
    }
    assert every - containers == set(WRITERS) == set(READERS)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(BackendError, match=r"not installed[\s\S]*\[onnx\]"):
        to_onnx(run_of("tiny"))


def test_unknown_formats_are_refused(tmp_path: Path) -> None:
    run = run_of("tiny")
    with pytest.raises(ConfigError, match="safetensors, onnx .got 'h5'"):
        weights.export(run, tmp_path / "net.h5")
    with pytest.raises(ConfigError, match="no preprocessing"):
        weights.export(run, tmp_path / "net.safetensors", preprocess=True)
    assert list(tmp_path.iterdir()) == []


def test_a_dropout_that_no_layer_can_take_over_is_refused(tmp_path: Path) -> None:
    run = chain(layers.Dropout(0.5, "paper"), layers.ReLU(), image=(1, 4, 4))
    with pytest.raises(ConfigError, match="right before a fully connected layer.*got ReLU"):
        weights.export(run, tmp_path / "net.safetensors")
