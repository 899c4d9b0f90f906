"""Exercise 11: local response normalisation, backward (lesson 06).

Write `lrn_backward`, without a library that computes derivatives. In the forward pass, every number
is divided by a power of the energy in its window (paper, section 3.3):

    y[n, i] = x[n, i] / s[n, i] ** beta
    s[n, i] = k + alpha * sum over j of x[n, j] ** 2

Here j runs over a window of ``size`` channels, from i - size // 2 to i + (size - 1) // 2 inclusive;
only channels that exist count. The indices h and w are left out above: each pixel is computed
separately. ``alpha`` is *not* divided by ``size``.

x[n, c] changes the loss in two ways: directly through its own y, and through the s[n, i] of every
channel i whose window contains c. By the chain rule

    dx[n, c] = dy[n, c] * s[n, c] ** -beta - 2 * alpha * beta * x[n, c] * sum over i of t[n, i]
    t[n, i]  = dy[n, i] * x[n, i] * s[n, i] ** (-beta - 1)

where i runs over the channels *whose window contains c*. Which channels are these? For an odd size
it is easy; think carefully for an even size.

Letters: N images, C channels, H height, W width.

Example: one channel, one pixel. x = 2, alpha = 1, beta = 1, k = 1 give s = 1 + 2**2 = 5 and
y = 2/5. With dy = 1: dx = 1/5 - 2 * 1 * 1 * 2 * (1 * 2 / 25) = 0.2 - 0.32.

>>> two = np.full((1, 1, 1, 1), 2.0)
>>> lrn_backward(np.ones((1, 1, 1, 1)), two, size=5, alpha=1.0, beta=1.0, k=1.0)
array([[[[-0.12]]]])
"""

import numpy as np


def lrn_backward(
    dy: np.ndarray, x: np.ndarray, size: int, alpha: float, beta: float, k: float
) -> np.ndarray:
    """d(loss)/dx from d(loss)/dy.

    dy : float64 (N, C, H, W)
    x : float64 (N, C, H, W)
    size : int, at least 1, odd or even
    alpha, beta, k : float
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("lrn_backward is not written yet")
