"""The fully connected layer (paper, section 3.5)."""

from array_api_compat import array_namespace

from tinyalex.functional.arrays import Array


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """Every output is a weighted sum of every input, plus a bias: (N, in) -> (N, out).

    ``weight`` is (out, in), ``bias`` (out,).
    """
    return array_namespace(x, weight).matmul(x, weight.mT) + bias


def linear_backward(
    dy: Array, x: Array, weight: Array, needs_dx: bool = True
) -> tuple[Array | None, Array, Array]:
    """Gradients of `linear`: dx (N, in) or None, dw (out, in), db (out,)."""
    xp = array_namespace(dy, x, weight)
    dw = xp.matmul(dy.mT, x)  # (out, N) @ (N, in)
    db = xp.sum(dy, axis=0)
    dx = xp.matmul(dy, weight) if needs_dx else None  # (N, out) @ (out, in)
    return dx, dw, db
