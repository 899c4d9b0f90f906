"""The contract of a backend: what arrays are, where they live, and the kernels that layers need.

Legend used throughout: N C H W batch, channels, height, width; KH KW kernel; OH OW output;
K = C*KH*KW, P = OH*OW. Kernel, stride and padding are ``(height, width)`` pairs. Images are
NCHW. The NumPy kernels are the definition; every other backend equals them within rounding.

A kernel takes a whole batch and shares it among threads itself. At the end stand three faster
ways that a backend may know; where it does not, the layer computes by its own lines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from tinyalex.backends.crew import add_in_order
from tinyalex.backends.feed import Feed
from tinyalex.errors import ConfigError, unknown

Array = Any
Pair = tuple[int, int]
PRECISIONS = ("float32", "tf32")

# Columns of one slice should stay in a core's own cache (512 kB to 2 MB on current machines).
SLICE_BYTES = 1 << 20


class Generator(Protocol):
    """A stream of random numbers that is a pure function of its key."""

    def random(self, shape: Sequence[int], dtype: str = "float32") -> Array:
        """Uniform numbers in [0, 1)."""

    def normal(self, shape: Sequence[int], std: float = 1.0, dtype: str = "float32") -> Array:
        """Normal numbers with mean 0."""

    def integers(self, low: int, high: int, size: int) -> Array:
        """Whole numbers in [low, high)."""


class Backend(ABC):
    """Arrays and kernels on one kind of device.

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

    def empty(self, shape: Sequence[int], dtype: Any) -> Array:
        """Make an array whose values do not matter yet."""
        return self.xp.empty(tuple(shape), dtype=dtype)

    def feed(self, ahead: int) -> Feed:
        """Make the way of an epoch's batches, of which up to ``ahead`` wait to be taken."""
        return Feed(self.asarray)

    # ------------------------------------------------------------------ work over a batch

    def slices(self, n: int, bytes_per_item: int, least: int = 1) -> list[slice]:
        """Cut ``range(n)`` so that a slice's workspace fits the cache; into ``least`` or more.

        The cut depends on the sizes alone, never on the number of threads: sums over slices
        have the same bytes on one thread and on many.
        """
        step = max(1, min(SLICE_BYTES // max(1, bytes_per_item), -(-n // least)))
        return [slice(i, min(i + step, n)) for i in range(0, n, step)] or [slice(0, 0)]

    def each(
        self, work: Callable[[slice], object], n: int, bytes_per_item: int, least: int = 1
    ) -> None:
        """Run ``work(slice)`` over a batch of ``n`` items; the slices may run in any order."""
        for part in self.slices(n, bytes_per_item, least):
            work(part)

    def sum_each(
        self, work: Callable[[slice], tuple[Array, ...]], n: int, bytes_per_item: int
    ) -> tuple[Array, ...]:
        """Run ``work(slice)`` over a batch and add up what it returns, in the slices' order."""
        total: tuple[Array, ...] = ()
        for part in self.slices(n, bytes_per_item):
            total = add_in_order(total, work(part))
        return total

    # ------------------------------------------------------------------ kernels

    @abstractmethod
    def im2col(self, x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
        """Write each window of ``x`` (N, C, H, W) as a column: (N, C*KH*KW, OH*OW)."""

    @abstractmethod
    def col2im(
        self, cols: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair, padding: Pair
    ) -> Array:
        """Add each column back into its window: the adjoint of `im2col`, (N, C, H, W)."""

    @abstractmethod
    def max_pool(self, x: Array, kernel: Pair, stride: Pair, out_hw: Pair) -> tuple[Array, Array]:
        """Take each window's maximum.

        Returns ``y`` (N, C, OH, OW) and ``where``, of the same shape: the maximum's position
        in its window, row by row; the first one where several are equal. Windows that reach
        over the lower or right edge (ceil mode) are clipped.
        """

    @abstractmethod
    def max_pool_backward(
        self, dy: Array, where: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        """Send each ``dy`` to the one input that was its window's maximum."""

    @abstractmethod
    def avg_pool(self, x: Array, kernel: Pair, stride: Pair, out_hw: Pair) -> Array:
        """Average each window; a clipped window is divided by the number of inputs it has."""

    @abstractmethod
    def avg_pool_backward(
        self, dy: Array, x_shape: Sequence[int], kernel: Pair, stride: Pair
    ) -> Array:
        """Spread each ``dy`` evenly over its (clipped) window."""

    @abstractmethod
    def cross_map_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        """Divide by ``scale**beta``, scale = k + alpha * sum of x**2 over ``size`` channels.

        Returns ``y`` and ``scale``, both (N, C, H, W). ``alpha`` is not divided by ``size``.
        """

    @abstractmethod
    def cross_map_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        """Gradient of `cross_map_norm` with respect to ``x``."""

    @abstractmethod
    def same_map_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Array]:
        """Like `cross_map_norm`, over ``size`` x ``size`` neighbours in the same channel."""

    @abstractmethod
    def same_map_norm_backward(
        self, dy: Array, x: Array, scale: Array, size: int, alpha: float, beta: float
    ) -> Array:
        """Gradient of `same_map_norm` with respect to ``x``."""

    @abstractmethod
    def relu(self, x: Array, inplace: bool = False) -> Array:
        """Let positive numbers pass, make the rest zero; a NaN stays a NaN, and is noticed."""

    @abstractmethod
    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        """Let ``dy`` pass where ``y``, the result of `relu`, is positive."""

    @abstractmethod
    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        """One step of the paper's SGD, in place (section 5).

        ``v = momentum * v - lr * (weight_decay * w + g)``, then ``w = w + v``.
        """

    @abstractmethod
    def augment(
        self,
        images: Array,
        tops: Array,
        lefts: Array,
        mirrors: Array,
        crop: Pair,
        mean: Array | None,
        colour: Array | None,
        scale: float | Array,
    ) -> Array:
        """Crop, mirror, subtract the mean and shift the colour of a batch.

        Parameters
        ----------
        images : uint8 (N, H, W, C)
        tops, lefts : int (N,), the crop's corner
        mirrors : bool (N,), whether to flip the crop left to right
        crop : the crop's height and width, CH and CW
        mean : float32 (C, 1, 1) or (C, CH, CW), or None
        colour : float32 (N, C), added to every pixel, in units of 0 to 255, or None
        scale : factor on the result: a number, or float32 (C,), one a channel

        Returns
        -------
        float32 (N, C, CH, CW), ``(pixel - mean + colour) * scale``
        """

    # ------------------------------------------------------------------ faster ways

    def conv2d(
        self, x: Array, w: Array, b: Array, stride: Pair, padding: Pair, groups: int
    ) -> Array | None:
        """Convolve (N, C, H, W) with (F, C/G, KH, KW) and add ``b`` (F,), or return None."""
        return None

    def conv2d_backward(
        self,
        dy: Array,
        x: Array,
        w: Array,
        stride: Pair,
        padding: Pair,
        groups: int,
        needs_dx: bool,
    ) -> tuple[Array | None, Array, Array] | None:
        """Gradients of `conv2d`: dx (None unless needed), dw and db; or None."""
        return None

    def cross_entropy(self, logits: Array, labels: Array) -> tuple[Array, Array] | None:
        """Mean loss of softmax and cross-entropy, and its gradient (N, classes); or None."""
        return None


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
