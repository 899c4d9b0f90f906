"""Workers with a GPU each: NVIDIA's NCCL moves their arrays from GPU to GPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from tinyalex.group.base import Group, GroupError
from tinyalex.group.gpu import GpuGroup
from tinyalex.group.shards import Array, Shards


class NcclGroup(GpuGroup):
    """The workers of a group, with one NCCL communicator.

    Parameters
    ----------
    control : Group
    xp : module
        CuPy.
    nccl : module
        ``cupy.cuda.nccl``.

    Raises
    ------
    GroupError
        NCCL cannot start.

    Notes
    -----
    `sum` sends and adds the same slices as `MpiGroup.sum`; NCCL only moves them.
    ``ncclAllReduce``, for `fast_sum`, would choose an order that depends on the number of workers
    and, by NVLS, may add the same numbers in another order next time: so NVLS is off, unless the
    environment says otherwise (NCCL issues 1497 and 2360).
    """

    def __init__(self, control: Group, xp: Any, nccl: Any) -> None:
        super().__init__(control, xp)
        self.nccl = nccl
        if self.fast_sum:
            os.environ.setdefault("NCCL_NVLS_ENABLE", "0")
            os.environ.setdefault("NCCL_ALGO", "Ring")
        try:
            unique_id = self.broadcast(nccl.get_unique_id().hex() if self.leads else None)
            self.comm = nccl.NcclCommunicator(self.size, bytes.fromhex(unique_id), self.rank)
        except nccl.NcclError as error:
            raise GroupError(
                f"NCCL does not start ({error})",
                "set NCCL_DEBUG=INFO, which says why; or uninstall NCCL: then gradients are added "
                "through the host's memory",
            ) from error

    def sum(self, parts: Sequence[Array], shards: Shards, n: int) -> Array:
        xp, L, dtype = self.xp, parts[0].size, parts[0].dtype
        everything = xp.empty(L, dtype)
        if self.fast_sum:
            own = shards.added(parts, n, xp)
            numbers = own.data.ptr, everything.data.ptr, L, self._kind(own)
            self.comm.allReduce(*numbers, self.nccl.NCCL_SUM, xp.cuda.get_current_stream().ptr)
            return everything
        cuts = [L * rank // self.size for rank in range(self.size + 1)]
        slices = [slice(first, end) for first, end in pairwise(cuts)]
        own_slice = slices[self.rank]
        rows = list(accumulate(map(len, shards.nodes), initial=0))
        received = xp.empty((rows[-1], own_slice.stop - own_slice.start), dtype)
        self._exchange(
            [[part[at] for part in parts] for at in slices],
            [list(received[first:end]) for first, end in pairwise(rows)],
        )
        nodes = (node for of_rank in shards.nodes for node in of_rank)
        values = dict(zip(nodes, received, strict=True))
        total = shards.total(values.get, n, add_in_place)
        total = received[0] if total is None else total
        self._exchange([[total]] * self.size, [[everything[at]] for at in slices])
        to_others = len(parts) * (L - total.size) + (self.size - 1) * total.size
        self.control.sent += to_others * total.itemsize
        return everything

    def _exchange(self, send: list[list[Array]], receive: list[list[Array]]) -> None:
        """Send every worker its arrays and receive as many, all in one call of NCCL."""
        stream = self.xp.cuda.get_current_stream().ptr
        self.nccl.groupStart()
        for move, of_ranks in ((self.comm.send, send), (self.comm.recv, receive)):
            for rank, arrays in enumerate(of_ranks):
                for array in arrays:
                    if array.size:
                        move(array.data.ptr, array.size, self._kind(array), rank, stream)
        self.nccl.groupEnd()

    def _kind(self, array: Array) -> Any:
        return getattr(self.nccl, f"NCCL_{array.dtype.name.upper()}")


def add_in_place(a: Array, b: Array) -> Array:
    """Add ``b`` to ``a``."""
    a += b
    return a
