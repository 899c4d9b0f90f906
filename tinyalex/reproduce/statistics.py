"""Means with their uncertainty, from a few seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tinyalex.errors import ConfigError

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % confidence interval.

    Attributes
    ----------
    mean : float
    spread : float or None
        Sample standard deviation of the values; None for a single value.
    low, high : float or None
        Student's t interval of the mean; None for a single value.
    values : list of float
    """

    mean: float
    spread: float | None
    low: float | None
    high: float | None
    values: list[float]

    def to_dict(self) -> dict[str, Any]:
        """As a dict for JSON."""
        return asdict(self)


def estimate(values: Sequence[float]) -> Estimate:
    """Mean of independent values, with Student's t interval.

    Raises
    ------
    ConfigError
        There is no value, or a value is not finite.

    Examples
    --------
    >>> estimated = estimate([1.0, 2.0, 3.0])
    >>> round(estimated.mean, 2), round(estimated.low, 2), round(estimated.high, 2)
    (2.0, -0.48, 4.48)
    """
    numbers = [float(value) for value in values]
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ConfigError(
            f"an estimate needs finite values (got {numbers})", "leave out runs that diverged"
        )
    mean = float(np.mean(numbers))
    if len(numbers) == 1:
        return Estimate(mean, None, None, None, numbers)
    spread = float(np.std(numbers, ddof=1))
    reach = _t_quantile(len(numbers) - 1) * spread / math.sqrt(len(numbers))
    return Estimate(mean, spread, mean - reach, mean + reach, numbers)


def paired(treated: Sequence[float], baseline: Sequence[float]) -> Estimate:
    """Mean of the differences seed by seed, with Student's t interval.

    Raises
    ------
    ConfigError
        The two have different lengths.

    Examples
    --------
    >>> estimated = paired([0.25, 0.27, 0.26], [0.24, 0.25, 0.25])
    >>> round(estimated.mean, 4), different(estimated)
    (0.0133, False)
    """
    if len(treated) != len(baseline):
        raise ConfigError(
            f"paired: {len(treated)} treated values, {len(baseline)} baseline values",
            "one value of each per seed",
        )
    return estimate([a - b for a, b in zip(treated, baseline, strict=True)])


def proportion(wrong: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of an error measured on ``n`` test images.

    Examples
    --------
    >>> low, high = proportion(100, 1000)
    >>> round(low, 4), round(high, 4)
    (0.0829, 0.1202)
    """
    if not 0 <= wrong <= n or n < 1:
        raise ConfigError(f"proportion: wrong must be from 0 to n (got {wrong} of {n})", "n > 0")
    z, p = 1.959964, wrong / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def different(difference: Estimate) -> bool:
    """Whether the interval of a difference excludes zero; False for a single pair."""
    if difference.low is None or difference.high is None:
        return False
    return difference.low > 0 or difference.high < 0


def _t_quantile(freedom: int) -> float:
    """The t within which Student's T is with probability `CONFIDENCE`, by bisection."""
    low, high = 0.0, 1.0
    while _within(high, freedom) < CONFIDENCE:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < CONFIDENCE else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """P(|T| <= t) for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle, odd = math.atan(t / math.sqrt(freedom)), freedom % 2
    total, term = 0.0, math.cos(angle) if odd else 1.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= math.cos(angle) ** 2 * (k - 1) / k
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if odd else total
