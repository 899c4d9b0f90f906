"""Max and average pooling through their layers."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given

from tests import strategies as own
from tests.layers.compare import assert_equals_torch
from tinyalex.check import gradcheck
from tinyalex.errors import ShapeError
from tinyalex.layers import AvgPool2d, MaxPool2d

KINDS = [MaxPool2d, AvgPool2d]


@pytest.mark.parametrize("kind", KINDS)
@given(case=own.poolings())
def test_the_window_count_is_found_by_placing_windows(
    kind: type[MaxPool2d], case: own.Pool
) -> None:
    layer = kind(case.kernel, case.stride, ceil_mode=case.ceil_mode)
    assert layer.output_shape(case.shape) == (*case.shape[:2], *case.out_hw)


@pytest.mark.parametrize("kind", KINDS)
@given(case=own.poolings())
def test_gradients_equal_measured_slopes(kind: type[MaxPool2d], case: own.Pool) -> None:
    layer = kind(case.kernel, case.stride, ceil_mode=case.ceil_mode)
    gradcheck(layer, own.grid(case.shape, case.seed), directions=1)


@given(case=own.poolings())
def test_max_pooling_equals_pytorch(torch: ModuleType, case: own.Pool) -> None:
    # Whole numbers with many ties: PyTorch too gives the first of equals the gradient.
    x = np.round(own.normal(case.shape, case.seed))
    module = torch.nn.MaxPool2d(case.kernel, case.stride, ceil_mode=case.ceil_mode)
    layer = MaxPool2d(case.kernel, case.stride, ceil_mode=case.ceil_mode)
    assert_equals_torch(torch, layer, module, x)


@given(case=own.poolings())
def test_average_pooling_equals_pytorch(torch: ModuleType, case: own.Pool) -> None:
    module = torch.nn.AvgPool2d(
        case.kernel, case.stride, ceil_mode=case.ceil_mode, count_include_pad=False
    )
    layer = AvgPool2d(case.kernel, case.stride, ceil_mode=case.ceil_mode)
    assert_equals_torch(torch, layer, module, own.normal(case.shape, case.seed))


def test_the_sizes_of_cuda_convnet_need_ceil_mode() -> None:
    sizes = [32]
    while len(sizes) < 4:
        sizes.append(MaxPool2d(3, 2, ceil_mode=True).output_shape((1, 1, sizes[-1], 40))[2])
    assert sizes == [32, 16, 8, 4]
    assert MaxPool2d(3, 2).output_shape((1, 1, 32, 55))[2:] == (15, 27)


def test_stride_is_the_kernel_size_by_default() -> None:
    assert MaxPool2d((2, 3)).output_shape((1, 1, 7, 7)) == (1, 1, 3, 2)


def test_a_clipped_average_counts_only_what_it_has() -> None:
    x = np.ones((1, 1, 4, 5))
    np.testing.assert_array_equal(AvgPool2d(3, 2, ceil_mode=True).forward(x), np.ones((1, 1, 2, 2)))


def test_negative_numbers_have_a_maximum_too() -> None:
    x = -1 - np.arange(20.0).reshape(1, 1, 4, 5)
    y = MaxPool2d(3, 2, ceil_mode=True).forward(x)
    np.testing.assert_array_equal(y[0, 0], [[-1, -3], [-11, -13]])


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_smaller_than_the_window_is_refused(kind: type[MaxPool2d]) -> None:
    with pytest.raises(ShapeError, match="window of 3 does not fit into 2"):
        kind(3, 2).forward(np.zeros((1, 1, 8, 2), np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_nan_is_passed_on(kind: type[MaxPool2d]) -> None:
    x = own.grid((1, 1, 4, 5), 0)
    x[0, 0, 1, 1] = np.nan
    layer = kind(2)
    y = layer.forward(x)
    assert np.isnan(y[0, 0, 0, 0]) and np.isfinite(y).sum() == y.size - 1
    assert layer.backward(np.ones(y.shape)).sum() == y.size
