"""What Ctrl-C does while a command starts, runs and ends.

Loaded before everything else, and so imports next to nothing: until it is there, Ctrl-C prints a
traceback.
"""

# Not signal: that builds enums first, which takes longer than all the rest here.
import _signal as signal  # type: ignore[import-not-found]
import os

INTERRUPTED = 130  # what shells report for a program ended by Ctrl-C


def exit_code_of(number: int | None) -> int:
    """What shells report for a program that was ended by a signal: 129 SIGHUP, 143 SIGTERM."""
    return INTERRUPTED if number is None else 128 + number


def ends_the_process() -> None:
    """From now on Ctrl-C ends this process at once and silently.

    An exception would not do: raised in the middle of an import it may be turned into another one,
    or lost. Where Ctrl-C is ignored it stays so: shells start commands in the background like that.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


class RaisesAnException:
    """Context in which Ctrl-C raises KeyboardInterrupt, which a command can handle."""

    def __enter__(self) -> None:
        self._begun = signal.getsignal(signal.SIGINT) is _end
        if self._begun:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        if self._begun:
            signal.signal(signal.SIGINT, _end)


def _end(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)
