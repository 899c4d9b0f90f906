"""Saliency and Grad-CAM are what the papers define: by finite differences, and by PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.explore.nets import networks
from tinyalex import models
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers import (
    Conv2d,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    Tanh,
    Towers,
)
from tinyalex.report import grad_cam, saliency
from tinyalex.report.look.gradients import last_maps

Host = np.ndarray[Any, Any]


def in_float64(model: Sequential) -> Sequential:
    for _, layer, key in model.parameter_owners():
        layer.params[key] = layer.params[key].astype(np.float64)
    return model


def small_net(inplace: bool = True) -> Sequential:
    """Two convolutions with everything around them, for images (2, 8, 8) and three classes."""
    return in_float64(
        Sequential(
            {
                "conv1": Conv2d(2, 6, 3, padding=1, seed=1),
                "relu1": ReLU(inplace=inplace),
                "norm1": LocalResponseNorm(alpha=0.1),
                "pool1": MaxPool2d(3, stride=2, ceil_mode=True),
                "conv2": Conv2d(6, 4, 3, groups=2, seed=2),
                "relu2": ReLU(inplace=inplace),
                "flatten": Flatten(),
                "fc": Linear(16, 3, seed=3),
            }
        ).eval()
    )


def image(seed: int, shape: tuple[int, ...] = (1, 2, 8, 8)) -> Host:
    return np.random.default_rng(seed).standard_normal(shape)


@given(network=networks(), label=st.integers(0, 2))
def test_saliency_is_the_finite_difference_of_the_score(
    network: tuple[Sequential, Host], label: int
) -> None:
    model, x = in_float64(network[0]), network[1].astype(np.float64)
    step = 1e-6
    slopes = np.zeros(x.shape[1:])
    rng = np.random.default_rng(0)
    C, H, W = slopes.shape
    h, w = rng.integers(H), rng.integers(W)
    for c in range(C):
        moved = [x.copy(), x.copy()]
        moved[0][0, c, h, w] += step
        moved[1][0, c, h, w] -= step
        above, below = (model.forward(m)[0, label] for m in moved)
        slopes[c, h, w] = abs(above - below) / (2 * step)
    found = saliency(model, x, label)
    assert found.shape == (H, W)
    assert found[h, w] == pytest.approx(slopes[:, h, w].max(), rel=1e-3, abs=1e-6)


@given(seed=st.integers(0, 99), label=st.integers(0, 2))
def test_grad_cam_is_its_formula(seed: int, label: int) -> None:
    """The slopes by finite differences of what follows the layer."""
    model, x = small_net(inplace=False), image(seed)
    first, rest = model[:6], model[6:]
    A = first.forward(x)
    slopes, step = np.zeros_like(A), 1e-6
    for place in np.ndindex(A.shape):
        moved = A.copy()
        moved[place] += step
        slopes[place] = (rest.forward(moved)[0, label] - rest.forward(A)[0, label]) / step
    weights = slopes[0].mean(axis=(1, 2))
    wanted = np.maximum(np.einsum("k,khw->hw", weights, A[0]), 0)
    np.testing.assert_allclose(grad_cam(small_net(), x, label), wanted, atol=1e-6)


@pytest.mark.parametrize("layer", ["conv1", "relu1", "norm1", "pool1", "conv2", "relu2"])
def test_grad_cam_is_pytorchs(layer: str) -> None:
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    model, x = small_net(), image(5)
    w = {name: torch.tensor(value) for name, value in model.named_parameters()}
    kept: dict[str, Any] = {}

    def keep(name: str, y: Any) -> Any:
        kept[name] = y
        y.retain_grad()
        return y

    y = torch.tensor(x, requires_grad=True)
    y = keep("conv1", F.conv2d(y, w["conv1.weight"], w["conv1.bias"], padding=1))
    y = keep("relu1", F.relu(y))
    y = keep("norm1", F.local_response_norm(y, 5, alpha=0.5, beta=0.75, k=2.0))
    y = keep("pool1", F.max_pool2d(y, 3, 2, ceil_mode=True))
    y = keep("conv2", F.conv2d(y, w["conv2.weight"], w["conv2.bias"], groups=2))
    y = keep("relu2", F.relu(y))
    score = F.linear(y.flatten(1), w["fc.weight"], w["fc.bias"])[0, 1]
    score.backward()
    A = kept[layer]
    wanted = F.relu((A.grad.mean((2, 3), keepdim=True) * A).sum(1))[0].detach().numpy()
    assert wanted.max() > 0
    np.testing.assert_allclose(grad_cam(model, x, 1, layer), wanted, atol=1e-10)


def test_looking_changes_nothing() -> None:
    """The same result twice, and ReLU writes in place again."""
    model, x = small_net(), image(7)
    before = model.forward(x.copy())
    first = grad_cam(model, x, 0), saliency(model, x, 0)
    second = grad_cam(model, x, 0), saliency(model, x, 0)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert np.array_equal(model.forward(x.copy()), before)
    assert all(layer.inplace for layer in model if isinstance(layer, ReLU))
    assert all("forward" not in vars(layer) for layer in model)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("tiny", "features.13"),
        ("cifar-80sec", "relu3"),
        ("cifar-11pct", "relu4"),
        ("alexnet-small", "act5"),
        ("alexnet-small-tanh", "act5"),
        ("alexnet-two-tower", "columns5"),
    ],
)
def test_the_last_convolution_is_found(name: str, layer: str) -> None:
    model = models.build(name, init=models.ZEROS)
    assert last_maps(model, (1, *model.input_shape)) == layer


def test_towers_are_one_layer() -> None:
    def tower() -> Sequential:
        return Sequential([Conv2d(2, 2, 3, padding=1), Tanh()])

    model = in_float64(
        Sequential([Towers(tower(), tower(), crossing=True), Flatten(), Linear(256, 3)]).eval()
    )
    assert grad_cam(model, image(1), 2).shape == (8, 8)
    assert grad_cam(model, image(1), 2, "0.left.1").shape == (8, 8)


def test_a_layer_without_maps_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"fc has no feature maps.*\n.*relu2"):
        grad_cam(small_net(), image(0), 0, "fc")
    with pytest.raises(ConfigError, match="unknown layer 'conv9'"):
        grad_cam(small_net(), image(0), 0, "conv9")
    with pytest.raises(ConfigError, match="no convolution"):
        last_maps(Sequential([Flatten(), Linear(4, 2)]), (1, 1, 2, 2))
