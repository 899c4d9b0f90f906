# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc"
"""Random numbers on the GPU, a function of a key and a position in its stream alone.

The generator is Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
SC 2011), as in NumPy: block i of a stream is four words that depend on the key and i alone. So
the first uniform numbers of a stream equal NumPy's on a CPU, and a network drops the same units on
both.
"""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

MASK = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
ROUNDS = 10


@cuda.jit(device=True)
def high_product(a, b):
    """Return the upper 64 bits of the product of two 64-bit numbers."""
    a_low, a_high, b_low, b_high = a & MASK, a >> HALF, b & MASK, b >> HALF
    middle = a_high * b_low + ((a_low * b_low) >> HALF)
    other = a_low * b_high + (middle & MASK)
    return a_high * b_high + (middle >> HALF) + (other >> HALF)


@cuda.jit(device=True)
def philox(block, key_0, key_1):
    """Return the four words of a block."""
    # Inside the function: numba-cuda-mlir 0.6.0 cannot read a global number above 2**63.
    multiplier_0, multiplier_1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
    weyl_0, weyl_1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
    c0, c1, c2, c3 = block, np.uint64(0), np.uint64(0), np.uint64(0)
    for _ in range(ROUNDS):
        high_0, low_0 = high_product(multiplier_0, c0), multiplier_0 * c0
        high_1, low_1 = high_product(multiplier_1, c2), multiplier_1 * c2
        c0, c1, c2, c3 = high_1 ^ c1 ^ key_0, low_1, high_0 ^ c3 ^ key_1, low_0
        key_0 += weyl_0
        key_1 += weyl_1
    return c0, c1, c2, c3


@cuda.jit
def uniform32(key_0, key_1, out, size, first_block):
    """Eight float32 per block: each word's lower half first, 24 bits of each half."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if 8 * i >= size:
        return
    drawn = philox(np.uint64(first_block + i), key_0, key_1)
    for j in range(min(8, size - 8 * i)):
        word = drawn[j >> 1]
        half = (word >> HALF) if j & 1 else (word & MASK)
        out[8 * i + j] = np.float32(half >> np.uint64(8)) * np.float32(2.0**-24)


@cuda.jit
def uniform64(key_0, key_1, out, size, first_block):
    """Four float64 per block: 53 bits of each word."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if 4 * i >= size:
        return
    drawn = philox(np.uint64(first_block + i), key_0, key_1)
    for j in range(min(4, size - 4 * i)):
        out[4 * i + j] = np.float64(drawn[j] >> np.uint64(11)) * 2.0**-53


@cuda.jit
def normal(key_0, key_1, out, size, first_block, std):
    """Two normal numbers per block, by Box and Muller."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if 2 * i >= size:
        return
    drawn = philox(np.uint64(first_block + i), key_0, key_1)
    radius = np.float64((drawn[0] >> np.uint64(11)) + np.uint64(1)) * 2.0**-53  # not zero
    radius = math.sqrt(-2.0 * math.log(radius)) * std
    angle = 2.0 * math.pi * np.float64(drawn[1] >> np.uint64(11)) * 2.0**-53
    out[2 * i] = radius * math.cos(angle)
    if 2 * i + 1 < size:
        out[2 * i + 1] = radius * math.sin(angle)


@cuda.jit
def integers(key_0, key_1, out, size, first_block, low, count):
    """Four int64 in [low, low + count) per block: the upper half of word * count."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if 4 * i >= size:
        return
    drawn = philox(np.uint64(first_block + i), key_0, key_1)
    for j in range(min(4, size - 4 * i)):
        out[4 * i + j] = low + np.int64(high_product(drawn[j], np.uint64(count)))
