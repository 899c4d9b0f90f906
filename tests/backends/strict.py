"""A backend on array-api-strict: the textbook itself, which may use the array API standard alone.

array-api-strict refuses NumPy arrays, mixed dtypes and functions outside the standard. No operation
is replaced, so whatever runs on this backend is all of `tinyalex.functional` and the layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import array_api_strict as strict
import numpy as np

from tinyalex.backends.base import Array, Backend, Generator
from tinyalex.backends.numpy.backend import HostGenerator

StrictArray = type(strict.zeros(1))


def to_strict(x: np.ndarray) -> Array:
    """Copy a NumPy array."""
    return strict.asarray(np.array(x))


def to_numpy(x: Array) -> np.ndarray:
    """Copy a strict array; anything else was mixed in by mistake."""
    if not isinstance(x, StrictArray):
        raise TypeError(f"expected an array of array-api-strict, got {type(x).__name__}")
    return np.array(x)


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
    """The contract, and nothing but the textbook."""

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

    def slices(self, n: int, bytes_per_item: int, min_slices: int = 1) -> list[slice]:
        """Two images a slice, so that small batches too are cut."""
        return [slice(i, min(i + 2, n)) for i in range(0, n, 2)] or [slice(0, 0)]
