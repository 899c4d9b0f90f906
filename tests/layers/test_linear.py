"""Linear, Flatten and the activations."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own
from tests.layers.compare import assert_equals_torch, float64
from tinyalex.errors import ConfigError, ShapeError
from tinyalex.layers import Flatten, Layer, Linear, ReLU, Tanh

sizes = st.integers(1, 5)


@given(N=sizes, inputs=sizes, outputs=sizes, seed=own.seeds)
def test_linear_equals_the_loops_and_pytorch(
    torch: ModuleType, N: int, inputs: int, outputs: int, seed: int
) -> None:
    layer = float64(Linear(inputs, outputs, seed=seed))
    x = own.normal((N, inputs), seed)
    expected = np.empty((N, outputs))
    for n, f in np.ndindex(N, outputs):
        products = (x[n, i] * layer.params["weight"][f, i] for i in range(inputs))
        expected[n, f] = sum(products, start=layer.params["bias"][f])
    np.testing.assert_allclose(layer.forward(x), expected, atol=1e-12)
    assert_equals_torch(torch, layer, torch.nn.Linear(inputs, outputs), x)


@pytest.mark.parametrize("kind", [ReLU, Tanh, Flatten])
def test_layers_without_weights_equal_pytorch(torch: ModuleType, kind: type[Layer]) -> None:
    module = getattr(torch.nn, kind.__name__)()
    assert_equals_torch(torch, kind(), module, own.grid((2, 3, 4, 5), 0))


def test_relu_is_shut_at_zero() -> None:
    layer = ReLU()
    np.testing.assert_array_equal(layer.forward(np.array([-1.0, 0.0, 2.0])), [0, 0, 2])
    np.testing.assert_array_equal(layer.backward(np.ones(3)), [0, 0, 1])


@pytest.mark.parametrize("kind", [ReLU, Tanh])
def test_nan_is_passed_on(kind: type[Layer]) -> None:
    assert np.isnan(kind().forward(np.array([np.nan, 1.0])))[0]


def test_tanh_survives_large_numbers() -> None:
    layer = Tanh()
    np.testing.assert_array_equal(layer.forward(np.array([-1e4, 1e4])), [-1, 1])
    np.testing.assert_array_equal(layer.backward(np.ones(2)), [0, 0])


def test_flatten_reads_channels_then_rows_then_columns() -> None:
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    np.testing.assert_array_equal(Flatten().forward(x), x.reshape(1, 24))


def test_flatten_reads_in_that_order_whatever_the_memory_order() -> None:
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    transposed = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(Flatten().forward(transposed), x.reshape(1, 24))


def test_wrong_features_show_both_counts() -> None:
    with pytest.raises(ShapeError, match="6400 features, the weight expects 9216"):
        Linear(9216, 2).forward(np.zeros((1, 6400), np.float32))


def test_images_must_be_flattened_first() -> None:
    with pytest.raises(ShapeError, match=r"\(N, features\)[\s\S]*Flatten"):
        Linear(4, 2).forward(np.zeros((1, 1, 2, 2), np.float32))


def test_a_list_is_not_an_array() -> None:
    with pytest.raises(ShapeError, match="must be an array"):
        Linear(2, 2).forward([[1.0, 2.0]])


def test_counts_below_one_are_refused() -> None:
    with pytest.raises(ConfigError, match="in_features"):
        Linear(0, 2)


def test_flops_count_two_for_each_multiply_add() -> None:
    assert Linear(4, 3).flops((5, 4)) == 2 * 5 * 4 * 3
