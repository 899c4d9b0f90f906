"""How batches come from the thread that prepares them to the one that computes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

Array = Any
T = TypeVar("T")


class Feed:
    """The way of one epoch's batches. On a host both threads see the same memory: nothing to do.

    One thread prepares batches, each within `preparing`; the other one takes them, in the same
    order, with `take`, and calls `close` when the first has ended.

    Parameters
    ----------
    asarray : callable
        Brings an array of the host to the backend.
    """

    def __init__(self, asarray: Callable[[np.ndarray], Array]) -> None:
        self._asarray = asarray

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Prepare one batch."""
        yield

    def room(self, shape: Sequence[int], dtype: Any) -> np.ndarray | None:
        """Memory of the host to put images into before `bring`; None where any will do."""
        return None

    def bring(self, images: np.ndarray) -> Array:
        """Bring images, from `room` or from elsewhere, to the backend."""
        return self._asarray(images)

    def take(self, batch: T) -> T:
        """Give the batch that was prepared longest ago to the thread that calls this."""
        return batch

    def close(self) -> None:
        """Let go of batches that nobody took."""
