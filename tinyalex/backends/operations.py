"""The table of operations: `tinyalex.functional` over a whole batch, on a backend's arrays.

An operation here is the textbook's own function, cut over the batch by one helper, `over_batch`.
A backend replaces one only where a measurement says so: its table ``replaces`` names the
operation and the reason, and `Operations.plain` is the same backend without them.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from tinyalex import functional as F
from tinyalex.backends.thread_pool import add_in_order

Array = Any
Pair = tuple[int, int]
Operation = Callable[..., Any]

# The work on one slice should stay in a core's own cache (512 kB to 2 MB on current machines).
SLICE_BYTES = 1 << 20


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
        How many of its first arguments are arrays with one entry per image.
    numbers : function of the arguments, optional
        How many numbers the operation works on for one image: those of its first array by
        default, times ``arrays``.
    sums : sequence of int
        Results that are added up over the slices, in their order; the rest is per image.
    uses : sequence of str
        Operations of the backend that the operation takes as keyword arguments.
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
            part = batch if len(slices) == 1 else tuple(a[n, ...] for a in batch)
            return joined.put(n, operation(*part, *settings, **used))

        return joined.all(self.run(work, slices))

    return method


def whole_batch(operation: Operation) -> Operation:
    """Make a method that runs ``operation`` as it is."""

    @functools.wraps(operation)
    def method(self: Operations, *args: Any) -> Any:
        return operation(*args)

    return method


def _columns(x: Array, weight: Array, bias: Array, stride: Pair, padding: Pair, *_: Any) -> int:
    """Numbers in the columns of one image: C*KH*KW * OH*OW."""
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
        Operations that this backend computes in a way of its own, and why.
    keeps : tuple of str
        Which of them `plain` keeps.
    """

    xp: Any
    replaces: ClassVar[Mapping[str, str]] = {}
    keeps: ClassVar[tuple[str, ...]] = ()

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
        """`functional.relu`; ``inplace`` writes the result over ``x``."""
        return _write(_relu(self, x), x) if inplace else _relu(self, x)

    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        """`functional.relu_backward`; ``inplace`` writes the result over ``dy``."""
        dx = _relu_backward(self, dy, y)
        return _write(dx, dy) if inplace else dx

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> None:
        """`functional.sgd_step`, which changes ``w`` and ``v`` in place."""
        w[...], v[...] = F.sgd_step(w, g, v, lr, momentum, weight_decay)

    def plain(self) -> Any:
        """The same backend without its replacements: the textbook's lines on its arrays."""
        textbook = {
            name: vars(Operations)[name] for name in self.replaces if name not in self.keeps
        }
        kind = type(self)
        plain: Any = object.__new__(
            type(f"Plain{kind.__name__}", (kind,), textbook | {"replaces": {}})
        )
        plain.__dict__.update(self.__dict__)
        return plain

    # ------------------------------------------------------------------ work over a batch

    def empty(self, shape: Sequence[int], dtype: Any) -> Array:
        """Make an array whose values do not matter yet."""
        return self.xp.empty(tuple(shape), dtype=dtype)

    def itemsize(self, dtype: Any) -> int:
        """Bytes of one floating-point number."""
        return int(self.xp.finfo(dtype).bits) // 8

    def slices(self, n: int, bytes_per_item: int, least: int = 1) -> list[slice]:
        """Cut ``range(n)`` so that a slice's work fits the cache; into ``least`` or more.

        The cut depends on the sizes alone, never on the number of threads: sums over slices
        have the same bytes on one thread and on many.
        """
        step = max(1, min(SLICE_BYTES // max(1, bytes_per_item), -(-n // least)))
        return [slice(i, min(i + step, n)) for i in range(0, n, step)] or [slice(0, 0)]

    def run(
        self, work: Callable[[slice], tuple[Array, ...]], slices: list[slice]
    ) -> tuple[Array, ...]:
        """Run ``work`` on each slice and add up what it returns, in the slices' order."""
        return functools.reduce(add_in_order, map(work, slices), ())

    def each(
        self, work: Callable[[slice], object], n: int, bytes_per_item: int, least: int = 1
    ) -> None:
        """Run ``work(slice)`` over ``n`` items; the slices may run in any order."""
        for part in self.slices(n, bytes_per_item, least):
            work(part)


_relu = over_batch(F.relu, 1)
_relu_backward = over_batch(F.relu_backward, 2)


def _write(result: Array, target: Array) -> Array:
    target[...] = result
    return target


class Joined:
    """The results of all slices: written into arrays for the whole batch, or left to be summed."""

    def __init__(self, empty: Callable[..., Array], images: int, sums: Sequence[int]) -> None:
        self.empty, self.images, self.sums = empty, images, sums
        self.lock = threading.Lock()
        self.results: list[Array] = []
        self.is_tuple = False

    def put(self, n: slice, found: Any) -> tuple[Array, ...]:
        """Keep the results of the images ``n``; return those that are to be summed."""
        self.is_tuple = isinstance(found, tuple)
        arrays = found if self.is_tuple else (found,)
        if n.stop - n.start == self.images:  # the only slice
            self.results = list(arrays)
        else:
            with self.lock:
                self.results = self.results or [self._whole(i, a) for i, a in enumerate(arrays)]
            for whole, a in zip(self.results, arrays, strict=True):
                if whole is not None:
                    whole[n, ...] = a
        return tuple(arrays[i] for i in self.sums)

    def _whole(self, index: int, part: Array) -> Array | None:
        if part is None or index in self.sums:
            return None
        return self.empty((self.images, *part.shape[1:]), part.dtype)

    def all(self, sums: tuple[Array, ...]) -> Any:
        """One array, or the tuple."""
        for i, total in zip(self.sums, sums, strict=True):
            self.results[i] = total
        return tuple(self.results) if self.is_tuple else self.results[0]
