"""Means and intervals from a few seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex.errors import ConfigError
from tinyalex.reproduce.statistics import _t_quantile, different, estimate, paired, proportion

numbers = st.floats(-100, 100)


def test_students_interval_of_a_textbook_example() -> None:
    """Three values with spread 1: the quantile for two degrees of freedom is 4.303."""
    found = estimate([1.0, 2.0, 3.0])
    assert found.low == pytest.approx(2 - 4.3027 / math.sqrt(3), abs=1e-3)
    assert found.high == pytest.approx(2 + 4.3027 / math.sqrt(3), abs=1e-3)
    assert found.spread == pytest.approx(1.0)


def test_the_interval_covers_the_truth_in_95_of_100_cases() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        found = estimate(rng.normal(3.0, 2.0, 4).tolist())
        assert found.low is not None and found.high is not None
        covered += found.low <= 3.0 <= found.high
    assert 0.935 < covered / 2000 < 0.965  # three standard errors of 0.95


def test_a_single_seed_shows_no_difference() -> None:
    alone = paired([0.5], [0.1])
    assert (alone.mean, alone.spread, alone.low) == (0.4, None, None)
    assert not different(alone)


@given(st.lists(numbers, min_size=2, max_size=6), numbers)
def test_pairs_remove_what_all_seeds_share(base: list[float], shift: float) -> None:
    """A constant difference is found, however much the seeds differ."""
    found = paired([b + shift for b in base], base)
    assert found.mean == pytest.approx(shift, abs=1e-9)


def test_pairs_are_the_treated_less_the_baseline() -> None:
    better, worse = paired([0.1, 0.11, 0.1], [0.2, 0.21, 0.2]), paired([0.3, 0.3], [0.2, 0.21])
    assert better.mean < 0 < worse.mean
    assert different(better) and different(paired([3.0, 3.1, 3.0], [1.0, 1.1, 1.1]))
    assert not different(paired([0.3, 0.1, 0.2], [0.2, 0.2, 0.2]))


def test_wilsons_interval_of_a_known_example() -> None:
    low, high = proportion(0, 10)
    assert low == 0.0 and high == pytest.approx(0.2775, abs=1e-3)
    low, high = proportion(50, 100)
    assert (low, high) == (pytest.approx(0.4038, abs=1e-3), pytest.approx(0.5962, abs=1e-3))


@pytest.mark.parametrize("wrong", [[], [1.0, math.nan], [math.inf]])
def test_wrong_samples_are_refused(wrong: list[float]) -> None:
    with pytest.raises(ConfigError, match="finite values"):
        estimate(wrong)
    with pytest.raises(ConfigError, match="wrong must be from 0 to n"):
        proportion(11, 10)
    with pytest.raises(ConfigError, match="2 treated values, 1 baseline"):
        paired([1.0, 2.0], [1.0])


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 29, 30, 200])
def test_students_quantile_is_scipys(freedom: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    wanted = stats.t.ppf(0.975, freedom)
    assert _t_quantile(freedom) == pytest.approx(wanted, rel=1e-12)
