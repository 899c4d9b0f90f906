"""Inputs away from kinks, where slopes can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def permuted_grid(shape: Sequence[int], seed: int = 0) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values in random order, none near zero and no two near each other.

    The slope of ReLU jumps at 0, and that of max pooling where two values are equal: there a check
    is meaningless. Any two values are at least 1e-3 apart, and all are at least 2.5e-4 from zero.

    Parameters
    ----------
    shape : tuple of int
        Shape of the result; small inputs span about -1 to 1.
    seed : int
        Seed of the order.

    Returns
    -------
    numpy.ndarray
        float64.

    Examples
    --------
    >>> grid = permuted_grid((2, 2))
    >>> grid.shape, np.sort(grid.ravel())  # 0.5 apart, none at zero
    ((2, 2), array([-0.625, -0.125,  0.375,  0.875]))
    """
    size = int(np.prod(shape))
    spacing = max(2 / max(size, 1), 1e-3)
    # The quarter step keeps the middle value of an odd count off zero.
    values = (np.arange(size) - (size - 1) / 2 + 0.25) * spacing
    return np.random.default_rng(seed).permutation(values).reshape(tuple(shape))
