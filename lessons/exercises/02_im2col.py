"""Exercise 02: im2col, which turns a convolution into a matrix product (lesson 02).

Write `im2col` ("image to columns"): lay out each window that a filter of KH x KW pixels would see
as one column. The column of the window at (i, j) is number i * OW + j; in it, the pixels stand
channel by channel, each channel's rows one after another, as a filter's weights do in memory:

    cols[n, (c * KH + p) * KW + q, i * OW + j] = padded[n, c, i * stride + p, j * stride + q]

``padded`` is x with a frame of ``padding`` zeros on all four sides of each image, and
OH = (H + 2 * padding - KH) // stride + 1, OW likewise. Afterwards a whole convolution is one
product, ``weight.reshape(F, -1) @ cols``, which a computer does fast.

Letters: N images, C channels, H W height and width; KH KW the kernel's; OH OW the output's.

Example: the row [1, 2, 3] has two windows of 1 x 2, [1, 2] and [2, 3]. Each becomes a column:

>>> row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
>>> im2col(row, kernel_size=(1, 2), stride=1, padding=0)
array([[[1., 2.],
        [2., 3.]]])

It may be written with six loops. Try then to have two only, over p and q: for one p and q, the
pixels of all windows at once are a slice with a step.
"""

import numpy as np


def im2col(x: np.ndarray, kernel_size: tuple[int, int], stride: int, padding: int) -> np.ndarray:
    """Turn every window into a column.

    x : float64 (N, C, H, W)
    kernel_size : (KH, KW)
    returns float64 (N, C * KH * KW, OH * OW)
    """
    raise NotImplementedError("im2col is not written yet")
