"""A backend on array-api-strict: layers that use anything beyond the array API standard fail on it.

array-api-strict refuses NumPy arrays, mixed dtypes and functions outside the standard. The kernels
go through NumPy, there and back, by explicit conversion; they too refuse arrays of another kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import array_api_strict as strict
import numpy as np

from tinyalex.backends.base import Array, Backend, Generator
from tinyalex.backends.numpy.backend import HostGenerator, NumpyBackend

_host = NumpyBackend()
StrictArray = type(strict.zeros(1))


def to_strict(x: np.ndarray) -> Array:
    """Copy a NumPy array."""
    return strict.asarray(np.array(x))


def to_numpy(x: Array) -> np.ndarray:
    """Copy a strict array; anything else was mixed in by mistake."""
    if not isinstance(x, StrictArray):
        raise TypeError(f"expected an array of array-api-strict, got {type(x).__name__}")
    return np.array(x)


def _through_numpy(kernel: Callable[..., Any]) -> Callable[..., Any]:
    def convert(value: Any) -> Any:
        return to_numpy(value) if isinstance(value, (StrictArray, np.ndarray)) else value

    def run(self: Backend, *args: Any) -> Any:
        result = kernel(*map(convert, args))
        if isinstance(result, tuple):
            return tuple(map(to_strict, result))
        return to_strict(result)

    return run


def _over(old: Array, new: Array) -> Array:
    """Write an array over another one."""
    old[...] = new
    return old


class StrictGenerator:
    """The host's numbers, as strict arrays."""

    def __init__(self, key: Sequence[int]) -> None:
        self._host = HostGenerator(key)

    def random(self, shape: Sequence[int], dtype: str = "float32") -> Array:
        return to_strict(self._host.random(shape, dtype))

    def normal(self, shape: Sequence[int], std: float = 1.0, dtype: str = "float32") -> Array:
        return to_strict(self._host.normal(shape, std, dtype))

    def integers(self, low: int, high: int, size: int) -> Array:
        return to_strict(self._host.integers(low, high, size))


class StrictBackend(Backend):
    """The contract, with every kernel converted to NumPy and back."""

    name = "strict"
    xp: Any = strict

    def asarray(self, x: Any, dtype: Any = None) -> Array:
        if isinstance(dtype, str):
            dtype = getattr(strict, dtype)
        elif dtype is not None and not isinstance(dtype, type(strict.float32)):
            dtype = getattr(strict, np.dtype(dtype).name)
        if isinstance(x, StrictArray):
            return strict.asarray(x, dtype=dtype, copy=False if dtype in (None, x.dtype) else None)
        return strict.asarray(to_strict(np.array(x)), dtype=dtype)

    def to_host(self, x: Array) -> np.ndarray:
        return to_numpy(x)

    def generator(self, *key: int) -> Generator:
        return StrictGenerator(key)

    def is_floating(self, x: Array) -> bool:
        return bool(strict.isdtype(x.dtype, "real floating"))

    def slices(self, n: int, bytes_per_item: int, least: int = 1) -> list[slice]:
        """Two images a slice, so that small batches too are cut."""
        return [slice(i, min(i + 2, n)) for i in range(0, n, 2)] or [slice(0, 0)]

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        host_w, host_v = to_numpy(w), to_numpy(v)
        _host.sgd_step(host_w, to_numpy(g), host_v, lr, momentum, weight_decay)
        w[...], v[...] = to_strict(host_w), to_strict(host_v)

    def relu(self, x: Array, inplace: bool = False) -> Array:
        y = to_strict(_host.relu(to_numpy(x)))
        return _over(x, y) if inplace else y

    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        dx = to_strict(_host.relu_backward(to_numpy(dy), to_numpy(y)))
        return _over(dy, dx) if inplace else dx

    im2col = _through_numpy(_host.im2col)
    col2im = _through_numpy(_host.col2im)
    max_pool = _through_numpy(_host.max_pool)
    max_pool_backward = _through_numpy(_host.max_pool_backward)
    avg_pool = _through_numpy(_host.avg_pool)
    avg_pool_backward = _through_numpy(_host.avg_pool_backward)
    cross_map_norm = _through_numpy(_host.cross_map_norm)
    cross_map_norm_backward = _through_numpy(_host.cross_map_norm_backward)
    same_map_norm = _through_numpy(_host.same_map_norm)
    same_map_norm_backward = _through_numpy(_host.same_map_norm_backward)
    augment = _through_numpy(_host.augment)
