"""Exercise 19: im2col as a CUDA kernel (lesson 12).

A kernel is a function that thousands of threads run at the same time. Each thread asks for its own
number and does its share of the work. You need no GPU here: Numba has a simulator, which runs the
threads on the CPU, slowly. The grader uses it. To try your kernel yourself, set the environment
variable NUMBA_ENABLE_CUDASIM to 1 *before* Python starts.

Write the kernel `im2col_kernel`. It fills cols as in exercises 02 and 18:

    cols[n, (c * KH + p) * KW + q, i * OW + j] = padded[n, c, i * stride + p, j * stride + q]

``padded`` is x with a border of ``padding`` zeros. The function `im2col` is given: do not change
it. It makes cols and launches the kernel with ``blocks`` blocks of ``threads`` threads. It fills
cols with NaN ("not a number") first, so that you see which numbers no thread has written.

The kernel must be correct for *every* number of blocks and threads:

- more threads than numbers in cols: the extra threads must do nothing;
- fewer threads than numbers in cols: each thread must write several.

``cuda.grid(1)`` is the number of this thread among all threads of the launch, ``cuda.gridsize(1)``
is how many there are. Use // and % to compute the indices n, row and column from a number.

Letters: N images, C channels, H height, W width; KH and KW the height and width of the kernel; OH
and OW the height and width of the output. OH = (H + 2 * padding - KH) // stride + 1; OW is the
same with W and KW.

Example: one row of three pixels, patches of 1 x 2, four threads for four numbers.

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

    x : float64 (N, C, H, W)
    cols : float64 (N, C * KH * KW, OH * OW), filled with NaN
    KH, KW, stride, padding : int
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
    """Launch the kernel (given).

    x : float64 (N, C, H, W)
    kernel_size : two int, (KH, KW)
    stride, padding, blocks, threads : int
    returns float64 (N, C * KH * KW, OH * OW)
    """
    N, C, H, W = x.shape
    KH, KW = kernel_size
    OH = (H + 2 * padding - KH) // stride + 1
    OW = (W + 2 * padding - KW) // stride + 1
    cols = np.full((N, C * KH * KW, OH * OW), np.nan)
    im2col_kernel[blocks, threads](x, cols, KH, KW, stride, padding)
    return cols
