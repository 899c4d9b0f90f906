"""Reference solution of exercise 24."""

import numpy as np


def linear_step(
    x: np.ndarray, labels: np.ndarray, w: np.ndarray, b: np.ndarray, lr: float
) -> tuple[np.ndarray, np.ndarray, float]:
    N = len(x)
    z = x @ w.T + b
    z = z - z.max(axis=1, keepdims=True)  # exp cannot overflow
    total = np.exp(z).sum(axis=1, keepdims=True)
    p = np.exp(z) / total
    right = (np.arange(N), labels)
    loss = (np.log(total[:, 0]) - z[right]).mean()  # -log(p), also where p is 0
    g = p.copy()
    g[right] -= 1
    g = g / N
    return w - lr * (g.T @ x), b - lr * g.sum(axis=0), float(loss)
