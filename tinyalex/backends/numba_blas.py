"""Matrix products inside compiled kernels: BLAS called without going through Python.

A kernel that needs a product between two loops would otherwise return to Python for it, where
threads wait for each other. ``numba_xxgemm`` is the entry to SciPy's BLAS that Numba itself uses
for ``np.dot``; called directly it can also add to its result and read parts of larger matrices.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg.cython_blas  # noqa: F401 (the BLAS that numba_xxgemm calls)
from numba import types

from tinyalex.backends.numba_compile import compiled

_flag, _size, _pointer = types.char, types.intp, types.voidptr
_xxgemm = types.ExternalFunction(
    "numba_xxgemm",
    types.intc(
        *(_flag, _flag, _flag),  # number type, is the left / the right matrix transposed
        *(_size, _size, _size),  # columns, rows, length of the sums
        *(_pointer, _pointer, _size, _pointer, _size),  # alpha, left, stride, right, stride
        *(_pointer, _pointer, _size),  # beta, result, stride
    ),
)
_FLOAT, _DOUBLE, _PLAIN, _TRANSPOSED = map(ord, "sdnt")


@compiled
def gemm(transpose_a, transpose_b, a, b, beta, c):
    """c = a @ b + beta * c, where a and b may be transposed first.

    Rows of a, b and c (2-d) are contiguous; the rows of one matrix may lie apart, as in a block
    of columns of a larger matrix.
    """
    M, N = c.shape
    K = a.shape[0] if transpose_a else a.shape[1]
    if M == 0 or N == 0:
        return
    factors = np.empty(2, c.dtype)
    factors[0] = 1
    factors[1] = beta
    # BLAS counts columns first: to it our matrices are transposed, and c^T = b^T a^T.
    _xxgemm(
        _FLOAT if c.itemsize == 4 else _DOUBLE,
        _TRANSPOSED if transpose_b else _PLAIN,
        _TRANSPOSED if transpose_a else _PLAIN,
        N,
        M,
        K,
        factors.ctypes,
        b.ctypes,
        max(1, b.strides[0] // b.itemsize),
        a.ctypes,
        max(1, a.strides[0] // a.itemsize),
        factors[1:].ctypes,
        c.ctypes,
        max(1, c.strides[0] // c.itemsize),
    )
