"""A group of threads in one process, which meets its workers in any order and checks each call."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from tinyalex.group import Group, Shards

T = TypeVar("T")


class WrongOrder(AssertionError):
    """The workers did not make the same call."""


class Meeting:
    """Where the threads of one group hand values to each other.

    ``seed`` draws how long each waits before each call.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        self.size, self.seed = size, seed
        self.barrier = threading.Barrier(size, timeout=60)
        self.calls: list[Any] = [None] * size
        self.values: list[Any] = [None] * size

    def exchange(self, rank: int, call: tuple[Any, ...], value: Any, wait: float) -> list[Any]:
        time.sleep(wait)
        self.calls[rank], self.values[rank] = call, value
        self.barrier.wait()
        calls, values = list(self.calls), list(self.values)
        self.barrier.wait()  # nobody writes the next call's value before all have read
        if any(other != calls[0] for other in calls):
            raise WrongOrder(f"the workers make different calls: {calls}")
        return values


class ThreadGroup(Group):
    """One worker of a `Meeting`."""

    def __init__(self, meeting: Meeting, rank: int) -> None:
        super().__init__()
        self.meeting, self.rank, self.size = meeting, rank, meeting.size
        self.local_rank, self.local_size = rank, self.size
        self.draw = random.Random(f"{meeting.seed} {rank}")

    def _exchange(self, call: tuple[Any, ...], value: Any) -> list[Any]:
        return self.meeting.exchange(self.rank, call, value, self.draw.random() / 1000)

    def sum(self, parts: Sequence[np.ndarray], shards: Shards, n: int) -> np.ndarray:
        assert len(parts) == len(shards.nodes[self.rank])
        call = ("sum", parts[0].shape, str(parts[0].dtype), shards.count, n)
        everything = self._exchange(call, [part.copy() for part in parts])
        nodes = [node for of_rank in shards.nodes for node in of_rank]
        values = dict(zip(nodes, (part for of_rank in everything for part in of_rank), strict=True))
        total = shards.total(values.get, n, np.add)
        numbers = len(parts[0])
        mine = numbers * (self.rank + 1) // self.size - numbers * self.rank // self.size
        to_others = len(parts) * (numbers - mine) + (self.size - 1) * mine
        self.sent += to_others * parts[0].itemsize
        return np.zeros_like(parts[0]) if total is None else total

    def exchange(
        self, parts: Sequence[np.ndarray], shapes: Sequence[Sequence[int]]
    ) -> list[np.ndarray]:
        assert len(parts) == len(shapes) == self.size
        everything = self._exchange(("exchange", str(parts[0].dtype)), [p.copy() for p in parts])
        received = [of_rank[self.rank] for of_rank in everything]
        assert [r.shape for r in received] == [tuple(shape) for shape in shapes]
        self.sent += sum(p.nbytes for rank, p in enumerate(parts) if rank != self.rank)
        return received

    def gather(self, value: Any) -> list[Any]:
        return self._exchange(("gather",), value)

    def broadcast(self, value: Any) -> Any:
        return self._exchange(("broadcast",), value)[0]

    def broadcast_arrays(self, arrays: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
        first = self._exchange(("broadcast_arrays",), arrays)[0]
        return {name: array.copy() for name, array in first.items()}

    def agree(self, number: int) -> int:
        return max(self._exchange(("agree",), number))


def on_threads(size: int, work: Callable[[Group], T], seed: int = 0) -> list[T]:
    """Run ``work`` as each worker of a group; an error of one ends all."""
    meeting = Meeting(size, seed)

    def worker(rank: int) -> T:
        try:
            return work(ThreadGroup(meeting, rank))
        except BaseException:
            meeting.barrier.abort()
            raise

    with ThreadPoolExecutor(size) as pool:
        running = [pool.submit(worker, rank) for rank in range(size)]
    errors = [error for future in running if (error := future.exception()) is not None]
    own = [error for error in errors if not isinstance(error, threading.BrokenBarrierError)]
    if errors:
        raise (own or errors)[0]
    return [future.result() for future in running]
