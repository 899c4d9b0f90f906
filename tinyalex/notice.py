"""Things that a user should know while waiting: who wants to hear of them says so here."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[str], None]] = []
_warned: list[Callable[[str], None]] = []


def listen(listener: Callable[[str], None], warned: Callable[[str], None] | None = None) -> None:
    """Call ``listener(text)`` from now on, and ``warned(text)`` of warnings."""
    _listeners[:] = [listener]
    _warned[:] = [] if warned is None else [warned]


def tell(text: str) -> None:
    """Pass a text on; without a listener nothing happens."""
    for listener in _listeners:
        listener(text)


def warn(text: str) -> None:
    """Pass a warning on: text that is worth reading even where no other text is wanted."""
    for listener in _warned or _listeners:
        listener(text)
