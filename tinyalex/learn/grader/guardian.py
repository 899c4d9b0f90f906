"""Ends a student's code with the grader: killed, or closed with its terminal, it cannot.

A thread of the process itself would not do: code that never lets go of Python's lock stops it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading

LATE = 30.0  # s after the limit; the process itself and its parent come first


def end_with_parent(pipe: int, seconds: float) -> None:
    """Watch the parent from a small process of its own, in the group of this one.

    Parameters
    ----------
    pipe : int
        The parent holds the other end. When that is closed, this process ends, with all that it
        has started.
    seconds : float
        After this and `LATE` it ends in any case.
    """
    if sys.platform == "win32" or os.getpgrp() != os.getpid():  # a group that others are in
        threading.Thread(target=_wait_and_exit, args=(pipe,), daemon=True).start()
        return
    with contextlib.suppress(OSError):  # as many processes as are allowed
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            os.close(pipe)
            return
        # Again, so that the process which the student's code is in has no child.
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
    """Wait, then end the group, this process with it."""
    os.closerange(0, pipe)  # the way to the parent: it waits for its end
    os.closerange(pipe + 1, max(pipe + 1, os.sysconf("SC_OPEN_MAX")))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    select.select([pipe], [], [], seconds)
    os.killpg(os.getpgrp(), signal.SIGKILL)
