"""Pooling as compiled loops over feature maps (H, W); the definition is in ``functional/pool.py``.

Float32 with a stride of 1 or 2: LANES windows at a time (``blocks.py``), from a padded copy of one
feature map. The loop over a row is compiled for each kind of window, and the loops around it are
given its address. Everything else: window by window.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tinyalex.backends.base import Pair
from tinyalex.backends.numba.compile import (
    BYTES,
    FLOATS,
    NUMBER,
    TO_BYTES,
    TO_FLOATS,
    Inner,
    compiled,
)
from tinyalex.backends.numba.kernels import copy_line
from tinyalex.backends.numba.pool.blocks import (
    max_back_block,
    max_block,
    mean_back_block,
    mean_block,
)
from tinyalex.backends.numba.vector import LANES

Host = np.ndarray[Any, Any]

LARGEST = 36  # positions of a window, at most: its code is unrolled


def has_vectors(dtype: Any, KH: int, KW: int, sw: int) -> bool:
    """Whether there is a kernel with vector instructions for such windows."""
    return dtype == np.float32 and sw <= 2 and LANES * sw >= KW and KH * KW <= LARGEST


def padded_shape(out_hw: Pair, KH: int, stride: Pair) -> tuple[int, int]:
    """Return the shape of a feature map with room for whole blocks of windows."""
    blocks = -(-out_hw[1] // LANES) + 1  # one more: the last windows reach into it
    return (out_hw[0] - 1) * stride[0] + KH, blocks * LANES * stride[1]


@cache
def window_sizes(in_hw: Pair, kernel: Pair, stride: Pair, out_hw: Pair) -> Host:
    """Return how many inputs each (clipped) window has: (OH, OW padded to whole blocks)."""
    places = np.arange(out_hw[0]), np.arange(-(-out_hw[1] // LANES) * LANES)
    rows, columns = (
        np.clip(size - at * step, 1, k)
        for size, at, step, k in zip(in_hw, places, stride, kernel, strict=True)
    )
    return np.outer(rows, columns).astype(np.float32)


_MAX = Inner(FLOATS, NUMBER, NUMBER, TO_FLOATS, NUMBER, TO_BYTES, NUMBER, NUMBER)
_MAX_BACK = Inner(FLOATS, NUMBER, BYTES, NUMBER, TO_FLOATS, NUMBER, NUMBER, NUMBER)
_MEAN = Inner(FLOATS, NUMBER, NUMBER, FLOATS, NUMBER, TO_FLOATS, NUMBER, NUMBER)
_MEAN_BACK = Inner(FLOATS, NUMBER, FLOATS, NUMBER, TO_FLOATS, NUMBER, NUMBER, NUMBER)
_call_max, _call_max_back = _MAX.call, _MAX_BACK.call
_call_mean, _call_mean_back = _MEAN.call, _MEAN_BACK.call


# What follows makes the inner loops for one kind of window: over the blocks of a row.


@cache
def max_of(KH: int, KW: int, sw: int) -> Any:
    """For `max_pool2d_by_vectors`."""

    def max_of_windows(x, x_at, pitch, y, y_at, argmax, argmax_at, blocks):
        for i in range(0, blocks * LANES, LANES):
            max_block(KH, KW, sw, x, x_at + i * sw, pitch, y, y_at + i, argmax, argmax_at + i)

    return _MAX.address(max_of_windows)


@cache
def max_back_of(KH: int, KW: int, sw: int) -> Any:
    """For `max_pool2d_backward_by_vectors`."""

    def max_back_of_windows(dy, dy_at, argmax, argmax_at, dx, dx_at, pitch, blocks):
        for i in range(0, blocks * LANES, LANES):
            max_back_block(
                KH, KW, sw, dy, dy_at + i, argmax, argmax_at + i, dx, dx_at + i * sw, pitch
            )

    return _MAX_BACK.address(max_back_of_windows)


@cache
def mean_of(KH: int, KW: int, sw: int) -> Any:
    """For `avg_pool2d_by_vectors`."""

    def mean_of_windows(x, x_at, pitch, sizes, sizes_at, y, y_at, blocks):
        for i in range(0, blocks * LANES, LANES):
            mean_block(KH, KW, sw, x, x_at + i * sw, pitch, sizes, sizes_at + i, y, y_at + i)

    return _MEAN.address(mean_of_windows)


@cache
def mean_back_of(KH: int, KW: int, sw: int) -> Any:
    """For `avg_pool2d_backward_by_vectors`."""

    def mean_back_of_windows(dy, dy_at, sizes, sizes_at, dx, dx_at, pitch, blocks):
        for i in range(0, blocks * LANES, LANES):
            mean_back_block(
                KH, KW, sw, dy, dy_at + i, sizes, sizes_at + i, dx, dx_at + i * sw, pitch
            )

    return _MEAN_BACK.address(mean_back_of_windows)


@compiled
def blocks_inside(P, first, OW):
    """How many blocks of a row of windows, from ``first`` on, do not reach over the map's end.

    What they write beyond their row, the next row overwrites. One block at most is left.
    """
    return min(-(-OW // LANES), (P - first) // LANES)


@compiled
def max_pool2d_by_vectors(x, y, argmax, sw, sh, padded, windows):
    """(maps, H, W) -> (maps, OH, OW), and the index of each window's first maximum."""
    count, H, W = x.shape
    OH, OW = y.shape[1:]
    P, pitch = OH * OW, padded.shape[1]
    source, out, places = x.reshape(-1), y.reshape(-1), argmax.reshape(-1)
    flat = padded.reshape(-1)
    flat[:] = -np.inf
    best, position = np.empty(LANES, x.dtype), np.empty(LANES, argmax.dtype)
    for m in range(count):
        for h in range(min(H, padded.shape[0])):
            copy_line(source, (m * H + h) * W, flat, h * pitch, min(W, pitch))
        for oh in range(OH):
            at, to = oh * sh * pitch, m * P + oh * OW
            inside = blocks_inside(P, oh * OW, OW)
            _call_max(windows, flat, at, pitch, out, to, places, to, inside)
            done = inside * LANES
            if done < OW:
                _call_max(windows, flat, at + done * sw, pitch, best, 0, position, 0, 1)
                for i in range(OW - done):
                    out[to + done + i], places[to + done + i] = best[i], position[i]


@compiled
def max_pool2d_backward_by_vectors(dy, argmax, dx, sw, sh, padded, windows):
    """Each dy (maps, OH, OW) goes to its window's maximum in dx (maps, H, W)."""
    count, OH, OW = dy.shape
    H, W = dx.shape[1:]
    P, pitch = OH * OW, padded.shape[1]
    source, places, out = dy.reshape(-1), argmax.reshape(-1), dx.reshape(-1)
    flat = padded.reshape(-1)
    gradients, position = np.empty(LANES, dy.dtype), np.zeros(LANES, argmax.dtype)
    whole = OW // LANES * LANES
    for m in range(count):
        flat[:] = 0
        for oh in range(OH):
            at, to = m * P + oh * OW, oh * sh * pitch
            _call_max_back(windows, source, at, places, at, flat, to, pitch, whole // LANES)
            if whole < OW:
                gradients[:] = 0
                for i in range(OW - whole):
                    gradients[i], position[i] = source[at + whole + i], places[at + whole + i]
                _call_max_back(windows, gradients, 0, position, 0, flat, to + whole * sw, pitch, 1)
        write_back(flat, pitch, padded.shape[0], out, m, H, W)


@compiled
def avg_pool2d_by_vectors(x, y, sizes, sw, sh, padded, windows):
    """(maps, H, W) -> (maps, OH, OW); sizes (OH, whole blocks), what to divide by."""
    count, H, W = x.shape
    OH, OW = y.shape[1:]
    P, pitch = OH * OW, padded.shape[1]
    source, out, counts = x.reshape(-1), y.reshape(-1), sizes.reshape(-1)
    flat = padded.reshape(-1)
    flat[:] = 0
    mean = np.empty(LANES, x.dtype)
    for m in range(count):
        for h in range(min(H, padded.shape[0])):
            copy_line(source, (m * H + h) * W, flat, h * pitch, min(W, pitch))
        for oh in range(OH):
            at, to, size = oh * sh * pitch, m * P + oh * OW, oh * sizes.shape[1]
            inside = blocks_inside(P, oh * OW, OW)
            _call_mean(windows, flat, at, pitch, counts, size, out, to, inside)
            done = inside * LANES
            if done < OW:
                _call_mean(windows, flat, at + done * sw, pitch, counts, size + done, mean, 0, 1)
                for i in range(OW - done):
                    out[to + done + i] = mean[i]


@compiled
def avg_pool2d_backward_by_vectors(dy, dx, sizes, sw, sh, padded, windows):
    """Each input of a window gets an equal share of its dy."""
    count, OH, OW = dy.shape
    H, W = dx.shape[1:]
    P, pitch = OH * OW, padded.shape[1]
    source, out, counts = dy.reshape(-1), dx.reshape(-1), sizes.reshape(-1)
    flat = padded.reshape(-1)
    gradients = np.empty(LANES, dy.dtype)
    whole = OW // LANES * LANES
    for m in range(count):
        flat[:] = 0
        for oh in range(OH):
            at, to, size = m * P + oh * OW, oh * sh * pitch, oh * sizes.shape[1]
            _call_mean_back(windows, source, at, counts, size, flat, to, pitch, whole // LANES)
            if whole < OW:
                gradients[:] = 0
                for i in range(OW - whole):
                    gradients[i] = source[at + whole + i]
                to, size = to + whole * sw, size + whole
                _call_mean_back(windows, gradients, 0, counts, size, flat, to, pitch, 1)
        write_back(flat, pitch, padded.shape[0], out, m, H, W)


@compiled
def write_back(padded, pitch, rows, x, m, H, W):
    """Copy feature map m of x (maps, H, W) from a padded one; pixels outside all windows are 0."""
    for h in range(H):
        reached = min(W, pitch) if h < rows else 0
        copy_line(padded, h * pitch, x, (m * H + h) * W, reached)
        for w in range(reached, W):
            x[(m * H + h) * W + w] = 0


@compiled
def max_pool2d(x, y, argmax, KH, KW, sh, sw):
    """(maps, H, W) -> (maps, OH, OW), and the index of each window's first maximum; NaN wins."""
    count, H, W = x.shape
    for m in range(count):
        for oh in range(y.shape[1]):
            for ow in range(y.shape[2]):
                best, position = x[m, oh * sh, ow * sw], 0
                for i in range(min(KH, H - oh * sh)):
                    for j in range(min(KW, W - ow * sw)):
                        v = x[m, oh * sh + i, ow * sw + j]
                        if v > best or v != v:
                            best, position = v, i * KW + j
                y[m, oh, ow] = best
                argmax[m, oh, ow] = position


@compiled
def max_pool2d_backward(dy, argmax, dx, KW, sh, sw):
    """Each dy goes to its window's maximum."""
    count, OH, OW = dy.shape
    dx[:] = 0
    for m in range(count):
        for oh in range(OH):
            for ow in range(OW):
                position = int(argmax[m, oh, ow])
                i = position // KW
                dx[m, oh * sh + i, ow * sw + position - i * KW] += dy[m, oh, ow]


@compiled
def avg_pool2d(x, y, KH, KW, sh, sw):
    """Each window's mean over the inputs that it really has."""
    count, H, W = x.shape
    for m in range(count):
        for oh in range(y.shape[1]):
            height = min(KH, H - oh * sh)
            for ow in range(y.shape[2]):
                width = min(KW, W - ow * sw)
                total = x.dtype.type(0)
                for i in range(height):
                    for j in range(width):
                        total += x[m, oh * sh + i, ow * sw + j]
                y[m, oh, ow] = total / x.dtype.type(height * width)


@compiled
def avg_pool2d_backward(dy, dx, KH, KW, sh, sw):
    """Each input of a window gets an equal share of its dy."""
    count, H, W = dx.shape
    dx[:] = 0
    for m in range(count):
        for oh in range(dy.shape[1]):
            height = min(KH, H - oh * sh)
            for ow in range(dy.shape[2]):
                width = min(KW, W - ow * sw)
                share = dy[m, oh, ow] / dy.dtype.type(height * width)
                for i in range(height):
                    for j in range(width):
                        dx[m, oh * sh + i, ow * sw + j] += share
