"""Convolutions on the Numba backend: which algorithm, and which thread does what.

The loops themselves are in ``numba_conv.py`` (columns) and ``numba_winograd.py`` (tiles). Every
thread takes whole images and keeps their columns or tiles to itself. Gradients of the weights
are added up over a fixed number of parts in a fixed order, so that they do not depend on the
number of threads. Legend as in ``base.py``; G groups, r taps of a square filter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex.backends import numba_conv, numba_winograd, winograd
from tinyalex.backends.base import Pair

if TYPE_CHECKING:
    from tinyalex.backends.numba import NumbaBackend

Host = np.ndarray[Any, Any]

COLUMN_BYTES = 1 << 19  # half of a core's own cache; the other half is for the matrices
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
    if winograd_pays(y.shape, w, stride, groups):
        F, C, r, _ = w.shape
        filters = w.reshape(groups, F // groups, C, r, r)
        _winograd(backend, x, filters, b, padding, y)
    else:
        _direct(backend, x, w, b, stride, padding, groups, y)


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
    around = (KH - 1 - padding[0], KW - 1 - padding[1])
    if stride != (1, 1) or min(around) < 0:
        _scattered_input_gradient(backend, dy, w, stride, padding, groups, dx)
        return
    turned = w.reshape(groups, F // groups, C, KH, KW)[..., ::-1, ::-1].swapaxes(1, 2)
    no_bias = np.zeros(groups * C, w.dtype)
    if winograd_pays(dx.shape, w, stride, groups):
        _winograd(backend, dy, turned, no_bias, around, dx)
    else:
        turned = np.ascontiguousarray(turned).reshape(groups * C, F // groups, KH, KW)
        _direct(backend, dy, turned, no_bias, stride, around, groups, dx)


def weight_gradient(
    backend: NumbaBackend, dy: Host, x: Host, w: Host, stride: Pair, padding: Pair, groups: int
) -> tuple[Host, Host]:
    """dw, in w's shape, and db (F,)."""
    if winograd_pays(dy.shape, w, stride, groups):
        return _winograd_weights(backend, dy, x, w, padding, groups)
    F, C, KH, KW = w.shape
    K = C * KH * KW

    def part(n: slice) -> tuple[Host, Host]:
        dw, db = np.zeros((groups, F // groups, K), w.dtype), np.zeros(F, w.dtype)
        cols = _columns(backend, groups * K, dy.shape[3], w.dtype)
        numba_conv.weight_gradient(x[n], dy[n], dw, db, cols, KH, KW, *stride, *padding)
        return dw, db

    dw, db = backend.sum_parts(part, len(x), SUMS)
    return dw.reshape(w.shape), db


# ---------------------------------------------------------------------- columns


def _columns(backend: NumbaBackend, K: int, OW: int, dtype: Any) -> Host:
    """A thread's room for columns: some output rows, one at least."""
    row = K * OW
    rows = max(1, COLUMN_BYTES // (row * np.dtype(dtype).itemsize))
    return backend.scratch("columns", rows * row, dtype)


def _direct(
    backend: NumbaBackend,
    x: Host,
    w: Host,
    b: Host,
    stride: Pair,
    padding: Pair,
    groups: int,
    y: Host,
) -> None:
    F, _, KH, KW = w.shape
    w = w.reshape(groups, F // groups, -1)
    N, _, OH, OW = y.shape
    bands = backend.bands(N, OH)  # of rows: a few images alone would leave threads idle

    def part(pieces: slice) -> None:
        cols = _columns(backend, groups * w.shape[2], OW, w.dtype)
        for piece in range(pieces.start, pieces.stop):
            n, band = divmod(piece, bands)
            rows = OH * band // bands, OH * (band + 1) // bands
            one = slice(n, n + 1)
            numba_conv.forward(x[one], w, b, y[one], *rows, cols, KH, KW, *stride, *padding)

    backend.share(part, N * bands)


def _scattered_input_gradient(
    backend: NumbaBackend,
    dy: Host,
    w: Host,
    stride: Pair,
    padding: Pair,
    groups: int,
    dx: Host,
) -> None:
    F, _, KH, KW = w.shape
    w = w.reshape(groups, F // groups, -1)

    def part(n: slice) -> None:
        cols = _columns(backend, groups * w.shape[2], dy.shape[3], w.dtype)
        numba_conv.input_gradient(w, dy[n], dx[n], cols, KH, KW, *stride, *padding)

    backend.share(part, len(dy))


# ---------------------------------------------------------------------- tiles


@cache
def _filter_matrix(r: int) -> Host:
    """G of Winograd's algorithm for 4 outputs."""
    return winograd.matrices(numba_winograd.M, r)[1].astype(np.float32)


def _grid(shape: tuple[int, ...]) -> Pair:
    """How many tiles cover the output, down and across."""
    return -(-shape[2] // numba_winograd.M), -(-shape[3] // numba_winograd.M)


def _few(images: slice, grid: Pair) -> Iterator[slice]:
    """As many images at a time as give ``TILES`` tiles."""
    step = max(1, TILES // (grid[0] * grid[1]))
    for i in range(images.start, images.stop, step):
        yield slice(i, min(i + step, images.stop))


def _planes(
    backend: NumbaBackend, name: str, count: int, images: slice, grid: Pair, channels: int
) -> tuple[Host, int]:
    """A thread's room for ``count`` planes (tiles, channels), and their distance."""
    size = (images.stop - images.start) * grid[0] * grid[1] * channels + SHIFT
    return backend.scratch(name, count * size, np.float32), size


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
            numba_winograd.filters_to_products(some, matrix, u[g], channels.start)

    def part(images: slice) -> None:
        for n in _few(images, grid):
            tiles = _planes(backend, "tiles", q, n, grid, groups * C)
            products = _planes(backend, "products", q, n, grid, groups * F)
            T = (n.stop - n.start) * grid[0] * grid[1]
            numba_winograd.tiles_of(x[n], *padding, *grid, edge, *tiles)
            numba_winograd.multiply(*tiles, u, T, *products)
            numba_winograd.outputs_of(*products, edge, b, *grid, y[n])

    backend.share(evaluate, C)
    backend.share(part, len(x))


def _winograd_weights(
    backend: NumbaBackend, dy: Host, x: Host, w: Host, padding: Pair, groups: int
) -> tuple[Host, Host]:
    F, C, r, _ = w.shape
    matrix, grid = _filter_matrix(r), _grid(dy.shape)
    edge, FG = len(matrix), F // groups
    q = edge * edge

    def part(images: slice) -> tuple[Host, Host]:
        du = backend.scratch("du", groups * q * C * FG, np.float32).reshape(groups, q, C, FG)
        for n in _few(images, grid):
            tiles = _planes(backend, "tiles", q, n, grid, groups * C)
            products = _planes(backend, "products", q, n, grid, F)
            beta = 0.0 if n.start == images.start else 1.0
            T = (n.stop - n.start) * grid[0] * grid[1]
            numba_winograd.tiles_of(x[n], *padding, *grid, edge, *tiles)
            numba_winograd.gradients_of(dy[n], *grid, edge, *products)
            numba_winograd.multiply_back(*tiles, *products, T, beta, du)
        dw = backend.empty((groups, C, r, r, FG), np.float32)
        for g in range(groups):
            numba_winograd.products_to_filters(du[g], matrix, dw[g])
        db = np.zeros(F, np.float32)
        for image in range(images.start, images.stop):
            numba_conv.bias_gradient(dy[image].reshape(F, -1), db)
        return dw, db

    dw, db = backend.sum_parts(part, len(x), SUMS)
    return np.ascontiguousarray(dw.transpose(0, 4, 1, 2, 3)).reshape(w.shape), db
