"""Exercise 03: col2im, the way back of im2col (lesson 03).

Write `col2im`: every number of ``cols`` is added to the pixel from which im2col (exercise 02)
would have copied it. Where windows overlap, a pixel gets several numbers, and they add up; what
belongs to the frame of padding is dropped:

    dx[n, c, h, w] = sum of all cols[n, (c * KH + p) * KW + q, i * OW + j]
                     with i * stride + p - padding == h and j * stride + q - padding == w

It is not the inverse of im2col but its transpose: if cols are slopes of the loss by im2col's
output, dx are the slopes by its input. A pixel that was copied three times moves the loss in
three ways, and its slopes add up.

Letters: N images, C channels, H W height and width; KH KW the kernel's; OH OW the output's, with
OH = (H + 2 * padding - KH) // stride + 1, OW likewise.

Example: a row of three pixels has two windows of 1 x 2, and both hold the pixel in the middle.
The columns [1, 2] and [10, 20] give back 1, 2 + 10 and 20:

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
    """Add every column back to its window.

    cols : float64 (N, C * KH * KW, OH * OW)
    x_shape : (N, C, H, W)
    kernel_size : (KH, KW)
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("col2im is not written yet")
