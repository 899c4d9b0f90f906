"""Inputs for properties: small sizes, small whole numbers, so that a failing one can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]
MOST = 256  # numbers in an array


def whole(shape: Shape, low: int = -3, high: int = 3) -> SearchStrategy[Array]:
    """A float64 array of whole numbers; it shrinks towards zeros, or else ``low``."""
    return _filled(shape, low, high, 1.0)


def halves(shape: Shape, low: int = -3, high: int = 3) -> SearchStrategy[Array]:
    """A float64 array of multiples of one half."""
    return _filled(shape, 2 * low, 2 * high, 0.5)


def distinct(shape: Shape, first: int = 0) -> SearchStrategy[Array]:
    """A float64 array without ties: ``first``, ``first + 1`` and so on, shuffled."""

    def ranks(drawn: Array) -> Array:
        order = np.argsort(drawn, kind="stable")
        numbers = np.empty(len(drawn))
        numbers[order] = np.arange(first, first + len(drawn))
        return numbers.reshape(shape)

    return _bytes(shape).map(ranks)


def shapes(dimensions: int, high: int = 3) -> SearchStrategy[Shape]:
    """A shape with this many sizes, each from 1 to ``high``."""
    return st.tuples(*[st.integers(1, high)] * dimensions)


def places(shape: Shape) -> SearchStrategy[Shape]:
    """The index of one number in an array of this shape."""
    return st.tuples(*[st.integers(0, size - 1) for size in shape])


def masks(shape: Shape) -> SearchStrategy[Array]:
    """A boolean array; it shrinks towards False."""
    return whole(shape, 0, 1).map(lambda drawn: drawn == 1)


def quarters(shape: Shape, low: int = 0, high: int = 4) -> SearchStrategy[Array]:
    """A float64 array of quarters, from ``low / 4`` to ``high / 4``: round in binary, too."""
    return whole(shape, low, high).map(lambda drawn: drawn / 4)


def choices(shape: Shape, classes: int) -> SearchStrategy[Array]:
    """An integer array of numbers below ``classes``."""
    return whole(shape, 0, classes - 1).map(lambda drawn: drawn.astype(np.int64))


def within(*most: int) -> SearchStrategy[tuple[int, ...]]:
    """A shape with these largest sizes."""
    return st.tuples(*(st.integers(1, size) for size in most))


def numbered(*shape: int, dtype: str = "float64") -> Array:
    """The numbers 1, 2, 3, ...: each tells from where it was taken, and 0 is no pixel."""
    size = int(np.prod(shape))
    return np.arange(1, size + 1).reshape(shape).astype(dtype)


@dataclass(frozen=True)
class Windows:
    """Images and the windows that slide over them.

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
    draw: st.DrawFn, padding: int = 0, kernel: int = 3, square: bool = False, more: int = 3
) -> Windows:
    """Windows of which at least one fits; height and width are drawn apart.

    Parameters
    ----------
    padding, kernel : int
        The largest ones.
    square : bool
        The kernel is as wide as it is high.
    more : int
        The image is at most this much larger than the smallest that fits.
    """
    N, C, F = draw(shapes(3, high=2))
    KH = draw(st.integers(1, kernel))
    KW = KH if square else draw(st.integers(1, kernel))
    stride = draw(st.integers(1, 3))
    around = draw(st.integers(0, padding))
    H = max(1, KH - 2 * around) + draw(st.integers(0, more))
    W = max(1, KW - 2 * around) + draw(st.integers(0, more))
    return Windows(N, C, H, W, F, KH, KW, stride, around)


def numeric_gradient(loss: Callable[[Array], float], x: Array, step: float = 1e-5) -> Array:
    """d(loss)/dx by central differences: every number of ``x`` goes up and down by ``step``.

    If ``loss`` is linear or quadratic in ``x``, any step gives the gradient but for rounding.
    """
    dx = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[at] += step
        down[at] -= step
        dx[at] = (loss(up) - loss(down)) / (2 * step)
    return dx


def _filled(shape: Shape, low: int, high: int, unit: float) -> SearchStrategy[Array]:
    numbers = sorted(range(low, high + 1), key=lambda n: (abs(n), n < 0))  # 0, 1, -1, 2, ...
    table = np.array(numbers, dtype=np.float64) * unit
    return _bytes(shape).map(lambda drawn: table[drawn % len(table)].reshape(shape))


def _bytes(shape: Shape) -> SearchStrategy[Array]:
    """A byte for each number of the array.

    They are one draw of always the same length: Hypothesis can make a size smaller without
    drawing all the numbers anew, and so comes to the smallest case soon.
    """
    count = int(np.prod(shape))
    if count > MOST:
        raise ValueError(f"an array of {shape} is too large to be read; {MOST} numbers at most")
    drawn = st.binary(min_size=MOST, max_size=MOST)
    return drawn.map(lambda b: np.frombuffer(b, dtype=np.uint8)[:count].astype(np.int64))
