"""Reference solution of exercise 07."""

import numpy as np


def max_pool2d(x: np.ndarray, kernel_size: tuple[int, int], stride: int) -> np.ndarray:
    N, C, H, W = x.shape
    KH, KW = kernel_size
    OH = (H - KH) // stride + 1
    OW = (W - KW) // stride + 1
    y = np.full((N, C, OH, OW), -np.inf)
    for p in range(KH):
        for q in range(KW):
            rows = slice(p, p + stride * OH, stride)
            columns = slice(q, q + stride * OW, stride)
            y = np.maximum(y, x[:, :, rows, columns])
    return y
