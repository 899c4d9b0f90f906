"""A thread pool whose threads share the pieces of one job.

The calling thread works too; the others help if they are free. Even a job of a few hundred
microseconds is worth sharing, because each thread takes its next piece without waiting.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cached_property
from typing import Any, TypeVar

from tinyalex.backends.operations import add_in_order

Piece = TypeVar("Piece")


class ThreadPool:
    """A pool of ``threads`` threads, including the caller."""

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

        ``collect`` gets the results in the order of the pieces, one call at a time. An error in
        ``work`` ends the job and is raised here.
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
            # Do not wait for a helper that is busy with another job.
            started = [helper for helper in helpers if not helper.cancel()]
            wait(started)  # all of them, before the first error is raised
            for helper in started:
                helper.result()

    def add_up(
        self, work: Callable[[Piece], tuple[Any, ...]], pieces: list[Piece]
    ) -> tuple[Any, ...]:
        """Add up the results of ``work``, in the order of the pieces."""
        total: tuple[Any, ...] = ()

        def add(result: tuple[Any, ...]) -> None:
            nonlocal total
            total = add_in_order(total, result)

        self.run(work, pieces, add)
        return total


class _Job:
    """Pieces still to do, and results that are waiting for earlier ones."""

    def __init__(
        self, work: Callable[[Any], Any], pieces: list[Any], collect: Callable[[Any], None] | None
    ) -> None:
        self.work, self.collect = work, collect
        self.todo = deque(enumerate(pieces))
        self.done: dict[int, Any] = {}
        self.next = 0
        self.lock = threading.Lock()

    def help(self) -> None:
        """Work on pieces until none is left."""
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
