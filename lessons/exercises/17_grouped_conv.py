"""Exercise 17: convolution in groups, the paper's two GPUs (lesson 11).

In the paper (section 3.2, figure 2) each GPU has half of the channels. In some layers, a filter
sees only the half on its own GPU. That is a convolution in two groups.

Write `grouped_conv2d`. The C channels and the F filters are divided into G groups of neighbours:
group g has the channels from g * C/G to (g + 1) * C/G - 1 and the filters from g * F/G to
(g + 1) * F/G - 1. A filter sees only the channels of its own group:

    y[n, f, i, j] = bias[f] + sum over c, p, q of
                    weight[f, c, p, q] * padded[n, g * C/G + c, i * stride + p, j * stride + q]

with g = f // (F/G), and c from 0 to C/G - 1. ``padded`` is x with a border of ``padding`` zeros.
OH = (H + 2 * padding - KH) // stride + 1; OW is the same with W and KW.

You may use your convolution from exercise 01 or your im2col from exercise 02: copy it into this
file. With groups = 1 it is the ordinary convolution.

Letters: N images, C channels, H height, W width; F filters, KH and KW the height and width of a
filter; OH and OW the height and width of the output; G is the argument ``groups``.

Example: four channels with one pixel each, two filters that add up the channels they see.

>>> x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
>>> y = grouped_conv2d(x, np.ones((2, 2, 1, 1)), np.zeros(2), groups=2, stride=1, padding=0)
>>> y.ravel()
array([3., 7.])
"""

import numpy as np


def grouped_conv2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, groups: int, stride: int, padding: int
) -> np.ndarray:
    """Slide every filter over the channels of its group.

    x : float64 (N, C, H, W)
    weight : float64 (F, C/G, KH, KW)
    bias : float64 (F,)
    groups : int; C and F are multiples of it
    stride : int, at least 1
    padding : int, at least 0
    returns float64 (N, F, OH, OW)
    """
    raise NotImplementedError("grouped_conv2d is not written yet")
