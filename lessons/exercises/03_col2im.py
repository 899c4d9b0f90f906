"""Exercise 03: col2im, the transpose of im2col (lesson 03).

Write `col2im`. Add every number of ``cols`` to the pixel that im2col (exercise 02) would copy
there. Where patches overlap, a pixel gets several numbers, and you add them up. Numbers that belong
to the border of padding are dropped:

    dx[n, c, h, w] = sum of all cols[n, (c * KH + p) * KW + q, i * OW + j]
                     with i * stride + p - padding == h and j * stride + q - padding == w

col2im is not the inverse of im2col. It is the transpose: if cols is the gradient of the loss with
respect to im2col's output, dx is the gradient with respect to im2col's input. A pixel that was
copied three times changes the loss in three ways, so its gradient is the sum of three.

Letters: N images, C channels, H height, W width; KH and KW the height and width of the kernel; OH
and OW the height and width of the output. OH = (H + 2 * padding - KH) // stride + 1; OW is the
same with W and KW.

Example: a row of three pixels has two patches of 1 x 2, and the middle pixel is in both. The
columns [1, 2] and [10, 20] give 1, 2 + 10 and 20:

>>> cols = np.array([[[1.0, 10.0], [2.0, 20.0]]])
>>> col2im(cols, x_shape=(1, 1, 1, 3), kernel_size=(1, 2), stride=1, padding=0)
array([[[[ 1., 12., 20.]]]])
"""

import numpy as np


def col2im(
    cols: np.ndarray,
    x_shape: tuple[int, int, int, int],
    kernel_size: tuple[int, int],
    stride: int,
    padding: int,
) -> np.ndarray:
    """Add every column to its patch.

    cols : float64 (N, C * KH * KW, OH * OW)
    x_shape : four int, (N, C, H, W)
    kernel_size : two int, (KH, KW)
    stride : int, at least 1
    padding : int, at least 0
    returns dx, float64 (N, C, H, W)
    """
    raise NotImplementedError("col2im is not written yet")
