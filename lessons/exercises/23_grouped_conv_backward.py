"""Exercise 23: the backward pass of a convolution in groups (lesson 11).

Write `grouped_conv2d_backward`, the backward pass of exercise 17. The forward pass was

    y[n, f, i, j] = bias[f] + sum over c, p, q of
                    weight[f, c, p, q] * padded[n, g * C/G + c, i * stride + p, j * stride + q]

with g = f // (F/G), and c from 0 to C/G - 1. ``padded`` is x with a border of ``padding`` zeros.
You get dy, the gradient of the loss with respect to y. Return the gradients with respect to x,
weight and bias:

    dbias[f]            = sum over n, i, j of dy[n, f, i, j]
    dweight[f, c, p, q] = sum over n, i, j of
                          dy[n, f, i, j] * padded[n, g * C/G + c, i * stride + p, j * stride + q]
    dx[n, k, h, w]      = sum over the filters f of channel k's group, and over all p, q, i, j with
                          i * stride + p - padding == h and j * stride + q - padding == w,
                          of dy[n, f, i, j] * weight[f, k - g * C/G, p, q]

A filter sees only the channels of its own group, so only they get a part of its gradient.

You may use your answer to exercise 04: copy it into this file, and call it once for each group.

Letters: N images, C channels, H height, W width; F filters, KH and KW the height and width of a
filter; OH and OW the height and width of the output; G is the argument ``groups``.

Example: two groups of one channel and one filter each, one pixel. y was [2 * 3, 5 * 7].

>>> x = np.array([3.0, 7.0]).reshape(1, 2, 1, 1)
>>> weight, dy = np.array([2.0, 5.0]).reshape(2, 1, 1, 1), np.array([1.0, 10.0]).reshape(1, 2, 1, 1)
>>> dx, dweight, dbias = grouped_conv2d_backward(dy, x, weight, groups=2, stride=1, padding=0)
>>> dx.ravel(), dweight.ravel(), dbias
(array([ 2., 50.]), array([ 3., 70.]), array([ 1., 10.]))
"""

import numpy as np


def grouped_conv2d_backward(
    dy: np.ndarray, x: np.ndarray, weight: np.ndarray, groups: int, stride: int, padding: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """d(loss)/dx, d(loss)/dweight and d(loss)/dbias from d(loss)/dy.

    dy : float64 (N, F, OH, OW)
    x : float64 (N, C, H, W)
    weight : float64 (F, C/G, KH, KW)
    groups : int; C and F are multiples of it
    stride : int, at least 1
    padding : int, at least 0
    returns dx (N, C, H, W), dweight (F, C/G, KH, KW), dbias (F,), all float64
    """
    raise NotImplementedError("grouped_conv2d_backward is not written yet")
