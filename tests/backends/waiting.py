"""Places where a thread of the host may not wait for a device that is none; see `device_array`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class HostWaitError(RuntimeError):
    """Host and device met where neither may wait for the other."""


class _Refused(threading.local):
    """Where the running thread may not wait."""

    def __init__(self) -> None:
        self.where: list[str] = []


_refused = _Refused()


@contextmanager
def no_waiting(where: str) -> Iterator[None]:
    """Refuse this thread every look at a value and every array of the host.

    ``where`` is for the message.
    """
    _refused.where.append(where)
    try:
        yield
    finally:
        _refused.where.pop()


def meet(what: str) -> None:
    """Host and device meet here."""
    if _refused.where:
        raise HostWaitError(f"{what} within {_refused.where[-1]}")
