"""Copy batches to the GPU while it computes: pinned memory and a second stream.

Images are assembled in pinned memory, copied and augmented on a stream of their own (`bringing`),
while the network runs on another stream (`computing`). The host waits for neither of them; it only
waits until a pinned buffer's last copy is done before it writes the buffer again.

Why no batch is overwritten while in use, and none is used before it is complete:

1. CuPy's pool reuses a freed block only on the stream that it was allocated on. All memory of a
   batch is allocated on `bringing`, so `computing` never gets any of it except in a batch.
2. `take` makes `computing` wait for everything that `bringing` had queued for the batch: so
   `computing` reads it after it was written.
3. The computing thread queues its last use of a batch before it drops the batch. Only then can
   `_allocate` get that block, and only after that does it make `bringing` wait for everything
   queued on `computing`: so `bringing` writes after that use.
4. A pinned buffer is written again after the event of its last copy (`room`), and returned to CuPy
   when `bringing` has finished (`close`).

What a loader keeps for all batches (the mean) was queued on `computing` before the first block
was allocated: by 3, `bringing` waits for it too.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinyalex.backends.base import Array, Feed, T
from tinyalex.errors import BackendError, DeviceMemoryError

SPARE = 2  # buffers in addition to the waiting batches: one being filled, one being taken


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
        ``bringing`` belongs to this compute stream alone, and does not wait for the null stream:
        ``non_blocking=True``.
    ahead : int
        Maximum number of prepared batches that wait to be taken.
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
        self._room: np.ndarray | None = None  # the latest result of `room`
        self._prepared: deque[Any] = deque()  # one event per waiting batch

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Make `bringing` this thread's current stream."""
        xp = self.xp
        with self.bringing, xp.cuda.using_allocator(self._allocate):
            yield
            done = xp.cuda.Event(disable_timing=True)
            self._prepared.append(self.bringing.record(done))

    def _allocate(self, nbytes: int) -> Any:
        """Allocate memory that `bringing` may write to."""
        block = self.pool.malloc(nbytes)
        self.computing.record(self._queued)  # after malloc: see 3
        self.bringing.wait_event(self._queued)
        return block

    def room(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        """Return pinned memory: the least recently used buffer, after its copy is done."""
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
        """Queue a copy of images to the GPU, without waiting."""
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
        """Make `computing` wait for the batch; the host does not wait."""
        if self.xp.cuda.get_current_stream() != self.computing:
            raise BackendError(
                "a batch was taken on another CUDA stream than the one its epoch began on",
                "call loader.epoch() and run the steps on the same stream",
            )
        self.computing.wait_event(self._prepared.popleft())
        return batch

    def close(self) -> None:
        """Wait until `bringing` has finished, then release the pinned memory."""
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
                f"the system refuses to pin {nbytes >> 20} MiB more of the host's memory ({error})",
                "a smaller --batch-size",
            ) from None
        return np.frombuffer(memory, np.uint8, nbytes)


class _Slot:
    """A pinned buffer, and the event of its last copy."""

    def __init__(self) -> None:
        self.memory: np.ndarray | None = None
        self.copied: Any = None


def pinned_bytes(batch_bytes: int, ahead: int) -> int:
    """Return the pinned memory, in bytes, of a feed with batches of ``batch_bytes`` bytes."""
    return (ahead + SPARE) * batch_bytes
