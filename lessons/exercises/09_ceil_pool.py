"""Exercise 09: max pooling that leaves no pixel out, "ceil mode" (lesson 05).

Write `ceil_output_size` and `max_pool2d_ceil`. With windows of 3, 2 apart, exercise 07 makes 15
out of 32 pixels: the last one is in no window. The authors' program (and Caffe) used one more
window, which reaches over the edge and is clipped there: 16. A network built for 16 does not fit
to 15, so the rule matters. Along one axis:

    out = ceil((size - kernel_size) / stride) + 1
    but if the last window would begin outside, (out - 1) * stride >= size, it is left out

This is PyTorch's rule too (ceil_mode=True, no padding). ``size`` is at least ``kernel_size``.
Then

    y[n, c, i, j] = max over the pixels of window (i, j) that exist

A clipped window has fewer pixels. It sees no zeros in place of the missing ones: zeros would win
against negative numbers.

Letters: N images, C channels, H W height and width; OH OW those of the output.

Example: windows of 2, 2 apart, over three pixels in a row and two in a column:

>>> ceil_output_size(3, kernel_size=2, stride=2)
2
>>> x = np.array([[-5.0, -4.0, -3.0], [-5.0, -5.0, -2.0]]).reshape(1, 1, 2, 3)
>>> max_pool2d_ceil(x, kernel_size=2, stride=2)
array([[[[-4., -2.]]]])
"""

import numpy as np


def ceil_output_size(size: int, kernel_size: int, stride: int) -> int:
    """How many windows lie along an axis of ``size`` pixels."""
    raise NotImplementedError("ceil_output_size is not written yet")


def max_pool2d_ceil(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """Keep the largest number of each window, the clipped ones too.

    x : float64 (N, C, H, W)
    returns float64 (N, C, OH, OW)
    """
    raise NotImplementedError("max_pool2d_ceil is not written yet")
