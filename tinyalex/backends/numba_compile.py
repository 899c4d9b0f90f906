"""How kernels are compiled: when first called, once a machine, without Python's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(kernel: Callable[..., Any]) -> Any:
    """Compile a kernel at its first call and keep the machine code on disk.

    Division follows NumPy's rules (no exception on zero). A multiply and an add may become one
    instruction; nothing is reordered, so sums are what the loops say.
    """
    return njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(kernel)


def inlined(kernel: Callable[..., Any]) -> Any:
    """Compile a kernel into each kernel that calls it, so that its constants are known there."""
    return njit(inline="always")(kernel)
