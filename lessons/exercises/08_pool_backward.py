"""Exercise 08: the backward pass of max pooling (lesson 05).

Write `max_pool2d_backward`. In the forward pass (exercise 07) each window kept its largest number.
Only this number changes the output of the window. Therefore it gets all of the window's dy, and
the other numbers of the window get nothing:

    for each window (i, j) of each channel of each image: if its largest number is at (h, w),
    dx[n, c, h, w] += dy[n, c, i, j]

Where windows overlap, one number can be the largest of several windows. It gets the dy of each.

Ties: if a window has its largest number more than once, the first one gets all of dy, row by row
from the top, and from left to right in each row. (Another choice would be correct mathematically;
most libraries choose the first.)

Letters: N images, C channels, H height, W width; OH and OW the height and width of the output.
OH = (H - kernel_size) // stride + 1; OW is the same with W.

Example: kernel size 2, stride 1, over two rows of three pixels. 3 is the largest number of both
windows, and dy is 1 for the first window and 10 for the second:

>>> x = np.array([[0.0, 3.0, 0.0], [2.0, 0.0, 1.0]]).reshape(1, 1, 2, 3)
>>> dy = np.array([1.0, 10.0]).reshape(1, 1, 1, 2)
>>> max_pool2d_backward(dy, x, kernel_size=2, stride=1)
array([[[[ 0., 11.,  0.],
         [ 0.,  0.,  0.]]]])
"""

import numpy as np


def max_pool2d_backward(dy: np.ndarray, x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """d(loss)/dx from d(loss)/dy; x is the input of `max_pool2d`.

    dy : float64 (N, C, OH, OW)
    x : float64 (N, C, H, W)
    kernel_size : int, at most H and at most W
    stride : int, at least 1
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("max_pool2d_backward is not written yet")
