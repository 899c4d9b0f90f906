"""Reference solution of exercise 08."""

import numpy as np


def max_pool2d_backward(
    dy: np.ndarray, x: np.ndarray, kernel_size: tuple[int, int], stride: int
) -> np.ndarray:
    N, C, OH, OW = dy.shape
    KH, KW = kernel_size
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(OH):
                for j in range(OW):
                    top, left = i * stride, j * stride
                    window = x[n, c, top : top + KH, left : left + KW]
                    p, q = divmod(window.argmax(), KW)
                    dx[n, c, top + p, left + q] += dy[n, c, i, j]
    return dx
