"""cuBLAS without CuPy's wrapper, which refuses to be captured in a CUDA graph.

Every product of ``cupy.cuda.cublas`` first sets the handle's stream to the current one, and
``setStream`` raises NotImplementedError while that stream is captured (CuPy 14.2; cupy/cupy issue
6290). cuBLAS itself can be captured; it only needs a workspace, since it would allocate one for
each captured product (cuBLAS's documentation, "CUDA Graphs Support" and "cublasSetWorkspace").

So within `capturable` the stream and the workspace are set once, and `calls` gives the same
functions of the same library, with the same handle and arguments, through ctypes. nvmath-python
has them as well; a dependency seemed too much for four functions.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from tinyalex.errors import BackendError

# Arguments by letter: a handle or an address, an int, a long long, a size_t.
_TYPES = {"p": ctypes.c_void_p, "i": ctypes.c_int, "l": ctypes.c_longlong, "z": ctypes.c_size_t}
# Handle, two transpositions, M, N, K; the factors and the matrices, each with pitch (and step).
_SIGNATURES = {
    "cublasSgemm_v2": "piiiiippipippi",
    "cublasSgemmStridedBatched": "piiiiippilpilppili",
    # The same in any dtype: each matrix with its type, last the sums' type and the algorithm.
    "cublasGemmStridedBatchedEx": "piiiiippiilpiilppiiliii",
    "cublasSetWorkspace_v2": "ppz",
}


class _Calls(threading.local):
    """What this thread's products call, while it is within `capturable`."""

    here: Any = None


_calls = _Calls()


def calls() -> Any:
    """Return what has the products: CuPy's module, or `Direct` within `capturable`."""
    if _calls.here is not None:
        return _calls.here
    from cupy.cuda import cublas

    return cublas


@contextmanager
def capturable(stream: Any, workspace: Any) -> Iterator[None]:
    """Compute this thread's products on a stream of CuPy's, and let them be captured there.

    Parameters
    ----------
    stream : cupy.cuda.Stream
    workspace : array
        Kept by the caller as long as the captured products are used.
    """
    from cupy.cuda import cublas, device

    handle = device.get_cublas_handle()
    cublas.setStream(handle, stream.ptr)  # this also takes back the workspace set before
    _calls.here = Direct(_library())
    try:
        _calls.here.set_workspace(handle, workspace.data.ptr, workspace.nbytes)
        yield
    finally:
        _calls.here = None  # CuPy's next product sets its own stream, and cuBLAS's own workspace


class Direct:
    """Functions of the library, by their names in ``cupy.cuda.cublas``."""

    def __init__(self, library: Any) -> None:
        self.sgemm = _function(library, "cublasSgemm_v2")
        self.sgemmStridedBatched = _function(library, "cublasSgemmStridedBatched")
        self.gemmStridedBatchedEx = _function(library, "cublasGemmStridedBatchedEx")
        self.set_workspace = _function(library, "cublasSetWorkspace_v2")


def _function(library: Any, name: str) -> Callable[..., None]:
    function = getattr(library, name)
    function.argtypes = [_TYPES[letter] for letter in _SIGNATURES[name]]
    function.restype = ctypes.c_int

    def call(*args: int) -> None:
        if status := function(*args):
            raise BackendError(f"{name} failed with status {status}")

    return call


@cache
def _library() -> Any:
    """Return the cuBLAS that CuPy has loaded; its version is that of CUDA."""
    from cupy.cuda import runtime

    major = runtime.runtimeGetVersion() // 1000
    if sys.platform == "win32":
        return ctypes.CDLL(f"cublas64_{major}.dll")
    return ctypes.CDLL(f"libcublas.so.{major}", mode=os.RTLD_NOLOAD)  # never a second one
