"""Mixed precision: activations in bfloat16, weights and sums in float32.

A bfloat16 is the upper half of a float32: the same range, and 8 bits of mantissa in place of 24
(Kalamkar et al. 2019, arXiv 1905.12322). Every operation of `tinyalex.functional` means the same
here, with casts at these places:

    arrays named under ``takes`` are rounded to bfloat16 before it, unless they are already;
    it computes in float32;
    results named under ``gives`` are rounded to bfloat16 after it.

So activations, and the gradients with respect to them, are bfloat16 arrays. Weights are rounded
for each product; the weights themselves, their gradients, the momentum, normalisation's scale, the
dropout mask, the softmax and the loss stay in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinyalex.backends.base import Array, Backend, bfloat16

Operation = Callable[..., Any]


class Casts(NamedTuple):
    """Positions of the arrays that an operation takes, and gives, in bfloat16."""

    takes: tuple[int, ...]
    gives: tuple[int, ...]


_MAP = Casts((0,), (0,))  # x -> y, or dy -> dx
_WITH_OUTPUT = Casts((0, 1), (0,))  # dy and x or y -> dx
_WITH_WEIGHT = Casts((0, 1), (0,))  # x and weight -> y
_OF_WEIGHTED = Casts((0, 1, 2), (0,))  # dy, x and weight -> dx; dw and db stay in float32
CASTS = {
    "im2col": _MAP,
    "col2im": _MAP,
    "conv2d": _WITH_WEIGHT,
    "conv2d_backward": _OF_WEIGHTED,
    "conv2d_relu": _WITH_WEIGHT,
    "local_conv2d": _WITH_WEIGHT,
    "local_conv2d_backward": _OF_WEIGHTED,
    "linear": _WITH_WEIGHT,
    "linear_backward": _OF_WEIGHTED,
    "max_pool2d": _MAP,
    "max_pool2d_backward": _MAP,
    "avg_pool2d": _MAP,
    "avg_pool2d_backward": _MAP,
    "local_response_norm": _MAP,
    "local_response_norm_backward": _WITH_OUTPUT,
    "local_response_norm_relu_backward": _WITH_OUTPUT,
    "spatial_response_norm": _MAP,
    "spatial_response_norm_backward": _WITH_OUTPUT,
    "relu": _MAP,
    "relu_backward": _WITH_OUTPUT,
    "tanh": _MAP,
    "tanh_backward": _WITH_OUTPUT,
    "dropout": _MAP,
    "dropout_backward": _MAP,
    "cross_entropy": Casts((0,), ()),
    "cross_entropy_backward": Casts((0,), ()),
}


class Bfloat16(Backend):
    """What `with_bfloat16` adds to a backend.

    Attributes
    ----------
    float32 : Backend
        The same in float32.
    """

    float32: Backend

    def activations(self, x: Array, dtype: Any) -> Array:
        return self.narrowed(x)

    def narrowed(self, x: Array) -> Array:
        """``x`` in bfloat16: the nearest one, of two equally near the even one."""
        return x if x.dtype == bfloat16() else self.float32.to_bfloat16(x)

    def widened(self, x: Array) -> Array:
        """``x`` in float32, if it is a bfloat16 array."""
        return self.float32.from_bfloat16(x) if x.dtype == bfloat16() else x

    def to_host(self, x: Array) -> np.ndarray[Any, Any]:
        """In float32, which has every bfloat16: what looks at arrays need not know of this."""
        return self.float32.to_host(self.widened(x))

    def is_floating(self, x: Array) -> bool:
        return x.dtype == bfloat16() or self.float32.is_floating(x)

    def relu(self, x: Array, inplace: bool = False) -> Array:
        """`functional.relu`; ``inplace`` overwrites ``x``."""
        return self._in_place("relu", x) if inplace else self._mixed("relu", x)

    def relu_backward(self, dy: Array, y: Array, inplace: bool = False) -> Array:
        """`functional.relu_backward`; ``inplace`` overwrites ``dy``."""
        return (
            self._in_place("relu_backward", dy, y)
            if inplace
            else self._mixed("relu_backward", dy, y)
        )

    def sgd_step(self, *args: Any) -> None:
        """`functional.sgd_step`, in float32."""
        self.float32.sgd_step(*args)

    def augment(self, *args: Any) -> Array:
        """`functional.augment`, in float32."""
        return self.float32.augment(*args)

    def plain(self) -> Any:
        return with_bfloat16(self.float32.plain())

    def replaced(self, **functions: Operation) -> Backend:
        return with_bfloat16(self.float32.replaced(**functions))

    def set_precision(self, precision: str) -> None:
        """It cannot change; the products of float32 arrays have no other."""
        self.float32.set_precision("float32")

    def _mixed(self, name: str, *args: Any) -> Any:
        """Compute an operation of ``float32``, with the casts of `CASTS`."""
        takes, gives = CASTS[name]
        arrays = [self.narrowed(a) if i in takes else a for i, a in enumerate(args)]
        if name not in self.float32.takes_bfloat16:
            arrays = [self.widened(a) if i in takes else a for i, a in enumerate(arrays)]
        results = getattr(self.float32, name)(*arrays)
        if not isinstance(results, tuple):
            return self.narrowed(results) if gives else results
        return tuple(
            self.narrowed(a) if i in gives and a is not None else a for i, a in enumerate(results)
        )

    def _in_place(self, name: str, target: Array, *args: Any) -> Array:
        """The same, over its first array."""
        if target.dtype == bfloat16() and name in self.float32.takes_bfloat16:
            result: Array = getattr(self.float32, name)(target, *map(self.narrowed, args), True)
            return result
        result = self._mixed(name, target, *args)
        target[...] = result if target.dtype == bfloat16() else self.widened(result)
        return target


def with_bfloat16(backend: Backend) -> Backend:
    """The same backend in mixed precision: every operation of `CASTS` has the casts named there.

    Raises
    ------
    ConfigError
        The package ml_dtypes is missing, or the GPU is too old.

    Examples
    --------
    >>> from tinyalex import backends
    >>> backend = with_bfloat16(backends.get("numpy"))
    >>> y = backend.linear(np.array([[1.0, 2]]), np.array([[1, 1 / 512]]), np.zeros(1))
    >>> y, y.dtype  # 1 + 1/256 lies between two of them, and goes to the even one
    (array([[1]], dtype=bfloat16), dtype(bfloat16))
    """
    bfloat16()
    backend.check_bfloat16()
    kind = type(backend)
    methods = {name: _method(name) for name in CASTS if name not in vars(Bfloat16)}
    made: Backend = object.__new__(type(f"Bfloat16{kind.__name__}", (Bfloat16, kind), methods))
    made.__dict__.update(backend.__dict__, float32=backend, precision="bf16")
    return made


def _method(name: str) -> Operation:
    def method(self: Bfloat16, *args: Any) -> Any:
        return self._mixed(name, *args)

    return method
