"""Convolution, shared and unshared."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given

from tests import strategies as own
from tests.backends import reference
from tests.layers.compare import assert_equals_torch, float64
from tinyalex.check import gradcheck
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers import Conv2d, LocallyConnected2d


def conv(case: own.Conv) -> Conv2d:
    layer = Conv2d(
        case.shape[1],
        case.out_channels,
        case.kernel,
        case.stride,
        case.padding,
        groups=case.groups,
        seed=case.seed,
    )
    return float64(layer)  # type: ignore[return-value]


@given(case=own.convolutions())
def test_forward_equals_the_loops(case: own.Conv) -> None:
    layer, x = conv(case), own.normal(case.shape, case.seed)
    expected = reference.convolve(
        x, layer.params["weight"], layer.params["bias"], case.stride, case.padding, case.groups
    )
    np.testing.assert_allclose(layer.forward(x), expected, atol=1e-12, strict=True)


@given(case=own.convolutions())
def test_gradients_equal_measured_slopes(case: own.Conv) -> None:
    gradcheck(conv(case), own.normal(case.shape, case.seed), directions=1)


@given(case=own.convolutions())
def test_conv_equals_pytorch(torch: ModuleType, case: own.Conv) -> None:
    module = torch.nn.Conv2d(
        case.shape[1],
        case.out_channels,
        case.kernel,
        case.stride,
        case.padding,
        groups=case.groups,
    )
    assert_equals_torch(torch, conv(case), module, own.normal(case.shape, case.seed))


def test_flops_count_two_for_each_multiply_add() -> None:
    layer = Conv2d(4, 6, (2, 3), groups=2)
    N, F, OH, OW = layer.output_shape((5, 4, 7, 8))
    assert layer.flops((5, 4, 7, 8)) == 2 * N * F * OH * OW * (4 // 2) * 2 * 3


def test_the_weight_sets_the_dtype() -> None:
    layer = Conv2d(1, 1, 1)
    assert layer.forward(np.ones((1, 1, 2, 3))).dtype == np.float32
    layer.params["weight"] = np.ones((1, 1, 1, 1))
    assert layer.forward(np.ones((1, 1, 2, 3), np.float32)).dtype == np.float64


def test_wrong_channels_show_both_counts_and_both_shapes() -> None:
    with pytest.raises(ShapeError) as caught:
        Conv2d(3, 16, 5).forward(np.zeros((8, 4, 32, 32), np.float32))
    for part in ("4 channels", "expects 3", "(8, 4, 32, 32)", "(16, 3, 5, 5)"):
        assert part in str(caught.value)
    assert "NHWC" not in str(caught.value)


def test_nhwc_input_is_recognised() -> None:
    with pytest.raises(ShapeError, match=r"NHWC\? x\.transpose\(0, 3, 1, 2\)"):
        Conv2d(3, 16, 5).forward(np.zeros((8, 32, 32, 3), np.float32))


def test_an_image_smaller_than_the_kernel_is_refused() -> None:
    with pytest.raises(ShapeError, match="window of 5 does not fit into 2"):
        Conv2d(3, 4, 5).forward(np.zeros((1, 3, 8, 2), np.float32))


def test_a_weight_of_another_shape_is_refused() -> None:
    layer = Conv2d(3, 4, 5)
    layer.params["weight"] = np.zeros((4, 3, 5, 3), np.float32)
    with pytest.raises(ShapeError, match=r"\(4, 3, 5, 5\) \(got \(4, 3, 5, 3\)\)"):
        layer.forward(np.zeros((1, 3, 8, 8), np.float32))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"groups": 2}, "groups=2 must divide"),
        ({"groups": 0}, "groups"),
        ({"kernel_size": 0}, "kernel_size"),
        ({"kernel_size": (1, 2, 3)}, "kernel_size"),
        ({"stride": 0}, "stride"),
        ({"padding": -1}, "padding"),
        ({"in_channels": 0}, "in_channels"),
        ({"out_channels": 1.5}, "out_channels"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Conv2d(**({"in_channels": 3, "out_channels": 4, "kernel_size": 3} | settings))  # type: ignore[arg-type]


def local(case: own.Conv) -> LocallyConnected2d:
    layer = LocallyConnected2d(
        case.shape[1],
        case.out_channels,
        case.shape[2:],
        case.kernel,
        case.stride,
        case.padding,
        seed=case.seed,
    )
    return float64(layer)  # type: ignore[return-value]


@given(case=own.convolutions(grouped=False))
def test_an_unshared_layer_is_a_convolution_with_other_weights_at_each_position(
    case: own.Conv,
) -> None:
    layer, x = local(case), own.normal(case.shape, case.seed)
    y = layer.forward(x)
    for oh, ow in np.ndindex(*y.shape[2:]):
        weight, bias = layer.params["weight"][oh, ow], layer.params["bias"][oh, ow]
        shared = reference.convolve(x, weight, bias, case.stride, case.padding)
        np.testing.assert_allclose(y[:, :, oh, ow], shared[:, :, oh, ow], atol=1e-12)


@given(case=own.convolutions(grouped=False))
def test_unshared_gradients_equal_measured_slopes(case: own.Conv) -> None:
    gradcheck(local(case), own.normal(case.shape, case.seed), directions=1)


def test_unshared_weights_refuse_images_of_another_size() -> None:
    layer = LocallyConnected2d(2, 3, (5, 6), 3)
    with pytest.raises(ShapeError, match=r"\(N, 2, 5, 6\) \(got \(1, 2, 6, 5\)\)"):
        layer.forward(np.zeros((1, 2, 6, 5), np.float32))
