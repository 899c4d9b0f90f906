"""Convolution as im2col and one matrix product (paper, sections 3.2 and 3.5)."""

from collections.abc import Callable

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array, Pair, Shape, new, out_hw, pad, pair, taps


def im2col(x: Array, kernel_size: Pair, stride: Pair = 1, padding: Pair = 0) -> Array:
    """Write each window of ``x`` (N, C, H, W) as a column: (N, C*KH*KW, OH*OW).

    Examples
    --------
    >>> x = np.array([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]])
    >>> im2col(x, kernel_size=2)[0]  # the first column is the window 1 2 4 5
    array([[1, 2, 4, 5],
           [2, 3, 5, 6],
           [4, 5, 7, 8],
           [5, 6, 8, 9]])
    """
    xp = array_namespace(x)
    (N, C, _, _), (KH, KW), (ph, pw) = x.shape, pair(kernel_size), pair(padding)
    OH, OW = out_hw(x.shape, kernel_size, stride, padding)
    x = pad(x, (ph, ph), (pw, pw))  # (N, C, H + 2ph, W + 2pw)
    cols = new(x, (N, C, KH * KW, OH, OW), None)
    for tap, pixels in enumerate(taps(kernel_size, stride, (OH, OW))):
        cols[:, :, tap, :, :] = x[pixels]
    return xp.reshape(cols, (N, C * KH * KW, OH * OW))


def col2im(
    cols: Array, x_shape: Shape, kernel_size: Pair, stride: Pair = 1, padding: Pair = 0
) -> Array:
    """Add each column back into its window: the transpose of `im2col`, (N, C, H, W).

    Examples
    --------
    >>> col2im(np.ones((1, 4, 4)), (1, 1, 3, 3), kernel_size=2)[0, 0]  # windows that see a pixel
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    xp = array_namespace(cols)
    (N, C, H, W), (KH, KW), (ph, pw) = x_shape, pair(kernel_size), pair(padding)
    OH, OW = out_hw(x_shape, kernel_size, stride, padding)
    cols = xp.reshape(cols, (N, C, KH * KW, OH, OW))
    x = new(cols, (N, C, H + 2 * ph, W + 2 * pw))
    for tap, pixels in enumerate(taps(kernel_size, stride, (OH, OW))):
        x[pixels] += cols[:, :, tap, :, :]
    return x[:, :, ph : ph + H, pw : pw + W]


def conv2d(
    x: Array,
    weight: Array,
    bias: Array,
    stride: Pair = 1,
    padding: Pair = 0,
    groups: int = 1,
    *,
    im2col: Callable[..., Array] = im2col,
) -> Array:
    """Each output is a filter times a window, plus a bias: (N, C, H, W) -> (N, F, OH, OW).

    Parameters
    ----------
    weight, bias : (F, C/G, KH, KW) and (F,)
    groups : G groups of channels that do not see each other; the paper's two GPUs are 2
    im2col : another function that does the same: a device may have a faster one

    Examples
    --------
    >>> x = np.array([[[[1.0, 2, 0], [0, 1, 3], [2, 0, 1]]]])
    >>> weight = np.array([[[[1.0, 2], [3, 4]]]])
    >>> conv2d(x, weight, bias=np.zeros(1))[0, 0]  # the first: 1*1 + 2*2 + 3*0 + 4*1 = 9
    array([[ 9., 17.],
           [ 8., 11.]])
    """
    xp = array_namespace(x, weight)
    N, F, G = x.shape[0], weight.shape[0], groups
    window = weight.shape[2:], pair(stride), pair(padding)
    OH, OW = out_hw(x.shape, *window)
    cols = im2col(x, *window)  # (N, C*KH*KW, P)
    cols = xp.reshape(cols, (N, G, cols.shape[1] // G, OH * OW))  # (N, G, K, P)
    w = xp.reshape(weight, (G, F // G, cols.shape[2]))  # (G, F/G, K)
    y = xp.matmul(w, cols) + xp.reshape(bias, (G, F // G, 1))  # (N, G, F/G, P)
    return xp.reshape(y, (N, F, OH, OW))


def conv2d_backward(
    dy: Array,
    x: Array,
    weight: Array,
    stride: Pair = 1,
    padding: Pair = 0,
    groups: int = 1,
    needs_dx: bool = True,
    *,
    im2col: Callable[..., Array] = im2col,
    col2im: Callable[..., Array] = col2im,
) -> tuple[Array | None, Array, Array]:
    """Gradients of `conv2d`: dx (N, C, H, W) or None, dw (F, C/G, KH, KW), db (F,).

    y = w @ cols, so dw = dy @ cols.T and dcols = w.T @ dy; col2im leads from dcols back to dx.

    Examples
    --------
    >>> x = np.array([[[[1.0, 2, 0], [0, 1, 3], [2, 0, 1]]]])
    >>> weight = np.array([[[[1.0, 2], [3, 4]]]])
    >>> dx, dw, db = conv2d_backward(np.ones((1, 1, 2, 2)), x, weight)
    >>> dx[0, 0]  # the middle pixel meets all four weights: 1 + 2 + 3 + 4
    array([[ 1.,  3.,  2.],
           [ 4., 10.,  6.],
           [ 3.,  7.,  4.]])
    >>> dw[0, 0], db  # the first weight meets four pixels: 1 + 2 + 0 + 1
    (array([[4., 6.],
           [3., 5.]]), array([4.]))
    """
    xp = array_namespace(dy, x, weight)
    (N, F, OH, OW), G = dy.shape, groups
    window = weight.shape[2:], pair(stride), pair(padding)
    cols = im2col(x, *window)  # (N, C*KH*KW, P), as in conv2d
    cols = xp.reshape(cols, (N, G, cols.shape[1] // G, OH * OW))  # (N, G, K, P)
    g = xp.reshape(dy, (N, G, F // G, OH * OW))  # (N, G, F/G, P)
    dw = xp.sum(xp.matmul(g, cols.mT), axis=0)  # (G, F/G, K)
    db = xp.sum(dy, axis=(0, 2, 3))  # (F,)
    dx = None
    if needs_dx:
        dcols = xp.matmul(xp.reshape(weight, dw.shape).mT, g)  # (N, G, K, P)
        dcols = xp.reshape(dcols, (N, G * dcols.shape[2], OH * OW))  # (N, C*KH*KW, P)
        dx = col2im(dcols, x.shape, *window)
    return dx, xp.reshape(dw, weight.shape), db
