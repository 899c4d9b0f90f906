"""Overlapping pooling (paper, section 3.4): windows 3 wide and 2 apart."""

from functools import reduce

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array, Pair, Shape, new, out_hw, pad, pair, taps


def max_pool2d(
    x: Array, kernel_size: Pair, stride: Pair, ceil_mode: bool = False
) -> tuple[Array, Array]:
    """Keep each window's maximum: (N, C, H, W) -> (N, C, OH, OW).

    Returns ``y`` and ``argmax``, both (N, C, OH, OW): the maximum, and the index of its tap,
    the first one of equals (0 where the maximum is NaN). With ``ceil_mode`` the last windows may
    reach over the lower and right edge.

    Examples
    --------
    >>> x = np.array([[[[1, 5, 2, 0, 3], [4, 0, 9, 1, 2], [7, 3, 6, 8, 0]]]])
    >>> max_pool2d(x, kernel_size=3, stride=2)  # the 9 is in both windows: its taps are 5 and 3
    (array([[[[9, 9]]]]), array([[[[5, 3]]]], dtype=uint8))
    """
    xp = array_namespace(x)
    hw = out_hw(x.shape, kernel_size, stride, ceil_mode=ceil_mode)
    x = _cover(x, kernel_size, stride, hw, -xp.inf)
    taps_of_x = [x[pixels] for pixels in taps(kernel_size, stride, hw)]  # (N, C, OH, OW) each
    y = reduce(xp.maximum, taps_of_x)
    argmax = xp.zeros(y.shape, dtype=position_dtype(xp, kernel_size), device=x.device)
    found = y != y  # a NaN equals nothing
    for tap in taps_of_x:
        found = found | (tap == y)
        argmax = argmax + xp.astype(~found, argmax.dtype)  # one more tap before the maximum
    return y, argmax


def max_pool2d_backward(
    dy: Array, argmax: Array, x_shape: Shape, kernel_size: Pair, stride: Pair
) -> Array:
    """Each dy goes to the maximum of its window; where windows overlap, gradients add up: dx.

    Examples
    --------
    >>> x = np.array([[[[1, 5, 2, 0, 3], [4, 0, 9, 1, 2], [7, 3, 6, 8, 0]]]])
    >>> y, argmax = max_pool2d(x, kernel_size=3, stride=2)
    >>> max_pool2d_backward(np.array([[[[10, 1]]]]), argmax, x.shape, 3, 2)[0, 0]
    array([[ 0,  0,  0,  0,  0],
           [ 0,  0, 11,  0,  0],
           [ 0,  0,  0,  0,  0]])
    """
    xp = array_namespace(dy)
    (N, C, *hw), (H, W) = dy.shape, x_shape[2:]
    dx = _cover(new(dy, (N, C, H, W)), kernel_size, stride, hw)
    for tap, pixels in enumerate(taps(kernel_size, stride, hw)):
        dx[pixels] += dy * xp.astype(argmax == tap, dy.dtype)
    return dx[:, :, :H, :W]


def avg_pool2d(x: Array, kernel_size: Pair, stride: Pair, ceil_mode: bool = False) -> Array:
    """Average each window: (N, C, H, W) -> (N, C, OH, OW); a clipped window counts its inputs.

    Examples
    --------
    >>> x = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    >>> avg_pool2d(x, kernel_size=2, stride=2, ceil_mode=True)[0, 0]  # windows 1 2 4 5, 3 6, 7 8, 9
    array([[3. , 4.5],
           [7.5, 9. ]])
    """
    hw = out_hw(x.shape, kernel_size, stride, ceil_mode=ceil_mode)
    sizes = _window_sizes(x, x.shape, kernel_size, stride, hw)
    x = _cover(x, kernel_size, stride, hw)
    return sum(x[tap] for tap in taps(kernel_size, stride, hw)) / sizes


def avg_pool2d_backward(dy: Array, x_shape: Shape, kernel_size: Pair, stride: Pair) -> Array:
    """Each input of a window gets an equal share of its dy: dx.

    Examples
    --------
    >>> dy = np.array([[[[4.0, 2], [2, 1]]]])  # of windows with 4, 2, 2 and 1 inputs
    >>> avg_pool2d_backward(dy, (1, 1, 3, 3), kernel_size=2, stride=2)[0, 0]
    array([[1., 1., 1.],
           [1., 1., 1.],
           [1., 1., 1.]])
    """
    (N, C, *hw), (H, W) = dy.shape, x_shape[2:]
    dx = _cover(new(dy, (N, C, H, W)), kernel_size, stride, hw)
    share = dy / _window_sizes(dy, x_shape, kernel_size, stride, hw)
    for pixels in taps(kernel_size, stride, hw):
        dx[pixels] += share
    return dx[:, :, :H, :W]


def position_dtype(xp: Array, kernel_size: Pair) -> Array:
    """The smallest integer dtype that holds a window's positions: one byte in most cases."""
    KH, KW = pair(kernel_size)
    return xp.uint8 if KH * KW < 256 else xp.uint16


def _cover(x: Array, kernel_size: Pair, stride: Pair, hw: Shape, value: float = 0.0) -> Array:
    """``x`` with room for windows that reach over the lower and right edge."""
    axes = zip(pair(kernel_size), pair(stride), x.shape[2:], hw, strict=True)
    below, right = (max(0, (n - 1) * step + kernel - size) for kernel, step, size, n in axes)
    return pad(x, (0, below), (0, right), value)


def _window_sizes(like: Array, x_shape: Shape, kernel_size: Pair, stride: Pair, hw: Shape) -> Array:
    """How many inputs each (clipped) window has: (OH, OW)."""
    (KH, KW), (sh, sw), (H, W), (OH, OW) = pair(kernel_size), pair(stride), x_shape[2:], hw
    columns = [min(KW, W - sw * ow) for ow in range(OW)]
    sizes = [[min(KH, H - sh * oh) * width for width in columns] for oh in range(OH)]
    return array_namespace(like).asarray(sizes, dtype=like.dtype, device=like.device)
