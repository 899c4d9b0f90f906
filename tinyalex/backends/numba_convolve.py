"""Convolutions on the Numba backend: which algorithm, and which thread does what.

Two ways. Direct: the columns of a few output rows, small enough for the cache, and one matrix
product. Winograd's, for 3x3 and 5x5 filters: tiles of pixels, and a quarter of the products. Every
thread takes whole images and keeps their columns or tiles to itself; compiled loops move the
numbers, BLAS multiplies them, and neither holds Python's lock. Gradients of the weights are added
up over a fixed number of parts in a fixed order, so that they do not depend on the number of
threads. Legend as in ``base.py``; G groups, r taps of a square filter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinyalex.backends import numba_kernels as kernels
from tinyalex.backends import numba_winograd as tiled
from tinyalex.backends import winograd
from tinyalex.backends.base import Pair

if TYPE_CHECKING:
    from tinyalex.backends.numba import NumbaBackend

Host = np.ndarray[Any, Any]

COLUMN_BYTES = 1 << 21  # fewer passes over the filters outweigh columns beyond the fast cache
SUMS = 8  # partial weight gradients of a batch
TILES = 256  # rows of a matrix product; more no longer helps, and takes memory
SHIFT = 48  # numbers between planes of tiles: at equal distances they would share cache sets
# Winograd pays from here on: tiles in a batch (the filters are transformed once), and channels.
LEAST_TILES, LEAST_CHANNELS = 192, 16


def winograd_pays(y_shape: tuple[int, ...], w: Host, stride: Pair, groups: int) -> bool:
    """Whether tiles beat columns: float32, stride 1, 3x3 or 5x5, enough of everything."""
    F, C, *kernel = w.shape
    down, across = _grid(y_shape)
    return (
        w.dtype == np.float32
        and stride == (1, 1)
        and kernel in ([3, 3], [5, 5])
        and y_shape[0] * down * across >= LEAST_TILES
        and min(C, F // groups) >= LEAST_CHANNELS
    )


def forward(
    backend: NumbaBackend,
    x: Host,
    w: Host,
    b: Host,
    stride: Pair,
    padding: Pair,
    groups: int,
    y: Host,
) -> None:
    """y (N, F, OH, OW) = x (N, C, H, W) convolved with w (F, C/G, KH, KW), plus b (F,)."""
    F, C, KH, KW = w.shape
    filters = w.reshape(groups, F // groups, C, KH, KW)
    if winograd_pays(y.shape, w, stride, groups):
        _winograd(backend, x, filters, b, padding, y)
    else:
        _direct(backend, x, filters, b, stride, padding, y)


def input_gradient(
    backend: NumbaBackend,
    dy: Host,
    w: Host,
    stride: Pair,
    padding: Pair,
    groups: int,
    dx: Host,
) -> None:
    """For stride 1 a convolution of dy with the filters turned by 180 degrees."""
    F, C, KH, KW = w.shape
    filters = w.reshape(groups, F // groups, C, KH, KW)
    around = (KH - 1 - padding[0], KW - 1 - padding[1])
    if stride != (1, 1) or min(around) < 0:
        _scattered_input_gradient(backend, dy, filters, stride, padding, dx)
        return
    turned = filters[..., ::-1, ::-1].swapaxes(1, 2)
    no_bias = np.zeros(groups * C, w.dtype)
    if winograd_pays(dx.shape, w, stride, groups):
        _winograd(backend, dy, turned, no_bias, around, dx)
    else:
        _direct(backend, dy, turned, no_bias, stride, around, dx)


def weight_gradient(
    backend: NumbaBackend, dy: Host, x: Host, w: Host, stride: Pair, padding: Pair, groups: int
) -> tuple[Host, Host]:
    """dw, in w's shape, and db (F,)."""
    F, C, *kernel = w.shape
    shape = (groups, F // groups, C, *kernel)
    if winograd_pays(dy.shape, w, stride, groups):
        dw, db = _winograd_weights(backend, dy, x, shape, padding)
    else:
        dw, db = _direct_weights(backend, dy, x, shape, stride, padding)
    return dw.reshape(w.shape), db.reshape(F)


# ---------------------------------------------------------------------- columns


def phases_shape(x: Host, stride: Pair, padding: Pair) -> tuple[int, int, int, int]:
    """Room for one padded image (C, H, W), as `numba_kernels.phases_of` cuts it up."""
    _, C, H, W = x.shape
    return C, H + 2 * padding[0], stride[1], -(-(W + 2 * padding[1]) // stride[1])


class Columns:
    """A thread's room for columns: of several small images, or of some rows of a large one.

    Their shape is (n, G, K + 1, P). The last row is all ones: a bias is a weight whose input is
    always 1, so the product that gives the weights' gradient gives the bias' too.
    """

    def __init__(
        self,
        backend: NumbaBackend,
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
        most = max(1, COLUMN_BYTES // (self.row * x.itemsize))
        self.rows, self.images = min(most, self.OH), max(1, most // self.OH)
        self.room = backend.scratch("columns", self.images * self.rows * self.row, x.dtype)
        shape = phases_shape(x, stride, padding)
        self.phases = backend.scratch("phases", math.prod(shape), x.dtype).reshape(shape)

    def few(self, images: slice) -> Iterator[slice]:
        """As many images at a time as there is room for."""
        for i in range(images.start, images.stop, self.images):
            yield slice(i, min(i + self.images, images.stop))

    def blocks(self, images: Host, top: int, bottom: int) -> Iterator[tuple[int, slice, Host]]:
        """Cut output rows into blocks: the first row, the pixels, room for their columns."""
        for first in range(top, bottom, self.rows):
            rows = min(self.rows, bottom - first)
            size = len(images) * rows * self.row
            shape = (len(images), self.groups, self.K + 1, rows * self.OW)
            pixels = slice(first * self.OW, (first + rows) * self.OW)
            yield first, pixels, self.room[:size].reshape(shape)

    def of(self, images: Host, top: int, bottom: int) -> Iterator[tuple[slice, Host]]:
        """Yield the columns of one block after the other, and which pixels they belong to."""
        for first, pixels, cols in self.blocks(images, top, bottom):
            kernels.columns_of(images, self.phases, cols, first, *self.settings)
            yield pixels, cols


def _direct(
    backend: NumbaBackend,
    x: Host,
    filters: Host,
    b: Host,
    stride: Pair,
    padding: Pair,
    y: Host,
) -> None:
    """filters (G, F/G, C/G, KH, KW), in any order of memory."""
    groups, F, *_ = filters.shape
    w, bias = filters.reshape(groups, F, -1), b.reshape(groups, F, 1)
    N, _, OH, OW = y.shape
    maps = y.reshape(N, groups, F, OH * OW)
    bands = backend.bands(N, OH)  # of rows: a few images alone would leave threads idle

    def part(pieces: slice) -> None:
        columns = Columns(backend, x, filters.shape, stride, padding, (OH, OW))
        if bands == 1:
            for n in columns.few(pieces):
                fill(columns, n, 0, OH)
            return
        for piece in range(pieces.start, pieces.stop):
            n, band = divmod(piece, bands)
            fill(columns, slice(n, n + 1), OH * band // bands, OH * (band + 1) // bands)

    def fill(columns: Columns, n: slice, top: int, bottom: int) -> None:
        for pixels, cols in columns.of(x[n], top, bottom):
            out = maps[n, :, :, pixels]
            np.matmul(w, cols[:, :, : columns.K], out=out)
            out += bias

    backend.share(part, N * bands)


def _direct_weights(
    backend: NumbaBackend,
    dy: Host,
    x: Host,
    shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
) -> tuple[Host, Host]:
    groups, F, *_ = shape
    N, _, OH, OW = dy.shape
    maps = dy.reshape(N, groups, F, OH * OW)

    def part(images: slice) -> tuple[Host]:
        columns = Columns(backend, x, shape, stride, padding, (OH, OW))
        dw = np.zeros((groups, F, columns.K + 1), x.dtype)
        # The images' gradients before they are added up must not take more room than columns.
        columns.images = max(1, min(columns.images, COLUMN_BYTES // dw.nbytes))
        for n in columns.few(images):
            for pixels, cols in columns.of(x[n], 0, OH):
                dw += np.matmul(maps[n, :, :, pixels], cols.mT).sum(axis=0)
        return (dw,)

    (dw,) = backend.sum_parts(part, N, SUMS)
    return np.ascontiguousarray(dw[:, :, :-1]), np.ascontiguousarray(dw[:, :, -1])


def _scattered_input_gradient(
    backend: NumbaBackend, dy: Host, filters: Host, stride: Pair, padding: Pair, dx: Host
) -> None:
    """Each pixel gets back what it added to every window that holds it."""
    groups, F, *_ = filters.shape
    w_T = filters.reshape(groups, F, -1).mT
    N, _, OH, OW = dy.shape
    maps = dy.reshape(N, groups, F, OH * OW)

    def part(images: slice) -> None:
        columns = Columns(backend, dx, filters.shape, stride, padding, (OH, OW))
        dx[images] = 0
        for n in columns.few(images):
            for first, pixels, cols in columns.blocks(dx[n], 0, OH):
                inner = cols[:, :, : columns.K]
                np.matmul(w_T, maps[n, :, :, pixels], out=inner)
                kernels.add_columns(inner, dx[n], first, *columns.settings)

    backend.share(part, N)


# ---------------------------------------------------------------------- tiles


@cache
def _filter_matrix(r: int) -> Host:
    """G of Winograd's algorithm for 4 outputs."""
    return winograd.matrices(tiled.M, r)[1].astype(np.float32)


def _grid(shape: tuple[int, ...]) -> Pair:
    """How many tiles cover the output, down and across."""
    return -(-shape[2] // tiled.M), -(-shape[3] // tiled.M)


def _few(images: slice, grid: Pair) -> Iterator[slice]:
    """As many images at a time as give ``TILES`` tiles."""
    step = max(1, TILES // (grid[0] * grid[1]))
    for i in range(images.start, images.stop, step):
        yield slice(i, min(i + step, images.stop))


class Planes:
    """A thread's room for planes (T, channels), one for each number of a tile."""

    def __init__(
        self, backend: NumbaBackend, name: str, count: int, tiles: int, channels: int
    ) -> None:
        self.size = tiles * channels + SHIFT  # from one plane to the next
        self.flat = backend.scratch(name, count * self.size, np.float32)
        item = self.flat.itemsize
        self.all = as_strided(
            self.flat, (count, tiles, channels), (self.size * item, channels * item, item)
        )

    def group(self, g: int, channels: int) -> Host:
        """A group's channels in every plane: (count, T, channels)."""
        return self.all[:, :, g * channels : (g + 1) * channels]


def _winograd(
    backend: NumbaBackend, x: Host, filters: Host, b: Host, padding: Pair, y: Host
) -> None:
    """filters (G, F/G, C/G, r, r), in any order of memory."""
    groups, F, C, r, _ = filters.shape
    matrix, grid = _filter_matrix(r), _grid(y.shape)
    edge = len(matrix)  # of a tile
    q = edge * edge
    u = backend.empty((groups, q, C, F), np.float32)

    def evaluate(channels: slice) -> None:
        for g in range(groups):
            some = np.ascontiguousarray(filters[g, :, channels])
            tiled.filters_to_products(some, matrix, u[g], channels.start)

    def part(images: slice) -> None:
        for n in _few(images, grid):
            T = (n.stop - n.start) * grid[0] * grid[1]
            tiles = Planes(backend, "tiles", q, T, groups * C)
            products = Planes(backend, "products", q, T, groups * F)
            tiled.tiles_of(x[n], *padding, *grid, edge, tiles.flat, tiles.size)
            for g in range(groups):
                np.matmul(tiles.group(g, C), u[g], out=products.group(g, F))
            tiled.outputs_of(products.flat, products.size, edge, b, *grid, y[n])

    backend.share(evaluate, C)
    backend.share(part, len(x))


def _winograd_weights(
    backend: NumbaBackend, dy: Host, x: Host, shape: tuple[int, ...], padding: Pair
) -> tuple[Host, Host]:
    groups, F, C, r, _ = shape
    matrix, grid = _filter_matrix(r), _grid(dy.shape)
    edge = len(matrix)
    q = edge * edge

    def part(images: slice) -> tuple[Host, Host]:
        size = groups * q * C * F
        du = backend.scratch("du", size, np.float32).reshape(groups, q, C, F)
        db = np.zeros(groups * F, np.float32)
        for n in _few(images, grid):
            T = (n.stop - n.start) * grid[0] * grid[1]
            tiles = Planes(backend, "tiles", q, T, groups * C)
            products = Planes(backend, "products", q, T, groups * F)
            tiled.tiles_of(x[n], *padding, *grid, edge, tiles.flat, tiles.size)
            tiled.gradients_of(dy[n], *grid, edge, products.flat, products.size)
            is_first = n.start == images.start
            if not is_first:
                one = backend.scratch("du of a few", size, np.float32).reshape(du.shape)
            for g in range(groups):
                into = du[g] if is_first else one[g]
                np.matmul(tiles.group(g, C).mT, products.group(g, F), out=into)
            if not is_first:
                du += one
            kernels.add_map_sums(dy[n], db)
        dw = backend.empty((groups, C, r, r, F), np.float32)
        for g in range(groups):
            tiled.products_to_filters(du[g], matrix, dw[g])
        return dw, db

    dw, db = backend.sum_parts(part, len(x), SUMS)
    return np.ascontiguousarray(dw.transpose(0, 4, 1, 2, 3)), db
