"""Exercise 01: a convolution with loops (lesson 02).

Write `conv2d` from its definition, with loops and sums. A filter slides over the image,
``stride`` pixels per step. At each position, multiply every pixel under the filter by the weight
above it, and add up all the products, over all channels:

    y[n, f, i, j] = bias[f] + sum over c, p, q of
                    weight[f, c, p, q] * padded[n, c, i * stride + p, j * stride + q]

``padded`` is x with a border of ``padding`` zeros on all four sides of each image. The filter
never leaves the padded image. Therefore

    OH = (H + 2 * padding - KH) // stride + 1        (OW is the same with W and KW)

Letters: N images, C channels, H height, W width; F filters, KH and KW the height and width of a
filter; OH and OW the height and width of the output. The filter is not flipped: in mathematics, a
convolution flips the filter; in neural networks it does not.

Example: one image with one channel, one filter of 1 x 2. The filter [1, 10] over the row
[1, 2, 3] gives 1*1 + 10*2 = 21 and 1*2 + 10*3 = 32:

>>> row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
>>> weight = np.array([1.0, 10.0]).reshape(1, 1, 1, 2)
>>> conv2d(row, weight, np.zeros(1), stride=1, padding=0)
array([[[[21., 32.]]]])
"""

import numpy as np


def conv2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, padding: int
) -> np.ndarray:
    """Slide every filter over every image.

    x : float64 (N, C, H, W)
    weight : float64 (F, C, KH, KW)
    bias : float64 (F,)
    stride : int, at least 1
    padding : int, at least 0
    returns float64 (N, F, OH, OW)
    """
    raise NotImplementedError("conv2d is not written yet")
