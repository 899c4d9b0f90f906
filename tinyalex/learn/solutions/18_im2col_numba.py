"""Reference solution of exercise 18."""

import numba
import numpy as np


def im2col(x: np.ndarray, kernel_size: tuple[int, int], stride: int, padding: int) -> np.ndarray:
    N, C, H, W = x.shape
    KH, KW = kernel_size
    OH = (H + 2 * padding - KH) // stride + 1
    OW = (W + 2 * padding - KW) // stride + 1
    cols = np.zeros((N, C * KH * KW, OH * OW), x.dtype)
    fill(x, cols, KH, KW, OW, stride, padding)
    return cols


@numba.njit
def fill(x, cols, KH, KW, OW, stride, padding):
    N, C, H, W = x.shape
    for n in range(N):
        for c in range(C):
            for p in range(KH):
                for q in range(KW):
                    row = (c * KH + p) * KW + q
                    for patch in range(cols.shape[2]):
                        h = patch // OW * stride + p - padding
                        w = patch % OW * stride + q - padding
                        if 0 <= h < H and 0 <= w < W:
                            cols[n, row, patch] = x[n, c, h, w]
