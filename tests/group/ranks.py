"""The processes that a test has started, by the folder they work in; and what MPI leaves. Linux."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tinyalex.group import rank


def processes(folder: Path) -> Iterator[int]:
    """Processes that work in a folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if Path(os.readlink(entry / "cwd")) == folder:
                yield int(entry.name)


def end_all(folder: Path) -> None:
    """Kill what a test that failed has left: workers that wait for others never end."""
    for pid in set(processes(folder)) - {os.getpid()}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def ranks(folder: Path) -> dict[int, int]:
    """The process of each rank that works in a folder; not the one that watches over it."""
    found = {}
    for pid in sorted(processes(folder), reverse=True):  # not what a rank has started
        with contextlib.suppress(OSError):
            if os.fsencode(rank.__file__) in Path(f"/proc/{pid}/cmdline").read_bytes():
                continue
            for word in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if word.startswith(b"PMI_RANK="):
                    found[int(word[9:])] = pid
    return found


def shared_memory() -> set[str]:
    """The names that MPICH has left, or is about to remove."""
    return {path.name for path in Path("/dev/shm").glob("mpich_shm_*")}


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"it took longer than {seconds:g} seconds"
        time.sleep(0.02)
