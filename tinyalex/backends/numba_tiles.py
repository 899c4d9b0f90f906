"""Winograd's convolution on the Numba backend, for 3x3 and 5x5 filters: a quarter of the products.

Every thread takes whole images and keeps their tiles to itself. Compiled loops move the numbers,
BLAS multiplies them, and neither holds Python's lock. ``filters`` are (G, F/G, C/G, r, r), in any
order of memory; legend as in ``base.py``, G groups, r taps.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinyalex.backends import numba_kernels as kernels
from tinyalex.backends import numba_winograd as loops
from tinyalex.backends import winograd
from tinyalex.backends.base import Pair

if TYPE_CHECKING:
    from tinyalex.backends.numba import NumbaBackend

Host = np.ndarray[Any, Any]

PARTS = 8  # partial weight gradients of a batch; a fixed number, whatever the threads
TILES = 256  # rows of a matrix product; more no longer helps, and takes memory
SHIFT = 48  # numbers between planes of tiles: at equal distances they would share cache sets


@cache
def _filter_matrix(r: int) -> Host:
    """G of Winograd's algorithm for 4 outputs."""
    return winograd.matrices(loops.M, r)[1].astype(np.float32)


def grid_of(shape: tuple[int, ...]) -> Pair:
    """How many tiles cover the output, down and across."""
    return -(-shape[2] // loops.M), -(-shape[3] // loops.M)


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


def forward(backend: NumbaBackend, x: Host, filters: Host, b: Host, padding: Pair, y: Host) -> None:
    """y (N, F, OH, OW) = x (N, C, H, W) convolved with the filters, plus b (F,); stride 1."""
    groups, F, C, r, _ = filters.shape
    matrix, grid = _filter_matrix(r), grid_of(y.shape)
    edge = len(matrix)  # of a tile
    q = edge * edge
    u = backend.empty((groups, q, C, F), np.float32)

    def evaluate(channels: slice) -> None:
        for g in range(groups):
            some = np.ascontiguousarray(filters[g, :, channels])
            loops.filters_to_products(some, matrix, u[g], channels.start)

    # BLAS rounds by the number of rows, so that must not depend on the number of threads.
    few = max(1, min(TILES // (grid[0] * grid[1]), -(-len(x) // PARTS)))

    def part(chunks: slice) -> None:
        for i in range(chunks.start * few, min(chunks.stop * few, len(x)), few):
            n = slice(i, min(i + few, len(x)))
            T = (n.stop - n.start) * grid[0] * grid[1]
            tiles = Planes(backend, "tiles", q, T, groups * C)
            products = Planes(backend, "products", q, T, groups * F)
            loops.tiles_of(x[n], *padding, *grid, edge, tiles.flat, tiles.size)
            for g in range(groups):
                np.matmul(tiles.group(g, C), u[g], out=products.group(g, F))
            loops.outputs_of(products.flat, products.size, edge, b, *grid, y[n])

    backend.share(evaluate, C)
    backend.share(part, -(-len(x) // few))


def weight_gradient(
    backend: NumbaBackend, dy: Host, x: Host, shape: tuple[int, ...], padding: Pair
) -> tuple[Host, Host]:
    """dw in the filters' order, and db; ``shape`` is the filters'."""
    groups, F, C, r, _ = shape
    matrix, grid = _filter_matrix(r), grid_of(dy.shape)
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
            loops.tiles_of(x[n], *padding, *grid, edge, tiles.flat, tiles.size)
            loops.gradients_of(dy[n], *grid, edge, products.flat, products.size)
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
            loops.products_to_filters(du[g], matrix, dw[g])
        return dw, db

    dw, db = backend.sum_parts(part, len(x), PARTS)
    return np.ascontiguousarray(dw.transpose(0, 4, 1, 2, 3)), db
