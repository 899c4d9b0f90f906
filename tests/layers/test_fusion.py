"""A ReLU that its neighbour computes: when that happens, and that nobody can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backends import BACKENDS
from tests.strategies import normal
from tinyalex import backends, functional
from tinyalex.backends import Backend
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.check.stopwatch import layer_calls, stopwatch
from tinyalex.layers import Conv2d, Layer, LocalResponseNorm, ReLU, Sequential

X, DY = (normal(shape, 0).astype(np.float32) for shape in ((2, 2, 7, 6), (2, 3, 3, 4)))


def network(inplace: bool = True) -> Sequential:
    return Sequential(
        {
            "conv1": Conv2d(2, 4, 3, padding=1, seed=1),
            "relu1": ReLU(inplace),
            "norm": LocalResponseNorm(3, alpha=0.5, groups=2),
            "conv2": Conv2d(4, 3, (2, 3), stride=(2, 1), groups=1, seed=2),
            "relu2": ReLU(inplace),
        }
    )


class Counting(NumpyBackend):
    """NumPy, with operations that compute a ReLU too, and note their names."""

    def __init__(self) -> None:
        super().__init__(1)
        self.calls: list[str] = []

    def conv2d_relu(self, *args: Any) -> Any:
        self.calls.append("conv2d_relu")
        return super().conv2d_relu(*args)

    def local_response_norm_relu_backward(self, *args: Any) -> Any:
        self.calls.append("local_response_norm_relu_backward")
        return super().local_response_norm_relu_backward(*args)


ALL = ["conv2d_relu", "conv2d_relu", "local_response_norm_relu_backward"]


def both(net: Sequential, x: Any, dy: Any) -> tuple[Any, Any]:
    return net.forward(x), net.backward(dy)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("name", ["numpy", "numba"])
def test_a_network_gives_the_bytes_of_its_layers_one_by_one(
    name: str, precision: str, inplace: bool
) -> None:
    backend = backends.get(name, 2, precision)
    net, apart = (network(inplace).to(backend) for _ in range(2))
    y = backend.asarray(X)
    for layer in apart:
        y = layer.forward(y)
    dx = backend.asarray(DY.copy())
    for layer in reversed(list(apart)):
        dx = layer.backward(dx)
    found, found_dx = both(net, backend.asarray(X), backend.asarray(DY.copy()))
    expected = y, dx, *(layer.grads[key] for _, layer, key in apart.parameter_owners())
    got = found, found_dx, *(layer.grads[key] for _, layer, key in net.parameter_owners())
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("backend", [BACKENDS["strict"]], ids=["strict"])
def test_also_with_the_array_api_alone(backend: Backend) -> None:
    y, dx = both(network().to(backend), backend.asarray(X), backend.asarray(DY.copy()))
    expected = both(network(), X, DY.copy())
    for one, other in zip((y, dx), expected, strict=True):
        np.testing.assert_allclose(backend.to_host(one), other, rtol=1e-4, atol=1e-6)


def test_each_neighbour_that_can_computes_the_relu() -> None:
    backend = Counting()
    both(network().to(backend), X, DY.copy())
    assert backend.calls == ALL


def test_a_part_of_a_network_has_no_relu_after_its_last_layer() -> None:
    backend = Counting()
    net = network().to(backend)
    net.forward(X)
    y = net[:1].forward(X)
    assert (y < 0).any() and backend.calls == ALL[:2]


def test_who_looks_at_a_layer_sees_its_own_output() -> None:
    backend = Counting()
    net = network().to(backend)
    assert (net.features(X, at="conv1") < 0).any()
    assert backend.calls == []
    seen = {}

    def hear(name: str, method: str, _: float, given: Any, result: Any) -> None:
        seen[name, method] = np.array(result)

    with stopwatch(layer_calls(net), backend, hear):
        both(net, X, DY.copy())
    assert backend.calls == [] and len(seen) == 10
    assert (seen["conv1", "forward"] < 0).any() and (seen["relu1", "forward"] >= 0).all()
    both(net, X, DY.copy())
    assert backend.calls == ALL


def test_a_layer_of_ones_own_is_called_as_it_is() -> None:
    class Own(Conv2d):
        def forward(self, x: Any, **_: Any) -> Any:
            return super().forward(x)

    class OwnReLU(ReLU):
        def forward(self, x: Any) -> Any:
            return super().forward(x) + 1

    for layers, least in (([Own(2, 3, 3), ReLU()], 0), ([Conv2d(2, 3, 3), OwnReLU()], 1)):
        backend = Counting()
        y = Sequential(layers).to(backend).forward(X)
        assert backend.calls == [] and y.min() == least


def test_a_relu_after_another_layer_computes_itself() -> None:
    backend = Counting()
    layers: list[Layer] = [ReLU(), ReLU(), Conv2d(2, 2, 1), LocalResponseNorm(), ReLU()]
    net = Sequential(layers).to(backend)
    y = net.forward(X)
    net.backward(np.ones_like(y))
    assert backend.calls == [] and (y >= 0).all()


@pytest.mark.parametrize(
    ("name", "unused"),
    [
        ("conv2d", "conv2d_relu"),
        ("im2col", "conv2d_relu"),
        ("relu", "conv2d_relu"),
        ("local_response_norm_backward", "local_response_norm_relu_backward"),
        ("relu_backward", "local_response_norm_relu_backward"),
    ],
)
def test_an_operation_of_ones_own_is_called_in_the_network(name: str, unused: str) -> None:
    """The backend's own kernel for two operations is not used in its place."""
    called = []
    operation = getattr(functional, name)

    def mine(*args: Any) -> Any:
        called.append(name)
        return operation(*args)

    backend = Counting()
    y, dx = both(network().to(backend.replaced(**{name: mine})), X, DY.copy())
    assert called and unused not in backend.calls and set(ALL) - {unused} == set(backend.calls)
    expected = both(network(), X, DY.copy())
    np.testing.assert_allclose(y, expected[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(dx, expected[1], rtol=1e-5, atol=1e-6)


def test_backward_tells_of_every_layer_in_order() -> None:
    net, told = network(), []
    for name, layer in net.named_layers():
        layer.done = lambda _, name=name: told.append(name)
    both(net, X, DY.copy())
    assert told == ["relu2", "conv2", "norm", "relu1", "conv1"]
    assert not any("y" in vars(layer) or "x" in vars(layer) for layer in net)
