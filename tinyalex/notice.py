"""Things that a user should know while waiting: who wants to hear of them says so here."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[str], None]] = []


def listen(listener: Callable[[str], None]) -> None:
    """Call ``listener(text)`` from now on, in place of the listener before."""
    _listeners[:] = [listener]


def tell(text: str) -> None:
    """Pass a text on; without a listener nothing happens."""
    for listener in _listeners:
        listener(text)
