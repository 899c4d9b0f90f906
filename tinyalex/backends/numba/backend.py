"""The fast CPU backend: NumPy arrays, compiled kernels, one thread per core.

Arrays are NumPy's, so everything that NumPy can do works as before. The operations that take most
of the time run in compiled loops that share a batch: each thread takes the next images and does all
the work on them while they are in its core's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tinyalex import functional as F
from tinyalex.backends.base import Array, Pair, bfloat16
from tinyalex.backends.numba import kernels, lrn
from tinyalex.backends.numba.choices import IN_FORCE, Choices
from tinyalex.backends.numba.conv import dispatch as convolve
from tinyalex.backends.numba.conv import im2col
from tinyalex.backends.numba.pool import dispatch as pooling
from tinyalex.backends.numba.pool.dispatch import maps
from tinyalex.backends.numba.workers import Workers, items_per_piece
from tinyalex.backends.numpy.backend import NumpyBackend


class NumbaBackend(NumpyBackend):
    """NumPy arrays in main memory, and compiled kernels."""

    name = "numba"
    replaces: ClassVar[Mapping[str, str]] = {
        **NumpyBackend.replaces,
        "im2col": "compiled loops over rows, whose pixels are copied as vectors",
        "conv2d": "direct sums in registers, Winograd, or im2col for BLAS (conv/dispatch.py)",
        "conv2d_backward": "the same three algorithms",
        "max_pool2d": "vectors of windows; the maximum and its index in one pass",
        "max_pool2d_backward": "vectors of windows; dx is written once",
        "avg_pool2d": "vectors of windows",
        "avg_pool2d_backward": "vectors of windows; dx is written once",
        "local_response_norm": "one pass with running sums instead of an array per neighbour",
        "local_response_norm_backward": "the same",
        "spatial_response_norm": "one pass with running sums instead of an array per neighbour",
        "spatial_response_norm_backward": "the same",
        "relu": "one pass on all threads, in place where asked",
        "relu_backward": "the same, without an array of bools",
        "sgd_step": "one pass instead of six",
        "cross_entropy": "one pass over each row of logits",
        "cross_entropy_backward": "the same",
        "augment": "one pass from bytes to the crop; threads share the images",
    }

    def __init__(self, threads: int = 1, choices: Choices = IN_FORCE) -> None:
        super().__init__(threads)
        self.workers = Workers(self.thread_pool, choices)

    def empty(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        return self.workers.empty(shape, dtype)

    # ------------------------------------------------------------------ convolution

    def im2col(self, x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
        x = np.ascontiguousarray(x)
        N, C = x.shape[:2]
        OH, OW = F.out_hw(x.shape, kernel, stride, padding)
        cols = self.empty((N, 1, C * kernel[0] * kernel[1] + 1, OH * OW), x.dtype)
        phases = np.empty(im2col.phases_shape(x, stride, padding), x.dtype)
        kernels.im2col_images(x, phases, cols, 0, *kernel, *stride, *padding, OW)
        return cols[:, 0, :-1]

    def conv2d(
        self, x: Array, w: Array, b: Array, stride: Pair, padding: Pair, groups: int
    ) -> Array:
        x, w, b = map(np.ascontiguousarray, (x, w, b))
        y = self.empty((len(x), len(w), *F.out_hw(x.shape, w.shape[2:], stride, padding)), w.dtype)
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
        needs_dx: bool = True,
    ) -> tuple[Array | None, Array, Array]:
        dy, x, w = map(np.ascontiguousarray, (dy, x, w))
        dx = self.empty(x.shape, x.dtype) if needs_dx else None
        with self._blas.limit(limits=1):
            dw, db = convolve.weight_gradient(self.workers, dy, x, w, stride, padding, groups)
            if dx is not None:
                convolve.input_gradient(self.workers, dy, w, stride, padding, groups, dx)
        return dx, dw, db

    # ------------------------------------------------------------------ pooling

    def max_pool2d(
        self, x: Array, kernel: Pair, stride: Pair, ceil_mode: bool = False
    ) -> tuple[Array, Array]:
        out_hw = F.out_hw(x.shape, kernel, stride, ceil_mode=ceil_mode)
        return pooling.max_pool2d(self.workers, np.ascontiguousarray(x), kernel, stride, out_hw)

    def max_pool2d_backward(
        self, dy: Array, argmax: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        dy, argmax = np.ascontiguousarray(dy), np.ascontiguousarray(argmax)
        return pooling.max_pool2d_backward(self.workers, dy, argmax, x_shape, kernel, stride)

    def avg_pool2d(self, x: Array, kernel: Pair, stride: Pair, ceil_mode: bool = False) -> Array:
        out_hw = F.out_hw(x.shape, kernel, stride, ceil_mode=ceil_mode)
        return pooling.avg_pool2d(self.workers, np.ascontiguousarray(x), kernel, stride, out_hw)

    def avg_pool2d_backward(
        self, dy: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        return pooling.avg_pool2d_backward(
            self.workers, np.ascontiguousarray(dy), x_shape, kernel, stride
        )

    # ------------------------------------------------------------------ response normalisation

    def local_response_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        y, scale = self.empty(x.shape, x.dtype), self.empty(x.shape, x.dtype)
        self._over_slices(lrn.local_response_norm, pixels, (x, y, scale), size, alpha, beta, k)
        return y, scale

    def local_response_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        dx = self.empty(x.shape, x.dtype)
        norm, arrays = lrn.local_response_norm_backward, (dy, x, scale, dx)
        self._over_slices(norm, pixels, arrays, size, alpha, beta)
        return dx

    def spatial_response_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        y, scale = self.empty(x.shape, x.dtype), self.empty(x.shape, x.dtype)
        self._over_slices(lrn.spatial_response_norm, maps, (x, y, scale), size, alpha, beta, k)
        return y, scale

    def spatial_response_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        dx = self.empty(x.shape, x.dtype)
        norm, arrays = lrn.spatial_response_norm_backward, (dy, x, scale, dx)
        self._over_slices(norm, maps, arrays, size, alpha, beta)
        return dx

    def _over_slices(
        self,
        kernel: Callable[..., None],
        view: Callable[[Array], Array],
        arrays: tuple[Array, ...],
        *constants: float,
    ) -> None:
        """Run a kernel over the first axis of each array's ``view``; threads share it."""
        views = [view(np.ascontiguousarray(a)) for a in arrays]
        self.workers.share_arrays(kernel, views, *constants)

    # ------------------------------------------------------------------ element by element

    def _over_numbers(
        self, kernel: Callable[..., None], arrays: tuple[Array, ...], *constants: float
    ) -> None:
        """Run a kernel over the numbers of contiguous arrays; threads share them."""
        self.workers.share_arrays(kernel, [a.reshape(-1) for a in arrays], *constants)

    def to_bfloat16(self, x: Array) -> Array:
        x = np.ascontiguousarray(x, np.float32)
        y = self.empty(x.shape, bfloat16())
        self._over_numbers(kernels.to_bfloat16, (x.view(np.uint32), y.view(np.uint16)))
        return y

    def from_bfloat16(self, x: Array) -> Array:
        x = np.ascontiguousarray(x)
        y = self.empty(x.shape, np.float32)
        self._over_numbers(kernels.from_bfloat16, (x.view(np.uint16), y.view(np.uint32)))
        return y

    def relu(self, x: Array, inplace: bool = False) -> Array:
        if not x.flags.c_contiguous:
            return super().relu(x, inplace)
        y = x if inplace else self.empty(x.shape, x.dtype)
        self._over_numbers(kernels.relu, (x, y))
        return y

    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        if not (dy.flags.c_contiguous and y.flags.c_contiguous and dy.dtype == y.dtype):
            return super().relu_backward(dy, y, inplace)
        dx = dy if inplace else self.empty(dy.shape, dy.dtype)
        self._over_numbers(kernels.relu_backward, (dy, y, dx))
        return dx

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        same = w.dtype == g.dtype == v.dtype
        if not (same and all(a.flags.c_contiguous for a in (w, g, v))):
            super().sgd_step(w, g, v, lr, momentum, weight_decay)
            return
        self._over_numbers(kernels.sgd_step, (w, g, v), lr, momentum, weight_decay)

    def cross_entropy(self, logits: Array, labels: Array) -> Array:
        return self._loss_and_gradient(logits, labels)[0]

    def cross_entropy_backward(self, logits: Array, labels: Array) -> Array:
        return self._loss_and_gradient(logits, labels)[1]

    def _loss_and_gradient(self, logits: Array, labels: Array) -> tuple[Array, Array]:
        """Compute both in one pass; it takes a thousandth of a step, so it may run twice."""
        logits, labels = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64)
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
        batch = images, *map(np.ascontiguousarray, (tops, lefts, mirrors))
        self.workers.share(
            lambda n: kernels.augment(*(a[n] for a in batch), mean, colour[n], scale, x[n]),
            N,
            items_per_piece(x),
        )
        return x


def pixels(x: Array) -> Array:
    """(N, C, H, W) -> (N, C, H*W)."""
    N, C, H, W = x.shape
    return x.reshape(N, C, H * W)
