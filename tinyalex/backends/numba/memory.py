"""Reuse memory: large arrays without asking the operating system each time.

Fresh memory is slow: the system must zero every page at its first touch, which for the arrays of a
training step costs about as much as all element-wise layers together. Here arrays are cut from a
few large fields of address space. An array's memory returns when its last user is gone, and the
next array takes the first hole that it fits into. Address space that was never written to takes no
memory.
"""

from __future__ import annotations

import math
import threading
from bisect import insort
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

SMALLEST = 1 << 16  # bytes; smaller arrays are left to NumPy
_PAGE = 4096
_FIELD = 1 << 30  # bytes of a field of address space
_SHARE = 32  # a field's fraction of a limited address space; libraries and threads need most

Hole = tuple[int, int, int]  # field, first byte, size


def _field_size() -> int:
    """Return the bytes of a new field: fewer if address space is limited (``ulimit -v``)."""
    if resource is None:
        return _FIELD
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return _FIELD
    return max(min(_FIELD, soft // _SHARE // _PAGE * _PAGE), SMALLEST)


class _Lease:
    """The owner of one array's memory; NumPy keeps it alive as long as any view of the array."""

    def __init__(self, memory: np.ndarray[Any, Any], hole: Hole, returned: deque[Hole]) -> None:
        self.__array_interface__ = memory.__array_interface__
        self._memory, self._hole, self._returned = memory, hole, returned

    def __del__(self) -> None:
        # Nothing else: this may run at any moment, even within `Recycler.empty`.
        self._returned.append(self._hole)


class Recycler:
    """Hand out arrays, and reuse their memory when they are gone."""

    def __init__(self) -> None:
        self._fields: list[np.ndarray[Any, Any]] = []
        self._holes: list[Hole] = []  # sorted; adjacent holes are joined
        self._returned: deque[Hole] = deque()
        self._lock = threading.Lock()

    def empty(self, shape: Sequence[int], dtype: Any) -> np.ndarray[Any, Any]:
        """Make an uninitialised array."""
        dtype, shape = np.dtype(dtype), tuple(shape)
        needed = math.prod(shape) * dtype.itemsize
        if needed < SMALLEST:
            return np.empty(shape, dtype)
        size = -(-needed // _PAGE) * _PAGE
        with self._lock:
            self._take_back()
            field, first, _ = hole = self._cut(size)
            memory = self._fields[field][first : first + size]
        whole = np.asarray(_Lease(memory, hole, self._returned))
        array: np.ndarray[Any, Any] = whole[:needed].view(dtype).reshape(shape)
        return array

    def _cut(self, size: int) -> Hole:
        """Take ``size`` bytes from the first hole that is large enough, or from a new field."""
        for i, (field, first, room) in enumerate(self._holes):
            if room >= size:
                rest = [(field, first + size, room - size)] if room > size else []
                self._holes[i : i + 1] = rest
                return field, first, size
        whole = self._new_field(size)
        field = len(self._fields) - 1
        if whole > size:
            self._holes.append((field, size, whole - size))
        return field, 0, size

    def _new_field(self, size: int) -> int:
        """Reserve a field of at least ``size`` bytes; return its size.

        Raises
        ------
        MemoryError
            Not even ``size`` bytes are available.
        """
        whole = max(_field_size(), size)
        while True:
            try:
                self._fields.append(np.empty(whole, np.uint8))
            except MemoryError:
                if whole == size:
                    raise
                whole = max(whole // 2 // _PAGE * _PAGE, size)
            else:
                return whole

    def _take_back(self) -> None:
        """Make holes of returned memory, and join adjacent ones."""
        if not self._returned:
            return
        while self._returned:
            insort(self._holes, self._returned.popleft())
        joined: list[Hole] = []
        for field, first, size in self._holes:
            if joined and joined[-1][0] == field and sum(joined[-1][1:]) == first:
                joined[-1] = (field, joined[-1][1], joined[-1][2] + size)
            else:
                joined.append((field, first, size))
        self._holes = joined
