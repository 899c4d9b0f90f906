"""The reference backend: NumPy arrays, and the textbook's functions on slices of the batch.

A thread pool shares a batch; NumPy and BLAS release Python's lock while they compute. Meanwhile
BLAS itself is limited to one thread, so that the two do not compete for cores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from threadpoolctl import ThreadpoolController

from tinyalex import functional as F
from tinyalex.backends.base import Array, Backend, Pair
from tinyalex.backends.numpy.thread_pool import ThreadPool
from tinyalex.functional.arrays import pad


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
    """NumPy arrays in main memory.

    Examples
    --------
    >>> backend = NumpyBackend(threads=2)
    >>> x, weight, bias = np.ones((4, 3, 5, 5)), np.ones((2, 3, 3, 3)), np.zeros(2)
    >>> y = backend.conv2d(x, weight, bias, (1, 1), (0, 0))  # two images per thread
    >>> np.array_equal(y, F.conv2d(x, weight, bias))
    True
    """

    name = "numpy"
    xp: Any = np
    replaces: ClassVar[Mapping[str, str]] = {
        "im2col": "one copy of a strided view, not one per tap: fewer waits for Python's lock",
        "linear": "shared by outputs: each thread reads its own rows of the weight once",
        "linear_backward": "the same; AlexNet's first linear weight has 38 million numbers",
        "local_conv2d": "shared by rows of the output: each has its own weights",
        "local_conv2d_backward": "shared by input channels: each has its own slice of dx and dw",
        "sgd_step": "in place, in pieces that stay in the cache for all passes",
    }

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self.thread_pool = ThreadPool(threads)
        self._blas = ThreadpoolController().select(user_api="blas")

    def asarray(self, x: Any, dtype: Any = None) -> np.ndarray:
        return np.asarray(x, dtype=dtype)

    def to_host(self, x: Array) -> np.ndarray:
        return np.asarray(x)

    def generator(self, *key: int) -> HostGenerator:
        return HostGenerator(key)

    def is_floating(self, x: Array) -> bool:
        return bool(np.issubdtype(x.dtype, np.floating))

    def itemsize(self, dtype: Any) -> int:
        return int(dtype.itemsize)

    # ------------------------------------------------------------------ work over a batch

    def run(
        self, work: Callable[[slice], tuple[Array, ...]], slices: list[slice]
    ) -> tuple[Array, ...]:
        with self._blas.limit(limits=1):
            return self.thread_pool.add_up(work, slices)

    def each(
        self, work: Callable[[slice], object], n: int, bytes_per_item: int, min_slices: int = 1
    ) -> None:
        with self._blas.limit(limits=1):
            self.thread_pool.run(work, self.slices(n, bytes_per_item, min_slices))

    # ------------------------------------------------------------------ replacements

    def im2col(self, x: Array, kernel_size: Pair, stride: Pair, padding: Pair) -> Array:
        x = pad(x, (padding[0], padding[0]), (padding[1], padding[1]))
        (N, C), (KH, KW), (OH, OW) = (
            x.shape[:2],
            kernel_size,
            F.out_hw(x.shape, kernel_size, stride),
        )
        n, c, h, w = x.strides
        strides = n, c, h, w, h * stride[0], w * stride[1]
        patches = as_strided(x, (N, C, KH, KW, OH, OW), strides, writeable=False)
        return patches.reshape(N, C * KH * KW, OH * OW)

    def linear(self, x: Array, weight: Array, bias: Array) -> Array:
        y = self.empty((len(x), len(weight)), x.dtype)

        def outputs(f: slice) -> None:
            y[:, f] = F.linear(x, weight[f], bias[f])

        self._share_features(outputs, len(weight), x, weight)
        return y

    def linear_backward(
        self, dy: Array, x: Array, weight: Array, needs_dx: bool = True
    ) -> tuple[Array | None, Array, Array]:
        dw = self.empty(weight.shape, weight.dtype)
        dx = self.empty(x.shape, x.dtype) if needs_dx else None

        def outputs(f: slice) -> None:
            np.matmul(dy[:, f].T, x, out=dw[f])

        def inputs(i: slice) -> None:
            np.matmul(dy, weight[:, i], out=dx[:, i])  # type: ignore[index]

        self._share_features(outputs, len(weight), x, weight)
        if needs_dx:
            self._share_features(inputs, weight.shape[1], x, weight)
        return dx, dw, dy.sum(axis=0)

    def _share_features(
        self, work: Callable[[slice], None], features: int, x: Array, weight: Array
    ) -> None:
        """Use up to eight pieces of at least a million products each."""
        pieces = max(1, min(8, len(x) * weight.size >> 20))
        self.each(work, features, len(x) * x.itemsize, pieces)

    def local_conv2d(
        self, x: Array, weight: Array, bias: Array, stride: Pair, padding: Pair
    ) -> Array:
        OH, OW, filters, C, KH, KW = weight.shape
        y = self.empty((len(x), filters, OH, OW), x.dtype)
        x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))

        def rows(oh: slice) -> None:
            read = slice(oh.start * stride[0], (oh.stop - 1) * stride[0] + KH)
            y[:, :, oh] = F.local_conv2d(x[:, :, read], weight[oh], bias[oh], stride)

        self.each(rows, OH, OW * C * KH * KW * len(x) * x.itemsize)
        return y

    def local_conv2d_backward(
        self, dy: Array, x: Array, weight: Array, stride: Pair, padding: Pair, needs_dx: bool = True
    ) -> tuple[Array | None, Array, Array]:
        dw = self.empty(weight.shape, weight.dtype)
        dx = self.empty(x.shape, x.dtype) if needs_dx else None

        def channels(c: slice) -> None:
            dx_c, dw[:, :, :, c], _ = F.local_conv2d_backward(
                dy, x[:, c], weight[:, :, :, c], stride, padding, needs_dx
            )
            if dx is not None:
                dx[:, c] = dx_c

        columns = dy[:, 0].size * math.prod(weight.shape[4:]) * x.itemsize
        self.each(channels, x.shape[1], columns)
        return dx, dw, np.transpose(dy.sum(axis=0), (1, 2, 0))

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        if not (w.flags.c_contiguous and v.flags.c_contiguous):  # reshape would copy: no update
            super().sgd_step(w, g, v, lr, momentum, weight_decay)
            return
        flat_w, flat_g, flat_v = w.reshape(-1), g.reshape(-1), v.reshape(-1)

        def piece(n: slice) -> None:
            flat_w[n], flat_v[n] = F.sgd_step(
                flat_w[n], flat_g[n], flat_v[n], lr, momentum, weight_decay
            )

        self.each(piece, w.size, 4 * w.itemsize)
