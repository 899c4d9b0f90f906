"""What the operations share: pairs, windows, and new arrays like another array.

Legend of this folder: N C H W batch, channels, height, width; F filters; KH KW kernel; OH OW
output; G groups; K = C/G * KH * KW; P = OH * OW. ``d`` before a name is the gradient of the loss
with respect to it. A *tap* is one position in a window, counted row by row: kh * KW + kw.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from array_api_compat import array_namespace

Array = Any
Shape = Sequence[int]
Pair = int | Sequence[int]  # one number for both axes, or (height, width)


def pair(value: Pair) -> tuple[int, int]:
    """Read one number for both axes, or a (height, width) pair."""
    height, width = (value, value) if isinstance(value, int) else value
    return height, width


def out_hw(
    x_shape: Shape, kernel_size: Pair, stride: Pair, padding: Pair = 0, ceil_mode: bool = False
) -> tuple[int, int]:
    """How many windows fit into images of ``x_shape`` (N, C, H, W): OH and OW.

    With ``ceil_mode`` the last window may reach over the edge, but starts inside (PyTorch's rule).

    Examples
    --------
    >>> out_hw((128, 3, 227, 227), kernel_size=11, stride=4)  # AlexNet's conv1: (227 - 11) / 4 + 1
    (55, 55)
    >>> out_hw((1, 1, 6, 6), 3, 2), out_hw((1, 1, 6, 6), 3, 2, ceil_mode=True)
    ((2, 2), (3, 3))
    """
    counts = []
    how = map(pair, (kernel_size, stride, padding))
    for size, kernel, step, p in zip(x_shape[2:], *how, strict=True):
        room = size + 2 * p - kernel
        count = (-(-room // step) if ceil_mode else room // step) + 1
        counts.append(count - 1 if ceil_mode and (count - 1) * step >= size + p else count)
    return counts[0], counts[1]


def taps(kernel_size: Pair, stride: Pair, out_hw: Shape) -> Iterator[tuple[Any, ...]]:
    """For each tap, the pixels that it reads in all windows at once: ``x[pixels]``.

    That is (N, C, OH, OW): every stride-th row and column, from the tap's own on.
    """
    (KH, KW), (sh, sw), (OH, OW) = pair(kernel_size), pair(stride), out_hw
    for kh in range(KH):
        for kw in range(KW):
            rows = slice(kh, kh + sh * (OH - 1) + 1, sh)
            yield ..., rows, slice(kw, kw + sw * (OW - 1) + 1, sw)


def pad(x: Array, rows: Shape, columns: Shape, value: float = 0.0) -> Array:
    """Put ``rows`` (above, below) and ``columns`` (left, right) of ``value`` around each image."""
    (top, bottom), (left, right) = rows, columns
    if top == bottom == left == right == 0:
        return x
    N, C, H, W = x.shape
    padded = new(x, (N, C, top + H + bottom, left + W + right), value)
    padded[:, :, top : top + H, left : left + W] = x
    return padded


def new(x: Array, shape: Shape, value: float | None = 0.0) -> Array:
    """An array full of ``value`` (None: uninitialised), with ``x``'s module, dtype and device."""
    xp, how = array_namespace(x), {"dtype": x.dtype, "device": x.device}
    return xp.empty(tuple(shape), **how) if value is None else xp.full(tuple(shape), value, **how)
