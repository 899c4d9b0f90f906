"""Threads that share the pieces of one job.

The thread that has a job works on it too; the others help where they are free. A job of a few
hundred microseconds is worth sharing: nobody waits for a piece to be handed out.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cached_property
from typing import Any, TypeVar

Piece = TypeVar("Piece")


class ThreadPool:
    """``threads`` workers, the caller among them."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    @cached_property
    def _helpers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads - 1, thread_name_prefix="tinyalex")

    def run(
        self,
        work: Callable[[Piece], Any],
        pieces: list[Piece],
        collect: Callable[[Any], None] | None = None,
    ) -> None:
        """Run ``work`` on every piece, in any order.

        ``collect`` is called with each result in the order of the pieces, one call at a time.
        An error in ``work`` ends the job and is raised here.
        """
        if self.threads == 1 or len(pieces) <= 1:
            for piece in pieces:
                result = work(piece)
                if collect is not None:
                    collect(result)
            return
        job = _Job(work, pieces, collect)
        helpers = [
            self._helpers.submit(job.help) for _ in range(min(self.threads, len(pieces)) - 1)
        ]
        try:
            job.help()
        finally:
            # A helper that was busy elsewhere is not waited for.
            started = [helper for helper in helpers if not helper.cancel()]
            wait(started)  # all of them, before the first error is raised
            for helper in started:
                helper.result()

    def add_up(
        self, work: Callable[[Piece], tuple[Any, ...]], pieces: list[Piece]
    ) -> tuple[Any, ...]:
        """Add up what ``work`` returns of each piece, in the order of the pieces."""
        total: tuple[Any, ...] = ()

        def add(part: tuple[Any, ...]) -> None:
            nonlocal total
            total = add_in_order(total, part)

        self.run(work, pieces, add)
        return total


def add_in_order(total: tuple[Any, ...], part: tuple[Any, ...]) -> tuple[Any, ...]:
    """Add one piece's results to the running totals."""
    return tuple(t + p for t, p in zip(total, part, strict=True)) if total else part


class _Job:
    """Pieces still to do, and results that wait for their turn."""

    def __init__(
        self, work: Callable[[Any], Any], pieces: list[Any], collect: Callable[[Any], None] | None
    ) -> None:
        self.work, self.collect = work, collect
        self.todo = deque(enumerate(pieces))
        self.done: dict[int, Any] = {}
        self.next = 0
        self.lock = threading.Lock()

    def help(self) -> None:
        """Do pieces until none is left."""
        while True:
            try:
                index, piece = self.todo.popleft()
            except IndexError:
                return
            try:
                result = self.work(piece)
            except BaseException:
                self.todo.clear()
                raise
            if self.collect is not None:
                with self.lock:
                    self.done[index] = result
                    while self.next in self.done:
                        self.collect(self.done.pop(self.next))
                        self.next += 1
