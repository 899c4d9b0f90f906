"""What exercises 11 to 21 draw beside `draws`."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tinyalex.learn.grader.draws import Array, Shape, whole


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
