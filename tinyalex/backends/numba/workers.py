"""Share work among threads: a thread pool, reused memory, sums in a fixed order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyalex.backends.base import Array
from tinyalex.backends.numba.choices import IN_FORCE, Choices
from tinyalex.backends.numba.memory import Recycler
from tinyalex.backends.numpy.thread_pool import ThreadPool

_BANDS = 4  # bands of rows for a batch of one image
_PARTS = 4  # pieces per thread in `share`: the threads finish at nearly the same time
# At least this many numbers per piece: handing a piece to a thread costs as much as about 10,000.
_NUMBERS_PER_PIECE = 1 << 16


class Workers:
    """A thread pool, its threads' memory, and what is fastest on them."""

    def __init__(self, pool: ThreadPool, choices: Choices = IN_FORCE) -> None:
        self.threads, self.choices = pool.threads, choices
        self._pool = pool
        self._recycler = Recycler()
        self._room = threading.local()

    def empty(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        """Make an uninitialised array."""
        return self._recycler.empty(shape, dtype)

    def scratch(self, name: str, size: int, dtype: Any) -> np.ndarray:
        """Return this thread's buffer for ``size`` numbers: the same memory at every call."""
        rooms: dict[tuple[str, np.dtype], np.ndarray] = self._room.__dict__.setdefault("rooms", {})
        room = rooms.get(key := (name, np.dtype(dtype)))
        if room is None or room.size < size:
            room = rooms[key] = np.empty(size, dtype)
        return room[:size]

    def share(self, work: Callable[[slice], object], n: int, min_items: int = 1) -> None:
        """Run ``work`` over slices of ``n`` items, at least ``min_items`` items per slice.

        Where the slices begin depends on the number of threads.
        """
        step = max(min_items, -(-n // (self.threads * _PARTS)))
        self._pool.run(work, [slice(i, min(i + step, n)) for i in range(0, n, step)])

    def share_arrays(
        self, kernel: Callable[..., object], arrays: Sequence[np.ndarray], *constants: Any
    ) -> None:
        """Run ``kernel(*arrays, *constants)`` over slices of the arrays' first axis."""
        min_items = items_per_piece(max(arrays, key=np.size))
        self.share(lambda n: kernel(*(a[n] for a in arrays), *constants), len(arrays[0]), min_items)

    def bands(self, n: int, rows: int) -> int:
        """Return into how many bands of rows to cut each of ``n`` images, to occupy all threads.

        This depends on the sizes alone: BLAS rounds differently at the edges of a matrix.
        """
        return min(rows, max(1, _BANDS // max(1, n)))

    def sum_slices(
        self, work: Callable[[slice], tuple[Array, ...]], n: int, count: int
    ) -> tuple[Array, ...]:
        """Add up the results of ``work`` over ``count`` slices of ``n`` items, in their order.

        ``count`` must not depend on the number of threads; then the sum does not either.
        """
        step = max(1, -(-n // count))
        pieces = [slice(i, min(i + step, n)) for i in range(0, n, step)] or [slice(0, 0)]
        return self._pool.add_up(work, pieces)


def items_per_piece(x: np.ndarray) -> int:
    """Return how many items of the first axis one piece should have at least."""
    return max(1, -(-_NUMBERS_PER_PIECE * len(x) // max(1, x.size)))
