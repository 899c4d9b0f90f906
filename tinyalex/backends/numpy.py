"""The reference backend: NumPy arrays, and kernels written to be read.

A batch is shared by a small pool of threads; NumPy and BLAS release Python's lock while they
compute. BLAS itself is held to one thread meanwhile, so that the two do not fight over cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from tinyalex.backends import numpy_kernels as kernels
from tinyalex.backends.base import Array, Backend, add_in_order


class HostGenerator:
    """Random numbers from NumPy's Philox, a counter-based generator."""

    def __init__(self, key: Sequence[int]) -> None:
        self._rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(list(key))))

    def random(self, shape: Sequence[int], dtype: str = "float32") -> np.ndarray:
        return self._rng.random(tuple(shape), dtype=np.dtype(dtype))

    def normal(self, shape: Sequence[int], std: float = 1.0, dtype: str = "float32") -> Array:
        draw = self._rng.standard_normal(tuple(shape), dtype=np.dtype(dtype))
        draw *= std
        return draw

    def integers(self, low: int, high: int, size: int) -> np.ndarray:
        return self._rng.integers(low, high, size)


class NumpyBackend(Backend):
    """NumPy arrays in main memory."""

    name = "numpy"
    xp: Any = np

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self._blas = ThreadpoolController().select(user_api="blas")

    def asarray(self, x: Any, dtype: Any = None) -> np.ndarray:
        return np.asarray(x, dtype=dtype)

    def to_host(self, x: Array) -> np.ndarray:
        return np.asarray(x)

    def generator(self, *key: int) -> HostGenerator:
        return HostGenerator(key)

    def is_floating(self, x: Array) -> bool:
        return bool(np.issubdtype(x.dtype, np.floating))

    # ------------------------------------------------------------------ work over a batch

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="tinyalex")

    def _map(self, work: Callable[[slice], Any], parts: list[slice]) -> Iterator[Any]:
        """Yield ``work(part)`` in order; with several threads they are computed ahead."""
        with self._blas.limit(limits=1):
            if self.threads == 1 or len(parts) == 1:
                yield from map(work, parts)
            else:
                yield from self._pool.map(work, parts)

    def each(self, work: Callable[[slice], object], n: int, bytes_per_item: int) -> None:
        for _ in self._map(work, self.slices(n, bytes_per_item)):
            pass

    def sum_each(
        self, work: Callable[[slice], tuple[Array, ...]], n: int, bytes_per_item: int
    ) -> tuple[Array, ...]:
        total: tuple[Array, ...] = ()
        for part in self._map(work, self.slices(n, bytes_per_item)):
            total = add_in_order(total, part)
        return total

    # ------------------------------------------------------------------ kernels

    im2col = staticmethod(kernels.im2col)
    col2im = staticmethod(kernels.col2im)
    max_pool = staticmethod(kernels.max_pool)
    max_pool_backward = staticmethod(kernels.max_pool_backward)
    avg_pool = staticmethod(kernels.avg_pool)
    avg_pool_backward = staticmethod(kernels.avg_pool_backward)
    cross_map_norm = staticmethod(kernels.cross_map_norm)
    cross_map_norm_backward = staticmethod(kernels.cross_map_norm_backward)
    same_map_norm = staticmethod(kernels.same_map_norm)
    same_map_norm_backward = staticmethod(kernels.same_map_norm_backward)
    augment = staticmethod(kernels.augment)

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        if not (w.flags.c_contiguous and v.flags.c_contiguous):  # reshape would copy: no update
            kernels.sgd_step(w, g, v, lr, momentum, weight_decay)
            return
        flat_w, flat_g, flat_v = w.reshape(-1), g.reshape(-1), v.reshape(-1)

        def part(n: slice) -> None:  # a piece that stays in the cache for all six passes
            kernels.sgd_step(flat_w[n], flat_g[n], flat_v[n], lr, momentum, weight_decay)

        self.each(part, w.size, 4 * w.itemsize)
