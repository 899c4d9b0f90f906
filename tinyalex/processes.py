"""Pools of worker processes: spawned, without Ctrl-C, and ended with their parent."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import connection, parent_process
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

# A fork would copy threads' locks, and does not exist everywhere. Make values that workers share
# with this context, as RawValue: a process that is killed while it waits leaves an Event locked.
SPAWN = multiprocessing.get_context("spawn")


class Pool:
    """Worker processes, alive until `shutdown`.

    Ctrl-C and a closed terminal reach only the parent, which decides what to do. A worker ends at
    once when its parent has ended, even if it was killed.

    Parameters
    ----------
    workers : int
    start : callable, optional
        Called in every worker before its first task.
    shared : sequence
        Arguments of ``start``: values made with `SPAWN`, which all processes share.
    every : float, optional
        Seconds between two calls of ``meanwhile`` in every worker.
    meanwhile : callable, optional
        Called in a separate thread, during tasks.
    """

    def __init__(
        self,
        workers: int,
        start: Callable[..., None] | None = None,
        shared: tuple[Any, ...] = (),
        every: float | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        self._others = multiprocessing.active_children()
        with deaf_children():  # this starts Python's resource tracker, a process
            self._executor = ProcessPoolExecutor(
                workers, SPAWN, _begin, (start, shared, every, meanwhile)
            )

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Submit a task; raises BrokenProcessPool if a worker was killed."""
        with deaf_children():  # this may start a process
            return self._executor.submit(work, *arguments)

    def shutdown(self) -> None:
        """Wait for the running tasks; drop those that have not begun."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def kill(self) -> None:
        """End the processes at once; the results of running tasks are lost."""
        for process in multiprocessing.active_children():
            if process not in self._others:
                process.kill()
        self.shutdown()


@contextlib.contextmanager
def deaf_children() -> Iterator[None]:
    """Start processes that Ctrl-C and a closed terminal do not reach, even while they load Python.

    They end with this process. Python's resource tracker must stay alive until then, to remove
    their semaphores.

    This does not protect the process itself: another thread, such as NumPy's, may get the signal.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def held_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Delay Ctrl-C while a pool of processes works; gives a function: was it pressed?

    KeyboardInterrupt may be raised anywhere, also in the pool's own code. There it may leave a
    lock taken, or a process that the pool does not know, and the pool would wait for it forever.
    So it is raised when the context ends. A second Ctrl-C kills the pool's processes.

    SIGTERM and a closed terminal are delayed, too: SystemExit is raised when the context ends.
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
    """Signals that would end this process at once."""
    names = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [signal.Signals[name] for name in names if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]


# --- in a worker ----------------------------------------------------------------------------


def _begin(
    start: Callable[..., None] | None,
    shared: tuple[Any, ...],
    every: float | None,
    meanwhile: Callable[[], None] | None,
) -> None:
    # Ctrl-C reaches every process of the terminal; the parent decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if start is not None:
        start(*shared)
    threading.Thread(target=_end_with_parent, args=(every, meanwhile), daemon=True).start()


def _end_with_parent(every: float | None, meanwhile: Callable[[], None] | None) -> None:
    parent = parent_process()
    assert parent is not None
    while not connection.wait([parent.sentinel], every):
        if meanwhile is not None:
            meanwhile()
    os._exit(1)  # the parent has ended: nobody needs the result
