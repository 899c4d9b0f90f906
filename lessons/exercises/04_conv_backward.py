"""Exercise 04: the backward pass of a convolution (lesson 03).

Write `conv2d_backward`. Forward (exercise 01) was

    y[n, f, i, j] = bias[f] + sum over c, p, q of
                    weight[f, c, p, q] * padded[n, c, i * stride + p, j * stride + q]

Given dy, the slopes of the loss by y, give its slopes by x, by weight and by bias. Every number
acts on several outputs, and its slope is the sum over all of them:

    dbias[f]            = sum over n, i, j of dy[n, f, i, j]
    dweight[f, c, p, q] = sum over n, i, j of
                          dy[n, f, i, j] * padded[n, c, i * stride + p, j * stride + q]
    dx[n, c, h, w]      = sum over all f, p, q, i, j with i * stride + p - padding == h
                          and j * stride + q - padding == w of dy[n, f, i, j] * weight[f, c, p, q]

One set of loops can do it: go through all (n, f, i, j) and (c, p, q), and hand each dy on to the
weight and to the pixel that met there. It is faster, and shorter, to loop over p and q only.

Letters: N images, C channels, H W height and width; F filters, KH KW their height and width;
OH OW height and width of the output.

Example: the filter [1, 10] over the row [1, 2, 3] gave y = [21, 32]. If dy = [1, 0], only the
first output counts: its slopes by the pixels are [1, 10, 0], by the weights [1, 2], by the bias 1.

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
    returns dx like x, dweight like weight, dbias (F,), all float64
    """
    raise NotImplementedError("conv2d_backward is not written yet")
