"""cuBLAS without a GPU: CuPy's functions of it, and the library itself as ctypes sees it.

Products are computed from the same addresses, pitches and steps that cuBLAS would get.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.backends.cuda_graphs import capturing, queue
from tests.backends.cuda_streams import get_current_stream, memory_at
from tinyalex.backends.base import bfloat16

Host = np.ndarray[Any, Any]
NO_SUCCESS = 14  # CUBLAS_STATUS_INTERNAL_ERROR


class _Handle(threading.local):
    """What a thread's handle was told; its stream is its number."""

    stream = 0
    workspace: int | None = None  # an address


_handle = _Handle()


def set_stream(handle: int, stream: int) -> None:
    """CuPy's ``setStream``."""
    if capturing():
        raise NotImplementedError("calling cuBLAS API during stream capture is unsupported")
    _handle.stream, _handle.workspace = stream, None


def _matrices(dtype: Any, address: int, shape: tuple[int, int, int], pitch: int, step: int) -> Host:
    """Matrices (count, rows, columns) that lie column by column."""
    count, rows, columns = shape
    if pitch < max(1, rows):
        raise ValueError(f"cuBLAS refuses a pitch of {pitch} for {rows} rows")
    numbers = (count - 1) * step + (columns - 1) * pitch + rows
    room = (ctypes.c_char * (numbers * dtype.itemsize)).from_address(address)
    steps = (step * dtype.itemsize, dtype.itemsize, pitch * dtype.itemsize)
    return np.lib.stride_tricks.as_strided(np.frombuffer(room, dtype), shape, steps)


Place = tuple[int, int, int]  # address, pitch, step from matrix to matrix


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
    one, keep = (_matrices(wide, at, (1, 1, 1), 1, 0).item() for at in factors)
    shapes = (k, m) if turn_a else (m, k), (n, k) if turn_b else (k, n), (m, n)
    A, B, C = (
        _matrices(dtype, at, (count, *shape), pitch, step)
        for dtype, shape, (at, pitch, step) in zip(dtypes, shapes, places, strict=True)
    )
    A, B = A.astype(wide), B.astype(wide)
    AB = one * ((A.mT if turn_a else A) @ (B.mT if turn_b else B))
    C[...] = AB + keep * C if keep else AB  # cuBLAS does not read C either if beta is 0


def _batched(dtype: Any) -> Callable[..., None]:
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


def _single(batched: Callable[..., None]) -> Callable[..., None]:
    """``cublas?gemm``."""

    def product(*args: int) -> None:
        *sizes, alpha, a, pitch_a, b, pitch_b, beta, c, pitch_c = args
        batched(*sizes, alpha, a, pitch_a, 0, b, pitch_b, 0, beta, c, pitch_c, 0, 1)

    return product


def _of_cupy(product: Callable[..., None]) -> Callable[..., None]:
    def work(handle: int, *args: int) -> None:
        set_stream(handle, get_current_stream().ptr)
        product(handle, *args)

    return work


_BATCHED = {kind: _batched(np.dtype(kind)) for kind in "fd"}
_SINGLE = {kind: _single(batched) for kind, batched in _BATCHED.items()}

CUPY = {
    "CUBLAS_DEFAULT_MATH": 0,
    "setMathMode": lambda handle, mode: None,
    "setStream": set_stream,
    "gemmStridedBatchedEx": _of_cupy(gemmStridedBatchedEx),
    "sgemm": _of_cupy(_SINGLE["f"]),
    "dgemm": _of_cupy(_SINGLE["d"]),
    "sgemmStridedBatched": _of_cupy(_BATCHED["f"]),
    "dgemmStridedBatched": _of_cupy(_BATCHED["d"]),
}


def _of_library(product: Callable[..., None], letters: str) -> Any:
    """A function in C that does nothing on another stream, or without a workspace."""
    types = {"p": ctypes.c_void_p, "i": ctypes.c_int, "l": ctypes.c_longlong}

    def work(*args: int) -> int:
        there = _handle.workspace is not None and memory_at(_handle.workspace) is not None
        if _handle.stream != get_current_stream().ptr or not there:
            return NO_SUCCESS
        queue(product, *(a or 0 for a in args))
        return 0

    return ctypes.CFUNCTYPE(ctypes.c_int, *(types[letter] for letter in letters))(work)


def _set_workspace(handle: int, workspace: int, size: int) -> int:
    _handle.workspace = workspace if size >= 4 << 20 else None
    return 0


# The letters are from cuBLAS's header, cublas_api.h.
LIBCUBLAS = SimpleNamespace(
    cublasSgemm_v2=_of_library(_SINGLE["f"], "piiiiippipippi"),
    cublasSgemmStridedBatched=_of_library(_BATCHED["f"], "piiiiippilpilppili"),
    cublasGemmStridedBatchedEx=_of_library(gemmStridedBatchedEx, "piiiiippiilpiilppiiliii"),
    cublasSetWorkspace_v2=ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
    )(_set_workspace),
)
