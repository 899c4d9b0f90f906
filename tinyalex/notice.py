"""Notes and warnings for the user; a command registers the function that prints them."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[str], None]] = []
_warned: list[Callable[[str], None]] = []


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
