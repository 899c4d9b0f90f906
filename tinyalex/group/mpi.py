"""Workers that talk by MPI: on one computer, or on many."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeVar, cast

import numpy as np

from tinyalex.group.base import Group, GroupError, HostArray, Shape
from tinyalex.group.shards import Shards
from tinyalex.group.watch import Watch

Method = TypeVar("Method", bound=Callable[..., Any])


def waiting(method: Method) -> Method:
    """Count the calls of a method that are waiting for other workers."""

    @functools.wraps(method)
    def counted(self: MpiGroup, *arguments: Any) -> Any:
        self.inside += 1
        try:
            return method(self, *arguments)
        finally:
            self.inside -= 1
            if self.watcher is not None and self.watcher.last_step is not None:
                self.watcher.step()

    return cast(Method, counted)


class MpiGroup(Group):
    """The processes of an MPI communicator (mpi4py).

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
        A copy of it is used, so that no message meets another's.
    launcher : int
        The process that started all, on this computer; 0 if there is none to look after.

    Notes
    -----
    `sum` moves the bytes of a ring: every worker gets a slice of the array from all others, adds
    up the slices in the tree's order, and sends the result to all. ``MPI_Allreduce`` would choose
    an order that depends on the number of workers; it is for `fast_sum`. Values travel as JSON,
    never as pickles.
    """

    def __init__(self, comm: Any, launcher: int = 0) -> None:
        super().__init__()
        self.launcher = launcher
        self.world, self.comm, self.failing = comm, comm.Dup(), comm.Dup()
        self.exchanging = comm.Dup()  # may happen while another thread sums
        self.inside = 0  # calls that wait for others
        self.watcher: Watch | None = None
        self.rank, self.size = self.comm.Get_rank(), self.comm.Get_size()
        self.hosts = self.gather(self.host)
        self.local_rank = self.hosts[: self.rank].count(self.host)
        self.local_size = self.hosts.count(self.host)

    @waiting
    def sum(self, parts: Sequence[HostArray], shards: Shards, n: int) -> HostArray:
        if self.fast_sum:
            everything = np.empty_like(parts[0])
            self.comm.Allreduce(shards.added(parts, n, np), everything)
            return everything
        cuts = [len(parts[0]) * rank // self.size for rank in range(self.size + 1)]
        lengths = [end - first for first, end in zip(cuts, cuts[1:], strict=False)]
        mine, nodes = lengths[self.rank], shards.nodes
        send = _in_slices(parts, cuts)
        received = np.empty((sum(map(len, nodes)), mine), send.dtype)
        self.comm.Alltoallv(
            [send, [len(parts) * length for length in lengths]],
            [received, [len(of_rank) * mine for of_rank in nodes]],
        )
        values = dict(zip((node for of_rank in nodes for node in of_rank), received, strict=True))
        total = shards.total(values.get, n, add_in_place)
        everything = np.empty(cuts[-1], send.dtype)
        self.comm.Allgatherv(received[0] if total is None else total, [everything, lengths])
        to_others = len(parts) * (cuts[-1] - mine) + (self.size - 1) * mine
        self.sent += to_others * send.itemsize
        return everything

    @waiting
    def exchange(self, parts: Sequence[HostArray], shapes: Sequence[Shape]) -> list[HostArray]:
        from mpi4py import MPI

        received = [np.empty(tuple(shape), parts[0].dtype) for shape in shapes]
        received[self.rank] = parts[self.rank]
        others = [rank for rank in range(self.size) if rank != self.rank]
        requests = [self.exchanging.Irecv(received[rank], rank) for rank in others]
        sending = {rank: np.ascontiguousarray(parts[rank]) for rank in others}
        requests += [self.exchanging.Isend(part, rank) for rank, part in sending.items()]
        MPI.Request.Waitall(requests)
        self.sent += sum(part.nbytes for part in sending.values())
        return received

    @waiting
    def gather(self, value: Any) -> list[Any]:
        text = np.frombuffer(json.dumps(value).encode(), np.uint8)
        sizes = np.empty(self.comm.Get_size(), np.int64)
        self.comm.Allgather(np.array([text.size]), sizes)
        joined = np.empty(int(sizes.sum()), np.uint8)
        self.comm.Allgatherv(text, [joined, sizes.tolist()])
        ends = list(accumulate(sizes.tolist(), initial=0))
        return [
            json.loads(joined[first:end].tobytes())
            for first, end in zip(ends, ends[1:], strict=False)
        ]

    @waiting
    def broadcast(self, value: Any) -> Any:
        text = json.dumps(value).encode() if self.leads else b""
        size = np.array([len(text)])
        coming = self.comm.Ibcast(size)
        while not coming.Test():
            time.sleep(0.005)  # Bcast would take a core from rank 0, which may compute for hours
        received = np.frombuffer(text, np.uint8).copy() if self.leads else np.empty(size, np.uint8)
        self.comm.Bcast(received)
        return json.loads(received.tobytes())

    def broadcast_arrays(self, arrays: Mapping[str, HostArray] | None) -> dict[str, HostArray]:
        arrays = dict(arrays or {})
        described = self.broadcast([[k, list(a.shape), a.dtype.str] for k, a in arrays.items()])
        received = {}
        for name, shape, dtype in described:
            empty = not self.leads
            array = np.empty(shape, dtype) if empty else np.ascontiguousarray(arrays[name])
            self.comm.Bcast(array)
            received[name] = array
        return received

    @waiting
    def agree(self, number: int) -> int:
        from mpi4py import MPI

        largest = np.array([0])
        self.comm.Allreduce(np.array([number]), largest, MPI.MAX)
        return int(largest[0])

    def watch(self, timeout: float) -> None:
        if self.size > 1:
            comm = self.comm.Dup()
            self.watcher = Watch(comm, timeout, lambda: self.inside > 0, self._end_for)
            self.watcher.launcher = self.launcher

    def step(self) -> None:
        if self.watcher is not None:
            self.watcher.step()

    def rest(self) -> None:
        if self.watcher is not None:
            self.watcher.last_step = None

    def fails_alone(self) -> bool:
        from mpi4py import MPI

        nothing, status, failed = np.empty(0, np.uint8), MPI.Status(), {self.rank}
        others = [rank for rank in range(self.size) if rank != self.rank]
        sent = [self.failing.Isend(nothing, rank) for rank in others]
        began = time.monotonic()
        # Of several, the first one tells; where it does not, the next one.
        while time.monotonic() < began + (0.5 if self.rank == min(failed) else 5):
            while self.failing.Iprobe(status=status):
                self.failing.Recv(nothing, status.source)
                failed.add(status.source)
            if len(failed) == self.size:
                MPI.Request.Waitall(sent)
                return False
            time.sleep(0.01)
        return True

    def abort(self, code: int) -> None:
        time.sleep(0.2)  # mpiexec drops what it has not read yet, such as the reason
        self.world.Abort(code)
        os._exit(code)  # Abort may return before it has ended us

    def close(self) -> None:
        if self.watcher is not None:
            self.watcher.close()
            self.watcher = None

    def _end_for(self, rank: int, how: str) -> None:
        self.fails_alone()  # where several notice it, one tells
        sys.stderr.write(
            f"error: rank {rank} on {self.hosts[rank]} {how}\n"
            "Try: --resume the run: its last checkpoint is kept\n"
        )
        sys.stderr.flush()
        self.abort(GroupError.exit_code)


def add_in_place(a: HostArray, b: HostArray) -> HostArray:
    """Add ``b`` to ``a``."""
    return np.add(a, b, out=a)


def _in_slices(parts: Sequence[HostArray], cuts: Sequence[int]) -> HostArray:
    """All parts' first slices, then all second ones, ...: (parts * L,)."""
    if len(parts) == 1:
        return np.ascontiguousarray(parts[0])
    ends = zip(cuts, cuts[1:], strict=False)
    return np.concatenate([part[first:end] for first, end in ends for part in parts])
