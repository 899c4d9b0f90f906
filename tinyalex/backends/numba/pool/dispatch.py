"""Pooling on the Numba backend: by vectors of windows, or window by window (``loops.py``).

Threads share the N*C feature maps of a batch. Legend: ``functional/arrays.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyalex.backends.base import Pair
from tinyalex.backends.numba.pool import loops
from tinyalex.backends.numba.workers import Workers
from tinyalex.functional.pool import position_dtype

Host = np.ndarray[Any, Any]


def max_pool2d(
    workers: Workers, x: Host, kernel: Pair, stride: Pair, out_hw: Pair
) -> tuple[Host, Host]:
    """Return each window's maximum (N, C, OH, OW), and its position."""
    y = workers.empty((*x.shape[:2], *out_hw), x.dtype)
    argmax = workers.empty(y.shape, position_dtype(np, kernel))
    if loops.has_vectors(x.dtype, *kernel, stride[1]):
        pool, windows = loops.max_pool2d_by_vectors, loops.max_of(*kernel, stride[1])
        _by_vectors(workers, pool, windows, (x, y, argmax), (), out_hw, kernel, stride)
    else:
        _share_maps(workers, loops.max_pool2d, (x, y, argmax), *kernel, *stride)
    return y, argmax


def max_pool2d_backward(
    workers: Workers, dy: Host, argmax: Host, x_shape: Sequence[int], kernel: Pair, stride: Pair
) -> Host:
    """Return dx: each dy goes to its window's maximum."""
    dx, out_hw = workers.empty(x_shape, dy.dtype), dy.shape[2:]
    if loops.has_vectors(dy.dtype, *kernel, stride[1]):
        pool, windows = loops.max_pool2d_backward_by_vectors, loops.max_back_of(*kernel, stride[1])
        _by_vectors(workers, pool, windows, (dy, argmax, dx), (), out_hw, kernel, stride)
    else:
        _share_maps(workers, loops.max_pool2d_backward, (dy, argmax, dx), kernel[1], *stride)
    return dx


def avg_pool2d(workers: Workers, x: Host, kernel: Pair, stride: Pair, out_hw: Pair) -> Host:
    """Return each window's mean over the inputs that it really has."""
    y = workers.empty((*x.shape[:2], *out_hw), x.dtype)
    if loops.has_vectors(x.dtype, *kernel, stride[1]):
        sizes = loops.window_sizes(x.shape[2:], kernel, stride, out_hw)
        pool, windows = loops.avg_pool2d_by_vectors, loops.mean_of(*kernel, stride[1])
        _by_vectors(workers, pool, windows, (x, y), (sizes,), out_hw, kernel, stride)
    else:
        _share_maps(workers, loops.avg_pool2d, (x, y), *kernel, *stride)
    return y


def avg_pool2d_backward(
    workers: Workers, dy: Host, x_shape: Sequence[int], kernel: Pair, stride: Pair
) -> Host:
    """Return dx: each input of a window gets an equal share of its dy."""
    dx, out_hw = workers.empty(x_shape, dy.dtype), dy.shape[2:]
    if loops.has_vectors(dy.dtype, *kernel, stride[1]):
        sizes = loops.window_sizes(dx.shape[2:], kernel, stride, out_hw)
        pool, windows = loops.avg_pool2d_backward_by_vectors, loops.mean_back_of(*kernel, stride[1])
        _by_vectors(workers, pool, windows, (dy, dx), (sizes,), out_hw, kernel, stride)
    else:
        _share_maps(workers, loops.avg_pool2d_backward, (dy, dx), *kernel, *stride)
    return dx


def _share_maps(
    workers: Workers, kernel: Callable[..., None], arrays: tuple[Host, ...], *settings: Any
) -> None:
    """Run a pooling kernel over all feature maps of a batch."""
    workers.share_arrays(kernel, [maps(a) for a in arrays], *settings)


def _by_vectors(
    workers: Workers,
    kernel: Callable[..., None],
    windows: Any,
    arrays: tuple[Host, ...],
    constants: tuple[Host, ...],
    out_hw: Pair,
    window: Pair,
    stride: Pair,
) -> None:
    """The same with a buffer for one padded feature map per thread."""
    shape = loops.padded_shape(out_hw, window[0], stride)

    def pool_maps(*slices: Host) -> None:
        padded = workers.scratch("padded map", math.prod(shape), np.float32).reshape(shape)
        kernel(*slices, *constants, stride[1], stride[0], padded, windows)

    _share_maps(workers, pool_maps, arrays)


def maps(x: Host) -> Host:
    """(N, C, H, W) -> (N*C, H, W)."""
    N, C, H, W = x.shape
    return x.reshape(N * C, H, W)
