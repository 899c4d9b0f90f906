"""Workers whose arrays are on GPUs: what NCCL and the way through the host have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinyalex.group.base import Group

_OF_CONTROL = (
    *("rank", "size", "local_rank", "local_size", "host", "fast_sum"),
    *("gather", "broadcast", "broadcast_arrays", "exchange", "agree"),
    *("watch", "step", "fails_alone", "abort", "close"),
)


class GpuGroup(Group):
    """A group that adds up CuPy arrays; all but the sums it leaves to another group.

    Sums run on a stream of their own while the network computes on the current one. Events order
    the two streams (`queued`, `after`, `wait`); the host does not wait. CuPy gives freed memory
    back to the stream that it was allocated on, so

    1. what the network has allocated stays referenced until `wait`: otherwise the network could
       get it again, and write to it while it is being sent;
    2. what a sum has allocated may be dropped at any time: only a later sum gets it again, and it
       writes after its mark, which comes after all that the network has queued with the memory.

    Parameters
    ----------
    control : Group
        The same workers.
    xp : module
        CuPy; its current device is this worker's.
    """

    def __init__(self, control: Group, xp: Any) -> None:
        self.control, self.xp = control, xp
        for name in _OF_CONTROL:
            setattr(self, name, getattr(control, name))
        self.device, self.stream = xp.cuda.Device(), xp.cuda.Stream(non_blocking=True)

    @property
    def sent(self) -> int:  # type: ignore[override]
        return self.control.sent

    def queued(self) -> Any:
        return self.xp.cuda.get_current_stream().record(self._event())

    @contextmanager
    def after(self, mark: Any) -> Iterator[None]:
        self.device.use()  # every thread begins on the first GPU
        with self.stream:
            self.stream.wait_event(mark)
            yield

    def wait(self) -> None:
        self.xp.cuda.get_current_stream().wait_event(self.stream.record(self._event()))

    def _event(self) -> Any:
        return self.xp.cuda.Event(disable_timing=True)
