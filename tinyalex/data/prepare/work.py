"""One shard's work, and the processes that do it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from threadpoolctl import threadpool_limits

from tinyalex.data.access import AccessError, refusal
from tinyalex.data.packed import Layout, ShardWriter
from tinyalex.data.prepare.pictures import Form
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


@contextlib.contextmanager
def held_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C back while a pool of processes is at work; gives whether it was pressed.

    SIGTERM and a closed terminal likewise: SystemExit is raised when the context ends.

    KeyboardInterrupt comes between any two steps, in the pool's own code too. There it may leave a
    lock taken, or a process that the pool knows nothing of, and the pool waits for either without
    end. So it is raised when the context ends. A second Ctrl-C kills the pool's processes.

    In a thread, or where the caller handles Ctrl-C, nothing is changed.
    """
    before = signal.getsignal(signal.SIGINT)
    in_thread = threading.current_thread() is not threading.main_thread()
    if before is not signal.default_int_handler or in_thread:
        yield lambda: False
        return
    presses: list[int] = []
    others = multiprocessing.active_children()

    def press(number: int, frame: FrameType | None) -> None:
        presses.append(number)
        for process in multiprocessing.active_children():
            if len(presses) > 1 and process not in others:
                process.kill()

    taken = {number: signal.signal(number, press) for number in [signal.SIGINT, *_enders()]}
    try:
        yield lambda: bool(presses)
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)
        if presses and presses[0] != signal.SIGINT:
            raise SystemExit(128 + presses[0])
        if presses:
            raise KeyboardInterrupt


def _enders() -> list[signal.Signals]:
    """Signals that would end this process without another step."""
    names = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [signal.Signals[name] for name in names if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]


@contextlib.contextmanager
def deaf_children() -> Iterator[None]:
    """Start processes that Ctrl-C and a closed terminal do not reach.

    Not even while they load Python. They end with this process; then Python's own process, which
    counts semaphores, must be alive to remove them.

    Not a shield for this process: another thread, such as NumPy's, may take the signal for it.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_process(stop: Any, counters: Any) -> None:
    """Prepare a worker process: what it shares, and that it ends when its parent does."""
    _shared.update(stop=stop, counters=counters)
    # Ctrl-C reaches every process of the terminal; the parent decides what follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _shared["limits"] = threadpool_limits(1)  # a process a core is enough
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)  # killed: nobody is left to write for


def make_shard_in_process(task: Task) -> Outcome:
    """`make_shard`, counting where the parent can see it."""
    counters, stop = _shared["counters"], _shared["stop"]

    def tick(done: int, bad: int) -> bool:
        counters[2 * task.slot], counters[2 * task.slot + 1] = done, bad
        return bool(stop.value)

    return make_shard(task, tick)
