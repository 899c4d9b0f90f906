"""Memory that is used again: never by two arrays at a time."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex.backends.numba import memory as recycle
from tinyalex.backends.numba.memory import SMALLEST, Recycler

PAGE = 4096
LARGE = (4, SMALLEST // 16)  # of float32: as much as the smallest size that is used again


@pytest.fixture(autouse=True)
def little_to_collect() -> Iterator[None]:
    """What other tests have left need not be searched at each collection."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def small_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Address space in pieces of 16 arrays."""
    monkeypatch.setattr(recycle, "_FIELD", 16 * SMALLEST)


def address(x: np.ndarray) -> int:
    """Where an array's memory begins."""
    return int(x.__array_interface__["data"][0])


def take(recycler: Recycler, *sizes: int) -> list[np.ndarray]:
    """Arrays of so many times the smallest size."""
    return [recycler.empty((size * SMALLEST,), np.uint8) for size in sizes]


def test_the_same_memory_serves_the_next_array() -> None:
    recycler = Recycler()
    x = recycler.empty(LARGE, np.float32)
    where = address(x)
    del x
    assert address(recycler.empty(LARGE, np.float32)) == where


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64", np.float16])
def test_arrays_of_any_dtype_and_shape(dtype: str) -> None:
    recycler = Recycler()
    where = address(recycler.empty(LARGE, np.float32))
    y = recycler.empty([2, SMALLEST // np.dtype(dtype).itemsize // 2], dtype)
    assert address(y) == where
    assert y.dtype == dtype and y.nbytes == SMALLEST and y.shape[0] == 2


def test_the_first_hole_that_is_large_enough_is_taken_and_its_rest_too() -> None:
    recycler = Recycler()
    a, b, c, d = take(recycler, 1, 1, 3, 1)
    first, third = address(a), address(c)
    del a, c
    (two,) = take(recycler, 2)
    assert address(two) == third
    assert [address(x) for x in take(recycler, 1, 1)] == [first, third + 2 * SMALLEST]
    assert address(b) == first + SMALLEST and address(d) == third + 3 * SMALLEST


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (0, 2, 1), (1, 0, 2)])
def test_adjacent_holes_are_joined(order: tuple[int, ...]) -> None:
    recycler = Recycler()
    arrays: list[np.ndarray | None] = [*take(recycler, 1, 2, 1)]
    last = take(recycler, 12)  # the rest of the field
    where = address(arrays[0])
    for i in order:
        arrays[i] = None
    assert address(*take(recycler, 4)) == where
    assert len(recycler._fields) == 1 and len(last) == 1


def test_holes_of_different_fields_stay_apart() -> None:
    recycler = Recycler()
    a, b, c, d = take(recycler, 1, 15, 1, 15)
    assert len(recycler._fields) == 2
    del a, d  # the first field's hole ends where the second one's begins
    large = take(recycler, 16)
    assert len(recycler._fields) == 3
    assert not any(np.shares_memory(large[0], x) for x in (b, c))


def test_an_array_larger_than_a_field_gets_one_of_its_own() -> None:
    recycler = Recycler()
    arrays = take(recycler, 1, 17)
    arrays[1][...] = 1
    assert [len(field) for field in recycler._fields] == [16 * SMALLEST, 17 * SMALLEST]
    arrays.clear()
    assert len(take(recycler, 17, 16)) == 2 == len(recycler._fields)


def test_a_size_is_rounded_up_to_pages() -> None:
    recycler = Recycler()
    x, y = (recycler.empty((SMALLEST + 1,), np.uint8) for _ in "ab")
    assert abs(address(x) - address(y)) == SMALLEST + PAGE


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1:, ::2],
        lambda x: x.reshape(-1),
        lambda x: x.T,
        lambda x: x[2][5:].view(np.uint8),
        lambda x: np.lib.stride_tricks.as_strided(x, (3,), (8,)),
        memoryview,
        lambda x: np.asarray(memoryview(x)),
        lambda x: x.reshape(-1)[10:][::3].reshape(2, -1)[1:],
    ],
    ids=["slice", "reshape", "transpose", "bytes", "strided", "memoryview", "through it", "views"],
)
def test_memory_stays_out_until_its_last_view_is_gone(view: Callable[..., object]) -> None:
    recycler = Recycler()
    x = recycler.empty(LARGE, np.float32)
    last, where = view(x), address(x)
    del x
    gc.collect()
    assert address(recycler.empty(LARGE, np.float32)) != where, "somebody still looks there"
    del last
    assert address(recycler.empty(LARGE, np.float32)) == where


@pytest.mark.parametrize("shape", [(0,), (3, 0, 5), (), (1,), (SMALLEST - 1,)])
def test_small_arrays_are_ordinary_ones(shape: tuple[int, ...]) -> None:
    recycler = Recycler()
    x = recycler.empty(shape, np.uint8)
    assert x.shape == shape and x.base is None
    assert not recycler._fields


def test_arrays_outlive_what_made_them() -> None:
    x = Recycler().empty(LARGE, np.float32)
    gc.collect()
    x[...] = 3
    assert x.sum() == 3 * x.size


def test_arrays_are_writable_aligned_and_contiguous() -> None:
    recycler = Recycler()
    for x in [recycler.empty((SMALLEST + i,), np.float64) for i in range(3)]:
        assert x.flags.writeable and x.flags.c_contiguous and address(x) % 16 == 0


steps = st.lists(
    st.tuples(
        st.integers(1, 3 * SMALLEST // 8),  # numbers of an array
        st.sampled_from([np.uint8, np.float32, np.float64]),
        st.integers(0, 7),  # which array is dropped before
        st.integers(0, 2),  # what is kept: the array, a view, nothing
    ),
    max_size=40,
)


@given(steps=steps)
def test_no_two_live_arrays_ever_share_memory(
    steps: list[tuple[int, type, int, int]],
) -> None:
    recycler = Recycler()
    live: list[tuple[np.ndarray, int]] = []
    for i, (size, dtype, drop, keep) in enumerate(steps):
        if drop < len(live):
            del live[drop]
        x = recycler.empty((size,), dtype)
        x[...] = i
        if keep < 2:
            live.append((x if keep == 0 else x[size // 2 :].reshape(-1, 1), i))
        del x
        assert all((kept[::61] == i).all() for kept, i in live), "another array wrote here"
    live.clear()
    fields = len(recycler._fields)  # all is free again, and in one piece
    whole = take(recycler, *[16] * fields)
    assert len(recycler._fields) == fields == len(whole)


def test_threads_never_get_the_same_memory() -> None:
    recycler, start = Recycler(), threading.Barrier(2)

    def work(mark: int) -> bool:
        rng, good = np.random.default_rng(mark), True
        start.wait()
        for i in range(300):
            arrays = take(recycler, *rng.integers(1, 3, 3))
            for x in arrays:
                x[::PAGE] = 2 * (i % 100) + mark
            good &= all((x[::PAGE] == 2 * (i % 100) + mark).all() for x in arrays)
        return good

    with ThreadPoolExecutor(2) as threads:
        assert all(threads.map(work, range(2)))
    assert len(recycler._fields) <= 4  # it was used again and again


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self, x: np.ndarray) -> None:
        self.x, self.me = x, self


def test_the_collector_may_run_inside_the_recycler() -> None:
    """It runs at any allocation, in the thread that is there, and may give memory back."""

    def run() -> None:
        for allocations in range(1, 60):  # that many until the collector runs
            recycler = Recycler()
            gc.collect()
            Ring(recycler.empty(LARGE, np.float32))
            gc.set_threshold(allocations)
            recycler.empty((2 * SMALLEST,), np.uint8)
            gc.set_threshold(*thresholds)

    thresholds = gc.get_threshold()
    worker = threading.Thread(target=run, daemon=True)
    try:
        worker.start()
        worker.join(20)
    finally:
        gc.set_threshold(*thresholds)
    assert not worker.is_alive(), "the recycler waits for itself"


@pytest.mark.parametrize(("limit", "field"), [(64, 2), (1 << 40, 16), (None, 16), (8, 1)])
def test_a_limited_address_space_is_left_to_others(
    monkeypatch: pytest.MonkeyPatch, limit: int | None, field: int
) -> None:
    """In multiples of the smallest size: ``ulimit -v`` or none, and what a new field takes."""
    resource = pytest.importorskip("resource")
    soft = resource.RLIM_INFINITY if limit is None else limit * SMALLEST
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    recycler = Recycler()
    kept = take(recycler, 1)
    assert [len(whole) for whole in recycler._fields] == [field * SMALLEST] and kept


def test_a_smaller_field_is_reserved_if_a_large_one_is_not_available(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = np.empty

    def little(shape: int, dtype: object) -> np.ndarray:
        if shape > 5 * SMALLEST:
            raise MemoryError
        return real(shape, dtype)  # type: ignore[call-overload]

    monkeypatch.setattr(np, "empty", little)
    recycler = Recycler()
    (x,) = take(recycler, 3)
    assert x.nbytes == 3 * SMALLEST and len(recycler._fields[0]) == 4 * SMALLEST
    with pytest.raises(MemoryError):
        take(recycler, 6)
    assert len(recycler._fields) == 1
