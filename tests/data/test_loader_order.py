"""The order of an epoch: all images shuffled, or a few files at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import seeds
from tinyalex.data.loader import WINDOW, epoch_order


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(st.lists(st.integers(0, 12), max_size=60), seeds)
def test_each_image_comes_once_in_an_epoch(shards: list[int], seed: int) -> None:
    N = len(shards)
    for files in (None, np.array(shards, np.int64)):
        assert sorted(epoch_order(N, rng(seed), files).tolist()) == list(range(N))


def test_a_window_of_files_is_shuffled_at_a_time() -> None:
    shards = np.repeat(np.arange(4 * WINDOW), 25)
    order = epoch_order(len(shards), rng(0), shards)
    windows = shards[order].reshape(4, WINDOW * 25)
    members = [set(window.tolist()) for window in windows]
    assert all(len(files) == WINDOW for files in members)
    assert set().union(*members) == set(range(4 * WINDOW))
    for window in windows:
        half = np.bincount(window[: len(window) // 2], minlength=4 * WINDOW)
        assert all(5 <= half[file] <= 20 for file in set(window.tolist()))  # not one by one


def test_the_files_of_a_window_change_with_the_seed() -> None:
    shards = np.repeat(np.arange(3 * WINDOW), 2)
    firsts = {frozenset(shards[epoch_order(len(shards), rng(s), shards)][:8]) for s in range(9)}
    assert len(firsts) > 4


def test_an_image_is_equally_often_at_each_position() -> None:
    shards = np.arange(12) // 2
    places = np.array([np.argsort(epoch_order(12, rng(s), shards)) for s in range(3000)])
    counts = np.stack([np.bincount(column, minlength=12) for column in places.T])
    np.testing.assert_allclose(counts, 250, rtol=0.3)
