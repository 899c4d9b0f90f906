"""Reference solution of exercise 04."""

import numpy as np


def conv2d_backward(
    dy: np.ndarray, x: np.ndarray, weight: np.ndarray, stride: int, padding: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    N, C, H, W = x.shape
    _, _, KH, KW = weight.shape
    _, _, OH, OW = dy.shape
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding : padding + H, padding : padding + W] = x
    dpadded = np.zeros_like(padded)
    dweight = np.zeros_like(weight)
    for p in range(KH):
        for q in range(KW):
            rows = slice(p, p + stride * OH, stride)
            columns = slice(q, q + stride * OW, stride)
            seen = padded[:, :, rows, columns]  # multiplied with this weight: (N, C, OH, OW)
            dweight[:, :, p, q] = np.einsum("nfij,ncij->fc", dy, seen)
            dpadded[:, :, rows, columns] += np.einsum("nfij,fc->ncij", dy, weight[:, :, p, q])
    dx = dpadded[:, :, padding : padding + H, padding : padding + W]
    dbias = dy.sum(axis=(0, 2, 3))
    return dx, dweight, dbias
