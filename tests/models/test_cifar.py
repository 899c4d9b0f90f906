"""The CIFAR-10 ladder and the small network: sizes and numbers of the authors' files."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.strategies import normal
from tinyalex import models
from tinyalex.layers import (
    AvgPool2d,
    LocallyConnected2d,
    LocalResponseNorm,
    MaxPool2d,
    SpatialResponseNorm,
)
from tinyalex.models import Model


def convolutions(*layers: tuple[int, int]) -> int:
    """Parameters of 5x5 convolutions, given (in, out)."""
    return sum(25 * into * out + out for into, out in layers)


def test_the_networks_have_the_parameters_that_their_layers_add_up_to() -> None:
    three = convolutions((3, 32), (32, 32), (32, 64))
    counts = {
        name: models.build(name).count_parameters() for name in models.names() if "cifar" in name
    }
    assert counts == {
        "cifar-80sec": three + (1024 * 64 + 64) + (64 * 10 + 10),
        "cifar-19pct": three + (1024 * 10 + 10),
        "cifar-18pct": three + (1024 * 10 + 10),
        # 24 pixels become 12 and 6; unshared: weights and a bias for each of 6 x 6 positions.
        "cifar-13pct": convolutions((3, 64), (64, 64))
        + 36 * 32 * (9 * 64 + 1)
        + 36 * 32 * (9 * 32 + 1)
        + (36 * 32 * 10 + 10),
        "cifar-11pct": convolutions((3, 64), (64, 64))
        + 36 * 64 * (9 * 64 + 1)
        + 36 * 32 * (9 * 64 + 1)
        + (36 * 32 * 10 + 10),
        "cifar-fig1-relu": three + (1024 * 10 + 10),
        "cifar-fig1-tanh": three + (1024 * 10 + 10),
    }


@pytest.mark.parametrize("name", ["cifar-80sec", "cifar-19pct", "cifar-18pct"])
def test_pooling_halves_the_sides_with_ceil(name: str) -> None:
    shape, sides = (1, 3, 32, 32), []
    for _, layer in models.build(name).named_layers():
        shape = layer.output_shape(shape)
        if isinstance(layer, (MaxPool2d, AvgPool2d)):
            sides.append((type(layer).__name__, shape[2]))
    assert sides == [("MaxPool2d", 16), ("AvgPool2d", 8), ("AvgPool2d", 4)]


@pytest.mark.parametrize(
    ("name", "sigmas"),
    [
        ("cifar-80sec", {"conv1": 1e-4, "conv2": 0.01, "conv3": 0.01, "fc64": 0.1, "fc10": 0.1}),
        ("cifar-18pct", {"conv1": 1e-4, "conv2": 0.01, "conv3": 0.01, "fc10": 0.01}),
        (
            "cifar-13pct",
            {"conv1": 1e-4, "conv2": 0.01, "local3": 0.04, "local4": 0.04, "fc10": 0.01},
        ),
    ],
)
def test_the_initial_weights_are_those_of_the_layer_files(
    name: str, sigmas: dict[str, float]
) -> None:
    state = models.build(name).state_dict()
    assert {key.rpartition(".")[0] for key in state} == set(sigmas)
    for layer, sigma in sigmas.items():
        weight = state[f"{layer}.weight"]
        assert weight.std() == pytest.approx(sigma, rel=5 / math.sqrt(2 * weight.size))
        assert not state[f"{layer}.bias"].any()


def layers_of(model: Model, kind: type) -> list:
    return [layer for _, layer in model.named_layers() if isinstance(layer, kind)]


def test_normalisation_divides_cuda_convnets_scale_by_the_window() -> None:
    spatial = layers_of(models.build("cifar-18pct"), SpatialResponseNorm)
    assert [(y.size, y.beta) for y in spatial] == [(3, 0.75)] * 2
    assert all(y.alpha * 9 == pytest.approx(5e-5) for y in spatial)
    across = layers_of(models.build("cifar-11pct"), LocalResponseNorm)
    assert [(y.size, y.beta) for y in across] == [(9, 0.75)] * 2
    assert all(y.alpha * 9 == pytest.approx(1e-3) for y in across)


def test_the_11_percent_net_normalises_after_the_first_pooling_and_before_the_second() -> None:
    kinds = [type(layer) for _, layer in models.build("cifar-11pct").named_layers()]
    assert [kind for kind in kinds if kind in (LocalResponseNorm, MaxPool2d)] == [
        MaxPool2d,
        LocalResponseNorm,
        LocalResponseNorm,
        MaxPool2d,
    ]


def test_the_local_layers_keep_their_size() -> None:
    local = layers_of(models.build("cifar-11pct"), LocallyConnected2d)
    assert [(y.input_size, y.out_hw, y.out_channels) for y in local] == [
        ((6, 6), (6, 6), 64),
        ((6, 6), (6, 6), 32),
    ]


def test_the_pair_of_figure_1_differs_in_its_activation_only() -> None:
    relu, tanh = models.build("cifar-fig1-relu"), models.build("cifar-fig1-tanh")
    for name, value in relu.state_dict().items():
        np.testing.assert_array_equal(value, tanh.state_dict()[name])
    kinds = [
        (type(a).__name__, type(b).__name__)
        for (_, a), (_, b) in zip(relu.named_layers(), tanh.named_layers(), strict=True)
        if type(a) is not type(b)
    ]
    assert kinds == [("ReLU", "Tanh")] * 3


@pytest.mark.parametrize("name", [n for n in models.names() if not n.startswith("alexnet")])
def test_both_passes_run_and_reach_every_parameter(name: str) -> None:
    model = models.build(name, init={"*.weight": ("he_normal",), "*.bias": ("constant", 0.1)})
    x = normal((4, *model.input_shape), 0).astype(np.float32)
    y = model.forward(x)
    assert y.shape == (4, model.num_classes) == model.output_shape(x.shape)
    assert model.backward(normal(y.shape, 1).astype(np.float32)).shape == x.shape
    for parameter, layer, key in model.parameter_owners():
        gradient = layer.grads[key]
        assert gradient.dtype == np.float32 and np.abs(gradient).max() > 1e-8, parameter
