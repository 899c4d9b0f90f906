"""Memory used again: large arrays without asking the operating system each time.

Fresh memory is slow: the system must zero every page at its first touch, which for the arrays of a
training step costs about as much as all element-wise layers together. Here an array's memory
returns to a shelf when its last user is gone, and serves the next array of the same size.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

SMALLEST = 1 << 16  # bytes; below, malloc keeps its own shelf
_PAGE = 4096


class _Lease:
    """The owner of one array's memory; NumPy keeps it alive as long as any view of the array."""

    def __init__(self, shelf: Shelf, memory: np.ndarray[Any, Any]) -> None:
        self._shelf, self._memory = shelf, memory
        self.__array_interface__ = memory.__array_interface__

    def __del__(self) -> None:
        self._shelf.give_back(self._memory)


class Shelf:
    """Memory of arrays that nobody uses any more, by size."""

    def __init__(self) -> None:
        self._free: dict[int, list[np.ndarray[Any, Any]]] = defaultdict(list)
        self._lock = threading.Lock()

    def empty(self, shape: Sequence[int], dtype: Any) -> np.ndarray[Any, Any]:
        """Make an array whose values do not matter yet."""
        dtype = np.dtype(dtype)
        count = int(np.prod(shape, dtype=np.int64))
        size = -(-count * dtype.itemsize // _PAGE) * _PAGE
        if size < SMALLEST:
            return np.empty(tuple(shape), dtype)
        with self._lock:
            free = self._free[size]
            memory = free.pop() if free else None
        if memory is None:
            memory = np.empty(size, np.uint8)
        whole = np.asarray(_Lease(self, memory))
        return whole[: count * dtype.itemsize].view(dtype).reshape(tuple(shape))

    def give_back(self, memory: np.ndarray[Any, Any]) -> None:
        """Keep memory for the next array of its size."""
        with self._lock:
            self._free[memory.size].append(memory)

    def clear(self) -> None:
        """Return all unused memory to the system."""
        with self._lock:
            self._free.clear()

    def kept(self) -> int:
        """Bytes that wait for their next user."""
        with self._lock:
            return sum(size * len(free) for size, free in self._free.items())
