"""Exercise 08: the backward pass of max pooling (lesson 05).

Write `max_pool2d_backward`. Forward (exercise 07), each window kept its largest number. Only this
number moves the window's output, so backward it gets all of the window's dy, and the others of
that window get nothing:

    for each window (i, j) of each channel of each image: if its largest number stands at (h, w),
    dx[n, c, h, w] += dy[n, c, i, j]

Where windows overlap, one number can be the largest of several, and gets the dy of each.

Ties: if the largest number stands in a window more than once, the first one gets all, row by row
from the top and from left to right in each row. (Any share would do as a slope; libraries agree
on this one.)

Letters: N images, C channels, H W height and width; OH = (H - kernel_size) // stride + 1, OW
likewise.

Example: windows of 2, 1 apart, over two rows of three. 3 is the largest of both windows, and the
windows' dy are 1 and 10:

>>> x = np.array([[0.0, 3.0, 0.0], [2.0, 0.0, 1.0]]).reshape(1, 1, 2, 3)
>>> dy = np.array([1.0, 10.0]).reshape(1, 1, 1, 2)
>>> max_pool2d_backward(dy, x, kernel_size=2, stride=1)
array([[[[ 0., 11.,  0.],
         [ 0.,  0.,  0.]]]])
"""

import numpy as np


def max_pool2d_backward(dy: np.ndarray, x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """d(loss)/dx from d(loss)/dy; x is what `max_pool2d` was given.

    dy : float64 (N, C, OH, OW)
    x : float64 (N, C, H, W)
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("max_pool2d_backward is not written yet")
