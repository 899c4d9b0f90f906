"""The contract of a backend: what arrays are, where they live, and random numbers.

What it computes is `operations.py`. Legend used throughout: N C H W batch, channels, height,
width; KH KW kernel; OH OW output; K = C*KH*KW, P = OH*OW. Kernel, stride and padding are
``(height, width)`` pairs. Images are NCHW.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from tinyalex.backends.feed import Feed
from tinyalex.backends.operations import Array, Operations, Pair
from tinyalex.errors import ConfigError, unknown

__all__ = [
    "PRECISIONS",
    "Array",
    "Backend",
    "Generator",
    "Pair",
    "check_precision",
    "check_threads",
]

PRECISIONS = ("float32", "tf32")


class Generator(Protocol):
    """A stream of random numbers that is a pure function of its key."""

    def random(self, shape: Sequence[int], dtype: str = "float32") -> Array:
        """Uniform numbers in [0, 1)."""

    def normal(self, shape: Sequence[int], std: float = 1.0, dtype: str = "float32") -> Array:
        """Normal numbers with mean 0."""

    def integers(self, low: int, high: int, size: int) -> Array:
        """Whole numbers in [low, high)."""


class Backend(Operations, ABC):
    """Arrays and operations on one kind of device.

    Attributes
    ----------
    name : str
        ``"numpy"``, ``"numba"`` or ``"cuda"``.
    xp : module
        The array module that layers compute with.
    threads : int
        Workers that share a batch.
    checks_values : bool
        Whether looking at values (are all labels in range?) costs no device synchronisation.
    precision : str
        Of products of float32 matrices, ``"float32"`` or ``"tf32"``.
    workspace_mb : int or None
        Bound of a convolution's workspace in MiB; None where slices fit a cache instead.
    overlap : bool
        Whether a device gets its next batches while it computes, where it can do both at once.
    """

    name: str
    xp: Any
    threads: int = 1
    checks_values: bool = True
    precision: str = "float32"
    workspace_mb: int | None = None
    overlap: bool = True
    get: ClassVar[Callable[..., Backend]]  # `tinyalex.backends.get`

    def __deepcopy__(self, memo: object) -> Backend:
        return self  # a device, of which there is one; copies of a network share it

    def __reduce__(self) -> tuple[Callable[..., Backend], tuple[Any, ...]]:
        """A pickled network keeps the name of its backend, not threads and handles."""
        return Backend.get, (self.name, self.threads, self.precision, self.workspace_mb)

    def set_precision(self, precision: str) -> None:
        """Choose how float32 matrices are multiplied; a CPU knows float32 alone."""
        check_precision(precision)
        if precision != "float32":
            raise ConfigError(
                f"--precision {precision} is for a GPU; backend {self.name!r} multiplies in "
                "float32",
                "--backend cuda, or --precision float32",
            )

    @abstractmethod
    def asarray(self, x: Any, dtype: Any = None) -> Array:
        """Bring ``x`` to this backend, as ``dtype`` if given; no copy where none is needed."""

    @abstractmethod
    def to_host(self, x: Array) -> np.ndarray:
        """Bring ``x`` to a NumPy array."""

    @abstractmethod
    def generator(self, *key: int) -> Generator:
        """Make the random stream that belongs to ``key`` (whole numbers, not negative)."""

    @abstractmethod
    def is_floating(self, x: Array) -> bool:
        """Whether ``x`` holds real floating-point numbers."""

    def synchronize(self) -> None:  # noqa: B027 (a host has nothing to wait for)
        """Wait until all work that was queued is done."""

    def memory_held(self) -> int | None:
        """Bytes of a device's memory that arrays have or had; None where that is the host's."""
        return None

    def feed(self, ahead: int) -> Feed:
        """Make the way of an epoch's batches, of which up to ``ahead`` wait to be taken."""
        return Feed(self.asarray)


def check_precision(precision: str) -> str:
    """Refuse a precision that nobody has."""
    if precision not in PRECISIONS:
        raise unknown("--precision", precision, PRECISIONS)
    return precision


def check_threads(threads: int) -> int:
    """Refuse a number of threads that cannot work."""
    if threads < 1:
        raise ConfigError(f"threads must be at least 1 (got {threads})", "--threads 1")
    return threads
