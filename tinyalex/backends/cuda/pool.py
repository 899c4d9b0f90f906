# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc"
"""GPU kernels of pooling; the definitions are in `numpy_kernels`, under the same names.

A block works on the same piece of `MAPS` maps (a map is a channel of an image), so that a thread
finds out once where it is: ``grid = (groups of maps, pieces)``. Backward kernels collect: one
thread an input pixel, over the windows that hold it.
"""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from tinyalex.backends.cuda.launch import div

MAPS = 8


@cuda.jit
def max_pool2d(x, y, where, H, W, KH, KW, sh, sw, OH, OW, maps):
    p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if p >= OH * OW:
        return
    oh = div(p, OW)
    top, left = oh * sh, (p - oh * OW) * sw
    rows, columns = min(KH, H - top), min(KW, W - left)
    for m in range(cuda.blockIdx.x, maps, cuda.gridDim.x):
        source = (m * H + top) * W + left
        best, position = x[source], 0
        for i in range(rows):
            for j in range(columns):
                value = x[source + i * W + j]
                if value > best:
                    best, position = value, i * KW + j
                elif math.isnan(value):  # nothing is greater than it: it stays
                    best, position = value, 0
        y[m * (OH * OW) + p] = best
        where[m * (OH * OW) + p] = position


@cuda.jit
def max_pool2d_backward(dy, where, dx, H, W, KH, KW, sh, sw, OH, OW, maps):
    q = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if q >= H * W:
        return
    h = div(q, W)
    w = q - h * W
    # Windows oh with oh*sh <= h < oh*sh + KH, and ow alike.
    oh_first, oh_end = div(h - KH, sh) + 1 if h >= KH else 0, min(div(h, sh) + 1, OH)
    ow_first, ow_end = div(w - KW, sw) + 1 if w >= KW else 0, min(div(w, sw) + 1, OW)
    for m in range(cuda.blockIdx.x, maps, cuda.gridDim.x):
        total = np.float32(0)
        for oh in range(oh_first, oh_end):
            for ow in range(ow_first, ow_end):
                window = (m * OH + oh) * OW + ow
                share = dy[window]  # asked for before it is known to count: no second wait
                if where[window] == (h - oh * sh) * KW + w - ow * sw:
                    total += share
        dx[m * (H * W) + q] = total


@cuda.jit
def avg_pool2d(x, y, H, W, KH, KW, sh, sw, OH, OW, maps):
    p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if p >= OH * OW:
        return
    oh = div(p, OW)
    top, left = oh * sh, (p - oh * OW) * sw
    rows, columns = min(KH, H - top), min(KW, W - left)
    for m in range(cuda.blockIdx.x, maps, cuda.gridDim.x):
        total = np.float32(0)
        for i in range(rows):
            for j in range(columns):
                total += x[(m * H + top + i) * W + left + j]
        y[m * (OH * OW) + p] = total / np.float32(rows * columns)


@cuda.jit
def avg_pool2d_backward(dy, dx, H, W, KH, KW, sh, sw, OH, OW, maps):
    q = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if q >= H * W:
        return
    h = div(q, W)
    w = q - h * W
    oh_first, oh_end = div(h - KH, sh) + 1 if h >= KH else 0, min(div(h, sh) + 1, OH)
    ow_first, ow_end = div(w - KW, sw) + 1 if w >= KW else 0, min(div(w, sw) + 1, OW)
    for m in range(cuda.blockIdx.x, maps, cuda.gridDim.x):
        total = np.float32(0)
        for oh in range(oh_first, oh_end):
            rows = min(KH, H - oh * sh)
            for ow in range(ow_first, ow_end):
                share = np.float32(rows * min(KW, W - ow * sw))
                total += dy[(m * OH + oh) * OW + ow] / share
        dx[m * (H * W) + q] = total
