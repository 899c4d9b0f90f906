"""Whole numbers as results: 3.0 is a float where the stub says int."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.learn.grader import Broken


def expect_whole(got: Any, expected: int, what: str) -> None:
    """Raise `Broken` unless a result is this number, as an int or as an integer of NumPy."""
    if isinstance(got, np.ndarray) and got.shape == ():
        got = got[()]
    if not isinstance(got, int | np.integer) or isinstance(got, bool):
        kind = type(got).__name__
        raise Broken(f"{what} is {got}, of type {kind}; the stub says int", expected, got)
    if got != expected:
        raise Broken(f"{what} is {got}, not {expected}", expected, got)
