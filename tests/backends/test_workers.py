"""What the Numba backend's operations share: threads, buffers and sums in order."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from tinyalex.backends.numba.workers import Workers  # noqa: E402
from tinyalex.backends.numpy.thread_pool import ThreadPool  # noqa: E402


def test_scratch_is_the_same_memory_by_name_and_type_until_more_is_wanted() -> None:
    workers = Workers(ThreadPool(1))
    a = workers.scratch("columns", 8, np.float32)
    assert a.shape == (8,) and a.dtype == np.float32
    assert np.shares_memory(a, workers.scratch("columns", 5, np.float32))
    wide = workers.scratch("columns", 8, np.float64)
    assert wide.dtype == np.float64 and not np.shares_memory(a, wide)
    assert not np.shares_memory(a, workers.scratch("row", 8, np.float32))
    more = workers.scratch("columns", 9, np.float32)
    assert more.shape == (9,)
    assert np.shares_memory(more, workers.scratch("columns", 8, np.float32))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(("n", "min_items"), [(0, 1), (1, 1), (7, 1), (50, 1), (50, 20)])
def test_shared_work_covers_every_item_once(threads: int, n: int, min_items: int) -> None:
    seen: list[slice] = []
    Workers(ThreadPool(threads)).share(seen.append, n, min_items)
    assert sorted(i for items in seen for i in range(n)[items]) == list(range(n))
    assert sum(items.stop - items.start < min_items for items in seen) <= 1  # the last one


def test_arrays_are_shared_in_pieces_that_are_worth_a_thread() -> None:
    """Of 1,000 feature maps with 300 numbers each, 219 have 65,536 numbers."""
    seen = []
    arrays = [np.zeros((1000, 3), np.float32), np.zeros((1000, 10, 30), np.float32)]
    work = Workers(ThreadPool(3)).share_arrays
    work(lambda a, b, c: seen.append((len(a), len(b), c)), arrays, "constant")
    wanted = [(n, n, "constant") for n in (219, 219, 219, 219, 124)]
    assert sorted(seen, reverse=True) == wanted


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("n", [1, 6, 7])
def test_partial_sums_are_added_in_order_with_any_number_of_threads(threads: int, n: int) -> None:
    values = np.float32([1e8, 1, -1e8, 1, 3, 1e8, -1e8])[:n]  # another order, another sum

    def total(part: slice) -> tuple[np.ndarray, ...]:
        return (values[part].sum(keepdims=True),)

    wanted = Workers(ThreadPool(1)).sum_slices(total, n, 4)
    assert np.array_equal(Workers(ThreadPool(threads)).sum_slices(total, n, 4), wanted)
