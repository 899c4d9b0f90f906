"""Shards of a batch: every image once, and one order of adding for any number of workers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.group.threads import WrongOrder, on_threads
from tinyalex.errors import ConfigError
from tinyalex.group import Alone, Group, Shards


@st.composite
def shared_out(draw: st.DrawFn) -> tuple[int, int]:
    """Shards, and a number of workers that divides them."""
    count = draw(st.integers(1, 24))
    return count, draw(st.sampled_from([n for n in range(1, count + 1) if count % n == 0]))


@given(shared_out(), st.integers(0, 100), st.integers(0, 50))
def test_every_image_of_a_batch_is_in_exactly_one_shard(
    shared: tuple[int, int], n: int, first: int
) -> None:
    count, size = shared
    batch = slice(first, first + n)
    seen = []
    for rank in range(size):
        shards = Shards(count, rank, size)
        for shard in shards.mine:
            part = shards.images(batch, shard)
            assert (part.stop == part.start) == shards.is_empty((shard, shard + 1), n)
            seen += range(part.start, part.stop)
    assert seen == list(range(first, first + n))


@given(shared_out())
def test_the_workers_nodes_cover_the_shards_in_order(shared: tuple[int, int]) -> None:
    count, size = shared
    shards = Shards(count, 0, size)
    for rank, nodes in enumerate(shards.nodes):
        assert [s for first, end in nodes for s in range(first, end)] == list(shards.of(rank))
    assert sum(shards.nodes, [])[0][0] == 0


def summed(group: Group, count: int, values: np.ndarray, n: int) -> np.ndarray:
    """The sum over shards as a worker gets it; ``values`` (count, L) are all shards' values."""
    shards = Shards(count, group.rank, group.size)

    def leaf(node: tuple[int, int]) -> np.ndarray | None:
        first, end = node
        return values[first].copy() if end - first == 1 else None

    parts = [shards.total(leaf, n, np.add, node) for node in shards.nodes[group.rank]]
    empty = np.full_like(values[0], np.nan)  # must not be read
    return group.sum([empty if part is None else part for part in parts], shards, n)


@given(shared_out(), st.integers(1, 30), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_any_number_of_workers_gives_the_bytes_of_one(
    shared: tuple[int, int], n: int, length: int, seed: int
) -> None:
    count, size = shared
    rng = np.random.default_rng(seed)
    values = (rng.standard_normal((count, length)) * 10.0 ** rng.integers(-4, 5)).astype(np.float32)
    alone = summed(Alone(), count, values, n)
    for result in on_threads(size, lambda group: summed(group, count, values, n), seed):
        assert result.tobytes() == alone.tobytes()


def test_the_tree_is_not_the_order_from_left_to_right() -> None:
    """So that the tests of equal bytes above could fail."""
    values = np.array([[1e8], [1.0], [-1e8], [1.0]], np.float32)
    assert summed(Alone(), 4, values, 4)[0] == 0  # (1e8 + 1) + (-1e8 + 1), each rounded
    assert values.sum(dtype=np.float32, axis=0)[0] == 1


def test_shards_that_cannot_be_shared_out_are_refused() -> None:
    with pytest.raises(ConfigError, match="4 shards cannot be shared out evenly to 3 workers") as e:
        Shards(4, 0, 3)
    assert "shards=6" in (e.value.hint or "")
    with pytest.raises(ConfigError, match="at least 1"):
        Shards(0)


def test_threads_that_make_different_calls_are_told() -> None:
    def work(group: Group) -> object:
        return group.gather(1) if group.rank else group.agree(1)

    with pytest.raises(WrongOrder, match="different calls"):
        on_threads(2, work)


def test_workers_that_differ_are_named() -> None:
    def work(group: Group) -> None:
        group.check_same({"seed": group.rank // 2}, "the same seed")

    with pytest.raises(Exception, match="differ in their seed: rank 0 on .* has 0, rank 2 on .* 1"):
        on_threads(3, work)


@given(st.integers(1, 60), st.integers(1, 30), st.integers(1, 8))
def test_no_batch_leaves_a_worker_without_images(images: int, most: int, workers: int) -> None:
    fits = [
        size
        for size in range(workers, min(images, most) + 1)
        if images % size == 0 or images % size >= workers
    ]
    if fits:
        assert Shards(workers, 0, workers).batch_for_all(images, most) == max(fits)
    else:
        with pytest.raises(ConfigError, match="so that each has some"):
            Shards(workers, 0, workers).batch_for_all(images, most)
