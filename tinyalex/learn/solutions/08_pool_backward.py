"""Reference solution of exercise 08."""

import numpy as np


def max_pool2d_backward(dy: np.ndarray, x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    N, C, OH, OW = dy.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(OH):
                for j in range(OW):
                    top, left = i * stride, j * stride
                    window = x[n, c, top : top + kernel_size, left : left + kernel_size]
                    p, q = divmod(np.argmax(window), kernel_size)  # the first maximum
                    dx[n, c, top + p, left + q] += dy[n, c, i, j]
    return dx
