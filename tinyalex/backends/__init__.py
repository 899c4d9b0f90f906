"""What arrays are and where they live: the switch between NumPy and a GPU."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

from tinyalex.backends import cuda_check
from tinyalex.backends.base import Array, Backend, Generator, Pair, check_threads
from tinyalex.backends.numpy import NumpyBackend
from tinyalex.errors import BackendError, unknown

__all__ = ["Array", "Backend", "Generator", "NumpyBackend", "Pair", "available", "get"]

_NOT_HERE = {
    "numba": "the package numba is not installed",
}


def available() -> list[str]:
    """Names of the backends that this installation can run, the fastest first."""
    gpu = ["cuda"] if cuda_check.why_not() is None else []
    return gpu + (["numba"] if _has("numba") else []) + ["numpy"]


def _has(package: str) -> bool:
    """Whether a package is installed; it is not imported."""
    return find_spec(package) is not None


def get(name: str | Backend = "auto", threads: int | None = None) -> Backend:
    """Return a backend.

    Parameters
    ----------
    name : str or Backend
        ``"numpy"``, ``"numba"``, ``"cuda"`` or ``"auto"`` (the fastest one available). A
        backend is returned as it is.
    threads : int, optional
        Workers that share a batch: by default the CPU cores this process may use, or
        ``OMP_NUM_THREADS`` if that is set.

    Raises
    ------
    ConfigError
        The name is unknown or ``threads`` is below 1.
    BackendError
        The backend exists but cannot run here.

    Examples
    --------
    >>> get("numpy").name
    'numpy'
    """
    if isinstance(name, Backend):
        return name
    if name == "auto":
        name = available()[0]
    if name in available():
        return _make(name, check_threads(_default_threads() if threads is None else threads))
    if name == "cuda":
        reason, hint = cuda_check.why_not() or ("", "")
        raise BackendError(f"backend 'cuda' is not available: {reason}", f"{hint}; {_others()}")
    if name in _NOT_HERE:
        raise BackendError(
            f"backend {name!r} is not available: {_NOT_HERE[name]}",
            _others(),
        )
    raise unknown("backend", name, ["auto", *available(), *_NOT_HERE, "cuda"])


def _others() -> str:
    return f"--backend auto, or one of: {', '.join(available())}"


@cache
def _make(name: str, threads: int) -> Backend:
    if name == "cuda":
        from tinyalex.backends.cuda import CudaBackend  # imports CuPy

        return CudaBackend()
    if name == "numba":
        from tinyalex.backends.numba import NumbaBackend  # takes half a second

        return NumbaBackend(threads)
    return NumpyBackend(threads)


def _default_threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
