"""The files of a split's records: a few of them are open at a time, and read piece by piece.

They are not mapped into memory: whoever cuts a mapped file short ends the processes that read it,
without a word. What is read here is there, or is missed and told.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinyalex.data.file_access import TOO_MANY_OPEN, refusal
from tinyalex.data.packed import format as layout_of
from tinyalex.data.packed.index import AGAIN
from tinyalex.errors import DataError

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MOST_OPEN = 256
_LEAST_OPEN = 4
CHANGED = "the file as it was, then --resume the run (its last checkpoint is kept); or " + AGAIN


# One lock for all, since any may have to close files of all. It is entered again where a split
# that nobody needs any more goes while it is held.
_lock = threading.RLock()
_in_use: weakref.WeakSet[Shards] = weakref.WeakSet()


@dataclass
class _Open:
    file: int  # descriptor
    readers: int = 0


class Shards:
    """Reads pieces of a split's shards; any thread may.

    Parameters
    ----------
    folder : Path
    split : ``"train"`` or ``"val"``
    sizes : list of int
        Bytes of each shard, as the index has them.
    """

    def __init__(self, folder: Path, split: str, sizes: list[int]) -> None:
        self.folder, self.split, self.sizes = folder, split, sizes
        self.most = most_open()
        self._open: OrderedDict[int, _Open] = OrderedDict()  # the one used last comes last
        _in_use.add(self)

    def path(self, number: int) -> Path:
        """Where a shard lies."""
        return self.folder / layout_of.shard_name(self.split, number)

    def read(self, number: int, offset: int, room: np.ndarray) -> None:
        """Fill ``room``, uint8 (n,), with the bytes of a shard from ``offset`` on.

        Raises
        ------
        AccessError
            The operating system does not let it be read.
        DataError
            The shard has another size than the index says, or ends before.
        """
        with self._lent(number) as file:
            try:
                got = read_at(file, offset, room.data)
            except OSError as error:
                raise self._error(number, error) from error
        if got < len(room):
            raise DataError(
                f"{self.path(number)}: was cut short while it is in use ({len(room):,} bytes at "
                f"{offset:,} expected, got {got:,})",
                CHANGED,
            )

    def close(self) -> None:
        """Close the files that nobody reads."""
        with _lock:
            self._shrink(0)

    def __del__(self) -> None:
        self.close()

    @contextlib.contextmanager
    def _lent(self, number: int) -> Iterator[int]:
        """A shard's open file, which stays open as long as somebody reads it."""
        with _lock:
            found = self._open.get(number)
            if found is None:
                self._shrink(self.most - 1)
                found = self._open[number] = _Open(self._opened(number))
            self._open.move_to_end(number)
            found.readers += 1
        try:
            yield found.file
        finally:
            with _lock:
                found.readers -= 1

    def _shrink(self, most: int) -> None:
        """Close files, those first that were not used for long, until ``most`` are open."""
        for number in [n for n, found in self._open.items() if not found.readers]:
            if len(self._open) <= most:
                return
            os.close(self._open.pop(number).file)

    def _opened(self, number: int) -> int:
        path = self.path(number)
        try:
            try:
                file = os.open(path, _READ)
            except OSError as error:
                if error.errno not in TOO_MANY_OPEN:
                    raise
                for shards in list(_in_use):  # more is open than was thought
                    shards._shrink(0)
                file = os.open(path, _READ)
        except OSError as error:
            raise self._error(number, error) from error
        if (size := os.fstat(file).st_size) != self.sizes[number]:
            os.close(file)
            raise DataError(
                f"{path}: {self.sizes[number]:,} bytes expected (got {size:,})", CHANGED
            )
        return file

    def _error(self, number: int, error: OSError) -> DataError:
        path = self.path(number)
        reason = error.strerror or str(error)
        return refusal(error, path) or DataError(f"{path}: cannot be read ({reason})", CHANGED)


_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_seeking = threading.Lock()


def read_at(file: int, offset: int, room: memoryview) -> int:
    """Read from a place of an open file until ``room`` is full or the file ends; bytes read."""
    got = 0
    while got < len(room):
        if hasattr(os, "preadv"):
            count = os.preadv(file, [room[got:]], offset + got)
        else:  # Windows
            with _seeking:
                os.lseek(file, offset + got, os.SEEK_SET)
                piece = os.read(file, len(room) - got)
            count = len(piece)
            room[got : got + count] = piece
        if count == 0:
            break
        got += count
    return got


def most_open() -> int:
    """How many shards of a split are kept open: a quarter of what the process may open.

    A process may open 256 files on macOS, 1024 on most of Linux; two splits are read at a time,
    and the rest is for others.
    """
    if resource is None:
        return MOST_OPEN
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_OPEN
    return max(_LEAST_OPEN, min(MOST_OPEN, soft // 4))
