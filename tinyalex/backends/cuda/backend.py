"""The GPU backend: CuPy arrays, numba-cuda kernels, cuBLAS products.

CuPy provides arrays, memory and matrix products; everything else that a network needs runs in our
own kernels, on CuPy's stream and memory. Nothing here waits for the GPU: a whole step is queued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tinyalex import functional as F
from tinyalex.backends.base import Array, Pair, bfloat16, is_bfloat16
from tinyalex.backends.cuda import conv, elementwise, im2col, linear, lrn, pool
from tinyalex.backends.cuda.arrays import CudaArrays
from tinyalex.backends.cuda.launch import launch, scalar, threads_for, wide
from tinyalex.functional.pool import position_dtype


class CudaBackend(CudaArrays):
    __doc__ = f"Compiled kernels on a GPU.\n\n{CudaArrays.__doc__}"

    replaces: ClassVar[Mapping[str, str]] = {
        "im2col": "one launch instead of one per tap",
        "col2im": "one launch; one thread per pixel sums its columns, in a fixed order",
        "conv2d": "writes rows instead of windows: 1/KH of the memory (cuda/conv.py)",
        "conv2d_backward": "the same; dx at stride 1 by reading windows of dy",
        "conv2d_relu": "the kernel that adds the bias also applies the ReLU: two passes less",
        "linear": "products that a CUDA graph can capture, unlike CuPy's; bfloat16: float32 sums",
        "linear_backward": "the same",
        "max_pool2d": "one launch instead of several per tap",
        "max_pool2d_backward": "one launch; one thread per pixel sums over its windows",
        "avg_pool2d": "one launch instead of one per tap",
        "avg_pool2d_backward": "one launch; one thread per pixel sums over its windows",
        "local_response_norm": "one launch; a window of channels stays in registers",
        "local_response_norm_backward": "the same",
        "local_response_norm_relu_backward": "the same; x is read anyway: three passes less",
        "spatial_response_norm": "one launch instead of several per neighbour",
        "spatial_response_norm_backward": "two launches",
        "dropout": "of bfloat16 arrays: one launch instead of six",
        "dropout_backward": "of bfloat16 arrays: one launch instead of three",
        "relu": "one launch, in place where asked",
        "relu_backward": "one launch, in place where asked",
        "sgd_step": "one launch per weight",
        "cross_entropy": "one launch; labels are checked on the GPU: a wrong label gives NaN",
        "cross_entropy_backward": "the same",
        "augment": "one launch per batch; no corner is copied to the host",
    }
    keeps = ("im2col", "col2im", "augment")
    takes_bfloat16: ClassVar[Mapping[str, str]] = {
        "im2col": "bits are moved",
        "col2im": "its kernel loads and stores bfloat16, sums in float32",
        **dict.fromkeys(("conv2d", "conv2d_relu"), "the same; products by cuBLAS, sums in float32"),
        "conv2d_backward": "the same; dw and db are float32",
        **dict.fromkeys(("linear", "linear_backward"), "products by cuBLAS, sums in float32"),
        **dict.fromkeys(
            (
                *("max_pool2d", "max_pool2d_backward", "avg_pool2d", "avg_pool2d_backward"),
                *("local_response_norm", "local_response_norm_backward"),
                "local_response_norm_relu_backward",
                *("spatial_response_norm", "spatial_response_norm_backward"),
                *("dropout", "dropout_backward", "relu", "relu_backward"),
            ),
            "its kernel loads and stores bfloat16",
        ),
    }

    # ------------------------------------------------------------------ convolution

    def im2col(self, x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
        x = self.flat(x)
        N, C, H, W = x.shape
        OH, OW = F.out_hw(x.shape, kernel, stride, padding)
        cols = self.empty((N, C * kernel[0] * kernel[1], OH * OW), x.dtype)
        threads = threads_for(OH * OW)
        grid = (N, -(-(OH * OW) // threads), C)
        sizes = C, H, W, *kernel, *stride, *padding, OH, OW
        launch(im2col.im2col, grid, threads, x, cols, *sizes)
        return cols

    def col2im(
        self, cols: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair, padding: Pair
    ) -> Array:
        x = self.empty(x_shape, cols.dtype)
        OH, OW = F.out_hw(x_shape, kernel, stride, padding)
        cols = self.flat(cols)
        conv.col2im(cols, x, 0, x_shape[1], kernel, stride, padding, (OH, OW))
        return x

    def conv2d(
        self, x: Array, w: Array, b: Array, stride: Pair, padding: Pair, groups: int
    ) -> Array:
        return conv.forward(self, x, w, b, stride, padding, groups)

    def conv2d_relu(
        self, x: Array, w: Array, b: Array, stride: Pair, padding: Pair, groups: int
    ) -> Array:
        return conv.forward(self, x, w, b, stride, padding, groups, relu=True)

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
        return conv.backward(self, dy, x, w, stride, padding, groups, needs_dx)

    # ------------------------------------------------------------------ fully connected

    def linear(self, x: Array, weight: Array, bias: Array) -> Array:
        if is_bfloat16(x.dtype):
            return linear.forward(self, *map(self.flat, (x, weight, bias)))
        return self.product(self.flat(x), self.flat(weight).T) + bias

    def linear_backward(
        self, dy: Array, x: Array, weight: Array, needs_dx: bool = True
    ) -> tuple[Array | None, Array, Array]:
        dy, x, weight = map(self.flat, (dy, x, weight))
        if is_bfloat16(x.dtype):
            return linear.backward(self, dy, x, weight, needs_dx)
        dw, db = self.product(dy.T, x), self.xp.sum(dy, axis=0)
        return self.product(dy, weight) if needs_dx else None, dw, db

    # ------------------------------------------------------------------ pooling

    def max_pool2d(
        self, x: Array, kernel: Pair, stride: Pair, ceil_mode: bool = False
    ) -> tuple[Array, Array]:
        out_hw = F.out_hw(x.shape, kernel, stride, ceil_mode=ceil_mode)
        y = self.empty((*x.shape[:2], *out_hw), x.dtype)
        argmax = self.empty(y.shape, position_dtype(self.xp, kernel))
        sizes = (*x.shape[2:], *kernel, *stride, *out_hw)
        self._over_maps(pool.max_pool2d, y, self.flat(x), y, argmax, *sizes)
        return y, argmax

    def max_pool2d_backward(
        self, dy: Array, argmax: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        dx = self.empty(x_shape, dy.dtype)
        sizes = (*x_shape[2:], *kernel, *stride, *dy.shape[2:])
        arrays = self.flat(dy), self.flat(argmax), dx
        self._over_maps(pool.max_pool2d_backward, dx, *arrays, *sizes)
        return dx

    def avg_pool2d(self, x: Array, kernel: Pair, stride: Pair, ceil_mode: bool = False) -> Array:
        out_hw = F.out_hw(x.shape, kernel, stride, ceil_mode=ceil_mode)
        y = self.empty((*x.shape[:2], *out_hw), x.dtype)
        sizes = (*x.shape[2:], *kernel, *stride, *out_hw)
        self._over_maps(pool.avg_pool2d, y, self.flat(x), y, *sizes)
        return y

    def avg_pool2d_backward(
        self, dy: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        dx = self.empty(x_shape, dy.dtype)
        sizes = (*x_shape[2:], *kernel, *stride, *dy.shape[2:])
        self._over_maps(pool.avg_pool2d_backward, dx, self.flat(dy), dx, *sizes)
        return dx

    def _over_maps(self, kernel: Any, result: Array, *args: Any) -> None:
        """One thread per position in the feature maps of ``result``; several maps per block."""
        N, C, H, W = result.shape
        threads = threads_for(H * W)
        grid = (-(-(N * C) // pool.MAPS), -(-(H * W) // threads))
        launch(kernel, grid, threads, *args, N * C)

    # ------------------------------------------------------------------ response normalisation

    def local_response_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        y, scale = self.empty(x.shape, x.dtype), self.empty(x.shape, wide(x.dtype))
        forward, _ = lrn.local_response_norm(size, wide(x.dtype).name)
        numbers = (scalar(c, x) for c in (alpha, beta, k))
        self._over_pixels(forward, x, (self.flat(x), y, scale), *numbers)
        return y, scale

    def local_response_norm_backward(self, *args: Any) -> Array:
        return self._norm_backward(False, *args)

    def local_response_norm_relu_backward(self, *args: Any) -> Array:
        return self._norm_backward(True, *args)

    def _norm_backward(
        self, relu: bool, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        dx = self.empty(x.shape, x.dtype)
        _, backward = lrn.local_response_norm(size, wide(x.dtype).name)
        arrays = (*map(self.flat, (dy, x, scale)), dx)
        self._over_pixels(backward, x, arrays, *(scalar(c, x) for c in (alpha, beta)), int(relu))
        return dx

    def _over_pixels(self, kernel: Any, x: Array, arrays: tuple[Array, ...], *numbers: Any) -> None:
        """One thread per pixel and group of channels."""
        N, C, H, W = x.shape
        threads = threads_for(H * W)
        share = lrn.CHANNELS
        grid = (N, -(-(H * W) // threads), -(-C // share))
        launch(kernel, grid, threads, *arrays, C, H * W, share, *numbers)

    def spatial_response_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        y, scale = self.empty(x.shape, x.dtype), self.empty(x.shape, wide(x.dtype))
        numbers = (scalar(c, x) for c in (alpha, beta, k))
        arrays = self.flat(x), y, scale
        self._over_each_map(lrn.spatial_response_norm, x, *arrays, *x.shape[2:], size, *numbers)
        return y, scale

    def spatial_response_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        dy, x, scale = map(self.flat, (dy, x, scale))
        through, dx = self.empty(x.shape, wide(x.dtype)), self.empty(x.shape, x.dtype)
        a, b = scalar(alpha, x), scalar(beta, x)
        self._over_numbers(
            lrn.spatial_response_norm_through, 1, x.size, dy, x, scale, through, x.size, b
        )
        arrays = dy, x, scale, through, dx
        self._over_each_map(
            lrn.spatial_response_norm_backward, dx, *arrays, *x.shape[2:], size, a, b
        )
        return dx

    def _over_each_map(self, kernel: Any, result: Array, *args: Any) -> None:
        """One thread per number of ``result``; one feature map per block."""
        N, C, H, W = result.shape
        threads = threads_for(H * W)
        launch(kernel, (N * C, -(-(H * W) // threads)), threads, *args)

    # ------------------------------------------------------------------ element by element

    def _over_numbers(self, kernel: Any, per_thread: int, size: int, *args: Any) -> None:
        """``per_thread`` numbers per thread."""
        threads = threads_for(-(-size // per_thread))
        launch(kernel, (-(-size // (threads * per_thread)),), threads, *args)

    def to_bfloat16(self, x: Array) -> Array:
        return self._converted(self.asarray(x, np.float32), bfloat16())

    def from_bfloat16(self, x: Array) -> Array:
        return self._converted(x, np.float32)

    def _converted(self, x: Array, dtype: Any) -> Array:
        y = self.empty(x.shape, dtype)
        self._over_numbers(elementwise.convert, elementwise.EACH, x.size, self.flat(x), y, x.size)
        return y

    def dropout(
        self, x: Array, draw: Array, p: float, inverted: bool = True
    ) -> tuple[Array, Array]:
        if not is_bfloat16(x.dtype):
            return F.dropout(x, draw, p, inverted)
        y, mask = self.empty(x.shape, x.dtype), self.empty(x.shape, np.float32)
        kept = np.float32(1) / np.float32(1 - p if inverted else 1)
        arrays = self.flat(x), self.flat(draw), y, mask
        self._over_numbers(
            elementwise.dropout, elementwise.EACH, x.size, *arrays, x.size, np.float32(p), kept
        )
        return y, mask

    def dropout_backward(self, dy: Array, mask: Array) -> Array:
        if not is_bfloat16(dy.dtype):
            return F.dropout_backward(dy, mask)
        dx = self.empty(dy.shape, dy.dtype)
        arrays = self.flat(dy), self.flat(mask), dx
        self._over_numbers(
            elementwise.dropout_backward, elementwise.EACH, dy.size, *arrays, dy.size
        )
        return dx

    def relu(self, x: Array, inplace: bool = False) -> Array:
        flat = self.flat(x)
        y = flat if inplace else self.empty(x.shape, x.dtype)
        self._over_numbers(elementwise.relu, elementwise.EACH, x.size, flat, y, x.size)
        return written_to(x, y) if inplace else y

    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        flat = self.flat(dy)
        dx = flat if inplace else self.empty(dy.shape, dy.dtype)
        arrays = flat, self.flat(y), dx
        self._over_numbers(elementwise.relu_backward, elementwise.EACH, dy.size, *arrays, dy.size)
        return written_to(dy, dx) if inplace else dx

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        arrays = tuple(map(self.flat, (w, g, v)))
        factors = (scalar(f, w) for f in (lr, momentum, weight_decay))
        self._over_numbers(
            elementwise.sgd_step, elementwise.EACH, w.size, *arrays, w.size, *factors
        )
        written_to(w, arrays[0])
        written_to(v, arrays[2])

    def cross_entropy(self, logits: Array, labels: Array) -> Array:
        return self.xp.mean(self._losses_and_gradient(logits, labels)[0])

    def cross_entropy_backward(self, logits: Array, labels: Array) -> Array:
        return self._losses_and_gradient(logits, labels)[1]

    def _losses_and_gradient(self, logits: Array, labels: Array) -> tuple[Array, Array]:
        """Compute both in one launch; it may run twice."""
        N, classes = logits.shape
        losses, dlogits = self.empty((N,), logits.dtype), self.empty(logits.shape, logits.dtype)
        arrays = self.flat(logits), self.flat(labels), losses, dlogits
        launch(elementwise.cross_entropy, (N,), elementwise.ROW_THREADS, *arrays, N, classes)
        return losses, dlogits

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
        def here(a: Any, dtype: Any = np.float32) -> Array:
            return self.flat(self.asarray(a, dtype))

        (N, H, W, C), (CH, CW) = images.shape, crop
        corners = (here(a, np.int64) for a in (tops, lefts, mirrors))
        mean = here(self.xp.zeros((C, 1, 1), np.float32) if mean is None else mean)
        mean_steps = (1, 0) if mean.size == C else (CH * CW, 1)
        colour = here(self.xp.zeros((N, C), np.float32) if colour is None else colour)
        if isinstance(scale, int | float):
            scale = self.xp.full((C,), scale, np.float32)
        x = self.empty((N, C, CH, CW), np.float32)
        threads = threads_for(CH * CW)
        grid = (N, -(-(CH * CW) // threads))
        arrays = here(images, None), *corners, mean, colour, here(scale), x
        launch(elementwise.augment, grid, threads, *arrays, H, W, C, CH, CW, *mean_steps)
        return x


def written_to(x: Array, result: Array) -> Array:
    """Return ``x`` with the values of ``result``: copied only if ``x`` was not contiguous."""
    if x is not result:
        x[...] = result
    return x
