"""Exercise 20: ten crops of an image, and their mean (lesson 14).

At test time the paper (section 4.1) shows the network ten views of each image: the four corners,
the centre, and the mirror images of these five. The answer is the mean of the ten softmax outputs.

Write two functions. `ten_crops` cuts the views of one image, each of CH x CW, in this order:

    0 top left    1 top right    2 bottom left    3 bottom right    4 centre
    5 to 9: the views 0 to 4 mirrored, left for right

The centre view begins at row (H - CH) // 2 and column (W - CW) // 2. (For the mean the order does
not matter. The package's own `ten_views` has the centre in the middle.)

`ten_crop_average` takes the logits of the ten views of N images. The softmax of a view's logits z
is p[k] = exp(z[k]) / sum over j of exp(z[j]); average the probabilities, not the logits. It must
be right for logits of thousands, too (see exercise 15).

Example: one row of three pixels, views of 1 x 2.

>>> row = np.array([10, 20, 30], dtype=np.uint8).reshape(1, 3, 1)
>>> ten_crops(row, crop=(1, 2)).reshape(10, 2)[[0, 1, 4, 5]]
array([[10, 20],
       [20, 30],
       [10, 20],
       [20, 10]], dtype=uint8)
>>> ten_crop_average(np.zeros((1, 10, 4)))
array([[0.25, 0.25, 0.25, 0.25]])
"""

import numpy as np


def ten_crops(image: np.ndarray, crop: tuple[int, int]) -> np.ndarray:
    """Cut the ten views of an image.

    image : uint8 (H, W, C)
    crop : (CH, CW), not larger than the image
    returns uint8 (10, CH, CW, C)
    """
    raise NotImplementedError("ten_crops is not written yet")


def ten_crop_average(logits: np.ndarray) -> np.ndarray:
    """Average the ten views' probabilities.

    logits : float64 (N, 10, K), of N images, ten views each, and K classes
    returns float64 (N, K), probabilities
    """
    raise NotImplementedError("ten_crop_average is not written yet")
