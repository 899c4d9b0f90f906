"""Arrays of other libraries, and lists: brought to a backend, or refused with a clear error."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinyalex.backends.base import Array, Backend
from tinyalex.errors import ShapeError


def bring(x: Any, backend: Backend, where: str) -> Array:
    """``x`` as an array of the backend, without a copy where none is needed.

    Parameters
    ----------
    x : array of the backend, list, or array of another library
        Of PyTorch, JAX, CuPy, pandas: whatever has DLPack or NumPy's protocol.
    backend : Backend
    where : str
        What takes the array, for the error.

    Raises
    ------
    ShapeError
        It is no array, or its memory cannot be read here.

    Examples
    --------
    >>> from tinyalex import backends
    >>> bring([[1, 2], [3, 4]], backends.get("numpy"), "Linear")
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    if is_own(x, backend):
        return x
    if backend.name == "cuda" and hasattr(x, "__dlpack__"):
        try:
            return backend.xp.from_dlpack(x)
        except (BufferError, RuntimeError, TypeError, ValueError):  # an array of the host
            pass
    return backend.asarray(to_numpy(x, where))


def is_own(x: Any, backend: Backend) -> bool:
    """Whether an array is of the backend's own library."""
    return isinstance(x, _array_type(backend))


@lru_cache(8)
def _array_type(backend: Backend) -> type:
    return type(backend.xp.empty(()))


def to_numpy(x: Any, where: str) -> np.ndarray[Any, Any]:
    """``x`` as a NumPy array; numbers in a list become float32. Errors: see `bring`."""
    if isinstance(x, np.ndarray):
        return x
    kind = type(x).__name__
    if isinstance(x, list | tuple):
        return _of_list(x, where)
    reads = [np.from_dlpack] if hasattr(x, "__dlpack__") else []
    if hasattr(x, "__array__"):
        reads.append(np.asarray)
    reasons = []
    for read in reads:
        try:
            return read(x)
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            reasons.append(str(error).splitlines()[0])
    if not reads:
        raise ShapeError(f"{where}: x must be an array (got {kind})", "a NumPy array")
    raise ShapeError(
        f"{where}: x must be an array that NumPy can read (got {type(x).__module__}.{kind}: "
        f"{reasons[0]})",
        "of a PyTorch tensor: x.detach().cpu().float()",
    )


def _of_list(x: Any, where: str) -> np.ndarray[Any, Any]:
    try:
        array = np.asarray(x)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{where}: x must be an array (got a list: {error})") from error
    if array.dtype.kind not in "iuf":
        raise ShapeError(f"{where}: x must be numbers (got a list of {array.dtype})")
    return array.astype(np.float32)
