# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc"
"""GPU kernels of pooling; the definitions are in ``functional/pool.py``, under the same names.

A block works on the same piece of `MAPS` feature maps (each one channel of one image), so that a
thread computes its position once: ``grid = (groups of maps, pieces)``. Backward kernels gather: one
thread per input pixel sums over the windows that contain it.
"""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from tinyalex.backends.cuda.floats import load, store
from tinyalex.backends.cuda.launch import div

MAPS = 8


@cuda.jit
def max_pool2d(x, y, argmax, H, W, KH, KW, sh, sw, OH, OW, maps):
    p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if p >= OH * OW:
        return
    oh = div(p, OW)
    top, left = oh * sh, (p - oh * OW) * sw
    rows, columns = min(KH, H - top), min(KW, W - left)
    for m in range(cuda.blockIdx.x, maps, cuda.gridDim.x):
        source = (m * H + top) * W + left
        best, position = load(x, source), 0
        for i in range(rows):
            for j in range(columns):
                value = load(x, source + i * W + j)
                if value > best:
                    best, position = value, i * KW + j
                elif math.isnan(value):  # a NaN stays: no number is greater
                    best, position = value, 0
        store(y, m * (OH * OW) + p, best)
        argmax[m * (OH * OW) + p] = position


@cuda.jit
def max_pool2d_backward(dy, argmax, dx, H, W, KH, KW, sh, sw, OH, OW, maps):
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
                share = load(dy, window)  # loaded before the comparison: no second memory latency
                if argmax[window] == (h - oh * sh) * KW + w - ow * sw:
                    total += share
        store(dx, m * (H * W) + q, total)


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
                total += load(x, (m * H + top + i) * W + left + j)
        store(y, m * (OH * OW) + p, total / np.float32(rows * columns))


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
                total += load(dy, (m * OH + oh) * OW + ow) / share
        store(dx, m * (H * W) + q, total)
