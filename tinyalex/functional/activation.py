"""ReLU, and the tanh that it replaced (paper, section 3.1)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array, new


def relu(x: Array) -> Array:
    """y = max(x, 0); a NaN stays a NaN, so that it is noticed."""
    return array_namespace(x).maximum(x, new(x, ()))


def relu_backward(dy: Array, y: Array) -> Array:
    """The gradient passes where ``y``, the result of `relu`, is positive; elsewhere it is 0."""
    return dy * array_namespace(dy).astype(y > 0, dy.dtype)


def tanh(x: Array) -> Array:
    """y = tanh(x), between -1 and 1."""
    return array_namespace(x).tanh(x)


def tanh_backward(dy: Array, y: Array) -> Array:
    """The slope is 1 - y**2: almost zero at both ends, so a network with tanh learns slowly."""
    return dy * (1 - y * y)
