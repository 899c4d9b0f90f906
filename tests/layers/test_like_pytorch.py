"""Python that reads like PyTorch's means what it means there, or is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tinyalex.layers import (
    AvgPool2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    Sequential,
)


def network() -> Sequential:
    return Sequential({"conv1": Conv2d(1, 2, 3), "flat": Flatten(), "fc": Linear(8, 3)})


@pytest.mark.parametrize(
    "make",
    [
        lambda: MaxPool2d(3, 2, 1),  # there: padding
        lambda: AvgPool2d(3, 2, 1),
        lambda: Conv2d(4, 4, 3, 1, 1, 2),  # there: dilation
        lambda: LocalResponseNorm(5, 1e-4, 0.75, 2.0, 2),  # there: nothing
    ],
)
def test_a_position_that_means_something_else_in_pytorch_is_refused(
    make: Callable[[], Layer],
) -> None:
    with pytest.raises(TypeError, match="positional arguments"):
        make()


def test_parameters_are_pairs_of_a_name_and_an_array() -> None:
    net = network()
    pairs = list(net.named_parameters())
    assert [name for name, _ in pairs] == ["conv1.weight", "conv1.bias", "fc.weight", "fc.bias"]
    for (_, array), alone, (_, layer, key) in zip(
        pairs, net.parameters(), net.parameter_owners(), strict=True
    ):
        assert array is alone is layer.params[key]


def test_a_layer_alone_names_its_parameters_as_pytorch_does() -> None:
    layer = Linear(8, 3)
    named = dict(layer.named_parameters())
    assert list(named) == ["weight", "bias"]
    assert all(named[key] is layer.params[key] for key in ("weight", "bias"))
    assert list(Flatten().named_parameters()) == []
