"""Exercise 01: a convolution with loops (lesson 02).

Write `conv2d` from its definition: loops and sums, no library that convolves. A filter slides over
the image, ``stride`` pixels a step; at each place, every pixel that it covers is multiplied by the
weight above it, and all the products are added up, over all channels:

    y[n, f, i, j] = bias[f] + sum over c, p, q of
                    weight[f, c, p, q] * padded[n, c, i * stride + p, j * stride + q]

``padded`` is x with a frame of ``padding`` zeros on all four sides of each image. The filter never
leaves the padded image, so that

    OH = (H + 2 * padding - KH) // stride + 1        (OW likewise)

Letters: N images, C channels, H W height and width; F filters, KH KW their height and width;
OH OW height and width of the output. The filter is not turned round: what mathematicians call a
convolution turns it, what networks call one does not.

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
    returns float64 (N, F, OH, OW)
    """
    raise NotImplementedError("conv2d is not written yet")
