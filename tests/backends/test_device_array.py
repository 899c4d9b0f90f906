"""The double of a device's array does what CuPy's does, and refuses what costs a copy or a wait."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import strategies as own
from tests.backends.cuda_double import asarray, empty
from tests.backends.device_array import (
    DeviceArray,
    HostArrayError,
    lifted,
)
from tests.backends.waiting import HostWaitError, no_waiting

X = own.normal((3, 4), 0)


@pytest.mark.parametrize(
    "forgotten",
    [
        lambda x, host: np.asarray(x),
        lambda x, host: np.exp(x),
        lambda x, host: np.maximum(host, x),
        lambda x, host: np.concatenate([host, x]),
        lambda x, host: x + host,
        lambda x, host: host + x,
        lambda x, host: host @ x.T,
        lambda x, host: operator.imul(x, host),
        lambda x, host: x > host,
        lambda x, host: x[host > 0],
        lambda x, host: x[0, np.arange(2)],
        lambda x, host: x.__setitem__(0, host[0]),
        lambda x, host: lifted(np.where)(x > 0, x, host),
        lambda x, host: lifted(np.concat)([x, host]),
        lambda x, host: lifted(np.matmul)(x, x.T, out=host[:, :3]),
    ],
)
def test_an_array_of_the_host_does_not_mix(
    forgotten: Callable[[DeviceArray, Any], Any],
) -> None:
    with pytest.raises(TypeError):
        forgotten(asarray(X), X.copy())


@pytest.mark.parametrize(
    "look",
    [
        lambda x: float(x.sum()),
        lambda x: int(x.sum()),
        lambda x: x[0, 0].item(),
        lambda x: x.tolist(),
        lambda x: x.get(),
        lambda x: 1 if (x > 0).any() else 0,
        lambda x: max(x[0, 0], x[0, 1]),
        lambda x: x[0, 0] in [1.0],
        lambda x: x + asarray(X),
    ],
)
def test_a_look_at_a_value_is_refused_where_the_host_must_not_wait(
    look: Callable[[DeviceArray], Any],
) -> None:
    x = asarray(X)
    look(x)
    with no_waiting("this test"), pytest.raises(HostWaitError, match="this test"):
        look(x)
    look(x)


@pytest.mark.parametrize(
    "work",
    [
        lambda x: 2 * x - x / np.float32(3) + 1,
        lambda x: -(x**2) @ x.T,
        lambda x: x[:, ::-1][1:, None],
        lambda x: x[..., 0].reshape(3, 1) > 0,
        lambda x: x.transpose(1, 0).sum(axis=0, keepdims=True),
        lambda x: x.mT.astype("float32"),
        lambda x: x[1, 2],
        lambda x: x.mean(),
    ],
)
def test_it_computes_what_numpy_computes(work: Callable[[Any], Any]) -> None:
    result, expected = work(asarray(X)), np.asarray(work(X))
    assert isinstance(result, DeviceArray)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(result.get(), expected)


def test_parts_are_views_and_copies_are_copies() -> None:
    x = asarray(X)
    x[1, 2][...] = 7.0
    x[0] += 1
    assert x.get()[1, 2] == 7 and X[1, 2] != 7
    np.testing.assert_array_equal(x.get()[0], X[0] + 1)
    assert x[1:].data.ptr == x.data.ptr + x.strides[0]


def test_new_memory_holds_rubbish() -> None:
    assert np.isnan(empty((2, 3), "float32").get()).all()
    assert empty((2,), np.int64).get().any()


def test_the_errors_say_what_to_do() -> None:
    with pytest.raises(HostArrayError, match="asarray"):
        asarray(X) + X
    with pytest.raises(HostArrayError, match="to_host"):
        np.asarray(asarray(X))
