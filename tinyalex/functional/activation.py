"""ReLU, and the tanh that it replaced (paper, section 3.1)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array, new


def relu(x: Array) -> Array:
    """Let positive numbers pass, make the rest zero; a NaN stays a NaN, and is noticed."""
    return array_namespace(x).maximum(x, new(x, ()))


def relu_backward(dy: Array, y: Array) -> Array:
    """``dy`` counts where ``y``, the result of `relu`, is positive; elsewhere nothing moved."""
    return dy * array_namespace(dy).astype(y > 0, dy.dtype)


def tanh(x: Array) -> Array:
    """Squash to (-1, 1)."""
    return array_namespace(x).tanh(x)


def tanh_backward(dy: Array, y: Array) -> Array:
    """The slope of tanh is 1 - y**2: it vanishes at both ends, which is what makes tanh slow."""
    return dy * (1 - y * y)
