"""Exercise 16: a step of SGD with momentum and weight decay (lesson 09).

Write `sgd_step`, the paper's rule (section 5). w are weights, g is d(loss)/dw, and v is the
velocity, which remembers the steps before:

    v_new = momentum * v - lr * (weight_decay * w + g)
    w_new = w + v_new

The learning rate is *inside* the velocity. Libraries often keep it outside (w = w - lr * v, with
v = momentum * v + g): the two agree as long as the rate does not change.

The arrays handed over stay as they are; return new ones, w first.

Example: lr 0.1, a weight of 2 with the slope 3 and the velocity 1, momentum 0.5, no decay:
v = 0.5 * 1 - 0.1 * 3 = 0.2 and w = 2 + 0.2.

>>> w, v, g = np.array([2.0]), np.array([1.0]), np.array([3.0])
>>> w_new, v_new = sgd_step(w, v, g, lr=0.1, momentum=0.5, weight_decay=0.0)
>>> w_new.round(6), v_new.round(6)
(array([2.2]), array([0.2]))
"""

import numpy as np


def sgd_step(
    w: np.ndarray, v: np.ndarray, g: np.ndarray, lr: float, momentum: float, weight_decay: float
) -> tuple[np.ndarray, np.ndarray]:
    """One step.

    w, v, g : float64, all of the same shape
    returns w_new and v_new, of that shape
    """
    raise NotImplementedError("sgd_step is not written yet")
