"""Runs one worker as a process of its own, and says on stderr how it ended.

When one worker ends early, mpiexec kills all others at once, and its own report does not tell who
was the first. Here the first one's line is written before mpiexec notices anything. This file
runs by itself (``python -I -S rank.py PROGRAM ARGUMENTS``), to take no time.
"""

from __future__ import annotations

# Not signal: it builds enums, which takes longer than everything else here.
import _signal as signal  # type: ignore[import-not-found]
import os
import sys

ENDED = "tinyalex: ended: rank "  # and then the rank and the exit code, negative for a signal


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # the worker gets them too
            signal.signal(number, lambda *_: None)
    process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    rank = os.environ.get("PMI_RANK") or os.environ.get("OMPI_COMM_WORLD_RANK", "?")
    sys.stderr.write(f"{ENDED}{rank} {code}\n")
    sys.stderr.flush()
    if code < 0:  # mpiexec ends the others at once, even before they have met
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(code)


if __name__ == "__main__":
    main()
