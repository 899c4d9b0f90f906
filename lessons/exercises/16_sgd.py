"""Exercise 16: a step of SGD with momentum and weight decay (lesson 09).

Write `sgd_step`, the paper's rule (section 5). w are the weights, g is d(loss)/dw, and v is the
velocity, which remembers the earlier steps:

    v_new = momentum * v - lr * (weight_decay * w + g)
    w_new = w + v_new

The learning rate lr is *inside* the velocity. Libraries often keep it outside (w = w - lr * v, with
v = momentum * v + g). Both give the same weights as long as the learning rate does not change.

Do not change the arguments; return new arrays, w_new first.

Example: learning rate 0.1, weight 2, gradient 3, velocity 1, momentum 0.5, no weight decay:
v_new = 0.5 * 1 - 0.1 * 3 = 0.2 and w_new = 2 + 0.2.

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

    w, v, g : float64, any shape, the same for all three
    lr, momentum, weight_decay : float
    returns w_new and v_new, both float64, the shape of w
    """
    raise NotImplementedError("sgd_step is not written yet")
