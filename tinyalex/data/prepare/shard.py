"""Make one shard, in this process or in a worker process."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from tinyalex.data.file_access import AccessError, refusal
from tinyalex.data.packed import Layout, ShardWriter
from tinyalex.data.prepare.convert import Form
from tinyalex.data.prepare.source import Item
from tinyalex.errors import DataError

MOST_BYTES = 1 << 30  # of an image file
NAMED = 5  # rejected images that a message names
AGAIN = "the same command resumes where this one ended"

# Called after each image with the number of images done and how many of them were rejected.
# True stops the shard.
Tick = Callable[[int, int], bool]


@dataclass(frozen=True)
class Task:
    """A shard to make: shard ``number`` of ``split``, whose counters are at ``row``."""

    dst: Path
    split: str
    number: int
    row: int
    layout: Layout
    form: Form
    items: list[Item]


def make_shard(task: Task, tick: Tick) -> list[str]:
    """Write one shard; nothing is left of a shard that ``tick`` stops.

    Images that cannot be used are listed in the shard with the reason.

    Returns
    -------
    list of str
        Name and reason of the first rejected images.

    Raises
    ------
    AccessError
        The operating system refuses to read an image, which says nothing about the image.
    DataError
        The disk is full.
    """
    named: list[str] = []
    bad = 0
    measure = task.split == "train"
    with contextlib.suppress(_Stopped), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about EXIF blocks and the like
        with ShardWriter(task.dst, task.split, task.number, task.layout, measure) as writer:
            for done, item in enumerate(task.items, 1):
                try:
                    payload, pixels = task.form.make(read_item(item))
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
    return named


class _Stopped(Exception):
    """Leaves the shard's writer, which then removes the shard."""


def read_item(item: Item) -> bytes:
    """Read one image's bytes.

    Raises
    ------
    AccessError
        The operating system refuses to read the file. The message is complete.
    DataError
        The file is too large, missing or cut off. The message is the reason alone.
    """
    if item.size > MOST_BYTES:
        raise DataError(f"a file of {item.size:,} bytes (at most {MOST_BYTES:,})")
    try:
        with Path(item.file).open("rb") as file:
            file.seek(item.offset)
            content = file.read(item.size)
    except OSError as error:
        reason = error.strerror or error
        raise refusal(error, item.file) or DataError(f"cannot be read ({reason})") from error
    if len(content) != item.size:
        raise DataError("the file has become shorter since it was listed")
    return content


# --- in a worker process --------------------------------------------------------------------

_shared: dict[str, Any] = {}


def start_process(stop: Any, counters: Any) -> None:
    """Keep what the parent shares, and limit BLAS to one thread: there is one process per core."""
    _shared.update(stop=stop, counters=counters, limits=threadpool_limits(1))


def make_shard_in_process(task: Task) -> list[str]:
    """`make_shard`, with counters that the parent sees and a stop that it sets."""
    counters, stop = _shared["counters"], _shared["stop"]

    def tick(done: int, bad: int) -> bool:
        counters[2 * task.row : 2 * task.row + 2] = [done, bad]
        return bool(stop.value)

    return make_shard(task, tick)
