"""Reference solution of exercise 03."""

import numpy as np


def col2im(
    cols: np.ndarray,
    x_shape: tuple[int, int, int, int],
    kernel_size: tuple[int, int],
    stride: int,
    padding: int,
) -> np.ndarray:
    N, C, H, W = x_shape
    KH, KW = kernel_size
    OH = (H + 2 * padding - KH) // stride + 1
    OW = (W + 2 * padding - KW) // stride + 1
    windows = cols.reshape(N, C, KH, KW, OH, OW)
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    for p in range(KH):
        for q in range(KW):
            rows = slice(p, p + stride * OH, stride)
            columns = slice(q, q + stride * OW, stride)
            padded[:, :, rows, columns] += windows[:, :, p, q]
    return padded[:, :, padding : padding + H, padding : padding + W]
