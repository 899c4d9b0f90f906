"""Groups on GPUs that are none: threads, devices and streams of the doubles, and a double of NCCL.

`Nccl` refuses what NCCL would hang on, or add wrongly: workers that make different calls, and a
send whose number, dtype or order differs from the other side's receive. What it reads and writes on
which stream it tells the judge of `cuda_streams`, which finds what no event puts in order.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from tests.backends import cuda_double, cuda_streams
from tests.backends.cuda_streams import judge, memory_at, name_of
from tests.group.threads import Meeting, ThreadGroup, WrongOrder, on_threads
from tinyalex.group.gpu import GpuGroup
from tinyalex.group.nccl import NcclGroup
from tinyalex.group.staged import StagedGroup

T = TypeVar("T")


class NcclError(RuntimeError):
    """What NCCL finds wrong."""


class Nccl:
    """``cupy.cuda.nccl`` as one worker of a meeting has it."""

    available = True
    NCCL_FLOAT32, NCCL_FLOAT64, NCCL_SUM = 7, 8, 0
    NcclError = NcclError

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self.calls: list[tuple[Any, ...]] | None = None  # within a group of calls

    def get_unique_id(self) -> bytes:
        return os.urandom(128)

    def NcclCommunicator(self, ndev: int, commId: bytes, rank: int) -> Communicator:
        assert isinstance(commId, bytes) and len(commId) == 128 and ndev == self.meeting.size
        here = cuda_streams.touch(), commId
        everyone = self.meeting.exchange(rank, ("communicator", ndev), here, 0)
        if len({device for device, _ in everyone}) < ndev:
            raise NcclError("NCCL_ERROR_INVALID_USAGE: two ranks on one GPU")
        if len({unique_id for _, unique_id in everyone}) > 1:
            raise NcclError("NCCL_ERROR_INVALID_ARGUMENT: another id")
        return Communicator(self, rank)

    def groupStart(self) -> None:
        assert self.calls is None
        self.calls = []

    def groupEnd(self) -> None:
        assert self.calls is not None
        calls, self.calls = self.calls, None
        for communicator in {call[0] for call in calls}:
            communicator.exchange([call[1:] for call in calls])


class Communicator:
    """One rank."""

    def __init__(self, nccl: Nccl, rank: int) -> None:
        self.nccl, self.rank, self.device = nccl, rank, cuda_streams.touch()

    def send(self, sendbuf: int, count: int, datatype: int, peer: int, stream: int) -> None:
        self._call("send", peer, sendbuf, count, datatype, stream)

    def recv(self, recvbuf: int, count: int, datatype: int, peer: int, stream: int) -> None:
        self._call("recv", peer, recvbuf, count, datatype, stream)

    def allReduce(
        self, sendbuf: int, recvbuf: int, count: int, datatype: int, op: int, stream: int
    ) -> None:
        assert op == Nccl.NCCL_SUM
        mine = self._numbers(sendbuf, count, datatype, stream).copy()
        call = "allReduce", count, datatype
        total = sum(self.nccl.meeting.exchange(self.rank, call, mine, 0))
        self._numbers(recvbuf, count, datatype, stream)[...] = total

    def _call(self, kind: str, peer: int, buffer: int, *rest: int) -> None:
        if self.nccl.calls is None:
            raise WrongOrder(f"{kind} outside of groupStart() and groupEnd(): it may wait for ever")
        self.nccl.calls.append((self, kind, peer, buffer, *rest))

    def exchange(self, calls: list[tuple[Any, ...]]) -> None:
        """All ranks' calls at once."""
        sent: dict[int, list[Any]] = {}
        wanted: dict[int, list[Any]] = {}
        for kind, peer, *buffer in calls:
            numbers = self._numbers(*buffer)
            if kind == "send":
                sent.setdefault(peer, []).append(numbers.copy())
            else:
                wanted.setdefault(peer, []).append(numbers)
        everyone = self.nccl.meeting.exchange(self.rank, ("send and recv",), (sent, wanted), 0)
        for rank, (of_rank, _) in enumerate(everyone):
            kinds = [
                [(str(array.dtype), array.size) for array in arrays]
                for arrays in (of_rank.get(self.rank, []), wanted.get(rank, []))
            ]
            if kinds[0] != kinds[1]:
                raise WrongOrder(f"rank {rank} sends {kinds[0]}, rank {self.rank} takes {kinds[1]}")
            for got, room in zip(of_rank.get(self.rank, []), wanted.get(rank, []), strict=True):
                room[...] = got

    def _numbers(self, address: int, count: int, datatype: int, stream: int) -> np.ndarray:
        """The numbers at an address, which a stream works with from now on."""
        assert all(type(number) is int for number in (address, count, datatype, stream))
        current = cuda_streams.get_current_stream()
        assert stream == current.ptr and cuda_streams.touch() == self.device
        if (memory := memory_at(address)) is not None:
            judge.use(name_of(current), memory)
        dtype = np.dtype({7: np.float32, 8: np.float64}[datatype])
        room = (ctypes.c_char * (count * dtype.itemsize)).from_address(address)
        return np.frombuffer(room, dtype)


def array_module() -> Any:
    """As much of CuPy as a group needs, without the simulator."""
    cupy = cuda_double._ArrayModule("cupy")
    cupy.__dict__.update(
        ndarray=cuda_double.DeviceArray,
        empty=cuda_double.empty,
        asarray=cuda_double.asarray,
        cuda=SimpleNamespace(
            Device=cuda_streams.Device,
            Event=cuda_streams.Event,
            Stream=cuda_streams.Stream,
            get_current_stream=cuda_streams.get_current_stream,
            alloc_pinned_memory=cuda_streams.alloc_pinned_memory,
        ),
    )
    return cupy


def on_gpus(
    size: int,
    work: Callable[[GpuGroup], T],
    kind: str,
    seed: int = 0,
    xp: Any = None,
    fast_sum: bool = False,
) -> list[T]:
    """Run ``work`` as each worker, with a GPU of its own from the second one on.

    ``kind`` is nccl or staged.
    """

    def worker(control: ThreadGroup) -> T:
        cuda_streams.Device(control.rank + 1).use()
        control.fast_sum = fast_sum
        module = xp or array_module()
        if kind == "nccl":
            group: GpuGroup = NcclGroup(control, module, Nccl(control.meeting))
        else:
            group = StagedGroup(control, module)
        group.stream.purpose = "sums"
        return work(group)

    return on_threads(size, worker, seed)  # type: ignore[arg-type]
