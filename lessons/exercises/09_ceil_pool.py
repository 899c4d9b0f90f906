"""Exercise 09: max pooling in ceil mode (lesson 05).

cuda-convnet and Caffe also use a last window that reaches over the lower or right edge; it is
clipped there, and keeps the largest of the pixels that it has. Write two functions.

`ceil_output_size` counts the windows along one axis of ``size`` pixels: the windows that fit, and
one more if pixels are left over,

    ceil((size - kernel_size) / stride) + 1

but the last window must *begin* inside the image, that is, before pixel ``size``; if it does not,
there is one window less. (PyTorch has the same rule.)

`max_pool2d_ceil` pools that way:

    y[n, c, i, j] = max of x[n, c, i * stride + p, j * stride + q]

over all p < KH and q < KW for which the pixel exists.

Letters: N images, C channels, H W height and width; KH KW the kernel's.

Example: 4 pixels, windows of 3, 2 apart. Floor mode has one window; ceil mode has a second one that
holds pixels 2 and 3 only.

>>> ceil_output_size(4, kernel_size=3, stride=2)
2
>>> row = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 1, 4)
>>> max_pool2d_ceil(row, kernel_size=(1, 3), stride=2)
array([[[[3., 4.]]]])
"""

import numpy as np


def ceil_output_size(size: int, kernel_size: int, stride: int) -> int:
    """How many windows there are along an axis of ``size`` pixels."""
    raise NotImplementedError("ceil_output_size is not written yet")


def max_pool2d_ceil(x: np.ndarray, kernel_size: tuple[int, int], stride: int) -> np.ndarray:
    """Keep each window's largest number; windows are clipped at the edge.

    x : float64 (N, C, H, W)
    kernel_size : (KH, KW)
    returns float64 (N, C, OH, OW)
    """
    raise NotImplementedError("max_pool2d_ceil is not written yet")
