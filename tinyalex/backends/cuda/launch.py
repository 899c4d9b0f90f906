# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc"
"""Launch a compiled kernel on CuPy's current stream, at little cost to the host.

A kernel takes flat memory and numbers: arrays are passed without their shape, and kernels compute
indices explicitly. On a GPU, an array is passed as its address alone. In numba-cuda's simulator
(``NUMBA_ENABLE_CUDASIM=1``) the same kernels take flat NumPy arrays.

bfloat16 arrays are passed as uint16: `floats.load` and `floats.store` are for them.

A constant ``np.float32(0)`` in a kernel takes the dtype of the other operand; ``0.0`` would make
everything float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import config, cuda, from_dtype, types

from tinyalex.backends.base import Array, is_bfloat16

WARP = 32
SIMULATED = bool(config.ENABLE_CUDASIM)
if not SIMULATED:
    import cupy
    from cuda.core import LaunchConfig
    from cuda.core import launch as core_launch

block_limit = 256  # maximum number of threads per block

_compiled: dict[Any, Any] = {}
_configs: dict[Any, Any] = {}
_streams: dict[int, Any] = {}


def threads_for(n: int) -> int:
    """Return the threads per block for ``n`` items: whole warps, blocks of equal size."""
    blocks = max(1, -(-n // block_limit))
    return min(block_limit, -(-max(1, -(-n // blocks)) // WARP) * WARP)


def launch(kernel: Any, grid: tuple[int, ...], threads: int, *args: Any) -> None:
    """Queue ``kernel`` on ``grid`` blocks of ``threads`` threads, without waiting.

    Parameters
    ----------
    args : contiguous arrays, integers (int64 in the kernel) and NumPy scalars
    """
    if 0 in grid:
        return
    if SIMULATED:
        kernel[grid, threads](*(_flat(a) for a in args))
        return
    key = (kernel, *map(_kind, args))
    if key not in _compiled:
        _compiled[key] = _compile(kernel, args)
    if (grid, threads) not in _configs:
        _configs[grid, threads] = LaunchConfig(grid=grid, block=threads)
    core_launch(
        _stream(kernel),
        _configs[grid, threads],
        _compiled[key],
        *[a.data.ptr if getattr(a, "ndim", 0) else a for a in args],
    )


def _compile(kernel: Any, args: tuple[Any, ...]) -> Any:
    """Compile a kernel for cuda.core, whose launch costs half of numba-cuda's own."""
    compiled = kernel.compile(types.void(*map(_type, args)))
    return compiled._codelibrary.get_cufunc().kernel


def _flat(a: Any) -> Any:
    """Return a flat view of an array for the simulator: the kernel writes to the array."""
    if not isinstance(a, np.ndarray):
        return a
    flat = a.view(_stored(a.dtype))
    flat.shape = (a.size,)  # fails where reshape would copy
    return flat


def _kind(a: Any) -> Any:
    return (a.dtype.char, a.ndim > 0) if hasattr(a, "dtype") else int


def _type(a: Any) -> Any:
    """Return a kernel argument's type: a pointer, int64, or the dtype of a scalar."""
    if not hasattr(a, "dtype"):
        return types.int64
    number = from_dtype(_stored(a.dtype))
    return types.CPointer(number) if a.ndim else number


def _stream(kernel: Any) -> Any:
    """Return CuPy's current stream as a cuda.core stream."""
    address = cupy.cuda.get_current_stream().ptr
    if address not in _streams:
        stream = cuda.external_stream(address) if address else cuda.default_stream()
        _streams[address] = kernel.configure(128, 32, stream).stream
    return _streams[address]


def _stored(dtype: Any) -> np.dtype[Any]:
    """The dtype of an array's numbers as a kernel sees them."""
    return np.dtype(np.uint16) if is_bfloat16(dtype) else np.dtype(dtype)


def wide(dtype: Any) -> np.dtype[Any]:
    """The dtype that a kernel computes in: float32 for bfloat16, else the array's own."""
    return np.dtype(np.float32) if is_bfloat16(dtype) else np.dtype(dtype)


def scalar(value: float, like: Array) -> Any:
    """Return a number with the dtype that a kernel computes in with an array."""
    return wide(like.dtype).type(value)


@cuda.jit(device=True)
def div(i, n):
    """``i // n`` of non-negative numbers below 2**32: fast on a GPU."""
    return np.int64(np.uint32(i) // np.uint32(n))
