"""What exercises 11 to 21 draw: small arrays that are readable once they are shrunk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import SearchStrategy

Array = np.ndarray[Any, Any]


def whole(most: tuple[int, ...], low: int = -3, high: int = 3) -> SearchStrategy[Array]:
    """Float64 arrays of whole numbers, in the largest shape: see `cut`."""
    elements = st.integers(low, high).map(float)
    return arrays(np.float64, most, elements=elements, fill=st.nothing())


def masks(most: tuple[int, ...]) -> SearchStrategy[Array]:
    """Boolean arrays, in the largest shape: see `cut`."""
    return arrays(np.bool_, most, elements=st.booleans(), fill=st.nothing())


def within(most: tuple[int, ...]) -> SearchStrategy[tuple[int, ...]]:
    """Shapes from all ones to the largest."""
    return st.tuples(*(st.integers(1, n) for n in most))


def cut(largest: Array, shape: tuple[int, ...]) -> Array:
    """The first corner of an array.

    Drawing the largest shape and cutting it lets Hypothesis make the shape smaller without
    moving any number to another place, so it nearly always ends at the smallest case.
    """
    return largest[tuple(slice(n) for n in shape)].copy()


def numbered(*shape: int, dtype: str = "float64") -> Array:
    """The numbers 1, 2, 3, ...: each tells from where it was taken, and 0 is no pixel."""
    size = int(np.prod(shape))
    return np.arange(1, size + 1).reshape(shape).astype(dtype)


def slopes(f: Callable[[Array], float], x: Array, step: float = 1e-4) -> Array:
    """d f / d x by central differences: off by about step**2, here 1e-8."""
    found = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        there, back = x.copy(), x.copy()
        there[at] += step
        back[at] -= step
        found[at] = (f(there) - f(back)) / (2 * step)
    return found
