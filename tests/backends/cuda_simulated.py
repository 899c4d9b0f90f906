"""The GPU backend in numba-cuda's simulator; `test_cuda_simulator` runs this file.

Every test of `test_kernels` runs here too, on the simulated backend: plain loops are the
definition. Blocks are small, since a simulated thread is a thread of the host.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings

settings.register_profile("simulator", max_examples=5, deadline=None, derandomize=True)
settings.load_profile("simulator")

from tests import strategies as own  # noqa: E402
from tests.backends import reference  # noqa: E402
from tests.backends.cuda_double import SimulatedBackend  # noqa: E402
from tests.backends.test_kernels import *  # noqa: E402, F403
from tinyalex import training  # noqa: E402
from tinyalex.backends import cuda_columns, cuda_elementwise, cuda_launch  # noqa: E402
from tinyalex.backends.numpy import HostGenerator, NumpyBackend  # noqa: E402
from tinyalex.layers import (  # noqa: E402
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    SpatialResponseNorm,
)

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


@pytest.fixture(scope="module", autouse=True)
def backend() -> Iterator[SimulatedBackend]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda_launch, "block_limit", 32)
        patch.setattr(cuda_columns, "SUM_THREADS", 8)
        patch.setattr(cuda_elementwise, "ROW_THREADS", 16)
        yield SimulatedBackend()


@pytest.mark.parametrize("limit", [32, 64, 96])
def test_the_size_of_a_block_changes_nothing(
    backend: SimulatedBackend, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(cuda_launch, "block_limit", limit)
    host = NumpyBackend(1)
    x = own.normal((1, 2, 9, 10), 0)
    windows = (3, 3), (2, 2), (1, 0)
    np.testing.assert_array_equal(backend.im2col(x, *windows), host.im2col(x, *windows))
    pooled = backend.max_pool(x, (3, 3), (2, 2), (4, 5))
    for result, expected in zip(pooled, host.max_pool(x, (3, 3), (2, 2), (4, 5)), strict=True):
        np.testing.assert_array_equal(result, expected)
    np.testing.assert_allclose(
        backend.cross_map_norm(x, 3, 0.3, 0.75, 2.0), host.cross_map_norm(x, 3, 0.3, 0.75, 2.0)
    )


@pytest.mark.parametrize("workspace", [1, 1 << 20], ids=["image by image", "all at once"])
@settings(max_examples=3)  # the slowest to simulate
@given(case=own.convolutions())
def test_convolution_equals_the_loops_and_the_layer(
    backend: SimulatedBackend, workspace: int, case: own.Conv
) -> None:
    backend.workspace = workspace
    layer = Conv2d(
        case.shape[1], case.out_channels, case.kernel, case.stride, case.padding, case.groups
    )
    layer.params = {key: value.astype(np.float64) for key, value in layer.params.items()}
    x, w, b = own.normal(case.shape, case.seed), layer.params["weight"], layer.params["bias"]
    how = case.stride, case.padding, case.groups
    y = backend.conv2d(x, w, b, *how)
    np.testing.assert_allclose(y, reference.convolve(x, w, b, *how), atol=1e-12)
    dy = own.normal(y.shape, case.seed + 1)
    layer.forward(x)
    expected = layer.backward(dy)
    dx, dw, db = backend.conv2d_backward(dy, x, w, *how, True)
    np.testing.assert_allclose(dx, expected, atol=1e-12)
    np.testing.assert_allclose(dw, layer.grads["weight"], atol=1e-11)
    np.testing.assert_allclose(db, layer.grads["bias"], atol=1e-11)
    assert backend.conv2d_backward(dy, x, w, *how, False)[0] is None


@pytest.mark.parametrize("size", [1, 2, 4, 9])
@pytest.mark.parametrize("kernel", ["cross_map_norm", "same_map_norm"])
def test_windows_of_any_size_and_many_channels(
    backend: SimulatedBackend, kernel: str, size: int
) -> None:
    host = NumpyBackend(1)
    x, dy = own.normal((1, 35, 1, 3), 0), own.normal((1, 35, 1, 3), 1)  # two shares of channels
    y, scale = getattr(host, kernel)(x, size, 0.3, 0.75, 2.0)
    result = getattr(backend, kernel)(x, size, 0.3, 0.75, 2.0)
    np.testing.assert_allclose(result, (y, scale), atol=1e-12)
    backward = f"{kernel}_backward"
    np.testing.assert_allclose(
        getattr(backend, backward)(dy, x, scale, size, 0.3, 0.75),
        getattr(host, backward)(dy, x, scale, size, 0.3, 0.75),
        atol=1e-12,
    )


@pytest.mark.parametrize("inplace", [False, True])
def test_relu_keeps_what_is_positive_and_not_a_number(
    backend: SimulatedBackend, inplace: bool
) -> None:
    x = np.array([-1.0, 2.0, np.nan, 0.0, np.inf, -np.inf] * 30)
    expected = np.maximum(x, 0)
    given_x = x.copy()
    y = backend.relu(given_x, inplace)
    np.testing.assert_array_equal(y, expected)
    assert (y is given_x) == inplace
    dy = own.normal(x.shape, 0)
    np.testing.assert_array_equal(
        backend.relu_backward(dy.copy(), y, inplace), np.where(y > 0, dy, 0)
    )


def test_relu_reaches_an_array_that_is_not_in_one_piece(backend: SimulatedBackend) -> None:
    x = own.normal((5, 4), 0).T
    expected = np.maximum(x, 0)
    assert backend.relu(x, inplace=True) is x
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("classes", [1, 3, 130, 300])
def test_cross_entropy_equals_the_layer(backend: SimulatedBackend, classes: int) -> None:
    logits = 5 * own.normal((3, classes), 0)
    labels = np.array([0, classes - 1, classes // 2])
    layer = SoftmaxCrossEntropy()
    loss, dlogits = backend.cross_entropy(logits, labels)
    np.testing.assert_allclose(loss, layer.forward(logits, labels), atol=1e-12)
    np.testing.assert_allclose(dlogits, layer.backward(), atol=1e-12)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_no_class_has_makes_the_loss_nan(
    backend: SimulatedBackend, label: int
) -> None:
    loss, _ = backend.cross_entropy(own.normal((2, 3), 0), np.array([0, label]))
    assert np.isnan(loss)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_numbers_are_the_hosts(backend: SimulatedBackend, dtype: str) -> None:
    draw = backend.generator(5, 6).random((3, 11), dtype)
    np.testing.assert_array_equal(draw, HostGenerator((5, 6)).random((3, 11), dtype))


def test_draws_follow_one_another_and_have_their_distributions(backend: SimulatedBackend) -> None:
    generator = backend.generator(1)
    first, second = generator.random((64,)), generator.random((64,))
    assert not np.isin(first, second).any()
    normal = generator.normal((1000,), std=3.0, dtype="float64")
    assert abs(normal.mean()) < 0.4 and abs(normal.std() - 3) < 0.3
    whole = generator.integers(-2, 3, 200)
    assert set(whole) == {-2, -1, 0, 1, 2}


def test_a_training_step_equals_the_one_of_numpy() -> None:
    """Every kind of layer, the loss and the optimizer, twice: the second step has a velocity."""
    results = []
    for backend in (NumpyBackend(1), SimulatedBackend()):
        model = Sequential(
            [
                Conv2d(3, 4, 3, stride=2, padding=1),
                ReLU(inplace=True),
                LocalResponseNorm(3, alpha=0.1),
                MaxPool2d(3, 2, ceil_mode=True),
                Conv2d(4, 4, 3, padding=1, groups=2),
                SpatialResponseNorm(3, alpha=0.1),
                AvgPool2d(2, 1),
                Flatten(),
                Dropout(0.5, seed=3),
                Linear(4, 3),
            ]
        )
        model.to(backend)
        loss = SoftmaxCrossEntropy()
        loss.to(backend)
        optimizer = training.SGD(model, lr=0.1)
        x, labels = own.normal((2, 3, 9, 8), 0).astype(np.float32), np.array([2, 0])
        values = []
        for _ in range(2):
            values.append(float(loss.forward(model.forward(x), labels)))
            model.backward(loss.backward())
            optimizer.step()
        results.append((values, model.state_dict()))
    (host_values, host), (values, simulated) = results
    np.testing.assert_allclose(values, host_values, rtol=1e-5)
    for name, value in host.items():
        np.testing.assert_allclose(simulated[name], value, rtol=1e-4, atol=1e-6, err_msg=name)
