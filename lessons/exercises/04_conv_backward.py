"""Exercise 04: the backward pass of a convolution (lesson 03).

Write `conv2d_backward`. The forward pass (exercise 01) was

    y[n, f, i, j] = bias[f] + sum over c, p, q of
                    weight[f, c, p, q] * padded[n, c, i * stride + p, j * stride + q]

``padded`` is x with a border of ``padding`` zeros. You get dy, the gradient of the loss with
respect to y. Return the gradients with respect to x, weight and bias. Every number changes several
outputs, and its gradient is the sum over all of them:

    dbias[f]            = sum over n, i, j of dy[n, f, i, j]
    dweight[f, c, p, q] = sum over n, i, j of
                          dy[n, f, i, j] * padded[n, c, i * stride + p, j * stride + q]
    dx[n, c, h, w]      = sum over all f, p, q, i, j with i * stride + p - padding == h
                          and j * stride + q - padding == w of dy[n, f, i, j] * weight[f, c, p, q]

One set of loops is enough: for each (n, f, i, j) and each (c, p, q), add to the gradients of the
weight and the pixel that were multiplied. Loops over p and q only are faster, and shorter.

Letters: N images, C channels, H height, W width; F filters, KH and KW the height and width of a
filter; OH and OW the height and width of the output.

Example: the filter [1, 10] over the row [1, 2, 3] gave y = [21, 32]. If dy = [1, 0], only the
first output matters: dx is [1, 10, 0], dweight is [1, 2] and dbias is 1.

>>> row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
>>> weight = np.array([1.0, 10.0]).reshape(1, 1, 1, 2)
>>> dy = np.array([1.0, 0.0]).reshape(1, 1, 1, 2)
>>> dx, dweight, dbias = conv2d_backward(dy, row, weight, stride=1, padding=0)
>>> dx, dweight, dbias
(array([[[[ 1., 10.,  0.]]]]), array([[[[1., 2.]]]]), array([1.]))
"""

import numpy as np


def conv2d_backward(
    dy: np.ndarray, x: np.ndarray, weight: np.ndarray, stride: int, padding: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """d(loss)/dx, d(loss)/dweight and d(loss)/dbias from d(loss)/dy.

    dy : float64 (N, F, OH, OW)
    x : float64 (N, C, H, W)
    weight : float64 (F, C, KH, KW)
    stride : int, at least 1
    padding : int, at least 0
    returns dx (N, C, H, W), dweight (F, C, KH, KW), dbias (F,), all float64
    """
    raise NotImplementedError("conv2d_backward is not written yet")
