"""Convolutions on the Numba backend: which of three algorithms.

Direct: blocks of outputs whose sums stay in registers (``direct.py``). Winograd, for 3x3 and 5x5
filters: tiles of pixels, and a quarter of the products (``winograd.py``). im2col and a matrix
product by BLAS, for everything else (``im2col.py``). The thresholds are the processor's
(``numba/choices.py``). Weight gradients are a fixed number of partial sums, added in a fixed order:
they do not depend on the number of threads. Legend: ``functional/arrays.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.backends.base import Pair
from tinyalex.backends.numba.conv import direct, im2col, winograd
from tinyalex.backends.numba.workers import Workers

Host = np.ndarray[Any, Any]

LEAST_CHANNELS = 16  # with which Winograd pays; how many tiles it takes is in `Choices`


def winograd_pays(
    y_shape: tuple[int, ...], w: Host, stride: Pair, groups: int, least: float
) -> bool:
    """Whether Winograd is fastest: float32, stride 1, 3x3 or 5x5, enough tiles and channels."""
    F, C, *kernel = w.shape
    return (
        w.dtype == np.float32
        and stride == (1, 1)
        and kernel in ([3, 3], [5, 5])
        and winograd.count(y_shape) >= least
        and min(C, F // groups) >= LEAST_CHANNELS
    )


def direct_pays(workers: Workers, w: Host) -> bool:
    """Whether direct convolution is faster than im2col."""
    return workers.choices.direct and w.dtype == np.float32


def forward(
    workers: Workers, x: Host, w: Host, b: Host, stride: Pair, padding: Pair, groups: int, y: Host
) -> None:
    """y (N, F, OH, OW) = x (N, C, H, W) convolved with w (F, C/G, KH, KW), plus b (F,)."""
    F, C, KH, KW = w.shape
    filters = w.reshape(groups, F // groups, C, KH, KW)
    if winograd_pays(y.shape, w, stride, groups, workers.choices.tiles):
        winograd.forward(workers, x, filters, b, padding, y)
    elif direct_pays(workers, w):
        direct.forward(workers, x, filters, b, stride, padding, y)
    else:
        im2col.forward(workers, x, filters, b, stride, padding, y)


def input_gradient(
    workers: Workers, dy: Host, w: Host, stride: Pair, padding: Pair, groups: int, dx: Host
) -> None:
    """For stride 1 a convolution of dy with the filters rotated by 180 degrees (flipped)."""
    F, C, KH, KW = w.shape
    filters = w.reshape(groups, F // groups, C, KH, KW)
    around = (KH - 1 - padding[0], KW - 1 - padding[1])
    if stride != (1, 1) or min(around) < 0:
        im2col.input_gradient(workers, dy, filters, stride, padding, dx)
        return
    if winograd_pays(dx.shape, w, stride, groups, workers.choices.tiles):
        winograd.input_gradient(workers, dy, filters, around, dx)
    elif direct_pays(workers, w):
        direct.input_gradient(workers, dy, filters, around, dx)
    else:
        flipped = filters[..., ::-1, ::-1].swapaxes(1, 2)
        no_bias = np.zeros(groups * C, w.dtype)
        im2col.forward(workers, dy, flipped, no_bias, stride, around, dx)


def weight_gradient(
    workers: Workers, dy: Host, x: Host, w: Host, stride: Pair, padding: Pair, groups: int
) -> tuple[Host, Host]:
    """dw, in w's shape, and db (F,)."""
    F, C, *kernel = w.shape
    shape = (groups, F // groups, C, *kernel)
    least = workers.choices.tiles_dw[kernel[1] > 3]
    if winograd_pays(dy.shape, w, stride, groups, least):
        dw, db = winograd.weight_gradient(workers, dy, x, shape, padding)
    elif direct_pays(workers, w):
        dw, db = direct.weight_gradient(workers, dy, x, shape, stride, padding)
    else:
        dw, db = im2col.weight_gradient(workers, dy, x, shape, stride, padding)
    return dw.reshape(w.shape), db.reshape(F)
