# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc, no-any-return"
"""How kernels load and store numbers: bfloat16 becomes float32 on the way in, and back again.

Numba has no bfloat16, so a kernel gets its bits as uint16: the upper half of a float32. Numba
knows the types of the arrays when it compiles a kernel, and takes the `load` and `store` that fit:
for float32 and float64 they are ``x[i]`` and nothing else. In the simulator they look at the
number. A kernel whose arrays are all float32 does not change through them.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from tinyalex.backends.cuda.launch import SIMULATED

HALF = np.uint32(16)


@cuda.jit(device=True)
def widened(bits):
    """The float32 of a bfloat16's bits."""
    return np.uint32(np.uint32(bits) << HALF).view(np.float32)


@cuda.jit(device=True)
def narrowed(value):
    """The bits of the nearest bfloat16; of two equally near, of the even one. A NaN stays one."""
    bits = np.float32(value).view(np.uint32)
    upper = bits >> HALF
    if bits & np.uint32(0x7FFFFFFF) > np.uint32(0x7F800000):  # a NaN, which rounding could end
        return np.uint16(upper | np.uint32(0x40))
    half = np.uint32(np.uint32(0x7FFF) + (upper & np.uint32(1)))
    return np.uint16(np.uint32(bits + half) >> HALF)  # Numba adds in 64 bits, unless told


# As they are written, these two run in the simulator alone; ``.fn`` saves its detour.
def load(x, i):
    """``x[i]``, of bfloat16 in float32."""
    number = x[i]
    return widened.fn(number) if isinstance(number, np.uint16) else number


def store(x, i, value):
    """``x[i] = value``, rounded if ``x`` is bfloat16."""
    x[i] = narrowed.fn(value) if isinstance(x[i], np.uint16) else value


if not SIMULATED:
    from numba.cuda.extending import overload

    @overload(load)
    def _load(x, i):
        if x.dtype.name == "uint16":
            return lambda x, i: widened(x[i])
        return lambda x, i: x[i]

    @overload(store)
    def _store(x, i, value):
        def rounded(x, i, value):
            x[i] = narrowed(value)

        def plain(x, i, value):
            x[i] = value

        return rounded if x.dtype.name == "uint16" else plain
