"""Several networks as one: the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyalex.errors import ShapeError


def mean_probability(each: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """The networks' vote.

    Parameters
    ----------
    each : sequence of float (N, classes)
        One array of probabilities a network.

    Returns
    -------
    float (N, classes); of one network its own array

    Raises
    ------
    ShapeError
        There is none, or their shapes differ.

    Notes
    -----
    Paper, section 6: the predictions of five networks are averaged. Probabilities, not logits:
    a network that is sure of itself counts for more, but never without limit.
    """
    shapes = {p.shape for p in each}
    if len(shapes) != 1:
        raise ShapeError(f"an ensemble needs probabilities of one shape (got {sorted(shapes)})")
    if len(each) == 1:
        return each[0]
    # One by one: a stack would hold all of them once more.
    mean: np.ndarray[Any, Any] = np.add(each[0], each[1])
    for p in each[2:]:
        mean += p
    mean /= len(each)
    return mean
