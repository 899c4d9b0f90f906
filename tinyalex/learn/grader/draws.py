"""Inputs for properties: small arrays of simple numbers, so that a failing one is easy to read.

Strategies are cached: each input of a property asks for them again, and making one takes longer
than drawing from it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tinyalex.learn.grader.spec import Arguments

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]
LARGE = 1e12  # larger than what students write for "more than any number"
MAX_SIZE = 512  # elements of an array
BLOCK = 32  # bytes that are drawn together


@functools.cache
def scales(*larger: float) -> SearchStrategy[float]:
    """1 or, in one of a few inputs, another factor; powers of 10 stay easy to read."""
    return st.sampled_from((1.0, 1.0, *larger))


def integers(shape: Shape, low: int = -3, high: int = 3) -> SearchStrategy[Array]:
    """A float64 array of integers from ``low`` to ``high``; shrinks towards zeros."""
    return _from_table(shape, low, high)


def eighths(shape: Shape, low: int = -3, high: int = 3) -> SearchStrategy[Array]:
    """A float64 array of multiples of 1/8, which are exact in binary; shrinks to 0, 1, -1, 2, ...

    An answer that cuts off fractions is wrong for most of them.
    """
    return _from_table(shape, 8 * low, 8 * high, 8)


def sample(*shape: int, low: int = -3, high: int = 3, divisor: int = 7) -> Array:
    """A fixed array of any size, of multiples of 1/7.

    Most are not exact in binary: an answer that rounds them to float32 is wrong. With the divisor
    8 they are exact, and so are sums of their squares.
    """
    drawn = np.random.default_rng(0).integers(divisor * low, divisor * high + 1, shape)
    return drawn / divisor


@functools.cache
def booleans(shape: Shape) -> SearchStrategy[Array]:
    """A boolean array; shrinks towards False."""
    return _from_table(shape, 0, 1).map(lambda drawn: drawn == 1)


@functools.cache
def indices(shape: Shape, stop: int) -> SearchStrategy[Array]:
    """An int64 array of numbers from 0 to ``stop - 1``."""
    return _from_table(shape, 0, stop - 1).map(lambda drawn: drawn.astype(np.int64))


@functools.cache
def distinct(shape: Shape, first: int = 0) -> SearchStrategy[Array]:
    """A float64 array without ties: ``first``, ``first + 1`` and so on, shuffled."""

    def ranks(drawn: Array) -> Array:
        numbers = np.empty(len(drawn))
        numbers[np.argsort(drawn, kind="stable")] = np.arange(first, first + len(drawn))
        return numbers.reshape(shape)

    return _bytes(shape).map(ranks)


@functools.cache
def one_hot(shape: Shape) -> SearchStrategy[Array]:
    """A float64 array in which one element is 1 and all others are 0."""

    def array(index: Shape) -> Array:
        zeros = np.zeros(shape)
        zeros[index] = 1.0
        return zeros

    return st.tuples(*[st.integers(0, size - 1) for size in shape]).map(array)


def numbered(*shape: int, dtype: str = "float64") -> Array:
    """The numbers 1, 2, 3, ...: each shows where it came from, and 0 is no pixel."""
    return np.arange(1, np.prod(shape) + 1).reshape(shape).astype(dtype)


@functools.cache
def sizes(*high: int) -> SearchStrategy[Shape]:
    """One size for each number of ``high``, from 1 to that number."""
    return st.tuples(*(st.integers(1, most) for most in high))


@functools.cache
def any_shape(dimensions: int = 4) -> SearchStrategy[Shape]:
    """A shape of 1 to ``dimensions`` axes, each at most 3 long."""
    drawn = st.tuples(st.integers(1, dimensions), sizes(*[3] * dimensions))
    return drawn.map(lambda pair: pair[1][: pair[0]])


def with_constants(given: SearchStrategy[Arguments], **values: float) -> SearchStrategy[Arguments]:
    """The drawn arguments; each array named here holds a single value everywhere."""

    def replaced(a: Arguments) -> Arguments:
        return a | {name: np.full_like(a[name], value) for name, value in values.items()}

    return given.map(replaced)


def with_other(given: SearchStrategy[Arguments], name: str) -> SearchStrategy[Arguments]:
    """The drawn arguments and ``other``, an array of the same shape as the one called ``name``."""
    return given.flatmap(lambda a: eighths(a[name].shape).map(lambda other: a | {"other": other}))


@dataclass(frozen=True)
class Windows:
    """Sizes of images and of the windows that slide over them.

    N C H W batch, channels, height, width; F filters; KH KW kernel; OH OW output.
    """

    N: int
    C: int
    H: int
    W: int
    F: int
    KH: int
    KW: int
    stride: int
    padding: int

    @property
    def OH(self) -> int:
        return (self.H + 2 * self.padding - self.KH) // self.stride + 1

    @property
    def OW(self) -> int:
        return (self.W + 2 * self.padding - self.KW) // self.stride + 1

    @property
    def x_shape(self) -> tuple[int, int, int, int]:
        return (self.N, self.C, self.H, self.W)

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        return (self.F, self.C, self.KH, self.KW)

    @property
    def y_shape(self) -> tuple[int, int, int, int]:
        return (self.N, self.F, self.OH, self.OW)


@st.composite
def windows(
    draw: st.DrawFn, padding: int = 0, kernel: int = 3, square: bool = False, extra: int = 3
) -> Windows:
    """Sizes with at least one window; height and width are drawn independently.

    Parameters
    ----------
    padding, kernel : int
        Upper limits of the padding and of the kernel's height and width.
    square : bool
        The kernel is as wide as it is high.
    extra : int
        The image is at most this much larger than the smallest that fits.
    """
    N, C, F = draw(sizes(2, 2, 2))
    KH = draw(st.integers(1, kernel))
    KW = KH if square else draw(st.integers(1, kernel))
    stride = draw(st.integers(1, 3))
    pad = draw(st.integers(0, padding))
    # As large as the padding: a negative index then names a pixel, and the message shows which.
    H = max(1, KH - 2 * pad, pad) + draw(st.integers(0, extra))
    W = max(1, KW - 2 * pad, pad) + draw(st.integers(0, extra))
    return Windows(N, C, H, W, F, KH, KW, stride, pad)


def numeric_gradient(loss: Callable[[Array], float], x: Array, step: float = 1e-5) -> Array:
    """d(loss)/dx by central differences: each element of ``x`` moves up and down by ``step``.

    If ``loss`` is linear or quadratic in ``x``, the result is exact up to rounding for any step.
    """
    dx = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[at] += step
        down[at] -= step
        dx[at] = (loss(up) - loss(down)) / (2 * step)
    return dx


@functools.cache
def _from_table(shape: Shape, low: int, high: int, divisor: int = 1) -> SearchStrategy[Array]:
    """Multiples of 1 / divisor; see `_table`."""
    table = _table(low, high, divisor)
    return _bytes(shape).map(lambda drawn: table[drawn % len(table)].reshape(shape))


@functools.cache
def _table(low: int, high: int, divisor: int) -> Array:
    """The numbers to draw from; the simplest come first: 0, 1, -1, 2, ..., 1/2, ..."""
    fractions = (Fraction(n, divisor) for n in range(low, high + 1))
    numbers = sorted(fractions, key=lambda n: (n.denominator, abs(n), n < 0))
    return np.array([float(n) for n in numbers])


def _bytes(shape: Shape) -> SearchStrategy[Array]:
    """One byte per element of the array.

    They are drawn in blocks of constant length, one for most arrays: Hypothesis can then make a
    size smaller without drawing all elements again, and shrinks quickly.
    """
    count = int(np.prod(shape))
    if count > MAX_SIZE:
        raise ValueError(f"an array of {shape} is too large to read: at most {MAX_SIZE} elements")
    blocks = [st.binary(min_size=BLOCK, max_size=BLOCK)] * max(1, -(-count // BLOCK))

    def array(drawn: tuple[bytes, ...]) -> Array:
        return np.frombuffer(b"".join(drawn), dtype=np.uint8)[:count].astype(np.int64)

    return st.tuples(*blocks).map(array)
