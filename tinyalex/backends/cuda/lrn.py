# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc"
"""GPU kernels of both response normalisations; the definitions are in ``functional/lrn.py``.

Across channels, a thread loops over the channels of one pixel and keeps the window in registers:
each number is read once. So the window's size must be known when the kernel is compiled:
`local_response_norm(size)` makes the kernels for one size.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import cuda

from tinyalex.backends.cuda.floats import load, store
from tinyalex.backends.cuda.launch import div

CHANNELS = 32  # per thread: fewer give more threads, more read fewer window ends twice


@cuda.jit(device=True)
def over_power(value, scale, beta):
    """``value / scale**beta``; for the paper's beta, two square roots."""
    if beta == np.float32(0.75):
        root = math.sqrt(scale)
        return value / (root * math.sqrt(root))
    return value / scale**beta


@cache
def local_response_norm(size: int, dtype: str) -> tuple[Any, Any]:
    """Make the forward and backward kernel for windows of ``size`` channels, kept in ``dtype``.

    ``grid = (images, pieces, groups of channels)``; P is the pixels per feature map.
    """
    before, after, last = size // 2, (size - 1) // 2, size - 1

    @cuda.jit
    def forward(x, y, scale, C, P, share, alpha, beta, k):
        p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
        if p >= P:
            return
        start = cuda.blockIdx.x * (C * P) + p
        first = cuda.blockIdx.z * share
        window = cuda.local.array(size, dtype)  # x of channels c-before to c+after
        for j in range(size):
            c = first - 1 - before + j
            window[j] = load(x, start + c * P) if c >= 0 and c < C else np.float32(0)
        c = first + after
        coming = load(x, start + c * P) if c < C else np.float32(0)
        for c in range(first, min(first + share, C)):
            for j in range(last):
                window[j] = window[j + 1]
            window[last] = coming
            ahead = c + after + 1  # loaded one iteration early
            coming = load(x, start + ahead * P) if ahead < C else np.float32(0)
            total = np.float32(0)
            for j in range(size):
                total += window[j] * window[j]
            s = total * alpha + k
            scale[start + c * P] = s
            store(y, start + c * P, over_power(window[before], s, beta))

    @cuda.jit
    def backward(dy, x, scale, dx, C, P, share, alpha, beta, relu):
        p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
        if p >= P:
            return
        start = cuda.blockIdx.x * (C * P) + p
        first = cuda.blockIdx.z * share
        # The windows that contain c belong to channels c-after to c+before.
        through = cuda.local.array(size, dtype)  # gradient through those channels' scale
        own = cuda.local.array(size, dtype)  # dy * scale**-beta
        pixel = cuda.local.array(size, dtype)
        for j in range(size):
            through[j] = own[j] = pixel[j] = np.float32(0)
        end = min(first + share, C)
        for c in range(first - last, end):
            for j in range(last):
                through[j], own[j], pixel[j] = through[j + 1], own[j + 1], pixel[j + 1]
            i = c + before
            if i >= 0 and i < C:
                i = start + i * P
                s = scale[i]
                pixel[last] = load(x, i)
                own[last] = over_power(load(dy, i), s, beta)
                through[last] = own[last] * pixel[last] / s
            else:
                through[last] = own[last] = pixel[last] = np.float32(0)
            if c >= first:
                total = np.float32(0)
                for j in range(size):
                    total += through[j]
                slope = own[after] - np.float32(2) * alpha * beta * pixel[after] * total
                if relu and not pixel[after] > np.float32(0):  # x is a ReLU's result
                    slope = np.float32(0)
                store(dx, start + c * P, slope)

    return forward, backward


# ---------------------------------------------------------------------- within a map


@cuda.jit
def spatial_response_norm(x, y, scale, H, W, size, alpha, beta, k):
    """``grid = (maps, pieces)``."""
    p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if p >= H * W:
        return
    start = cuda.blockIdx.x * (H * W)
    h = div(p, W)
    w = p - h * W
    before, after = size // 2, (size - 1) // 2
    total = np.float32(0)
    for i in range(max(0, h - before), min(H, h + after + 1)):
        for j in range(max(0, w - before), min(W, w + after + 1)):
            value = load(x, start + i * W + j)
            total += value * value
    s = total * alpha + k
    scale[start + p] = s
    store(y, start + p, over_power(load(x, start + p), s, beta))


@cuda.jit
def spatial_response_norm_through(dy, x, scale, through, size, beta):
    """Each output's gradient through its scale; flat."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i < size:
        through[i] = over_power(load(dy, i) * load(x, i), scale[i], beta) / scale[i]


@cuda.jit
def spatial_response_norm_backward(dy, x, scale, through, dx, H, W, size, alpha, beta):
    """``grid = (maps, pieces)``; windows that contain a pixel: the forward window, flipped."""
    p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if p >= H * W:
        return
    start = cuda.blockIdx.x * (H * W)
    h = div(p, W)
    w = p - h * W
    before, after = (size - 1) // 2, size // 2
    total = np.float32(0)
    for i in range(max(0, h - before), min(H, h + after + 1)):
        for j in range(max(0, w - before), min(W, w + after + 1)):
            total += through[start + i * W + j]
    own = over_power(load(dy, start + p), scale[start + p], beta)
    store(dx, start + p, own - np.float32(2) * alpha * beta * load(x, start + p) * total)
