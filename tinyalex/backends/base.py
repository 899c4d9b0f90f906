"""The interface of a backend: its arrays, their device, random numbers, and how batches reach it.

What it computes is in ``operations.py``. Legend: ``functional/arrays.py``. Kernel, stride and
padding are ``(height, width)`` pairs. Images are NCHW.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from tinyalex import extras
from tinyalex.backends.operations import Array, Operations, Pair
from tinyalex.backends.replaced import with_functions
from tinyalex.errors import ConfigError, unknown

__all__ = [
    "PRECISIONS",
    "Array",
    "Backend",
    "Feed",
    "Generator",
    "Pair",
    "bfloat16",
    "check_precision",
    "check_threads",
    "is_bfloat16",
]

T = TypeVar("T")
PRECISIONS = ("float32", "tf32", "bf16")


class Generator(Protocol):
    """A stream of random numbers that depends on its key alone.

    Examples
    --------
    >>> from tinyalex import backends
    >>> generator = backends.get("numpy").generator
    >>> np.array_equal(generator(1, 7).random((2, 3)), generator(1, 7).random((2, 3)))
    True
    >>> generator(1, 7).normal((2, 3), std=0.01).dtype
    dtype('float32')
    """

    def random(self, shape: Sequence[int], dtype: str = "float32") -> Array:
        """Draw uniform numbers in [0, 1)."""

    def normal(self, shape: Sequence[int], std: float = 1.0, dtype: str = "float32") -> Array:
        """Draw normal numbers with mean 0."""

    def integers(self, low: int, high: int, size: int) -> Array:
        """Draw ``size`` integers in [low, high)."""


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


class Backend(Operations, ABC):
    """Arrays and operations on one kind of device.

    Attributes
    ----------
    name : str
        ``"numpy"``, ``"numba"`` or ``"cuda"``.
    xp : module
        The array module that layers compute with.
    threads : int
        Threads that share a batch.
    checks_values : bool
        Whether values can be checked (are all labels in range?) without synchronising a device.
    precision : str
        ``"float32"``, ``"tf32"`` (of products of float32 matrices) or ``"bf16"``
        (`tinyalex.backends.bfloat16`).
    workspace_mb : int or None
        Maximum workspace of a convolution in MiB; None if slices are sized for a cache instead.
    overlap : bool
        Whether batches are copied to the device while it computes, if it can do both at once.

    Examples
    --------
    >>> from tinyalex import backends
    >>> backend = backends.get("numpy")
    >>> backend.relu(backend.asarray([-1.0, 2]))
    array([0., 2.])
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
        return self  # a device: copies of a network share it

    def __reduce__(self) -> tuple[Callable[..., Backend], tuple[Any, ...]]:
        """Pickle the name and settings of a backend, not its threads and handles."""
        return Backend.get, (self.name, self.threads, self.precision, self.workspace_mb)

    def replaced(self, **functions: Callable[..., Any]) -> Backend:
        """Return a backend that computes some operations with your functions.

        Parameters
        ----------
        **functions : function, by the name of an operation
            ``relu=my_relu``. A function has the arguments and results of the one in
            `tinyalex.functional` with this name. It is called once per batch, on this backend's
            arrays. With a new ``im2col`` or ``col2im`` the convolution is the textbook's, which
            calls it.

        Returns
        -------
        Backend
            A new one. This backend, which others share, stays as it is.

        Raises
        ------
        ConfigError
            No operation has this name, or the value is not a function.

        Examples
        --------
        >>> import numpy as np
        >>> from tinyalex import backends, layers
        >>> leaky = backends.get("numpy").replaced(relu=lambda x: np.maximum(x, 0.1 * x))
        >>> layers.ReLU().to(leaky).forward(np.array([[-1.0, 2.0]]))
        array([[-0.1,  2. ]])
        """
        return with_functions(self, functions)

    def set_precision(self, precision: str) -> None:
        """Choose how float32 matrices are multiplied; a CPU supports float32 only."""
        check_precision(precision)
        if precision != "float32":
            raise ConfigError(
                f"--precision {precision} is for a GPU; backend {self.name!r} multiplies in "
                "float32",
                "--backend cuda, or --precision float32 or bf16",
            )

    def activations(self, x: Array, dtype: Any) -> Array:
        """``x`` as an operation whose weights are of ``dtype`` takes it."""
        return x if x.dtype == dtype else self.asarray(x, dtype=dtype)

    def check_bfloat16(self) -> None:  # noqa: B027 (a CPU can always widen)
        """Refuse mixed precision on a device that cannot multiply bfloat16 numbers."""

    def widened(self, x: Array) -> Array:
        """``x`` in float32, if it is a bfloat16 array."""
        return x

    def to_bfloat16(self, x: Array) -> Array:
        """Round to the nearest bfloat16; of two equally near, to the even one."""
        with np.errstate(invalid="ignore"):  # of a NaN that was never computed with
            return x.astype(bfloat16())

    def from_bfloat16(self, x: Array) -> Array:
        """A bfloat16 array in float32."""
        return x.astype(np.float32)

    @abstractmethod
    def asarray(self, x: Any, dtype: Any = None) -> Array:
        """Copy ``x`` to this backend, as ``dtype`` if given; no copy if none is needed."""

    @abstractmethod
    def to_host(self, x: Array) -> np.ndarray:
        """Copy ``x`` to a NumPy array."""

    @abstractmethod
    def generator(self, *key: int) -> Generator:
        """Make the random stream of ``key`` (non-negative integers)."""

    @abstractmethod
    def is_floating(self, x: Array) -> bool:
        """Whether ``x`` holds real floating-point numbers."""

    def synchronize(self) -> None:  # noqa: B027 (a host has nothing to wait for)
        """Wait until all queued work is done."""

    def use_device(self) -> None:  # noqa: B027 (a host has one device)
        """Make this backend's device the current one of this thread; each new thread calls it."""

    def memory_held(self) -> int | None:
        """Return the device memory that arrays use or have used, in bytes; None on a CPU."""
        return None

    def graph(self) -> Any:
        """Make an empty `cuda.graph.CudaGraph`; None on a CPU."""
        return None

    def feed(self, ahead: int) -> Feed:
        """Make the queue of an epoch's batches; up to ``ahead`` batches wait in it."""
        return Feed(self.asarray)


@functools.cache
def bfloat16() -> np.dtype[Any]:
    """NumPy's dtype, which another package brings.

    Raises
    ------
    ConfigError
        It is not installed.
    """
    try:
        import ml_dtypes
    except ImportError:
        raise ConfigError(
            "--precision bf16 needs the package ml_dtypes: NumPy has no bfloat16",
            extras.install("bf16"),
        ) from None
    dtype: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return dtype


def is_bfloat16(dtype: Any) -> bool:
    """Whether a dtype is `bfloat16`; this needs no other package."""
    return bool(dtype.name == "bfloat16")


def check_precision(precision: str) -> str:
    """Return ``precision``; raise if it is unknown."""
    if precision not in PRECISIONS:
        raise unknown("--precision", precision, PRECISIONS)
    return precision


def check_threads(threads: int) -> int:
    """Return ``threads``; raise if it is below 1."""
    if threads < 1:
        raise ConfigError(f"threads must be at least 1 (got {threads})", "--threads 1")
    return threads
