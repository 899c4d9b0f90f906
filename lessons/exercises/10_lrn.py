"""Exercise 10: local response normalisation (lesson 06).

Write `local_response_norm` (paper, section 3.3). Each number is divided by a power of the energy of
its own channel and of the neighbouring channels, at the same pixel. A channel with large numbers
makes its neighbours smaller:

    y[n, i, h, w] = x[n, i, h, w] / (k + alpha * energy) ** beta
    energy        = sum over j of x[n, j, h, w] ** 2

Here j runs over a window of ``size`` channels with i in the middle, from i - size // 2 to
i + size // 2 inclusive. At the first and the last channel the window is clipped: only channels that
exist count. ``size`` is odd in this exercise; it is 5 in the paper.

``alpha`` multiplies the sum, as in the paper. PyTorch, Caffe and the authors' own program divide
alpha by size first; here it is *not* divided.

Letters: N images, C channels, H height, W width.

Example: two channels, one pixel: x = [1, 2]. With size 3 each channel has the other in its window,
so both energies are 1 + 4 = 5; with k = 1, alpha = 1, beta = 1 both are divided by 6. With size 1
the window is only the channel itself, and the divisors are 2 and 5:

>>> x = np.array([1.0, 2.0]).reshape(1, 2, 1, 1)
>>> local_response_norm(x, size=1, alpha=1.0, beta=1.0, k=1.0).ravel()
array([0.5, 0.4])
"""

import numpy as np


def local_response_norm(
    x: np.ndarray, size: int, alpha: float, beta: float, k: float
) -> np.ndarray:
    """Divide each number by a power of the energy in its window.

    x : float64 (N, C, H, W)
    size : int, odd
    alpha, beta, k : float
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("local_response_norm is not written yet")
