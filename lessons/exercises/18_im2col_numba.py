"""Exercise 18: im2col as compiled loops (lesson 12).

Loops over single numbers are slow in Python and fast when they are compiled. Numba compiles a
function with the decorator ``@numba.njit``. In this function, write loops and index arrays one
number at a time, without lists and dictionaries. (`im2col` itself may stay in Python: it makes the
array cols, and calls a compiled function that fills it.)

Write `im2col`, which copies every patch into a column, as in exercise 02:

    cols[n, (c * KH + p) * KW + q, i * OW + j] = padded[n, c, i * stride + p, j * stride + q]

``padded`` is x with a border of ``padding`` zeros. You need no padded copy: test whether a pixel is
inside the image. Test it with care: compiled code does not notice when an index is too large. It
reads memory outside the array.

Letters: N images, C channels, H height, W width; KH and KW the height and width of the kernel; OH
and OW the height and width of the output. OH = (H + 2 * padding - KH) // stride + 1; OW is the
same with W and KW.

The last property compares the speed with the same loops in Python. Compiling takes a second or two
in the first call; this time is not counted.

Example: one row of three pixels, patches of 1 x 2.

>>> row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
>>> im2col(row, kernel_size=(1, 2), stride=1, padding=0)
array([[[1., 2.],
        [2., 3.]]])
"""

import numba
import numpy as np


def im2col(x: np.ndarray, kernel_size: tuple[int, int], stride: int, padding: int) -> np.ndarray:
    """Copy every patch into a column, with loops that Numba has compiled.

    x : float64 (N, C, H, W)
    kernel_size : two int, (KH, KW)
    stride : int, at least 1
    padding : int, at least 0
    returns float64 (N, C * KH * KW, OH * OW)
    """
    raise NotImplementedError("im2col is not written yet")


@numba.njit
def fill(x, cols, KH, KW, OW, stride, padding):
    """A possible beginning: write every number of ``cols``. You may delete this function."""
