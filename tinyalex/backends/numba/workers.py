"""What computing is handed to: threads, memory that is used again, sums in a fixed order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyalex.backends.base import Array
from tinyalex.backends.numba.memory import Recycler
from tinyalex.backends.thread_pool import ThreadPool

_BANDS = 4  # pieces of rows for a batch of one image
_PARTS = 4  # pieces a thread of work that no result depends on: the last one to end waits little


class Workers:
    """``threads`` threads and their memory."""

    def __init__(self, pool: ThreadPool) -> None:
        self.threads = pool.threads
        self._pool = pool
        self._recycler = Recycler()
        self._room = threading.local()

    def empty(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        """Make an array whose values do not matter yet."""
        return self._recycler.empty(shape, dtype)

    def scratch(self, name: str, size: int, dtype: Any) -> np.ndarray:
        """A thread's own room for ``size`` numbers, the same memory at every call."""
        rooms: dict[tuple[str, np.dtype], np.ndarray] = self._room.__dict__.setdefault("rooms", {})
        room = rooms.get(key := (name, np.dtype(dtype)))
        if room is None or room.size < size:
            room = rooms[key] = np.empty(size, dtype)
        return room[:size]

    def share(self, work: Callable[[slice], object], n: int, least: int = 1) -> None:
        """Run ``work`` over ``n`` items, ``least`` or more at a time, wherever the cuts fall."""
        step = max(least, -(-n // (self.threads * _PARTS)))
        self._pool.run(work, [slice(i, min(i + step, n)) for i in range(0, n, step)])

    def bands(self, n: int, rows: int) -> int:
        """Into how many bands to cut an image's rows, so that ``n`` images go round.

        The sizes alone decide: BLAS rounds differently at the edges of a matrix.
        """
        return min(rows, max(1, _BANDS // max(1, n)))

    def sum_parts(
        self, work: Callable[[slice], tuple[Array, ...]], n: int, parts: int
    ) -> tuple[Array, ...]:
        """Add up ``work`` over ``parts`` pieces of ``n`` items, in their order.

        The number of pieces must not depend on the threads: so the sum does not either.
        """
        step = max(1, -(-n // parts))
        pieces = [slice(i, min(i + step, n)) for i in range(0, n, step)] or [slice(0, 0)]
        return self._pool.add_up(work, pieces)
