"""Response normalisation as compiled loops; the definition is in ``functional/lrn.py``."""

from __future__ import annotations

import numpy as np

from tinyalex.backends.numba.compile import compiled
from tinyalex.backends.numba.kernels import copy_line

# Pixels (of all channels) per block: they stay in the cache.
_BLOCK = 256


@compiled
def inverse_power(scale, beta, out):
    """out = scale ** -beta; by two square roots for the paper's beta, 0.75."""
    one = scale.dtype.type(1)
    if beta == 0.75:
        for i in range(scale.size):
            root = one / np.sqrt(scale[i])
            out[i] = root * np.sqrt(root)
    else:
        for i in range(scale.size):
            out[i] = scale[i] ** scale.dtype.type(-beta)


@compiled
def local_response_norm(x, y, scale, size, alpha, beta, k):
    """x (N, C, P): normalise over ``size`` neighbouring channels."""
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
def local_response_norm_backward(dy, x, scale, dx, size, alpha, beta):
    """x_i changes its own output, and the scale of every window that contains it."""
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
def square_sums(s, before, after, pitch, rows, out):
    """Add up ``before`` to ``after`` neighbours on both axes of a padded map.

    The map's rows are ``pitch`` apart and its borders are zero, so everything is one long row: what
    a sum takes from beyond a row's end is a zero. s is left as it is; rows is room.
    """
    size = before + after + 1
    slide(s, before, size, 1, rows)
    slide(rows, before * pitch, size, pitch, out)


@compiled
def slide(x, start, size, step, out):
    """out[start + p] = the sum of ``size`` numbers, ``step`` apart, from x[p] on; the rest is 0."""
    count = x.size - (size - 1) * step
    out[:] = 0
    sums = out[start : start + count]
    for d in range(size):
        some = x[d * step : d * step + count]
        for p in range(count):
            sums[p] += some[p]


@compiled
def spatial_response_norm(x, y, scale, size, alpha, beta, k):
    """x (N, H, W): normalise each feature map over ``size`` x ``size`` neighbours."""
    N, H, W = x.shape
    alpha, k = x.dtype.type(alpha), x.dtype.type(k)
    before, after = size // 2, (size - 1) // 2
    pitch = W + size - 1
    area = (H + size - 1) * pitch
    source, y_flat, scale_flat = x.reshape(-1), y.reshape(-1), scale.reshape(-1)
    padded, squares = np.zeros(area, x.dtype), np.zeros(area, x.dtype)
    rows = np.zeros(area, x.dtype)
    sums, result = np.zeros(area, x.dtype), np.zeros(area, x.dtype)
    for n in range(N):
        for h in range(H):
            copy_line(source, (n * H + h) * W, padded, (h + before) * pitch + before, W)
        for p in range(area):
            squares[p] = padded[p] * padded[p]
        square_sums(squares, before, after, pitch, rows, sums)
        for p in range(area):
            sums[p] = sums[p] * alpha + k
        inverse_power(sums, beta, result)
        for p in range(area):
            result[p] *= padded[p]
        for h in range(H):
            at, to = (h + before) * pitch + before, (n * H + h) * W
            copy_line(result, at, y_flat, to, W)
            copy_line(sums, at, scale_flat, to, W)


@compiled
def spatial_response_norm_backward(dy, x, scale, dx, size, alpha, beta):
    """Like `local_response_norm_backward`, over squares; the window is flipped."""
    N, H, W = x.shape
    factor = x.dtype.type(2 * alpha * beta)
    before, after = (size - 1) // 2, size // 2
    pitch = W + size - 1
    area = (H + size - 1) * pitch
    dy_flat, x_flat = dy.reshape(-1), x.reshape(-1)
    scale_flat, dx_flat = scale.reshape(-1), dx.reshape(-1)
    own, inputs, scales = np.zeros(area, x.dtype), np.zeros(area, x.dtype), np.ones(area, x.dtype)
    slopes, through = np.zeros(area, x.dtype), np.zeros(area, x.dtype)
    rows, total = np.zeros(area, x.dtype), np.zeros(area, x.dtype)
    for n in range(N):
        for h in range(H):
            at, to = (n * H + h) * W, (h + before) * pitch + before
            copy_line(x_flat, at, inputs, to, W)
            copy_line(scale_flat, at, scales, to, W)
            copy_line(dy_flat, at, slopes, to, W)
        inverse_power(scales, beta, own)
        for p in range(area):
            own[p] *= slopes[p]
            through[p] = own[p] * inputs[p] / scales[p]
        square_sums(through, before, after, pitch, rows, total)
        for p in range(area):
            own[p] -= factor * inputs[p] * total[p]
        for h in range(H):
            copy_line(own, (h + before) * pitch + before, dx_flat, (n * H + h) * W, W)
