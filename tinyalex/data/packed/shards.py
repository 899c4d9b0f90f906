"""The files of a split's records: a limited number is open at a time, and read piece by piece.

They are not mapped into memory: if a mapped file is cut short, the processes that read it are
killed without a message. Here missing bytes are an error.
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

from tinyalex.data.file_access import TOO_MANY_OPEN, cannot_read
from tinyalex.data.packed.format import shard_name
from tinyalex.data.packed.index import AGAIN
from tinyalex.errors import DataError

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MOST_OPEN = 256
_LEAST_OPEN = 4
CHANGED = "restore the file, then --resume the run (its last checkpoint is kept); or " + AGAIN

# One lock for all splits, since each may close the files of all. It is reentrant because a split
# may be garbage-collected while it is held.
_lock = threading.RLock()
_in_use: weakref.WeakSet[Shards] = weakref.WeakSet()


@dataclass
class _Open:
    file: int  # descriptor
    readers: int = 0


class Shards:
    """Reads pieces of a split's shards; may be called from several threads.

    Parameters
    ----------
    folder : Path
    split : ``"train"`` or ``"val"``
    sizes : list of int
        Bytes of each shard, according to the index.
    """

    def __init__(self, folder: Path, split: str, sizes: list[int]) -> None:
        self.folder, self.split, self.sizes = folder, split, sizes
        self.most = most_open()
        self._open: OrderedDict[int, _Open] = OrderedDict()  # in the order of their last use
        _in_use.add(self)

    def path(self, number: int) -> Path:
        """The path of a shard."""
        return self.folder / shard_name(self.split, number)

    def read(self, number: int, offset: int, room: np.ndarray) -> None:
        """Fill ``room``, uint8 (n,), with the bytes of a shard that begin at ``offset``.

        Raises
        ------
        AccessError
            The operating system does not let the shard be read.
        DataError
            The shard has another size than the index says, or ends too early.
        """
        with self._opened(number) as file:
            try:
                got = read_at(file, offset, room.data)
            except OSError as error:
                raise cannot_read(error, self.path(number), CHANGED) from error
        if got < len(room):
            raise DataError(
                f"{self.path(number)}: was cut short while in use ({len(room):,} bytes at "
                f"{offset:,} expected, got {got:,})",
                CHANGED,
            )

    def close(self) -> None:
        """Close the files that no thread is reading."""
        with _lock:
            self._shrink(0)

    def __del__(self) -> None:
        self.close()

    @contextlib.contextmanager
    def _opened(self, number: int) -> Iterator[int]:
        """A shard's open file, which stays open while it is read."""
        with _lock:
            shard = self._open.get(number)
            if shard is None:
                self._shrink(self.most - 1)
                shard = self._open[number] = _Open(self._open_file(number))
            self._open.move_to_end(number)
            shard.readers += 1
        try:
            yield shard.file
        finally:
            with _lock:
                shard.readers -= 1

    def _shrink(self, most: int) -> None:
        """Close files, the least recently used first, until ``most`` are open."""
        for number in [n for n, shard in self._open.items() if not shard.readers]:
            if len(self._open) <= most:
                return
            os.close(self._open.pop(number).file)

    def _open_file(self, number: int) -> int:
        path = self.path(number)
        try:
            try:
                file = os.open(path, _READ)
            except OSError as error:
                if error.errno not in TOO_MANY_OPEN:
                    raise
                for shards in list(_in_use):  # others have opened more files than `most_open` left
                    shards._shrink(0)
                file = os.open(path, _READ)
        except OSError as error:
            raise cannot_read(error, path, CHANGED) from error
        if (size := os.fstat(file).st_size) != self.sizes[number]:
            os.close(file)
            raise DataError(
                f"{path}: {self.sizes[number]:,} bytes expected (got {size:,})", CHANGED
            )
        return file


_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_seeking = threading.Lock()


def read_at(file: int, offset: int, room: memoryview) -> int:
    """Read from an offset of an open file until ``room`` is full or the file ends.

    Returns
    -------
    int
        The number of bytes that were read.
    """
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
    """Most shards of a split that are kept open: a quarter of what the process may open.

    A process may open 256 files on macOS, 1024 on most Linux systems; two splits are read at a
    time, and the rest is for other files.
    """
    if resource is None:
        return MOST_OPEN
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_OPEN
    return max(_LEAST_OPEN, min(MOST_OPEN, soft // 4))
