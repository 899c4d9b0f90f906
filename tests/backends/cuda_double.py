"""The GPU backend without a GPU: NumPy for CuPy, numba-cuda's simulator for the kernels.

Import it only where ``NUMBA_ENABLE_CUDASIM=1`` was set before Python started.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.backends.cuda import CudaBackend

Host = np.ndarray[Any, Any]


class SimulatedBackend(CudaBackend):
    """Every line of `CudaBackend` but the ones that call CuPy's own modules."""

    def __init__(self, workspace_bytes: int = 1 << 20) -> None:
        self.xp = np
        self.precision = "float32"
        self.workspace = workspace_bytes

    def asarray(self, x: Any, dtype: Any = None) -> Host:
        return np.asarray(x, dtype)

    def empty(self, shape: Any, dtype: Any) -> Host:
        """Rubbish, so that a number that no kernel writes shows."""
        room = np.empty(tuple(shape), dtype)
        room.fill(np.nan if room.dtype.kind == "f" else 99)
        return room

    def to_host(self, x: Host) -> Host:
        return np.asarray(x)

    def synchronize(self) -> None:
        """The simulator never runs ahead."""

    def matmul_into(self, a: Host, b: Host, out: Host, add: bool = False) -> None:
        out[...] = a @ b + (out if add else 0)
