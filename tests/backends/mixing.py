"""The GPU backend in mixed precision on a double of CuPy, and its definition on NumPy."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from tests.backends import cuda_double

cuda_double.install()

from tests import strategies as own  # noqa: E402
from tests.backends.cuda_launches import blocks  # noqa: E402
from tests.backends.device_array import DeviceArray  # noqa: E402
from tinyalex.backends.bfloat16 import with_bfloat16  # noqa: E402
from tinyalex.backends.cuda.backend import CudaBackend  # noqa: E402
from tinyalex.backends.numpy.backend import NumpyBackend  # noqa: E402

Host = np.ndarray[Any, Any]
BF16 = np.dtype(ml_dtypes.bfloat16)
HALF, UNIT = 2.0**-8, 2.0**-24  # rounding units of bfloat16 and of float32

GPU = CudaBackend(workspace_mb=1)
MIXED: Any = with_bfloat16(GPU)
TEXTBOOK: Any = with_bfloat16(NumpyBackend(1).plain())


def halves(shape: tuple[int, ...], seed: int) -> Host:
    """Normal bfloat16 numbers."""
    return own.normal(shape, seed).astype(BF16)


def singles(shape: tuple[int, ...], seed: int) -> Host:
    return own.normal(shape, seed).astype(np.float32)


def run(backend: Any, name: str, *args: Any) -> tuple[Any, ...]:
    """Run an operation with arrays of the host; its results with their dtypes."""
    moved = [backend.asarray(a) if isinstance(a, np.ndarray) else a for a in args]
    results = getattr(backend, name)(*moved)
    return tuple(
        a.get() if isinstance(a, DeviceArray) else a
        for a in (results if isinstance(results, tuple) else (results,))
    )


def both(name: str, *args: Any, limit: int = 32) -> list[tuple[Host, Host]]:
    """Each result of an operation on the GPU, and by definition; of the same dtypes."""
    with blocks(limit):
        got = run(MIXED, name, *args)
    wanted = run(TEXTBOOK, name, *args)
    assert [a.dtype for a in got] == [a.dtype for a in wanted], name
    return [(a.astype(np.float64), b.astype(np.float64)) for a, b in zip(got, wanted, strict=True)]


def equal(name: str, *args: Any, limit: int = 32) -> None:
    for got, wanted in both(name, *args, limit=limit):
        np.testing.assert_array_equal(got, wanted, err_msg=name)


def near(got: Host, wanted: Host, allowed: Host, name: str) -> None:
    assert (abs(got - wanted) <= allowed).all(), (name, abs(got - wanted).max())
