"""Every kernel in plain NumPy: the definition that the other backends are tested against.

Legend: N C H W batch, channels, height, width; KH KW kernel; OH OW output. A window's pixel
(i, j) of all windows at once is the strided slice ``x[:, :, i::stride, j::stride]``: most
kernels below are one loop over (i, j).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided

Pair = tuple[int, int]


def out_size(size: int, kernel: int, stride: int, padding: int) -> int:
    """How many windows fit along one axis."""
    return (size + 2 * padding - kernel) // stride + 1


# ---------------------------------------------------------------------- convolution


def im2col(x: np.ndarray, kernel: Pair, stride: Pair, padding: Pair) -> np.ndarray:
    """(N, C, H, W) -> (N, C*KH*KW, OH*OW): each window becomes a column."""
    N, C, H, W = x.shape
    (KH, KW), (sh, sw) = kernel, stride
    OH = out_size(H, KH, sh, padding[0])
    OW = out_size(W, KW, sw, padding[1])
    x = pad(x, padding)
    n, c, h, w = x.strides
    windows = as_strided(  # a view: no pixel is copied yet
        x, (N, C, KH, KW, OH, OW), (n, c, h, w, h * sh, w * sw), writeable=False
    )
    return windows.reshape(N, C * KH * KW, OH * OW)


def col2im(
    cols: np.ndarray, x_shape: Sequence[int], kernel: Pair, stride: Pair, padding: Pair
) -> np.ndarray:
    """(N, C*KH*KW, OH*OW) -> (N, C, H, W): each column is added back into its window."""
    N, C, H, W = x_shape
    (KH, KW), (sh, sw), (ph, pw) = kernel, stride, padding
    OH, OW = out_size(H, KH, sh, ph), out_size(W, KW, sw, pw)
    cols = cols.reshape(N, C, KH, KW, OH, OW)
    x = np.zeros((N, C, H + 2 * ph, W + 2 * pw), dtype=cols.dtype)
    for i in range(KH):
        for j in range(KW):
            x[:, :, i : i + sh * OH : sh, j : j + sw * OW : sw] += cols[:, :, i, j]
    return x[:, :, ph : ph + H, pw : pw + W]


def pad(x: np.ndarray, padding: Pair) -> np.ndarray:
    """Put zeros around each image."""
    ph, pw = padding
    if ph == pw == 0:
        return x
    N, C, H, W = x.shape
    padded = np.zeros((N, C, H + 2 * ph, W + 2 * pw), dtype=x.dtype)
    padded[:, :, ph : ph + H, pw : pw + W] = x
    return padded


# ---------------------------------------------------------------------- pooling


def window_views(
    x: np.ndarray, kernel: Pair, stride: Pair, out_hw: Pair
) -> Iterator[tuple[int, np.ndarray, tuple[slice, ...]]]:
    """For each position in the window: its number, those pixels, and the windows that have it.

    In ceil mode the last windows reach over the edge; they lack some positions, so the pixels
    (a view of ``x``) belong to the outputs ``[..., :oh, :ow]`` only.
    """
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            pixels = x[:, :, i :: stride[0], j :: stride[1]][:, :, : out_hw[0], : out_hw[1]]
            oh, ow = pixels.shape[2:]
            yield i * kernel[1] + j, pixels, (..., slice(oh), slice(ow))  # type: ignore[misc]


def max_pool(
    x: np.ndarray, kernel: Pair, stride: Pair, out_hw: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Each window's maximum, and at which position of the window it stands."""
    y = np.full((*x.shape[:2], *out_hw), -np.inf, dtype=x.dtype)
    for _, pixels, has in window_views(x, kernel, stride, out_hw):
        np.maximum(y[has], pixels, out=y[has])
    size = kernel[0] * kernel[1]
    rank = np.zeros(y.shape, dtype=position_dtype(kernel))  # size - position
    for position, pixels, has in window_views(x, kernel, stride, out_hw):
        is_maximum = (pixels == y[has]).astype(rank.dtype)
        is_maximum *= rank.dtype.type(size - position)
        np.maximum(rank[has], is_maximum, out=rank[has])  # ends with the first of equals
    return y, (size - rank) % size  # a window with a NaN has rank 0: call it position 0


def position_dtype(kernel: Pair) -> np.dtype:
    """A byte holds a position in most windows."""
    return np.dtype(np.uint8 if kernel[0] * kernel[1] < 256 else np.uint16)


def max_pool_backward(
    dy: np.ndarray, where: np.ndarray, x_shape: Sequence[int], kernel: Pair, stride: Pair
) -> np.ndarray:
    """Only the maximum of a window moves its output; where windows overlap, they add up."""
    N, C, H, W = x_shape
    OH, OW = dy.shape[2:]
    in_window = np.arange(kernel[0])[:, None] * W + np.arange(kernel[1])  # from its corner
    corner = np.arange(OH)[:, None] * (stride[0] * W) + np.arange(OW) * stride[1]
    corner = corner + np.arange(N * C).reshape(N, C, 1, 1) * (H * W)
    source = corner + in_window.reshape(-1)[where]  # the maximum's place in all of x
    dx = np.bincount(source.reshape(-1), weights=dy.reshape(-1), minlength=N * C * H * W)
    return dx.astype(dy.dtype).reshape(N, C, H, W)


def avg_pool(x: np.ndarray, kernel: Pair, stride: Pair, out_hw: Pair) -> np.ndarray:
    """Each window's mean over the inputs that it really has."""
    y = np.zeros((*x.shape[:2], *out_hw), dtype=x.dtype)
    for _, pixels, has in window_views(x, kernel, stride, out_hw):
        y[has] += pixels
    y /= window_counts(x.shape, kernel, stride, out_hw, x.dtype)
    return y


def avg_pool_backward(
    dy: np.ndarray, x_shape: Sequence[int], kernel: Pair, stride: Pair
) -> np.ndarray:
    """Each input of a window gets an equal share of its dy."""
    out_hw: Pair = dy.shape[2:]
    share = dy / window_counts(x_shape, kernel, stride, out_hw, dy.dtype)
    dx = np.zeros(x_shape, dtype=dy.dtype)
    for _, pixels, has in window_views(dx, kernel, stride, out_hw):
        pixels += share[has]
    return dx


def window_counts(
    x_shape: Sequence[int], kernel: Pair, stride: Pair, out_hw: Pair, dtype: np.dtype
) -> np.ndarray:
    """How many inputs each (clipped) window has: (OH, OW)."""
    rows = np.minimum(kernel[0], x_shape[2] - np.arange(out_hw[0]) * stride[0])
    columns = np.minimum(kernel[1], x_shape[3] - np.arange(out_hw[1]) * stride[1])
    return (rows[:, None] * columns[None, :]).astype(dtype)


# ---------------------------------------------------------------------- response normalisation


def shifted_sum(s: np.ndarray, before: int, after: int, axis: int) -> np.ndarray:
    """Add to each element its neighbours along ``axis``, ``before`` below to ``after`` above."""
    s = np.moveaxis(s, axis, 0)
    total = s.copy()
    for d in range(1, min(before, len(s) - 1) + 1):
        total[d:] += s[:-d]
    for d in range(1, min(after, len(s) - 1) + 1):
        total[:-d] += s[d:]
    return np.moveaxis(total, 0, axis)


def inverse_power(scale: np.ndarray, beta: float) -> np.ndarray:
    """``scale ** -beta``; for the paper's beta two square roots are ten times faster."""
    if beta != 0.75:
        return np.asarray(scale**-beta)
    root: np.ndarray = 1 / np.sqrt(scale)
    root *= np.sqrt(root)
    return root


def _norm(
    x: np.ndarray, axes: Sequence[int], size: int, alpha: float, beta: float, k: float
) -> tuple[np.ndarray, np.ndarray]:
    scale = x * x
    for axis in axes:
        scale = shifted_sum(scale, size // 2, (size - 1) // 2, axis)
    scale *= alpha
    scale += k
    return x * inverse_power(scale, beta), scale


def _norm_backward(
    dy: np.ndarray,
    x: np.ndarray,
    scale: np.ndarray,
    axes: Sequence[int],
    size: int,
    alpha: float,
    beta: float,
) -> np.ndarray:
    """x_i acts on its own output, and through the scale of every window that it stands in."""
    factor = inverse_power(scale, beta)
    own: np.ndarray = dy * factor
    through_scale = own * x
    through_scale /= scale
    for axis in axes:  # the windows that hold i: the forward window, mirrored
        through_scale = shifted_sum(through_scale, (size - 1) // 2, size // 2, axis)
    through_scale *= x
    through_scale *= 2 * alpha * beta
    own -= through_scale
    return own


def cross_map_norm(
    x: np.ndarray, size: int, alpha: float, beta: float, k: float
) -> tuple[np.ndarray, np.ndarray]:
    """The paper's normalisation (section 3.3): over neighbouring channels."""
    return _norm(x, (1,), size, alpha, beta, k)


def cross_map_norm_backward(
    dy: np.ndarray, x: np.ndarray, scale: np.ndarray, size: int, alpha: float, beta: float
) -> np.ndarray:
    return _norm_backward(dy, x, scale, (1,), size, alpha, beta)


def same_map_norm(
    x: np.ndarray, size: int, alpha: float, beta: float, k: float
) -> tuple[np.ndarray, np.ndarray]:
    """cuda-convnet's ``rnorm``: over a square of neighbours in the same channel."""
    return _norm(x, (2, 3), size, alpha, beta, k)


def same_map_norm_backward(
    dy: np.ndarray, x: np.ndarray, scale: np.ndarray, size: int, alpha: float, beta: float
) -> np.ndarray:
    return _norm_backward(dy, x, scale, (2, 3), size, alpha, beta)


# ---------------------------------------------------------------------- ReLU


def relu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Keep what is positive."""
    y: np.ndarray = np.maximum(x, 0, out=out)
    return y


def relu_backward(dy: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """dy counts where y could move."""
    dx: np.ndarray = np.multiply(dy, y > 0, out=out)
    return dx


# ---------------------------------------------------------------------- optimizer, augmentation


def sgd_step(
    w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, weight_decay: float
) -> None:
    """v = momentum * v - lr * (weight_decay * w + g); w = w + v. In place."""
    step = w * weight_decay
    step += g
    step *= lr
    v *= momentum
    v -= step
    w += v


def augment(
    images: np.ndarray,
    tops: np.ndarray,
    lefts: np.ndarray,
    mirrors: np.ndarray,
    crop: Pair,
    mean: np.ndarray | None,
    colour: np.ndarray | None,
    scale: float | np.ndarray,
) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, C, CH, CW): crop, mirror, mean, colour, scale."""
    N, C = images.shape[0], images.shape[3]
    x = np.empty((N, C, *crop), dtype=np.float32)
    for i, (top, left, mirror) in enumerate(zip(tops, lefts, mirrors, strict=True)):
        window = images[i, top : top + crop[0], left : left + crop[1]]
        x[i] = (window[:, ::-1] if mirror else window).transpose(2, 0, 1)
    if mean is not None:
        x -= mean
    if colour is not None:
        x += colour[:, :, None, None]
    x *= np.asarray(scale, np.float32).reshape(-1, 1, 1)
    return x
