"""What arrays are and where they live: the switch between NumPy and a GPU."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import Any

from tinyalex import notice
from tinyalex.backends.base import Array, Backend, Generator, Pair, check_threads
from tinyalex.backends.cuda import check as cuda_check
from tinyalex.backends.feed import Feed
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.errors import BackendError, ConfigError, unknown

__all__ = ["Array", "Backend", "Feed", "Generator", "NumpyBackend", "Pair", "available", "get"]

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


def get(
    name: str | Backend = "auto",
    threads: int | None = None,
    precision: str | None = None,
    workspace_mb: int | None = None,
) -> Backend:
    """Return a backend; the same one for the same arguments.

    Parameters
    ----------
    name : str or Backend
        ``"numpy"``, ``"numba"``, ``"cuda"`` or ``"auto"`` (the fastest one available). A
        backend is returned as it is.
    threads : int, optional
        Workers that share a batch: by default the CPU cores this process may use, or
        ``OMP_NUM_THREADS`` if that is set.
    precision : str, optional
        Of matrix products: ``"float32"``, or on a GPU ``"tf32"``. The one chosen last holds for
        CuPy's own products too, in the whole process.
    workspace_mb : int, optional
        GPU memory for the columns of a convolution, in MiB. The CPU backends, whose slices fit
        the cache, have no such choice; ``"auto"`` overlooks it where there is no GPU.

    Raises
    ------
    ConfigError
        The name is unknown, ``threads`` is below 1, or the backend cannot do what is asked.
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
            _tell_of_a_gpu()
            workspace_mb = None
    if name in available():
        threads = check_threads(_default_threads() if threads is None else threads)
        return _configured(name, threads, precision, workspace_mb)
    if name == "cuda":
        reason, hint = cuda_check.why_not() or ("", "")
        raise BackendError(f"backend 'cuda' is not available: {reason}", f"{hint}; {_others()}")
    if name in _NOT_HERE:
        raise BackendError(
            f"backend {name!r} is not available: {_NOT_HERE[name]}",
            _others(),
        )
    raise unknown("backend", name, ["auto", *available(), *_NOT_HERE, "cuda"])


Backend.get = staticmethod(get)  # a pickled backend asks for itself by name


def _others() -> str:
    return f"--backend auto, or one of: {', '.join(available())}"


@cache
def _tell_of_a_gpu() -> None:
    """Say once why a GPU that is there, or was prepared for, is not used."""
    if text := cuda_check.unused_gpu():
        notice.tell(f"backend auto: {text}")


def _configured(
    name: str, threads: int, precision: str | None, workspace_mb: int | None
) -> Backend:
    """A backend with what was asked of it, or the reason why it cannot have it."""
    if name == "cuda":
        given: dict[str, Any] = {} if workspace_mb is None else {"workspace_mb": workspace_mb}
        if precision not in (None, "float32"):
            given["precision"] = precision
        backend = _make(name, threads, **given)
        if precision is not None:
            backend.set_precision(precision)  # CuPy's own may have been changed since
        return backend
    backend = _make(name, threads)
    if precision is not None:
        backend.set_precision(precision)
    if workspace_mb is not None:
        raise ConfigError(
            f"--workspace-mb is for --backend cuda; backend {name!r} works in slices that fit "
            f"the cache (got {workspace_mb})",
            "leave it out",
        )
    return backend


@cache
def _make(name: str, threads: int, **settings: Any) -> Backend:
    if name == "cuda":
        from tinyalex.backends.cuda.backend import CudaBackend  # imports CuPy

        return CudaBackend(**settings)
    if name == "numba":
        from tinyalex.backends.numba.backend import NumbaBackend  # takes half a second

        return NumbaBackend(threads)
    return NumpyBackend(threads)


def _default_threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
