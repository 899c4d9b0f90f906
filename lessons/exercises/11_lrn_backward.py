"""Exercise 11: local response normalisation, the way back (lesson 06).

Write `lrn_backward`, without help of a library that differentiates. Forward, every number is
divided by a power of its neighbours' energy (paper, section 3.3):

    y[n, i] = x[n, i] / s[n, i] ** beta
    s[n, i] = k + alpha * sum over j of x[n, j] ** 2

where j runs over ``size`` channels around i, from i - size // 2 to i + (size - 1) // 2, as far
as these channels exist. The pixels h, w are left out above: each is computed by itself.
``alpha`` is *not* divided by ``size``.

So x[n, c] acts in two ways: on its own y directly, and on every y[n, i] whose window holds c,
through s[n, i]. By the chain rule

    dx[n, c] = dy[n, c] * s[n, c] ** -beta - 2 * alpha * beta * x[n, c] * sum over i of t[n, i]
    t[n, i]  = dy[n, i] * x[n, i] * s[n, i] ** (-beta - 1)

where i runs over the channels *whose window holds c*. Which are these? For an odd size it is
easy; think twice for an even one.

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

    dy, x : float64 (N, C, H, W)
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("lrn_backward is not written yet")
