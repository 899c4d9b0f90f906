"""Watch the calls of a network's layers, and time them: what PyTorch does by hooks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from tinyalex.backends import Backend
from tinyalex.layers import Layer

Call = tuple[str, Any, str]  # a name for the report, an object, the name of its method
# Called after each call with the name, the method, its seconds, its first argument, its result.
Heard = Callable[[str, str, float, Any, Any], object]


def layer_calls(model: Layer) -> list[Call]:
    """Forward and backward of every layer of a model."""
    methods = ("forward", "backward")
    return [(name, layer, method) for name, layer in model.named_layers() for method in methods]


@contextlib.contextmanager
def stopwatch(calls: list[Call], backend: Backend, heard: Heard) -> Iterator[None]:
    """Call ``heard`` after each of the ``calls`` while inside; the clock waits for the device.

    Keep no array that ``heard`` gets: the next layers could not reuse its memory.
    """

    def timed(name: str, method: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            start = time.perf_counter()
            result = work(*arguments)
            backend.synchronize()
            seconds = time.perf_counter() - start
            heard(name, method, seconds, arguments[0] if arguments else None, result)
            return result

        return run

    for name, owner, method in calls:
        # An attribute of the instance hides the class's method until it is deleted again.
        setattr(owner, method, timed(name, method, getattr(owner, method)))
    try:
        yield
    finally:
        for _, owner, method in calls:
            delattr(owner, method)
