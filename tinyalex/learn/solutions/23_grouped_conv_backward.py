"""Reference solution of exercise 23."""

import numpy as np


def grouped_conv2d_backward(
    dy: np.ndarray, x: np.ndarray, weight: np.ndarray, groups: int, stride: int, padding: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    N, C, H, W = x.shape
    F, channels, KH, KW = weight.shape
    _, _, OH, OW = dy.shape
    filters = F // groups
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded = np.zeros_like(padded)
    dweight = np.zeros_like(weight)
    for g in range(groups):
        f = slice(g * filters, (g + 1) * filters)
        c = slice(g * channels, (g + 1) * channels)
        for p in range(KH):
            for q in range(KW):
                rows = slice(p, p + stride * OH, stride)
                columns = slice(q, q + stride * OW, stride)
                seen = padded[:, c, rows, columns]  # (N, C/G, OH, OW)
                # The sum over n, i and j: (F/G, C/G).
                dweight[f, :, p, q] = np.tensordot(dy[:, f], seen, ([0, 2, 3], [0, 2, 3]))
                # The sum over the filters: (N, OH, OW, C/G).
                dseen = np.tensordot(dy[:, f], weight[f, :, p, q], (1, 0))
                dpadded[:, c, rows, columns] += dseen.transpose(0, 3, 1, 2)
    dx = dpadded[:, :, padding : padding + H, padding : padding + W]
    return dx, dweight, dy.sum(axis=(0, 2, 3))
