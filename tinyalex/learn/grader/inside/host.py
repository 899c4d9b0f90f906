"""Starts processes for students' code: ``host.main`` runs in a process of its own.

It loads NumPy once, and then forks for every file and property, so that a start takes
milliseconds. It never runs a student's code itself. Orders come as single bytes: ``s`` starts a
process (a socket for it comes along), ``e`` ends it, ``w`` waits a moment for it to end by itself.
When the grader ends, so does everything here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import sys
import time
from typing import Any, cast

from . import confine
from .student import serve

STATUS = struct.Struct("<q")
GRACE = 1.0  # s


def main() -> None:
    if os.name == "nt":  # no fork: one process for each file and property
        serve(socket.fromshare(bytes.fromhex(sys.stdin.readline())))  # type: ignore[attr-defined]
    control = socket.socket(fileno=int(sys.argv[2]))
    confine.adopt_orphans()
    for module in sys.argv[3:]:
        __import__(module)
        if module == "numba":
            from numba.core import entrypoints

            cast(Any, entrypoints).init_all()  # later it could not read the list of packages
    control.sendall(STATUS.pack(0))
    worker = 0
    while True:
        order, sockets, _, _ = socket.recv_fds(control, 1, 1)
        if order == b"s":
            worker = os.fork()
            if not worker:
                control.close()
                _serve(sockets[0])
            os.close(sockets[0])
            control.sendall(STATUS.pack(worker))
        else:
            status = _end(worker, GRACE if order == b"w" else 0.0)
            worker = 0
            if not order:  # the grader has ended
                os._exit(0)
            control.sendall(STATUS.pack(status))


def _serve(descriptor: int) -> None:
    try:
        confine.end_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        serve(socket.socket(fileno=descriptor))
    finally:
        os._exit(1)


def _end(worker: int, grace: float) -> int:
    """End a process and all that it has started; its exit status as `os.waitstatus_to_exitcode`."""
    until = time.monotonic() + grace
    ended, status = (0, 0) if worker else (1, 0)
    while not ended and time.monotonic() < until:
        ended, status = os.waitpid(worker, os.WNOHANG)
        time.sleep(1e-3)
    if not ended:
        os.kill(worker, signal.SIGKILL)
        status = os.waitpid(worker, 0)[1]
    with contextlib.suppress(ChildProcessError):
        # On Linux, children of a process that has ended are this process's children.
        while os.waitpid(-1, os.WNOHANG) != (0, 0) or _kill_children():
            pass
    return os.waitstatus_to_exitcode(status)


def _kill_children() -> bool:
    for child in _children():
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
    time.sleep(1e-3)
    return True


def _children() -> list[int]:
    found = []
    me = str(os.getpid())
    with contextlib.suppress(OSError):
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
                if file.read().rpartition(")")[2].split()[1] == me:
                    found.append(int(name))
    return found
