"""The workers on this computer, as Linux shows them in /proc; nothing on other systems."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from tinyalex.group.world import LAUNCHER


class LocalWorkers:
    """The ``count`` workers that this process starts after it has made this."""

    def __init__(self, count: int) -> None:
        self.count, self.begun = count, not Path("/proc/self/stat").exists()
        self.segments = set(_segments())

    def were_there(self) -> bool:
        """Whether all workers have begun; True where that cannot be seen."""
        if not self.begun:
            self.begun = len({rank for rank, _ in self._workers()}) == self.count
        return self.begun

    def stopped(self) -> list[tuple[int, int]]:
        """Rank and process of each worker that a signal has stopped."""
        return list(self._workers(states="T"))

    def kill(self) -> None:
        """End all workers at once."""
        for _, worker in self._workers():
            kill(worker)

    def remove_segments(self) -> None:
        """Remove shared memory of workers that were killed while MPI started.

        What another program has just made may look the same until it has opened it, which takes
        no time: so each is looked at twice.
        """
        until = time.monotonic() + 5
        while any(self._workers()) and time.monotonic() < until:
            time.sleep(0.05)  # the system is still ending them
        left = set(_segments()) - self.segments
        for _ in range(2):
            if left:
                time.sleep(0.1)
                maps = [text for _, text in _read("maps")]
                left = {path for path in left if not any(bytes(path) in text for text in maps)}
        for path in left:
            path.unlink(missing_ok=True)

    def _workers(self, states: str = "RSDT") -> Iterator[tuple[int, int]]:
        ours = f"{LAUNCHER}={os.getpid()}".encode()
        for process, stat in _read("stat"):
            if stat.rpartition(b")")[2].split()[0].decode() in states:
                for _, variables in _read("environ", process):
                    words = variables.split(b"\0")
                    if ours in words:
                        ranks = [word[9:] for word in words if word.startswith(b"PMI_RANK=")]
                        yield from ((int(rank), int(process)) for rank in ranks)


def kill(process: int) -> None:
    """End a process at once, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _read(name: str, process: str = "[0-9]*") -> Iterator[tuple[str, bytes]]:
    """A file of each process, where it can be read."""
    for path in Path("/proc").glob(f"{process}/{name}"):
        with contextlib.suppress(OSError):
            yield path.parent.name, path.read_bytes()


def _segments() -> Iterator[Path]:
    """MPICH's shared memory, of all programs."""
    return Path("/dev/shm").glob("mpich_shm_*")
