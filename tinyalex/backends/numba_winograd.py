"""Winograd's fast convolution as compiled loops; ``winograd.py`` has the matrices and the source.

Legend: an image is cut into TH x TW overlapping tiles of n x n pixels for 4 x 4 outputs: n = 6 for
filters of 3 x 3, n = 8 for 5 x 5. r taps, T tiles in a slice of the batch. In tiles and products
the channel comes last, so that every loop runs over neighbours in memory: images are turned from
(C, H, W) to (H, W, C) and back. Each of a tile's n*n numbers has a plane of its own, (T, C), which
one matrix product with (C, F) turns into a plane of products.
"""

from __future__ import annotations

import numpy as np

from tinyalex.backends.numba_compile import compiled
from tinyalex.backends.numba_transforms import (
    LANES,
    gradient_6,
    gradient_8,
    input_6,
    input_8,
    output_6,
    output_8,
)

M = 4  # outputs of a tile in each direction


@compiled
def blocks_of(x, ph, pw, blocks):
    """blocks[c // LANES, w + pw, h + ph, c % LANES] = x[c, h, w], as far as blocks goes."""
    C, H, W = x.shape
    for block in range(blocks.shape[0]):
        first = block * LANES
        lanes = min(LANES, C - first)
        for w in range(min(W, blocks.shape[1] - pw)):
            for h in range(min(H, blocks.shape[2] - ph)):
                pixel = blocks[block, w + pw, h + ph]
                for c in range(lanes):
                    pixel[c] = x[first + c, h, w]


@compiled
def tiles_of(x, ph, pw, TH, TW, n, planes, size):
    """Cut images into tiles and evaluate each: B^T tile B.

    x (N, C, H, W); the planes: n*n matrices (N*TH*TW, C), ``size`` numbers apart. Tiles start 4
    pixels apart, ph rows above and pw columns left of the image; outside of it there are zeros.
    """
    N, C, H, W = x.shape
    HP, WP = (TH - 1) * M + n, (TW - 1) * M + n
    padded = np.zeros(((C + LANES - 1) // LANES, WP, HP, LANES), x.dtype)
    flat = padded.reshape(-1)
    columns = np.empty(WP * n * LANES, x.dtype)  # (w, a, lane)
    one = np.empty(n * LANES, x.dtype)
    for i in range(N):
        blocks_of(x[i], ph, pw, padded)
        for block in range(padded.shape[0]):
            lanes = min(LANES, C - block * LANES)
            for th in range(TH):
                for w in range(WP):
                    at = ((block * WP + w) * HP + th * M) * LANES
                    if n == 6:
                        input_6(flat, at, LANES, columns, w * 6 * LANES, LANES)
                    else:
                        input_8(flat, at, LANES, columns, w * 8 * LANES, LANES)
                for tw in range(TW):
                    t = (i * TH + th) * TW + tw
                    for a in range(n):
                        at = (tw * M * n + a) * LANES
                        if n == 6:
                            input_6(columns, at, 6 * LANES, one, 0, LANES)
                        else:
                            input_8(columns, at, 8 * LANES, one, 0, LANES)
                        scatter(one, n, planes, a * n * size + t * C + block * LANES, size, lanes)


@compiled
def gradients_of(dy, TH, TW, n, planes, size):
    """Evaluate d(loss)/d(output) tile by tile: A tile A^T; the adjoint of `outputs_of`.

    dy (N, F, OH, OW); the planes: n*n matrices (N*TH*TW, F), ``size`` numbers apart.
    """
    N, F, H, W = dy.shape
    HP, WP = TH * M, TW * M
    padded = np.zeros(((F + LANES - 1) // LANES, WP, HP, LANES), dy.dtype)
    flat = padded.reshape(-1)
    columns = np.empty(WP * n * LANES, dy.dtype)  # (w, a, lane)
    one = np.empty(n * LANES, dy.dtype)
    for i in range(N):
        blocks_of(dy[i], 0, 0, padded)
        for block in range(padded.shape[0]):
            lanes = min(LANES, F - block * LANES)
            for th in range(TH):
                for w in range(WP):
                    at = ((block * WP + w) * HP + th * M) * LANES
                    if n == 6:
                        gradient_6(flat, at, LANES, columns, w * 6 * LANES, LANES)
                    else:
                        gradient_8(flat, at, LANES, columns, w * 8 * LANES, LANES)
                for tw in range(TW):
                    t = (i * TH + th) * TW + tw
                    for a in range(n):
                        at = (tw * M * n + a) * LANES
                        if n == 6:
                            gradient_6(columns, at, 6 * LANES, one, 0, LANES)
                        else:
                            gradient_8(columns, at, 8 * LANES, one, 0, LANES)
                        scatter(one, n, planes, a * n * size + t * F + block * LANES, size, lanes)


@compiled
def scatter(one, n, planes, at, size, lanes):
    """Put row k of ``one`` into plane k, from element ``at`` on."""
    for k in range(n):
        if lanes == LANES:  # a known length makes this four instructions
            for c in range(LANES):
                planes[at + k * size + c] = one[k * LANES + c]
        else:
            for c in range(lanes):
                planes[at + k * size + c] = one[k * LANES + c]


@compiled
def gather(planes, at, size, lanes, n, one):
    """Fetch a tile's n*n products: one (b, a, lane) from plane (a, b)."""
    for a in range(n):
        for b in range(n):
            source, to = at + (a * n + b) * size, (b * n + a) * LANES
            if lanes == LANES:
                for f in range(LANES):
                    one[to + f] = planes[source + f]
            else:
                for f in range(lanes):
                    one[to + f] = planes[source + f]


@compiled
def outputs_of(planes, size, n, bias, TH, TW, y):
    """Turn products back into pixels: A^T product A, plus the bias.

    The planes: n*n matrices (N*TH*TW, F), ``size`` numbers apart; bias (F,), y (N, F, OH, OW).
    """
    N, F, OH, OW = y.shape
    one = np.zeros(n * n * LANES, y.dtype)  # (b, a, lane)
    half = np.empty(M * n * LANES, y.dtype)  # (j, b, lane)
    rows = np.empty((M, TW * M, LANES), y.dtype)
    flat_rows = rows.reshape(-1)
    for i in range(N):
        for first in range(0, F, LANES):
            lanes = min(LANES, F - first)
            for th in range(TH):
                for tw in range(TW):
                    gather(planes, ((i * TH + th) * TW + tw) * F + first, size, lanes, n, one)
                    for b in range(n):
                        if n == 6:
                            output_6(one, b * 6 * LANES, LANES, half, b * LANES, 6 * LANES)
                        else:
                            output_8(one, b * 8 * LANES, LANES, half, b * LANES, 8 * LANES)
                    for j in range(M):
                        to = (j * TW + tw) * M * LANES
                        if n == 6:
                            output_6(half, j * 6 * LANES, LANES, flat_rows, to, LANES)
                        else:
                            output_8(half, j * 8 * LANES, LANES, flat_rows, to, LANES)
                for f in range(lanes):
                    for j in range(min(M, OH - th * M)):
                        line, row = y[i, first + f, th * M + j], rows[j]
                        for ow in range(OW):
                            line[ow] = row[ow, f] + bias[first + f]


@compiled
def add_scaled(out, factor, x):
    """out += factor * x."""
    for i in range(out.size):
        out[i] += factor * x[i]


@compiled
def filters_to_products(w, G, u, first):
    """Evaluate filters: G w G^T; w (F, some C, r, r) of one group, u (n*n, C, F) from ``first``."""
    F, C, r, _ = w.shape
    n = G.shape[0]
    taps = np.empty((r, r, F), w.dtype)
    half = np.empty((r, F), w.dtype)
    for c in range(C):
        for i in range(r):
            for j in range(r):
                for f in range(F):
                    taps[i, j, f] = w[f, c, i, j]
        for a in range(n):
            for j in range(r):
                half[j, :] = 0
                for i in range(r):
                    add_scaled(half[j], G[a, i], taps[i, j])
            for b in range(n):
                out = u[a * n + b, first + c]
                out[:] = 0
                for j in range(r):
                    add_scaled(out, G[b, j], half[j])


@compiled
def products_to_filters(du, G, dw):
    """The adjoint of `filters_to_products`: dw (C, r, r, F) = G^T du G, du (n*n, C, F)."""
    C, r, _, F = dw.shape
    n = G.shape[0]
    half = np.empty((n, F), du.dtype)
    for c in range(C):
        for i in range(r):
            for b in range(n):
                half[b, :] = 0
                for a in range(n):
                    add_scaled(half[b], G[a, i], du[a * n + b, c])
            for j in range(r):
                out = dw[c, i, j]
                out[:] = 0
                for b in range(n):
                    add_scaled(out, G[b, j], half[b])
