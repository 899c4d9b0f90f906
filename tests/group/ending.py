"""A worker that ends in some way: ``ending.py KIND``; started by test_launch.py."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

RANK = int(os.environ["PMI_RANK"])


def end(number: int) -> None:
    os.kill(os.getpid(), number)


def main(kind: str) -> None:
    """Fail before MPI has started, when it has, or as a command that works with others."""
    if kind == "crashes before MPI" and RANK == 1:
        end(signal.SIGSEGV)
    if kind == "exits before MPI" and RANK == 1:
        sys.exit(3)
    if kind == "stopped before MPI" and RANK == 1:
        end(signal.SIGSTOP)
    from mpi4py import MPI

    MPI.COMM_WORLD.Barrier()
    if RANK == 2 and kind == "killed":
        end(signal.SIGKILL)
    if RANK == 2 and kind == "exits":
        os._exit(3)
    if RANK == 2 and kind == "exits with 0":
        os._exit(0)
    if kind == "waits":
        Path(f"waits{RANK}").touch()
    if kind in ("waits", "killed", "exits", "exits with 0"):
        time.sleep(60)
    if kind == "all say":
        sys.stderr.write("error: interrupted\n")
        sys.exit(130)
    if kind in ("one", "two", "all", "memory", "interrupted", "sys.exit", "bug"):
        fail_together(kind)


def fail_together(kind: str) -> None:
    from tinyalex.commands.workers import together
    from tinyalex.errors import DataError

    with together(None, 60) as group:
        if kind == "all" or RANK in {"two": (1, 2), "one": (2,)}.get(kind, ()):
            raise DataError("no such folder", "another folder")
        if kind == "memory" and RANK == 2:
            bytearray(1 << 60)
        if kind == "bug" and RANK == 2:
            {}["no such key"]
        if kind == "sys.exit" and RANK == 2:
            sys.exit(0)
        if kind == "interrupted" and RANK == 2:
            raise KeyboardInterrupt
        group.agree(0)


if __name__ == "__main__":
    main(sys.argv[1])
