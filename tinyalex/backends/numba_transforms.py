"""Winograd's one-dimensional transforms, written out.

Each is a product with a matrix of `winograd.matrices(4, r)`: n = 6 for r = 3 taps, n = 8 for 5.
They transform ``LANES`` vectors side by side, one vector instruction for several: element k of
vector i is ``x[at + k * step + i]``, and likewise in ``out``. Lanes and steps are constants, so
that the compiler sees that nothing overlaps. The rows of a point and of its negative share their
even and odd parts, which saves a third of the work.

They are compiled into the kernels of ``numba_winograd.py``. Numba keeps those on disk and compiles
them again when their own file changes, not when this one does: after a change here, save that
file too.
"""

from __future__ import annotations

import numpy as np

from tinyalex.backends.numba_compile import inlined

LANES = 32

# As float32, so that products with float32 numbers stay float32; all are exact.
_2, _4, _5, _8 = (np.float32(v) for v in (2, 4, 5, 8))
_HALF, _QUARTER, _EIGHTH = (np.float32(v) for v in (0.5, 0.25, 0.125))
_A, _B, _C, _D = (np.float32(v) for v in (5.25, 4.25, 2.5, 1.25))


@inlined
def input_6(x, at, step, out, to, by):
    """out = B^T x: 6 from 6."""
    for i in range(LANES):
        x0, x1 = x[at + i], x[at + step + i]
        x2, x3 = x[at + 2 * step + i], x[at + 3 * step + i]
        x4, x5 = x[at + 4 * step + i], x[at + 5 * step + i]
        out[to + i] = _4 * x0 - _5 * x2 + x4
        even, odd = x4 - _4 * x2, x3 - _4 * x1
        out[to + by + i] = even + odd
        out[to + 2 * by + i] = even - odd
        even, odd = x4 - x2, _2 * (x3 - x1)
        out[to + 3 * by + i] = even + odd
        out[to + 4 * by + i] = even - odd
        out[to + 5 * by + i] = _4 * x1 - _5 * x3 + x5


@inlined
def input_8(x, at, step, out, to, by):
    """out = B^T x: 8 from 8."""
    for i in range(LANES):
        x0, x1 = x[at + i], x[at + step + i]
        x2, x3 = x[at + 2 * step + i], x[at + 3 * step + i]
        x4, x5 = x[at + 4 * step + i], x[at + 5 * step + i]
        x6, x7 = x[at + 6 * step + i], x[at + 7 * step + i]
        out[to + i] = x6 - x0 + _A * (x2 - x4)
        even, odd = x2 - _B * x4 + x6, x1 - _B * x3 + x5
        out[to + by + i] = even + odd
        out[to + 2 * by + i] = even - odd
        even, odd = _QUARTER * x2 - _D * x4 + x6, _HALF * x1 - _C * x3 + _2 * x5
        out[to + 3 * by + i] = even + odd
        out[to + 4 * by + i] = even - odd
        even, odd = _4 * x2 - _5 * x4 + x6, _2 * x1 - _C * x3 + _HALF * x5
        out[to + 5 * by + i] = even + odd
        out[to + 6 * by + i] = even - odd
        out[to + 7 * by + i] = x7 - x1 + _A * (x3 - x5)


@inlined
def output_6(x, at, step, out, to, by):
    """out = A^T x: 4 from 6."""
    for i in range(LANES):
        x0, x1 = x[at + i], x[at + step + i]
        x2, x3 = x[at + 2 * step + i], x[at + 3 * step + i]
        x4, x5 = x[at + 4 * step + i], x[at + 5 * step + i]
        sum1, difference1 = x1 + x2, x1 - x2
        sum2, difference2 = x3 + x4, x3 - x4
        out[to + i] = x0 + sum1 + sum2
        out[to + by + i] = difference1 + _2 * difference2
        out[to + 2 * by + i] = sum1 + _4 * sum2
        out[to + 3 * by + i] = difference1 + _8 * difference2 + x5


@inlined
def output_8(x, at, step, out, to, by):
    """out = A^T x: 4 from 8."""
    for i in range(LANES):
        x0, x1 = x[at + i], x[at + step + i]
        x2, x3 = x[at + 2 * step + i], x[at + 3 * step + i]
        x4, x5 = x[at + 4 * step + i], x[at + 5 * step + i]
        x6, x7 = x[at + 6 * step + i], x[at + 7 * step + i]
        sum1, difference1 = x1 + x2, x1 - x2
        sum2, difference2 = x3 + x4, x3 - x4
        sum3, difference3 = x5 + x6, x5 - x6
        out[to + i] = x0 + sum1 + sum2 + sum3
        out[to + by + i] = difference1 + _2 * difference2 + _HALF * difference3
        out[to + 2 * by + i] = sum1 + _4 * sum2 + _QUARTER * sum3
        out[to + 3 * by + i] = difference1 + _8 * difference2 + _EIGHTH * difference3 + x7


@inlined
def gradient_6(x, at, step, out, to, by):
    """out = A x, 6 from 4: the adjoint of `output_6`."""
    for i in range(LANES):
        x0, x1 = x[at + i], x[at + step + i]
        x2, x3 = x[at + 2 * step + i], x[at + 3 * step + i]
        out[to + i] = x0
        even, odd = x0 + x2, x1 + x3
        out[to + by + i] = even + odd
        out[to + 2 * by + i] = even - odd
        even, odd = x0 + _4 * x2, _2 * x1 + _8 * x3
        out[to + 3 * by + i] = even + odd
        out[to + 4 * by + i] = even - odd
        out[to + 5 * by + i] = x3


@inlined
def gradient_8(x, at, step, out, to, by):
    """out = A x, 8 from 4: the adjoint of `output_8`."""
    for i in range(LANES):
        x0, x1 = x[at + i], x[at + step + i]
        x2, x3 = x[at + 2 * step + i], x[at + 3 * step + i]
        out[to + i] = x0
        even, odd = x0 + x2, x1 + x3
        out[to + by + i] = even + odd
        out[to + 2 * by + i] = even - odd
        even, odd = x0 + _4 * x2, _2 * x1 + _8 * x3
        out[to + 3 * by + i] = even + odd
        out[to + 4 * by + i] = even - odd
        even, odd = x0 + _QUARTER * x2, _HALF * x1 + _EIGHTH * x3
        out[to + 5 * by + i] = even + odd
        out[to + 6 * by + i] = even - odd
        out[to + 7 * by + i] = x3
