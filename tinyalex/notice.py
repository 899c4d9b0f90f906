"""Notes, warnings and progress for the user; a command registers the functions that show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Phase:
    """What is being done.

    Attributes
    ----------
    what : str
        "testing", with no capital and no dot.
    total : int
        Of what is counted, such as images; 0 if nothing is.
    done : int
    """

    what: str
    total: int = 0
    done: int = 0


_listeners: list[Callable[[str], None]] = []
_warned: list[Callable[[str], None]] = []
_followers: list[Callable[[Phase | None], None]] = []
_phases: list[Phase] = []  # the last one is shown; it may be part of the one before


def listen(listener: Callable[[str], None], warned: Callable[[str], None] | None = None) -> None:
    """From now on call ``listener(text)`` for notes, and ``warned(text)`` for warnings."""
    _listeners[:] = [listener]
    _warned[:] = [] if warned is None else [warned]


def tell(text: str) -> None:
    """Print a note; without a listener nothing happens."""
    for listener in _listeners:
        listener(text)


def warn(text: str) -> None:
    """Print a warning: text to be read even in quiet mode."""
    for listener in _warned or _listeners:
        listener(text)


def follow(follower: Callable[[Phase | None], None] | None) -> None:
    """From now on call ``follower(phase)`` whenever the progress changes; at its end with None."""
    _followers[:] = [] if follower is None else [follower]


@contextmanager
def phase(what: str, total: int = 0) -> Iterator[Callable[[int], None]]:
    """Tell the user what is being done while the context lasts; without a follower do nothing.

    Yields
    ------
    callable
        To be called with how much of ``total`` is done.

    Examples
    --------
    >>> follow(print)
    >>> with phase("testing", total=100) as reached:
    ...     reached(50)
    Phase(what='testing', total=100, done=0)
    Phase(what='testing', total=100, done=50)
    None
    >>> follow(None)
    """
    mine = Phase(what, total)
    _phases.append(mine)
    _show()

    def reached(done: int) -> None:
        mine.done = done
        _show()

    try:
        yield reached
    finally:
        _phases[:] = [other for other in _phases if other is not mine]
        _show()


def _show() -> None:
    for follower in _followers:
        follower(_phases[-1] if _phases else None)
