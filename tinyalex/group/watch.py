"""A thread in every worker that notices when its neighbour, or its own work, has stopped."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

_TAG = 7


class Watch:
    """Workers in a ring: each one tells the next that it is there, and listens to the one before.

    A worker that is killed ends all at once, by MPI. One that is stopped, or hangs, says nothing:
    without a watch all others wait for it for ever.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
        Of its own.
    timeout : float
        Seconds without a word from the neighbour, or without a step of one's own.
    waits : callable
        Whether this worker waits for others: then it is not the one that hangs.
    fail : callable
        Is told which rank has stopped, and in what way.
    """

    def __init__(
        self, comm: Any, timeout: float, waits: Callable[[], bool], fail: Callable[[int, str], None]
    ) -> None:
        self.comm, self.timeout, self.waits, self.fail = comm, timeout, waits, fail
        self.rank, self.size = comm.Get_rank(), comm.Get_size()
        self.ended = threading.Event()
        self.last_step: float | None = None  # loading data and compiling may take any time
        self.launcher = 0  # a process with which all end
        self.thread = threading.Thread(target=self._run, name="tinyalex-watch", daemon=True)
        self.thread.start()

    def step(self) -> None:
        """Say that the work goes on; from the first time on, steps are expected."""
        self.last_step = time.monotonic()

    def close(self) -> None:
        """End the thread."""
        self.ended.set()
        self.thread.join()

    def _run(self) -> None:
        left, right = (self.rank - 1) % self.size, (self.rank + 1) % self.size
        word, heard = np.zeros(1, np.uint8), np.zeros(1, np.uint8)
        last_heard = time.monotonic()
        sent: list[Any] = []
        while not self.ended.wait(min(1.0, self.timeout / 5)):
            sent = [request for request in sent if not request.Test()]
            sent.append(self.comm.Isend(word, right, _TAG))
            while self.comm.Iprobe(left, _TAG):
                self.comm.Recv(heard, left, _TAG)
                last_heard = time.monotonic()
            if self.launcher and not is_alive(self.launcher):
                self.fail(self.rank, "ends: the process that started it is gone")
                return
            now, seconds = time.monotonic(), f"{self.timeout:g} seconds"
            if now - last_heard > self.timeout:
                self.fail(left, f"is stopped or cannot be reached: silent for {seconds}")
                return
            since = now if self.last_step is None or self.waits() else self.last_step
            if now - since > self.timeout:
                self.fail(self.rank, f"hangs: no step for {seconds}")
                return


def is_alive(process: int) -> bool:
    """Whether there is a process of that number on this computer."""
    if sys.platform == "win32":
        return True  # there os.kill would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
