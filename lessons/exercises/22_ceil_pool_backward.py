"""Exercise 22: the backward pass of max pooling in ceil mode (lesson 05).

Write `max_pool2d_ceil_backward`, the backward pass of exercise 09. As in exercise 08, the largest
number of each window gets all of the window's dy:

    for each window (i, j) of each channel of each image: if its largest number is at (h, w),
    dx[n, c, h, w] += dy[n, c, i, j]

The windows are those of exercise 09. Window (i, j) begins at (i * stride, j * stride). The last
windows may extend past the lower and the right edge: there they are clipped, and only pixels inside
the image can be the largest. dy says how many windows there are: it has OH rows and OW columns.

Ties: if a window has its largest number more than once, the first one gets all of dy, row by row
from the top, and from left to right in each row.

Letters: N images, C channels, H height, W width; OH and OW the height and width of the output.

Example: kernel size 2, stride 2, over two rows of three pixels. The second window is clipped: it
has only the last column.

>>> x = np.array([[1.0, 5.0, 4.0], [0.0, 0.0, 0.0]]).reshape(1, 1, 2, 3)
>>> dy = np.array([10.0, 20.0]).reshape(1, 1, 1, 2)
>>> max_pool2d_ceil_backward(dy, x, kernel_size=2, stride=2)
array([[[[ 0., 10., 20.],
         [ 0.,  0.,  0.]]]])

A network in ceil mode, such as `tiny`, needs this function to be trained:
`tinyalex exercise train` puts yours into it.
"""

import numpy as np


def max_pool2d_ceil_backward(
    dy: np.ndarray, x: np.ndarray, kernel_size: int, stride: int
) -> np.ndarray:
    """d(loss)/dx from d(loss)/dy; x is the input of `max_pool2d_ceil`.

    dy : float64 (N, C, OH, OW)
    x : float64 (N, C, H, W)
    kernel_size : int, at most H and at most W
    stride : int, at least 1
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("max_pool2d_ceil_backward is not written yet")
