"""The table of operations: `tinyalex.functional` over a whole batch, on a backend's arrays.

An operation here is the textbook's own function, run on slices of the batch by one helper,
`over_batch`. A backend replaces an operation only if a measurement says so: its table ``replaces``
names the operation and the reason. `Operations.plain` is the same backend without replacements.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from tinyalex import functional as F

Array = Any
Pair = tuple[int, int]
Operation = Callable[..., Any]

# Small enough for a core's part of the caches, large enough that threads rarely wait for Python's
# lock (docs/decisions.md).
SLICE_BYTES = 4 << 20


def over_batch(
    operation: Operation,
    images: int,
    *,
    numbers: Callable[..., int] | None = None,
    arrays: int = 1,
    sums: Sequence[int] = (),
    uses: Sequence[str] = (),
) -> Operation:
    """Make a method that runs ``operation`` on slices of the batch and joins the results.

    Parameters
    ----------
    operation : function
        Of `tinyalex.functional`; returns one array, or a tuple of arrays and None.
    images : int
        How many of its arguments, from the first, are arrays with one entry per image.
    numbers : function of the arguments, optional
        How many numbers the operation uses per image. Default: the size of its first array, times
        ``arrays``.
    sums : sequence of int
        Which results are summed over the slices, in their order; the others are per image.
    uses : sequence of str
        Operations of the backend that are passed on as keyword arguments.
    """

    @functools.wraps(operation)
    def method(self: Operations, *args: Any) -> Any:
        batch, settings = args[:images], args[images:]
        used = {name: getattr(self, name) for name in uses}
        size = numbers(*args) if numbers else arrays * math.prod(batch[0].shape[1:])
        N = batch[0].shape[0]
        slices = self.slices(N, size * self.itemsize(batch[0].dtype))
        joined = Joined(self.empty, N, sums)

        def work(n: slice) -> tuple[Array, ...]:
            arrays = batch if len(slices) == 1 else tuple(a[n, ...] for a in batch)
            return joined.put(n, operation(*arrays, *settings, **used))

        return joined.all(self.run(work, slices))

    return method


def whole_batch(operation: Operation) -> Operation:
    """Make a method that runs ``operation`` on the whole batch at once."""

    @functools.wraps(operation)
    def method(self: Operations, *args: Any) -> Any:
        return operation(*args)

    return method


def _columns(x: Array, weight: Array, bias: Array, stride: Pair, padding: Pair, *_: Any) -> int:
    """Return the size of one image's im2col matrix: C*KH*KW * OH*OW."""
    return _window(x, weight) * math.prod(F.out_hw(x.shape, weight.shape[2:], stride, padding))


def _columns_backward(dy: Array, x: Array, weight: Array, *_: Any) -> int:
    return int(_window(x, weight) * math.prod(dy.shape[2:]))


def _window(x: Array, weight: Array) -> int:
    return int(x.shape[1] * math.prod(weight.shape[2:]))


class Operations:
    """Every operation; arguments and results are those of `tinyalex.functional`.

    Attributes
    ----------
    xp : module
        The array module.
    replaces : dict of str to str
        Operations that this backend replaces by its own, and why.
    keeps : tuple of str
        Which of them `plain` keeps.
    takes_bfloat16 : dict of str to str
        Operations that take and give bfloat16 arrays as they are, and how. In mixed precision the
        others get them in float32 (`tinyalex.backends.bfloat16`).
    own : dict of str to str
        Operations that `Backend.replaced` has put in, and where each function comes from.
    """

    xp: Any
    replaces: ClassVar[Mapping[str, str]] = {}
    keeps: ClassVar[tuple[str, ...]] = ()
    takes_bfloat16: ClassVar[Mapping[str, str]] = {}
    own: ClassVar[Mapping[str, str]] = {}

    im2col = whole_batch(F.im2col)
    col2im = whole_batch(F.col2im)
    conv2d = over_batch(F.conv2d, 1, numbers=_columns, uses=("im2col",))
    conv2d_backward = over_batch(
        F.conv2d_backward, 2, numbers=_columns_backward, sums=(1, 2), uses=("im2col", "col2im")
    )
    local_conv2d = whole_batch(F.local_conv2d)
    local_conv2d_backward = whole_batch(F.local_conv2d_backward)
    linear = whole_batch(F.linear)
    linear_backward = whole_batch(F.linear_backward)
    max_pool2d = over_batch(F.max_pool2d, 1)
    max_pool2d_backward = over_batch(F.max_pool2d_backward, 2, arrays=4)
    avg_pool2d = over_batch(F.avg_pool2d, 1)
    avg_pool2d_backward = over_batch(F.avg_pool2d_backward, 1, arrays=4)
    local_response_norm = over_batch(F.local_response_norm, 1, arrays=5)
    local_response_norm_backward = over_batch(F.local_response_norm_backward, 3, arrays=5)
    spatial_response_norm = over_batch(F.spatial_response_norm, 1, arrays=5)
    spatial_response_norm_backward = over_batch(F.spatial_response_norm_backward, 3, arrays=5)
    tanh = over_batch(F.tanh, 1)
    tanh_backward = over_batch(F.tanh_backward, 2)
    dropout = whole_batch(F.dropout)
    dropout_backward = whole_batch(F.dropout_backward)
    cross_entropy = whole_batch(F.cross_entropy)
    cross_entropy_backward = whole_batch(F.cross_entropy_backward)
    augment = whole_batch(F.augment)

    def relu(self, x: Array, inplace: bool = False) -> Array:
        """`functional.relu`; ``inplace`` overwrites ``x``."""
        return _write(_relu(self, x), x) if inplace else _relu(self, x)

    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        """`functional.relu_backward`; ``inplace`` overwrites ``dy``."""
        dx = _relu_backward(self, dy, y)
        return _write(dx, dy) if inplace else dx

    def conv2d_relu(self, x: Array, weight: Array, bias: Array, *options: Any) -> Array:
        """`functional.conv2d`, then `functional.relu`; one kernel can add the bias and do that."""
        return self.relu(self.conv2d(x, weight, bias, *options), True)

    def local_response_norm_relu_backward(self, dy: Array, x: Array, *options: Any) -> Array:
        """Gradients of a normalisation, then of the `functional.relu` that gave its input x."""
        return self.relu_backward(self.local_response_norm_backward(dy, x, *options), x, True)

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        """`functional.sgd_step`, which changes ``w`` and ``v`` in place."""
        w[...], v[...] = F.sgd_step(w, g, v, lr, momentum, weight_decay)

    def plain(self) -> Any:
        """Return the same backend without its replacements: the textbook on its arrays."""
        textbook = {
            name: vars(Operations)[name] for name in self.replaces if name not in self.keeps
        }
        kind = type(self)
        tables: dict[str, Any] = {"replaces": {}, "own": {}, "takes_bfloat16": {}}
        plain: Any = object.__new__(type(f"Plain{kind.__name__}", (kind,), textbook | tables))
        plain.__dict__.update(self.__dict__)
        return plain

    # ------------------------------------------------------------------ work over a batch

    def empty(self, shape: Sequence[int], dtype: Any) -> Array:
        """Make an uninitialised array."""
        return self.xp.empty(tuple(shape), dtype=dtype)

    def itemsize(self, dtype: Any) -> int:
        """Return the bytes of one floating-point number."""
        return int(self.xp.finfo(dtype).bits) // 8

    def slices(self, n: int, bytes_per_item: int, min_slices: int = 1) -> list[slice]:
        """Cut ``range(n)`` into at least ``min_slices`` slices whose work fits the cache.

        The cut depends on the sizes alone, never on the number of threads: sums over slices
        have the same bytes for any number of threads.
        """
        step = max(1, min(SLICE_BYTES // max(1, bytes_per_item), -(-n // min_slices)))
        return [slice(i, min(i + step, n)) for i in range(0, n, step)] or [slice(0, 0)]

    def run(
        self, work: Callable[[slice], tuple[Array, ...]], slices: list[slice]
    ) -> tuple[Array, ...]:
        """Run ``work`` on each slice and add up its results, in the order of the slices."""
        return functools.reduce(add_in_order, map(work, slices), ())

    def each(
        self, work: Callable[[slice], object], n: int, bytes_per_item: int, min_slices: int = 1
    ) -> None:
        """Run ``work`` on slices of ``n`` items, in any order."""
        for items in self.slices(n, bytes_per_item, min_slices):
            work(items)


_relu = over_batch(F.relu, 1)
_relu_backward = over_batch(F.relu_backward, 2)


def _write(result: Array, target: Array) -> Array:
    target[...] = result
    return target


def add_in_order(total: tuple[Any, ...], result: tuple[Any, ...]) -> tuple[Any, ...]:
    """Add one piece's results to the running totals; an empty ``total`` is zero."""
    return tuple(t + r for t, r in zip(total, result, strict=True)) if total else result


class Joined:
    """Joins the results of all slices: writes them into arrays for the batch, or sums them."""

    def __init__(self, empty: Callable[..., Array], images: int, sums: Sequence[int]) -> None:
        self.empty, self.images, self.sums = empty, images, sums
        self.lock = threading.Lock()
        self.results: list[Array] = []
        self.is_tuple = False

    def put(self, n: slice, results: Any) -> tuple[Array, ...]:
        """Store the results of the images ``n``; return those to be summed."""
        self.is_tuple = isinstance(results, tuple)
        arrays = results if self.is_tuple else (results,)
        if n.stop - n.start == self.images:  # the only slice
            self.results = list(arrays)
        else:
            with self.lock:
                self.results = self.results or [self._room(i, a) for i, a in enumerate(arrays)]
            for batch, a in zip(self.results, arrays, strict=True):
                if batch is not None:
                    batch[n, ...] = a
        return tuple(arrays[i] for i in self.sums)

    def _room(self, index: int, result: Array) -> Array | None:
        if result is None or index in self.sums:
            return None
        return self.empty((self.images, *result.shape[1:]), result.dtype)

    def all(self, sums: tuple[Array, ...]) -> Any:
        """Return the joined results: one array, or a tuple."""
        for i, total in zip(self.sums, sums, strict=True):
            self.results[i] = total
        return tuple(self.results) if self.is_tuple else self.results[0]
