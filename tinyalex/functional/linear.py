"""The fully connected layer (paper, section 3.5)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """Every output is a weighted sum of every input, plus a bias: (N, in) -> (N, out).

    ``weight`` is (out, in), ``bias`` (out,).

    Examples
    --------
    >>> weight, bias = np.array([[3, 4], [5, 6]]), np.array([0, 1])
    >>> linear(np.array([[1, 2]]), weight, bias)  # 3*1 + 4*2 + 0 and 5*1 + 6*2 + 1
    array([[11, 18]])
    """
    return array_namespace(x, weight).matmul(x, weight.mT) + bias


def linear_backward(
    dy: Array, x: Array, weight: Array, needs_dx: bool = True
) -> tuple[Array | None, Array, Array]:
    """Gradients of `linear`: dx (N, in) or None, dw (out, in), db (out,).

    Examples
    --------
    >>> x, weight = np.array([[1, 2]]), np.array([[3, 4], [5, 6]])
    >>> dx, dw, db = linear_backward(np.array([[1, -1]]), x, weight)
    >>> dx, dw.tolist(), db  # dx: 3 - 5 and 4 - 6; each row of dw: dy times x
    (array([[-2, -2]]), [[1, 2], [-1, -2]], array([ 1, -1]))
    """
    xp = array_namespace(dy, x, weight)
    dw = xp.matmul(dy.mT, x)  # (out, N) @ (N, in)
    db = xp.sum(dy, axis=0)
    dx = xp.matmul(dy, weight) if needs_dx else None  # (N, out) @ (out, in)
    return dx, dw, db
