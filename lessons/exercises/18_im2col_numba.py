"""Exercise 18: im2col as compiled loops (lesson 12).

Loops over single numbers are slow in Python and fast once they are compiled. Numba compiles a
function that is decorated with ``@numba.njit``; in it, write loops and index arrays one number
at a time, without lists and dictionaries. (`im2col` itself may stay in Python: it makes the empty
columns, and calls a compiled function that fills them.)

Write `im2col`, which makes a column of every window (it is that of exercise 02):

    cols[n, (c * KH + p) * KW + q, i * OW + j] = padded[n, c, i * stride + p, j * stride + q]

with n, c images and channels; p, q the place in the window (KH x KW); i, j the window
(OH x OW, OH = (H + 2 * padding - KH) // stride + 1, OW likewise). ``padded`` is x with a frame of
``padding`` zeros. No padded copy is needed: test whether a place is inside the image. And test it
well: compiled code does not notice when an index is too large, it reads somebody else's memory.

The last property compares its speed with the same loops in Python. Compiling takes a second or
two, at the first call; it is not counted.

Example: one row of three pixels, windows of 1 x 2.

>>> row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
>>> im2col(row, kernel_size=(1, 2), stride=1, padding=0)
array([[[1., 2.],
        [2., 3.]]])
"""

import numba
import numpy as np


def im2col(x: np.ndarray, kernel_size: tuple[int, int], stride: int, padding: int) -> np.ndarray:
    """Every window as a column, by loops that Numba has compiled.

    x : float64 (N, C, H, W)
    kernel_size : (KH, KW)
    returns float64 (N, C*KH*KW, OH*OW)
    """
    raise NotImplementedError("im2col is not written yet")


@numba.njit
def fill(x, cols, KH, KW, OW, stride, padding):
    """An idea of how to begin: write every number of ``cols``. You need not keep it."""
