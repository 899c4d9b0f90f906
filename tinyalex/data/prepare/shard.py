"""One shard's work, in this process or in one of a pool."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from threadpoolctl import threadpool_limits

from tinyalex.data.access import AccessError, refusal
from tinyalex.data.packed import Layout, ShardWriter
from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.source import Item
from tinyalex.errors import DataError

MOST_BYTES = 1 << 30  # of a picture's file
NAMED = 5  # rejected pictures that a message names
AGAIN = "the same command resumes where this one ended"

# What a shard's work calls after each picture: pictures done, of which rejected; true to stop.
Tick = Callable[[int, int], bool]


@dataclass(frozen=True)
class Task:
    """A shard to make. ``slot`` is its place among the counters."""

    dst: Path
    split: str
    number: int
    slot: int
    layout: Layout
    form: Form
    items: list[Item]


@dataclass(frozen=True)
class Outcome:
    """What became of a task: finished or stopped, and the first pictures that were rejected."""

    finished: bool
    rejected: list[str]


def make_shard(task: Task, tick: Tick) -> Outcome:
    """Write one shard.

    Pictures that cannot be used are noted in the shard, with the reason.

    Raises
    ------
    AccessError
        The operating system does not let a picture be read, which says nothing about the picture.
    DataError
        The disk is full.
    """
    named: list[str] = []
    bad = 0
    measure = task.split == "train"
    with contextlib.suppress(_Stopped), contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # of Pillow's, about EXIF blocks and the like
        reader = stack.enter_context(_Reader())
        writer = stack.enter_context(
            ShardWriter(task.dst, task.split, task.number, task.layout, measure)
        )
        for done, item in enumerate(task.items, 1):
            try:
                payload, pixels = task.form.make(reader.read(item))
            except AccessError as error:
                raise AccessError(error.message, f"{error.hint}; {AGAIN}") from error
            except DataError as error:
                bad += 1
                writer.reject(task.layout.classes[item.label], item.name, error.message)
                if len(named) < NAMED:
                    named.append(f"{item.name}: {error.message}")
            else:
                writer.add(payload, item.label, item.name, pixels)
            if tick(done, bad):
                raise _Stopped
        stack.close()
        return Outcome(True, named)
    return Outcome(False, named)


class _Stopped(Exception):
    """Ends a shard's work early; nothing of the shard stays."""


class _Reader:
    """Reads pictures; the archive that the last one lay in stays open."""

    def __init__(self) -> None:
        self._name = ""
        self._file: BinaryIO | None = None

    def read(self, item: Item) -> bytes:
        """Read a picture's bytes; raises DataError with the reason alone, AccessError with all."""
        if item.size > MOST_BYTES:
            raise DataError(f"a file of {item.size:,} bytes (at most {MOST_BYTES:,})")
        try:
            if self._file is None or item.file != self._name:
                self.close()
                self._file = Path(item.file).open("rb")  # noqa: SIM115 (the next one lies there)
                self._name = item.file
            self._file.seek(item.offset)
            content = self._file.read(item.size)
        except OSError as error:
            reason = error.strerror or error
            raise refusal(error, item.file) or DataError(f"cannot be read ({reason})") from error
        if len(content) != item.size:
            raise DataError("the file has become shorter since it was listed")
        return content

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_item(item: Item) -> bytes:
    """Read one picture's bytes; raises as `_Reader.read` does."""
    with _Reader() as reader:
        return reader.read(item)


# --- in a process of its own ----------------------------------------------------------------

_shared: dict[str, Any] = {}


def start_process(stop: Any, counters: Any) -> None:
    """Prepare a worker process: what it shares with the others, and one thread for BLAS."""
    _shared.update(stop=stop, counters=counters)
    _shared["limits"] = threadpool_limits(1)  # a process a core is enough


def make_shard_in_process(task: Task) -> Outcome:
    """`make_shard`, counting where the parent can see it."""
    counters, stop = _shared["counters"], _shared["stop"]

    def tick(done: int, bad: int) -> bool:
        counters[2 * task.slot], counters[2 * task.slot + 1] = done, bad
        return bool(stop.value)

    return make_shard(task, tick)
