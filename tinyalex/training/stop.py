"""Stopping after the current step: on Ctrl-C, SIGTERM and a closed terminal."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class StopSignal:
    """Context in which the first SIGINT, SIGTERM or SIGHUP only sets ``stopped`` and ``number``.

    A second signal acts as outside, so that a run that hangs can be ended. An ignored SIGHUP stays
    ignored: under nohup a run continues without its terminal.
    """

    def __init__(self) -> None:
        self.stopped = False
        self.number: int | None = None
        self._before: dict[int, Any] = {}
        self._terminals: list[int] = []

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.stopped

    def __enter__(self) -> StopSignal:
        # Python lets only the main thread of a program handle signals.
        if threading.current_thread() is threading.main_thread():
            for number in _numbers():
                self._before[number] = signal.signal(number, self._stop)
            self._terminals = [stream for stream in (1, 2) if _is_terminal(stream)]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped, self.number = True, int(number)
        if number == getattr(signal, "SIGHUP", None):
            self._leave_terminal()
        self._restore()

    def _leave_terminal(self) -> None:
        """Redirect output to os.devnull: writing to a closed terminal is an error."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in self._terminals:
            os.dup2(nowhere, stream)
        os.close(nowhere)

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)


def _numbers() -> list[int]:
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return [int(number) for number in numbers]


def _is_terminal(stream: int) -> bool:
    with contextlib.suppress(OSError):
        return os.isatty(stream)
    return False
