"""Direct convolution on the Numba backend: no im2col matrix, sums that stay in registers.

Every thread takes whole images, or some of the filters for a single image. Outputs are computed in
blocks, which read their windows directly from the padded image. Each output is summed in the same
order, however the work is divided. Float32 only; ``filters`` are (G, F/G, C/G, KH, KW), contiguous.
Legend: ``functional/arrays.py``.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import Any

import numpy as np

from tinyalex.backends.base import Pair
from tinyalex.backends.numba.conv import direct_loops as loops
from tinyalex.backends.numba.vector import LANES, max_pixels, max_taps
from tinyalex.backends.numba.workers import Workers

Host = np.ndarray[Any, Any]

PARTS = 8  # at most this many partial weight gradients per batch
PRODUCTS = 1 << 22  # multiplications worth a piece of their own: a fraction of a millisecond
WIDTHS = (1, 2, 3)  # vectors of filters per block


@cache
def block_for(filters: int, OH: int, OW: int) -> tuple[int, int, int]:
    """Choose a block (rows and columns of pixels, vectors of filters) with the fewest cycles."""
    shapes = []
    for vectors in WIDTHS:
        most = max_pixels(vectors)
        shapes += [(1, columns, vectors) for columns in range(1, min(OW, most) + 1)]
        shapes += [(rows, OW, vectors) for rows in range(2, min(OH, most // OW) + 1)]

    def cycles(shape: tuple[int, int, int]) -> float:
        rows, columns, vectors = shape
        size = rows * columns
        # Two products and two loads per cycle; an addition has a latency of four cycles.
        block = max(size * vectors / 2, (size + vectors) / 2, 4) + 0.5
        return -(-OH // rows) * -(-OW // columns) * -(-filters // (vectors * LANES)) * block

    return min(shapes, key=cycles)


@cache
def vectors_for(filters: int) -> int:
    """Choose how many vectors of filters a block has: the fewest empty ones, then the most."""
    return min(WIDTHS, key=lambda vectors: (-(-filters // (vectors * LANES)) * vectors, -vectors))


class Geometry:
    """Offsets of a convolution's pixels and taps in a padded image; read-only."""

    def __init__(
        self, chw: tuple[int, ...], taps: tuple[int, ...], stride: Pair, padding: Pair, out_hw: Pair
    ) -> None:
        C, H, W = chw
        group, KH, KW = taps
        self.settings = *stride, *padding
        height, width = H + 2 * padding[0], -(-(W + 2 * padding[1]) // stride[1])
        self.shape = C, height, stride[1], width
        self.row = stride[1] * width
        c, kh, kw = np.ogrid[:group, :KH, :KW]
        across = kw % stride[1] * width + kw // stride[1]
        self.taps = (c * height * self.row + kh * self.row + across).astype(np.int64)
        oh, ow = np.ogrid[: out_hw[0], : out_hw[1]]
        self.pixels = (oh * stride[0] * self.row + ow).astype(np.int64).reshape(-1)

    def room(self, workers: Workers) -> Host:
        """Return this thread's buffer for one padded image."""
        return workers.scratch("phases", math.prod(self.shape), np.float32).reshape(self.shape)


# A small network asks for the same every millisecond.
geometry_of = lru_cache(maxsize=100)(Geometry)


def forward(
    workers: Workers, x: Host, filters: Host, b: Host, stride: Pair, padding: Pair, y: Host
) -> None:
    """y (N, F, OH, OW) = x (N, C, H, W) convolved with the filters, plus b (F,)."""
    groups, F, C, KH, KW = filters.shape
    w = filters.reshape(groups, F, C * KH * KW)
    geometry = geometry_of(x.shape[1:], (C, KH, KW), stride, padding, y.shape[2:])
    block = block_for(F, *y.shape[2:])
    panels = _panels(workers, w, F, w.shape[2], block[2], loops.panels_of_filters)
    _run(workers, x, geometry, geometry.taps.reshape(-1), panels, block, b, y)


def input_gradient(workers: Workers, dy: Host, filters: Host, around: Pair, dx: Host) -> None:
    """For stride 1: a convolution of dy, padded by ``around``, with the filters flipped."""
    groups, F, C, KH, KW = filters.shape
    w = filters.reshape(groups, F, C, KH * KW)
    geometry = geometry_of(dy.shape[1:], (F, KH, KW), (1, 1), around, dx.shape[2:])
    taps = np.ascontiguousarray(geometry.taps[:, ::-1, ::-1]).reshape(-1)
    block = block_for(C, *dx.shape[2:])
    panels = _panels(workers, w, C, F * KH * KW, block[2], loops.panels_of_channels)
    _run(workers, dy, geometry, taps, panels, block, np.zeros(groups * C, np.float32), dx)


def _panels(workers: Workers, w: Host, count: int, K: int, vectors: int, fill: Any) -> Host:
    """Make panels (G, B, K, width) of ``count`` filters per group."""
    width = vectors * LANES
    panels = workers.empty((len(w), -(-count // width), K, width), np.float32)

    def fill_panels(indices: slice) -> None:
        for panel in range(indices.start, indices.stop):
            fill(w, panels, panel)

    workers.share(fill_panels, panels.shape[1], min_items=1 + (1 << 16) // (len(w) * K * width))
    return panels


def _run(
    workers: Workers,
    x: Host,
    geometry: Geometry,
    taps: Host,
    panels: Host,
    block: tuple[int, int, int],
    b: Host,
    y: Host,
) -> None:
    groups, B, K, width = panels.shape
    N, F, OH, OW = y.shape
    row_of_blocks = loops.row_of_blocks(*block)
    bias = np.zeros((groups, B * width), np.float32)
    bias[:, : F // groups] = b.reshape(groups, -1)
    bias = bias.reshape(-1)
    out = y.reshape(N, groups, F // groups, OH, OW)
    # With only a few images, threads would idle: so the filters of each image are divided too.
    cuts = min(groups * B, -(-2 * workers.threads // N) if N else 1)

    def convolve(pieces: slice) -> None:
        phases = geometry.room(workers)
        room = workers.scratch("row", width * block[0] * OW, np.float32)

        def run_panels(n: slice, start: int, stop: int) -> None:
            loops.forward(
                x[n], phases, *geometry.settings, taps, panels, bias, out[n], room, start, stop,
                block[0], row_of_blocks,
            )  # fmt: skip

        if cuts == 1:
            run_panels(pieces, 0, groups * B)
            return
        for piece in range(pieces.start, pieces.stop):
            n, cut = divmod(piece, cuts)
            first, last = groups * B * cut // cuts, groups * B * (cut + 1) // cuts
            run_panels(slice(n, n + 1), first, last)

    products = panels.size * OH * OW // cuts
    workers.share(convolve, N * cuts, min_items=1 + PRODUCTS // max(1, products))


def weight_gradient(
    workers: Workers, dy: Host, x: Host, shape: tuple[int, ...], stride: Pair, padding: Pair
) -> tuple[Host, Host]:
    """Return dw (G, F/G, K) and db (G, F/G); ``shape`` is the filters'."""
    groups, F, C, KH, KW = shape
    N, _, OH, OW = dy.shape
    K, P = C * KH * KW, OH * OW
    vectors = vectors_for(F)
    width, count = vectors * LANES, max_taps(vectors)
    B, rows = -(-F // width), -(-K // count) * count
    geometry = geometry_of(x.shape[1:], (C, KH, KW), stride, padding, (OH, OW))
    taps = np.zeros(rows, np.int64)
    taps[:K] = geometry.taps.reshape(-1)
    blocks_of_taps = loops.blocks_of_taps(count, vectors)
    maps = dy.reshape(N, groups, F, P)

    def gradient_of(images: slice) -> tuple[Host, Host]:
        dw = workers.empty((groups, B, rows, width), np.float32)
        dw[...] = 0
        db = np.zeros(groups * B * width, np.float32)
        panels = workers.scratch("dy", P * width, np.float32).reshape(P, width)
        loops.weight_gradient(
            x[images], geometry.room(workers), *geometry.settings, taps, geometry.pixels,
            maps[images], panels, dw, db, blocks_of_taps,
        )  # fmt: skip
        return dw, db

    products = N * math.prod(shape) * P
    parts = max(1, min(PARTS, products // PRODUCTS))
    dw, db = workers.sum_slices(gradient_of, N, parts)
    by_filter = dw[:, :, :K].transpose(0, 1, 3, 2).reshape(groups, B * width, K)[:, :F]
    return np.ascontiguousarray(by_filter), db.reshape(groups, -1)[:, :F].copy()
