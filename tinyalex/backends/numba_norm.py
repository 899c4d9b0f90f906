"""Response normalisation as compiled loops; the definition is in ``numpy_kernels.py``."""

from __future__ import annotations

import numpy as np

from tinyalex.backends.numba_compile import compiled

# Pixels of all channels that are worked on at a time: they stay in the cache.
_BLOCK = 256


@compiled
def inverse_power(scale, beta, out):
    """out = scale ** -beta; two square roots do for the paper's beta."""
    one = scale.dtype.type(1)
    if beta == 0.75:
        for i in range(scale.size):
            root = one / np.sqrt(scale[i])
            out[i] = root * np.sqrt(root)
    else:
        for i in range(scale.size):
            out[i] = scale[i] ** scale.dtype.type(-beta)


@compiled
def cross_map_norm(x, y, scale, size, alpha, beta, k):
    """(N, C, P): over ``size`` neighbouring channels."""
    N, C, P = x.shape
    alpha, k = x.dtype.type(alpha), x.dtype.type(k)
    for n in range(N):
        for first in range(0, P, _BLOCK):
            last = min(first + _BLOCK, P)
            for c in range(C):
                s = scale[n, c, first:last]
                s[:] = 0
                for j in range(max(0, c - size // 2), min(C, c + (size - 1) // 2 + 1)):
                    v = x[n, j, first:last]
                    for p in range(last - first):
                        s[p] += v[p] * v[p]
                v, out = x[n, c, first:last], y[n, c, first:last]
                for p in range(last - first):
                    s[p] = s[p] * alpha + k
                inverse_power(s, beta, out)
                for p in range(last - first):
                    out[p] *= v[p]


@compiled
def cross_map_norm_backward(dy, x, scale, dx, size, alpha, beta):
    """x_i acts on its own output, and through the scale of every window that it stands in."""
    N, C, P = x.shape
    factor = x.dtype.type(2 * alpha * beta)
    through = np.empty((C, _BLOCK), x.dtype)
    total = np.empty(_BLOCK, x.dtype)
    for n in range(N):
        for first in range(0, P, _BLOCK):
            last = min(first + _BLOCK, P)
            for c in range(C):
                s, own = scale[n, c, first:last], dx[n, c, first:last]
                inverse_power(s, beta, own)
                v, g, t = x[n, c, first:last], dy[n, c, first:last], through[c]
                for p in range(last - first):
                    own[p] *= g[p]
                    t[p] = own[p] * v[p] / s[p]
            for c in range(C):
                total[:] = 0
                for j in range(max(0, c - (size - 1) // 2), min(C, c + size // 2 + 1)):
                    t = through[j]
                    for p in range(last - first):
                        total[p] += t[p]
                v, own = x[n, c, first:last], dx[n, c, first:last]
                for p in range(last - first):
                    own[p] -= factor * v[p] * total[p]


@compiled
def square_sums(s, before, after, rows, out):
    """Add up ``before`` to ``after`` neighbours on both axes of (H, W)."""
    H, W = s.shape
    for h in range(H):
        for w in range(W):
            rows[h, w] = s[h, w]
        for d in range(1, min(before, W - 1) + 1):
            for w in range(W - d):
                rows[h, w + d] += s[h, w]
        for d in range(1, min(after, W - 1) + 1):
            for w in range(W - d):
                rows[h, w] += s[h, w + d]
    for h in range(H):
        out[h, :] = 0
        for j in range(max(0, h - before), min(H, h + after + 1)):
            for w in range(W):
                out[h, w] += rows[j, w]


@compiled
def same_map_norm(x, y, scale, size, alpha, beta, k):
    """(N, H, W), each map by itself: over ``size`` x ``size`` neighbours."""
    N, H, W = x.shape
    alpha, k = x.dtype.type(alpha), x.dtype.type(k)
    squares, rows = np.empty((H, W), x.dtype), np.empty((H, W), x.dtype)
    for n in range(N):
        for h in range(H):
            for w in range(W):
                squares[h, w] = x[n, h, w] * x[n, h, w]
        square_sums(squares, size // 2, (size - 1) // 2, rows, scale[n])
        for h in range(H):
            s, out = scale[n, h], y[n, h]
            for w in range(W):
                s[w] = s[w] * alpha + k
            inverse_power(s, beta, out)
            for w in range(W):
                out[w] *= x[n, h, w]


@compiled
def same_map_norm_backward(dy, x, scale, dx, size, alpha, beta):
    """As `cross_map_norm_backward`, over squares."""
    N, H, W = x.shape
    factor = x.dtype.type(2 * alpha * beta)
    through, rows = np.empty((H, W), x.dtype), np.empty((H, W), x.dtype)
    total = np.empty((H, W), x.dtype)
    for n in range(N):
        for h in range(H):
            s, own = scale[n, h], dx[n, h]
            inverse_power(s, beta, own)
            for w in range(W):
                own[w] *= dy[n, h, w]
                through[h, w] = own[w] * x[n, h, w] / s[w]
        square_sums(through, (size - 1) // 2, size // 2, rows, total)
        for h in range(H):
            for w in range(W):
                dx[n, h, w] -= factor * x[n, h, w] * total[h, w]
