"""Run a case on a backend and on NumPy, and measure how far the results differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyalex.backends import Array, Backend
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.check.doctor.finding import Check

Results = tuple[Array, ...]


@dataclass(frozen=True)
class Case:
    """A computation that every backend can do.

    Attributes
    ----------
    shape : of the input, for display
    run : ``run(backend, dtype)`` returns arrays of the backend or of the host
    allowed : maximum difference of the float32 result from NumPy's in float64, see `difference`
    """

    name: str
    shape: tuple[int, ...]
    run: Callable[[Backend, str], Results]
    allowed: float = 1e-5


def compare(backend: Backend, kind: str, case: Case, by: Backend | None = None) -> Check:
    """Run a case in float32 on a backend and in float64 on NumPy, or in float32 ``by`` another."""
    shape = "x".join(map(str, case.shape))
    try:
        results = case.run(backend, "float32")
        got = [backend.to_host(backend.asarray(result)) for result in results]
    except Exception as error:  # any error of a driver or a compiler is a finding
        said = str(error).strip().splitlines()
        text = f"{type(error).__name__}: {said[0] if said else ''}".rstrip(": ")
        return Check(backend.name, kind, case.name, shape, float("inf"), case.allowed, text)
    definition = case.run(by, "float32") if by else case.run(NumpyBackend(1), "float64")
    expected = [np.asarray(e) for e in definition]
    largest, error_text = 0.0, ""
    for mine, right in zip(got, expected, strict=True):
        if mine.shape != right.shape:
            error_text = f"shape {mine.shape} in place of {right.shape}"
        elif mine.dtype == np.float64 and right.dtype == np.float64:
            error_text = "float32 became float64"
        else:
            largest = max(largest, difference(mine, right), key=_nan_last)
    if error_text:
        largest = float("inf")
    return Check(backend.name, kind, case.name, shape, largest, case.allowed, error_text)


def difference(got: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> float:
    """Return the largest difference divided by the largest expected value."""
    if not expected.size:
        return 0.0
    wide = np.asarray(expected, np.float64)
    scale = float(np.abs(wide).max()) or 1.0
    return float(np.abs(np.asarray(got, np.float64) - wide).max()) / scale


def _nan_last(number: float) -> float:
    return float("inf") if number != number else number


def noise(backend: Backend, shape: tuple[int, ...], seed: int, dtype: str) -> Array:
    """Return normal numbers; for float64 the same as for float32, so that results compare."""
    rng = np.random.default_rng(seed)
    return backend.asarray(rng.standard_normal(shape, np.float32).astype(dtype))
