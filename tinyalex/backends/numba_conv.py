"""Direct convolution: columns and matrix products in one compiled loop over images.

Columns are made for a block of output rows that fits the cache, used at once, and overwritten: they
never travel to main memory. Legend as in ``base.py``; w (G, F/G, K) with K = C/G * KH * KW.
"""

from __future__ import annotations

import numpy as np

from tinyalex.backends.numba_blas import gemm
from tinyalex.backends.numba_compile import compiled
from tinyalex.backends.numba_kernels import col2im_rows, im2col_rows


@compiled
def forward(x, w, b, y, top, bottom, cols, KH, KW, sh, sw, ph, pw):
    """Rows top to bottom of y (N, F, OH, OW) from x (N, C, H, W); cols: room for columns (1-d)."""
    N, F, OH, OW = y.shape
    G, FG, K = w.shape
    rows = max(1, cols.size // (G * K * OW))
    for n in range(N):
        maps = y[n].reshape(F, OH * OW)
        for f in range(F):
            maps[f, top * OW : bottom * OW] = b[f]
        for first in range(top, bottom, rows):
            last = min(first + rows, bottom)
            P = (last - first) * OW
            block = cols[: G * K * P].reshape(G * K, P)
            im2col_rows(x[n], block, first, KH, KW, sh, sw, ph, pw, OW)
            for g in range(G):
                out = maps[g * FG : (g + 1) * FG, first * OW : last * OW]
                gemm(False, False, w[g], block[g * K : (g + 1) * K], 1.0, out)


@compiled
def weight_gradient(x, dy, dw, db, cols, KH, KW, sh, sw, ph, pw):
    """Add a slice's part to dw (G, F/G, K) and db (F,)."""
    N, F, OH, OW = dy.shape
    G, FG, K = dw.shape
    rows = max(1, cols.size // (G * K * OW))
    for n in range(N):
        maps = dy[n].reshape(F, OH * OW)
        bias_gradient(maps, db)
        for first in range(0, OH, rows):
            last = min(first + rows, OH)
            P = (last - first) * OW
            block = cols[: G * K * P].reshape(G * K, P)
            im2col_rows(x[n], block, first, KH, KW, sh, sw, ph, pw, OW)
            for g in range(G):
                part = maps[g * FG : (g + 1) * FG, first * OW : last * OW]
                gemm(False, True, part, block[g * K : (g + 1) * K], 1.0, dw[g])


@compiled
def input_gradient(w, dy, dx, cols, KH, KW, sh, sw, ph, pw):
    """dx (N, C, H, W): each pixel gets back what it added to every window that holds it."""
    N, F, OH, OW = dy.shape
    G, FG, K = w.shape
    rows = max(1, cols.size // (G * K * OW))
    dx[:] = 0
    for n in range(N):
        maps = dy[n].reshape(F, OH * OW)
        for first in range(0, OH, rows):
            last = min(first + rows, OH)
            P = (last - first) * OW
            block = cols[: G * K * P].reshape(G * K, P)
            for g in range(G):
                part = maps[g * FG : (g + 1) * FG, first * OW : last * OW]
                gemm(True, False, w[g], part, 0.0, block[g * K : (g + 1) * K])
            col2im_rows(block, dx[n], first, KH, KW, sh, sw, ph, pw, OW)


@compiled
def bias_gradient(maps, db):
    """Add up each map (F, P)."""
    F, P = maps.shape
    for f in range(F):
        partial = np.zeros(8, maps.dtype)  # eight sums side by side are one vector instruction
        whole = P - P % 8
        for p in range(0, whole, 8):
            for i in range(8):
                partial[i] += maps[f, p + i]
        total = maps.dtype.type(0)
        for i in range(8):
            total += partial[i]
        for p in range(whole, P):
            total += maps[f, p]
        db[f] += total
