"""Direct convolution on the Numba backend: no columns, sums that stay in registers.

Every thread takes whole images, or some filters of a single one. A block of outputs is computed at
a time, and its windows are read where the image lies. Each output is added up in the same order,
however the work is cut. Float32 only; ``filters`` are (G, F/G, C/G, KH, KW), contiguous; legend as
in ``base.py``, G groups.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import Any

import numpy as np

from tinyalex.backends.base import Pair
from tinyalex.backends.numba.conv import direct_loops as loops
from tinyalex.backends.numba.vector import LANES, most_pixels, most_taps
from tinyalex.backends.numba.workers import Workers

Host = np.ndarray[Any, Any]

PARTS = 8  # partial weight gradients of a batch, if it is worth it
PRODUCTS = 1 << 22  # that are worth a piece of their own: a fraction of a millisecond
WIDTHS = (1, 2, 3)  # vectors of filters a block


@cache
def block_for(filters: int, OH: int, OW: int) -> tuple[int, int, int]:
    """Rows and columns of pixels, and vectors of filters, of a block: the fewest cycles."""
    shapes = []
    for vectors in WIDTHS:
        most = most_pixels(vectors)
        shapes += [(1, columns, vectors) for columns in range(1, min(OW, most) + 1)]
        shapes += [(rows, OW, vectors) for rows in range(2, min(OH, most // OW) + 1)]

    def cycles(shape: tuple[int, int, int]) -> float:
        rows, columns, vectors = shape
        size = rows * columns
        # Two products and two loads a cycle; a sum takes four cycles to be ready.
        block = max(size * vectors / 2, (size + vectors) / 2, 4) + 0.5
        return -(-OH // rows) * -(-OW // columns) * -(-filters // (vectors * LANES)) * block

    return min(shapes, key=cycles)


@cache
def vectors_for(filters: int) -> int:
    """Vectors of filters whose taps are added up at a time: the fewest empty ones, then many."""
    return min(WIDTHS, key=lambda vectors: (-(-filters // (vectors * LANES)) * vectors, -vectors))


class Geometry:
    """Where a convolution's pixels and taps lie in a padded image; its arrays are only read."""

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
        """A thread's room for one padded image."""
        return workers.scratch("phases", math.prod(self.shape), np.float32).reshape(self.shape)


geometry_of = lru_cache(maxsize=100)(
    Geometry
)  # a small network asks for the same every millisecond


def forward(
    workers: Workers,
    x: Host,
    filters: Host,
    b: Host,
    stride: Pair,
    padding: Pair,
    y: Host,
) -> None:
    """y (N, F, OH, OW) = x (N, C, H, W) convolved with the filters, plus b (F,)."""
    groups, F, C, KH, KW = filters.shape
    w = filters.reshape(groups, F, C * KH * KW)
    geometry = geometry_of(x.shape[1:], (C, KH, KW), stride, padding, y.shape[2:])
    block = block_for(F, *y.shape[2:])
    panels = _panels(workers, w, F, w.shape[2], block[2], loops.panels_of_filters)
    _run(workers, x, geometry, geometry.taps.reshape(-1), panels, block, b, y)


def input_gradient(workers: Workers, dy: Host, filters: Host, around: Pair, dx: Host) -> None:
    """For stride 1: a convolution of dy, padded by ``around``, with the filters turned round."""
    groups, F, C, KH, KW = filters.shape
    w = filters.reshape(groups, F, C, KH * KW)
    geometry = geometry_of(dy.shape[1:], (F, KH, KW), (1, 1), around, dx.shape[2:])
    taps = np.ascontiguousarray(geometry.taps[:, ::-1, ::-1]).reshape(-1)
    block = block_for(C, *dx.shape[2:])
    panels = _panels(workers, w, C, F * KH * KW, block[2], loops.panels_of_channels)
    _run(workers, dy, geometry, taps, panels, block, np.zeros(groups * C, np.float32), dx)


def _panels(workers: Workers, w: Host, count: int, K: int, vectors: int, fill: Any) -> Host:
    """Panels (G, B, K, width) of ``count`` filters a group."""
    width = vectors * LANES
    panels = workers.empty((len(w), -(-count // width), K, width), np.float32)

    def some(part: slice) -> None:
        for panel in range(part.start, part.stop):
            fill(w, panels, panel)

    workers.share(some, panels.shape[1], least=1 + (1 << 16) // (len(w) * K * width))
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
    kernel = loops.forward(*block)
    bias = np.zeros((groups, B * width), np.float32)
    bias[:, : F // groups] = b.reshape(groups, -1)
    bias = bias.reshape(-1)
    out = y.reshape(N, groups, F // groups, OH, OW)
    # A few images alone would leave threads idle: each is cut into panels of filters.
    cuts = min(groups * B, -(-2 * workers.threads // N) if N else 1)

    def part(pieces: slice) -> None:
        phases = geometry.room(workers)
        room = workers.scratch("row", width * block[0] * OW, np.float32)

        def some(n: slice, start: int, stop: int) -> None:
            settings = geometry.settings
            kernel(x[n], phases, *settings, taps, panels, bias, out[n], room, start, stop)

        if cuts == 1:
            some(pieces, 0, groups * B)
            return
        for piece in range(pieces.start, pieces.stop):
            n, cut = divmod(piece, cuts)
            first, last = groups * B * cut // cuts, groups * B * (cut + 1) // cuts
            some(slice(n, n + 1), first, last)

    products = panels.size * OH * OW // cuts
    workers.share(part, N * cuts, least=1 + PRODUCTS // max(1, products))


def weight_gradient(
    workers: Workers,
    dy: Host,
    x: Host,
    shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
) -> tuple[Host, Host]:
    """dw in the filters' order, and db; ``shape`` is the filters'."""
    groups, F, C, KH, KW = shape
    N, _, OH, OW = dy.shape
    K, P = C * KH * KW, OH * OW
    vectors = vectors_for(F)
    width, count = vectors * LANES, most_taps(vectors)
    B, rows = -(-F // width), -(-K // count) * count
    geometry = geometry_of(x.shape[1:], (C, KH, KW), stride, padding, (OH, OW))
    taps = np.zeros(rows, np.int64)
    taps[:K] = geometry.taps.reshape(-1)
    kernel = loops.weight_gradient(count, vectors)
    maps = dy.reshape(N, groups, F, P)

    def part(images: slice) -> tuple[Host, Host]:
        dw = workers.empty((groups, B, rows, width), np.float32)
        dw[...] = 0
        db = np.zeros(groups * B * width, np.float32)
        panels = workers.scratch("dy", P * width, np.float32).reshape(P, width)
        kernel(
            x[images], geometry.room(workers), *geometry.settings, taps, geometry.pixels,
            maps[images], panels, dw, db,
        )  # fmt: skip
        return dw, db

    products = N * math.prod(shape) * P
    parts = max(1, min(PARTS, products // PRODUCTS))
    dw, db = workers.sum_parts(part, N, parts)
    by_filter = dw[:, :, :K].transpose(0, 1, 3, 2).reshape(groups, B * width, K)[:, :F]
    return np.ascontiguousarray(by_filter), db.reshape(groups, -1)[:, :F].copy()
