"""Reference solution of exercise 06."""

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0)


def relu_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, dy, 0)
