"""Exercise 07: overlapping max pooling (lesson 05).

Write `max_pool2d`: a window of kernel_size x kernel_size slides over each channel, ``stride``
pixels a step, and keeps the largest number that it sees (paper, section 3.4: windows of 3, 2
apart, so that they overlap):

    y[n, c, i, j] = max over p, q of x[n, c, i * stride + p, j * stride + q]

where p and q run from 0 to kernel_size - 1.

Only whole windows count: OH = (H - kernel_size) // stride + 1, OW likewise. Nothing is padded.
If the largest number stands in a window more than once, it is still the largest: forward, such
ties do not matter. (Backward they do: exercise 08.)

Letters: N images, C channels, H W height and width; OH OW those of the output.

Example: windows of 2, 1 apart, over two rows of three:

>>> x = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]).reshape(1, 1, 2, 3)
>>> max_pool2d(x, kernel_size=2, stride=1)
array([[[[2., 3.]]]])
"""

import numpy as np


def max_pool2d(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """Keep each window's largest number.

    x : float64 (N, C, H, W)
    returns float64 (N, C, OH, OW)
    """
    raise NotImplementedError("max_pool2d is not written yet")
