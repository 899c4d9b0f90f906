"""Exercise 20: ten crops of an image, and their average (lesson 14).

At test time the paper (section 4.1) gives the network ten crops of each image: the four corners,
the centre, and these five flipped horizontally. The prediction is the mean of the ten softmax
outputs.

Write two functions. `ten_crops` takes the crops of one image, in this order:

    0 top left    1 top right    2 bottom left    3 bottom right    4 centre
    5 to 9: crops 0 to 4, flipped horizontally

The centre crop begins at row (H - CH) // 2 and column (W - CW) // 2. (The order does not change
the mean. The package's own `ten_views` has another order, with the centre in the middle.)

`ten_crop_average` gets the logits of the ten crops of N images. The softmax of a crop's logits z is
p[k] = exp(z[k]) / sum over j of exp(z[j]). Average the probabilities, not the logits. It must also
be correct for logits of 1000 and more (see exercise 15).

Letters: H height, W width, C colour channels; CH and CW the height and width of a crop; N images,
K classes.

Example: one row of three pixels, crops of 1 x 2.

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
    """Take the ten crops of an image.

    image : uint8 (H, W, C)
    crop : two int, (CH, CW), at most (H, W)
    returns uint8 (10, CH, CW, C)
    """
    raise NotImplementedError("ten_crops is not written yet")


def ten_crop_average(logits: np.ndarray) -> np.ndarray:
    """Average the probabilities of the ten crops.

    logits : float64 (N, 10, K)
    returns probabilities, float64 (N, K)
    """
    raise NotImplementedError("ten_crop_average is not written yet")
