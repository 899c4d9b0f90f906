"""Prepare batches ahead in a thread, so that the network need not wait for the next one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from tinyalex.backends import Feed

T = TypeVar("T")

_POLL = 0.05  # seconds after which a waiting thread checks whether it should stop


class _End:
    """Marks the end of the items, and holds the error that ended them, if any."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


_NO_MORE = _End()


def prefetch(
    items: Iterable[T],
    depth: int = 2,
    feed: Feed | None = None,
    begin: Callable[[], None] = lambda: None,
) -> Generator[T, None, None]:
    """Yield ``items`` in order, and compute up to ``depth`` of them ahead in one thread.

    The thread ends after the last item, or when the iterator is closed or garbage-collected. An
    error in ``items`` is raised here, in place of its item. ``feed``, if given, is called when an
    item is prepared and when it is taken, and closed when the thread has ended. ``begin`` is the
    first thing that the thread does.
    """
    feed = Feed(lambda x: x) if feed is None else feed
    waiting: queue.Queue[T | _End] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: T | _End) -> None:
        while not stop.is_set():
            try:
                return waiting.put(item, timeout=_POLL)
            except queue.Full:
                continue

    def work() -> None:
        try:
            begin()
            remaining = iter(items)
            while not stop.is_set():
                with feed.preparing():
                    item = next(remaining, _NO_MORE)
                put(item)
                if item is _NO_MORE:
                    return
        except BaseException as error:
            put(_End(error))
        finally:
            if isinstance(items, Generator):
                items.close()  # here, in the thread that ran it

    worker = threading.Thread(target=work, name="tinyalex-prefetch", daemon=True)
    worker.start()
    try:
        while True:
            item = waiting.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield feed.take(item)
    finally:
        stop.set()
        worker.join()
        feed.close()
