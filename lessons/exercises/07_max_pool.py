"""Exercise 07: max pooling (lesson 05).

Write `max_pool2d`: a window of KH x KW pixels moves over each channel in steps of ``stride``, and
only its largest number is kept (paper, section 3.4):

    y[n, c, i, j] = max over p < KH, q < KW of x[n, c, i * stride + p, j * stride + q]

The paper's windows are 3 wide and 2 apart: they overlap. All windows lie inside the image; what is
left over at the right and below is not read:

    OH = (H - KH) // stride + 1, and OW likewise.

Letters: N images, C channels, H W height and width; KH KW the kernel's; OH OW the output's.

Example: windows of 2 x 2, 1 apart.

>>> x = np.array([[1.0, 5.0, 2.0], [3.0, 0.0, 4.0]]).reshape(1, 1, 2, 3)
>>> max_pool2d(x, kernel_size=(2, 2), stride=1)
array([[[[5., 5.]]]])
"""

import numpy as np


def max_pool2d(x: np.ndarray, kernel_size: tuple[int, int], stride: int) -> np.ndarray:
    """Keep each window's largest number.

    x : float64 (N, C, H, W)
    kernel_size : (KH, KW)
    returns float64 (N, C, OH, OW)
    """
    raise NotImplementedError("max_pool2d is not written yet")
