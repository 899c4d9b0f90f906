"""What Ctrl-C does while a command starts, runs and ends.

This module is loaded first and imports almost nothing: until it is loaded, Ctrl-C prints a
traceback.
"""

# Not signal: it builds enums, which takes longer than everything else here.
import _signal as signal  # type: ignore[import-not-found]
import os

INTERRUPTED = 130  # exit code of a program ended by Ctrl-C


def exit_code_of(number: int | None) -> int:
    """Exit code of a program that was ended by a signal: 129 SIGHUP, 143 SIGTERM."""
    return INTERRUPTED if number is None else 128 + number


def ends_the_process() -> None:
    """From now on Ctrl-C ends this process at once, without a message.

    An exception raised in the middle of an import may be replaced by another one, or lost. If
    Ctrl-C is ignored, it stays ignored: shells start commands in the background like that.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


class RaisesAnException:
    """Context in which Ctrl-C raises KeyboardInterrupt, so that a command can handle it."""

    def __enter__(self) -> None:
        self._begun = signal.getsignal(signal.SIGINT) is _end
        if self._begun:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        if self._begun:
            signal.signal(signal.SIGINT, _end)


def _end(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)
