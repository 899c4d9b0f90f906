"""Every kernel as plain loops over its definition: slow, and short enough to be believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Host = np.ndarray[Any, Any]
Pair = tuple[int, int]


def im2col(x: Host, kernel: Pair, stride: Pair, padding: Pair) -> Host:
    N, C, H, W = x.shape
    OH = (H + 2 * padding[0] - kernel[0]) // stride[0] + 1
    OW = (W + 2 * padding[1] - kernel[1]) // stride[1] + 1
    cols = np.zeros((N, C, *kernel, OH, OW), dtype=x.dtype)
    for n, c, kh, kw, oh, ow in np.ndindex(*cols.shape):
        h, w = oh * stride[0] + kh - padding[0], ow * stride[1] + kw - padding[1]
        if 0 <= h < H and 0 <= w < W:
            cols[n, c, kh, kw, oh, ow] = x[n, c, h, w]
    return cols.reshape(N, C * kernel[0] * kernel[1], OH * OW)


def col2im(cols: Host, x_shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pair) -> Host:
    N, C, H, W = x_shape
    OH = (H + 2 * padding[0] - kernel[0]) // stride[0] + 1
    OW = (W + 2 * padding[1] - kernel[1]) // stride[1] + 1
    cols = cols.reshape(N, C, *kernel, OH, OW)
    x = np.zeros(x_shape, dtype=cols.dtype)
    for n, c, kh, kw, oh, ow in np.ndindex(*cols.shape):
        h, w = oh * stride[0] + kh - padding[0], ow * stride[1] + kw - padding[1]
        if 0 <= h < H and 0 <= w < W:
            x[n, c, h, w] += cols[n, c, kh, kw, oh, ow]
    return x


def convolve(
    x: Host, weight: Host, bias: Host, stride: Pair, padding: Pair, groups: int = 1
) -> Host:
    """The definition of a grouped convolution: filter f sees the channels of its own group."""
    N, C, H, W = x.shape
    F, K, KH, KW = weight.shape
    OH = (H + 2 * padding[0] - KH) // stride[0] + 1
    OW = (W + 2 * padding[1] - KW) // stride[1] + 1
    y = np.zeros((N, F, OH, OW), dtype=x.dtype)
    for n, f, oh, ow in np.ndindex(*y.shape):
        first = f // (F // groups) * K
        y[n, f, oh, ow] = bias[f]
        for c, kh, kw in np.ndindex(K, KH, KW):
            h, w = oh * stride[0] + kh - padding[0], ow * stride[1] + kw - padding[1]
            if 0 <= h < H and 0 <= w < W:
                y[n, f, oh, ow] += x[n, first + c, h, w] * weight[f, c, kh, kw]
    return y


def windows(
    shape: tuple[int, ...], kernel: Pair, stride: Pair, out_hw: Pair
) -> Iterator[tuple[int, int, int, int, slice, slice]]:
    """Yield (n, c, oh, ow, rows, columns) of every pooling window, clipped to the input."""
    N, C, H, W = shape
    for n, c, oh, ow in np.ndindex(N, C, *out_hw):
        top, left = oh * stride[0], ow * stride[1]
        rows = slice(top, min(top + kernel[0], H))
        yield n, c, oh, ow, rows, slice(left, min(left + kernel[1], W))


def max_pool2d(x: Host, kernel: Pair, stride: Pair, out_hw: Pair) -> Host:
    y = np.empty((*x.shape[:2], *out_hw), dtype=x.dtype)
    for n, c, oh, ow, rows, columns in windows(x.shape, kernel, stride, out_hw):
        y[n, c, oh, ow] = x[n, c, rows, columns].max()
    return y


def max_pool2d_backward(dy: Host, x: Host, kernel: Pair, stride: Pair) -> Host:
    """The first maximum of each window, row by row, gets the whole gradient."""
    dx = np.zeros(x.shape, dtype=x.dtype)
    for n, c, oh, ow, rows, columns in windows(x.shape, kernel, stride, dy.shape[2:]):
        window = x[n, c, rows, columns]
        h, w = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, rows.start + h, columns.start + w] += dy[n, c, oh, ow]
    return dx


def avg_pool2d(x: Host, kernel: Pair, stride: Pair, out_hw: Pair) -> Host:
    y = np.empty((*x.shape[:2], *out_hw), dtype=x.dtype)
    for n, c, oh, ow, rows, columns in windows(x.shape, kernel, stride, out_hw):
        y[n, c, oh, ow] = x[n, c, rows, columns].mean()
    return y


def avg_pool2d_backward(dy: Host, x_shape: tuple[int, ...], kernel: Pair, stride: Pair) -> Host:
    dx = np.zeros(x_shape, dtype=dy.dtype)
    for n, c, oh, ow, rows, columns in windows(x_shape, kernel, stride, dy.shape[2:]):
        window = dx[n, c, rows, columns]
        window += dy[n, c, oh, ow] / window.size
    return dx


def local_response_norm(x: Host, size: int, alpha: float, beta: float, k: float) -> Host:
    y = np.empty(x.shape, dtype=x.dtype)
    for c in range(x.shape[1]):
        first = max(0, c - size // 2)
        neighbours = x[:, first : c - size // 2 + size]
        y[:, c] = x[:, c] / (k + alpha * (neighbours**2).sum(axis=1)) ** beta
    return y


def spatial_response_norm(x: Host, size: int, alpha: float, beta: float, k: float) -> Host:
    y = np.empty(x.shape, dtype=x.dtype)
    for h, w in np.ndindex(*x.shape[2:]):
        top, left = h - size // 2, w - size // 2
        neighbours = x[:, :, max(0, top) : top + size, max(0, left) : left + size]
        scale = k + alpha * (neighbours**2).sum(axis=(2, 3))
        y[:, :, h, w] = x[:, :, h, w] / scale**beta
    return y


def augment(
    images: Host,
    tops: Host,
    lefts: Host,
    mirrors: Host,
    crop: Pair,
    mean: Host | None,
    colour: Host | None,
    scale: float | Host,
) -> Host:
    N, C = images.shape[0], images.shape[3]
    x = np.empty((N, C, *crop), dtype=np.float32)
    for n, c, h, w in np.ndindex(*x.shape):
        column = crop[1] - 1 - w if mirrors[n] else w
        value = float(images[n, tops[n] + h, lefts[n] + column, c])
        if mean is not None:
            value -= float(np.broadcast_to(mean, (C, *crop))[c, h, w])
        if colour is not None:
            value += float(colour[n, c])
        x[n, c, h, w] = value * float(np.broadcast_to(scale, (C,))[c])
    return x
