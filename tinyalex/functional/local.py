"""A convolution that does not share its weights (cuda-convnet's ``local`` layer).

Used by the 13 % and 11 % nets on CIFAR-10 (``layers-conv-local-13pct.cfg``). Each position is a
small fully connected layer on its window: (F, K) times (K, N), with the images of a batch last.
"""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array, Pair, new, pair, taps


def local_conv2d(
    x: Array, weight: Array, bias: Array, stride: Pair = 1, padding: Pair = 0
) -> Array:
    """Like `conv2d`, with different filters at each output position: (N, F, OH, OW).

    ``weight`` is (OH, OW, F, C, KH, KW), ``bias`` (OH, OW, F).

    Examples
    --------
    >>> x = np.array([[[[1, 2], [3, 4]]]])
    >>> weight = np.array([10, 20, 30, 40]).reshape(2, 2, 1, 1, 1, 1)  # a 1 x 1 filter per pixel
    >>> local_conv2d(x, weight, bias=np.zeros((2, 2, 1), int))[0, 0]
    array([[ 10,  40],
           [ 90, 160]])
    """
    xp = array_namespace(x, weight)
    OH, OW, F, C, KH, KW = weight.shape
    w = xp.reshape(weight, (OH, OW, F, C * KH * KW))
    y = xp.matmul(w, _columns(x, weight, stride, padding)) + bias[..., None]  # (OH, OW, F, N)
    return xp.permute_dims(y, (3, 2, 0, 1))


def local_conv2d_backward(
    dy: Array, x: Array, weight: Array, stride: Pair = 1, padding: Pair = 0, needs_dx: bool = True
) -> tuple[Array | None, Array, Array]:
    """Gradients of `local_conv2d`: dx or None, dw, db; no weights are shared, so dw is no sum.

    Examples
    --------
    >>> x = np.array([[[[1, 2], [3, 4]]]])
    >>> weight = np.array([10, 20, 30, 40]).reshape(2, 2, 1, 1, 1, 1)
    >>> dx, dw, db = local_conv2d_backward(np.ones_like(x), x, weight)
    >>> dx.ravel(), dw.ravel(), db.ravel()
    (array([10, 20, 30, 40]), array([1, 2, 3, 4]), array([1, 1, 1, 1]))
    """
    xp = array_namespace(dy, x, weight)
    OH, OW, F, C, KH, KW = weight.shape
    (N, _, H, W), (ph, pw) = x.shape, pair(padding)
    g = new(x, (OH, OW, F, N), None)
    g[...] = xp.permute_dims(dy, (2, 3, 1, 0))
    dw = xp.matmul(g, _columns(x, weight, stride, padding).mT)  # (OH, OW, F, K)
    dx = None
    if needs_dx:
        dcols = xp.matmul(xp.reshape(weight, dw.shape).mT, g)  # (OH, OW, K, N)
        dcols = xp.reshape(dcols, (OH, OW, C, KH * KW, N))
        dx = new(x, (C, H + 2 * ph, W + 2 * pw, N))
        for tap, (_, *pixels) in enumerate(taps((KH, KW), pair(stride), (OH, OW))):
            dx[:, *pixels, :] += xp.permute_dims(dcols[:, :, :, tap, :], (2, 0, 1, 3))
        dx = xp.permute_dims(dx[:, ph : ph + H, pw : pw + W, :], (3, 0, 1, 2))
    return dx, xp.reshape(dw, weight.shape), xp.sum(g, axis=3)


def _columns(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """`im2col` with the images last: (OH, OW, K, N)."""
    xp = array_namespace(x)
    OH, OW, _, C, KH, KW = weight.shape
    (N, _, H, W), (ph, pw) = x.shape, pair(padding)
    padded = new(x, (C, H + 2 * ph, W + 2 * pw, N))
    padded[:, ph : ph + H, pw : pw + W, :] = xp.permute_dims(x, (1, 2, 3, 0))
    cols = new(x, (OH, OW, C, KH * KW, N), None)
    for tap, (_, *pixels) in enumerate(taps((KH, KW), pair(stride), (OH, OW))):
        cols[:, :, :, tap, :] = xp.permute_dims(padded[:, *pixels, :], (1, 2, 0, 3))
    return xp.reshape(cols, (OH, OW, C * KH * KW, N))
