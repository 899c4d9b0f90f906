"""Ends a student's code when the grader ends, even if the grader is killed.

A thread cannot do this alone: it waits forever for code that never releases Python's lock.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading

LATE = 30.0  # s after the limit; before that, the process and its parent end it themselves


def end_with_parent(pipe: int, seconds: float) -> None:
    """Watch the parent from a small separate process, in this process's group.

    Parameters
    ----------
    pipe : int
        The parent holds the other end. When it closes, this process ends, and every process that
        it has started.
    seconds : float
        They end after this and `LATE` in any case.
    """
    if sys.platform == "win32" or os.getpgrp() != os.getpid():  # other processes are in the group
        threading.Thread(target=_wait_and_exit, args=(pipe,), daemon=True).start()
        return
    with contextlib.suppress(OSError):  # too many processes
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            os.close(pipe)
            return
        # Fork again, so that the process of the student's code has no child.
        try:
            if os.fork() == 0:
                _guard(pipe, seconds + LATE)
        finally:
            os._exit(0)
    threading.Thread(target=_wait_and_exit, args=(pipe,), daemon=True).start()


def _wait_and_exit(pipe: int) -> None:
    with contextlib.suppress(OSError):
        os.read(pipe, 1)
    os._exit(1)


def _guard(pipe: int, seconds: float) -> None:
    """Wait, then end the whole group, including this process."""
    os.closerange(0, pipe)  # among them the parent's pipes, which it reads to the end
    os.closerange(pipe + 1, max(pipe + 1, os.sysconf("SC_OPEN_MAX")))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    select.select([pipe], [], [], seconds)
    os.killpg(os.getpgrp(), signal.SIGKILL)
