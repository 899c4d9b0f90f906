"""CuPy and the GPU without a GPU: `install` puts a double of CuPy in its place.

Arrays are `DeviceArray`, products are computed from the same addresses, pitches and steps that
cuBLAS would get, and kernels run in numba-cuda's simulator. So every line of the GPU backend
runs, but the launch itself. Only where ``NUMBA_ENABLE_CUDASIM=1`` was set before Python started.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import array_api_compat
import numpy as np

from tests.backends import cuda_streams
from tests.backends.device_array import DeviceArray, Host, host_of, lifted, meet, room
from tinyalex.backends.base import bfloat16
from tinyalex.backends.cuda import check as cuda_check


def asarray(a: Any, dtype: Any = None, device: Any = None) -> DeviceArray:
    """Bring ``a`` to the device: a copy, unless it is there."""
    if isinstance(a, DeviceArray):
        return a if dtype in (None, a.dtype) else a.astype(dtype)  # type: ignore[attr-defined]
    if isinstance(a, np.ndarray):
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


Place = tuple[int, int, int]  # address, pitch, step from matrix to matrix


def _matrices(dtype: Any, place: Place, rows: int, columns: int, count: int) -> Host:
    address, pitch, step = place
    if pitch < max(1, rows):
        raise ValueError(f"cuBLAS refuses a pitch of {pitch} for {rows} rows")
    numbers = (count - 1) * step + (columns - 1) * pitch + rows
    room = (ctypes.c_char * (numbers * dtype.itemsize)).from_address(address)
    flat = np.frombuffer(room, dtype)
    steps = (step * dtype.itemsize, dtype.itemsize, pitch * dtype.itemsize)
    return np.lib.stride_tricks.as_strided(flat, (count, rows, columns), steps)


def _multiply(
    turns: tuple[int, int],
    sizes: tuple[int, int, int],
    factors: tuple[int, int],
    places: tuple[Place, Place, Place],
    dtypes: tuple[Any, Any, Any],
    count: int,
) -> None:
    """C = alpha * op(A) @ op(B) + beta * C, column by column, in ``dtypes[0]`` or float32."""
    (turn_a, turn_b), (m, n, k) = turns, sizes
    wide = np.dtype(np.float64 if dtypes[0] == np.float64 else np.float32)
    one, keep = (_matrices(wide, (address, 1, 0), 1, 1, 1).item() for address in factors)
    A = _matrices(dtypes[0], places[0], *((k, m) if turn_a else (m, k)), count).astype(wide)
    B = _matrices(dtypes[1], places[1], *((n, k) if turn_b else (k, n)), count).astype(wide)
    C = _matrices(dtypes[2], places[2], m, n, count)
    AB = one * ((A.mT if turn_a else A) @ (B.mT if turn_b else B))
    C[...] = AB + keep * C if keep else AB  # cuBLAS does not read C either if beta is 0


def _batched_product(dtype: Any) -> Callable[..., None]:
    """``cublas?gemmStridedBatched``."""

    def product(
        handle: int,
        turn_a: int,
        turn_b: int,
        m: int,
        n: int,
        k: int,
        alpha: int,
        a: int,
        pitch_a: int,
        step_a: int,
        b: int,
        pitch_b: int,
        step_b: int,
        beta: int,
        c: int,
        pitch_c: int,
        step_c: int,
        count: int,
    ) -> None:
        places = (a, pitch_a, step_a), (b, pitch_b, step_b), (c, pitch_c, step_c)
        _multiply((turn_a, turn_b), (m, n, k), (alpha, beta), places, (dtype,) * 3, count)

    return product


# Of cublas_api.h and library_types.h, where the bfloat16 products of cuBLAS are listed.
COMPUTE_32F, GEMM_DEFAULT, R_32F, R_16BF = 68, -1, 0, 14


def gemmStridedBatchedEx(  # noqa: N802 (CuPy's name)
    handle: int,
    turn_a: int,
    turn_b: int,
    m: int,
    n: int,
    k: int,
    alpha: int,
    a: int,
    kind_a: int,
    pitch_a: int,
    step_a: int,
    b: int,
    kind_b: int,
    pitch_b: int,
    step_b: int,
    beta: int,
    c: int,
    kind_c: int,
    pitch_c: int,
    step_c: int,
    count: int,
    compute: int,
    algorithm: int,
) -> None:
    """``cublasGemmStridedBatchedEx`` of bfloat16 matrices."""
    kinds = kind_a, kind_b, kind_c
    if (compute, algorithm) != (COMPUTE_32F, GEMM_DEFAULT) or kinds[:2] != (R_16BF, R_16BF):
        raise ValueError(f"the double has no product of {kinds}, {compute}, {algorithm}")
    dtypes = {R_32F: np.dtype(np.float32), R_16BF: bfloat16()}
    places = (a, pitch_a, step_a), (b, pitch_b, step_b), (c, pitch_c, step_c)
    types = tuple(dtypes[kind] for kind in kinds)
    _multiply((turn_a, turn_b), (m, n, k), (alpha, beta), places, types, count)


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
    cublas = _module(
        "cupy.cuda.cublas",
        CUBLAS_DEFAULT_MATH=0,
        gemmStridedBatchedEx=gemmStridedBatchedEx,
        setMathMode=lambda handle, mode: None,
        sgemmStridedBatched=_batched_product(np.dtype(np.float32)),
        dgemmStridedBatched=_batched_product(np.dtype(np.float64)),
    )
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
        Stream=cuda_streams.Stream,
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
    from tests.backends import cuda_launches  # imports the backend, and with it the double

    cuda_launches.watch()
