"""Convolution on the Numba backend by im2col, a block of rows at a time, and a matrix product.

Every thread takes whole images, or bands of rows of a single image, and has its own buffer for
their im2col matrix. Compiled loops copy, BLAS multiplies, and neither holds Python's lock.
``filters`` are (G, F/G, C/G, KH, KW), in any memory order. Legend: ``functional/arrays.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinyalex.backends.base import Pair
from tinyalex.backends.numba import kernels
from tinyalex.backends.numba.workers import Workers

Host = np.ndarray[Any, Any]

BUFFER_BYTES = 1 << 21  # may exceed L2: fewer passes over the filters are worth more
PARTS = 8  # at most this many partial weight gradients per batch
PRODUCTS = 1 << 22  # multiplications worth a piece of their own: a fraction of a millisecond


def phases_shape(x: Host, stride: Pair, padding: Pair) -> tuple[int, int, int, int]:
    """Shape of one padded image (C, H, W) as `kernels.phases_of` deinterleaves it."""
    _, C, H, W = x.shape
    return C, H + 2 * padding[0], stride[1], -(-(W + 2 * padding[1]) // stride[1])


class Im2colBuffer:
    """A thread's im2col buffer: for several small images, or for some rows of a large one.

    Its shape is (n, G, K + 1, P). The last row is all ones: a bias is a weight whose input is
    always 1, so the product that gives the gradient of the weights gives that of the bias too.
    """

    def __init__(
        self,
        workers: Workers,
        x: Host,
        filters_shape: tuple[int, ...],
        stride: Pair,
        padding: Pair,
        out_hw: Pair,
    ) -> None:
        self.groups, _, self.C, *self.kernel = filters_shape
        self.K = self.C * self.kernel[0] * self.kernel[1]
        self.OH, self.OW = out_hw
        self.settings = *self.kernel, *stride, *padding, self.OW
        self.row = self.groups * (self.K + 1) * self.OW  # numbers that one output row takes
        most = max(1, BUFFER_BYTES // (self.row * x.itemsize))
        self.rows, self.images = min(most, self.OH), max(1, most // self.OH)
        self.room = workers.scratch("im2col", self.images * self.rows * self.row, x.dtype)
        shape = phases_shape(x, stride, padding)
        self.phases = workers.scratch("phases", math.prod(shape), x.dtype).reshape(shape)

    def chunks(self, images: slice) -> Iterator[slice]:
        """Yield as many images at a time as fit the buffer."""
        for i in range(images.start, images.stop, self.images):
            yield slice(i, min(i + self.images, images.stop))

    def blocks(self, images: Host, top: int, bottom: int) -> Iterator[tuple[int, slice, Host]]:
        """Cut output rows into blocks; yield the first row, the pixels and their buffer."""
        for first in range(top, bottom, self.rows):
            rows = min(self.rows, bottom - first)
            size = len(images) * rows * self.row
            shape = (len(images), self.groups, self.K + 1, rows * self.OW)
            pixels = slice(first * self.OW, (first + rows) * self.OW)
            yield first, pixels, self.room[:size].reshape(shape)

    def of(self, images: Host, top: int, bottom: int) -> Iterator[tuple[slice, Host]]:
        """Yield the im2col matrix of each block, and which pixels it belongs to."""
        for first, pixels, cols in self.blocks(images, top, bottom):
            kernels.im2col_images(images, self.phases, cols, first, *self.settings)
            yield pixels, cols


def forward(
    workers: Workers, x: Host, filters: Host, b: Host, stride: Pair, padding: Pair, y: Host
) -> None:
    """y (N, F, OH, OW) = x (N, C, H, W) convolved with the filters, plus b (F,)."""
    groups, F, *_ = filters.shape
    w, bias = filters.reshape(groups, F, -1), b.reshape(groups, F, 1)
    N, _, OH, OW = y.shape
    maps = y.reshape(N, groups, F, OH * OW)
    bands = workers.bands(N, OH)  # of rows: with only a few images, threads would idle

    def convolve(pieces: slice) -> None:
        buffer = Im2colBuffer(workers, x, filters.shape, stride, padding, (OH, OW))
        if bands == 1:
            for n in buffer.chunks(pieces):
                fill(buffer, n, 0, OH)
            return
        for piece in range(pieces.start, pieces.stop):
            image, band = divmod(piece, bands)
            n = slice(image, image + 1)
            fill(buffer, n, OH * band // bands, OH * (band + 1) // bands)

    def fill(buffer: Im2colBuffer, n: slice, top: int, bottom: int) -> None:
        for pixels, cols in buffer.of(x[n], top, bottom):
            out = maps[n, :, :, pixels]
            np.matmul(w, cols[:, :, : buffer.K], out=out)
            out += bias

    products = w.size * OH * OW // bands
    workers.share(convolve, N * bands, min_items=1 + PRODUCTS // products)


def weight_gradient(
    workers: Workers, dy: Host, x: Host, shape: tuple[int, ...], stride: Pair, padding: Pair
) -> tuple[Host, Host]:
    """Return dw (G, F/G, K) and db (G, F/G); ``shape`` is the filters'."""
    groups, F, *_ = shape
    N, _, OH, OW = dy.shape
    maps = dy.reshape(N, groups, F, OH * OW)

    def gradient_of(images: slice) -> tuple[Host]:
        buffer = Im2colBuffer(workers, x, shape, stride, padding, (OH, OW))
        dw = np.zeros((groups, F, buffer.K + 1), x.dtype)
        # The images' gradients before they are summed must not take more memory than the buffer.
        buffer.images = max(1, min(buffer.images, BUFFER_BYTES // dw.nbytes))
        for n in buffer.chunks(images):
            for pixels, cols in buffer.of(x[n], 0, OH):
                dw += np.matmul(maps[n, :, :, pixels], cols.mT).sum(axis=0)
        return (dw,)

    # How many partial sums depends on sizes alone, never on threads.
    parts = max(1, min(PARTS, N * math.prod(shape) * OH * OW // PRODUCTS))
    (dw,) = workers.sum_slices(gradient_of, N, parts)
    return np.ascontiguousarray(dw[:, :, :-1]), np.ascontiguousarray(dw[:, :, -1])


def input_gradient(
    workers: Workers, dy: Host, filters: Host, stride: Pair, padding: Pair, dx: Host
) -> None:
    """Add up, for each pixel, the gradients from all windows that contain it."""
    groups, F, *_ = filters.shape
    w_T = filters.reshape(groups, F, -1).mT
    N, _, OH, OW = dy.shape
    maps = dy.reshape(N, groups, F, OH * OW)

    def gradient_of(images: slice) -> None:
        buffer = Im2colBuffer(workers, dx, filters.shape, stride, padding, (OH, OW))
        dx[images] = 0
        for n in buffer.chunks(images):
            for first, pixels, cols in buffer.blocks(dx[n], 0, OH):
                np.matmul(w_T, maps[n, :, :, pixels], out=cols[:, :, : buffer.K])
                kernels.col2im_images(cols, dx[n], first, *buffer.settings)

    workers.share(gradient_of, N, min_items=1 + PRODUCTS // (filters.size * OH * OW))
