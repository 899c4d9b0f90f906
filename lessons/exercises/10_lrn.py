"""Exercise 10: local response normalisation (lesson 06).

Write `local_response_norm`: every number is divided by a power of the energy of its neighbours, the
same pixel in the channels beside it (paper, section 3.3):

    y[n, i, h, w] = x[n, i, h, w] / s[n, i, h, w] ** beta
    s[n, i, h, w] = k + alpha * sum over j of x[n, j, h, w] ** 2

where j runs over ``size`` channels around i, from i - size // 2 to i + (size - 1) // 2, as far as
these channels exist: at the first and the last channel the window is cut off, it does not go round.
``alpha`` is *not* divided by ``size``. (Caffe and PyTorch divide; the paper does not.)

Letters: N images, C channels, H W height and width.

Example: one pixel, channels 1, 2, 3, size 3, alpha = beta = 1, k = 0. The sums of squares are
1 + 4, 1 + 4 + 9 and 4 + 9, so y is 1/5, 2/14 and 3/13:

>>> x = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
>>> local_response_norm(x, size=3, alpha=1.0, beta=1.0, k=0.0).ravel().round(3)
array([0.2  , 0.143, 0.231])
"""

import numpy as np


def local_response_norm(
    x: np.ndarray, size: int, alpha: float, beta: float, k: float
) -> np.ndarray:
    """Normalise over neighbouring channels.

    x : float64 (N, C, H, W)
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("local_response_norm is not written yet")
