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


def _batched(dtype: Any) -> Callable[..., None]:
    """``cublas?gemmStridedBatched``: C = alpha * op(A) @ op(B) + beta * C, column by column."""

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
        one, keep = (_matrices(dtype, at, (1, 1, 1), 1, 0).item() for at in (alpha, beta))
        A = _matrices(dtype, a, (count, k, m) if turn_a else (count, m, k), pitch_a, step_a)
        B = _matrices(dtype, b, (count, n, k) if turn_b else (count, k, n), pitch_b, step_b)
        C = _matrices(dtype, c, (count, m, n), pitch_c, step_c)
        AB = one * ((A.mT if turn_a else A) @ (B.mT if turn_b else B))
        C[...] = AB + keep * C if keep else AB  # cuBLAS does not read C either if beta is 0

    return product


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
LIBRARY = SimpleNamespace(
    cublasSgemm_v2=_of_library(_SINGLE["f"], "piiiiippipippi"),
    cublasSgemmStridedBatched=_of_library(_BATCHED["f"], "piiiiippilpilppili"),
    cublasSetWorkspace_v2=ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
    )(_set_workspace),
)
