"""Exercise 13: random crops and horizontal flips (lesson 08).

If a network sees each image at different positions, and flipped half of the time, it cannot learn
the pixels by heart (paper, section 4.1: crops of 224 pixels from 256, and horizontal reflections).

Write `crop_mirror`. From image n take the crop whose upper left pixel is at row ``tops[n]`` and
column ``lefts[n]``. Where ``mirrors[n]`` is True, flip *the crop* horizontally: left and right are
exchanged, top and bottom are not. Your function does not draw random numbers, so that the result
can be checked. Return a new array: the images stay as they are.

Letters: N images, H height, W width, C colour channels; CH and CW the height and width of a crop.

Example: one row of four pixels, a crop of two pixels that begins at column 1.

>>> row = np.array([10, 20, 30, 40], dtype=np.uint8).reshape(1, 1, 4, 1)
>>> top, left = np.array([0]), np.array([1])
>>> crop_mirror(row, top, left, mirrors=np.array([False]), crop=(1, 2)).ravel()
array([20, 30], dtype=uint8)
>>> crop_mirror(row, top, left, mirrors=np.array([True]), crop=(1, 2)).ravel()
array([30, 20], dtype=uint8)
"""

import numpy as np


def crop_mirror(
    images: np.ndarray,
    tops: np.ndarray,
    lefts: np.ndarray,
    mirrors: np.ndarray,
    crop: tuple[int, int],
) -> np.ndarray:
    """Crop each image, and flip some of the crops.

    images : uint8 (N, H, W, C)
    tops, lefts : int64 (N,); the crop is inside the image
    mirrors : bool (N,)
    crop : two int, (CH, CW)
    returns uint8 (N, CH, CW, C)
    """
    raise NotImplementedError("crop_mirror is not written yet")
