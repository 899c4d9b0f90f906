"""Reference solution of exercise 16."""

import numpy as np


def sgd_step(
    w: np.ndarray, v: np.ndarray, g: np.ndarray, lr: float, momentum: float, weight_decay: float
) -> tuple[np.ndarray, np.ndarray]:
    v_new = momentum * v - lr * (weight_decay * w + g)
    return w + v_new, v_new
