"""Workers that share a GPU, or lack NCCL: their arrays are added up through the host's memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyalex.group.base import Group
from tinyalex.group.gpu import GpuGroup
from tinyalex.group.shards import Array, Shards


class StagedGroup(GpuGroup):
    """Copies arrays to pinned memory of the host, where another group adds them up, and back.

    The thread that calls `sum` waits for the first copy and for the other workers; the network's
    stream does not. See `GpuGroup` for the parameters.
    """

    def __init__(self, control: Group, xp: Any) -> None:
        super().__init__(control, xp)
        self.pinned = np.empty(0, np.uint8)

    def sum(self, parts: Sequence[Array], shards: Shards, n: int) -> Array:
        stream, dtype = self.xp.cuda.get_current_stream(), parts[0].dtype
        room = self._room(len(parts) * parts[0].nbytes).view(dtype)
        host = room.reshape(len(parts), parts[0].size)
        for part, row in zip(parts, host, strict=True):
            part.data.copy_to_host_async(row.ctypes.data, row.nbytes, stream)
        stream.synchronize()
        host[0] = self.control.sum(list(host), shards, n)
        total = self.xp.empty(parts[0].size, dtype)
        total.data.copy_from_host_async(host.ctypes.data, total.nbytes, stream)
        return total

    def _room(self, nbytes: int) -> np.ndarray[Any, Any]:
        """Pinned memory; the last copy from it comes before the next one to it."""
        if self.pinned.nbytes < nbytes:
            self.xp.cuda.get_current_stream().synchronize()
            self.pinned = np.frombuffer(self.xp.cuda.alloc_pinned_memory(nbytes), np.uint8, nbytes)
        return self.pinned[:nbytes]
