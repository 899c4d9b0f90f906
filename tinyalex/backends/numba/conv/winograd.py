"""Winograd's convolution on the Numba workers, for 3x3 and 5x5 filters: a quarter of the products.

Filter transform, input transform, one matrix product per number of a tile, output transform. Every
thread takes whole images and has its own buffers for their tiles. Compiled loops transform, BLAS
multiplies, and neither holds Python's lock. ``filters`` are (G, F/G, C/G, r, r), contiguous.
Legend: ``functional/arrays.py``; r x r taps; q = n*n numbers of a transformed tile.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinyalex.backends.base import Pair
from tinyalex.backends.numba import kernels
from tinyalex.backends.numba.conv import winograd_loops as loops
from tinyalex.backends.numba.conv import winograd_matrices as winograd
from tinyalex.backends.numba.conv.winograd_blocks import GRADIENT, INPUT, M
from tinyalex.backends.numba.vector import LANES
from tinyalex.backends.numba.workers import Workers

Host = np.ndarray[Any, Any]

PARTS = 8  # partial weight gradients per batch, for any number of threads
TILES = 256  # rows of a matrix product; more do not help, and take memory
SHIFT = 48  # numbers between planes: else they could share cache sets


@cache
def _filter_matrix(r: int) -> Host:
    """The filter transform of r * r taps, in their order, as one matrix: G on both axes."""
    G = winograd.matrices(M, r)[1]
    return np.kron(G, G).astype(np.float32)


def grid_of(shape: tuple[int, ...]) -> Pair:
    """Return how many tiles cover the output, down and across."""
    return -(-shape[2] // M), -(-shape[3] // M)


def count(shape: tuple[int, ...]) -> int:
    """Return how many tiles a batch of outputs (N, F, OH, OW) has."""
    down, across = grid_of(shape)
    return shape[0] * down * across


def _images(workers: Workers, grid: Pair, q: int, channels: int) -> int:
    """Return how many images to work on at a time."""
    tiles = grid[0] * grid[1]
    bytes_of_one = 4 * q * tiles * channels
    return max(1, min(TILES // tiles, workers.choices.plane_bytes // bytes_of_one))


class Planes:
    """A thread's buffer for planes (T, channels), one per number of a tile."""

    def __init__(self, workers: Workers, name: str, count: int, tiles: int, channels: int) -> None:
        whole = -(-channels // LANES) * LANES
        self.size = tiles * whole + SHIFT  # from one plane to the next
        self.flat = workers.scratch(name, count * self.size, np.float32)
        item = self.flat.itemsize
        self.all = as_strided(
            self.flat, (count, tiles, channels), (self.size * item, whole * item, item)
        )


def forward(workers: Workers, x: Host, filters: Host, b: Host, padding: Pair, y: Host) -> None:
    """y (N, F, OH, OW) = x (N, C, H, W) convolved with the filters, plus b (F,); stride 1."""
    groups, F, C, r, _ = filters.shape
    w = filters.reshape(groups, F, C, r * r)
    u = _filter_transform(workers, w, C, F, loops.filters_last, _filter_matrix(r))
    _run(workers, x, u, r, b, padding, y)


def input_gradient(workers: Workers, dy: Host, filters: Host, around: Pair, dx: Host) -> None:
    """A convolution of dy, padded by ``around``, with the filters flipped."""
    groups, F, C, r, _ = filters.shape
    w = filters.reshape(groups, F, C, r * r)
    flipped = np.ascontiguousarray(_filter_matrix(r)[:, ::-1])
    u = _filter_transform(workers, w, F, C, loops.channels_last, flipped)
    _run(workers, dy, u, r, np.zeros(groups * C, np.float32), around, dx)


def _filter_transform(
    workers: Workers, w: Host, inputs: int, outputs: int, reorder: Any, matrix: Host
) -> Host:
    """Transform filters w (G, F, C, taps) into (G, q, inputs, outputs)."""
    groups, taps = len(w), w.shape[3]
    by_input = workers.empty((groups, inputs, taps, outputs), np.float32)
    u = workers.empty((groups, len(matrix), inputs, outputs), np.float32)

    def transform(c: slice) -> None:
        for g in range(groups):
            reorder(w[g], c.start, c.stop, by_input[g])
            np.matmul(matrix, by_input[g, c], out=u[g].transpose(1, 0, 2)[c])

    workers.share(transform, inputs, min_items=1 + (1 << 14) // (groups * outputs * taps))
    return u


def _run(workers: Workers, x: Host, u: Host, r: int, b: Host, padding: Pair, y: Host) -> None:
    groups, q, C, F = u.shape
    grid = grid_of(y.shape)
    bias = np.zeros(groups * F + LANES, np.float32)
    bias[: groups * F] = b
    # BLAS rounds by the number of rows, so that must not depend on the number of threads.
    chunk = min(_images(workers, grid, q, C + F), max(1, -(-len(x) // PARTS)))
    to_planes, to_pixels = loops.tiles_to_planes(INPUT, r), loops.tiles_to_pixels(r)

    def convolve(chunks: slice) -> None:
        for i in range(chunks.start * chunk, min(chunks.stop * chunk, len(x)), chunk):
            n = slice(i, min(i + chunk, len(x)))
            T = (n.stop - n.start) * grid[0] * grid[1]
            tiles = Planes(workers, "tiles", q, T, C)
            products = Planes(workers, "products", q, T, F)
            for g in range(groups):
                loops.input_transform(
                    x[n], g * C, C, *padding, *grid, tiles.flat, tiles.size, M + r - 1, to_planes
                )
                np.matmul(tiles.all, u[g], out=products.all)
                loops.output_transform(
                    products.flat, products.size, bias, *grid, y[n], g * F, F, to_pixels
                )

    workers.share(convolve, -(-len(x) // chunk))


def weight_gradient(
    workers: Workers, dy: Host, x: Host, shape: tuple[int, ...], padding: Pair
) -> tuple[Host, Host]:
    """Return dw (G, F/G, C/G, r*r) and db (F,); ``shape`` is the filters'."""
    groups, F, C, r, _ = shape
    matrix, grid = _filter_matrix(r), grid_of(dy.shape)
    q = len(matrix)
    chunk = _images(workers, grid, q, C + F)
    of_x, of_dy = loops.tiles_to_planes(INPUT, r), loops.tiles_to_planes(GRADIENT, r)

    def gradient_of(images: slice) -> tuple[Host, Host]:
        size = groups * q * C * F
        du = workers.scratch("du", size, np.float32).reshape(groups, q, C, F)
        db = np.zeros(groups * F, np.float32)
        for i in range(images.start, images.stop, chunk):
            n = slice(i, min(i + chunk, images.stop))
            T = (n.stop - n.start) * grid[0] * grid[1]
            tiles = Planes(workers, "tiles", q, T, C)
            products = Planes(workers, "products", q, T, F)
            is_first = n.start == images.start
            if not is_first:
                du_chunk = workers.scratch("du of a chunk", q * C * F, np.float32).reshape(q, C, F)
            for g in range(groups):
                loops.input_transform(
                    x[n], g * C, C, *padding, *grid, tiles.flat, tiles.size, M + r - 1, of_x
                )
                loops.input_transform(
                    dy[n], g * F, F, 0, 0, *grid, products.flat, products.size, M, of_dy
                )
                np.matmul(tiles.all.mT, products.all, out=du[g] if is_first else du_chunk)
                if not is_first:
                    du[g] += du_chunk
            kernels.add_map_sums(dy[n], db)
        # (G, C, taps, F)
        return np.matmul(matrix.T, du.transpose(0, 2, 1, 3)), db

    dw, db = workers.sum_slices(gradient_of, len(x), PARTS)
    return np.ascontiguousarray(dw.transpose(0, 3, 1, 2)), db
