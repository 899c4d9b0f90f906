"""Work ahead in a thread: order, errors and the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex.data.prefetch import prefetch


class Workers:
    """Counts the threads that were started since, apart from those of other tests."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def count(self) -> int:
        new = set(threading.enumerate()) - self._before
        return sum(thread.name == "tinyalex-prefetch" for thread in new)


@given(st.lists(st.integers(), max_size=20), st.integers(1, 4))
def test_items_come_whole_and_in_order(items: list[int], depth: int) -> None:
    assert list(prefetch(items, depth)) == items


def test_no_more_than_depth_items_are_ready_ahead() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for i in range(100):
            made.append(i)
            yield i

    ahead = prefetch(items(), depth=3)
    assert next(ahead) == 0
    time.sleep(0.1)
    assert len(made) <= 1 + 3 + 1  # taken, waiting, and one in the worker's hand
    ahead.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    workers = Workers()

    def items() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    ahead = prefetch(items())
    assert next(ahead) == 1
    with pytest.raises(KeyError, match="broken"):
        next(ahead)
    assert workers.count() == 0


def test_closing_early_ends_the_thread() -> None:
    workers = Workers()
    ahead = prefetch(iter(range(1000)), depth=1)
    next(ahead)
    assert workers.count() == 1
    ahead.close()
    assert workers.count() == 0


def test_a_dropped_iterator_ends_its_thread() -> None:
    workers = Workers()
    for _ in prefetch(iter(range(1000)), depth=1):
        break
    deadline = time.monotonic() + 5
    while workers.count() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert workers.count() == 0
