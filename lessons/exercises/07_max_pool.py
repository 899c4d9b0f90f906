"""Exercise 07: overlapping max pooling (lesson 05).

Write `max_pool2d`. A window of kernel_size x kernel_size pixels slides over each channel,
``stride`` pixels per step, and keeps the largest number under it. In the paper (section 3.4) the
kernel size is 3 and the stride is 2, so that windows overlap:

    y[n, c, i, j] = max over p, q of x[n, c, i * stride + p, j * stride + q]

where p and q run from 0 to kernel_size - 1.

Only whole windows count: OH = (H - kernel_size) // stride + 1; OW is the same with W. There is no
padding. If the largest number is in a window more than once, the output is the same. (In the
backward pass such ties matter: exercise 08.)

Letters: N images, C channels, H height, W width; OH and OW the height and width of the output.

Example: kernel size 2, stride 1, over two rows of three pixels:

>>> x = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]).reshape(1, 1, 2, 3)
>>> max_pool2d(x, kernel_size=2, stride=1)
array([[[[2., 3.]]]])
"""

import numpy as np


def max_pool2d(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """Keep the largest number of each window.

    x : float64 (N, C, H, W)
    kernel_size : int, at most H and at most W
    stride : int, at least 1
    returns float64 (N, C, OH, OW)
    """
    raise NotImplementedError("max_pool2d is not written yet")
