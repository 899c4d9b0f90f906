"""The reference backend: NumPy arrays, and kernels written to be read.

A batch is shared by a small pool of threads; NumPy and BLAS release Python's lock while they
compute. BLAS itself is held to one thread meanwhile, so that the two do not fight over cores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from tinyalex.backends.base import Array, Backend, Pair
from tinyalex.backends.crew import Crew
from tinyalex.backends.numpy import kernels

_NORM_ARRAYS = 5  # an image, and the arrays of its size that normalising it makes


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
        self.crew = Crew(threads)
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

    def each(
        self, work: Callable[[slice], object], n: int, bytes_per_item: int, least: int = 1
    ) -> None:
        with self._blas.limit(limits=1):
            self.crew.run(work, self.slices(n, bytes_per_item, least))

    def sum_each(
        self, work: Callable[[slice], tuple[Array, ...]], n: int, bytes_per_item: int
    ) -> tuple[Array, ...]:
        with self._blas.limit(limits=1):
            return self.crew.add_up(work, self.slices(n, bytes_per_item))

    # ------------------------------------------------------------------ kernels

    im2col = staticmethod(kernels.im2col)
    col2im = staticmethod(kernels.col2im)

    def max_pool(self, x: Array, kernel: Pair, stride: Pair, out_hw: Pair) -> tuple[Array, Array]:
        y = self.empty((*x.shape[:2], *out_hw), x.dtype)
        where = self.empty(y.shape, kernels.position_dtype(kernel))

        def part(n: slice) -> None:
            y[n], where[n] = kernels.max_pool(x[n], kernel, stride, out_hw)

        self.each(part, len(x), bytes_per_image(x))
        return y, where

    def max_pool_backward(
        self, dy: Array, where: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        dx = self.empty(x_shape, dy.dtype)

        def part(n: slice) -> None:
            dx[n] = kernels.max_pool_backward(dy[n], where[n], dx[n].shape, kernel, stride)

        self.each(part, len(dx), bytes_per_image(dx))
        return dx

    def avg_pool(self, x: Array, kernel: Pair, stride: Pair, out_hw: Pair) -> Array:
        y = self.empty((*x.shape[:2], *out_hw), x.dtype)

        def part(n: slice) -> None:
            y[n] = kernels.avg_pool(x[n], kernel, stride, out_hw)

        self.each(part, len(x), bytes_per_image(x))
        return y

    def avg_pool_backward(
        self, dy: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        dx = self.empty(x_shape, dy.dtype)

        def part(n: slice) -> None:
            dx[n] = kernels.avg_pool_backward(dy[n], dx[n].shape, kernel, stride)

        self.each(part, len(dx), bytes_per_image(dx))
        return dx

    def cross_map_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        return self._norm(kernels.cross_map_norm, x, size, alpha, beta, k)

    def same_map_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        return self._norm(kernels.same_map_norm, x, size, alpha, beta, k)

    def _norm(self, norm: Callable[..., Any], x: Array, *constants: float) -> tuple[Array, Array]:
        y, scale = self.empty(x.shape, x.dtype), self.empty(x.shape, x.dtype)

        def part(n: slice) -> None:
            y[n], scale[n] = norm(x[n], *constants)

        self.each(part, len(x), _NORM_ARRAYS * bytes_per_image(x))
        return y, scale

    def cross_map_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        return self._norm_backward(kernels.cross_map_norm_backward, dy, x, scale, size, alpha, beta)

    def same_map_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        return self._norm_backward(kernels.same_map_norm_backward, dy, x, scale, size, alpha, beta)

    def _norm_backward(
        self, norm: Callable[..., Any], dy: Array, x: Array, scale: Array, *constants: float
    ) -> Array:
        dx = self.empty(x.shape, x.dtype)

        def part(n: slice) -> None:
            dx[n] = norm(dy[n], x[n], scale[n], *constants)

        self.each(part, len(x), _NORM_ARRAYS * bytes_per_image(x))
        return dx

    def relu(self, x: Array, inplace: bool = False) -> Array:
        y = x if inplace else self.empty(x.shape, x.dtype)
        self.each(lambda n: kernels.relu(x[n], out=y[n]), len(x), bytes_per_image(x))
        return y

    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        dx = dy if inplace else self.empty(dy.shape, dy.dtype)

        def part(n: slice) -> None:
            kernels.relu_backward(dy[n], y[n], out=dx[n])

        self.each(part, len(dy), bytes_per_image(dy))
        return dx

    def augment(
        self,
        images: Array,
        tops: Array,
        lefts: Array,
        mirrors: Array,
        crop: Pair,
        mean: Array | None,
        colour: Array | None,
        scale: float | Array,
    ) -> Array:
        return kernels.augment(images, tops, lefts, mirrors, crop, mean, colour, scale)

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


def bytes_per_image(x: Array) -> int:
    """Size of one item of a batch: the slices that threads share should fit the cache."""
    return int(x.nbytes // max(1, len(x)))
