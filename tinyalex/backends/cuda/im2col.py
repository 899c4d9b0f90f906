# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc"
"""GPU kernels of convolution: im2col, rows of windows, and their adjoints. No atomics.

A block works on a piece of one feature map or row, given by its index in the grid. What only moves
numbers moves bfloat16 as bits.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from tinyalex.backends.cuda.floats import load, store
from tinyalex.backends.cuda.launch import div

CHANNELS = 4  # channels per thread in `write_rows`: it computes its position once
SUM_THREADS = 256


@cuda.jit
def im2col(x, cols, C, H, W, KH, KW, sh, sw, ph, pw, OH, OW):
    """One thread writes one window of one channel; ``grid = (images, pieces, channels)``.

    The definition is `functional.im2col`.
    """
    p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if p >= OH * OW:
        return
    map_ = cuda.blockIdx.x * C + cuda.blockIdx.z
    oh = div(p, OW)
    top, left = oh * sh - ph, (p - oh * OW) * sw - pw
    target = map_ * (KH * KW * OH * OW) + p
    for i in range(KH):
        h = top + i
        for j in range(KW):
            w = left + j
            if h >= 0 and h < H and w >= 0 and w < W:
                cols[target] = x[(map_ * H + h) * W + w]
            else:
                cols[target] = np.float32(0)
            target += OH * OW


@cuda.jit
def col2im(cols, x, first, C, H, W, KH, KW, sh, sw, ph, pw, OH, OW, n_step, k_step):
    """One thread sums one pixel over all windows that contain it.

    ``grid = (images, pieces, channels)``, starting at channel ``first``. The im2col matrices of
    images are ``n_step`` numbers apart, their rows ``k_step``. The definition is
    `functional.col2im`.
    """
    q = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if q >= H * W:
        return
    n, c = cuda.blockIdx.x, cuda.blockIdx.z
    h = div(q, W)
    w = q - h * W + pw
    h += ph
    # Windows oh with oh*sh <= h < oh*sh + KH, and ow alike.
    oh_first = div(h - KH, sh) + 1 if h >= KH else 0
    oh_end = min(div(h, sh) + 1, OH)
    ow_first = div(w - KW, sw) + 1 if w >= KW else 0
    ow_end = min(div(w, sw) + 1, OW)
    source = n * n_step + c * (KH * KW) * k_step
    total = np.float32(0)
    for oh in range(oh_first, oh_end):
        row = source + (h - oh * sh) * KW * k_step + oh * OW
        for ow in range(ow_first, ow_end):
            total += load(cols, row + (w - ow * sw) * k_step + ow)
    store(x, (n * C + first + c) * (H * W) + q, total)


@cuda.jit
def write_rows(x, rows, N, C, H, W, per_group, Hp, KW, sw, ph, pw, OW):
    """Rows of windows, (G, Hp, C/G, KW, N, OW); `CHANNELS` channels per thread.

    ``grid = (pieces of N*OW, Hp, groups of channels)``. The definition is `functional.im2col`
    with kernel (1, KW) and stride (1, sw), its axes in another order.
    """
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i >= N * OW:
        return
    hp = cuda.blockIdx.y
    n = div(i, OW)
    h, left = hp - ph, (i - n * OW) * sw - pw
    inside = h >= 0 and h < H
    first = cuda.blockIdx.z * CHANNELS
    for c in range(first, min(first + CHANNELS, C)):
        g = div(c, per_group)
        target = ((g * Hp + hp) * per_group + c - g * per_group) * KW * (N * OW) + i
        source = ((n * C + c) * H + h) * W
        for w in range(left, left + KW):
            if inside and w >= 0 and w < W:
                rows[target] = x[source + w]
            else:
                rows[target] = np.float32(0)
            target += N * OW


@cuda.jit
def write_images(z, b, y, N, F, per_group, OH, OW, has_bias, relu):
    """Transpose (G, OH, F/G, N, OW) to images (N, F, OH, OW), add the bias and apply a ReLU.

    ``grid = (images, pieces of a feature map, filters)``.
    """
    p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if p >= OH * OW:
        return
    n, f = cuda.blockIdx.x, cuda.blockIdx.z
    g = div(f, per_group)
    oh = div(p, OW)
    row = ((g * OH + oh) * per_group + f - g * per_group) * N + n
    value = load(z, row * OW + p - oh * OW)
    if has_bias:
        value += load(b, f)
    if relu and value <= np.float32(0):  # a NaN stays
        value = np.float32(0)
    store(y, (n * F + f) * (OH * OW) + p, value)


@cuda.jit
def sum_maps(dy, sums, N, F, P, share, real):
    """Sum each channel over ``share`` images: (F, shares), ``grid = (F, shares)``.

    ``real`` is a zero of the sums' dtype.
    """
    shared = cuda.shared.array(SUM_THREADS, np.float64)
    t, f = cuda.threadIdx.x, cuda.blockIdx.x
    first = cuda.blockIdx.y * share
    total = real
    for i in range(t, (min(first + share, N) - first) * P, SUM_THREADS):
        n = div(i, P)
        total += load(dy, ((first + n) * F + f) * P + i - n * P)
    shared[t] = total
    cuda.syncthreads()
    half = SUM_THREADS // 2
    while half > 0:
        if t < half:
            shared[t] += shared[t + half]
        cuda.syncthreads()
        half //= 2
    if t == 0:
        sums[f * cuda.gridDim.y + cuda.blockIdx.y] = shared[0]
