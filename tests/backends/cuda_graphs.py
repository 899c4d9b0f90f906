"""CUDA graphs without a GPU: a stream writes down what is queued on it, and a graph repeats it.

What CUDA or CuPy refuse while a stream is captured is refused here, and what a GPU would do wrong
goes wrong here too:

- nothing is computed while it is captured: arrays hold rubbish until the first launch;
- memory from the driver, waits of the host, arrays of the host, events, CuPy's cuBLAS, and cuBLAS
  without a workspace (`cuda_blas`) are refused;
- a graph knows addresses and numbers, and keeps no array: memory that goes to someone else in
  between is overwritten.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from typing import Any

import numpy as np

from tests.backends import cuda_streams
from tests.backends.cuda_streams import Event, get_current_stream, judge, memory_at, used
from tests.backends.waiting import no_waiting

Captured = list[tuple[Any, ...]]  # each a function and its arguments


class Stream(cuda_streams.Stream):
    """A stream that can be captured."""

    def begin_capture(self, mode: int | None = None) -> None:
        if not self.non_blocking:
            raise ValueError("other threads' work on the null stream would be refused")
        if self._captured is not None:
            raise ValueError("the stream is captured already")
        self._captured = []
        self._refusing = ExitStack()
        self._refusing.enter_context(no_waiting("a capture"))

    def end_capture(self) -> Graph:
        captured, self._captured = self._captured, None
        assert captured is not None
        self._refusing.close()
        return Graph(captured)

    def record(self, event: Event | None = None) -> Event:
        self._refuse_events()
        return super().record(event)

    def wait_event(self, event: Event) -> None:
        self._refuse_events()
        super().wait_event(event)

    def _refuse_events(self) -> None:
        if self._captured is not None:
            raise ValueError("an event within a capture")


class Graph:
    """What was captured, with its arguments."""

    def __init__(self, captured: Captured) -> None:
        self._captured = captured

    def launch(self, stream: Stream | None = None) -> None:
        judge.counts["launches of graphs"] += 1
        with nullcontext() if stream is None else stream:
            for work, *args in self._captured:
                for array in arrays_in(args):
                    used(array.ctypes.data)
                work(*args)


def capturing() -> bool:
    """Whether this thread's current stream is captured."""
    return get_current_stream()._captured is not None


def queue(work: Callable[..., None], *args: Any) -> None:
    """Do some work of the device; while the stream is captured, write it down instead."""
    captured = get_current_stream()._captured
    if captured is None:
        work(*args)
    else:
        captured.append((work, *map(_without_owner, args)))


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """The arrays among arguments."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from arrays_in(part)


def numbers_in(graph: Graph) -> list[Any]:
    """All that a graph repeats, but the addresses."""

    def shown(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.shape, value.strides, str(value.dtype)
        if isinstance(value, tuple | list):
            return type(value)(map(shown, value))
        return "an address" if isinstance(value, int) and value >= 1 << 32 else value

    return [shown(work) for work in graph._captured]


def _without_owner(value: Any) -> Any:
    """An array of a pool's as the device sees it: an address, which keeps no memory."""
    if isinstance(value, tuple | list):
        return type(value)(map(_without_owner, value))
    if not isinstance(value, np.ndarray) or memory_at(value.ctypes.data) is None:
        return value
    first, end = np.lib.array_utils.byte_bounds(value)
    room = (ctypes.c_char * max(1, end - first)).from_address(first)
    offset = value.ctypes.data - first
    return np.ndarray(value.shape, value.dtype, room, offset, value.strides)
