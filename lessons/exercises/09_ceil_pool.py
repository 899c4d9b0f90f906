"""Exercise 09: max pooling that uses every pixel, "ceil mode" (lesson 05).

Write `ceil_output_size` and `max_pool2d_ceil`. With kernel size 3 and stride 2, exercise 07 makes
15 outputs from 32 pixels: the last pixel is in no window. The authors' program (and Caffe) adds one
more window, which extends past the edge and is clipped there: 16 outputs. The rule matters, because
a network built for 16 cannot use 15. Along one axis:

    out = ceil((size - kernel_size) / stride) + 1
    but if the last window would begin outside, (out - 1) * stride >= size, it is left out

This is also PyTorch's rule (ceil_mode=True, no padding). ``size`` is at least ``kernel_size``.
Then

    y[n, c, i, j] = max over the pixels of window (i, j) that are inside the image

A clipped window has fewer pixels. It does not see zeros outside the image: a zero would be larger
than negative numbers.

Letters: N images, C channels, H height, W width; OH and OW the height and width of the output.

Example: kernel size 2, stride 2, over two rows of three pixels:

>>> ceil_output_size(3, kernel_size=2, stride=2)
2
>>> x = np.array([[-5.0, -4.0, -3.0], [-5.0, -5.0, -2.0]]).reshape(1, 1, 2, 3)
>>> max_pool2d_ceil(x, kernel_size=2, stride=2)
array([[[[-4., -2.]]]])
"""

import numpy as np


def ceil_output_size(size: int, kernel_size: int, stride: int) -> int:
    """Number of windows along an axis of ``size`` pixels.

    size : int, at least kernel_size
    kernel_size, stride : int, at least 1
    returns int
    """
    raise NotImplementedError("ceil_output_size is not written yet")


def max_pool2d_ceil(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """Keep the largest number of each window, also of the clipped windows.

    x : float64 (N, C, H, W)
    kernel_size : int, at most H and at most W
    stride : int, at least 1
    returns float64 (N, C, OH, OW)
    """
    raise NotImplementedError("max_pool2d_ceil is not written yet")
