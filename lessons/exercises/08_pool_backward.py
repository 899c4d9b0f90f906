"""Exercise 08: max pooling, the way back (lesson 05).

Write `max_pool2d_backward`. Forward, each window keeps its largest number:

    y[n, c, i, j] = max over p < KH, q < KW of x[n, c, i * stride + p, j * stride + q]

y moves only with the pixel that won, so that pixel gets all of dy[n, c, i, j], and the others get
nothing. A pixel that wins in several windows gets the sum of theirs. If several pixels of a window
are equally large, the *first* of them, row by row, gets all of it (as in PyTorch).

Letters: N images, C channels, H W height and width; KH KW the kernel's; OH OW the output's.

Example: windows of 1 x 2, 1 apart. 5 wins both, so it gets 10 + 20:

>>> x = np.array([1.0, 5.0, 2.0]).reshape(1, 1, 1, 3)
>>> dy = np.array([10.0, 20.0]).reshape(1, 1, 1, 2)
>>> max_pool2d_backward(dy, x, kernel_size=(1, 2), stride=1)
array([[[[ 0., 30.,  0.]]]])
"""

import numpy as np


def max_pool2d_backward(
    dy: np.ndarray, x: np.ndarray, kernel_size: tuple[int, int], stride: int
) -> np.ndarray:
    """d(loss)/dx from d(loss)/dy.

    dy : float64 (N, C, OH, OW)
    x : float64 (N, C, H, W), as forward saw it
    kernel_size : (KH, KW)
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("max_pool2d_backward is not written yet")
