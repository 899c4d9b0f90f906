"""What every kind of group can do, and the group of one."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from tinyalex.errors import TinyalexError
from tinyalex.group.shards import Array, Shards

HostArray = np.ndarray[Any, Any]
Shape = Sequence[int]


class GroupError(TinyalexError):
    """The workers cannot work together."""


class Group:
    """Workers that do the same steps; each calls the same method at the same time.

    Attributes
    ----------
    rank, size : int
        Which worker this is, from 0, of how many. Only rank 0 writes files and speaks.
    local_rank, local_size : int
        The same among the workers on this computer.
    host : str
        This computer's name.
    sent : int
        Bytes that this worker has sent to others by `sum`, if it is no fast one, and `exchange`.
    fast_sum : bool
        Whether `sum` may add in the library's own order, which depends on the number of workers.
    """

    rank = 0
    size = 1
    local_rank = 0
    local_size = 1
    fast_sum = False

    def __init__(self) -> None:
        self.host = platform.node()
        self.sent = 0

    @property
    def leads(self) -> bool:
        """Whether this is the worker that writes files and speaks."""
        return self.rank == 0

    def sum(self, parts: Sequence[Array], shards: Shards, n: int) -> Array:
        """Add up what all workers have, in the order of the shards' tree.

        Parameters
        ----------
        parts : sequence of float (L,)
            This worker's values, one for each of its nodes: ``shards.nodes[rank]``.
        n : int
            Images in the batch; the parts of shards without images are not read.

        Returns
        -------
        float (L,)
            The same bytes on every worker.
        """
        raise NotImplementedError

    def exchange(self, parts: Sequence[HostArray], shapes: Sequence[Shape]) -> list[HostArray]:
        """Hand every worker an array, and get one from every worker.

        Parameters
        ----------
        parts : sequence of array, by rank
            What each worker gets from this one. All workers' arrays have the same dtype.
        shapes : sequence of tuple, by rank
            The shapes of what this worker gets.

        Returns
        -------
        list of array, by rank
        """
        raise NotImplementedError

    def queued(self) -> Any:
        """A mark for `after`: all that this thread has queued on a GPU until now."""

    @contextmanager
    def after(self, mark: Any) -> Iterator[None]:
        """Within this, a GPU works on sums: beside the network, and not before ``mark``."""
        yield

    def wait(self) -> None:
        """Let a GPU begin what this thread queues from now on after all sums.

        Until then, nobody may let go of the arrays that were summed.
        """

    def gather(self, value: Any) -> list[Any]:
        """Every worker's value, by rank, on every worker; values that JSON can hold."""
        raise NotImplementedError

    def broadcast(self, value: Any) -> Any:
        """Rank 0's value on every worker, which may take its time; others' values are not read."""
        raise NotImplementedError

    def broadcast_arrays(self, arrays: Mapping[str, HostArray] | None) -> dict[str, HostArray]:
        """Rank 0's arrays on every worker."""
        raise NotImplementedError

    def agree(self, number: int) -> int:
        """The largest of all workers' numbers."""
        raise NotImplementedError

    def share_of(self, cores: int) -> int | None:
        """Threads for one worker: those of one computer share its cores. None for all cores."""
        return None if self.local_size == 1 else max(1, cores // self.local_size)

    def check_same(self, facts: Mapping[str, Any], what_to_try: str) -> None:
        """Refuse workers that differ.

        Raises
        ------
        GroupError
            On every worker; the message names one that differs from rank 0, and in what.
        """
        everyone = self.gather({"host": self.host, "facts": dict(facts)})
        for rank, other in enumerate(everyone):
            for name, value in everyone[0]["facts"].items():
                if other["facts"].get(name) != value:
                    raise GroupError(
                        f"the workers differ in their {name}: rank 0 on {everyone[0]['host']} has "
                        f"{_short(value)}, rank {rank} on {other['host']} has "
                        f"{_short(other['facts'].get(name))}",
                        what_to_try,
                    )

    def watch(self, timeout: float) -> None:
        """From now on, end all workers when one does nothing for ``timeout`` seconds."""

    def step(self) -> None:
        """Say that the work goes on; see `watch`."""

    def rest(self) -> None:
        """Say that before the next step anything may take any time; see `watch`."""

    def fails_alone(self) -> bool:
        """Whether the others go on while this worker has failed; each asks that fails."""
        return False

    def abort(self, code: int) -> None:
        """End all workers at once."""

    def close(self) -> None:
        """Let go of what the group holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Alone(Group):
    """One worker. It can compute the shards of many, one after the other: the reference."""

    def sum(self, parts: Sequence[Array], shards: Shards, n: int) -> Array:
        (part,) = parts  # of one worker the whole tree is one node
        return part

    def exchange(self, parts: Sequence[HostArray], shapes: Sequence[Shape]) -> list[HostArray]:
        return list(parts)

    def gather(self, value: Any) -> list[Any]:
        return [value]

    def broadcast(self, value: Any) -> Any:
        return value

    def broadcast_arrays(self, arrays: Mapping[str, HostArray] | None) -> dict[str, HostArray]:
        return dict(arrays or {})

    def agree(self, number: int) -> int:
        return number


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
