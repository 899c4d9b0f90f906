"""Convolutions on the Numba backend: which of two ways.

Direct: the columns of some output rows, and one matrix product (``numba_columns.py``). Winograd's,
for 3x3 and 5x5 filters: tiles of pixels, and a quarter of the products (``numba_tiles.py``).
Gradients of the weights are added up over a fixed number of parts in a fixed order, so that they
do not depend on the number of threads. Legend as in ``base.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinyalex.backends import numba_columns as columns
from tinyalex.backends import numba_tiles as tiles
from tinyalex.backends.base import Pair

if TYPE_CHECKING:
    from tinyalex.backends.numba import NumbaBackend

Host = np.ndarray[Any, Any]

# Winograd pays from here on: tiles in a batch (the filters are transformed once), and channels.
LEAST_TILES, LEAST_CHANNELS = 192, 16


def winograd_pays(y_shape: tuple[int, ...], w: Host, stride: Pair, groups: int) -> bool:
    """Whether tiles beat columns: float32, stride 1, 3x3 or 5x5, enough of everything."""
    F, C, *kernel = w.shape
    down, across = tiles.grid_of(y_shape)
    return (
        w.dtype == np.float32
        and stride == (1, 1)
        and kernel in ([3, 3], [5, 5])
        and y_shape[0] * down * across >= LEAST_TILES
        and min(C, F // groups) >= LEAST_CHANNELS
    )


def forward(
    backend: NumbaBackend,
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
    if winograd_pays(y.shape, w, stride, groups):
        tiles.forward(backend, x, filters, b, padding, y)
    else:
        columns.forward(backend, x, filters, b, stride, padding, y)


def input_gradient(
    backend: NumbaBackend,
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
        columns.input_gradient(backend, dy, filters, stride, padding, dx)
        return
    turned = filters[..., ::-1, ::-1].swapaxes(1, 2)
    no_bias = np.zeros(groups * C, w.dtype)
    if winograd_pays(dx.shape, w, stride, groups):
        tiles.forward(backend, dy, turned, no_bias, around, dx)
    else:
        columns.forward(backend, dy, turned, no_bias, stride, around, dx)


def weight_gradient(
    backend: NumbaBackend, dy: Host, x: Host, w: Host, stride: Pair, padding: Pair, groups: int
) -> tuple[Host, Host]:
    """dw, in w's shape, and db (F,)."""
    F, C, *kernel = w.shape
    shape = (groups, F // groups, C, *kernel)
    if winograd_pays(dy.shape, w, stride, groups):
        dw, db = tiles.weight_gradient(backend, dy, x, shape, padding)
    else:
        dw, db = columns.weight_gradient(backend, dy, x, shape, stride, padding)
    return dw.reshape(w.shape), db.reshape(F)
