"""Response normalisation: large activities reduce their neighbours (paper, section 3.3)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array, Shape


def local_response_norm(
    x: Array, size: int, alpha: float, beta: float, k: float, axes: Shape = (1,)
) -> tuple[Array, Array]:
    """Divide by a power of the energy of ``size`` neighbouring channels: (N, C, H, W).

    y = x / scale**beta, scale = k + alpha * sum of x**2 over the channels around each; ``alpha``
    is not divided by ``size``. Returns ``y`` and ``scale``, which the backward pass needs.

    Examples
    --------
    >>> x = np.full((1, 5, 1, 1), 100.0)  # the paper's size, alpha, beta and k:
    >>> y, scale = local_response_norm(x, size=5, alpha=1e-4, beta=0.75, k=2)
    >>> scale.ravel()  # 2 + 1e-4 * 100**2 * 5 in the middle; channels 0 and 4 have 3 neighbours
    array([5., 6., 7., 6., 5.])
    >>> y.ravel().round(1)  # 100 / scale**0.75
    array([29.9, 26.1, 23.2, 26.1, 29.9])
    """
    energy = x * x
    for axis in axes:
        energy = _neighbour_sum(energy, size // 2, (size - 1) // 2, axis)
    scale = k + alpha * energy
    return x * _power(scale, beta), scale


def local_response_norm_backward(
    dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float, axes: Shape = (1,)
) -> Array:
    """x_i acts on its own output, and through the scale of every window that contains it: dx.

    dx_i = dy_i * scale_i**-beta - 2 * alpha * beta * x_i * sum of dy_j * x_j * scale_j**(-beta-1)
    over the j whose window contains i: the forward window, flipped.

    Examples
    --------
    >>> x = np.array([0.0, 1, 3]).reshape(1, 3, 1, 1)
    >>> y, scale = local_response_norm(x, size=1, alpha=1, beta=1, k=1)  # y = x / (1 + x**2)
    >>> dx = local_response_norm_backward(np.ones_like(x), x, scale, size=1, alpha=1, beta=1)
    >>> dx.ravel()  # (1 - x**2) / (1 + x**2)**2
    array([ 1.  ,  0.  , -0.08])
    """
    own = dy * _power(scale, beta)
    through_scale = own * x / scale
    for axis in axes:
        through_scale = _neighbour_sum(through_scale, (size - 1) // 2, size // 2, axis)
    return own - (2 * alpha * beta) * x * through_scale


def spatial_response_norm(
    x: Array, size: int, alpha: float, beta: float, k: float
) -> tuple[Array, Array]:
    """The same over ``size`` x ``size`` neighbours in one channel (cuda-convnet's ``rnorm``).

    Examples
    --------
    >>> x = np.full((1, 1, 3, 3), 100.0)
    >>> y, scale = spatial_response_norm(x, size=3, alpha=1e-4, beta=0.75, k=2)
    >>> scale[0, 0]  # 2, and 1 for each of the 4, 6 or 9 pixels in reach
    array([[ 6.,  8.,  6.],
           [ 8., 11.,  8.],
           [ 6.,  8.,  6.]])
    """
    return local_response_norm(x, size, alpha, beta, k, axes=(2, 3))


def spatial_response_norm_backward(
    dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
) -> Array:
    """Gradient of `spatial_response_norm` with respect to ``x``: (N, C, H, W).

    Examples
    --------
    >>> x = np.ones((1, 1, 1, 2))
    >>> y, scale = spatial_response_norm(x, size=3, alpha=1, beta=1, k=1)  # y = 1/3 each
    >>> dy = np.array([[[[9.0, 0]]]])
    >>> spatial_response_norm_backward(dy, x, scale, size=3, alpha=1, beta=1)  # 9 * (1/3 - 2/9), -2
    array([[[[ 1., -2.]]]])
    """
    return local_response_norm_backward(dy, x, scale, size, alpha, beta, axes=(2, 3))


def _neighbour_sum(s: Array, before: int, after: int, axis: int) -> Array:
    """Add to each element its neighbours along ``axis``, from ``before`` to ``after``."""
    xp = array_namespace(s)
    s = xp.moveaxis(s, axis, 0)
    total = s + 0.0  # a copy
    for d in range(1, min(before, s.shape[0] - 1) + 1):
        total[d:, ...] += s[:-d, ...]
    for d in range(1, min(after, s.shape[0] - 1) + 1):
        total[:-d, ...] += s[d:, ...]
    return xp.moveaxis(total, 0, axis)


def _power(scale: Array, beta: float) -> Array:
    """``scale ** -beta``; for the paper's beta, 0.75, two square roots are ten times faster."""
    if beta != 0.75:
        return scale**-beta
    xp = array_namespace(scale)
    root = 1 / xp.sqrt(scale)
    return root * xp.sqrt(root)
