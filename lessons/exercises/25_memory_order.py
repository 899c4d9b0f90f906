"""Exercise 25: where a pixel is in memory (lesson 01).

Layers want a batch of images as an array x of shape (N, C, H, W). In memory its numbers are in one
row, and the last index changes fastest. One step along w moves by 1 number, one step along h by W
numbers, and so on. These four numbers are the strides (NumPy counts them in bytes, we count
numbers).

An image file has another order, (N, H, W, C): the colours of one pixel are next to each other.

Write three functions, without calling NumPy's own `strides` and `unravel_index` (try it by hand):

1. `strides(shape)`: the strides of an array of this shape.
2. `place_in_file(position, shape)`: which number (n, c, h, w) is at this position of a file in the
   order (N, H, W, C)? ``shape`` is (N, C, H, W). Positions are counted from 0.
3. `to_nchw(file, shape)`: all numbers of such a file as an array of shape (N, C, H, W).

Letters: N images, C channels, H height, W width.

Example: one image of two channels and 1 x 3 pixels. The file begins with both channels of the first
pixel.

>>> strides((1, 2, 1, 3))
(6, 3, 3, 1)
>>> place_in_file(3, (1, 2, 1, 3))
(0, 1, 0, 1)
>>> to_nchw(np.array([1.0, 10.0, 2.0, 20.0, 3.0, 30.0]), (1, 2, 1, 3))
array([[[[ 1.,  2.,  3.]],
<BLANKLINE>
        [[10., 20., 30.]]]])
"""

import numpy as np


def strides(shape: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """How many numbers of memory one step along each axis moves by.

    shape : int (N, C, H, W)
    returns four int: for n, c, h and w
    """
    raise NotImplementedError("strides is not written yet")


def place_in_file(position: int, shape: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Which number is at this position of a file in the order (N, H, W, C).

    position : int, from 0 to N * C * H * W - 1
    shape : int (N, C, H, W)
    returns four int: n, c, h, w
    """
    raise NotImplementedError("place_in_file is not written yet")


def to_nchw(file: np.ndarray, shape: tuple[int, int, int, int]) -> np.ndarray:
    """The images of a file in the order that layers want.

    file : float64 (N * H * W * C,)
    shape : int (N, C, H, W)
    returns float64 (N, C, H, W)
    """
    raise NotImplementedError("to_nchw is not written yet")
