"""Exercise 13: random crops and mirrors (lesson 08).

A network that sees each image a little moved, and half of the time mirrored, cannot learn the
pixels by heart (paper, section 4.1: crops of 224 out of 256, and their horizontal reflections).

Write `crop_mirror`. From image n cut the window whose upper left pixel is at row ``tops[n]``,
column ``lefts[n]``. Where ``mirrors[n]`` is True, mirror *the window*: left becomes right, up
stays up. So that the result can be checked, the places are not drawn in your function.

    images   uint8 (N, H, W, C): rows, columns and colours of N images
    crop     (CH, CW), height and width of the window; it fits into the image
    result   uint8 (N, CH, CW, C), a new array: the images stay as they are

Example: one row of four pixels, a window of two that begins at column 1.

>>> row = np.array([10, 20, 30, 40], dtype=np.uint8).reshape(1, 1, 4, 1)
>>> at_0, at_1 = np.array([0]), np.array([1])
>>> crop_mirror(row, tops=at_0, lefts=at_1, mirrors=np.array([False]), crop=(1, 2)).ravel()
array([20, 30], dtype=uint8)
>>> crop_mirror(row, tops=at_0, lefts=at_1, mirrors=np.array([True]), crop=(1, 2)).ravel()
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
    """Cut a window out of each image, and mirror some.

    images : uint8 (N, H, W, C)
    tops, lefts : int (N,)
    mirrors : bool (N,)
    crop : (CH, CW)
    returns uint8 (N, CH, CW, C)
    """
    raise NotImplementedError("crop_mirror is not written yet")
