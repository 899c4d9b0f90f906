"""Streams, events and memory pools without a GPU, and a judge of the order of what they do.

A GPU runs the work of one stream in order, and that of two streams in any order that events do
not forbid. The doubles here do everything at once; what a GPU would be free to do, the judge
knows: it gives each stream, and the host, a clock of what must have happened before (a vector
clock), and two uses of the same memory that no event puts in order are written down as `wrong`.

Memory is handed out again as CuPy's pool does it: a freed block goes back to the part of the
stream that it was taken on, and the next one who asks there gets it, be it in another thread.

There are several devices. As with CUDA, every thread begins on the first one, whatever a thread
does puts a context on its device (`Judge.contexts`), and a stream is used on its own device only.
"""

from __future__ import annotations

import ctypes
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tests.backends.waiting import meet

HOST = "the host"
UNIT = 512  # bytes; CuPy rounds up to it too


class Judge:
    """Who must have finished before whom.

    Attributes
    ----------
    wrong : list of str
        Uses of the same memory in no order.
    contexts : set of int
        Devices on which something was done.
    pause : callable
        Called before every step of either thread.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.pause: Callable[[], None] = lambda: None
        self.reset()

    def reset(self) -> None:
        self.wrong: list[str] = []
        self.contexts: set[int] = set()
        self.counts: dict[str, int] = defaultdict(int)  # what was done how often
        self._clocks: dict[str, dict[str, int]] = defaultdict(dict)
        self._uses: dict[int, dict[str, int]] = defaultdict(dict)

    def learn(self, who: str, known: dict[str, int]) -> None:
        """``who`` goes on after everything in ``known``."""
        clock = self._clocks[who]
        for other, tick in known.items():
            clock[other] = max(clock.get(other, 0), tick)

    def known(self, who: str) -> dict[str, int]:
        """All that has happened before what ``who`` does next."""
        return dict(self._clocks[who])

    def use(self, who: str, memory: int) -> None:
        """``who`` reads or writes; work on a stream comes after what the host has seen so far."""
        with self.lock:
            self.learn(who, self._clocks[HOST])
            clock = self._clocks[who]
            clock[who] = clock.get(who, 0) + 1
            self.counts[who] += 1
            for other, tick in self._uses[memory].items():
                if other != who and clock.get(other, 0) < tick:
                    self.wrong.append(f"{who} uses memory {memory} while {other} may")
            self._uses[memory][who] = clock[who]


judge = Judge()
_here = threading.local()


class Device:
    """One of the devices; by default the thread's own."""

    compute_capability = "90"

    def __init__(self, device: int | None = None) -> None:
        self.id: int = getattr(_here, "device", 0) if device is None else device

    @property
    def pci_bus_id(self) -> str:
        return f"0000:{self.id:02x}:00.0"

    def use(self) -> None:
        _here.device = self.id
        touch()

    def __enter__(self) -> Device:
        self._before = Device()
        self.use()
        return self

    def __exit__(self, *error: object) -> None:
        self._before.use()


def touch() -> int:
    """Something is done on this thread's device, which has a context from now on."""
    device = Device().id
    judge.contexts.add(device)
    return device


class Event:
    """An event; as CuPy's, it stands for the stream's work when it was recorded last."""

    def __init__(self, block: bool = False, disable_timing: bool = False) -> None:
        self.known: dict[str, int] = {}

    def synchronize(self) -> None:
        judge.pause()
        meet("the host waits for an event")
        with judge.lock:
            judge.counts["host waits"] += 1
            judge.learn(HOST, self.known)


class Stream:
    """A stream; 0 is the null stream."""

    null: Stream
    _captured: list[tuple[Any, ...]] | None = None  # see `cuda_graphs`

    def __init__(self, null: bool = False, non_blocking: bool = False) -> None:
        self.ptr = 0 if null else 64 + id(self)
        self.device_id = -1 if null else touch()
        self.purpose = "computing" if null else "bringing"
        self.non_blocking = non_blocking

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.ptr == other.ptr

    def __enter__(self) -> Stream:
        if self.device_id not in (-1, touch()):
            raise ValueError(f"a stream of device {self.device_id} on device {Device().id}")
        _stack().append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _stack().pop()

    def record(self, event: Event | None = None) -> Event:
        judge.pause()
        event = Event() if event is None else event
        with judge.lock:
            event.known = judge.known(name_of(self))
        return event

    def wait_event(self, event: Event) -> None:
        judge.pause()
        with judge.lock:
            judge.learn(name_of(self), event.known)

    def synchronize(self) -> None:
        judge.pause()
        meet("the host waits for a stream")
        with judge.lock:
            judge.counts["host waits"] += 1
            judge.learn(HOST, judge.known(name_of(self)))


Stream.null = Stream(null=True)


def name_of(stream: Stream) -> str:
    """What the judge calls a stream; every device has a null stream of its own."""
    device = Device().id if stream.device_id < 0 else stream.device_id
    return f"{stream.purpose} on {device}" if device else stream.purpose


def _stack() -> list[Stream]:
    if not hasattr(_here, "streams"):
        _here.streams = [Stream.null]
    return _here.streams  # type: ignore[no-any-return]


def get_current_stream() -> Stream:
    return _stack()[-1]


_memories = 0
_live: dict[int, tuple[int, int]] = {}  # address to its end and its memory's number


def memory_at(address: int) -> int | None:
    """The number of the memory that an address lies in; None where no pool gave it."""
    with judge.lock:
        for start, (end, memory) in _live.items():
            if start <= address < end:
                return memory
    return None


def used(address: int) -> None:
    """The current stream works with the numbers at an address; while it is captured, later."""
    touch()
    if get_current_stream()._captured is not None:
        return
    memory = memory_at(address)
    if memory is not None:
        judge.use(name_of(get_current_stream()), memory)


def host_used(array: np.ndarray) -> None:
    """The host reads or writes an array."""
    memory = memory_at(array.ctypes.data)
    assert memory is not None
    judge.pause()
    judge.use(HOST, memory)


def _number() -> int:
    global _memories
    _memories += 1
    return _memories


class Block:
    """Memory of the device from a pool; an array over it keeps it."""

    def __init__(self, raw: np.ndarray, memory: int, free: list[tuple[np.ndarray, int]]) -> None:
        self.raw, self.memory, self.free = raw, memory, free
        self.address, self.__array_interface__ = raw.ctypes.data, raw.__array_interface__
        with judge.lock:
            _live[self.address] = self.address + raw.nbytes, memory

    def __del__(self) -> None:
        with judge.lock:
            _live.pop(self.address, None)
            self.free.append((self.raw, self.memory))


_given_back: dict[int, list[tuple[np.ndarray, int]]] = defaultdict(list)


class MemoryPool:
    """Free blocks by stream and size, the last one freed first."""

    def __init__(self) -> None:
        self._free: dict[tuple[int, ...], list[tuple[np.ndarray, int]]] = defaultdict(list)

    def malloc(self, nbytes: int) -> Block:
        judge.pause()
        size = -(-max(1, nbytes) // UNIT) * UNIT
        with judge.lock:
            stream = get_current_stream()
            free = self._free[touch(), stream.ptr, size]
            if not free and stream._captured is not None:
                raise MemoryError("the driver is asked for memory within a capture")
            if not free and _given_back[size]:
                free.append(_given_back[size].pop())
            raw, memory = free.pop() if free else (np.empty(size, np.uint8), _number())
        return Block(raw, memory, free)

    def free_all_blocks(self) -> None:
        """Give what is free back to the driver, which waits, and gives it to whoever asks next."""
        with judge.lock:
            for (_, _, size), free in self._free.items():
                _given_back[size] += [(raw, _number()) for raw, _ in free]
                free.clear()

    def total_bytes(self) -> int:
        return 0

    def used_bytes(self) -> int:
        return 0


pool = MemoryPool()


def alloc(nbytes: int) -> Block:
    """The thread's own allocator, or the pool."""
    allocator = getattr(_here, "allocator", None)
    return pool.malloc(nbytes) if allocator is None else allocator(nbytes)  # type: ignore


@contextmanager
def using_allocator(allocator: Callable[[int], Block]) -> Iterator[None]:
    before = getattr(_here, "allocator", None)
    _here.allocator = allocator
    try:
        yield
    finally:
        _here.allocator = before


_pinned_free: dict[int, list[int]] = defaultdict(list)


def alloc_pinned_memory(nbytes: int) -> Any:
    """Memory of the host that a copy to the device reads; handed out again like the device's."""
    touch()
    with judge.lock:
        free = _pinned_free[nbytes]
        memory = free.pop() if free else _number()

    def forget(block: Any) -> None:
        with judge.lock:
            _live.pop(ctypes.addressof(block), None)
            free.append(memory)

    block = type("Pinned", (ctypes.c_uint8 * nbytes,), {"__del__": forget})()
    with judge.lock:
        _live[ctypes.addressof(block)] = ctypes.addressof(block) + nbytes, memory
    return block


class MemoryPointer:
    """Where an array's numbers lie, as CuPy says it."""

    def __init__(self, ptr: int) -> None:
        self.ptr = ptr

    def copy_from_host_async(self, mem: int, size: int, stream: Stream | None = None) -> None:
        """``mem`` must be pinned: else a GPU's copy would not be asynchronous."""
        judge.counts["copies from pinned memory"] += 1
        self._copy(self.ptr, mem, mem, size, stream)

    def copy_to_host_async(self, mem: int, size: int, stream: Stream | None = None) -> None:
        """The other way."""
        judge.counts["copies to pinned memory"] += 1
        self._copy(mem, self.ptr, mem, size, stream)

    def _copy(self, to: int, start: int, pinned: int, size: int, stream: Stream | None) -> None:
        judge.pause()
        if size and memory_at(pinned) is None:
            raise ValueError("the memory of the host is not pinned")
        with get_current_stream() if stream is None else stream:
            used(start)
            used(to)
        ctypes.memmove(to, start, size)
