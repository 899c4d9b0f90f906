"""Several networks as one: the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyalex.errors import ShapeError


def mean_probability(each: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Average the probabilities of one or more networks.

    Parameters
    ----------
    each : sequence of float (N, classes)
        One array per network.

    Returns
    -------
    float (N, classes)
        For a single network its own array.

    Raises
    ------
    ShapeError
        There is no array, or the shapes differ.

    Notes
    -----
    Paper, section 6: the predictions of five networks are averaged. Probabilities, not logits:
    a confident network counts for more, but only up to a limit.

    Examples
    --------
    >>> mean_probability([np.array([[1.0, 0]]), np.array([[0.5, 0.5]])])
    array([[0.75, 0.25]])
    """
    shapes = {p.shape for p in each}
    if len(shapes) != 1:
        raise ShapeError(f"an ensemble needs probabilities of one shape (got {sorted(shapes)})")
    if len(each) == 1:
        return each[0]
    # Added in place: np.stack would copy all arrays.
    mean: np.ndarray[Any, Any] = np.add(each[0], each[1])
    for p in each[2:]:
        mean += p
    mean /= len(each)
    return mean
