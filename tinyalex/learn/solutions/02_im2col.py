"""Reference solution of exercise 02."""

import numpy as np


def im2col(x: np.ndarray, kernel_size: tuple[int, int], stride: int, padding: int) -> np.ndarray:
    N, C, H, W = x.shape
    KH, KW = kernel_size
    OH = (H + 2 * padding - KH) // stride + 1
    OW = (W + 2 * padding - KW) // stride + 1
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding : padding + H, padding : padding + W] = x
    cols = np.zeros((N, C, KH, KW, OH, OW))
    for p in range(KH):
        for q in range(KW):
            rows = slice(p, p + stride * OH, stride)
            columns = slice(q, q + stride * OW, stride)
            cols[:, :, p, q] = padded[:, :, rows, columns]
    return cols.reshape(N, C * KH * KW, OH * OW)
