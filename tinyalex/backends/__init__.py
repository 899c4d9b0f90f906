"""Backends: which array library computes, and on which device. `get` returns one by name."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import Any

from tinyalex import notice
from tinyalex.backends.base import Array, Backend, Feed, Generator, Pair, check_threads
from tinyalex.backends.bfloat16 import with_bfloat16
from tinyalex.backends.cuda import check as cuda_check
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.errors import BackendError, ConfigError, unknown

__all__ = ["Array", "Backend", "Feed", "Generator", "NumpyBackend", "Pair", "available", "get"]

_INSTALL_NUMBA = "pip install numba"


def available() -> list[str]:
    """Return the names of the backends that can run here, fastest first.

    Examples
    --------
    >>> available()[-1]  # NumPy is always there
    'numpy'
    """
    gpu = ["cuda"] if cuda_check.why_not() is None else []
    return gpu + (["numba"] if _has("numba") else []) + ["numpy"]


def _has(package: str) -> bool:
    """Whether a package is installed; does not import it."""
    return find_spec(package) is not None


def get(
    name: str | Backend = "auto",
    threads: int | None = None,
    precision: str | None = None,
    workspace_mb: int | None = None,
) -> Backend:
    """Return a backend; the same object for the same arguments.

    Parameters
    ----------
    name : str or Backend
        ``"numpy"``, ``"numba"``, ``"cuda"`` or ``"auto"`` (the fastest one available). A
        backend is returned as it is.
    threads : int, optional
        Threads that share a batch. Default: ``OMP_NUM_THREADS`` if that is set, else the number
        of CPU cores that this process may use.
    precision : str, optional
        ``"float32"``; ``"bf16"``, which keeps activations in bfloat16
        (`tinyalex.backends.bfloat16`); or on a GPU ``"tf32"``, for matrix products. The latest
        choice also applies to CuPy's own products, in the whole process.
    workspace_mb : int, optional
        GPU workspace for im2col, in MiB. The CPU backends, whose slices fit the cache, do not
        have this setting; ``"auto"`` ignores it if there is no GPU.

    Raises
    ------
    ConfigError
        The name is unknown, ``threads`` is below 1, or the backend does not support a setting.
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
        if name != "cuda":
            _explain_unused_gpu()
            _explain_missing_numba()
            workspace_mb = None
    if name in available():
        threads = check_threads(_default_threads() if threads is None else threads)
        return _configured(name, threads, precision, workspace_mb)
    if name == "cuda":
        reason, hint = cuda_check.why_not() or ("", "")
        raise BackendError(f"backend 'cuda' is not available: {reason}", f"{hint}; {_others()}")
    if name == "numba":
        missing = "the package numba is not installed"
        hint = f"{_INSTALL_NUMBA}; {_others()}"
        raise BackendError(f"backend 'numba' is not available: {missing}", hint)
    raise unknown("backend", name, ["auto", "cuda", "numba", "numpy"])


Backend.get = staticmethod(get)  # unpickling looks the backend up by name


def _others() -> str:
    return f"--backend auto, or one of: {', '.join(available())}"


@cache
def _explain_unused_gpu() -> None:
    """Say once why an existing or expected GPU is not used."""
    if text := cuda_check.unused_gpu():
        notice.tell(f"backend auto: {text}")


@cache
def _explain_missing_numba() -> None:
    """Say once that only the slower of the two CPU backends is there."""
    if not _has("numba"):
        notice.tell(f"backend auto: numpy, which is slow: numba is missing (try: {_INSTALL_NUMBA})")


def _configured(
    name: str, threads: int, precision: str | None, workspace_mb: int | None
) -> Backend:
    """Return a backend with these settings, or raise if it does not support one."""
    given = {"precision": precision, "workspace_mb": workspace_mb}
    settings = {key: value for key, value in given.items() if value not in (None, "float32")}
    if name != "cuda" and workspace_mb is not None:
        raise ConfigError(
            f"--workspace-mb is for --backend cuda; backend {name!r} works in slices that fit "
            f"the cache (got {workspace_mb})",
            "leave it out",
        )
    backend = _make(name, threads, **settings)
    if precision is not None:
        backend.set_precision(precision)  # CuPy's own may have been changed since
    return backend


@cache
def _make(name: str, threads: int, precision: str = "float32", **settings: Any) -> Backend:
    if precision == "bf16":
        return with_bfloat16(_make(name, threads, **settings))
    if name == "cuda":
        from tinyalex.backends.cuda.backend import CudaBackend  # imports CuPy

        return CudaBackend(precision, **settings)
    if name == "numba":
        from tinyalex.backends.numba.backend import NumbaBackend  # takes half a second

        return NumbaBackend(threads)
    return NumpyBackend(threads)


def _default_threads() -> int:
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
