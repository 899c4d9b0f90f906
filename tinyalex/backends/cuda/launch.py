# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc"
"""Launch a compiled kernel on the stream that CuPy works on, at little cost to the host.

A kernel takes flat memory and numbers: no shapes travel with an array, and indices are written
out. On a GPU an array is passed as its address, so that a launch asks nothing of the array but
that. In numba-cuda's simulator (``NUMBA_ENABLE_CUDASIM=1``) the same kernels take flat NumPy
arrays.

A constant ``np.float32(0)`` in a kernel takes the width of what it meets, where ``0.0`` would
make float64 of everything.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import config, cuda, from_dtype, types

from tinyalex.backends.base import Array

WARP = 32
SIMULATED = bool(config.ENABLE_CUDASIM)
if not SIMULATED:
    import cupy
    from cuda.core import LaunchConfig
    from cuda.core import launch as core_launch

block_limit = 256  # threads of one block

_compiled: dict[Any, Any] = {}
_configs: dict[Any, Any] = {}
_streams: dict[int, Any] = {}


def threads_for(n: int) -> int:
    """Threads of a block for ``n`` items: whole warps, as evenly filled as can be."""
    blocks = max(1, -(-n // block_limit))
    return min(block_limit, -(-max(1, -(-n // blocks)) // WARP) * WARP)


def launch(kernel: Any, grid: tuple[int, ...], threads: int, *args: Any) -> None:
    """Run ``kernel`` on ``grid`` blocks of ``threads`` threads; it is queued, not awaited.

    Parameters
    ----------
    args : contiguous arrays, whole numbers (int64 in the kernel) and NumPy scalars
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
    """What cuda.core launches. numba-cuda's own launch does the same, at twice the cost."""
    compiled = kernel.compile(types.void(*map(_type, args)))
    return compiled._codelibrary.get_cufunc().kernel


def _flat(a: Any) -> Any:
    """What the simulator passes: a view of an array, so that the kernel writes to it."""
    if not isinstance(a, np.ndarray):
        return a
    flat = a.view()
    flat.shape = (a.size,)  # fails where reshape would copy
    return flat


def _kind(a: Any) -> Any:
    return (a.dtype.char, a.ndim > 0) if hasattr(a, "dtype") else int


def _type(a: Any) -> Any:
    """A kernel's argument: an address, int64, or a number of the array's width."""
    if not hasattr(a, "dtype"):
        return types.int64
    number = from_dtype(np.dtype(a.dtype))
    return types.CPointer(number) if a.ndim else number


def _stream(kernel: Any) -> Any:
    """CuPy's current stream, as cuda.core knows it."""
    address = cupy.cuda.get_current_stream().ptr
    if address not in _streams:
        stream = cuda.external_stream(address) if address else cuda.default_stream()
        _streams[address] = kernel.configure(128, 32, stream).stream
    return _streams[address]


def scalar(value: float, like: Array) -> Any:
    """A number of an array's width."""
    return np.dtype(like.dtype).type(value)


@cuda.jit(device=True)
def div(i, n):
    """``i // n`` of numbers that are not negative and below 2**32: fast on a GPU."""
    return np.int64(np.uint32(i) // np.uint32(n))
