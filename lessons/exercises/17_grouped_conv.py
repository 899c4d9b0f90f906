"""Exercise 17: convolution in groups, the paper's two GPUs (lesson 11).

In the paper (section 3.2, figure 2) each GPU holds half of the channels, and in some layers a
filter sees only the half on its own GPU. That is a convolution in two groups.

Write `grouped_conv2d`. The C channels and the F filters are cut into G groups of neighbours:
group g has the channels from g * C/G to (g + 1) * C/G - 1 and the filters from g * F/G to
(g + 1) * F/G - 1. A filter sees the channels of its own group only:

    y[n, f, i, j] = bias[f] + sum over c, p, q of
                    weight[f, c, p, q] * padded[n, g * C/G + c, i * stride + p, j * stride + q]

with g = f // (F/G), and c counting from 0 to C/G - 1. ``padded`` is x with a frame of ``padding``
zeros. OH = (H + 2 * padding - KH) // stride + 1, OW likewise. G divides C and F.

You may build on your convolution of exercise 01 or on your im2col of exercise 02; copy it into
this file. groups = 1 is the ordinary convolution.

Example: four channels with one pixel each, two filters that add up what they see.

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
    returns float64 (N, F, OH, OW)
    """
    raise NotImplementedError("grouped_conv2d is not written yet")
