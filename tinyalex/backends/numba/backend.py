"""The fast CPU backend: NumPy arrays, compiled kernels, a thread a core.

Arrays are NumPy's, so everything that NumPy can do works as before. What a network spends its
time on runs in compiled loops that share a batch: each thread takes the next images and does all
that has to be done with them while they are in its core's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyalex.backends.base import Array, Pair
from tinyalex.backends.numba import kernels, lrn
from tinyalex.backends.numba.conv import im2col
from tinyalex.backends.numba.conv import ways as convolve
from tinyalex.backends.numba.pool import ways as pooling
from tinyalex.backends.numba.pool.ways import LEAST_NUMBERS, maps, worth_a_piece
from tinyalex.backends.numba.workers import Workers
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.backends.numpy.kernels import out_size


class NumbaBackend(NumpyBackend):
    """NumPy arrays in main memory, and compiled kernels."""

    name = "numba"

    def __init__(self, threads: int = 1) -> None:
        super().__init__(threads)
        self.workers = Workers(self.crew)

    def empty(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        return self.workers.empty(shape, dtype)

    # ------------------------------------------------------------------ convolution

    def im2col(self, x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
        x = np.ascontiguousarray(x)
        N, C, H, W = x.shape
        OH, OW = (out_size(*axis) for axis in zip((H, W), kernel, stride, padding, strict=True))
        cols = self.empty((N, 1, C * kernel[0] * kernel[1] + 1, OH * OW), x.dtype)
        phases = np.empty(im2col.phases_shape(x, stride, padding), x.dtype)
        kernels.columns_of(x, phases, cols, 0, *kernel, *stride, *padding, OW)
        return cols[:, 0, :-1]

    def col2im(
        self, cols: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair, padding: Pair
    ) -> Array:
        x = self.empty(x_shape, cols.dtype)
        x[...] = 0
        OW = out_size(x_shape[3], kernel[1], stride[1], padding[1])
        kernels.add_columns(cols[:, None], x, 0, *kernel, *stride, *padding, OW)
        return x

    def conv2d(
        self, x: Array, w: Array, b: Array, stride: Pair, padding: Pair, groups: int
    ) -> Array:
        x, w, b = map(np.ascontiguousarray, (x, w, b))
        axes = zip(x.shape[2:], w.shape[2:], stride, padding, strict=True)
        y = self.empty((len(x), len(w), *(out_size(*axis) for axis in axes)), w.dtype)
        with self._blas.limit(limits=1):
            convolve.forward(self.workers, x, w, b, stride, padding, groups, y)
        return y

    def conv2d_backward(
        self,
        dy: Array,
        x: Array,
        w: Array,
        stride: Pair,
        padding: Pair,
        groups: int,
        needs_dx: bool,
    ) -> tuple[Array | None, Array, Array]:
        dy, x, w = map(np.ascontiguousarray, (dy, x, w))
        dx = self.empty(x.shape, x.dtype) if needs_dx else None
        with self._blas.limit(limits=1):
            dw, db = convolve.weight_gradient(self.workers, dy, x, w, stride, padding, groups)
            if dx is not None:
                convolve.input_gradient(self.workers, dy, w, stride, padding, groups, dx)
        return dx, dw, db

    # ------------------------------------------------------------------ pooling

    def max_pool(self, x: Array, kernel: Pair, stride: Pair, out_hw: Pair) -> tuple[Array, Array]:
        return pooling.max_pool(self.workers, np.ascontiguousarray(x), kernel, stride, out_hw)

    def max_pool_backward(
        self, dy: Array, where: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        dy, where = np.ascontiguousarray(dy), np.ascontiguousarray(where)
        return pooling.max_pool_backward(self.workers, dy, where, x_shape, kernel, stride)

    def avg_pool(self, x: Array, kernel: Pair, stride: Pair, out_hw: Pair) -> Array:
        return pooling.avg_pool(self.workers, np.ascontiguousarray(x), kernel, stride, out_hw)

    def avg_pool_backward(
        self, dy: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        return pooling.avg_pool_backward(
            self.workers, np.ascontiguousarray(dy), x_shape, kernel, stride
        )

    # ------------------------------------------------------------------ response normalisation

    def cross_map_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        return self._norm_of(lrn.cross_map_norm, pixels, x, size, alpha, beta, k)

    def same_map_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        return self._norm_of(lrn.same_map_norm, maps, x, size, alpha, beta, k)

    def _norm_of(
        self,
        norm: Callable[..., None],
        view: Callable[[Array], Array],
        x: Array,
        *constants: float,
    ) -> tuple[Array, Array]:
        x = np.ascontiguousarray(x)
        y, scale = self.empty(x.shape, x.dtype), self.empty(x.shape, x.dtype)
        arrays = view(x), view(y), view(scale)
        least = worth_a_piece(arrays[0])
        self.workers.share(
            lambda n: norm(*(a[n] for a in arrays), *constants), len(arrays[0]), least
        )
        return y, scale

    def cross_map_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        norm = lrn.cross_map_norm_backward
        return self._norm_back(norm, pixels, dy, x, scale, size, alpha, beta)

    def same_map_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        norm = lrn.same_map_norm_backward
        return self._norm_back(norm, maps, dy, x, scale, size, alpha, beta)

    def _norm_back(
        self,
        norm: Callable[..., None],
        view: Callable[[Array], Array],
        dy: Array,
        x: Array,
        scale: Array,
        *constants: float,
    ) -> Array:
        dx = self.empty(x.shape, x.dtype)
        contiguous = map(np.ascontiguousarray, (dy, x, scale))
        arrays = [view(a) for a in (*contiguous, dx)]
        least = worth_a_piece(arrays[0])
        self.workers.share(
            lambda n: norm(*(a[n] for a in arrays), *constants), len(arrays[0]), least
        )
        return dx

    # ------------------------------------------------------------------ element by element

    def relu(self, x: Array, inplace: bool = False) -> Array:
        if not x.flags.c_contiguous:
            return super().relu(x, inplace)
        y = x if inplace else self.empty(x.shape, x.dtype)
        flat = x.reshape(-1), y.reshape(-1)
        self.workers.share(lambda n: kernels.relu(*(a[n] for a in flat)), x.size, LEAST_NUMBERS)
        return y

    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        if not (dy.flags.c_contiguous and y.flags.c_contiguous and dy.dtype == y.dtype):
            return super().relu_backward(dy, y, inplace)
        dx = dy if inplace else self.empty(dy.shape, dy.dtype)
        flat = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
        self.workers.share(
            lambda n: kernels.relu_backward(*(a[n] for a in flat)), dy.size, LEAST_NUMBERS
        )
        return dx

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        same = w.dtype == g.dtype == v.dtype
        if not (same and all(a.flags.c_contiguous for a in (w, g, v))):
            super().sgd_step(w, g, v, lr, momentum, weight_decay)
            return
        flat = w.reshape(-1), g.reshape(-1), v.reshape(-1)
        factors = lr, momentum, weight_decay
        self.workers.share(
            lambda n: kernels.sgd_step(*(a[n] for a in flat), *factors), w.size, LEAST_NUMBERS
        )

    def cross_entropy(self, logits: Array, labels: Array) -> tuple[Array, Array]:
        logits, labels = np.ascontiguousarray(logits), np.ascontiguousarray(labels)
        dlogits = self.empty(logits.shape, logits.dtype)
        return logits.dtype.type(kernels.cross_entropy(logits, labels, dlogits)), dlogits

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
        images = np.ascontiguousarray(images)
        N, C = len(images), images.shape[3]
        mean = np.zeros((C, 1, 1), np.float32) if mean is None else np.ascontiguousarray(mean)
        colour = np.zeros((N, C), np.float32) if colour is None else np.ascontiguousarray(colour)
        scale = np.full(C, scale, np.float32)
        x = self.empty((N, C, *crop), np.float32)
        batch = images, tops, lefts, mirrors
        self.workers.share(
            lambda n: kernels.augment(*(a[n] for a in batch), mean, colour[n], scale, x[n]),
            N,
            worth_a_piece(x),
        )
        return x


def pixels(x: Array) -> Array:
    """(N, C, H, W) -> (N, C, H*W)."""
    N, C, H, W = x.shape
    return x.reshape(N, C, H * W)
