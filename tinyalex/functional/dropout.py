"""Dropout (paper, section 4.2)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array


def dropout(x: Array, draw: Array, p: float, inverted: bool = True) -> tuple[Array, Array]:
    """Make each number zero with probability ``p``.

    Parameters
    ----------
    draw : uniform random numbers in [0, 1), in the shape of ``x``
    inverted : bool
        Whether the kept numbers are multiplied by 1/(1-p), so that the mean stays (PyTorch,
        Caffe). The paper keeps them as they are and multiplies all by 1-p at test time instead.

    Returns
    -------
    y, and the mask: 0 where a number was dropped, else 1 or 1/(1-p)

    Examples
    --------
    >>> x, draw = np.array([4.0, 4, 4, 4]), np.array([0.1, 0.7, 0.5, 0.4])
    >>> y, mask = dropout(x, draw, p=0.5)
    >>> y, mask
    (array([0., 8., 8., 0.]), array([0., 2., 2., 0.]))
    """
    mask = array_namespace(x).astype(draw >= p, x.dtype)
    if inverted:
        mask = mask / (1 - p)
    return x * mask, mask


def dropout_backward(dy: Array, mask: Array) -> Array:
    """The gradient passes, scaled like the number, where the number was kept; else it is 0.

    Examples
    --------
    >>> dropout_backward(np.array([1.0, 1, 1]), mask=np.array([0.0, 2, 2]))
    array([0., 2., 2.])
    """
    return dy * mask
