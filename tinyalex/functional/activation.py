"""ReLU, and the tanh that it replaced (paper, section 3.1)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array, new


def relu(x: Array) -> Array:
    """y = max(x, 0); a NaN stays a NaN, so that it is noticed.

    Examples
    --------
    >>> relu(np.array([-1.0, 0, 2]))
    array([0., 0., 2.])
    """
    return array_namespace(x).maximum(x, new(x, ()))


def relu_backward(dy: Array, y: Array) -> Array:
    """The gradient passes where ``y``, the result of `relu`, is positive; elsewhere it is 0.

    Examples
    --------
    >>> relu_backward(np.array([5.0, 5, 5]), y=np.array([0.0, 0, 2]))
    array([0., 0., 5.])
    """
    return dy * array_namespace(dy).astype(y > 0, dy.dtype)


def tanh(x: Array) -> Array:
    """y = tanh(x), between -1 and 1.

    Examples
    --------
    >>> tanh(np.array([-10.0, -1, 0, 1])).round(2)
    array([-1.  , -0.76,  0.  ,  0.76])
    """
    return array_namespace(x).tanh(x)


def tanh_backward(dy: Array, y: Array) -> Array:
    """The slope is 1 - y**2: almost zero at both ends, so a network with tanh learns slowly.

    Examples
    --------
    >>> tanh_backward(np.ones(3), y=np.array([-0.9, 0, 0.5]))
    array([0.19, 1.  , 0.75])
    """
    return dy * (1 - y * y)
