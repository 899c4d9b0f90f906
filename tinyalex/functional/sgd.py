"""Stochastic gradient descent with momentum and weight decay (paper, section 5)."""

from tinyalex.functional.arrays import Array


def sgd_step(
    w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
) -> tuple[Array, Array]:
    """One step: v = momentum * v - lr * (weight_decay * w + g), w = w + v. Returns new w and v.

    ``g`` is d(loss)/dw. The learning rate scales the gradient, not the velocity: a change of it
    affects new gradients only.

    Examples
    --------
    >>> w, v, g = np.array([1.0]), np.array([0.0]), np.array([1.0])
    >>> for _ in range(2):  # v: -0.1, then 0.9 * -0.1 - 0.1
    ...     w, v = sgd_step(w, g, v, lr=0.1, momentum=0.9, weight_decay=0)
    >>> w.round(4), v.round(4)
    (array([0.71]), array([-0.19]))
    """
    v = momentum * v - lr * (weight_decay * w + g)
    return w + v, v
