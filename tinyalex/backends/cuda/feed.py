"""Batches come to the GPU beside the computing: pinned memory and a second stream.

Images are put together in pinned memory, copied and augmented on a stream of their own
(`bringing`), while the network works on another (`computing`). The host waits for neither of
them; only a pinned buffer is not written again before its last copy has been made.

Why no batch is overwritten, and none is used before it is there:

1. CuPy's pool gives a freed block to the next who asks on the stream that it was taken on. All
   memory of a batch is taken on `bringing`, so `computing` never gets any of it but in a batch.
2. `take` makes `computing` wait for all that `bringing` was told for the batch: so `computing`
   uses it later than it was written.
3. The thread that computes queues its last use of a batch before it lets the batch go; only
   then can `_allocate` get that block, and only after that it makes `bringing` wait for all that
   is queued on `computing`: so `bringing` writes later than that use.
4. A pinned buffer is written again when the event behind its last copy has come (`room`), and
   given back to CuPy when `bringing` has done everything (`close`).

What a loader keeps for all batches (the mean) was queued on `computing` before the first block
was asked for: by 3 `bringing` waits for it too.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinyalex.backends.feed import Array, Feed, T
from tinyalex.errors import BackendError, DeviceMemoryError

SPARE = 2  # buffers beyond the batches that wait: one being filled, one being taken


class CudaFeed(Feed):
    """See the module.

    Parameters
    ----------
    xp : module
        CuPy.
    pool : cupy.cuda.MemoryPool
    empty : callable
        Makes an array on the GPU, of a shape and a dtype.
    computing, bringing : cupy.cuda.Stream
        ``bringing`` serves no other stream, and does not wait for the null stream by itself:
        ``non_blocking=True``.
    ahead : int
        Batches that wait to be taken at most.
    """

    def __init__(
        self,
        xp: Any,
        pool: Any,
        empty: Callable[[Sequence[int], Any], Array],
        computing: Any,
        bringing: Any,
        ahead: int,
    ) -> None:
        self.xp, self.pool, self.empty = xp, pool, empty
        self.computing, self.bringing = computing, bringing
        self._queued = xp.cuda.Event(disable_timing=True)
        self._slots = deque(_Slot() for _ in range(ahead + SPARE))
        self._room: np.ndarray | None = None  # what `room` gave last
        self._prepared: deque[Any] = deque()  # an event behind each batch that waits

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Let this thread work on `bringing`."""
        xp = self.xp
        with self.bringing, xp.cuda.using_allocator(self._allocate):
            yield
            done = xp.cuda.Event(disable_timing=True)
            self._prepared.append(self.bringing.record(done))

    def _allocate(self, nbytes: int) -> Any:
        """Memory that `bringing` may write to."""
        block = self.pool.malloc(nbytes)
        self.computing.record(self._queued)  # after malloc: see 3
        self.bringing.wait_event(self._queued)
        return block

    def room(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        """Pinned memory; the buffer that was given longest ago, once it has been copied."""
        self._slots.rotate(-1)
        slot = self._slots[-1]
        if slot.copied is not None:
            slot.copied.synchronize()
        nbytes = math.prod(shape) * np.dtype(dtype).itemsize
        if slot.memory is None or slot.memory.nbytes < nbytes:
            slot.memory = None
            slot.memory = self._pinned(nbytes)
        room: np.ndarray = slot.memory[:nbytes].view(dtype).reshape(shape)
        self._room = room
        return room

    def bring(self, images: np.ndarray) -> Array:
        """Copy images to the GPU; queued, not awaited."""
        if self._room is None or images is not self._room:
            room = self.room(images.shape, images.dtype)
            room[...] = images
            images = room
        self._room = None
        x = self.empty(images.shape, images.dtype)
        x.data.copy_from_host_async(images.ctypes.data, images.nbytes, self.bringing)
        slot = self._slots[-1]
        if slot.copied is None:  # block: the host sleeps while it waits
            slot.copied = self.xp.cuda.Event(block=True, disable_timing=True)
        self.bringing.record(slot.copied)
        return x

    def take(self, batch: T) -> T:
        """Let `computing` wait for the batch; the host does not."""
        if self.xp.cuda.get_current_stream() != self.computing:
            raise BackendError(
                "a batch was asked for on another CUDA stream than its epoch was",
                "loader.epoch() and the steps on one stream",
            )
        self.computing.wait_event(self._prepared.popleft())
        return batch

    def close(self) -> None:
        """Wait for what `bringing` still does, then give the pinned memory back."""
        self.bringing.synchronize()
        self._prepared.clear()
        self._slots.clear()
        self._room = None

    def _pinned(self, nbytes: int) -> np.ndarray:
        xp = self.xp
        try:
            memory = xp.cuda.alloc_pinned_memory(nbytes)
        except xp.cuda.runtime.CUDARuntimeError as error:
            raise DeviceMemoryError(
                f"the system pins no further {nbytes >> 20} MiB of the host's memory ({error})",
                "a smaller --batch-size",
            ) from None
        return np.frombuffer(memory, np.uint8, nbytes)


class _Slot:
    """A pinned buffer, and the event behind its last copy."""

    def __init__(self) -> None:
        self.memory: np.ndarray | None = None
        self.copied: Any = None


def pinned_bytes(batch_bytes: int, ahead: int) -> int:
    """Pinned memory that a feed takes for batches of ``batch_bytes`` bytes on the host."""
    return (ahead + SPARE) * batch_bytes
