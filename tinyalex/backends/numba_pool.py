"""Pooling as compiled loops over maps (H, W); the definition is in ``numpy_kernels.py``."""

from __future__ import annotations

import numpy as np

from tinyalex.backends.numba_compile import compiled


@compiled
def max_pool(x, y, where, KH, KW, sh, sw):
    """(maps, H, W) -> (maps, OH, OW), and where each window's first maximum stands.

    First the maximum of each column over a window's rows, then that of each window's columns.
    ``max`` and products with 0 or 1 stand where ``if`` would read better: branches that nobody can
    predict are slow.
    """
    count, H, W = x.shape
    OH, OW = y.shape[1:]
    top, row = np.empty(W, x.dtype), np.empty(W, np.int32)
    width = np.int32(KW)
    for m in range(count):
        if has_nan(x[m]):
            max_pool_with_nan(x[m], y[m], where[m], KH, KW, sh, sw)
            continue
        for oh in range(OH):
            first = x[m, oh * sh]
            for w in range(W):
                top[w] = first[w]
                row[w] = 0
            for i in range(1, min(KH, H - oh * sh)):
                source = x[m, oh * sh + i]
                for w in range(W):
                    v = source[w]
                    row[w] += (np.int32(i) - row[w]) * np.int32(v > top[w])
                    top[w] = max(top[w], v)
            for ow in range(OW):
                best, position = top[ow * sw], row[ow * sw] * width
                for j in range(1, min(KW, W - ow * sw)):
                    v, p = top[ow * sw + j], row[ow * sw + j] * width + np.int32(j)
                    better = (v > best) | ((v == best) & (p < position))
                    position = p if better else position
                    best = max(best, v)
                y[m, oh, ow] = best
                where[m, oh, ow] = position


@compiled
def has_nan(x):
    """Whether a NaN is anywhere in (H, W)."""
    found = 0
    for h in range(x.shape[0]):
        for w in range(x.shape[1]):
            found += x[h, w] != x[h, w]
    return found > 0


@compiled
def max_pool_with_nan(x, y, where, KH, KW, sh, sw):
    """One map (H, W); a NaN wins, and so is noticed."""
    H, W = x.shape
    for oh in range(y.shape[0]):
        for ow in range(y.shape[1]):
            best, position = x[oh * sh, ow * sw], 0
            for i in range(min(KH, H - oh * sh)):
                for j in range(min(KW, W - ow * sw)):
                    v = x[oh * sh + i, ow * sw + j]
                    if v > best or v != v:
                        best, position = v, i * KW + j
            y[oh, ow] = best
            where[oh, ow] = position


@compiled
def max_pool_backward(dy, where, dx, KW, sh, sw):
    """Each dy goes to its window's maximum."""
    count, OH, OW = dy.shape
    dx[:] = 0
    for m in range(count):
        for oh in range(OH):
            for ow in range(OW):
                position = int(where[m, oh, ow])
                i = position // KW
                dx[m, oh * sh + i, ow * sw + position - i * KW] += dy[m, oh, ow]


@compiled
def avg_pool(x, y, KH, KW, sh, sw):
    """Each window's mean over the inputs that it really has."""
    count, H, W = x.shape
    OH, OW = y.shape[1:]
    for m in range(count):
        for oh in range(OH):
            out = y[m, oh]
            out[:] = 0
            height = min(KH, H - oh * sh)
            for i in range(height):
                source = x[m, oh * sh + i]
                for j in range(KW):
                    for ow in range(min(OW, (W - 1 - j) // sw + 1)):
                        out[ow] += source[ow * sw + j]
            for ow in range(OW):
                out[ow] /= height * min(KW, W - ow * sw)


@compiled
def avg_pool_backward(dy, dx, KH, KW, sh, sw):
    """Each input of a window gets an equal share of its dy."""
    count, H, W = dx.shape
    OH, OW = dy.shape[1:]
    dx[:] = 0
    share = np.empty(OW, dy.dtype)
    for m in range(count):
        for oh in range(OH):
            height = min(KH, H - oh * sh)
            for ow in range(OW):
                share[ow] = dy[m, oh, ow] / (height * min(KW, W - ow * sw))
            for i in range(height):
                target = dx[m, oh * sh + i]
                for j in range(KW):
                    for ow in range(min(OW, (W - 1 - j) // sw + 1)):
                        target[ow * sw + j] += share[ow]
