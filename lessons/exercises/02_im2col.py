"""Exercise 02: im2col, which turns a convolution into a matrix product (lesson 02).

Write `im2col` ("image to columns"). At each position of a kernel of KH x KW pixels, the pixels
under the kernel are a patch. Copy each patch into one column. The patch at (i, j) is column number
i * OW + j. In the column, the pixels are in the same order as the weights of a filter in memory:
by channel, then by row, then by column:

    cols[n, (c * KH + p) * KW + q, i * OW + j] = padded[n, c, i * stride + p, j * stride + q]

``padded`` is x with a border of ``padding`` zeros on all four sides of each image, and
OH = (H + 2 * padding - KH) // stride + 1; OW is the same with W and KW. After this, a whole
convolution is one matrix product, ``weight.reshape(F, -1) @ cols``, which a computer does fast.

Letters: N images, C channels, H height, W width; KH and KW the height and width of the kernel; OH
and OW the height and width of the output.

Example: the row [1, 2, 3] has two patches of 1 x 2, [1, 2] and [2, 3]. Each becomes a column:

>>> row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
>>> im2col(row, kernel_size=(1, 2), stride=1, padding=0)
array([[[1., 2.],
        [2., 3.]]])

You may write it with six loops. Then try to write it with only two, over p and q: for one p and
q, the pixels of all patches are a slice with a step.
"""

import numpy as np


def im2col(x: np.ndarray, kernel_size: tuple[int, int], stride: int, padding: int) -> np.ndarray:
    """Copy every patch into a column.

    x : float64 (N, C, H, W)
    kernel_size : two int, (KH, KW)
    stride : int, at least 1
    padding : int, at least 0
    returns float64 (N, C * KH * KW, OH * OW)
    """
    raise NotImplementedError("im2col is not written yet")
