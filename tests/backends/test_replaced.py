"""Your own functions in place of a backend's operations."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.backends import BACKENDS, REAL
from tinyalex import backends, functional, layers, models, training
from tinyalex.backends.replaced import OPERATIONS
from tinyalex.errors import BackendError, ConfigError
from tinyalex.layers.activations import ReLU


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *args):
        self.calls += 1
        return self.function(*args)


def one_step(backend):
    """The weights of tiny after a forward, a backward pass and a step."""
    model = models.build("tiny", seed=1).to(backend)
    x = backend.asarray(np.random.default_rng(0).normal(size=(3, 1, 16, 16)).astype(np.float32))
    loss = layers.SoftmaxCrossEntropy().to(backend)
    loss.forward(model.forward(x), backend.asarray(np.array([1, 2, 3])))
    model.backward(loss.backward())
    training.SGD(model, lr=0.1).step()
    return {name: backend.to_host(array) for name, array in model.named_parameters()}


@pytest.mark.parametrize("name", REAL)
def test_every_replaced_operation_of_a_network_is_called_and_gives_the_same_weights(name):
    counted = {op: Counted(getattr(functional, op)) for op in OPERATIONS}
    used = one_step(REAL[name].replaced(**counted))
    expected = one_step(REAL[name].plain())
    called = {op for op, function in counted.items() if function.calls}
    assert called == {
        "conv2d",
        "conv2d_backward",
        "cross_entropy",
        "cross_entropy_backward",
        "dropout",
        "dropout_backward",
        "linear",
        "linear_backward",
        "local_response_norm",
        "local_response_norm_backward",
        "max_pool2d",
        "max_pool2d_backward",
        "relu",
        "relu_backward",
        "sgd_step",
    }
    for parameter, array in expected.items():
        np.testing.assert_allclose(used[parameter], array, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", REAL)
def test_the_convolution_calls_a_new_im2col_and_col2im(name):
    im2col, col2im = Counted(functional.im2col), Counted(functional.col2im)
    one_step(REAL[name].replaced(im2col=im2col, col2im=col2im))
    assert im2col.calls >= 10 and col2im.calls >= 5  # five convolutions, forward and backward


@pytest.mark.parametrize("name", [n for n in BACKENDS if n != "strict"])
def test_relu_in_place_writes_the_new_result_over_its_input(name):
    backend = BACKENDS[name].replaced(relu=lambda x: x + 1, relu_backward=lambda dy, y: dy * y)
    x = backend.asarray(np.array([1.0, 2.0], np.float32))
    layer = ReLU(inplace=True).to(backend)
    assert layer.forward(x) is x
    dy = backend.asarray(np.array([10.0, 20.0], np.float32))
    assert layer.backward(dy) is dy
    assert backend.to_host(x).tolist() == [2, 3] and backend.to_host(dy).tolist() == [20, 60]
    kept = backend.asarray(np.array([1.0], np.float32))
    assert ReLU().to(backend).forward(kept) is not kept and backend.to_host(kept)[0] == 1


def test_the_shared_backend_is_not_changed():
    shared = backends.get("numpy")
    own = shared.replaced(relu=lambda x: x * 0)
    assert own is not shared and backends.get("numpy") is shared
    x = np.array([[1.0]])
    assert layers.ReLU().to(own).forward(x) == 0 and layers.ReLU().to(shared).forward(x) == 1
    assert shared.own == {} and backends.get(own) is own and copy.deepcopy(own) is own
    assert own.plain().relu(x) == 1 and own.plain().own == {}


def test_replacing_twice_keeps_both():
    own = backends.get("numpy").replaced(relu=lambda x: x * 0).replaced(tanh=lambda x: x * 2)
    x = np.array([[3.0]])
    assert own.relu(x) == 0 and own.tanh(x) == 6
    assert set(own.own) == {"relu", "tanh"}


def test_it_says_where_a_function_comes_from():
    own = backends.get("numpy").replaced(relu=Counted, tanh=one_step)
    assert own.own == {"relu": "Counted", "tanh": "one_step (test_replaced.py)"}
    assert own.replaces["tanh"] == "replaced by one_step (test_replaced.py)"


def test_an_unknown_operation_names_a_similar_one():
    with pytest.raises(ConfigError, match=r"unknown operation 'max_pool'\nTry: 'max_pool2d', or"):
        backends.get("numpy").replaced(max_pool=lambda x: x)
    with pytest.raises(ConfigError, match="unknown operation 'out_hw'"):
        backends.get("numpy").replaced(out_hw=lambda x: x)


def test_what_is_not_a_function_is_refused():
    with pytest.raises(ConfigError, match=r"replaced: relu must be a function \(got int\)\nTry: a"):
        backends.get("numpy").replaced(relu=3)


def test_it_refuses_to_be_pickled():
    with pytest.raises(BackendError, match="cannot be pickled"):
        backends.get("numpy").replaced(relu=lambda x: x).__reduce__()
