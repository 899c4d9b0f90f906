"""Convolutions on the Numba backend: which of three ways.

Direct: blocks of outputs whose sums stay in registers (``direct.py``). Winograd's, for 3x3
and 5x5 filters: tiles of pixels, and a quarter of the products (``winograd.py``). Columns and a
matrix product by BLAS, for everything else (``im2col.py``). Gradients of the weights are
added up over a fixed number of parts in a fixed order, so that they do not depend on the number of
threads. Legend as in ``base.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.backends.base import Pair
from tinyalex.backends.numba.conv import direct
from tinyalex.backends.numba.conv import im2col as columns
from tinyalex.backends.numba.conv import winograd as tiles
from tinyalex.backends.numba.vector import LANES
from tinyalex.backends.numba.workers import Workers

Host = np.ndarray[Any, Any]

# Winograd pays from here on: tiles in a batch (the filters are transformed once), and channels.
LEAST_TILES, LEAST_CHANNELS = 192, 16
DIRECT_LANES = (8, 16)  # where a vector holds 4 numbers, nobody has beaten BLAS here yet


def tiles_pay(y_shape: tuple[int, ...], w: Host, stride: Pair, groups: int) -> bool:
    """Whether tiles beat everything: float32, stride 1, 3x3 or 5x5, enough of everything."""
    F, C, *kernel = w.shape
    return (
        w.dtype == np.float32
        and stride == (1, 1)
        and kernel in ([3, 3], [5, 5])
        and tiles.count(y_shape) >= LEAST_TILES
        and min(C, F // groups) >= LEAST_CHANNELS
    )


def goes_direct(w: Host) -> bool:
    """Whether blocks in registers beat columns."""
    return LANES in DIRECT_LANES and w.dtype == np.float32


def forward(
    workers: Workers,
    x: Host,
    w: Host,
    b: Host,
    stride: Pair,
    padding: Pair,
    groups: int,
    y: Host,
) -> None:
    """y (N, F, OH, OW) = x (N, C, H, W) convolved with w (F, C/G, KH, KW), plus b (F,)."""
    F, C, KH, KW = w.shape
    filters = w.reshape(groups, F // groups, C, KH, KW)
    if tiles_pay(y.shape, w, stride, groups):
        tiles.forward(workers, x, filters, b, padding, y)
    elif goes_direct(w):
        direct.forward(workers, x, filters, b, stride, padding, y)
    else:
        columns.forward(workers, x, filters, b, stride, padding, y)


def input_gradient(
    workers: Workers,
    dy: Host,
    w: Host,
    stride: Pair,
    padding: Pair,
    groups: int,
    dx: Host,
) -> None:
    """For stride 1 a convolution of dy with the filters turned by 180 degrees."""
    F, C, KH, KW = w.shape
    filters = w.reshape(groups, F // groups, C, KH, KW)
    around = (KH - 1 - padding[0], KW - 1 - padding[1])
    if stride != (1, 1) or min(around) < 0:
        columns.input_gradient(workers, dy, filters, stride, padding, dx)
        return
    if tiles_pay(dx.shape, w, stride, groups):
        tiles.input_gradient(workers, dy, filters, around, dx)
    elif goes_direct(w):
        direct.input_gradient(workers, dy, filters, around, dx)
    else:
        turned = filters[..., ::-1, ::-1].swapaxes(1, 2)
        no_bias = np.zeros(groups * C, w.dtype)
        columns.forward(workers, dy, turned, no_bias, stride, around, dx)


def weight_gradient(
    workers: Workers, dy: Host, x: Host, w: Host, stride: Pair, padding: Pair, groups: int
) -> tuple[Host, Host]:
    """dw, in w's shape, and db (F,)."""
    F, C, *kernel = w.shape
    shape = (groups, F // groups, C, *kernel)
    if tiles_pay(dy.shape, w, stride, groups):
        dw, db = tiles.weight_gradient(workers, dy, x, shape, padding)
    elif goes_direct(w):
        dw, db = direct.weight_gradient(workers, dy, x, shape, stride, padding)
    else:
        dw, db = columns.weight_gradient(workers, dy, x, shape, stride, padding)
    return dw.reshape(w.shape), db.reshape(F)
