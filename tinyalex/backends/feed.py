"""How batches get from the thread that prepares them to the thread that computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

Array = Any
T = TypeVar("T")


class Feed:
    """Hand over one epoch's batches. On a CPU both threads share memory: there is nothing to do.

    One thread prepares batches, each within `preparing`. The other thread takes them in the same
    order with `take`, and calls `close` after the first thread has ended.

    Parameters
    ----------
    asarray : callable
        Copies an array of the host to the backend.

    Examples
    --------
    >>> feed = Feed(np.asarray)
    >>> with feed.preparing():
    ...     batch = feed.bring(np.zeros((8, 32, 32, 3), np.uint8))
    >>> feed.take(batch).shape
    (8, 32, 32, 3)
    """

    def __init__(self, asarray: Callable[[np.ndarray], Array]) -> None:
        self._asarray = asarray

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Prepare one batch."""
        yield

    def room(self, shape: Sequence[int], dtype: Any) -> np.ndarray | None:
        """Return host memory to put images into before `bring`; None if any memory will do."""
        return None

    def bring(self, images: np.ndarray) -> Array:
        """Copy images, from `room` or from elsewhere, to the backend."""
        return self._asarray(images)

    def take(self, batch: T) -> T:
        """Hand the oldest prepared batch to the calling thread."""
        return batch

    def close(self) -> None:
        """Drop the batches that were not taken."""
