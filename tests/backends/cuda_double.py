"""CuPy and the GPU without a GPU: `install` puts a double of CuPy in its place.

Arrays are `DeviceArray`, products are those of `cuda_blas`, graphs those of `cuda_graphs`, and
kernels run in numba-cuda's simulator. So every line of the GPU backend runs, but the launch itself.
Only where ``NUMBA_ENABLE_CUDASIM=1`` was set before Python started.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import array_api_compat
import numpy as np

from tests.backends import cuda_blas, cuda_graphs, cuda_streams
from tests.backends.device_array import DeviceArray, Host, host_of, lifted, meet, room
from tinyalex.backends.base import bfloat16
from tinyalex.backends.cuda import check as cuda_check
from tinyalex.backends.cuda import cublas as cuda_cublas


def asarray(a: Any, dtype: Any = None, device: Any = None) -> DeviceArray:
    """Bring ``a`` to the device: a copy, unless it is there."""
    if isinstance(a, DeviceArray):
        return a if dtype in (None, a.dtype) else a.astype(dtype)  # type: ignore[attr-defined]
    if isinstance(a, np.ndarray) or cuda_graphs.capturing():
        meet("an array of the host is copied to the device")
    host = np.asarray(a, dtype)
    there = empty(host.shape, host.dtype)
    host_of(there)[...] = host
    return there


def asnumpy(a: DeviceArray) -> Host:
    return a.get()


def empty(shape: Any, dtype: Any = float, device: Any = None) -> DeviceArray:
    """Rubbish, so that a number that no kernel writes shows."""
    there = room((shape,) if isinstance(shape, int) else tuple(shape), dtype)
    there.fill(np.nan if there.dtype.kind == "f" or there.dtype == bfloat16() else 99)
    return DeviceArray(there)


class OutOfMemoryError(MemoryError):
    """What CuPy raises; the double never does."""


class CUDARuntimeError(RuntimeError):
    """The same."""


def _module(name: str, **content: Any) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


class _ArrayModule(ModuleType):
    """CuPy's own names; a function that is not written here is NumPy's, for `DeviceArray`.

    Whether CuPy has such a function too, `test_cuda_names` asks CuPy.
    """

    def __getattr__(self, name: str) -> Any:
        value = getattr(np, name)
        plain = isinstance(value, type | np.dtype) or not callable(value)
        return value if plain or name in ("isdtype", "result_type") else lifted(value)


def install() -> None:
    """Make ``import cupy`` give the double, and ``tinyalex`` believe in a GPU; once is enough."""
    if isinstance(sys.modules.get("cupy"), _ArrayModule):
        return
    cupy = _ArrayModule("cupy")
    sys.modules["cupy"] = cupy
    strided = SimpleNamespace(as_strided=lifted(np.lib.stride_tricks.as_strided))
    cublas = _module("cupy.cuda.cublas", **cuda_blas.CUPY)
    device = _module("cupy.cuda.device", get_cublas_handle=cuda_streams.touch)
    linalg = _module(
        "cupy._core._routines_linalg",
        COMPUTE_TYPE_DEFAULT=0,
        COMPUTE_TYPE_TF32=3,
        set_compute_type=lambda dtype, kind: None,
    )
    cuda = _module(
        "cupy.cuda",
        cublas=cublas,
        device=device,
        memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
        runtime=SimpleNamespace(
            CUDARuntimeError=CUDARuntimeError,
            getDeviceProperties=lambda device: {"name": b"double"},
        ),
        Stream=cuda_graphs.Stream,
        MemoryPool=cuda_streams.MemoryPool,
        Event=cuda_streams.Event,
        get_current_stream=cuda_streams.get_current_stream,
        using_allocator=cuda_streams.using_allocator,
        alloc_pinned_memory=cuda_streams.alloc_pinned_memory,
        Device=cuda_streams.Device,
        nccl=_module("cupy.cuda.nccl", available=False),
    )
    array_api_compat.cupy = sys.modules["array_api_compat.cupy"] = cupy  # type: ignore[attr-defined]
    core = _module("cupy._core", _routines_linalg=linalg)
    cupy.__dict__.update(
        ndarray=DeviceArray,
        asarray=asarray,
        asnumpy=asnumpy,
        empty=empty,
        lib=SimpleNamespace(stride_tricks=strided),
        cuda=cuda,
        _core=core,
        get_default_memory_pool=lambda: cuda_streams.pool,
    )
    cuda_check.why_not = lambda: None
    cuda_cublas._library = lambda: cuda_blas.LIBCUBLAS
    from tests.backends import cuda_launches  # imports the backend, and with it the double

    cuda_launches.watch()
