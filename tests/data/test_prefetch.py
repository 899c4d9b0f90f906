"""Work ahead in a thread: order, errors and the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex.backends import Feed
from tinyalex.data.prefetch import prefetch


class Workers:
    """Counts the threads of this test alone."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def count(self) -> int:
        new = set(threading.enumerate()) - self._before
        return sum(thread.name == "tinyalex-prefetch" for thread in new)


@given(st.lists(st.integers(), max_size=20), st.integers(1, 4))
def test_items_come_completely_and_in_order(items: list[int], depth: int) -> None:
    assert list(prefetch(items, depth)) == items


def test_at_most_depth_items_are_ready_ahead() -> None:
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


class Diary(Feed):
    """Records the calls of a feed, and their threads."""

    def __init__(self) -> None:
        super().__init__(lambda x: x)
        self.told: list[tuple[str, Any]] = []

    @contextmanager
    def preparing(self) -> Iterator[None]:
        self.told.append(("begin", threading.current_thread().name))
        yield
        self.told.append(("end", threading.current_thread().name))

    def take(self, batch: Any) -> Any:
        self.told.append(("take", batch))
        return -batch

    def close(self) -> None:
        self.told.append(("close", threading.active_count()))

    def of(self, *what: str) -> list[tuple[str, Any]]:
        return [each for each in self.told if each[0] in what]


def test_a_feed_is_called_for_each_item_in_the_thread_that_makes_and_that_takes_it() -> None:
    feed = Diary()

    def items() -> Iterator[int]:
        for i in range(1, 4):
            feed.told.append(("item", i))
            yield i

    assert list(prefetch(items(), 5, feed)) == [-1, -2, -3]
    assert feed.of("take") == [("take", i) for i in (1, 2, 3)]
    inner = feed.of("begin", "item", "end")
    there = "tinyalex-prefetch"
    for i in range(3):  # each item is made between a beginning and its end
        expected = [("begin", there), ("item", i + 1), ("end", there)]
        assert inner[3 * i : 3 * i + 3] == expected
    assert feed.told.index(("end", there)) < feed.told.index(("take", 1))


@pytest.mark.parametrize("taken", [1, 3])
def test_a_feed_is_closed_once_when_the_thread_has_ended(taken: int) -> None:
    workers, feed = Workers(), Diary()
    ahead = prefetch(iter(range(100)), 1, feed)
    for _ in range(taken):
        next(ahead)
    assert workers.count() == 1 and not feed.of("close")
    before = threading.active_count()
    ahead.close()
    assert feed.of("close") == [("close", before - 1)] and feed.told[-1][0] == "close"


def test_a_feed_is_closed_after_an_error_too() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    feed = Diary()
    with pytest.raises(KeyError, match="broken"):
        list(prefetch(items(), 2, feed))
    assert feed.told[-1][0] == "close" and len(feed.of("take")) == 1
