"""Median and quartiles of repeated measurements, and of ratios within pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinyalex.errors import ConfigError


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of ``n`` numbers."""

    median: float
    lower: float
    upper: float
    n: int


def spread(numbers: Sequence[float]) -> Spread:
    """Return median and quartiles (linear interpolation).

    Examples
    --------
    >>> spread([4.0, 1.0, 2.0, 3.0])
    Spread(median=2.5, lower=1.75, upper=3.25, n=4)
    """
    if not numbers:
        raise ConfigError("spread: there is no number")
    lower, median, upper = (float(q) for q in np.quantile(numbers, (0.25, 0.5, 0.75)))
    return Spread(median, lower, upper, len(numbers))


def speedup(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return the speedup: the ratio ``theirs / ours`` of seconds within each pair.

    If the whole machine is slow for a while, both measurements of a pair are, and it cancels.

    Examples
    --------
    >>> speedup([1.0, 2.0, 1.0], [2.0, 4.0, 3.0]).median
    2.0
    """
    if len(ours) != len(theirs):
        raise ConfigError(f"speedup: {len(ours)} and {len(theirs)} measurements make no pairs")
    return spread([there / here for here, there in zip(ours, theirs, strict=True)])
