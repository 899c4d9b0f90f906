"""Exercise 19: im2col as a CUDA kernel (lesson 12).

A kernel is a function that thousands of threads run at the same time. Each asks which one it is
and does its own share. No graphics card is needed here: Numba has a simulator, which runs the
threads on the processor, slowly. The grader switches it on. To try your kernel by yourself, set
the environment variable NUMBA_ENABLE_CUDASIM to 1 *before* Python starts.

Write the kernel `im2col_kernel`. The columns are those of exercises 02 and 18:

    cols[n, (c * KH + p) * KW + q, i * OW + j] = padded[n, c, i * stride + p, j * stride + q]

with zeros in a frame of ``padding`` around each image. `im2col`, which makes the empty columns and
starts the kernel on ``blocks`` blocks of ``threads`` threads, is given: leave it as it is. It fills
cols with NaN ("not a number"), so that you see which numbers no thread has written.

The kernel must be right for *every* number of blocks and threads:

- more threads than there is work: those too many must do nothing;
- fewer threads than there is work: each must do several pieces.

``cuda.grid(1)`` is the number of this thread among all, ``cuda.gridsize(1)`` how many there are.
Divide with // and % to find out which number of cols a piece of work is.

Example: one row of three pixels, windows of 1 x 2, four threads for four numbers.

>>> row = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
>>> im2col(row, kernel_size=(1, 2), stride=1, padding=0, blocks=2, threads=2)
array([[[1., 2.],
        [2., 3.]]])
"""

import numpy as np
from numba import cuda


@cuda.jit
def im2col_kernel(
    x: np.ndarray, cols: np.ndarray, KH: int, KW: int, stride: int, padding: int
) -> None:
    """Write every number of cols.

    x : (N, C, H, W)
    cols : (N, C*KH*KW, OH*OW), full of NaN
    """
    raise NotImplementedError("im2col_kernel is not written yet")


def im2col(
    x: np.ndarray,
    kernel_size: tuple[int, int],
    stride: int,
    padding: int,
    blocks: int,
    threads: int,
) -> np.ndarray:
    """Start the kernel (given).

    x : float64 (N, C, H, W)
    kernel_size : (KH, KW)
    returns float64 (N, C*KH*KW, OH*OW)
    """
    N, C, H, W = x.shape
    KH, KW = kernel_size
    OH = (H + 2 * padding - KH) // stride + 1
    OW = (W + 2 * padding - KW) // stride + 1
    cols = np.full((N, C * KH * KW, OH * OW), np.nan)
    im2col_kernel[blocks, threads](x, cols, KH, KW, stride, padding)
    return cols
