"""Stochastic gradient descent with momentum and weight decay (paper, section 5)."""

from tinyalex.functional.arrays import Array


def sgd_step(
    w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
) -> tuple[Array, Array]:
    """One step: v = momentum * v - lr * (weight_decay * w + g), w = w + v. Returns new w and v.

    ``g`` is d(loss)/dw. The learning rate scales the gradient, not the velocity: a change of it
    affects new gradients only.
    """
    v = momentum * v - lr * (weight_decay * w + g)
    return w + v, v
